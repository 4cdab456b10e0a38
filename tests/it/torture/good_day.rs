//! A verb's run on which nothing went wrong: what one on which something did is held against.

use std::process::Output;

use super::records::{self, Records};
use crate::day::Turn;
use crate::shop::Shop;

/// What a verb says and leaves behind at its turn.
pub struct GoodDay {
    pub turn: &'static Turn,
    troubles: usize,
}

impl GoodDay {
    pub fn of(turn: &'static Turn) -> Self {
        let shop = turn.begin();
        let ran = shop.run(&turn.side().args(turn.verb)).exits(turn.exit_of());
        Self { turn, troubles: troubles(&ran.stdout, &ran.stderr) }
    }

    /// Whether a run ended and told as on a good day. It died of nothing, and its exit code is 0 only where it is so then, and nothing
    /// else was told.
    #[track_caller]
    pub fn is_like(&self, ran: &Output, told: &str) -> bool {
        let [stdout, stderr] = [&ran.stdout, &ran.stderr].map(|text| String::from_utf8_lossy(text));
        let Some(code) = ran.status.code() else { panic!("{told}: it died\n{stdout}{stderr}") };
        let is_like = code == self.turn.exit_of() && troubles(&stdout, &stderr) == self.troubles;
        assert!(code != 0 || is_like, "{told}: exit 0\n{stdout}{stderr}");
        is_like
    }

    /// What was acknowledged or done has its record. Where the run was like on a good day, so is what it left; else the next runs
    /// make it so.
    #[track_caller]
    pub fn holds(&self, shop: &Shop, is_like: bool, told: &str) {
        let found = records::unrecorded(self.turn.before(), shop, &Records::of_shop(shop));
        assert_eq!(found, [""; 0], "{told}");
        if is_like {
            shop.truth().is(&self.turn.after, &format!("{told}, and nothing is said of it"));
        }
        self.turn.promises_nothing_twice(shop);
        self.turn.to_the_end(shop);
        shop.truth().is(&self.turn.end, told);
    }
}

/// How many troubles a run told of: orders, products and documents that it could not do, warnings and errors.
fn troubles(stdout: &str, stderr: &str) -> usize {
    let records = stdout.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let is_trouble = |record: &serde_json::Value| {
        matches!(record["outcome"].as_str(), Some("held" | "failed"))
            || record["taken"] == false
            || ["problem", "stuck", "message"].iter().any(|field| record[*field].is_string())
    };
    records.filter(is_trouble).count() + stderr.lines().count()
}
