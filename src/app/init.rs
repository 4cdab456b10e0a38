//! `init`: a commented configuration, and the folders and files it names. Nothing that is there is touched.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use serde_json::json;

use super::Failure;
use crate::cli::InitArgs;
use crate::clock::Clock;
use crate::config::{LEDGER, STATE};
use crate::erp::ledger::Ledger;
use crate::exit::Exit;
use crate::init::{self, ErpKind, Wanted};
use crate::lang::say;
use crate::model::calendar;
use crate::report::Reporter;
use crate::store::Store;

/// Where there is no configuration yet, makes one.
pub fn run(args: &InitArgs, reporter: &Reporter) -> Result<Exit, Failure> {
    let usage = |problem: String| Failure::new(Exit::Usage, problem);
    let erp = ErpKind::named(&args.erp).ok_or_else(|| {
        usage(say!(
            "`{}` is no kind of ERP: write --erp ledger or --erp eccosys"
                | "`{}` não é um tipo de ERP: escreva --erp ledger ou --erp eccosys",
            args.erp
        ))
    })?;
    let channels = wanted(args).map_err(usage)?;
    let file = args.path.join("vaivem.toml");
    let shown = |path: &Path| path.strip_prefix(".").unwrap_or(path).display().to_string();
    if file.symlink_metadata().is_ok() {
        let message = say!(
            "{} is there already and was left as it is; name another folder with --path, or move it away first"
                | "{} já existe e ficou como está; indique outra pasta com --path, ou mova-o antes",
            shown(&file)
        );
        return Err(usage(message));
    }
    let folders: Vec<_> = erp.folders().iter().map(|folder| args.path.join(folder)).collect();
    if let Some(taken) = folders.iter().find(|folder| folder.symlink_metadata().is_ok() && !folder.is_dir()) {
        let message = say!(
            "{} is there already and is no folder; nothing was made. Name another folder with --path, or move it \
             away first"
                | "{} já existe e não é uma pasta; nada foi criado. Indique outra pasta com --path, ou mova-o antes",
            shown(taken)
        );
        return Err(usage(message));
    }
    let failed = |path: &Path, error: std::io::Error| {
        Failure::new(
            Exit::Failed,
            say!(
                "{} cannot be made: {error}; may this user write there?"
                    | "{} não pode ser criado: {error}; este usuário pode gravar ali?",
                shown(path)
            ),
        )
    };
    let mut made = Vec::new();
    for folder in std::iter::once(&args.path).chain(&folders).filter(|folder| !folder.is_dir()) {
        std::fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
        made.push(format!("{}/", shown(folder)));
    }
    let text = init::text(&channels, erp, calendar::local_date(Clock::system().now()));
    std::fs::File::create_new(&file)
        .and_then(|mut made| made.write_all(text.as_bytes()).and_then(|()| made.sync_all()))
        .map_err(|error| failed(&file, error))?;
    made.push(shown(&file));
    // With the state file there is a key, so that the first dry run is a plan that can be carried out.
    let state = args.path.join(STATE);
    if !state.exists() {
        Store::open(&state).map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
        made.push(shown(&state));
    }
    let ledger = args.path.join(LEDGER);
    if erp == ErpKind::Ledger && !ledger.exists() {
        Ledger::open(&ledger).map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
        made.push(shown(&ledger));
    }
    let variables = init::variables(&channels, erp);
    let config = if args.path == Path::new(".") { String::new() } else { format!(" --config {}", shown(&file)) };
    let next = [format!("vaivem{config} check"), format!("vaivem{config} sync --dry-run")];
    if !reporter.is_human() {
        for one in &made {
            reporter.json("made", json!({ "file": one }));
        }
        reporter.counted(json!({ "made": made.len(), "variables": variables, "next": next }));
        return Ok(Exit::Done);
    }
    for one in &made {
        reporter.news(&say!("made      {one}" | "criado    {one}"));
    }
    reporter.news(&say!(
        "Edit {}, set {}, then run:" | "Edite {}, defina {} e execute:",
        shown(&file),
        variables.join(", ")
    ));
    for command in &next {
        reporter.news(&format!("  {command}"));
    }
    Ok(Exit::Done)
}

fn wanted(args: &InitArgs) -> Result<Vec<Wanted>, String> {
    let standard = ["loja=vtex".to_owned()];
    let asked: &[String] = if args.channel.is_empty() { &standard } else { &args.channel };
    let channels: Vec<Wanted> = asked.iter().map(|one| init::wanted(one)).collect::<Result<_, _>>()?;
    // The variables' names are in capitals.
    let mut seen = BTreeSet::new();
    match channels.iter().find(|(name, _)| !seen.insert(name.to_uppercase().replace('-', "_"))) {
        Some((name, _)) => Err(say!(
            "several channels are called `{name}`: give each a name of its own"
                | "vários canais se chamam `{name}`: dê a cada um um nome próprio"
        )),
        None => Ok(channels),
    }
}
