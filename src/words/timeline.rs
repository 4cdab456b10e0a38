//! The words of `why`: what happened to an order, what is in its way, what a product's number is made of.

use super::daily::{age, command, count};
use super::on_one_line;
use super::terms;
use crate::erp::ledger::{DeliveryOutcome, OrderDetail, StockLevel};
use crate::lang::{Both, Lang, date, lang, moment, say, word};
use crate::model::{ChannelName, Claimant, Instant, OrderId, PaymentMethod, Sku, Status, StockParts, calendar};
use crate::reason::{Actor, Reason};
use crate::store::facts::OrderFacts;
use crate::store::orders::Fate;
use crate::store::timeline::{Block, Step, Told, Wait, Write};

/// The reason that a step of the history carries, if it carries one.
pub fn reason_of(step: &Step) -> Option<Reason> {
    let json = step.detail.find('{').map(|at| &step.detail[at..])?;
    serde_json::from_str(json).ok()
}

/// One step of an order's history, as a clause.
pub fn step(step: &Step) -> String {
    let told = match (step.what.as_str(), step.detail.split_once(": ")) {
        ("done" | "failed" | "unknown", Some((action, answer))) => {
            // `created as 17`: an order's number in the ERP.
            let answer = match answer.rsplit_once(" as ").filter(|(_, number)| !number.contains(' ')) {
                Some((how, number)) => say!("{} as {number}" | "{} como {number}", super::retold::retold(how)),
                None => match answer.strip_prefix("accepted ") {
                    Some(what) => say!("accepted {what}" | "aceito {what}"),
                    None => super::retold::retold(answer),
                },
            };
            format!("{}: {answer}", terms::action(action))
        }
        ("intended", None) => terms::action(&step.detail).to_owned(),
        ("decided" | "waits", Some((word, _))) => terms::fate(word).to_owned(),
        // The channel's own words, and who told them.
        ("heard", _) if step.detail.ends_with("(feed)") || step.detail.ends_with("(list)") => step.detail.clone(),
        _ => super::retold::retold(&step.detail),
    };
    let detail = told.as_str();
    let reason = reason_of(step).map(|reason| super::reason(&reason));
    let before_colon = detail.split_once(": ").map_or(detail, |(word, _)| word);
    on_one_line(&match (step.what.as_str(), reason) {
        ("decided", Some(reason)) => say!("decided: {before_colon}, {reason}" | "decidido: {before_colon}, {reason}"),
        ("held", Some(reason)) => say!("held: {reason}" | "retido: {reason}"),
        ("announced", Some(reason)) => {
            say!("to be cancelled by a later run: {reason}" | "será cancelado por uma execução posterior: {reason}")
        }
        ("waits", Some(reason)) => say!("{before_colon} waits: {reason}" | "{before_colon} aguarda: {reason}"),
        ("read", _) => say!("the channel says `{}`" | "o canal informa `{}`", step.detail),
        ("heard", _) => say!("heard: {detail}" | "ouvido: {detail}"),
        ("released", _) => say!("no longer held: {detail}" | "não mais retido: {detail}"),
        ("intended", _) => say!("sending {detail}" | "enviando: {detail}"),
        ("done", _) => say!("done: {detail}" | "feito: {detail}"),
        ("failed", _) => say!("not done: {detail}" | "não feito: {detail}"),
        ("unknown", _) => say!("no answer: {detail}" | "sem resposta: {detail}"),
        ("reopened", _) => say!("to be decided on anew: {detail}" | "a decidir de novo: {detail}"),
        ("retried", _) if detail.starts_with("by ") => {
            let who = detail.trim_start_matches("by ");
            say!("to be tried again, by {who}" | "a tentar de novo, por {who}")
        }
        ("retried", _) => say!("to be tried again: {detail}" | "a tentar de novo: {detail}"),
        (what, _) => format!("{what}: {detail}"),
    })
}

/// What a person did to an order that the file then forgot.
pub fn note(what: &str, who: &str, detail: &str) -> String {
    on_one_line(&say!("{what} by {who}: {detail}" | "{what} por {who}: {detail}"))
}

