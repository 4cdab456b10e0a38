//! How every SQLite file of ours is opened: created 0600, refused when it is not ours, checked as a whole when that is due, migrated
//! in one transaction. What is refused is not changed by a byte.
//!
//! A check as a whole is SQLite's own of structure and indexes, and every row's [seal](super::seal). It is due while the file is
//! small, once a day, and when the last process to have it open died; what is read between two checks is held against its seal.

use crate::lang::{Both, say, word};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior, ffi};

use super::{instant, millis, seal};
use crate::clock::Clock;

/// How long a write waits for another process's transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Up to this many bytes a file is checked as a whole whenever it is opened for writing: it takes a few milliseconds.
const SMALL: u64 = 512 * 1024;

/// How long a check of a larger file holds.
const CHECKED_FOR: TimeDelta = TimeDelta::hours(24);

/// The step of a kind's migrations that lets its files remember when they were last checked as a whole.
pub const CHECKED: &str = "
CREATE TABLE checked (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    at INTEGER NOT NULL
) STRICT;
";

/// A kind of file: how it is recognised, and the steps that make its schema.
#[derive(Clone, Copy, Debug)]
pub struct FileKind {
    /// SQLite's `application_id`: tells our files from other programs'. Must not be 0.
    pub application_id: i32,
    /// What messages call it: `state file`, `ledger`.
    pub name: &'static str,
    /// SQL of each version, oldest first. Append only: a file's `user_version` is the number of steps it has had.
    pub migrations: &'static [&'static str],
}

impl FileKind {
    /// The version this program writes.
    pub fn version(&self) -> i32 {
        i32::try_from(self.migrations.len()).unwrap_or(i32::MAX)
    }
}

/// Why a file was not opened. Every message names the file and says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Opened for reading, and not there.
    #[error(
        "{}", say!(
            "there is no {kind} at {path} yet; the first run that writes makes it, or check the path in the \
             configuration"
                | "ainda não há {kind} em {path}; a primeira execução que grava o cria, ou confira o caminho na \
                   configuração",
        path = path.display(),
        kind = called(kind)))]
    Missing {
        /// What it should be.
        kind: &'static str,
        /// Where it should be.
        path: PathBuf,
    },
    /// The operating system refused to create or read it.
    #[error(
        "{}", say!(
            "the {kind} {path} cannot be opened: {source}; check that its directory exists and that this user may \
             write there"
                | "o arquivo {path} ({kind}) não pode ser aberto: {source}; confira se a pasta existe e se este \
                   usuário pode gravar ali",
        path = path.display(),
        kind = called(kind)))]
    Io {
        /// What it should be.
        kind: &'static str,
        /// Where it should be.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// It can be read, not written.
    #[error("{}", say!(
        "the {kind} {path} cannot be written; give this user write permission on the file and on its directory"
            | "o arquivo {path} ({kind}) não pode ser gravado; dê a este usuário permissão de gravação no arquivo e \
               na pasta",
        path = path.display(),
        kind = called(kind)))]
    NotWritable {
        /// What it is.
        kind: &'static str,
        /// Where it is.
        path: PathBuf,
    },
    /// It is no SQLite file at all.
    #[error(
        "{}", say!(
            "{path} is not a SQLite file, so it is no {kind}; it was left as it is: set another path in the \
             configuration"
                | "{path} não é um arquivo SQLite, portanto não é {kind}; ficou como está: defina outro caminho na \
                   configuração",
        path = path.display(),
        kind = called(kind)))]
    NotSqlite {
        /// What it should be.
        kind: &'static str,
        /// Where it is.
        path: PathBuf,
    },
    /// It belongs to another program, or to another kind of ours.
    #[error(
        "{}", say!(
            "{path} is a SQLite file of another kind (application id {found}), not a {kind}; it was left as it is: \
             set another path in the configuration"
                | "{path} é um arquivo SQLite de outro tipo (id de aplicação {found}), e não {kind}; ficou como \
                   está: defina outro caminho na configuração",
        path = path.display(),
        kind = called(kind)))]
    Foreign {
        /// What it should be.
        kind: &'static str,
        /// Where it is.
        path: PathBuf,
        /// The application id it carries; 0 for none.
        found: i32,
    },
    /// Written by a newer version of the program.
    #[error(
        "{}", say!(
            "the {kind} {path} has version {found}, and this program knows versions up to {known}; it was left as it \
             is: install the newer vaivem that wrote it"
                | "o arquivo {path} ({kind}) tem a versão {found}, e este programa conhece até a {known}; ficou como \
                   está: instale o vaivem mais novo que o gravou",
        path = path.display(),
        kind = called(kind)))]
    Newer {
        /// What it is.
        kind: &'static str,
        /// Where it is.
        path: PathBuf,
        /// Its version.
        found: i32,
        /// The newest version this program knows.
        known: i32,
    },
    /// Opened for reading, and of an older version, which only a writer may bring up to date.
    #[error("{}", say!(
        "the {kind} {path} has version {found} of {known}; run any pass once, which brings it up to date"
            | "o arquivo {path} ({kind}) tem a versão {found} de {known}; execute uma rotina qualquer, que o atualiza",
        path = path.display(),
        kind = called(kind)))]
    Older {
        /// What it is.
        kind: &'static str,
        /// Where it is.
        path: PathBuf,
        /// Its version.
        found: i32,
        /// The version this program reads.
        known: i32,
    },
    /// Damaged.
    #[error(
        "{}", say!(
            "the {kind} {path} is damaged ({detail}); nothing was written to it: keep a copy of it with its -wal \
             file, and {}"
                | "o arquivo {path} ({kind}) está danificado ({detail}); nada foi gravado nele: guarde uma cópia \
                   junto com o arquivo -wal, e {}",
        to_mend(kind),
        path = path.display(),
        kind = called(kind)))]
    Corrupt {
        /// What it is.
        kind: &'static str,
        /// Where it is.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// Its file system has no shared memory or no locks.
    #[error("{}", say!(
        "the {kind} {path} cannot use write-ahead logging; put it on a local disk, not on a network share"
            | "o arquivo {path} ({kind}) não consegue usar write-ahead logging; ponha-o em disco local, não em pasta \
               de rede",
        path = path.display(),
        kind = called(kind)))]
    NoWal {
        /// What it is.
        kind: &'static str,
        /// Where it is.
        path: PathBuf,
    },
    /// Another process wrote to it for too long.
    #[error("{}", say!(
        "the {kind} {path} was locked by another process for more than 10 seconds; the next run tries again"
            | "o arquivo {path} ({kind}) ficou bloqueado por outro processo por mais de 10 segundos; a próxima \
               execução tenta de novo",
        path = path.display(),
        kind = called(kind)))]
    Busy {
        /// What it is.
        kind: &'static str,
        /// Where it is.
        path: PathBuf,
    },
    /// There is no room for it.
    #[error("{}", say!(
        "the {kind} {path} cannot be written, since the disk is full or nearly so; {FREE_SPACE}"
            | "o arquivo {path} ({kind}) não pode ser gravado, pois o disco está cheio ou quase; {FREE_SPACE}",
        path = path.display(),
        kind = called(kind)))]
    Full {
        /// What it is.
        kind: &'static str,
        /// Where it is.
        path: PathBuf,
    },
    /// Anything else SQLite said.
    #[error("{}", say!(
        "the {kind} {path} cannot be used: {}" | "o arquivo {path} ({kind}) não pode ser usado: {}",
        said(source),
        path = path.display(),
        kind = called(kind)))]
    Sqlite {
        /// What it is.
        kind: &'static str,
        /// Where it is.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
}

