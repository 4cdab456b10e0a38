//! Commits made together. A commit waits for the disk; the orders of a pass, several of which are under way at a time, would wait for
//! it one after the other. So what their tasks write in one round, until all of them wait for something, is committed in one.
//!
//! Nothing is skipped by that: whoever is about to write to the outside waits until its intention is [`committed`](Joint::committed).
//! A round is committed before the run waits for anything: the network, or whoever reads what it tells. Readings that answers led to
//! leave before that commit; a write never does. What a kill takes away is the round under way, on which no write rested. A round
//! that cannot be committed is undone as a whole, and ends the run.
//!
//! The ledger is a file of its own, and committed first: the state file must not say of an order that the ledger has it before it has.
//! It is locked first, too, also where it turns out that nothing of it changes.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::ops::Deref;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

use rusqlite::{Connection, Transaction, TransactionBehavior, ffi};
use tokio::time::Instant;

use super::gathering::{self, Gathering, LetGo};
use crate::lang::word;

/// A round with so many writes is committed though there is more to do: others wait for the file.
const MOST_WRITES: u32 = 200;

/// An open file. Each write is a transaction of its own, or a part of the round under way.
#[derive(Debug)]
pub struct Joint {
    connection: Connection,
    /// The file's version when it was opened.
    version: Option<i64>,
    /// Whether writes belong to a round.
    is_joined: Cell<bool>,
    /// The files of the round whose turn comes before.
    before: RefCell<Vec<Rc<Self>>>,
    /// How many writes wait for their commit; `None` when no transaction is open.
    written: Cell<Option<u32>>,
    /// Why a round could not be committed. Nothing is written any more then.
    failed: RefCell<Option<(ffi::Error, Option<String>)>>,
    /// How many rounds are over.
    rounds: Cell<u64>,
    waiting: RefCell<Vec<Waker>>,
}

impl Deref for Joint {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl Joint {
    /// A file whose writes are each committed at once, until a [`Together`] says otherwise.
    pub fn new(connection: Connection) -> Rc<Self> {
        Rc::new(Self {
            version: version(&connection).ok(),
            connection,
            is_joined: Cell::new(false),
            before: RefCell::default(),
            written: Cell::new(None),
            failed: RefCell::default(),
            rounds: Cell::new(0),
            waiting: RefCell::default(),
        })
    }

    /// Writes what may be refused: undone as a whole when `body` fails. Committed when this returns or, in a round, when
    /// [`Joint::committed`] does.
    ///
    /// # Errors
    /// What `body` says, or that the file cannot be written.
    pub fn try_write<T, E: From<rusqlite::Error>>(
        &self,
        body: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        if !self.is_joined.get() {
            return self.write_alone(body);
        }
        self.join()?;
        self.say("SAVEPOINT one")?;
        let result = body(&self.connection);
        if result.is_err() {
            // Some failures undo the whole transaction, and with it what others wrote in this round.
            if self.connection.is_autocommit() {
                self.end();
                self.fail(&undone());
                return result;
            }
            self.say("ROLLBACK TO one")?;
        }
        self.say("RELEASE one")?;
        result
    }

    /// Writes what nothing but the file can refuse, for want of room or by damage: when it does, its part of the round is undone, as
    /// by a kill between the commits of the round's files, and the run ends. So SQLite need not keep what each write changed.
    /// Committed as in [`Joint::try_write`].
    ///
    /// # Errors
    /// That the file cannot be written.
    pub fn write<T>(&self, body: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        if !self.is_joined.get() {
            return self.write_alone(body);
        }
        self.join()?;
        body(&self.connection).inspect_err(|error| self.fail(error))
    }

    fn write_alone<T, E: From<rusqlite::Error>>(&self, body: impl FnOnce(&Connection) -> Result<T, E>) -> Result<T, E> {
        let transaction = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
        self.check_version()?;
        let result = body(&transaction)?;
        transaction.commit()?;
        Ok(result)
    }

