//! push-tracking: every parcel's tracking code, address and carrier stand on the right invoice on the channel, its way is told
//! there, and its delivery with the carrier's own date and time, once it is one.
//!
//! What the channel shows is compared first, and only what differs is sent: a change mails the customer. A parcel that was refused
//! or came back is never told as delivered.

pub(super) mod parcels;
#[cfg(test)]
mod tests;
mod way;

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};

use self::parcels::{carrier_of, code_of, main_of, parcels_of, url_of};
use self::way::{Word, last_word, shows, steps};
use super::permit::{Permit, both_sides, seal};
use super::push_invoices::{SEND_XML, counted, number};
use super::pushing::{self, End, PATIENCE, Taken, Visit, may_still_show, transmitted};
use super::{Pass, Trouble};
use crate::channel::outgoing::{Requirements, Tracking, Way};
use crate::config::{ChannelConfig, CollectionOrder, NumberFormat};
use crate::erp::outgoing::{DeliveryEvent, Invoice, Outgoing, Parcel};
use crate::lang::word;
use crate::model::{Instant, Order, Package, Status, Transmission, calendar};
use crate::plan::{Planned, act};
use crate::reason::Reason;
use crate::report::Warning;
use crate::store::Store;
use crate::store::journal::State;
use crate::store::outgoing::Record;

/// The actions' names in journal and reports.
pub const SEND_TRACKING: &str = "send_tracking";
/// See [`SEND_TRACKING`].
pub const SEND_WAY: &str = "send_tracking_events";

/// What a channel that hears of the end alone is told of the dispatch must be so long before it: marketplaces refuse a delivery that
/// is not after its dispatch.
const ON_ITS_WAY: chrono::TimeDelta = chrono::TimeDelta::minutes(1);

/// A date of delivery further ahead than this is a mistake, not a clock that differs.
const AHEAD: chrono::TimeDelta = chrono::TimeDelta::days(1);

/// For how long after a delivery was told it is looked whether the marketplace took it.
const DELIVERY_PATIENCE: TimeDelta = TimeDelta::hours(1);

/// What the configuration says about tracking.
#[derive(Clone, Debug)]
pub struct Policy {
    /// What becomes of a collection order.
    pub collection_order: CollectionOrder,
    /// Whether it already counts as handed to the carrier.
    pub dispatch_on_collection_order: bool,
    /// Whether a parcel without tracking code goes by its invoice's number.
    pub invoice_number_as_code: bool,
    /// What an invoice is called on the channel.
    pub number_format: NumberFormat,
    /// How long something sent may take to show.
    pub settle_after: Duration,
    /// The channel wants a carrier beside every tracking code.
    pub carrier: bool,
    /// It hears of the steps of a parcel's way, and not only of its end.
    pub steps: bool,
    /// An order that is delivered takes no tracking any more.
    pub forward_only: bool,
}

