//! Where an order stands, and what is kept beside it: how many orders have each fate, and of which orders the part in the stock may be
//! another now. Whatever makes an order or changes where one stands goes through [`come`] or [`change`], so that neither is forgotten.
//!
//! Not by triggers: of what a statement with a trigger changes SQLite keeps a copy, to undo it alone, with every order that comes in.

use rusqlite::{Connection, OptionalExtension, params};

use super::orders::Fate;

/// Migration: the triggers go.
pub(super) const V18: &str = "
DROP TRIGGER orders_come;
DROP TRIGGER orders_change_fate;
DROP TRIGGER orders_move_stock;
DROP TRIGGER order_lines_move_stock;
";

/// What an order's part in the stock depends on, beside its lines.
#[derive(PartialEq, Eq)]
struct Standing {
    fate: Option<String>,
    erp_id: Option<String>,
    erp_status: Option<String>,
    status: Option<String>,
    taken_over_at: Option<i64>,
}

/// Counts orders of a channel that were made a moment ago.
pub(super) fn come(tx: &Connection, channel: &str, orders: usize) -> rusqlite::Result<()> {
    match orders {
        0 => Ok(()),
        _ => count(tx, channel, None, i64::try_from(orders).unwrap_or(i64::MAX)),
    }
}

/// Changes an order, and what is kept beside it. Of one that another process let go of meanwhile there is nothing to change.
pub(super) fn change<T>(
    tx: &Connection,
    order: i64,
    change: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let Some((channel, before)) = read(tx, order)? else { return change(tx) };
    let done = change(tx)?;
    let Some((_, after)) = read(tx, order)? else { return Ok(done) };
    if after.fate != before.fate {
        count(tx, &channel, before.fate.as_deref(), -1)?;
        count(tx, &channel, after.fate.as_deref(), 1)?;
    }
    // One that is read for the first time has no part in the stock but by its lines, which tell of it themselves.
    let is_first_reading = before.status.is_none();
    let known = Standing { status: if is_first_reading { after.status.clone() } else { before.status }, ..before };
    if after != known {
        move_stock(tx, order)?;
    }
    Ok(done)
}

/// Notes that an order's part in the stock may be another now. Each channel remembers how far it went.
pub(super) fn move_stock(tx: &Connection, order: i64) -> rusqlite::Result<()> {
    tx.prepare_cached("DELETE FROM stock_news WHERE order_row = ?1")?.execute([order])?;
    tx.prepare_cached("INSERT INTO stock_news (order_row) VALUES (?1)")?.execute([order]).map(|_| ())
}

fn read(tx: &Connection, order: i64) -> rusqlite::Result<Option<(String, Standing)>> {
    tx.prepare_cached("SELECT channel, fate, erp_id, erp_status, status, taken_over_at FROM orders WHERE id = ?1")?
        .query_row([order], |row| {
            let standing = Standing {
                fate: row.get(1)?,
                erp_id: row.get(2)?,
                erp_status: row.get(3)?,
                status: row.get(4)?,
                taken_over_at: row.get(5)?,
            };
            Ok((row.get(0)?, standing))
        })
        .optional()
}

fn count(tx: &Connection, channel: &str, fate: Option<&str>, by: i64) -> rusqlite::Result<()> {
    let fate = fate.unwrap_or(Fate::UNDECIDED);
    let known = tx
        .prepare_cached("UPDATE fates SET orders = orders + ?3 WHERE channel = ?1 AND fate = ?2 AND sound")?
        .execute(params![channel, fate, by])?;
    if known == 0 && by > 0 {
        tx.prepare_cached("INSERT INTO fates (channel, fate, orders) VALUES (?1, ?2, ?3)")?
            .execute(params![channel, fate, by])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::sources;
    use crate::store::Store;

    /// What a statement must set to make another of where an order stands.
    const COLUMNS: [&str; 5] = ["fate", "erp_id", "erp_status", "status", "taken_over_at"];

    #[test]
    fn whatever_makes_an_order_or_changes_where_one_stands_says_so() {
        let (mut changed, mut made, mut counted, mut lines) = (0, 0, 0, 0);
        for (path, source) in sources::below(&["src/store"]) {
            let source = sources::without_tests(&source);
            let is_other =
                |words: &str| words.starts_with("UPDATE OR") && words.split_whitespace().nth(3) == Some("orders");
            let others = source.match_indices("UPDATE OR").filter(|(at, _)| is_other(&source[*at..]));
            assert_eq!(others.count(), 0, "{}: no other words for it", path.display());
            for (at, _) in source.match_indices("UPDATE orders") {
                let statement = source[at..].split('"').next().unwrap();
                let set: Vec<&str> = statement.split(" WHERE ").next().unwrap().split_whitespace().collect();
                assert_eq!(set[2], "SET", "{}: {statement}", path.display());
                let is_set = |column: &str| set.windows(2).any(|words| words == [column, "="]);
                if COLUMNS.into_iter().any(is_set) {
                    changed += 1;
                    let before = source[..at].rfind("standing::change(").map_or("", |said| &source[said..at]);
                    assert!((1..4).contains(&before.lines().count()), "{}: {statement}", path.display());
                }
            }
            for (at, _) in source.match_indices("INTO orders (") {
                made += 1;
                let columns = source[at..].split(')').next().unwrap();
                assert!(COLUMNS.iter().all(|column| !columns.contains(&format!(" {column}"))), "{columns}");
            }
            counted += source.matches("standing::come(").count();
            lines += source.matches("INTO order_lines (").count();
        }
        assert_eq!((changed, made, counted), (8, 3, 3));
        // By the one function that tells of it.
        assert_eq!(lines, 1);
    }

    #[test]
    fn an_order_that_is_gone_is_no_error() {
        let store = Store::alone().unwrap();
        let changed = store
            .write(|tx| super::change(tx, 9, |tx| tx.execute("UPDATE orders SET status = 'paid' WHERE id = 9", [])));
        assert_eq!((changed.unwrap(), store.stock_news_seq().unwrap()), (0, 0));
    }
}