    /// A newer program may have taken the file over since it was opened, and expects of whoever writes what we do not know.
    fn check_version(&self) -> rusqlite::Result<()> {
        if version(&self.connection).ok() == self.version {
            return Ok(());
        }
        let message = word!(
            "a newer version of vaivem took the file over; the next run goes on"
                | "uma versão mais nova do vaivem assumiu o arquivo; a próxima execução continua"
        );
        Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_SCHEMA), Some(message.to_owned())))
    }

    /// Makes what is written next a part of the round.
    fn join(&self) -> rusqlite::Result<()> {
        self.check()?;
        self.begin()?;
        self.written.set(self.written.get().map(|written| written.saturating_add(1)));
        Ok(())
    }

    /// Begins the round, if it has not begun. Whoever has one file and waits for another has them in the same order, or two processes
    /// would wait for each other.
    fn begin(&self) -> rusqlite::Result<()> {
        if self.written.get().is_some() && self.connection.is_autocommit() {
            // A full disk, also that of temporary files, makes SQLite take the whole round back.
            let error = undone();
            self.fail(&error);
            return Err(error);
        }
        if self.written.get().is_none() {
            self.before.borrow().iter().try_for_each(|file| file.begin())?;
            self.say("BEGIN IMMEDIATE")?;
            self.written.set(Some(0));
            self.check_version().inspect_err(|error| self.fail(error))?;
        }
        Ok(())
    }

    /// Several reads that see the file at one moment.
    ///
    /// # Errors
    /// What `body` says, or that the file cannot be read.
    pub fn read<T, E: From<rusqlite::Error>>(&self, body: impl FnOnce(&Connection) -> Result<T, E>) -> Result<T, E> {
        if self.written.get().is_some() {
            return body(&self.connection);
        }
        let transaction = Transaction::new_unchecked(&self.connection, TransactionBehavior::Deferred)?;
        let result = body(&transaction)?;
        transaction.commit()?;
        Ok(result)
    }

    /// Waits until everything written so far is on the disk.
    ///
    /// # Errors
    /// That it could not be committed; nothing may be sent then that rests on it.
    pub async fn committed(&self) -> rusqlite::Result<()> {
        let round = self.rounds.get();
        poll_fn(|cx| {
            if self.written.get().is_none() || self.rounds.get() > round {
                return Poll::Ready(());
            }
            self.waiting.borrow_mut().push(cx.waker().clone());
            Poll::Pending
        })
        .await;
        self.check()
    }

    /// Lets a long round be committed before it grows further.
    ///
    /// # Errors
    /// As [`Joint::committed`].
    pub async fn pause(&self) -> rusqlite::Result<()> {
        if self.written.get().is_some_and(|written| written >= MOST_WRITES) { self.committed().await } else { Ok(()) }
    }

    fn say(&self, words: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(words)?.execute([]).map(|_| ())
    }

    fn check(&self) -> rusqlite::Result<()> {
        match &*self.failed.borrow() {
            None => Ok(()),
            Some((code, message)) => Err(rusqlite::Error::SqliteFailure(*code, message.clone())),
        }
    }

    fn fail(&self, error: &rusqlite::Error) {
        let why = match error {
            rusqlite::Error::SqliteFailure(code, message) => (*code, message.clone()),
            other => (ffi::Error::new(ffi::SQLITE_ERROR), Some(other.to_string())),
        };
        self.failed.borrow_mut().get_or_insert(why);
        if self.written.get().is_some() {
            // The connection's end undoes it, too.
            let _ = self.say("ROLLBACK");
            self.end();
        }
    }

    fn commit(&self) -> rusqlite::Result<()> {
        if self.written.get().is_some() {
            self.say("COMMIT")?;
            self.end();
        }
        Ok(())
    }

    fn end(&self) {
        self.written.set(None);
        self.rounds.set(self.rounds.get() + 1);
    }

    /// Whoever waited for a round that is over.
    fn let_go(&self) -> Vec<Waker> {
        if self.written.get().is_none() { self.waiting.take() } else { Vec::new() }
    }
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("PRAGMA user_version")?.query_row([], |row| row.get(0))
}

fn undone() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_ABORT), None)
}

/// What a round consists of. In between, whatever else is ready has its turn.
#[derive(Clone, Copy)]
enum Step {
    /// The answers that came together are read.
    Answers,
    /// What follows from them is written, and calls are begun: in several turns, if it is much.
    Work,
    /// The calls are on their way, and do not wait for the disk.
    Commit,
}

/// The files of a run, in the order in which they are committed, and the answers that what is written follows from.
#[derive(Clone, Debug, Default)]
pub struct Together {
    files: Vec<Rc<Joint>>,
    answers: Rc<Gathering>,
}

