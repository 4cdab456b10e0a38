//! Folders into which documents are dropped: every pass empties them first.
//!
//! A file that was taken goes to `done/`, a refused one to `rejected/` beside a text that says why. One that is still being written
//! is left alone, and so are folders; one that tells of a day that is still to come by this machine's clock waits for it. Taking the
//! same file twice changes nothing, so a crash between taking and moving does no harm, and a file that cannot be moved keeps out no
//! other.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

use crate::documents::text::MAX_TEXT_BYTES;
use crate::documents::{self, Document, DocumentError};
use crate::erp::ledger::{Ledger, Rules, TakeError, Taken};
use crate::erp::{Erp, ErpError};
use crate::lang::say;
use crate::model::Instant;

/// An invoice may be faster than its order, or than the cancellation of the one in whose place it comes: for so long it lies in the
/// inbox, and is tried by each run.
const FITS_WITHIN: Duration = Duration::from_secs(3 * 60 * 60);
/// And for so long where no orders have come in since.
const COMES_WITHIN: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// A file that changed within this time may still be being written.
const SETTLED_AFTER: Duration = Duration::from_secs(5);
/// One that ends in the middle of a line, or of its XML, is given this time: uploads stall.
const WHOLE_AFTER: Duration = Duration::from_secs(60);

/// Who takes documents.
pub trait Takes {
    /// Takes a document, recognised by its content. `source` is its name for people; `identity` tells two files of the same content
    /// apart where the same count must not be taken twice.
    ///
    /// # Errors
    /// [`TakeError`] says why nothing of it was taken.
    fn take(&self, bytes: &[u8], source: &str, identity: &str, rules: &Rules, now: Instant)
    -> Result<Taken, TakeError>;
}

impl Takes for Ledger {
    fn take(
        &self,
        bytes: &[u8],
        source: &str,
        identity: &str,
        rules: &Rules,
        now: Instant,
    ) -> Result<Taken, TakeError> {
        Self::take(self, bytes, source, Some(identity), rules, now)
    }
}

impl Takes for Erp {
    fn take(
        &self,
        bytes: &[u8],
        source: &str,
        identity: &str,
        rules: &Rules,
        now: Instant,
    ) -> Result<Taken, TakeError> {
        match self {
            Self::Ledger(ledger) => ledger.take(bytes, source, Some(identity), rules, now),
            Self::Eccosys(eccosys) => eccosys.take(bytes, source, rules, now),
        }
    }
}

/// What became of a file.
#[derive(Debug)]
pub struct Drained {
    /// Its path in the inbox.
    pub file: PathBuf,
    /// What was taken, or why it was refused.
    pub result: Result<Taken, TakeError>,
    /// Why it lies in the inbox still, where it should have been moved away.
    pub stuck: Option<io::Error>,
    /// It is not taken yet, and tried again by the next run.
    pub waits: bool,
}

/// Why an inbox could not be emptied; the files stay where they are.
#[derive(Debug, thiserror::Error)]
pub enum InboxError {
    /// The folder itself.
    #[error("{}", say!(
        "the inbox {path} cannot be used: {source}; is it mounted? Check `inbox` in the configuration, and its permissions"
            | "a pasta de entrada {path} não pode ser usada: {source}; ela está montada? Confira `inbox` na configuração, \
               e as permissões",
        path = path.display()))]
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

