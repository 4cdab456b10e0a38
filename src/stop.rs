//! Whether a run is to end before its work does: a signal, or its time budget is used up.
//!
//! What is under way is finished or given up by those who do it; they ask [`Stop::reason`] between two steps, and race
//! [`Stop::stopped`] against every wait.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::clock::Clock;
use crate::lang::word;

/// Asks a run to stop. Clones ask the same run.
#[derive(Clone, Debug)]
pub struct Stop(Arc<Request>);

#[derive(Debug)]
struct Request {
    clock: Clock,
    /// When the time budget is used up, by [`Clock::elapsed`].
    deadline: Option<Duration>,
    signal: watch::Sender<Option<StopReason>>,
}

/// Why a run is to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// SIGINT: a person pressed Ctrl-C.
    Interrupted,
    /// SIGTERM or SIGHUP.
    Terminated,
    /// The time given with `--max-duration` is over.
    TimeBudget,
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Interrupted => word!(
                "the run was interrupted; the rest is for the next run"
                    | "a execução foi interrompida; o resto fica para a próxima"
            ),
            Self::Terminated => word!(
                "the run was asked to terminate; the rest is for the next run"
                    | "pediu-se o encerramento da execução; o resto fica para a próxima"
            ),
            Self::TimeBudget => word!(
                "the run's time budget is used up; the rest is for the next run"
                    | "o tempo da execução acabou; o resto fica para a próxima"
            ),
        })
    }
}

impl Stop {
    /// Asks to stop once `budget` has passed from now on, or only when told to.
    // The clock is cheap to clone, and callers have no further use for the one they give.
    #[allow(clippy::needless_pass_by_value)]
    pub fn new(clock: Clock, budget: Option<Duration>) -> Self {
        let deadline = budget.map(|budget| clock.elapsed().saturating_add(budget));
        Self(Arc::new(Request { clock, deadline, signal: watch::Sender::new(None) }))
    }

    /// Why to stop, once there is a reason. A signal outweighs the time budget.
    pub fn reason(&self) -> Option<StopReason> {
        let signal = *self.0.signal.borrow();
        signal.or_else(|| (self.left() == Some(Duration::ZERO)).then_some(StopReason::TimeBudget))
    }

    /// How much of the time budget is left; `None` without one.
    pub fn left(&self) -> Option<Duration> {
        self.0.deadline.map(|deadline| deadline.saturating_sub(self.0.clock.elapsed()))
    }

    /// Asks to stop now. The first reason given stays.
    pub fn request(&self, reason: StopReason) {
        self.0.signal.send_if_modified(|current| current.is_none() && current.replace(reason).is_none());
    }

    /// Waits until there is a reason to stop.
    pub async fn stopped(&self) -> StopReason {
        let mut signals = self.0.signal.subscribe();
        loop {
            if let Some(reason) = self.reason() {
                return reason;
            }
            // The sender lives as long as `self`, so a change is the only way this ends.
            let signalled = signals.changed();
            match self.left() {
                Some(left) => drop(tokio::time::timeout(left, signalled).await),
                None => drop(signalled.await),
            }
        }
    }

    /// Sleeps, or wakes early with the reason to stop.
    ///
    /// # Errors
    /// The reason, when there is one before the time is over.
    pub async fn sleep(&self, time: Duration) -> Result<(), StopReason> {
        tokio::select! {
            biased;
            reason = self.stopped() => Err(reason),
            () = tokio::time::sleep(time) => Ok(()),
        }
    }

