//! The only door to the state file: what was seen, decided, sent and answered. A cache with a memory, which can be rebuilt.
//!
//! Every method is one short transaction, or a part of the one that the orders of a pass share until they wait ([`joint`]); none is
//! held across a call to the network. "Committed" means on the disk.

pub mod accounts;
pub mod budget;
pub mod by_hand;
pub mod cancels;
pub mod causes;
pub mod claimed;
pub mod claims;
pub mod cursors;
pub mod customer_key;
pub mod facts;
pub mod gathering;
pub mod holds;
pub mod joint;
pub mod journal;
pub mod kits;
pub mod letting_go;
pub mod listed;
pub mod mirror;
pub mod notes;
pub mod orders;
pub mod outgoing;
pub mod pages;
pub mod privacy;
pub mod reminders;
pub mod report;
pub mod runs;
mod schema;
pub mod seal;
pub mod spool;
pub mod sqlite;
mod standing;
pub mod stock;
pub mod survey;
pub mod timeline;
pub mod totals;
pub mod visits;

use std::path::{Path, PathBuf};
use std::rc::Rc;

use rusqlite::Connection;

use self::joint::Joint;
use crate::model::Instant;

pub use sqlite::OpenError;

/// The open state file.
#[derive(Debug)]
pub struct Store {
    connection: Rc<Joint>,
    path: PathBuf,
    customer_key: customer_key::CustomerKey,
}

impl Store {
    /// Opens the state file, making it and its tables where needed.
    ///
    /// # Errors
    /// When it cannot be used: of another program, of a newer version, damaged, read-only … Nothing of it is touched then.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let connection = Joint::new(sqlite::open(path, &schema::STATE)?);
        if !customer_key::file_of(path).exists() && privacy::has_hashes(&connection).unwrap_or_default() {
            customer_key::tell_of_lost(path);
        }
        let customer_key = customer_key::CustomerKey::load_or_create(path)?;
        Ok(Self { connection, path: path.to_owned(), customer_key })
    }

    /// Opens a state file once more that this process has open already, for whoever needs it for himself.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn open_again(path: &Path) -> Result<Self, OpenError> {
        let connection = Joint::new(sqlite::open_again(path, &schema::STATE)?);
        let customer_key = customer_key::CustomerKey::load_or_create(path)?;
        Ok(Self { connection, path: path.to_owned(), customer_key })
    }

    /// Opens the state file for looking only.
    ///
    /// # Errors
    /// As [`Store::open`], and when it does not exist or is of an older version.
    pub fn open_read_only(path: &Path) -> Result<Self, OpenError> {
        let connection = Joint::new(sqlite::open_read_only(path, &schema::STATE)?);
        Ok(Self { connection, path: path.to_owned(), customer_key: customer_key::CustomerKey::load_or_forget(path) })
    }

    /// A scratch copy of the state file for a dry run: everything a pass would note goes there and vanishes with it.
    ///
    /// # Errors
    /// As [`Store::open`]; a file that does not exist yet gives an empty copy and is not made.
    pub fn scratch(path: &Path) -> Result<Self, OpenError> {
        let connection = Joint::new(sqlite::scratch_copy(path, &schema::STATE)?);
        Ok(Self { connection, path: path.to_owned(), customer_key: customer_key::CustomerKey::load_or_forget(path) })
    }

    /// Copies the state file, checked, to a path where there is nothing yet. Passes may go on meanwhile.
    ///
    /// # Errors
    /// When either cannot be used.
    pub fn back_up(path: &Path, to: &Path) -> Result<(), OpenError> {
        sqlite::back_up(path, &schema::STATE, to)
    }

    /// An empty one in memory, for asking the other sides without remembering what they say.
    ///
    /// # Errors
    /// What SQLite says of the schema.
    pub fn alone() -> Result<Self, OpenError> {
        let connection = Joint::new(sqlite::open_in_memory(&schema::STATE)?);
        let path = PathBuf::from(":memory:");
        Ok(Self { connection, customer_key: customer_key::CustomerKey::load_or_forget(&path), path })
    }

    /// The file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The version of the file's schema.
    ///
    /// # Errors
    /// When the state file cannot be read.
    pub fn schema_version(&self) -> rusqlite::Result<i32> {
        self.connection.pragma_query_value(None, "user_version", |row| row.get(0))
    }

    /// What identifies a customer in this file, and only in this file.
    pub fn customer_key(&self) -> &customer_key::CustomerKey {
        &self.customer_key
    }

    /// What tells this state file from any other, as long as its key is the same.
    pub fn mark(&self) -> String {
        self.customer_key.seal(&"the mark of this state file")
    }

    /// The file, to be committed together with others.
    pub fn file(&self) -> Rc<Joint> {
        Rc::clone(&self.connection)
    }

    /// Waits until everything written so far is on the disk.
    ///
    /// # Errors
    /// That it could not be committed; nothing may be sent then that rests on it.
    pub async fn committed(&self) -> rusqlite::Result<()> {
        self.connection.committed().await
    }

    /// Lets what several orders wrote together be committed before it grows further.
    ///
    /// # Errors
    /// As [`Store::committed`].
    pub async fn pause(&self) -> rusqlite::Result<()> {
        self.connection.pause().await
    }

    /// One write, undone when `body` fails, with what this file has of the round it is a part of.
    fn write<T>(&self, body: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        self.connection.write(body)
    }
}

/// An instant as it stands in the file.
pub(crate) fn millis(at: Instant) -> i64 {
    at.timestamp_millis()
}

/// An instant from the file; out of range is the epoch.
pub(crate) fn instant(millis: i64) -> Instant {
    Instant::from_timestamp_millis(millis).unwrap_or_default()
}
