//! What vaivem takes for granted of the platforms without being able to see it: from one source alone, or from none. Each is a row
//! of a table: when it is in use, the setting that governs it, what is assumed, and how to find out on one's own account.
//!
//! What a check itself could prove is left out; see `proven`.

use std::collections::BTreeSet;

use super::Finding;
use crate::channel::DEFAULT_WAREHOUSE;
use crate::channel::anymarket::PutRule;
use crate::channel::outgoing::XmlRule;
use crate::config::{ChannelConfig, ChannelKind, Credentials, ErpConfig, TokenScheme};
use crate::erp::eccosys;
use crate::lang::Both;

/// That an order of Eccosys is found by `numeroOC=` in the path.
pub const NUMBER_OC: &str = "number_oc";
/// That collection orders can be read.
pub const COLLECTION_ORDERS: &str = "collection_orders";
/// That the token is accepted as it is sent.
pub const TOKEN_SCHEME: &str = "token_scheme";

/// One assumption about what `T` configures.
struct Row<T> {
    code: &'static str,
    /// When it is in use.
    applies: fn(&T) -> bool,
    /// What governs it; empty where nothing does.
    setting: Both,
    /// What is assumed.
    says: Both,
    /// How to find out.
    how: Both,
}

/// Where Eccosys is the ERP.
const ECCOSYS: &[Row<ErpConfig>] = &[
    Row {
        code: TOKEN_SCHEME,
        applies: sends_bearer,
        setting: Both::only("[erp] token_scheme"),
        says: Both(
            "the token is sent as `Bearer TOKEN`; some accounts want it alone",
            "o token é enviado como `Bearer TOKEN`; algumas contas o querem sozinho",
        ),
        how: Both(
            "run vaivem check when Eccosys can be reached: it tries",
            "execute vaivem check quando houver acesso ao Eccosys: ele experimenta",
        ),
    },
    Row {
        code: NUMBER_OC,
        applies: |_| true,
        setting: Both::only(""),
        says: Both(
            "an order is found by the store's number with GET /pedidos/numeroOC=NUMBER, which keeps it from being \
             created twice; one client does so",
            "um pedido é achado pelo número da loja com GET /pedidos/numeroOC=NÚMERO, o que evita criá-lo duas \
             vezes; um cliente faz assim",
        ),
        how: Both(
            "import one order and run vaivem check again: it asks for that order",
            "importe um pedido e execute vaivem check de novo: ele consulta esse pedido",
        ),
    },
    Row {
        code: "order_body",
        applies: |_| true,
        setting: Both::only(""),
        says: Both(
            "a new order's customer, address, items and carrier are taken from _Cliente, _OutroEndereco, _Itens and \
             _Transportadora",
            "cliente, endereço, itens e transportadora de um pedido novo são lidos de _Cliente, _OutroEndereco, \
             _Itens e _Transportadora",
        ),
        how: Both(
            "import one order with a delivery address of its own and compare it in Eccosys with the channel's, field \
             by field",
            "importe um pedido com endereço de entrega próprio e compare-o no Eccosys com o do canal, campo a campo",
        ),
    },
    Row {
        code: "situations",
        applies: |_| true,
        setting: Both::only("[erp.situations]"),
        says: Both(
            "situations are -1 unpaid, 4 under review, 0 paid, 3 picking, 1 invoiced, 2 cancelled; any other holds \
             the order until it is named",
            "as situações são -1 não pago, 4 em análise, 0 pago, 3 em separação, 1 faturado, 2 cancelado; qualquer \
             outra retém o pedido até ser nomeada",
        ),
        how: Both(
            "move one order through every situation that your people use, and look at vaivem holds in between",
            "passe um pedido por todas as situações que sua equipe usa, e veja vaivem holds no caminho",
        ),
    },
    Row {
        code: "invoiced_list",
        applies: |_| true,
        setting: Both::only(""),
        says: Both(
            "orders invoiced since a day are listed with $dataConsiderada=dataFaturamento; one client does so",
            "pedidos faturados desde um dia são listados com $dataConsiderada=dataFaturamento; um cliente faz assim",
        ),
        how: Both(
            "invoice one order and run vaivem push-invoices --dry-run: it must be there within the next runs",
            "fature um pedido e execute vaivem push-invoices --dry-run: ele deve aparecer nas execuções seguintes",
        ),
    },
    Row {
        code: "reserved",
        applies: |_| true,
        setting: Both(
            "[channels.NAME.stock] buffer keeps units back meanwhile",
            "enquanto isso, buffer em [channels.NAME.stock] segura unidades",
        ),
        says: Both(
            "reserved units are estoqueReal − estoqueDisponivel, since Eccosys does not tell them",
            "unidades reservadas são estoqueReal − estoqueDisponivel, pois o Eccosys não as informa",
        ),
        how: Both(
            "for one product with open orders, compare Eccosys' page of reservations with vaivem push-stock --sku \
             CODE --dry-run",
            "para um produto com pedidos abertos, compare a página de reservas do Eccosys com vaivem push-stock \
             --sku CÓDIGO --dry-run",
        ),
    },
    Row {
        code: "delivery_date",
        applies: |_| true,
        setting: Both::only("[channels.NAME.tracking]"),
        says: Both(
            "a dataEntrega that is not ahead of now is a delivery; a date that was first told ahead of time is a \
             forecast and never one",
            "uma dataEntrega que não está no futuro é uma entrega; uma data informada antes da hora é previsão e \
             nunca entrega",
        ),
        how: Both(
            "look at an order on its way: dataEntrega must be empty or still to come; ask who fills it in, and when",
            "veja um pedido a caminho: dataEntrega deve estar vazia ou no futuro; pergunte quem a preenche, e quando",
        ),
    },
    Row {
        code: "payment_date",
        applies: |erp| on(erp, |options| options.payment_date),
        setting: Both::only("[erp] payment_date = true"),
        says: Both(
            "PUT /pedidos with dataPagamento writes the date of payment; no client was seen to do so",
            "PUT /pedidos com dataPagamento grava a data do pagamento; não se viu cliente que o faça",
        ),
        how: Both(
            "import one unpaid order, pay it, run vaivem sync-payments, and look at its payment in Eccosys",
            "importe um pedido não pago, pague-o, execute vaivem sync-payments, e veja o pagamento no Eccosys",
        ),
    },
    Row {
        code: "write_deliveries",
        applies: |erp| on(erp, |options| options.write_deliveries),
        setting: Both::only("[erp] write_deliveries = true"),
        says: Both(
            "PUT /pedidos with dataEntrega, and situation 1, tell Eccosys of a delivery; one client does so",
            "PUT /pedidos com dataEntrega, e a situação 1, informam o Eccosys de uma entrega; um cliente faz assim",
        ),
        how: Both(
            "put a carrier's file with one delivery into [carriers] inbox, run any pass, and look at that order in \
             Eccosys",
            "ponha um arquivo de transportadora com uma entrega na pasta de [carriers] inbox, execute uma rotina \
             qualquer, e veja esse pedido no Eccosys",
        ),
    },
    Row {
        code: "stock_queue",
        applies: |erp| on(erp, |options| options.stock_queue),
        setting: Both::only("[erp] stock_queue = true"),
        says: Both(
            "nobody else empties the queue of changed balances, which all programs of the account share",
            "ninguém mais esvazia a fila de saldos alterados, que todos os programas da conta compartilham",
        ),
        how: Both(
            "switch every other connector's stock off, or set stock_queue = false: then all balances are compared",
            "desligue o estoque de todo outro conector, ou defina stock_queue = false: então todos os saldos são \
             comparados",
        ),
    },
    Row {
        code: COLLECTION_ORDERS,
        applies: |erp| on(erp, |options| options.collection_orders),
        setting: Both::only("[erp] collection_orders"),
        says: Both(
            "collection orders can be read with these credentials; some accounts may let only a user_token",
            "ordens de coleta podem ser lidas com estas credenciais; algumas contas só permitem a um user_token",
        ),
        how: Both(
            "run vaivem check when Eccosys can be reached: it tries",
            "execute vaivem check quando houver acesso ao Eccosys: ele experimenta",
        ),
    },
    Row {
        code: "erp_rate",
        applies: |_| true,
        setting: Both::only("[erp] requests_per_minute"),
        says: Both(
            "60 calls a minute are within the limit, which is published nowhere",
            "60 chamadas por minuto estão dentro do limite, que não é publicado em lugar nenhum",
        ),
        how: Both(
            "look in the summaries of busy runs: `limited` must stay 0 (vaivem --output jsonl sync)",
            "veja nos resumos de execuções movimentadas: `limited` deve ficar em 0 (vaivem --output jsonl sync)",
        ),
    },
];

