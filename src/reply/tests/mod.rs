mod claims;
mod council;
mod fixtures;
mod rendering;
mod schemas;
mod specialists;
