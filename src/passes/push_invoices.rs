//! push-invoices: every authorised invoice of an order in the ERP is on its channel once, under the right order, with values that
//! add up to the cent.
//!
//! Both sides are read right before anything is sent, and the channel again right after. Whether an invoice is there is told by
//! the channel's own packages alone: one that may still be on its way is never sent a second time.

mod preflight;
#[cfg(test)]
mod tests;
mod units;
mod xml;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use self::preflight::preflight;
use self::units::Units;
pub use self::xml::SEND_XML;
use super::permit::{Permit, both_sides, seal};
use super::push_tracking::parcels::{carrier_of, code_of, main_of, parcels_of, url_of};
use super::pushing::{self, End, Taken, Visit, may_still_show, transmitted};
use super::take_over::{self, TAKE_OVER};
use super::{Pass, Trouble};
use crate::channel::outgoing::{Field, InvoiceToSend, Requirements, Tracking, VTEX, XmlRule, XmlText};
use crate::config::{ChannelConfig, InvoiceRules, NumberFormat};
use crate::erp::outgoing::{Invoice, Outgoing};
use crate::model::{Cents, Instant, Invoicing, Order, Package, Readiness, Sku, Status, TaxId};
use crate::plan::{Planned, act};
use crate::reason::Reason;
use crate::report::Warning;
use crate::store::Store;
use crate::store::journal::State;
use crate::store::outgoing::Record;

/// The action's name in journal and reports.
pub const SEND_INVOICE: &str = "send_invoice";

/// What the configuration and the kind of channel say about invoices.
#[derive(Clone, Debug)]
pub struct Policy {
    /// What an invoice must have.
    pub require: BTreeSet<Field>,
    /// What it must have beside that when the order came through a marketplace.
    pub require_of_marketplace: BTreeSet<Field>,
    /// When its XML goes out.
    pub xml: XmlRule,
    /// It goes in a call of its own.
    pub xml_apart: bool,
    /// How long after the channel did not take an XML yet it is sent again.
    pub xml_again_after: Duration,
    /// The channel takes one invoice for the whole of an order, and no more.
    pub one_invoice: bool,
    /// What it is called on the channel.
    pub number_format: NumberFormat,
    /// By how much invoices may differ from the order and still go out with the order's value.
    pub value_tolerance: Cents,
    /// Who may have issued it; empty for anybody.
    pub issuers: Vec<TaxId>,
    /// Whether invoices without fiscal value go out.
    pub allow_test: bool,
    /// How long something sent may take to show.
    pub settle_after: Duration,
    /// The channel's product ids with the ERP's codes, before the channel's own references.
    pub skus: BTreeMap<String, Sku>,
}

impl Policy {
    /// The part of a channel's configuration that matters here.
    pub fn of(config: &ChannelConfig, requirements: Requirements, xml: XmlRule) -> Self {
        let rules = &config.invoices;
        let set = |fields: &[Field]| fields.iter().copied().collect();
        let (always, of_marketplace) = match &rules.require {
            Some(fields) => (set(fields), BTreeSet::new()),
            None => (set(requirements.always), set(requirements.through_marketplace)),
        };
        Self {
            require: always,
            require_of_marketplace: of_marketplace,
            xml,
            xml_apart: requirements.xml_apart,
            xml_again_after: rules.xml_again_after.0,
            one_invoice: requirements.one_invoice,
            number_format: rules.number_format,
            value_tolerance: rules.value_tolerance,
            issuers: rules.issuers.clone().unwrap_or_default(),
            allow_test: rules.allow_test,
            settle_after: rules.settle_after.0,
            skus: config.skus.clone(),
        }
    }

    fn requires(&self, order: &Order) -> impl Iterator<Item = Field> {
        let of_marketplace = order.marketplace.as_ref().map(|_| &self.require_of_marketplace);
        let of_order = (order.needs_xml && self.xml != XmlRule::Never).then_some(Field::Xml);
        let configured = self.require.iter().chain(of_marketplace.into_iter().flatten()).copied();
        configured.chain(of_order.filter(|field| !self.require.contains(field)))
    }

    fn sends_xml(&self, order: &Order) -> bool {
        match self.xml {
            XmlRule::Always => true,
            XmlRule::Needed => self.requires(order).any(|field| field == Field::Xml),
            XmlRule::Never => false,
        }
    }
}