/// Where a channel is of kind `vtex`.
const VTEX: &[Row<ChannelConfig>] = &[
    Row {
        code: "own_account",
        applies: |_| true,
        setting: Both::only("[channels.NAME] account"),
        says: Both(
            "this account is the one that fulfils: an account that only sells has other numbers for the same orders, \
             and takes no invoice",
            "esta conta é a que atende: uma conta que só vende tem outros números para os mesmos pedidos, e não \
             aceita nota",
        ),
        how: Both(
            "open one order in this account's admin: its number there must be the one that vaivem shows",
            "abra um pedido no admin desta conta: o número lá deve ser o que o vaivem mostra",
        ),
    },
    Row {
        code: "handling_role",
        applies: |_| true,
        setting: Both("the key's role in VTEX Admin", "o perfil da chave no VTEX Admin"),
        says: Both(
            "the key may also start handling, invoice and cancel, which no reading shows",
            "a chave também pode iniciar manuseio, faturar e cancelar, o que nenhuma leitura mostra",
        ),
        how: Both(
            "import one order and invoice it: a missing right ends that run with exit code 4 and its name",
            "importe um pedido e fature-o: um direito que falte encerra essa execução com código 4 e o nome dele",
        ),
    },
    Row {
        code: "tracking_events",
        applies: |_| true,
        setting: Both::only("[channels.NAME.tracking] collection_order"),
        says: Both(
            "tracking events replace those before; where they add up, the customer sees them twice",
            "eventos de rastreio substituem os anteriores; onde se acumulam, o cliente os vê em dobro",
        ),
        how: Both(
            "let one parcel go its whole way and look at its events in the order's page in VTEX Admin",
            "deixe um volume fazer todo o caminho e veja os eventos dele na página do pedido no VTEX Admin",
        ),
    },
    Row {
        code: "balance_date",
        applies: |config| config.stock.enabled,
        setting: Both::only("[channels.NAME.stock] settle, buffer"),
        says: Both(
            "an update of a stock lets go of the reservations that were in handling when its balance was read \
             (dateUtcOnBalanceSystem)",
            "uma atualização de estoque solta as reservas que estavam em manuseio quando o saldo foi lido \
             (dateUtcOnBalanceSystem)",
        ),
        how: Both(
            "import one order, run vaivem push-stock --sku CODE, and compare what VTEX says is available with the \
             shelf",
            "importe um pedido, execute vaivem push-stock --sku CÓDIGO, e compare o disponível na VTEX com a \
             prateleira",
        ),
    },
    Row {
        code: "sku_not_found",
        applies: |config| config.stock.enabled,
        setting: Both::only("[channels.NAME.stock] unknown_skus"),
        says: Both(
            "a reference code that VTEX does not have is answered with nothing and not with an error",
            "para um código de referência que a VTEX não tem, a resposta é vazia e não um erro",
        ),
        how: Both(
            "vaivem push-stock --sku CODE --dry-run, of a product that the ERP has counted and VTEX does not sell, must say \
             that the channel has no such product",
            "vaivem push-stock --sku CÓDIGO --dry-run, de um produto com saldo no ERP que a VTEX não vende, deve dizer que \
             o canal não tem esse produto",
        ),
    },
    Row {
        code: "invoice_value",
        applies: |config| config.invoices.value_tolerance.get() != 0,
        setting: Both::only("[channels.NAME.invoices] value_tolerance"),
        says: Both(
            "an invoice that differs by cents may be told with the order's value",
            "uma nota com diferença de centavos pode ser informada com o valor do pedido",
        ),
        how: Both(
            "ask your accountant; without it, such invoices are held for a person",
            "pergunte ao seu contador; sem isso, essas notas ficam retidas para uma pessoa",
        ),
    },
    Row {
        code: "vtex_rate",
        applies: |_| true,
        setting: Both::only("[channels.NAME] requests_per_minute, in_flight"),
        says: Both(
            "this pace is within the limits for orders and logistics, which VTEX does not publish",
            "este ritmo está dentro dos limites de pedidos e logística, que a VTEX não publica",
        ),
        how: Both(
            "look in the summaries of busy runs: `limited` must stay 0 (vaivem --output jsonl sync)",
            "veja nos resumos de execuções movimentadas: `limited` deve ficar em 0 (vaivem --output jsonl sync)",
        ),
    },
];

