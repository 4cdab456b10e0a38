//! The log on standard error: one line per event, stamped in São Paulo time, making way for the progress bar.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use indicatif::ProgressBar;

use crate::clock::Clock;
use crate::model::calendar;
use crate::relay::Relay;

/// What the lines go through while nobody who reads them may be waited for.
static RELAY: Mutex<Option<Relay>> = Mutex::new(None);

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
    builder.target(env_logger::Target::Pipe(Box::new(Lines { bar })));
    builder.filter_module("vaivem", level).filter_level(level.min(log::LevelFilter::Warn));
    if let Ok(filter) = std::env::var("VAIVEM_LOG") {
        builder.parse_filters(&filter);
    }
    builder.format(move |out, record| {
        let level = record.level().as_str().to_lowercase();
        writeln!(out, "{} {level:<5} {}", calendar::local_text(clock.now()), record.args())
    });
    // A second start (tests in one process) keeps the first logger.
    let _ = builder.try_init();
}

/// Writes the lines beside the work from now on, until [`hold_back_no_more`].
pub(crate) fn hold_back(bar: ProgressBar) {
    let mut relay = RELAY.lock().unwrap_or_else(PoisonError::into_inner);
    if relay.is_none() {
        *relay = Relay::start(move |text| drop(write(&bar, text.as_bytes()))).ok();
    }
}

/// Whether so many lines wait to be read that nothing should be begun that writes more.
pub(crate) fn is_behind() -> bool {
    RELAY.lock().unwrap_or_else(PoisonError::into_inner).as_ref().is_some_and(Relay::is_behind)
}

/// Waits until all lines are read, and holds none back any more.
pub(crate) fn hold_back_no_more() {
    let relay = RELAY.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(relay) = relay {
        relay.finish();
    }
}

/// Where the lines go.
struct Lines {
    bar: ProgressBar,
}

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match &*RELAY.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(relay) => relay.send(String::from_utf8_lossy(line).into_owned()),
            None => write(&self.bar, line)?,
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The bar makes way where it is on a terminal, and is left alone elsewhere: it could not move as long as the line is not read.
fn write(bar: &ProgressBar, line: &[u8]) -> io::Result<()> {
    let write = || io::stderr().write_all(line);
    if io::stderr().is_terminal() { bar.suspend(write) } else { write() }
}
