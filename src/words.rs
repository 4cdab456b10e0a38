//! The words people read for every [`Reason`] and [`Warning`], in both languages, apart from the code that decides.
//!
//! A message is written with [`say!`] or [`word!`](crate::lang), its two languages side by side. The build collects them all into one
//! catalogue, by which [`retold`] tells in Portuguese what was kept in English.

pub mod accounts;
pub mod cancel_desk;
pub mod check;
pub mod daily;
pub mod explain;
pub mod help;
pub mod metrics;
pub mod privacy;
pub mod reconcile;
pub mod report;
pub mod retold;
pub mod support_bundle;
pub mod terms;
pub mod timeline;

use self::retold::retold;
use crate::erp::UNSURE;
use crate::exit::Exit;
use crate::lang::{date, day, moment, say, word};
use crate::model::{ChannelName, Claimant, StockParts};
use crate::reason::{Changed, Reason};
use crate::report::Warning;

/// What happened, as a clause without a full stop.
pub fn reason(reason: &Reason) -> String {
    on_one_line(&clause(reason))
}

/// What is named in a list.
fn listed(codes: &[String]) -> String {
    codes.iter().map(|code| terms::field(code)).collect::<Vec<_>>().join(", ")
}

/// Names and words from outside may hold line breaks or escape codes, which would break output and terminal.
pub fn on_one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// What changed of a plan's facts. Those that may hold personal data are known by a digest alone, which tells nobody anything.
fn change(Changed { fact, was, is }: &Changed) -> String {
    let [was, is] = [was, is].map(|value| if value == "none" { word!("none" | "nenhum") } else { value.as_str() });
    match fact.as_str() {
        "channel_order" => word!("the order changed on the channel" | "o pedido mudou no canal").into(),
        "erp_order" => word!("the order changed in the ERP" | "o pedido mudou no ERP").into(),
        "outgoing" => word!("invoices or parcels changed in the ERP" | "notas ou volumes mudaram no ERP").into(),
        "journal" => word!("something was sent for it" | "algo foi enviado para ele").into(),
        "actions" => say!(
            "the configuration or the time leads to something else: {is} instead of {was}"
                | "a configuração ou a hora levam a outra coisa: {is} em vez de {was}"
        ),
        _ => say!("{} was {was} and is {is}" | "{}: era {was}, agora é {is}", terms::fact(fact)),
    }
}

