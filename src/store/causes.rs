//! Holds by cause, counted as they come. There may be more than memory holds, and each may have a cause of its own, so what is counted
//! is kept as texts are in a [spool](super::spool).

use rusqlite::{Connection, Row, params};

use super::holds::Hold;
use super::spool::temporary;
use super::{Store, instant, millis};
use crate::model::{Cents, Instant};

/// How many holds are read at a time.
const PAGE: usize = 1_000;

const TABLES: &str = "
CREATE TABLE causes (
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL,
    -- Empty where nothing that is missing names the cause.
    missing TEXT NOT NULL,
    holds INTEGER NOT NULL,
    products INTEGER NOT NULL,
    worth INTEGER NOT NULL,
    promised_at INTEGER,
    -- What all of its holds have; NULL where they differ.
    channel TEXT,
    said TEXT,
    UNIQUE (code, missing)
) STRICT;
-- The holds of a cause, from 1 in the order in which they came.
CREATE TABLE held (
    cause INTEGER NOT NULL,
    n INTEGER NOT NULL,
    hold INTEGER NOT NULL,
    PRIMARY KEY (cause, n)
) STRICT, WITHOUT ROWID;
-- Orders that may come again.
CREATE TABLE counted (order_row INTEGER PRIMARY KEY) STRICT;
";

/// Holds by cause, and how much is held in all.
#[derive(Debug)]
pub struct ByCause {
    file: Connection,
    /// How many holds there are.
    pub holds: usize,
    /// What the orders are worth. One that two passes hold is worth what it is worth once.
    pub worth: Cents,
}

/// Holds that one deed of a person would release: those with the reason's code and, where that names the cause, what is missing. An
/// order is among them once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    id: i64,
    /// The reason's code.
    pub code: String,
    /// What is missing, where that names the cause.
    pub missing: Option<String>,
    /// How many holds there are.
    pub holds: usize,
    /// How many of them are of products.
    pub products: usize,
    /// What the orders are worth.
    pub worth: Cents,
    /// The earliest date promised.
    pub promised_at: Option<Instant>,
    /// Whether all of them are of one channel.
    pub is_of_one_channel: bool,
    /// Whether all of them say the same.
    pub is_said_by_all: bool,
}

impl ByCause {
    /// None yet.
    ///
    /// # Errors
    /// When there is no room for them.
    pub fn new() -> rusqlite::Result<Self> {
        Ok(Self { file: temporary(TABLES)?, holds: 0, worth: Cents::ZERO })
    }

    /// Counts a hold with what is missing, where that names its cause, and what it says. The oldest comes first.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn add(&mut self, hold: &Hold, missing: Option<&str>, said: &str) -> rusqlite::Result<()> {
        let (cause, n): (i64, i64) = self
            .file
            .prepare_cached(
                // A sum that is too large is the largest there is, as elsewhere where sums are shown.
                "INSERT INTO causes (code, missing, holds, products, worth, promised_at, channel, said)
                 VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT DO UPDATE SET holds = holds + 1, products = products + excluded.products,
                     worth = CAST(worth + excluded.worth AS INTEGER),
                     promised_at = min(coalesce(promised_at, excluded.promised_at),
                         coalesce(excluded.promised_at, promised_at)),
                     channel = iif(channel = excluded.channel, channel, NULL),
                     said = iif(said = excluded.said, said, NULL)
                 RETURNING id, holds",
            )?
            .query_row(
                params![
                    hold.reason.code(),
                    missing.unwrap_or_default(),
                    hold.order_row.is_none(),
                    hold.amount.unwrap_or_default().get(),
                    hold.promised_at.map(millis),
                    hold.channel.as_str(),
                    said
                ],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
        self.file.prepare_cached("INSERT INTO held VALUES (?1, ?2, ?3)")?.execute(params![cause, n, hold.row])?;
        self.holds += 1;
        if self.is_first_of_its_order(hold)? {
            self.worth = [self.worth, hold.amount.unwrap_or_default()].into_iter().sum();
        }
        Ok(())
    }

