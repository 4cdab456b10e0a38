//! What is said when a state file was used with another account.

use std::path::Path;

use crate::lang::{moment, say, word};
use crate::model::{ChannelName, Instant};
use crate::store::accounts::Account;

/// A channel, or without a name the ERP, is another than the one the state file has orders of.
pub fn another_account(channel: Option<&ChannelName>, file: &Path, was: &Account, is: &Account) -> String {
    let file = file.display();
    let (whose, same, other) = match channel {
        Some(name) => (
            say!("orders of `{name}`" | "pedidos de `{name}`"),
            say!(
                "if it is the same account at a new address: vaivem adopt --moved --channel {name} --since DATE"
                    | "se é a mesma conta em novo endereço: vaivem adopt --moved --channel {name} --since DATA"
            ),
            word!(
                "another name in [channels] for the new account, or a state file of its own (`state = \"…\"`)"
                    | "outro nome em [channels] para a nova conta, ou um arquivo de estado só dela (`state = \"…\"`)"
            ),
        ),
        None => (
            word!("orders linked to the ERP" | "pedidos vinculados ao ERP").to_owned(),
            word!(
                "if it is the same ERP at a new address: vaivem adopt --moved --since DATE"
                    | "se é o mesmo ERP em novo endereço: vaivem adopt --moved --since DATA"
            )
            .to_owned(),
            word!(
                "another state file (`state = \"…\"`) for the new ERP, and then vaivem adopt --since DATE"
                    | "outro arquivo de estado (`state = \"…\"`) para o novo ERP, e depois vaivem adopt --since DATA"
            ),
        ),
    };
    say!(
        "the state file {file} has {whose} from {}, and the configuration now names {}; nothing was done, since the \
         same numbers are other orders there. Put the former address back; or give {other}; or, {same}"
            | "o arquivo de estado {file} tem {whose} na conta {}, e a configuração agora indica {}; nada foi feito, \
               pois lá os mesmos números são de outros pedidos. Volte ao endereço anterior; ou use {other}; ou, {same}",
        named(was),
        named(is)
    )
}

/// A channel's account has orders in the state file under a name that the configuration no longer has.
pub fn renamed(file: &Path, account: &Account, was: &ChannelName, is: &ChannelName) -> String {
    let (file, account) = (file.display(), named(account));
    say!(
        "the state file {file} has orders of {account} under the channel name `{was}`, which the configuration no longer \
         has; nothing was done, since as `{is}` they would be imported a second time. Give the channel its former name \
         back, [channels.{was}]; or, if it is another account, or is to begin anew with a `since` after all of those \
         orders: vaivem adopt --moved --channel {is} --since DATE"
            | "o arquivo de estado {file} tem pedidos de {account} com o nome de canal `{was}`, que a configuração não \
               tem mais; nada foi feito, pois como `{is}` eles seriam importados pela segunda vez. Devolva ao canal o \
               nome anterior, [channels.{was}]; ou, se é outra conta, ou se deve começar de novo com um `since` \
               posterior a todos esses pedidos: vaivem adopt --moved --channel {is} --since DATA"
    )
}

/// A channel that is to begin anew under another name, with orders that it has under the former one.
pub fn begins_too_early(was: &ChannelName, is: &ChannelName, since: Instant, last: Instant) -> String {
    let (since, last) = (moment(since), moment(last));
    say!(
        "as `{is}` the orders of `{was}` would be imported a second time: the last of them was placed at {last}, and \
         channels.{is}.since is {since}. Give the channel its former name back, [channels.{was}]; or set `since` to a \
         later day, once the orders of `{was}` are done with"
            | "como `{is}` os pedidos de `{was}` seriam importados pela segunda vez: o último foi feito em {last}, e \
               channels.{is}.since é {since}. Devolva ao canal o nome anterior, [channels.{was}]; ou mude `since` para \
               um dia posterior, quando os pedidos de `{was}` estiverem encerrados"
    )
}

/// The embedded ERP's file is not there, and the state file has orders in it.
pub fn ledger_gone(ledger: &Path, state: &Path) -> String {
    say!(
        "there is no ledger at {}, and the state file {} has orders in it; nothing was done. Correct `file` in [erp], \
         or restore the ledger from a backup; a new, empty one wants a state file of its own (`state = \"…\"`)"
            | "não há ERP embutido em {}, e o arquivo de estado {} tem pedidos nele; nada foi feito. Corrija `file` em \
               [erp], ou restaure o ERP embutido de uma cópia; um novo e vazio exige um arquivo de estado só dele \
               (`state = \"…\"`)",
        ledger.display(),
        state.display()
    )
}

fn named(account: &Account) -> String {
    let Account { kind, address, number } = account;
    let place = if address.is_empty() { kind.clone() } else { format!("{kind} {address}") };
    match number {
        None => place,
        Some(number) => say!("{place}, account {number}" | "{place}, número {number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::{Lang, within};
    use crate::words::retold::retold;

    /// A pass notes it in English, whoever reads it later.
    #[test]
    fn what_was_noted_of_another_account_is_told_in_portuguese() {
        let account = |address: &str, number: Option<&str>| Account {
            kind: "anymarket".into(),
            address: address.into(),
            number: number.map(str::to_owned),
        };
        let (was, is) = (account("https://a.example", Some("7")), account("https://b.example", None));
        let name = ChannelName::new("hub");
        for channel in [Some(&name), None] {
            let said = || another_account(channel, Path::new("vaivem.db"), &was, &is);
            let told = within(Lang::PtBr, || retold(&within(Lang::En, said)));
            assert_eq!(told, within(Lang::PtBr, said));
            assert!(told.contains("anymarket https://a.example, número 7"), "{told}");
        }
        let renamed = || super::renamed(Path::new("vaivem.db"), &was, &name, &ChannelName::new("site"));
        assert_eq!(within(Lang::PtBr, || retold(&within(Lang::En, renamed))), within(Lang::PtBr, renamed));
        let gone = || ledger_gone(Path::new("ledger.db"), Path::new("vaivem.db"));
        assert_eq!(within(Lang::PtBr, || retold(&within(Lang::En, gone))), within(Lang::PtBr, gone));
    }
}
