//! Names of variables and precedence: strings become the option structs of the others. Does no work.