    fn is_first_of_its_order(&self, hold: &Hold) -> rusqlite::Result<bool> {
        let Some(order) = hold.order_row.filter(|_| hold.is_one_of_several) else { return Ok(true) };
        let counted = self.file.prepare_cached("INSERT OR IGNORE INTO counted VALUES (?1)")?.execute([order])?;
        Ok(counted > 0)
    }

    /// How many causes there are.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn number(&self) -> rusqlite::Result<usize> {
        self.file.query_row("SELECT count(*) FROM causes", [], |row| number(row, 0))
    }

    /// Tells of so many causes: first of the one that holds up most money; of equals, of the one with the earliest promise.
    ///
    /// # Errors
    /// When they cannot be read, or `tell` fails.
    pub fn each(&self, limit: usize, mut tell: impl FnMut(Counted) -> rusqlite::Result<()>) -> rusqlite::Result<()> {
        let mut causes = self.file.prepare_cached(
            "SELECT id, code, nullif(missing, ''), holds, products, worth, promised_at, channel IS NOT NULL,
                 said IS NOT NULL
             FROM causes ORDER BY worth DESC, promised_at IS NULL, promised_at, code, missing LIMIT ?1",
        )?;
        let mut rows = causes.query([i64::try_from(limit).unwrap_or(i64::MAX)])?;
        while let Some(row) = rows.next()? {
            tell(from_row(row)?)?;
        }
        Ok(())
    }

    /// So many holds of a cause, the oldest first, as they are now in the state file. One that is let go meanwhile is not there any
    /// more.
    pub fn holds_of(
        &self,
        cause: &Counted,
        store: &Store,
        limit: usize,
    ) -> impl Iterator<Item = rusqlite::Result<Hold>> {
        let limit = limit.min(cause.holds);
        let pages = (0..limit).step_by(PAGE).map(move |from| {
            let rows = self.rows_of(cause.id, from, limit.min(from + PAGE))?;
            store.holds_in(&rows)
        });
        pages.flat_map(|page| page.map_or_else(|error| vec![Err(error)], |holds| holds.into_iter().map(Ok).collect()))
    }

    /// Rows of holds: those after so many of them, up to so many.
    fn rows_of(&self, cause: i64, after: usize, up_to: usize) -> rusqlite::Result<Vec<i64>> {
        let [after, up_to] = [after, up_to].map(|n| i64::try_from(n).unwrap_or(i64::MAX));
        self.file
            .prepare_cached("SELECT hold FROM held WHERE cause = ?1 AND n > ?2 AND n <= ?3 ORDER BY n")?
            .query_map([cause, after, up_to], |row| row.get(0))?
            .collect()
    }
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Counted> {
    Ok(Counted {
        id: row.get(0)?,
        code: row.get(1)?,
        missing: row.get(2)?,
        holds: number(row, 3)?,
        products: number(row, 4)?,
        worth: Cents::new(row.get(5)?),
        promised_at: row.get::<_, Option<i64>>(6)?.map(instant),
        is_of_one_channel: row.get(7)?,
        is_said_by_all: row.get(8)?,
    })
}