/// Who must act.
pub fn actor(actor: Actor) -> &'static str {
    match actor {
        Actor::NextRun => word!("nobody: the next run goes on by itself" | "ninguém: a próxima execução segue sozinha"),
        Actor::Customer => word!("the customer" | "o cliente"),
        Actor::Channel => {
            word!("the channel, or the marketplace behind it" | "o canal, ou o marketplace por trás dele")
        }
        Actor::BackOffice => word!("the back office, in the ERP" | "o administrativo, no ERP"),
        Actor::Sales => word!("whoever keeps the channel's panel" | "quem cuida do painel do canal"),
        Actor::Integrator => word!("the integrator, in the configuration" | "o integrador, na configuração"),
        Actor::Decision => word!("somebody must decide" | "alguém precisa decidir"),
        Actor::WhoSaidSo => word!("the person who said so" | "a pessoa que assim determinou"),
    }
}

/// The head of the story.
pub const HAPPENED: Both = Both("what happened", "o que aconteceu");

/// The head of what blocks an order.
pub const IN_THE_WAY: Both = Both("what is in its way", "o que o impede");

/// Nothing blocks it.
pub const NOTHING: Both = Both("nothing: nobody needs to do anything", "nada: ninguém precisa fazer nada");

/// Something that holds an order or product.
pub fn block(block: &Block) -> String {
    let by = block.pass.as_ref().map(|pass| {
        say!(
            " ({pass}, tried {})" | " ({pass}, tentado {})",
            count(block.tries, word!("time" | "vez"), word!("times" | "vezes"))
        )
    });
    say!(
        "held since {}{}: {}" | "retido desde {}{}: {}",
        moment(block.since),
        by.unwrap_or_default(),
        super::reason(&block.reason)
    )
}

/// How a hold is ended or tried again at once.
pub fn ends_block(block: &Block, channel: &ChannelName, order: &OrderId) -> String {
    match &block.pass {
        Some(pass) => say!("tries it at once: {}" | "tenta já: {}", command(pass, channel, order)),
        None => say!(
            "ends it: vaivem holds release {order} --channel {channel}"
                | "encerra: vaivem holds release {order} --channel {channel}"
        ),
    }
}

/// What the fate of an order waits for.
pub fn waiting(reason: &Reason, since: Option<Instant>, channel: &ChannelName, order: &OrderId) -> [String; 2] {
    let looks = command("import-orders", channel, order);
    [fate("waiting", since, Some(reason)), say!("looks again at once: {looks}" | "verifica já: {looks}")]
}

/// An order's fate, since when, and why.
pub fn fate(fate: &str, since: Option<Instant>, why: Option<&Reason>) -> String {
    let since = since.map(|at| say!(" since {}" | " desde {}", moment(at))).unwrap_or_default();
    let why = why.map(|why| format!(": {}", super::reason(why))).unwrap_or_default();
    format!("{}{since}{why}", terms::fate(fate))
}

/// When something happened, to the second.
pub fn stamp(at: Instant) -> String {
    match lang() {
        Lang::En => calendar::local_stamp(at).chars().take(19).map(|c| if c == 'T' { ' ' } else { c }).collect(),
        Lang::PtBr => at.with_timezone(&chrono_tz::America::Sao_Paulo).format("%d/%m/%Y %H:%M:%S").to_string(),
    }
}

/// Of what was noted in the same instant, what comes first.
pub fn place(what: &str) -> usize {
    let order = ["heard", "read", "intended", "done", "failed", "unknown", "released", "decided", "held"];
    order.iter().position(|known| *known == what).unwrap_or(order.len())
}

/// Who says what a line of the story tells, where it is not the state file.
pub fn source(source: &str) -> &'static str {
    match source {
        "erp" => word!("ERP: " | "ERP: "),
        "carrier" => word!("carrier: " | "transportadora: "),
        _ => "",
    }
}

/// What a carrier said of a parcel.
pub fn carrier_step(what: DeliveryOutcome, code: &str) -> String {
    on_one_line(&say!("{} (occurrence {code})" | "{} (ocorrência {code})", terms::delivery(what).replace('_', " ")))
}

/// A step in the ERP.
pub fn erp_step(status: &Status, note: &str) -> String {
    let note = if note.is_empty() { String::new() } else { format!(", {}", super::retold::retold(note)) };
    on_one_line(&format!("{}{note}", terms::status(status)))
}

