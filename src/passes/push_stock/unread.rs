//! Orders that were seen and never read: what was bought is not known until then, on no channel.

use crate::channel::{Channel, Reading};
use crate::clock::Clock;
use crate::passes::Trouble;
use crate::stop::Stop;
use crate::store::Store;

/// After so many readings in a row that failed, the rest stays as it is: orders that always fail keep no stock from being told, and a
/// channel that is down is told of by its own passes.
const GIVE_UP_AFTER: u32 = 2;

/// Reads a channel's orders that were seen and never read, and records what they say. One that cannot be read stays as it is. Takes
/// half of the run's time at most, so that the stock follows.
///
/// # Errors
/// What ends every pass of the channel, or of the state file.
pub async fn read(channel: &Channel, store: &Store, clock: &Clock, stop: &Stop) -> Result<(), Trouble> {
    let time = stop.left().map(|left| clock.elapsed() + left / 2);
    let is_over = || stop.reason().is_some() || time.is_some_and(|time| clock.elapsed() >= time);
    let mut failed = 0;
    for (row, id) in store.never_read(channel.name())? {
        if failed == GIVE_UP_AFTER || is_over() {
            break;
        }
        let asked_at = clock.now();
        match channel.read_order(&id).await {
            Ok(reading) => {
                failed = 0;
                // Of another it is import-orders that says what is wrong with it; the channel subtracts its units itself.
                if let Reading::Order(order) = reading {
                    store.record_reading(row, &order, asked_at, clock.now())?;
                }
            }
            Err(error) => {
                failed += 1;
                let trouble = Trouble::Channel(error);
                if trouble.ends_run(stop).is_some() {
                    return Err(trouble);
                }
            }
        }
    }
    Ok(())
}
