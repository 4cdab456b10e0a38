//! The program's own source, for tests that hold a rule against all of it.

use std::path::PathBuf;

/// The files below these folders, with their text.
pub fn below(folders: &[&str]) -> Vec<(PathBuf, String)> {
    let mut folders: Vec<PathBuf> = folders.iter().map(PathBuf::from).collect();
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => files.push((path.clone(), std::fs::read_to_string(&path).unwrap())),
            }
        }
    }
    files
}

/// A file's text without its tests.
pub fn without_tests(source: &str) -> &str {
    source.split("mod tests {").next().unwrap_or_default()
}
