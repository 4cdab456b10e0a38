//! What must be nowhere: keys, and whatever would tell who a customer is. A shop on both channels with planted values is run through
//! every command in every form, with and without trouble, and every byte that came out of it is searched: what was printed and logged,
//! the state file with its log as raw bytes, copies of it, plans, bundles, metrics, the page, what heartbeats were told.
//!
//! Exceptions, on purpose: the ledger and its copies, which are a back office and hold what an order needs; documents that lie in the
//! inboxes, which are the store's own; the customer's name in `ledger show`, which is the back office's page of an order; and the answer
//! to `privacy export`, which is what a customer may ask for.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;

use super::answers::{self, Class};
use super::disturbed::Case;
use super::state_file;

use crate::office::Office;
use crate::sandbox::anymarket::{AnyAddress, AnyBuyer};
use crate::sandbox::papers::Nfe;
use crate::sandbox::{APP_TOKEN, AnyOrderSeed, Customer, ECCOSYS_TOKEN, Fault, GUMGA_TOKEN, Kind};
use crate::shop::{Shop, paid};
use crate::side::Side;
use crate::torture;

const CPF: &str = "11144477735";
/// Of somebody who is on an invoice for the wrong order.
const OTHER_CPF: &str = "86288366757";
const STREET: &str = "Ladeira da Misericórdia";
const EMAIL: &str = "zuleica.q@correio.example";
/// What knows a heartbeat's address can speak for us.
const HEARTBEAT: &str = "batimento-secreto-90210";

/// Each value with the forms in which it might get out, in small letters.
fn planted() -> Vec<(&'static str, String)> {
    let forms: [(&str, &[&str]); 12] = [
        ("token of VTEX", &[APP_TOKEN, "U0FOREJPWFRPS0VO"]),
        ("token of the hub", &[GUMGA_TOKEN, "c2FuZGJveC5HVU1HQVRPS0VO"]),
        ("token of Eccosys", &[ECCOSYS_TOKEN, "c2FuZGJveC1lY2Nvc3lzLXRva2Vu"]),
        ("address of a heartbeat", &[HEARTBEAT]),
        ("CPF", &[CPF, "111.444.777-35", "111444777-35", "111.444.777"]),
        ("other CPF", &[OTHER_CPF, "862.883.667-57"]),
        ("name", &["Zuleica", "Quinhones"]),
        (
            "street",
            &[
                STREET,
                "Misericordia",
                "Ladeira da Miseric\\u00f3rdia",
                "Miseric%C3%B3rdia",
                "Ladeira+da",
                "Ladeira%20da",
            ],
        ),
        ("rest of the address", &["Portão azul", "Port\\u00e3o azul", "Carmo Velho", "53020-000", "53020000"]),
        ("e-mail", &[EMAIL, "zuleica.q%40", "zuleica.q\\u0040"]),
        ("phone", &["5581999887766", "81999887766", "(81) 99988-7766", "99988-7766", "999887766"]),
        ("house number", &["4711-F"]),
    ];
    let all = forms.into_iter().flat_map(|(what, forms)| forms.iter().map(move |form| (what, form.to_lowercase())));
    all.collect()
}

/// What of the planted is in these bytes.
fn leaks(bytes: &[u8]) -> BTreeSet<String> {
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    let latin: String = bytes.iter().map(|byte| char::from(*byte)).collect::<String>().to_lowercase();
    let found = planted().into_iter().filter(|(_, form)| text.contains(form) || latin.contains(form));
    let around = |form: &str| {
        let at = text.find(form).unwrap_or(0);
        text[..at].chars().rev().take(60).collect::<Vec<_>>().into_iter().rev().collect::<String>()
    };
    found.map(|(what, form)| format!("{what} as `{form}` after `{}`", around(&form))).collect()
}