impl Policy {
    /// The part of a channel's configuration that matters here.
    pub fn of(config: &ChannelConfig, requirements: Requirements) -> Self {
        Self {
            collection_order: config.tracking.collection_order,
            dispatch_on_collection_order: config.tracking.dispatch_on_collection_order,
            invoice_number_as_code: config.tracking.invoice_number_as_code,
            number_format: config.invoices.number_format,
            settle_after: config.invoices.settle_after.0,
            carrier: requirements.carrier,
            steps: requirements.steps,
            forward_only: requirements.forward_only,
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
    /// What the journal says of having sent it, by action and the invoice's number on the channel.
    pub sent: BTreeMap<(&'static str, String), Record>,
    /// The invoice whose XML the marketplace has not taken yet.
    pub xml_due: Option<String>,
}

/// A side effect on the outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Set the tracking of an invoice.
    SendTracking {
        /// Its number on the channel.
        invoice: String,
        /// What to set.
        tracking: Tracking,
    },
    /// Tell a parcel's way, and its delivery.
    SendWay {
        /// The invoice's number on the channel.
        invoice: String,
        /// All of it.
        way: Way,
        /// Whether it was delivered with remarks of the carrier.
        with_remarks: bool,
    },
}

impl Action {
    /// Its name in journal and reports.
    pub fn name(&self) -> &'static str {
        match self {
            Self::SendTracking { .. } => SEND_TRACKING,
            Self::SendWay { .. } => SEND_WAY,
        }
    }

    /// The invoice it is about.
    pub fn invoice(&self) -> &str {
        match self {
            Self::SendTracking { invoice, .. } | Self::SendWay { invoice, .. } => invoice,
        }
    }

    /// What is sent, for the journal: a later run compares it with what it would send.
    fn content(&self) -> String {
        match self {
            Self::SendTracking { tracking, .. } => tracking_content(tracking),
            Self::SendWay { way, .. } => way_content(way),
        }
    }

    /// As a plan tells it.
    fn told(&self, store: &Store) -> Value {
        let with = match self {
            Self::SendTracking { invoice, tracking } => {
                json!({ "invoice": invoice, "code": tracking.code, "content": seal(store, tracking) })
            }
            Self::SendWay { invoice, way, .. } => json!({
                "invoice": invoice,
                "delivered_at": way.delivered_at,
                "content": seal(store, way),
            }),
        };
        act(self.name(), with)
    }
}

fn tracking_content(tracking: &Tracking) -> String {
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
    format!("accepted {} {} {}", tracking.code, or_none(&tracking.carrier), or_none(&tracking.url))
}

fn way_content(way: &Way) -> String {
    let steps = way.steps.iter().map(|step| format!("{} {}", step.day, step.description)).collect::<Vec<_>>();
    let delivered = way.delivered_at.map_or_else(|| "on its way".into(), calendar::local_text);
    format!("accepted {}; {delivered}", steps.join(", "))
}

/// What is to be done about an order, and how that ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What to do, in this order.
    pub actions: Vec<Action>,
    /// How it stands then.
    pub end: End,
    /// Invoices with more parcels than the channel has room for.
    pub more_parcels: Vec<String>,
    /// The channel shows all there is to tell, whether or not it got any further.
    pub in_step: bool,
}

impl Decision {
    /// As a dry run tells it.
    fn planned(&self, facts: &Facts, store: &Store) -> Planned {
        let mut rests_on = both_sides(store, &facts.order, Some(&facts.outgoing.order));
        let outgoing = &facts.outgoing;
        rests_on.insert("outgoing".into(), seal(store, &(&outgoing.invoices, &outgoing.parcels, &outgoing.events)));
        rests_on.insert("journal".into(), seal(store, &(&facts.sent, &facts.xml_due)));
        Planned { actions: self.actions.iter().map(|action| action.told(store)).collect(), facts: rests_on }
    }
}

/// Decides on an order. Pure: the same facts, policy and time give the same decision.
pub fn plan(facts: &Facts, policy: &Policy, now: Instant) -> Decision {
    let mut decision = Decision {
        actions: Vec::new(),
        end: End::Done(Reason::TrackingInStep),
        more_parcels: Vec::new(),
        in_step: false,
    };
    if let Some(end) = silent(&facts.order) {
        decision.end = end;
        return decision;
    }
    let invoices: Vec<&Invoice> = facts.outgoing.live_invoices().collect();
    if invoices.is_empty() {
        decision.end = End::Wait(no_invoice());
        return decision;
    }
    for invoice in &invoices {
        let parcels = match parcels_of(invoice, &facts.outgoing, invoices.len()) {
            Ok(parcels) => parcels,
            Err(reason) => {
                decision.end = decision.end.or_worse(End::Wait(reason));
                continue;
            }
        };
        let Some(main) = main_of(&parcels) else {
            decision.end = decision.end.or_worse(without_parcel(invoice, &facts.outgoing.events));
            continue;
        };
        if parcels.iter().filter(|parcel| parcel.tracking_code.is_some()).count() > 1 {
            decision.more_parcels.push(number(invoice, policy.number_format));
        }
        let one = Dispatch { facts, policy, now, invoice, parcels: &parcels, main };
        let end = one.plan(&mut decision.actions);
        decision.end = decision.end.or_worse(end);
    }
    decision.in_step = decision.actions.is_empty() && decision.end == End::Done(Reason::TrackingInStep);
    let on_its_way = || delivery_is_on_its_way(facts, now).then_some(End::Wait(Reason::TransmissionPending));
    if let Some(end) = transmitted(&facts.order).or_else(on_its_way).filter(|_| decision.actions.is_empty()) {
        decision.end = decision.end.or_worse(match (&facts.xml_due, end) {
            // Without it the marketplace refuses whatever it is told; the XML is push-invoices' business.
            (Some(invoice), End::Hold(_)) => End::Wait(Reason::XmlDue { invoice: invoice.clone() }),
            (_, end) => end,
        });
    }
    decision
}

