//! The words of the page that `report --html` writes. Plain text: the page escapes it, and shows what stands between backticks as code.

use std::path::Path;

use chrono::{Datelike, NaiveDate, TimeDelta};

use super::daily;
use crate::lang::{Both, Lang, lang, moment, say, word};
use crate::model::{Cents, ChannelName, Instant, OrderId, calendar};
use crate::reason::{Actor, Reason};
use crate::store::mirror::MirrorAge;
use crate::store::orders::Fate;

/// The language of the page, as HTML names it.
pub const LANG: Both = Both("en", "pt-BR");

/// A number with its thousands apart.
pub fn number(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = if number < 0 { "−".to_owned() } else { String::new() };
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(match lang() {
                Lang::En => '\u{202f}',
                Lang::PtBr => '.',
            });
        }
        text.push(digit);
    }
    text
}

/// A number with its noun.
fn count(of: i64, one: &str, several: &str) -> String {
    format!("{} {}", number(of), if of == 1 { one } else { several })
}

/// A number of orders.
pub fn orders(of: i64) -> String {
    count(of, word!("order" | "pedido"), word!("orders" | "pedidos"))
}

/// A number of products.
pub fn products(of: i64) -> String {
    count(of, word!("product" | "produto"), word!("products" | "produtos"))
}

/// A day for an axis or a table: `25 Nov`, which no line breaks.
pub fn day(date: NaiveDate) -> String {
    const EN: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    const PT: [&str; 12] = ["jan", "fev", "mar", "abr", "mai", "jun", "jul", "ago", "set", "out", "nov", "dez"];
    let months = match lang() {
        Lang::En => EN,
        Lang::PtBr => PT,
    };
    let month = usize::try_from(date.month0()).ok().and_then(|month| months.get(month)).unwrap_or(&"");
    format!("{}\u{a0}{month}", date.day())
}

// The head.

/// The page's title.
pub fn title(channels: &[&ChannelName]) -> String {
    let names: Vec<&str> = channels.iter().map(|name| name.as_str()).collect();
    format!("vaivem: {}", names.join(", "))
}

/// Before the time at which the page was made.
pub const MADE_AT: Both = Both("As of", "Situação em");
/// Behind it.
pub const MADE_WHERE: Both = Both("in São Paulo", "no horário de São Paulo");

/// How old the page may be, for whoever looks at it.
pub fn stale(next: Option<(TimeDelta, Instant)>) -> String {
    match next {
        Some((every, at)) => say!(
            "Made anew every {}; the next is due at {}. If it is later than that on your clock, this page is stale: see \
             whether cron still runs."
                | "Refeita a cada {}; a próxima é esperada para {}. Se o seu relógio já passou disso, esta página está \
                   velha: veja se o cron ainda roda.",
            span(every),
            moment(at)
        ),
        None => word!(
            "It does not change by itself: if this time is long past, the page is stale, and it says nothing of now."
                | "Ela não muda sozinha: se esta hora já passou faz tempo, a página está velha e nada diz de agora."
        )
        .into(),
    }
}

/// Over what needs a person.
pub fn needs_person(things: i64) -> String {
    match things {
        1 => word!("1 thing needs a person" | "1 pendência precisa de alguém").into(),
        _ => say!("{} things need a person" | "{} pendências precisam de alguém", number(things)),
    }
}

/// Nothing held needs one, and passes are late.
pub fn late_passes(passes: i64) -> String {
    match passes {
        1 => word!("1 pass is late" | "1 rotina está atrasada").into(),
        _ => say!("{} passes are late" | "{} rotinas estão atrasadas", number(passes)),
    }
}

/// Over a shop that needs nobody.
pub const ALL_WELL: Both = Both("All is well", "Está tudo em ordem");

/// Over a state file that nothing has used yet.
pub const NOTHING_YET: Both = Both("Nothing has run yet", "Nada foi executado ainda");
/// Below that.
pub const BEGIN: Both = Both(
    "Run `vaivem check`, then `vaivem sync`, or let cron do so; the next page tells what came of it.",
    "Execute `vaivem check` e depois `vaivem sync`, ou deixe o cron fazer isso; a próxima página conta o resultado.",
);