/// Where a channel is of kind `anymarket`.
const ANYMARKET: &[Row<ChannelConfig>] = &[
    Row {
        code: "feed_statuses",
        applies: |config| options(config).is_some_and(|options| options.feed),
        setting: Both("the hub's panel, order settings", "o painel do hub, configurações de pedidos"),
        says: Both(
            "every status is ticked for the feed, PENDING and CANCELED included; what is not is found by the list \
             alone, later",
            "todas as situações estão marcadas para o feed, PENDING e CANCELED inclusive; o que não está só é achado \
             pela lista, depois",
        ),
        how: Both("look in the panel; nothing in the API tells", "veja no painel; nada na API informa"),
    },
    Row {
        code: "callbacks",
        applies: |config| options(config).is_some_and(|options| options.feed),
        setting: Both("the hub's panel, callbacks", "o painel do hub, callbacks"),
        says: Both(
            "no order callback is registered: what a callback takes is missing from the feed",
            "não há callback de pedidos: o que um callback leva falta no feed",
        ),
        how: Both("look in the panel", "veja no painel"),
    },
    Row {
        code: "put_part",
        applies: |config| options(config).is_some_and(|options| options.put == PutRule::Part),
        setting: Both::only("[channels.NAME] put = \"part\""),
        says: Both(
            "what a change of an order leaves out stays as it is",
            "o que uma alteração de pedido omite fica como está",
        ),
        how: Both(
            "invoice one order: its buyer and items must still be there in the panel; if not, set put = \"whole\"",
            "fature um pedido: comprador e itens devem continuar no painel; se não, defina put = \"whole\"",
        ),
    },
    Row {
        code: "xml_before_invoiced",
        applies: |config| options(config).is_some_and(|options| options.xml != XmlRule::Never),
        setting: Both::only("[channels.NAME] xml"),
        says: Both(
            "the XML of an invoice is taken before the order counts as invoiced, and does not make it so by itself",
            "o XML de uma nota é aceito antes de o pedido contar como faturado, e não o torna faturado por si",
        ),
        how: Both(
            "invoice one order of a marketplace that asks for the XML, and look at its status and its XML in the \
             panel",
            "fature um pedido de um marketplace que pede o XML, e veja a situação e o XML no painel",
        ),
    },
    Row {
        code: "cancel_through_hub",
        applies: |config| options(config).is_some_and(|options| options.cancel),
        setting: Both::only("[channels.NAME] cancel = true"),
        says: Both(
            "every marketplace behind the hub takes a cancellation with this reason and code",
            "todo marketplace por trás do hub aceita um cancelamento com este motivo e código",
        ),
        how: Both(
            "cancel one order of each marketplace and look at it in the marketplace's own panel",
            "cancele um pedido de cada marketplace e veja-o no painel do próprio marketplace",
        ),
    },
    Row {
        code: "channel_reserves",
        applies: |config| config.stock.enabled,
        setting: Both::only("[channels.NAME.stock] channel_reserves"),
        says: Both(
            "whether the hub subtracts its own open orders from what it is told is documented nowhere; wrongly set, \
             units are kept back twice, or sold twice",
            "se o hub subtrai os próprios pedidos abertos do que lhe é informado não está documentado; com a opção \
             errada, unidades são seguradas em dobro, ou vendidas em dobro",
        ),
        how: Both(
            "with one open order, compare amount, reservationAmount and availableAmount of its product in the hub \
             (GET /stocks?sku=CODE)",
            "com um pedido aberto, compare amount, reservationAmount e availableAmount do produto no hub (GET \
             /stocks?sku=CÓDIGO)",
        ),
    },
    Row {
        code: "default_location",
        applies: |config| {
            config.stock.enabled && config.stock.warehouse.as_ref().is_some_and(|id| id.as_str() == DEFAULT_WAREHOUSE)
        },
        setting: Both::only("[channels.NAME.stock] warehouse = \"default\""),
        says: Both(
            "a stock that names no location goes to the hub's default one",
            "um estoque que não indica local vai para o local padrão do hub",
        ),
        how: Both(
            "run vaivem push-stock --sku CODE and look at that product's locations in the panel; or write the \
             location's id",
            "execute vaivem push-stock --sku CÓDIGO e veja os locais desse produto no painel; ou escreva o id do \
             local",
        ),
    },
    Row {
        code: "stock_batch",
        applies: |config| config.stock.enabled,
        setting: Both::only(""),
        says: Both(
            "PUT /stocks/batch says of each product it refuses that it does; one it leaves out counts as taken",
            "PUT /stocks/batch diz de cada produto recusado que o recusa; um que ele omite conta como aceito",
        ),
        how: Both(
            "run vaivem push-stock --sku CODE for a product that the hub does not have: it must be held",
            "execute vaivem push-stock --sku CÓDIGO para um produto que o hub não tem: ele deve ficar retido",
        ),
    },
    Row {
        code: "stock_movements",
        applies: |config| config.stock.enabled,
        setting: Both("the hub's panel, stock settings", "o painel do hub, configurações de estoque"),
        says: Both(
            "the hub moves no stock by itself when an order goes out",
            "o hub não movimenta estoque sozinho quando um pedido sai",
        ),
        how: Both(
            "look in the panel; such movements must be off where the ERP keeps the stock",
            "veja no painel; esses movimentos devem estar desligados onde o ERP guarda o estoque",
        ),
    },
    Row {
        code: "platform",
        applies: |_| true,
        setting: Both::only("[channels.NAME] platform"),
        says: Both("any name is taken in the header `platform`", "qualquer nome é aceito no cabeçalho `platform`"),
        how: Both(
            "ask the hub's support whether your name is to be registered",
            "pergunte ao suporte do hub se o seu nome precisa de cadastro",
        ),
    },
    Row {
        code: "hub_rate",
        applies: |config| config.limits.follow_quota,
        setting: Both::only("[channels.NAME] requests_per_minute, in_flight"),
        says: Both(
            "the hub tells its limit with its answers; until it does, 30 calls a minute are made",
            "o hub informa o limite nas respostas; até lá, são feitas 30 chamadas por minuto",
        ),
        how: Both(
            "look in the summaries of busy runs: `limited` must stay near 0 (vaivem --output jsonl sync)",
            "veja nos resumos de execuções movimentadas: `limited` deve ficar perto de 0 (vaivem --output jsonl \
             sync)",
        ),
    },
];

