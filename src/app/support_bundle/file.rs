//! A file that is there whole or not at all, readable by its owner alone, and in nobody's place.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::super::Failure;
use crate::exit::Exit;
use crate::words::support_bundle as said;

/// Writes it where there is nothing yet.
pub fn write(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let draft = draft_beside(file);
    let done = write_new(&draft, bytes).and_then(|()| appear(&draft, file, bytes));
    // It has its own name by now, or is of no use.
    let _ = fs::remove_file(&draft);
    done.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::new(Exit::Usage, said::exists(file)),
        _ => Failure::new(Exit::Failed, said::refused(file, &error)),
    })
}

fn draft_beside(file: &Path) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!(".{name}.part.{}", std::process::id()))
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes).and_then(|()| file.sync_all())
}

/// A second name, unlike a new one, is refused where there is a file by now.
fn appear(draft: &Path, file: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::hard_link(draft, file) {
        // Some file systems know no second names.
        Err(error) if matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::PermissionDenied) => {
            write_new(file, bytes).inspect_err(|error| {
                if error.kind() != ErrorKind::AlreadyExists {
                    let _ = fs::remove_file(file);
                }
            })?;
        }
        linked => linked?,
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_stays_and_no_draft_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("order.json");
        assert!(write(&file, b"one").is_ok());
        assert_eq!(write(&file, b"two").err().map(|failure| failure.exit), Some(Exit::Usage));
        assert_eq!(fs::read(&file).unwrap(), b"one");
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&file).unwrap().permissions()) & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(write(&folder.path().join("no/folder"), b"x").err().map(|failure| failure.exit), Some(Exit::Failed));
    }
}
