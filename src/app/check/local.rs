//! What lies on this machine: files and their permissions, folders, disks, the state file, the ledger.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::check::Finding;
use crate::check::files::{self, What};
use crate::config::{Config, ErpConfig};
use crate::erp::ErpError;
use crate::erp::ledger::Ledger;
use crate::http::Address;
use crate::lang::word;
use crate::store::sqlite::beside;
use crate::store::{OpenError, Store, customer_key};

/// A state file that can be used.
pub struct State {
    /// Open for looking only.
    pub store: Store,
}

/// Files that others may read or change.
pub fn files(config: &Config) -> Vec<Finding> {
    let mut files: Vec<(What, PathBuf)> = vec![(What::Config, config.file.clone())];
    files.extend(config.secrets().iter().filter_map(|secret| Some((What::Secret, secret.file()?.to_owned()))));
    for suffix in ["", "-wal", "-shm"] {
        files.push((What::State, beside(&config.state, suffix)));
    }
    files.push((What::State, customer_key::file_of(&config.state)));
    if let ErpConfig::Ledger { file, .. } = &config.erp {
        for suffix in ["", "-wal", "-shm"] {
            files.push((What::Ledger, beside(file, suffix)));
        }
    }
    let there: Vec<(What, PathBuf, u32)> = files
        .into_iter()
        .filter_map(|(what, file)| Some((what, mode(&file)?, file)))
        .map(|(a, b, c)| (a, c, b))
        .collect();
    let open: Vec<Finding> = there.iter().filter_map(|(what, file, mode)| files::mode(*what, file, *mode)).collect();
    if open.is_empty() && !there.is_empty() {
        return vec![Finding::FilesPrivate { files: there.len() }];
    }
    open
}

/// Folders that are missing or cannot be written to.
pub fn folders(config: &Config) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        homes(config).into_iter().filter_map(|folder| unusable(What::Folder, &folder)).collect();
    let inboxes = config.erp.inboxes();
    // What is taken goes into these; a run makes them where they are missing.
    let below =
        |folder: &PathBuf| [folder.join("done"), folder.join("rejected")].into_iter().filter(|one| one.exists());
    let folders = inboxes.iter().flat_map(|folder| std::iter::once(folder.clone()).chain(below(folder)));
    let unusable: Vec<Finding> = folders.filter_map(|folder| unusable(What::Inbox, &folder)).collect();
    if unusable.is_empty() && !inboxes.is_empty() {
        findings.push(Finding::FoldersReady { folders: inboxes.to_vec() });
    }
    findings.extend(unusable);
    findings
}

/// Where the metrics go, and whether there is somebody to tell of each run. Nobody is called: that would tell of a run.
pub fn monitoring(config: &Config) -> Vec<Finding> {
    let (metrics, heartbeat) = (&config.monitoring.metrics_file, &config.monitoring.heartbeat);
    let mut findings = Vec::new();
    if let Some(file) = metrics {
        findings.push(match unusable(What::Metrics, &home(file)) {
            Some(unusable) => unusable,
            None if file.extension().is_none_or(|ending| ending != "prom") => {
                Finding::MetricsName { file: file.clone() }
            }
            None => Finding::MetricsReady { file: file.clone() },
        });
    }
    let mut commands = Vec::new();
    for (command, secret) in &heartbeat.addresses {
        let address = secret.fetch_within(heartbeat.timeout).and_then(|text| {
            Address::new(&text, heartbeat.timeout).map_err(|error| format!("{}: {error}", secret.whence()))
        });
        match address {
            Ok(_) => commands.push(*command),
            Err(problem) => findings.push(Finding::HeartbeatUnusable { command, problem }),
        }
    }
    if !commands.is_empty() {
        findings.push(Finding::HeartbeatsReady { commands });
    }
    findings
}

/// The folder that a file is in, by its whole name.
fn home(file: &Path) -> PathBuf {
    let folder = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    folder.canonicalize().unwrap_or_else(|_| folder.to_owned())
}

fn unusable(what: What, folder: &Path) -> Option<Finding> {
    let problem = match std::fs::metadata(folder) {
        Err(error) => error.to_string(),
        Ok(meta) if !meta.is_dir() => word!("it is no folder" | "não é uma pasta").to_owned(),
        Ok(_) => may_write(folder).err()?,
    };
    Some(Finding::FolderUnusable { what, folder: folder.to_owned(), problem })
}

/// The folders that the state file and the ledger are in, by their whole names.
fn homes(config: &Config) -> BTreeSet<PathBuf> {
    let ledger = match &config.erp {
        ErpConfig::Ledger { file, .. } => Some(file),
        ErpConfig::Eccosys { .. } => None,
    };
    std::iter::once(&config.state).chain(ledger).map(|file| home(file)).collect()
}

/// The folder of SQLite's temporary files, where much goes that many orders make: the first that will do, as SQLite looks for it
/// (sqlite.org/tempfiles.html, 5).
#[cfg(unix)]
fn temporary() -> Option<PathBuf> {
    let named = ["SQLITE_TMPDIR", "TMPDIR"].into_iter().filter_map(std::env::var_os).map(PathBuf::from);
    let usual = ["/var/tmp", "/usr/tmp", "/tmp", "."].into_iter().map(PathBuf::from);
    named.chain(usual).find(|folder| folder.is_dir() && may_write(folder).is_ok())
}