    /// From now on SIGINT, SIGTERM and SIGHUP ask to stop, and the second of them ends the process at once. Begun with `nohup`,
    /// it goes on ignoring SIGHUP. Needs the runtime.
    ///
    /// # Errors
    /// When the operating system refuses the handlers.
    #[cfg(unix)]
    pub fn install_signals(&self) -> io::Result<()> {
        use std::sync::atomic::AtomicBool;

        use tokio::signal::unix::{SignalKind, signal};

        let asked_before = Arc::new(AtomicBool::new(false));
        for (kind, reason) in [
            (SignalKind::interrupt(), StopReason::Interrupted),
            (SignalKind::terminate(), StopReason::Terminated),
            (SignalKind::hangup(), StopReason::Terminated),
        ] {
            let number = kind.as_raw_value();
            if kind == SignalKind::hangup() && is_ignored(number) {
                continue;
            }
            // Handlers run in this order: the first signal finds the flag unset and sets it. The exit happens in the
            // handler, so that it works even while the one thread is busy or blocked on a pipe nobody reads.
            signal_hook::flag::register_conditional_shutdown(number, 128 + number, Arc::clone(&asked_before))?;
            signal_hook::flag::register(number, Arc::clone(&asked_before))?;
            let mut signals = signal(kind)?;
            let stop = self.clone();
            tokio::spawn(async move {
                signals.recv().await;
                stop.request(reason);
            });
        }
        Ok(())
    }

    /// From now on Ctrl-C asks to stop, and the second ends the process at once. Needs the runtime.
    ///
    /// # Errors
    /// Never here.
    #[cfg(not(unix))]
    pub fn install_signals(&self) -> io::Result<()> {
        let stop = self.clone();
        tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                stop.request(StopReason::Interrupted);
            }
            if tokio::signal::ctrl_c().await.is_ok() {
                std::process::exit(130);
            }
        });
        Ok(())
    }
}

/// Whether whoever began the process had it ignore that signal, as far as the system tells (Linux does, in proc(5)).
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    mask.unwrap_or_default() >> (signal - 1) & 1 == 1
}

/// A write beyond the largest size a file may have (`ulimit -f`) is an error that can be told, and no signal that ends the process
/// without a word.
///
/// # Errors
/// When the operating system refuses the handler.
pub fn let_writes_fail() -> io::Result<()> {
    #[cfg(unix)]
    signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stop(budget: Option<u64>) -> (Clock, Stop) {
        let clock = Clock::started("2026-11-25T12:00:00Z".parse().unwrap());
        (clock.clone(), Stop::new(clock, budget.map(Duration::from_secs)))
    }

    #[tokio::test(start_paused = true)]
    async fn a_sleep_is_cut_short_by_the_time_budget() {
        let (clock, stop) = stop(Some(60));
        assert_eq!(stop.sleep(Duration::from_secs(59)).await, Ok(()));
        assert_eq!(stop.reason(), None);
        assert_eq!(stop.sleep(Duration::from_secs(59)).await, Err(StopReason::TimeBudget));
        assert_eq!(clock.elapsed().as_secs(), 60);
        assert_eq!(stop.reason(), Some(StopReason::TimeBudget));
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_wakes_all_sleepers_and_the_first_stays() {
        let (clock, stop) = stop(None);
        let sleeper = |stop: Stop| tokio::spawn(async move { stop.sleep(Duration::from_secs(3_600)).await });
        let (first, second) = (sleeper(stop.clone()), sleeper(stop.clone()));
        tokio::time::sleep(Duration::from_secs(1)).await;
        stop.request(StopReason::Terminated);
        stop.request(StopReason::Interrupted);
        assert_eq!(first.await.unwrap(), Err(StopReason::Terminated));
        assert_eq!(second.await.unwrap(), Err(StopReason::Terminated));
        assert_eq!(clock.elapsed().as_secs(), 1);
    }

    #[test]
    fn a_fixed_clock_has_time_budgets_too() {
        let clock = Clock::fixed("2026-11-25T12:00:00Z".parse().unwrap());
        let stop = Stop::new(clock.clone(), Some(Duration::from_secs(1)));
        assert_eq!(stop.reason(), None);
        clock.advance(Duration::from_secs(1));
        assert_eq!(stop.reason(), Some(StopReason::TimeBudget));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_signal_asks_to_stop() {
        let stop = Stop::new(Clock::system(), None);
        stop.install_signals().unwrap();
        signal_hook::low_level::raise(signal_hook::consts::SIGTERM).unwrap();
        assert_eq!(stop.stopped().await, StopReason::Terminated);
    }
}