/// An order that nobody has decided on.
pub fn undecided(channel: &ChannelName, order: &OrderId) -> [String; 2] {
    let looks = command("import-orders", channel, order);
    [
        word!("seen, and not looked at yet" | "visto, e ainda não analisado").into(),
        say!("looks at it at once: {looks}" | "analisa já: {looks}"),
    ]
}

/// An order that stays out, and how to have it in.
pub fn skipped(reason: &Reason, channel: &ChannelName, order: &OrderId) -> [String; 2] {
    let ends = match reason {
        Reason::SkippedByHand { .. } => say!(
            "ends it: vaivem holds release {order} --channel {channel}"
                | "encerra: vaivem holds release {order} --channel {channel}"
        ),
        Reason::BeforeCutoff { .. } => say!(
            "ends it: setting `since` in [channels.{channel}] back" | "encerra: recuar `since` em [channels.{channel}]"
        ),
        Reason::FulfilledByMarketplace => say!(
            "ends it: fulfillment = \"import\" in [channels.{channel}], then {}"
                | "encerra: fulfillment = \"import\" em [channels.{channel}], depois {}",
            command("import-orders", channel, order)
        ),
        _ => word!("it stays out for good" | "fica de fora definitivamente").into(),
    };
    [say!("not imported: {}" | "não importado: {}", super::reason(reason)), ends]
}

/// What a pass that carries facts out waits for. `told` is the reason as it was noted, with its facts.
pub fn wait(wait: &Wait, told: Option<&Reason>, now: Instant) -> String {
    match (&wait.code, told) {
        (None, _) => say!(
            "the ERP has news, which the next {} looks at" | "o ERP tem novidades, que o próximo {} verifica",
            wait.pass
        ),
        (Some(code), told) => {
            let since = wait.since.map(|since| say!(" for {}" | " há {}", age(now - since))).unwrap_or_default();
            let why = told.map_or_else(|| code.clone(), super::reason);
            say!("{} waits{since}: {why}" | "{} aguarda{since}: {why}", wait.pass)
        }
    }
}

/// A write of which nobody knows whether it went through.
pub fn unsettled(write: &Write) -> String {
    let of = if write.of.is_empty() { String::new() } else { format!(" {}", write.of) };
    let at = moment(write.intended_at);
    say!(
        "it is not known whether `{}{of}` of {at} went through; the next run reads before it sends"
            | "não se sabe se `{}{of}` de {at} foi concluído; a próxima execução lê antes de enviar",
        write.action
    )
}

/// A purged order.
pub fn purged(at: Instant) -> String {
    say!("what happened before {} was purged" | "o que houve antes de {} foi removido (purge)", moment(at))
}

/// What a warehouse of a channel was told of a product.
pub fn told(told: &Told, channel: &ChannelName) -> String {
    let state = match (&told.pushed, &told.channel_sku) {
        (_, None) => say!(
            "the channel does not have the product; it would be told {}"
                | "o canal não tem o produto; seria informado {}",
            told.want
        ),
        (None, _) => say!("never told; to be told {}" | "nunca informado; a informar {}", told.want),
        (Some((pushed, at)), _) if *pushed == told.want => {
            say!("told {pushed} at {}" | "informado {pushed} em {}", moment(*at))
        }
        (Some((pushed, at)), _) => {
            say!(
                "told {pushed} at {}, to be told {}" | "informado {pushed} em {}, a informar {}",
                moment(*at),
                told.want
            )
        }
    };
    say!("{channel}, warehouse {}: {state}" | "{channel}, depósito {}: {state}", told.warehouse)
}

/// When the ERP was read for a number.
pub fn from_reading(at: Instant) -> String {
    say!("from the ERP's balance of {}" | "do saldo do ERP de {}", moment(at))
}

/// Whose units are in a number's parts.
pub fn whose(parts: &StockParts) -> Vec<String> {
    let lists = [
        (word!("in flight then" | "a importar naquele momento"), &parts.in_flight_orders),
        (word!("subtracted by the channel itself" | "subtraídos pelo próprio canal"), &parts.added_back_orders),
    ];
    let told = lists.into_iter().filter(|(_, orders)| !orders.is_empty());
    told.map(|(what, orders)| {
        let orders: Vec<&str> = orders.iter().map(OrderId::as_str).collect();
        format!("{what}: {}", orders.join(", "))
    })
    .collect()
}