fn clause(reason: &Reason) -> String {
    match reason {
        Reason::BeingBuilt { raw } => {
            say!("the channel is still building it (`{raw}`)" | "o canal ainda está montando o pedido (`{raw}`)")
        }
        Reason::AwaitingPayment { method, due: Some(due) } => {
            say!(
                "waiting for payment by {}, due {}" | "aguardando pagamento ({}), com vencimento em {}",
                terms::method(*method),
                day(*due)
            )
        }
        Reason::AwaitingPayment { method, due: None } => {
            say!("waiting for payment by {}" | "aguardando pagamento ({})", terms::method(*method))
        }
        Reason::UnderReview => word!("its payment is under review" | "pagamento em análise").into(),
        Reason::GracePeriod { raw } => {
            say!("paid, in the channel's grace period (`{raw}`)" | "pago, no período de carência do canal (`{raw}`)")
        }
        Reason::BeforeCutoff { cutoff } => {
            say!("created before the cut-off date {}" | "criado antes da data de corte, {}", date(*cutoff))
        }
        Reason::FulfilledByMarketplace => word!(
            "the marketplace sends it from a warehouse of its own, or another seller does"
                | "quem envia é o marketplace, de um depósito próprio, ou outro vendedor"
        )
        .into(),
        Reason::FulfillmentUndecided => word!(
            "the marketplace sends it from a warehouse of its own, or another seller does, and nothing says what to do \
             about such orders"
                | "quem envia é o marketplace, de um depósito próprio, ou outro vendedor, e nada diz o que fazer com \
                   esses pedidos"
        )
        .into(),
        Reason::FinishedElsewhere { raw } => {
            say!("already `{raw}` when first seen" | "já estava `{raw}` quando foi visto pela primeira vez")
        }
        Reason::CancelledOnChannel { raw } => {
            say!("cancelled on the channel (`{raw}`)" | "cancelado no canal (`{raw}`)")
        }
        Reason::StatusUnknown { raw } => say!(
            "the channel says `{raw}`, a status vaivem does not know"
                | "o canal informa `{raw}`, uma situação que o vaivem não conhece"
        ),
        Reason::ErpStatusUnknown { raw } => say!(
            "the ERP says `{raw}`, a situation nobody has named"
                | "o ERP informa `{raw}`, uma situação que ninguém nomeou"
        ),
        Reason::Unreadable { at, problem } => say!(
            "the channel's answer cannot be used: {} (at `{at}`)"
                | "a resposta do canal não pode ser usada: {} (em `{at}`)",
            retold(problem)
        ),
        Reason::NotOnChannel => word!("the channel does not have this order" | "o canal não tem este pedido").into(),
        Reason::SkusUnmapped { skus } => {
            let names: Vec<String> = skus
                .iter()
                .map(|sku| match &sku.tried {
                    Some(code) => say!(
                        "`{code}` (channel SKU {}, {})" | "`{code}` (SKU do canal {}, {})",
                        sku.channel_sku,
                        sku.name
                    ),
                    None => say!(
                        "channel SKU {} ({}), which carries no reference code"
                            | "o SKU do canal {} ({}), que não tem código de referência",
                        sku.channel_sku,
                        sku.name
                    ),
                })
                .collect();
            say!("the ERP does not know {}" | "o ERP não conhece {}", names.join(", "))
        }
        Reason::CarrierUnmapped { carrier } => {
            say!("carrier `{carrier}` is not mapped" | "a transportadora `{carrier}` não está mapeada")
        }
        Reason::TotalsDiffer { parts, total } => {
            say!("its parts add up to {parts}, its total is {total}" | "a soma das partes é {parts}, o total é {total}")
        }
        Reason::TaxIdInvalid { problem } => say!(
            "the customer's CPF or CNPJ cannot be used: {}" | "o CPF ou CNPJ do cliente não pode ser usado: {}",
            retold(problem)
        ),
        Reason::AddressIncomplete { missing } => {
            say!("the address lacks {}" | "falta no endereço: {}", listed(missing))
        }
        Reason::CancelAnnounced { raw } => say!(
            "a cancellation was announced, but the order says `{raw}`"
                | "foi anunciado um cancelamento, mas o pedido está `{raw}`"
        ),
        Reason::CancelledAfterInvoice => word!(
            "cancelled on the channel, but the ERP has an invoice" | "cancelado no canal, mas o ERP tem nota fiscal"
        )
        .into(),
        Reason::PaidAfterCancellation { amount, method } => {
            say!(
                "{amount} paid by {}, but the order is cancelled"
                    | "{amount} pagos por {}, mas o pedido está cancelado",
                terms::method(*method)
            )
        }
        Reason::CancelledInErpOnly { raw } => {
            say!(
                "cancelled in the ERP, but `{raw}` on the channel, and not to be cancelled from here as it stands"
                    | "cancelado no ERP, mas `{raw}` no canal, e daqui não pode ser cancelado como está"
            )
        }
        Reason::MarketplaceMustCancel { marketplace } => {
            say!(
                "cancelled in the ERP, but sold through {marketplace}, where only a person may cancel it"
                    | "cancelado no ERP, mas vendido por {marketplace}, onde só uma pessoa pode cancelar"
            )
        }
        Reason::CancelRefused { raw, message } => say!(
            "the channel does not cancel it (`{raw}`): {}" | "o canal não cancela o pedido (`{raw}`): {}",
            retold(message)
        ),
        Reason::DeadlineAhead { cancel_from } => {
            say!(
                "not cancelled before {} if nobody pays" | "não será cancelado antes de {} se ninguém pagar",
                moment(*cancel_from)
            )
        }
        Reason::DeadlinePassed { method, due } => say!(
            "not paid: its {} was due {}" | "não pago: o vencimento ({}) era {}",
            terms::method(*method),
            day(*due)
        ),
        Reason::CancelledInErp => word!("cancelled in the ERP" | "cancelado no ERP").into(),
        Reason::CancelPlanned { why } => say!("{}; it is to be cancelled" | "{}; será cancelado", self::reason(why)),
        Reason::AutoCancelOff { why } => {
            say!(
                "{}; it would be cancelled if that were switched on"
                    | "{}; seria cancelado se o cancelamento automático estivesse ligado",
                self::reason(why)
            )
        }
        Reason::NotUnpaid { channel, erp: Some(erp) } => {
            say!(
                "not waiting for payment: the channel says {}, the ERP {}"
                    | "não está aguardando pagamento: no canal está {}, no ERP {}",
                terms::status(channel),
                terms::status(erp)
            )
        }
        Reason::NotUnpaid { channel, erp: None } => say!(
            "not waiting for payment: the channel says {}" | "não está aguardando pagamento: no canal está {}",
            terms::status(channel)
        ),
        Reason::PaymentUnsure { raw } if raw.is_empty() => {
            word!("the channel tells nothing of its payment" | "o canal não informa nada do pagamento").into()
        }
        Reason::PaymentUnsure { raw } => say!(
            "its payment is `{raw}`, which is not clearly unpaid"
                | "o pagamento está `{raw}`, o que não é claramente não pago"
        ),
        Reason::SeveralPayments { count } => {
            say!("{count} payments, of which one may be paid" | "{count} pagamentos, e algum deles pode estar pago")
        }
        Reason::MethodNotCancelled { method } => say!(
            "orders by {} are not cancelled automatically" | "pedidos com {} não são cancelados automaticamente",
            terms::method(*method)
        ),
        Reason::MarketplaceDecides => word!(
            "sold through a marketplace, which decides for itself" | "vendido por um marketplace, que decide por si"
        )
        .into(),
        Reason::PaymentsNotSynced { last: Some(last) } => {
            say!(
                "payments were last asked after in full at {}" | "a última consulta completa de pagamentos foi em {}",
                moment(*last)
            )
        }
        Reason::PaymentsNotSynced { last: None } => {
            word!("payments were never asked after in full" | "os pagamentos nunca foram consultados por completo")
                .into()
        }
        Reason::OnHold { held } => say!("held ({held})" | "está retido ({held})"),
        Reason::ErpDiffers { erp_number, field, channel, erp } => {
            say!(
                "ERP order {erp_number} has this store number but another {}: {erp} instead of {channel}"
                    | "o pedido {erp_number} do ERP tem este número da loja, mas diverge em {}: {erp} em vez de {channel}",
                terms::field(field)
            )
        }
        Reason::ChangedSince { erp_number, field, channel, erp } => {
            say!(
                "channel and ERP differ in {} since it was imported: {channel} there, {erp} in ERP order {erp_number}"
                    | "canal e ERP divergem em {} desde a importação: {channel} lá, {erp} no pedido {erp_number} do ERP",
                terms::field(field)
            )
        }
        Reason::ErpRefused { message, .. } => say!("the ERP refused: {}" | "o ERP recusou: {}", retold(message)),
        Reason::OutcomeUnknown { action } => say!(
            "it is not known whether `{}` went through" | "não se sabe se isto foi concluído: {}",
            terms::action(action)
        ),
        Reason::HeldByHand { note, by } => say!("held by {}: {note}" | "retido por {}: {note}", hand(by.as_deref())),
        Reason::SkippedByHand { note, by } => {
            say!("skipped by {}: {note}" | "deixado de fora por {}: {note}", hand(by.as_deref()))
        }
        Reason::TakeOverRefused { raw, message } => say!(
            "the channel does not hand it over (`{raw}`): {message}"
                | "o canal não entrega o pedido para manuseio (`{raw}`): {message}"
        ),
        Reason::TakeOverNotShown { raw, since } => {
            say!(
                "taken over at {}, and the channel still says `{raw}`"
                    | "assumido em {}, e o canal ainda informa `{raw}`",
                moment(*since)
            )
        }
        Reason::CallFailed { message } => retold(message),
        Reason::SkuNotOnChannel => word!(
            "the channel has no product with this reference code"
                | "o canal não tem produto com este código de referência"
        )
        .into(),
        Reason::SkuAmbiguous { channel_skus } if channel_skus.len() == 1 => {
            say!(
                "the channel's product {} has several codes of the ERP"
                    | "o produto {} do canal tem vários códigos do ERP",
                channel_skus.join(", ")
            )
        }
        Reason::SkuAmbiguous { channel_skus } => {
            say!(
                "several of the channel's products are mapped to it: {}"
                    | "vários produtos do canal estão mapeados para ele: {}",
                channel_skus.join(", ")
            )
        }
        Reason::StockRefused { message } => {
            say!("the channel does not take its stock: {message}" | "o canal não aceita o estoque dele: {message}")
        }
        Reason::StockExcluded => word!(
            "its stock is not told to this channel: it stands in `stock.exclude`"
                | "o estoque não é informado a este canal: está em `stock.exclude`"
        )
        .into(),
        Reason::SkuIsKit => word!(
            "a kit on the channel, which works out its stock from its parts and is told none"
                | "é um kit no canal, que calcula o estoque a partir dos componentes e não recebe nenhum"
        )
        .into(),
        Reason::StockNotInErp { warehouse: Some(warehouse) } => say!(
            "the ERP has no count of it in `{warehouse}`, and the channel goes on with what it was told last"
                | "o ERP não tem contagem dele em `{warehouse}`, e o canal continua com o que recebeu por último"
        ),
        Reason::StockNotInErp { warehouse: None } => word!(
            "the ERP has no count of it in a warehouse that is pushed from"
                | "o ERP não tem contagem dele em um depósito que é enviado"
        )
        .into(),
        Reason::Oversold { warehouse, units, physical, reserved, in_flight, orders } => {
            let more = match *units {
                1 => word!("unit more was sold than there is" | "unidade vendida a mais do que há"),
                _ => word!("units more were sold than there are" | "unidades vendidas a mais do que há"),
            };
            say!(
                "{units} {more} in `{warehouse}`: {physical} physical − {reserved} reserved − {in_flight} in flight{}"
                    | "{units} {more} em `{warehouse}`: {physical} físico − {reserved} reservado − {in_flight} em \
                       trânsito{}",
                claimants(orders)
            )
        }
        Reason::PaidOnChannel => word!("paid on the channel" | "pago no canal").into(),
        Reason::PolicyImportsUnpaid => {
            word!("not paid yet, imported by policy" | "ainda não pago, importado conforme a política").into()
        }
        Reason::ReadyOnChannel => word!("ready on the channel" | "pronto no canal").into(),
        Reason::ReviewOnChannel => {
            word!("payment under review on the channel" | "pagamento em análise no canal").into()
        }
        Reason::CancellationRequestedOnChannel => {
            word!("the customer asked to cancel it" | "o cliente pediu o cancelamento").into()
        }
        Reason::NotImported => word!(
            "it is not in the ERP; import it first: vaivem import-orders --order NUMBER"
                | "não está no ERP; importe primeiro: vaivem import-orders --order NÚMERO"
        )
        .into(),
        Reason::PlanStale { changed } => {
            let changes = changed.iter().map(change).collect::<Vec<_>>().join(", ");
            say!("not done: since the plan was made, {changes}" | "não feito: desde que o plano foi feito, {changes}")
        }
        Reason::PlanOver => word!(
            "not done: nothing of what was planned is to be done any more"
                | "não feito: nada do que foi planejado precisa mais ser feito"
        )
        .into(),
        Reason::InStep { status } => say!("both sides say {}" | "os dois lados estão como {}", terms::status(status)),
        Reason::MissingField { of, fields } => {
            say!("waiting for {} of {}" | "aguardando {} para {}", listed(fields), terms::field(of))
        }
        Reason::NotReadyForInvoice { raw } => say!(
            "invoiced, but the channel takes no invoice yet (`{raw}`)"
                | "faturado, mas o canal ainda não aceita nota (`{raw}`)"
        ),
        Reason::HandOverPending { raw } => say!(
            "taken over, which the channel does not show yet (`{raw}`)"
                | "assumido, o que o canal ainda não mostra (`{raw}`)"
        ),
        Reason::BeingVerified { raw } => say!(
            "the channel took its invoices and has not shown yet that it verified them (`{raw}`)"
                | "o canal aceitou as notas e ainda não mostrou que as verificou (`{raw}`)"
        ),
        Reason::InvoiceNotOnChannel { invoice } => {
            say!("waiting for invoice {invoice} to be on the channel" | "aguardando a nota {invoice} chegar ao canal")
        }
        Reason::TrackingPending { invoice } => {
            say!(
                "the tracking of invoice {invoice} was accepted and does not show yet"
                    | "o rastreio da nota {invoice} foi aceito e ainda não aparece"
            )
        }
        Reason::XmlDue { invoice } => say!(
            "invoiced on the channel, and the XML of invoice {invoice} is due: the marketplace does not take it \
             while the shipment stands where it does"
                | "faturado no canal, e falta o XML da nota {invoice}: o marketplace não o aceita enquanto a remessa \
                   estiver na situação atual"
        ),
        Reason::DeliveryAhead { at } => {
            say!(
                "its delivery is dated {}, which is still to come"
                    | "a entrega está datada de {}, que ainda não chegou",
                moment(*at)
            )
        }
        Reason::InvoiceUnfit { invoice, problems } => {
            let problems: Vec<String> = problems.iter().map(|problem| retold(&problem.text)).collect();
            say!(
                "invoice {invoice} must not be sent: {}" | "a nota {invoice} não pode ser enviada: {}",
                problems.join("; ")
            )
        }
        Reason::InvoiceValue { invoice, invoices, order } => {
            say!(
                "with invoice {invoice} its invoices come to {invoices}, the order is worth {order}"
                    | "com a nota {invoice} as notas somam {invoices}, e o pedido vale {order}"
            )
        }
        Reason::TransmissionPending => word!(
            "told to the channel, which has not told the marketplace yet"
                | "informado ao canal, que ainda não avisou o marketplace"
        )
        .into(),
        Reason::TransmissionFailed { message } => {
            say!(
                "the marketplace refused what the channel told it: {message}"
                    | "o marketplace recusou o que o canal informou: {message}"
            )
        }
        Reason::OneInvoiceOnly { invoices } => {
            say!(
                "the channel takes one invoice for the whole order, and there is {} for a part of it"
                    | "o canal aceita uma nota para o pedido inteiro, e há {} para uma parte dele",
                invoices.join(", ")
            )
        }
        Reason::OrderInPackages { said } => {
            let said = said.as_ref().map(|said| format!(": {said}")).unwrap_or_default();
            say!(
                "the channel split it into packages, each of which is invoiced and sent by itself{said}"
                    | "o canal dividiu o pedido em pacotes, cada um faturado e enviado em separado{said}"
            )
        }
        Reason::InvoiceUnits { invoice, sku, excess } => {
            say!(
                "invoice {invoice} covers {excess} of `{sku}` more than the order has"
                    | "a nota {invoice} tem {excess} de `{sku}` a mais do que o pedido"
            )
        }
        Reason::InvoiceNumberTaken { invoice } => {
            say!(
                "another of its invoices is called {invoice} on the channel already"
                    | "outra nota do pedido já se chama {invoice} no canal"
            )
        }
        Reason::InvoiceNotOurs { invoice } => say!(
            "the channel has an invoice {invoice} that the ERP does not"
                | "o canal tem uma nota {invoice} que o ERP não tem"
        ),
        Reason::InvoicedWithoutOurs { raw, invoice } => {
            say!(
                "the channel counts it as invoiced (`{raw}`), but not by the ERP's invoice {invoice}"
                    | "o canal conta o pedido como faturado (`{raw}`), mas não pela nota {invoice} do ERP"
            )
        }
        Reason::CancellationAgainstInvoice { raw } => {
            say!(
                "the customer asked to cancel it (`{raw}`), but the ERP has an invoice"
                    | "o cliente pediu o cancelamento (`{raw}`), mas o ERP tem nota fiscal"
            )
        }
        Reason::InvoiceCancelledAfterSending { invoice } => {
            say!(
                "the ERP cancelled invoice {invoice}, which the channel has"
                    | "o ERP cancelou a nota {invoice}, que o canal tem"
            )
        }
        Reason::NotVerified { raw, since } => {
            say!(
                "the channel took its invoices at {} and still says `{raw}`"
                    | "o canal recebeu as notas em {} e ainda informa `{raw}`",
                moment(*since)
            )
        }
        Reason::RefusedByChannel { action, message } => say!(
            "the channel refused `{}`: {}" | "o canal recusou isto: {}: {}",
            terms::action(action),
            retold(message)
        ),
        Reason::TrackingNotTaken { invoice } => {
            say!(
                "the tracking of invoice {invoice} was accepted, but the channel shows another"
                    | "o rastreio da nota {invoice} foi aceito, mas o canal mostra outro"
            )
        }
        Reason::DeliveryRefused { occurrence, at } => {
            say!(
                "the customer refused the goods on {} (occurrence {occurrence})"
                    | "o cliente recusou a mercadoria em {} (ocorrência {occurrence})",
                moment(*at)
            )
        }
        Reason::DeliveryReturned { occurrence, at } => {
            say!(
                "the goods came back on {} (occurrence {occurrence})"
                    | "a mercadoria voltou em {} (ocorrência {occurrence})",
                moment(*at)
            )
        }
        Reason::DeliveryDate { at, problem } => {
            say!(
                "its delivery is dated {}, which {}" | "a entrega está datada de {}, que {}",
                moment(*at),
                retold(problem)
            )
        }
        Reason::NothingToSend => {
            word!("the ERP has nothing to tell the channel" | "o ERP não tem nada a informar ao canal").into()
        }
        Reason::InvoicesSent { invoices, sent, worth } if sent == worth => {
            say!("invoice {} sent, {sent}" | "nota {} enviada, {sent}", invoices.join(", "))
        }
        Reason::InvoicesSent { invoices, sent, worth } => {
            say!(
                "invoice {} sent with the order's {sent}, though worth {worth}"
                    | "nota {} enviada com o valor do pedido, {sent}, embora valha {worth}",
                invoices.join(", ")
            )
        }
        Reason::InvoicedOnChannel => {
            word!("the channel counts it as invoiced" | "o canal conta o pedido como faturado").into()
        }
        Reason::PartlyInvoiced { invoiced, order } => {
            say!("{invoiced} of {order} are invoiced on the channel" | "{invoiced} de {order} faturados no canal")
        }
        Reason::TrackingSent { invoices } => {
            say!("tracking of invoice {} sent" | "rastreio da nota {} enviado", invoices.join(", "))
        }
        Reason::DeliveryTold { at, with_remarks: false } => say!("delivered on {}" | "entregue em {}", moment(*at)),
        Reason::DeliveryTold { at, with_remarks: true } => {
            say!(
                "delivered on {}, with remarks of the carrier" | "entregue em {}, com ressalvas da transportadora",
                moment(*at)
            )
        }
        Reason::TrackingInStep => word!(
            "the channel knows all there is to tell of its parcels"
                | "o canal sabe tudo o que há para informar dos volumes"
        )
        .into(),
    }
}

