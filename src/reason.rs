//! Why an order is where it is: every reason a plan can give, with a stable code and the facts it rests on.
//!
//! The words people read are made in [`crate::words`], in one place and both languages.

mod actor;

use serde::{Deserialize, Serialize};

pub use actor::Actor;

use crate::model::{Cents, Claimant, Instant, Order, PaymentMethod, Sku, Status, WarehouseId};

/// A reason, tagged by its stable code in JSON and in the state file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Reason {
    // Waits: nothing to do for anybody.
    /// The channel is still building the order.
    BeingBuilt {
        /// The channel's word.
        raw: String,
    },
    /// Not paid, and the policy imports this method only when paid.
    AwaitingPayment {
        /// How it is to be paid.
        method: PaymentMethod,
        /// Until when, as a local date.
        due: Option<chrono::NaiveDate>,
    },
    /// The payment is being reviewed, and the policy imports this method only when paid.
    UnderReview,
    /// Paid, but still in the channel's grace period.
    GracePeriod {
        /// The channel's word.
        raw: String,
    },

    // Why auto-cancel leaves an order alone, or cancels it.
    /// Not cancelled before a certain instant.
    DeadlineAhead {
        /// From then on.
        cancel_from: Instant,
    },
    /// Nobody paid it by its deadline.
    DeadlinePassed {
        /// How it was to be paid.
        method: PaymentMethod,
        /// The last day on which it could be paid as agreed: a local date.
        due: chrono::NaiveDate,
    },
    /// Cancelled in the ERP by a person.
    CancelledInErp,
    /// It is to be cancelled, by a later run or once a person confirms.
    CancelPlanned {
        /// Why.
        why: Box<Reason>,
    },
    /// It would be cancelled, but the configuration does not say so.
    AutoCancelOff {
        /// Why it would be.
        why: Box<Reason>,
    },
    /// One of the sides does not say that it waits for payment.
    NotUnpaid {
        /// The channel's status.
        channel: Status,
        /// The ERP's status, if it is there.
        erp: Option<Status>,
    },
    /// The payment's own word is not one of waiting.
    PaymentUnsure {
        /// The gateway's word; empty when it has none.
        raw: String,
    },
    /// Paid in several parts, of which one may be paid.
    SeveralPayments {
        /// How many.
        count: usize,
    },
    /// The configuration names no deadline for its method.
    MethodNotCancelled {
        /// How it is to be paid.
        method: PaymentMethod,
    },
    /// It came through a marketplace, which decides for itself.
    MarketplaceDecides,
    /// Payments were not asked after lately, or not since the deadline.
    PaymentsNotSynced {
        /// When the last complete sync-payments began.
        last: Option<Instant>,
    },
    /// Something else holds it.
    OnHold {
        /// The hold's code.
        held: String,
    },

    // Skips: by policy, for good.
    /// Created before the cut-off date.
    BeforeCutoff {
        /// The configured date's first instant.
        cutoff: Instant,
    },
    /// The marketplace sends it from a warehouse of its own, and the configuration leaves such orders to it.
    FulfilledByMarketplace,
    /// A person said so.
    SkippedByHand {
        /// Why, in that person's words.
        note: String,
        /// Who, as the operating system calls that user.
        #[serde(default)]
        by: Option<String>,
    },
    /// Invoiced, or further, before vaivem first saw it.
    FinishedElsewhere {
        /// The channel's word.
        raw: String,
    },

    // Cancellations.
    /// Cancelled on the channel.
    CancelledOnChannel {
        /// The channel's word.
        raw: String,
    },

    // Holds: a person, or a change on one of the sides, must help.
    /// The channel says a status that is not known.
    StatusUnknown {
        /// The channel's word.
        raw: String,
    },
    /// The ERP says a status that is not known.
    ErpStatusUnknown {
        /// The ERP's word.
        raw: String,
    },
    /// The channel's answer cannot be used as an order.
    Unreadable {
        /// Where in the answer.
        at: String,
        /// What is wrong there.
        problem: String,
    },
    /// The channel named the order but does not have it.
    NotOnChannel,
    /// Products without a counterpart in the ERP.
    SkusUnmapped {
        /// The channel's ids with the ERP code they carry, if any.
        skus: Vec<UnmappedSku>,
    },
    /// The carrier has no counterpart in the ERP.
    CarrierUnmapped {
        /// The channel's name for it.
        carrier: String,
    },
    /// Lines + freight + tax − discount is not the total.
    TotalsDiffer {
        /// What the parts add up to.
        parts: Cents,
        /// What the channel calls the total.
        total: Cents,
    },
    /// CPF or CNPJ missing or wrong.
    TaxIdInvalid {
        /// What is wrong with it.
        problem: String,
    },
    /// The address lacks something the ERP needs.
    AddressIncomplete {
        /// What is missing.
        missing: Vec<String>,
    },
    /// The marketplace sends it from a warehouse of its own, and the configuration does not say what to do about such orders.
    FulfillmentUndecided,
    /// A cancellation was announced, but the order itself says otherwise.
    CancelAnnounced {
        /// The order's own word.
        raw: String,
    },
    /// Cancelled on the channel, but the ERP has an invoice.
    CancelledAfterInvoice,
    /// Paid on the channel, but cancelled in the ERP or on both sides.
    PaidAfterCancellation {
        /// What was paid.
        amount: Cents,
        /// How.
        method: PaymentMethod,
    },
    /// Cancelled in the ERP, and not to be cancelled on the channel from here: one of them has an invoice, or it cannot be told whether
    /// it is paid.
    CancelledInErpOnly {
        /// The channel's word.
        raw: String,
    },
    /// Cancelled in the ERP, but a marketplace sold it.
    MarketplaceMustCancel {
        /// Which.
        marketplace: String,
    },
    /// The channel does not cancel it.
    CancelRefused {
        /// The channel's word for the order's status.
        raw: String,
        /// The channel's words.
        message: String,
    },
    /// The ERP has another order under this number.
    ErpDiffers {
        /// The ERP's order number.
        erp_number: String,
        /// The field that differs.
        field: String,
        /// What the channel says.
        channel: String,
        /// What the ERP says.
        erp: String,
    },
    /// Channel and ERP do not say the same of the order any more: it was changed on one of them after it was imported.
    ChangedSince {
        /// The ERP's order number.
        erp_number: String,
        /// The field that differs.
        field: String,
        /// What the channel says.
        channel: String,
        /// What the ERP says.
        erp: String,
    },
    /// The ERP refused.
    ErpRefused {
        /// The ERP's code.
        refusal: String,
        /// The ERP's words.
        message: String,
    },
    /// A write's outcome is not known yet; the next run reads before anything is sent.
    OutcomeUnknown {
        /// What was being done.
        action: String,
    },
    /// The channel refuses to hand the order over.
    TakeOverRefused {
        /// The channel's word for the order's status.
        raw: String,
        /// The channel's words.
        message: String,
    },
    /// The order was taken over some time ago, and the channel still does not show it.
    TakeOverNotShown {
        /// The channel's word for the order's status.
        raw: String,
        /// When it was taken over.
        since: Instant,
    },
    /// A person holds it.
    HeldByHand {
        /// Why, in that person's words.
        note: String,
        /// Who, as the operating system calls that user.
        #[serde(default)]
        by: Option<String>,
    },
    /// A call for this order failed; the next run tries again.
    CallFailed {
        /// What happened.
        message: String,
    },

    // Stock.
    /// The channel has no product with this code.
    SkuNotOnChannel,
    /// The configuration maps several of the channel's products to this code; or the channel has one product for several codes.
    SkuAmbiguous {
        /// The channel's ids: several, or the one.
        channel_skus: Vec<String>,
    },
    /// The channel does not take the stock of a product.
    StockRefused {
        /// The channel's words.
        message: String,
    },
    /// The configuration keeps a product's stock from the channel.
    StockExcluded,
    /// The channel made a product of others, and works out its stock from theirs.
    SkuIsKit,
    /// The ERP has no count of a product, or none any more.
    StockNotInErp {
        /// The ERP's warehouse, where others have one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        warehouse: Option<WarehouseId>,
    },
    /// More was sold than there is: two customers bought the same units, or a count found fewer.
    Oversold {
        /// The ERP's warehouse.
        warehouse: WarehouseId,
        /// How many units are missing, at least 1.
        units: i64,
        /// On the shelf, by the ERP.
        physical: i64,
        /// Reserved in the ERP.
        reserved: i64,
        /// Sold on any channel and not in the ERP yet.
        in_flight: i64,
        /// Whose units these are, on any channel, the latest first; the first [`crate::model::StockParts::SHOWN`].
        #[serde(default)]
        orders: Vec<Claimant>,
    },

    // Facts on their way out: waits.
    /// An invoice or parcel lacks something the channel requires.
    MissingField {
        /// The invoice's number, or what else it is about.
        of: String,
        /// What is missing.
        fields: Vec<String>,
    },
    /// The channel takes no invoice for the order yet.
    NotReadyForInvoice {
        /// The channel's word.
        raw: String,
    },
    /// The order was taken over, and that does not show yet.
    HandOverPending {
        /// The channel's word.
        raw: String,
    },
    /// The channel has the invoices and is still verifying them.
    BeingVerified {
        /// The channel's word.
        raw: String,
    },
    /// There is something to tell of a parcel whose invoice the channel does not have yet.
    InvoiceNotOnChannel {
        /// The invoice's number.
        invoice: String,
    },
    /// Tracking was accepted and does not show yet.
    TrackingPending {
        /// The invoice's number.
        invoice: String,
    },
    /// What the channel was told has not reached the marketplace behind it yet.
    TransmissionPending,
    /// The order is invoiced on the channel, and the marketplace has not taken the invoice's XML yet.
    XmlDue {
        /// The invoice's number.
        invoice: String,
    },
    /// A delivery that has not happened yet.
    DeliveryAhead {
        /// When it is said to happen.
        at: Instant,
    },

    // Facts on their way out: holds.
    /// The invoice must not be sent.
    InvoiceUnfit {
        /// Its number.
        invoice: String,
        /// Everything against it.
        problems: Vec<Problem>,
    },
    /// The invoices and the order are not worth the same.
    InvoiceValue {
        /// The invoice at which it shows.
        invoice: String,
        /// What the invoices come to with it.
        invoices: Cents,
        /// What the order is worth.
        order: Cents,
    },
    /// The marketplace behind the channel refused what the channel was told.
    TransmissionFailed {
        /// Its words.
        message: String,
    },
    /// The channel takes one invoice for the whole of an order.
    OneInvoiceOnly {
        /// Those there are.
        invoices: Vec<String>,
    },
    /// The channel split the order into packages, and wants to hear of each by itself.
    OrderInPackages {
        /// Its words, if that is how it came to light.
        said: Option<String>,
    },
    /// The invoice covers what the order does not have.
    InvoiceUnits {
        /// Its number.
        invoice: String,
        /// The product.
        sku: Sku,
        /// How many units too many.
        excess: i64,
    },
    /// Two invoices of the order would have the same number on the channel.
    InvoiceNumberTaken {
        /// The number.
        invoice: String,
    },
    /// The channel has an invoice that the ERP does not.
    InvoiceNotOurs {
        /// Its number there.
        invoice: String,
    },
    /// The channel counts the order as invoiced, without the ERP's invoice.
    InvoicedWithoutOurs {
        /// The channel's word.
        raw: String,
        /// The ERP's invoice.
        invoice: String,
    },
    /// The customer asked to cancel, but the ERP has an invoice.
    CancellationAgainstInvoice {
        /// The channel's word.
        raw: String,
    },
    /// The ERP cancelled an invoice that the channel has.
    InvoiceCancelledAfterSending {
        /// Its number on the channel.
        invoice: String,
    },
    /// The channel has the invoices and does not count the order as invoiced.
    NotVerified {
        /// The channel's word.
        raw: String,
        /// Since when.
        since: Instant,
    },
    /// The channel refused what was sent.
    RefusedByChannel {
        /// What was being done.
        action: String,
        /// The channel's words.
        message: String,
    },
    /// Tracking was accepted, and the channel shows something else.
    TrackingNotTaken {
        /// The invoice's number.
        invoice: String,
    },
    /// The customer refused the goods.
    DeliveryRefused {
        /// The carrier's code.
        occurrence: String,
        /// When.
        at: Instant,
    },
    /// The goods came back.
    DeliveryReturned {
        /// The carrier's code.
        occurrence: String,
        /// When.
        at: Instant,
    },
    /// The date of the delivery cannot be right.
    DeliveryDate {
        /// The date.
        at: Instant,
        /// What is wrong with it.
        problem: String,
    },

    // Actions and what became of them.
    /// The ERP has nothing to tell the channel.
    NothingToSend,
    /// Invoices were sent.
    InvoicesSent {
        /// Their numbers on the channel.
        invoices: Vec<String>,
        /// What they were sent with.
        sent: Cents,
        /// What they are worth by themselves.
        worth: Cents,
    },
    /// The channel has every invoice and counts the order as invoiced.
    InvoicedOnChannel,
    /// The channel has every invoice there is, and the rest of the order is still to be invoiced.
    PartlyInvoiced {
        /// What is invoiced.
        invoiced: Cents,
        /// What the order is worth.
        order: Cents,
    },
    /// Tracking was sent.
    TrackingSent {
        /// Of these invoices.
        invoices: Vec<String>,
    },
    /// The delivery was told.
    DeliveryTold {
        /// When the customer had it.
        at: Instant,
        /// Whether the carrier noted damage or something missing.
        with_remarks: bool,
    },
    /// The channel knows all there is to tell of the parcels.
    TrackingInStep,
    /// Paid on the channel.
    PaidOnChannel,
    /// The policy imports this method before it is paid.
    PolicyImportsUnpaid,
    /// The channel waits for the order to be taken over.
    ReadyOnChannel,
    /// The payment is under review on the channel.
    ReviewOnChannel,
    /// The customer asked to cancel.
    CancellationRequestedOnChannel,
    /// A person named an order that was never imported.
    NotImported,
    /// What a plan rests on has changed since it was made.
    PlanStale {
        /// What, and how.
        changed: Vec<Changed>,
    },
    /// Nothing of what a plan says is to be done any more.
    PlanOver,
    /// Both sides agree.
    InStep {
        /// The status both have.
        status: Status,
    },
}

/// Something that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// What, by its name in the plan.
    pub fact: String,
    /// What it was.
    pub was: String,
    /// What it is.
    pub is: String,
}

/// A product the ERP does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnmappedSku {
    /// The channel's id.
    pub channel_sku: String,
    /// The ERP code tried for it, if there is one.
    pub tried: Option<Sku>,
    /// The product's name on the channel.
    pub name: String,
}

/// One thing against an invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Stable code.
    pub code: String,
    /// In words.
    pub text: String,
}

impl Reason {
    /// The words of the person who gave it, where a person did.
    pub fn note_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::SkippedByHand { note, .. } | Self::HeldByHand { note, .. } => Some(note),
            _ => None,
        }
    }

    /// Money came for an order that is cancelled.
    pub fn paid_after_cancellation(order: &Order) -> Self {
        let method = order.payments.first().map_or(PaymentMethod::Other, |payment| payment.method);
        Self::PaidAfterCancellation { amount: order.total, method }
    }

    /// Stable code, the same in every language.
    pub fn code(&self) -> String {
        serde_json::to_value(self)
            .ok()
            .and_then(|value| value.get("code").and_then(|code| code.as_str()).map(str::to_owned))
            .unwrap_or_default()
    }
}
