//! The only door to the network. [`Door::call`] is all there is to it: authentication, connection reuse, timeouts, a
//! cap on what is read, no redirects, retry of what is safe to repeat, the budget shared with other processes, and one
//! log line per request. Beside it there is only [`ping`], which tells a watcher that a run began or ended.
//!
//! Read [`door`] first, then [`retry`] for when a request is repeated, and [`error`] for what becomes of one that
//! failed.

mod answer;
mod call;
mod door;
mod error;
pub(crate) mod excerpt;
mod health;
pub mod lenient;
mod options;
mod ping;
mod raw;
mod retry;

pub use answer::{Answer, Quota};
pub use call::{Call, Effect, segment};
pub use door::{Counts, Door};
pub use error::{CallError, Failure, StopCause, Triage};
pub use options::{DoorError, DoorOptions, RetryPolicy, Signer};
pub use ping::{Address, PingError, Signal};
pub use raw::Raw;

#[cfg(test)]
mod tests;
