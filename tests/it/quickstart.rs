//! The first thing a newcomer runs ends with both sides in agreement.

use std::path::Path;
use std::process::Command;

#[test]
fn both_sides_agree_at_the_end() {
    // `cargo test` builds the examples beside the program; a run of these tests alone does not.
    let program = Path::new(env!("CARGO_BIN_EXE_vaivem")).with_file_name("examples").join("quickstart");
    if !program.exists() {
        println!("skipped: {} is not built", program.display());
        return;
    }
    let output = Command::new(program).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
    for said in ["3 delivered", "invoice 1001 sent", "delivered on", "its boleto was due", "before 55"] {
        assert!(told.contains(said), "no word of `{said}` in:\n{told}");
    }
}
