//! One API budget per host, shared by every process on a state file: a rate that is kept, and pauses that all respect.
//!
//! cron starts the passes together, and a platform counts them together. So each call takes its turn here first. The
//! rate is one instant per host, `next_at`, which every call moves one interval on. A turn that lies ahead is reserved at
//! once and waited for without the file, so calls leave evenly, in any number of processes, without talking. A silence
//! earns no burst: a host that counts by the second would see one too many.
//!
//! The file's row is written through a connection of its own with `synchronous=NORMAL`, which costs no wait for the
//! disk. A power cut may lose the last turns, of processes that it ended as well, or a pause, which the next 429 brings
//! back. It can neither damage the file nor take away what the state file's own connection committed: that one syncs
//! the log as a whole.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior};

use super::joint::Together;
use super::{instant, millis, seal};
use crate::clock::{Clock, later};
use crate::model::Instant;

/// How long a turn waits for another process's transaction, as for the state file itself.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Who has no rate to keep looks for another process's pause no more often than this: a look takes longer than all else about a call.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// How far ahead a turn may be reserved, in microseconds; whoever wants one beyond comes back. What lies much further
/// ahead in the file was written before the clock was set back.
const HORIZON: i64 = 10_000_000;

/// The longest pause. A host that asks for more is asked again after this long; a row that tells more is from a wrong
/// clock.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(3_600);

/// Calls per time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Microseconds from one call to the next.
    interval: i64,
}

impl Rate {
    /// That many calls a minute, 0 counting as 1. Two percent of it are left unused: calls that leave evenly do not
    /// arrive evenly, and a host that counts by its own minutes must not see one too many.
    pub fn per_minute(calls: u32) -> Self {
        Self { interval: 61_200_000 / i64::from(calls.max(1)) }
    }

    /// One call in that time.
    pub fn every(time: Duration) -> Self {
        Self { interval: i64::try_from(time.as_micros()).unwrap_or(i64::MAX).max(1) }
    }
}

/// When a call may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// This long from now. It is reserved, and lost if not used.
    In(Duration),
    /// Nothing is reserved; ask again after this long.
    AskAgain(Duration),
    /// The host asked for a pause until then; nothing is reserved.
    Paused(Instant),
}

/// The budget of one host and account.
pub struct Budget {
    rate: Cell<Option<Rate>>,
    /// The host has told its rate.
    is_told: Cell<bool>,
    /// The row as it was last seen, and when by the monotonic clock.
    seen: Cell<Option<(Duration, Row)>>,
    clock: Clock,
    rows: Rows,
    /// What this process writes to the same file, which must not be waited for.
    beside: Together,
}