/// Whose hand it was; older notes do not tell.
fn hand(by: Option<&str>) -> &str {
    by.unwrap_or(word!("hand" | "uma pessoa"))
}

/// [`hint`], with the channel's own name in place of `NAME`.
pub fn hint_on(channel: &ChannelName, reason: &Reason) -> Option<String> {
    let table = format!("[channels.{channel}");
    Some(hint(reason)?.replace(word!("[channels.NAME" | "[channels.NOME"), &table))
}

/// What a person can do about a hold; `None` where nobody needs to do anything.
pub fn hint(reason: &Reason) -> Option<String> {
    Some(match reason {
        Reason::StatusUnknown { .. } => word!(
            "nothing is written for it until the channel says a status vaivem knows; please report the word"
                | "nada é gravado nele até o canal informar uma situação que o vaivem conheça; por favor, \
                       comunique a palavra"
        )
        .into(),
        Reason::ErpStatusUnknown { raw } => say!(
            "say in [erp.situations] what \"{raw}\" means, or move the order in the ERP; nothing is written for it \
             until then"
                | "diga em [erp.situations] o que \"{raw}\" significa, ou mude o pedido no ERP; até lá, nada é \
                   gravado nele"
        ),
        Reason::PlanStale { .. } | Reason::PlanOver => word!(
            "look at what changed and make the plan again; the pass's own next run decides on it anew, too"
                | "veja o que mudou e faça o plano de novo; a próxima execução da própria rotina também decide de novo"
        )
        .into(),
        Reason::Unreadable { .. } => word!(
            "compare the order in the channel's panel; it is tried again on every run"
                | "confira o pedido no painel do canal; cada execução tenta de novo"
        )
        .into(),
        Reason::NotOnChannel => word!(
            "check the number: it may belong to another store or account; it is tried again on every run"
                | "confira o número: pode ser de outra loja ou conta; cada execução tenta de novo"
        )
        .into(),
        Reason::SkusUnmapped { .. } => word!(
            "create the product in the ERP under that code, or map it in [channels.NAME.skus]; the next run goes \
                 on by itself"
                | "cadastre o produto no ERP com esse código, ou mapeie em [channels.NOME.skus]; a próxima \
                       execução segue sozinha"
        )
        .into(),
        Reason::CarrierUnmapped { carrier } => say!(
            "add \"{carrier}\" = \"the ERP's name\" to [channels.NAME.carriers], or set default_carrier; the next \
             run goes on by itself"
                | "acrescente \"{carrier}\" = \"nome no ERP\" em [channels.NOME.carriers], ou defina \
                   default_carrier; a próxima execução segue sozinha"
        ),
        Reason::TotalsDiffer { .. } => word!(
            "compare the order in the channel's panel (edited order, missing charge?); correct it there or enter \
                 it by hand (the embedded ERP takes none: vaivem holds skip)"
                | "confira o pedido no painel do canal (pedido editado, cobrança faltando?); corrija lá ou \
                       digite o pedido à mão (o ERP embutido não aceita: vaivem holds skip)"
        )
        .into(),
        Reason::TaxIdInvalid { .. } => word!(
            "correct the customer's document on the channel; the next run goes on by itself"
                | "corrija o documento do cliente no canal; a próxima execução segue sozinha"
        )
        .into(),
        Reason::AddressIncomplete { .. } => word!(
            "complete the address on the channel; the next run goes on by itself"
                | "complete o endereço no canal; a próxima execução segue sozinha"
        )
        .into(),
        Reason::FulfillmentUndecided => word!(
            "set fulfillment = \"skip\" or \"import\" in [channels.NAME]: the store neither ships it nor has its \
                 stock"
                | "defina fulfillment = \"skip\" ou \"import\" em [channels.NOME]: a loja não envia nem tem esse \
                       estoque"
        )
        .into(),
        Reason::CancelAnnounced { .. } => word!(
            "it is not imported while the two disagree; look at the order in the channel's panel"
                | "não é importado enquanto os dois discordam; veja o pedido no painel do canal"
        )
        .into(),
        Reason::CancelledAfterInvoice => word!(
            "decide: cancel the NF-e within its deadline and cancel the order in the ERP, or issue a return \
                 invoice"
                | "decida: cancele a NF-e dentro do prazo e o pedido no ERP, ou emita nota de devolução"
        )
        .into(),
        Reason::PaidAfterCancellation { .. } => word!(
            "decide: refund the customer on the channel, then vaivem holds retry NUMBER; or enter the order again in the ERP \
             (the embedded one takes none by hand)"
                | "decida: reembolse o cliente no canal, depois vaivem holds retry NÚMERO; ou lance o pedido de novo no ERP \
                   (o embutido não aceita nenhum à mão)"
        )
        .into(),
        Reason::CancelledInErpOnly { .. } => word!(
            "decide: cancel it in the channel's panel while that has no invoice, and the NF-e within its deadline; else take \
                 the goods back and refund on the channel, or enter the order again in the ERP (the embedded one takes none by \
                 hand)"
                | "decida: cancele no painel do canal enquanto ele não tem a nota, e a NF-e dentro do prazo; senão receba a \
                       mercadoria de volta e reembolse no canal, ou lance o pedido de novo no ERP (o embutido não aceita nenhum \
                       à mão)"
        )
        .into(),
        Reason::MarketplaceMustCancel { .. } => word!(
            "cancel it in the marketplace's own panel, which counts it against the store; or enter it again in \
                 the ERP (the embedded one takes none by hand)"
                | "cancele no painel do próprio marketplace, que conta isso contra a loja; ou lance o pedido de \
                       novo no ERP (o embutido não aceita nenhum à mão)"
        )
        .into(),
        Reason::CancelRefused { .. } => word!(
            "look at the order in the channel's panel: with an invoice, even for a part, it cannot be cancelled, \
                 only returned; it is tried again when its status there changes"
                | "veja o pedido no painel do canal: com nota, mesmo parcial, não há cancelamento, só devolução; \
                       tenta-se de novo quando a situação lá mudar"
        )
        .into(),
        Reason::ErpDiffers { .. } => word!(
            "find out who entered that order (another integration, by hand?); vaivem writes nothing to it"
                | "descubra quem lançou esse pedido (outra integração, à mão?); o vaivem não grava nada nele"
        )
        .into(),
        Reason::ChangedSince { .. } => word!(
            "before it is packed and invoiced, change the order in the ERP, or cancel it there and enter it anew (the \
             embedded ERP takes neither: cancel and refund it on the channel)"
                | "antes de separar e faturar, altere o pedido no ERP, ou cancele-o lá e lance-o de novo (o ERP embutido não \
                   aceita isso: cancele e reembolse no canal)"
        )
        .into(),
        Reason::CancellationRequestedOnChannel => word!(
            "answer the customer before it ships: vaivem cancel accept NUMBER --reason TEXT, or vaivem cancel deny \
                 NUMBER --reason TEXT; vaivem cancel list has all of them"
                | "responda ao cliente antes de despachar: vaivem cancel accept NÚMERO --reason TEXTO, ou vaivem \
                       cancel deny NÚMERO --reason TEXTO; vaivem cancel list tem todos"
        )
        .into(),
        Reason::ErpRefused { refusal, .. } if refusal == UNSURE => word!(
            "look for it in the ERP: once it has the store's order number the next run finds it; if it is not there, \
                 run vaivem forget ORDER, and it is made"
                | "procure-o no ERP: assim que tiver o número do pedido da loja, a próxima execução o acha; se não \
                       estiver lá, execute vaivem forget PEDIDO, e ele é criado"
        )
        .into(),
        Reason::ErpRefused { .. } => word!(
            "correct what the ERP objects to; the next run tries again"
                | "corrija o que o ERP aponta; a próxima execução tenta de novo"
        )
        .into(),
        Reason::OutcomeUnknown { .. } => word!(
            "the next run reads the other side first and settles it; nothing is sent twice"
                | "a próxima execução lê primeiro o outro lado e resolve; nada é enviado duas vezes"
        )
        .into(),
        Reason::HeldByHand { .. } => word!(
            "it is not cancelled automatically until a person releases it: vaivem holds release NUMBER"
                | "não é cancelado automaticamente até alguém liberar: vaivem holds release NÚMERO"
        )
        .into(),
        Reason::TakeOverRefused { .. } => word!(
            "look at the order in the channel's panel; it is imported, and taking it over is tried again on \
                 every run"
                | "veja o pedido no painel do canal; ele está importado, e cada execução tenta assumi-lo de novo"
        )
        .into(),
        Reason::TakeOverNotShown { .. } => word!(
            "look at the order in the channel's panel; one that stays there is for the channel's support, the \
                 invoice waits for it"
                | "veja o pedido no painel do canal; se ficar parado lá, fale com o suporte do canal: a nota \
                       espera por isso"
        )
        .into(),
        Reason::SkuNotOnChannel => word!(
            "give the channel's product this reference code, or map it in [channels.NAME.skus]; if it is not \
                 sold there, set stock = { unknown_skus = \"ignore\" }"
                | "dê ao produto do canal este código de referência, ou mapeie em [channels.NOME.skus]; se não é \
                       vendido lá, defina stock = { unknown_skus = \"ignore\" }"
        )
        .into(),
        Reason::SkuAmbiguous { channel_skus } if channel_skus.len() == 1 => word!(
            "map the channel's product to the right code in [channels.NAME.skus], or correct its reference on the channel"
                | "mapeie o produto do canal para o código certo em [channels.NOME.skus], ou corrija a referência dele no \
                       canal"
        )
        .into(),
        Reason::SkuAmbiguous { .. } => word!(
            "leave one of them in [channels.NAME.skus]: told to several, the same units would be sold several \
                 times"
                | "deixe só um deles em [channels.NOME.skus]: informadas a vários, as mesmas unidades seriam \
                       vendidas várias vezes"
        )
        .into(),
        Reason::StockRefused { .. } => word!(
            "see in the channel's panel that the product has this code and is there in this stock location; \
                 vaivem makes none"
                | "confira no painel do canal se o produto tem este código e existe neste local de estoque; o \
                       vaivem não o cria"
        )
        .into(),
        Reason::StockNotInErp { .. } => word!(
            "count the product in the ERP, or check the warehouses in the configuration; what the channel has is \
                 left as it is"
                | "conte o produto no ERP, ou confira os depósitos na configuração; o que está no canal fica \
                       como está"
        )
        .into(),
        Reason::Oversold { .. } => word!(
            "decide before the orders are picked: get the units in and count them, or cancel an order in the ERP \
                 (in the embedded one: vaivem ledger cancel); it ends by itself once there are as many as were sold"
                | "decida antes da separação: reponha as unidades e conte, ou cancele um pedido no ERP (no \
                       embutido: vaivem ledger cancel); termina sozinho quando houver tantas unidades quantas foram \
                       vendidas"
        )
        .into(),
        Reason::InvoiceUnfit { .. } => word!(
            "correct the invoice in the ERP (cancel it and issue another, or attach the right file); the next \
                 run looks again"
                | "corrija a nota no ERP (cancele e emita outra, ou anexe o arquivo certo); a próxima execução \
                       confere de novo"
        )
        .into(),
        Reason::InvoiceValue { .. } => word!(
            "compare the NF-e with the order; a difference of cents can be allowed with value_tolerance in \
                 [channels.NAME.invoices]"
                | "compare a NF-e com o pedido; uma diferença de centavos pode ser aceita com value_tolerance em \
                       [channels.NOME.invoices]"
        )
        .into(),
        Reason::TransmissionFailed { .. } => word!(
            "look at the order in the channel's panel, correct what the marketplace objects to, and send it \
                 again there"
                | "veja o pedido no painel do canal, corrija o que o marketplace aponta e reenvie por lá"
        )
        .into(),
        Reason::GracePeriod { .. } => word!(
            "see in the channel's panel why the order does not move on, or ask the channel's support; the next run goes \
                 on by itself"
                | "veja no painel do canal por que o pedido não avança, ou fale com o suporte do canal; a próxima \
                       execução segue sozinha"
        )
        .into(),
        Reason::TransmissionPending => word!(
            "if it stays so, look at the order in the channel's panel and send it again there, or \
                 ask the channel's support"
                | "se continuar assim, veja o pedido no painel do canal e reenvie por lá, ou fale com o suporte \
                       do canal"
        )
        .into(),
        Reason::NotReadyForInvoice { .. } => word!(
            "if it stays so, see in the channel's panel why the order is not released for handling; its payment may not \
                 be approved"
                | "se continuar assim, veja no painel do canal por que o pedido não é liberado para manuseio; o pagamento \
                       pode não estar aprovado"
        )
        .into(),
        Reason::MissingField { fields, .. } if *fields == ["tracking_code"] => word!(
            "enter it in the ERP, and the next run goes on by itself; where parcels never have one, let the invoice's number be \
                 it: invoice_number_as_code = true in [channels.NAME.tracking]"
                | "lance no ERP, e a próxima execução segue sozinha; onde os volumes nunca têm código, use o número da nota: \
                       invoice_number_as_code = true em [channels.NAME.tracking]"
        )
        .into(),
        Reason::MissingField { .. } => word!(
            "enter it in the ERP; the next run goes on by itself" | "lance no ERP; a próxima execução segue sozinha"
        )
        .into(),
        Reason::XmlDue { .. } => word!(
            "look at the shipment in the marketplace's panel; the XML is sent again every few hours, until it is \
                 taken"
                | "veja a remessa no painel do marketplace; o XML é reenviado a cada poucas horas, até ser aceito"
        )
        .into(),
        Reason::OneInvoiceOnly { .. } => word!(
            "settle it in the channel's panel: with the first invoice it counts the whole order as invoiced"
                | "resolva no painel do canal: com a primeira nota ele conta o pedido inteiro como faturado"
        )
        .into(),
        Reason::OrderInPackages { .. } => word!(
            "invoice and send each package in the channel's panel, which vaivem does not do; then name the order \
                 with --order"
                | "fature e envie cada pacote no painel do canal, o que o vaivem não faz; depois informe o \
                       pedido com --order"
        )
        .into(),
        Reason::InvoiceUnits { .. } => word!(
            "compare the NF-e with the order: it may belong to another one; nothing is sent until they agree"
                | "compare a NF-e com o pedido: ela pode ser de outro; nada é enviado até os dois baterem"
        )
        .into(),
        Reason::InvoiceNumberTaken { .. } => word!(
            "set number_format = \"number_series\" in [channels.NAME.invoices] so that the series tells them \
                 apart"
                | "defina number_format = \"number_series\" em [channels.NOME.invoices], para que a série as \
                       diferencie"
        )
        .into(),
        Reason::InvoiceNotOurs { .. } | Reason::InvoicedWithoutOurs { .. } => word!(
            "find out who invoiced it there (another integration, by hand?); vaivem sends no invoice on top of it"
                | "descubra quem faturou lá (outra integração, à mão?); o vaivem não envia outra nota por cima"
        )
        .into(),
        Reason::CancellationAgainstInvoice { .. } => word!(
            "decide: deny the request on the channel, or cancel the NF-e within its deadline and cancel the \
                 order; then the next run goes on"
                | "decida: recuse o pedido de cancelamento no canal, ou cancele a NF-e dentro do prazo e o \
                       pedido; a próxima execução então segue"
        )
        .into(),
        Reason::InvoiceCancelledAfterSending { .. } => word!(
            "the channel cannot take it back: settle it in the channel's panel, with its support or a return; it is looked at \
                 again when the ERP changes it, or by naming it with --order"
                | "o canal não consegue desfazer: resolva no painel do canal, com o suporte ou por devolução; é verificado de \
                       novo quando o ERP o alterar, ou ao informá-lo com --order"
        )
        .into(),
        Reason::NotVerified { .. } => word!(
            "look at the order in the channel's panel: its payment may not be settled; an invoice that is \
                 missing there is not sent again, enter it by hand"
                | "veja o pedido no painel do canal: o pagamento pode não estar liquidado; uma nota que falte lá \
                       não é reenviada, lance à mão"
        )
        .into(),
        Reason::RefusedByChannel { .. } => word!(
            "look at the order in the channel's panel; it is sent again when the ERP changes it, or by naming it \
                 with --order"
                | "veja o pedido no painel do canal; é reenviado quando o ERP o alterar, ou ao informá-lo com \
                       --order"
        )
        .into(),
        Reason::TrackingNotTaken { .. } => word!(
            "look at the invoice's tracking in the channel's panel and set it there"
                | "veja o rastreio da nota no painel do canal e corrija por lá"
        )
        .into(),
        Reason::DeliveryRefused { .. } | Reason::DeliveryReturned { .. } => word!(
            "it is not told as delivered; decide: another delivery, or a return invoice and a refund"
                | "não é informado como entregue; decida: nova entrega, ou nota de devolução e reembolso"
        )
        .into(),
        Reason::DeliveryDate { .. } => word!(
            "correct the date in the ERP or ask the carrier; it is not told until then"
                | "corrija a data no ERP ou pergunte à transportadora; até lá não é informada"
        )
        .into(),
        Reason::CallFailed { .. } => word!(
            "the next run tries again; if it persists, look at it in the channel's panel, and run vaivem check"
                | "a próxima execução tenta de novo; se persistir, veja no painel do canal e rode vaivem check"
        )
        .into(),
        _ => return None,
    })
}

