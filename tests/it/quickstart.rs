//! The first thing a newcomer runs ends with both sides in agreement.

use std::process::Command;

#[test]
fn both_sides_agree_at_the_end() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    // Built by `cargo test` already; a run of these tests alone builds it here.
    let output = Command::new(cargo)
        .args(["run", "--quiet", "--locked", "--example", "quickstart"])
        .env("VAIVEM_LANG", "en")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
    for said in ["3 delivered", "invoice 1001 sent", "delivered on", "its boleto was due", "before 55"] {
        assert!(told.contains(said), "no word of `{said}` in:\n{told}");
    }
}
