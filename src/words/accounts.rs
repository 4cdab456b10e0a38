//! What is said when a state file was used with another account.

use std::path::Path;

use crate::model::ChannelName;
use crate::store::accounts::Account;

/// A channel, or without a name the ERP, is another than the one the state file has orders of.
pub fn another_account(channel: Option<&ChannelName>, file: &Path, was: &Account, is: &Account) -> String {
    let file = file.display();
    let (whose, same, other) = match channel {
        Some(name) => (
            format!("orders of `{name}`"),
            format!("if it is the same account at a new address: vaivem adopt --moved --channel {name} --since DATE"),
            "another name in [channels] for the new account, or a state file of its own (`state = \"…\"`)",
        ),
        None => (
            "orders linked to the ERP".to_owned(),
            "if it is the same ERP at a new address: vaivem adopt --moved --since DATE".to_owned(),
            "another state file (`state = \"…\"`) for the new ERP, and then vaivem adopt --since DATE",
        ),
    };
    format!(
        "the state file {file} has {whose} from {}, and the configuration now names {}; nothing was done, since the same numbers are \
         other orders there. Put the former address back; or give {other}; or, {same}",
        named(was),
        named(is)
    )
}

/// The embedded ERP's file is not there, and the state file has orders in it.
pub fn ledger_gone(ledger: &Path, state: &Path) -> String {
    format!(
        "there is no ledger at {}, and the state file {} has orders in it; nothing was done. Correct `file` in [erp], or restore the \
         ledger from a backup; a new, empty one wants a state file of its own (`state = \"…\"`)",
        ledger.display(),
        state.display()
    )
}

fn named(account: &Account) -> String {
    let number = account.number.as_ref().map(|number| format!(", account {number}")).unwrap_or_default();
    match account.address.as_str() {
        "" => format!("{}{number}", account.kind),
        address => format!("{} {address}{number}", account.kind),
    }
}
