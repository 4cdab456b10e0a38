//! One run of a pass per channel at a time, by a kernel lock: it is gone when the process is, however that ended.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::clock::Clock;
use crate::lang::{say, word};
use crate::model::{ChannelName, Instant, calendar};
use crate::stop::{Stop, StopReason};

/// A held lock; released when dropped. The file stays: removing it would let two processes lock two files of one name.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Why there is no lock.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another run has it.
    #[error("{}", say!(
        "another run of {pass} for channel {channel} is active ({holder}); nothing was done"
            | "outra execução de {pass} do canal {channel} está ativa ({holder}); nada foi feito"
    ))]
    Held {
        /// The pass.
        pass: String,
        /// The channel.
        channel: ChannelName,
        /// Who, since when.
        holder: String,
    },
    /// The run was told to stop while it waited.
    #[error("{0}")]
    Stopped(StopReason),
    /// There is no room for the lock file.
    #[error("{}", say!(
        "the lock file {file} cannot be written: the disk is full; free space on it, and the next run goes on"
            | "o arquivo de trava {file} não pode ser gravado: o disco está cheio; libere espaço nele, e a próxima \
               execução continua",
        file = file.display()))]
    Full {
        /// Which file.
        file: PathBuf,
    },
    /// The lock file cannot be used.
    #[error(
        "{}", say!(
            "the lock file {file} cannot be used: {source}; it must be on a local disk, in a folder vaivem may write \
             to"
                | "o arquivo de trava {file} não pode ser usado: {source}; ele precisa estar em disco local, em uma \
                   pasta onde o vaivem possa gravar",
        file = file.display()))]
    File {
        /// Which file.
        file: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

/// Takes the lock of a pass for a channel on a state file, or says who has it.
///
/// # Errors
/// [`LockError::Held`] at once when another process has it.
pub fn take(state: &Path, pass: &str, channel: &ChannelName, now: Instant) -> Result<Lock, LockError> {
    let (path, mut file) = open(state, pass, channel)?;
    let unusable = |source| unusable(path.clone(), source);
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let read = file.take(200).read_to_string(&mut holder);
            let holder = holder.trim().to_owned();
            return Err(LockError::Held {
                pass: pass.to_owned(),
                channel: channel.clone(),
                holder: if read.is_ok() && !holder.is_empty() {
                    holder
                } else {
                    word!("it has not said who it is yet" | "ainda não disse quem é").into()
                },
            });
        }
        // A file system without locks would let two runs do everything twice, silently: refuse.
        Err(TryLockError::Error(error)) => return Err(unusable(error)),
    }
    let holder = format!("pid {}, since {}", std::process::id(), calendar::local_text(now));
    file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{holder}")).map_err(unusable)?;
    Ok(Lock { _file: file })
}

/// As [`take`], waiting so long for whoever has it.
///
/// # Errors
/// [`LockError::Held`] when it is held all the time.
pub async fn wait_for(
    state: &Path,
    pass: &str,
    channel: &ChannelName,
    clock: &Clock,
    patience: Duration,
) -> Result<Lock, LockError> {
    let begun = clock.elapsed();
    loop {
        match take(state, pass, channel, clock.now()) {
            Err(LockError::Held { .. }) if clock.elapsed().saturating_sub(begun) < patience => {
                tokio::time::sleep(POLL).await;
            }
            taken => return taken,
        }
    }
}

/// The file of a lock, made where needed.
fn open(state: &Path, what: &str, channel: &ChannelName) -> Result<(PathBuf, File), LockError> {
    let mut folder = state.file_name().unwrap_or_default().to_owned();
    folder.push(".locks");
    let folder = state.with_file_name(folder);
    let path = folder.join(format!("{what}.{channel}"));
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let opened = std::fs::create_dir_all(&folder).and_then(|()| options.open(&path));
    match opened {
        Ok(file) => Ok((path, file)),
        Err(source) => Err(unusable(path, source)),
    }
}

fn unusable(file: PathBuf, source: std::io::Error) -> LockError {
    match source.kind() {
        std::io::ErrorKind::StorageFull => LockError::Full { file },
        _ => LockError::File { file, source },
    }
}

/// Keeps the handing over of a channel's orders apart from pushes of its stock, across processes. Any number of orders may be
/// handed over at a time, and then no number is worked out; or one number is worked out and sent, and then no order is handed
/// over. Released when dropped.
#[derive(Debug)]
pub struct Handover {
    _gate: Option<Lock>,
    _room: Lock,
}

/// How often a taken lock is tried again.
const POLL: Duration = Duration::from_millis(15);

