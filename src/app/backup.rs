//! `backup FOLDER`: copies of the files that matter, made while passes run, checked, and complete or not there at all.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::Failure;
use crate::config::{Config, ErpConfig};
use crate::erp::ledger::Ledger;
use crate::exit::Exit;
use crate::report::Reporter;
use crate::store::{OpenError, Store, customer_key};
use crate::words::daily;

/// Copies the state file, the key beside it, and the embedded ERP.
pub fn run(folder: &Path, config: &Config, reporter: &Reporter) -> Result<Exit, Failure> {
    // Without the slash that it may end in: the draft has a name beside it.
    let folder: &Path = &folder.components().collect::<PathBuf>();
    if fs::symlink_metadata(folder).is_ok() {
        return Err(Failure::new(Exit::Usage, daily::backup_exists(folder)));
    }
    let draft = with_suffix(folder, &format!(".part.{}", std::process::id()));
    let made = make(&draft, config).and_then(|files| {
        fs::rename(&draft, folder).and_then(|()| sync(parent(folder))).map_err(|error| refused(folder, &error))?;
        Ok(files)
    });
    let files = made.inspect_err(|_| {
        // What is not whole is not left behind for somebody to rely on.
        let _ = fs::remove_dir_all(&draft);
    })?;
    for (name, from) in &files {
        let file = folder.join(name);
        let bytes = fs::metadata(&file).map_or(0, |meta| meta.len());
        if reporter.is_human() {
            reporter.news(&daily::backed_up(from, &file, bytes));
        } else {
            let fields =
                json!({ "file": file.display().to_string(), "of": from.display().to_string(), "bytes": bytes });
            reporter.json("backup", fields);
        }
    }
    if !reporter.is_human() {
        reporter.counted(json!({ "folder": folder.display().to_string(), "files": files.len() }));
    }
    Ok(Exit::Done)
}

/// Makes the copies in a folder of their own. Gives each one's name and what it is a copy of.
fn make(draft: &Path, config: &Config) -> Result<Vec<(PathBuf, PathBuf)>, Failure> {
    let unusable = |error: OpenError| Failure::new(Exit::Failed, error.to_string());
    fs::create_dir_all(parent(draft)).map_err(|error| refused(parent(draft), &error))?;
    fs::create_dir(draft).map_err(|error| refused(draft, &error))?;
    let name = |path: &Path| PathBuf::from(path.file_name().unwrap_or_default());
    // The state file first: an ERP that knows more than the state file is found out by asking it; the other way round it would
    // seem to have lost orders.
    let state = name(&config.state);
    Store::back_up(&config.state, &draft.join(&state)).map_err(unusable)?;
    let mut files = vec![(state.clone(), config.state.clone())];
    let (key, key_copy) = (customer_key::file_of(&config.state), with_suffix(&state, ".key"));
    if key.exists() {
        let copy = draft.join(&key_copy);
        fs::copy(&key, &copy).and_then(|_| sync(&copy)).map_err(|error| refused(&key, &error))?;
        files.push((key_copy, key));
    }
    match &config.erp {
        ErpConfig::Ledger { file, .. } if file.exists() => {
            let mut ledger = name(file);
            if ledger == state {
                ledger = with_suffix(&ledger, ".ledger");
            }
            Ledger::back_up(file, &draft.join(&ledger)).map_err(unusable)?;
            files.push((ledger, file.clone()));
        }
        // Eccosys is a service, and keeps its own.
        ErpConfig::Ledger { .. } | ErpConfig::Eccosys { .. } => {}
    }
    sync(draft).map_err(|error| refused(draft, &error))?;
    Ok(files)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// What a file holds is on the disk once it was synced, and its name once its folder was.
fn sync(path: &Path) -> std::io::Result<()> {
    fs::File::open(path)?.sync_all()
}

fn refused(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Exit::Failed, daily::backup_refused(path, error))
}
