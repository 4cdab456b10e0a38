//! Invoices: which order one belongs to, and whether it may be posted there.

use super::{Rules, TakeError, Taken, refuse};
use crate::documents::nfe::{Expectation, Notice, RecipientDocument, Refusal, Source, check, named_orders};
use crate::documents::{AccessKey, Nfe};
use crate::erp::ErpError;
use crate::erp::ledger::{Invoice, InvoiceCandidate, InvoiceLine, Ledger, LedgerInvoice, MatchedBy, OrderSummary};
use crate::lang::{say, word};
use crate::model::{Cents, ErpOrderId, Instant, Sku};

impl Ledger {
    pub(super) fn take_invoice(&self, nfe: &Nfe, xml: &[u8], rules: &Rules, now: Instant) -> Result<Taken, TakeError> {
        // What is wrong with the invoice itself goes first: no order would mend it.
        judge(nfe, rules, None)?;
        let order = self.order_of_invoice(nfe)?;
        let notices = judge(nfe, rules, Some(&order))?;
        let invoice = LedgerInvoice {
            number: nfe.number,
            series: nfe.series.to_string(),
            access_key: nfe.key.as_str().to_owned(),
            issued_at: nfe.issued_instant(),
            value: nfe.totals.invoice,
            url: None,
            xml: xml.to_vec(),
            lines: self.lines_of_invoice(nfe, &order.order)?,
        };
        let id = order.order.id.clone();
        let posted = self.post_invoice(&id, &invoice, now)?;
        Ok(Taken::Invoice { order: id, number: nfe.number, posted, notices })
    }

    /// The one order that the invoice belongs to: the one it was posted for, else the one it names.
    fn order_of_invoice(&self, nfe: &Nfe) -> Result<InvoiceCandidate, TakeError> {
        let named = named_orders(nfe);
        let mut numbers: Vec<&str> = Vec::new();
        for candidate in &named {
            if !numbers.contains(&candidate.number.as_str()) {
                numbers.push(&candidate.number);
            }
        }
        if let Some((id, _)) = self.invoice(&nfe.key)? {
            let own = self.orders_for_invoice(&[id.as_str()])?.into_iter().find(|found| found.order.id == id);
            if let Some(order) = own {
                return Ok(order);
            }
        }
        let recipient = match nfe.recipient.as_ref().map(|recipient| &recipient.document) {
            Some(RecipientDocument::TaxId(document)) => Some(document),
            _ => None,
        };
        let mut strangers: Vec<String> = Vec::new();
        let mut sources: Vec<_> = named.iter().map(|candidate| candidate.source).collect();
        sources.dedup();
        for source in sources {
            let numbers: Vec<&str> =
                named.iter().filter(|each| each.source == source).map(|each| each.number.as_str()).collect();
            let found = self.orders_for_invoice(&numbers)?;
            let (mut theirs, others): (Vec<InvoiceCandidate>, Vec<InvoiceCandidate>) =
                found.into_iter().partition(|order| order.document.as_ref() == recipient);
            for other in others {
                if !strangers.contains(&other.order.number) {
                    strangers.push(other.order.number.clone());
                }
            }
            // Lines of several orders: which of them is here says nothing of the others' goods.
            if source == Source::Lines && numbers.len() > 1 && !theirs.is_empty() {
                let message = say!(
                    "invoice {} is for the orders {} together; have it issued for one of them alone"
                        | "a nota {} é dos pedidos {} juntos; peça a emissão para só um deles",
                    nfe.number,
                    numbers.join(", ")
                );
                return refuse("invoice_ambiguous", message);
            }
            // A whole number is worth more than one that the field cut short.
            if theirs.iter().any(|order| order.matched != MatchedBy::StoreNumberCut) {
                theirs.retain(|order| order.matched != MatchedBy::StoreNumberCut);
            }
            match theirs.len() {
                0 => {}
                1 => return Ok(theirs.remove(0)),
                _ => {
                    let orders = theirs.iter().map(|order| order.order.number.clone()).collect::<Vec<_>>().join(", ");
                    let message = say!(
                        "invoice {} may belong to the orders {orders}; name one alone in xPed, or enter it by hand"
                            | "a nota {} pode ser dos pedidos {orders}; informe só um em xPed, ou lance à mão",
                        nfe.number
                    );
                    return refuse("invoice_ambiguous", message);
                }
            }
        }
        if !strangers.is_empty() {
            let message = say!(
                "invoice {} names {}, which is the ledger's order {}, but its recipient's CPF or CNPJ is not that \
                 customer's; have it cancelled and issued anew, or correct the number in xPed"
                    | "a nota {} cita {}, que é o pedido {} do ERP embutido, mas o CPF ou CNPJ do destinatário não é \
                       o desse cliente; peça o cancelamento e nova emissão, ou corrija o número em xPed",
                nfe.number,
                numbers.join(", "),
                strangers.join(", ")
            );
            return refuse(Refusal::Recipient.code(), message);
        }
        let tried = if numbers.is_empty() {
            word!("it names none" | "não cita nenhum").to_owned()
        } else {
            say!("it names {}" | "cita {}", numbers.join(", "))
        };
        let message = say!(
            "invoice {} belongs to no order of the ledger ({tried}); import the order first, or have the issuer \
             write its number into xPed"
                | "a nota {} não é de nenhum pedido do ERP embutido ({tried}); importe antes o pedido, ou peça ao \
                   emitente que escreva o número dele em xPed",
            nfe.number
        );
        refuse("invoice_without_order", message)
    }

