//! The words of every [`Finding`].

use std::path::Path;

use super::retold::retold;
use crate::check::files::What;
use crate::check::warehouses::Setting;
use crate::check::{Access, Finding, Kind, Level};
use crate::lang::{say, word};
use crate::model::ChannelName;

/// How much a finding matters, in a word.
pub fn level(level: Level) -> &'static str {
    match level {
        Level::Ok => "ok",
        Level::Verify => word!("verify" | "verificar"),
        Level::Warning => word!("warning" | "atenção"),
        Level::Problem => word!("problem" | "problema"),
    }
}

/// What was found, as a clause without a full stop.
pub fn finding(finding: &Finding) -> String {
    super::on_one_line(&clause(finding))
}

fn clause(finding: &Finding) -> String {
    match finding {
        Finding::Config { file, erp, channels } => {
            let channels: Vec<&str> = channels.iter().map(ChannelName::as_str).collect();
            let channel = if channels.len() == 1 { word!("channel" | "canal") } else { word!("channels" | "canais") };
            say!(
                "{} can be read: ERP {erp}, {channel} {}" | "{} pode ser lido: ERP {erp}, {channel} {}",
                shown(file),
                channels.join(", ")
            )
        }
        Finding::FilesPrivate { files } => {
            let files = many(*files, word!("file" | "arquivo"), word!("files" | "arquivos"));
            say!(
                "secrets, state file and ledger are their owner's alone ({files} looked at)"
                    | "segredos, arquivo de estado e ERP embutido são só do dono ({files} na conferência)"
            )
        }
        Finding::StateReady { file, version, orders } => {
            let orders = super::daily::orders(*orders);
            say!(
                "state file {}: version {version}, undamaged, {orders}"
                    | "arquivo de estado {}: versão {version}, sem danos, {orders}",
                shown(file)
            )
        }
        Finding::StateMissing { file } => {
            say!(
                "state file {}: not there yet; the first run makes it"
                    | "arquivo de estado {}: ainda não existe; a primeira execução o cria",
                shown(file)
            )
        }
        Finding::StateOlder { text } => retold(text),
        Finding::LedgerReady { file, products } => {
            let products = many(*products, word!("product" | "produto"), word!("products" | "produtos"));
            say!("ledger {}: {products}" | "ERP embutido {}: {products}", shown(file))
        }
        Finding::LedgerMissing { file } => {
            say!(
                "ledger {}: not there yet; the first run, or vaivem ledger import, makes it"
                    | "ERP embutido {}: ainda não existe; a primeira execução, ou vaivem ledger import, o cria",
                shown(file)
            )
        }
        Finding::FoldersReady { folders } => {
            let folders: Vec<String> = folders.iter().map(|folder| shown(folder)).collect();
            say!("documents are taken from {}" | "documentos são lidos de {}", folders.join(word!(" and " | " e ")))
        }
        Finding::DiskFree { folder, free_mb, percent } | Finding::DiskLow { folder, free_mb, percent } => {
            say!(
                "{} free ({percent} %) on the disk of {}" | "{} livres ({percent} %) no disco de {}",
                megabytes(*free_mb),
                shown(folder)
            )
        }
        Finding::LocalTime { local } => say!(
            "it is {local} in São Paulo by this machine's clock"
                | "são {local} em São Paulo pelo relógio desta máquina"
        ),
        Finding::Reached { channel, access } => {
            say!("{}: {} can be read" | "{}: é possível ler {}", side(channel.as_ref()), things(*access))
        }
        Finding::ClockRight { channel, seconds } => {
            say!(
                "{}: its clock and this machine's are {} s apart"
                    | "{}: o relógio dele e o desta máquina estão a {} s um do outro",
                side(channel.as_ref()),
                seconds.abs()
            )
        }
        Finding::ClockOff { channel, seconds, stops_cancelling } => say!(
            "this machine's clock is {} {} that of {}{}" | "o relógio desta máquina está {} {} relação ao de {}{}",
            apart(*seconds),
            if *seconds > 0 { word!("ahead of" | "adiantado em") } else { word!("behind" | "atrasado em") },
            match channel {
                Some(channel) => say!("channel {channel}" | "canal {channel}"),
                None => word!("the ERP" | "ERP").into(),
            },
            if *stops_cancelling {
                word!(
                    "; auto-cancel cancels nothing until it is right"
                        | "; o auto-cancel não cancela nada até ele ser acertado"
                )
            } else {
                ""
            }
        ),
        Finding::FeedReady { channel, always: true } => say!(
            "channel {channel}: the hub always has its order feed"
                | "canal {channel}: o hub sempre tem o feed de pedidos"
        ),
        Finding::FeedReady { channel, always: false } => {
            say!(
                "channel {channel}: the key's order feed is there and tells every status that is needed"
                    | "canal {channel}: o feed de pedidos da chave existe e informa todas as situações necessárias"
            )
        }
        Finding::FeedOff { channel } => {
            say!(
                "channel {channel}: the feed is off in the configuration; the list alone finds orders"
                    | "canal {channel}: o feed está desligado na configuração; só a lista acha pedidos"
            )
        }
        Finding::FeedCreated { channel } => {
            say!(
                "channel {channel}: the order feed was created; the list finds what happened before"
                    | "canal {channel}: o feed de pedidos foi criado; a lista acha o que houve antes"
            )
        }
        Finding::WarehousesThere { channel, warehouses } => {
            let named = warehouses.join(", ");
            match warehouses.len() {
                1 => say!("channel {channel}: it has warehouse {named}" | "canal {channel}: tem o depósito {named}"),
                _ => say!("channel {channel}: it has warehouses {named}" | "canal {channel}: tem os depósitos {named}"),
            }
        }
        Finding::MappingsKnown { channel, products, of } => {
            let asked = if products < of {
                say!("the first {products} of {of}" | "os primeiros {products} dos {of}")
            } else {
                say!("all {of}" | "todos os {of}")
            };
            say!(
                "channel {channel}: the ERP has {asked} products that [channels.{channel}.skus] maps to"
                    | "canal {channel}: o ERP tem {asked} produtos para os quais [channels.{channel}.skus] mapeia"
            )
        }
        Finding::RunsFine { channel, runs } => {
            let runs = many(*runs, word!("run" | "execução"), word!("runs" | "execuções"));
            say!(
                "channel {channel}: nothing to remark about its last {runs}"
                    | "canal {channel}: nada a observar na última amostra: {runs}"
            )
        }
        Finding::NoRunsYet { channel } => {
            say!("channel {channel}: no run yet" | "canal {channel}: nenhuma execução ainda")
        }
        Finding::LookupProven { channel, order } => {
            say!(
                "the ERP finds order {order} of channel {channel} by the store's number, and nothing else"
                    | "o ERP acha o pedido {order} do canal {channel} pelo número da loja, e nada mais"
            )
        }
        Finding::LookupEmptyProven => word!(
            "the ERP finds nothing for a store number that does not exist"
                | "o ERP não acha nada para um número da loja que não existe"
        )
        .into(),
        Finding::NobodyElse { orders, days, all } => say!(
            "nobody else brings the channels' orders into the ERP ({}{} of the last {days} days looked at)"
                | "ninguém mais traz os pedidos dos canais para o ERP ({}{} dos últimos {days} dias na conferência)",
            if *all { "" } else { word!("the first " | "os primeiros: ") },
            many(*orders, word!("order" | "pedido"), word!("orders" | "pedidos"))
        ),
        Finding::ConfigWrong { problem, .. } => retold(problem),
        Finding::SettingWrong { problem, .. } => retold(problem),
        Finding::FileOpen { what, file, mode, .. } => {
            let may = if *what == What::Config { word!("written to" | "alterado") } else { word!("read" | "lido") };
            say!(
                "{} {} can be {may} by others (mode {mode})" | "{} {} pode ser {may} por outros (modo {mode})",
                the(*what),
                shown(file)
            )
        }
        Finding::StateUnusable { problem } | Finding::LedgerUnusable { problem } => retold(problem),
        Finding::FolderUnusable { what, folder, problem } => {
            say!("{} {} cannot be used: {problem}" | "{} {} não pode ser usado: {problem}", the(*what), shown(folder))
        }
        Finding::MetricsReady { file } => say!("metrics are left in {}" | "as métricas ficam em {}", shown(file)),
        Finding::HeartbeatsReady { commands } => say!(
            "a heartbeat hears of {}; check does not call it" | "um sinal de vida acompanha {}; check não o chama",
            commands.join(", ")
        ),
        Finding::MetricsName { file } => say!(
            "no collector looks at the metrics file {}" | "nenhum coletor olha o arquivo de métricas {}",
            shown(file)
        ),
        Finding::HeartbeatUnusable { command, problem } => {
            say!("nobody will hear of {command}: {problem}" | "ninguém vai saber de {command}: {problem}")
        }
        Finding::EmptyLedger => word!(
            "the ledger has no products, so every order is held"
                | "o ERP embutido não tem produtos, então todo pedido fica retido"
        )
        .into(),
        Finding::AnyIssuer { channel } => say!(
            "channel {channel}: invoices of any issuer are sent"
                | "canal {channel}: são enviadas notas de qualquer emitente"
        ),
        Finding::TestInvoices { channel } => {
            say!(
                "channel {channel}: invoices of SEFAZ's test environment are sent (allow_test)"
                    | "canal {channel}: são enviadas notas do ambiente de homologação da SEFAZ (allow_test)"
            )
        }
        Finding::KeyMissing { problem, .. } => retold(problem),
        Finding::KeyRefused { channel, problem, .. } => format!("{}: {problem}", side(channel.as_ref())),
        Finding::SchemeWrong { sent, accepted } => {
            say!(
                "the ERP refuses the token sent {sent} and accepts it sent {accepted}"
                    | "o ERP recusa o token enviado {sent} e o aceita enviado {accepted}"
            )
        }
        Finding::RightMissing { channel, access, problem, .. } => {
            say!(
                "{}: {} cannot be read: {problem}" | "{}: não é possível ler {}: {problem}",
                side(channel.as_ref()),
                things(*access)
            )
        }
        Finding::Unreachable { channel, problem, .. } => {
            say!("{} cannot be reached: {problem}" | "não há acesso a {}: {problem}", side(channel.as_ref()))
        }
        Finding::AnswerOdd { channel, access, problem } => {
            say!(
                "{}: asked for {}, it gave an answer of no use: {problem}"
                    | "{}: ao pedir {}, veio uma resposta inútil: {problem}",
                side(channel.as_ref()),
                things(*access)
            )
        }
        Finding::FeedMissing { channel, .. } => {
            say!(
                "channel {channel}: the key has no order feed, so new orders are found by the list alone, minutes \
                 late"
                    | "canal {channel}: a chave não tem feed de pedidos, então pedidos novos só são achados pela \
                       lista, com minutos de atraso"
            )
        }
        Finding::FeedForeign { channel, problem } => {
            say!(
                "channel {channel}: the key's order feed is not as vaivem needs it ({problem}); another program may \
                 use it"
                    | "canal {channel}: o feed de pedidos da chave não está como o vaivem precisa ({problem}); outro \
                       programa pode usá-lo"
            )
        }
        Finding::WarehouseMissing { channel, warehouse, there, .. } => {
            let there = if there.is_empty() { word!("none at all" | "nenhum").to_owned() } else { there.join(", ") };
            say!(
                "channel {channel}: it has no warehouse `{warehouse}`; it has {there}"
                    | "canal {channel}: não tem o depósito `{warehouse}`; tem {there}"
            )
        }
        Finding::WarehouseInactive { channel, warehouse } => {
            say!(
                "channel {channel}: its warehouse `{warehouse}` is switched off there, so nothing is sold from it"
                    | "canal {channel}: o depósito `{warehouse}` está desativado lá, então nada é vendido dele"
            )
        }
        Finding::ErpWarehouseMissing { channel, warehouse, there, .. } => say!(
            "channel {channel}: the ERP has no warehouse `{warehouse}`, so orders from there are held and its stock \
             is told to nobody; it has {}"
                | "canal {channel}: o ERP não tem o depósito `{warehouse}`, então pedidos dele ficam retidos e o \
                   estoque dele não é informado a ninguém; tem {}",
            there.join(", ")
        ),
        Finding::MappingUnknown { channel, channel_sku, sku } => {
            say!(
                "channel {channel}: product {channel_sku} is mapped to `{sku}`, which the ERP does not have"
                    | "canal {channel}: o produto {channel_sku} está mapeado para `{sku}`, que o ERP não tem"
            )
        }
        Finding::StockSkuUnknown { channel, list, sku } => {
            say!(
                "channel {channel}: `{list}` of its stock names `{sku}`, which the ERP does not have, so that says \
                 nothing of any product"
                    | "canal {channel}: `{list}` do estoque menciona `{sku}`, que o ERP não tem, então não vale para \
                       produto nenhum"
            )
        }
        Finding::ProductUnmapped { channel, channel_sku, tried, name, orders, example } => {
            let code = match tried {
                Some(code) => say!("its code `{code}` is not in the ERP" | "o código dele, `{code}`, não está no ERP"),
                None => word!("it carries no reference code" | "ele não tem código de referência").into(),
            };
            say!(
                "channel {channel}: {} for product {channel_sku} ({name}): {code}"
                    | "canal {channel}: {} por causa do produto {channel_sku} ({name}): {code}",
                wait(*orders, example.as_str())
            )
        }
        Finding::CarrierUnmapped { channel, carrier, orders, example } => {
            say!(
                "channel {channel}: {} for carrier `{carrier}`, which is not mapped"
                    | "canal {channel}: {} por causa da transportadora `{carrier}`, que não está mapeada",
                wait(*orders, example.as_str())
            )
        }
        Finding::CutoffAhead { channel, day } => {
            say!(
                "channel {channel}: its cut-off date {day} is still to come, and until then no order is imported"
                    | "canal {channel}: a data de corte {day} ainda não chegou, e até lá nenhum pedido é importado"
            )
        }
        Finding::NoCarrier { channel } => {
            say!(
                "channel {channel}: no carrier is mapped and there is no default_carrier, so orders with delivery \
                 are held"
                    | "canal {channel}: nenhuma transportadora está mapeada e não há default_carrier, então pedidos \
                       com entrega ficam retidos"
            )
        }
        Finding::RunsTooLong { channel, pass, runs, seconds, apart: gap } => say!(
            "channel {channel}: the last {runs} runs of {pass} took {} on average and began {} after one another: \
             they run into each other"
                | "canal {channel}: as últimas {runs} execuções de {pass} levaram em média {} e começaram a cada {}: \
                   atropelam-se",
            apart(*seconds),
            apart(*gap)
        ),
        Finding::RunsEndEarly { channel, pass, exit, count, runs } => {
            say!(
                "channel {channel}: {count} of the last {runs} runs of {pass} did not come to their end ({exit})"
                    | "canal {channel}: {count} das últimas {runs} execuções de {pass} não chegaram ao fim ({exit})"
            )
        }
        Finding::NoCompleteRun { channel, since: Some(since) } => {
            say!(
                "channel {channel}: import-orders last came to its end at {since}, more than a day ago"
                    | "canal {channel}: o import-orders chegou ao fim pela última vez em {since}, há mais de um dia"
            )
        }
        Finding::NoCompleteRun { channel, since: None } => {
            say!(
                "channel {channel}: import-orders has run for more than a day and never came to its end"
                    | "canal {channel}: o import-orders é executado há mais de um dia e nunca chegou ao fim"
            )
        }
        Finding::StrangerChannel { channel, orders, last } => say!(
            "the state file has {} of a channel `{channel}` that this configuration does not name (last seen {last})"
                | "o arquivo de estado tem {} de um canal `{channel}` que esta configuração não menciona (visto por \
                   último em {last})",
            super::daily::orders(*orders)
        ),
        Finding::StrangerHost { host } => {
            say!(
                "the state file was used with {host}, which this configuration does not name"
                    | "o arquivo de estado foi usado com {host}, que esta configuração não menciona"
            )
        }
        Finding::LookupBlind { channel, order, erp_id } => {
            say!(
                "the ERP finds nothing under the store number {order} of channel {channel}, though it has that order \
                 (id {erp_id})"
                    | "o ERP não acha nada com o número da loja {order} do canal {channel}, embora tenha esse pedido \
                       (id {erp_id})"
            )
        }
        Finding::LookupOther { order, erp_id, found, .. } => {
            say!(
                "under the store number {order} the ERP finds order id {}, linked is id {erp_id}"
                    | "com o número da loja {order} o ERP acha o pedido de id {}, e o vinculado é o de id {erp_id}",
                found.join(", ")
            )
        }
        Finding::LookupLoose { rows } => {
            let rows = many(*rows, word!("order" | "pedido"), word!("orders" | "pedidos"));
            say!(
                "asked for a store number that does not exist, the ERP gave {rows}"
                    | "consultado um número da loja que não existe, o ERP deu {rows}"
            )
        }
        Finding::OrderedTwice { orders, examples } => {
            let stand = many(
                *orders,
                word!("store number stands" | "número da loja está"),
                word!("store numbers stand" | "números da loja estão"),
            );
            say!(
                "{stand} on several living orders of the ERP: {}" | "{stand} em vários pedidos ativos do ERP: {}",
                named(examples, *orders)
            )
        }
        Finding::MadeElsewhere { orders: 1, examples } => say!(
            "1 order of the channels was put into the ERP by somebody else: {}"
                | "1 pedido dos canais foi posto no ERP por outro: {}",
            named(examples, 1)
        ),
        Finding::MadeElsewhere { orders, examples } => say!(
            "{orders} orders of the channels were put into the ERP by somebody else: {}"
                | "{orders} pedidos dos canais foram postos no ERP por outro: {}",
            named(examples, *orders)
        ),
        Finding::Assumed { channel, says, setting, .. } => {
            let setting = if setting.is_empty() { String::new() } else { format!(" ({setting})") };
            format!("{}: {says}{setting}", side(channel.as_ref()))
        }
    }
}

