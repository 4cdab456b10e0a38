//! The mistakes people make most, each answered by a message that names the thing, the place and the remedy.
//!
//! `cargo test --test it mistakes -- --nocapture` prints what a person reads in each case.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::sandbox::{Fault, Kind, OrderSeed, Sandbox, Vtex};
use crate::shop::{Shop, paid, wait_until};

/// A mistake: what it is, how it is made, and how the program answers.
struct Mistake {
    what: &'static str,
    /// Makes it, and gives the command that a person then runs.
    make: fn(&mut Shop) -> Command,
    exit: i32,
    /// What the answer must name.
    says: &'static [&'static str],
}

const MISTAKES: &[Mistake] = &[
    Mistake {
        what: "a key that is refused",
        make: |shop| with_env(shop, &["import-orders"], "VTEX_APP_TOKEN", "WRONG"),
        exit: 4,
        says: &["401", "vtexappkey-sandbox-KEY", "vaivem check"],
    },
    Mistake {
        what: "a key that is refused, asked of check",
        make: |shop| with_env(shop, &["check"], "VTEX_APP_TOKEN", "WRONG"),
        exit: 4,
        says: &["401", "Application keys", "`channels.loja.app_token`", "VTEX_APP_TOKEN"],
    },
    Mistake {
        what: "a key that lacks a right",
        make: |shop| {
            shop.vtex(|v| v.faults.push(Fault::always(Kind::status(403))));
            run(shop, &["import-orders"])
        },
        exit: 4,
        says: &["403", "vtexappkey-sandbox-KEY", "vaivem check"],
    },
    Mistake {
        what: "a key of another account",
        make: |shop| {
            shop.vtex(|v| v.faults.push(Fault::always(Kind::status(403)).on("GET", "/warehouses")));
            run(shop, &["check"])
        },
        exit: 4,
        says: &["channel loja", "403", "Logistics full access"],
    },
    Mistake {
        what: "a secret's variable that cron does not have",
        make: |shop| {
            let mut command = run(shop, &["import-orders"]);
            command.env_remove("VTEX_APP_TOKEN");
            command
        },
        exit: 4,
        says: &["VTEX_APP_TOKEN is not set", "channels.loja.app_token", "crontab"],
    },
    Mistake {
        what: "a warehouse in the wrong case",
        make: |shop| {
            shop.set("stock = { warehouse = \"loja_a\" }");
            shop.vtex(|v| v.warehouses.push(("loja_A".into(), "Loja A".into())));
            run(shop, &["check"])
        },
        exit: 4,
        says: &["`loja_a`", "write `loja_A`", "[channels.loja.stock]"],
    },
    Mistake {
        what: "a warehouse that does not exist",
        make: |shop| {
            shop.set("stock = { warehouse = \"matriz\" }");
            run(shop, &["push-stock"])
        },
        exit: 3,
        says: &["matriz", "vaivem check"],
    },
    Mistake {
        what: "a feed that is gone",
        make: |shop| {
            shop.vtex(Vtex::delete_feed);
            run(shop, &["check"])
        },
        exit: 3,
        says: &["no order feed", "vaivem check --channel loja --fix"],
    },
    Mistake {
        what: "the feed of somebody else",
        make: |shop| {
            shop.vtex(|v| v.configure_feed(&["invoiced"]));
            run(shop, &["check"])
        },
        exit: 3,
        says: &["feed", "key of its own"],
    },
    Mistake {
        what: "a product that is not mapped",
        make: |shop| {
            shop.place(OrderSeed::new().sku("9", "NOVO", 1_000, 1));
            run(shop, &["import-orders"])
        },
        exit: 3,
        says: &["`NOVO`", "channel SKU 9", "[channels.loja.skus]"],
    },
    Mistake {
        what: "a carrier that is not mapped",
        make: |shop| {
            shop.place(paid().carrier("Jadlog", "9", "Jadlog"));
            run(shop, &["import-orders"])
        },
        exit: 3,
        says: &["`Jadlog`", "[channels.loja.carriers]"],
    },
    Mistake {
        what: "a clock that is off",
        make: |shop| {
            shop.vtex(|v| v.date_error = chrono::TimeDelta::minutes(-10));
            run(shop, &["check"])
        },
        exit: 3,
        says: &["10 min ahead", "channel loja", "NTP"],
    },
    Mistake {
        what: "a secret that others can read",
        make: |shop| {
            std::fs::write(shop.path("token"), "SANDBOXTOKEN\n").unwrap();
            chmod(shop, "token", 0o644);
            rewrite(shop, "app_token = { env = \"VTEX_APP_TOKEN\" }", "app_token = { file = \"token\" }");
            run(shop, &["check"])
        },
        exit: 3,
        says: &["the secret", "mode 644", "chmod 600"],
    },
    Mistake {
        what: "a folder that is not there",
        make: |shop| {
            rewrite(shop, "[erp]", "state = \"data/vaivem.db\"\n[erp]");
            run(shop, &["import-orders"])
        },
        exit: 1,
        says: &["data/vaivem.db", "check that its directory exists"],
    },
    Mistake {
        what: "an inbox that is not mounted",
        make: |shop| {
            shop.set_erp("inbox = \"invoices\"");
            run(shop, &["sync"])
        },
        exit: 4,
        says: &["invoices", "`inbox`", "is it mounted?"],
    },
    Mistake {
        what: "a disk that takes no more",
        make: |shop| {
            let mut command = Command::new("sh");
            // No file may grow beyond a few pages.
            command.args(["-c", "ulimit -f 8; exec \"$0\" \"$@\""]);
            let ours = run(shop, &["import-orders"]);
            command.arg(ours.get_program()).args(ours.get_args()).env_clear().current_dir(shop.path(""));
            command.envs(ours.get_envs().filter_map(|(name, value)| Some((name, value?))));
            command
        },
        exit: 1,
        says: &["vaivem.db", "look at its disk", "quota"],
    },
    Mistake {
        what: "one state file for two accounts",
        make: |shop| {
            shop.place(paid());
            let _ = shop.import().exits(0);
            let other = Box::leak(Box::new(Sandbox::start()));
            rewrite(shop, &shop.sandbox.url(), &other.url());
            run(shop, &["import-orders"])
        },
        exit: 4,
        says: &[
            "vaivem.db has orders of `loja` from vtex http://127.0.0.1",
            "`state = \"…\"`",
            "vaivem adopt --moved --channel loja",
        ],
    },
    Mistake {
        what: "one state file for two ERPs",
        make: |shop| {
            shop.place(paid());
            let _ = shop.import().exits(0);
            shop.move_to_eccosys();
            run(shop, &["sync"])
        },
        exit: 4,
        says: &["linked to the ERP from ledger", "eccosys http://127.0.0.1", "vaivem adopt --since"],
    },
    Mistake {
        what: "two configurations on one state file, by names",
        make: |shop| {
            shop.place(paid());
            let _ = shop.import().exits(0);
            rewrite(shop, "[channels.loja", "[channels.outra");
            run(shop, &["check"])
        },
        exit: 4,
        says: &["1 order of a channel `loja`", "renamed", "`state`"],
    },
    Mistake {
        what: "a channel that was given another name",
        make: |shop| {
            shop.place(paid());
            let _ = shop.import().exits(0);
            rewrite(shop, "[channels.loja", "[channels.site");
            run(shop, &["sync"])
        },
        exit: 4,
        says: &["under the channel name `loja`", "as `site`", "[channels.loja]", "adopt --moved --channel site"],
    },
    Mistake {
        what: "an order number of another store",
        make: |shop| {
            let _ = shop.import().exits(0);
            run(shop, &["why", "v999999-01"])
        },
        exit: 2,
        says: &["v999999-01", "another store", "vaivem import-orders --order v999999-01"],
    },
    Mistake {
        what: "the same in a pass",
        make: |shop| run(shop, &["import-orders", "--order", "v999999-01"]),
        exit: 3,
        says: &["v999999-01", "does not have this order", "another store"],
    },
    Mistake {
        what: "a channel that is not configured",
        make: |shop| run(shop, &["import-orders", "--channel", "loka"]),
        exit: 2,
        says: &["`loka`", "vaivem.toml", "there are: loja"],
    },
    Mistake {
        what: "a slip in a key of the configuration",
        make: |shop| {
            rewrite(shop, "requests_per_minute = 0", "request_per_minute = 0");
            run(shop, &["import-orders"])
        },
        exit: 4,
        says: &["vaivem.toml:10:", "`channels.loja.request_per_minute`", "requests_per_minute"],
    },
    Mistake {
        what: "a configuration that is no TOML",
        make: |shop| {
            rewrite(shop, "[channels.loja]", "[channels.loja");
            run(shop, &["import-orders"])
        },
        exit: 4,
        says: &["vaivem.toml:4:", "what to do"],
    },
    Mistake {
        what: "no configuration",
        make: |shop| run(shop, &["--config", "nowhere.toml", "status"]),
        exit: 4,
        says: &["nowhere.toml", "vaivem init"],
    },
    Mistake {
        what: "a state file of a newer version",
        make: |shop| {
            let _ = shop.import().exits(0);
            state(shop, "PRAGMA user_version = 999");
            run(shop, &["import-orders"])
        },
        exit: 1,
        says: &["vaivem.db", "version 999", "install the newer vaivem"],
    },
    Mistake {
        what: "a state file of another program",
        make: |shop| {
            state(shop, "CREATE TABLE theirs (x)");
            run(shop, &["import-orders"])
        },
        exit: 1,
        says: &["vaivem.db", "another kind", "set another path"],
    },
    Mistake {
        what: "a ledger in place of the state file",
        make: |shop| {
            rewrite(shop, "[erp]", "state = \"ledger.db\"\n[erp]");
            run(shop, &["import-orders"])
        },
        exit: 1,
        says: &["ledger.db", "not a state file", "set another path"],
    },
    Mistake {
        what: "a disk that garbles a digit of the state file",
        make: |shop| {
            let id = shop.place(paid());
            let _ = shop.import().exits(0);
            garble(shop, "vaivem.db", &id);
            run(shop, &["import-orders"])
        },
        exit: 1,
        says: &["vaivem.db", "damaged", "nothing was written to it", "restore a backup", "vaivem adopt"],
    },
    Mistake {
        what: "a disk that garbles a digit of the ledger",
        make: |shop| {
            let id = shop.place(paid());
            let _ = shop.import().exits(0);
            garble(shop, "ledger.db", &id);
            run(shop, &["check"])
        },
        exit: 4,
        says: &["ledger.db", "damaged", "restore a backup"],
    },
    Mistake {
        what: "no state file yet",
        make: |shop| run(shop, &["status"]),
        exit: 1,
        says: &["there is no state file", "vaivem.db", "check the path in the configuration"],
    },
    Mistake {
        what: "a ledger that is gone",
        make: |shop| {
            shop.place(paid());
            let _ = shop.import().exits(0);
            shop.office_forgets_its_products();
            run(shop, &["sync"])
        },
        exit: 4,
        says: &["there is no ledger at", "ledger.db", "`file` in [erp]", "backup"],
    },
    Mistake {
        what: "a ledger that is gone, looked at first",
        make: |shop| {
            shop.place(paid());
            let _ = shop.import().exits(0);
            shop.office_forgets_its_products();
            run(shop, &["check"])
        },
        exit: 4,
        says: &["there is no ledger at", "ledger.db", "`file` in [erp]", "backup"],
    },
    Mistake {
        what: "an inbox that is the store's own folder",
        make: |shop| {
            shop.set_erp("inbox = \".\"");
            run(shop, &["import-orders"])
        },
        exit: 4,
        says: &["vaivem.toml", "`inbox`", "folder", "inbox = \"inbox\""],
    },
    Mistake {
        what: "a carriers' inbox that a key lies in, by way of a link",
        make: |shop| {
            std::fs::create_dir(shop.path("carriers")).unwrap();
            std::fs::write(shop.path("carriers/key"), "KEY").unwrap();
            std::os::unix::fs::symlink(shop.path("carriers"), shop.path("linked")).unwrap();
            shop.set_erp("[carriers]\ninbox = \"linked\"");
            rewrite(shop, "{ env = \"VTEX_APP_TOKEN\" }", "{ file = \"carriers/key\" }");
            run(shop, &["import-orders"])
        },
        exit: 4,
        says: &["`inbox`", "carriers/key"],
    },
    Mistake {
        what: "a host that does not exist",
        make: |shop| {
            rewrite(shop, &shop.sandbox.url(), "https://minhaloja.vtexcommercestable.invalid");
            run(shop, &["import-orders"])
        },
        exit: 5,
        says: &["minhaloja.vtexcommercestable.invalid", "base_url"],
    },
    Mistake {
        what: "TLS where there is none",
        make: |shop| {
            rewrite(shop, &shop.sandbox.url(), &shop.sandbox.url().replace("http://", "https://"));
            run(shop, &["import-orders"])
        },
        exit: 5,
        says: &["127.0.0.1", "`base_url` right (https or http"],
    },
    Mistake {
        what: "a slip in the command",
        make: |shop| run(shop, &["import-order"]),
        exit: 2,
        says: &["import-order", "import-orders"],
    },
    Mistake {
        what: "days the wrong way round",
        make: |shop| run(shop, &["account", "--since", "01/11/2026"]),
        exit: 2,
        says: &["01/11/2026", "YYYY-MM-DD"],
    },
];

