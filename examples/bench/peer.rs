//! The peer: a script that does the same work, given with `--peer`. Nothing of it is needed or contained here.

use std::process::{Command, Stdio};

use super::Asked;
use super::measure::{Spent, spend};
use super::sandbox::{APP_KEY, APP_TOKEN};
use super::shop::{Shop, Side};
use super::table::{Row, bar};

/// How a peer did.
pub struct Measured {
    spent: Spent,
    calls: u64,
}

/// Runs the peer on a shop made by `shop`, as often as vaivem. `None` without a peer.
pub fn measure(
    asked: &Asked,
    client: &str,
    mode: &str,
    count: usize,
    connections: usize,
    shop: impl Fn() -> Shop,
) -> Option<Measured> {
    let (python, script) = asked.peer.as_ref()?;
    let (mut runs, mut calls) = (Vec::new(), 0);
    for _ in 0..asked.runs {
        let shop = shop();
        assert_eq!(shop.side, Side::Vtex, "the peer speaks one platform's tongue");
        let before = shop.calls();
        let mut command = Command::new(python);
        command
            .arg(script)
            .args([client, mode, &shop.sandbox.url(), &count.to_string()])
            .arg(shop.folder().join("peer.db"))
            .args(["--connections", &connections.to_string()])
            .args(["--header", &format!("X-VTEX-API-AppKey: {APP_KEY}")])
            .args(["--header", &format!("X-VTEX-API-AppToken: {APP_TOKEN}")])
            .stdout(Stdio::null());
        let (spent, code) = spend(&mut command);
        assert_eq!(code, Some(0), "the peer ended badly");
        calls = shop.calls() - before;
        runs.push(spent);
    }
    let measured = Measured { spent: Spent::median(&runs), calls };
    measured.row(&format!("  peer: {client}, {connections} connections"), count).print();
    Some(measured)
}

impl Measured {
    fn row<'a>(&self, what: &'a str, things: usize) -> Row<'a> {
        Row { what, spent: self.spent, calls: self.calls, things, folder: None }
    }

    /// Holds vaivem against it: twice the calls a second, at half of the processor time for each.
    pub fn against(&self, ours: &Row<'_>) -> bool {
        let peer = self.row("", 0);
        let (faster, dearer) = (ours.rate() / peer.rate(), ours.cost() / peer.cost());
        bar("calls a second, ours ÷ the peer's", faster, faster >= 2.0, "at least 2")
            & bar("CPU per call, ours ÷ the peer's", dearer, dearer <= 0.5, "at most 0.5")
    }
}