/// VTEX's, with nothing configured.
impl Default for Policy {
    fn default() -> Self {
        Self {
            require: VTEX.always.iter().copied().collect(),
            require_of_marketplace: VTEX.through_marketplace.iter().copied().collect(),
            xml: XmlRule::Always,
            xml_apart: VTEX.xml_apart,
            xml_again_after: InvoiceRules::default().xml_again_after.0,
            one_invoice: VTEX.one_invoice,
            number_format: NumberFormat::Number,
            value_tolerance: Cents::ZERO,
            issuers: Vec::new(),
            allow_test: false,
            settle_after: Duration::from_secs(600),
            skus: BTreeMap::new(),
        }
    }
}

/// What was read about an order on both sides, and what was sent before.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The channel's side.
    pub order: Order,
    /// The ERP's side.
    pub outgoing: Outgoing,
    /// The files of its invoices, by access key.
    pub files: BTreeMap<String, Vec<u8>>,
    /// What the journal says of having sent them, by access key.
    pub sent: BTreeMap<String, Record>,
    /// What it says of their XML, where that goes apart.
    pub xml: BTreeMap<String, Record>,
    /// What the journal says of having taken the order over.
    pub taken_over: Option<Record>,
}

/// A side effect on the outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Tell the channel that the ERP has the order: on VTEX the step before an invoice.
    TakeOver,
    /// Send the XML of an invoice.
    SendXml {
        /// What the invoice is called on the channel.
        number: String,
        /// Its access key.
        key: String,
        /// The file as text.
        xml: XmlText,
        /// It may have arrived before.
        again: bool,
    },
    /// Send an invoice.
    Send {
        /// As it goes out.
        invoice: Box<InvoiceToSend>,
        /// What it is worth by itself.
        worth: Cents,
    },
}

impl Action {
    /// Its name in reports.
    pub fn name(&self) -> &'static str {
        match self {
            Self::TakeOver => TAKE_OVER,
            Self::SendXml { .. } => SEND_XML,
            Self::Send { .. } => SEND_INVOICE,
        }
    }

    /// As a plan tells it.
    fn told(&self, store: &Store) -> Value {
        let with = match self {
            Self::TakeOver => json!({}),
            Self::SendXml { number, key, xml, .. } => {
                json!({ "invoice": number, "key": key, "content": seal(store, xml) })
            }
            Self::Send { invoice, worth } => json!({
                "invoice": invoice.number,
                "key": invoice.key,
                "value_cents": invoice.value.get(),
                "worth_cents": worth.get(),
                "content": seal(store, invoice),
            }),
        };
        act(self.name(), with)
    }
}

/// What is to be done about an order, and how that ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What to do, in this order.
    pub actions: Vec<Action>,
    /// How it stands then.
    pub end: End,
}

impl Decision {
    fn none(end: End) -> Self {
        Self { actions: Vec::new(), end }
    }

    /// As a dry run tells it.
    fn planned(&self, facts: &Facts, store: &Store) -> Planned {
        let mut rests_on = both_sides(store, &facts.order, Some(&facts.outgoing.order));
        rests_on
            .insert("outgoing".into(), seal(store, &(&facts.outgoing.invoices, &facts.outgoing.parcels, &facts.files)));
        rests_on.insert("journal".into(), seal(store, &(&facts.sent, &facts.xml, &facts.taken_over)));
        Planned { actions: self.actions.iter().map(|action| action.told(store)).collect(), facts: rests_on }
    }
}

/// An invoice of the ERP with what the channel has of it.
struct Bill<'a> {
    invoice: &'a Invoice,
    /// What it is called on the channel.
    number: String,
    /// What it shows of it.
    shown: Option<&'a Package>,
    /// The same, where the order counts as invoiced with it.
    package: Option<&'a Package>,
}

impl Bill<'_> {
    fn is_cancelled(&self) -> bool {
        self.invoice.cancelled_at.is_some()
    }
}

