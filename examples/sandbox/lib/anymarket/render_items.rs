//! An order's lines as `GET` shows them (ANYMARKET 2.3).

use serde_json::{Value, json};

use super::Anymarket;
use super::amount::{Amount, money};
use super::order::AnyOrder;
use super::render::who_pays;
use super::seed_parts::{AnyLine, Discount};

pub(super) fn items(anymarket: &Anymarket, order: &AnyOrder) -> Value {
    let (lines, allocation) = match anymarket.settings.kits_exploded {
        true => (order.seed.lines.clone(), order.allocation.clone()),
        false => kits_whole(anymarket, order),
    };
    let lines = lines.iter().zip(&allocation).zip(1..);
    Value::Array(lines.map(|((line, served), number)| item(anymarket, order, line, served, number)).collect())
}

fn item(anymarket: &Anymarket, order: &AnyOrder, line: &AnyLine, served: &[(i64, Amount)], number: i64) -> Value {
    let (seed, id) = (&order.seed, order.id * 100 + number);
    let discount = line.discount.sum();
    let stocks = served.iter().map(|(location, amount)| {
        json!({"stockLocalId": location, "stockName": anymarket.location_name(*location), "amount": amount})
    });
    let mut item = json!({
        "sku": sku(anymarket, &line.sku, &line.title, line.without_code),
        "product": {"id": anymarket.sku_id(&line.sku) + 700_000, "title": line.title},
        "amount": line.amount,
        "unit": money(line.price),
        "gross": money(line.gross()),
        "discount": money(discount),
        "total": money(line.gross() - discount),
        "orderItemId": if seed.loose_types { json!(id.to_string()) } else { json!(id) },
        "idInMarketPlace": format!("MP{id}"),
        "marketPlaceId": format!("MP{id}"),
        "shippings": [{
            "id": id,
            "shippingtype": seed.carrier.0,
            "shippingCarrierNormalized": seed.carrier.1,
            "shippingCarrierTypeNormalized": "UNKNOWN",
        }],
        "stocks": stocks.collect::<Vec<_>>(),
    });
    if let Some((kit, amount)) = &line.kit {
        item["skuKit"] = json!({
            "id": anymarket.sku_id(kit), "title": anymarket.title(kit), "partnerId": kit, "amount": amount,
        });
    }
    if let Some(told) = who_pays(line.discount, "discountProductSeller", "discountProductMarketplace") {
        item["discountItemMetadata"] = json!([told]);
    }
    item
}

fn sku(anymarket: &Anymarket, code: &str, title: &str, without_code: bool) -> Value {
    json!({
        "id": anymarket.sku_id(code),
        "partnerId": if without_code { Value::Null } else { json!(code) },
        "externalId": null,
        "title": title,
        "ean": anymarket.ean(code),
    })
}

/// The lines of each kit as one line of the kit itself.
fn kits_whole(anymarket: &Anymarket, order: &AnyOrder) -> (Vec<AnyLine>, Vec<Vec<(i64, Amount)>>) {
    let mut lines: Vec<AnyLine> = Vec::new();
    let mut allocation: Vec<Vec<(i64, Amount)>> = Vec::new();
    for (line, served) in order.seed.lines.iter().zip(&order.allocation) {
        let Some((kit, kits)) = &line.kit else {
            lines.push(line.clone());
            allocation.push(served.clone());
            continue;
        };
        if let Some(whole) = lines.iter_mut().find(|whole| whole.sku == *kit) {
            let gross = whole.gross() + line.gross();
            whole.price = kits.unit_price(gross);
            whole.discount = sum(whole.discount, line.discount);
            continue;
        }
        let price = kits.unit_price(line.gross());
        let title = anymarket.title(kit);
        lines.push(AnyLine { sku: kit.clone(), title, price, amount: *kits, kit: None, ..line.clone() });
        allocation.push(served.first().map(|(location, _)| (*location, *kits)).into_iter().collect());
    }
    (lines, allocation)
}

fn sum(one: Discount, other: Discount) -> Discount {
    Discount {
        seller: one.seller + other.seller,
        marketplace: one.marketplace + other.marketplace,
        is_told: one.is_told || other.is_told,
    }
}