impl Handover {
    /// To hand an order over. Waits while stock is being pushed.
    ///
    /// # Errors
    /// [`LockError::Stopped`] when the run is to stop first; [`LockError::File`] when there are no locks here.
    pub async fn of_an_order(state: &Path, channel: &ChannelName, stop: &Stop) -> Result<Self, LockError> {
        let gate = open(state, "handover-gate", channel)?;
        let room = open(state, "handover", channel)?;
        loop {
            // Whoever pushes stock holds the gate while it waits for the room to empty, so that a stream of orders cannot keep it out.
            if attempt(&gate, File::try_lock_shared)? {
                let entered = attempt(&room, File::try_lock_shared)?;
                gate.1.unlock().map_err(|source| LockError::File { file: gate.0.clone(), source })?;
                if entered {
                    return Ok(Self { _gate: None, _room: Lock { _file: room.1 } });
                }
            }
            stop.sleep(POLL).await.map_err(LockError::Stopped)?;
        }
    }

    /// To work out numbers and send them. Waits while orders are being handed over, and keeps further ones waiting meanwhile.
    ///
    /// # Errors
    /// As [`Handover::of_an_order`].
    pub async fn of_stock(state: &Path, channel: &ChannelName, stop: &Stop) -> Result<Self, LockError> {
        let gate = open(state, "handover-gate", channel)?;
        let room = open(state, "handover", channel)?;
        while !attempt(&gate, File::try_lock)? {
            stop.sleep(POLL).await.map_err(LockError::Stopped)?;
        }
        while !attempt(&room, File::try_lock)? {
            stop.sleep(POLL).await.map_err(LockError::Stopped)?;
        }
        Ok(Self { _gate: Some(Lock { _file: gate.1 }), _room: Lock { _file: room.1 } })
    }

    /// Lets those go ahead who waited, between two pushes.
    ///
    /// # Errors
    /// The reason, when the run is to stop.
    pub async fn give_way(stop: &Stop) -> Result<(), StopReason> {
        stop.sleep(POLL * 3).await
    }
}

fn attempt(
    (path, file): &(PathBuf, File),
    lock: impl Fn(&File) -> Result<(), TryLockError>,
) -> Result<bool, LockError> {
    match lock(file) {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(source)) => Err(LockError::File { file: path.clone(), source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_order_is_handed_over_while_stock_is_pushed() {
        let folder = tempfile::tempdir().unwrap();
        let (state, channel) = (folder.path().join("vaivem.db"), ChannelName::new("loja"));
        let stop = Stop::new(crate::clock::Clock::system(), None);
        let soon = |future| tokio::time::timeout(Duration::from_millis(100), future);
        let first = Handover::of_an_order(&state, &channel, &stop).await.unwrap();
        let second = Handover::of_an_order(&state, &channel, &stop).await.unwrap();
        assert!(soon(Handover::of_stock(&state, &channel, &stop)).await.is_err(), "two orders are being handed over");
        let waiting = tokio::spawn({
            let (state, channel, stop) = (state.clone(), channel.clone(), stop.clone());
            async move { Handover::of_stock(&state, &channel, &stop).await.unwrap() }
        });
        tokio::time::sleep(POLL * 2).await;
        let late = tokio::time::timeout(POLL * 4, Handover::of_an_order(&state, &channel, &stop)).await;
        assert!(late.is_err(), "who waits to push is not kept out by further orders");
        drop((first, second));
        let pushing = waiting.await.unwrap();
        let late = tokio::time::timeout(POLL * 4, Handover::of_an_order(&state, &channel, &stop)).await;
        assert!(late.is_err(), "stock is being pushed");
        drop(pushing);
        Handover::of_an_order(&state, &channel, &stop).await.unwrap();
    }

    #[test]
    fn a_second_run_is_told_who_has_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("vaivem.db");
        let channel = ChannelName::new("loja");
        let now: Instant = "2026-11-24T12:00:00Z".parse().unwrap();
        let first = take(&state, "import-orders", &channel, now).unwrap();
        let refused = take(&state, "import-orders", &channel, now).unwrap_err().to_string();
        let pid = std::process::id();
        assert_eq!(
            refused,
            format!(
                "another run of import-orders for channel loja is active (pid {pid}, since 2026-11-24 09:00); nothing was done"
            )
        );
        take(&state, "sync-payments", &channel, now).unwrap();
        take(&state, "import-orders", &ChannelName::new("outra"), now).unwrap();
        drop(first);
        take(&state, "import-orders", &channel, now).unwrap();
    }
}