/// Decides on an order. Pure: the same facts, policy and time give the same decision.
///
/// What the ERP cancelled gets no invoice any more, though its NF-e stands until somebody cancels that, too: with an invoice the channel
/// could not cancel it.
pub fn plan(facts: &Facts, policy: &Policy, now: Instant) -> Decision {
    let bills = match bills(facts, policy) {
        Ok(bills) => bills,
        Err(reason) => return Decision::none(End::Hold(reason)),
    };
    let live: Vec<&Bill<'_>> = bills.iter().filter(|bill| !bill.is_cancelled()).collect();
    let is_cancelled = [&facts.order.status, &facts.outgoing.order.status].iter().all(|one| **one == Status::Cancelled);
    if is_cancelled && live.is_empty() {
        return Decision::none(End::Done(Reason::CancelledOnChannel { raw: facts.order.raw_status.clone() }));
    }
    if let Some(bill) = bills.iter().find(|bill| bill.is_cancelled() && bill.shown.is_some()) {
        let invoice = bill.shown.map_or_else(String::new, |package| package.number.clone());
        // Not every channel ever lets go of it, whatever a person does.
        return Decision::none(End::Park(Reason::InvoiceCancelledAfterSending { invoice }));
    }
    // Once another has taken its place there, nobody waits for one that was cancelled.
    let is_replaced = live.iter().any(|bill| bill.package.is_some());
    let is_expected = |bill: &&Bill<'_>| bill.package.is_none() && !(is_replaced && bill.is_cancelled());
    let on_its_way = bills.iter().filter(is_expected).find_map(|bill| on_its_way(bill, facts, policy, now));
    if live.is_empty() {
        return Decision::none(on_its_way.unwrap_or(End::Done(Reason::NothingToSend)));
    }
    if let Some(end) = at_odds(&facts.order) {
        return Decision::none(end);
    }
    if let Some(end) = on_its_way {
        return Decision::none(end);
    }
    match live.iter().find(|bill| bill.package.is_none()) {
        // What the marketplace makes of the order without an XML that is due tells nothing.
        None => xml::after(facts, &live, policy, now)
            .unwrap_or_else(|| Decision::none(all_there(facts, &live, policy, now))),
        Some(_) if facts.outgoing.order.status == Status::Cancelled => {
            Decision::none(End::Hold(Reason::CancelledInErpOnly { raw: facts.order.raw_status.clone() }))
        }
        Some(missing) => match not_open(facts, &bills, missing, policy, now) {
            Some(end) => Decision::none(end),
            None => sends(facts, &live, policy),
        },
    }
}

/// Each invoice with its counterpart on the channel.
fn bills<'a>(facts: &'a Facts, policy: &Policy) -> Result<Vec<Bill<'a>>, Reason> {
    let mut bills: Vec<Bill<'a>> = Vec::new();
    for invoice in &facts.outgoing.invoices {
        let number = number(invoice, policy.number_format);
        let package = package_of(&facts.order, &invoice.key, &number);
        let is_namesake = |bill: &Bill<'_>| bill.number == number && (!bill.is_cancelled() || bill.shown.is_some());
        // Without a key it goes by its number, which is the one of the first.
        let shown = package.filter(|package| package.key.is_some() || !bills.iter().any(is_namesake));
        let is_taken = facts.order.packages.iter().any(|other| other.number == number) || bills.iter().any(is_namesake);
        if shown.is_none() && is_taken && invoice.cancelled_at.is_none() {
            return Err(Reason::InvoiceNumberTaken { invoice: number });
        }
        bills.push(Bill { invoice, number, shown, package: shown.filter(|package| package.counts) });
    }
    Ok(bills)
}

/// The channel's counterpart of an invoice: the one with its key, or where that has no key, with its number.
pub(super) fn package_of<'o>(order: &'o Order, key: &str, number: &str) -> Option<&'o Package> {
    let by_key = order.packages.iter().find(|package| package.key.as_deref().map(str::trim) == Some(key));
    by_key.or_else(|| order.packages.iter().find(|package| package.key.is_none() && package.number == number))
}

/// The same, where the order counts as invoiced with it.
pub(super) fn counted<'o>(order: &'o Order, key: &str, number: &str) -> Option<&'o Package> {
    package_of(order, key, number).filter(|package| package.counts)
}

/// What an invoice is called on a channel: letters and digits only.
pub(super) fn number(invoice: &Invoice, format: NumberFormat) -> String {
    match format {
        NumberFormat::Number => invoice.number.to_string(),
        NumberFormat::NumberSeries => {
            let series: String = invoice.series.chars().filter(char::is_ascii_alphanumeric).collect();
            format!("{}S{series}", invoice.number)
        }
    }
}