fn options(config: &ChannelConfig) -> Option<&crate::channel::anymarket::Options> {
    match &config.kind {
        ChannelKind::Anymarket { options, .. } => Some(options),
        ChannelKind::Vtex { .. } => None,
    }
}

fn sends_bearer(erp: &ErpConfig) -> bool {
    let scheme = TokenScheme::Bearer;
    matches!(erp, ErpConfig::Eccosys { credentials: Credentials::Token { scheme: told, .. }, .. } if *told == scheme)
}

fn on(erp: &ErpConfig, option: impl Fn(&eccosys::Options) -> bool) -> bool {
    matches!(erp, ErpConfig::Eccosys { options, .. } if option(options))
}

/// The assumptions in use about a channel.
pub fn of_channel(config: &ChannelConfig) -> Vec<Finding> {
    let rows = match config.kind {
        ChannelKind::Vtex { .. } => VTEX,
        ChannelKind::Anymarket { .. } => ANYMARKET,
    };
    rows.iter().filter(|row| (row.applies)(config)).map(|row| assumed(row, Some(config))).collect()
}

/// The assumptions in use about the ERP, without those `proven` to be right.
pub fn of_erp(config: &ErpConfig, proven: &BTreeSet<&'static str>) -> Vec<Finding> {
    if matches!(config, ErpConfig::Ledger { .. }) {
        return Vec::new();
    }
    let rows = ECCOSYS.iter().filter(|row| !proven.contains(row.code) && (row.applies)(config));
    rows.map(|row| assumed(row, None)).collect()
}

