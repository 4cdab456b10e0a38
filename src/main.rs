//! The `vaivem` program: see [`vaivem`] for the map.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(vaivem::app::main(std::env::args_os()).code())
}
