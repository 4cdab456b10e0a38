//! Leaves the metrics where a collector finds them: the whole file at once, or not at all.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use crate::clock::Clock;
use crate::config::{Config, ErpConfig};
use crate::lang::say;
use crate::lock::{self, LockError};
use crate::metrics::{self, ChannelFacts, ErpFacts, PassFacts, Snapshot};
use crate::model::{ChannelName, Instant};
use crate::passes::Verb;
use crate::store::cursors::{LIST, PAYMENTS_SYNCED};
use crate::store::{Store, sqlite};

/// How long to wait for another run that is writing, which takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why there are no new metrics.
#[derive(Debug, thiserror::Error)]
pub(super) enum MetricsError {
    /// The file cannot be written.
    #[error("{}", say!(
        "the metrics file {file} cannot be written: {source}; make its folder, and let the user that vaivem runs as \
         write there"
            | "o arquivo de métricas {file} não pode ser gravado: {source}; crie a pasta dele, e dê ao usuário do \
               vaivem o direito de gravar ali"
    ))]
    File {
        /// Which file.
        file: String,
        /// Why not.
        source: io::Error,
    },
    /// The state file cannot be read.
    #[error("{}", say!(
        "the metrics cannot be counted: {}" | "as métricas não podem ser contadas: {}",
        sqlite::said(_0)
    ))]
    State(#[from] rusqlite::Error),
    /// Another run has been at it for long.
    #[error("{}", say!(
        "the metrics were not written: another run has been writing them for more than {} s ({holder})"
            | "as métricas não foram gravadas: outra execução as grava há mais de {} s ({holder})",
        PATIENCE.as_secs()
    ))]
    Busy {
        /// Who, since when.
        holder: String,
    },
    /// Nobody can be kept apart.
    #[error("{}", say!("the metrics were not written: {_0}" | "as métricas não foram gravadas: {_0}"))]
    Lock(LockError),
}

impl From<LockError> for MetricsError {
    fn from(error: LockError) -> Self {
        match error {
            LockError::Held { holder, .. } => Self::Busy { holder },
            other => Self::Lock(other),
        }
    }
}

/// Counts what there is to tell, and leaves it in the file. One run at a time: a counter that an earlier one wrote after a later one
/// would seem to have begun anew.
pub(super) async fn write(file: &Path, config: &Config, store: &Store, clock: &Clock) -> Result<(), MetricsError> {
    let _lock = lock::wait_for(&config.state, "metrics", &ChannelName::new("all"), clock, PATIENCE).await?;
    let text = metrics::text(&snapshot(config, store, clock.now())?, &config.monitoring.labels);
    replace(file, &text).map_err(|source| MetricsError::File { file: file.display().to_string(), source })
}

fn snapshot(config: &Config, store: &Store, now: Instant) -> rusqlite::Result<Snapshot> {
    let channels = config.channels.iter().map(|channel| of_channel(store, &channel.name, now));
    Ok(Snapshot {
        channels: channels.collect::<rusqlite::Result<_>>()?,
        erp: match config.erp {
            ErpConfig::Ledger { .. } => None,
            ErpConfig::Eccosys { .. } => Some(ErpFacts {
                orders_compared_at: store.mirror_orders_compared_at()?,
                stock_compared_at: store.mirror_stock_compared_at()?,
            }),
        },
    })
}

fn of_channel(store: &Store, channel: &ChannelName, now: Instant) -> rusqlite::Result<ChannelFacts> {
    let of_pass = |pass: &&'static str| -> rusqlite::Result<PassFacts> {
        Ok(PassFacts {
            pass,
            begun_at: store.last_run(pass, channel, now)?.map(|run| run.started_at),
            ended: store.last_ended_run(pass, channel, now)?,
            complete_at: store.last_complete_run(pass, channel, now)?.map(|run| run.started_at),
            totals: store.totals(pass, channel)?,
        })
    };
    Ok(ChannelFacts {
        channel: channel.clone(),
        passes: Verb::NAMES.iter().map(of_pass).collect::<rusqlite::Result<_>>()?,
        fates: store.fate_counts(channel)?,
        standing: store.standing(channel)?,
        causes: store.held_by_cause(channel)?,
        listed_up_to: store.cursor(channel, LIST)?,
        payments_followed_at: store.cursor(channel, PAYMENTS_SYNCED)?,
        stock_unconfirmed: store.stock_unconfirmed(channel)?,
    })
}

/// Puts the text in the file's place in one step, for everybody to read. Not forced to the disk: what a power cut takes, the next run
/// writes again.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    let name = file.file_name().ok_or(io::ErrorKind::IsADirectory)?.to_string_lossy().into_owned();
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // No collector takes it for metrics: it ends in another way.
    let beginning = format!(".{name}.");
    sweep(folder, &beginning);
    let unfinished = folder.join(format!("{beginning}{}.tmp", std::process::id()));
    let written = fill(&unfinished, text).and_then(|()| std::fs::rename(&unfinished, file));
    if written.is_err() {
        // The error that counts is the first.
        let _ = std::fs::remove_file(&unfinished);
    }
    written
}

/// Takes away what a run that was killed left.
fn sweep(folder: &Path, beginning: &str) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_left = name.to_str().is_some_and(|name| name.starts_with(beginning) && name.ends_with(".tmp"));
        if is_left && let Err(error) = std::fs::remove_file(entry.path()) {
            log::debug!("{} cannot be removed: {error}", entry.path().display());
        }
    }
}

fn fill(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    // Whatever this user's files are like: the collector is another user.
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(folder: &Path) -> Vec<String> {
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn what_a_killed_run_left_is_no_metrics_and_goes_with_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("vaivem.prom");
        replace(&file, "old\n").unwrap();
        std::fs::write(folder.path().join(".vaivem.prom.12.tmp"), "hal").unwrap();
        std::fs::write(folder.path().join(".other.prom.12.tmp"), "theirs").unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "old\n");
        replace(&file, "new\n").unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "new\n");
        let mut left = files(folder.path());
        left.sort();
        assert_eq!(left, [".other.prom.12.tmp", "vaivem.prom"]);
    }

    #[test]
    fn a_place_that_is_none_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let taken = folder.path().join("vaivem.prom");
        std::fs::create_dir(&taken).unwrap();
        assert!(replace(&taken, "x\n").is_err());
        assert!(replace(&folder.path().join("missing/vaivem.prom"), "x\n").is_err());
        assert!(replace(Path::new("/"), "x\n").is_err());
        assert_eq!(files(folder.path()), ["vaivem.prom"]);
    }

    #[cfg(unix)]
    #[test]
    fn everybody_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("vaivem.prom");
        replace(&file, "x\n").unwrap();
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o644);
    }
}
