//! The table that is printed, a row at a time.

use std::path::Path;

use super::measure::Spent;

/// What a row tells.
pub struct Row<'a> {
    pub what: &'a str,
    pub spent: Spent,
    pub calls: u64,
    /// What the calls were made for; 0 where that says nothing.
    pub things: usize,
    /// Whose files are told of.
    pub folder: Option<&'a Path>,
}

pub fn head() {
    println!(
        "{:<44} {:>9} {:>8} {:>9} {:>11} {:>9} {:>10} {:>9} {:>9} {:>9}",
        "", "seconds", "CPU s", "calls", "calls/thing", "calls/s", "CPU µs/call", "peak MiB", "state MB", "ledger MB"
    );
}

impl Row<'_> {
    pub fn print(&self) {
        let seconds = self.spent.wall.as_secs_f64();
        let per_thing =
            if self.things == 0 { "".into() } else { format!("{:.3}", self.calls as f64 / self.things as f64) };
        let (rate, cost) = if self.calls == 0 {
            (String::new(), String::new())
        } else {
            (format!("{:.0}", self.rate()), format!("{:.0}", self.cost()))
        };
        let file =
            |name| self.folder.map_or_else(String::new, |folder| format!("{:.1}", bytes(&folder.join(name)) / 1e6));
        println!(
            "{:<44} {:>9.3} {:>8.3} {:>9} {per_thing:>11} {rate:>9} {cost:>11} {:>9.1} {:>9} {:>9}",
            self.what,
            seconds,
            self.spent.cpu.as_secs_f64(),
            self.calls,
            self.spent.peak(),
            file("vaivem.db"),
            file("ledger.db"),
        );
    }

    /// Calls a second.
    pub fn rate(&self) -> f64 {
        self.calls as f64 / self.spent.wall.as_secs_f64()
    }

    /// Microseconds of the processor for each call.
    pub fn cost(&self) -> f64 {
        self.spent.cpu.as_secs_f64() * 1e6 / self.calls as f64
    }
}

/// A file's size; its log is empty once nobody has it open.
pub fn bytes(file: &Path) -> f64 {
    std::fs::metadata(file).map_or(0, |meta| meta.len()) as f64
}

/// Says whether a bar is held.
pub fn bar(what: &str, figure: f64, is_held: bool, bar: &str) -> bool {
    let word = if is_held { "held" } else { "NOT HELD" };
    println!("  {what}: {figure:.3} ({bar}): {word}");
    is_held
}
