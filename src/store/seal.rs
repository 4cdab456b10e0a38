//! A seal on every row: a checksum of all that stands in it, kept beside it and held against it when it matters.
//!
//! SQLite sees when a file's structure is damaged, and not when a digit of an amount is. So each table of ours has two columns
//! more, which no statement writes: `seal`, stored, the checksum; and `sound`, worked out when it is read, which is 1, or ends
//! the statement with SQLite's own "malformed" when the row does not fit its seal. A statement that rests a decision on a row
//! reads `sound` with it. So does any update of a row, by a trigger or by [itself](READ_BY_STATEMENTS): what is damaged is never
//! sealed anew.
//!
//! [`seal_tables`] runs after the migrations: they say nothing of seals, and none can forget them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Error, OptionalExtension, ffi};

/// The columns that are not of the row's content.
pub const COLUMNS: [&str; 2] = ["seal", "sound"];

/// Tables of which whatever updates a row reads `sound` itself, in its condition; migrations, too. Of what a statement changes where
/// there is a trigger SQLite keeps a copy, and these are changed with every call.
const READ_BY_STATEMENTS: [&str; 6] = ["fates", "journal", "orders", "outgoing", "sequence", "stock"];

/// The step of a kind's migrations with which its triggers come after a change, no longer before it: [`seal_tables`] makes them.
pub const READ_AFTER: &str = "";

/// The step of a kind's migrations with which [more tables](READ_BY_STATEMENTS) have no trigger any more.
pub const READ_BY_MORE: &str = "";

/// What `sound` is worked out with, in place of a function that every SQLite has and we have no use for. Other programs can so read our
/// files, and check their structure: to them, `sound` is the seal once more.
const IS_SOUND: &str = "printf";

/// Gives the connection what the two columns are worked out with. Without it rows can be read, and not written.
///
/// # Errors
/// What SQLite says.
pub fn register(conn: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        // Harmless, so that it may stand in a schema that is not trusted.
        | FunctionFlags::SQLITE_INNOCUOUS;
    // Of a row that is written SQLite works out both columns, one after the other, though nobody reads the second. It need not be
    // held against the row again: whoever finds the seal that was made a moment ago has the row that it was made of.
    let made = Arc::new(AtomicI64::new(NONE));
    let just_made = Arc::clone(&made);
    conn.create_scalar_function("seal_of", -1, flags, move |row| {
        let seal = checksum(row, 0);
        made.store(seal, Ordering::Relaxed);
        Ok(seal)
    })?;
    conn.create_scalar_function(IS_SOUND, -1, flags, move |row| {
        let seal = row.get_raw(0);
        let made = just_made.swap(NONE, Ordering::Relaxed);
        if made != NONE && seal == ValueRef::Integer(made) {
            return Ok(1);
        }
        if seal == ValueRef::Integer(checksum(row, 1)) {
            return Ok(1);
        }
        Err(Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_CORRUPT), None))
    })
}

/// No [`checksum`] has more than four bytes.
const NONE: i64 = i64::MAX;

/// A CRC-32 of the values from the given one on. It misses one damage of four billion, and takes four bytes.
fn checksum(row: &Context<'_>, first: usize) -> i64 {
    let mut sum = Sum::default();
    for at in first..row.len() {
        match row.get_raw(at) {
            ValueRef::Null => sum.add(&[0]),
            ValueRef::Integer(number) => sum.add_number(1, number.to_le_bytes()),
            ValueRef::Real(number) => sum.add_number(2, number.to_bits().to_le_bytes()),
            // With its length, so that nothing moves from one column to the next unseen.
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                sum.add_number(3, (bytes.len() as u64).to_le_bytes());
                sum.add(bytes);
            }
        }
    }
    // As a signed number it never takes more than four bytes in the file.
    i64::from(sum.done().cast_signed())
}

/// A checksum of many small pieces: they are put together first, since a call for each takes longer than the sum.
struct Sum {
    of_earlier: crc32fast::Hasher,
    pieces: [u8; Self::ROOM],
    filled: usize,
}

