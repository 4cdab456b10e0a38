//! The words people read for every [`Reason`] and [`Warning`]: one catalogue, apart from the code that decides.

pub mod accounts;
pub mod cancel_desk;
pub mod check;
pub mod daily;
pub mod metrics;
pub mod privacy;
pub mod reconcile;
pub mod report;
pub mod support_bundle;
pub mod timeline;

use crate::model::{Claimant, StockParts, calendar};
use crate::reason::{Changed, Reason};
use crate::report::Warning;

/// What happened, as a clause without a full stop.
pub fn reason(reason: &Reason) -> String {
    on_one_line(&clause(reason))
}

/// Names and words from outside may hold line breaks or escape codes, which would break output and terminal.
pub fn on_one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// What changed of a plan's facts. Those that may hold personal data are known by a digest alone, which tells nobody anything.
fn change(Changed { fact, was, is }: &Changed) -> String {
    match fact.as_str() {
        "channel_order" => "the order changed on the channel".into(),
        "erp_order" => "the order changed in the ERP".into(),
        "outgoing" => "invoices or parcels changed in the ERP".into(),
        "journal" => "something was sent for it".into(),
        "actions" => format!("the configuration or the time leads to something else: {is} instead of {was}"),
        _ => format!("{} was {was} and is {is}", fact.replace('_', " ")),
    }
}