fn number(row: &Row<'_>, at: usize) -> rusqlite::Result<usize> {
    row.get::<_, i64>(at).map(|number| usize::try_from(number).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ChannelName, OrderId};
    use crate::reason::Reason;

    fn at(seconds: i64) -> Instant {
        Instant::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
    }

    /// A hold of the order in that row, or of a product.
    fn hold(order: Option<i64>, cents: i64) -> Hold {
        Hold {
            row: 1,
            channel: ChannelName::new("loja"),
            order: order.map(|row| OrderId::new(format!("{row}-01"))),
            order_row: order,
            is_one_of_several: false,
            erp_number: None,
            sku: order.is_none().then(|| "A".into()),
            fate: None,
            status: [None, None],
            pass: String::new(),
            reason: Reason::NotOnChannel,
            since: at(0),
            tried_at: at(0),
            tries: 1,
            amount: Some(Cents::new(cents)),
            promised_at: None,
        }
    }

    fn counted(holds: &[(Hold, Option<&str>)]) -> ByCause {
        let mut causes = ByCause::new().unwrap();
        holds.iter().for_each(|(hold, missing)| causes.add(hold, *missing, "said").unwrap());
        causes
    }

    fn told(causes: &ByCause, limit: usize) -> Vec<Counted> {
        let mut told = Vec::new();
        let tell = |cause| {
            told.push(cause);
            Ok(())
        };
        causes.each(limit, tell).unwrap();
        told
    }

    #[test]
    fn an_order_that_two_passes_hold_is_worth_what_it_is_worth_once() {
        let twice = |cents, reason| Hold { is_one_of_several: true, reason, ..hold(Some(1), cents) };
        let causes = counted(&[
            (twice(500, Reason::NotOnChannel), None),
            (hold(Some(2), 70), None),
            (twice(900, Reason::CancelledAfterInvoice), None),
            (Hold { reason: Reason::SkuIsKit, ..hold(None, 0) }, None),
        ]);
        assert_eq!((causes.holds, causes.worth), (4, Cents::new(570)));
        let told: Vec<_> =
            told(&causes, 9).into_iter().map(|one| (one.code, one.holds, one.products, one.worth)).collect();
        assert_eq!(
            told,
            [
                ("cancelled_after_invoice".into(), 1, 0, Cents::new(900)),
                ("not_on_channel".into(), 2, 0, Cents::new(570)),
                ("sku_is_kit".into(), 1, 1, Cents::ZERO)
            ]
        );
    }

    #[test]
    fn the_cause_that_holds_up_most_money_comes_first_and_of_equals_the_earliest_promise() {
        let promised = |hold, seconds| Hold { promised_at: Some(at(seconds)), ..hold };
        let causes = counted(&[
            (hold(Some(1), 300), Some("Never")),
            (promised(hold(Some(2), 300), 20), Some("Late")),
            (promised(hold(Some(3), 100), 30), Some("Early")),
            (promised(hold(Some(4), 200), 10), Some("Early")),
            (hold(Some(5), 301), Some("Dear")),
            (hold(Some(6), 300), Some("As never")),
            (hold(Some(7), 300), None),
        ]);
        let order: Vec<_> = told(&causes, 9).into_iter().map(|one| (one.missing, one.holds, one.promised_at)).collect();
        let missing = |name: &str| Some(name.to_owned());
        assert_eq!(
            order,
            [
                (missing("Dear"), 1, None),
                (missing("Early"), 2, Some(at(10))),
                (missing("Late"), 1, Some(at(20))),
                (None, 1, None),
                (missing("As never"), 1, None),
                (missing("Never"), 1, None),
            ]
        );
        assert_eq!((causes.number().unwrap(), told(&causes, 2).len()), (6, 2));
    }

    #[test]
    fn a_sum_that_is_too_large_is_the_largest_there_is() {
        let causes = counted(&[(hold(Some(1), i64::MAX), None), (hold(Some(2), 1), None)]);
        assert_eq!((causes.worth, told(&causes, 9)[0].worth), (Cents::new(i64::MAX), Cents::new(i64::MAX)));
    }

    #[test]
    fn the_holds_of_a_cause_come_as_they_were_counted_a_page_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("vaivem.db")).unwrap();
        let mut causes = ByCause::new().unwrap();
        for n in 0..i64::try_from(PAGE).unwrap() + 2 {
            let row =
                store.order_or_new(&ChannelName::new("loja"), &OrderId::new(format!("{n}-01")), at(0)).unwrap().row;
            store.write(|tx| super::super::holds::hold(tx, row, &Reason::NotOnChannel, at(n))).unwrap();
        }
        store.each_hold(|hold| causes.add(&hold, None, "")).unwrap();
        let cause = &told(&causes, 9)[0];
        let since =
            |limit| -> Vec<Instant> { causes.holds_of(cause, &store, limit).map(|hold| hold.unwrap().since).collect() };
        assert_eq!(since(usize::MAX), (0..).map(at).take(PAGE + 2).collect::<Vec<_>>());
        assert_eq!(since(PAGE + 1).len(), PAGE + 1);
        assert_eq!(since(2), [at(0), at(1)]);
    }
}
