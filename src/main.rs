//! The `vaivem` program.
fn main() {}
