//! The only door to the state file.
pub mod budget;
