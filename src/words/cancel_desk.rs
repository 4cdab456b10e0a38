//! The words of the cancel desk.

use super::daily::age;
use crate::lang::{Both, moment, say, word};
use crate::model::{ChannelName, Instant, OrderId};
use crate::passes::cancel_desk::Refusal;
use crate::reason::Reason;

/// The list is empty.
pub const NOTHING: Both = Both("no cancellation waits for a decision", "nenhum cancelamento aguarda decisão");

/// A cancellation that waits for a decision.
pub fn open(reason: &Reason, since: Option<Instant>, now: Instant) -> String {
    let since = since.map(|since| say!(", for {}" | ", há {}", age(now - since))).unwrap_or_default();
    format!("{}{since}", super::reason(reason))
}

/// How long an invoice may still be cancelled.
pub fn window(number: u32, issued: Instant, until: Instant, now: Instant) -> String {
    let issued = moment(issued);
    if until <= now {
        return say!(
            "NF-e {number} of {issued}: the 24 hours to cancel it are over; a return invoice undoes it (ask the \
             accountant for your state's longer terms)"
                | "NF-e {number} de {issued}: as 24 horas para cancelar acabaram; só uma nota de devolução desfaz \
                   (pergunte ao contador sobre prazos maiores do seu estado)"
        );
    }
    let left = until - now;
    let (hours, minutes) = (left.num_hours(), left.num_minutes() % 60);
    say!(
        "NF-e {number} of {issued}: can be cancelled for {hours} h {minutes:02} min more"
            | "NF-e {number} de {issued}: pode ser cancelada por mais {hours} h {minutes:02} min"
    )
}

/// What a person can do about it from here.
pub fn commands(reason: &Reason, channel: &ChannelName, order: &OrderId) -> Vec<String> {
    let decide = |word: &str| {
        say!(
            "vaivem cancel {word} {order} --channel {channel} --reason TEXT"
                | "vaivem cancel {word} {order} --channel {channel} --reason TEXTO"
        )
    };
    match reason {
        Reason::CancellationRequestedOnChannel | Reason::CancellationAgainstInvoice { .. } => {
            vec![decide("accept"), decide("deny")]
        }
        Reason::CancelledAfterInvoice => {
            vec![say!("once its NF-e is cancelled: {}" | "depois de cancelar a NF-e: {}", decide("accept"))]
        }
        other => super::hint_on(channel, other).into_iter().collect(),
    }
}

/// What was done.
pub fn carried(actions: &[&str]) -> String {
    let words = actions.iter().map(|action| match *action {
        "cancel_order" => word!("cancelled in the ERP" | "cancelado no ERP"),
        "cancel_on_channel" => word!("cancelled on the channel" | "cancelado no canal"),
        "deny_cancellation" => word!(
            "the request was denied; the next sync-payments lets the ERP's order go on"
                | "o pedido de cancelamento foi recusado; o próximo sync-payments deixa o pedido do ERP seguir"
        ),
        other => other,
    });
    words.collect::<Vec<_>>().join(", ")
}

/// Why nothing was done.
pub fn refused(refusal: &Refusal, channel: &str) -> String {
    match refusal {
        Refusal::Invoiced { erp_number } => say!(
            "ERP order {erp_number} has an invoice: cancel the NF-e first, within 24 hours of its issue, and run \
             this again; after that only a return invoice undoes it"
                | "o pedido {erp_number} do ERP tem nota: cancele primeiro a NF-e, em até 24 horas da emissão, e \
                   execute de novo; depois disso só uma nota de devolução desfaz"
        ),
        Refusal::InvoicedOnChannel { invoice } => say!(
            "{channel} has invoice {invoice} and cancels no order that has one: take the goods back and refund in \
             its panel, or deny the request"
                | "{channel} tem a nota {invoice} e não cancela pedido faturado: receba a mercadoria de volta e \
                   reembolse no painel, ou recuse o pedido de cancelamento"
        ),
        Refusal::NoRequest { raw, channel_follows: true } => say!(
            "no request to cancel is open on {channel} (`{raw}`); to cancel it from here, cancel it in the ERP, and \
             auto-cancel tells the channel"
                | "não há pedido de cancelamento aberto em {channel} (`{raw}`); para cancelar por aqui, cancele no \
                   ERP, e o auto-cancel avisa o canal"
        ),
        Refusal::NoRequest { raw, channel_follows: false } => say!(
            "no request to cancel is open on {channel} (`{raw}`); to cancel it, do so where it was sold, in that panel, \
             and the next run goes by it"
                | "não há pedido de cancelamento aberto em {channel} (`{raw}`); para cancelar, cancele onde foi vendido, \
                   no painel de lá, e a próxima execução segue"
        ),
        Refusal::Cancelled => {
            word!("it is cancelled on both sides already" | "já está cancelado nos dois lados").into()
        }
    }
}

/// The platform has no requests to cancel.
pub fn no_requests(channel: &ChannelName) -> String {
    say!(
        "channel {channel} is on ANYMARKET, which knows no requests to cancel: the customer asks the marketplace, \
         and it decides; answer in the marketplace's own panel"
            | "o canal {channel} é do ANYMARKET, que não conhece pedidos de cancelamento: o cliente pede ao \
               marketplace, e ele decide; responda no painel do próprio marketplace"
    )
}

/// The order's channel was taken out of the configuration.
pub fn no_channel(channel: &ChannelName) -> String {
    say!(
        "channel {channel} does not stand in the configuration any more; put its table back to decide on its orders"
            | "o canal {channel} não está mais na configuração; reponha a tabela dele para decidir sobre os pedidos"
    )
}
