mod claims;
mod council;
mod fixtures;
mod prose;
mod rendering;
mod schemas;
mod specialists;