impl Default for Sum {
    fn default() -> Self {
        Self { of_earlier: crc32fast::Hasher::new(), pieces: [0; Self::ROOM], filled: 0 }
    }
}

impl Sum {
    /// Most rows have fewer bytes.
    const ROOM: usize = 256;

    fn add_number(&mut self, kind: u8, [a, b, c, d, e, f, g, h]: [u8; 8]) {
        self.add(&[kind, a, b, c, d, e, f, g, h]);
    }

    /// Part of each caller: what has a known length is then copied without a call.
    #[inline(always)]
    fn add(&mut self, piece: &[u8]) {
        if let Some(room) = self.pieces.get_mut(self.filled..self.filled + piece.len()) {
            room.copy_from_slice(piece);
            self.filled += piece.len();
            return;
        }
        self.of_earlier.update(&self.pieces[..self.filled]);
        self.of_earlier.update(piece);
        self.filled = 0;
    }

    fn done(mut self) -> u32 {
        self.of_earlier.update(&self.pieces[..self.filled]);
        self.of_earlier.finalize()
    }
}

/// Seals every table of ours whose seal does not cover all its columns: it is made anew, with all that depends on it.
/// Foreign keys must be off, since the old table is dropped.
///
/// # Errors
/// What SQLite says; the transaction must be given up then.
pub(super) fn seal_tables(tx: &Connection) -> rusqlite::Result<()> {
    let mut unsealed = Vec::new();
    for (table, sql) in of_schema(tx, "type = 'table'")? {
        let columns = columns(tx, &table)?.join(", ");
        let seal = format!(
            "\n    seal INTEGER GENERATED ALWAYS AS (seal_of({columns})) STORED,\
             \n    sound ANY GENERATED ALWAYS AS ({IS_SOUND}(seal, {columns})) VIRTUAL,"
        );
        if !sql.contains(&seal) {
            unsealed.push((table, columns, seal, sql));
        }
    }
    // A trigger names other tables, which may be gone for a moment.
    let triggers = of_schema(tx, "type = 'trigger'")?;
    for (trigger, _) in &triggers {
        tx.execute_batch(&format!("DROP TRIGGER \"{trigger}\""))?;
    }
    for (table, columns, seal, sql) in &unsealed {
        rebuild(tx, table, columns, seal, sql)?;
    }
    let tables = of_schema(tx, "type = 'table'")?;
    let is_ours = |name: &str| tables.iter().any(|(table, _)| name == trigger_of(table));
    for (_, sql) in triggers.iter().filter(|(name, _)| !is_ours(name)) {
        tx.execute_batch(sql)?;
    }
    for (table, _) in tables.iter().filter(|(table, _)| !READ_BY_STATEMENTS.contains(&table.as_str())) {
        // After the change, which is undone with the statement: SQLite works the columns out twice for a trigger that comes before.
        let trigger = trigger_of(table);
        tx.execute_batch(&format!("CREATE TRIGGER {trigger} AFTER UPDATE ON {table} BEGIN SELECT old.sound; END"))?;
    }
    Ok(())
}

fn trigger_of(table: &str) -> String {
    format!("{table}_stay_sound")
}

