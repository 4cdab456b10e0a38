//! Looks for input that breaks what reads it, by the paths it takes through the program (libFuzzer):
//!
//! ```text
//! cargo install cargo-fuzz
//! mkdir -p target/fuzz/vtex
//! RUSTC_BOOTSTRAP=1 VAIVEM_TARGET=vtex cargo fuzz run --fuzz-dir examples/fuzz --sanitizer none anything \
//!     target/fuzz/vtex tests/fixtures/wire -- -max_total_time=600 -rss_limit_mb=512 -timeout=5
//! ```
//!
//! The targets and their good input are those of `src/hostile.rs`. The first folder keeps what was found, the second is where to start.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use vaivem::hostile::{TARGETS, Target};

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var("VAIVEM_TARGET").unwrap_or_default();
    let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    TARGETS.iter().find(|target| target.name == name).unwrap_or_else(|| panic!("VAIVEM_TARGET is one of {names:?}"))
});

fuzz_target!(|bytes: &[u8]| (TARGET.read)(bytes));