/// Whether the marketplace may yet refuse a delivery that it was told of through the hub. Some are never told, or never say: they
/// are not waited for.
fn delivery_is_on_its_way(facts: &Facts, now: Instant) -> bool {
    let is_recent = |record: &Record| now.signed_duration_since(record.intended_at) < DELIVERY_PATIENCE;
    facts.order.status == Status::Delivered
        && facts.order.transmission == Transmission::Pending
        && facts.sent.iter().any(|((action, _), record)| *action == SEND_WAY && is_recent(record))
}

/// How it ends for an invoice of which no parcel is known: carriers may refuse to deliver it all the same.
fn without_parcel(invoice: &Invoice, events: &[DeliveryEvent]) -> End {
    match last_word(&Parcel::default(), invoice, events) {
        Some(word) if !word.is_delivery() => End::Hold(word.complaint()),
        _ => End::Done(Reason::TrackingInStep),
    }
}

/// Why nothing is told of an order's parcels, whatever there is to tell. A conflict with the invoice is held by the passes it
/// belongs to; writing into an open request to cancel has left orders stuck for good.
fn silent(order: &Order) -> Option<End> {
    let raw = || order.raw_status.clone();
    match &order.status {
        Status::Cancelled => Some(End::Done(Reason::CancelledOnChannel { raw: raw() })),
        Status::CancellationRequested => Some(End::Wait(Reason::CancellationAgainstInvoice { raw: raw() })),
        Status::Unknown(raw) => Some(End::Hold(Reason::StatusUnknown { raw: raw.clone() })),
        _ => None,
    }
}

fn no_invoice() -> Reason {
    Reason::MissingField { of: "its parcels".into(), fields: vec!["invoice".into()] }
}

/// An invoice with the parcels that carry it.
struct Dispatch<'a> {
    facts: &'a Facts,
    policy: &'a Policy,
    now: Instant,
    invoice: &'a Invoice,
    parcels: &'a [&'a Parcel],
    /// The one whose tracking code the channel gets.
    main: &'a Parcel,
}

