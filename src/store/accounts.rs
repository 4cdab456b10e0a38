//! Which accounts the file was used with: its orders are theirs, and under another account's address the same numbers are other
//! orders.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Store, millis};
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
}
