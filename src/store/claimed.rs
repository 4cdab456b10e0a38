//! The units that orders claim of each product, gathered once for all the numbers of a push. A hundred thousand orders may claim the same
//! product, so these are kept as texts are in a [spool](super::spool).

use std::hash::{DefaultHasher, Hash, Hasher};

use rusqlite::{Connection, Row, params};

use super::claims::Claim;
use super::spool::temporary;
use super::{instant, millis};
use crate::model::{ChannelSku, Instant, OrderId, Sku, Status};

/// Claimed units, by product and place.
#[derive(Debug)]
pub struct Claimed {
    file: Connection,
    marks: Marks,
    /// The order that units were added of last.
    last: Option<i64>,
}

/// By which of two sides units are subtracted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// By nobody but us: sold on any channel, and not in the ERP, or not until lately.
    Us,
    /// By the channel itself, maybe.
    Channel,
}

/// What is weighed of a [`Claim`].
#[derive(Clone, Debug)]
pub struct Claiming {
    /// The order's row.
    pub row: i64,
    /// Its number on its channel.
    pub id: OrderId,
    /// Whether it has a counterpart in the ERP.
    pub in_erp: bool,
    /// When it was linked with it.
    pub linked_at: Option<Instant>,
    /// What the channel last said.
    pub status: Option<Status>,
    /// What the ERP last said.
    pub erp_status: Option<Status>,
    /// When it was placed.
    pub created_at: Option<Instant>,
    /// When it was last read and not handed over yet.
    pub untaken_at: Option<Instant>,
    /// When it was first seen handed over.
    pub taken_over_at: Option<Instant>,
    /// Whether anything is still expected of it.
    pub open: bool,
}

/// Units of an order.
#[derive(Clone, Debug)]
pub struct Units {
    /// Whose.
    pub order: Claiming,
    /// Of what, in the channel's words.
    pub channel_sku: ChannelSku,
    /// How many.
    pub quantity: i64,
    /// Of them, those that its counterpart in the ERP does not have, where it has one.
    pub beyond: i64,
}

const ORDER: &str =
    "o.row, o.id, o.in_erp, o.linked_at, o.status, o.erp_status, o.created_at, o.untaken_at, o.taken_over_at, o.open";

impl Claimed {
    /// Nothing yet.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn new() -> rusqlite::Result<Self> {
        temporary(
            "CREATE TABLE claiming (row INTEGER PRIMARY KEY, id TEXT NOT NULL, in_erp INTEGER NOT NULL, linked_at INTEGER,
                 status TEXT, erp_status TEXT, created_at INTEGER, untaken_at INTEGER, taken_over_at INTEGER,
                 open INTEGER NOT NULL) STRICT;
             CREATE TABLE claimed_units (sku TEXT NOT NULL, place INTEGER NOT NULL, by_channel INTEGER NOT NULL, row INTEGER NOT NULL,
                 line INTEGER NOT NULL, channel_sku TEXT NOT NULL, quantity INTEGER NOT NULL, beyond INTEGER NOT NULL,
                 PRIMARY KEY (sku, place, by_channel, row, line)) STRICT, WITHOUT ROWID",
        )
        .map(|file| Self { file, marks: Marks(vec![0; Marks::WORDS]), last: None })
    }

    /// Adds an order, if it is not the one that came last.
    fn add(&mut self, claim: &Claim) -> rusqlite::Result<()> {
        if self.last.replace(claim.row) == Some(claim.row) {
            return Ok(());
        }
        self.file
            .prepare_cached(
                "INSERT INTO claiming VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT DO NOTHING",
            )?
            .execute(params![
                claim.row,
                claim.id.as_str(),
                claim.erp_id.is_some(),
                claim.linked_at.map(millis),
                claim.status.as_ref().map(Status::code),
                claim.erp_status.as_ref().map(Status::code),
                claim.created_at.map(millis),
                claim.untaken_at.map(millis),
                claim.taken_over_at.map(millis),
                claim.open
            ])
            .map(|_| ())
    }

    /// Adds the units of a line of an order: of a product in a place, which is told by its number. Those that came by an edit are not
    /// the channel's. What is there already stays as it is.
    ///
    /// # Errors
    /// When there is no room for them.
    pub fn add_units(
        &mut self,
        (sku, place): (&Sku, usize),
        by: By,
        claim: &Claim,
        line: usize,
    ) -> rusqlite::Result<()> {
        let of = &claim.lines[line];
        let quantity = if by == By::Channel { of.quantity.saturating_sub(of.added) } else { of.quantity };
        if quantity <= 0 {
            return Ok(());
        }
        self.add(claim)?;
        self.marks.mark(sku);
        self.file
            .prepare_cached("INSERT INTO claimed_units VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING")?
            .execute(params![
                sku.as_str(),
                number(place),
                by == By::Channel,
                claim.row,
                number(line),
                of.channel_sku.as_str(),
                quantity,
                of.beyond()
            ])
            .map(|_| ())
    }

    /// Gives the units of a product in a place, the earliest seen order first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn each(&self, (sku, place): (&Sku, usize), by: By, mut take: impl FnMut(Units)) -> rusqlite::Result<()> {
        if !self.marks.has(sku) {
            return Ok(());
        }
        let mut all = self.file.prepare_cached(&format!(
            "SELECT {ORDER}, u.channel_sku, u.quantity, u.beyond FROM claimed_units u CROSS JOIN claiming o ON o.row = u.row
             WHERE u.sku = ?1 AND u.place = ?2 AND u.by_channel = ?3 ORDER BY u.row, u.line"
        ))?;
        let mut rows = all.query(params![sku.as_str(), number(place), by == By::Channel])?;
        while let Some(row) = rows.next()? {
            let channel_sku = ChannelSku::new(row.get::<_, String>(10)?);
            take(Units { order: from_row(row)?, channel_sku, quantity: row.get(11)?, beyond: row.get(12)? });
        }
        Ok(())
    }

    /// An order.
    ///
    /// # Errors
    /// When it cannot be read, or is not there.
    pub fn order(&self, row: i64) -> rusqlite::Result<Claiming> {
        self.file
            .prepare_cached(&format!("SELECT {ORDER} FROM claiming o WHERE o.row = ?1"))?
            .query_row([row], from_row)
    }

    /// Notes what the ERP says of an order by now.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn note(&self, row: i64, erp_status: &Status) -> rusqlite::Result<()> {
        self.file
            .prepare_cached("UPDATE claiming SET erp_status = ?2 WHERE row = ?1")?
            .execute(params![row, erp_status.code()])
            .map(|_| ())
    }
}

