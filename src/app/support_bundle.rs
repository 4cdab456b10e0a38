//! `support-bundle ORDER`: everything about one order in one document that can be handed on, since nothing personal or secret is in it.

mod file;
mod payloads;
mod settings;

use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde::Serializer;
use serde_json::{Value, json};

use self::payloads::{Answer, Asked};
use super::naming::Names;
use super::why::Story;
use super::{
    Failure, look_into_ledger, look_into_store, names, print_bytes, select, status, unreadable_state, why_sku,
};
use crate::cli::SupportBundleArgs;
use crate::clock::Clock;
use crate::config::{ChannelConfig, ChannelKind, Config, ErpConfig};
use crate::exit::Exit;
use crate::lang::{self, word};
use crate::mask::{self, Masker, Sweep};
use crate::model::{Instant, OrderId, Sku};
use crate::report::Reporter;
use crate::store::claims::ClaimLine;
use crate::store::timeline::{Block, Write};
use crate::words::retold::retold;
use crate::words::{self, support_bundle as said};

/// Makes the bundle of the order that a number means.
pub fn run(args: &SupportBundleArgs, config: &Config, reporter: &Reporter) -> Result<Exit, Failure> {
    let channels = names(&select(config, &args.channel)?);
    let store = look_into_store(config)?;
    let names = Names { store: &store, ledger: look_into_ledger(config), channels: &channels };
    let facts = names.the_order(&args.order)?;
    let target = target(args.file.as_deref(), &facts.row.id);
    // Before anybody is asked.
    if let Some(file) = &target
        && file.symlink_metadata().is_ok()
    {
        return Err(Failure::new(Exit::Usage, said::exists(file)));
    }
    let story = Story::read(&names, facts).map_err(|error| unreadable_state(&error))?;
    let channel = config.channels.iter().find(|channel| channel.name == story.facts().row.channel);
    let channel = channel.ok_or_else(|| {
        Failure::new(
            Exit::Failed,
            word!("the order's channel is not configured" | "o canal do pedido não está na configuração"),
        )
    })?;
    let bundle = Bundle { config, channel, names: &names, now: Clock::system().now() };
    let (text, asked) =
        bundle.made(args.offline, story).map_err(|failure| Failure::new(failure.exit, retold(&failure.message())))?;
    match &target {
        None => return print_bytes(text.as_bytes(), reporter).map(|exit| exit.worst(asked.exit)),
        Some(file) => file::write(file, text.as_bytes())?,
    }
    if let Some(file) = &target {
        tell(reporter, file, text.len(), &asked);
    }
    Ok(asked.exit)
}

/// Where it goes; `None` is standard output.
fn target(named: Option<&Path>, order: &OrderId) -> Option<PathBuf> {
    match named {
        Some(file) if file == Path::new("-") => None,
        Some(file) => Some(file.to_owned()),
        None => {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            let order: String = order.as_str().chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
            Some(format!("vaivem-{order}.json").into())
        }
    }
}

fn tell(reporter: &Reporter, file: &Path, bytes: usize, asked: &Asked) {
    if !reporter.is_human() {
        let failed = asked.answers.iter().filter(|answer| answer.told.is_err()).count();
        let fields = json!({ "file": file.display().to_string(), "bytes": bytes, "payloads": asked.answers.len() - failed,
            "payloads_failed": failed });
        return reporter.counted(fields);
    }
    for Answer { from, what, told, .. } in &asked.answers {
        if let Err(problem) = told {
            reporter.line(&said::failed(from, what, problem));
        }
    }
    reporter.news(&said::written(file, bytes));
}

struct Bundle<'a> {
    config: &'a Config,
    channel: &'a ChannelConfig,
    names: &'a Names<'a>,
    now: Instant,
}