fn rebuild(tx: &Connection, table: &str, columns: &str, seal: &str, sql: &str) -> rusqlite::Result<()> {
    let indexes = of_schema(tx, &format!("type = 'index' AND tbl_name = '{table}'"))?;
    let (_, body) = sql.split_once('(').unwrap_or_default();
    // Of an earlier seal, with fewer columns.
    let is_seal = |line: &&str| line.starts_with("    seal INTEGER GEN") || line.starts_with("    sound ANY GEN");
    let body: Vec<&str> = body.trim_start_matches('\n').lines().filter(|line| !is_seal(line)).collect();
    let body = body.join("\n");
    // A number that was given is not given again, though its row is gone.
    let last: Option<i64> = match sql.contains("AUTOINCREMENT") {
        true => {
            tx.query_row("SELECT seq FROM sqlite_sequence WHERE name = ?1", [table], |row| row.get(0)).optional()?
        }
        false => None,
    };
    let made = format!("({seal}\n{body};");
    let is_empty = !tx.prepare(&format!("SELECT 1 FROM {table}"))?.exists([])?;
    tx.execute_batch(&match is_empty {
        // For a new name SQLite looks through the whole schema. In a new file, that took longer than all else.
        true => format!("DROP TABLE {table}; CREATE TABLE {table} {made}"),
        false => format!(
            "CREATE TABLE sealed_{table} {made}
             INSERT INTO sealed_{table} ({columns}) SELECT {columns} FROM {table};
             DROP TABLE {table}; ALTER TABLE sealed_{table} RENAME TO {table};"
        ),
    })?;
    if let Some(last) = last {
        tx.execute("DELETE FROM sqlite_sequence WHERE name = ?1", [table])?;
        tx.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)", (table, last))?;
    }
    indexes.iter().try_for_each(|(_, sql)| tx.execute_batch(sql))
}

/// The first table with a row that does not fit its seal. Tables that are not sealed, of a file of an older version, say nothing.
///
/// # Errors
/// What else SQLite says.
pub(super) fn broken(conn: &Connection) -> rusqlite::Result<Option<String>> {
    for (table, sql) in of_schema(conn, "type = 'table'")? {
        if !sql.contains(&format!("{IS_SOUND}(seal, ")) {
            continue;
        }
        let sound = conn.query_row(&format!("SELECT count(sound) FROM {table}"), [], |_| Ok(()));
        match sound {
            Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseCorrupt) => {
                return Ok(Some(table));
            }
            other => other?,
        }
    }
    Ok(None)
}

/// Makes a change that leaves the rows' seals wrong, as damage does.
#[cfg(test)]
pub fn damage(conn: &Connection, change: &str) {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    for name in ["seal_of", IS_SOUND] {
        conn.create_scalar_function(name, -1, flags, |_| Ok(1)).unwrap();
    }
    conn.execute(change, []).unwrap();
    register(conn).unwrap();
}

/// Names and definitions of what is ours: not SQLite's own, nor what programs that copy the file keep in it under a name with `_`.
fn of_schema(conn: &Connection, which: &str) -> rusqlite::Result<Vec<(String, String)>> {
    conn.prepare(&format!(
        "SELECT name, sql FROM sqlite_schema
         WHERE {which} AND sql IS NOT NULL AND substr(name, 1, 1) <> '_' AND substr(name, 1, 7) <> 'sqlite_' ORDER BY rowid"
    ))?
    .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
    .collect()
}

