//! The body of an order to be created. Field names: the two clients that agree on them, both in production.

use chrono::NaiveDate;
use serde_json::{Map, Number, Value, json};

use crate::erp::{ErpError, NewLine, NewOrder};
use crate::lang::say;
use crate::model::{Address, Cents, Instant, Payment, PaymentMethod, Status, TaxId, calendar};

/// The body, with each product under the ERP's own id where that is known.
///
/// # Errors
/// Refused, when the order has something that Eccosys has no field for.
pub fn order(new: &NewOrder, product_id: impl Fn(&NewLine) -> Option<String>) -> Result<Value, ErpError> {
    if new.tax != Cents::ZERO {
        let message = say!(
            "Eccosys has no field for taxes on top ({}); enter this order by hand"
                | "o Eccosys não tem campo para impostos por fora ({}); lance este pedido à mão",
            new.tax
        );
        return Err(ErpError::Refused { code: "tax_on_top", message });
    }
    let products = Cents::checked_sum(new.lines.iter().map(|line| line.total)).unwrap_or_default();
    let mut body = json!({
        "data": day(new.created_at),
        "dtCriacaoVenda": stamp(new.created_at),
        "situacao": if new.status == Status::Paid { 0 } else if new.status == Status::PaymentUnderReview { 4 } else { -1 },
        "situacaoSecundaria": 0,
        "numeroDaOrdemDeCompra": new.store_number,
        "servicePlatformOrigin": new.channel,
        "idOrigem": 0,
        "totalProdutos": reais(products),
        "frete": reais(new.freight),
        "desconto": reais(new.discount),
        "totalVenda": reais(new.total),
        "observacaoInterna": internal_note(new),
        "codigoRastreamento": "",
        "rastreamentoConcluido": "N",
        "pickingRealizado": "N",
        "_Cliente": customer(new),
        "_Itens": new.lines.iter().flat_map(|line| items(line, product_id(line).as_deref())).collect::<Vec<_>>(),
        "_Parcelas": new.payments.iter().flat_map(|payment| instalments(payment, new.created_at)).collect::<Vec<_>>(),
    });
    if let Value::Object(body) = &mut body {
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                body.insert(name.to_owned(), value);
            }
        };
        put("dataPagamento", new.paid_at.filter(|_| new.status == Status::Paid).map(|at| day(at).into()));
        put("dataPrevista", new.promised_at.map(|at| day(at).into()));
        put("observacoes", new.note.clone().map(Value::from));
        put("formaFrete", new.service.clone().map(Value::from));
        put("transportador", new.carrier.as_ref().map(|carrier| carrier.as_str().into()));
        put("_Transportadora", new.carrier.as_ref().map(|carrier| json!({ "nome": carrier })));
        put("paymentOrderID", new.payments.iter().find_map(|payment| payment.transaction.clone()).map(Value::from));
        put("condicao", new.payments.iter().map(|payment| payment.installments).max().map(|n| format!("{n}x").into()));
        put("opcEnderecoDiferente", new.address.as_ref().map(|_| "S".into()));
        put("_OutroEndereco", new.address.as_ref().map(|address| delivery(new, address)));
    }
    Ok(body)
}

/// An amount in reais, as a number with its cents.
fn reais(amount: Cents) -> Value {
    let (sign, cents) = (if amount.get() < 0 { "-" } else { "" }, amount.get().unsigned_abs());
    let text = format!("{sign}{}.{:02}", cents / 100, cents % 100);
    text.parse::<Number>().map_or_else(|_| text.into(), Value::Number)
}

/// A day in São Paulo.
pub fn day(at: Instant) -> String {
    calendar::local_date(at).to_string()
}

/// A moment in São Paulo, to the second.
pub fn stamp(at: Instant) -> String {
    calendar::local_stamp(at).get(..19).unwrap_or_default().replace('T', " ")
}

/// What only the store sees: where the order comes from, and what the invoice needs to know of a marketplace.
fn internal_note(new: &NewOrder) -> String {
    let mut lines = vec![format!("vaivem: {} {}", new.channel, new.store_number)];
    if let Some(marketplace) = &new.marketplace {
        let mut text = format!("marketplace: {}", marketplace.name);
        text.extend(marketplace.account.iter().map(|account| format!(", conta {account}")));
        text.extend(marketplace.order_id.iter().map(|order| format!(", pedido {order}")));
        text.extend(marketplace.intermediary_tax_id.iter().map(|cnpj| format!(", CNPJ do intermediador {cnpj}")));
        lines.push(text);
    }
    lines.extend(new.fiscal_payment.iter().map(|(name, value)| format!("{name}: {value}")));
    lines.join("\n")
}