fn clause(reason: &Reason) -> String {
    match reason {
        Reason::BeingBuilt { raw } => format!("the channel is still building it (`{raw}`)"),
        Reason::AwaitingPayment { method, due: Some(due) } => {
            format!("waiting for payment by {}, due {due}", method.code())
        }
        Reason::AwaitingPayment { method, due: None } => format!("waiting for payment by {}", method.code()),
        Reason::UnderReview => "its payment is under review".into(),
        Reason::GracePeriod { raw } => format!("paid, in the channel's grace period (`{raw}`)"),
        Reason::CancellationPending => "the customer asked to cancel it".into(),
        Reason::BeforeCutoff { cutoff } => format!("created before the cut-off date {}", calendar::local_date(*cutoff)),
        Reason::FulfilledByMarketplace => "the marketplace sends it from a warehouse of its own".into(),
        Reason::FulfillmentUndecided => {
            "the marketplace sends it from a warehouse of its own, and nothing says what to do about such orders".into()
        }
        Reason::FinishedElsewhere { raw } => format!("already `{raw}` when first seen"),
        Reason::CancelledOnChannel { raw } => format!("cancelled on the channel (`{raw}`)"),
        Reason::StatusUnknown { raw } => format!("the channel says `{raw}`, a status vaivem does not know"),
        Reason::Unreadable { at, problem } => format!("the channel's answer cannot be used: {problem} (at `{at}`)"),
        Reason::NotOnChannel => "the channel does not have this order".into(),
        Reason::SkusUnmapped { skus } => {
            let names: Vec<String> = skus
                .iter()
                .map(|sku| match &sku.tried {
                    Some(code) => format!("`{code}` (channel SKU {}, {})", sku.channel_sku, sku.name),
                    None => format!("channel SKU {} ({}), which carries no reference code", sku.channel_sku, sku.name),
                })
                .collect();
            format!("the ERP does not know {}", names.join(", "))
        }
        Reason::CarrierUnmapped { carrier } => format!("carrier `{carrier}` is not mapped"),
        Reason::TotalsDiffer { parts, total } => format!("its parts add up to {parts}, its total is {total}"),
        Reason::TaxIdInvalid { problem } => format!("the customer's CPF or CNPJ cannot be used: {problem}"),
        Reason::AddressIncomplete { missing } => format!("the address lacks {}", missing.join(", ")),
        Reason::CancelAnnounced { raw } => format!("a cancellation was announced, but the order says `{raw}`"),
        Reason::CancelledAfterInvoice => "cancelled on the channel, but the ERP has an invoice".into(),
        Reason::PaidAfterCancellation { amount, method } => {
            format!("{amount} paid by {}, but the order is cancelled", method.code())
        }
        Reason::CancelledInErpOnly { raw } => {
            format!("cancelled in the ERP, but `{raw}` on the channel, which is too far to be cancelled there")
        }
        Reason::MarketplaceMustCancel { marketplace } => {
            format!("cancelled in the ERP, but sold through {marketplace}, where only a person may cancel it")
        }
        Reason::CancelRefused { raw, message } => format!("the channel does not cancel it (`{raw}`): {message}"),
        Reason::DeadlineAhead { cancel_from } => {
            format!("not cancelled before {} if nobody pays", calendar::local_text(*cancel_from))
        }
        Reason::DeadlinePassed { method, due } => format!("not paid: its {} was due {due}", method.code()),
        Reason::CancelledInErp => "cancelled in the ERP".into(),
        Reason::CancelPlanned { why } => format!("{}; it is to be cancelled", self::reason(why)),
        Reason::AutoCancelOff { why } => {
            format!("{}; it would be cancelled if that were switched on", self::reason(why))
        }
        Reason::NotUnpaid { channel, erp: Some(erp) } => {
            format!("not waiting for payment: the channel says {channel}, the ERP {erp}")
        }
        Reason::NotUnpaid { channel, erp: None } => format!("not waiting for payment: the channel says {channel}"),
        Reason::PaymentUnsure { raw } if raw.is_empty() => "the channel tells nothing of its payment".into(),
        Reason::PaymentUnsure { raw } => format!("its payment is `{raw}`, which is not clearly unpaid"),
        Reason::SeveralPayments { count } => format!("{count} payments, of which one may be paid"),
        Reason::MethodNotCancelled { method } => format!("orders by {} are not cancelled automatically", method.code()),
        Reason::MarketplaceDecides => "sold through a marketplace, which decides for itself".into(),
        Reason::PaymentsNotSynced { last: Some(last) } => {
            format!("payments were last asked after in full at {}", calendar::local_text(*last))
        }
        Reason::PaymentsNotSynced { last: None } => "payments were never asked after in full".into(),
        Reason::OnHold { held } => format!("held ({held})"),
        Reason::ErpDiffers { erp_number, field, channel, erp } => {
            format!("ERP order {erp_number} has this store number but another {field}: {erp} instead of {channel}")
        }
        Reason::ErpRefused { message, .. } => format!("the ERP refused: {message}"),
        Reason::OutcomeUnknown { action } => format!("it is not known whether `{action}` went through"),
        Reason::HeldByHand { note, by } => format!("held by {}: {note}", hand(by.as_deref())),
        Reason::SkippedByHand { note, by } => format!("skipped by {}: {note}", hand(by.as_deref())),
        Reason::TakeOverRefused { raw, message } => format!("the channel does not hand it over (`{raw}`): {message}"),
        Reason::TakeOverNotShown { raw, since } => {
            format!("taken over at {}, and the channel still says `{raw}`", calendar::local_text(*since))
        }
        Reason::CallFailed { message } => message.clone(),
        Reason::SkuNotOnChannel => "the channel has no product with this reference code".into(),
        Reason::SkuAmbiguous { channel_skus } => {
            format!("several of the channel's products are mapped to it: {}", channel_skus.join(", "))
        }
        Reason::StockRefused { message } => format!("the channel does not take its stock: {message}"),
        Reason::StockExcluded => "its stock is not told to this channel: it stands in `stock.exclude`".into(),
        Reason::SkuIsKit => "a kit on the channel, which works out its stock from its parts and is told none".into(),
        Reason::StockNotInErp => "the ERP has no count of it in a warehouse that is pushed from".into(),
        Reason::Oversold { warehouse, units, physical, reserved, in_flight, orders } => format!(
            "{units} unit{} more {} sold than there {} in `{warehouse}`: {physical} physical − {reserved} reserved − {in_flight} in flight{}",
            if *units == 1 { "" } else { "s" },
            if *units == 1 { "was" } else { "were" },
            if *units == 1 { "is" } else { "are" },
            claimants(orders),
        ),
        Reason::PaidOnChannel => "paid on the channel".into(),
        Reason::PolicyImportsUnpaid => "not paid yet, imported by policy".into(),
        Reason::ReadyOnChannel => "ready on the channel".into(),
        Reason::ReviewOnChannel => "payment under review on the channel".into(),
        Reason::CancellationRequestedOnChannel => "the customer asked to cancel it".into(),
        Reason::NotImported => "it is not in the ERP; import it first: vaivem import-orders --order NUMBER".into(),
        Reason::InStep { status } => format!("both sides say {status}"),
        Reason::PlanStale { changed } => {
            let changes: Vec<String> = changed.iter().map(change).collect();
            format!("not done: since the plan was made, {}", changes.join(", "))
        }
        Reason::PlanOver => "not done: nothing of what was planned is to be done any more".into(),
        Reason::MissingField { of, fields } => format!("waiting for {} of {of}", fields.join(", ")),
        Reason::NotReadyForInvoice { raw } => format!("invoiced, but the channel takes no invoice yet (`{raw}`)"),
        Reason::HandOverPending { raw } => format!("taken over, which the channel does not show yet (`{raw}`)"),
        Reason::BeingVerified { raw } => format!("the channel has its invoices and is verifying them (`{raw}`)"),
        Reason::InvoiceNotOnChannel { invoice } => format!("waiting for invoice {invoice} to be on the channel"),
        Reason::TrackingPending { invoice } => {
            format!("the tracking of invoice {invoice} was accepted and does not show yet")
        }
        Reason::XmlDue { invoice } => format!(
            "invoiced on the channel, and the XML of invoice {invoice} is due: the marketplace does not take it while the shipment \
             stands where it does"
        ),
        Reason::DeliveryAhead { at } => {
            format!("its delivery is dated {}, which is still to come", calendar::local_text(*at))
        }
        Reason::InvoiceUnfit { invoice, problems } => {
            let problems: Vec<&str> = problems.iter().map(|problem| problem.text.as_str()).collect();
            format!("invoice {invoice} must not be sent: {}", problems.join("; "))
        }
        Reason::InvoiceValue { invoice, invoices, order } => {
            format!("with invoice {invoice} its invoices come to {invoices}, the order is worth {order}")
        }
        Reason::TransmissionPending => "told to the channel, which has not told the marketplace yet".into(),
        Reason::TransmissionFailed { message } => {
            format!("the marketplace refused what the channel told it: {message}")
        }
        Reason::OneInvoiceOnly { invoices } => {
            format!(
                "the channel takes one invoice for the whole order, and there is {} for a part of it",
                invoices.join(", ")
            )
        }
        Reason::OrderInPackages { said } => {
            let said = said.as_ref().map(|said| format!(": {said}")).unwrap_or_default();
            format!("the channel split it into packages, each of which is invoiced and sent by itself{said}")
        }
        Reason::InvoiceUnits { invoice, sku, excess } => {
            format!("invoice {invoice} covers {excess} of `{sku}` more than the order has")
        }
        Reason::InvoiceNumberTaken { invoice } => {
            format!("another of its invoices is called {invoice} on the channel already")
        }
        Reason::InvoiceNotOurs { invoice } => format!("the channel has an invoice {invoice} that the ERP does not"),
        Reason::InvoicedWithoutOurs { raw, invoice } => {
            format!("the channel counts it as invoiced (`{raw}`), but not by the ERP's invoice {invoice}")
        }
        Reason::CancellationAgainstInvoice { raw } => {
            format!("the customer asked to cancel it (`{raw}`), but the ERP has an invoice")
        }
        Reason::InvoiceCancelledAfterSending { invoice } => {
            format!("the ERP cancelled invoice {invoice}, which the channel has")
        }
        Reason::NotVerified { raw, since } => {
            format!("the channel took its invoices at {} and still says `{raw}`", calendar::local_text(*since))
        }
        Reason::RefusedByChannel { action, message } => format!("the channel refused `{action}`: {message}"),
        Reason::TrackingNotTaken { invoice } => {
            format!("the tracking of invoice {invoice} was accepted, but the channel shows another")
        }
        Reason::DeliveryRefused { occurrence, at } => {
            format!("the customer refused the goods on {} (occurrence {occurrence})", calendar::local_text(*at))
        }
        Reason::DeliveryReturned { occurrence, at } => {
            format!("the goods came back on {} (occurrence {occurrence})", calendar::local_text(*at))
        }
        Reason::DeliveryDate { at, problem } => {
            format!("its delivery is dated {}, which {problem}", calendar::local_text(*at))
        }
        Reason::NothingToSend => "the ERP has nothing to tell the channel".into(),
        Reason::InvoicesSent { invoices, sent, worth } if sent == worth => {
            format!("invoice {} sent, {sent}", invoices.join(", "))
        }
        Reason::InvoicesSent { invoices, sent, worth } => {
            format!("invoice {} sent with the order's {sent}, though worth {worth}", invoices.join(", "))
        }
        Reason::InvoicedOnChannel => "the channel counts it as invoiced".into(),
        Reason::PartlyInvoiced { invoiced, order } => format!("{invoiced} of {order} are invoiced on the channel"),
        Reason::TrackingSent { invoices } => format!("tracking of invoice {} sent", invoices.join(", ")),
        Reason::DeliveryTold { at, with_remarks: false } => format!("delivered on {}", calendar::local_text(*at)),
        Reason::DeliveryTold { at, with_remarks: true } => {
            format!("delivered on {}, with remarks of the carrier", calendar::local_text(*at))
        }
        Reason::TrackingInStep => "the channel knows all there is to tell of its parcels".into(),
    }
}