/// Opens the file for reading and writing, and creates it or brings it up to date first where that is needed.
///
/// # Errors
/// [`OpenError`]; a file that is refused keeps every byte.
pub fn open(path: &Path, kind: &FileKind) -> Result<Connection, OpenError> {
    Opener { kind, path }.open()
}

/// Opens a file once more that this process has open already: what was found right about it is not asked again.
///
/// # Errors
/// [`OpenError`]; nothing is created and nothing is migrated.
pub fn open_again(path: &Path, kind: &FileKind) -> Result<Connection, OpenError> {
    let opener = Opener { kind, path };
    let conn = opener.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    opener.said(set_pragmas(&conn))?;
    Ok(conn)
}

/// Opens the file for reading only. It must exist and be up to date.
///
/// # Errors
/// [`OpenError`]; nothing is created and nothing is migrated.
pub fn open_read_only(path: &Path, kind: &FileKind) -> Result<Connection, OpenError> {
    Opener { kind, path }.open_read_only()
}

/// What belongs to a file and lies beside it under its name and a suffix. SQLite names these after what a link points to, and so does
/// everything else: a file that is reached in two ways is one file.
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let is_link = fs::symlink_metadata(path).is_ok_and(|meta| meta.is_symlink());
    let file = if is_link { fs::canonicalize(path).ok() } else { None };
    let mut name = file.unwrap_or_else(|| path.into()).into_os_string();
    name.push(suffix);
    name.into()
}

/// A file of that kind in memory, gone when the connection is dropped.
///
/// # Errors
/// What SQLite says of the migrations.
pub fn open_in_memory(kind: &FileKind) -> Result<Connection, OpenError> {
    let opener = Opener { kind, path: Path::new(":memory:") };
    let conn = opener.said(Connection::open_in_memory())?;
    opener.said(seal::register(&conn))?;
    opener.migrate(&conn)?;
    opener.said(set_pragmas(&conn))?;
    Ok(conn)
}

/// A private copy of the file for trying things out: everything written goes to the copy and vanishes with the connection. A file
/// that does not exist gives an empty copy, and is not made.
///
/// # Errors
/// [`OpenError`], as for [`open`].
pub fn scratch_copy(path: &Path, kind: &FileKind) -> Result<Connection, OpenError> {
    let opener = Opener { kind, path };
    // An empty name is SQLite's own temporary file: in memory while small, private, and gone when closed.
    let mut scratch = opener.said(Connection::open(""))?;
    opener.said(seal::register(&scratch))?;
    if fs::metadata(path).is_ok_and(|meta| meta.len() > 0) {
        // Who may only read a file leaves an empty log and its index beside it; who may write takes them away again. A log with
        // content is another process's, or waits for the next real run: that must stay, and be moved into the file by nobody here.
        let mode = match opener.inspect(false)? {
            true => OpenFlags::SQLITE_OPEN_READ_ONLY,
            false => OpenFlags::SQLITE_OPEN_READ_WRITE,
        };
        let source = opener.connect(mode)?;
        let backup = opener.said(rusqlite::backup::Backup::new(&source, &mut scratch))?;
        opener.said(backup.run_to_completion(10_000, Duration::ZERO, None))?;
        drop(backup);
        if opener.is_small() {
            opener.whole_check(&scratch)?;
        }
    }
    opener.migrate(&scratch)?;
    opener.said(set_pragmas(&scratch))?;
    Ok(scratch)
}

