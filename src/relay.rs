//! What a pass tells and logs goes out beside the work: whoever reads may take long, as a pager does, and a write that waits for
//! them must hold up neither the pass nor whoever waits for a lock that it has.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::{Builder, JoinHandle};

/// So many bytes may wait to be read before nothing further is begun that tells more.
const MOST: usize = 64 * 1024;

/// A thread that writes what it is given, in that order.
#[derive(Debug)]
pub(crate) struct Relay {
    to: Sender<String>,
    unread: Arc<AtomicUsize>,
    thread: JoinHandle<()>,
}

impl Relay {
    /// Begins.
    ///
    /// # Errors
    /// When there can be no thread.
    pub fn start(write: impl Fn(&str) + Send + 'static) -> io::Result<Self> {
        let (to, texts) = channel::<String>();
        let unread = Arc::new(AtomicUsize::new(0));
        let left = Arc::clone(&unread);
        let thread = Builder::new().name("output".into()).spawn(move || {
            for text in texts {
                write(&text);
                left.fetch_sub(text.len(), Ordering::Relaxed);
            }
        })?;
        Ok(Self { to, unread, thread })
    }

    /// Has a text written, and does not wait for that.
    pub fn send(&self, text: String) {
        self.unread.fetch_add(text.len(), Ordering::Relaxed);
        // The thread ends after this does.
        let _ = self.to.send(text);
    }

    /// Whether more waits to be read than should.
    pub fn is_behind(&self) -> bool {
        self.unread.load(Ordering::Relaxed) > MOST
    }

    /// Waits until all is written.
    pub fn finish(self) {
        drop(self.to);
        let _ = self.thread.join();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn all_is_written_in_order_and_nobody_waits_before_the_end() {
        let (written, reads) = (Arc::new(Mutex::new(String::new())), Arc::new(Mutex::new(())));
        let stalled = reads.lock().unwrap();
        let (out, reader) = (Arc::clone(&written), Arc::clone(&reads));
        let relay = Relay::start(move |text| {
            let _turn = reader.lock().unwrap();
            out.lock().unwrap().push_str(text);
        })
        .unwrap();
        relay.send("one, ".into());
        assert!(!relay.is_behind());
        relay.send(" ".repeat(MOST));
        relay.send("two".into());
        assert!(relay.is_behind());
        drop(stalled);
        relay.finish();
        assert_eq!(written.lock().unwrap().split_whitespace().collect::<Vec<_>>(), ["one,", "two"]);
    }
}
