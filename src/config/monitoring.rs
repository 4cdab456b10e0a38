//! `[monitoring]`: where the metrics go, and who hears of each run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::secret::{Secret, Source};
use super::span::Patience;
use super::{ConfigError, Place};
use crate::lang::{say, word};

/// What watches over the passes.
#[derive(Debug, Default)]
pub struct Monitoring {
    /// Where each run leaves its metrics.
    pub metrics_file: Option<PathBuf>,
    /// Labels that every sample gets, which tell one store's file from another's.
    pub labels: BTreeMap<String, String>,
    /// Who hears of each run.
    pub heartbeat: Heartbeat,
}

/// The addresses that are called when runs begin and end.
#[derive(Debug)]
pub struct Heartbeat {
    /// By the command's name: a pass, or `sync`. Whoever knows an address can speak for us, so each is a secret.
    pub addresses: BTreeMap<&'static str, Secret>,
    /// Longest wait for one answer, and for all that are still owed when a run is done.
    pub timeout: Duration,
}

impl Default for Heartbeat {
    fn default() -> Self {
        Self { addresses: BTreeMap::new(), timeout: Duration::from_secs(5) }
    }
}

/// The labels that samples have of their own.
const OURS: [&str; 7] = ["cause", "channel", "exit", "fate", "outcome", "pass", "side"];

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMonitoring {
    metrics_file: Option<PathBuf>,
    #[serde(default)]
    labels: BTreeMap<Spanned<String>, String>,
    #[serde(default)]
    heartbeat: RawHeartbeat,
}

/// Its keys are the commands as they are typed.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawHeartbeat {
    sync: Option<Spanned<Source>>,
    import_orders: Option<Spanned<Source>>,
    sync_payments: Option<Spanned<Source>>,
    auto_cancel: Option<Spanned<Source>>,
    push_invoices: Option<Spanned<Source>>,
    push_tracking: Option<Spanned<Source>>,
    push_stock: Option<Spanned<Source>>,
    timeout: Option<Patience>,
}

impl Place<'_> {
    pub(super) fn monitoring(&self, folder: &Path, raw: RawMonitoring) -> Result<Monitoring, ConfigError> {
        let mut labels = BTreeMap::new();
        for (name, value) in raw.labels {
            if !is_label(name.as_ref()) {
                return Err(self.error(
                    &name,
                    &format!("monitoring.labels.{}", name.as_ref()),
                    word!("cannot be a label here" | "não pode ser um rótulo aqui"),
                    say!(
                        "a label's name holds letters, digits and `_`, begins with a letter, and is none of {}"
                            | "o nome de um rótulo tem letras, algarismos e `_`, começa com letra, e não é nenhum de {}",
                        OURS.join(", ")
                    ),
                ));
            }
            labels.insert(name.into_inner(), value);
        }
        Ok(Monitoring {
            metrics_file: raw.metrics_file.map(|file| folder.join(file)),
            labels,
            heartbeat: self.heartbeat(folder, raw.heartbeat),
        })
    }

    fn heartbeat(&self, folder: &Path, raw: RawHeartbeat) -> Heartbeat {
        let addresses = [
            ("sync", raw.sync),
            ("import-orders", raw.import_orders),
            ("sync-payments", raw.sync_payments),
            ("auto-cancel", raw.auto_cancel),
            ("push-invoices", raw.push_invoices),
            ("push-tracking", raw.push_tracking),
            ("push-stock", raw.push_stock),
        ];
        let secret = |(command, source): (&'static str, Option<Spanned<Source>>)| {
            let source = source?;
            let line = self.line(source.span().start);
            let place = format!("{}:{line}: `monitoring.heartbeat.{command}`", self.file.display());
            Some((command, Secret::new(source.into_inner().resolve_in(folder), place)))
        };
        Heartbeat {
            addresses: addresses.into_iter().filter_map(secret).collect(),
            timeout: raw.timeout.map_or(Heartbeat::default().timeout, |patience| patience.0),
        }
    }
}

/// Whether Prometheus takes it as a label, and it is none that a sample has anyway.
fn is_label(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && name != "version"
        && !OURS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    const CHANNEL: &str = "[erp]\nkind = \"ledger\"\n[channels.loja]\nkind = \"anymarket\"\ntoken = { env = \"T\" }\nsince = \"2026-11-01\"\n";

    fn parse(text: &str) -> Result<Config, ConfigError> {
        Config::parse(Path::new("/etc/vaivem/vaivem.toml"), &format!("{CHANNEL}{text}"))
    }

    #[test]
    fn without_a_word_nobody_is_told() {
        let monitoring = parse("").unwrap().monitoring;
        assert!(monitoring.metrics_file.is_none() && monitoring.heartbeat.addresses.is_empty());
    }

    #[test]
    fn the_commands_have_an_address_each() {
        let text = "[monitoring]\nmetrics_file = \"m/vaivem.prom\"\nlabels = { store = \"azul\" }\n[monitoring.heartbeat]\n\
                    sync = { env = \"S\" }\npush-stock = { file = \"stock.url\" }\ntimeout = \"2s\"\n";
        let config = parse(text).unwrap();
        let monitoring = &config.monitoring;
        assert_eq!(monitoring.metrics_file.as_deref(), Some(Path::new("/etc/vaivem/m/vaivem.prom")));
        assert_eq!(monitoring.labels["store"], "azul");
        let heartbeat = &monitoring.heartbeat;
        assert_eq!(heartbeat.addresses.keys().copied().collect::<Vec<_>>(), ["push-stock", "sync"]);
        assert_eq!(heartbeat.timeout, Duration::from_secs(2));
        assert_eq!(heartbeat.addresses["push-stock"].file(), Some(Path::new("/etc/vaivem/stock.url")));
        assert_eq!(config.secrets().len(), 3, "an address is a secret, whose file is looked at");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, says) in [
            ("[monitoring]\nmetricsfile = \"x\"\n", "`monitoring.metricsfile`: unknown field"),
            ("[monitoring.heartbeat]\npush_stock = { env = \"S\" }\n", "`monitoring.heartbeat.push_stock`: unknown"),
            ("[monitoring.heartbeat]\ntimeout = \"0s\"\n", "`monitoring.heartbeat.timeout`: no answer comes"),
            ("[monitoring]\nlabels = { channel = \"x\" }\n", "`monitoring.labels.channel`: cannot be a label here"),
            ("[monitoring]\nlabels = { __name = \"x\" }\n", "`monitoring.labels.__name`: cannot be a label here"),
            ("[monitoring]\nlabels = { \"a-b\" = \"x\" }\n", "`monitoring.labels.a-b`: cannot be a label here"),
        ] {
            let problem = parse(text).unwrap_err().to_string();
            assert!(problem.contains(says), "{problem}");
        }
        let inline = parse("[monitoring.heartbeat]\nsync = \"https://hc-ping.com/UUID\"\n").unwrap_err().to_string();
        assert!(inline.contains("secrets do not belong in this file") && !inline.contains("UUID"), "{inline}");
    }
}
