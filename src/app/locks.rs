//! Keeping the passes away while a person changes what they go by.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use super::Failure;
use crate::exit::Exit;
use crate::lock::{self, Lock, LockError};
use crate::model::{ChannelName, Instant};

/// How long a run that is under way is waited for: most are done within seconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often it is looked again.
const POLL: Duration = Duration::from_millis(100);

/// Takes the locks of these passes for these channels; a run that takes longer ends it with [`Exit::Locked`].
pub fn of(
    state: &Path,
    passes: &[&str],
    channels: &BTreeSet<&ChannelName>,
    now: Instant,
) -> Result<Vec<Lock>, Failure> {
    let mut waited = Duration::ZERO;
    let mut locks = Vec::new();
    for channel in channels {
        for pass in passes {
            loop {
                match lock::take(state, pass, channel, now) {
                    Ok(lock) => break locks.push(lock),
                    Err(LockError::Held { .. }) if waited < PATIENCE => {
                        std::thread::sleep(POLL);
                        waited += POLL;
                    }
                    Err(error @ LockError::Held { .. }) => return Err(Failure::new(Exit::Locked, error.to_string())),
                    Err(error) => return Err(Failure::new(Exit::Failed, error.to_string())),
                }
            }
        }
    }
    Ok(locks)
}
