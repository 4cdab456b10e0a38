//! The day on the hub.

use chrono::{TimeDelta, Utc};

use super::{Ending, Story, hours_ago};
use crate::sandbox::AnyOrderSeed;
use crate::sandbox::anymarket::{AnyCancelledBy, AnyLine, AnyPayment, Channel, XmlRefusal};
use crate::sandbox::papers::Nfe;
use crate::shop::Shop;
use crate::side::Side;

pub const STORY: Story = Story {
    side: Side::Hub,
    open,
    place_orders,
    payments_move,
    picked: PICKED,
    person: PERSON,
    invoices,
    delivered: &[(601, 1, 20), (603, 1, 19), (604, 31, 18)],
    out_already: OLD,
    // It cancels what a person cancelled in the ERP, at once; what nobody pays is for the marketplace to give up.
    auto_cancels: 1,
    sku: |_, code| code,
    on_ledger: Ending {
        // New SKU; the web page among the invoices, and what a marketplace refuses.
        holding: &["import-orders", "push-invoices", "push-tracking"],
        // Of 60 shirts counted, four are sold and still here; the hub holds three of them too, which is not known for sure and not counted on.
        can_be_bought: 53,
        done: 9,
        fates: &[
            (PLAIN, "CONCLUDED", "delivered", "imported"),
            (COUPON, "PAID_WAITING_DELIVERY", "shipped", "imported"),
            (PARTS, "CONCLUDED", "delivered", "imported"),
            (WANTS_XML, "CONCLUDED", "delivered", "imported"),
            (REFUSED, "PAID_WAITING_DELIVERY", "shipped", "imported"),
            (PICKED, "PAID_WAITING_SHIP", "picking", "imported"),
            (PERSON, "CANCELED", "cancelled", "cancelled"),
            (REGRET, "CANCELED", "cancelled", "cancelled"),
            (PAYING, "PAID_WAITING_DELIVERY", "shipped", "imported"),
            (DENIED, "CANCELED", "cancelled", "cancelled"),
            (WAITING, "PENDING", "awaiting_payment", "imported"),
            (LATE, "PENDING", "awaiting_payment", "imported"),
            (NEW_SKU, "PAID_WAITING_SHIP", "-", "held"),
            (FULFILLMENT, "PAID_WAITING_SHIP", "-", "held"),
            (GONE, "CANCELED", "-", "cancelled"),
            (OLD, "CONCLUDED", "-", "skipped"),
        ],
        held: &[
            // By either of the passes that told it something.
            (REFUSED, "transmission_failed"),
            (REFUSED, "transmission_failed"),
            (NEW_SKU, "skus_unmapped"),
            (FULFILLMENT, "fulfillment_undecided"),
        ],
    },
    on_eccosys: Ending {
        // New SKU; what a marketplace refuses.
        holding: &["import-orders", "push-invoices", "push-tracking"],
        // Of 60 shirts counted, four are sold and still here; the hub holds three of them too, which is not known for sure and not counted on.
        can_be_bought: 53,
        done: 1,
        fates: &[
            (PLAIN, "CONCLUDED", "1 delivered", "imported"),
            (COUPON, "PAID_WAITING_DELIVERY", "1", "imported"),
            (PARTS, "CONCLUDED", "1 delivered", "imported"),
            (WANTS_XML, "CONCLUDED", "1 delivered", "imported"),
            (REFUSED, "PAID_WAITING_DELIVERY", "1", "imported"),
            (PICKED, "PAID_WAITING_SHIP", "3", "imported"),
            (PERSON, "CANCELED", "2", "cancelled"),
            (REGRET, "CANCELED", "2", "cancelled"),
            (PAYING, "PAID_WAITING_DELIVERY", "1", "imported"),
            (DENIED, "CANCELED", "2", "cancelled"),
            (WAITING, "PENDING", "-1", "imported"),
            (LATE, "PENDING", "-1", "imported"),
            (NEW_SKU, "PAID_WAITING_SHIP", "-", "held"),
            (FULFILLMENT, "PAID_WAITING_SHIP", "-", "held"),
            (GONE, "CANCELED", "-", "cancelled"),
            (OLD, "CONCLUDED", "-", "skipped"),
        ],
        held: &[
            // By either of the passes that told it something.
            (REFUSED, "transmission_failed"),
            (REFUSED, "transmission_failed"),
            (NEW_SKU, "skus_unmapped"),
            (FULFILLMENT, "fulfillment_undecided"),
        ],
    },
};