/// Copies the file as it is at one moment, while others may write to it, and checks the copy. The copy is one plain file, readable
/// for its owner alone, and on the disk when this returns.
///
/// # Errors
/// [`OpenError`], of the file or of the copy; a copy that exists already is refused and left alone.
pub fn back_up(path: &Path, kind: &FileKind, to: &Path) -> Result<(), OpenError> {
    let (opener, copy) = (Opener { kind, path }, Opener { kind, path: to });
    opener.inspect(false)?;
    let source = opener.connect(OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = copy.os(options.open(to))?;
    let mut target = copy.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    {
        // All pages in one step: in several, a busy file would have it begin anew each time.
        let backup = copy.said(rusqlite::backup::Backup::new(&source, &mut target))?;
        copy.said(backup.run_to_completion(i32::MAX, Duration::from_millis(50), None))?;
    }
    copy.said(target.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(())))?;
    // The copy goes; what is damaged in it is the file's.
    opener.whole_check(&target)?;
    copy.said(target.close().map_err(|(_, error)| error))?;
    copy.os(file.sync_all())
}

/// Rewrites the file without what was deleted, and empties its log into it. Says whether the log is empty: not while somebody reads
/// an older state of the file.
///
/// # Errors
/// What SQLite says.
pub fn scrub(conn: &Connection) -> rusqlite::Result<bool> {
    conn.execute_batch("VACUUM")?;
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0)).map(|busy| busy == 0)
}

/// Checks the file as a whole: what is wrong with it, if anything.
///
/// # Errors
/// What else SQLite says.
pub fn damage(conn: &Connection) -> rusqlite::Result<Option<String>> {
    let found = conn.query_row("PRAGMA integrity_check(1)", [], |row| row.get::<_, String>(0));
    match found {
        Ok(said) if said == "ok" => {}
        // What is found out while it looks.
        Err(error) if is_damage(&error) => return Ok(Some(error.to_string())),
        found => return found.map(Some),
    }
    let broken = seal::broken(conn)?;
    Ok(broken.map(|table| {
        say!(
            "a row of `{table}` does not fit its checksum"
                | "uma linha de `{table}` não confere com a soma de verificação"
        )
    }))
}

/// A kind of file, as a person says it.
fn called(kind: &'static str) -> &'static str {
    match kind {
        "state file" => word!("state file" | "arquivo de estado"),
        "ledger" => word!("ledger" | "ERP embutido"),
        "customer key" => word!("customer key" | "chave de clientes"),
        other => other,
    }
}

impl OpenError {
    /// The operating system's refusal of a file beside ours.
    pub fn io(path: &Path, kind: &'static str, source: io::Error) -> Self {
        let path = path.to_owned();
        if source.kind() == io::ErrorKind::StorageFull {
            Self::Full { kind, path }
        } else {
            Self::Io { kind, path, source }
        }
    }
}

/// What to do about a damaged file of that kind.
fn to_mend(kind: &'static str) -> Both {
    match kind {
        "state file" => MEND_STATE,
        _ => Both("restore a backup", "restaure um backup"),
    }
}

/// The state file is the one that can be made anew.
const MEND_STATE: Both = Both(
    "restore a backup, or move it away and rebuild it with `vaivem adopt`",
    "restaure um backup, ou mova-o e reconstrua-o com `vaivem adopt`",
);

/// What to do about a full disk.
const FREE_SPACE: Both =
    Both("free space on its disk, and the next run goes on", "libere espaço no disco, e a próxima execução continua");

/// What to do where the system refuses a file, and not for want of space.
const LOOK_AT_DISK: Both = Both(
    "look at its disk: it may fail, or a quota or limit (ulimit -f) keep the file from growing",
    "verifique o disco: pode estar com defeito, ou uma cota ou um limite (ulimit -f) impede o arquivo de crescer",
);

/// What SQLite said, and what to do where that is plain.
pub fn said(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        // SQLite does not tell which.
        _ if is_full(error) => say!(
            "{error}; free space on its disk, or where temporary files are (TMPDIR, else /var/tmp), and the next run goes on"
                | "{error}; libere espaço no disco, ou onde ficam os arquivos temporários (TMPDIR, ou /var/tmp), e a próxima \
                   execução continua"
        ),
        Some(ErrorCode::SystemIoFailure) => format!("{error}; {LOOK_AT_DISK}"),
        // What was written before and is written now do not go together: one of the two is not what it was. An order that is gone
        // was let go of meanwhile.
        Some(ErrorCode::ConstraintViolation) if !is_about_what_is_gone(error) => format!("{error}; {DAMAGED}"),
        _ if is_damage(error) => format!("{error}; {DAMAGED}"),
        _ => error.to_string(),
    }
}

/// What to do where a row that was to be used does not fit its seal, or SQLite stumbles over damage itself.
const DAMAGED: Both = Both(
    "the file is damaged: `vaivem check` tells where; keep a copy of it with its -wal file, and restore a backup (a state file can \
     also be moved away and rebuilt with `vaivem adopt`)",
    "o arquivo está danificado: `vaivem check` diz onde; guarde uma cópia junto com o arquivo -wal, e restaure um backup (um \
     arquivo de estado também pode ser movido e reconstruído com `vaivem adopt`)",
);

/// Whether a file is damaged, as SQLite or a row's seal says.
fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::Error::{FromSqlConversionFailure, InvalidColumnType, Utf8Error};
    // All text was written as UTF-8, and every column is of one type.
    matches!(error, Utf8Error(..) | FromSqlConversionFailure(..) | InvalidColumnType(..))
        || matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// Whether a row refers to one that is not there.
fn is_about_what_is_gone(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| error.extended_code == ffi::SQLITE_CONSTRAINT_FOREIGNKEY)
}

