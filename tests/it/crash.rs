//! kill -9 between any two steps of a pass, then a run to the end: the world must look as if nothing had happened.
//!
//! Two ways to choose the moment: at every request the program makes, before the sandbox applies it and after it did but before
//! the answer; and, for the steps between requests, at moments spread over the whole run.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::sandbox::{Customer, HookAction, OrderSeed, Payment, Phase};
use crate::shop::{Shop, Truth, paid};

/// A small shop with every kind of order in it, and the settings under which each matters.
fn shop() -> Shop {
    let shop = Shop::with("import_by_method = { boleto = \"all\" }\nin_flight = 2\nmax_wait = \"2s\"");
    let boleto = || Payment::boleto("2030-01-10".parse().unwrap());
    let seeds: Vec<OrderSeed> = vec![
        paid(),
        paid().freight(990).coupon("DEZ", 100),
        OrderSeed::new().sku("1", "CAMISETA-P", 4_990, 1).sku("1", "CAMISETA-P", 4_990, 2).sku("2", "CANECA", 2_990, 1),
        paid().customer(Customer::person("Ana", "Souza", "52998224725")),
        paid().pending(boleto()),
        paid().pending(boleto()).in_review(),
        paid().pending(Payment::pix()),
        paid().status("canceled"),
        paid().status("invoiced"),
        OrderSeed::new().sku("9", "NOVO", 1_000, 1),
        paid().carrier("Jadlog", "9", "Jadlog"),
        paid().marketplace("FRN", "Farinha", "1636850500005"),
    ];
    shop.vtex(|v| {
        // Events for all of them: the feed exists before they do.
        v.configure_needed_feed();
        for (n, seed) in seeds.into_iter().enumerate() {
            v.place(seed.id(&format!("{}-01", 1_000_000_000_000u64 + n as u64)));
        }
    });
    shop
}

/// Payments change between the two passes.
fn meanwhile(shop: &Shop) {
    shop.vtex(|v| {
        v.approve_payment("1000000000004-01");
        v.deny_payment("1000000000005-01");
        v.approve_payment("1000000000006-01");
        v.cancel_by_customer("1000000000003-01");
    });
}

/// Passes to the end, as the next cron runs would.
fn to_the_end(shop: &Shop) {
    for _ in 0..2 {
        let _ = shop.import().exits(3);
        let _ = shop.sync().exits(0);
    }
}

fn undisturbed() -> Truth {
    let shop = shop();
    let _ = shop.import().exits(3);
    meanwhile(&shop);
    to_the_end(&shop);
    shop.truth()
}

/// Runs `verb` and kills it at its `n`-th request, in the given phase. Gives whether it lived that long.
pub fn killed_at_request(shop: &Shop, verb: &str, n: u32, phase: Phase) -> bool {
    let count = Arc::new(AtomicU32::new(0));
    let victim = Arc::new(Mutex::new(None::<std::process::Child>));
    let struck = Arc::new(AtomicU32::new(0));
    shop.vtex(|v| {
        let (count, victim, struck) = (Arc::clone(&count), Arc::clone(&victim), Arc::clone(&struck));
        v.on_call = Some(Box::new(move |_, at| {
            if at == phase && count.fetch_add(1, Ordering::SeqCst) + 1 == n {
                struck.store(1, Ordering::SeqCst);
                // The request may come before the test has the child in its hands.
                loop {
                    if let Some(child) = victim.lock().unwrap().as_mut() {
                        child.kill().unwrap();
                        break;
                    }
                    std::thread::sleep(Duration::from_millis(1));
                }
                return HookAction::Drop;
            }
            HookAction::Go
        }));
    });
    let child = shop.command(&[verb]).spawn().unwrap();
    *victim.lock().unwrap() = Some(child);
    loop {
        if victim.lock().unwrap().as_mut().unwrap().try_wait().unwrap().is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    shop.vtex(|v| v.on_call = None);
    struck.load(Ordering::SeqCst) == 1
}

/// Every request of both passes, before and after its effect.
#[test]
fn killed_at_any_request() {
    let expected = undisturbed();
    let mut points = 0;
    std::thread::scope(|scope| {
        let tests: Vec<_> = [("import-orders", Phase::BeforeEffect), ("import-orders", Phase::AfterEffect)]
            .into_iter()
            .chain([("sync-payments", Phase::BeforeEffect), ("sync-payments", Phase::AfterEffect)])
            .map(|(verb, phase)| {
                let expected = &expected;
                scope.spawn(move || {
                    let mut points = 0;
                    for n in 1.. {
                        let shop = shop();
                        if verb == "sync-payments" {
                            let _ = shop.import().exits(3);
                            meanwhile(&shop);
                        }
                        if !killed_at_request(&shop, verb, n, phase) {
                            break;
                        }
                        if verb == "import-orders" {
                            let _ = shop.import().exits(3);
                            meanwhile(&shop);
                        }
                        to_the_end(&shop);
                        assert_eq!(&shop.truth(), expected, "{verb} killed at request {n}, {phase:?}");
                        points += 1;
                    }
                    points
                })
            })
            .collect();
        points = tests.into_iter().map(|test| test.join().unwrap()).sum();
    });
    println!("{points} kill points at requests");
    // With the moments below, more than 200.
    assert!(points >= 70, "only {points} kill points");
}

/// Moments spread evenly over both passes, for the steps between the requests: the journal, the ledger, the state file.
#[test]
fn killed_at_any_moment() {
    const POINTS: [(&str, u32); 2] = [("import-orders", 120), ("sync-payments", 40)];
    let expected = undisturbed();
    let before = |verb: &str| {
        let shop = shop();
        if verb == "sync-payments" {
            let _ = shop.import().exits(3);
            meanwhile(&shop);
        }
        shop
    };
    for (verb, points) in POINTS {
        let whole = {
            let shop = before(verb);
            let begun = Instant::now();
            let _ = shop.run(&[verb]);
            begun.elapsed()
        };
        let next = AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    loop {
                        let n = next.fetch_add(1, Ordering::SeqCst);
                        if n >= points {
                            break;
                        }
                        let shop = before(verb);
                        let mut child = shop.command(&[verb]).spawn().unwrap();
                        std::thread::sleep(whole * n / points);
                        child.kill().unwrap();
                        child.wait().unwrap();
                        if verb == "import-orders" {
                            let _ = shop.import().exits(3);
                            meanwhile(&shop);
                        }
                        to_the_end(&shop);
                        assert_eq!(shop.truth(), expected, "{verb} killed after {n}/{points} of {whole:?}");
                    }
                });
            }
        });
    }
}