/// Ids in the order in which the orders are placed.
const PLAIN: &str = "7000001";
const COUPON: &str = "7000002";
const PARTS: &str = "7000003";
const WANTS_XML: &str = "7000004";
const REFUSED: &str = "7000005";
const PICKED: &str = "7000006";
const PERSON: &str = "7000007";
const REGRET: &str = "7000008";
const PAYING: &str = "7000009";
const DENIED: &str = "7000010";
const WAITING: &str = "7000011";
const LATE: &str = "7000012";
const NEW_SKU: &str = "7000013";
const FULFILLMENT: &str = "7000014";
const GONE: &str = "7000015";
const OLD: &str = "7000016";

/// Nothing waits for time to pass: what is unsettled goes on with the next run.
const SETTINGS: &str = "import_by_method = { boleto = \"all\" }
timeout = \"2s\"
max_wait = \"1s\"
auto_cancel = { enabled = true }
cancel = true
stock = { warehouse = \"default\", settle = \"0s\" }
[channels.hub.invoices]
confirm_within = \"0s\"
settle_after = \"0s\"
xml_again_after = \"0s\"
issuers = [\"12345678000195\"]";

fn paid() -> AnyOrderSeed {
    AnyOrderSeed::new().sku("CAMISETA-P", 4_990, 1)
}

fn cast() -> [(&'static str, AnyOrderSeed); 16] {
    let unpaid = || paid().pending().pay(AnyPayment::boleto());
    [
        (PLAIN, paid()),
        (COUPON, paid().freight(990).discount(100, 0)),
        (PARTS, AnyOrderSeed::new().line(AnyLine::new("CAMISETA-P", 4_990, 3)).sku("CANECA", 2_990, 1)),
        (WANTS_XML, paid().marketplace("MERCADO_LIVRE").needs_xml()),
        (REFUSED, paid().needs_xml().channel(Channel::Refuses("nota de outro emitente".into()))),
        // A person in the back office picks one and cancels another.
        (PICKED, paid()),
        (PERSON, paid()),
        // The buyer cancels.
        (REGRET, paid()),
        // Unpaid: paid, given up by the marketplace, on time, too late.
        (PAYING, unpaid()),
        (DENIED, unpaid()),
        (WAITING, unpaid()),
        (LATE, unpaid().created(Utc::now() - TimeDelta::days(40))),
        // Held, and over before we came.
        (NEW_SKU, AnyOrderSeed::new().sku("NOVO", 1_000, 1)),
        (FULFILLMENT, paid().fulfillment()),
        (GONE, paid().status("CANCELED")),
        (OLD, paid().status("CONCLUDED")),
    ]
}

fn open(products: &[(&str, &str)]) -> Shop {
    let shop = Shop::with_hub(SETTINGS);
    shop.hub(|a| {
        products.iter().for_each(|(_, code)| a.set_stock(code, 1, 0));
        // Of the others the list tells.
        a.ticked.retain(|status| status != "PENDING");
    });
    shop
}

fn place_orders(shop: &Shop) {
    for (id, seed) in cast() {
        assert_eq!(shop.hub(|a| a.place(seed)).to_string(), id);
    }
    // Its XML is not taken before its invoice.
    shop.hub(|a| a.refuse_xml(WANTS_XML.parse().unwrap(), XmlRefusal::ShipmentStatus, 1));
}

fn payments_move(shop: &Shop) {
    let number = |id: &str| id.parse().unwrap();
    shop.hub(|a| {
        a.pay(number(PAYING));
        a.cancel(number(REGRET), AnyCancelledBy::Buyer);
        a.cancel(number(DENIED), AnyCancelledBy::Marketplace);
    });
}

/// One for each order.
fn invoices() -> Vec<Nfe> {
    let shirt = || vec![("CAMISETA-P".to_owned(), 1, 4_990)];
    let nfe = |number, order: &str, lines| Nfe {
        number,
        order: order.into(),
        recipient: AnyOrderSeed::new().buyer.document.chars().filter(char::is_ascii_digit).collect(),
        lines,
        freight: 0,
        discount: 0,
        other: 0,
        issued_at: hours_ago(72),
    };
    vec![
        nfe(601, PLAIN, shirt()),
        Nfe { freight: 990, discount: 100, ..nfe(602, COUPON, shirt()) },
        nfe(603, PARTS, vec![("CAMISETA-P".into(), 3, 14_970), ("CANECA".into(), 1, 2_990)]),
        nfe(604, WANTS_XML, shirt()),
        nfe(605, REFUSED, shirt()),
        nfe(606, PAYING, shirt()),
    ]
}