/// Where the row is.
enum Rows {
    Alone(Cell<Row>),
    File { connection: RefCell<Connection>, key: String },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Row {
    /// When the next call is due; microseconds since 1970.
    next_at: i64,
    /// No calls before this; milliseconds since 1970.
    paused_until: i64,
}

impl Budget {
    /// The budget named `key` (host and account) in an existing state file. Without a rate only pauses are shared.
    ///
    /// # Errors
    /// When the file cannot be opened for writing, or is no state file.
    pub fn open(path: &Path, key: &str, rate: impl Into<Option<Rate>>, clock: Clock) -> rusqlite::Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "trusted_schema", false)?;
        seal::register(&connection)?;
        let rows = Rows::File { connection: RefCell::new(connection), key: key.to_owned() };
        let budget = Self { rows, ..Self::alone(rate, clock) };
        budget.read()?;
        Ok(budget)
    }

    /// A budget of this process alone, for when there is no state file.
    pub fn alone(rate: impl Into<Option<Rate>>, clock: Clock) -> Self {
        let rows = Rows::Alone(Cell::default());
        let rate = Cell::new(rate.into());
        Self { rate, is_told: Cell::default(), seen: Cell::default(), clock, rows, beside: Together::default() }
    }

    /// The same, beside writes of this process to the same file that are committed together.
    #[must_use]
    pub fn beside(self, beside: Together) -> Self {
        Self { beside, ..self }
    }

    /// Keeps the rate that the host told, from now on. Other processes on the file keep theirs, and learn it as this one
    /// did. What was put off by a much slower rate, as long as none was told, is put off no longer.
    ///
    /// # Errors
    /// When the state file cannot be used.
    pub fn set_rate(&self, rate: Rate) -> rusqlite::Result<()> {
        let (before, was_told) = (self.rate.replace(Some(rate)), self.is_told.replace(true));
        // Later answers may come in another order than they were made.
        if was_told || before.is_none_or(|before| before.interval / 2 < rate.interval) {
            return Ok(());
        }
        let soon = self.clock.now().timestamp_micros().saturating_add(rate.interval);
        self.change(|row| row.next_at = row.next_at.min(soon))
    }

    /// Takes the next turn.
    ///
    /// # Errors
    /// When the state file cannot be used.
    pub fn take(&self) -> rusqlite::Result<Turn> {
        match self.rate.get() {
            // Nothing to reserve: a look at the pause is enough.
            None => Ok(self.pause(self.look()?).map_or(Turn::In(Duration::ZERO), Turn::Paused)),
            Some(rate) => self.change(|row| match self.pause(*row) {
                Some(until) => Turn::Paused(until),
                None => row.reserve(self.clock.now().timestamp_micros(), rate.interval),
            }),
        }
    }

    /// Until when the host is to be left alone, if it is.
    ///
    /// # Errors
    /// When the state file cannot be used.
    pub fn paused_until(&self) -> rusqlite::Result<Option<Instant>> {
        self.read().map(|row| self.pause(row))
    }

    /// Leaves the host alone for so long from now, [`LONGEST_PAUSE`] at most. A longer pause that is on already stays.
    ///
    /// # Errors
    /// When the state file cannot be used.
    pub fn pause_for(&self, time: Duration) -> rusqlite::Result<()> {
        let until = later(self.clock.now(), time.min(LONGEST_PAUSE));
        self.change(|row| {
            let present = self.pause(*row).map_or(0, millis);
            // Rounded up: a pause ends no sooner than asked for.
            row.paused_until = present.max(millis(until).saturating_add(1));
        })
    }

    fn pause(&self, row: Row) -> Option<Instant> {
        let (now, until) = (self.clock.now(), instant(row.paused_until));
        let longest = later(now, LONGEST_PAUSE + Duration::from_secs(60));
        (until > now && until <= longest).then_some(until)
    }

    /// The row, as it was a moment ago.
    fn look(&self) -> rusqlite::Result<Row> {
        let now = self.clock.elapsed();
        if let Some((_, row)) = self.seen.get().filter(|(at, _)| now.saturating_sub(*at) < LOOK_EVERY) {
            return Ok(row);
        }
        let row = self.read()?;
        self.seen.set(Some((now, row)));
        Ok(row)
    }

    fn read(&self) -> rusqlite::Result<Row> {
        match &self.rows {
            Rows::Alone(row) => Ok(row.get()),
            Rows::File { connection, key } => select(&connection.borrow(), key),
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut Row) -> T) -> rusqlite::Result<T> {
        self.seen.take();
        match &self.rows {
            Rows::Alone(cell) => {
                let mut row = cell.get();
                let result = change(&mut row);
                cell.set(row);
                Ok(result)
            }
            Rows::File { connection, key } => {
                self.beside.commit()?;
                let mut connection = connection.borrow_mut();
                let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
                let before = select(&transaction, key)?;
                let mut row = before;
                let result = change(&mut row);
                if row != before {
                    transaction
                        .prepare_cached(
                            "INSERT INTO budget (host, next_at_us, cooldown_until_ms) VALUES (?1, ?2, ?3)
                             ON CONFLICT (host) DO UPDATE SET next_at_us = ?2, cooldown_until_ms = ?3",
                        )?
                        .execute((key, row.next_at, row.paused_until))?;
                }
                transaction.commit()?;
                Ok(result)
            }
        }
    }
}

impl Row {
    fn reserve(&mut self, now: i64, interval: i64) -> Turn {
        let horizon = HORIZON.max(interval);
        if self.next_at.saturating_sub(now) > horizon.saturating_mul(2) {
            self.next_at = now;
        }
        let next_at = self.next_at.max(now);
        let wait = next_at - now;
        if wait > horizon {
            return Turn::AskAgain(micros(wait - horizon));
        }
        self.next_at = next_at.saturating_add(interval);
        Turn::In(micros(wait))
    }
}

fn micros(count: i64) -> Duration {
    Duration::from_micros(u64::try_from(count).unwrap_or_default())
}

