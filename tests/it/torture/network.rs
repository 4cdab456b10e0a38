//! Bad lines between the program and the platforms: late, narrow, cut anywhere in either direction, silent, closing, refusing, a name
//! that nobody knows, a certificate that has run out, of somebody else, or of nobody. Clean runs later the world looks as if nothing
//! had happened; and to a host that cannot prove who it is nothing is said at all.
//!
//! The certificates are made by `openssl`, the one that has run out under `faketime`'s library; without them those lines are left out,
//! and told so.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::clock;
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
        // Whatever is wrong with a host is tried of the channel, and of the ERP.
        let in_erp = (round(&case) + round(&case) / PAPERS.len()).is_multiple_of(2);
        let ran = match case.number % 7 {
            0 => to_a_host_that_cannot_be_known(&mut case, in_erp),
            1 => to_nobody(&mut case, in_erp),
            _ => on_a_bad_line(&mut case),
        };
        broken.fetch_add(u64::from(ran.code == Some(5)), Ordering::SeqCst);
    });
    let told = format!("runs on a bad line, {} of which ended for it", broken.into_inner());
    torture::held("network", cases as usize, told);
}

/// How often each kind of case has come before.
fn round(case: &Case) -> usize {
    case.number as usize / 7
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

/// A host that a verb talks to at its turn: the channel, or the ERP.
struct Host {
    turn: &'static Turn,
    in_erp: bool,
}

impl Host {
    /// Of any turn that talks to it at all.
    fn any(case: &mut Case, in_erp: bool) -> Self {
        loop {
            let turn = case.turn();
            let calls = if in_erp { turn.erp_calls } else { turn.calls };
            if calls > 0 {
                return Self { turn, in_erp };
            }
        }
    }

    /// Where the program goes for it: the address without what follows the host.
    fn address(&self, shop: &Shop) -> String {
        let url = match (self.in_erp, self.turn.side()) {
            (true, _) => shop.sandbox.eccosys_url(),
            (false, Side::Vtex) => shop.sandbox.url(),
            (false, Side::Hub) => shop.sandbox.anymarket_url(),
        };
        url.split('/').take(3).collect::<Vec<_>>().join("/")
    }

    fn port(&self, shop: &Shop) -> u16 {
        self.address(shop).rsplit(':').next().unwrap().parse().unwrap()
    }

    /// The program goes there instead, until the shop is configured anew.
    fn moves(&self, shop: &Shop, to: &str) {
        shop.reword(&self.address(shop), to);
    }

    /// How many calls it has taken.
    fn calls(&self, shop: &Shop) -> u64 {
        if self.in_erp { shop.erp_calls() } else { self.turn.side().calls(shop) }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, to the {}", self.turn, if self.in_erp { "ERP" } else { "channel" })
    }
}

fn on_a_bad_line(case: &mut Case) -> Ran {
    let (turn, line) = (case.turn(), any_line(case));
    let host = Host { turn, in_erp: turn.office == Office::Eccosys && case.random.bool() };
    let shop = turn.begin();
    let proxy = Proxy::start(host.port(&shop), line);
    host.moves(&shop, &format!("http://127.0.0.1:{}", proxy.port()));
    let ran = shop.run(&turn.side().args(turn.verb));
    turn.tells_the_truth(&shop, &ran, &format!("{host}, {line:?}"));
    shop.configure_anew();
    turn.recovers(&shop);
    ran
}

/// A port that nobody listens on, or a name that nobody knows.
fn to_nobody(case: &mut Case, in_erp: bool) -> Ran {
    let host = Host::any(case, in_erp);
    let (turn, shop) = (host.turn, host.turn.begin());
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = if case.random.bool() { format!("http://{free}") } else { "https://loja.invalid".to_owned() };
    host.moves(&shop, &nobody);
    let ran = shop.run(&turn.side().args(turn.verb));
    assert_eq!(ran.code, Some(5), "{host}, which is {nobody}: {ran:?}");
    shop.configure_anew();
    turn.recovers(&shop);
    ran
}

/// What a host may have to prove who it is.
const PAPERS: [&str; 4] = ["good", "expired", "foreign", "stranger"];

fn to_a_host_that_cannot_be_known(case: &mut Case, in_erp: bool) -> Ran {
    let Some(papers) = papers() else { return on_a_bad_line(case) };
    let host = Host::any(case, in_erp);
    let (turn, shop) = (host.turn, host.turn.begin());
    let paper = PAPERS[round(case) % PAPERS.len()];
    let proxy = Proxy::tls(host.port(&shop), server(papers, paper));
    let calls = host.calls(&shop);
    host.moves(&shop, &format!("https://localhost:{}", proxy.port()));
    let mut command = shop.command(&turn.side().args(turn.verb));
    let ran = crate::shop::ran(command.env("SSL_CERT_FILE", papers.join("ca.pem")).output().unwrap());
    let told = format!("{host}, {paper}: {ran:?}");
    turn.tells_the_truth(&shop, &ran, &told);
    if paper == "good" {
        assert!(host.calls(&shop) > calls, "{told}");
    } else {
        assert_eq!(ran.code, Some(5), "{told}");
        assert_eq!((host.calls(&shop), proxy.passed()), (calls, 0), "{told}");
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
    let mut command = Command::new("openssl");
    if is_old {
        // Not the command of that name, which fails wherever a killed program of the same number has left its own.
        let Some(library) = clock::faketime() else { return false };
        command.env("LD_PRELOAD", library).env("FAKETIME", "2020-01-01 00:00:00");
    }
    command.args(NEW_KEY).args(["30", "-subj", "/CN=vaivem", "-addext", host]).args(by);
    command.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
    is_made(command, folder, name)
}

fn is_made(mut command: Command, folder: &Path, name: &str) -> bool {
    command.args(["-keyout", &format!("{name}.key"), "-out", &format!("{name}.pem")]).current_dir(folder);
    command.output().is_ok_and(|made| made.status.success())
}