/// What a person can do when a run ended so; `None` where nobody needs to do anything.
pub fn exit_hint(exit: Exit) -> Option<&'static str> {
    Some(match exit {
        Exit::Done | Exit::TimeBudget | Exit::Locked | Exit::Interrupted | Exit::Terminated => return None,
        Exit::Failed => word!(
            "read the message on standard error; the state file or its disk may be in trouble: vaivem check"
                | "leia a mensagem na saída de erro; o arquivo de estado ou o disco pode ter problema: vaivem check"
        ),
        Exit::Usage => word!("read the message, and vaivem help COMMAND" | "leia a mensagem, e vaivem help COMANDO"),
        Exit::Held => word!(
            "vaivem holds tells why, and what to do; for check, adopt, account and reconcile the lines themselves do"
                | "vaivem holds diz o motivo e o que fazer; em check, adopt, account e reconcile as próprias linhas dizem"
        ),
        Exit::Config => word!(
            "correct what the message names; vaivem check looks at all of it"
                | "corrija o que a mensagem aponta; vaivem check confere tudo"
        ),
        Exit::Unavailable => word!(
            "nothing, unless it lasts; then vaivem check, and the platform's status page"
                | "nada, a menos que persista; então vaivem check, e a página de status da plataforma"
        ),
        Exit::Guard => word!(
            "do what the message says; where it names --confirm, look with --dry-run first, and run that command once with \
             it if all is right"
                | "faça o que a mensagem diz; onde ela cita --confirm, confira antes com --dry-run e, se estiver certo, execute \
                   esse comando uma vez com ele"
        ),
    })
}

