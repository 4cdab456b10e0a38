//! `completions` and `man`: what a shell and a reader of manuals want, made from the command line itself.

use std::path::Path;

use clap_mangen::Man;

use super::{Failure, print_bytes};
use crate::cli::ManArgs;
use crate::exit::Exit;
use crate::lang::say;
use crate::report::Reporter;
use crate::words::help;

/// Prints a completion script.
pub fn completions(shell: clap_complete::Shell, reporter: &Reporter) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut help::command(), "vaivem", &mut script);
    print_bytes(&script, reporter)
}

/// Prints one page, or writes all of them.
pub fn run(args: &ManArgs, reporter: &Reporter) -> Result<Exit, Failure> {
    let mut all = help::command().disable_help_subcommand(true);
    // Names sub-commands in full, and hands the global options down to them.
    all.build();
    match &args.dir {
        Some(folder) => write_all(&all, folder),
        None => print_bytes(&rendered(&find(&all, &args.of)?)?, reporter),
    }
}

/// The command of that name.
fn find(all: &clap::Command, name: &[String]) -> Result<clap::Command, Failure> {
    let mut found = all;
    for part in name {
        found = found.find_subcommand(part).ok_or_else(|| {
            let there: Vec<&str> = found.get_subcommands().map(clap::Command::get_name).collect();
            let under = found.get_bin_name().unwrap_or("vaivem");
            let message = match there.as_slice() {
                [] => say!("`{under}` has no sub-commands" | "`{under}` não tem subcomandos"),
                there => say!(
                    "there is no command `{under} {part}`; there are: {}" | "não há comando `{under} {part}`; há: {}",
                    there.join(", ")
                ),
            };
            Failure::new(Exit::Usage, message)
        })?;
    }
    Ok(found.clone())
}

/// A page for `command`, under the name that `man` is asked for: `vaivem-holds-retry`.
fn rendered(command: &clap::Command) -> Result<Vec<u8>, Failure> {
    let mut page = Vec::new();
    let man = Man::new(command.clone()).title(page_name(command)).source(concat!("vaivem ", env!("CARGO_PKG_VERSION")));
    man.render(&mut page).map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
    Ok(page)
}

fn page_name(command: &clap::Command) -> String {
    command.get_bin_name().unwrap_or("vaivem").replace(' ', "-")
}

fn write_all(all: &clap::Command, folder: &Path) -> Result<Exit, Failure> {
    let failed = |file: &Path, error: &std::io::Error| {
        let message = say!("{} cannot be written: {error}" | "{} não pode ser gravado: {error}", file.display());
        Failure::new(Exit::Failed, message)
    };
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    let mut left = vec![all];
    while let Some(command) = left.pop() {
        let file = folder.join(format!("{}.1", page_name(command)));
        std::fs::write(&file, rendered(command)?).map_err(|error| failed(&file, &error))?;
        left.extend(command.get_subcommands());
    }
    Ok(Exit::Done)
}
