//! The order as both sides answer it at this moment.

use serde_json::{Value, json};

use super::super::naming::Names;
use super::super::{Failure, back_office, front_office, heeding, runtime};
use crate::clock::Clock;
use crate::config::{ChannelConfig, Config, ErpConfig};
use crate::erp::ErpError;
use crate::exit::Exit;
use crate::http::Raw;
use crate::lang::word;
use crate::mask::Masker;
use crate::model::Instant;
use crate::passes::{Trouble, exit_of};
use crate::stop::Stop;
use crate::store::orders::OrderRow;
use crate::words::support_bundle as said;

/// What was asked, and what came.
pub struct Asked {
    /// An answer to each question.
    pub answers: Vec<Answer>,
    /// The worst that happened.
    pub exit: Exit,
    /// Why nobody was asked.
    pub warning: Option<&'static str>,
}

/// One answer, as it came.
pub struct Answer {
    /// Whose.
    pub from: String,
    /// To what.
    pub what: &'static str,
    /// When it was there.
    pub at: Instant,
    /// The JSON, which holds the customer's data; `None` where there is no such thing. Or why it is not there.
    pub told: Result<Option<Value>, String>,
}

impl Answer {
    /// The answer as it may be told.
    pub fn masked(&self, masker: &mut Masker) -> Value {
        let (payload, problem) = match &self.told {
            Ok(payload) => (payload.as_ref().map(|payload| masker.payload(payload)), None),
            Err(problem) => (None, Some(problem)),
        };
        json!({ "from": self.from, "what": self.what, "at": self.at.to_rfc3339(), "found": problem.is_none().then_some(payload.is_some()),
            "payload": payload, "error": problem })
    }
}

impl Asked {
    /// Nobody was asked.
    pub fn nobody(warning: &'static str) -> Self {
        Self { answers: Vec::new(), exit: Exit::Done, warning: Some(warning) }
    }
}

/// Asks both sides. What one does not tell keeps nothing else out.
pub fn ask(config: &Config, channel: &ChannelConfig, names: &Names<'_>, row: &OrderRow) -> Result<Asked, Failure> {
    runtime()?.block_on(async {
        let clock = Clock::system();
        let stop = heeding(&clock, None)?;
        let mut desk =
            Desk { clock: &clock, stop: &stop, asked: Asked { answers: vec![], exit: Exit::Done, warning: None } };
        let from = format!("{} {}", word!("channel" | "canal"), channel.name);
        match front_office::open(config, channel, true, &clock, &stop) {
            Ok(open) => desk.take(&from, open.raw_order(&row.id).await),
            Err(failure) => desk.fell_short(&from, "read order", &failure),
        }
        match (&config.erp, &names.ledger) {
            (ErpConfig::Eccosys { .. }, _) => match back_office::look_into_eccosys(config, &clock, &stop) {
                Ok(Some(eccosys)) => desk.take("Eccosys", eccosys.raw_order(row.erp_id.as_ref(), &row.id).await),
                Ok(None) => {}
                Err(failure) => desk.fell_short("Eccosys", "read order", &failure),
            },
            (ErpConfig::Ledger { .. }, Some(ledger)) => {
                let id = match &row.erp_id {
                    Some(id) => Ok(Some(id.clone())),
                    None => ledger.find_order(&row.channel, &row.id).map(|found| found.map(|order| order.id)),
                };
                let rows = id.and_then(|id| id.map_or(Ok(None), |id| ledger.rows_of(&id)));
                desk.note("ledger", "read order", rows.map_err(|error: ErpError| Trouble::from(error)));
            }
            // Said among the warnings.
            (ErpConfig::Ledger { .. }, None) => {}
        }
        match stop.reason() {
            Some(reason) => Err(Failure::new(exit_of(Some(reason)), said::STOPPED)),
            None => Ok(desk.asked),
        }
    })
}

struct Desk<'a> {
    clock: &'a Clock,
    stop: &'a Stop,
    asked: Asked,
}

impl Desk<'_> {
    fn take(&mut self, from: &str, raw: Vec<Raw>) {
        for Raw { what, answer } in raw {
            self.note(from, what, answer.map_err(Trouble::from));
        }
    }

    fn note(&mut self, from: &str, what: &'static str, answer: Result<Option<Value>, Trouble>) {
        let told = answer.map_err(|trouble| {
            self.asked.exit = self.asked.exit.worst(trouble.ends_run(self.stop).unwrap_or(Exit::Unavailable));
            trouble.to_string()
        });
        self.asked.answers.push(Answer { from: from.to_owned(), what, at: self.clock.now(), told });
    }

    fn fell_short(&mut self, from: &str, what: &'static str, failure: &Failure) {
        self.asked.exit = self.asked.exit.worst(failure.exit);
        let (from, told) = (from.to_owned(), Err(failure.message()));
        self.asked.answers.push(Answer { from, what, at: self.clock.now(), told });
    }
}
