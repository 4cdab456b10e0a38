//! Folders into which documents are dropped: every pass empties them first.
//!
//! A file that was taken goes to `done/`, a refused one to `rejected/` beside a text that says why. One that is still being written
//! is left alone. Taking the same file twice changes nothing, so a crash between taking and moving does no harm.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

use crate::documents::{self, Document};
use crate::erp::ErpError;
use crate::erp::ledger::{Ledger, Rules, TakeError, Taken};
use crate::model::Instant;

/// A file that changed within this time may still be being written.
const SETTLED_AFTER: Duration = Duration::from_secs(5);
/// Beyond this a file is no document; it is refused unread.
const LARGEST: u64 = 64 * 1024 * 1024;

/// What became of a file.
#[derive(Debug)]
pub struct Drained {
    /// Its path in the inbox.
    pub file: PathBuf,
    /// What was taken, or why it was refused.
    pub result: Result<Taken, String>,
}

/// Why an inbox could not be emptied; the files stay where they are.
#[derive(Debug, thiserror::Error)]
pub enum InboxError {
    /// The folder or a file in it.
    #[error("the inbox {path} cannot be used: {source}; check the path in the configuration and its permissions")]
    Folder {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The ledger's file.
    #[error(transparent)]
    Ledger(#[from] ErpError),
}

/// Takes every settled file of the folder into the ledger. With `keep`, files stay where they are.
///
/// Invoices go before what refers to them: their cancellations, parcels and deliveries.
///
/// # Errors
/// [`InboxError`]: what was moved until then was taken.
pub fn drain(
    folder: &Path,
    ledger: &Ledger,
    rules: &Rules,
    keep: bool,
    now: Instant,
) -> Result<Vec<Drained>, InboxError> {
    let mut found = settled(folder).map_err(|source| InboxError::Folder { path: folder.to_owned(), source })?;
    found.sort_by(|a, b| (a.turn, &a.path).cmp(&(b.turn, &b.path)));
    let mut drained = Vec::with_capacity(found.len());
    for file in found {
        let source = file.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let result = match &file.bytes {
            None => Err(format!("the file has more than {} MB", LARGEST / 1024 / 1024)),
            Some(bytes) => match ledger.take(bytes, &source, Some(&file.identity), rules, now) {
                Err(TakeError::Ledger(error @ ErpError::File(_))) => return Err(error.into()),
                taken => taken.map_err(|error| error.to_string()),
            },
        };
        if !keep {
            put_away(folder, &file.path, result.as_ref().err().map(String::as_str))
                .map_err(|source| InboxError::Folder { path: file.path.clone(), source })?;
        }
        drained.push(Drained { file: file.path, result });
    }
    Ok(drained)
}

struct Found {
    path: PathBuf,
    /// `None` when it is too large to be read.
    bytes: Option<Vec<u8>>,
    /// Name, time and content in one.
    identity: String,
    /// The order in which documents are taken.
    turn: u8,
}

fn settled(folder: &Path) -> io::Result<Vec<Found>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let unfinished = [".part", ".tmp", ".crdownload", ".filepart"].iter().any(|end| name.ends_with(end));
        let meta = entry.metadata()?;
        if !meta.is_file() || name.starts_with('.') || unfinished {
            continue;
        }
        let changed = meta.modified()?;
        // A date ahead of this machine's clock is another machine's; it must not keep a file out for good.
        let age = SystemTime::now().duration_since(changed).unwrap_or_else(|ahead| ahead.duration());
        if age < SETTLED_AFTER {
            continue;
        }
        let bytes = if meta.len() > LARGEST { None } else { Some(fs::read(entry.path())?) };
        let since_epoch = changed.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let digest = Sha256::digest(bytes.as_deref().unwrap_or_default());
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let identity = format!("{name} {} {digest}", since_epoch.as_millis());
        found.push(Found { path: entry.path(), turn: turn(bytes.as_deref()), bytes, identity });
    }
    Ok(found)
}

fn turn(bytes: Option<&[u8]>) -> u8 {
    match bytes.map(documents::recognise) {
        Some(Ok(Document::StockSheet(_))) => 0,
        Some(Ok(Document::Nfe(_))) => 1,
        Some(Ok(Document::Events(_) | Document::Situation(_))) => 2,
        Some(Ok(Document::ShipmentSheet(_))) => 3,
        Some(Ok(Document::Ocoren(_))) => 4,
        Some(Err(_)) | None => 5,
    }
}

