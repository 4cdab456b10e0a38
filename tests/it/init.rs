//! `init`: what it makes can be used at once, and nothing that is there is touched.

use crate::shop::{Ran, Shop};

fn run(shop: &Shop, args: &[&str]) -> Ran {
    let output = shop.command(args).env_remove("VAIVEM_CONFIG").output().unwrap();
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn every_kind_makes_a_configuration_that_is_read() {
    let shop = Shop::new();
    let channels: [&[&str]; 4] = [&[], &["loja=vtex"], &["hub=anymarket"], &["a=vtex", "b=vtex", "hub=anymarket"]];
    for (n, channels) in channels.into_iter().enumerate() {
        for erp in ["ledger", "eccosys"] {
            let path = format!("{erp}-{n}");
            let mut args = vec!["init", "--erp", erp, "--path", &path];
            args.extend(channels.iter().flat_map(|channel| ["--channel", channel]));
            let made = run(&shop, &args).exits(0).summary();
            let config = format!("{path}/vaivem.toml");
            let next = made["next"].as_array().unwrap();
            assert_eq!(next[0], format!("vaivem --config {config} check"));
            assert_eq!(next[1], format!("vaivem --config {config} sync --dry-run"));
            assert_eq!(shop.path(&format!("{path}/inbox")).is_dir(), erp == "ledger");
            assert_eq!(shop.path(&format!("{path}/ledger.db")).exists(), erp == "ledger");
            assert_eq!(run(&shop, &["--config", &config, "orders"]).exits(0).records().len(), 1, "the sum of none");
        }
    }
}

#[test]
fn what_is_there_is_left_as_it_is() {
    let shop = Shop::new();
    let before = std::fs::read(shop.path("vaivem.toml")).unwrap();
    let refused = run(&shop, &["init"]).exits(2);
    assert!(refused.stderr.contains("vaivem.toml is there already"), "{}", refused.stderr);
    assert_eq!(std::fs::read(shop.path("vaivem.toml")).unwrap(), before);
    assert!(!shop.path("inbox").exists());
    std::fs::create_dir(shop.path("new")).unwrap();
    std::fs::write(shop.path("new/carriers"), "mine").unwrap();
    let refused = run(&shop, &["init", "--path", "new"]).exits(2);
    assert!(refused.stderr.contains("carriers is there already and is no folder"), "{}", refused.stderr);
    assert!(!shop.path("new/vaivem.toml").exists() && !shop.path("new/inbox").exists());
    for wrong in [&["--erp", "bling"][..], &["--channel", "loja"], &["--channel", "a=vtex", "--channel", "a=vtex"]] {
        let _ = run(&shop, &[&["init", "--path", "other"], wrong].concat()).exits(2);
        assert!(!shop.path("other").exists(), "{wrong:?}");
    }
}

#[test]
fn a_new_folder_is_checked_and_then_run() {
    let shop = Shop::new();
    let _ = run(&shop, &["init", "--path", "new"]).exits(0);
    let config = shop.path("new/vaivem.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let at_sandbox = text.replace("account = \"CHANGE-ME\"", &format!("base_url = \"{}\"", shop.sandbox.url()));
    std::fs::write(&config, at_sandbox).unwrap();
    let checked = run(&shop, &["--config", "new/vaivem.toml", "check"]).exits(3);
    assert_eq!(checked.summary()["problems"], 0, "{}", checked.stdout);
    let _ = run(&shop, &["--config", "new/vaivem.toml", "sync", "--dry-run"]).exits(0);
}