fn customer(new: &NewOrder) -> Value {
    let customer = &new.customer;
    let tax_id = customer.tax_id();
    let is_company = tax_id.as_ref().is_some_and(TaxId::is_company);
    let registration = customer.state_registration.as_deref();
    let mut told = json!({
        "nome": customer.name,
        "fantasia": customer.trade_name.as_deref().unwrap_or_default(),
        "tipo": if is_company { "J" } else { "F" },
        "cnpj": tax_id.as_ref().map_or("", TaxId::as_str),
        "ie": registration.unwrap_or_default(),
        // 1 pays ICMS, 9 does not; a consumer never does.
        "identificadorIE": if registration.is_some() { "1" } else { "9" },
        "email": customer.email.as_deref().unwrap_or_default(),
        "fone": customer.phone.as_deref().unwrap_or_default(),
        "nomePais": "Brasil",
        "situacao": "A",
    });
    if let (Value::Object(told), Some(address)) = (&mut told, &new.address) {
        told.extend(place(address));
    }
    told
}

fn delivery(new: &NewOrder, address: &Address) -> Value {
    let mut told = place(address);
    told.insert("nome".into(), address.receiver.as_deref().unwrap_or(&new.customer.name).into());
    told.insert("nomePais".into(), "Brasil".into());
    Value::Object(told)
}

fn place(address: &Address) -> Map<String, Value> {
    let more = [address.complement.as_deref(), address.reference.as_deref()];
    let complement = more.into_iter().flatten().collect::<Vec<_>>().join(" - ");
    let fields = [
        ("endereco", address.street.as_str()),
        ("enderecoNro", address.number.as_str()),
        ("complemento", complement.as_str()),
        ("bairro", address.district.as_deref().unwrap_or_default()),
        ("cep", address.postal_code.as_str()),
        ("cidade", address.city.as_str()),
        ("uf", address.state.as_str()),
    ];
    fields.into_iter().map(|(name, text)| (name.to_owned(), text.into())).collect()
}

/// The items of a line: one, or two where its total is no multiple of its units, so that units times price add up to it exactly.
fn items(line: &NewLine, product_id: Option<&str>) -> Vec<Value> {
    let price = line.total.get() / line.quantity;
    let dearer = line.total.get() % line.quantity;
    let parts = if dearer >= 0 {
        [(line.quantity - dearer, price), (dearer, price + 1)]
    } else {
        [(line.quantity, price), (0, 0)]
    };
    let item = |(units, price): (i64, i64)| {
        let mut item = json!({
            "descricao": line.name,
            "quantidade": units,
            "valor": reais(Cents::new(price)),
            "codigo": line.sku,
            "itemBonificacao": "N",
            "_Produto": { "codigo": line.sku, "nome": line.name },
        });
        if let (Value::Object(item), Some(id)) = (&mut item, product_id) {
            item.insert("idProduto".into(), id.into());
        }
        item
    };
    parts.into_iter().filter(|(units, _)| *units > 0).map(item).collect()
}

/// A payment's instalments, a month apart; what has a due date is due then.
fn instalments(payment: &Payment, created_at: Instant) -> Vec<Value> {
    let begin = calendar::local_date(created_at);
    let count = payment.installments.max(1);
    let amounts = payment.amount.split(&vec![1; usize::try_from(count).unwrap_or(1)]);
    let due = |n: usize| match (payment.due_date, payment.method) {
        (Some(due), _) => due,
        (None, PaymentMethod::CreditCard) => months_after(begin, n + 1),
        (None, _) => begin,
    };
    let part = |(n, amount): (usize, Cents)| {
        json!({
            "valor": reais(amount),
            "dataVencimento": due(n).to_string(),
            "nroDias": due(n).signed_duration_since(begin).num_days().max(0),
            "obs": payment.label,
            "codigoFormaPagamento": method_code(payment.method),
        })
    };
    amounts.into_iter().enumerate().map(part).collect()
}

fn months_after(date: NaiveDate, months: usize) -> NaiveDate {
    let months = chrono::Months::new(u32::try_from(months).unwrap_or(0));
    date.checked_add_months(months).unwrap_or(date)
}