/// What to do about it; `None` where nothing is to be done.
pub fn remedy(finding: &Finding) -> Option<String> {
    remedy_clause(finding).map(|text| super::on_one_line(&text))
}

fn remedy_clause(finding: &Finding) -> Option<String> {
    Some(match finding {
        Finding::ConfigWrong { remedy, .. } => remedy.clone(),
        Finding::FileOpen { file, wanted, .. } => say!("chmod {wanted} {}" | "chmod {wanted} {}", shown(file)),
        Finding::FolderUnusable { what: What::Inbox, .. } => word!(
            "make the folder, or correct `inbox` in the configuration, and let the user that cron runs vaivem as \
                 write there"
                | "crie a pasta, ou corrija `inbox` na configuração, e deixe o usuário do cron gravar ali"
        )
        .into(),
        Finding::FolderUnusable { what: What::Metrics, .. } => word!(
            "make the folder, or correct metrics_file in [monitoring], and let the user that cron runs vaivem as \
                 write there"
                | "crie a pasta, ou corrija metrics_file em [monitoring], e deixe o usuário do cron gravar ali"
        )
        .into(),
        Finding::MetricsName { .. } => {
            word!("give it a name that ends in .prom" | "dê a ele um nome que termine em .prom").into()
        }
        Finding::HeartbeatUnusable { .. } => word!(
            "put the address that the watcher gave you there: cron does not read your shell's files"
                | "ponha ali o endereço que o serviço lhe deu: o cron não lê os arquivos do seu shell"
        )
        .into(),
        Finding::FolderUnusable { .. } => word!(
            "make the folder, and let the user that cron runs vaivem as write there: files are made beside the \
                 state file, too"
                | "crie a pasta, e deixe o usuário do cron gravar ali: há arquivos criados ao lado do arquivo de \
                       estado também"
        )
        .into(),
        Finding::DiskLow { .. } => word!(
            "free space: on a full disk nothing can be noted any more, so every run ends before it does anything"
                | "libere espaço: com o disco cheio nada mais pode ser gravado, então toda execução termina \
                       antes de fazer algo"
        )
        .into(),
        Finding::EmptyLedger => word!(
            "bring in a stock sheet: vaivem ledger import FILE.csv"
                | "traga uma planilha de estoque: vaivem ledger import ARQUIVO.csv"
        )
        .into(),
        Finding::AnyIssuer { .. } => word!(
            "list the store's CNPJs: issuers = [\"…\"] in [erp]" | "liste os CNPJs da loja: issuers = [\"…\"] em [erp]"
        )
        .into(),
        Finding::TestInvoices { channel } => {
            say!(
                "remove allow_test from [channels.{channel}.invoices] before the first real sale"
                    | "remova allow_test de [channels.{channel}.invoices] antes da primeira venda real"
            )
        }
        Finding::KeyMissing { .. } => word!(
            "set it where vaivem runs: cron does not read your shell's files, so put the variable into the \
                 crontab or the secret into a file of mode 0600"
                | "defina-a onde o vaivem é executado: o cron não lê os arquivos do seu shell, então ponha a \
                       variável no crontab ou o segredo em um arquivo de modo 0600"
        )
        .into(),
        Finding::KeyRefused { kind, from, .. } => format!("{} ({})", refused_key(*kind), from.join(", ")),
        Finding::SchemeWrong { accepted, .. } => {
            say!("write token_scheme = \"{accepted}\" in [erp]" | "escreva token_scheme = \"{accepted}\" em [erp]")
        }
        Finding::RightMissing { kind, access, .. } => missing_right(*kind, *access),
        Finding::Unreachable { limited: true, .. } => word!(
            "wait until then; who else calls with this key or account? requests_per_minute slows vaivem down"
                | "espere até lá; quem mais usa esta chave ou conta? requests_per_minute desacelera o vaivem"
        )
        .into(),
        Finding::Unreachable { .. } => word!(
            "check this machine's network and the address in the configuration; passes go on by themselves when \
                 it is back"
                | "confira a rede desta máquina e o endereço na configuração; as rotinas seguem sozinhas quando \
                       voltar"
        )
        .into(),
        Finding::AnswerOdd { .. } => word!(
            "check the address in the configuration (account, base_url): it may lead to something else than the \
                 API"
                | "confira o endereço na configuração (account, base_url): pode levar a outra coisa que não a API"
        )
        .into(),
        Finding::ClockOff { .. } => word!(
            "set the clock by NTP (timedatectl set-ntp true); due dates and the sweep of orders go by it"
                | "acerte o relógio por NTP (timedatectl set-ntp true); vencimentos e a varredura de pedidos \
                   dependem dele"
        )
        .into(),
        Finding::FeedMissing { channel, to_be_created: true } => {
            say!(
                "the next vaivem import-orders creates it, or now: vaivem check --channel {channel} --fix"
                    | "o próximo vaivem import-orders o cria, ou já: vaivem check --channel {channel} --fix"
            )
        }
        Finding::FeedMissing { channel, to_be_created: false } => {
            say!(
                "set feed = \"create\" in [channels.{channel}], or once: vaivem check --channel {channel} --fix"
                    | "defina feed = \"create\" em [channels.{channel}], ou uma vez: vaivem check --channel \
                       {channel} --fix"
            )
        }
        Finding::FeedForeign { .. } => word!(
            "give vaivem a key of its own in VTEX Admin: there is one feed for each key, and vaivem never \
                 changes another's"
                | "dê ao vaivem uma chave só dele no VTEX Admin: há um feed por chave, e o vaivem nunca altera o \
                       de outro"
        )
        .into(),
        Finding::WarehouseMissing { channel, setting, near, .. } => {
            let place = match setting {
                Setting::Stock => {
                    say!("`warehouse` in [channels.{channel}.stock]" | "`warehouse` em [channels.{channel}.stock]")
                }
                Setting::Warehouses => format!("[channels.{channel}.warehouses]"),
            };
            match near {
                Some(near) => say!(
                    "write `{near}` in {place}: case and blanks count"
                        | "escreva `{near}` em {place}: maiúsculas e espaços contam"
                ),
                None => say!(
                    "correct {place}: it takes the id, of which case counts, and not the name"
                        | "corrija {place}: vale o id, com maiúsculas e minúsculas, e não o nome"
                ),
            }
        }
        Finding::WarehouseInactive { channel, .. } => {
            say!(
                "switch it on there, or take it out of [channels.{channel}.warehouses]"
                    | "ative-o lá, ou tire-o de [channels.{channel}.warehouses]"
            )
        }
        Finding::ErpWarehouseMissing { channel, near, .. } => match near {
            Some(near) => say!(
                "write `{near}` in [channels.{channel}.warehouses]: case counts"
                    | "escreva `{near}` em [channels.{channel}.warehouses]: maiúsculas contam"
            ),
            None => say!(
                "correct [channels.{channel}.warehouses], or bring in a stock sheet that names it (column deposito): \
                 vaivem ledger import FILE.csv"
                    | "corrija [channels.{channel}.warehouses], ou traga uma planilha de estoque que o cite (coluna \
                       deposito): vaivem ledger import ARQUIVO.csv"
            ),
        },
        Finding::MappingUnknown { channel, .. } => {
            say!(
                "correct the code in [channels.{channel}.skus], or create the product in the ERP; its orders are \
                 held until then"
                    | "corrija o código em [channels.{channel}.skus], ou cadastre o produto no ERP; até lá os \
                       pedidos dele ficam retidos"
            )
        }
        Finding::StockSkuUnknown { channel, list, .. } => say!(
            "correct the code in `{list}` of [channels.{channel}.stock], as the ERP writes it, or take it out"
                | "corrija o código em `{list}` de [channels.{channel}.stock], como o ERP o escreve, ou retire-o"
        ),
        Finding::ProductUnmapped { channel, channel_sku, .. } => say!(
            "create the product in the ERP under that code, or add \"{channel_sku}\" = \"the ERP's code\" to \
             [channels.{channel}.skus]; the next run goes on by itself"
                | "cadastre o produto no ERP com esse código, ou acrescente \"{channel_sku}\" = \"código no ERP\" em \
                   [channels.{channel}.skus]; a próxima execução segue sozinha"
        ),
        Finding::CarrierUnmapped { channel, carrier, .. } => {
            say!(
                "add \"{carrier}\" = \"the ERP's name\" to [channels.{channel}.carriers], or set default_carrier"
                    | "acrescente \"{carrier}\" = \"nome no ERP\" em [channels.{channel}.carriers], ou defina \
                       default_carrier"
            )
        }
        Finding::CutoffAhead { channel, .. } => say!(
            "correct `since` in [channels.{channel}], unless the store begins on that day"
                | "corrija `since` em [channels.{channel}], a não ser que a loja comece nesse dia"
        ),
        Finding::NoCarrier { channel } => {
            say!("set default_carrier in [channels.{channel}]" | "defina default_carrier em [channels.{channel}]")
        }
        Finding::RunsTooLong { .. } => word!(
            "let cron start it less often, or raise requests_per_minute and in_flight if the platform allows; a \
                 run that finds another active ends with exit code 11 and does nothing"
                | "deixe o cron iniciá-la com menos frequência, ou aumente requests_per_minute e in_flight se a \
                       plataforma permitir; uma execução que acha outra ativa termina com código 11 e não faz nada"
        )
        .into(),
        Finding::RunsEndEarly { exit, .. } => match exit.as_str() {
            "time_budget" => word!(
                "give it more time (--max-duration), or let cron start it less often; the next run goes on where it \
                 stopped"
                    | "dê mais tempo (--max-duration), ou deixe o cron iniciá-la com menos frequência; a próxima \
                       execução continua de onde parou"
            )
            .into(),
            "guard" => word!(
                "look at what the guard says (run it by hand) and confirm or correct it: until then that pass does \
                 nothing"
                    | "veja o que a trava diz (execute à mão) e confirme ou corrija: até lá essa rotina não faz nada"
            )
            .into(),
            "locked" => word!("let cron start it less often" | "deixe o cron iniciá-la com menos frequência").into(),
            _ => word!(
                "look at the log: the platform was down, or limited the calls; requests_per_minute slows vaivem down"
                    | "veja o log: a plataforma estava fora do ar, ou limitou as chamadas; requests_per_minute \
                       desacelera o vaivem"
            )
            .into(),
        },
        Finding::NoCompleteRun { channel, .. } => {
            say!(
                "run it by hand and read how it ends: vaivem -v import-orders --channel {channel}; is it in the \
                 crontab?"
                    | "execute à mão e leia como termina: vaivem -v import-orders --channel {channel}; está no \
                       crontab?"
            )
        }
        Finding::StrangerChannel { channel, .. } => say!(
            "was the channel renamed? Give it its name `{channel}` back, or its orders are looked after by nobody. \
             If it is another configuration's, give each a state file of its own (`state`)"
                | "o canal foi renomeado? Devolva-lhe o nome `{channel}`, ou ninguém cuida dos pedidos dele. Se é de \
                   outra configuração, dê a cada uma um arquivo de estado próprio (`state`)"
        ),
        Finding::StrangerHost { .. } => word!(
            "if that was a sandbox or another account, give this configuration a state file of its own \
                 (`state`): orders of two accounts under one channel are taken for one another"
                | "se era um sandbox ou outra conta, dê a esta configuração um arquivo de estado próprio \
                       (`state`): pedidos de duas contas no mesmo canal se confundem"
        )
        .into(),
        Finding::LookupBlind { .. } | Finding::LookupOther { .. } | Finding::LookupLoose { .. } => word!(
            "stop vaivem's import-orders: without this look-up an order whose answer was lost is created again. \
                 Compare that order's numeroDaOrdemDeCompra in Eccosys, and ask its support about GET \
                 /pedidos/numeroOC=NUMBER"
                | "pare o import-orders do vaivem: sem essa consulta, um pedido cuja resposta se perdeu é criado \
                       de novo. Compare o numeroDaOrdemDeCompra desse pedido no Eccosys, e pergunte ao suporte sobre \
                       GET /pedidos/numeroOC=NÚMERO"
        )
        .into(),
        Finding::OrderedTwice { .. } => word!(
            "cancel all but one of each in the ERP, before they are invoiced and sent twice; and find out who \
                 made the others"
                | "cancele no ERP todos menos um de cada, antes que sejam faturados e enviados em dobro; e \
                       descubra quem criou os outros"
        )
        .into(),
        Finding::MadeElsewhere { .. } => word!(
            "switch the order import of Eccosys' own connector for this channel off (and any other integration): \
                 two of them do everything twice"
                | "desligue a importação de pedidos do conector do próprio Eccosys para este canal (e qualquer \
                       outra integração): duas fazem tudo em dobro"
        )
        .into(),
        Finding::Assumed { how, .. } => (*how).into(),
        _ => return None,
    })
}

