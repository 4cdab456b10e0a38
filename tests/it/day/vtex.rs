//! The day on VTEX.

use chrono::{TimeDelta, Utc};

use super::{Ending, Story, hours_ago};
use crate::sandbox::papers::Nfe;
use crate::sandbox::{OrderSeed, Payment};
use crate::shop::{Shop, paid};
use crate::side::Side;

pub const STORY: Story = Story {
    side: Side::Vtex,
    open,
    place_orders,
    payments_move,
    picked: "picked-01",
    person: "person-01",
    invoices,
    delivered: &[(501, 1, 20), (503, 1, 19), (505, 31, 18)],
    out_already: "old-01",
    // One to announce, one to cancel.
    auto_cancels: 2,
    sku: |id, _| id,
    on_ledger: Ending {
        // New SKU, new carrier; the web page among the invoices.
        holding: &["import-orders", "push-invoices"],
        // Of 60 shirts counted, those of the orders that are alive and had not left by then are sold.
        can_be_bought: 53,
        done: 9,
        fates: &[
            ("plain-01", "invoiced", "delivered", "imported"),
            ("coupon-01", "invoiced", "shipped", "imported"),
            ("parts-01", "invoiced", "shipped", "imported"),
            (MARKETPLACE, "invoiced", "delivered", "imported"),
            ("picked-01", "handling", "picking", "imported"),
            ("person-01", "canceled", "cancelled", "cancelled"),
            ("regret-01", "canceled", "cancelled", "cancelled"),
            ("asked-01", "cancellation-requested", "cancellation_requested", "imported"),
            ("paying-01", "invoiced", "shipped", "imported"),
            ("denied-01", "canceled", "cancelled", "cancelled"),
            ("review-01", "approve-payment", "payment_under_review", "imported"),
            ("waiting-01", "payment-pending", "awaiting_payment", "imported"),
            ("pix-01", "handling", "paid", "imported"),
            ("late-01", "canceled", "cancelled", "cancelled"),
            ("late-02", "canceled", "cancelled", "cancelled"),
            ("new-sku-01", "ready-for-handling", "-", "held"),
            ("new-carrier-01", "ready-for-handling", "-", "held"),
            ("gone-01", "canceled", "-", "cancelled"),
            ("old-01", "invoiced", "-", "skipped"),
        ],
        held: &[
            ("asked-01", "cancellation_requested_on_channel"),
            ("new-carrier-01", "carrier_unmapped"),
            ("new-sku-01", "skus_unmapped"),
        ],
    },
    on_eccosys: Ending {
        // New SKU, new carrier.
        holding: &["import-orders"],
        can_be_bought: 53,
        done: 1,
        fates: &[
            ("plain-01", "invoiced", "1 delivered", "imported"),
            ("coupon-01", "invoiced", "1", "imported"),
            ("parts-01", "invoiced", "1 delivered", "imported"),
            (MARKETPLACE, "invoiced", "1 delivered", "imported"),
            ("picked-01", "handling", "3", "imported"),
            ("person-01", "canceled", "2", "cancelled"),
            ("regret-01", "canceled", "2", "cancelled"),
            ("asked-01", "cancellation-requested", "0", "imported"),
            ("paying-01", "invoiced", "1", "imported"),
            ("denied-01", "canceled", "2", "cancelled"),
            ("review-01", "approve-payment", "4", "imported"),
            ("waiting-01", "payment-pending", "-1", "imported"),
            ("pix-01", "handling", "0", "imported"),
            ("late-01", "canceled", "2", "cancelled"),
            ("late-02", "canceled", "2", "cancelled"),
            ("new-sku-01", "ready-for-handling", "-", "held"),
            ("new-carrier-01", "ready-for-handling", "-", "held"),
            ("gone-01", "canceled", "-", "cancelled"),
            ("old-01", "invoiced", "-", "skipped"),
        ],
        held: &[("asked-01", "erp_refused"), ("new-carrier-01", "carrier_unmapped"), ("new-sku-01", "skus_unmapped")],
    },
};

