//! What each stable code means, what to do about it, and which exit code goes with it.
//!
//! Nothing is told twice: the sentences are those of [`words`](super), of errors and of assumptions, made from samples. The codes of
//! reasons, warnings and findings are asked of the types themselves, so that none can be missing or left over.

use serde::Deserialize;
use serde::de::value::MapDeserializer;
use serde_json::Value;

use super::{check, reconcile, terms, timeline};
use crate::check::{Count, Finding, assumptions};
use crate::documents::samples;
use crate::exit::Exit;
use crate::lang::{Both, word};
use crate::passes::reconcile::Difference;
use crate::reason::{Actor, Reason};
use crate::report::Warning;

/// What kind of thing has a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// How a run ended.
    Exit,
    /// Why an order or product is where it is.
    Reason,
    /// What a run warns of.
    Warning,
    /// What `check` found.
    Check,
    /// What `check` takes for granted.
    Assumption,
    /// Why a document was refused.
    Document,
    /// What is wrong with an invoice, or worth telling.
    Invoice,
    /// Why the ERP refused something.
    Refusal,
    /// Where `reconcile` finds the sides apart.
    Difference,
}

impl Kind {
    /// All of them, in the order of a list.
    pub const ALL: [Self; 9] = [
        Self::Exit,
        Self::Reason,
        Self::Warning,
        Self::Check,
        Self::Assumption,
        Self::Document,
        Self::Invoice,
        Self::Refusal,
        Self::Difference,
    ];

    /// Stable name.
    pub fn code(self) -> &'static str {
        match self {
            Self::Exit => "exit",
            Self::Reason => "reason",
            Self::Warning => "warning",
            Self::Check => "check",
            Self::Assumption => "assumption",
            Self::Document => "document",
            Self::Invoice => "invoice",
            Self::Refusal => "refusal",
            Self::Difference => "difference",
        }
    }

    /// As a person says it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exit => word!("exit code" | "código de saída"),
            Self::Reason => word!("reason of an order or product" | "motivo de um pedido ou produto"),
            Self::Warning => word!("warning of a run" | "aviso de uma execução"),
            Self::Check => word!("finding of check" | "achado do check"),
            Self::Assumption => word!("assumption to verify (check)" | "suposição a verificar (check)"),
            Self::Document => word!("refusal of a document" | "recusa de um documento"),
            Self::Invoice => word!("remark on an invoice" | "observação sobre uma nota"),
            Self::Refusal => word!("refusal of the ERP" | "recusa do ERP"),
            Self::Difference => word!("difference that reconcile finds" | "diferença que o reconcile encontra"),
        }
    }
}

/// A code, explained in the language of the moment. `…` stands for what differs from case to case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The code.
    pub code: String,
    /// Of what.
    pub kind: Kind,
    /// What it means.
    pub means: String,
    /// What to do, where anybody must do something.
    pub to_do: Option<String>,
    /// Who must act.
    pub who: Option<Actor>,
    /// How a run ends in which nothing worse came up.
    pub exit: Exit,
}

/// Every code.
pub fn all() -> Vec<Entry> {
    let mut all = exits();
    all.extend(reasons());
    all.extend(warnings());
    all.extend(findings());
    all.extend(assumed());
    all.extend(documents());
    all.extend(invoices());
    all.extend(refusals());
    all.extend(differences());
    all
}

/// The entries of a code, however it is written: in any case, with blanks or hyphens; an exit also by its number.
pub fn of<'a>(all: &'a [Entry], asked: &str) -> Vec<&'a Entry> {
    let code = plain(asked);
    let is_number = |entry: &Entry| entry.kind == Kind::Exit && entry.exit.code().to_string() == code;
    all.iter().filter(|entry| entry.code == code || is_number(entry)).collect()
}

/// The codes that are most like it, the nearest first.
pub fn nearest(all: &[Entry], asked: &str) -> Vec<String> {
    const TOLD: usize = 4;
    let asked = plain(asked);
    let mut codes: Vec<&str> = all.iter().map(|entry| entry.code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    codes.sort_by_key(|code| {
        let shared = code.split('_').filter(|word| asked.split('_').any(|one| one == *word)).count();
        (distance(code, &asked).saturating_sub(4 * shared), *code)
    });
    codes.into_iter().take(TOLD).map(str::to_owned).collect()
}

fn plain(code: &str) -> String {
    code.trim().to_lowercase().replace([' ', '-'], "_")
}

/// How many letters must be put in, taken out or changed (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = i;
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
        for (j, b) in other.iter().enumerate() {
            let [left, above] = [row.get(j), row.get(j + 1)].map(|cell| cell.copied().unwrap_or_default());
            if let Some(cell) = row.get_mut(j + 1) {
                *cell = (diagonal + usize::from(a != *b)).min(left + 1).min(above + 1);
            }
            diagonal = above;
        }
    }
    row.last().copied().unwrap_or_default()
}

