//! Arguments, wiring, printing, exit codes. Holds no rule of the domain.
