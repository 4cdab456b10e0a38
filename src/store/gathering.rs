//! Answers taken in together, so that what follows from several of them is committed in one round.
//!
//! Each answer alone would be followed by a commit, and a commit waits for the disk. So whoever has one waits while others are still
//! under way: until they are a few times as many as there can be calls, or for a time measured by what the last commit took. No round
//! is open in between, so nobody else waits for the files, and what is ready to be sent goes out.
//!
//! Then they are many, and what follows from all of them takes long enough for the network to have nothing to do. So they
//! [go on](LetGo) a few at a time.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Poll, Waker};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Commits take one part of the time in so many, at most.
const ONE_OF: u32 = 30;

/// How many times as many answers as there can be calls are gathered.
const TIMES: usize = 8;

/// Most answers that are gathered: what follows from them keeps others from the files.
const MOST: usize = 128;

/// The longest wait of an answer, however slow the disk is.
const LONGEST: Duration = Duration::from_millis(20);

/// How many go on at a time.
const SOME: usize = 4;

/// How many answers are gathered where there can be so many calls.
pub fn most(in_flight: usize) -> usize {
    in_flight.saturating_mul(TIMES).min(MOST).max(in_flight)
}

/// Tasks that need not wait any longer. They are woken a few at a time: in between, what came from the network is read, and what is to
/// go there leaves.
#[derive(Debug, Default)]
pub(super) struct LetGo(RefCell<VecDeque<Waker>>);

impl LetGo {
    /// These may go on, too.
    pub(super) fn add(&self, tasks: Vec<Waker>) {
        self.0.borrow_mut().extend(tasks);
    }

    /// Wakes the first of them.
    pub(super) fn wake_some(&self) {
        let mut tasks = self.0.borrow_mut();
        let some = SOME.min(tasks.len());
        tasks.drain(..some).for_each(Waker::wake);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }
}

/// Answers that wait to be taken in.
#[derive(Debug, Default)]
pub struct Gathering {
    waiting: RefCell<Vec<Waker>>,
    pub(super) let_go: LetGo,
    /// How many times those who waited were let go.
    opened: Cell<u64>,
    /// Until when the next wait at the longest.
    until: Cell<Option<Instant>>,
}

impl Gathering {
    /// A commit that began then is over.
    pub(super) fn committed(&self, begun: Instant) {
        let now = Instant::now();
        self.until.set(Some(now + (now.duration_since(begun) * (ONE_OF - 1)).min(LONGEST)));
    }

    /// Waits for more answers, while calls are under way: for so many, at the most.
    pub(super) async fn wait(&self, under_way: impl Fn() -> usize, most: usize) {
        let Some(until) = self.until.get().filter(|until| *until > Instant::now()) else { return self.open() };
        let opened = self.opened.get();
        let together = poll_fn(|cx| {
            if self.opened.get() == opened {
                if under_way() > 0 && self.waiting.borrow().len() + 1 < most {
                    self.waiting.borrow_mut().push(cx.waker().clone());
                    return Poll::Pending;
                }
                self.open();
            }
            Poll::Ready(())
        });
        tokio::select! {
            biased;
            () = together => {}
            () = sleep_until(until) => self.open(),
        }
    }

    fn open(&self) {
        self.opened.set(self.opened.get() + 1);
        self.let_go.add(self.waiting.take());
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::FutureExt;
    use futures_util::future::join_all;
    use tokio::time::{advance, sleep};

    use super::*;

    const TOOK: Duration = Duration::from_micros(500);
    const MILLISECOND: Duration = Duration::from_millis(1);

    /// A commit took half a millisecond.
    async fn after_a_commit() -> Gathering {
        let gathering = Gathering::default();
        // tokio's clock goes by the millisecond.
        advance(MILLISECOND).await;
        gathering.committed(Instant::now() - TOOK);
        gathering
    }

    async fn waited(gathering: &Gathering, wait: impl Future) -> Duration {
        let begun = Instant::now();
        let mut wait = pin!(wait);
        poll_fn(|cx| {
            let polled = wait.as_mut().poll(cx);
            while !gathering.let_go.is_empty() {
                gathering.let_go.wake_some();
            }
            polled.map(|_| ())
        })
        .await;
        begun.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_waits_for_others_as_long_as_commits_would_take_too_much_of_the_time() {
        let gathering = after_a_commit().await;
        let long = waited(&gathering, gathering.wait(|| 3, 4)).await;
        assert!((TOOK * 29..=TOOK * 29 + MILLISECOND).contains(&long), "the commit was a thirtieth: {long:?}");
        assert!(gathering.wait(|| 3, 4).now_or_never().is_some(), "the last commit was long ago");
        gathering.committed(Instant::now() - Duration::from_secs(5));
        assert!(waited(&gathering, gathering.wait(|| 3, 4)).await <= LONGEST + MILLISECOND, "however slow the disk is");
    }

    #[tokio::test(start_paused = true)]
    async fn answers_wait_for_no_more_than_there_can_be() {
        let gathering = after_a_commit().await;
        let all = join_all((0..4).map(|_| gathering.wait(|| 3, 4)));
        assert_eq!(waited(&gathering, all).await, Duration::ZERO, "there can be four");
        assert_eq!(waited(&gathering, gathering.wait(|| 0, 4)).await, Duration::ZERO, "nothing else is under way");
        let (early, late) = (gathering.wait(|| 1, 4), async {
            sleep(MILLISECOND * 2).await;
            gathering.wait(|| 0, 4).await;
        });
        let both = async { tokio::join!(early, late) };
        assert_eq!(waited(&gathering, both).await, MILLISECOND * 2, "the last one lets the others go");
    }
}