impl Bundle<'_> {
    /// The document, in English whoever makes it, and what both sides were asked for it.
    fn made(&self, offline: bool, story: Story) -> Result<(String, Asked), Failure> {
        let _record = lang::for_the_record();
        let asked = if offline {
            Asked::nobody(said::OFFLINE)
        } else {
            payloads::ask(self.config, self.channel, self.names, &story.facts().row)?
        };
        Ok((self.text(story, &asked)?, asked))
    }

    /// The document, masked and swept.
    fn text(&self, story: Story, asked: &Asked) -> Result<String, Failure> {
        let (secrets, mut warnings) = self.secrets();
        warnings.extend(asked.warning.map(str::to_owned));
        let settings = settings::read(&self.config.file).unwrap_or_else(|problem| {
            warnings.push(said::no_settings(&problem));
            Value::Null
        });
        if matches!(self.config.erp, ErpConfig::Ledger { .. }) && self.names.ledger.is_none() {
            warnings.push(said::NO_LEDGER.to_owned());
        }
        // What people wrote may be about anybody, whoever is known.
        let story = story.with_notes(mask::shape_of_text);
        let mut masker = Masker::default();
        let head = story.head();
        masker.keep(&head);
        self.learn_of_customer(&mut masker, &story);
        let mut payloads: Vec<Value> = asked.answers.iter().map(|answer| answer.masked(&mut masker)).collect();
        let failures = asked.answers.iter().filter_map(|answer| {
            let problem = answer.told.as_ref().err()?;
            Some(said::failed(&answer.from, answer.what, problem))
        });
        warnings.extend(failures);
        let public = settings::companies(&settings);
        let known = self.known(&story).map_err(|error| unreadable_state(&error))?;
        let mut sections = vec![
            ("about", json!({ "what": said::WHAT, "masked": said::MASKED, "made_at": self.now.to_rfc3339() })),
            ("versions", self.versions()),
            ("warnings", json!(warnings)),
            ("order", head),
            ("in_the_way", story.obstacles(self.now).into()),
            ("timeline", story.steps().into()),
        ];
        sections.extend(known);
        // Prose tells of persons what no key tells.
        sections.iter_mut().skip(1).for_each(|(_, section)| masker.prose_in(section));
        payloads.iter_mut().filter_map(|payload| payload.get_mut("error")).for_each(|error| masker.prose_in(error));
        sections.push(("payloads", payloads.into()));
        sections.push(("configuration", self.configuration(&settings)));
        written(sections, &Sweep::new(secrets, public))
    }

    /// Who the customer is, as far as that is known without asking anybody: names stand in what platforms answer.
    fn learn_of_customer(&self, masker: &mut Masker, story: &Story) {
        let known = self.names.ledger.as_ref().zip(story.facts().row.erp_id.as_ref());
        if let Some(rows) = known.and_then(|(ledger, id)| ledger.rows_of(id).ok().flatten()) {
            masker.payload(&rows);
        }
    }

    /// What else the state file knows.
    fn known(&self, story: &Story) -> rusqlite::Result<Vec<(&'static str, Value)>> {
        let row = &story.facts().row;
        let lines = self.names.store.lines_of(row.row)?;
        let mut claim = None;
        self.names.store.all_claims(|one| {
            if one.row == row.row {
                claim = Some(if one.erp_id.is_some() { "reserved" } else { "in_flight" });
            }
            Ok(())
        })?;
        Ok(vec![
            ("holds", story.blocks().iter().map(block).collect()),
            ("sent", story.writes().iter().map(sent).collect()),
            ("stock", lines.iter().map(|line| self.stock(line, claim)).collect::<rusqlite::Result<_>>()?),
            ("runs", status::passes_json(self.names.store, &self.channel.name, self.now)?.into()),
        ])
    }

    /// A line with what is known of its product's stock.
    fn stock(&self, line: &ClaimLine, claim: Option<&str>) -> rusqlite::Result<Value> {
        let sku: Option<&Sku> = self.channel.skus.get(line.channel_sku.as_str()).or(line.sku.as_ref());
        let mut told = json!({ "channel_sku": line.channel_sku, "sku": sku, "warehouse": line.warehouse,
            "quantity": line.quantity, "claim": claim, "told": [], "erp": [], "hold": null });
        let Some(sku) = sku else { return Ok(told) };
        let channel = &self.channel.name;
        let of_channel = self.names.store.told(channel, sku)?;
        told["told"] = of_channel.iter().map(|one| why_sku::told_json(sku, channel, one)).collect();
        told["hold"] = self.names.store.block_of_sku(channel, sku)?.as_ref().map(block).into();
        let levels = self.names.ledger.as_ref();
        let levels = levels.and_then(|ledger| ledger.stock_levels(std::slice::from_ref(sku), self.now).ok());
        told["erp"] =
            levels.iter().flat_map(|read| &read.levels).map(|level| why_sku::level_json(sku, level)).collect();
        Ok(told)
    }

    fn versions(&self) -> Value {
        json!({
            "vaivem": env!("CARGO_PKG_VERSION"),
            "sqlite": rusqlite::version(),
            "state_file_schema": self.names.store.schema_version().ok(),
            "ledger_schema": self.names.ledger.as_ref().and_then(|ledger| ledger.schema_version().ok()),
            "os": std::env::consts::OS,
            "os_release": os_release(),
            "arch": std::env::consts::ARCH,
            "channel_kind": match self.channel.kind {
                ChannelKind::Vtex { .. } => "vtex",
                ChannelKind::Anymarket { .. } => "anymarket",
            },
            "erp_kind": match self.config.erp {
                ErpConfig::Ledger { .. } => "ledger",
                ErpConfig::Eccosys { .. } => "eccosys",
            },
        })
    }

    fn configuration(&self, settings: &Value) -> Value {
        json!({ "file": self.config.file.display().to_string(), "note": said::DEFAULTS, "settings": settings })
    }

    /// The secrets to look for; what cannot be read cannot be looked for, and is told.
    fn secrets(&self) -> (Vec<SecretString>, Vec<String>) {
        let (mut known, mut problems) = (Vec::new(), Vec::new());
        for secret in self.config.secrets() {
            match secret.fetch() {
                Ok(value) => known.push(value),
                Err(problem) => problems.push(said::unknown_secret(&problem)),
            }
        }
        (known, problems)
    }
}

