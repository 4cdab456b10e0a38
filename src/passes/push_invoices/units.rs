//! Which of the order's units each invoice covers, product by product.

use std::collections::BTreeMap;

use super::super::erp_code;
use crate::channel::outgoing::Item;
use crate::erp::outgoing::Invoice;
use crate::model::{Cents, ChannelSku, Order, Sku};
use crate::reason::Reason;

/// The order's products, each once, with what no invoice covers yet.
pub struct Units {
    products: Vec<Product>,
}

struct Product {
    id: ChannelSku,
    code: Option<Sku>,
    ordered: i64,
    left: i64,
    total: Cents,
}

impl Units {
    /// Everything the order has. A product on several lines is one: VTEX's refunds fail when an invoice repeats it.
    pub fn of(order: &Order, skus: &BTreeMap<String, Sku>) -> Self {
        let mut products: Vec<Product> = Vec::new();
        for line in &order.lines {
            let total = line.total;
            match products.iter_mut().find(|product| product.id == line.channel_sku) {
                Some(known) => {
                    known.ordered = known.ordered.saturating_add(line.quantity);
                    known.total = known.total.checked_add(total).unwrap_or(known.total);
                }
                None => products.push(Product {
                    id: line.channel_sku.clone(),
                    code: erp_code(skus, line),
                    ordered: line.quantity,
                    left: 0,
                    total,
                }),
            }
        }
        for product in &mut products {
            product.left = product.ordered;
        }
        Self { products }
    }

    /// Takes what an invoice covers; one of which the ERP tells no lines takes all that is left.
    pub fn take(&mut self, invoice: &Invoice) -> Result<Vec<Item>, Reason> {
        let mut taken = vec![0; self.products.len()];
        if invoice.lines.is_empty() {
            for (product, units) in self.products.iter_mut().zip(&mut taken) {
                *units = std::mem::take(&mut product.left);
            }
        }
        for line in &invoice.lines {
            let mut wanted = line.quantity;
            for (product, units) in self.products.iter_mut().zip(&mut taken) {
                if product.code.as_ref() == Some(&line.sku) {
                    let some = product.left.min(wanted);
                    product.left -= some;
                    wanted -= some;
                    *units += some;
                }
            }
            if wanted > 0 {
                let (invoice, sku) = (invoice.number.to_string(), line.sku.clone());
                return Err(Reason::InvoiceUnits { invoice, sku, excess: wanted });
            }
        }
        let items = self.products.iter().zip(taken).filter(|(_, units)| *units > 0);
        Ok(items
            .map(|(product, quantity)| Item { id: product.id.clone(), unit_price: product.unit_price(), quantity })
            .collect())
    }

    /// Whether every unit is covered.
    pub fn is_used_up(&self) -> bool {
        self.products.iter().all(|product| product.left == 0)
    }
}

impl Product {
    /// The average, rounded half up; the invoice's value carries the exact amount.
    fn unit_price(&self) -> Cents {
        let (total, ordered) = (self.total.get(), self.ordered.max(1));
        Cents::new((total + ordered / 2).div_euclid(ordered))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::erp::outgoing::InvoiceLine;
    use crate::model::order::sample;

    fn invoice(lines: &[(&str, i64)]) -> Invoice {
        Invoice {
            key: "K".into(),
            number: 7,
            series: "1".into(),
            issued_at: "2026-11-24T12:00:00Z".parse().unwrap(),
            value: Cents::new(1),
            url: None,
            lines: lines
                .iter()
                .map(|(sku, quantity)| InvoiceLine { sku: Sku::new(*sku), quantity: *quantity })
                .collect(),
            cancelled_at: None,
        }
    }

    fn of(items: &[Item]) -> Vec<(&str, i64, i64)> {
        items.iter().map(|item| (item.id.as_str(), item.unit_price.get(), item.quantity)).collect()
    }

    #[test]
    fn a_product_on_several_lines_is_one_item_at_its_average_price() {
        let mut order = sample::order();
        order.lines =
            vec![sample::line("1", "A", 1, 1_000), sample::line("2", "B", 1, 500), sample::line("1", "A", 2, 999)];
        let mut units = Units::of(&order, &BTreeMap::new());
        let items = units.take(&invoice(&[])).unwrap();
        assert_eq!(of(&items), [("1", 999, 3), ("2", 500, 1)]);
        assert!(units.is_used_up());
    }

    #[test]
    fn invoices_share_the_units_and_never_take_more() {
        let mut order = sample::order();
        order.lines = vec![sample::line("1", "A", 3, 1_000), sample::line("2", "B", 1, 500)];
        let skus = BTreeMap::from([("2".to_owned(), Sku::new("B-NO-ERP"))]);
        let mut units = Units::of(&order, &skus);
        assert_eq!(of(&units.take(&invoice(&[("A", 2)])).unwrap()), [("1", 1_000, 2)]);
        assert!(!units.is_used_up());
        assert_eq!(of(&units.take(&invoice(&[("A", 1), ("B-NO-ERP", 1)])).unwrap()), [("1", 1_000, 1), ("2", 500, 1)]);
        assert!(units.is_used_up());
        let excess = units.take(&invoice(&[("A", 1)])).unwrap_err();
        assert_eq!(excess, Reason::InvoiceUnits { invoice: "7".into(), sku: Sku::new("A"), excess: 1 });
    }
}
