//! reconcile: what the channel, the ERP and the state file say of the same orders and products, side by side, and where they part.
//!
//! Reads only. Whatever differs is named with the command that repairs it; what a run that is just under way is about to bring in step
//! may be among it.

use std::pin::pin;

use futures_util::{StreamExt, stream};

use super::import_orders::{self, Policy, stays_out};
use super::push_invoices::{counted, number, package_of};
use super::push_tracking::parcels::{code_of, main_of, parcels_of};
use super::{Trouble, account, sync_payments};
use crate::channel::{Channel, Reading, Window};
use crate::config::{ChannelConfig, NumberFormat};
use crate::erp::outgoing::Outgoing;
use crate::erp::{Erp, ErpError, ErpOrder};
use crate::model::{Cents, Order, OrderId, Status};
use crate::reason::Reason;
use crate::stop::Stop;
use crate::store::Store;
use crate::store::orders::{Fate, OrderRow};
use crate::store::pages::paged;
use crate::store::stock::StockRow;

use self::account::NoAccount;

/// Where the sides part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The ERP has it, and the state file does not know that.
    NotLinked {
        /// The ERP's number.
        erp_number: String,
    },
    /// The state file says that the ERP has it, and it does not.
    NotInErp,
    /// It belongs into the ERP, and is not there.
    NotImported,
    /// One side is behind the other; a pass brings them in step.
    Status {
        /// The channel's word.
        channel: String,
        /// The ERP's.
        erp: Status,
        /// The pass that does.
        pass: &'static str,
    },
    /// The two say what cannot both be.
    Conflict(Reason),
    /// The state file counts it as cancelled, and the channel does not, or the other way round.
    StateStatus {
        /// The channel's word.
        channel: String,
        /// What the state file says.
        state: Status,
    },
    /// They are not worth the same.
    Total {
        /// On the channel, in the ERP, in the state file.
        cents: [Option<i64>; 3],
    },
    /// The channel does not have an invoice of the ERP.
    InvoiceMissing {
        /// Its number.
        invoice: String,
    },
    /// The channel has an invoice that the ERP does not have, or has cancelled.
    InvoiceNotOurs {
        /// Its number there.
        invoice: String,
    },
    /// The channel shows another tracking code, or none.
    Tracking {
        /// The invoice's number.
        invoice: String,
        /// What the channel shows.
        channel: Option<String>,
        /// What the ERP has.
        erp: String,
    },
    /// The ERP says that it was delivered, and the channel does not.
    Delivery {
        /// The invoice's number.
        invoice: String,
    },
    /// Units are reserved in the ERP for an order that takes none any more.
    Reserved {
        /// How many.
        units: i64,
        /// The order's status there.
        erp: Status,
    },
    /// The channel cannot tell of it.
    Unreadable(Reason),
}

impl Difference {
    /// One of each that has a code of its own; where the sides say what cannot both be, the reason's code stands.
    pub fn samples() -> Vec<Self> {
        let (channel, invoice, erp) = ("…".to_owned(), "…".to_owned(), Status::Paid);
        vec![
            Self::NotLinked { erp_number: "…".into() },
            Self::NotInErp,
            Self::NotImported,
            Self::Status { channel: channel.clone(), erp: erp.clone(), pass: "sync-payments" },
            Self::StateStatus { channel: channel.clone(), state: erp.clone() },
            Self::Total { cents: [None; 3] },
            Self::InvoiceMissing { invoice: invoice.clone() },
            Self::InvoiceNotOurs { invoice: invoice.clone() },
            Self::Tracking { invoice: invoice.clone(), channel: Some(channel), erp: "…".into() },
            Self::Delivery { invoice },
            Self::Reserved { units: 1, erp },
        ]
    }
}

/// An order and where the sides part about it.
pub type OfOrder = (OrderId, Option<String>, Vec<Difference>);

/// A product's stock where the channel shows another number than it confirmed, or should have another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfStock {
    /// What the state file has.
    pub row: StockRow,
    /// What the channel shows now.
    pub shown: Option<i64>,
}

/// What was compared, and what differs in it, if anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compared {
    /// An order.
    Order(OfOrder),
    /// A product in a warehouse.
    Stock(Option<OfStock>),
}

/// Both sides and what is remembered of them.
pub struct Sides<'a> {
    /// The channel.
    pub channel: &'a Channel,
    /// Its part of the configuration.
    pub config: &'a ChannelConfig,
    /// The back office.
    pub erp: &'a Erp,
    /// The state file.
    pub store: &'a Store,
    /// Whether to stop.
    pub stop: &'a Stop,
}

