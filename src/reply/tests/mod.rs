mod claims;
mod council;
mod extracting;
mod fixtures;
mod prose;
mod rendering;
mod schemas;
mod specialists;