/// What is held, below the headline.
pub fn held(orders_held: i64, skus: i64, worth: Cents, promised: Option<Instant>) -> String {
    let mut what = Vec::new();
    if orders_held > 0 {
        what.push(orders(orders_held) + &daily::worth(worth));
    }
    if skus > 0 {
        what.push(products(skus));
    }
    if what.is_empty() {
        return word!("Nothing is held." | "Nada está retido.").into();
    }
    let promised = promised.map(|at| {
        say!("; the first was promised for {}" | "; o primeiro foi prometido para {}", day(calendar::local_date(at)))
    });
    let what = what.join(word!(" and " | " e "));
    say!("Held: {what}{}." | "Retidos: {what}{}.", promised.unwrap_or_default())
}

/// Of what is held, what is tried again without anybody.
pub fn by_itself(holds: i64) -> String {
    match holds {
        1 => word!(
            "1 of them is tried again by the next run without anybody."
                | "1 deles é tentado de novo pela próxima execução, sem ninguém."
        )
        .into(),
        _ => say!(
            "{} of them are tried again by the next run without anybody."
                | "{} deles são tentados de novo pela próxima execução, sem ninguém.",
            number(holds)
        ),
    }
}

/// A pass that gets no further without a person, below the headline; and how its last run ended.
pub fn stuck(channel: &ChannelName, pass: &str, ended: &str) -> String {
    say!(
        "{pass} on {channel}: {ended}. More of it: `vaivem status`."
            | "{pass} em {channel}: {ended}. Mais: `vaivem status`."
    )
}

/// A channel's passes that are late, below the headline: each with how long ago it came to its end, and how often it usually does.
pub fn late(channel: &ChannelName, passes: &[(&str, Option<TimeDelta>, Option<TimeDelta>)]) -> String {
    let told = passes.iter().map(|(pass, lag, rhythm)| match (lag.map(ago), rhythm) {
        (Some(ago), Some(rhythm)) => {
            say!("{pass} {ago} (usually every {})" | "{pass} {ago} (costuma ser a cada {})", span(*rhythm))
        }
        (Some(ago), None) => format!("{pass} {ago}"),
        (None, _) => format!("{pass} {}", daily::NEVER),
    });
    let told = told.collect::<Vec<_>>().join(", ");
    say!(
        "Late on {channel}, by when each last came to its end: {told}."
            | "Em atraso em {channel} (última execução completa): {told}."
    )
}

/// A length of time.
pub fn span(span: TimeDelta) -> String {
    daily::age(span)
}

/// How long ago.
pub fn ago(lag: TimeDelta) -> String {
    say!("{} ago" | "há {}", span(lag))
}

// The tiles.

/// Money that held orders are worth.
pub const TILE_HELD: Both = Both("held", "retido");
/// Orders that wait.
pub const TILE_WAITING: Both = Both("waiting", "aguardando");
/// Orders that are not looked at yet.
pub const TILE_UNDECIDED: Both = Both("not looked at yet", "ainda sem análise");
/// Orders placed today.
pub const TILE_TODAY: Both = Both("placed today", "pedidos de hoje");
/// Numbers that are not confirmed.
pub const TILE_STOCK: Both = Both("stock numbers to send", "estoques a enviar");
/// Writes without an answer.
pub const TILE_UNSETTLED: Both = Both("writes without an answer", "gravações sem resposta");
/// Below those: nobody needs to do anything.
pub const SETTLED_BY_RUN: Both = Both("the next run settles them", "a próxima execução resolve");

// Troubles.

/// Over the list of troubles.
pub fn troubles(listed: usize) -> String {
    match listed {
        0 | 1 => word!("What is held longest" | "O que está retido há mais tempo").into(),
        several => say!("The {several} oldest troubles" | "As {several} pendências mais antigas"),
    }
}

/// Nothing is in anybody's way.
pub const NO_TROUBLE: Both = Both("Nothing is held.", "Nada está retido.");
/// Below the list.
pub const WHOLE_STORY: Both = Both(
    "The whole story of one: `vaivem why NUMBER`. All that is held: `vaivem holds`.",
    "A história inteira de um: `vaivem why NÚMERO`. Tudo o que está retido: `vaivem holds`.",
);
/// Before what a person can do.
pub const WHAT_TO_DO: Both = Both("What to do", "O que fazer");
/// Before who must act.
pub const WHO: Both = Both("Who", "Quem");
/// Before the command.
pub const COMMAND: Both = Both("Command", "Comando");

/// Since when something is held, and how often it was tried.
pub fn held_since(since: Instant, tries: i64, now: Instant) -> String {
    let tried = count(tries, word!("time" | "vez"), word!("times" | "vezes"));
    say!(
        "held since {} ({}), tried {tried}" | "retido desde {} ({}), tentado {tried}",
        moment(since),
        span(now - since)
    )
}

