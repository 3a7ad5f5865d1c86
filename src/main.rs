use std::process::ExitCode;

fn main() -> ExitCode {
    insights::cli::main()
}