impl Sides<'_> {
    /// Compares the orders of a range, and the stock, and tells of each as it is done with.
    ///
    /// # Errors
    /// When a side cannot be read: then nothing is known of what was not told; or when `tell` fails.
    pub async fn reconcile(
        &self,
        range: Window,
        mut tell: impl FnMut(Compared) -> rusqlite::Result<()>,
    ) -> Result<(), NoAccount> {
        let at_once = self.config.limits.in_flight;
        let listed = account::listed(self.channel, range, at_once, self.stop).await?;
        let orders = stream::iter(listed.orders()).map(async |heard| self.order(heard?.id).await.map(Compared::Order));
        let stock = paged(|last: Option<&StockRow>| {
            let after = last.map(|last| (last.sku.clone(), last.warehouse.clone()));
            self.store.stock_confirmed(self.channel.name(), after.as_ref(), super::CHUNK)
        });
        let stock = stream::iter(stock).map(async |row| self.stock(row?).await.map(Compared::Stock));
        let mut all = pin!(orders.buffered(at_once).chain(stock.buffered(at_once)));
        while let Some(compared) = all.next().await {
            self.go_on()?;
            tell(compared.map_err(|trouble| match trouble {
                Trouble::State(error) => NoAccount::State(error),
                other => NoAccount::List(other),
            })?)?;
        }
        Ok(())
    }

    fn go_on(&self) -> Result<(), NoAccount> {
        self.stop.reason().map_or(Ok(()), |reason| Err(NoAccount::Stopped(super::exit_of(Some(reason)))))
    }

    async fn order(&self, id: OrderId) -> Result<OfOrder, Trouble> {
        let row = self.store.order(self.channel.name(), &id)?;
        let order = match self.channel.read_order(&id).await? {
            Reading::Order(order) => *order,
            Reading::Absent => return Ok((id, None, vec![Difference::Unreadable(Reason::NotOnChannel)])),
            Reading::Unreadable(problem) => {
                let reason = Reason::Unreadable { at: problem.at, problem: problem.problem };
                return Ok((id, None, vec![Difference::Unreadable(reason)]));
            }
        };
        let linked = row.as_ref().and_then(|row| row.erp_id.as_ref());
        // Asked for by its number in any case: a second one is in nobody's way but the warehouse's.
        let found = match self.erp.find_order(self.channel.name(), &id).await {
            Err(ErpError::Refused { code, message }) => {
                let reason = Reason::ErpRefused { refusal: code.to_owned(), message };
                return Ok((id, None, vec![Difference::Unreadable(reason)]));
            }
            found => found?,
        };
        let erp = match linked.filter(|erp_id| found.as_ref().is_none_or(|found| found.id != **erp_id)) {
            Some(erp_id) => self.erp.read_order(erp_id).await?.filter(|erp| erp.store_number == id),
            None => found,
        };
        let outgoing = match &erp {
            Some(erp) => self.erp.outgoing(&erp.id).await?,
            None => None,
        };
        let reserved = match (&erp, self.erp) {
            (Some(erp), Erp::Ledger(ledger)) => ledger.order_detail(&erp.id)?.map_or(0, |detail| {
                let open = detail.reservations.iter().filter(|one| one.released_at.is_none());
                open.map(|one| one.quantity).sum()
            }),
            _ => 0,
        };
        let erp_number = erp.as_ref().map(|erp| erp.number.clone());
        let facts = Facts { order, row, erp, outgoing, reserved };
        let policy = Policy::of(self.config);
        Ok((id, erp_number, compare(&facts, &policy, self.config.invoices.number_format)))
    }

    async fn stock(&self, row: StockRow) -> Result<Option<OfStock>, Trouble> {
        let Some(sku) = &row.channel_sku else { return Ok(None) };
        let shown = self.channel.read_stock(sku, &row.warehouse).await?.units;
        let told = row.pushed.map(|(units, _)| units);
        Ok((shown != told || told != Some(row.want)).then_some(OfStock { row, shown }))
    }
}

/// What is known of an order.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The channel's side.
    pub order: Order,
    /// What the state file has.
    pub row: Option<OrderRow>,
    /// The ERP's side.
    pub erp: Option<ErpOrder>,
    /// What the ERP has to tell of it.
    pub outgoing: Option<Outgoing>,
    /// Units reserved for it, where the ERP tells.
    pub reserved: i64,
}