#[test]
fn what_is_planted_is_found_in_every_form() {
    for (what, form) in planted() {
        for text in [form.clone(), form.to_uppercase(), format!("x{form}y")] {
            assert!(leaks(text.as_bytes()).iter().any(|found| found.starts_with(what)), "{what} in {text}");
        }
    }
    assert!(!leaks(b"rua da Miseric\xf3rdia, Ladeira da Miseric\xf3rdia").is_empty(), "as old systems write it");
    assert_eq!(leaks("pedido 1172452500001-01, R$ 49,90, CAMISETA-P".as_bytes()), BTreeSet::new());
}

/// What is searched, and what was found in it.
#[derive(Default)]
struct Search {
    bytes: usize,
    places: usize,
    found: Vec<String>,
}

impl Search {
    fn look(&mut self, place: &str, bytes: &[u8]) {
        self.bytes += bytes.len();
        self.places += 1;
        for leak in leaks(bytes) {
            self.found.push(format!("{place}: {leak}"));
        }
    }

    fn add(&mut self, other: Self) {
        self.bytes += other.bytes;
        self.places += other.places;
        self.found.extend(other.found);
    }

    /// Every file of a folder, but for those that may hold a customer's data.
    fn look_into(&mut self, folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            let is_excepted = name.starts_with("ledger.db") || matches!(name.as_str(), "in" | "carriers");
            if is_excepted {
                continue;
            }
            match path.is_dir() {
                true => self.look_into(&path),
                false => self.look(&format!("the file {}", path.display()), &std::fs::read(&path).unwrap()),
            }
        }
    }
}