impl Dispatch<'_> {
    /// Adds what is to be sent, and gives how it ends.
    fn plan(&self, actions: &mut Vec<Action>) -> End {
        let name = |invoice| number(invoice, self.policy.number_format);
        let number = name(self.invoice);
        // A package without a key goes by its number, where only one invoice has it.
        let is_sole = self.facts.outgoing.live_invoices().filter(|invoice| name(invoice) == number).count() == 1;
        let package = counted(&self.facts.order, &self.invoice.key, &number);
        let Some(package) = package.filter(|package| package.key.is_some() || is_sole) else {
            return End::Wait(Reason::InvoiceNotOnChannel { invoice: number });
        };
        if self.policy.forward_only && self.facts.order.status == Status::Delivered {
            return self.after_delivery();
        }
        let (tracking, end) = self.tracking(package);
        let has_code = package.tracking_number.is_some() || tracking.is_some();
        actions.extend(tracking);
        if package.delivered {
            return end.or_worse(self.after_delivery());
        }
        let (way, way_end) = self.way(package);
        match way {
            Some(way) if has_code => {
                actions.push(way);
                end.or_worse(way_end)
            }
            _ => end.or_worse(way_end),
        }
    }

    fn missing(&self, field: &str) -> Reason {
        let of = format!("the parcel of invoice {}", self.invoice.number);
        Reason::MissingField { of, fields: vec![field.to_owned()] }
    }

    /// The parcel's code: the ERP's, or one that stands in for it.
    fn code(&self, package: &Package) -> Option<String> {
        code_of(self.main).or_else(|| self.policy.invoice_number_as_code.then(|| package.number.clone()))
    }

    /// The tracking of the parcel with this code. The call overwrites all there is: of the same parcel, what the ERP does not know
    /// goes out as the channel has it.
    fn tracking_of(&self, package: &Package, code: String) -> Tracking {
        let known = Some(package).filter(|package| package.tracking_number.as_ref() == Some(&code));
        // A channel that hears of the end alone must be told of a dispatch; it is none after the delivery.
        let delivered = self.delivery().0.map(|word| word.at - self.on_its_way());
        // A collection order is dated when it was seen, at the latest.
        let dispatched = self.dispatched(self.main).map(|at| delivered.map_or(at, |delivered| at.min(delivered)));
        Tracking {
            code,
            url: url_of(self.main).or_else(|| known.and_then(|package| package.tracking_url.clone())),
            carrier: carrier_of(self.main).or_else(|| known.and_then(|package| package.courier.clone())),
            dispatched_at: dispatched.or(delivered.filter(|_| !self.policy.steps)),
            promised_at: self.facts.order.delivery.promised_at,
        }
    }

    /// When the carrier had a parcel: on the day of its invoice not before that.
    fn dispatched(&self, parcel: &Parcel) -> Option<Instant> {
        let listed =
            parcel.collection_order_at.filter(|at| self.policy.dispatch_on_collection_order && *at <= self.now);
        parcel.shipped_at.or(listed).map(|at| not_before(at, self.invoice.issued_at))
    }

    /// How long a parcel is on its way at least, as the channel is told.
    fn on_its_way(&self) -> chrono::TimeDelta {
        if self.policy.steps { chrono::TimeDelta::zero() } else { ON_ITS_WAY }
    }

    /// The tracking to set, if the channel shows another.
    fn tracking(&self, package: &Package) -> (Option<Action>, End) {
        let done = End::Done(Reason::TrackingInStep);
        let is_sent = counts_as_sent(&self.facts.order, self.policy);
        // Set by somebody else, it serves as well.
        let shown = || package.tracking_number.clone().filter(|_| !is_sent && self.dispatched(self.main).is_some());
        let Some(code) = self.code(package).or_else(shown) else {
            let moved_at = self.dispatched(self.main).or_else(|| Some(self.last_word(self.main)?.at));
            return (
                None,
                match package.tracking_number {
                    Some(_) => done,
                    // It will hardly come any more, and nothing else of the parcel is told without it.
                    None if moved_at.is_some_and(|at| self.now - at > PATIENCE) => {
                        End::Hold(self.missing("tracking_code"))
                    }
                    None => End::Wait(self.missing("tracking_code")),
                },
            );
        };
        let tracking = self.tracking_of(package, code);
        if self.policy.carrier && tracking.carrier.is_none() {
            return (None, End::Wait(self.missing("carrier")));
        }
        let shown = (&package.tracking_number, &package.tracking_url, &package.courier);
        if is_sent && shown == (&Some(tracking.code.clone()), &tracking.url, &tracking.carrier) {
            return (None, done);
        }
        match self.accepted(SEND_TRACKING, &package.number, &tracking_content(&tracking)) {
            Some(true) => (None, End::Wait(Reason::TrackingPending { invoice: package.number.clone() })),
            Some(false) => (None, End::Hold(Reason::TrackingNotTaken { invoice: package.number.clone() })),
            None => (Some(Action::SendTracking { invoice: package.number.clone(), tracking }), done),
        }
    }

    /// Whether this very content was accepted before, and if so whether it may still show.
    fn accepted(&self, action: &'static str, invoice: &str, content: &str) -> Option<bool> {
        let record = self.facts.sent.get(&(action, invoice.to_owned()))?;
        let is_it = record.state == State::Done && record.answer.as_deref() == Some(content);
        is_it.then(|| may_still_show(record, self.policy.settle_after, self.now))
    }

    /// The way to tell, if the channel does not show all of it.
    fn way(&self, package: &Package) -> (Option<Action>, End) {
        let (delivered, end) = self.delivery();
        let place = self.facts.order.delivery.address.as_ref();
        let place = place.map(|address| (address.city.clone(), address.state.clone()));
        let with_remarks = delivered.is_some_and(|word| word.with_remarks);
        if delivered.is_none() && !self.policy.steps {
            return (None, end);
        }
        // A channel that hears of the end alone would be waited for to show what it was never told.
        let told = self.policy.steps.then(|| steps(self.main, delivered, self.policy.collection_order, place));
        let way = Way {
            steps: told.unwrap_or_default(),
            delivered_at: delivered.map(|word| word.at),
            tracking: self
                .code(package)
                .or_else(|| package.tracking_number.clone())
                .map(|code| self.tracking_of(package, code)),
        };
        if way.delivered_at.is_none() && way.steps.iter().all(|step| shows(package, step)) {
            return (None, end);
        }
        match self.accepted(SEND_WAY, &package.number, &way_content(&way)) {
            // Its steps may be shown in other words; a delivery must be seen.
            Some(_) if way.delivered_at.is_none() => (None, end),
            Some(true) => (None, End::Wait(Reason::TrackingPending { invoice: package.number.clone() })),
            Some(false) => (None, End::Hold(Reason::TrackingNotTaken { invoice: package.number.clone() })),
            None => (Some(Action::SendWay { invoice: package.number.clone(), way, with_remarks }), end),
        }
    }

    fn last_word(&self, parcel: &Parcel) -> Option<Word<'_>> {
        last_word(parcel, self.invoice, &self.facts.outgoing.events)
    }

    /// The delivery to tell: once every parcel is with the customer, by the last word on each, at the time of the last.
    fn delivery(&self) -> (Option<Word<'_>>, End) {
        let done = End::Done(Reason::TrackingInStep);
        let words: Vec<Option<Word<'_>>> = self.parcels.iter().map(|parcel| self.last_word(parcel)).collect();
        if let Some(word) = words.iter().flatten().find(|word| !word.is_delivery()) {
            return (None, End::Hold(word.complaint()));
        }
        let with_remarks = words.iter().flatten().any(|word| word.with_remarks);
        let Some(last) = words
            .iter()
            .copied()
            .collect::<Option<Vec<_>>>()
            .and_then(|all| all.into_iter().max_by_key(|word| word.at))
        else {
            return (None, done);
        };
        let at = last.at;
        let wrong = |problem: &str| (None, End::Hold(Reason::DeliveryDate { at, problem: problem.into() }));
        if calendar::local_date(at) < calendar::local_date(self.invoice.issued_at) {
            return wrong(word!("is before its invoice was issued" | "é anterior à emissão da nota"));
        }
        if self.parcels.iter().filter_map(|parcel| parcel.shipped_at).any(|shipped| is_before(at, shipped)) {
            return wrong(word!("is before the carrier had it" | "é anterior à entrega à transportadora"));
        }
        if at - self.now > AHEAD {
            return wrong(word!("is far ahead" | "está longe no futuro"));
        }
        // It was not before the carrier had it, nor before its invoice.
        let before = self.parcels.iter().filter_map(|parcel| self.dispatched(parcel)).chain([self.invoice.issued_at]);
        let at = before.map(|before| not_before(at, before + self.on_its_way())).fold(at, Instant::max);
        if at > self.now {
            return (None, End::Wait(Reason::DeliveryAhead { at }));
        }
        (Some(last.remarked(with_remarks).dated(at)), done)
    }

    /// The channel was told of the delivery; a later word against it is for a person.
    fn after_delivery(&self) -> End {
        match self.parcels.iter().filter_map(|parcel| self.last_word(parcel)).find(|word| !word.is_delivery()) {
            Some(word) => End::Hold(word.complaint()),
            None => End::Done(Reason::TrackingInStep),
        }
    }
}