/// Takes every settled file of the folder into the ERP. With `keep`, files stay where they are. `imported_at` is when orders were last
/// brought in from every channel.
///
/// They are taken [each in its turn](each_in_turn).
///
/// # Errors
/// [`InboxError`]: what was moved until then was taken.
pub fn drain(
    folder: &Path,
    erp: &impl Takes,
    rules: &Rules,
    keep: bool,
    (imported_at, now): (Option<Instant>, Instant),
) -> Result<Vec<Drained>, InboxError> {
    let found = settled(folder, rules).map_err(|source| InboxError::Folder { path: folder.to_owned(), source })?;
    let mut drained = Vec::with_capacity(found.len());
    each_in_turn(
        found,
        |file| file.turn,
        |Settled { path, changed, .. }, may_wait| {
            let before = Seen::of(path);
            let Some(content) = look(path) else { return Ok(Turn::Over) };
            let is_readable = !matches!(content, Content::Unreadable(_));
            let result = match take(erp, path, content, rules, now) {
                Err(TakeError::Ledger(error @ ErpError::File(_))) => return Err(InboxError::from(error)),
                Err(error) if may_wait && error.is_for_want_of_room() => return Ok(Turn::Waits),
                result => result,
            };
            // One that was laid in its place meanwhile is another, which nobody has read.
            let is_same = before.is_some() && Seen::of(path) == before;
            let may_fit = |changed| {
                is_within(changed, FITS_WITHIN)
                    || is_within(changed, COMES_WITHIN) && imported_at.is_none_or(|at| SystemTime::from(at) < changed)
            };
            let waits = result.as_ref().is_err_and(TakeError::may_fit_later) && changed.is_some_and(may_fit);
            let may_move = is_readable && is_same && !waits && !matches!(result, Err(TakeError::Ahead(_)));
            let stuck = if may_move && !keep { put_away(folder, path, &result).err() } else { None };
            drained.push(Drained { file: path.clone(), result, stuck, waits });
            Ok(Turn::Over)
        },
    )?;
    Ok(drained)
}

/// What became of a document at its turn.
pub enum Turn {
    /// It was taken or refused.
    Over,
    /// It is tried once more after the events.
    Waits,
}

/// Takes documents in the order of their turns: invoices go before what refers to them, their cancellations, parcels and deliveries. An
/// invoice may be in the place of one that is cancelled with it: `take` hears whether it may wait until the events were taken.
///
/// # Errors
/// The first of `take`, which ends it.
pub fn each_in_turn<T, E>(
    mut documents: Vec<T>,
    turn: impl Fn(&T) -> u8,
    mut take: impl FnMut(&mut T, bool) -> Result<Turn, E>,
) -> Result<(), E> {
    documents.sort_by_key(&turn);
    let mut coming: VecDeque<(T, bool)> = documents.into_iter().map(|document| (document, false)).collect();
    while let Some((mut document, has_waited)) = coming.pop_front() {
        let last_event = coming.iter().rposition(|(other, _)| turn(other) == EVENTS).filter(|_| !has_waited);
        if let (Turn::Waits, Some(last)) = (take(&mut document, last_event.is_some())?, last_event) {
            coming.insert(last + 1, (document, true));
        }
    }
    Ok(())
}

fn take(erp: &impl Takes, path: &Path, content: Content, rules: &Rules, now: Instant) -> Result<Taken, TakeError> {
    let (bytes, identity) = match content {
        Content::Whole { bytes, identity } => (bytes, identity),
        Content::TooLarge(error) => return Err(error.into()),
        Content::Unreadable(error) => return Err(error.into()),
    };
    let source = path.file_name().unwrap_or_default().to_string_lossy();
    erp.take(&bytes, &source, &identity, rules, now)
}

/// What a file holds.
enum Content {
    Whole {
        bytes: Vec<u8>,
        /// Name, time and content in one.
        identity: String,
    },
    TooLarge(DocumentError),
    Unreadable(io::Error),
}

/// What tells a file from another under its name.
#[derive(PartialEq, Eq)]
struct Seen {
    length: u64,
    changed: Option<SystemTime>,
    #[cfg(unix)]
    inode: u64,
}

impl Seen {
    fn of(path: &Path) -> Option<Self> {
        let meta = fs::metadata(path).ok()?;
        Some(Self {
            length: meta.len(),
            changed: meta.modified().ok(),
            #[cfg(unix)]
            inode: std::os::unix::fs::MetadataExt::ino(&meta),
        })
    }
}

