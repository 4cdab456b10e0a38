//! A wrong configuration or command line: what it says, and that nothing is done.

use crate::shop::Shop;

#[test]
fn wrong_configurations_name_file_line_key_and_remedy() {
    let cases = [
        ("importt = \"all\"", "channels.loja.importt"),
        ("import = \"everything\"", "channels.loja.import"),
        ("overlap = \"soon\"", "channels.loja.overlap"),
        ("import_by_method = { boletto = \"all\" }", "channels.loja.import_by_method.boletto"),
        ("app_key2 = 1", "channels.loja.app_key2"),
    ];
    for (settings, key) in cases {
        let shop = Shop::new();
        let text = std::fs::read_to_string(shop.path("vaivem.toml")).unwrap();
        std::fs::write(shop.path("vaivem.toml"), text.replace("requests_per_minute = 0\n", &format!("{settings}\n")))
            .unwrap();
        let ran = shop.import().exits(4);
        let place = format!("{}:10: `{key}`", shop.path("vaivem.toml").display());
        assert!(ran.stderr.contains(&place) && ran.stderr.contains("what to do:"), "{place} not in:\n{}", ran.stderr);
        assert_eq!(shop.vtex(|v| v.total_calls), 0);
    }
}

#[test]
fn a_missing_configuration_says_how_to_get_one() {
    let shop = Shop::new();
    let output = shop.command(&["--config", "nowhere.toml", "import-orders"]).output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("nowhere.toml") && stderr.contains("examples/vaivem.toml"), "{stderr}");
}

#[test]
fn wrong_command_lines() {
    let shop = Shop::new();
    for args in [
        &["frobnicate"][..],
        &["import-orders", "--max-duration", "soon"],
        &["import-orders", "--channel", "outra"],
        &["import-orders", "--since", "2026-13-01"],
        &["import-orders", "--order", "1-01", "--since", "2026-01-01"],
    ] {
        let ran = shop.run(args).exits(2);
        assert!(!ran.stderr.is_empty(), "{args:?}");
    }
    assert!(shop.run(&["import-orders", "--channel", "outra"]).stderr.contains("there are: loja"));
}

#[test]
fn completions_and_manual_need_no_configuration() {
    let shop = Shop::new();
    std::fs::write(shop.path("vaivem.toml"), "nonsense").unwrap();
    assert!(shop.run(&["completions", "bash"]).exits(0).stdout.contains("import-orders"));
    assert!(shop.run(&["man"]).exits(0).stdout.contains(".TH"));
}
