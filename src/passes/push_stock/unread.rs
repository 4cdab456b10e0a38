//! Orders that were seen and never read: what was bought is not known until then, on no channel.

use crate::channel::{Channel, Reading};
use crate::clock::Clock;
use crate::passes::Trouble;
use crate::stop::Stop;
use crate::store::Store;

/// Reads a channel's orders that were seen and never read, and records what they say. One that cannot be read stays as it is.
///
/// # Errors
/// What ends every pass of the channel, or of the state file.
pub async fn read(channel: &Channel, store: &Store, clock: &Clock, stop: &Stop) -> Result<(), Trouble> {
    for (row, id) in store.never_read(channel.name())? {
        if stop.reason().is_some() {
            break;
        }
        let asked_at = clock.now();
        match channel.read_order(&id).await {
            Ok(Reading::Order(order)) => store.record_reading(row, &order, asked_at, clock.now())?,
            // It is import-orders that says what is wrong with it; the channel subtracts its units itself.
            Ok(Reading::Absent | Reading::Unreadable(_)) => {}
            Err(error) => {
                let trouble = Trouble::Channel(error);
                if trouble.ends_run(stop).is_some() {
                    return Err(trouble);
                }
            }
        }
    }
    Ok(())
}