/// The date promised to the customer.
pub fn promised(at: Instant) -> String {
    say!("promised for {}" | "prometido para {}", day(calendar::local_date(at)))
}

/// Who must act.
pub fn actor(actor: Actor) -> &'static str {
    super::timeline::actor(actor)
}

/// The command that tries an order again at once, or ends what a person said.
pub fn order_command(pass: Option<&str>, channel: &ChannelName, order: &OrderId) -> String {
    match pass {
        Some(pass) => daily::command(pass, channel, order),
        None => format!("vaivem holds release {order} --channel {channel}"),
    }
}

/// The command that tries a product again at once.
pub fn sku_command(channel: &ChannelName, sku: &str) -> String {
    format!("vaivem push-stock --channel {channel} --sku {sku}")
}

/// Why something is held, for a page that others may read. What the other side or a person wrote may name a customer, and no mask
/// finds a name: `why` tells it to whoever has the state file.
pub fn cause(reason: &Reason) -> String {
    match reason {
        Reason::CallFailed { .. } => word!("a call for it failed" | "uma chamada para ele falhou").into(),
        Reason::ErpRefused { .. } => word!("the ERP refused it" | "o ERP recusou").into(),
        Reason::CancelRefused { raw, .. } => {
            say!("the channel does not cancel it (`{raw}`)" | "o canal não o cancela (`{raw}`)")
        }
        Reason::TakeOverRefused { raw, .. } => {
            say!("the channel does not hand it over (`{raw}`)" | "o canal não o entrega (`{raw}`)")
        }
        Reason::StockRefused { .. } => {
            word!("the channel does not take its stock" | "o canal não aceita o estoque dele").into()
        }
        Reason::TransmissionFailed { .. } => {
            word!("the marketplace refused what the channel told it" | "o marketplace recusou o que o canal informou")
                .into()
        }
        Reason::RefusedByChannel { action, .. } => {
            say!("the channel refused `{}`" | "o canal recusou: {}", super::terms::action(action))
        }
        Reason::HeldByHand { .. } => word!("held by a person" | "retido por uma pessoa").into(),
        Reason::SkippedByHand { .. } => word!("skipped by a person" | "deixado de fora por uma pessoa").into(),
        Reason::Unreadable { at, .. } => say!(
            "the channel's answer cannot be used (at `{at}`)" | "a resposta do canal não pode ser usada (em `{at}`)"
        ),
        Reason::OrderInPackages { .. } => super::reason(&Reason::OrderInPackages { said: None }),
        Reason::SkusUnmapped { .. } => daily::in_short(reason),
        // A hold of a newer version stands there as it was noted.
        Reason::StatusUnknown { raw } if raw.len() > 60 => {
            word!("the channel says something vaivem does not know" | "o canal diz algo que o vaivem não conhece")
                .into()
        }
        other => super::reason(other),
    }
}

// Sections of a channel.

/// Orders by fate.
pub const FATES: Both = Both("Orders by fate", "Pedidos por destino");
/// What a fate is called.
pub fn fate(fate: Option<Fate>) -> &'static str {
    match fate {
        Some(Fate::Imported) => word!("in the ERP" | "no ERP"),
        Some(Fate::Waiting) => word!("waiting" | "aguardando"),
        Some(Fate::Held) => word!("held" | "retidos"),
        Some(Fate::Skipped) => word!("skipped" | "deixados de fora"),
        Some(Fate::Cancelled) => word!("cancelled" | "cancelados"),
        None => word!("not looked at yet" | "ainda sem análise"),
    }
}
/// The heads of the table of fates.
pub const FATE_HEADS: [Both; 4] =
    [Both("fate", "destino"), Both("placed today", "de hoje"), Both("ever", "no total"), Both("worth", "valor")];
/// No order yet.
pub const NO_ORDERS: Both = Both("No order was seen yet.", "Nenhum pedido foi visto ainda.");
/// Orders by the day they were placed.
pub fn placed(days: usize) -> String {
    say!("Placed per day, the last {days} days" | "Pedidos por dia, nos últimos {days} dias")
}

