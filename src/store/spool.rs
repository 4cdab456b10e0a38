//! What is needed later, in order, and may be more than memory holds: in SQLite's own temporary file, which is in memory while small,
//! readable for nobody else, and gone with the process.

use rusqlite::config::DbConfig;
use rusqlite::{Connection, params};

/// Texts by key.
#[derive(Debug)]
pub struct Spool(Connection);

impl Spool {
    /// An empty one.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn new() -> rusqlite::Result<Self> {
        temporary(
            "CREATE TABLE spool (key TEXT NOT NULL, n INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (key, n))
                 STRICT, WITHOUT ROWID",
        )
        .map(Self)
    }

    /// Keeps a text; of those under one key, the first comes first.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn keep(&self, key: &str, text: &str) -> rusqlite::Result<()> {
        self.0
            .prepare_cached(
                "INSERT INTO spool SELECT ?1, coalesce((SELECT max(n) FROM spool WHERE key = ?1), 0) + 1, ?2",
            )?
            .execute(params![key, text])
            .map(|_| ())
    }

    /// Gives them all, in the order of their keys.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn each(&self, mut tell: impl FnMut(&str)) -> rusqlite::Result<()> {
        let mut all = self.0.prepare("SELECT text FROM spool ORDER BY key, n")?;
        let mut rows = all.query([])?;
        while let Some(row) = rows.next()? {
            tell(row.get_ref(0)?.as_str()?);
        }
        Ok(())
    }
}

/// A temporary file with these tables, and with all that is done to it in one transaction.
///
/// # Errors
/// When there is no room for it.
pub(crate) fn temporary(tables: &str) -> rusqlite::Result<Connection> {
    let connection = Connection::open("")?;
    // Nothing of it outlives the process, so nothing is worth a wait for the disk.
    connection.execute_batch(&format!("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {tables}; BEGIN"))?;
    // A plan is made once, not for each value that is asked for.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_by_their_keys_and_equal_keys_as_they_came() {
        let spool = Spool::new().unwrap();
        for (key, text) in [("b", "3"), ("a", "1"), ("b", "4"), ("a", "2")] {
            spool.keep(key, text).unwrap();
        }
        let mut told = String::new();
        spool.each(|text| told.push_str(text)).unwrap();
        assert_eq!(told, "1234");
    }
}