impl Together {
    /// Of these files, the first committed first.
    pub fn of(files: impl IntoIterator<Item = Rc<Joint>>) -> Self {
        Self { files: files.into_iter().collect(), answers: Rc::default() }
    }

    /// Does the work in rounds. Whatever it wrote is committed at its end. `tell` is what may take long and must not keep others from
    /// the files: it is done between rounds, and is given whether all they wrote is on the disk. Once it is not, nothing more will be.
    ///
    /// # Errors
    /// Beside what the work gives: that some of what it wrote could not be committed.
    pub async fn run<T>(&self, work: impl Future<Output = T>, tell: impl Fn(bool)) -> (T, rusqlite::Result<()>) {
        for (at, file) in self.files.iter().enumerate() {
            file.is_joined.set(true);
            file.before.replace(self.files[..at].to_vec());
            // What an earlier pass met with may be over.
            file.failed.take();
        }
        let mut work = pin!(work);
        let mut next = Step::Work;
        let done = poll_fn(|cx| {
            let (polled, then) = match next {
                Step::Answers => (Poll::Pending, Step::Work),
                Step::Work => {
                    self.let_go().wake_some();
                    match work.as_mut().poll(cx) {
                        Poll::Pending if !self.let_go().is_empty() => (Poll::Pending, Step::Work),
                        Poll::Pending if !self.is_open() => {
                            tell(self.is_sound());
                            next = Step::Answers;
                            return Poll::Pending;
                        }
                        polled => (polled, Step::Commit),
                    }
                }
                Step::Commit => {
                    // What failed is told to whoever writes next, or at the end.
                    tell(self.commit().is_ok());
                    (Poll::Pending, Step::Work)
                }
            };
            next = then;
            cx.waker().wake_by_ref();
            polled
        })
        .await;
        tell(self.commit().is_ok());
        for file in &self.files {
            file.is_joined.set(false);
            file.before.take();
        }
        (done, self.files.iter().try_for_each(|file| file.check()))
    }

    /// Whoever need not wait any longer.
    fn let_go(&self) -> &LetGo {
        self.files.iter().for_each(|file| self.answers.let_go.add(file.let_go()));
        &self.answers.let_go
    }

    fn is_open(&self) -> bool {
        self.files.iter().any(|file| file.written.get().is_some())
    }

    /// Whether no round had to be undone.
    fn is_sound(&self) -> bool {
        self.files.iter().all(|file| file.failed.borrow().is_none())
    }

    /// Commits the round under way.
    ///
    /// # Errors
    /// That it could not be; then it is undone in all files whose turn would come later.
    pub fn commit(&self) -> rusqlite::Result<()> {
        let (mut result, begun) = (Ok(()), Instant::now());
        let is_open = self.is_open();
        for file in &self.files {
            result = result.and_then(|()| file.check()).and_then(|()| file.commit());
            if let Err(error) = &result {
                file.fail(error);
            }
        }
        if is_open {
            self.answers.committed(begun);
        }
        result
    }