fn columns(conn: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    conn.prepare("SELECT name FROM pragma_table_info(?1)")?.query_map([table], |row| row.get(0))?.collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::*;
    use crate::sources;
    use crate::store::sqlite::{self, FileKind, OpenError};

    const OLD: FileKind = FileKind {
        application_id: 0x7365_616c,
        name: "state file",
        migrations: &["
            CREATE TABLE parents (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
            CREATE TABLE children (
                parent INTEGER NOT NULL REFERENCES parents (id) ON DELETE CASCADE,
                position INTEGER NOT NULL, units INTEGER, PRIMARY KEY (parent, position)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX children_many ON children (units) WHERE units > 1;
            CREATE TABLE news (seq INTEGER PRIMARY KEY AUTOINCREMENT, parent INTEGER NOT NULL UNIQUE) STRICT;
            CREATE TRIGGER parents_move AFTER UPDATE ON parents BEGIN
                INSERT OR REPLACE INTO news (parent) VALUES (new.id);
            END;"],
    };
    const NEW: FileKind =
        FileKind { migrations: &[OLD.migrations[0], "ALTER TABLE children ADD COLUMN note TEXT;"], ..OLD };

    const DATED: FileKind = FileKind { migrations: &[OLD.migrations[0], sqlite::CHECKED], ..OLD };
    const RESEALED: FileKind = FileKind { migrations: &[OLD.migrations[0], sqlite::CHECKED, READ_AFTER], ..OLD };

    fn open(path: &Path) -> Connection {
        sqlite::open(path, &OLD).unwrap()
    }

    fn family(conn: &Connection) {
        conn.execute_batch(
            "INSERT INTO parents (name) VALUES ('Ana'), ('Rui');
             INSERT INTO children VALUES (1, 1, 7), (1, 2, NULL), (2, 1, 3);
             UPDATE parents SET name = 'Eva' WHERE id = 2;
             DELETE FROM news;",
        )
        .unwrap();
    }

    /// Writes over one text in a file, without SQLite.
    fn overwrite(path: &Path, text: &str, other: &str) {
        let mut bytes = std::fs::read(path).unwrap();
        let at = bytes.windows(text.len()).position(|window| window == text.as_bytes()).unwrap();
        bytes[at..at + other.len()].copy_from_slice(other.as_bytes());
        std::fs::write(path, bytes).unwrap();
    }

    #[test]
    fn a_seal_is_the_checksum_of_the_values_one_after_the_other() {
        let conn = Connection::open_in_memory().unwrap();
        register(&conn).unwrap();
        for length in [0, 3, 200, 240, 247, 248, 255, 256, 257, 5_000] {
            let text = "ã".repeat(length);
            let seal: i64 = conn.query_row("SELECT seal_of(NULL, 7, ?1, -1, 'x')", [&text], |row| row.get(0)).unwrap();
            let mut plain = vec![0, 1];
            plain.extend(7i64.to_le_bytes());
            plain.push(3);
            plain.extend((text.len() as u64).to_le_bytes());
            plain.extend(text.bytes());
            plain.push(1);
            plain.extend((-1i64).to_le_bytes());
            plain.extend([3, 1, 0, 0, 0, 0, 0, 0, 0, b'x']);
            assert_eq!(seal, i64::from(crc32fast::hash(&plain).cast_signed()), "{length}");
        }
    }

    #[test]
    fn every_table_of_ours_is_sealed_with_all_its_columns() {
        let kinds = [crate::store::schema::STATE, crate::erp::ledger::KIND];
        for kind in kinds {
            let conn = sqlite::open_in_memory(&kind).unwrap();
            let tables = of_schema(&conn, "type = 'table'").unwrap();
            assert!(tables.len() > 10);
            for (table, sql) in tables {
                let columns = columns(&conn, &table).unwrap().join(", ");
                assert!(sql.contains(&format!("seal_of({columns})")), "{table}");
                assert!(sql.contains(&format!("{IS_SOUND}(seal, {columns})")), "{table}");
                let trigger = trigger_of(&table);
                let found: i64 = conn
                    .query_row("SELECT count(*) FROM sqlite_schema WHERE name = ?1", [&trigger], |row| row.get(0))
                    .unwrap();
                assert_eq!(found, i64::from(!READ_BY_STATEMENTS.contains(&table.as_str())), "{trigger}");
            }
        }
    }

    /// How many of the statements change a row of that table. Each must read its seal.
    fn changes<'a>(table: &str, statements: impl IntoIterator<Item = &'a str>) -> usize {
        let openings = [("UPDATE", "SET"), ("INTO", "DO UPDATE SET")];
        let openings = openings.map(|(opening, change)| (format!("{opening} {table} "), change));
        let is_change = |statement: &&str| {
            openings
                .iter()
                .any(|(opening, change)| statement.find(opening).is_some_and(|at| statement[at..].contains(change)))
        };
        let found: Vec<&str> = statements.into_iter().filter(is_change).collect();
        for statement in &found {
            assert!(statement.rsplit_once("WHERE").unwrap_or_default().1.contains("sound"), "{statement}");
        }
        found.len()
    }

    #[test]
    fn what_changes_a_table_without_a_trigger_reads_its_seals_itself() {
        let mut found = BTreeMap::from(READ_BY_STATEMENTS.map(|table| (table, 0)));
        let files = sources::below(&["src/store", "src/erp/ledger"]);
        for (_, source) in files.iter().filter(|(path, _)| !path.to_string_lossy().contains("tests")) {
            let source = sources::without_tests(source);
            for (table, found) in &mut found {
                // Migrations are told from what is done with every call by their ends.
                *found += changes(table, source.split('"').filter(|statement| !statement.contains(';')));
            }
        }
        assert_eq!(
            found,
            BTreeMap::from([
                ("fates", 1),
                ("journal", 4),
                ("orders", 25),
                ("outgoing", 3),
                ("sequence", 1),
                ("stock", 8)
            ])
        );
        let conn = sqlite::open_in_memory(&crate::store::schema::STATE).unwrap();
        let triggers = of_schema(&conn, "type = 'trigger'").unwrap();
        let of_triggers = triggers.iter().flat_map(|(_, sql)| sql.split(';'));
        assert_eq!(changes("fates", of_triggers), 1);
    }

    #[test]
    fn a_file_from_before_the_seals_keeps_all_it_had() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("old.db");
        let old = Connection::open(&path).unwrap();
        old.execute_batch(OLD.migrations[0]).unwrap();
        family(&old);
        old.pragma_update(None, "application_id", OLD.application_id).unwrap();
        old.pragma_update(None, "user_version", 1).unwrap();
        let rows = |conn: &Connection| -> String {
            conn.query_row(
                "SELECT group_concat(p.id || name || position || coalesce(units, '-')) FROM parents p JOIN children c ON parent = id",
                [],
                |row| row.get(0),
            )
            .unwrap()
        };
        let before = rows(&old);
        drop(old);
        let conn = sqlite::open(&path, &NEW).unwrap();
        assert_eq!(rows(&conn), before);
        assert_eq!(sqlite::damage(&conn).unwrap(), None);
        // Triggers, indexes, foreign keys and given numbers are as they were.
        conn.execute_batch("UPDATE parents SET name = 'Ida' WHERE id = 1").unwrap();
        assert_eq!(conn.query_row("SELECT seq FROM news", [], |row| row.get::<_, i64>(0)).unwrap(), 2);
        let by_index = "SELECT count(*) FROM children INDEXED BY children_many WHERE units > 1";
        assert_eq!(conn.query_row(by_index, [], |row| row.get::<_, i64>(0)).unwrap(), 2);
        assert!(conn.execute_batch("INSERT INTO children (parent, position) VALUES (9, 9)").is_err());
        conn.execute_batch("DELETE FROM parents WHERE id = 1").unwrap();
        assert_eq!(conn.query_row("SELECT count(*) FROM children", [], |row| row.get::<_, i64>(0)).unwrap(), 1);
        conn.execute_batch("VACUUM").unwrap();
        assert_eq!(sqlite::damage(&conn).unwrap(), None);
    }

    #[test]
    fn a_column_that_comes_later_is_sealed_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.db");
        family(&open(&path));
        let conn = sqlite::open(&path, &NEW).unwrap();
        conn.execute_batch("UPDATE children SET note = 'twice as many'").unwrap();
        drop(conn);
        overwrite(&path, "twice as many", "thrice as man");
        assert!(matches!(sqlite::open(&path, &NEW), Err(OpenError::Corrupt { .. })));
    }

    #[test]
    fn only_the_row_that_was_just_written_is_believed_unread() {
        let conn = Connection::open_in_memory().unwrap();
        register(&conn).unwrap();
        let is_sound = |seal: i64, text: &str| {
            conn.query_row(&format!("SELECT {IS_SOUND}(?1, ?2)"), (seal, text), |row| row.get::<_, i64>(0)).is_ok()
        };
        let seal = conn.query_row("SELECT seal_of('ten')", [], |row| row.get(0)).unwrap();
        assert!(is_sound(seal, "ten") && !is_sound(seal, "two"));
        assert!(!is_sound(NONE, "ten"), "no seal was made since");
        // A damaged one after another that was written: the writing itself has asked in between.
        conn.execute_batch(&format!(
            "CREATE TABLE t (v TEXT, seal INTEGER AS (seal_of(v)) STORED, sound AS ({IS_SOUND}(seal, v)));
             INSERT INTO t (v) VALUES ('two');"
        ))
        .unwrap();
        let seal = conn.query_row("SELECT seal FROM t", [], |row| row.get(0)).unwrap();
        assert!(!is_sound(seal, "ten") && is_sound(seal, "two"));
        conn.execute_batch("UPDATE t SET v = 'ten'; UPDATE t SET v = 'two' WHERE sound").unwrap();
        assert!(!is_sound(seal, "ten"));
    }

    #[test]
    fn a_damaged_row_is_seen_by_whoever_asks_and_can_neither_be_changed_nor_sealed_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.db");
        family(&open(&path));
        overwrite(&path, "Eva", "Eve");
        // What SQLite itself makes of it.
        let conn = Connection::open(&path).unwrap();
        let said: String = conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(said, "ok");
        let name: String = conn.query_row("SELECT * FROM parents WHERE id = 2", [], |row| row.get("name")).unwrap();
        assert_eq!(name, "Eve");
        assert!(conn.execute_batch("UPDATE parents SET name = 'Bia' WHERE id = 1").is_err(), "it would need a seal");
        register(&conn).unwrap();
        let damaged = |sql: &str| {
            let done = conn.prepare(sql).and_then(|mut statement| {
                statement.query([]).and_then(|mut rows| {
                    while rows.next()?.is_some() {}
                    Ok(())
                })
            });
            done.is_err_and(|error| error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseCorrupt))
        };
        assert!(!damaged("SELECT name FROM parents"), "who does not ask is not told");
        assert!(damaged("SELECT name, sound FROM parents"));
        assert!(!damaged("SELECT name, sound FROM parents WHERE id = 1"));
        assert!(damaged("UPDATE parents SET name = 'Bia' WHERE id = 2"));
        assert!(damaged("INSERT INTO parents (id, name) VALUES (2, 'Bia') ON CONFLICT DO UPDATE SET name = 'Bia'"));
        assert_eq!(broken(&conn).unwrap().as_deref(), Some("parents"));
        drop(conn);
        let refused = sqlite::open(&path, &OLD).unwrap_err().to_string();
        assert!(refused.contains("parents") && refused.contains("vaivem adopt"), "{refused}");
    }

    #[test]
    fn a_file_of_any_size_is_checked_once_a_day() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.db");
        let kind = DATED;
        let conn = sqlite::open(&path, &kind).unwrap();
        family(&conn);
        conn.execute_batch(
            "WITH RECURSIVE n (i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)
             INSERT INTO parents (id, name) SELECT i, 'somebody whose name is rather long' FROM n",
        )
        .unwrap();
        drop(conn);
        drop(sqlite::open(&path, &kind).unwrap());
        let good = std::fs::read(&path).unwrap();
        overwrite(&path, "Eva", "Eve");
        // It was checked a moment ago. But a migration may make a table anew, with seals of what it finds.
        assert!(sqlite::open(&path, &kind).is_ok());
        assert!(matches!(sqlite::open(&path, &RESEALED), Err(OpenError::Corrupt { .. })));
        std::fs::write(&path, good).unwrap();
        let conn = sqlite::open(&path, &kind).unwrap();
        conn.execute_batch("UPDATE checked SET at = at - 86400001").unwrap();
        drop(conn);
        overwrite(&path, "Eva", "Eve");
        assert!(matches!(sqlite::open(&path, &kind), Err(OpenError::Corrupt { .. })));
    }
}