/// Open orders by age.
pub const AGES: Both = Both("Open orders by age", "Pedidos em aberto por idade");
/// What that counts.
pub const AGES_WHAT: Both = Both(
    "Since they were placed: not in the ERP yet, or in it and held.",
    "Desde a compra: ainda fora do ERP, ou nele e retidos.",
);
/// The classes of age, each up to the next.
pub const AGE_CLASSES: [Both; 8] = [
    Both::only("<1 h"),
    Both::only("1–6 h"),
    Both::only("6–24 h"),
    Both::only("1–2 d"),
    Both::only("2–4 d"),
    Both::only("4–7 d"),
    Both::only("7–14 d"),
    Both::only(">14 d"),
];
/// The kinds of open orders.
pub const OPEN_KINDS: [Both; 4] = [
    Both("not looked at yet", "ainda sem análise"),
    Both("waiting", "aguardando"),
    Both("held, not in the ERP", "retidos, fora do ERP"),
    Both("held, in the ERP", "retidos, no ERP"),
];
/// Nothing is open.
pub const NONE_OPEN: Both = Both(
    "No order is open: each is in the ERP, skipped or cancelled, and none is held.",
    "Nenhum pedido em aberto: cada um está no ERP, deixado de fora ou cancelado, e nenhum está retido.",
);

/// Money held by cause.
pub const CAUSES: Both = Both("Money held, by cause", "Dinheiro retido, por motivo");
/// What a cause holds up.
pub fn cause_held(of_orders: i64, of_products: i64, worth: Cents, promised: Option<Instant>) -> String {
    let mut parts = Vec::new();
    if of_orders > 0 {
        parts.extend(Some(worth).filter(|worth| *worth != Cents::ZERO).map(|worth| worth.to_string()));
        parts.push(orders(of_orders));
    }
    if of_products > 0 {
        parts.push(products(of_products));
    }
    if let Some(at) = promised {
        parts.push(say!("first promised for {}" | "o primeiro prometido para {}", day(calendar::local_date(at))));
    }
    parts.join(" · ")
}
/// Where each hold of a cause has words of its own: one of them.
pub fn such_as(text: &str) -> String {
    say!("such as: {text}" | "por exemplo: {text}")
}
/// How to see all of a cause.
pub fn holds_command(code: &str) -> String {
    format!("vaivem holds --reason {code}")
}
/// Causes that are not listed.
pub fn more_causes(causes: usize) -> String {
    let causes = i64::try_from(causes).unwrap_or(i64::MAX);
    let causes = count(causes, word!("cause" | "motivo"), word!("causes" | "motivos"));
    say!("And {causes} that hold up less: `vaivem holds`." | "E mais {causes} com valor menor: `vaivem holds`.")
}

/// Lag per pass.
pub const LAG: Both = Both("Lag per pass", "Atraso por rotina");
/// How to read it.
pub fn lag_what(days: usize, hours: i64) -> String {
    say!(
        "How long ago the last complete run began: the worst of each {hours} h, {days} days. High and hatched is late, \
         measured by how often the pass usually comes to its end; low is as usual; empty is before its first run."
            | "Há quanto tempo começou a última execução completa: o pior de cada {hours} h, {days} dias. Alto e \
               hachurado é atraso, medido por quantas vezes a rotina costuma chegar ao fim; baixo é o costume; vazio é \
               antes da primeira execução."
    )
}
/// Beside a pass.
pub fn lag_now(now: Option<TimeDelta>, worst: Option<TimeDelta>) -> String {
    match (now, worst) {
        (Some(now), Some(worst)) => say!("now {} · worst {}" | "agora {} · pior {}", span(now), span(worst)),
        (Some(now), None) => say!("now {}" | "agora {}", span(now)),
        (None, _) => word!("never came to its end" | "nunca chegou ao fim").into(),
    }
}
/// A bar of the lag.
pub fn lag_bar(from: Instant, worst: TimeDelta) -> String {
    say!("{}: up to {}" | "{}: até {}", moment(from), span(worst))
}
/// The classes of lag.
pub const LAG_CLASSES: [Both; 3] = [
    Both("as usual", "como de costume"),
    Both("late: over 3 times", "atrasada: mais de 3 vezes"),
    Both("very late: over 12 times", "muito atrasada: mais de 12 vezes"),
];
/// The heads of its table.
pub const LAG_HEADS: [Both; 5] = [
    Both("pass", "rotina"),
    Both("last run", "última execução"),
    Both("usually every", "costuma ser a cada"),
    Both("now", "agora"),
    Both("worst", "pior"),
];
/// How the last run ended.
pub fn ending(exit: Option<&str>, under_way: bool) -> String {
    match exit {
        Some(exit) => exit.replace('_', " "),
        None if under_way => word!("under way" | "em andamento").into(),
        None => KILLED.to_string(),
    }
}

