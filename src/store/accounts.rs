//! Which accounts the file was used with: its orders are theirs, and under another account's address the same numbers are other
//! orders.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Store, instant, millis};
use crate::model::{ChannelName, Instant};

pub(super) const V10: &str = "
-- The account behind each channel's name, and behind the ERP, which has the empty name.
CREATE TABLE accounts (
    name TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    address TEXT NOT NULL,
    number TEXT,
    noted_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";

/// An account as far as it can be told from others without asking it. Its keys are no part of it: they change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The kind of platform or ERP.
    pub kind: String,
    /// Where it is; empty for the embedded ERP, whose file may be moved.
    pub address: String,
    /// Its number there, where it is configured.
    pub number: Option<String>,
}

impl Account {
    /// Whether both may be the same: a number that one of them does not give tells nothing.
    fn may_be(&self, other: &Self) -> bool {
        let place = |account: &Self| account.address.trim_end_matches('/').to_ascii_lowercase();
        let numbers = self.number.as_ref().zip(other.number.as_ref());
        self.kind == other.kind && place(self) == place(other) && numbers.is_none_or(|(one, other)| one == other)
    }
}

/// Whose account it is: a channel's, or the ERP's.
pub type Of<'a> = Option<&'a ChannelName>;

/// Each fails when the state file cannot be used.
impl Store {
    /// The account the file was used with, if that is another and the file has orders of it.
    pub fn other_account(&self, of: Of<'_>, now_it_is: &Account) -> rusqlite::Result<Option<Account>> {
        other(&self.connection, of, now_it_is)
    }

    /// The other names under which the file has orders of what may be the same account, the one noted last first. None once the
    /// account was noted under this name, too.
    pub fn other_names(&self, channel: &ChannelName, now_it_is: &Account) -> rusqlite::Result<Vec<ChannelName>> {
        if noted(&self.connection, Some(channel))?.is_some_and(|noted| noted.may_be(now_it_is)) {
            return Ok(Vec::new());
        }
        let mut statement = self.connection.prepare_cached(
            "SELECT name, kind, address, number FROM accounts
             WHERE name <> '' AND name <> ?1 AND EXISTS (SELECT 1 FROM orders WHERE channel = accounts.name)
             ORDER BY noted_at DESC, name",
        )?;
        let others = statement.query_map([channel.as_str()], |row| {
            let account = Account { kind: row.get(1)?, address: row.get(2)?, number: row.get(3)? };
            Ok((ChannelName::new(row.get::<_, String>(0)?), account))
        })?;
        others
            .filter(|other| other.as_ref().map_or(true, |(_, account)| account.may_be(now_it_is)))
            .map(|other| other.map(|(name, _)| name))
            .collect()
    }

    /// When the latest of a channel's orders was placed, as far as it was read.
    pub fn last_placed(&self, channel: &ChannelName) -> rusqlite::Result<Option<Instant>> {
        let query = "SELECT max(created_at) FROM orders WHERE channel = ?1";
        let last: Option<i64> = self.connection.query_row(query, [channel.as_str()], |row| row.get(0))?;
        Ok(last.map(instant))
    }

    /// Whether any order is linked to the ERP.
    pub fn has_links(&self) -> rusqlite::Result<bool> {
        has_links(&self.connection)
    }

    /// Notes the account. One that the file has no orders of may be noted over.
    pub fn note_account(&self, of: Of<'_>, account: &Account, now: Instant) -> rusqlite::Result<()> {
        if noted(&self.connection, of)?.as_ref() == Some(account) {
            return Ok(());
        }
        self.write(|tx| {
            tx.execute(
                "INSERT OR REPLACE INTO accounts (name, kind, address, number, noted_at) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![name(of), account.kind, account.address, account.number, millis(now)],
            )
            .map(|_| ())
        })
    }
}

fn has_links(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT EXISTS (SELECT 1 FROM orders WHERE erp_id IS NOT NULL)", [], |row| row.get(0))
}