    /// What the invoice covers, in the ledger's codes; `None` for all that remains, when the issuer uses other codes and the
    /// invoice is worth the whole order.
    fn lines_of_invoice(&self, nfe: &Nfe, order: &OrderSummary) -> Result<Option<Vec<InvoiceLine>>, TakeError> {
        let skus: Vec<Sku> = nfe.lines.iter().map(|line| Sku::new(line.code.as_str())).collect();
        let known = self.known_skus(&skus)?;
        let mut lines = Vec::new();
        for (line, sku) in nfe.lines.iter().zip(skus) {
            match line.quantity.whole().filter(|units| *units > 0) {
                Some(quantity) if known.contains(&sku) => lines.push(InvoiceLine { sku, quantity }),
                _ if nfe.totals.invoice == order.total => return Ok(None),
                _ => {
                    let message = say!(
                        "line {} of invoice {} is about {} of `{}`, which the ledger cannot post in part; have the \
                         issuer use the ledger's product codes and whole units"
                            | "o item {} da nota {} é de {} de `{}`, que o ERP embutido não consegue baixar em \
                               parte; peça ao emitente que use os códigos do ERP embutido e unidades inteiras",
                        line.item,
                        nfe.number,
                        line.quantity,
                        line.code
                    );
                    return refuse("invoice_lines", message);
                }
            }
        }
        Ok(Some(lines))
    }

    /// The invoice with that key, and its order.
    pub(super) fn invoice(&self, key: &AccessKey) -> Result<Option<(ErpOrderId, Invoice)>, ErpError> {
        let found = self.invoices_numbered(key.document_number())?;
        Ok(found.into_iter().find(|(_, invoice)| invoice.access_key == key.as_str()))
    }
}

/// Judges an invoice, for the customer of an order or, without one, for whomever it is.
fn judge(nfe: &Nfe, rules: &Rules, order: Option<&InvoiceCandidate>) -> Result<Vec<Notice>, TakeError> {
    // Without configured issuers any is ours.
    let anybody = [nfe.issuer.document.clone()];
    let expected = Expectation {
        issuers: if rules.issuers.is_empty() { &anybody } else { &rules.issuers },
        is_customer: &|document| order.is_none_or(|order| order.document.as_ref() == Some(document)),
        events: &[],
        situation: None,
        allow_test: false,
        allow_nfce: false,
        order_total: order.map(|order| order.order.total),
        tolerance: Cents::ZERO,
    };
    check(nfe, &expected).map_err(TakeError::Invoice)
}