/// The NF-e's own table of payments (`tPag`), which Eccosys follows.
fn method_code(method: PaymentMethod) -> u32 {
    match method {
        PaymentMethod::CreditCard => 3,
        PaymentMethod::DebitCard => 4,
        PaymentMethod::Promissory => 5,
        PaymentMethod::GiftCard => 12,
        PaymentMethod::Boleto => 15,
        PaymentMethod::Pix => 17,
        PaymentMethod::Marketplace | PaymentMethod::Other => 99,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::lenient;
    use crate::model::Sku;
    use crate::model::order::sample;

    fn line(quantity: i64, total: i64) -> NewLine {
        NewLine {
            sku: Sku::new("A"),
            name: "a".into(),
            quantity,
            unit_price: Cents::new(1),
            total: Cents::new(total),
            warehouse: None,
        }
    }

    fn new_order() -> NewOrder {
        let order = sample::order();
        NewOrder {
            channel: order.channel,
            store_number: order.id,
            marketplace: None,
            created_at: order.created_at,
            status: Status::Paid,
            paid_at: order.paid_at,
            total: order.total,
            freight: order.freight,
            discount: order.discount,
            tax: order.tax,
            lines: vec![NewLine { total: Cents::new(10_000), unit_price: Cents::new(5_000), ..line(2, 0) }],
            customer: order.customer,
            address: order.delivery.address,
            carrier: Some(crate::model::CarrierName::new("Correios")),
            service: None,
            promised_at: None,
            payments: order.payments,
            note: None,
            fiscal_payment: Vec::new(),
        }
    }

    #[test]
    fn an_order_in_the_fields_that_both_clients_use() {
        let body = order(&new_order(), |_| Some("17".into())).unwrap();
        let expected = [
            ("/numeroDaOrdemDeCompra", json!("1172452900788-01")),
            ("/situacao", json!(0)),
            ("/data", json!("2026-11-20")),
            ("/dtCriacaoVenda", json!("2026-11-20 09:00:00")),
            ("/dataPagamento", json!("2026-11-20")),
            ("/totalVenda", json!(110.0)),
            ("/desconto", json!(5.0)),
            ("/_Cliente/cnpj", json!("52998224725")),
            ("/_Cliente/tipo", json!("F")),
            ("/_Cliente/identificadorIE", json!("9")),
            ("/_OutroEndereco/uf", json!("SP")),
            ("/_OutroEndereco/bairro", json!("Bela Vista")),
            ("/_Itens/0/idProduto", json!("17")),
            ("/_Itens/0/_Produto/codigo", json!("A")),
            ("/_Itens/0/quantidade", json!(2)),
            ("/_Itens/0/valor", json!(50.0)),
            ("/_Parcelas/0/codigoFormaPagamento", json!(3)),
            ("/_Parcelas/0/dataVencimento", json!("2026-12-20")),
            ("/_Transportadora/nome", json!("Correios")),
        ];
        for (at, value) in expected {
            assert_eq!(body.pointer(at), Some(&value), "{at}");
        }
        // It is cut to ten characters there, and two orders would share it.
        assert_eq!(body.get("numeroPedido"), None);
    }

    #[test]
    fn taxes_on_top_are_refused() {
        let new = NewOrder { tax: Cents::new(1), ..new_order() };
        assert!(order(&new, |_| None).is_err());
    }

    proptest::proptest! {
        #[test]
        fn items_and_instalments_add_up(quantity in 1i64..50, total in 0i64..1_000_000, count in 1u32..24) {
            let cents = |value: &Value| lenient::reais(value.clone()).unwrap().unwrap();
            let items = items(&line(quantity, total), None);
            let units = |item: &Value| item["quantidade"].as_i64().unwrap();
            proptest::prop_assert_eq!(items.iter().map(units).sum::<i64>(), quantity);
            proptest::prop_assert_eq!(items.iter().map(|item| units(item) * cents(&item["valor"])).sum::<i64>(), total);
            let payment = Payment { installments: count, ..sample::payment(PaymentMethod::CreditCard, total) };
            let parts = instalments(&payment, chrono::Utc::now());
            proptest::prop_assert_eq!(parts.len(), count as usize);
            proptest::prop_assert_eq!(parts.iter().map(|part| cents(&part["valor"])).sum::<i64>(), total);
        }
    }
}