/// A file that is whole.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Settled {
    turn: u8,
    /// Of two counts the later one is right, whatever they are called.
    changed: Option<SystemTime>,
    path: PathBuf,
}

/// The files that are whole, in the order in which they are taken. Their content is not kept: there may be many.
fn settled(folder: &Path, rules: &Rules) -> io::Result<Vec<Settled>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_ascii_lowercase();
        if is_left_alone(&name) || entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let path = entry.path();
        let turn = match look(&path) {
            None => continue,
            Some(Content::Whole { bytes, .. }) => turn(&bytes, rules),
            Some(Content::TooLarge(_) | Content::Unreadable(_)) => LAST_TURN,
        };
        let changed = fs::metadata(&path).and_then(|meta| meta.modified()).ok();
        found.push(Settled { turn, changed, path });
    }
    found.sort();
    Ok(found)
}

/// Whether a file changed within that time; one that is dated ahead did so nobody knows when.
fn is_within(changed: SystemTime, time: Duration) -> bool {
    SystemTime::now().duration_since(changed).is_ok_and(|age| age < time)
}

/// Whether files of that name, in small letters, are not taken: hidden ones, and those that a program is still writing.
pub(crate) fn is_left_alone(name: &str) -> bool {
    name.starts_with('.') || [".part", ".tmp", ".crdownload", ".filepart"].iter().any(|end| name.ends_with(end))
}

/// Reads a file; `None` when it is none, when it may still be being written, or when somebody has taken it away.
fn look(path: &Path) -> Option<Content> {
    // Links are followed: whoever links a document wants it taken.
    let before = match fs::metadata(path) {
        Ok(meta) => Some(meta).filter(Metadata::is_file)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        // As in a folder that may be listed and not entered: it may be a document, and nobody would ever hear of it.
        Err(error) => return Some(Content::Unreadable(error)),
    };
    let changed = before.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    // A date ahead of this machine's clock is another machine's; it must not keep a file out for good.
    let age = SystemTime::now().duration_since(changed).unwrap_or_else(|ahead| ahead.duration());
    if age < SETTLED_AFTER {
        return None;
    }
    let length = usize::try_from(before.len()).unwrap_or(usize::MAX);
    if length > MAX_TEXT_BYTES {
        let error = DocumentError::TooLarge { what: "a document", bytes: length, limit: MAX_TEXT_BYTES };
        return Some(Content::TooLarge(error));
    }
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => return Some(Content::Unreadable(error)),
    };
    let has_grown =
        bytes.len() != length || fs::metadata(path).and_then(|after| after.modified()).ok() != Some(changed);
    if has_grown || (age < WHOLE_AFTER && looks_cut(&bytes)) {
        return None;
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let since_epoch = changed.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let identity = format!("{name} {} {digest}", since_epoch.as_millis());
    Some(Content::Whole { bytes, identity })
}

/// Whether the end of a file looks like the middle of a document.
fn looks_cut(bytes: &[u8]) -> bool {
    !matches!(bytes.last(), Some(b'>' | b'\n' | b'\r' | b'\x1a'))
}

/// The turn of the events of invoices: their cancellations.
const EVENTS: u8 = 2;

/// When the others have gone.
const LAST_TURN: u8 = 5;

/// The place of a document among several that are taken together.
pub fn turn(bytes: &[u8], rules: &Rules) -> u8 {
    match documents::recognise_with(bytes, rules.sheets) {
        Ok(Document::StockSheet(_)) => 0,
        Ok(Document::Nfe(_)) => 1,
        Ok(Document::Events(_) | Document::Situation(_)) => EVENTS,
        Ok(Document::ShipmentSheet(_)) => 3,
        Ok(Document::Ocoren(_)) => 4,
        Err(_) => LAST_TURN,
    }
}

