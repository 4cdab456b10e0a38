//! The words of daily operation: what `status`, the lists, `why` and `account` tell.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::TimeDelta;

use super::terms;
use crate::exit::Exit;
use crate::lang::{Both, date, moment, say, word};
use crate::model::{Cents, ChannelName, Instant, OrderId};
use crate::passes::adopt::Adopted;
use crate::reason::Reason;
use crate::report::{Outcome, Tally};
use crate::store::by_hand::NotSkipped;
use crate::store::holds::Hold;
use crate::store::letting_go::Purged;
use crate::store::mirror::MirrorAge;
use crate::store::runs::{RunRow, Standing};

/// A number with its noun.
pub fn count(number: i64, one: &str, several: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { several })
}

/// A number of orders.
pub fn orders(number: i64) -> String {
    count(number, word!("order" | "pedido"), word!("orders" | "pedidos"))
}

/// A length of time for people: `3 min`, `2 h`, `5 d`.
pub fn age(span: TimeDelta) -> String {
    match span.num_seconds().max(0) {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3_600 => format!("{} min", seconds / 60),
        seconds @ 3_600..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

/// How old is what is known of the ERP.
pub fn erp_age(known: &MirrorAge, now: Instant) -> String {
    let ago = |at: Option<Instant>| at.map_or_else(|| NEVER.into(), |at| say!("{} ago" | "há {}", age(now - at)));
    let mut text = say!(
        "erp\n orders compared {}, stock {}" | "erp\n pedidos comparados {}, estoque {}",
        ago(known.orders_at),
        ago(known.stock_at)
    );
    text += &say!("; {} followed" | "; {} em acompanhamento", orders(known.live));
    if let Some(at) = known.oldest_read_at {
        text += &say!(", the oldest reading {} old" | ", a leitura mais antiga tem {}", age(now - at));
    }
    if let Some(at) = known.oldest_details_at {
        text += &say!(", of an invoice and parcel {}" | ", a de nota e volume {}", age(now - at));
    }
    text
}

/// The heads of the columns of `status`.
pub const STATUS_HEADS: [Both; 5] = [
    Both("pass", "rotina"),
    Both("last run", "última execução"),
    Both("how it ended", "como terminou"),
    Both("complete", "completa"),
    Both("what it did", "o que fez"),
];

/// A pass that has never run.
pub const NEVER: Both = Both("never", "nunca");

/// How a run ended, as far as that is known.
pub fn ending(run: &RunRow, is_alive: bool) -> String {
    match (&run.exit, is_alive) {
        (Some(exit), _) => terms::ended(exit),
        (None, true) => say!("under way (pid {})" | "em andamento (pid {})", run.pid),
        (None, false) => word!("killed" | "abortada").into(),
    }
}

/// What a run counted, and the calls it made.
pub fn run_counts(counts: &serde_json::Value) -> String {
    let number = |key: &str| counts.get(key).and_then(serde_json::Value::as_i64).unwrap_or_default();
    let keys = ["new", "imported", "updated", "cancelled", "waiting", "held", "skipped", "failed"];
    let mut parts: Vec<String> = keys
        .iter()
        .filter(|key| number(key) > 0)
        .map(|key| terms::outcomes(usize::try_from(number(key)).unwrap_or(usize::MAX), key))
        .collect();
    if parts.is_empty() {
        parts.push(word!("nothing" | "nada").into());
    }
    format!("{}; {}", parts.join(", "), count(number("calls"), word!("call" | "chamada"), word!("calls" | "chamadas")))
}

/// Why the last run of a pass did not come to its end, in its own words.
pub fn run_message(pass: &str, counts: &serde_json::Value) -> Option<String> {
    let message = counts.get("message")?.as_str()?;
    Some(super::on_one_line(&format!("{pass}: {}", super::retold::retold(message))))
}

/// How far a channel's own cursors are.
pub fn cursors(listed: Option<Instant>, followed: Option<Instant>, now: Instant) -> String {
    let told = |at: Option<Instant>| match at {
        Some(at) => say!("{} ago" | "há {}", age(now - at)),
        None => word!("not yet" | "ainda não").into(),
    };
    say!(
        "orders listed up to {}, payments followed to the end {}"
            | "lista de pedidos lida até {}, pagamentos acompanhados até o fim {}",
        told(listed),
        told(followed)
    )
}

/// What of a channel is held; `None` when nothing is.
pub fn held(standing: &Standing, now: Instant) -> Option<String> {
    let mut what = Vec::new();
    if standing.held_orders > 0 {
        what.push(orders(standing.held_orders) + &worth(standing.held));
    }
    if standing.held_skus > 0 {
        what.push(count(standing.held_skus, word!("product" | "produto"), word!("products" | "produtos")));
    }
    let since = standing.held_since?;
    let promised = standing
        .promised_at
        .map(|at| say!(", first promised for {}" | ", o primeiro prometido para {}", date(at)))
        .unwrap_or_default();
    Some(say!(
        "held: {}; the longest for {}{promised} (vaivem holds)"
            | "retidos: {}; o mais antigo há {}{promised} (vaivem holds)",
        what.join(word!(" and " | " e ")),
        age(now - since)
    ))
}

/// Behind what is worth so much; nothing where nobody knows of any worth.
pub(super) fn worth(worth: Cents) -> String {
    if worth == Cents::ZERO { String::new() } else { say!(" worth {worth}" | " no valor de {worth}") }
}

/// What of a channel waits for something that is nobody's fault; `None` when nothing does.
pub fn waits(standing: &Standing) -> Option<String> {
    let mut parts = Vec::new();
    if standing.waiting > 0 {
        let waiting = orders(standing.waiting) + &worth(standing.waiting_worth);
        parts.push(say!("waiting: {waiting}" | "aguardando: {waiting}"));
    }
    if standing.undecided > 0 {
        parts.push(say!("{} not looked at yet" | "{} ainda sem análise", orders(standing.undecided)));
    }
    if standing.unsettled > 0 {
        let writes = count(standing.unsettled, word!("write" | "gravação"), word!("writes" | "gravações"));
        parts.push(say!(
            "{writes} without a known outcome, which the next run settles by reading first"
                | "{writes} sem resultado conhecido, que a próxima execução resolve lendo primeiro"
        ));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// One pass of a probe: how long ago it last came to its end, and what has come of it since.
pub fn probed(channel: &ChannelName, pass: &str, complete: Option<TimeDelta>, last_exit: Option<&str>) -> String {
    let since = match last_exit {
        Some(exit) if exit != Exit::Done.name() && exit != Exit::Held.name() => {
            say!(" (last run: {})" | " (última execução: {})", terms::ended(exit))
        }
        _ => String::new(),
    };
    match complete {
        Some(span) => say!("{channel} {pass} {} ago{since}" | "{channel} {pass} há {}{since}", age(span)),
        None => say!("{channel} {pass} never{since}" | "{channel} {pass} nunca{since}"),
    }
}

/// The line of a probe.
pub fn probe(late: &[String], fine: usize, held: Cents, holds: i64) -> String {
    let holds = if holds > 0 {
        format!("; {}", held_in_all(usize::try_from(holds).unwrap_or(usize::MAX), held))
    } else {
        String::new()
    };
    if late.is_empty() {
        say!(
            "ok: {} in time{holds}" | "ok: {} em dia{holds}",
            count(i64::try_from(fine).unwrap_or(i64::MAX), word!("pass" | "rotina"), word!("passes" | "rotinas"))
        )
    } else {
        say!("late: {}{holds}" | "em atraso: {}{holds}", late.join(", "))
    }
}

/// The heads of the columns of the list of orders.
pub const ORDER_HEADS: [Both; 8] = [
    Both("channel", "canal"),
    Both("order", "pedido"),
    Both("placed", "feito em"),
    Both("worth", "valor"),
    Both("on the channel", "no canal"),
    Both("in the ERP", "no ERP"),
    Both("fate", "destino"),
    Both("why", "motivo"),
];

/// The heads of the columns of the sums by fate.
pub const FATE_HEADS: [Both; 4] =
    [Both("channel", "canal"), Both("fate", "destino"), Both("orders", "pedidos"), Both("worth", "valor")];

/// How many orders there are, and how many of them were listed.
pub fn orders_in_all(all: i64, listed: usize) -> String {
    let seen = say!("{} seen" | "total visto: {}", orders(all));
    match i64::try_from(listed) {
        Ok(listed) if listed < all => say!(
            "{seen}, the latest {listed} listed (--limit 0 lists all)"
                | "{seen}; lista limitada a {listed} (--limit 0 lista todos)"
        ),
        _ => seen,
    }
}

/// Nothing is held.
pub const NOTHING_HELD: Both = Both("nothing is held", "nada está retido");

/// Nothing of what was asked for is.
pub const NOTHING_LIKE_IT_HELD: Both = Both("nothing that was asked for is held", "nada do que foi pedido está retido");

/// How much is held, all in all.
pub fn held_in_all(holds: usize, worth: Cents) -> String {
    if worth == Cents::ZERO {
        return say!("{holds} held" | "retidos: {holds}");
    }
    say!("{holds} held, worth {worth}" | "retidos: {holds}, no valor de {worth}")
}

/// What a person can do.
pub fn what_to_do(hint: &str) -> String {
    say!("  what to do: {hint}" | "  o que fazer: {hint}")
}

/// The head of a cause of holds.
pub fn cause(
    code: &str,
    text: Option<&str>,
    (number, of_products): (i64, bool),
    worth: Cents,
    promised: Option<Instant>,
) -> String {
    let what = if of_products {
        count(number, word!("product" | "produto"), word!("products" | "produtos"))
    } else {
        orders(number)
    };
    let worth = self::worth(worth);
    let promised = promised
        .map(|at| say!(", first promised for {}" | ", o primeiro prometido para {}", date(at)))
        .unwrap_or_default();
    let text = text.map(|text| format!(": {text}")).unwrap_or_default();
    format!("{code}, {what}{worth}{promised}{text}")
}

/// What a cause says that is named by what is missing: a carrier, products. One deed releases all orders that lack it.
pub fn shared_cause(reason: &Reason) -> Option<String> {
    match reason {
        Reason::CarrierUnmapped { .. } => Some(super::reason(reason)),
        Reason::SkusUnmapped { skus } => {
            let codes = skus.iter().map(|sku| match &sku.tried {
                Some(code) => format!("`{code}`"),
                None => say!(
                    "the channel's SKU {}, which carries no reference code"
                        | "o SKU do canal {}, que não tem código de referência",
                    sku.channel_sku
                ),
            });
            Some(say!("the ERP does not know {}" | "o ERP não conhece {}", codes.collect::<Vec<_>>().join(", ")))
        }
        _ => None,
    }
}

/// A reason for a column of a table.
pub fn in_short(reason: &Reason) -> String {
    shared_cause(reason).unwrap_or_else(|| super::reason(reason))
}

/// One hold below its cause; with its own words where they differ.
pub fn hold(hold: &Hold, own: Option<&str>, now: Instant) -> String {
    let what = hold.order.as_ref().map(ToString::to_string).or_else(|| hold.sku.clone()).unwrap_or_default();
    let worth = hold.amount.filter(|_| hold.order.is_some()).map(|amount| format!(" {amount}")).unwrap_or_default();
    let promised =
        hold.promised_at.map(|at| say!(", promised for {}" | ", prometido para {}", date(at))).unwrap_or_default();
    let tried = count(hold.tries, word!("time" | "vez"), word!("times" | "vezes"));
    let own = own.map(|text| format!(": {text}")).unwrap_or_default();
    say!(
        "{} {what}{worth}, held for {}, tried {tried}{promised}{own}"
            | "{} {what}{worth}, retido há {}, tentado {tried}{promised}{own}",
        hold.channel,
        age(now - hold.since)
    )
}

/// Holds of a cause that are not listed.
pub fn more_holds(number: usize, code: &str) -> String {
    say!("and {number} more: vaivem holds --reason {code}" | "e mais {number}: vaivem holds --reason {code}")
}

/// No order has this number, on any of so many channels.
pub fn never_seen(number: &str, channels: usize) -> String {
    let channel = match channels {
        0 | 1 => "",
        _ => word!(" --channel NAME" | " --channel NOME"),
    };
    say!(
        "no order {number} was ever seen, by this or any other of its numbers; is it one of another store, whose \
         configuration is another? vaivem import-orders --order {number}{channel} looks for it on the channel"
            | "nenhum pedido {number} foi visto, nem por outro de seus números; é de outra loja, que tem outra \
               configuração? vaivem import-orders --order {number}{channel} o procura no canal"
    )
}

/// The ERP has the number, and the state file no order of it.
pub fn only_in_erp(number: &str, erp_number: &str) -> String {
    say!(
        "{number} belongs to order {erp_number} of the ERP, which no channel asked for was seen to have; vaivem \
         ledger show {erp_number} tells what the ERP knows"
            | "{number} é do pedido {erp_number} do ERP, que nenhum dos canais consultados mostrou; vaivem ledger \
               show {erp_number} diz o que o ERP sabe"
    )
}

/// Several orders have this number.
pub fn several_orders(number: &str, orders: &[(&ChannelName, &OrderId)]) -> String {
    let orders: Vec<String> = orders.iter().map(|(channel, order)| format!("{channel} {order}")).collect();
    say!(
        "several orders have the number {number}: {}; say which with --channel NAME, or by its number on the channel"
            | "vários pedidos têm o número {number}: {}; diga qual com --channel NOME, ou pelo número no canal",
        orders.join(", ")
    )
}

/// A reason that says nothing.
pub const SAYS_NOTHING: Both = Both(
    "--reason says nothing; whoever looks at the order later must know why",
    "--reason está vazio; quem olhar o pedido depois precisa saber o motivo",
);

/// Neither held nor skipped by a person.
pub const NOT_BY_HAND: Both =
    Both("it is neither held nor skipped by hand", "não está retido nem deixado de fora por uma pessoa");

/// Nothing holds it that could be tried.
pub const NOT_HELD: Both =
    Both("nothing holds it that could be tried again", "nada o retém que possa ser tentado de novo");

/// A skipped order that was released.
pub const DECIDED_ANEW: Both =
    Both("the next import-orders decides on it anew", "o próximo import-orders decide de novo");

/// Why an order cannot be skipped.
pub fn not_skipped(problem: &NotSkipped) -> String {
    match problem {
        NotSkipped::InErp(number) => {
            say!(
                "it is in the ERP as {number}; what is not to be delivered is cancelled there, and `holds add` keeps \
                 it as it is"
                    | "está no ERP como {number}; o que não deve ser entregue se cancela lá, e `holds add` o mantém \
                       como está"
            )
        }
        NotSkipped::Cancelled => {
            word!("it is cancelled, which is its fate for good" | "está cancelado, e isso é definitivo").into()
        }
        NotSkipped::Unsettled => word!(
            "a run may have created it in the ERP; the next import-orders finds out, then skip it again or \
                 cancel it there"
                | "uma execução pode tê-lo criado no ERP; o próximo import-orders descobre, e então deixe-o de \
                       fora de novo ou cancele lá"
        )
        .into(),
    }
}

/// Which runs try an order again.
pub fn next_run_tries(passes: &[String]) -> String {
    say!("the next {} tries it" | "o próximo {} tenta de novo", passes.join(word!(" and " | " e ")))
}

/// How not to wait for the next run, for orders of these channels; or for the only one there is.
pub fn at_once(pass: &str, channels: &BTreeSet<ChannelName>, only: Option<&OrderId>) -> String {
    match (channels.first().filter(|_| channels.len() == 1), only) {
        (Some(channel), Some(order)) => {
            say!("          at once: {}" | "          já: {}", command(pass, channel, order))
        }
        (Some(channel), None) => say!(
            "          at once: vaivem {pass} --channel {channel}" | "          já: vaivem {pass} --channel {channel}"
        ),
        (None, _) => say!("          at once: vaivem {pass}" | "          já: vaivem {pass}"),
    }
}

/// The command that has a pass visit one order.
pub fn command(pass: &str, channel: &ChannelName, order: &OrderId) -> String {
    format!("vaivem {pass} --channel {channel} --order {order}")
}

/// A range that is empty.
pub const SINCE_AFTER_UNTIL: Both = Both("--since is after --until", "--since é depois de --until");

/// There is nothing to hold the list against.
pub const NEVER_SWEPT: Both = Both(
    "its order list was never read; run vaivem import-orders first",
    "a lista de pedidos nunca foi lida; execute antes vaivem import-orders",
);

/// A range of which nothing can be accounted for.
pub fn outside(cutoff: Instant, swept: Instant) -> String {
    say!(
        "these days lie outside what can be accounted for: from the cut-off date {} to {}, where the last \
         import-orders has read the list"
            | "esses dias estão fora do que pode ser conferido: da data de corte, {}, até {}, onde o último \
               import-orders leu a lista",
        date(cutoff),
        moment(swept)
    )
}

/// The head of a channel's account.
pub fn account_of(channel: &ChannelName, from: Instant, to: Instant, listed: usize) -> String {
    let (from, to) = (moment(from), moment(to));
    say!(
        "{channel}: {} listed from {from} to {to}" | "{channel}: lista com {} de {from} a {to}",
        orders(i64::try_from(listed).unwrap_or(i64::MAX))
    )
}

/// An order without a fate.
pub fn unaccounted(channel: &ChannelName, order: &OrderId, state: &str, seen: bool) -> String {
    let what = if seen {
        word!("seen, and not decided on" | "visto, sem decisão")
    } else {
        word!("never seen" | "nunca visto")
    };
    let state = super::on_one_line(state);
    say!(
        "without a fate: {order} (`{state}`), {what}: {}" | "sem destino: {order} (`{state}`), {what}: {}",
        command("import-orders", channel, order)
    )
}

/// So many of the orders that the list does not have are named.
pub const NAMED: usize = 10;

/// Orders that the list does not have: how many, and the first of them.
pub fn not_listed(all: usize, named: &[OrderId]) -> String {
    let more = if all > named.len() { ", …" } else { "" };
    let named: Vec<String> = named.iter().map(ToString::to_string).collect();
    let number = orders(i64::try_from(all).unwrap_or(i64::MAX));
    say!(
        "known here and not in the channel's list: {number}: {}{more}"
            | "conhecidos aqui e ausentes da lista do canal: {number}: {}{more}",
        named.join(", ")
    )
}

/// The end of an account.
pub fn accounted(listed: usize, unaccounted: usize) -> String {
    let listed = orders(i64::try_from(listed).unwrap_or(i64::MAX));
    match unaccounted {
        0 => say!("{listed}, 0 unaccounted for" | "{listed}, 0 sem destino"),
        n => say!(
            "{listed}, {n} unaccounted for: the commands above have them looked at"
                | "{listed}, {n} sem destino: os comandos acima os verificam"
        ),
    }
}

/// An order that was forgotten, and what comes of that.
pub fn forgotten(channel: &ChannelName, order: &OrderId, erp_number: Option<&str>) -> String {
    let in_erp = erp_number
        .map(|number| {
            say!(
                "; if the ERP has it still, as {number}, it is found there and not created twice"
                    | "; se o ERP ainda o tiver, como {number}, é achado lá e não criado duas vezes"
            )
        })
        .unwrap_or_default();
    let at_once = command("import-orders", channel, order);
    say!(
        "forgotten {channel} {order}: the next import-orders sees it anew{in_erp}\n          at once: {at_once}"
            | "esquecido {channel} {order}: o próximo import-orders o vê como novo{in_erp}\n          já: {at_once}"
    )
}

/// A span that is too short to purge by.
pub fn too_young(youngest: TimeDelta) -> String {
    say!(
        "--older-than must be {}d or more: younger orders may still be returned, or paid late"
            | "--older-than deve ser {}d ou mais: pedidos mais novos ainda podem ser devolvidos, ou pagos com atraso",
        youngest.num_days()
    )
}

/// What was purged, or would be.
pub fn purged(purged: &Purged, before: Instant, dry_run: bool) -> String {
    let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let runs = count(number(purged.runs), word!("run" | "execução"), word!("runs" | "execuções"));
    let (closed, before) = (orders(number(purged.orders)), date(before));
    match (dry_run, purged.orders) {
        (true, 1) => say!(
            "would clear {closed} closed before {before} of its history, and {runs}"
                | "removeria o histórico de {closed} encerrado antes de {before}, e {runs}"
        ),
        (true, _) => say!(
            "would clear {closed} closed before {before} of their history, and {runs}"
                | "removeria o histórico de {closed} encerrados antes de {before}, e {runs}"
        ),
        (false, 1) => say!(
            "cleared {closed} closed before {before} of its history, and {runs}"
                | "removido o histórico de {closed} encerrado antes de {before}, e {runs}"
        ),
        (false, _) => say!(
            "cleared {closed} closed before {before} of their history, and {runs}"
                | "removido o histórico de {closed} encerrados antes de {before}, e {runs}"
        ),
    }
}

/// A backup that would go over something.
pub fn backup_exists(folder: &Path) -> String {
    say!(
        "{} is there already; a backup never overwrites anything: name a folder that does not exist yet"
            | "{} já existe; uma cópia nunca sobrescreve nada: indique uma pasta que ainda não existe",
        folder.display()
    )
}

/// The operating system refused part of a backup.
pub fn backup_refused(path: &Path, error: &std::io::Error) -> String {
    say!(
        "{} cannot be written or read: {error}; there is no backup"
            | "{} não pode ser gravado ou lido: {error}; não há cópia",
        path.display()
    )
}

/// One file of a backup.
pub fn backed_up(from: &Path, to: &Path, bytes: u64) -> String {
    say!("{} → {}, {} kB, checked" | "{} → {}, {} kB, conferido", from.display(), to.display(), bytes.div_ceil(1_000))
}

/// Days that have not come yet.
pub const SINCE_AHEAD: Both = Both(
    "--since lies ahead; nothing was ordered yet on that day",
    "--since está no futuro; nesse dia ainda não houve pedidos",
);

/// What adopting the orders of a channel came to.
pub fn adopted(
    channel: &ChannelName,
    (from, to): (Instant, Instant),
    adopted: &Adopted,
    tally: &Tally,
    dry_run: bool,
) -> String {
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let mut text = say!(
        "{channel}, {} to {}: {} listed; {}{} linked, {} known before"
            | "{channel}, {} a {}: lista com {}; {}{} vinculado(s), {} já conhecido(s)",
        moment(from),
        moment(to),
        orders(number(adopted.listed)),
        if dry_run { word!("would be: " | "seriam: ") } else { "" },
        adopted.linked.get(),
        adopted.known.get()
    );
    for (count, what) in [
        (adopted.left.get(), word!("not in the ERP, for import-orders" | "fora do ERP, para o import-orders")),
        (tally.of(Outcome::Cancelled), word!("cancelled" | "cancelados")),
        (tally.of(Outcome::Skipped), word!("skipped" | "deixados de fora")),
        (tally.of(Outcome::Held), word!("held (vaivem holds)" | "retidos (vaivem holds)")),
        (tally.of(Outcome::Failed), word!("failed" | "com falha")),
    ] {
        if count > 0 {
            text += &format!(", {count} {what}");
        }
    }
    let invoices = count(number(adopted.invoices.get()), word!("invoice" | "nota"), word!("invoices" | "notas"));
    let parcels = count(
        number(adopted.parcels.get()),
        word!("tracking code" | "código de rastreio"),
        word!("tracking codes" | "códigos de rastreio"),
    );
    text + &say!("; the channel has {invoices} and {parcels} of theirs" | "; o canal tem {invoices} e {parcels} deles")
}

/// What to do with carriers' files after the state file was lost, where nothing else keeps what they told.
pub fn put_back(done: &Path) -> String {
    say!(
        "if the state file was lost: what carriers told in their files stood there alone until it was written or sent. After the \
         next `vaivem sync`, move those of the last days from {} back into the folder above; taking one twice changes nothing"
            | "se o arquivo de estado se perdeu: o que as transportadoras disseram em seus arquivos estava só ali até ser gravado \
               ou enviado. Depois do próximo `vaivem sync`, devolva os dos últimos dias de {} à pasta acima; aproveitar um duas \
               vezes não muda nada",
        done.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Sku;
    use crate::reason::UnmappedSku;

    #[test]
    fn ages_are_rounded_down_to_what_people_say() {
        let told = |seconds| age(TimeDelta::seconds(seconds));
        assert_eq!(
            [-5, 59, 60, 3_599, 3_600, 172_799, 172_800].map(told),
            ["0 s", "59 s", "1 min", "59 min", "1 h", "47 h", "2 d"]
        );
    }

    #[test]
    fn a_probe_is_one_line() {
        let loja = ChannelName::new("loja");
        assert_eq!(probe(&[], 1, Cents::ZERO, 0), "ok: 1 pass in time");
        let late = [
            probed(&loja, "push-stock", Some(TimeDelta::hours(2)), Some("time_budget")),
            probed(&loja, "import-orders", None, Some("held")),
        ];
        let line = probe(&late, 3, Cents::new(1_000), 2);
        assert_eq!(
            line,
            "late: loja push-stock 2 h ago (last run: time budget), loja import-orders never; 2 held, worth R$ 10,00"
        );
    }

    #[test]
    fn a_missing_product_is_one_cause_on_whatever_channel() {
        let unmapped = |channel_sku: &str, tried: Option<&str>| Reason::SkusUnmapped {
            skus: vec![UnmappedSku {
                channel_sku: channel_sku.into(),
                tried: tried.map(Sku::new),
                name: "Boné".into(),
            }],
        };
        assert_eq!(shared_cause(&unmapped("5", Some("BONE"))), shared_cause(&unmapped("BONE", Some("BONE"))));
        assert_ne!(shared_cause(&unmapped("5", None)), shared_cause(&unmapped("6", None)));
        assert_eq!(shared_cause(&Reason::NotOnChannel), None);
    }

    #[test]
    fn the_command_for_at_once_names_the_only_order_or_the_only_channel() {
        let channels = |names: &[&str]| names.iter().map(|name| ChannelName::new(*name)).collect();
        let (one, two) = (channels(&["loja"]), channels(&["hub", "loja"]));
        let order = OrderId::new("1-01");
        for (channels, only, told) in [
            (&one, Some(&order), "vaivem push-stock --channel loja --order 1-01"),
            (&one, None, "vaivem push-stock --channel loja"),
            (&two, None, "vaivem push-stock"),
        ] {
            assert_eq!(at_once("push-stock", channels, only).trim(), format!("at once: {told}"));
        }
    }

    #[test]
    fn where_to_look_for_an_order_that_was_never_seen_names_the_channel_where_there_are_several() {
        assert!(never_seen("7-01", 1).contains("vaivem import-orders --order 7-01 looks"));
        assert!(never_seen("7-01", 2).contains("vaivem import-orders --order 7-01 --channel NAME looks"));
    }

    #[test]
    fn what_a_run_did_leaves_out_what_it_did_not() {
        let counts =
            serde_json::json!({ "new": 2, "imported": 1, "held": 0, "calls": 1, "message": "the host\nis down" });
        assert_eq!(run_counts(&counts), "2 new, 1 imported; 1 call");
        assert_eq!(run_counts(&serde_json::Value::Null), "nothing; 0 calls");
        assert_eq!(run_message("push-stock", &counts).as_deref(), Some("push-stock: the host is down"));
    }
}