/// Whether the channel has the order as sent. Where an order only goes forward, being told its tracking is what sends it; a marketplace
/// that prints the label may show that before.
fn counts_as_sent(order: &Order, policy: &Policy) -> bool {
    !policy.forward_only || order.status.rank().is_none_or(|rank| Some(rank) >= Status::Shipped.rank())
}

/// Whether a delivery was before the dispatch. Without an hour it is dated at the beginning of its day, and may be later on it.
fn is_before(delivered: Instant, shipped: Instant) -> bool {
    match has_no_hour(delivered) {
        true => calendar::local_date(delivered) < calendar::local_date(shipped),
        false => delivered < shipped,
    }
}

/// A date that comes after another. Without an hour it is dated at the beginning of its day, and on the same day was later than that.
fn not_before(at: Instant, other: Instant) -> Instant {
    let is_same_day = calendar::local_date(at) == calendar::local_date(other);
    if has_no_hour(at) && is_same_day { at.max(other) } else { at }
}

fn has_no_hour(at: Instant) -> bool {
    at == calendar::start_of_day(calendar::local_date(at))
}

/// Runs the pass.
pub async fn run(pass: &Pass<'_>) {
    let policy = Policy::of(pass.config, pass.channel.requirements());
    pushing::run(pass, async |visit| one(visit, &policy).await).await;
}