    /// Waits until it is worth to take in an answer: in a round, for others of those that are under way, `in_flight` at a time.
    pub async fn gather(&self, under_way: impl Fn() -> usize, in_flight: usize) {
        if self.files.iter().any(|file| file.is_joined.get()) {
            self.answers.wait(under_way, gathering::most(in_flight)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Context;

    use futures_util::future::join;
    use futures_util::stream::FuturesUnordered;
    use futures_util::{FutureExt, StreamExt};

    use super::*;

    struct Files {
        _folder: tempfile::TempDir,
        ledger: Rc<Joint>,
        state: Rc<Joint>,
        /// What another process sees of the two.
        others: [Connection; 2],
    }

    impl Files {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let open = |name: &str| {
                let connection = Connection::open(folder.path().join(name)).unwrap();
                connection.pragma_update(None, "journal_mode", "WAL").unwrap();
                connection.execute_batch("CREATE TABLE IF NOT EXISTS rows (n INTEGER PRIMARY KEY)").unwrap();
                connection
            };
            let (ledger, state) = (Joint::new(open("ledger")), Joint::new(open("state")));
            let others = [open("ledger"), open("state")];
            Self { _folder: folder, ledger, state, others }
        }

        fn together(&self) -> Together {
            Together::of([Rc::clone(&self.ledger), Rc::clone(&self.state)])
        }

        /// How many rows another process sees in each.
        fn seen(&self) -> [i64; 2] {
            self.others.each_ref().map(count)
        }
    }

    fn count(connection: &Connection) -> i64 {
        connection.query_row("SELECT count(*) FROM rows", [], |row| row.get(0)).unwrap()
    }

    fn add(file: &Joint, n: i64) -> rusqlite::Result<()> {
        file.write(|tx| tx.execute("INSERT INTO rows VALUES (?1)", [n]).map(|_| ()))
    }

    #[test]
    fn without_a_round_each_write_is_committed_at_once() {
        let files = Files::new();
        add(&files.state, 1).unwrap();
        assert_eq!(files.seen(), [0, 1]);
        assert!(files.state.committed().now_or_never().unwrap().is_ok());
    }

    #[test]
    fn nothing_is_written_into_a_file_that_a_newer_program_took_over() {
        let files = Files::new();
        add(&files.state, 1).unwrap();
        files.others[1].pragma_update(None, "user_version", 9).unwrap();
        assert!(add(&files.state, 2).unwrap_err().to_string().contains("newer version"));
        let work =
            async { [add(&files.ledger, 3), add(&files.state, 3), add(&files.state, 4)].map(|added| added.is_ok()) };
        let (added, committed) = files.together().run(work, |_| {}).now_or_never().unwrap();
        assert_eq!(added, [true, false, false]);
        assert!(committed.is_err());
        assert_eq!(files.seen(), [1, 1], "the ledger's own is no worse for it");
    }

    #[test]
    fn who_waits_goes_on_only_when_everything_is_committed_and_one_commit_serves_all() {
        let files = Files::new();
        let one = async |n: i64| {
            add(&files.state, n).unwrap();
            assert_eq!(files.seen(), [0, 0], "not before all have written");
            files.state.committed().await.unwrap();
            assert_eq!(files.seen(), [0, 2]);
        };
        let together = files.together();
        let mut run = Box::pin(together.run(join(one(1), one(2)), |_| {}));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(run.as_mut().poll(&mut cx).is_pending(), "they wait for the commit");
        assert!(run.as_mut().poll(&mut cx).is_pending(), "it is made");
        let Poll::Ready((_, committed)) = run.as_mut().poll(&mut cx) else { panic!("they were woken") };
        committed.unwrap();
        assert!(!files.state.is_joined.get());
    }

    #[test]
    fn a_write_that_fails_is_undone_alone() {
        let files = Files::new();
        let work = async {
            add(&files.state, 1).unwrap();
            let failed = files.ledger.try_write(|tx| {
                tx.execute("INSERT INTO rows VALUES (2)", [])?;
                tx.execute("no statement", [])
            });
            assert!(failed.is_err());
            add(&files.ledger, 3).unwrap();
        };
        let ((), committed) = files.together().run(work, |_| {}).now_or_never().unwrap();
        committed.unwrap();
        assert_eq!(files.seen(), [1, 1]);
    }

    #[test]
    fn a_round_that_sqlite_took_back_takes_no_more_writes() {
        let files = Files::new();
        let work = async {
            add(&files.state, 1).unwrap();
            // As a full disk under a temporary table does, which is written beside the round.
            files.state.execute_batch("ROLLBACK").unwrap();
            [add(&files.state, 2), add(&files.state, 3)].map(|added| added.is_ok())
        };
        let (added, committed) = files.together().run(work, |_| {}).now_or_never().unwrap();
        assert_eq!((added, committed.is_err(), files.seen()), ([false, false], true, [0, 0]));
    }

    #[test]
    fn a_write_that_nothing_may_refuse_takes_its_round_with_it_and_the_next_run_begins_anew() {
        let files = Files::new();
        let work = async {
            add(&files.state, 1).unwrap();
            files.state.committed().await.unwrap();
            add(&files.state, 2).unwrap();
            let failed = files.state.write(|tx| {
                tx.execute("INSERT INTO rows VALUES (3)", [])?;
                tx.execute("INSERT INTO rows VALUES (1)", [])
            });
            assert!(failed.is_err());
            assert!(add(&files.state, 4).is_err(), "nothing more is written");
        };
        let together = files.together();
        let mut run = Box::pin(together.run(work, |_| {}));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(run.as_mut().poll(&mut cx).is_pending(), "it waits for the commit");
        assert!(run.as_mut().poll(&mut cx).is_pending(), "it is made");
        let Poll::Ready(((), committed)) = run.as_mut().poll(&mut cx) else { panic!("it was woken") };
        assert!(committed.is_err());
        assert_eq!(files.seen(), [0, 1]);
        let ((), committed) = together.run(async { add(&files.state, 5).unwrap() }, |_| {}).now_or_never().unwrap();
        committed.unwrap();
        assert_eq!(files.seen(), [0, 2]);
    }

    #[test]
    fn what_the_ledger_cannot_keep_the_state_file_does_not_tell_of() {
        let files = Files::new();
        let work = async {
            add(&files.ledger, 1).unwrap();
            add(&files.state, 1).unwrap();
            // As a full disk does: the transaction is gone.
            let gone = files.ledger.try_write(|tx| {
                tx.execute_batch("ROLLBACK")?;
                tx.execute("no statement", [])
            });
            assert!(gone.is_err());
            assert!(add(&files.ledger, 2).is_err(), "nothing more is written");
            files.state.committed().await
        };
        let together = files.together();
        let mut run = Box::pin(together.run(work, |_| {}));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(run.as_mut().poll(&mut cx).is_pending());
        assert!(run.as_mut().poll(&mut cx).is_pending(), "it is made");
        let Poll::Ready((waited, committed)) = run.as_mut().poll(&mut cx) else { panic!("it was woken") };
        assert!(waited.is_err() && committed.is_err());
        assert_eq!(files.seen(), [0, 0]);
    }

    #[test]
    fn two_processes_that_write_both_files_in_any_order_never_wait_for_each_other() {
        let files = Files::new();
        let paths = files.others.each_ref().map(|other| other.path().unwrap().to_owned());
        std::thread::scope(|scope| {
            for (n, is_ledger_first) in [(0, true), (1_000, false)] {
                let paths = &paths;
                scope.spawn(move || {
                    let [ledger, state] = paths.each_ref().map(|path| {
                        let connection = Connection::open(path).unwrap();
                        connection.busy_timeout(std::time::Duration::from_secs(2)).unwrap();
                        Joint::new(connection)
                    });
                    let together = Together::of([Rc::clone(&ledger), Rc::clone(&state)]);
                    let order = if is_ledger_first { [ledger, state] } else { [state, ledger] };
                    for round in 0..20 {
                        let work = async {
                            for file in &order {
                                add(file, n + round).unwrap();
                                std::thread::sleep(std::time::Duration::from_millis(2));
                            }
                        };
                        let ((), committed) = together.run(work, |_| {}).now_or_never().unwrap();
                        committed.unwrap();
                    }
                });
            }
        });
        assert_eq!(files.seen(), [40, 40]);
    }

    #[test]
    fn a_long_round_is_committed_before_its_end() {
        let files = Files::new();
        let work = async {
            for n in 0..i64::from(MOST_WRITES) {
                add(&files.state, n).unwrap();
                files.state.pause().await.unwrap();
            }
            assert_eq!(files.seen()[1], i64::from(MOST_WRITES));
        };
        let together = files.together();
        let mut run = Box::pin(together.run(work, |_| {}));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(run.as_mut().poll(&mut cx).is_pending(), "it waits for the commit");
        assert!(run.as_mut().poll(&mut cx).is_pending(), "it is made");
        assert!(run.as_mut().poll(&mut cx).is_ready());
    }

    #[test]
    fn a_write_of_a_round_may_be_as_large_as_it_likes() {
        let files = Files::new();
        let pages = "CREATE TABLE pages (n INTEGER PRIMARY KEY, text TEXT);
            WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1000)
            INSERT INTO pages SELECT n, printf('%.*c', 4000, 'a') FROM n";
        files.state.execute_batch(pages).unwrap();
        let work = async {
            add(&files.state, 1).unwrap();
            let change = "UPDATE pages SET text = printf('%.*c', 4000, 'b')";
            assert_eq!(files.state.try_write(|tx| tx.execute(change, [])), Ok(1000));
        };
        let ((), committed) = files.together().run(work, |_| {}).now_or_never().unwrap();
        committed.unwrap();
        assert_eq!(files.seen(), [0, 1]);
    }

    #[test]
    fn whoever_waits_goes_on_where_its_round_is_undone_and_no_other_begins() {
        let files = Files::new();
        add(&files.state, 9).unwrap();
        files.ledger.execute("INSERT INTO rows VALUES (9)", []).unwrap();
        let waits = async {
            add(&files.state, 1).unwrap();
            assert!(files.state.committed().await.is_err(), "its round was undone");
        };
        let fails = async {
            assert!(add(&files.ledger, 9).is_err());
            assert!(add(&files.state, 9).is_err());
        };
        let together = files.together();
        // As orders are visited: only who was woken is asked.
        let both = [waits.boxed_local(), fails.boxed_local()].into_iter().collect::<FuturesUnordered<_>>();
        let mut run = Box::pin(together.run(both.collect::<Vec<()>>(), |_| {}));
        let mut cx = Context::from_waker(Waker::noop());
        let is_over = (0..5).any(|_| run.as_mut().poll(&mut cx).is_ready());
        assert!(is_over, "it is not waited for a commit that never comes");
    }

    #[test]
    fn many_who_go_on_do_so_a_few_at_a_time_and_are_committed_together() {
        let files = Files::new();
        let (many, turns) = (20, Cell::new(0));
        let one = async |n: i64| {
            add(&files.state, n).unwrap();
            files.state.committed().await.unwrap();
            add(&files.state, many + n).unwrap();
            files.state.committed().await.unwrap();
            assert_eq!(files.seen(), [0, 2 * many], "in one commit, whenever they went on");
        };
        let all = (0..many).map(|n| one(n).boxed_local()).collect::<FuturesUnordered<_>>();
        let together = files.together();
        let mut run = Box::pin(together.run(all.collect::<Vec<()>>(), |_| {}));
        let mut cx = Context::from_waker(Waker::noop());
        while run.as_mut().poll(&mut cx).is_pending() {
            turns.set(turns.get() + 1);
        }
        assert!(turns.get() > 8, "the network had its turn in between: {}", turns.get());
    }

    /// What a round came to is told once it is on the disk; what was undone with it is no news, nor is what follows.
    #[test]
    fn whoever_tells_knows_whether_it_is_on_the_disk() {
        for is_refused_at_once in [true, false] {
            let files = Files::new();
            let sells =
                "PRAGMA foreign_keys = ON; CREATE TABLE sales (n REFERENCES rows (n) DEFERRABLE INITIALLY DEFERRED)";
            files.state.execute_batch(sells).unwrap();
            let work = async {
                add(&files.state, 1).unwrap();
                files.state.committed().await.unwrap();
                let failed = if is_refused_at_once {
                    add(&files.state, 1)
                } else {
                    // Refused by the commit alone.
                    files.state.write(|tx| tx.execute("INSERT INTO sales VALUES (9)", []).map(|_| ()))
                };
                assert_eq!(failed.is_err(), is_refused_at_once);
                assert!(files.state.committed().await.is_err());
            };
            let (told, together) = (RefCell::new(Vec::new()), files.together());
            let mut run = Box::pin(together.run(work, |is_kept| told.borrow_mut().push(is_kept)));
            let mut cx = Context::from_waker(Waker::noop());
            while run.as_mut().poll(&mut cx).is_pending() {}
            let told = told.borrow();
            assert!(told[0] && told[1..].iter().all(|is_kept| !is_kept) && told.len() > 1, "{told:?}");
            assert_eq!(files.seen(), [0, 1]);
        }
    }

    #[test]
    fn nothing_is_told_while_a_round_is_open() {
        let files = Files::new();
        let work = async {
            add(&files.state, 1).unwrap();
            files.state.committed().await.unwrap();
            add(&files.state, 2).unwrap();
        };
        let (told, together) = (Cell::new(0), files.together());
        let mut run = Box::pin(together.run(work, |_| {
            assert!(!together.is_open());
            told.set(told.get() + 1);
        }));
        let mut cx = Context::from_waker(Waker::noop());
        while run.as_mut().poll(&mut cx).is_pending() {}
        assert_eq!((told.get(), files.seen()), (2, [0, 2]));
    }
}
