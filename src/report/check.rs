//! What a check found, for eyes and scripts.

use std::time::Duration;

use serde_json::json;

use super::{Format, Reporter};
use crate::check::{Count, Finding, Level};
use crate::http::Counts;
use crate::lang::{self, word};
use crate::words::check as words;

impl Reporter {
    /// One finding. A quiet check tells only what needs a person.
    pub fn finding(&self, finding: &Finding) {
        let _reader = lang::for_the_reader();
        let level = finding.level();
        if self.quiet && level < Level::Warning {
            return;
        }
        let (text, remedy) = (words::finding(finding), words::remedy(finding));
        match self.format {
            Format::Jsonl => {
                let mut fields = serde_json::Map::from_iter([("level".to_owned(), level.word().into())]);
                if let Ok(serde_json::Value::Object(told)) = serde_json::to_value(finding) {
                    fields.extend(told);
                }
                fields.insert("text".into(), text.into());
                fields.insert("hint".into(), remedy.into());
                self.json("check", fields.into());
            }
            Format::Human => {
                self.line(&format!("{} {text}", self.paint.mark(level, words::level(level))));
                if let Some(remedy) = remedy {
                    let what = if level == Level::Verify {
                        word!("to find out" | "como descobrir")
                    } else {
                        word!("what to do" | "o que fazer")
                    };
                    self.line(&format!("          {what}: {remedy}"));
                }
            }
        }
    }

    /// How a check ended.
    pub fn checked(&self, count: &Count, counts: Counts, elapsed: Duration) {
        let _reader = lang::for_the_reader();
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
                    number(Level::Problem, word!("problem" | "problema"), word!("problems" | "problemas")),
                    number(Level::Warning, word!("warning" | "aviso"), word!("warnings" | "avisos")),
                    number(
                        Level::Ok,
                        word!("point in order" | "ponto em ordem"),
                        word!("points in order" | "pontos em ordem"),
                    ),
                    number(
                        Level::Verify,
                        word!("to verify on your accounts" | "a verificar nas suas contas"),
                        word!("to verify on your accounts" | "a verificar nas suas contas"),
                    ),
                ]
                .into_iter()
                .flatten()
                .collect();
                let calls = if counts.calls == 1 { word!("call" | "chamada") } else { word!("calls" | "chamadas") };
                self.line(&format!("check: {}; {} {calls}", parts.join(", "), counts.calls));
            }
        }
    }
}