/// The document in the order of its sections, after the last sweep. What a sweep cannot hide is not given out.
fn written(sections: Vec<(&'static str, Value)>, sweep: &Sweep) -> Result<String, Failure> {
    let mut swept = mask::Found::default();
    let mut sections = sections;
    for (_, section) in &mut sections {
        let found = sweep.value(section);
        swept.secrets += found.secrets;
        swept.documents += found.documents;
        swept.emails += found.emails;
    }
    let found = json!({ "secrets": swept.secrets, "documents": swept.documents, "emails": swept.emails });
    sections.insert(1, ("hidden_by_the_last_sweep", found));
    let mut bytes = Vec::new();
    let mut json = serde_json::Serializer::with_formatter(&mut bytes, serde_json::ser::PrettyFormatter::new());
    let written = json.collect_map(sections).map_err(|error| Failure::new(Exit::Failed, error.to_string()));
    let text = written.map(|()| String::from_utf8_lossy(&bytes).into_owned() + "\n")?;
    if sweep.is_free_of_secrets(&text) { Ok(text) } else { Err(Failure::new(Exit::Failed, said::NOT_CLEAN)) }
}

fn block(block: &Block) -> Value {
    json!({ "reason": block.reason, "text": words::reason(&block.reason), "pass": block.pass, "since": block.since.to_rfc3339(),
        "tried_at": block.tried_at.to_rfc3339(), "tries": block.tries })
}

fn sent(write: &Write) -> Value {
    json!({ "action": write.action, "of": write.of, "state": write.state, "attempts": write.attempts,
        "intended_at": write.intended_at.to_rfc3339(), "settled_at": write.settled_at.map(|at| at.to_rfc3339()),
        "answer": write.answer })
}

/// The system's own name and release.
fn os_release() -> Option<String> {
    let text = std::fs::read_to_string("/etc/os-release").ok()?;
    let name = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    Some(name.trim_matches('"').to_owned())
}