/// An invoice that was sent, or may have been, and that the channel does not show.
///
/// While it may still show, nothing is sent. One that was accepted is never sent again: a person must look. One of which nobody
/// knows whether it arrived counts as not sent once it stayed away for long enough.
fn on_its_way(bill: &Bill<'_>, facts: &Facts, policy: &Policy, now: Instant) -> Option<End> {
    let record = facts.sent.get(&bill.invoice.key).filter(|record| record.state != State::Failed)?;
    let raw = facts.order.raw_status.clone();
    match (record.state, may_still_show(record, policy.settle_after, now)) {
        (State::Done, true) => Some(End::Wait(Reason::BeingVerified { raw })),
        (State::Done, false) => Some(End::Hold(Reason::NotVerified { raw, since: record.intended_at })),
        (_, true) => Some(End::Hold(Reason::OutcomeUnknown { action: SEND_INVOICE.into() })),
        // The channel is verifying something it does not show; unless its XML made it what it is.
        (_, false)
            if facts.order.status == Status::Invoiced
                && facts.order.packages.is_empty()
                && !xml::is_sent(facts, bill) =>
        {
            Some(End::Hold(Reason::NotVerified { raw, since: record.intended_at }))
        }
        (_, false) => None,
    }
}

/// A cancellation against an invoice, or a status nobody knows: for a person, and nothing is sent.
fn at_odds(order: &Order) -> Option<End> {
    let raw = || order.raw_status.clone();
    match &order.status {
        Status::Cancelled => Some(End::Hold(Reason::CancelledAfterInvoice)),
        Status::CancellationRequested => Some(End::Hold(Reason::CancellationAgainstInvoice { raw: raw() })),
        Status::Unknown(raw) => Some(End::Hold(Reason::StatusUnknown { raw: raw.clone() })),
        _ => None,
    }
}