/// What the passes did.
pub const WORK: Both = Both("What the passes did", "O que as rotinas fizeram");
/// Per day.
pub const WORK_WHAT: Both = Both(
    "Orders and products written to either side, and those that failed, per day.",
    "Pedidos e produtos gravados em um dos lados, e os que falharam, por dia.",
);
/// The kinds of it.
pub const WORK_KINDS: [Both; 4] = [
    Both("imported", "importados"),
    Both("updated", "atualizados"),
    Both("cancelled", "cancelados"),
    Both("failed", "falharam"),
];
/// How runs ended.
pub const RUNS: Both = Both("How runs ended", "Como as execuções terminaram");
/// Per day.
pub const RUNS_WHAT: Both = Both("Runs of all passes, per day.", "Execuções de todas as rotinas, por dia.");
/// The kinds of endings.
pub const RUN_KINDS: [Both; 3] = [
    Both("complete", "completas"),
    Both("complete, some held or failed", "completas, com retidos ou falhas"),
    Both("ended early", "encerradas antes do fim"),
];
/// Pushes and failures, pass by pass.
pub fn passes(days: usize) -> String {
    say!("Pass by pass, the last {days} days" | "Rotina por rotina, nos últimos {days} dias")
}
/// The heads of the table of passes.
pub const PASS_HEADS: [Both; 7] = [
    Both("pass", "rotina"),
    Both("runs", "execuções"),
    Both("ended early", "antes do fim"),
    Both("written", "gravados"),
    Both("failed", "falharam"),
    Both("calls", "chamadas"),
    Both("429s", "429"),
];
/// The heads of the table per day.
pub const DAY_HEADS: [Both; 11] = [
    Both("day", "dia"),
    Both("imported", "importados"),
    Both("updated", "atualizados"),
    Both("cancelled", "cancelados"),
    Both("failed", "falharam"),
    Both("complete", "completas"),
    Both("some held", "com retidos"),
    Both("ended early", "antes do fim"),
    Both("calls", "chamadas"),
    Both("to the ERP", "ao ERP"),
    Both("429s", "429"),
];
/// No run yet.
pub const NO_RUNS: Both = Both("No pass has run in these days.", "Nenhuma rotina foi executada nestes dias.");
/// How the last run that was not complete ended.
pub fn last_failure(pass: &str, at: Instant, exit: &str, meaning: &str) -> String {
    say!(
        "Last to end early: {pass} at {}, {exit}: {meaning}."
            | "A última a acabar antes do fim: {pass} em {}, {exit}: {meaning}.",
        moment(at)
    )
}
/// A run that nobody ended.
pub const KILLED: Both = Both("killed", "abortada");
/// What that means.
pub const KILLED_MEANS: Both = Both(
    "it was ended from outside before it could note how it went",
    "foi encerrada de fora antes de anotar como terminou",
);

/// The numbers of a chart as a table.
pub const NUMBERS: Both = Both("the numbers", "os números");
/// The day in a table.
pub const DAY: Both = Both("day", "dia");
/// The age in a table.
pub const AGE: Both = Both("age", "idade");
/// All kinds together.
pub const ALL: Both = Both("all", "todos");

/// How old is what is known of an ERP that is not asked for everything each time.
pub fn erp_age(age: &MirrorAge, now: Instant) -> String {
    let told = |at: Option<Instant>| at.map_or_else(|| daily::NEVER.to_string(), |at| ago(now - at));
    say!(
        "ERP: orders compared {}, stock {}." | "ERP: pedidos comparados {}, estoque {}.",
        told(age.orders_at),
        told(age.stock_at)
    )
}

/// At the foot.
pub fn foot(version: &str) -> String {
    say!(
        "Made by vaivem {version} from its state file. No names, documents or addresses of customers stand on this page."
            | "Feita pelo vaivem {version} a partir do arquivo de estado. Nenhum nome, documento ou endereço de cliente \
               está nesta página."
    )
}

// The command.

/// The page was written.
pub fn written(file: &Path, headline: &str) -> String {
    format!("{}: {headline}", file.display())
}

/// It could not be.
pub fn not_written(file: &Path, error: &std::io::Error) -> String {
    say!(
        "the page {} cannot be written: {error}; its folder must be there, and vaivem must have the right to write in it"
            | "a página {} não pode ser gravada: {error}; a pasta precisa existir, e o vaivem ter o direito de gravar nela",
        file.display()
    )
}

/// Something else is there.
pub fn not_ours(file: &Path) -> String {
    say!(
        "{} is there and is no page of vaivem; it is left as it is"
            | "{} já existe e não é uma página do vaivem; fica como está",
        file.display()
    )
}
