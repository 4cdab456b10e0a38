//! The page of `report --html`: the numbers of `orders`, `holds` and `status`, nobody's data, whole or not at all.

use std::os::unix::fs::PermissionsExt;

use chrono::{TimeDelta, Utc};
use serde_json::Value;

use crate::sandbox::{AnyOrderSeed, Fault, Kind, Payment, RetryAfter};
use crate::shop::{Shop, paid};

/// A shop with both channels in which something is held on each.
fn busy() -> Shop {
    let shop = Shop::with_hub("stock = { warehouse = \"default\", unknown_skus = \"ignore\" }");
    let placed = |days: i64| {
        let mut seed = paid().created(Utc::now() - TimeDelta::days(days));
        (seed.customer.first_name, seed.customer.last_name) = ("Fulana".into(), "Planted".into());
        seed
    };
    shop.place(placed(0));
    shop.place(placed(3));
    shop.place(placed(2).mismatch(1));
    shop.place(placed(1).carrier("Expresso <script>alert('x')</script> & Cia", "EXP", "exp"));
    shop.place(paid().pending(Payment::pix()));
    shop.hub(|a| a.place(AnyOrderSeed::new().sku("CANECA", 4_990, 1)));
    shop.hub(|a| a.place(AnyOrderSeed::new().sku("NOVIDADE", 4_990, 1)));
    let _ = shop.run(&["import-orders"]).exits(3);
    shop
}

fn page(shop: &Shop, args: &[&str]) -> String {
    shop.run(&[&["report", "--html", "-"], args].concat()).exits(0).stdout
}

fn of_type(records: &[Value], kind: &str) -> Vec<Value> {
    records.iter().filter(|record| record["type"] == kind).cloned().collect()
}

fn money(cents: &Value) -> String {
    vaivem::model::Cents::new(cents.as_i64().unwrap()).to_string().replace(' ', "\u{a0}")
}

/// The page as a document: a page that cannot be read whole is none.
fn parsed(page: &str) -> roxmltree::Document<'_> {
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    roxmltree::Document::parse_with_options(page, options).unwrap()
}