fn run(shop: &Shop, args: &[&str]) -> Command {
    let mut command = shop.command(args);
    command.env("VAIVEM_OUTPUT", "human").env("COLUMNS", "120");
    command
}

/// Changes the last digit of an order's number, wherever it stands in a file.
fn garble(shop: &Shop, file: &str, id: &str) {
    let mut bytes = std::fs::read(shop.path(file)).unwrap();
    let places: Vec<usize> = (0..bytes.len() - id.len()).filter(|at| bytes[*at..].starts_with(id.as_bytes())).collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at + id.len() - 1] ^= 1;
    }
    std::fs::write(shop.path(file), bytes).unwrap();
}

fn with_env(shop: &Shop, args: &[&str], name: &str, value: &str) -> Command {
    let mut command = run(shop, args);
    command.env(name, value);
    command
}

fn rewrite(shop: &Shop, from: &str, to: &str) {
    let text = std::fs::read_to_string(shop.path("vaivem.toml")).unwrap();
    assert!(text.contains(from), "{from} is not in {text}");
    std::fs::write(shop.path("vaivem.toml"), text.replace(from, to)).unwrap();
}

fn chmod(shop: &Shop, file: &str, mode: u32) {
    std::fs::set_permissions(shop.path(file), std::fs::Permissions::from_mode(mode)).unwrap();
}