/// Which products may be among the claimed: of most of a catalogue nothing is, and these are not looked for. In little room, so a few
/// are looked for in vain.
#[derive(Debug)]
struct Marks(Vec<u64>);

impl Marks {
    /// 128 KiB.
    const WORDS: usize = 1 << 14;

    fn mark(&mut self, sku: &Sku) {
        let (word, bit) = Self::place(sku);
        self.0[word] |= bit;
    }

    fn has(&self, sku: &Sku) -> bool {
        let (word, bit) = Self::place(sku);
        self.0[word] & bit != 0
    }

    /// The word of a product, and its bit in that.
    fn place(sku: &Sku) -> (usize, u64) {
        let mut hasher = DefaultHasher::new();
        sku.hash(&mut hasher);
        let hash = hasher.finish();
        let word = usize::try_from(hash >> 6 & (Self::WORDS as u64 - 1)).unwrap_or_default();
        (word, 1 << (hash & 63))
    }
}

/// As SQLite counts.
fn number(place: usize) -> i64 {
    i64::try_from(place).unwrap_or(i64::MAX)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Claiming> {
    let status = |at| row.get::<_, Option<String>>(at).map(|code| code.map(|code| Status::from_code(&code)));
    let at = |at| row.get::<_, Option<i64>>(at).map(|millis| millis.map(instant));
    Ok(Claiming {
        row: row.get(0)?,
        id: OrderId::new(row.get::<_, String>(1)?),
        in_erp: row.get(2)?,
        linked_at: at(3)?,
        status: status(4)?,
        erp_status: status(5)?,
        created_at: at(6)?,
        untaken_at: at(7)?,
        taken_over_at: at(8)?,
        open: row.get(9)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ChannelName;
    use crate::store::claims::ClaimLine;

    fn claim(row: i64) -> Claim {
        let line = |quantity| ClaimLine {
            channel_sku: ChannelSku::new("1"),
            sku: None,
            warehouse: None,
            quantity,
            added: 0,
            in_erp: None,
        };
        Claim {
            row,
            channel: ChannelName::new("loja"),
            id: OrderId::new(format!("{row}-01")),
            erp_id: None,
            linked_at: None,
            status: Some(Status::Unknown("pago?".into())),
            erp_status: None,
            created_at: Instant::from_timestamp_millis(1_790_000_000_123),
            untaken_at: None,
            taken_over_at: None,
            open: true,
            lines: vec![line(3), line(4)],
        }
    }

    #[test]
    fn units_come_back_by_product_place_and_side_each_once() {
        let mut claimed = Claimed::new().unwrap();
        let (caneca, other) = (Sku::new("CANECA"), Sku::new("OUTRA"));
        for row in [7, 2, 7] {
            let claim = claim(row);
            for line in 0..2 {
                claimed.add_units((&caneca, 0), By::Us, &claim, line).unwrap();
            }
            claimed.add_units((&caneca, 1), By::Channel, &claim, 0).unwrap();
        }
        let of = |product, by| {
            let mut all = Vec::new();
            claimed.each(product, by, |units| all.push((units.order.row, units.quantity))).unwrap();
            all
        };
        assert_eq!(of((&caneca, 0), By::Us), [(2, 3), (2, 4), (7, 3), (7, 4)]);
        assert_eq!(of((&caneca, 1), By::Channel), [(2, 3), (7, 3)]);
        assert_eq!([of((&caneca, 0), By::Channel), of((&other, 0), By::Us)], [[], []]);
        claimed.note(7, &Status::Invoiced).unwrap();
        let order = claimed.order(7).unwrap();
        assert_eq!((order.id.as_str(), order.erp_status, order.open), ("7-01", Some(Status::Invoiced), true));
        assert_eq!((order.status, order.created_at), (claim(7).status, claim(7).created_at));
        assert!(claimed.order(3).is_err());
    }
}
