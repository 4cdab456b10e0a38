//! Tells whoever watches when a run begins and how it ended, beside the run and never in its way.
//!
//! Each address has a task of its own that tells one thing after the other, so that an end never overtakes its beginning, while the
//! pass goes on. What is still owed at the end of the command gets one timeout more, and is then left.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::JoinHandle;

use crate::config::{Heartbeat, Secret};
use crate::exit::Exit;
use crate::http::{Address, PingError, Signal};
use crate::lang;
use crate::model::ChannelName;
use crate::words;

/// The command that makes all passes.
const SYNC: &str = "sync";

/// In place of a channel's name in an address that all of them share.
const EVERY_CHANNEL: &str = "all";

/// What happens to a pass of a channel.
enum Beat {
    /// It has its lock and begins.
    Begun(ChannelName),
    /// It is over.
    Ended(ChannelName, Exit),
}

/// Those who hear of this command.
#[derive(Default)]
pub(super) struct Hearts {
    /// By command: the passes, and `sync`.
    hearts: BTreeMap<&'static str, UnboundedSender<Beat>>,
    tasks: Vec<JoinHandle<()>>,
    patience: Duration,
    warned: Arc<AtomicBool>,
}

impl Hearts {
    /// Those whom the configuration names for these commands. Needs the runtime.
    pub(super) fn of(config: &Heartbeat, commands: impl IntoIterator<Item = &'static str>) -> Self {
        let mut hearts = Self { patience: config.timeout, ..Self::default() };
        for command in commands {
            let Some(secret) = config.addresses.get(command) else { continue };
            let (sender, beats) = mpsc::unbounded_channel();
            let heart =
                Heart { command, secret: secret.clone(), patience: config.timeout, warned: Arc::clone(&hearts.warned) };
            hearts.tasks.push(tokio::spawn(heart.beat(beats)));
            hearts.hearts.insert(command, sender);
        }
        hearts
    }

    /// A pass has its lock for a channel.
    pub(super) fn begun(&self, pass: &'static str, channel: &ChannelName) {
        for command in [pass, SYNC] {
            self.tell(command, Beat::Begun(channel.clone()));
        }
    }

    /// A pass is over for a channel, or was not even begun.
    pub(super) fn ended(&self, pass: &'static str, channel: &ChannelName, exit: Exit) {
        for command in [pass, SYNC] {
            self.tell(command, Beat::Ended(channel.clone(), exit));
        }
    }

    /// A pass is over for all channels.
    pub(super) fn over(&mut self, pass: &'static str) {
        self.hearts.remove(pass);
    }

    /// The command is over: what is still owed is told within one timeout, or not at all.
    pub(super) async fn finish(mut self) {
        self.hearts.clear();
        let left = tokio::time::Instant::now() + self.patience;
        for task in self.tasks {
            if tokio::time::timeout_at(left, task).await.is_err() {
                complain(&self.warned, || words::metrics::unheard(self.patience));
            }
        }
    }

    fn tell(&self, command: &str, beat: Beat) {
        if let Some(heart) = self.hearts.get(command) {
            // A task that gave up has said why.
            let _ = heart.send(beat);
        }
    }
}

/// One of them.
struct Heart {
    command: &'static str,
    secret: Secret,
    patience: Duration,
    warned: Arc<AtomicBool>,
}

impl Heart {
    /// Tells what comes until nothing more can. An address that names the channel hears of each by itself; any other hears one
    /// beginning, and one end that is the worst of all.
    async fn beat(self, mut beats: UnboundedReceiver<Beat>) {
        // A command that prints the address may take its time; the pass does not.
        let (secret, patience) = (self.secret.clone(), self.patience);
        let text = match tokio::task::spawn_blocking(move || secret.fetch_within(patience)).await {
            Ok(Ok(text)) => text,
            Ok(Err(problem)) => return complain(&self.warned, || words::metrics::no_address(self.command, &problem)),
            Err(error) => {
                return complain(&self.warned, || words::metrics::no_address(self.command, &error.to_string()));
            }
        };
        let by_channel = self.command != SYNC && text.expose_secret().contains("{channel}");
        let mut ways: BTreeMap<String, Way> = BTreeMap::new();
        while let Some(beat) = beats.recv().await {
            let (Beat::Begun(channel) | Beat::Ended(channel, _)) = &beat;
            let place = if by_channel { channel.as_str() } else { EVERY_CHANNEL };
            let way = ways.entry(place.to_owned()).or_default();
            match beat {
                Beat::Begun(_) if way.begun => {}
                Beat::Begun(_) => {
                    way.begun = true;
                    self.ping(way, (&text, place), Signal::Start, "").await;
                }
                // Another run is at it, and tells.
                Beat::Ended(_, Exit::Locked) => {}
                Beat::Ended(_, exit) => {
                    way.exit = Some(way.exit.map_or(exit, |worst| worst.worst(exit)));
                    if by_channel {
                        self.end(way, (&text, place)).await;
                    }
                }
            }
        }
        for (place, mut way) in ways {
            self.end(&mut way, (&text, &place)).await;
        }
    }

    async fn end(&self, way: &mut Way, to: (&SecretString, &str)) {
        if let Some(exit) = way.exit.take() {
            self.ping(way, to, signal(exit), &words::metrics::ping(self.command, exit)).await;
        }
    }

    async fn ping(&self, way: &mut Way, (text, place): (&SecretString, &str), signal: Signal, line: &str) {
        if way.address.is_none() {
            let text = text.expose_secret().replace("{channel}", place).replace("{pass}", self.command);
            let (text, patience) = (SecretString::from(text), self.patience);
            // Reading the system's root certificates takes as long as a whole pass without a change.
            let set_up = tokio::task::spawn_blocking(move || Address::new(&text, patience)).await;
            way.address = Some(set_up.unwrap_or_else(|error| Err(PingError::Client(error.to_string()))));
        }
        let heard = match &way.address {
            Some(Ok(address)) => address.ping(signal, line).await.map_err(|error| error.to_string()),
            Some(Err(error)) => Err(error.to_string()),
            None => Ok(()),
        };
        match heard {
            Ok(()) => log::debug!("heartbeat of {}: told", self.command),
            Err(problem) => {
                let text = || words::metrics::ping_failed(self.command, &self.secret.whence(), &problem);
                complain(&self.warned, text);
            }
        }
    }
}

/// How it goes with one address.
#[derive(Default)]
struct Way {
    address: Option<Result<Address, PingError>>,
    begun: bool,
    /// The worst so far, until it is told.
    exit: Option<Exit>,
}

/// What an end is to a watcher. What is held is for a person who looks at it in the morning, not for one who is woken.
fn signal(exit: Exit) -> Signal {
    match exit {
        Exit::Done | Exit::Held => Signal::Success,
        Exit::TimeBudget => Signal::Log,
        _ => Signal::Fail,
    }
}

/// Says once in a run that somebody did not hear: the pass itself is well, and may be writing for the record at this moment.
fn complain(warned: &AtomicBool, text: impl FnOnce() -> String) {
    let _reader = lang::for_the_reader();
    let level = if warned.swap(true, Ordering::Relaxed) { log::Level::Debug } else { log::Level::Warn };
    log::log!(level, "{}", text());
}