/// Reads both sides, decides, carries out the first action, reads again, until nothing is left to do.
async fn one(visit: Visit<'_>, policy: &Policy) -> Result<(), Trouble> {
    let pass = visit.pass;
    let Some(outgoing) = visit.read_erp().await? else { return Ok(()) };
    let digest = outgoing.digest();
    if let Some(problem) = outgoing.parcels_unread.clone().filter(|_| outgoing.order.status != Status::Cancelled) {
        return Ok(visit.conclude(End::Hold(Reason::CallFailed { message: problem }), None, &[])?);
    }
    let has_invoice = outgoing.live_invoices().next().is_some();
    let has_news = !outgoing.parcels.is_empty() || has_invoice && !outgoing.events.is_empty();
    if !has_news || visit.was_done_with(&digest) {
        return Ok(visit.conclude_with(End::Done(Reason::NothingToSend), None, &[], Some(&digest))?);
    }
    // A person cancelled the sale there and is asked what is to become of it, whatever became of its parcels.
    if outgoing.order.status == Status::Cancelled {
        return Ok(visit.conclude(End::Done(Reason::CancelledInErp), None, &[])?);
    }
    if !has_invoice {
        return Ok(visit.conclude(End::Wait(no_invoice()), None, &[])?);
    }
    let Some(mut order) = visit.read_channel().await? else { return Ok(()) };
    let (mut done, mut is_first) = (Vec::new(), true);
    loop {
        let (sent, xml_due) = (sent(&visit, &order)?, xml_due(&visit, &outgoing)?);
        let facts = Facts { order, outgoing: outgoing.clone(), sent, xml_due };
        let decision = plan(&facts, policy, pass.clock.now());
        let Some(action) = decision.actions.first() else {
            note_found(&visit, &facts, &decision)?;
            return Ok(conclude(&visit, done, decision.end, &digest)?);
        };
        for invoice in decision.more_parcels.iter().filter(|_| done.is_empty()) {
            let (channel, order) = (visit.row.channel.clone(), visit.row.id.clone());
            pass.warn(&Warning::MoreParcels { channel, order, invoice: invoice.clone() });
        }
        match is_first.then(|| pass.permit(&visit.row.id, || decision.planned(&facts, pass.store))) {
            None if pass.permits_next(&visit.row.id, &action.told(pass.store)) => {}
            None => {
                // What was done is told, and that the rest was not.
                conclude(&visit, done, End::Wait(Reason::PlanOver), &digest)?;
                pass.failed(visit.row, Reason::PlanOver);
                return Ok(());
            }
            Some(Permit::Given) => {}
            Some(Permit::OnlyTold) => return Ok(conclude(&visit, decision.actions, decision.end, &digest)?),
            Some(Permit::Refused(reason)) => return Ok(pass.refuse(visit.row, reason)?),
        }
        is_first = false;
        order = match apply(&visit, &mut done, action, policy).await? {
            Applied::Go(order) => *order,
            Applied::End(end) => return Ok(conclude(&visit, done, end, &digest)?),
            Applied::Concluded => return Ok(()),
        };
    }
}

fn sent(visit: &Visit<'_>, order: &Order) -> rusqlite::Result<BTreeMap<(&'static str, String), Record>> {
    let mut sent = BTreeMap::new();
    for package in &order.packages {
        for action in [SEND_TRACKING, SEND_WAY] {
            if let Some(record) = visit.journal(action, &package.number)? {
                sent.insert((action, package.number.clone()), record);
            }
        }
    }
    Ok(sent)
}