fn state(shop: &Shop, sql: &str) {
    shop.database("vaivem.db").execute_batch(sql).unwrap();
}

#[test]
fn every_mistake_is_answered_with_the_thing_the_place_and_the_remedy() {
    let mut wrong = Vec::new();
    for Mistake { what, make, exit, says } in MISTAKES {
        let mut shop = Shop::with("stock = { warehouse = \"1_1\" }\ntimeout = \"2s\"\nmax_wait = \"1s\"");
        shop.vtex(|v| {
            v.configure_needed_feed();
            [("1", "CAMISETA-P"), ("2", "CANECA"), ("3", "BONE")].iter().for_each(|(id, code)| v.add_sku(id, code));
        });
        let output = make(&mut shop).output().unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        println!("== {what}: exit {:?}\n{said}", output.status.code());
        let missing: Vec<_> = says.iter().filter(|word| !said.contains(**word)).collect();
        if output.status.code() != Some(*exit) || !missing.is_empty() {
            wrong.push(format!("{what}: exit {:?}, not said: {missing:?}\n{said}", output.status.code()));
        }
        // A message is for a person, not for whoever wrote the program.
        assert!(!said.contains("panicked") && !said.contains("RUST_BACKTRACE"), "{what}: {said}");
        assert!(!said.contains("SANDBOXTOKEN"), "{what}: {said}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(MISTAKES.len() >= 20);
}

#[test]
fn another_run_that_is_at_it_is_named() {
    let shop = Shop::new();
    shop.place(paid());
    shop.vtex(|v| v.faults.push(Fault::next(1, Kind::TimeoutAfterWrite).on("GET", "/api/orders/feed")));
    let mut first = shop.command(&["import-orders"]).spawn().unwrap();
    wait_until("its first call", || shop.vtex(|v| v.total_calls) > 0);
    let second = run(&shop, &["import-orders"]).output().unwrap();
    let said = String::from_utf8(second.stdout).unwrap() + &String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(11), "{said}");
    assert!(said.contains(&format!("pid {}", first.id())) && said.contains("import-orders"), "{said}");
    let _ = first.kill();
    let _ = first.wait();
}