fn shop(office: Office) -> Shop {
    let settings = "import_by_method = { boleto = \"all\" }\ntimeout = \"1s\"\nmax_wait = \"1s\"\nin_flight = 2\n\
                    auto_cancel = { enabled = true }\ninvoices = { confirm_within = \"0s\", settle_after = \"0s\", issuers = [\"12345678000195\"] }\n";
    let mut shop =
        Shop::with(&format!("{settings}stock = {{ warehouse = \"1_1\", settle = \"0s\", unknown_skus = \"ignore\" }}"));
    shop.set_hub("timeout = \"1s\"\nmax_wait = \"1s\"\nstock = { warehouse = \"default\", unknown_skus = \"ignore\" }");
    if office == Office::Eccosys {
        shop.move_to_eccosys();
    }
    shop.open_inboxes();
    let file = shop.path("vaivem.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let monitoring = "[monitoring]\nmetrics_file = \"vaivem.prom\"\n[monitoring.heartbeat]\nsync = { env = \"HEARTBEAT\" }\n\
                      import-orders = { env = \"HEARTBEAT\" }\ntimeout = \"1s\"\n";
    std::fs::write(file, format!("{text}\n{monitoring}")).unwrap();
    shop
}

/// Orders of the planted customer: one that goes through, one that is held, one that is not paid.
fn place(side: Side, shop: &Shop) -> Vec<String> {
    match side {
        Side::Vtex => {
            let address = json!({ "street": STREET, "number": "4711-F", "complement": "Portão azul", "neighborhood": "Carmo Velho",
                "city": "Olinda", "postalCode": "53020-000", "receiverName": "Zuleica Quinhones" });
            let patch = json!({
                "shippingData": { "address": address, "selectedAddresses": [address] },
                "clientProfileData": { "email": EMAIL, "phone": "+5581999887766" },
                "novidade": { "quem": "Zuleica Quinhones", "fone": 81_999_887_766_i64, "cpf": "111.444.777-35" },
            });
            let seed = || {
                let customer = Customer::person("Zuleica", "Quinhones", CPF);
                let note = format!("Portão azul, avisar Zuleica: (81) 99988-7766, {EMAIL}, CPF 111.444.777-35");
                paid().customer(customer).note(&note).patch(patch.clone())
            };
            let overdue = (chrono::Utc::now() - chrono::TimeDelta::days(37)).date_naive();
            let late = seed().created(chrono::Utc::now() - chrono::TimeDelta::days(40));
            vec![
                shop.place(seed()),
                shop.place(seed().carrier("Jadlog", "9", "Jadlog")),
                shop.place(late.pending(crate::sandbox::Payment::boleto(overdue))),
            ]
        }
        Side::Hub => {
            let address = AnyAddress {
                street: STREET.into(),
                number: "4711-F".into(),
                neighborhood: Some("Carmo Velho".into()),
                city: "Olinda".into(),
                zip: "53020000".into(),
                comment: Some("Portão azul".into()),
                ..AnyAddress::default()
            };
            let buyer = json!({ "email": EMAIL, "phone": "81999887766", "cellPhone": "(81) 99988-7766" });
            let patch = json!({ "observation": "ligar para Zuleica", "buyer": buyer, "metadata": { "para": "Zuleica Quinhones" },
                "marketPlaceStatusComplement": CPF });
            let seed = |sku| {
                let seed = AnyOrderSeed::new().sku(sku, 4_990, 1).buyer(AnyBuyer::person("Zuleica Quinhones", CPF));
                seed.address(address.clone()).patch(patch.clone())
            };
            vec![
                shop.hub(|a| a.place(seed("CAMISETA-P"))).to_string(),
                shop.hub(|a| a.place(seed("NOVIDADE"))).to_string(),
            ]
        }
    }
}

fn nfe(number: u32, order: &str, recipient: &str) -> Nfe {
    Nfe {
        number,
        order: order.to_owned(),
        recipient: recipient.to_owned(),
        lines: vec![("CAMISETA-P".into(), 1, 4_990)],
        freight: 0,
        discount: 0,
        other: 0,
        issued_at: chrono::Utc::now() - chrono::TimeDelta::hours(48),
    }
}

/// What platforms answer when something is wrong: they like to say it with the customer's data, and with what was sent to them, the
/// token included.
fn trouble(token: &str) -> Vec<Fault> {
    let told = format!(
        "{{\"error\":{{\"code\":\"OMS007\",\"message\":\"CPF 111.444.777-35 ({CPF}) inválido, {token} {EMAIL}, fone (81) 99988-7766, +5581999887766, \
         CEP 53020-000\",\"address\":\"{STREET}\",\"quem\":\"Zuleica Quinhones\"}},\"token\":\"{token}\"}}"
    );
    let prose = format!("request by {token}: {CPF} 111.444.777-35 {EMAIL} (81) 99988-7766");
    let answer =
        |code, body: &str| Kind::Status { code, retry_after: crate::sandbox::RetryAfter::Absent, body: body.into() };
    vec![
        Fault::next(1, answer(500, &told)),
        Fault::next(2, answer(400, &told)),
        Fault::next(1, answer(422, &prose)),
        Fault::next(1, Kind::Truncated),
        Fault::next(1, Kind::Applied500),
        Fault::next(1, Kind::TimeoutAfterWrite),
        Fault::next(1, Kind::Html200),
        Fault::next(1, Kind::Redirect),
        Fault::next(1, answer(404, &prose)),
        Fault::next(1, answer(429, &told)),
    ]
}

/// The forms in which a command can say things.
const FORMS: [&[&str]; 6] = [
    &["--output", "human", "-vv"],
    &["--output", "jsonl", "-vv"],
    &["--output", "human", "--lang", "pt-BR", "-v"],
    &["--output", "human", "--lang", "en"],
    &["--output", "jsonl"],
    &["--output", "human", "-q"],
];

/// Runs a command in a form and looks at all it said. Gives its standard output.
fn say(shop: &Shop, search: &mut Search, form: &[&str], command: &[&str]) -> Vec<u8> {
    let args = [command, form].concat();
    // Nobody listens there; what would be said of it is said.
    let heartbeat = format!("http://127.0.0.1:9/{HEARTBEAT}?{HEARTBEAT}");
    let output = shop.command(&args).env("HEARTBEAT", heartbeat).env("RUST_LOG", "").output().unwrap();
    search.look(&format!("{args:?}, standard output"), &output.stdout);
    search.look(&format!("{args:?}, standard error"), &output.stderr);
    output.stdout
}

const VERBS: [&str; 7] =
    ["import-orders", "sync-payments", "auto-cancel", "push-invoices", "push-tracking", "push-stock", "sync"];

fn live_through(office: Office, search: &mut Search, forms: &[&[&str]]) {
    let mut shop = shop(office);
    let orders: Vec<String> = Side::BOTH.into_iter().flat_map(|side| place(side, &shop)).collect();
    let calm = |shop: &Shop| {
        Side::BOTH.into_iter().for_each(|side| side.calm(shop));
        shop.eccosys(|e| e.faults.clear());
        if shop.path("vaivem.db").exists() {
            shop.end_pauses();
        }
    };
    let strike = |shop: &Shop| {
        Side::Vtex.strike(shop, trouble(APP_TOKEN));
        Side::Hub.strike(shop, trouble(GUMGA_TOKEN));
        shop.eccosys(|e| e.faults.extend(trouble(ECCOSYS_TOKEN)));
    };
    let mut form = forms.iter().cycle();
    let mut next = || *form.next().unwrap();
    say(&shop, search, next(), &["check"]);
    // Before anything is known: in trouble, and as a plan.
    strike(&shop);
    say(&shop, search, &["--output", "human", "-vv"], &["import-orders", "--dry-run"]);
    say(&shop, search, &["--output", "jsonl", "-vv"], &["import-orders"]);
    calm(&shop);
    say(&shop, search, &["--output", "jsonl", "-vv"], &["sync"]);
    shop.issue_all(&[nfe(901, &orders[0], CPF), nfe(902, &orders[3], CPF), nfe(903, &orders[0], OTHER_CPF)]);
    shop.fetch_parcels(&[nfe(901, &orders[0], CPF)], chrono::Utc::now() - chrono::TimeDelta::hours(30));
    shop.drop_into("carriers/lido.txt", &format!("isto não é um OCOREN: {CPF} Zuleica Quinhones {STREET}\n"));
    let plan = say(&shop, search, &["--output", "jsonl"], &["sync", "--dry-run"]);
    std::fs::write(shop.path("plan.jsonl"), plan).unwrap();
    say(&shop, search, next(), &["apply", "plan.jsonl"]);
    for verb in VERBS {
        strike(&shop);
        say(&shop, search, next(), &[verb]);
        calm(&shop);
        say(&shop, search, next(), &[verb, "--dry-run"]);
        say(&shop, search, next(), &[verb]);
    }
    // A key that is refused, and one that is not there.
    let refused =
        shop.command(&["import-orders", "-vv"]).env("VTEX_APP_TOKEN", format!("x{APP_TOKEN}")).output().unwrap();
    search.look("a refused key", &[refused.stdout, refused.stderr].concat());
    // The state file while somebody has it open, so that its log is there, too.
    let open = shop.database("vaivem.db");
    strike(&shop);
    let _ = shop.command(&["sync"]).output();
    search.look_into(&shop.path(""));
    drop(open);
    calm(&shop);

    let since = (chrono::Utc::now() - chrono::TimeDelta::days(60)).format("%Y-%m-%d").to_string();
    let (first, held) = (orders[0].as_str(), orders[1].as_str());
    let commands: Vec<Vec<&str>> = vec![
        vec!["status"],
        vec!["orders"],
        vec!["holds"],
        vec!["why", first],
        vec!["why", held],
        vec!["why", &orders[2]],
        vec!["why", &orders[3]],
        vec!["why", "--sku", "CAMISETA-P"],
        vec!["account", "--since", &since],
        vec!["reconcile", "--since", &since],
        vec!["adopt", "--since", &since, "--dry-run"],
        vec!["cancel", "list"],
        vec!["holds", "add", first, "--because", "uma pergunta"],
        vec!["holds", "retry", held],
        vec!["holds", "release", first],
        vec!["purge", "--older-than", "400d", "--dry-run"],
        vec!["ledger", "orders"],
        vec!["ledger", "stock"],
        vec!["check"],
        vec!["explain", "erp_differs"],
        vec!["status", "--metrics-file", "again.prom"],
        vec!["report", "--html", "report.html"],
    ];
    for command in &commands {
        say(&shop, search, next(), command);
    }
    for (at, order) in orders.iter().enumerate() {
        let file = format!("bundle-{at}.json");
        say(&shop, search, next(), &["support-bundle", order, "--file", &file]);
    }
    say(&shop, search, next(), &["backup", "copies"]);
    // The back office's own page of an order has the customer's name, and nothing else of them.
    let page = shop.command(&["ledger", "show", first, "--output", "human"]).output().unwrap();
    let page = String::from_utf8(page.stdout).unwrap().replace("Zuleica Quinhones", "");
    search.look("ledger show, but for the name", page.as_bytes());
    // May tell: it is the customer who asks.
    let told = shop.command(&["privacy", "export", "--document", CPF]).output().unwrap();
    assert!(office == Office::Eccosys || !leaks(&told.stdout).is_empty(), "the export tells what is kept");
    search.look("privacy export, standard error", &told.stderr);
    // Restored from nothing, in trouble.
    crate::adopt::lose_state(&shop);
    strike(&shop);
    say(&shop, search, next(), &["adopt", "--since", &since]);
    calm(&shop);
    say(&shop, search, next(), &["adopt", "--since", &since]);
    say(&shop, search, next(), &["sync"]);
    say(&shop, search, next(), &["privacy", "erase", "--document", OTHER_CPF]);
    search.look_into(&shop.path(""));
    shop.set("timeout = \"never\"");
    say(&shop, search, next(), &["sync"]);

    if office == Office::Ledger {
        let ledger = std::fs::read(shop.path("ledger.db")).unwrap();
        assert!(!leaks(&ledger).is_empty(), "the back office has what an order needs, so there was something to tell");
    }
    // That a leak would be seen.
    std::fs::write(shop.path("leak.log"), format!("cliente {CPF}")).unwrap();
    let mut planted = Search::default();
    planted.look_into(&shop.path(""));
    assert_eq!(planted.found.len(), 1, "{:?}", planted.found);
}

#[test]
fn keys_and_customers_are_in_nothing_that_is_said_or_kept() {
    let mut search = Search::default();
    // In the long form each command is seen in each form of output.
    let rounds = usize::try_from(torture::cases(1, 6)).unwrap();
    for round in 0..rounds {
        let mut forms = FORMS;
        forms.rotate_left(round % FORMS.len());
        for office in [Office::Ledger, Office::Eccosys] {
            live_through(office, &mut search, &forms);
        }
    }
    assert!(search.places > 100 && search.bytes > 100_000, "{} places, {} bytes", search.places, search.bytes);
    let found: BTreeSet<&String> = search.found.iter().collect();
    assert!(found.is_empty(), "{found:#?}");
    torture::held(
        "secrets",
        search.places,
        format!("things said and files searched, {} bytes; nothing of a key or a customer", search.bytes),
    );
}

/// A shop in the middle of everything: some orders are in the ERP with their invoices, others just came.
fn half_way(office: Office) -> Shop {
    let shop = shop(office);
    let orders: Vec<String> = Side::BOTH.into_iter().flat_map(|side| place(side, &shop)).collect();
    let _ = shop.run(&["sync"]);
    shop.issue_all(&[nfe(901, &orders[0], CPF), nfe(902, &orders[3], CPF)]);
    shop.fetch_parcels(&[nfe(901, &orders[0], CPF)], chrono::Utc::now() - chrono::TimeDelta::hours(30));
    Side::BOTH.into_iter().for_each(|side| drop(place(side, &shop)));
    shop
}

/// What goes wrong beneath a run, and is none of a platform's own words.
#[derive(Clone, Copy, Debug)]
enum Beneath {
    MangledAnswers,
    DamagedState,
    Kill,
}

/// Runs a verb of which that comes in the way, looks at all it said and left behind, and at what is said afterwards. Gives whether
/// it really came.
fn disturb(shop: &Shop, beneath: Beneath, case: &mut Case, search: &mut Search) -> bool {
    let verb = *case.any(&VERBS);
    let form = *case.any(&FORMS);
    let came = match beneath {
        Beneath::MangledAnswers => {
            // An answer that lies may have a name where a status stands, and nobody can tell.
            let class = *case.any(&[Class::Breaks, Class::Misshapes]);
            let mut faults = |lists, calls| -> Vec<Fault> {
                (0..3).map(|_| answers::any_fault(case, class, lists, calls)).collect()
            };
            Side::BOTH.into_iter().for_each(|side| side.strike(shop, faults(&answers::LISTS, 12)));
            shop.eccosys(|e| e.faults.extend(faults(&answers::ERP_LISTS, 12)));
            let struck = shop.struck();
            say(shop, search, form, &[verb]);
            shop.struck() > struck
        }
        Beneath::DamagedState => {
            let state = shop.path("vaivem.db");
            match case.random.u8(..4) {
                0 => {
                    let bytes = std::fs::read(&state).unwrap();
                    std::fs::write(&state, &bytes[..case.random.usize(1..bytes.len())]).unwrap();
                }
                _ => state_file::overwrite(&state, usize::MAX, &mut case.random),
            }
            say(shop, search, form, &[verb]);
            true
        }
        Beneath::Kill => {
            let mut child = shop.command(&[&[verb], form].concat()).spawn().unwrap();
            std::thread::sleep(Duration::from_millis(case.random.u64(2..60)));
            child.kill().unwrap();
            let output = child.wait_with_output().unwrap();
            search.look("what a killed run said", &[output.stdout, output.stderr].concat());
            // Without an exit code it did not end by itself.
            output.status.code().is_none()
        }
    };
    search.look_into(&shop.path(""));
    Side::BOTH.into_iter().for_each(|side| side.calm(shop));
    shop.eccosys(|e| e.faults.clear());
    let order = shop.vtex(|v| v.orders.keys().next().unwrap().clone());
    let afterwards: [&[&str]; 5] =
        [&["sync"], &["check"], &["holds"], &["why", &order], &["support-bundle", &order, "--file", "bundle.json"]];
    for command in afterwards {
        let form = *case.any(&FORMS);
        say(shop, search, form, command);
    }
    search.look_into(&shop.path(""));
    came
}

#[test]
fn nor_in_what_mangled_answers_damaged_files_and_kills_leave_behind() {
    let shops = [Office::Ledger, Office::Eccosys].map(half_way);
    let numbers: Vec<u32> = (0..torture::cases(12, 900)).collect();
    let (search, came) = (Mutex::new(Search::default()), AtomicUsize::new(0));
    torture::each_of(&numbers, 4, |number| {
        let mut case = Case { number: *number, random: fastrand::Rng::with_seed(u64::from(*number)) };
        let beneath = [Beneath::MangledAnswers, Beneath::DamagedState, Beneath::Kill][*number as usize % 3];
        let shop = shops[*number as usize / 3 % 2].copy();
        let mut seen = Search::default();
        came.fetch_add(usize::from(disturb(&shop, beneath, &mut case, &mut seen)), Ordering::SeqCst);
        assert!(seen.found.is_empty(), "{beneath:?}: {:#?}", seen.found);
        search.lock().unwrap().add(seen);
    });
    let (search, came) = (search.into_inner().unwrap(), came.into_inner());
    assert!(came * 2 > numbers.len(), "only {came} of {} were disturbed", numbers.len());
    torture::held(
        "secrets",
        search.places,
        format!(
            "things said and files searched after {came} mangled answers, damaged state files and kills, {} bytes; nothing of a key \
             or a customer",
            search.bytes
        ),
    );
}
