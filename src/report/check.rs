//! What a check found, for eyes and scripts.

use std::time::Duration;

use serde_json::json;

use super::{Format, Reporter};
use crate::check::{Count, Finding, Level};
use crate::http::Counts;
use crate::words::check as words;

impl Reporter {
    /// One finding. A quiet check tells only what needs a person.
    pub fn finding(&self, finding: &Finding) {
        let level = finding.level();
        if self.quiet && level < Level::Warning {
            return;
        }
        let (text, remedy) = (words::finding(finding), words::remedy(finding));
        match self.format {
            Format::Jsonl => {
                let mut fields = serde_json::Map::from_iter([("level".to_owned(), level.word().into())]);
                if let Ok(serde_json::Value::Object(told)) = serde_json::to_value(finding) {
                    // The words below say these.
                    fields.extend(told.into_iter().filter(|(name, _)| name != "says" && name != "how"));
                }
                fields.insert("text".into(), text.into());
                fields.insert("hint".into(), remedy.into());
                self.json("check", fields.into());
            }
            Format::Human => {
                self.line(&format!("{:<9} {text}", level.word()));
                if let Some(remedy) = remedy {
                    let what = if level == Level::Verify { "to find out" } else { "what to do" };
                    self.line(&format!("          {what}: {remedy}"));
                }
            }
        }
    }

    /// How a check ended.
    pub fn checked(&self, count: &Count, counts: Counts, elapsed: Duration) {
        let exit = count.exit();
        match self.format {
            Format::Jsonl => self.json(
                "summary",
                json!({
                    "pass": "check",
                    "exit": exit.name(),
                    "exit_code": exit.code(),
                    "ok": count.of(Level::Ok),
                    "verify": count.of(Level::Verify),
                    "warnings": count.of(Level::Warning),
                    "problems": count.of(Level::Problem),
                    "calls": counts.calls,
                    "duration_ms": u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
                }),
            ),
            Format::Human if self.quiet && !self.said.get().1 => {}
            Format::Human => {
                let number = |level, one: &str, more: &str| match count.of(level) {
                    0 => None,
                    1 => Some(format!("1 {one}")),
                    n => Some(format!("{n} {more}")),
                };
                let parts: Vec<String> = [
                    number(Level::Problem, "problem", "problems"),
                    number(Level::Warning, "warning", "warnings"),
                    number(Level::Ok, "point in order", "points in order"),
                    number(Level::Verify, "to verify on your accounts", "to verify on your accounts"),
                ]
                .into_iter()
                .flatten()
                .collect();
                let calls = if counts.calls == 1 { "call" } else { "calls" };
                self.line(&format!("check: {}; {} {calls}", parts.join(", "), counts.calls));
            }
        }
    }
}