fn xml_due(visit: &Visit<'_>, outgoing: &Outgoing) -> rusqlite::Result<Option<String>> {
    for invoice in outgoing.live_invoices() {
        if visit.journal(SEND_XML, &invoice.key)?.is_some_and(|xml| xml.state != State::Done) {
            return Ok(Some(number(invoice, visit.pass.config.invoices.number_format)));
        }
    }
    Ok(None)
}

/// Settles in the journal what a killed run left open: with nothing left to send, the channel shows it.
fn note_found(visit: &Visit<'_>, facts: &Facts, decision: &Decision) -> rusqlite::Result<()> {
    if !decision.in_step {
        return Ok(());
    }
    let is_open = |record: &Record| matches!(record.state, State::Intended | State::Unknown);
    for ((action, invoice), _) in facts.sent.iter().filter(|(_, record)| is_open(record)) {
        visit.found(action, invoice)?;
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
async fn apply(
    visit: &Visit<'_>,
    done: &mut Vec<Action>,
    action: &Action,
    policy: &Policy,
) -> Result<Applied, Trouble> {
    let (channel, id) = (visit.pass.channel, &visit.row.id);
    let content = action.content();
    let taken = match action {
        Action::SendTracking { invoice, tracking } => {
            visit.send(SEND_TRACKING, invoice, &content, channel.send_tracking(id, invoice, tracking)).await?
        }
        Action::SendWay { invoice, way, .. } => {
            visit.send(SEND_WAY, invoice, &content, channel.send_tracking_events(id, invoice, way)).await?
        }
    };
    let is_shown =
        |order: &Order| counts_as_sent(order, policy) && order.packages.iter().any(|package| is_shown(package, action));
    match taken {
        Taken::Refused(reason) | Taken::NotYet(reason) => Ok(Applied::End(End::Park(reason))),
        Taken::Accepted | Taken::Enough => {
            done.push(action.clone());
            Ok(visit.look_for(is_shown).await?.map_or(Applied::Concluded, |order| Applied::Go(Box::new(order))))
        }
        Taken::Unknown => {
            let Some(order) = visit.look_for(is_shown).await? else { return Ok(Applied::Concluded) };
            if !is_shown(&order) {
                return Ok(Applied::End(End::Hold(Reason::OutcomeUnknown { action: action.name().into() })));
            }
            visit.found(action.name(), action.invoice())?;
            done.push(action.clone());
            Ok(Applied::Go(Box::new(order)))
        }
    }
}

/// Whether a package shows what an action sent.
fn is_shown(package: &Package, action: &Action) -> bool {
    package.number == action.invoice()
        && match action {
            Action::SendTracking { tracking, .. } => package.tracking_number.as_ref() == Some(&tracking.code),
            Action::SendWay { way, .. } => {
                (way.delivered_at.is_none() || package.delivered) && way.steps.iter().all(|step| shows(package, step))
            }
        }
}

fn conclude(visit: &Visit<'_>, done: Vec<Action>, end: End, digest: &str) -> rusqlite::Result<()> {
    let mut told = None;
    let mut names = Vec::new();
    for action in done {
        names.push(action.name());
        match action {
            Action::SendWay { way: Way { delivered_at: Some(at), .. }, with_remarks, .. } => {
                if with_remarks && !visit.pass.dry_run {
                    let (channel, order) = (visit.row.channel.clone(), visit.row.id.clone());
                    visit.pass.warn(&Warning::DeliveredWithRemarks { channel, order });
                }
                told = Some(Reason::DeliveryTold { at, with_remarks });
            }
            other => {
                let invoice = other.invoice().to_owned();
                match &mut told {
                    None => told = Some(Reason::TrackingSent { invoices: vec![invoice] }),
                    Some(Reason::TrackingSent { invoices }) if !invoices.contains(&invoice) => invoices.push(invoice),
                    _ => {}
                }
            }
        }
    }
    visit.conclude_with(end, told, &names, Some(digest))
}