fn exits() -> Vec<Entry> {
    let entry = |exit: Exit| Entry {
        code: exit.name().to_owned(),
        kind: Kind::Exit,
        means: exit.meaning().to_owned(),
        to_do: super::exit_hint(exit).map(str::to_owned),
        who: None,
        exit,
    };
    let mut exits: Vec<Exit> = Exit::all().collect();
    exits.sort_by_key(|exit| exit.code());
    exits.into_iter().map(entry).collect()
}

fn reasons() -> Vec<Entry> {
    let entry = |(code, reason): (&'static str, Reason)| {
        let to_do = super::hint(&reason);
        Entry {
            code: code.to_owned(),
            kind: Kind::Reason,
            means: in_words(super::reason(&reason)),
            exit: match &reason {
                Reason::PaymentsNotSynced { .. } => Exit::Guard,
                // A person named it.
                Reason::NotImported => Exit::Held,
                _ if to_do.is_some() => Exit::Held,
                _ => Exit::Done,
            },
            to_do,
            who: reason.actor(),
        }
    };
    samples_of::<Reason>().into_iter().map(entry).collect()
}

/// What only repeats another's words has none of its own.
fn in_words(text: String) -> String {
    if says_something(&text) { text } else { word!("told in its own words" | "dito com palavras próprias").to_owned() }
}

fn says_something(text: &str) -> bool {
    text.contains(char::is_alphabetic)
}

fn warnings() -> Vec<Entry> {
    let entry = |(code, warning): (&'static str, Warning)| Entry {
        code: code.to_owned(),
        kind: Kind::Warning,
        // It tells itself what to do.
        means: super::warning(&warning),
        to_do: None,
        who: None,
        exit: if matches!(warning, Warning::ListFailed { .. }) { Exit::Unavailable } else { Exit::Done },
    };
    samples_of::<Warning>().into_iter().map(entry).collect()
}

fn findings() -> Vec<Entry> {
    let entry = |(code, finding): (&'static str, Finding)| {
        let mut count = Count::default();
        count.add(&finding);
        Entry {
            code: code.to_owned(),
            kind: Kind::Check,
            means: in_words(check::finding(&finding)),
            to_do: check::remedy(&finding).filter(|remedy| says_something(remedy)),
            who: None,
            exit: count.exit(),
        }
    };
    // What is assumed has codes of its own.
    let found = samples_of::<Finding>().into_iter().filter(|(code, _)| *code != "assumed");
    found.map(entry).collect()
}

fn assumed() -> Vec<Entry> {
    let entry = |told: assumptions::Told| Entry {
        code: told.code.to_owned(),
        kind: Kind::Assumption,
        means: if told.setting.is_empty() { told.says.into() } else { format!("{} ({})", told.says, told.setting) },
        to_do: Some(told.how.into()),
        who: None,
        exit: Exit::Done,
    };
    assumptions::all().map(entry).collect()
}

fn documents() -> Vec<Entry> {
    samples::refusals().into_iter().map(|(code, text)| told(Kind::Document, code, text, Exit::Held)).collect()
}

fn invoices() -> Vec<Entry> {
    let refusals = samples::invoice_refusals().into_iter();
    let notices = samples::invoice_notices().into_iter();
    refusals
        .map(|(code, text)| told(Kind::Invoice, code, text, Exit::Held))
        .chain(notices.map(|(code, text)| told(Kind::Invoice, code, text, Exit::Done)))
        .chain(OF_FILES.map(|(code, text)| told(Kind::Invoice, code, text.into(), Exit::Held)))
        .collect()
}

fn refusals() -> Vec<Entry> {
    REFUSALS.iter().map(|(code, text)| told(Kind::Refusal, code, (*text).into(), Exit::Held)).collect()
}