/// All that stands in an element, in the order of the page, with one space between words.
fn said(node: roxmltree::Node<'_, '_>) -> String {
    let all: Vec<_> = node.descendants().filter(roxmltree::Node::is_text).filter_map(|node| node.text()).collect();
    let all = all.join(" ");
    all.split([' ', '\n']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_page_says_what_the_lists_say() {
    let shop = busy();
    let text = page(&shop, &[]);
    let document = parsed(&text);
    let rows: Vec<Vec<String>> = document
        .descendants()
        .filter(|node| node.has_tag_name("tr"))
        .map(|row| row.children().filter(roxmltree::Node::is_element).map(said).collect())
        .collect();
    let words = [("imported", "in the ERP"), ("waiting", "waiting"), ("held", "held")];
    let fates = of_type(&shop.run(&["orders"]).exits(0).records(), "fate");
    assert!(fates.len() >= 4, "{fates:?}");
    for fate in fates {
        let word = words.iter().find(|(code, _)| fate["fate"] == **code).unwrap().1;
        let number = fate["orders"].to_string();
        let is_it = |row: &&Vec<String>| row.len() == 4 && row[0] == word && row[2] == number;
        let found: Vec<_> = rows.iter().filter(is_it).map(|row| row[3].clone()).collect();
        assert!(found.contains(&money(&fate["cents"])), "{fate} in {rows:?}");
    }
    let held = shop.run(&["holds"]).exits(3);
    let records = held.records();
    let causes = of_type(&records, "cause");
    assert_eq!(causes.len(), 3, "{causes:?}");
    for cause in &causes {
        let bar = document
            .descendants()
            .find(|node| node.has_tag_name("p") && said(*node).starts_with(cause["code"].as_str().unwrap()));
        assert!(said(bar.unwrap()).contains(&money(&cause["held_cents"])), "{cause}");
    }
    // The troubles stand in the order in which they came, each with the command that `why` gives.
    let holds = of_type(&records, "hold");
    let list = document.descendants().find(|node| node.attribute("class") == Some("troubles")).unwrap();
    let troubles: Vec<_> = list.children().filter(roxmltree::Node::is_element).map(said).collect();
    assert_eq!(troubles.len(), holds.len());
    for hold in holds {
        let order = hold["order"].as_str().unwrap();
        let told = troubles.iter().find(|told| told.contains(order)).unwrap();
        let why = shop.run(&["why", order, "--channel", hold["channel"].as_str().unwrap()]).exits(0).records();
        let in_the_way = of_type(&why, "in_the_way").remove(0);
        for part in ["command", "hint"] {
            let part = in_the_way[part].as_str().unwrap().replace('`', "");
            assert!(told.contains(&part), "{part} in {told}");
        }
    }
    let status = shop.run(&["status"]).exits(0).records();
    let channels = of_type(&status, "channel");
    let sum = |key: &str| channels.iter().map(|channel| channel[key].as_i64().unwrap()).sum::<i64>();
    let tiles = document.descendants().find(|node| node.attribute("class") == Some("tiles")).map(said).unwrap();
    for part in [
        format!("{} held", money(&sum("held_cents").into())),
        format!("{} waiting", money(&sum("waiting_cents").into())),
        format!("{} orders", sum("held_orders")),
    ] {
        assert!(tiles.contains(&part), "{part} in {tiles}");
    }
    assert!(text.contains("<h1>3 things need a person</h1>"));
    // One channel alone has no word of the other.
    assert!(!page(&shop, &["--channel", "hub"]).contains("loja"));
}

#[test]
fn the_page_speaks_its_readers_language() {
    let shop = busy();
    let run =
        shop.command(&["report", "--html", "-", "--lang", "pt-BR"]).env("VAIVEM_OUTPUT", "human").output().unwrap();
    let text = String::from_utf8(run.stdout).unwrap();
    let document = parsed(&text);
    assert_eq!(document.root_element().attribute("lang"), Some("pt-BR"));
    let body = document.descendants().find(|node| node.has_tag_name("body")).unwrap();
    let said = said(body);
    for part in ["pendências precisam de alguém", "O que fazer", "Pedidos por destino", "Dinheiro retido, por motivo"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    let english = ["the", "and", "orders", "worth", "waiting", "late", "what", "nobody", "days", "never", "order"];
    // The names of commands, flags and codes are the same in every language, and `held` is how a run ended.
    let words = said.split(|c: char| !c.is_alphanumeric() && !"-_".contains(c));
    let left: Vec<&str> = words.filter(|word| english.contains(word)).collect();
    assert_eq!(left, [""; 0], "{said}");
}

#[test]
fn the_page_needs_nothing_from_elsewhere_and_runs_nothing() {
    let shop = busy();
    let text = page(&shop, &["--every", "10m", "--days", "30"]);
    let document = parsed(&text);
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        assert!(
            !["script", "link", "img", "iframe", "object", "a", "form"].contains(&node.tag_name().name()),
            "{node:?}"
        );
        for attribute in node.attributes() {
            let name = attribute.name();
            assert!(!name.starts_with("on") && !["src", "href", "style"].contains(&name), "{attribute:?}");
        }
    }
    for part in ["http:", "https:", "@import", "<script"] {
        assert!(!text.contains(part), "{part}");
    }
    assert_eq!(text.matches("url(").count(), text.matches("url(#hatch)").count());
    assert!(text.contains("Expresso &lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; Cia"), "{text}");
    let meta = |name: &str| document.descendants().find(|node| node.attribute("http-equiv") == Some(name)).unwrap();
    assert!(meta("Content-Security-Policy").attribute("content").unwrap().starts_with("default-src 'none'"));
    assert_eq!(meta("refresh").attribute("content"), Some("600"));
    assert_eq!(document.root_element().attribute("lang"), Some("en"));
    // Every chart says what it is, under a name of its own.
    let mut names = std::collections::BTreeSet::new();
    for chart in document.descendants().filter(|node| node.attribute("role") == Some("img")) {
        assert!(names.insert(chart.attribute("aria-labelledby").unwrap().to_owned()));
        assert!(chart.children().any(|node| node.has_tag_name("title")));
        assert!(chart.children().any(|node| node.has_tag_name("desc")));
    }
    assert!(names.len() >= 8, "{names:?}");
}

#[test]
fn nobodys_data_stands_on_the_page() {
    let mut shop = busy();
    let said = "cliente Fulana Planted, CPF 529.982.247-25, fulana@planted.example, Rua Planted 77";
    // What the other side says of an order, what a person notes of it, and what a run notes of its end.
    shop.vtex(|v| {
        let body = format!("{{\"error\":{{\"message\":\"{said}\"}}}}");
        let kind = Kind::Status { code: 400, retry_after: RetryAfter::Absent, body };
        v.faults.push(Fault::always(kind).on("POST", "start-handling"));
    });
    let refused = shop.place(paid());
    let noted = shop.place(paid());
    shop.set("max_wait = \"1s\"");
    let _ = shop.run(&["import-orders", "--channel", "loja"]).exits(3);
    let _ = shop.run(&["holds", "add", &noted, "--reason", said]).exits(0);
    let state = shop.database("vaivem.db");
    let of_others = serde_json::json!({ "code": "erp_refused", "refusal": "1", "message": said }).to_string();
    let set = "UPDATE holds SET code = 'erp_refused', reason = ?1 WHERE code = 'totals_differ'";
    assert_eq!(state.execute(set, [of_others]).unwrap(), 1);
    let of_newer = format!("{{\"code\":\"of_a_newer_version\",\"words\":\"{said}\"}}");
    let set = "UPDATE holds SET code = 'of_a_newer_version', reason = ?1 WHERE code = 'skus_unmapped'";
    assert_eq!(state.execute(set, [of_newer]).unwrap(), 1);
    let counts = serde_json::json!({ "message": said }).to_string();
    state.execute("UPDATE runs SET exit = 'unavailable', counts = ?1 WHERE channel = 'hub'", [counts]).unwrap();
    let text = page(&shop, &[]);
    assert!(text.contains(&refused) && text.contains(&noted) && text.contains("the ERP refused it"), "{text}");
    let planted = ["Planted", "529.982", "52998224725", "Fulana", "Rua ", "Paulista", "@"];
    for part in planted {
        // The style sheet has rules with an at.
        let body = text.split_once("</style>").unwrap().1;
        assert!(!body.contains(part), "{part}");
    }
}

#[test]
fn a_page_is_replaced_whole_and_nothing_else_is() {
    let shop = busy();
    let write = |file: &str| shop.run(&["-q", "--output", "human", "report", "--html", file]);
    std::fs::create_dir(shop.path("public")).unwrap();
    let file = shop.path("public/index.html");
    assert_eq!(write("public/index.html").exits(0).stdout, "");
    let first = std::fs::read_to_string(&file).unwrap();
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o644);
    // Whoever has the old page open goes on reading it.
    let open = std::fs::File::open(&file).unwrap();
    shop.place(paid().mismatch(7));
    let _ = shop.run(&["import-orders", "--channel", "loja"]).exits(3);
    let _ = write("public/index.html").exits(0);
    assert_eq!(std::io::read_to_string(open).unwrap(), first);
    assert!(std::fs::read_to_string(&file).unwrap().contains("<h1>4 things need a person</h1>"));
    let names: Vec<_> =
        std::fs::read_dir(shop.path("public")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["index.html"]);

    let before = std::fs::read(shop.path("vaivem.toml")).unwrap();
    for other in ["vaivem.toml", "vaivem.db", "public"] {
        let stderr = write(other).exits(2).stderr;
        assert!(stderr.contains("is no page of vaivem; it is left as it is"), "{other}: {stderr}");
    }
    assert_eq!(std::fs::read(shop.path("vaivem.toml")).unwrap(), before);
    let stderr = write("nowhere/index.html").exits(1).stderr;
    assert!(stderr.contains("the page nowhere/index.html cannot be written") && stderr.contains("folder"), "{stderr}");
    // A folder that takes no file, also where root may write anywhere.
    let stderr = write("/proc/index.html").exits(1).stderr;
    assert!(stderr.contains("the page /proc/index.html cannot be written"), "{stderr}");

    let record = shop.run(&["report", "--html", "public/index.html"]).exits(0).summary();
    assert_eq!((&record["needs_person"], &record["text"]), (&4.into(), &"4 things need a person".into()));
}

#[test]
fn a_pass_that_never_came_to_its_end_is_no_good_news() {
    let shop = Shop::new();
    for _ in 0..3 {
        let refused = shop.command(&["import-orders"]).env("VTEX_APP_TOKEN", "wrong").output().unwrap();
        assert_eq!(refused.status.code(), Some(4));
    }
    let text = page(&shop, &[]);
    parsed(&text);
    for said in [
        "<h1>1 thing needs a person</h1>",
        "import-orders on loja: configuration or credentials are wrong. More of it: <code>vaivem status</code>.",
        "Late on loja, by when each last came to its end: import-orders never.",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let record = shop.run(&["report", "--html", "page.html"]).exits(0).summary();
    assert_eq!((&record["needs_person"], &record["text"]), (&1.into(), &"1 thing needs a person".into()));
    let _ = shop.import().exits(0);
    assert!(page(&shop, &[]).contains("<h1>All is well</h1>"));
}

#[test]
fn a_shop_without_a_past_has_a_page_and_one_without_a_state_file_says_so() {
    let shop = Shop::with_hub("");
    let ran = shop.run(&["report", "--html", "page.html"]).exits(1);
    assert!(ran.stderr.contains("there is no state file at"), "{}", ran.stderr);
    assert!(!shop.path("page.html").exists() && !shop.path("vaivem.db").exists());
    let _ = shop.run(&["import-orders"]).exits(0);
    let text = page(&shop, &[]);
    assert!(text.contains("<h1>All is well</h1>") && text.contains("No order was seen yet."), "{text}");
    shop.database("vaivem.db").execute("DELETE FROM runs", []).unwrap();
    let text = page(&shop, &["--days", "1"]);
    parsed(&text);
    assert!(text.contains("<h1>Nothing has run yet</h1>") && text.contains("<code>vaivem check</code>"), "{text}");
}