/// Why the channel takes no invoice, if it does not.
fn not_open(facts: &Facts, bills: &[Bill<'_>], missing: &Bill<'_>, policy: &Policy, now: Instant) -> Option<End> {
    let order = &facts.order;
    let raw = || order.raw_status.clone();
    let ours =
        |package: &&Package| bills.iter().any(|bill| bill.shown.is_some_and(|known| std::ptr::eq(known, *package)));
    if let Some(foreign) = order.packages.iter().find(|package| !ours(package)) {
        return Some(End::Hold(Reason::InvoiceNotOurs { invoice: foreign.number.clone() }));
    }
    match (order.invoicing, order.readiness) {
        // Whether the XML alone moves the order there is not known.
        (Invoicing::Done, _) if order.packages.is_empty() && xml::is_sent(facts, missing) => None,
        (Invoicing::Done, _) => {
            Some(End::Hold(Reason::InvoicedWithoutOurs { raw: raw(), invoice: missing.number.clone() }))
        }
        (Invoicing::Open, _) => None,
        (Invoicing::ByPackage, _) => Some(End::Hold(Reason::OrderInPackages { said: None })),
        // It is taken over first.
        (Invoicing::NotYet, Readiness::Ready) => None,
        // It verifies an invoice that it does not show.
        (Invoicing::NotYet, _) if order.status == Status::Invoiced => {
            Some(End::Wait(Reason::BeingVerified { raw: raw() }))
        }
        (Invoicing::NotYet, Readiness::TakenOver) if order.packages.is_empty() => Some(match &facts.taken_over {
            Some(record) if record.state != State::Failed && !may_still_show(record, policy.settle_after, now) => {
                End::Hold(Reason::TakeOverNotShown { raw: raw(), since: record.intended_at })
            }
            _ => End::Wait(Reason::HandOverPending { raw: raw() }),
        }),
        (Invoicing::NotYet, _) => Some(End::Wait(Reason::NotReadyForInvoice { raw: raw() })),
    }
}

/// Every invoice is on the channel: is it content?
fn all_there(facts: &Facts, live: &[&Bill<'_>], policy: &Policy, now: Instant) -> End {
    let order = &facts.order;
    if order.invoicing == Invoicing::Done {
        return transmitted(order).unwrap_or(End::Done(Reason::InvoicedOnChannel));
    }
    let invoiced = invoiced(order);
    let raw = order.raw_status.clone();
    if invoiced == order.total {
        let last = live.iter().filter_map(|bill| facts.sent.get(&bill.invoice.key)).max_by_key(|sent| sent.intended_at);
        return match last {
            Some(sent) if !may_still_show(sent, policy.settle_after, now) => {
                End::Hold(Reason::NotVerified { raw, since: sent.intended_at })
            }
            _ => End::Wait(Reason::BeingVerified { raw }),
        };
    }
    let mut units = Units::of(order, &policy.skus);
    let whole = live.iter().all(|bill| units.take(bill.invoice).is_ok()) && units.is_used_up();
    match live.last() {
        Some(bill) if whole || invoiced > order.total => {
            End::Hold(Reason::InvoiceValue { invoice: bill.number.clone(), invoices: invoiced, order: order.total })
        }
        _ => End::Done(Reason::PartlyInvoiced { invoiced, order: order.total }),
    }
}

fn invoiced(order: &Order) -> Cents {
    order.packages.iter().map(|package| package.value).sum()
}

/// Whether the invoices together fit the order. When they do not, none is sent: one of them alone already keeps the order from
/// being cancelled.
fn together(order: &Order, live: &[&Bill<'_>], policy: &Policy) -> Result<(), Reason> {
    let mut units = Units::of(order, &policy.skus);
    for bill in live {
        units.take(bill.invoice)?;
    }
    let worth = live.iter().map(|bill| bill.package.map_or(bill.invoice.value, |package| package.value)).sum::<Cents>();
    let off = worth.checked_sub(order.total);
    let fits = off.is_some_and(|off| {
        off <= policy.value_tolerance && (!units.is_used_up() || off.abs() <= policy.value_tolerance)
    });
    match live.last() {
        Some(last) if !fits => {
            Err(Reason::InvoiceValue { invoice: last.number.clone(), invoices: worth, order: order.total })
        }
        _ => Ok(()),
    }
}

/// Whether one invoice covers the whole order: what the first covers would be all that the channel ever counts.
fn is_whole(order: &Order, live: &[&Bill<'_>], policy: &Policy) -> Result<(), Reason> {
    let mut units = Units::of(order, &policy.skus);
    for bill in live {
        units.take(bill.invoice)?;
    }
    match live {
        [_] if units.is_used_up() => Ok(()),
        _ => Err(Reason::OneInvoiceOnly { invoices: live.iter().map(|bill| bill.number.clone()).collect() }),
    }
}

/// What is to be sent, in the order the invoices were issued. One that waits or is unfit does not keep back the others: which one
/// completes the order is told by what was sent.
fn sends(facts: &Facts, live: &[&Bill<'_>], policy: &Policy) -> Decision {
    let order = &facts.order;
    if let Err(reason) = together(order, live, policy) {
        return Decision::none(End::Hold(reason));
    }
    if policy.one_invoice
        && let Err(reason) = is_whole(order, live, policy)
    {
        return Decision::none(End::Hold(reason));
    }
    let mut units = Units::of(order, &policy.skus);
    let mut actions = Vec::new();
    let mut end = End::Done(Reason::InvoicedOnChannel);
    let mut invoiced = live.iter().filter_map(|bill| bill.package).map(|package| package.value).sum();
    for bill in live.iter().filter(|bill| bill.package.is_some()) {
        if let Err(reason) = units.take(bill.invoice) {
            return Decision::none(End::Hold(reason));
        }
    }
    for bill in live.iter().filter(|bill| bill.package.is_none()) {
        match send(facts, bill, &mut units, invoiced, policy) {
            Ok(sends) => {
                for action in sends {
                    if let Action::Send { invoice, .. } = &action {
                        invoiced = [invoiced, invoice.value].into_iter().sum();
                    }
                    actions.push(action);
                }
            }
            Err(other) => end = end.or_worse(other),
        }
    }
    if order.invoicing == Invoicing::NotYet && !actions.is_empty() {
        actions.insert(0, Action::TakeOver);
    }
    if end == End::Done(Reason::InvoicedOnChannel) && invoiced < order.total {
        end = End::Done(Reason::PartlyInvoiced { invoiced, order: order.total });
    }
    Decision { actions, end }
}

/// An invoice as it is to be sent, after its XML where that goes apart; or why it is not.
fn send(
    facts: &Facts,
    bill: &Bill<'_>,
    units: &mut Units,
    invoiced: Cents,
    policy: &Policy,
) -> Result<Vec<Action>, End> {
    let (order, invoice) = (&facts.order, bill.invoice);
    let file = facts.files.get(&invoice.key).map(Vec::as_slice);
    let tracking = tracking(facts, invoice);
    let missing: Vec<String> = policy
        .requires(order)
        .filter(|field| !has(*field, invoice, file.is_some(), tracking.as_ref()))
        .map(|field| field.code().to_owned())
        .collect();
    if !missing.is_empty() {
        let of = format!("invoice {}", bill.number);
        return Err(End::Wait(Reason::MissingField { of, fields: missing }));
    }
    let filed = preflight(invoice, file, order, policy).map_err(End::Hold)?;
    // What is not sent covers nothing.
    let mut covered = units.clone();
    let items = covered.take(invoice).map_err(End::Hold)?;
    let value = value(bill, order, invoiced, covered.is_used_up(), policy).map_err(End::Hold)?;
    *units = covered;
    let wants_tracking =
        policy.requires(order).any(|field| matches!(field, Field::Tracking | Field::TrackingUrl | Field::Carrier));
    let xml = filed.xml.filter(|_| policy.sends_xml(order));
    let (with_it, apart) = if policy.xml_apart { (None, xml) } else { (xml, None) };
    let before = apart.and_then(|xml| xml::before(facts, bill, &xml));
    let invoice = InvoiceToSend {
        number: bill.number.clone(),
        key: invoice.key.clone(),
        issued_at: invoice.issued_at,
        value,
        url: invoice.url.clone(),
        xml: with_it,
        fiscal: filed.fiscal,
        items,
        tracking: tracking.filter(|_| wants_tracking),
    };
    let send = Action::Send { invoice: Box::new(invoice), worth: bill.invoice.value };
    Ok(before.into_iter().chain([send]).collect())
}

/// What an invoice goes out with. VTEX counts an order as invoiced when its invoices come to its value exactly, so the one that
/// completes it takes what remains, if that is its own value but for the tolerance; the others take their own.
fn value(bill: &Bill<'_>, order: &Order, invoiced: Cents, completes: bool, policy: &Policy) -> Result<Cents, Reason> {
    let own = bill.invoice.value;
    let with_it = invoiced.checked_add(own);
    let differs = || Reason::InvoiceValue {
        invoice: bill.number.clone(),
        invoices: with_it.unwrap_or(invoiced),
        order: order.total,
    };
    let remains = order.total.checked_sub(invoiced).filter(|remains| *remains > Cents::ZERO).ok_or_else(differs)?;
    let off = own.checked_sub(remains).ok_or_else(differs)?;
    match completes {
        true if off.abs() <= policy.value_tolerance => Ok(remains),
        false if off < Cents::ZERO && own > Cents::ZERO => Ok(own),
        _ => Err(differs()),
    }
}

fn has(field: Field, invoice: &Invoice, has_file: bool, tracking: Option<&Tracking>) -> bool {
    match field {
        Field::Number => invoice.number > 0,
        Field::Series => !invoice.series.is_empty(),
        Field::Key => !invoice.key.is_empty(),
        Field::Date => true,
        Field::Value => invoice.value > Cents::ZERO,
        Field::Xml => has_file,
        Field::Link => invoice.url.is_some(),
        Field::Tracking => tracking.is_some_and(|tracking| !tracking.code.is_empty()),
        Field::TrackingUrl => tracking.is_some_and(|tracking| tracking.url.is_some()),
        Field::Carrier => tracking.is_some_and(|tracking| tracking.carrier.is_some()),
    }
}

/// The tracking of the invoice's parcel, for channels that want it with the invoice. None while it is not sure which parcel that is.
fn tracking(facts: &Facts, invoice: &Invoice) -> Option<Tracking> {
    let parcels = parcels_of(invoice, &facts.outgoing, facts.outgoing.live_invoices().count()).ok()?;
    let parcel = main_of(&parcels)?;
    Some(Tracking {
        code: code_of(parcel).unwrap_or_default(),
        url: url_of(parcel),
        carrier: carrier_of(parcel),
        dispatched_at: parcel.shipped_at,
        promised_at: facts.order.delivery.promised_at,
    })
}

/// Runs the pass.
pub async fn run(pass: &Pass<'_>) {
    let policy = Policy::of(pass.config, pass.channel.requirements(), pass.channel.xml());
    let warned = std::cell::Cell::new(!policy.issuers.is_empty());
    pushing::run(pass, async |visit| one(visit, &policy, &warned).await).await;
}

/// Reads both sides, decides, carries out the first action, reads again, until nothing is left to do.
async fn one(visit: Visit<'_>, policy: &Policy, warned: &std::cell::Cell<bool>) -> Result<(), Trouble> {
    let pass = visit.pass;
    let Some(outgoing) = visit.read_erp().await? else { return Ok(()) };
    let digest = outgoing.digest_of_invoices();
    // Beside its invoices, only a channel with status steps would have to be told of the order.
    if outgoing.invoices.is_empty() && pass.channel.status_steps().is_empty() || visit.was_done_with(&digest) {
        return Ok(visit.conclude_with(End::Done(Reason::NothingToSend), None, &[], Some(&digest))?);
    }
    let files = files(&visit, &outgoing).await?;
    let Some(mut order) = visit.read_channel().await? else { return Ok(()) };
    let (mut done, mut is_first) = (Done::default(), true);
    loop {
        let (sent, xml) = (sent(&visit, SEND_INVOICE, &outgoing)?, sent(&visit, SEND_XML, &outgoing)?);
        let taken_over = visit.journal(TAKE_OVER, "")?;
        let facts = Facts { order, outgoing: outgoing.clone(), files: files.clone(), sent, xml, taken_over };
        note_found(&visit, &facts, policy)?;
        let decision = plan(&facts, policy, pass.clock.now());
        let Some(action) = decision.actions.first() else {
            return Ok(done.conclude(&visit, decision.end, &digest)?);
        };
        if !warned.replace(true) {
            pass.warn(&Warning::AnyIssuer { channel: pass.channel.name().clone() });
        }
        match is_first.then(|| pass.permit(&visit.row.id, || decision.planned(&facts, pass.store))) {
            None if pass.permits_next(&visit.row.id, &action.told(pass.store)) => {}
            None => {
                // What was done is told, and that the rest was not.
                done.conclude(&visit, End::Wait(Reason::PlanOver), &digest)?;
                pass.failed(visit.row, Reason::PlanOver);
                return Ok(());
            }
            Some(Permit::Given) => {}
            Some(Permit::OnlyTold) => {
                decision.actions.iter().for_each(|action| done.add(action));
                return Ok(done.conclude(&visit, decision.end, &digest)?);
            }
            Some(Permit::Refused(reason)) => return Ok(pass.refuse(visit.row, reason)?),
        }
        is_first = false;
        order = match apply(&visit, &mut done, action, &facts).await? {
            Applied::Go(order) => *order,
            Applied::End(end) => return Ok(done.conclude(&visit, end, &digest)?),
            Applied::Concluded => return Ok(()),
        };
    }
}

/// What was done in a visit.
#[derive(Default)]
struct Done {
    actions: Vec<&'static str>,
    numbers: Vec<String>,
    sent: Cents,
    worth: Cents,
}

impl Done {
    fn add(&mut self, action: &Action) {
        self.actions.push(action.name());
        if let Action::Send { invoice, worth } = action {
            self.numbers.push(invoice.number.clone());
            self.sent = [self.sent, invoice.value].into_iter().sum();
            self.worth = [self.worth, *worth].into_iter().sum();
        }
    }

    fn conclude(self, visit: &Visit<'_>, end: End, digest: &str) -> rusqlite::Result<()> {
        let told = (!self.numbers.is_empty()).then_some(Reason::InvoicesSent {
            invoices: self.numbers,
            sent: self.sent,
            worth: self.worth,
        });
        visit.conclude_with(end, told, &self.actions, Some(digest))
    }
}

async fn files(visit: &Visit<'_>, outgoing: &Outgoing) -> Result<BTreeMap<String, Vec<u8>>, Trouble> {
    let mut files = BTreeMap::new();
    for invoice in outgoing.live_invoices() {
        if let Some(xml) = visit.pass.erp.invoice_xml(&invoice.key).await? {
            files.insert(invoice.key.clone(), xml);
        }
    }
    Ok(files)
}

fn sent(visit: &Visit<'_>, action: &'static str, outgoing: &Outgoing) -> rusqlite::Result<BTreeMap<String, Record>> {
    let mut sent = BTreeMap::new();
    for invoice in &outgoing.invoices {
        if let Some(record) = visit.journal(action, &invoice.key)? {
            sent.insert(invoice.key.clone(), record);
        }
    }
    Ok(sent)
}

/// Settles in the journal what a reading shows: an invoice of which it was not known whether it arrived did.
fn note_found(visit: &Visit<'_>, facts: &Facts, policy: &Policy) -> rusqlite::Result<()> {
    for invoice in &facts.outgoing.invoices {
        let is_open = facts.sent.get(&invoice.key).is_some_and(|record| record.state != State::Done);
        if is_open && counted(&facts.order, &invoice.key, &number(invoice, policy.number_format)).is_some() {
            visit.found(SEND_INVOICE, &invoice.key)?;
        }
    }
    Ok(())
}

enum Applied {
    /// Go on from this reading.
    Go(Box<Order>),
    /// It ends here.
    End(End),
    /// It was concluded.
    Concluded,
}

/// Carries out an action and reads the order again.
async fn apply(visit: &Visit<'_>, done: &mut Done, action: &Action, facts: &Facts) -> Result<Applied, Trouble> {
    let again = |order: Option<Order>| order.map_or(Applied::Concluded, |order| Applied::Go(Box::new(order)));
    match action {
        Action::TakeOver if done.actions.contains(&TAKE_OVER) => {
            Ok(Applied::End(End::Wait(Reason::HandOverPending { raw: facts.order.raw_status.clone() })))
        }
        Action::TakeOver => {
            if let Some(reason) = take_over::apply(visit.pass, visit.row).await? {
                return Ok(Applied::End(End::Hold(reason)));
            }
            done.add(action);
            let is_open = |order: &Order| order.invoicing == Invoicing::Open || order.status != Status::Paid;
            Ok(again(visit.look_for(is_open).await?))
        }
        // Before it is noted as about to be sent: a reading that fails must not stand as the outcome of a try that may have arrived.
        Action::SendXml { key, again: true, .. } if visit.pass.channel.has_xml(&visit.row.id, key).await? => {
            visit.found(SEND_XML, key)?;
            done.add(action);
            Ok(again(visit.read_channel().await?))
        }
        Action::SendXml { number, key, xml, .. } => {
            let call = visit.pass.channel.send_xml(&visit.row.id, xml);
            let taken = visit.send(SEND_XML, key, &format!("accepted for {number}"), call).await?;
            let is_late = counted(&facts.order, key, number).is_some();
            match taken {
                Taken::Accepted => done.add(action),
                Taken::Enough => {
                    done.add(action);
                    let (channel, order) = (visit.row.channel.clone(), visit.row.id.clone());
                    visit.pass.warn(&Warning::XmlLimit { channel, order, invoice: number.clone() });
                }
                Taken::NotYet(_) if is_late => {
                    return Ok(Applied::End(xml::due(facts, key, number, visit.pass.clock.now())));
                }
                Taken::NotYet(_) => {}
                Taken::Unknown => {
                    return Ok(Applied::End(End::Hold(Reason::OutcomeUnknown { action: SEND_XML.into() })));
                }
                Taken::Refused(reason) => {
                    let order = visit.read_channel().await?;
                    let is_explained = order.as_ref().is_none_or(|order| at_odds(order).is_some());
                    return Ok(if is_explained { again(order) } else { Applied::End(End::Park(reason)) });
                }
            }
            // It may have moved the order.
            Ok(again(visit.read_channel().await?))
        }
        Action::Send { invoice, .. } => {
            let call = visit.pass.channel.send_invoice(&visit.row.id, invoice);
            let shows = |order: &Order| counted(order, &invoice.key, &invoice.number).is_some();
            let mut is_unsure = false;
            match visit.send(SEND_INVOICE, &invoice.key, &format!("accepted as {}", invoice.number), call).await? {
                Taken::Accepted | Taken::Enough => done.add(action),
                Taken::Unknown => is_unsure = true,
                // It may be refused because it is there, or because the order was cancelled meanwhile: the plan sees both.
                Taken::Refused(reason) | Taken::NotYet(reason) => {
                    let Some(order) = visit.read_channel().await? else { return Ok(Applied::Concluded) };
                    let explained = shows(&order) || at_odds(&order).is_some();
                    return Ok(match explained {
                        true => Applied::Go(Box::new(order)),
                        false => Applied::End(End::Park(reason)),
                    });
                }
            }
            let found = visit.look_for(shows).await?;
            if found.as_ref().is_some_and(shows) && !done.numbers.contains(&invoice.number) {
                done.add(action);
            }
            match found {
                // However little time it is given to show: not again in this visit, or there would be no end to it.
                Some(order) if is_unsure && !shows(&order) && at_odds(&order).is_none() => {
                    Ok(Applied::End(End::Hold(Reason::OutcomeUnknown { action: SEND_INVOICE.into() })))
                }
                found => Ok(again(found)),
            }
        }
    }
}
