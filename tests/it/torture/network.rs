//! Bad lines between the program and the platforms: late, narrow, cut anywhere in either direction, silent, closing, refusing, a name
//! that nobody knows, a certificate that has run out, of somebody else, or of nobody. Clean runs later the world looks as if nothing
//! had happened; and to a host that cannot prove who it is nothing is said at all.
//!
//! The certificates are made by `openssl`, the one that has run out by `faketime`; without them those lines are left out, and told so.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::disturbed::{Case, try_each};
use super::proxy::{Line, Proxy};
use crate::day::Turn;
use crate::office::Office;
use crate::shop::{Ran, Shop};
use crate::side::Side;
use crate::torture;

#[test]
fn whatever_the_line_does_nothing_is_done_twice_or_lost() {
    let cases = torture::cases(14, 200);
    let broken = AtomicU64::new(0);
    try_each(cases, 6, |mut case| {
        let ran = match case.number % 7 {
            0 => with_a_host_that_cannot_be_known(&mut case),
            1 if case.number % 2 == 0 => with_nobody_there(&mut case),
            _ => on_a_bad_line(&mut case),
        };
        broken.fetch_add(u64::from(ran.code == Some(5)), Ordering::SeqCst);
    });
    let told = format!("runs on a bad line, {} of which ended for it", broken.into_inner());
    torture::held("network", cases as usize, told);
}

fn any_line(case: &mut Case) -> Line {
    let bytes = case.random.usize(..6_000);
    match case.random.u8(..12) {
        0 => Line::Late(case.random.u64(1..80)),
        1 => Line::Narrow(case.random.usize(150..2_000)),
        2..5 => Line::CutAsking(bytes / 2),
        5..9 => Line::CutAnswering(bytes),
        9 => Line::Silent(bytes),
        10 => Line::SlowClose(case.random.u64(..100)),
        _ => Line::Refusing,
    }
}

/// Where the program goes for the channel, or for the ERP: the address without what follows the host.
fn address(turn: &Turn, shop: &Shop, in_erp: bool) -> String {
    let url = match (in_erp, turn.side()) {
        (true, _) => shop.sandbox.eccosys_url(),
        (false, Side::Vtex) => shop.sandbox.url(),
        (false, Side::Hub) => shop.sandbox.anymarket_url(),
    };
    url.split('/').take(3).collect::<Vec<_>>().join("/")
}

fn port_of(address: &str) -> u16 {
    address.rsplit(':').next().unwrap().parse().unwrap()
}

fn on_a_bad_line(case: &mut Case) -> Ran {
    let (turn, line) = (case.turn(), any_line(case));
    let in_erp = turn.office == Office::Eccosys && case.random.bool();
    let shop = turn.begin();
    let there = address(turn, &shop, in_erp);
    let proxy = Proxy::start(port_of(&there), line);
    shop.reword(&there, &format!("http://127.0.0.1:{}", proxy.port()));
    let told = format!("{turn}, {line:?}, to the ERP: {in_erp}");
    let ran = shop.run(&turn.side().args(turn.verb));
    turn.tells_the_truth(&shop, &ran, &told);
    shop.configure_anew();
    turn.recovers(&shop);
    ran
}

/// A port that nobody listens on, or a name that nobody knows.
fn with_nobody_there(case: &mut Case) -> Ran {
    let turn = case.turn();
    let shop = turn.begin();
    let there = address(turn, &shop, false);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = if case.random.bool() { format!("http://{free}") } else { "https://loja.invalid".to_owned() };
    shop.reword(&there, &nobody);
    let ran = shop.run(&turn.side().args(turn.verb)).exits(5);
    shop.configure_anew();
    turn.recovers(&shop);
    ran
}

/// What a host may have to prove who it is.
const PAPERS: [&str; 4] = ["good", "expired", "foreign", "stranger"];

fn with_a_host_that_cannot_be_known(case: &mut Case) -> Ran {
    let Some(papers) = papers() else { return on_a_bad_line(case) };
    let turn = case.turn();
    let shop = turn.begin();
    let there = address(turn, &shop, false);
    let paper = PAPERS[case.number as usize / 7 % PAPERS.len()];
    let proxy = Proxy::tls(port_of(&there), server(papers, paper));
    let calls = turn.side().calls(&shop);
    shop.reword(&there, &format!("https://localhost:{}", proxy.port()));
    let mut command = shop.command(&turn.side().args(turn.verb));
    let ran = crate::shop::ran(command.env("SSL_CERT_FILE", papers.join("ca.pem")).output().unwrap());
    let told = format!("{turn}, {paper}: {ran:?}");
    turn.tells_the_truth(&shop, &ran, &told);
    if paper == "good" {
        assert!(turn.side().calls(&shop) > calls, "{told}");
    } else {
        assert_eq!(ran.code, Some(5), "{told}");
        assert_eq!((turn.side().calls(&shop), proxy.passed()), (calls, 0), "{told}");
        assert!(ran.summary()["message"].as_str().unwrap().contains("certificate"), "{told}");
    }
    shop.configure_anew();
    turn.recovers(&shop);
    ran
}

fn server(papers: &Path, paper: &str) -> Arc<ServerConfig> {
    let certificate = CertificateDer::from_pem_file(papers.join(format!("{paper}.pem"))).unwrap();
    let key = PrivateKeyDer::from_pem_file(papers.join(format!("{paper}.key"))).unwrap();
    let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
    Arc::new(ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key).unwrap())
}

/// A folder with a certification authority and what it and another say of `localhost`; made once.
fn papers() -> Option<&'static Path> {
    static PAPERS: OnceLock<Option<(tempfile::TempDir, PathBuf)>> = OnceLock::new();
    let made = PAPERS.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let by_ca = ["-CA", "ca.pem", "-CAkey", "ca.key"];
        let of = |host| format!("subjectAltName=DNS:{host}");
        let made = authority(&path, "ca")
            && authority(&path, "other")
            && certificate(&path, "good", &of("localhost"), &by_ca, false)
            && certificate(&path, "expired", &of("localhost"), &by_ca, true)
            && certificate(&path, "foreign", &of("loja.example"), &by_ca, false)
            && certificate(&path, "stranger", &of("localhost"), &["-CA", "other.pem", "-CAkey", "other.key"], false);
        if !made {
            println!("skipped: certificates, for there is no openssl or no faketime here");
        }
        made.then_some((folder, path))
    });
    made.as_ref().map(|(_, path)| path.as_path())
}

const NEW_KEY: [&str; 8] =
    ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days"];

fn authority(folder: &Path, name: &str) -> bool {
    let mut command = Command::new("openssl");
    command.args(NEW_KEY).args(["30", "-subj", &format!("/CN={name}")]);
    is_made(command, folder, name)
}

fn certificate(folder: &Path, name: &str, host: &str, by: &[&str], is_old: bool) -> bool {
    let mut command = Command::new(if is_old { "faketime" } else { "openssl" });
    if is_old {
        command.args(["2020-01-01", "openssl"]);
    }
    command.args(NEW_KEY).args(["30", "-subj", "/CN=vaivem", "-addext", host]).args(by);
    command.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
    is_made(command, folder, name)
}

fn is_made(mut command: Command, folder: &Path, name: &str) -> bool {
    command.args(["-keyout", &format!("{name}.key"), "-out", &format!("{name}.pem")]).current_dir(folder);
    command.output().is_ok_and(|made| made.status.success())
}