fn assumed<T>(row: &Row<T>, channel: Option<&ChannelConfig>) -> Finding {
    Finding::Assumed {
        channel: channel.map(|config| config.name.clone()),
        assumption: row.code,
        setting: channel.map_or_else(|| row.setting.into(), |one| row.setting.replace("NAME", one.name.as_str())),
        says: row.says,
        how: row.how,
    }
}

/// An assumption as it is explained.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    /// Its code.
    pub code: &'static str,
    /// What governs it; empty where nothing does.
    pub setting: Both,
    /// What is assumed.
    pub says: Both,
    /// How to find out.
    pub how: Both,
}

/// Every assumption there is, in use or not.
pub fn all() -> impl Iterator<Item = Told> {
    fn told<T>(row: &Row<T>) -> Told {
        Told { code: row.code, setting: row.setting, says: row.says, how: row.how }
    }
    ECCOSYS.iter().map(told).chain(VTEX.iter().chain(ANYMARKET).map(told))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn config(erp: &str, hub: &str) -> Config {
        let text = format!(
            "[erp]\n{erp}\n[channels.hub]\nkind = \"anymarket\"\ntoken = {{ env = \"T\" }}\nsince = \"2026-11-01\"\n{hub}\n\
             [channels.loja]\nkind = \"vtex\"\naccount = \"a\"\napp_key = {{ env = \"K\" }}\napp_token = {{ env = \"T\" }}\n\
             since = \"2026-11-01\"\n"
        );
        Config::parse(std::path::Path::new("vaivem.toml"), &text).unwrap()
    }

    fn codes(findings: &[Finding]) -> Vec<&'static str> {
        let code = |finding: &Finding| match finding {
            Finding::Assumed { assumption, .. } => *assumption,
            other => panic!("{other:?}"),
        };
        findings.iter().map(code).collect()
    }

    const ECCOSYS_TOKEN: &str = "kind = \"eccosys\"\ntoken = { env = \"E\" }";

    #[test]
    fn an_assumption_is_told_while_it_is_in_use_and_not_proven() {
        let plain = config(ECCOSYS_TOKEN, "");
        let of =
            |config: &Config, proven: &[&'static str]| codes(&of_erp(&config.erp, &proven.iter().copied().collect()));
        assert!(of(&plain, &[]).contains(&TOKEN_SCHEME) && of(&plain, &[]).contains(&NUMBER_OC));
        assert!(!of(&plain, &[TOKEN_SCHEME]).contains(&TOKEN_SCHEME));
        assert!(!of(&plain, &[]).contains(&"payment_date") && !of(&plain, &[]).contains(&"stock_queue"));
        let all =
            config(&format!("{ECCOSYS_TOKEN}\npayment_date = true\nwrite_deliveries = true\nstock_queue = true"), "");
        for code in ["payment_date", "write_deliveries", "stock_queue"] {
            assert!(of(&all, &[]).contains(&code), "{code}");
        }
        assert_eq!(of(&config("kind = \"ledger\"", ""), &[]), Vec::<&str>::new());
    }

    #[test]
    fn a_hubs_settings_change_what_is_assumed() {
        let of = |hub: &str| codes(&of_channel(&config("kind = \"ledger\"", hub).channels[0]));
        let plain = of("stock = { warehouse = \"default\" }");
        for code in ["put_part", "default_location", "channel_reserves", "platform", "hub_rate"] {
            assert!(plain.contains(&code), "{code}");
        }
        let other = of(
            "put = \"whole\"\nxml = \"never\"\nfeed = \"off\"\nrequests_per_minute = 60\nstock = { enabled = false }",
        );
        assert_eq!(other, ["platform"]);
    }

    #[test]
    fn codes_are_told_apart() {
        let all = ECCOSYS.iter().map(|row| row.code).chain(VTEX.iter().chain(ANYMARKET).map(|row| row.code));
        let unique: BTreeSet<&str> = all.clone().collect();
        assert_eq!(unique.len(), all.count());
    }
}
