//! The order list of a channel, read to its end before anything rests on it. It may be more than memory holds, so it is kept as
//! texts are in a [spool](super::spool).

use rusqlite::{Connection, params};

use super::pages::paged;
use super::spool::temporary;
use super::{instant, millis};
use crate::channel::Heard;
use crate::model::{OrderId, Status};

/// How many orders are read at a time.
const PAGE: i64 = 200;

/// Listed orders, each once.
#[derive(Debug)]
pub struct Listed(Connection);

impl Listed {
    /// An empty list.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn new() -> rusqlite::Result<Self> {
        temporary(
            "CREATE TABLE listed (id TEXT PRIMARY KEY, state TEXT NOT NULL, status TEXT NOT NULL, at INTEGER)
                 STRICT, WITHOUT ROWID",
        )
        .map(Self)
    }

    /// Keeps orders; of one that is there already, what is told last.
    ///
    /// # Errors
    /// When there is no room for them.
    pub fn keep(&self, orders: &[Heard]) -> rusqlite::Result<()> {
        let mut keep =
            self.0.prepare_cached("INSERT OR REPLACE INTO listed (id, state, status, at) VALUES (?1, ?2, ?3, ?4)")?;
        orders.iter().try_for_each(|order| {
            keep.execute(params![order.id.as_str(), order.state, order.status.code(), order.at.map(millis)]).map(|_| ())
        })
    }

    /// How many there are.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn count(&self) -> rusqlite::Result<usize> {
        let count = self.0.query_row("SELECT count(*) FROM listed", [], |row| row.get::<_, i64>(0))?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    /// Whether an order is among them.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn has(&self, order: &OrderId) -> rusqlite::Result<bool> {
        self.0.prepare_cached("SELECT 1 FROM listed WHERE id = ?1")?.exists([order.as_str()])
    }

    /// All of them, by number. One that cannot be read is the last.
    pub fn orders(&self) -> impl Iterator<Item = rusqlite::Result<Heard>> {
        paged(|last: Option<&Heard>| {
            let further = if last.is_some() { "id > ?1" } else { "?1 IS NULL" };
            self.0
                .prepare_cached(&format!(
                    "SELECT id, state, status, at FROM listed WHERE {further} ORDER BY id LIMIT ?2"
                ))?
                .query_map(params![last.map(|last| last.id.as_str()), PAGE], |row| {
                    Ok(Heard {
                        id: OrderId::new(row.get::<_, String>(0)?),
                        state: row.get(1)?,
                        status: Status::from_code(&row.get::<_, String>(2)?),
                        at: row.get::<_, Option<i64>>(3)?.map(instant),
                    })
                })?
                .collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(id: &str, state: &str, status: Status, at: Option<i64>) -> Heard {
        Heard { id: OrderId::new(id), state: state.into(), status, at: at.map(instant) }
    }

    #[test]
    fn orders_come_back_by_number_each_once_as_told_last() {
        let list = Listed::new().unwrap();
        let paid = |n: i64| heard(&format!("{n:03}"), "pago", Status::Paid, Some(n));
        let many: Vec<Heard> = (0..PAGE * 2 + 1).rev().map(paid).collect();
        list.keep(&many).unwrap();
        let odd = heard("001", "??", Status::Unknown("??".into()), None);
        list.keep(std::slice::from_ref(&odd)).unwrap();
        let all: Vec<Heard> = list.orders().map(Result::unwrap).collect();
        assert_eq!((all.len(), list.count().unwrap()), (many.len(), many.len()));
        assert_eq!((&all[0], &all[1], &all[PAGE as usize]), (&paid(0), &odd, &paid(PAGE)));
        assert_eq!(["001", "1"].map(|id| list.has(&OrderId::new(id)).unwrap()), [true, false]);
    }
}