/// Where the sides part about an order. Pure.
pub fn compare(facts: &Facts, policy: &Policy, format: NumberFormat) -> Vec<Difference> {
    let Facts { order, row, .. } = facts;
    let mut found = Vec::new();
    let linked = row.as_ref().is_some_and(|row| row.erp_id.is_some());
    if let Some(state) = row.as_ref().and_then(|row| row.status.clone())
        && (state == Status::Cancelled) != (order.status == Status::Cancelled)
    {
        found.push(Difference::StateStatus { channel: order.raw_status.clone(), state });
    }
    let Some(erp) = &facts.erp else {
        found.extend(absent(facts, linked, policy));
        return found;
    };
    if !linked {
        found.push(Difference::NotLinked { erp_number: erp.number.clone() });
    }
    found.extend(status(order, erp, policy));
    let state_total = row.as_ref().filter(|row| row.read_at.is_some()).and_then(|row| row.total);
    if erp.total != order.total || state_total.is_some_and(|total| total != order.total) {
        let cents = [Some(order.total.get()), Some(erp.total.get()), state_total.map(Cents::get)];
        found.push(Difference::Total { cents });
    }
    if let Some(outgoing) = &facts.outgoing {
        let unread = outgoing.parcels_unread.clone().map(|message| Reason::CallFailed { message });
        found.extend(unread.map(Difference::Unreadable));
        papers(order, outgoing, format, &mut found);
        let invoiced: i64 = outgoing.live_invoices().flat_map(|invoice| &invoice.lines).map(|line| line.quantity).sum();
        let takes_none = matches!(erp.status, Status::Cancelled | Status::Returned)
            || erp.units.is_some_and(|units| units > 0 && invoiced >= units);
        if facts.reserved > 0 && takes_none {
            found.push(Difference::Reserved { units: facts.reserved, erp: erp.status.clone() });
        }
    }
    found
}

/// The ERP does not have it: is that as it should be?
fn absent(facts: &Facts, linked: bool, policy: &Policy) -> Option<Difference> {
    if linked {
        return Some(Difference::NotInErp);
    }
    let row = facts.row.as_ref();
    // What is held is told of by `holds`, what a person skipped is meant so.
    if matches!(row.and_then(|row| row.fate), Some(Fate::Held | Fate::Skipped)) {
        return None;
    }
    let seen = import_orders::Facts {
        order: facts.order.clone(),
        cancel_heard: row.is_some_and(|row| row.cancel_heard),
        erp: None,
        linked: false,
        known_skus: Default::default(),
        let_in: row.is_some_and(import_orders::was_let_in),
    };
    stays_out(&seen, policy).is_none().then_some(Difference::NotImported)
}

/// Whether one side is behind the other.
fn status(order: &Order, erp: &ErpOrder, policy: &Policy) -> Option<Difference> {
    let follows = policy.channel_follows;
    let facts = sync_payments::Facts {
        order: order.clone(),
        erp: erp.clone(),
        requested_at: None,
        channel_follows: follows,
        other_product: None,
    };
    let behind = |pass| Some(Difference::Status { channel: order.raw_status.clone(), erp: erp.status.clone(), pass });
    match sync_payments::plan(&facts) {
        sync_payments::Decision::Hold(reason) => Some(Difference::Conflict(reason)),
        sync_payments::Decision::Do { actions, .. } if !actions.is_empty() => behind("sync-payments"),
        sync_payments::Decision::Do { .. } if erp.status == Status::Cancelled && order.status != Status::Cancelled => {
            behind("auto-cancel")
        }
        sync_payments::Decision::Do { .. }
            if order.status == Status::AwaitingPayment && erp.status.is_paid_or_beyond() =>
        {
            let (channel, erp) = (order.status.clone(), Some(erp.status.clone()));
            Some(Difference::Conflict(Reason::NotUnpaid { channel, erp }))
        }
        sync_payments::Decision::Do { .. } => None,
    }
}

/// Invoices, tracking codes and deliveries.
fn papers(order: &Order, outgoing: &Outgoing, format: NumberFormat, found: &mut Vec<Difference>) {
    let names: Vec<(&str, String)> =
        outgoing.live_invoices().map(|invoice| (invoice.key.as_str(), number(invoice, format))).collect();
    for package in &order.packages {
        let ours = names.iter().any(|(key, number)| package_of(order, key, number).is_some_and(|its| its == package));
        if !ours {
            found.push(Difference::InvoiceNotOurs { invoice: package.number.clone() });
        }
    }
    for invoice in outgoing.live_invoices() {
        let invoice_number = number(invoice, format);
        let Some(package) = counted(order, &invoice.key, &invoice_number) else {
            found.push(Difference::InvoiceMissing { invoice: invoice_number });
            continue;
        };
        let parcels = parcels_of(invoice, outgoing, names.len()).unwrap_or_default();
        let Some(main) = main_of(&parcels) else { continue };
        if let Some(code) = code_of(main).filter(|code| package.tracking_number.as_ref() != Some(code)) {
            let channel = package.tracking_number.clone();
            found.push(Difference::Tracking { invoice: invoice_number.clone(), channel, erp: code });
        }
        if main.delivered_at.is_some() && !package.delivered {
            found.push(Difference::Delivery { invoice: invoice_number });
        }
    }
}
