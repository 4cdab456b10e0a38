//! What a person sees: colour on a terminal that wants it, and nowhere else.

use crate::shop::{Shop, paid};

/// Standard output and standard error of a run for eyes, with these variables set.
fn told(shop: &Shop, args: &[&str], set: &[(&str, &str)]) -> String {
    let output = shop.command(args).env("VAIVEM_OUTPUT", "human").envs(set.iter().copied()).output().unwrap();
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

#[test]
fn colour_is_for_terminals_that_want_it() {
    let shop = Shop::new();
    let _ = (shop.place(paid()), shop.place(paid().carrier("Jadlog", "9", "Jadlog")));
    let sees = |set: &[(&str, &str)]| told(&shop, &["import-orders", "--dry-run"], set);
    assert!(!sees(&[]).contains('\u{1b}'), "no terminal, no colour");
    let forced = sees(&[("CLICOLOR_FORCE", "1")]);
    assert!(forced.contains("\u{1b}[32mimported \u{1b}[0m loja"), "{forced:?}");
    assert!(forced.contains("\u{1b}[1m\u{1b}[33mheld     \u{1b}[0m loja"), "{forced:?}");
    assert!(!sees(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]).contains('\u{1b}'));
    let error = told(&shop, &["orders", "--channel", "feira"], &[("CLICOLOR_FORCE", "1")]);
    assert!(error.starts_with("\u{1b}[1m\u{1b}[31merror:\u{1b}[0m there is no channel"), "{error:?}");
    // What comes from outside brings none of its own.
    let json = shop.command(&["import-orders", "--dry-run"]).env("CLICOLOR_FORCE", "1").output().unwrap();
    assert!(!String::from_utf8(json.stdout).unwrap().contains('\u{1b}'));
}

#[test]
fn what_to_do_is_said_once_however_many_it_helps() {
    let shop = Shop::new();
    for _ in 0..3 {
        shop.place(paid().carrier("Jadlog", "9", "Jadlog"));
    }
    let told = told(&shop, &["import-orders"], &[]);
    assert_eq!((told.matches("\nheld").count(), told.matches("what to do").count()), (3, 1), "{told}");
}

/// A result that is not there is no success, whatever was done for it; who reads no further has had enough.
#[test]
fn what_cannot_be_written_fails() {
    let shop = Shop::new();
    let id = shop.place(paid());
    let into = |out: &str, args: &[&str]| {
        let out = std::fs::File::options().write(true).open(out).unwrap();
        let ran = shop.command(args).stdout(out).output().unwrap();
        (ran.status.code(), String::from_utf8(ran.stderr).unwrap())
    };
    for args in [&["import-orders", "--dry-run"][..], &["import-orders"], &["orders"], &["man"]] {
        let (code, said) = into("/dev/full", args);
        assert_eq!(code, Some(1), "{args:?}: {said}");
        assert!(said.contains("error: ") && said.contains("No space left"), "{args:?}: {said}");
    }
    assert_eq!(shop.erp()[&id].len(), 1, "the pass went on");
    assert_eq!(into("/dev/null", &["orders"]), (Some(0), String::new()));
}