fn refused_key(kind: Kind) -> &'static str {
    match kind {
        Kind::Vtex => {
            word!(
                "compare key and token with VTEX Admin, Account settings, Application keys: the token is shown once, \
                 when it is made; is the account the right one?"
                    | "compare chave e token com o VTEX Admin, Configurações da conta, Chaves de aplicação: o token \
                       só aparece uma vez, ao ser criado; a conta é a certa?"
            )
        }
        Kind::Anymarket => {
            word!(
                "compare the token with the one that the hub's support gave for this environment: the sandbox has \
                 another than production"
                    | "compare o token com o que o suporte do hub deu para este ambiente: o sandbox tem outro que \
                       não o de produção"
            )
        }
        Kind::EccosysBearer => {
            word!(
                "the token was sent as Bearer, and without it was refused as well: ask Eccosys for a token of this \
                 company, or use user_token, or api_key with api_secret"
                    | "o token foi enviado como Bearer, e sem isso também foi recusado: peça ao Eccosys um token \
                       desta empresa, ou use user_token, ou api_key com api_secret"
            )
        }
        Kind::EccosysRaw => {
            word!(
                "the token was sent raw, and as Bearer was refused as well: ask Eccosys for a token of this company, \
                 or use user_token, or api_key with api_secret"
                    | "o token foi enviado puro, e como Bearer também foi recusado: peça ao Eccosys um token desta \
                       empresa, ou use user_token, ou api_key com api_secret"
            )
        }
        Kind::EccosysKey => {
            word!(
                "compare api_key and api_secret; the signature goes by today's date in São Paulo, so the machine's \
                 clock must be right; newer accounts have a token instead"
                    | "compare api_key e api_secret; a assinatura usa a data de hoje em São Paulo, então o relógio \
                       da máquina precisa estar certo; contas mais novas têm um token"
            )
        }
        Kind::EccosysUser => word!(
            "the user's token may have run out: log in as that user and take a new one; or use token"
                | "o token do usuário pode ter expirado: entre com esse usuário e gere um novo; ou use token"
        ),
        Kind::Ledger => word!("the embedded ERP asks nobody" | "o ERP embutido não pergunta a ninguém"),
    }
}