/// Moves a file to `done/`, or to `rejected/` beside the reason.
fn put_away(folder: &Path, file: &Path, refusal: Option<&str>) -> io::Result<()> {
    let place = folder.join(if refusal.is_some() { "rejected" } else { "done" });
    fs::create_dir_all(&place)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let target = (0..)
        .map(|n| if n == 0 { place.join(&name) } else { place.join(format!("{name}.{n}")) })
        .find(|path| !path.exists())
        .unwrap_or_else(|| place.join(&name));
    if let Some(reason) = refusal {
        let mut beside = target.clone().into_os_string();
        beside.push(".txt");
        fs::write(beside, format!("{reason}\n"))?;
    }
    match fs::rename(file, &target) {
        // Another run was faster.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        moved => moved,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drop_into(folder: &Path, name: &str, content: &str, age: Duration) {
        let path = folder.join(name);
        fs::write(&path, content).unwrap();
        fs::File::options().write(true).open(&path).unwrap().set_modified(SystemTime::now() - age).unwrap();
    }

    fn names(folder: &Path) -> Vec<String> {
        let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    fn now() -> Instant {
        chrono::Utc::now()
    }

    #[test]
    fn taken_refused_and_unfinished_files_end_where_they_belong() {
        let folder = tempfile::tempdir().unwrap();
        let (inbox, ledger) = (folder.path().join("in"), Ledger::open(&folder.path().join("ledger.db")).unwrap());
        fs::create_dir(&inbox).unwrap();
        let old = Duration::from_secs(60);
        drop_into(&inbox, "count.csv", "sku;qtd\nA;10\n", old);
        drop_into(&inbox, "page.xml", "<html><body>login</body></html>", old);
        drop_into(&inbox, "fresh.csv", "sku;qtd\nA;99\n", Duration::ZERO);
        let tomorrow = SystemTime::now() + Duration::from_secs(86_400);
        drop_into(&inbox, "ahead.csv", "sku;qtd\nB;5\n", Duration::ZERO);
        fs::File::options().write(true).open(inbox.join("ahead.csv")).unwrap().set_modified(tomorrow).unwrap();
        drop_into(&inbox, "upload.csv.part", "sku;qtd\nA;99\n", old);
        let drained = drain(&inbox, &ledger, &Rules::default(), false, now()).unwrap();
        assert_eq!(drained.len(), 3);
        assert_eq!(names(&inbox), ["done", "fresh.csv", "rejected", "upload.csv.part"]);
        assert_eq!(names(&inbox.join("done")), ["ahead.csv", "count.csv"]);
        assert_eq!(names(&inbox.join("rejected")), ["page.xml", "page.xml.txt"]);
        assert!(fs::read_to_string(inbox.join("rejected/page.xml.txt")).unwrap().contains("web page"));
        let level = ledger.stock_levels(None, now()).unwrap().levels.remove(0);
        assert_eq!(level.physical, 10);
    }

    #[test]
    fn a_count_that_was_taken_but_not_moved_is_not_taken_again() {
        let folder = tempfile::tempdir().unwrap();
        let (inbox, ledger) = (folder.path().join("in"), Ledger::open(&folder.path().join("ledger.db")).unwrap());
        fs::create_dir(&inbox).unwrap();
        drop_into(&inbox, "count.csv", "sku;qtd\nA;10\n", Duration::from_secs(60));
        let first = drain(&inbox, &ledger, &Rules::default(), true, now()).unwrap();
        assert!(matches!(first[0].result, Ok(Taken::Stock { changed: Some(1), .. })), "{first:?}");
        let again = drain(&inbox, &ledger, &Rules::default(), false, now()).unwrap();
        assert!(matches!(again[0].result, Ok(Taken::Stock { changed: None, .. })), "{again:?}");
        assert_eq!(names(&inbox.join("done")), ["count.csv"]);
    }

    #[test]
    fn a_missing_folder_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        let error = drain(&folder.path().join("none"), &ledger, &Rules::default(), false, now()).unwrap_err();
        assert!(error.to_string().contains("none"), "{error}");
    }
}
