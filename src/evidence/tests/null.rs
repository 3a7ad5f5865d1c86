//! On data in which nothing happened, nothing is reported: the whole way from rows to evidence, many seeds.
