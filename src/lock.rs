//! One run of a pass per channel at a time, by a kernel lock: it is gone when the process is, however that ended.

use std::cell::Cell;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::clock::Clock;
use crate::lang::{say, word};
use crate::model::{ChannelName, Instant, calendar};
use crate::stop::{Stop, StopReason};
use crate::store::sqlite::beside;

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
    let folder = beside(state, ".locks");
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

/// How often a taken lock is tried again.
const POLL: Duration = Duration::from_millis(15);

/// Keeps the handing over of a channel's orders apart from pushes of its stock, across processes. Any number of orders may be
/// handed over at a time, and then no number is worked out; or one number is worked out and sent, and then no order is handed
/// over. Each pass has its own: what one has locked, the kernel does not keep from itself.
#[derive(Debug)]
pub struct Handover {
    /// Whoever pushes stock holds the gate while it waits for the room to empty, so that a stream of orders cannot keep it out.
    gate: (PathBuf, File),
    room: (PathBuf, File),
    /// Whoever waits to hand an order over has a place in it, so that a push knows that there is somebody to give way to.
    queue: (PathBuf, File),
    /// How many of this run's orders are in the room.
    inside: Cell<usize>,
    /// How many of this run's orders are in the queue.
    waiting: Cell<usize>,
}

/// An order that waits to be handed over.
struct Waiting<'a>(&'a Handover);

/// An order that is being handed over; over when dropped.
#[derive(Debug)]
pub struct Inside<'a>(&'a Handover);

/// Stock that is being pushed; over when dropped.
#[derive(Debug)]
pub struct Alone<'a>(&'a Handover);

impl Handover {
    /// Of a channel, on a state file. Nothing is locked yet.
    ///
    /// # Errors
    /// [`LockError::File`] when there are no locks here.
    pub fn of(state: &Path, channel: &ChannelName) -> Result<Self, LockError> {
        let file = |name| open(state, name, channel);
        let (gate, room, queue) = (file("handover-gate")?, file("handover")?, file("handover-queue")?);
        Ok(Self { gate, room, queue, inside: Cell::new(0), waiting: Cell::new(0) })
    }

    /// To hand an order over. Waits while stock is being pushed.
    ///
    /// # Errors
    /// [`LockError::Stopped`] when the run is to stop first; [`LockError::File`] when there are no locks here.
    pub async fn of_an_order(&self, stop: &Stop) -> Result<Inside<'_>, LockError> {
        let mut waiting = None;
        loop {
            if attempt(&self.gate, File::try_lock_shared)? {
                let entered = if self.inside.get() > 0 { Ok(true) } else { attempt(&self.room, File::try_lock_shared) };
                let inside = entered.as_ref().is_ok_and(|entered| *entered).then(|| Inside::new(self));
                unlock(&self.gate)?;
                entered?;
                if let Some(inside) = inside {
                    return Ok(inside);
                }
            }
            waiting.get_or_insert_with(|| Waiting::new(self)).queue_up()?;
            stop.sleep(POLL).await.map_err(LockError::Stopped)?;
        }
    }

    /// To work out numbers and send them. Waits while orders are being handed over, and keeps further ones waiting meanwhile.
    ///
    /// # Errors
    /// As [`Handover::of_an_order`].
    pub async fn of_stock(&self, stop: &Stop) -> Result<Alone<'_>, LockError> {
        debug_assert!(self.inside.get() == 0, "a pass does one or the other");
        while !attempt(&self.gate, File::try_lock)? {
            stop.sleep(POLL).await.map_err(LockError::Stopped)?;
        }
        let alone = Alone(self);
        while !attempt(&self.room, File::try_lock)? {
            stop.sleep(POLL).await.map_err(LockError::Stopped)?;
        }
        Ok(alone)
    }

    /// Lets those go ahead who waited, between two pushes.
    ///
    /// # Errors
    /// The reason, when the run is to stop.
    pub async fn give_way(stop: &Stop) -> Result<(), StopReason> {
        stop.sleep(POLL * 3).await
    }
}

impl Alone<'_> {
    /// Whether somebody waits to hand an order over.
    ///
    /// # Errors
    /// [`LockError::File`] when there are no locks here.
    pub fn is_awaited(&self) -> Result<bool, LockError> {
        let is_empty = attempt(&self.0.queue, File::try_lock)?;
        if is_empty {
            unlock(&self.0.queue)?;
        }
        Ok(!is_empty)
    }
}

impl<'a> Waiting<'a> {
    fn new(room: &'a Handover) -> Self {
        room.waiting.set(room.waiting.get() + 1);
        Self(room)
    }

    /// Once more at each try: a push that looks whether somebody waits keeps others out for that moment.
    fn queue_up(&self) -> Result<(), LockError> {
        attempt(&self.0.queue, File::try_lock_shared).map(|_| ())
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let waiting = &self.0.waiting;
        waiting.set(waiting.get() - 1);
        if waiting.get() == 0 {
            leave(&self.0.queue);
        }
    }
}