/// Whether a file could not grow. The memory shared with other processes is a file too, and SQLite has a code of its own for it.
fn is_full(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map(|error| error.extended_code);
    matches!(code, Some(ffi::SQLITE_FULL | ffi::SQLITE_IOERR_SHMSIZE))
}

/// The byte of the log's index on which every process that uses the log holds a lock: the "dead man switch" of SQLite's format.
#[cfg(unix)]
const IN_USE: u64 = 128;

struct Opener<'a> {
    kind: &'a FileKind,
    path: &'a Path,
}

/// The first bytes of a file, read without SQLite, which would take locks and make files beside it.
enum Header {
    Missing,
    Empty,
    /// Nothing but zeros where everything that says what it is should be.
    Blank,
    Other,
    Sqlite {
        application_id: i32,
        user_version: i32,
        whole_pages: bool,
    },
}

impl Opener<'_> {
    fn open(&self) -> Result<Connection, OpenError> {
        let has_log = self.inspect(true)?;
        let unclean = has_log && !self.is_in_use();
        // A path may be relative or a link; SQLite follows it like any other program does.
        let conn = self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        if self.said(conn.is_readonly("main"))? {
            return Err(OpenError::NotWritable { kind: self.kind.name, path: self.path.into() });
        }
        // Closing after a refusal must not move the log into the file.
        self.said(conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true))?;
        self.refuse_newer(self.said(user_version(&conn))?)?;
        // Makes SQLite read the schema now, so that a damaged one is found here and not in the middle of a pass.
        self.said(conn.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())))?;
        let now = Clock::system().now();
        let is_old = !self.is_small() && checked_at(&conn).is_none_or(|at| at > now || now - at > CHECKED_FOR);
        // What is made anew by a migration is sealed anew.
        let is_older = self.said(user_version(&conn))? < self.kind.version();
        if unclean || is_old || is_older || self.is_small() {
            self.whole_check(&conn)?;
        }
        self.migrate(&conn)?;
        self.said(set_pragmas(&conn))?;
        self.use_wal(&conn)?;
        if is_old {
            self.said(conn.execute("INSERT OR REPLACE INTO checked (only, at) VALUES (1, ?1)", [millis(now)]))?;
        }
        self.said(conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false))?;
        Ok(conn)
    }

    fn is_small(&self) -> bool {
        fs::metadata(self.path).is_ok_and(|meta| meta.len() <= SMALL)
    }

    /// Whether another process has the file open, which would tell of a log that is not left over. SQLite locks a byte of the log's
    /// index for as long.
    fn is_in_use(&self) -> bool {
        #[cfg(unix)]
        {
            use rustix::process::{Flock, FlockType, fcntl_getlk};
            let Ok(index) = File::options().read(true).write(true).open(self.beside("-shm")) else { return false };
            let mut lock = Flock::from(FlockType::WriteLock);
            (lock.start, lock.length) = (IN_USE, 1);
            let is_in_use = matches!(fcntl_getlk(&index, &lock), Ok(Some(_)));
            // As in `beginning`.
            std::mem::forget(index);
            is_in_use
        }
        #[cfg(not(unix))]
        false
    }

    fn open_read_only(&self) -> Result<Connection, OpenError> {
        self.inspect(false)?;
        let conn = self.connect(OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let found = self.said(user_version(&conn))?;
        self.refuse_newer(found)?;
        if found < self.kind.version() {
            let (kind, path, known) = (self.kind.name, self.path.into(), self.kind.version());
            return Err(OpenError::Older { kind, path, found, known });
        }
        Ok(conn)
    }

    /// Refuses what is not ours by the bytes of the file alone, and creates a missing file if it may. Tells whether the file was
    /// not closed cleanly.
    fn inspect(&self, create: bool) -> Result<bool, OpenError> {
        let (kind, path) = (self.kind.name, self.path.to_path_buf());
        let header = self.os(read_header(self.path))?;
        let unclean = self.has_content_beside("-wal") || self.has_content_beside("-journal");
        match header {
            // The log of a file that is gone or was emptied: SQLite would throw the log away in silence.
            Header::Missing | Header::Empty if self.has_content_beside("-wal") => {
                let detail = word!(
                    "its -wal file has content, the file itself has none"
                        | "o arquivo -wal tem conteúdo, e o próprio arquivo não"
                )
                .to_owned();
                Err(OpenError::Corrupt { kind, path, detail })
            }
            Header::Missing | Header::Empty if !create => Err(OpenError::Missing { kind, path }),
            Header::Missing => self.os(create_private(self.path)).map(|()| unclean),
            Header::Empty => self.os(make_private(self.path)).map(|()| unclean),
            Header::Blank if self.is_half_made() && create => Ok(true),
            Header::Blank if self.is_half_made() => Err(OpenError::Missing { kind, path }),
            Header::Blank | Header::Other => Err(OpenError::NotSqlite { kind, path }),
            // Our id is in the file itself from its first transaction on, so a log beside it cannot bring it later.
            Header::Sqlite { application_id: found, .. } if found != self.kind.application_id => {
                Err(OpenError::Foreign { kind, path, found })
            }
            // With a log, the rest of the last page may stand there, and the check of the whole file tells.
            Header::Sqlite { whole_pages: false, .. } if !unclean => Err(OpenError::Corrupt {
                kind,
                path,
                detail: word!("it ends in the middle of a page" | "termina no meio de uma página").to_owned(),
            }),
            Header::Sqlite { user_version, .. } => self.refuse_newer(user_version).map(|()| unclean),
        }
    }

    fn connect(&self, mode: OpenFlags) -> Result<Connection, OpenError> {
        let conn = self.said(Connection::open_with_flags(self.path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX))?;
        self.said(conn.busy_timeout(BUSY_TIMEOUT))?;
        self.said(seal::register(&conn))?;
        Ok(conn)
    }

    fn refuse_newer(&self, found: i32) -> Result<(), OpenError> {
        let known = self.kind.version();
        if found > known {
            return Err(OpenError::Newer { kind: self.kind.name, path: self.path.into(), found, known });
        }
        Ok(())
    }

    fn whole_check(&self, conn: &Connection) -> Result<(), OpenError> {
        match self.said(damage(conn))? {
            None => Ok(()),
            Some(detail) => Err(OpenError::Corrupt { kind: self.kind.name, path: self.path.into(), detail }),
        }
    }

    /// Brings the schema up to date in one transaction; the version is read again inside it, since another process may be at it.
    fn migrate(&self, conn: &Connection) -> Result<(), OpenError> {
        if self.said(user_version(conn))? == self.kind.version() {
            return Ok(());
        }
        // Tables that are made anew are dropped first. Cannot be set inside a transaction.
        self.said(conn.pragma_update(None, "foreign_keys", false))?;
        let tx = self.said(Transaction::new_unchecked(conn, TransactionBehavior::Immediate))?;
        let found = self.said(user_version(&tx))?;
        self.refuse_newer(found)?;
        let done = usize::try_from(found).unwrap_or(0);
        self.said(apply(&tx, self.kind, done))?;
        self.said(tx.commit())
    }

    /// Switches to write-ahead logging, which SQLite does not wait for when another process is just doing the same.
    fn use_wal(&self, conn: &Connection) -> Result<(), OpenError> {
        let until = Instant::now() + BUSY_TIMEOUT;
        loop {
            match conn.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0)) {
                Ok(mode) if mode == "wal" => return Ok(()),
                Ok(_) => return Err(OpenError::NoWal { kind: self.kind.name, path: self.path.into() }),
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && Instant::now() < until => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                Err(error) => return self.said(Err(error)),
            }
        }
    }

    fn has_content_beside(&self, suffix: &str) -> bool {
        fs::metadata(self.beside(suffix)).is_ok_and(|meta| meta.len() > 0)
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        beside(self.path, suffix)
    }

    /// Whether the power went before the file's first commit was on the disk: some of its pages may be there, and the first not. The
    /// journal beside it, which was there before, then says that the file had no pages, and SQLite takes back those it has.
    fn is_half_made(&self) -> bool {
        // How a rollback journal begins; the number of pages stands at 16.
        const MAGIC: [u8; 8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
        let mut head = [0; 20];
        let read = File::open(self.beside("-journal")).and_then(|mut journal| journal.read_exact(&mut head));
        read.is_ok() && head.starts_with(&MAGIC) && head[16..] == [0; 4]
    }

    fn os<T>(&self, result: io::Result<T>) -> Result<T, OpenError> {
        result.map_err(|source| OpenError::io(self.path, self.kind.name, source))
    }

    fn said<T>(&self, result: rusqlite::Result<T>) -> Result<T, OpenError> {
        let (kind, path) = (self.kind.name, self.path.to_path_buf());
        result.map_err(|source| match source.sqlite_error_code() {
            _ if is_damage(&source) => OpenError::Corrupt { kind, path, detail: source.to_string() },
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                OpenError::NotWritable { kind, path }
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => OpenError::Busy { kind, path },
            _ if is_full(&source) => OpenError::Full { kind, path },
            _ => OpenError::Sqlite { kind, path, source },
        })
    }
}