/// Moves a file to `done/`, or to `rejected/`; what a person must know of it lies beside it.
fn put_away(folder: &Path, file: &Path, result: &Result<Taken, TakeError>) -> io::Result<()> {
    let place = folder.join(if result.is_ok() { "done" } else { "rejected" });
    fs::create_dir_all(&place)?;
    let text = note(result);
    let (target, beside) = free_names(&place, file.file_name().unwrap_or_default(), text.as_deref());
    if let Some(text) = &text {
        write_whole(&beside, text)?;
    }
    let moved = fs::rename(file, &target);
    if moved.is_err() && text.is_some() {
        let _ = fs::remove_file(&beside);
    }
    match moved {
        // Somebody was faster.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        moved => moved,
    }
}

/// Writes a text so that it is found whole or not at all, after a power cut too.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".part");
    let unfinished = path.with_file_name(name);
    let mut file = File::create(&unfinished)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all())?;
    fs::rename(&unfinished, path)
}

/// Names for a file and for the text beside it that nothing has: what was put away before stays. A text that is there already
/// without its file is the work of a run that was killed before it could move the file.
fn free_names(place: &Path, name: &OsStr, text: Option<&str>) -> (PathBuf, PathBuf) {
    let named = |n: u32| {
        let mut target = place.join(name).into_os_string();
        if n > 0 {
            target.push(format!(".{n}"));
        }
        let mut beside = target.clone();
        beside.push(".txt");
        (PathBuf::from(target), PathBuf::from(beside))
    };
    let is_free = |path: &Path| fs::symlink_metadata(path).is_err();
    let is_ours = |beside: &Path| text.is_some_and(|text| fs::read(beside).is_ok_and(|there| there == text.as_bytes()));
    (0..)
        .map(named)
        .find(|(target, beside)| is_free(target) && (is_free(beside) || is_ours(beside)))
        .unwrap_or_else(|| named(0))
}