fn differences() -> Vec<Entry> {
    let samples = Difference::samples();
    let repair = word!(
        "vaivem reconcile names the command that repairs it, beside each"
            | "vaivem reconcile diz, ao lado de cada uma, o comando que a resolve"
    );
    let entry =
        |code: &str, means| Entry { to_do: Some(repair.into()), ..told(Kind::Difference, code, means, Exit::Held) };
    let of_orders = samples.iter().map(|one| entry(&reconcile::code(one), reconcile::difference(one)));
    let stock = word!(
        "the channel shows another stock number than it was told, or should be told another"
            | "o canal mostra outro estoque do que lhe foi informado, ou deve receber outro"
    );
    of_orders.chain([entry(reconcile::STOCK, stock.into())]).collect()
}

/// What says itself what to do.
fn told(kind: Kind, code: &str, means: String, exit: Exit) -> Entry {
    Entry { code: code.to_owned(), kind, means, to_do: None, who: None, exit }
}

/// What is wrong with the file of an invoice before it is read.
const OF_FILES: [(&str, Both); 2] = [
    ("nfe_key", Both("its access key cannot be right", "a chave de acesso não pode estar certa")),
    (
        "nfe_unreadable",
        Both(
            "its file cannot be read as an NF-e; attach the authorised XML (nfeProc)",
            "o arquivo não pode ser lido como NF-e; anexe o XML autorizado (nfeProc)",
        ),
    ),
];

/// What either ERP refuses, by the code of the refusal.
const REFUSALS: &[(&str, Both)] = &[
    (
        "duplicate_order",
        Both(
            "Eccosys has several orders with this store number; cancel all but one of them there",
            "o Eccosys tem vários pedidos com este número da loja; cancele lá todos menos um",
        ),
    ),
    (
        "eccosys_refused",
        Both(
            "Eccosys refused, in its own words; correct what it objects to",
            "o Eccosys recusou, com palavras próprias; corrija o que ele aponta",
        ),
    ),
    (
        "exceeds_order",
        Both(
            "the invoice covers more units than remain of the order; compare it with the order",
            "a nota tem mais unidades do que restam do pedido; compare-a com o pedido",
        ),
    ),
    (
        "invoice_ambiguous",
        Both(
            "the invoice may belong to several orders; have one alone named in xPed",
            "a nota pode ser de vários pedidos; peça que só um seja informado em xPed",
        ),
    ),
    (
        "invoice_cancelled",
        Both(
            "the invoice was cancelled; give the one that takes its place",
            "a nota foi cancelada; use a que a substitui",
        ),
    ),
    (
        "invoice_exists",
        Both(
            "the order has an invoice; cancel the NF-e first, or take the goods back",
            "o pedido tem nota; cancele antes a NF-e, ou receba a mercadoria de volta",
        ),
    ),
    (
        "invoice_lines",
        Both(
            "a line of the invoice cannot be posted in part; have the ledger's codes and whole units used",
            "um item da nota não pode ser baixado em parte; peça os códigos do ERP embutido e unidades inteiras",
        ),
    ),
    (
        "invoice_not_authorised",
        Both("the invoice is not authorised any more in Eccosys", "a nota não está mais autorizada no Eccosys"),
    ),
    (
        "invoice_of_other_order",
        Both(
            "the invoice belongs to another order, or its recipient is not the order's customer",
            "a nota é de outro pedido, ou o destinatário não é o cliente do pedido",
        ),
    ),
    ("invoice_unreadable", Both("the invoice cannot be read in Eccosys", "a nota não pode ser lida no Eccosys")),
    (
        "invoice_without_order",
        Both(
            "the invoice belongs to no order of the ledger; import the order first, or have its number written into xPed",
            "a nota não é de nenhum pedido do ERP embutido; importe antes o pedido, ou peça o número dele em xPed",
        ),
    ),
    ("lines", Both("the order's lines cannot be kept as they are", "os itens do pedido não podem ser gravados assim")),
    (
        "no_occurrence_taken",
        Both(
            "none of the file's occurrences could be taken; import the invoices first, or ask the carrier",
            "nenhuma ocorrência do arquivo pôde ser aproveitada; importe antes as notas, ou pergunte à transportadora",
        ),
    ),
    (
        "no_situation",
        Both(
            "Eccosys has no situation for it; decide about the order there",
            "o Eccosys não tem situação para isso; decida sobre o pedido lá",
        ),
    ),
    (
        "not_for_eccosys",
        Both(
            "only carriers' OCOREN files belong into this folder; the rest is read from Eccosys",
            "nesta pasta só entram arquivos OCOREN de transportadoras; o resto é lido do Eccosys",
        ),
    ),
    ("not_found", Both("the ERP has no such order any more", "o ERP não tem mais esse pedido")),
    (
        "order_closed",
        Both(
            "the order takes no invoice any more; have the invoice cancelled at SEFAZ and give that event",
            "o pedido não aceita mais nota; peça o cancelamento da nota na SEFAZ e use esse evento",
        ),
    ),
    (
        "shipment_lines",
        Both(
            "lines of the shipment sheet belong to no order or invoice; correct them and give it again",
            "linhas da planilha de envios não são de nenhum pedido ou nota; corrija-as e entregue de novo",
        ),
    ),
    (
        "situation_unknown",
        Both(
            "SEFAZ's answer does not tell how the invoice stands; ask again",
            "a resposta da SEFAZ não diz a situação da nota; consulte de novo",
        ),
    ),
    ("status", Both("no order can begin with this status", "nenhum pedido pode começar nesta situação")),
    (
        "tax_on_top",
        Both(
            "Eccosys has no field for taxes on top; enter the order by hand",
            "o Eccosys não tem campo para impostos por fora; lance o pedido à mão",
        ),
    ),
    (
        "total",
        Both(
            "lines, freight and tax less discounts do not make the order's total",
            "itens, frete e impostos menos descontos não dão o total do pedido",
        ),
    ),
    (
        "transition",
        Both(
            "no order goes from its status to that one; put it right in the ERP",
            "nenhum pedido passa da situação em que está para essa; acerte no ERP",
        ),
    ),
    (
        "unknown_sku",
        Both(
            "the ledger has no such product; bring it in with a stock sheet",
            "o ERP embutido não tem esse produto; traga-o em uma planilha de estoque",
        ),
    ),
    (
        "unknown_warehouse",
        Both(
            "the ledger has no such warehouse; bring it in with a stock sheet (column deposito)",
            "o ERP embutido não tem esse depósito; traga-o em uma planilha de estoque (coluna deposito)",
        ),
    ),
];