impl<'a> Inside<'a> {
    fn new(room: &'a Handover) -> Self {
        room.inside.set(room.inside.get() + 1);
        Self(room)
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        let inside = &self.0.inside;
        inside.set(inside.get() - 1);
        if inside.get() == 0 {
            leave(&self.0.room);
        }
    }
}

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        leave(&self.0.room);
        leave(&self.0.gate);
    }
}

/// Lets go of a lock that the end of the run lets go of anyway.
fn leave(file: &(PathBuf, File)) {
    if let Err(error) = unlock(file) {
        log::warn!("{error}");
    }
}

fn unlock((path, file): &(PathBuf, File)) -> Result<(), LockError> {
    file.unlock().map_err(|source| LockError::File { file: path.clone(), source })
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

    fn soon<F: Future>(future: F) -> tokio::time::Timeout<F> {
        tokio::time::timeout(Duration::from_millis(100), future)
    }

    #[tokio::test]
    async fn no_order_is_handed_over_while_stock_is_pushed() {
        let folder = tempfile::tempdir().unwrap();
        let (state, channel) = (folder.path().join("vaivem.db"), ChannelName::new("loja"));
        let stop = Stop::new(crate::clock::Clock::system(), None);
        let run = || Handover::of(&state, &channel).unwrap();
        let (orders, others, stock) = (run(), run(), run());
        let first = orders.of_an_order(&stop).await.unwrap();
        let second = orders.of_an_order(&stop).await.unwrap();
        let elsewhere = others.of_an_order(&stop).await.unwrap();
        drop(first);
        assert!(soon(stock.of_stock(&stop)).await.is_err(), "two orders are being handed over");
        drop(elsewhere);
        assert!(soon(stock.of_stock(&stop)).await.is_err(), "an order is being handed over");
        let pushing = async {
            let alone = stock.of_stock(&stop).await.unwrap();
            for late in [&orders, &others] {
                assert!(soon(late.of_an_order(&stop)).await.is_err(), "stock is being pushed");
            }
            drop(alone);
        };
        let leaving = async {
            tokio::time::sleep(POLL * 2).await;
            for late in [&orders, &others] {
                let late = tokio::time::timeout(POLL * 4, late.of_an_order(&stop)).await;
                assert!(late.is_err(), "who waits to push is not kept out by further orders");
            }
            drop(second);
        };
        tokio::join!(pushing, leaving);
        orders.of_an_order(&stop).await.unwrap();
        let alone = stock.of_stock(&stop).await.unwrap();
        assert!(soon(others.of_an_order(&stop)).await.is_err(), "stock is being pushed");
        drop(alone);
    }

    #[tokio::test]
    async fn a_push_knows_whether_an_order_waits_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let (state, channel) = (folder.path().join("vaivem.db"), ChannelName::new("loja"));
        let stop = Stop::new(crate::clock::Clock::system(), None);
        let run = || Handover::of(&state, &channel).unwrap();
        let (orders, others, stock) = (run(), run(), run());
        let alone = stock.of_stock(&stop).await.unwrap();
        assert!(!alone.is_awaited().unwrap());
        let (mut first, mut second) = (Box::pin(orders.of_an_order(&stop)), Box::pin(orders.of_an_order(&stop)));
        for waiting in [&mut first, &mut second] {
            assert!(soon(waiting.as_mut()).await.is_err());
            assert!(alone.is_awaited().unwrap());
        }
        drop(first);
        assert!(alone.is_awaited().unwrap(), "the second waits still");
        drop(second);
        assert!(!alone.is_awaited().unwrap());
        let elsewhere = async {
            let inside = others.of_an_order(&stop).await.unwrap();
            assert!(!attempt(&stock.room, File::try_lock).unwrap());
            drop(inside);
        };
        let pushing = async {
            while !alone.is_awaited().unwrap() {
                tokio::time::sleep(POLL).await;
            }
            drop(alone);
            Handover::give_way(&stop).await.unwrap();
            assert!(!stock.of_stock(&stop).await.unwrap().is_awaited().unwrap(), "it had its turn");
        };
        tokio::join!(elsewhere, pushing);
    }

    #[test]
    #[cfg(unix)]
    fn a_state_file_that_is_reached_by_a_link_has_the_same_locks() {
        let folder = tempfile::tempdir().unwrap();
        let (state, link) = (folder.path().join("disk.db"), folder.path().join("vaivem.db"));
        std::fs::write(&state, "").unwrap();
        std::os::unix::fs::symlink("disk.db", &link).unwrap();
        let now: Instant = "2026-11-24T12:00:00Z".parse().unwrap();
        let take = |path: &Path| take(path, "import-orders", &ChannelName::new("loja"), now);
        let first = take(&state).unwrap();
        assert!(matches!(take(&link), Err(LockError::Held { .. })));
        drop(first);
        take(&link).unwrap();
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