/// The last number sent, where it did not simply go through.
pub fn sent(write: &Write) -> Option<String> {
    let at = moment(write.intended_at);
    let answer = write.answer.as_deref().unwrap_or_default();
    match write.state.as_str() {
        "done" => None,
        "failed" => {
            Some(on_one_line(&say!("sent at {at} and not taken: {answer}" | "enviado em {at} e não aceito: {answer}")))
        }
        _ => Some(say!(
            "sent at {at}, and nobody knows whether it arrived; the next run sends it again"
                | "enviado em {at}, e não se sabe se chegou; a próxima execução envia de novo"
        )),
    }
}

/// A product nobody knows.
pub fn unknown_sku(sku: &str) -> String {
    say!(
        "no channel was ever told of a product {sku}, and no order claims it; the ERP's code counts, case and \
         leading zeros too"
            | "nenhum canal foi informado de um produto {sku}, e nenhum pedido o reserva; vale o código do ERP, com \
               maiúsculas e zeros à esquerda"
    )
}

/// A channel that was never told of a product.
pub const NEVER_WORKED_OUT: Both = Both("no number was ever worked out for it", "nenhum número foi calculado para ele");

/// The product that is told of.
pub fn product(sku: &Sku) -> String {
    on_one_line(&labelled(word!("product" | "produto"), sku.as_str()))
}

/// A balance of the ERP.
pub fn level(level: &StockLevel) -> String {
    let StockLevel { warehouse, physical, reserved, .. } = level;
    let told = if level.counted {
        say!(
            "warehouse {warehouse}: {physical} physical − {reserved} reserved = {} available"
                | "depósito {warehouse}: {physical} físico − {reserved} reservado = {} disponível",
            level.available()
        )
    } else {
        say!(
            "warehouse {warehouse}: never counted, {reserved} reserved"
                | "depósito {warehouse}: nunca contado, {reserved} reservado"
        )
    };
    labelled(word!("ERP now" | "ERP agora"), &told)
}

/// Who claims units, by the code of the kind of claim.
pub fn claims(kind: &str, claimants: &[Claimant]) -> String {
    const NAMED: usize = 20;
    let label = if kind == "in_flight" { word!("in flight" | "a importar") } else { word!("reserved" | "reservado") };
    let named: Vec<String> =
        claimants.iter().take(NAMED).map(|one| format!("{} {} ({})", one.channel, one.order, one.units)).collect();
    let more = if claimants.len() > NAMED {
        say!(" and {} more" | " e mais {}", claimants.len() - NAMED)
    } else {
        String::new()
    };
    let units: i64 = claimants.iter().map(|one| one.units).sum();
    labelled(
        label,
        &say!(
            "{}, the latest first: {}{more}" | "{}, do mais recente ao mais antigo: {}{more}",
            count(units, word!("unit" | "unidade"), word!("units" | "unidades")),
            named.join(", ")
        ),
    )
}

fn labelled(label: &str, text: &str) -> String {
    format!("{label:<11} {text}")
}