/// Nothing waits for time to pass: what is announced, unsettled or in the balance goes on with the next run.
const SETTINGS: &str = "import_by_method = { boleto = \"all\" }
in_flight = 2
timeout = \"2s\"
max_wait = \"1s\"
auto_cancel = { enabled = true }
stock = { warehouse = \"1_1\", settle = \"0s\" }
invoices = { confirm_within = \"0s\", settle_after = \"0s\", issuers = [\"12345678000195\"] }";

const MARKETPLACE: &str = "FRN-1636850500005-01";

/// One order of every kind.
fn cast() -> Vec<OrderSeed> {
    let ahead = || Payment::boleto((Utc::now() + TimeDelta::days(3)).date_naive());
    let long_ago = Utc::now() - TimeDelta::days(40);
    let overdue = || paid().created(long_ago).pending(Payment::boleto((long_ago + TimeDelta::days(3)).date_naive()));
    vec![
        paid().id("plain-01"),
        paid().freight(990).coupon("DEZ", 100).id("coupon-01"),
        OrderSeed::new()
            .sku("1", "CAMISETA-P", 4_990, 1)
            .sku("1", "CAMISETA-P", 4_990, 2)
            .sku("2", "CANECA", 2_990, 1)
            .id("parts-01"),
        paid().marketplace("FRN", "Farinha", "1636850500005").id(MARKETPLACE),
        // A person in the back office picks one and cancels another.
        paid().id("picked-01"),
        paid().id("person-01"),
        // The customer cancels, or asks to.
        paid().id("regret-01"),
        paid().id("asked-01"),
        // Unpaid: paid, denied, reviewed, on time, too late.
        paid().pending(ahead()).id("paying-01"),
        paid().pending(ahead()).id("denied-01"),
        paid().pending(ahead()).in_review().id("review-01"),
        paid().pending(ahead()).id("waiting-01"),
        paid().pending(Payment::pix()).id("pix-01"),
        overdue().id("late-01"),
        overdue().id("late-02"),
        // Held, and over before we came.
        OrderSeed::new().sku("9", "NOVO", 1_000, 1).id("new-sku-01"),
        paid().carrier("Jadlog", "9", "Jadlog").id("new-carrier-01"),
        paid().status("canceled").id("gone-01"),
        paid().status("invoiced").id("old-01"),
    ]
}

fn open(products: &[(&str, &str)]) -> Shop {
    let shop = Shop::with(SETTINGS);
    shop.vtex(|v| {
        products.iter().for_each(|(id, code)| v.add_sku(id, code));
        v.configure_needed_feed();
    });
    shop
}

fn place_orders(shop: &Shop) {
    shop.vtex(|v| cast().into_iter().for_each(|seed| drop(v.place(seed))));
}

/// What customers and banks do after the first import.
fn payments_move(shop: &Shop) {
    shop.vtex(|v| {
        v.approve_payment("paying-01");
        v.approve_payment("pix-01");
        v.deny_payment("denied-01");
        v.cancel_by_customer("regret-01");
        v.request_cancellation("asked-01");
    });
}

/// The invoices of the day; one order goes out on two.
fn invoices() -> Vec<Nfe> {
    let shirt = || vec![("CAMISETA-P".to_owned(), 1, 4_990)];
    let nfe = |number, order: &str, lines| Nfe {
        number,
        order: order.into(),
        recipient: OrderSeed::new().customer.cpf,
        lines,
        freight: 0,
        discount: 0,
        other: 0,
        issued_at: hours_ago(72),
    };
    vec![
        nfe(501, "plain-01", shirt()),
        Nfe { freight: 990, discount: 100, ..nfe(502, "coupon-01", shirt()) },
        nfe(503, "parts-01", vec![("CAMISETA-P".into(), 3, 14_970)]),
        nfe(504, "parts-01", vec![("CANECA".into(), 1, 2_990)]),
        nfe(505, MARKETPLACE, shirt()),
        nfe(506, "paying-01", shirt()),
    ]
}