/// The lines about one code.
pub fn lines(entry: &Entry) -> Vec<String> {
    let mut lines = vec![format!("{}: {}", entry.code, entry.kind.name()), format!("  {}", entry.means)];
    if let Some(to_do) = &entry.to_do {
        lines.push(format!("  {}: {to_do}", word!("what to do" | "o que fazer")));
    }
    if let Some(who) = entry.who {
        lines.push(format!("  {}: {}", word!("who" | "quem"), timeline::actor(who)));
    }
    let ends = terms::ended(entry.exit.name());
    lines.push(format!("  {}: {} ({ends})", word!("exit code" | "código de saída"), entry.exit.code()));
    lines
}

/// The head of a kind's codes in the list.
pub fn head(kind: Kind) -> &'static str {
    match kind {
        Kind::Exit => word!("exit codes" | "códigos de saída"),
        Kind::Reason => word!("reasons of orders and products" | "motivos de pedidos e produtos"),
        Kind::Warning => word!("warnings of a run" | "avisos de uma execução"),
        Kind::Check => word!("findings of check" | "achados do check"),
        Kind::Assumption => word!("assumptions to verify (check)" | "suposições a verificar (check)"),
        Kind::Document => word!("refusals of documents" | "recusas de documentos"),
        Kind::Invoice => word!("remarks on invoices" | "observações sobre notas"),
        Kind::Refusal => word!("refusals of the ERP" | "recusas do ERP"),
        Kind::Difference => word!("differences that reconcile finds" | "diferenças que o reconcile encontra"),
    }
}

/// A code in the list.
pub fn in_a_list(entry: &Entry) -> String {
    let code = match entry.kind {
        Kind::Exit => format!("{} {}", entry.exit.code(), entry.code),
        _ => entry.code.clone(),
    };
    format!("  {code:<32} {}", entry.means)
}

/// The code of a reason, however it is written. Unknown ones are refused: a list filtered by one would be empty, as if all were well.
///
/// # Errors
/// That there is no such reason, with the nearest.
pub fn reason_code(asked: &str) -> Result<String, String> {
    let reasons = reasons();
    let found = of(&reasons, asked).first().map(|entry| entry.code.clone());
    found.ok_or_else(|| unknown(asked, &nearest(&reasons, asked)))
}