/// What is known of an order at a glance: its numbers, its worth, where it stands on both sides, its fate. `erp` is the order as the
/// embedded ERP has it.
pub fn head(facts: &OrderFacts, erp: Option<&OrderDetail>) -> Vec<String> {
    let row = &facts.row;
    let mut lines = Vec::new();
    let mut line = |label: &str, parts: Vec<Option<String>>| {
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if !parts.is_empty() {
            lines.push(on_one_line(&labelled(label, &parts.join(", "))));
        }
    };
    let at = |what: &str, at: Option<Instant>| at.map(|at| format!("{what}{}", moment(at)));
    let sequence = facts.sequence.as_ref().map(|sequence| say!("short number {sequence}" | "número curto {sequence}"));
    line(
        word!("order" | "pedido"),
        vec![Some(say!("{} of channel {}" | "{} do canal {}", row.id, row.channel)), sequence],
    );
    let number = facts.marketplace_order.as_ref().map(|number| say!("order {number}" | "pedido {number}"));
    line("marketplace", vec![facts.marketplace.clone(), number]);
    let worth = row.total.map(|total| total.to_string());
    let method = facts.method.as_deref().map(|code| terms::method(PaymentMethod::from_code(code)).to_owned());
    let promised = facts.promised_at.map(|at| say!("promised for {}" | "prometido para {}", date(at)));
    line(word!("placed" | "feito em"), vec![at("", row.created_at), worth, method, promised]);
    let status = facts.raw_status.as_ref().zip(row.status.as_ref());
    let status = status.map(|(raw, status)| format!("`{raw}` ({})", terms::status(status)));
    line(word!("channel" | "canal"), vec![status, at(word!("read " | "lido em "), row.read_at)]);
    let erp_status = erp.map(|detail| &detail.order.status).or(facts.erp_status.as_ref()).map(terms::status);
    line("ERP", vec![row.erp_number.as_ref().map(|number| say!("order {number}" | "pedido {number}")), erp_status]);
    for invoice in erp.iter().flat_map(|detail| &detail.invoices) {
        let number = say!("{} of series {}" | "{} da série {}", invoice.number, invoice.series);
        let (value, key) = (invoice.value.to_string(), say!("key {}" | "chave {}", invoice.access_key));
        line(
            word!("invoice" | "nota"),
            vec![Some(number), Some(value), Some(key), at(word!("cancelled " | "cancelada em "), invoice.cancelled_at)],
        );
    }
    for parcel in erp.iter().flat_map(|detail| &detail.shipments) {
        let carrier = parcel.carrier.as_ref().map(ToString::to_string);
        let (sent, delivered) = (
            at(word!("sent " | "enviado em "), parcel.shipped_at),
            at(word!("delivered " | "entregue em "), parcel.delivered_at),
        );
        line(word!("parcel" | "volume"), vec![parcel.tracking_code.clone(), carrier, sent, delivered]);
    }
    let code = row.fate.map_or("undecided", Fate::code);
    line(word!("fate" | "destino"), vec![Some(fate(code, facts.fate_at, row.fate_why.as_ref()))]);
    lines
}

/// What a person can do, below what is in the way.
pub fn what_to_do(hint: &str) -> String {
    say!("    what to do: {hint}" | "    o que fazer: {hint}")
}

/// Who must act, below what is in the way.
pub fn who(who: Actor) -> String {
    say!("    who: {}" | "    quem: {}", actor(who))
}

/// How to have a product's number sent again.
pub fn sends_at_once(channel: &ChannelName, sku: &Sku) -> String {
    say!(
        "sends it at once: vaivem push-stock --channel {channel} --sku {sku}"
            | "envia já: vaivem push-stock --channel {channel} --sku {sku}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(what: &str, detail: &str) -> String {
        let at = Instant::from_timestamp_millis(1_790_000_000_000).unwrap();
        step(&Step { at, what: what.into(), detail: detail.into() })
    }

    #[test]
    fn every_step_is_a_clause_with_its_reason_in_words() {
        let json = r#"{"code":"carrier_unmapped","carrier":"Jad\nlog"}"#;
        assert_eq!(told("decided", &format!("held: {json}")), "decided: held, carrier `Jad log` is not mapped");
        assert_eq!(told("held", json), "held: carrier `Jad log` is not mapped");
        assert_eq!(
            told("waits", r#"push-invoices: {"code":"transmission_pending"}"#),
            "push-invoices waits: told to the channel, which has not told the marketplace yet"
        );
        assert_eq!(told("read", "handling"), "the channel says `handling`");
        assert_eq!(told("unknown", "create_order: no answer"), "no answer: create_order: no answer");
        // What a newer version noted is told as it stands.
        assert_eq!(told("held", r#"{"code":"no_such_reason"}"#), r#"held: {"code":"no_such_reason"}"#);
        assert_eq!(told("blessed", "x\u{1b}[2J"), "blessed: x [2J");
    }

    #[test]
    fn of_one_instant_what_was_heard_comes_first_and_the_verdict_last() {
        let mut steps = ["held", "decided", "heard", "done", "status", "read"];
        steps.sort_by_key(|what| place(what));
        assert_eq!(steps, ["heard", "read", "done", "decided", "held", "status"]);
    }
}