fn apply(tx: &Connection, kind: &FileKind, done: usize) -> rusqlite::Result<()> {
    for step in kind.migrations.iter().skip(done) {
        tx.execute_batch(step)?;
    }
    seal::seal_tables(tx)?;
    tx.pragma_update(None, "application_id", kind.application_id)?;
    tx.pragma_update(None, "user_version", kind.version())
}

/// What is not kept in the file and must be set on every connection that writes.
fn set_pragmas(conn: &Connection) -> rusqlite::Result<()> {
    // A plan is good for every value: SQLite would make some anew for each, in search of a better one.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // More than all statements there are, so that none is prepared twice.
    conn.set_prepared_statement_cache_capacity(256);
    // Pages of the log between two of its writings into the file, 16 MiB: the same pages are written again and again.
    conn.pragma_update(None, "wal_autocheckpoint", 4_096)?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "foreign_keys", true)?;
    conn.pragma_update(None, "trusted_schema", false)
}

/// When the file was last checked as a whole and larger than [`SMALL`]; unknown to an older version's, and to a damaged one.
fn checked_at(conn: &Connection) -> Option<crate::model::Instant> {
    conn.query_row("SELECT at, sound FROM checked", [], |row| row.get(0)).ok().map(instant)
}

fn user_version(conn: &Connection) -> rusqlite::Result<i32> {
    conn.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Reads what stands at fixed places of a SQLite file: 16 bytes of magic, the version at 60, the application id at 68.
fn read_header(path: &Path) -> io::Result<Header> {
    let (bytes, length) = match beginning(path) {
        Ok(read) => read,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Header::Missing),
        Err(error) => return Err(error),
    };
    let number = |at: usize| bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, i32::from_be_bytes);
    Ok(match bytes.len() {
        0 => Header::Empty,
        100 if bytes.iter().all(|byte| *byte == 0) => Header::Blank,
        100 if bytes.starts_with(b"SQLite format 3\0") => {
            // The page size at 16 is a power of two in two bytes, with 1 for 65,536.
            let page_size = match number(16) >> 16 {
                1 => 65_536,
                size => u64::try_from(size).unwrap_or(0).max(512),
            };
            let whole_pages = length % page_size == 0;
            Header::Sqlite { application_id: number(68), user_version: number(60), whole_pages }
        }
        _ => Header::Other,
    })
}

