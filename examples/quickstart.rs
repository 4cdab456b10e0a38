//! The life of a shop's orders: `cargo run --release --example quickstart`.
//!
//! Starts a simulated VTEX on a free port of this machine, places about thirty orders of every kind, and runs the real command
//! line on them, as cron would: they are imported, paid, picked, invoiced, collected, tracked, delivered or cancelled, and the stock
//! follows each step. Then the same products are sold through a simulated ANYMARKET, too. At the end the platforms' own records are
//! held against the ERP's.
#![allow(clippy::print_stdout, clippy::expect_used, clippy::unwrap_used)]

#[path = "quickstart/both_sides.rs"]
mod both_sides;
#[path = "sandbox/lib/mod.rs"]
mod sandbox;
#[path = "quickstart/shop.rs"]
mod shop;

use std::ffi::OsString;
use std::process::ExitCode;

use chrono::{TimeDelta, Utc};
use sandbox::papers;
use shop::{Shop, chapter, say};

/// The first argument that makes this program be `vaivem` itself: an example cannot count on the program being built.
const AS_VAIVEM: &str = "as-vaivem";

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    match args.first().map(|first| first.to_string_lossy().into_owned()).as_deref() {
        Some(AS_VAIVEM) => {
            let command_line = std::iter::once(OsString::from("vaivem")).chain(args.into_iter().skip(1));
            return ExitCode::from(vaivem::app::main(command_line).code());
        }
        None | Some("--serve") => {}
        Some(_) => {
            println!(
                "usage: quickstart [--serve]\n\n  --serve  keep the simulated VTEX running afterwards, to try commands"
            );
            return ExitCode::from(2);
        }
    }
    let shop = Shop::open();
    say(&format!("A simulated VTEX runs at {}, with 31 orders of every kind.", shop.sandbox.url()));
    say(&format!("The shop's files are in {}.", shop.folder.display()));
    orders_come_in(&shop);
    payments_change(&shop);
    orders_are_cancelled(&shop);
    orders_are_invoiced(&shop);
    parcels_travel(&shop);
    a_second_channel_opens(&shop);
    all_is_quiet(&shop);
    let agree = both_sides::agree(&shop);
    shop.farewell(!args.is_empty());
    if agree { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn orders_come_in(shop: &Shop) {
    chapter("The stock of the shop goes into the embedded ERP, the ledger.");
    shop.vaivem(&["ledger", "import", "estoque.csv"]);

    chapter("cron runs the first pass: new orders come into the ERP.");
    say("Each order is decided on: imported, waiting, held with a reason, skipped, or cancelled.");
    shop.vaivem(&["import-orders"]);

    chapter("What is held says why, and what to do.");
    shop.vaivem(&["holds"]);

    chapter("A person does it: maps the carrier in vaivem.toml, adds the new product to the stock sheet.");
    shop.map_carrier("Expresso Inédito", "Inédito");
    shop.add_product("NOVIDADE;Produto recém-criado;25\n");
    shop.vaivem(&["ledger", "import", "estoque.csv"]);
    say("The next run lets the two orders go on by itself. The third stays held until somebody corrects it on VTEX.");
    shop.vaivem(&["import-orders"]);

    chapter("VTEX learns what can be sold: what the ERP has, less what is promised, and nothing counted twice.");
    shop.vaivem(&["push-stock"]);
    both_sides::show_stock(shop, &["CAMISETA-P", "CAMISETA-M", "BONE"]);
}

fn payments_change(shop: &Shop) {
    chapter("Meanwhile on VTEX: Sílvia's boleto is paid, Úrsula pays by Pix, Vitor's card passes the review.");
    for paid in ["Sílvia", "Úrsula", "Vitor"] {
        let id = shop.order_of(paid);
        shop.sandbox.vtex(|v| v.approve_payment(&id));
    }
    say("A dry run shows what the next pass would do, and does nothing:");
    shop.vaivem(&["sync-payments", "--dry-run"]);
    shop.vaivem(&["sync-payments"]);
    shop.vaivem(&["import-orders"]);
}

fn orders_are_cancelled(shop: &Shop) {
    chapter("Iara cancels her order on VTEX. In the shop, Bruno's shirts turn out to be stained.");
    let (iara, bruno) = (shop.order_of("Iara"), shop.order_of("Bruno"));
    shop.sandbox.vtex(|v| v.cancel_by_customer(&iara));
    shop.vaivem(&["ledger", "cancel", &bruno, "--reason", "produto avariado"]);
    say(
        "Each side hears of the other's cancellation. Tiago never paid his boleto: that is announced first, for a person to see.",
    );
    shop.vaivem(&["import-orders"]);
    shop.vaivem(&["sync-payments"]);
    shop.vaivem(&["auto-cancel"]);
    say("\nTen minutes later, still unpaid after another look at both sides:");
    shop.vaivem(&["auto-cancel"]);
    say("\nWhat they had reserved can be sold again.");
    shop.vaivem(&["push-stock"]);
    both_sides::show_stock(shop, &["CADERNO", "CAMISETA-M", "LUMINARIA"]);
}

/// Whose orders are invoiced today, and under which number.
const INVOICED: [(&str, u32); 5] =
    [("Ana", 1001), ("Gabriela", 1002), ("Elisa", 1003), ("Marina", 1004), ("Quésia", 1005)];

fn orders_are_invoiced(shop: &Shop) {
    chapter("The warehouse picks an order; VTEX already shows it in handling.");
    shop.vaivem(&["ledger", "set", &shop.order_of("Ana"), "picking"]);

    chapter(
        "The shop's fiscal software drops NF-e files into the inbox; one more is addressed to somebody else by mistake.",
    );
    for (customer, number) in INVOICED {
        let nfe = shop.nfe(customer, number);
        shop.drop_into("inbox", &format!("NFe{}.xml", nfe.key()), &nfe.xml());
    }
    let wrong = papers::Nfe { recipient: sandbox::cpf(529_982_247), ..shop.nfe("Diego", 1006) };
    shop.drop_into("inbox", &format!("NFe{}.xml", wrong.key()), &wrong.xml());
    say("Every pass empties the inbox first. An invoice is sent only when all of it is right, and never twice.");
    shop.vaivem(&["push-invoices"]);
    shop.show_file("inbox/rejected", "txt");

    chapter("The units have left the shelf and are no longer reserved: what can be sold stays the same.");
    shop.vaivem(&["push-stock"]);
    both_sides::show_stock(shop, &["CAMISETA-P", "CAMISETA-G", "CADERNO"]);
}

fn parcels_travel(shop: &Shop) {
    let ago = |hours| Utc::now() - TimeDelta::hours(hours);
    chapter("The carrier fetches the parcels; its sheet of tracking codes is dropped into the carriers' folder.");
    let rows: String = INVOICED
        .iter()
        .map(|(_, number)| {
            let code = format!("BR{number:09}BR");
            let dispatched = shop::local_text(ago(6));
            format!("{number};COL-77;{code};https://rastreio.example/{code};Correios;{dispatched};{dispatched}\n")
        })
        .collect();
    shop.drop_into(
        "transportadoras",
        "coleta.csv",
        &format!("nota;ordem de coleta;rastreio;url;transportadora;coletado;despachado\n{rows}"),
    );
    shop.vaivem(&["push-tracking"]);

    chapter("Later comes the carrier's OCOREN file: three were delivered, one was refused, one is still on its way.");
    let told = [(1001, 1, ago(3)), (1002, 1, ago(2)), (1003, 3, ago(2)), (1004, 1, ago(1))];
    shop.drop_into("transportadoras", "OCOREN_2411.txt", &papers::ocoren(&told, Utc::now()));
    shop.vaivem(&["push-tracking"]);
    shop.vaivem(&["ledger", "show", &shop.order_of("Ana")]);
}

fn a_second_channel_opens(shop: &Shop) {
    chapter(
        "The shop opens a second channel: the ANYMARKET hub, which sells the same products on several marketplaces.",
    );
    shop.open_hub();
    say("Before it sells anything, it learns what there is.");
    shop.vaivem(&["push-stock", "--channel", "hub"]);
    chapter(
        "Three orders come in: Mercado Livre, Magazine Luiza, and one that a marketplace sends from its own warehouse.",
    );
    let order = shop.hub_orders();
    shop.vaivem(&["import-orders", "--channel", "hub"]);
    say("\nWhat was sold there can no longer be bought on VTEX.");
    shop.vaivem(&["push-stock"]);
    both_sides::show_stock(shop, &["TOALHA", "CADERNO"]);
    chapter("Mercado Livre wants the XML of the invoice before the invoice itself.");
    let nfe = shop.hub_nfe(order, 2001);
    shop.drop_into("inbox", &format!("NFe{}.xml", nfe.key()), &nfe.xml());
    shop.vaivem(&["push-invoices", "--channel", "hub"]);
}

fn all_is_quiet(shop: &Shop) {
    chapter("All six passes in the safe order, as one command. Nothing has happened since, so nothing is sent.");
    shop.vaivem(&["sync"]);

    chapter("Every order seen has exactly one fate.");
    shop.vaivem(&["orders"]);
}