fn name(of: Of<'_>) -> &str {
    of.map_or("", ChannelName::as_str)
}

fn noted(connection: &Connection, of: Of<'_>) -> rusqlite::Result<Option<Account>> {
    connection
        .prepare_cached("SELECT kind, address, number FROM accounts WHERE name = ?1")?
        .query_row([name(of)], |row| Ok(Account { kind: row.get(0)?, address: row.get(1)?, number: row.get(2)? }))
        .optional()
}

fn other(connection: &Connection, of: Of<'_>, now_it_is: &Account) -> rusqlite::Result<Option<Account>> {
    let Some(was) = noted(connection, of)?.filter(|was| !was.may_be(now_it_is)) else { return Ok(None) };
    // A first run with a slip in the address has brought nothing that could be mixed up.
    let has_orders: bool = match of {
        Some(channel) => connection.query_row(
            "SELECT EXISTS (SELECT 1 FROM orders WHERE channel = ?1)",
            [channel.as_str()],
            |row| row.get(0),
        )?,
        None => connection
            .query_row("SELECT EXISTS (SELECT 1 FROM orders WHERE erp_id IS NOT NULL)", [], |row| row.get(0))?,
    };
    Ok(Some(was).filter(|_| has_orders))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::OrderId;

    fn vtex(address: &str, number: Option<&str>) -> Account {
        Account { kind: "vtex".into(), address: address.into(), number: number.map(str::to_owned) }
    }

    #[test]
    fn another_account_is_found_out_once_there_are_orders() {
        let (store, name) = (Store::alone().unwrap(), ChannelName::new("loja"));
        let (here, there) = (vtex("https://a.example", None), vtex("https://b.example", None));
        let now = Instant::UNIX_EPOCH;
        assert_eq!(store.other_account(Some(&name), &here).unwrap(), None, "a file of before this was noted");
        store.note_account(Some(&name), &there, now).unwrap();
        assert_eq!(store.other_account(Some(&name), &here).unwrap(), None, "no orders yet");
        store.note_account(Some(&name), &here, now).unwrap();
        store.order_or_new(&name, &OrderId::new("1"), now).unwrap();
        assert_eq!(store.other_account(Some(&name), &there).unwrap(), Some(here.clone()));
        assert_eq!(store.other_account(Some(&name), &vtex("https://A.example/", Some("7"))).unwrap(), None);
        store.note_account(Some(&name), &vtex("https://a.example", Some("7")), now).unwrap();
        assert!(store.other_account(Some(&name), &vtex("https://a.example", Some("8"))).unwrap().is_some());
        let other_kind = Account { kind: "anymarket".into(), ..here };
        assert!(store.other_account(Some(&name), &other_kind).unwrap().is_some());
        assert_eq!(store.other_account(None, &other_kind).unwrap(), None, "the ERP is another matter");
    }

    #[test]
    fn an_account_is_known_by_the_name_it_had_until_it_is_noted_under_another() {
        let (store, loja, site) = (Store::alone().unwrap(), ChannelName::new("loja"), ChannelName::new("site"));
        let (here, now) = (vtex("https://a.example", None), Instant::UNIX_EPOCH);
        let names = |name: &ChannelName, account: &Account| store.other_names(name, account).unwrap();
        store.note_account(None, &here, now).unwrap();
        store.note_account(Some(&loja), &here, now).unwrap();
        assert_eq!(names(&site, &here), [], "it has no orders");
        store.order_or_new(&loja, &OrderId::new("1"), now).unwrap();
        assert_eq!(names(&site, &vtex("https://A.example/", Some("7"))), std::slice::from_ref(&loja));
        assert_eq!((names(&loja, &here), names(&site, &vtex("https://b.example", None))), (vec![], vec![]));
        // A slip in the address was noted first.
        store.note_account(Some(&site), &vtex("https://b.example", None), now).unwrap();
        assert_eq!(names(&site, &here), [loja]);
        store.note_account(Some(&site), &here, now).unwrap();
        assert_eq!(names(&site, &here), []);
    }
}
