//! Collects every message of the source, in both languages, as one catalogue: [`say!`], [`keep!`], [`word!`] and `Both(…)` keep the
//! two side by side where they are written, and this is how a sentence that was noted in English is found again (see
//! `src/words/retold.rs`).

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=src");
    let mut files = Vec::new();
    sources(Path::new("src"), &mut files)?;
    files.sort();
    let mut catalogue = String::from("&[\n");
    for file in &files {
        let source = fs::read_to_string(file)?;
        let source = source.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default();
        for (opening, is_format) in [("say!(", true), ("keep!(", true), ("word!(", false), ("Both(", false)] {
            for (at, _) in source.match_indices(opening) {
                if let Some((english, portuguese)) = pair(&source[at + opening.len()..]) {
                    catalogue += &format!("({is_format}, {english}, {portuguese}),\n");
                }
            }
        }
    }
    catalogue += "]";
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("catalogue.rs"), catalogue)
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            sources(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    Ok(())
}

/// The two literals at the beginning, with their quotes.
fn pair(source: &str) -> Option<(&str, &str)> {
    let (english, rest) = literal(source)?;
    let (portuguese, _) = literal(rest.trim_start().strip_prefix(['|', ','])?)?;
    Some((english, portuguese))
}

fn literal(source: &str) -> Option<(&str, &str)> {
    let source = source.trim_start();
    let inside = source.strip_prefix('"')?;
    let mut escaped = false;
    let end = inside.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })?;
    Some(source.split_at(end + 2))
}
