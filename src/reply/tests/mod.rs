mod extracting;
mod schemas;