/// The first 100 bytes of a file, or fewer, and how long it is.
///
/// Closing any descriptor of a file drops every POSIX lock this process holds on it, also those of another connection to the same
/// file. So one descriptor of each is kept to the end of the process.
#[cfg(unix)]
fn beginning(path: &Path) -> io::Result<(Vec<u8>, u64)> {
    use std::os::unix::fs::{FileExt, MetadataExt};
    static KEPT: Mutex<BTreeMap<(u64, u64), &'static File>> = Mutex::new(BTreeMap::new());
    let id = |meta: &fs::Metadata| (meta.dev(), meta.ino());
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let file = match kept.get(&id(&fs::metadata(path)?)) {
        Some(file) => *file,
        None => {
            let file: &File = Box::leak(Box::new(File::open(path)?));
            kept.insert(id(&file.metadata()?), file);
            file
        }
    };
    let mut bytes = vec![0; 100];
    let read = file.read_at(&mut bytes, 0)?;
    bytes.truncate(read);
    Ok((bytes, file.metadata()?.len()))
}

#[cfg(not(unix))]
fn beginning(path: &Path) -> io::Result<(Vec<u8>, u64)> {
    let file = File::open(path)?;
    let mut bytes = Vec::with_capacity(100);
    (&file).take(100).read_to_end(&mut bytes)?;
    Ok((bytes, file.metadata()?.len()))
}