fn select(connection: &Connection, key: &str) -> rusqlite::Result<Row> {
    connection
        .prepare_cached("SELECT next_at_us, cooldown_until_ms FROM budget WHERE host = ?1")?
        .query_row([key], |row| Ok(Row { next_at: row.get(0)?, paused_until: row.get(1)? }))
        .optional()
        .map(Option::unwrap_or_default)
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = match &self.rows {
            Rows::Alone(_) => None,
            Rows::File { key, .. } => Some(key),
        };
        f.debug_struct("Budget").field("key", &key).field("rate", &self.rate).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::store::{schema, sqlite};

    fn noon() -> Instant {
        "2026-11-25T12:00:00Z".parse().unwrap()
    }

    fn state_file() -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        drop(sqlite::open(&path, &schema::STATE).unwrap());
        (folder, path)
    }

    /// Makes calls until a minute of the paused timer is over; gives when each was made, in microseconds.
    async fn calls_of_a_minute(budget: &Budget, clock: &Clock) -> Vec<i64> {
        let mut calls = Vec::new();
        while clock.elapsed() < Duration::from_secs(60) {
            match budget.take().unwrap() {
                Turn::In(wait) => {
                    tokio::time::sleep(wait).await;
                    calls.push(clock.now().timestamp_micros());
                }
                Turn::AskAgain(wait) => tokio::time::sleep(wait).await,
                Turn::Paused(until) => tokio::time::sleep((until - clock.now()).to_std().unwrap()).await,
            }
        }
        calls
    }

    #[tokio::test(start_paused = true)]
    async fn several_handles_on_a_file_share_the_rate_and_use_it_up() {
        for per_minute in [30, 300, 2_400, 6_000] {
            let (_folder, path) = state_file();
            let clock = Clock::started(noon());
            let open = || Budget::open(&path, "host", Rate::per_minute(per_minute), clock.clone()).unwrap();
            let (a, b, c) = (open(), open(), open());
            let all = tokio::join!(
                calls_of_a_minute(&a, &clock),
                calls_of_a_minute(&b, &clock),
                calls_of_a_minute(&c, &clock)
            );
            let mut all = [all.0, all.1, all.2].concat();
            all.sort_unstable();
            all.retain(|at| *at < noon().timestamp_micros() + 60_000_000);
            let count = u32::try_from(all.len()).unwrap();
            assert!(count * 100 >= per_minute * 95, "{count} of {per_minute} a minute");
            assert!(count <= per_minute, "{count} of {per_minute} a minute");
        }
    }

    #[test]
    fn a_pause_is_everybodys_on_that_key_and_on_no_other() {
        let (_folder, path) = state_file();
        let clock = Clock::fixed(noon());
        let open = |key: &str, rate: Option<Rate>| Budget::open(&path, key, rate, clock.clone()).unwrap();
        let (one, paced, other) =
            (open("host", None), open("host", Some(Rate::per_minute(60))), open("host/other", None));
        one.pause_for(Duration::from_secs(60)).unwrap();
        paced.pause_for(Duration::from_secs(5)).unwrap();
        let Turn::Paused(until) = paced.take().unwrap() else { panic!("no pause") };
        assert!((until - noon()).num_milliseconds() - 60_000 <= 1, "a shorter pause does not replace a longer one");
        assert_eq!(other.take().unwrap(), Turn::In(Duration::ZERO));
        clock.advance(Duration::from_millis(60_001));
        assert_eq!(one.take().unwrap(), Turn::In(Duration::ZERO));
        assert_eq!(paced.take().unwrap(), Turn::In(Duration::ZERO));
        assert_eq!(paced.take().unwrap(), Turn::In(Duration::from_millis(1_020)));
    }

    #[test]
    fn who_has_no_rate_sees_anothers_pause_a_moment_later_and_its_own_at_once() {
        let (_folder, path) = state_file();
        let clock = Clock::fixed(noon());
        let open = || Budget::open(&path, "host", None, clock.clone()).unwrap();
        let (one, other) = (open(), open());
        assert_eq!(one.take().unwrap(), Turn::In(Duration::ZERO));
        other.pause_for(Duration::from_secs(5)).unwrap();
        clock.advance(LOOK_EVERY);
        assert!(matches!(one.take().unwrap(), Turn::Paused(_)));
        assert!(matches!(other.take().unwrap(), Turn::Paused(_)));
        clock.advance(Duration::from_secs(5));
        assert_eq!(one.take().unwrap(), Turn::In(Duration::ZERO));
        one.pause_for(Duration::from_secs(5)).unwrap();
        assert!(matches!(one.take().unwrap(), Turn::Paused(_)));
    }

    #[test]
    fn an_absurd_pause_is_cut_and_a_row_from_a_wrong_clock_ignored() {
        let clock = Clock::fixed(noon());
        let budget = Budget::alone(Rate::per_minute(60), clock.clone());
        budget.pause_for(Duration::MAX).unwrap();
        assert_eq!(budget.paused_until().unwrap(), Some(noon() + chrono::TimeDelta::milliseconds(3_600_001)));

        let day = 86_400_000_000;
        let Rows::Alone(row) = &budget.rows else { unreachable!() };
        row.set(Row {
            next_at: noon().timestamp_micros() + day,
            paused_until: noon().timestamp_millis() + day / 1_000,
        });
        assert_eq!(budget.take().unwrap(), Turn::In(Duration::ZERO));
    }

    #[test]
    fn a_much_faster_rate_is_kept_at_once() {
        let budget = Budget::alone(Rate::per_minute(30), Clock::fixed(noon()));
        let after = |millis| Turn::In(Duration::from_millis(millis));
        assert_eq!(budget.take().unwrap(), after(0));
        budget.set_rate(Rate::every(Duration::from_millis(100))).unwrap();
        assert_eq!([(); 2].map(|()| budget.take().unwrap()), [after(100), after(200)]);
        // What is told later is for what is to come.
        budget.set_rate(Rate::every(Duration::from_millis(10))).unwrap();
        assert_eq!([(); 2].map(|()| budget.take().unwrap()), [after(300), after(310)]);
    }

    #[test]
    fn turns_far_ahead_are_not_reserved() {
        let budget = Budget::alone(Rate::per_minute(60), Clock::fixed(noon()));
        let turns: Vec<Turn> = (0..40).map(|_| budget.take().unwrap()).collect();
        let reserved = turns.iter().filter(|turn| matches!(turn, Turn::In(_))).count();
        assert_eq!(reserved, 10);
        assert_eq!(turns.last(), Some(&Turn::AskAgain(Duration::from_millis(200))));
    }

    #[test]
    fn only_a_state_file_will_do() {
        let (folder, path) = state_file();
        let clock = Clock::fixed(noon());
        assert!(Budget::open(&folder.path().join("none.db"), "host", None, clock.clone()).is_err());
        rusqlite::Connection::open(&path).unwrap().execute_batch("DROP TABLE budget").unwrap();
        assert!(Budget::open(&path, "host", None, clock).is_err());
    }

    #[test]
    fn processes_at_once_lose_no_turn() {
        let (_folder, path) = state_file();
        let clock = Clock::fixed(noon());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let budget = Budget::open(&path, "host", Rate::per_minute(60_000), clock.clone()).unwrap();
                    for _ in 0..50 {
                        budget.take().unwrap();
                    }
                });
            }
        });
        let row = select(&Connection::open(&path).unwrap(), "host").unwrap();
        assert_eq!(row.next_at - noon().timestamp_micros(), 200 * 1_020);
    }

    #[test]
    fn after_a_pause_calls_leave_evenly() {
        let clock = Clock::fixed(noon());
        let budget = Budget::alone(Rate::every(Duration::from_millis(125)), clock.clone());
        budget.pause_for(Duration::from_secs(10)).unwrap();
        clock.advance(Duration::from_millis(10_001));
        let turns: Vec<Turn> = (0..3).map(|_| budget.take().unwrap()).collect();
        assert_eq!(turns, [0, 125, 250].map(|millis| Turn::In(Duration::from_millis(millis))));
    }

    proptest! {
        #[test]
        fn never_more_than_the_rate_in_any_window(
            per_minute in 1u32..20_000,
            pauses in proptest::collection::vec(0i64..3_000_000, 1..120),
        ) {
            let rate = Rate::per_minute(per_minute);
            let mut row = Row::default();
            let mut now = noon().timestamp_micros();
            let mut calls = Vec::new();
            for (n, pause) in pauses.into_iter().enumerate() {
                // Some come at the same instant, as several processes do.
                if n % 3 != 0 { now += pause; }
                if let Turn::In(wait) = row.reserve(now, rate.interval) {
                    calls.push(now + i64::try_from(wait.as_micros()).unwrap());
                }
            }
            calls.sort_unstable();
            for (i, first) in calls.iter().enumerate() {
                for (j, last) in calls.iter().enumerate().skip(i) {
                    let allowed = i64::from(per_minute) * (last - first) / 60_000_000 + 1;
                    prop_assert!(i64::try_from(j - i + 1).unwrap() <= allowed);
                }
            }
        }
    }
}
