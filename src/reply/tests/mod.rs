mod claims;
mod council;
mod extracting;
mod fixtures;
mod rendering;
mod schemas;
mod specialists;
