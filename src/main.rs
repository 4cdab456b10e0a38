//! The `vaivem` program: see [`vaivem`] for the map.

use std::process::ExitCode;

/// An order is a few hundred small pieces of memory, and the system's own allocator takes a good tenth of the time for them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ExitCode::from(vaivem::app::main(std::env::args_os()).code())
}