/// Whose hand it was; older notes do not tell.
fn hand(by: Option<&str>) -> &str {
    by.unwrap_or("hand")
}

/// What a person can do about a hold; `None` where nobody needs to do anything.
pub fn hint(reason: &Reason) -> Option<String> {
    Some(match reason {
        Reason::StatusUnknown { .. } => {
            "nothing is written for it until the channel says a status vaivem knows; please report the word".into()
        }
        Reason::PlanStale { .. } | Reason::PlanOver => {
            "look at what changed and make the plan again; the pass's own next run decides on it anew, too".into()
        }
        Reason::Unreadable { .. } => "compare the order in the channel's panel; it is tried again on every run".into(),
        Reason::NotOnChannel => {
            "check the number: it may belong to another store or account; it is tried again on every run".into()
        }
        Reason::SkusUnmapped { .. } => {
            "create the product in the ERP under that code, or map it in [channels.NAME.skus]; the next run goes on by itself"
                .into()
        }
        Reason::CarrierUnmapped { carrier } => format!(
            "add \"{carrier}\" = \"the ERP's name\" to [channels.NAME.carriers], or set default_carrier; the next run goes on by itself"
        ),
        Reason::TotalsDiffer { .. } => {
            "compare the order in the channel's panel (edited order, missing charge?); correct it there or enter it by hand".into()
        }
        Reason::TaxIdInvalid { .. } => "correct the customer's document on the channel; the next run goes on by itself".into(),
        Reason::AddressIncomplete { .. } => "complete the address on the channel; the next run goes on by itself".into(),
        Reason::FulfillmentUndecided => {
            "set fulfillment = \"skip\" or \"import\" in [channels.NAME]: the store neither ships it nor has its stock".into()
        }
        Reason::CancelAnnounced { .. } => {
            "it is not imported while the two disagree; look at the order in the channel's panel".into()
        }
        Reason::CancelledAfterInvoice => {
            "decide: cancel the NF-e within its deadline and cancel the order in the ERP, or issue a return invoice".into()
        }
        Reason::PaidAfterCancellation { .. } => {
            "decide: refund the customer on the channel, or enter the order again in the ERP".into()
        }
        Reason::CancelledInErpOnly { .. } => {
            "decide: take the goods back and refund on the channel, or enter the order again in the ERP".into()
        }
        Reason::MarketplaceMustCancel { .. } => {
            "cancel it in the marketplace's own panel, which counts it against the store; or enter it again in the ERP".into()
        }
        Reason::CancelRefused { .. } => {
            "look at the order in the channel's panel: with an invoice, even for a part, it cannot be cancelled, only returned;              it is tried again when its status there changes"
                .into()
        }
        Reason::ErpDiffers { .. } => {
            "find out who entered that order (another integration, by hand?); vaivem writes nothing to it".into()
        }
        Reason::ErpRefused { .. } => "correct what the ERP objects to; the next run tries again".into(),
        Reason::OutcomeUnknown { .. } => "the next run reads the other side first and settles it; nothing is sent twice".into(),
        Reason::HeldByHand { .. } => {
            "it is not cancelled automatically until a person releases it: vaivem holds release NUMBER".into()
        }
        Reason::TakeOverRefused { .. } => {
            "look at the order in the channel's panel; it is imported, and taking it over is tried again on every run".into()
        }
        Reason::TakeOverNotShown { .. } => {
            "look at the order in the channel's panel; one that stays there is for the channel's support, the invoice waits for it".into()
        }
        Reason::SkuNotOnChannel => {
            "give the channel's product this reference code, or map it in [channels.NAME.skus]; if it is not sold there, set \
             stock = { unknown_skus = \"ignore\" }"
                .into()
        }
        Reason::SkuAmbiguous { .. } => {
            "leave one of them in [channels.NAME.skus]: told to several, the same units would be sold several times".into()
        }
        Reason::StockRefused { .. } => {
            "see in the channel's panel that the product has this code and is there in this stock location; vaivem makes none"
                .into()
        }
        Reason::StockNotInErp => {
            "count the product in the ERP, or check the warehouses in the configuration; what the channel has is left as it is".into()
        }
        Reason::Oversold { .. } => {
            "decide before the orders are picked: get the units in and count them, or cancel an order in the ERP (in the embedded one: vaivem ledger cancel); \
             it ends by itself once there are as many as were sold"
                .into()
        }
        Reason::InvoiceUnfit { .. } => {
            "correct the invoice in the ERP (cancel it and issue another, or attach the right file); the next run looks again".into()
        }
        Reason::InvoiceValue { .. } => {
            "compare the NF-e with the order; a difference of cents can be allowed with value_tolerance in [channels.NAME.invoices]"
                .into()
        }
        Reason::TransmissionFailed { .. } => {
            "look at the order in the channel's panel, correct what the marketplace objects to, and send it again there".into()
        }
        Reason::XmlDue { .. } => {
            "look at the shipment in the marketplace's panel; the XML is sent again every few hours, until it is taken".into()
        }
        Reason::OneInvoiceOnly { .. } => {
            "settle it in the channel's panel: with the first invoice it counts the whole order as invoiced".into()
        }
        Reason::OrderInPackages { .. } => {
            "invoice and send each package in the channel's panel, which vaivem does not do; then name the order with --order".into()
        }
        Reason::InvoiceUnits { .. } => {
            "compare the NF-e with the order: it may belong to another one; nothing is sent until they agree".into()
        }
        Reason::InvoiceNumberTaken { .. } => {
            "set number_format = \"number_series\" in [channels.NAME.invoices] so that the series tells them apart".into()
        }
        Reason::InvoiceNotOurs { .. } | Reason::InvoicedWithoutOurs { .. } => {
            "find out who invoiced it there (another integration, by hand?); vaivem sends no invoice on top of it".into()
        }
        Reason::CancellationAgainstInvoice { .. } => {
            "decide: deny the request on the channel, or cancel the NF-e within its deadline and cancel the order; then the next run goes on"
                .into()
        }
        Reason::InvoiceCancelledAfterSending { .. } => {
            "the channel cannot take it back: settle it in the channel's panel, with its support or a return".into()
        }
        Reason::NotVerified { .. } => {
            "look at the order in the channel's panel: its payment may not be settled; an invoice that is missing there is not sent \
             again, enter it by hand"
                .into()
        }
        Reason::RefusedByChannel { .. } => {
            "look at the order in the channel's panel; it is sent again when the ERP changes it, or by naming it with --order".into()
        }
        Reason::TrackingNotTaken { .. } => "look at the invoice's tracking in the channel's panel and set it there".into(),
        Reason::DeliveryRefused { .. } | Reason::DeliveryReturned { .. } => {
            "it is not told as delivered; decide: another delivery, or a return invoice and a refund".into()
        }
        Reason::DeliveryDate { .. } => "correct the date in the ERP or ask the carrier; it is not told until then".into(),
        Reason::CallFailed { .. } => "the next run tries again; if it persists, look at it in the channel's panel, and run vaivem check".into(),
        _ => return None,
    })
}