/// Creates the file for this user alone. One that appeared meanwhile is another process's doing, which is as good.
fn create_private(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(file) => {
            std::mem::forget(file); // As in `beginning`.
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Takes an empty file that was there from everybody but this user.
fn make_private(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: FileKind = FileKind {
        application_id: 0x7465_7374,
        name: "test file",
        migrations: &["CREATE TABLE a (x INTEGER PRIMARY KEY) STRICT;"],
    };
    const SECOND: FileKind = FileKind {
        migrations: &[FIRST.migrations[0], "ALTER TABLE a ADD COLUMN y TEXT NOT NULL DEFAULT 'new';"],
        ..FIRST
    };
    const OTHER: FileKind = FileKind { application_id: 0x6f74_6872, name: "other file", ..FIRST };

    struct Place {
        dir: tempfile::TempDir,
        path: PathBuf,
    }

    fn place() -> Place {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file.sqlite");
        Place { dir, path }
    }

    /// Every file in the directory with its bytes, shared memory and an empty log aside, which are no content.
    fn bytes(place: &Place) -> Vec<(PathBuf, Vec<u8>)> {
        let mut all: Vec<_> = fs::read_dir(place.dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| !path.to_string_lossy().ends_with("-shm"))
            .map(|path| (path.clone(), fs::read(path).unwrap()))
            .filter(|(path, content)| !content.is_empty() || !path.to_string_lossy().ends_with("-wal"))
            .collect();
        all.sort();
        all
    }

    /// Opening refuses, with a message that names the file, and changes nothing.
    fn refused(place: &Place, kind: &FileKind) -> OpenError {
        let before = bytes(place);
        let error = open(&place.path, kind).unwrap_err();
        assert!(bytes(place) == before, "changed, although: {error}");
        assert!(error.to_string().contains("file.sqlite"), "{error}");
        error
    }

    fn texts(conn: &Connection) -> Vec<String> {
        let mut query = conn.prepare("SELECT y FROM a ORDER BY x").unwrap();
        query.query_map([], |row| row.get(0)).unwrap().collect::<rusqlite::Result<_>>().unwrap()
    }

    /// The file as a killed process leaves it: rows in the log, none of it in the file.
    fn killed(kind: &FileKind) -> Place {
        let place = place();
        let conn = open(&place.path, kind).unwrap();
        conn.execute_batch("INSERT INTO a (x) VALUES (1), (2)").unwrap();
        let copy = self::place();
        for name in ["file.sqlite", "file.sqlite-wal"] {
            fs::copy(place.dir.path().join(name), copy.dir.path().join(name)).unwrap();
        }
        copy
    }

    #[test]
    fn a_new_file_has_every_setting() {
        let place = place();
        let conn = open(&place.path, &FIRST).unwrap();
        let pragma = |name: &str| -> String {
            conn.query_row(&format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}"), [], |row| row.get(0)).unwrap()
        };
        assert_eq!(pragma("journal_mode"), "wal");
        assert_eq!(pragma("synchronous"), "2");
        assert_eq!(pragma("foreign_keys"), "1");
        assert_eq!(pragma("user_version"), "1");
        let id: i32 = conn.pragma_query_value(None, "application_id", |row| row.get(0)).unwrap();
        assert_eq!(id, FIRST.application_id);
        let wait: i64 = conn.pragma_query_value(None, "busy_timeout", |row| row.get(0)).unwrap();
        assert_eq!(wait, 10_000);
        conn.execute_batch("INSERT INTO a VALUES (7)").unwrap();
        drop(conn);
        let conn = open(&place.path, &FIRST).unwrap();
        assert_eq!(conn.query_row("SELECT x FROM a", [], |row| row.get::<_, i64>(0)).unwrap(), 7);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let place = place();
        File::create(&place.path).unwrap();
        fs::set_permissions(&place.path, PermissionsExt::from_mode(0o644)).unwrap();
        let other = place.dir.path().join("other.sqlite");
        for path in [&place.path, &other] {
            let conn = open(path, &FIRST).unwrap();
            conn.execute_batch("INSERT INTO a VALUES (7)").unwrap();
            for entry in fs::read_dir(place.dir.path()).unwrap() {
                assert_eq!(entry.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
            }
        }
    }

    #[test]
    fn an_empty_file_is_a_new_one() {
        let place = place();
        File::create(&place.path).unwrap();
        assert!(open(&place.path, &FIRST).unwrap().execute_batch("INSERT INTO a VALUES (7)").is_ok());
    }

    #[test]
    fn a_file_whose_making_was_cut_off_is_made_anew() {
        let half_made = || {
            let making = place();
            let conn = Connection::open(&making.path).unwrap();
            // Pages go to the disk before the commit where the cache is small.
            conn.execute_batch(
                "PRAGMA cache_size = 1; BEGIN; CREATE TABLE t (x); INSERT INTO t VALUES (zeroblob(100000))",
            )
            .unwrap();
            let cut = place();
            for name in ["file.sqlite", "file.sqlite-journal"] {
                fs::copy(making.dir.path().join(name), cut.dir.path().join(name)).unwrap();
            }
            let mut content = fs::read(&cut.path).unwrap();
            assert!(content.len() > 4096);
            content[..512].fill(0);
            fs::write(&cut.path, content).unwrap();
            cut
        };
        let cut = half_made();
        assert!(matches!(open_read_only(&cut.path, &FIRST), Err(OpenError::Missing { .. })));
        open(&cut.path, &FIRST).unwrap().execute_batch("INSERT INTO a VALUES (7)").unwrap();
        assert!(open(&cut.path, &FIRST).unwrap().execute_batch("SELECT * FROM t").is_err());
        // Without the journal nobody knows what it was.
        let cut = half_made();
        fs::remove_file(cut.dir.path().join("file.sqlite-journal")).unwrap();
        assert!(matches!(refused(&cut, &FIRST), OpenError::NotSqlite { .. }));
    }

    #[test]
    fn an_older_file_keeps_its_rows() {
        let place = place();
        open(&place.path, &FIRST).unwrap().execute_batch("INSERT INTO a VALUES (7)").unwrap();
        assert!(matches!(open_read_only(&place.path, &SECOND), Err(OpenError::Older { found: 1, known: 2, .. })));
        assert_eq!(texts(&open(&place.path, &SECOND).unwrap()), ["new"]);
        let conn = open(&place.path, &SECOND).unwrap();
        assert_eq!(user_version(&conn).unwrap(), 2);
    }

    #[test]
    fn a_migration_that_fails_leaves_the_older_file() {
        const BROKEN: FileKind = FileKind { migrations: &[FIRST.migrations[0], "DROP TABLE a; NONSENSE;"], ..FIRST };
        let place = place();
        open(&place.path, &FIRST).unwrap().execute_batch("INSERT INTO a VALUES (7)").unwrap();
        assert!(matches!(refused(&place, &BROKEN), OpenError::Sqlite { .. }));
        let conn = open(&place.path, &FIRST).unwrap();
        assert_eq!(conn.query_row("SELECT x FROM a", [], |row| row.get::<_, i64>(0)).unwrap(), 7);
    }

    #[test]
    fn a_newer_file_is_refused() {
        let place = place();
        drop(open(&place.path, &SECOND).unwrap());
        assert!(matches!(refused(&place, &FIRST), OpenError::Newer { found: 2, known: 1, .. }));
        assert!(matches!(open_read_only(&place.path, &FIRST), Err(OpenError::Newer { .. })));
    }

    #[test]
    fn a_newer_version_that_is_only_in_the_log_is_refused() {
        let (older, place) = (place(), place());
        drop(open(&older.path, &FIRST).unwrap());
        fs::copy(&older.path, &place.path).unwrap();
        let newer = open(&place.path, &SECOND).unwrap();
        let copy = self::place();
        for name in ["file.sqlite", "file.sqlite-wal"] {
            fs::copy(place.dir.path().join(name), copy.dir.path().join(name)).unwrap();
        }
        drop(newer);
        assert!(matches!(refused(&copy, &FIRST), OpenError::Newer { found: 2, known: 1, .. }));
    }

    #[test]
    fn files_of_others_are_refused() {
        let ours = place();
        drop(open(&ours.path, &OTHER).unwrap());
        assert!(matches!(refused(&ours, &FIRST), OpenError::Foreign { found: 0x6f74_6872, .. }));
        for wal in [false, true] {
            let place = place();
            let conn = Connection::open(&place.path).unwrap();
            if wal {
                conn.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).unwrap();
            }
            conn.execute_batch("CREATE TABLE theirs (x)").unwrap();
            // Both with the other program still at it and after it closed.
            assert!(matches!(refused(&place, &FIRST), OpenError::Foreign { found: 0, .. }));
            drop(conn);
            assert!(matches!(refused(&place, &FIRST), OpenError::Foreign { found: 0, .. }));
        }
    }

    #[test]
    fn what_is_no_sqlite_file_is_refused() {
        for content in ["x", "an order list\n", "SQLite format 3\0 and then nothing", &"long text ".repeat(1000)] {
            let place = place();
            fs::write(&place.path, content).unwrap();
            assert!(matches!(refused(&place, &FIRST), OpenError::NotSqlite { .. }));
        }
        let place = place();
        fs::create_dir(&place.path).unwrap();
        assert!(matches!(open(&place.path, &FIRST), Err(OpenError::Io { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_backup_is_whole_private_and_never_over_another_file() {
        let folder = tempfile::tempdir().unwrap();
        let (path, to) = (folder.path().join("file.db"), folder.path().join("copy.db"));
        let conn = open(&path, &FIRST).unwrap();
        conn.execute_batch("CREATE TABLE more (x); INSERT INTO more VALUES (1), (2)").unwrap();
        // While another connection writes.
        conn.execute_batch("BEGIN IMMEDIATE; INSERT INTO more VALUES (3)").unwrap();
        back_up(&path, &FIRST, &to).unwrap();
        conn.execute_batch("COMMIT").unwrap();
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&to).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        assert!(matches!(back_up(&path, &FIRST, &to), Err(OpenError::Io { .. })));
        let rows =
            |conn: &Connection| -> i64 { conn.query_row("SELECT count(*) FROM more", [], |row| row.get(0)).unwrap() };
        assert_eq!((rows(&open(&to, &FIRST).unwrap()), rows(&conn)), (2, 3));
        let missing = back_up(&folder.path().join("none.db"), &FIRST, &folder.path().join("other.db"));
        assert!(matches!(missing, Err(OpenError::Missing { .. })) && !folder.path().join("other.db").exists());
    }

    #[test]
    fn damage_is_refused() {
        for damage in ["torn", "cut", "page size", "format"] {
            let place = place();
            open(&place.path, &FIRST).unwrap().execute_batch("INSERT INTO a VALUES (7)").unwrap();
            let mut content = fs::read(&place.path).unwrap();
            match damage {
                "torn" => content.truncate(5000),
                "cut" => content.truncate(4096),
                "page size" => content[16] = 0x33,
                _ => content[44..48].fill(0xff),
            }
            fs::write(&place.path, content).unwrap();
            let error = refused(&place, &FIRST);
            assert!(matches!(error, OpenError::Corrupt { .. } | OpenError::Sqlite { .. }), "{damage}: {error}");
        }
    }

    #[test]
    fn rows_of_a_killed_process_are_there() {
        let place = killed(&SECOND);
        assert_eq!(texts(&open(&place.path, &SECOND).unwrap()), ["new", "new"]);
    }

    #[test]
    fn a_file_that_was_not_closed_is_checked() {
        let place = killed(&SECOND);
        let root = |place: &Place| -> i64 {
            let conn = Connection::open(&place.path).unwrap();
            conn.query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'a'", [], |row| row.get(0)).unwrap()
        };
        let damage_page = |content: &mut Vec<u8>, page: i64| {
            content[usize::try_from(page - 1).unwrap() * 4096..][..100].fill(0xee);
        };
        let mut content = fs::read(&place.path).unwrap();
        damage_page(&mut content, root(&killed(&SECOND)));
        fs::write(&place.path, &content).unwrap();
        // Table `a` is in the log again, so the file is sound as a whole.
        assert!(open(&place.path, &SECOND).is_ok());

        let place = killed(&FIRST);
        let log = place.dir.path().join("file.sqlite-wal");
        drop(open(&place.path, &FIRST).unwrap());
        let mut content = fs::read(&place.path).unwrap();
        damage_page(&mut content, root(&place));
        fs::write(&place.path, &content).unwrap();
        fs::write(&log, b"a log that says nothing").unwrap();
        assert!(matches!(refused(&place, &FIRST), OpenError::Corrupt { .. }));
    }

    #[test]
    fn a_log_without_its_file_is_not_thrown_away() {
        let place = killed(&FIRST);
        fs::write(&place.path, b"").unwrap();
        assert!(matches!(refused(&place, &FIRST), OpenError::Corrupt { .. }));
        fs::remove_file(&place.path).unwrap();
        assert!(matches!(refused(&place, &FIRST), OpenError::Corrupt { .. }));
    }

    #[cfg(unix)]
    #[test]
    fn places_that_cannot_be_written_are_refused() {
        use std::os::unix::fs::PermissionsExt;
        let place = place();
        assert!(matches!(open(&place.path.join("deeper"), &FIRST), Err(OpenError::Io { .. })));
        fs::set_permissions(place.dir.path(), PermissionsExt::from_mode(0o500)).unwrap();
        let result = open(&place.path, &FIRST);
        // Permissions do not bind the superuser.
        let bound = fs::write(place.dir.path().join("probe"), "").is_err();
        assert_eq!(matches!(result, Err(OpenError::Io { .. })), bound);
        fs::set_permissions(place.dir.path(), PermissionsExt::from_mode(0o700)).unwrap();
    }

    #[test]
    fn reading_creates_nothing() {
        let place = place();
        assert!(matches!(open_read_only(&place.path, &FIRST), Err(OpenError::Missing { .. })));
        assert!(!place.path.exists());
        let writer = open(&place.path, &FIRST).unwrap();
        let reader = open_read_only(&place.path, &FIRST).unwrap();
        writer.execute_batch("INSERT INTO a VALUES (7)").unwrap();
        assert_eq!(reader.query_row("SELECT x FROM a", [], |row| row.get::<_, i64>(0)).unwrap(), 7);
        assert!(reader.execute_batch("INSERT INTO a VALUES (8)").is_err());
    }

    #[test]
    fn many_open_a_new_file_at_once() {
        for round in 0..10 {
            let place = place();
            if round % 2 == 1 {
                File::create(&place.path).unwrap();
            }
            let gate = std::sync::Barrier::new(6);
            std::thread::scope(|scope| {
                let open_and_write = |x: i64| {
                    gate.wait();
                    let conn = open(&place.path, &SECOND).unwrap();
                    conn.execute("INSERT INTO a (x) VALUES (?1)", [x]).unwrap();
                };
                let threads: Vec<_> = (0..6).map(|x| scope.spawn(move || open_and_write(x))).collect();
                threads.into_iter().for_each(|thread| thread.join().unwrap());
            });
            assert_eq!(texts(&open(&place.path, &SECOND).unwrap()).len(), 6);
        }
    }
}
