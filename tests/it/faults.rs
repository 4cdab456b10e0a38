//! Laws: whatever goes wrong on the way, one clean run later the world looks as if nothing had; and a second run has no effect.

use proptest::prelude::*;

use crate::sandbox::{Fault, Kind, OrderSeed, Payment, RetryAfter};
use crate::shop::{ErpSees, Shop, Truth, paid};

fn shop() -> Shop {
    let shop = Shop::with("import_by_method = { boleto = \"all\" }\nmax_wait = \"1s\"\ntimeout = \"2s\"");
    shop.vtex(|v| {
        v.configure_needed_feed();
        let boleto = || Payment::boleto("2030-01-10".parse().unwrap());
        let seeds: [OrderSeed; 6] = [
            paid(),
            paid().freight(990),
            paid().pending(boleto()),
            paid().pending(boleto()),
            paid().pending(Payment::pix()),
            paid().status("canceled"),
        ];
        for (n, seed) in seeds.into_iter().enumerate() {
            v.place(seed.id(&format!("{}-01", 1_000_000_000_000u64 + n as u64)));
        }
    });
    shop
}

fn meanwhile(shop: &Shop) {
    shop.vtex(|v| {
        v.approve_payment("1000000000002-01");
        v.deny_payment("1000000000003-01");
        v.approve_payment("1000000000004-01");
    });
}

fn clean(shop: &Shop) {
    shop.vtex(|v| v.faults.clear());
    for _ in 0..2 {
        let _ = shop.import().exits(0);
        let _ = shop.sync().exits(0);
    }
}

/// The end, but for one thing that may depend on the way there: an order that was cancelled on the channel before or after it came
/// into the ERP is not there, or there once, cancelled, and holds nothing.
fn the_end(shop: &Shop) -> Truth {
    let mut truth = shop.truth();
    let gone = |sees: &[ErpSees]| matches!(sees, [one] if one.status == "cancelled" && one.reserved == 0);
    let channel = &truth.channel;
    truth.erp.retain(|id, sees| !(gone(sees) && channel[id] == "canceled"));
    truth
}

fn undisturbed() -> &'static Truth {
    static TRUTH: std::sync::OnceLock<Truth> = std::sync::OnceLock::new();
    TRUTH.get_or_init(|| {
        let shop = shop();
        let _ = shop.import().exits(0);
        meanwhile(&shop);
        clean(&shop);
        the_end(&shop)
    })
}

fn any_fault() -> impl Strategy<Value = Fault> {
    let kind = prop_oneof![
        Just(Kind::TimeoutAfterWrite),
        Just(Kind::DropBeforeWrite),
        Just(Kind::Applied500),
        Just(Kind::Html200),
        Just(Kind::Empty200),
        Just(Kind::Truncated),
        Just(Kind::Redirect),
        Just(Kind::status(500)),
        Just(Kind::status(503)),
        Just(Kind::status(404)),
        Just(Kind::status(403)),
        Just(Kind::too_many(0)),
        Just(Kind::Status { code: 429, retry_after: RetryAfter::Absent, body: String::new() }),
    ];
    let place = prop_oneof![
        Just(("", "/")),
        Just(("GET", "/api/orders/feed")),
        Just(("POST", "/api/orders/feed")),
        Just(("GET", "/api/oms/pvt/orders")),
        Just(("GET", "/api/oms/pvt/orders/")),
        Just(("POST", "/start-handling")),
    ];
    (kind, place, 0u32..6, 1u32..4)
        .prop_map(|(kind, (method, path), skip, count)| Fault::next(count, kind).on(method, path).after(skip))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 20, ..ProptestConfig::default() })]

    #[test]
    fn any_schedule_of_faults_then_a_clean_run_is_as_if_nothing_happened(
        first in proptest::collection::vec(any_fault(), 1..5),
        second in proptest::collection::vec(any_fault(), 0..4),
    ) {
        let shop = shop();
        shop.vtex(|v| v.faults = first);
        let _ = shop.import();
        meanwhile(&shop);
        shop.vtex(|v| v.faults.extend(second));
        let _ = shop.import();
        let _ = shop.sync();
        // A pause the platform asked for is over by the time of the next cron run.
        std::thread::sleep(std::time::Duration::from_millis(20));
        shop.end_pauses();
        clean(&shop);
        prop_assert_eq!(&the_end(&shop), undisturbed());
        let effects = shop.vtex(|v| v.effects.len());
        let _ = shop.import().exits(0);
        let _ = shop.sync().exits(0);
        prop_assert_eq!(shop.vtex(|v| v.effects.len()), effects);
        prop_assert_eq!(&the_end(&shop), undisturbed());
    }
}