#[cfg(not(unix))]
fn temporary() -> Option<PathBuf> {
    None
}

/// The room on the disks of the state file and the ledger; and of temporary files, which are told of only where there is little.
pub fn disks(config: &Config) -> Vec<Finding> {
    let finding = |folder: &Path| room(folder).map(|(free, total)| files::disk(folder, free, total));
    let homes = homes(config).into_iter().filter_map(|folder| finding(&folder));
    let temporary = temporary().and_then(|folder| finding(&folder));
    let mut findings: Vec<Finding> = Vec::new();
    for finding in homes.chain(temporary.filter(|found| matches!(found, Finding::DiskLow { .. }))) {
        // One disk is told once.
        if !findings.iter().any(|one| is_same_disk(one, &finding)) {
            findings.push(finding);
        }
    }
    findings
}

fn is_same_disk(one: &Finding, other: &Finding) -> bool {
    let room = |finding: &Finding| match finding {
        Finding::DiskFree { free_mb, percent, .. } | Finding::DiskLow { free_mb, percent, .. } => {
            Some((*free_mb, *percent))
        }
        _ => None,
    };
    room(one) == room(other)
}

/// The state file: what it is, and itself if it can be used.
pub fn state(config: &Config) -> (Finding, Option<State>) {
    let file = config.state.clone();
    let store = match Store::open_read_only(&file) {
        Ok(store) => store,
        Err(OpenError::Missing { .. }) => return (Finding::StateMissing { file }, None),
        Err(error @ OpenError::Older { .. }) => return (Finding::StateOlder { text: error.to_string() }, None),
        Err(error) => return (Finding::StateUnusable { problem: error.to_string() }, None),
    };
    let look = || -> rusqlite::Result<(Option<String>, i32, i64)> {
        let orders = |seen: std::collections::BTreeMap<_, (i64, _)>| seen.values().map(|(orders, _)| orders).sum();
        Ok((store.damage()?, store.version()?, orders(store.channels_seen()?)))
    };
    match look() {
        Ok((None, version, orders)) => (Finding::StateReady { file, version, orders }, Some(State { store })),
        Ok((Some(detail), ..)) => (Finding::StateUnusable { problem: damaged("state file", file, detail) }, None),
        Err(error) => (Finding::StateUnusable { problem: damaged("state file", file, error.to_string()) }, None),
    }
}

fn damaged(kind: &'static str, path: PathBuf, detail: String) -> String {
    OpenError::Corrupt { kind, path, detail }.to_string()
}

/// The ledger: what it is, and itself if it can be used.
pub fn ledger(file: &Path) -> (Vec<Finding>, Option<Ledger>) {
    let ledger = match Ledger::open_read_only(file) {
        Ok(ledger) => ledger,
        Err(OpenError::Missing { .. }) => {
            return (vec![Finding::LedgerMissing { file: file.to_owned() }, Finding::EmptyLedger], None);
        }
        Err(error @ OpenError::Older { .. }) => return (vec![Finding::StateOlder { text: error.to_string() }], None),
        Err(error) => return (vec![Finding::LedgerUnusable { problem: error.to_string() }], None),
    };
    match ledger.damage() {
        Ok(None) => {}
        Ok(Some(detail)) => {
            return (vec![Finding::LedgerUnusable { problem: damaged("ledger", file.to_owned(), detail) }], None);
        }
        Err(error) => return (vec![unreadable(&error.into())], None),
    }
    let products = match ledger.products() {
        Ok(products) => products,
        Err(error) => return (vec![unreadable(&error)], None),
    };
    let mut findings = vec![Finding::LedgerReady { file: file.to_owned(), products }];
    if products == 0 {
        findings.push(Finding::EmptyLedger);
    }
    (findings, Some(ledger))
}

fn unreadable(error: &ErpError) -> Finding {
    Finding::LedgerUnusable { problem: error.to_string() }
}

/// A file's permissions; `None` where it is not there, or such a thing does not exist.
#[cfg(unix)]
fn mode(file: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(file).ok().map(|meta| meta.permissions().mode())
}

#[cfg(not(unix))]
fn mode(_: &Path) -> Option<u32> {
    None
}

/// Whether files can be made in a folder, without making one.
#[cfg(unix)]
fn may_write(folder: &Path) -> Result<(), String> {
    use rustix::fs::Access;
    rustix::fs::access(folder, Access::WRITE_OK | Access::EXEC_OK).map_err(|error| error.to_string())
}

#[cfg(not(unix))]
fn may_write(folder: &Path) -> Result<(), String> {
    let read_only = std::fs::metadata(folder).is_ok_and(|meta| meta.permissions().readonly());
    if read_only { Err(word!("it is read-only" | "é somente leitura").to_owned()) } else { Ok(()) }
}

/// Free and total bytes of a folder's disk.
#[cfg(unix)]
fn room(folder: &Path) -> Option<(u64, u64)> {
    let told = rustix::fs::statvfs(folder).ok()?;
    Some((told.f_bavail.saturating_mul(told.f_frsize), told.f_blocks.saturating_mul(told.f_frsize)))
}

#[cfg(not(unix))]
fn room(_: &Path) -> Option<(u64, u64)> {
    None
}
