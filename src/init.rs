//! A configuration to start from: what must be said, the choices that matter first, and where the rest stands.

use std::fmt::Write;

use chrono::NaiveDate;

use crate::lang::say;

/// A kind of channel that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelKind {
    /// VTEX.
    Vtex,
    /// ANYMARKET.
    Anymarket,
}

/// A kind of back office that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErpKind {
    /// The embedded one.
    Ledger,
    /// Eccosys.
    Eccosys,
}

impl ChannelKind {
    /// The kind of that name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "vtex" => Some(Self::Vtex),
            "anymarket" => Some(Self::Anymarket),
            _ => None,
        }
    }
}

impl ErpKind {
    /// The kind of that name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "ledger" => Some(Self::Ledger),
            "eccosys" => Some(Self::Eccosys),
            _ => None,
        }
    }

    /// The folders that its configuration names.
    pub fn folders(self) -> &'static [&'static str] {
        match self {
            Self::Ledger => &["inbox", "carriers"],
            Self::Eccosys => &[],
        }
    }
}

/// What is asked for: a channel's name and kind.
pub type Wanted = (String, ChannelKind);

/// What `NAME=KIND` asks for, or what is wrong with it.
///
/// # Errors
/// A sentence that says how to write it.
pub fn wanted(text: &str) -> Result<Wanted, String> {
    let Some((name, kind)) = text.split_once('=') else {
        return Err(say!(
            "`{text}` names no kind: write NAME=KIND, such as loja=vtex or hub=anymarket"
                | "`{text}` não indica um tipo: escreva NOME=TIPO, como loja=vtex ou hub=anymarket"
        ));
    };
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
        return Err(say!(
            "`{name}` cannot be a channel's name: it may hold only letters, digits, `-` and `_`"
                | "`{name}` não pode ser nome de canal: só letras, algarismos, `-` e `_`"
        ));
    }
    match ChannelKind::named(kind) {
        Some(kind) => Ok((name.to_owned(), kind)),
        None => Err(say!(
            "`{kind}` is no kind of channel: write {name}=vtex or {name}=anymarket"
                | "`{kind}` não é um tipo de canal: escreva {name}=vtex ou {name}=anymarket"
        )),
    }
}

/// The environment variables that the configuration names.
pub fn variables(channels: &[Wanted], erp: ErpKind) -> Vec<String> {
    let mut variables = Vec::new();
    for (name, kind) in channels {
        let of = |what: &str| variable(name, *kind, what, channels);
        match kind {
            ChannelKind::Vtex => variables.extend([of("VTEX_APP_KEY"), of("VTEX_APP_TOKEN")]),
            ChannelKind::Anymarket => variables.push(of("ANYMARKET_TOKEN")),
        }
    }
    if erp == ErpKind::Eccosys {
        variables.push("ECCOSYS_TOKEN".to_owned());
    }
    variables
}

/// Several channels of one kind have a variable each, and an account.
fn variable(name: &str, kind: ChannelKind, what: &str, channels: &[Wanted]) -> String {
    if channels.iter().filter(|(_, other)| *other == kind).count() < 2 {
        return what.to_owned();
    }
    let name: String = name.chars().map(|c| if c == '-' { '_' } else { c.to_ascii_uppercase() }).collect();
    // A name may begin with a digit, a variable may not; and names that differ in case alone are the person's to tell apart.
    format!("{what}_{name}")
}

/// The text of the configuration. Orders from before `since` are never imported.
pub fn text(channels: &[Wanted], erp: ErpKind, since: NaiveDate) -> String {
    let mut text = String::from(HEAD);
    text += match erp {
        ErpKind::Ledger => LEDGER,
        ErpKind::Eccosys => ECCOSYS,
    };
    text += MONITORING;
    for (name, kind) in channels {
        let of = |what: &str| variable(name, *kind, what, channels);
        // A string takes any text.
        let _ = write!(text, "\n[channels.{name}]\n");
        text += &match kind {
            ChannelKind::Vtex => {
                let vtex = VTEX.replace("CHANGE-ME", &of("CHANGE-ME").replace('_', "-"));
                vtex.replace("VTEX_APP_KEY", &of("VTEX_APP_KEY")).replace("VTEX_APP_TOKEN", &of("VTEX_APP_TOKEN"))
            }
            ChannelKind::Anymarket => ANYMARKET.replace("ANYMARKET_TOKEN", &of("ANYMARKET_TOKEN")),
        };
        text += &EVERY.replace("SINCE", &since.to_string()).replace("NAME", name);
        let tables = match kind {
            ChannelKind::Vtex => format!("{TABLES}{VTEX_TABLES}"),
            ChannelKind::Anymarket => format!("{TABLES}{ANYMARKET_TABLES}"),
        };
        text += &tables.replace("NAME", name);
    }
    text
}