/// The latest orders that claim a product, as the end of a sentence.
fn claimants(orders: &[Claimant]) -> String {
    const NAMED: usize = 6;
    if orders.is_empty() {
        return String::new();
    }
    let named: Vec<String> =
        orders.iter().take(NAMED).map(|one| format!("{} {} ({})", one.channel, one.order, one.units)).collect();
    let more = if orders.len() > NAMED { ", …" } else { "" };
    say!(
        "; sold to, the latest first: {}{more}" | "; vendido a, do mais recente ao mais antigo: {}{more}",
        named.join(", ")
    )
}

/// A number for a channel, and what it is made of.
pub fn stock_sum(want: i64, parts: &StockParts) -> String {
    let (sum, made_of) = (parts.balance().max(0), stock_parts(parts));
    if sum == want {
        return format!("{want} = {made_of}");
    }
    say!(
        "{sum} = {made_of}; {want} may stand while the channel itself still subtracts what it reserved for orders that go into \
         handling ({} units)"
            | "{sum} = {made_of}; {want} pode ficar enquanto o próprio canal ainda subtrai o que reservou para pedidos que \
               entram em manuseio ({} unidades)",
        parts.moving
    )
}

/// What a number for a channel is made of, as a sum.
pub fn stock_parts(parts: &StockParts) -> String {
    let mut text = say!("{} physical − {} reserved" | "{} físico − {} reservado", parts.physical, parts.reserved);
    for (units, what) in
        [(parts.in_flight, word!("in flight" | "a importar")), (parts.buffer, word!("kept back" | "de segurança"))]
    {
        if units != 0 {
            text += &format!(" − {units} {what}");
        }
    }
    if parts.share < 100 {
        text = say!("{} % of ({text})" | "{} % de ({text})", parts.share);
    }
    if parts.added_back != 0 {
        text +=
            &say!(" + {} that the channel subtracts itself" | " + {} que o próprio canal subtrai", parts.added_back);
    }
    text
}