/// What lies beside a file that needs a person.
fn note(result: &Result<Taken, TakeError>) -> Option<String> {
    match result {
        Err(problem) => Some(say!(
            "{problem}\n\nNothing of this file was taken. Once that is mended, put it back into the folder above; a stock \
             sheet is to be made anew, or what was invoiced since would be on the shelf again.\n"
                | "{problem}\n\nNada deste arquivo foi aproveitado. Depois de corrigir, devolva-o à pasta acima; uma planilha de \
                   estoque deve ser gerada de novo, senão o que foi faturado desde então voltaria à prateleira.\n"
        )),
        Ok(taken) if !taken.left_out().is_empty() => Some(say!(
            "{}\n\nThe rest of this file was taken. Once that is mended, put it back into the folder above: what was \
             taken is not taken twice.\n"
                | "{}\n\nO resto deste arquivo foi aproveitado. Depois de corrigir, devolva-o à pasta acima: o que \
                   já entrou não entra duas vezes.\n",
            taken.left_out().join("\n")
        )),
        Ok(_) => None,
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

    /// Every channel's orders are in.
    fn at_rest() -> (Option<Instant>, Instant) {
        (Some(now()), now())
    }

    fn physical(ledger: &Ledger, sku: &str) -> Option<i64> {
        let levels = ledger.stock_levels(&[crate::model::Sku::new(sku)], now()).unwrap().levels;
        levels.first().map(|level| level.physical)
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
        let drained = drain(&inbox, &ledger, &Rules::default(), false, at_rest()).unwrap();
        assert_eq!(drained.len(), 3);
        assert_eq!(names(&inbox), ["done", "fresh.csv", "rejected", "upload.csv.part"]);
        assert_eq!(names(&inbox.join("done")), ["ahead.csv", "count.csv"]);
        assert_eq!(names(&inbox.join("rejected")), ["page.xml", "page.xml.txt"]);
        assert!(fs::read_to_string(inbox.join("rejected/page.xml.txt")).unwrap().contains("web page"));
        assert_eq!(physical(&ledger, "A"), Some(10));
    }

    #[test]
    fn a_count_that_was_taken_but_not_moved_is_not_taken_again() {
        let folder = tempfile::tempdir().unwrap();
        let (inbox, ledger) = (folder.path().join("in"), Ledger::open(&folder.path().join("ledger.db")).unwrap());
        fs::create_dir(&inbox).unwrap();
        drop_into(&inbox, "count.csv", "sku;qtd\nA;10\n", Duration::from_secs(60));
        let first = drain(&inbox, &ledger, &Rules::default(), true, at_rest()).unwrap();
        assert!(matches!(first[0].result, Ok(Taken::Stock { changed: Some(1), .. })), "{first:?}");
        let again = drain(&inbox, &ledger, &Rules::default(), false, at_rest()).unwrap();
        assert!(matches!(again[0].result, Ok(Taken::Stock { changed: None, .. })), "{again:?}");
        assert_eq!(names(&inbox.join("done")), ["count.csv"]);
    }

    #[test]
    fn what_tells_of_days_to_come_waits_in_the_inbox() {
        struct Carrier;
        impl Takes for Carrier {
            fn take(&self, _: &[u8], _: &str, _: &str, _: &Rules, now: Instant) -> Result<Taken, TakeError> {
                let at = "2026-10-19T12:00:00Z".parse().unwrap();
                if now < at { Err(TakeError::Ahead(at)) } else { Ok(Taken::Shipments { new: 1, again: 0 }) }
            }
        }
        let (_folder, inbox, _) = shop();
        drop_into(&inbox, "ocoren.txt", "19102026", OLD);
        let drained =
            |now: &str| drain(&inbox, &Carrier, &Rules::default(), false, (None, now.parse().unwrap())).unwrap();
        assert!(matches!(drained("2025-10-19T12:00:00Z")[0].result, Err(TakeError::Ahead(_))));
        assert_eq!(names(&inbox), ["ocoren.txt"]);
        assert!(drained("2026-10-20T12:00:00Z")[0].result.is_ok());
        assert_eq!(names(&inbox), ["done"]);
    }

    #[test]
    fn a_missing_folder_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        let error = drain(&folder.path().join("none"), &ledger, &Rules::default(), false, at_rest()).unwrap_err();
        assert!(error.to_string().contains("none"), "{error}");
    }

    fn shop() -> (tempfile::TempDir, PathBuf, Ledger) {
        let folder = tempfile::tempdir().unwrap();
        let inbox = folder.path().join("in");
        fs::create_dir(&inbox).unwrap();
        let ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        (folder, inbox, ledger)
    }

    const OLD: Duration = Duration::from_secs(90);

    #[test]
    fn of_two_counts_the_later_one_is_right_whatever_they_are_called() {
        let (_folder, inbox, ledger) = shop();
        drop_into(&inbox, "estoque.csv", "sku;qtd\nA;10\n", OLD * 2);
        drop_into(&inbox, "estoque (1).csv", "sku;qtd\nA;3\n", OLD);
        drain(&inbox, &ledger, &Rules::default(), false, at_rest()).unwrap();
        assert_eq!(physical(&ledger, "A"), Some(3));
    }

    #[test]
    fn a_file_that_takes_anothers_place_while_that_is_taken_is_taken_next() {
        struct Slow<'a>(&'a Ledger, &'a Path);
        impl Takes for Slow<'_> {
            fn take(&self, bytes: &[u8], of: &str, id: &str, rules: &Rules, now: Instant) -> Result<Taken, TakeError> {
                let taken = self.0.take(bytes, of, Some(id), rules, now);
                drop_into(self.1, "new", "sku;qtd\nA;3\n", OLD);
                fs::rename(self.1.join("new"), self.1.join("estoque.csv")).unwrap();
                taken
            }
        }
        let (_folder, inbox, ledger) = shop();
        drop_into(&inbox, "estoque.csv", "sku;qtd\nA;10\n", OLD);
        drain(&inbox, &Slow(&ledger, &inbox), &Rules::default(), false, at_rest()).unwrap();
        assert_eq!((names(&inbox), physical(&ledger, "A")), (vec!["estoque.csv".to_owned()], Some(10)));
        drain(&inbox, &ledger, &Rules::default(), false, at_rest()).unwrap();
        assert_eq!((names(&inbox), physical(&ledger, "A")), (vec!["done".to_owned()], Some(3)));
    }

    #[test]
    fn what_was_put_away_before_is_never_written_over() {
        let (_folder, inbox, ledger) = shop();
        drop_into(&inbox, "oco.txt", "first", OLD);
        drain(&inbox, &ledger, &Rules::default(), false, at_rest()).unwrap();
        // Its reason would be called as the document refused before.
        drop_into(&inbox, "oco", "second", OLD);
        drain(&inbox, &ledger, &Rules::default(), false, at_rest()).unwrap();
        drop_into(&inbox, "oco", "third", OLD);
        drain(&inbox, &ledger, &Rules::default(), false, at_rest()).unwrap();
        let rejected = inbox.join("rejected");
        assert_eq!(names(&rejected), ["oco.1", "oco.1.txt", "oco.2", "oco.2.txt", "oco.txt", "oco.txt.txt"]);
        assert_eq!(fs::read_to_string(rejected.join("oco.txt")).unwrap(), "first");
        assert_eq!(fs::read_to_string(rejected.join("oco.2")).unwrap(), "third");
    }

    #[test]
    fn a_run_that_was_killed_between_the_reason_and_the_move_leaves_no_second_reason() {
        let (_folder, inbox, ledger) = shop();
        drop_into(&inbox, "page.xml", "<html></html>", OLD);
        drain(&inbox, &ledger, &Rules::default(), false, at_rest()).unwrap();
        let rejected = inbox.join("rejected");
        fs::rename(rejected.join("page.xml"), inbox.join("page.xml")).unwrap();
        drain(&inbox, &ledger, &Rules::default(), false, at_rest()).unwrap();
        assert_eq!(names(&rejected), ["page.xml", "page.xml.txt"]);
    }

    #[test]
    fn a_file_that_ends_in_the_middle_is_given_a_minute() {
        let (_folder, inbox, ledger) = shop();
        drop_into(&inbox, "cut.csv", "sku;qtd\nA;1", Duration::from_secs(30));
        drop_into(&inbox, "cut.xml", "<nfeProc><NF", Duration::from_secs(30));
        drop_into(&inbox, "whole.csv", "sku;qtd\nB;1\n", Duration::from_secs(30));
        let drained = drain(&inbox, &ledger, &Rules::default(), false, at_rest()).unwrap();
        assert_eq!(drained.len(), 1, "{drained:?}");
        assert_eq!(names(&inbox), ["cut.csv", "cut.xml", "done"]);
        drop_into(&inbox, "cut.csv", "sku;qtd\nA;10", OLD);
        drop_into(&inbox, "cut.xml", "<nfeProc><NF", OLD);
        drain(&inbox, &ledger, &Rules::default(), false, at_rest()).unwrap();
        assert_eq!(names(&inbox), ["done", "rejected"]);
    }

    #[test]
    fn what_is_no_document_is_refused_and_folders_stay() {
        let (folder, inbox, ledger) = shop();
        let large = fs::File::create(inbox.join("large.xml")).unwrap();
        large.set_len(60 * 1024 * 1024).unwrap();
        large.set_modified(SystemTime::now() - OLD).unwrap();
        drop_into(&inbox, "danfe.pdf", "%PDF-1.7", OLD);
        drop_into(&inbox, "notas.zip", "PK\u{3}\u{4}", OLD);
        fs::create_dir(inbox.join("outubro")).unwrap();
        drop_into(&inbox.join("outubro"), "count.csv", "sku;qtd\nA;1\n", OLD);
        drop_into(folder.path(), "linked.csv", "sku;qtd\nA;7\n", OLD);
        #[cfg(unix)]
        std::os::unix::fs::symlink(folder.path().join("linked.csv"), inbox.join("link.csv")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(folder.path().join("nowhere"), inbox.join("dangling.csv")).unwrap();
        let drained = drain(&inbox, &ledger, &Rules::default(), false, at_rest()).unwrap();
        let mut codes: Vec<&str> = drained.iter().filter_map(|file| Some(file.result.as_ref().err()?.code())).collect();
        codes.sort_unstable();
        assert_eq!(codes, ["document_pdf", "document_too_large", "document_workbook"]);
        assert!(inbox.join("outubro/count.csv").exists());
        if cfg!(unix) {
            assert_eq!(physical(&ledger, "A"), Some(7));
        }
        assert!(drain(&inbox, &ledger, &Rules::default(), false, at_rest()).unwrap().is_empty());
    }

    /// A link that leads back to itself is refused to everybody, as what lies in a folder that may not be entered is to most.
    #[test]
    #[cfg(unix)]
    fn what_cannot_be_looked_at_is_told_and_keeps_out_no_other() {
        let (_folder, inbox, ledger) = shop();
        drop_into(&inbox, "a.csv", "sku;qtd\nA;1\n", OLD);
        std::os::unix::fs::symlink(inbox.join("count.csv"), inbox.join("count.csv")).unwrap();
        for known in [2, 1] {
            let drained = drain(&inbox, &ledger, &Rules::default(), false, at_rest()).unwrap();
            let told: Vec<_> =
                drained.iter().filter(|file| matches!(file.result, Err(TakeError::Unreadable(_)))).collect();
            assert_eq!((drained.len(), told.len()), (known, 1), "{drained:?}");
        }
        assert_eq!((physical(&ledger, "A"), names(&inbox)), (Some(1), vec!["count.csv".into(), "done".into()]));
    }

    #[test]
    fn a_file_that_cannot_be_moved_keeps_out_no_other() {
        let (_folder, inbox, ledger) = shop();
        drop_into(&inbox, "a.csv", "sku;qtd\nA;1\n", OLD);
        drop_into(&inbox, "b.csv", "sku;qtd\nB;2\n", OLD);
        fs::write(inbox.join("done"), "in the way").unwrap();
        let drained = drain(&inbox, &ledger, &Rules::default(), false, at_rest()).unwrap();
        assert_eq!(drained.iter().filter(|file| file.result.is_ok() && file.stuck.is_some()).count(), 2, "{drained:?}");
        assert_eq!(["A", "B"].map(|sku| physical(&ledger, sku)), [Some(1), Some(2)]);
        fs::remove_file(inbox.join("done")).unwrap();
        let drained = drain(&inbox, &ledger, &Rules::default(), false, at_rest()).unwrap();
        assert!(drained.iter().all(|file| file.stuck.is_none()), "{drained:?}");
        assert_eq!(names(&inbox.join("done")), ["a.csv", "b.csv"]);
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config::with_cases(40))]

        #[test]
        fn any_bytes_end_in_done_or_rejected(
            bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300),
            head in proptest::sample::select(vec!["", "sku;qtd\n", "<nfeProc", "000X\n340Y\n342", "\u{feff}", "pedido;rastreio\n"]),
            name in "[a-zA-Z0-9 é~(){};'-]{1,20}",
        ) {
            let (_folder, inbox, ledger) = shop();
            let mut content = head.as_bytes().to_vec();
            content.extend(bytes);
            let path = inbox.join(&name);
            fs::write(&path, &content).unwrap();
            fs::File::options().write(true).open(&path).unwrap().set_modified(SystemTime::now() - OLD).unwrap();
            let drained = drain(&inbox, &ledger, &Rules::default(), false, at_rest()).unwrap();
            proptest::prop_assert_eq!(drained.len(), 1);
            proptest::prop_assert!(drained[0].stuck.is_none());
            let place = if drained[0].result.is_ok() { "done" } else { "rejected" };
            proptest::prop_assert_eq!(fs::read(inbox.join(place).join(&name)).unwrap(), content);
        }
    }
}
