mod claims;
mod council;
mod fixtures;
mod mutations;
mod prose;
mod rendering;
mod schemas;
mod specialists;