/// The latest orders that claim a product, as the end of a sentence.
fn claimants(orders: &[Claimant]) -> String {
    const NAMED: usize = 6;
    if orders.is_empty() {
        return String::new();
    }
    let named: Vec<String> =
        orders.iter().take(NAMED).map(|one| format!("{} {} ({})", one.channel, one.order, one.units)).collect();
    let more = if orders.len() > NAMED { ", …" } else { "" };
    format!("; sold to, the latest first: {}{more}", named.join(", "))
}

/// What a number for a channel is made of, as a sum.
pub fn stock_parts(parts: &StockParts) -> String {
    let mut text = format!("{} physical − {} reserved", parts.physical, parts.reserved);
    for (units, what) in [(parts.in_flight, "in flight"), (parts.buffer, "kept back")] {
        if units != 0 {
            text += &format!(" − {units} {what}");
        }
    }
    if parts.share < 100 {
        text = format!("{} % of ({text})", parts.share);
    }
    if parts.added_back != 0 {
        text += &format!(" + {} that the channel subtracts itself", parts.added_back);
    }
    text
}

/// A warning of a run, as a sentence without a full stop.
pub fn warning(warning: &Warning) -> String {
    match warning {
        Warning::FeedMissing { channel } => format!(
            "channel {channel}: there is no order feed for this key, so new orders are found by the list alone; \
             set feed = \"create\" to let vaivem create it"
        ),
        Warning::FeedCreated { channel, days } => format!(
            "channel {channel}: the order feed did not exist (VTEX removes it when no event comes for its retention time) and was \
             created; a sweep of the last {days} days covers the gap"
        ),
        Warning::FeedForeign { channel, problem } => format!(
            "channel {channel}: the key's order feed is not as vaivem needs it ({problem}) and was left alone: another program may \
             use it. Give vaivem a key of its own; until then new orders are found by the list alone"
        ),
        Warning::FeedFailed { channel, problem } => {
            format!("channel {channel}: the order feed cannot be read, the list alone is used: {problem}")
        }
        Warning::ListFailed { channel, problem } => format!(
            "channel {channel}: the order list could not be swept to its end, so new orders may be missing: {problem}. The orders \
             known already are looked after; the next run sweeps again from where everything was stored"
        ),
        Warning::BackfillClipped { channel, cutoff } => format!(
            "channel {channel}: orders created before the cut-off date {} are not imported, so nothing before it is looked at; to \
             have them, set `since` in [channels.{channel}] back",
            calendar::local_date(*cutoff)
        ),
        Warning::CutoffMoved { channel, cutoff, orders } => format!(
            "channel {channel}: the cut-off date was set back to {}; the order list is swept again from there, and {orders} order{} \
             skipped before {} looked at again",
            calendar::local_date(*cutoff),
            if *orders == 1 { "" } else { "s" },
            if *orders == 1 { "is" } else { "are" },
        ),
        Warning::ClockAhead { channel, seconds } => format!(
            "channel {channel}: this machine's clock is {} min ahead of the channel's: set it right (NTP). Until then the sweep of \
             the order list goes by the channel's clock, so that no order is passed over",
            seconds / 60
        ),
        Warning::CursorReset { channel, cursor, problem } => {
            format!(
                "channel {channel}: the cursor `{cursor}` {problem}; everything since the cut-off date is swept again"
            )
        }
        Warning::UnreadOrders { channel, orders } => format!(
            "channel {channel}: {orders} order{} seen and not read yet, so what {} sold is not subtracted; run import-orders first",
            if *orders == 1 { " was" } else { "s were" },
            if *orders == 1 { "it" } else { "they" },
        ),
        Warning::StockLeftBehind { channel, warehouse, products, units } => format!(
            "channel {channel}: its warehouse {warehouse} is not pushed to any more and goes on selling what it was told last \
             ({units} units of {products} products); set that to zero in the channel's panel if it is sold from another warehouse now"
        ),
        Warning::AnyIssuer { channel } => {
            format!("channel {channel}: invoices of any issuer are sent; list the store's CNPJs as issuers in [erp]")
        }
        Warning::DeliveredWithRemarks { channel, order } => format!(
            "channel {channel}: order {order} was delivered with remarks of the carrier (damage, something missing); look at it"
        ),
        Warning::MoreParcels { channel, order, invoice } => format!(
            "channel {channel}: invoice {invoice} of order {order} has several parcels, the channel takes one tracking code: the first"
        ),
        Warning::XmlLimit { channel, order, invoice } => format!(
            "channel {channel}: the marketplace has all the invoices it takes of order {order}; the XML of invoice {invoice} counts as \
             one of them. Look in its panel whether it is"
        ),
        Warning::Expired { channel } => {
            format!(
                "channel {channel}: part of the window is older than the channel's list reaches; older orders are not found"
            )
        }
    }
}