fn missing_right(kind: Kind, access: Access) -> String {
    let right = match (kind, access) {
        (Kind::Vtex, Access::Orders) => "View order and List orders",
        (Kind::Vtex, Access::Feed | Access::FeedCreation) => "Feed v3 and Hook Admin",
        (Kind::Vtex, Access::Warehouses) => "Logistics full access",
        (Kind::Vtex, _) => word!("reading access to the catalogue" | "leitura do catálogo"),
        (_, Access::CollectionOrders) => {
            return word!(
                "use user_token in [erp], a named user's token; or set collection_orders = false: then they are not \
                 told to the channels"
                    | "use user_token em [erp], o token de um usuário; ou defina collection_orders = false: então \
                       não são informadas aos canais"
            )
            .into();
        }
        _ => {
            return word!(
                "ask the ERP's support which rights this token has"
                    | "pergunte ao suporte do ERP que direitos este token tem"
            )
            .into();
        }
    };
    say!(
        "give the key's role {right} (VTEX Admin, Account settings, Roles)"
            | "dê ao perfil da chave {right} (VTEX Admin, Configurações da conta, Perfis)"
    )
}

fn side(channel: Option<&ChannelName>) -> String {
    channel.map_or_else(|| word!("the ERP" | "ERP").to_owned(), |channel| say!("channel {channel}" | "canal {channel}"))
}