/// A warning of a run, as a sentence without a full stop.
pub fn warning(warning: &Warning) -> String {
    let mut warning = warning.clone();
    if let Warning::FeedForeign { problem, .. }
    | Warning::FeedFailed { problem, .. }
    | Warning::ListFailed { problem, .. }
    | Warning::CursorReset { problem, .. } = &mut warning
    {
        *problem = retold(problem);
    }
    match &warning {
        Warning::FeedMissing { channel } => say!(
            "channel {channel}: there is no order feed for this key, so new orders are found by the list alone; set \
             feed = \"create\" to let vaivem create it"
                | "canal {channel}: não há feed de pedidos para esta chave, então pedidos novos só são achados pela \
                   lista; defina feed = \"create\" para o vaivem criá-lo"
        ),
        Warning::FeedCreated { channel, days } => say!(
            "channel {channel}: the order feed did not exist (VTEX removes it when no event comes for its retention \
             time) and was created; a sweep of the last {days} days covers the gap"
                | "canal {channel}: o feed de pedidos não existia (a VTEX o remove quando nenhum evento chega no \
                   tempo de retenção) e foi criado; uma varredura dos últimos {days} dias cobre a lacuna"
        ),
        Warning::FeedForeign { channel, problem } => say!(
            "channel {channel}: the key's order feed is not as vaivem needs it ({problem}) and was left alone: \
             another program may use it. Give vaivem a key of its own; until then new orders are found by the list \
             alone"
                | "canal {channel}: o feed de pedidos da chave não está como o vaivem precisa ({problem}) e não foi \
                   alterado: outro programa pode usá-lo. Dê ao vaivem uma chave só dele; até lá pedidos novos só são \
                   achados pela lista"
        ),
        Warning::FeedFailed { channel, problem } => {
            say!(
                "channel {channel}: the order feed cannot be read, the list alone is used: {problem}"
                    | "canal {channel}: o feed de pedidos não pôde ser lido, usa-se só a lista: {problem}"
            )
        }
        Warning::ListFailed { channel, problem } => say!(
            "channel {channel}: the order list could not be swept to its end, so new orders may be missing: \
             {problem}. The orders known already are looked after; the next run sweeps again from where everything \
             was stored"
                | "canal {channel}: a lista de pedidos não pôde ser varrida até o fim, então podem faltar pedidos \
                   novos: {problem}. Os pedidos já conhecidos são acompanhados; a próxima execução varre de novo \
                   desde onde tudo estava gravado"
        ),
        Warning::BackfillClipped { channel, cutoff } => say!(
            "channel {channel}: orders created before the cut-off date {} are not imported, so nothing before it is \
             looked at; to have them, set `since` in [channels.{channel}] back"
                | "canal {channel}: pedidos criados antes da data de corte, {}, não são importados, então nada antes \
                   dela é consultado; para tê-los, recue `since` em [channels.{channel}]",
            date(*cutoff)
        ),
        Warning::CutoffMoved { channel, cutoff, orders } => {
            let looked_at = match *orders {
                1 => word!("order skipped before is looked at again" | "pedido antes deixado de fora é visto de novo"),
                _ => word!(
                    "orders skipped before are looked at again" | "pedidos antes deixados de fora são vistos de novo"
                ),
            };
            say!(
                "channel {channel}: the cut-off date was set back to {}; the order list is swept again from there, \
                 and {orders} {looked_at}"
                    | "canal {channel}: a data de corte recuou para {}; a lista de pedidos é varrida de novo desde \
                       lá, e {orders} {looked_at}",
                date(*cutoff)
            )
        }
        Warning::ClockAhead { channel, seconds } => say!(
            "channel {channel}: this machine's clock is {} min ahead of the channel's: set it right (NTP). Until \
             then the sweep of the order list goes by the channel's clock, so that no order is passed over"
                | "canal {channel}: o relógio desta máquina está {} min adiantado em relação ao do canal: acerte-o \
                   (NTP). Até lá a varredura da lista segue o relógio do canal, para que nenhum pedido seja pulado",
            seconds / 60
        ),
        Warning::CursorReset { channel, cursor, problem } => {
            say!(
                "channel {channel}: the cursor `{cursor}` {problem}; everything since the cut-off date is swept again"
                    | "canal {channel}: o cursor `{cursor}` {problem}; tudo desde a data de corte é varrido de novo"
            )
        }
        Warning::UnreadOrders { channel, orders: 1 } => say!(
            "channel {channel}: 1 order was seen and not read yet, so what it sold is not subtracted; run \
             import-orders, and see `vaivem holds` for what keeps it"
                | "canal {channel}: 1 pedido foi visto e ainda não lido, então o que vendeu não é subtraído; execute \
                   import-orders, e veja em `vaivem holds` o que o impede"
        ),
        Warning::UnreadOrders { channel, orders } => say!(
            "channel {channel}: {orders} orders were seen and not read yet, so what they sold is not subtracted; run \
             import-orders, and see `vaivem holds` for what keeps them"
                | "canal {channel}: {orders} pedidos foram vistos e ainda não lidos, então o que venderam não é \
                   subtraído; execute import-orders, e veja em `vaivem holds` o que os impede"
        ),
        Warning::StockLeftBehind { channel, warehouse, products, units } => say!(
            "channel {channel}: its warehouse {warehouse} is not pushed to any more and goes on selling what it was \
             told last ({units} units of {products} products); set that to zero in the channel's panel if it is sold \
             from another warehouse now"
                | "canal {channel}: o depósito {warehouse} não é mais enviado e continua vendendo o último estoque \
                   informado ({units} unidades de {products} produtos); zere-o no painel do canal se a venda agora \
                   sai de outro depósito"
        ),
        Warning::OldProductLeftBehind { channel, sku, channel_sku, units } => say!(
            "channel {channel}: {sku} is no longer product {channel_sku} there, which goes on selling the {units} units that it \
             was told last; set it to zero or take it off sale in the channel's panel"
                | "canal {channel}: {sku} não é mais o produto {channel_sku} lá, que continua vendendo as {units} unidades do \
                   último estoque informado; zere-o ou tire-o de venda no painel do canal"
        ),
        Warning::AnyIssuer { channel } => {
            say!(
                "channel {channel}: invoices of any issuer are sent; list the store's CNPJs as issuers in [erp]"
                    | "canal {channel}: são enviadas notas de qualquer emitente; liste os CNPJs da loja em issuers, \
                       em [erp]"
            )
        }
        Warning::DeliveredWithRemarks { channel, order } => say!(
            "channel {channel}: order {order} was delivered with remarks of the carrier (damage, something missing); \
             look at it"
                | "canal {channel}: o pedido {order} foi entregue com ressalvas da transportadora (avaria, falta); \
                   verifique"
        ),
        Warning::MoreParcels { channel, order, invoice } => say!(
            "channel {channel}: invoice {invoice} of order {order} has several parcels, the channel takes one \
             tracking code: the first"
                | "canal {channel}: a nota {invoice} do pedido {order} tem vários volumes, e o canal aceita um \
                   código de rastreio: o primeiro"
        ),
        Warning::XmlLimit { channel, order, invoice } => say!(
            "channel {channel}: the marketplace has all the invoices it takes of order {order}; the XML of invoice \
             {invoice} counts as one of them. Look in its panel whether it is"
                | "canal {channel}: o marketplace já tem todas as notas que aceita do pedido {order}; o XML da nota \
                   {invoice} conta como uma delas. Confira no painel dele"
        ),
        Warning::Expired { channel } => {
            say!(
                "channel {channel}: part of the window is older than the channel's list reaches; older orders are \
                 not found"
                    | "canal {channel}: parte do período é anterior ao alcance da lista do canal; pedidos mais \
                       antigos não são achados"
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::{Lang, within};
    use crate::model::{Cents, Instant, PaymentMethod, WarehouseId};

    fn in_portuguese(told: &Reason) -> String {
        within(Lang::PtBr, || reason(told))
    }

    #[test]
    fn portuguese_has_its_own_dates_amounts_and_plurals() {
        let due = chrono::NaiveDate::from_ymd_opt(2026, 11, 24);
        let waiting = Reason::AwaitingPayment { method: PaymentMethod::Pix, due };
        assert_eq!(in_portuguese(&waiting), "aguardando pagamento (Pix), com vencimento em 24/11/2026");
        assert_eq!(within(Lang::En, || reason(&waiting)), "waiting for payment by pix, due 2026-11-24");
        let at = Instant::from_timestamp_millis(1_790_000_000_000).unwrap_or_default();
        assert_eq!(
            in_portuguese(&Reason::DeliveryAhead { at }),
            "a entrega está datada de 21/09/2026 às 11h13, que ainda não chegou"
        );
        let differ = Reason::TotalsDiffer { parts: Cents::new(123_456), total: Cents::new(123_457) };
        assert_eq!(in_portuguese(&differ), "a soma das partes é R$ 1.234,56, o total é R$ 1.234,57");
        let oversold = |units| Reason::Oversold {
            warehouse: WarehouseId::new("central"),
            units,
            physical: 1,
            reserved: 1 + units,
            in_flight: 0,
            orders: Vec::new(),
        };
        let ends = "a mais do que há em `central`: 1 físico −";
        assert!(in_portuguese(&oversold(1)).starts_with(&format!("1 unidade vendida {ends} 2 reservado")));
        assert!(in_portuguese(&oversold(2)).starts_with(&format!("2 unidades vendidas {ends} 3 reservado")));
    }

    #[test]
    fn a_number_is_told_as_the_sum_that_it_is() {
        let parts = StockParts {
            erp_warehouse: WarehouseId::new("default"),
            physical: 100,
            reserved: 24,
            in_flight: 1,
            buffer: 0,
            share: 100,
            added_back: 0,
            moving: 24,
            erp_read_at: Instant::UNIX_EPOCH,
            in_flight_orders: Vec::new(),
            added_back_orders: Vec::new(),
        };
        assert_eq!(stock_sum(75, &parts), "75 = 100 physical − 24 reserved − 1 in flight");
        let told = stock_sum(99, &parts);
        assert!(
            told.starts_with("75 = 100 physical") && told.contains("; 99 may stand") && told.contains("24 units"),
            "{told}"
        );
    }

    #[test]
    fn what_was_kept_in_english_is_told_in_portuguese_within_a_reason() {
        let refused =
            Reason::ErpRefused { refusal: "not_found".into(), message: "the ledger has no product X1".into() };
        assert_eq!(in_portuguese(&refused), "o ERP recusou: o ERP embutido não tem o produto X1");
        let incomplete = Reason::AddressIncomplete { missing: vec!["a CEP of 8 digits".into(), "the city".into()] };
        assert_eq!(in_portuguese(&incomplete), "falta no endereço: um CEP de 8 dígitos, a cidade");
        let unfit = Reason::InvoiceUnfit {
            invoice: "7".into(),
            problems: vec![crate::reason::Problem {
                code: "nfe_entry".into(),
                text: "it is an invoice of entry, so not a sale".into(),
            }],
        };
        assert_eq!(in_portuguese(&unfit), "a nota 7 não pode ser enviada: é uma nota de entrada, portanto não é venda");
    }
}
