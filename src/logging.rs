//! The log on standard error: one line per event, stamped in São Paulo time, making way for the progress bar.

use std::io::Write;

use indicatif::ProgressBar;

use crate::clock::Clock;
use crate::model::calendar;

/// Starts logging. `verbose` counts `-v`: 0 warnings, 1 information, 2 or more one line per call; `VAIVEM_LOG` overrides it.
pub fn start(verbose: u8, quiet: bool, bar: ProgressBar) {
    let level = match (verbose, quiet) {
        (_, true) => log::LevelFilter::Error,
        (0, _) => log::LevelFilter::Warn,
        (1, _) => log::LevelFilter::Info,
        _ => log::LevelFilter::Debug,
    };
    let clock = Clock::system();
    let mut builder = env_logger::Builder::new();
    builder.filter_module("vaivem", level).filter_level(level.min(log::LevelFilter::Warn));
    if let Ok(filter) = std::env::var("VAIVEM_LOG") {
        builder.parse_filters(&filter);
    }
    builder.format(move |out, record| {
        let level = record.level().as_str().to_lowercase();
        bar.suspend(|| writeln!(out, "{} {level:<5} {}", calendar::local_text(clock.now()), record.args()))
    });
    // A second start (tests in one process) keeps the first logger.
    let _ = builder.try_init();
}
