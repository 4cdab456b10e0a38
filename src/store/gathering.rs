//! Answers taken in together, so that what follows from several of them is committed in one round.
//!
//! Each answer alone would be followed by a commit, and a commit waits for the disk. So whoever has one waits while others are still
//! under way: until they are as many as there can be calls, or for a time measured by what the last commit took. No round is open
//! in between, so nobody else waits for the files, and what is ready to be sent goes out.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::task::{Poll, Waker};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Commits take one part of the time in so many, at most.
const ONE_OF: u32 = 10;

/// The longest wait of an answer, however slow the disk is.
const LONGEST: Duration = Duration::from_millis(20);

/// Answers that wait to be taken in.
#[derive(Debug, Default)]
pub struct Gathering {
    waiting: RefCell<Vec<Waker>>,
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

    /// Waits for more answers, while calls are under way. `most` is how many there can be.
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
        self.waiting.take().into_iter().for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use futures_util::future::join_all;
    use tokio::time::{advance, sleep};

    use super::*;

    const TOOK: Duration = Duration::from_millis(1);

    /// A commit took a millisecond.
    async fn after_a_commit() -> Gathering {
        let (gathering, begun) = (Gathering::default(), Instant::now());
        advance(TOOK).await;
        gathering.committed(begun);
        gathering
    }

    async fn waited(wait: impl Future) -> Duration {
        let begun = Instant::now();
        wait.await;
        begun.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_waits_for_others_as_long_as_commits_would_take_too_much_of_the_time() {
        let gathering = after_a_commit().await;
        let long = waited(gathering.wait(|| 3, 4)).await;
        // tokio's clock goes by the millisecond.
        assert!((TOOK * 9..=TOOK * 10).contains(&long), "the commit was a tenth: {long:?}");
        assert!(gathering.wait(|| 3, 4).now_or_never().is_some(), "the last commit was long ago");
        gathering.committed(Instant::now() - Duration::from_secs(5));
        assert!(waited(gathering.wait(|| 3, 4)).await <= LONGEST + TOOK, "however slow the disk is");
    }

    #[tokio::test(start_paused = true)]
    async fn answers_wait_for_no_more_than_there_can_be() {
        let gathering = after_a_commit().await;
        let all = join_all((0..4).map(|_| gathering.wait(|| 3, 4)));
        assert_eq!(waited(all).await, Duration::ZERO, "there can be four");
        assert_eq!(waited(gathering.wait(|| 0, 4)).await, Duration::ZERO, "nothing else is under way");
        let (early, late) = (gathering.wait(|| 1, 4), async {
            sleep(TOOK * 2).await;
            gathering.wait(|| 0, 4).await;
        });
        let both = async { tokio::join!(early, late) };
        assert_eq!(waited(both).await, TOOK * 2, "the last one lets the others go");
    }
}