/// No such code.
pub fn unknown(asked: &str, nearest: &[String]) -> String {
    crate::lang::say!(
        "there is no code `{asked}`; the nearest are {}; vaivem explain lists all"
            | "não há código `{asked}`; os mais próximos são {}; vaivem explain lista todos",
        nearest.join(", ")
    )
}

/// A value of each variant, by its code. Every field of any variant has a sample; those a variant does not have are passed over.
fn samples_of<T: Deserialize<'static>>() -> Vec<(&'static str, T)> {
    let sample = |code: &str, chosen: usize| {
        let mut fields = fields();
        fields.insert("code".into(), code.into());
        for (i, (name, other)) in OTHERWISE.iter().enumerate() {
            if chosen & (1 << i) != 0 {
                fields.insert((*name).into(), (*other).into());
            }
        }
        // Some variants name things that live as long as the program, and so does their sample.
        serde_json::from_str(Value::Object(fields).to_string().leak()).ok()
    };
    let of = |code: &'static str| Some((code, (0..1 << OTHERWISE.len()).find_map(|chosen| sample(code, chosen))?));
    codes::<T>().iter().filter_map(|code| of(code)).collect()
}

/// The codes a type knows, from its own mouth.
fn codes<T: Deserialize<'static>>() -> &'static [&'static str] {
    let nothing = MapDeserializer::<_, Variants>::new(std::iter::once(("code", "?")));
    T::deserialize(nothing).err().map_or(&[], |Variants(known)| known)
}

/// What a type says it knows when it is asked for what it does not.
#[derive(Debug)]
struct Variants(&'static [&'static str]);

impl std::fmt::Display for Variants {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}

impl std::error::Error for Variants {}

impl serde::de::Error for Variants {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Self(&[])
    }

    fn unknown_variant(_: &str, known: &'static [&'static str]) -> Self {
        Self(known)
    }
}

/// Fields that are words or a list in some variants, and an amount or a count in others.
const OTHERWISE: [(&str, i64); 5] =
    [("of", 2), ("invoices", 10_000), ("order", 10_000), ("orders", 2), ("sent", 10_000)];

/// A sample for every field of any variant.
fn fields() -> serde_json::Map<String, Value> {
    serde_json::from_str(FIELDS).unwrap_or_default()
}

