//! The program: parse, call, exit code.

use std::process::ExitCode;

use foobar_sim::cli;

fn main() -> ExitCode {
    cli::main(&cli::real::Real, std::env::args_os())
}