/// A path without the dot that it may begin with.
fn shown(path: &Path) -> String {
    path.strip_prefix(".").unwrap_or(path).display().to_string()
}

fn things(access: Access) -> &'static str {
    match access {
        Access::Orders => word!("orders" | "os pedidos"),
        Access::Feed => word!("the order feed's configuration" | "a configuração do feed de pedidos"),
        Access::FeedCreation => word!("the new order feed" | "o novo feed de pedidos"),
        Access::Warehouses => word!("warehouses" | "os depósitos"),
        Access::Products => word!("products" | "os produtos"),
        Access::CollectionOrders => word!("collection orders" | "as ordens de coleta"),
    }
}

fn the(what: What) -> &'static str {
    match what {
        What::Config => word!("the configuration" | "o arquivo de configuração"),
        What::Secret => word!("the secret" | "o arquivo de segredo"),
        What::State => word!("the state file" | "o arquivo de estado"),
        What::Ledger => word!("the ledger" | "o arquivo do ERP embutido"),
        What::Folder => word!("the folder" | "o diretório"),
        What::Inbox => word!("the folder for documents" | "o diretório de documentos"),
        What::Metrics => word!("the folder for metrics" | "o diretório de métricas"),
    }
}

fn wait(orders: usize, example: &str) -> String {
    match orders {
        1 => say!("order {example} waits" | "o pedido {example} aguarda"),
        more => say!("{more} orders wait (such as {example})" | "{more} pedidos aguardam (como {example})"),
    }
}

fn named(examples: &[String], of: usize) -> String {
    let more = if examples.len() < of { ", …" } else { "" };
    format!("{}{more}", examples.join(", "))
}

fn apart(seconds: i64) -> String {
    match seconds.abs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds => format!("{} min", (seconds + 30) / 60),
    }
}

fn megabytes(mb: u64) -> String {
    if mb < 10_000 { format!("{mb} MB") } else { format!("{} GB", mb / 1_000) }
}

fn many(number: usize, one: &str, several: &str) -> String {
    super::daily::count(i64::try_from(number).unwrap_or(i64::MAX), one, several)
}