const HEAD: &str = "\
# The configuration of vaivem. Lines that begin with `#:` are choices you may make; they show the default or an example. What is
# not said here has a default, and examples/vaivem.toml in vaivem's repository has them all. Unknown keys are refused, with file
# and line. Relative paths start at this file's folder.

# What was seen, decided, sent and answered. Made on the first run, beside this file.
#: state = \"vaivem.db\"

";

const LEDGER: &str = "\
[erp]
# The back office: \"ledger\" is the embedded one, a SQLite file of its own.
kind = \"ledger\"
#: file = \"ledger.db\"
# A folder that every pass empties first: NF-e and their events, stock sheets. What was taken goes to done/ in it.
inbox = \"inbox\"
# The CNPJs (or CPF) under which the store issues; an NF-e of another issuer is refused. Without it any is sent.
#: issuers = [\"12.345.678/0001-95\"]

[carriers]
# The same for what carriers send: OCOREN files and shipment sheets.
inbox = \"carriers\"
";

const ECCOSYS: &str = "\
[erp]
# The back office. Switch off the order import of its own connector for these channels: two of them do everything twice.
kind = \"eccosys\"
# With a host of the company's own, the whole address.
#: base_url = \"https://empresa.eccosys.com.br/api\"
# Who calls: a token; or api_key and api_secret; or user_token, a named user's. Secrets never stand in this file: an environment
# variable, { file = \"…\" } with mode 0600, or { command = \"…\" }.
token = { env = \"ECCOSYS_TOKEN\" }
# Whether the token is sent as \"bearer\" or \"raw\": vaivem check tries both.
#: token_scheme = \"bearer\"
# The CNPJs (or CPF) under which the store issues; an NF-e of another issuer is not sent. Without it any is.
#: issuers = [\"12.345.678/0001-95\"]
# What the company's own situations mean, beyond -1, 0, 1, 2, 3 and 4.
#: situations = { \"7\" = \"in_production\" }
# Nobody publishes the limit.
#: requests_per_minute = 60
";

const MONITORING: &str = "
# Who watches over the passes: metrics for Prometheus after each run, and an address in the convention of healthchecks.io that hears
# when a run begins and ends. Whoever knows that address can speak for vaivem, so it is a secret, too.
[monitoring]
#: metrics_file = \"/var/lib/prometheus/node-exporter/vaivem.prom\"
[monitoring.heartbeat]
#: sync = { env = \"HEARTBEAT_SYNC\" }
";

const VTEX: &str = "\
kind = \"vtex\"
# The account: minhaloja of minhaloja.myvtex.com.
account = \"CHANGE-ME\"
# A key of vaivem's own: VTEX keeps one order feed for each. Secrets never stand in this file: an environment variable,
# { file = \"…\" } with mode 0600, or { command = \"…\" }.
app_key = { env = \"VTEX_APP_KEY\" }
app_token = { env = \"VTEX_APP_TOKEN\" }
# The order feed: \"create\" it when the key has none, only \"use\" it, or \"off\".
#: feed = \"create\"
";

const ANYMARKET: &str = "\
kind = \"anymarket\"
# The hub's support gives one for each environment. Secrets never stand in this file: an environment variable,
# { file = \"…\" } with mode 0600, or { command = \"…\" }.
token = { env = \"ANYMARKET_TOKEN\" }
# For the hub's own sandbox: \"https://sandbox-api.anymarket.com.br/v2\".
#: base_url = \"https://api.anymarket.com.br/v2\"
# Orders that a marketplace sends from a warehouse of its own: \"skip\" or \"import\". Without this key they are held.
#: fulfillment = \"skip\"
";

const EVERY: &str = "\
# The cut-off date: orders created before this day, in São Paulo, are never imported.
since = \"SINCE\"
# Which orders to import: \"paid\" once they are paid and ready, \"all\" already while they wait for payment.
#: import = \"paid\"
# The ERP's carrier for those that [channels.NAME.carriers] does not name. Without it, their orders are held.
#: default_carrier = \"Transportadora padrão\"
";

const TABLES: &str = "
# The channel's carrier names with the ERP's.
[channels.NAME.carriers]
#: \"Correios PAC\" = \"Correios\"

# The channel's product ids with the ERP's codes, where the product's own code on the channel is missing or differs.
[channels.NAME.skus]
#: \"1042\" = \"CAMISETA-P-AZUL\"
";

const VTEX_TABLES: &str = "
# What can be sold, told to the channel. Off until the warehouse is named: its id, of which case counts.
[channels.NAME.stock]
enabled = false
#: warehouse = \"1_1\"
# Units of every product kept back from the channel.
#: buffer = 0

# Cancelling orders that nobody paid. Off, vaivem auto-cancel says what it would cancel and does nothing.
[channels.NAME.auto_cancel]
#: enabled = false
";

const ANYMARKET_TABLES: &str = "
# What can be sold, told to the hub. Off until you have seen vaivem push-stock --dry-run.
[channels.NAME.stock]
enabled = false
# The hub's default stock location, or the id of one.
warehouse = \"default\"
# Units of every product kept back from the hub.
#: buffer = 0

# Cancelling orders that nobody paid. Off, vaivem auto-cancel says what it would cancel and does nothing.
[channels.NAME.auto_cancel]
#: enabled = false
";

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Config;

    fn since() -> NaiveDate {
        "2026-11-25".parse().unwrap()
    }

    fn parse(text: &str) -> Config {
        Config::parse(Path::new("vaivem.toml"), text).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    /// The text with every choice made as its comment shows it.
    fn chosen(text: &str) -> String {
        text.replace("#: ", "")
    }

    #[test]
    fn every_combination_can_be_read_as_it_is_and_with_every_choice_made() {
        let channels: [&[&str]; 5] = [
            &["loja=vtex"],
            &["hub=anymarket"],
            &["loja=vtex", "hub=anymarket"],
            &["a=vtex", "b-2=vtex", "C_3=anymarket"],
            &["1=anymarket", "2=anymarket"],
        ];
        for channels in channels {
            for erp in [ErpKind::Ledger, ErpKind::Eccosys] {
                let channels: Vec<Wanted> = channels.iter().map(|one| wanted(one).unwrap()).collect();
                let text = text(&channels, erp, since());
                let config = parse(&text);
                assert_eq!(config.channels.len(), channels.len());
                assert!(config.channels.iter().all(|one| !one.stock.enabled && !one.auto_cancel.enabled));
                parse(&chosen(&text));
                for variable in variables(&channels, erp) {
                    assert!(text.contains(&format!("\"{variable}\"")), "{variable} is not in {text}");
                }
            }
        }
    }

    #[test]
    fn channels_of_one_kind_have_keys_of_their_own() {
        let channels = ["a=vtex", "b-2=vtex", "hub=anymarket"].map(|one| wanted(one).unwrap());
        let all = ["VTEX_APP_KEY_A", "VTEX_APP_TOKEN_A", "VTEX_APP_KEY_B_2", "VTEX_APP_TOKEN_B_2", "ANYMARKET_TOKEN"];
        assert_eq!(variables(&channels, ErpKind::Ledger), all);
        assert_eq!(variables(&channels[2..], ErpKind::Eccosys), ["ANYMARKET_TOKEN", "ECCOSYS_TOKEN"]);
    }

    #[test]
    fn what_cannot_be_a_channel_says_how_to_write_one() {
        for (text, says) in
            [("loja", "NAME=KIND"), ("=vtex", "letters"), ("a.b=vtex", "letters"), ("a=shopify", "a=vtex")]
        {
            let problem = wanted(text).unwrap_err();
            assert!(problem.contains(says), "{problem}");
        }
    }
}
