//! A state file is one set of accounts': whoever goes on with it under other addresses would take their orders for one another.

use super::{Failure, unreadable_state, unwritable_state};
use crate::config::{ChannelConfig, ChannelKind, Config, ErpConfig};
use crate::exit::Exit;
use crate::model::{ChannelName, Instant};
use crate::store::Store;
use crate::store::accounts::{Account, Of};
use crate::words::accounts as words;

/// Refuses a channel that is another than the one the state file has orders of.
pub(super) fn look_at_channel(store: &Store, channel: &ChannelConfig) -> Result<(), Failure> {
    look(store, Some(&channel.name), &of_channel(channel))
}

/// Refuses an ERP that is another than the one the state file has links to, or whose file is gone.
pub(super) fn look_at_erp(store: &Store, config: &Config) -> Result<(), Failure> {
    look_for_ledger(store, config)?;
    look(store, None, &of_erp(&config.erp))
}

/// Refuses a ledger that is gone while the state file has links to it: an empty one in its place would have none of the orders.
pub(super) fn look_for_ledger(store: &Store, config: &Config) -> Result<(), Failure> {
    if let ErpConfig::Ledger { file, .. } = &config.erp
        && !file.exists()
        && store.has_links().map_err(|error| unreadable_state(&error))?
    {
        return Err(Failure::new(Exit::Config, words::ledger_gone(file, store.path())));
    }
    Ok(())
}

/// The same for whoever may write: it notes whose the file is from now on. Refuses a channel that was given another name, too: its
/// orders are known by the former one, and would be imported again.
pub(super) fn keep_channel(
    store: &Store,
    config: &Config,
    channel: &ChannelConfig,
    now: Instant,
) -> Result<(), Failure> {
    look_at_channel(store, channel)?;
    if let Some(was) = former_name(store, config, channel).map_err(|error| unreadable_state(&error))? {
        return Err(Failure::new(
            Exit::Config,
            words::renamed(store.path(), &of_channel(channel), &was, &channel.name),
        ));
    }
    note_channel(store, channel, now)
}

/// The same of the ERP.
pub(super) fn keep_erp(store: &Store, config: &Config, now: Instant) -> Result<(), Failure> {
    look_at_erp(store, config)?;
    note_erp(store, config, now)
}

/// A person says that it is the same account at a new address, or one that begins anew under another name: then none of the orders of
/// the former may be imported a second time.
pub(super) fn move_channel(
    store: &Store,
    config: &Config,
    channel: &ChannelConfig,
    now: Instant,
) -> Result<(), Failure> {
    if let Some(was) = former_name(store, config, channel).map_err(|error| unreadable_state(&error))?
        && let Some(last) = store.last_placed(&was).map_err(|error| unreadable_state(&error))?
        && channel.since <= last
    {
        return Err(Failure::new(Exit::Config, words::begins_too_early(&was, &channel.name, channel.since, last)));
    }
    note_channel(store, channel, now)
}

fn note_channel(store: &Store, channel: &ChannelConfig, now: Instant) -> Result<(), Failure> {
    let noted = store.note_account(Some(&channel.name), &of_channel(channel), now);
    noted.map_err(|error| unwritable_state(&error))
}

/// A person says that it is the same ERP at a new address.
pub(super) fn note_erp(store: &Store, config: &Config, now: Instant) -> Result<(), Failure> {
    store.note_account(None, &of_erp(&config.erp), now).map_err(|error| unwritable_state(&error))
}

/// What is to be said of every account of the configuration that is another.
pub(super) fn all_others(store: &Store, config: &Config) -> rusqlite::Result<Vec<String>> {
    let channels = config.channels.iter().map(|channel| (Some(&channel.name), of_channel(channel)));
    let mut said = Vec::new();
    for (of, account) in channels.chain([(None, of_erp(&config.erp))]) {
        let was = store.other_account(of, &account)?;
        said.extend(was.map(|was| words::another_account(of, store.path(), &was, &account)));
    }
    for channel in &config.channels {
        let was = former_name(store, config, channel)?;
        said.extend(was.map(|was| words::renamed(store.path(), &of_channel(channel), &was, &channel.name)));
    }
    Ok(said)
}

/// The name under which the state file has orders of the channel's account, where the configuration no longer has that name.
fn former_name(store: &Store, config: &Config, channel: &ChannelConfig) -> rusqlite::Result<Option<ChannelName>> {
    let is_gone = |name: &ChannelName| config.channels.iter().all(|one| one.name != *name);
    Ok(store.other_names(&channel.name, &of_channel(channel))?.into_iter().find(is_gone))
}

fn look(store: &Store, of: Of<'_>, account: &Account) -> Result<(), Failure> {
    match store.other_account(of, account).map_err(|error| unreadable_state(&error))? {
        None => Ok(()),
        Some(was) => Err(Failure::new(Exit::Config, words::another_account(of, store.path(), &was, account))),
    }
}

fn of_channel(channel: &ChannelConfig) -> Account {
    let (kind, address, number) = match &channel.kind {
        ChannelKind::Vtex { base_url, .. } => ("vtex", base_url, None),
        ChannelKind::Anymarket { base_url, oi, .. } => ("anymarket", base_url, oi.clone()),
    };
    Account { kind: kind.into(), address: address.clone(), number }
}

fn of_erp(erp: &ErpConfig) -> Account {
    let (kind, address) = match erp {
        ErpConfig::Ledger { .. } => ("ledger", ""),
        ErpConfig::Eccosys { base_url, .. } => ("eccosys", base_url.as_str()),
    };
    Account { kind: kind.into(), address: address.into(), number: None }
}
