//! An invoice's XML where it goes in a call of its own: before its invoice; and where the marketplace does not take it while the
//! shipment stands where it does, hours after it, as often as it takes.

use chrono::TimeDelta;

use super::preflight::preflight;
use super::{Action, Bill, Decision, End, Facts, Policy, all_there};
use crate::channel::outgoing::XmlText;
use crate::model::Instant;
use crate::passes::pushing::{NOT_YET, PATIENCE};
use crate::reason::Reason;
use crate::store::journal::State;
use crate::store::outgoing::Record;

/// The action's name in journal and reports.
pub const SEND_XML: &str = "send_xml";

/// What the journal says of an invoice's XML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// It is there.
    Sent,
    /// It may be there.
    Unsure,
    /// It was not taken yet; when it was tried last.
    NotYet(Instant),
    /// It was never sent, or refused for good, or did not get out.
    Open,
}

fn standing(record: Option<&Record>) -> Standing {
    match record {
        None => Standing::Open,
        Some(record) => match record.state {
            State::Done => Standing::Sent,
            State::Intended | State::Unknown => Standing::Unsure,
            State::Failed if record.answer.as_deref() == Some(NOT_YET) => Standing::NotYet(record.intended_at),
            State::Failed => Standing::Open,
        },
    }
}

/// The XML that goes before an invoice, if one does. What was not taken yet is tried again after its invoice.
pub(super) fn before(facts: &Facts, bill: &Bill<'_>, xml: &XmlText) -> Option<Action> {
    let key = &bill.invoice.key;
    match standing(facts.xml.get(key)) {
        Standing::Sent | Standing::NotYet(_) => None,
        // An invoice that was tried without a word of its XML was so by a version that sent both as one.
        // What shows its invoice may do so because its XML is there.
        standing => {
            let again = standing == Standing::Unsure || facts.sent.contains_key(key) || bill.shown.is_some();
            Some(send(bill, xml, again))
        }
    }
}

/// Whether its XML is there, which may be all that makes an order invoiced.
pub(super) fn is_sent(facts: &Facts, bill: &Bill<'_>) -> bool {
    standing(facts.xml.get(&bill.invoice.key)) == Standing::Sent
}

/// What is to be done about an XML that is due though its invoice is there; `None` when none is.
pub(super) fn after(facts: &Facts, live: &[&Bill<'_>], policy: &Policy, now: Instant) -> Option<Decision> {
    if !policy.xml_apart || !policy.sends_xml(&facts.order) {
        return None;
    }
    // Without a word in the journal it went with its invoice, or somebody else sent both.
    let mut sent = live.iter().filter_map(|bill| Some((bill, standing(Some(facts.xml.get(&bill.invoice.key)?)))));
    let (bill, standing) = sent.find(|(_, standing)| *standing != Standing::Sent)?;
    let again_after = TimeDelta::from_std(policy.xml_again_after).unwrap_or(TimeDelta::MAX);
    if let Standing::NotYet(tried_at) = standing
        && (TimeDelta::zero()..again_after).contains(&now.signed_duration_since(tried_at))
    {
        return Some(Decision::none(due(facts, &bill.invoice.key, &bill.number, now)));
    }
    let file = facts.files.get(&bill.invoice.key).map(Vec::as_slice);
    Some(match preflight(bill.invoice, file, &facts.order, policy) {
        Err(reason) => Decision::none(End::Hold(reason)),
        Ok(filed) => match filed.xml {
            Some(xml) => {
                let end = all_there(facts, live, policy, now);
                Decision { actions: vec![send(bill, &xml, standing == Standing::Unsure)], end }
            }
            None => {
                let of = format!("invoice {}", bill.number);
                Decision::none(End::Wait(Reason::MissingField { of, fields: vec!["xml".into()] }))
            }
        },
    })
}

/// How it ends while an XML is due: days after its invoice a person is told, and it is tried all the same.
pub(super) fn due(facts: &Facts, key: &str, number: &str, now: Instant) -> End {
    let reason = Reason::XmlDue { invoice: number.to_owned() };
    let is_late = |sent: &Record| now.signed_duration_since(sent.intended_at).abs() > PATIENCE;
    match facts.sent.get(key).is_some_and(is_late) {
        true => End::Hold(reason),
        false => End::Wait(reason),
    }
}

fn send(bill: &Bill<'_>, xml: &XmlText, again: bool) -> Action {
    Action::SendXml { number: bill.number.clone(), key: bill.invoice.key.clone(), xml: xml.clone(), again }
}