const FIELDS: &str = r#"{
    "raw": "…", "message": "…", "problem": "…", "refusal": "…", "note": "…", "by": "…", "action": "…", "held": "…", "said": "…", "list": "exclude",
    "marketplace": "…", "carrier": "…", "invoice": "…", "invoices": ["…"], "orders": [], "of": "…", "field": "…", "occurrence": "…", "cursor": "…", "name": "…",
    "erp_number": "…", "text": "…", "remedy": "…", "channel_sku": "…", "tried": "…", "example": "…", "pass": "…", "exit": "…",
    "last": "2026-11-24T19:05:00Z", "host": "…", "erp_id": "…", "order": "…", "sku": "…", "local": "…", "near": "…", "sent": "…", "accepted": "…",
    "file": "…", "folder": "…", "warehouse": "…", "channel": "…", "erp": "…", "mode": "0644", "wanted": "0600",
    "changed": [{ "fact": "…", "was": "…", "is": "…" }],
    "command": "…", "commands": ["…"], "missing": ["…"], "fields": ["…"], "channel_skus": ["…"], "there": ["…"], "found": ["…"], "examples": ["…"], "from": [],
    "folders": ["…"], "warehouses": ["…"], "channels": ["…"], "problems": [{ "code": "…", "text": "…" }],
    "skus": [{ "channel_sku": "…", "tried": "…", "name": "…" }],
    "status": "paid", "method": "boleto", "why": { "code": "cancelled_in_erp" },
    "access": "orders", "kind": "vtex", "setting": "stock", "what": "config",
    "amount": 10000, "parts": 10000, "total": 10001, "worth": 10000, "invoiced": 5000,
    "due": "2026-11-24", "day": "2026-11-24", "cutoff": "2026-11-24T19:05:00Z", "cancel_from": "2026-11-24T19:05:00Z", "since": "2026-11-24T19:05:00Z",
    "at": "2026-11-24T19:05:00Z",
    "units": 2, "physical": 1, "reserved": 3, "in_flight": 0, "excess": 2, "count": 2, "days": 7, "seconds": 300, "products": 2,
    "percent": 4, "free_mb": 500, "files": 4, "version": 1, "runs": 10, "apart": 600, "rows": 2,
    "always": false, "all": true, "limited": false, "stops_cancelling": false, "to_be_created": true, "with_remarks": false
}"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::{Lang, within};
    use crate::sources;

    /// The variants of an enum, as its source names them, in snake case.
    fn variants(source: &str, name: &str) -> Vec<String> {
        let start = source.find(&format!("pub enum {name} {{")).unwrap();
        let body = source[start..].split("\n}").next().unwrap();
        let names = body.lines().filter_map(|line| {
            let line = line.strip_prefix("    ")?;
            let name: String = line.chars().take_while(char::is_ascii_alphanumeric).collect();
            name.starts_with(|c: char| c.is_ascii_uppercase()).then_some(name)
        });
        let snake = |name: String| {
            name.chars().enumerate().fold(String::new(), |snake, (i, c)| {
                let between = if i > 0 && c.is_ascii_uppercase() { "_" } else { "" };
                format!("{snake}{between}{}", c.to_ascii_lowercase())
            })
        };
        names.map(snake).collect()
    }

    fn of_kind(kind: Kind) -> Vec<String> {
        all().into_iter().filter(|entry| entry.kind == kind).map(|entry| entry.code).collect()
    }

    #[test]
    fn every_reason_warning_and_finding_is_explained() {
        assert_eq!(of_kind(Kind::Reason), variants(include_str!("../reason.rs"), "Reason"));
        assert_eq!(of_kind(Kind::Warning), variants(include_str!("../report.rs"), "Warning"));
        let mut findings = variants(include_str!("../check/mod.rs"), "Finding");
        assert_eq!(findings.pop().as_deref(), Some("assumed"));
        assert_eq!(of_kind(Kind::Check), findings);
    }

    #[test]
    fn every_refusal_of_the_erps_is_explained_and_none_that_is_not_given() {
        let mut given = std::collections::BTreeSet::new();
        let files = sources::below(&["src/erp"]);
        for (_, source) in files.iter().filter(|(path, _)| !path.to_string_lossy().contains("tests")) {
            for opening in ["refused(", "refuse(", "Refused { code: ", "Refused {\n"] {
                for (at, _) in source.match_indices(opening) {
                    let rest = source[at + opening.len()..].trim_start().trim_start_matches("code:").trim_start();
                    let code = rest.strip_prefix('"').and_then(|rest| rest.split('"').next());
                    given.extend(code.filter(|code| !code.contains(' ') && !code.is_empty()).map(str::to_owned));
                }
            }
        }
        let explained: std::collections::BTreeSet<String> = of_kind(Kind::Refusal).into_iter().collect();
        assert_eq!(explained, given);
    }

    #[test]
    fn an_explanation_is_in_the_readers_language() {
        let (english, portuguese) = (within(Lang::En, all), within(Lang::PtBr, all));
        assert_eq!(english.len(), portuguese.len());
        for (english, portuguese) in english.iter().zip(&portuguese) {
            assert_eq!(
                (&english.code, english.kind, english.exit),
                (&portuguese.code, portuguese.kind, portuguese.exit)
            );
            assert!(english.means != portuguese.means, "{}: {}", english.code, english.means);
            let is_command = english.to_do.as_ref().is_none_or(|to_do| to_do.starts_with("chmod"));
            assert!(is_command || english.to_do != portuguese.to_do, "{}: {:?}", english.code, english.to_do);
        }
    }

    #[test]
    fn a_code_is_found_however_it_is_written_and_a_wrong_one_has_neighbours() {
        let all = all();
        let kinds = |asked: &str| of(&all, asked).iter().map(|entry| entry.kind).collect::<Vec<_>>();
        assert_eq!(kinds("carrier_unmapped"), [Kind::Reason, Kind::Check]);
        assert_eq!(kinds(" Carrier-Unmapped"), [Kind::Reason, Kind::Check]);
        assert_eq!(kinds("3"), [Kind::Exit]);
        assert_eq!(kinds("carrier"), []);
        assert_eq!(nearest(&all, "carrier_unmaped").first().map(String::as_str), Some("carrier_unmapped"));
        assert!(nearest(&all, "totals").contains(&"totals_differ".to_owned()));
    }
}
