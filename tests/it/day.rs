//! A day in a shop where everything happens, cut before each verb: what kills and faults must not change.
//!
//! The day is lived once; each verb then begins from a copy of the shop as it was at its turn, so that a try costs a few runs of the
//! program and not a whole day.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock};

use chrono::{DateTime, TimeDelta, Utc};

use crate::sandbox::papers::{self, Nfe};
use crate::sandbox::{Call, HookAction, OrderSeed, Payment, Phase, Vtex};
use crate::shop::{Shop, paid};
use crate::truth::Truth;

/// Nothing waits for time to pass: what is announced, unsettled or in the balance goes on with the next run.
const SETTINGS: &str = "import_by_method = { boleto = \"all\" }
in_flight = 2
timeout = \"2s\"
max_wait = \"1s\"
auto_cancel = { enabled = true }
stock = { warehouse = \"1_1\", settle = \"0s\" }
invoices = { confirm_within = \"0s\", settle_after = \"0s\", issuers = [\"12345678000195\"] }";

/// Products by VTEX's id, and what is counted in the morning: the shirt, the mug, and some that nobody orders.
const PRODUCTS: [(&str, &str); 8] = [
    ("1", "CAMISETA-P"),
    ("2", "CANECA"),
    ("3", "BONE"),
    ("11", "MEIA"),
    ("12", "TOALHA"),
    ("13", "GARRAFA"),
    ("14", "CADERNO"),
    ("15", "MOCHILA"),
];

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

/// The shop in the morning: counted, its stock on the channel, the orders placed.
fn morning() -> Shop {
    let mut shop = Shop::with(SETTINGS);
    shop.open_inboxes();
    let rows: String = PRODUCTS.iter().map(|(_, code)| format!("{code};{code};100\n")).collect();
    shop.stock(&format!("codigo;nome;quantidade\n{rows}"));
    shop.vtex(|v| {
        PRODUCTS.iter().for_each(|(id, code)| v.add_sku(id, code));
        v.configure_needed_feed();
    });
    let _ = shop.push().exits(0);
    shop.vtex(|v| cast().into_iter().for_each(|seed| drop(v.place(seed))));
    shop
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

/// What the back office does before the orders that nobody pays are cancelled.
fn a_person_decides(shop: &Shop) {
    let _ = shop.run(&["ledger", "set", "picked-01", "picking"]).exits(0);
    let _ = shop.run(&["ledger", "cancel", "person-01", "--reason", "sem estoque"]).exits(0);
}

fn hours_ago(hours: i64) -> DateTime<Utc> {
    Utc::now() - TimeDelta::hours(hours)
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

/// The fiscal software writes its files, and somebody saves a web page among them.
fn invoices_come(shop: &Shop) {
    for nfe in invoices() {
        shop.drop_into(&format!("in/{}.xml", nfe.number), &nfe.xml());
    }
    shop.drop_into("in/login.xml", "<html><body>login</body></html>");
}

/// The carrier fetches the parcels and delivers some.
fn carriers_come(shop: &Shop) {
    let mut sheet = "nota;rastreio;url;transportadora;despachado\n".to_owned();
    for nfe in invoices() {
        let (number, day) = (nfe.number, hours_ago(60).format("%d/%m/%Y"));
        sheet += &format!("{number};BR{number};https://rastro.example/BR{number};Correios;{day}\n");
    }
    shop.drop_into("carriers/romaneio.csv", &sheet);
    let delivered = [(501, 1, hours_ago(20)), (503, 1, hours_ago(19)), (505, 31, hours_ago(18))];
    shop.drop_into("carriers/ocoren.txt", &papers::ocoren(&delivered, hours_ago(10)));
}

/// The shelves are counted again in the evening.
const EVENING: [(&str, i64); 8] =
    [("1", 60), ("2", 90), ("3", 120), ("11", 80), ("12", 100), ("13", 101), ("14", 0), ("15", 99)];

fn shelves_are_counted(shop: &Shop) {
    let code = |id: &str| PRODUCTS.iter().find(|(one, _)| *one == id).unwrap().1;
    let rows: String = EVENING.iter().map(|(id, units)| format!("{};{units}\n", code(id))).collect();
    shop.drop_into("in/contagem.csv", &format!("codigo;quantidade\n{rows}"));
}

/// A verb's turn: the shop as it is then, and how the day ends from there if nothing comes between.
pub struct Turn {
    pub verb: &'static str,
    shop: Shop,
    /// What happens around the shop once the verb is done.
    meanwhile: Option<fn(&Shop)>,
    sellable: Sellable,
    /// How many runs of all passes there are to the end: one to announce a cancellation, one to cancel.
    syncs: usize,
    pub end: Truth,
    /// How many calls the verb makes.
    pub calls: u32,
}

impl Turn {
    fn new(verb: &'static str, shop: &Shop, meanwhile: Option<fn(&Shop)>, sellable: &Sellable) -> Self {
        let (before, undisturbed) = (shop.copy(), shop.copy());
        let calls = undisturbed.vtex(|v| v.total_calls);
        let _ = undisturbed.run(&[verb]).exits(exit_of(verb));
        let calls = u32::try_from(undisturbed.vtex(|v| v.total_calls) - calls).unwrap();
        let (sellable, end) = (sellable.clone(), undisturbed.truth());
        let syncs = if meanwhile.is_some() || verb == "auto-cancel" { 2 } else { 1 };
        let mut turn = Self { verb, shop: before, meanwhile, sellable, syncs, end, calls };
        turn.to_the_end(&undisturbed);
        turn.end = undisturbed.truth();
        turn.end.has_no_doubles();
        let _ = undisturbed.run(&["sync"]).exits(3);
        undisturbed.truth().is(&turn.end, &format!("one more sync after {verb}"));
        assert_eq!(turn.end.unsettled, [""; 0], "{verb}");
        turn
    }

    /// A shop where it is this verb's turn.
    pub fn begin(&self) -> Shop {
        self.shop.copy()
    }

    /// The documents that wait in its inboxes.
    pub fn documents(&self) -> Vec<String> {
        let is_done = |file: &String| file.contains("/done/") || file.contains("/rejected/");
        self.shop.documents().into_iter().filter(|file| !is_done(file)).collect()
    }

    /// The next cron runs come, and the world goes on. Nothing is promised twice on the way.
    pub fn to_the_end(&self, shop: &Shop) {
        let oversold = self.sellable.watch(shop);
        if let Some(meanwhile) = self.meanwhile {
            let _ = shop.run(&[self.verb]).exits(exit_of(self.verb));
            meanwhile(shop);
        }
        for _ in 0..self.syncs {
            let _ = shop.run(&["sync"]).exits(3);
        }
        shop.vtex(|v| v.on_call = None);
        assert_eq!(*oversold.lock().unwrap(), [""; 0], "after {}", self.verb);
    }

    /// No customer can buy what is sold, unless that was so before the verb's turn.
    #[track_caller]
    pub fn promises_nothing_twice(&self, shop: &Shop) {
        for (sku, _) in PRODUCTS {
            let before = self.shop.vtex(|v| v.available(sku));
            let (now, limit) = shop.vtex(|v| (v.available(sku), self.sellable.of(v, sku).max(before)));
            assert!(now <= limit, "{now} of SKU {sku} can be bought, {limit} may be");
        }
    }
}

/// The exit code of a verb at its turn.
fn exit_of(verb: &str) -> i32 {
    match verb {
        // New SKU, new carrier; the web page among the invoices.
        "import-orders" | "push-invoices" => 3,
        _ => 0,
    }
}

/// How many cases to try: so many, unless `VAIVEM_CASES` says.
pub fn cases(usual: u32) -> u32 {
    std::env::var("VAIVEM_CASES").map_or(usual, |text| text.parse().expect("VAIVEM_CASES is a number"))
}

/// What is on the shelves and not sold, by the last count.
#[derive(Clone, Debug)]
struct Sellable {
    counted: BTreeMap<&'static str, i64>,
    /// Orders whose goods had left by then.
    left: BTreeSet<String>,
}

impl Sellable {
    fn of(&self, v: &Vtex, sku: &str) -> i64 {
        let live = v.orders.values().filter(|order| order.status != "canceled" && !self.left.contains(&order.id));
        let lines = live.flat_map(|order| order.seed.lines.iter()).filter(|line| line.id == sku);
        self.counted[sku] - lines.map(|line| line.quantity).sum::<i64>()
    }

    /// Looks at every stock update as it is taken, and notes those that promise too much.
    fn watch(&self, shop: &Shop) -> Arc<Mutex<Vec<String>>> {
        let oversold = Arc::new(Mutex::new(Vec::new()));
        let (sellable, noted) = (Arc::new(self.clone()), Arc::clone(&oversold));
        shop.vtex(|v| {
            v.on_call = Some(Box::new(move |call, phase| match updated_sku(call) {
                Some(sku) if phase == Phase::AfterEffect => {
                    let (sellable, noted) = (Arc::clone(&sellable), Arc::clone(&noted));
                    HookAction::Meanwhile(Box::new(move |v| {
                        let (now, limit) = (v.available(&sku), sellable.of(v, &sku));
                        if now > limit {
                            noted.lock().unwrap().push(format!("{now} of SKU {sku} can be bought, {limit} are there"));
                        }
                    }))
                }
                _ => HookAction::Go,
            }));
        });
        oversold
    }
}

/// The SKU whose stock a call updates.
fn updated_sku(call: &Call) -> Option<String> {
    let (_, rest) = call.path.split_once("/skus/").filter(|_| call.method == "PATCH")?;
    rest.split('/').next().map(str::to_owned)
}

/// The day, lived once: the turn of each verb, with auto-cancel's two, to announce and to cancel.
pub fn turns() -> &'static [Turn] {
    static TURNS: OnceLock<Vec<Turn>> = OnceLock::new();
    TURNS.get_or_init(live)
}

fn live() -> Vec<Turn> {
    let counted =
        Sellable { counted: PRODUCTS.iter().map(|(id, _)| (*id, 100)).collect(), left: ["old-01".into()].into() };
    let mut turns = Vec::new();
    let shop = morning();
    let mut turn = |verb, meanwhile: Option<fn(&Shop)>, counted| {
        turns.push(Turn::new(verb, &shop, meanwhile, counted));
        let _ = shop.run(&[verb]).exits(exit_of(verb));
        meanwhile.into_iter().for_each(|happens| happens(&shop));
    };
    turn("import-orders", Some(payments_move), &counted);
    turn("sync-payments", Some(a_person_decides), &counted);
    turn("auto-cancel", None, &counted);
    turn("auto-cancel", None, &counted);
    invoices_come(&shop);
    turn("push-invoices", None, &counted);
    carriers_come(&shop);
    turn("push-tracking", None, &counted);
    shelves_are_counted(&shop);
    let left = counted.left.iter().cloned().chain(invoices().into_iter().map(|nfe| nfe.order)).collect();
    turn("push-stock", None, &Sellable { counted: EVENING.into(), left });
    turns
}

/// That the day has in it what it is for.
#[test]
fn the_day_has_every_fate() {
    let end = &turns().last().unwrap().end;
    let expected = [
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
    ];
    for (id, channel, erp, fate) in expected {
        let in_erp = end.erp.get(id).map_or("-", |orders| orders[0].status.as_str());
        assert_eq!((end.channel[id].status.as_str(), in_erp, end.fates[id].as_str()), (channel, erp, fate), "{id}");
    }
    assert_eq!(end.channel.len(), expected.len());
    let held: Vec<_> = end.holds.iter().map(|(what, code)| (what.as_str(), code.as_str())).collect();
    assert_eq!(held, [("new-carrier-01", "carrier_unmapped"), ("new-sku-01", "skus_unmapped")]);
    // Of 60 shirts counted, those of the orders that are alive and had not left by then are sold.
    assert_eq!(end.inventory["1"].can_be_bought, 53);
    assert_eq!(end.documents.iter().filter(|file| file.contains("/done/")).count(), 9, "{:?}", end.documents);
}
