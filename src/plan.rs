//! A dry run's plan: what would be done about an order or a product, and the facts that rests on. Exact enough to be carried out
//! later, and to be refused once it is not true any more.
//!
//! What is no personal data stands there as it is. Everything else is part of a digest under the state file's key
//! ([`CustomerKey::seal`](crate::store::customer_key::CustomerKey::seal)): a plan may be sent around, and still no field of an order
//! changes unnoticed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::io::BufRead;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::lang::{say, word};
use crate::model::{ChannelName, OrderId, Sku, WarehouseId};
use crate::reason::Changed;

/// What would be done, and why that is right.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// What, in this order; each with `action`, its name, and what it is done with.
    pub actions: Vec<Value>,
    /// What was read, by name.
    pub facts: BTreeMap<String, Value>,
}

impl Planned {
    /// What of this plan is not so any more, by what is planned now; empty when it may be carried out.
    pub fn changed_since(&self, now: &Self) -> Vec<Changed> {
        let names: BTreeSet<&String> = self.facts.keys().chain(now.facts.keys()).collect();
        let changed = |(name, was, is): (&str, Option<&Value>, Option<&Value>)| {
            (was != is).then(|| Changed { fact: name.to_owned(), was: shown(was), is: shown(is) })
        };
        let mut changes: Vec<Changed> =
            names.into_iter().filter_map(|name| changed((name, self.facts.get(name), now.facts.get(name)))).collect();
        // The facts are the same and lead to something else: the configuration or the time of day decides otherwise.
        if changes.is_empty() && self.actions != now.actions {
            changes.push(Changed { fact: "actions".into(), was: named(&self.actions), is: named(&now.actions) });
        }
        changes
    }
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "none".into(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

fn named(actions: &[Value]) -> String {
    actions.iter().map(Value::to_string).collect::<Vec<_>>().join(" ")
}

/// An action with what it is done with; `content` is an object.
pub fn act(name: &str, content: Value) -> Value {
    let mut fields = json!({ "action": name });
    if let (Some(fields), Value::Object(content)) = (fields.as_object_mut(), content) {
        fields.extend(content);
    }
    fields
}

/// The name of an action.
pub fn name_of(action: &Value) -> Option<&str> {
    action.get("action").and_then(Value::as_str)
}

/// Facts by name.
pub fn facts<const N: usize>(facts: [(&str, Value); N]) -> BTreeMap<String, Value> {
    facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// What an entry of a plan is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// An order.
    Order(OrderId),
    /// A product in a warehouse of the channel.
    Stock(Sku, WarehouseId),
}

impl Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Order(id) => write!(f, "{} {id}", word!("order" | "pedido")),
            Self::Stock(sku, warehouse) => {
                f.write_str(&say!("product {sku} in {warehouse}" | "produto {sku} em {warehouse}"))
            }
        }
    }
}

/// A plan as it was given: by pass and channel, what is to be done about what.
pub type Given = BTreeMap<(String, ChannelName), BTreeMap<Subject, Planned>>;

/// Why something that was given is no plan. `line` counts from 1.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// It cannot be read.
    #[error("{}", say!("the plan cannot be read: {_0}" | "o plano não pode ser lido: {_0}"))]
    Unreadable(#[from] std::io::Error),
    /// Not JSON, or cut off.
    #[error("{}", say!(
        "line {line} is no record of a plan; a plan is what a dry run prints with --output jsonl"
            | "a linha {line} não é registro de um plano; um plano é o que uma simulação mostra com --output jsonl"
    ))]
    NotJson {
        /// Which line.
        line: usize,
    },
    /// What a run did, which is no plan.
    #[error("{}", say!(
        "line {line} tells what was done, not what would be: it was no dry run"
            | "a linha {line} conta o que foi feito, não o que seria: não foi uma simulação"
    ))]
    Done {
        /// Which line.
        line: usize,
    },
    /// It lacks something, or has something odd.
    #[error("{}", say!(
        "line {line} is no record of a plan of this version: {problem}; make the plan again"
            | "a linha {line} não é registro de um plano desta versão: {problem}; refaça o plano"
    ))]
    Odd {
        /// Which line.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// Made by way of another state file.
    #[error("{}", say!(
        "line {line} was planned with another state file, or before there was one; make the plan again with this \
         configuration"
            | "a linha {line} foi planejada com outro arquivo de estado, ou antes de haver um; refaça o plano com esta \
               configuração"
    ))]
    Foreign {
        /// Which line.
        line: usize,
    },
    /// The same twice, and not the same.
    #[error("{}", say!(
        "line {line} plans something else for the {subject} than a line before; make the plan again"
            | "a linha {line} planeja para o {subject} algo diferente de uma linha anterior; refaça o plano"
    ))]
    Twice {
        /// Which line.
        line: usize,
        /// What it is about.
        subject: Subject,
    },
}

/// What stands in a record of a plan.
#[derive(Deserialize)]
struct Line {
    channel: ChannelName,
    order: Option<OrderId>,
    sku: Option<Sku>,
    warehouse: Option<WarehouseId>,
    plan: Option<Entry>,
    #[serde(default)]
    dry_run: bool,
}

/// What a record says of the plan itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Which pass would do it.
    pub pass: String,
    /// The mark of the state file that it was made with.
    pub state: String,
    /// The rest.
    #[serde(flatten)]
    pub planned: Planned,
}

/// Reads a plan: the records of orders and stock that have one, of those that a dry run wrote. `state` is the mark of the state file.
///
/// # Errors
/// What is wrong with it, and where. A plan with anything wrong is none: nothing of it is to be carried out.
pub fn read(text: impl BufRead, state: &str) -> Result<Given, PlanError> {
    let mut given = Given::new();
    for (line, text) in (1..).zip(text.lines()) {
        let text = text?;
        if text.trim().is_empty() {
            continue;
        }
        let record: Value = serde_json::from_str(&text).map_err(|_| PlanError::NotJson { line })?;
        match record.get("type").and_then(Value::as_str) {
            None => return Err(PlanError::NotJson { line }),
            Some("order" | "stock") => {}
            Some(_) => continue,
        }
        let odd = |problem: String| PlanError::Odd { line, problem };
        let record: Line = serde_json::from_value(record).map_err(|error| odd(error.to_string()))?;
        if !record.dry_run {
            return Err(PlanError::Done { line });
        }
        let Some(Entry { pass, state: of, planned }) = record.plan else { continue };
        if of != state {
            return Err(PlanError::Foreign { line });
        }
        let subject = match (record.order, record.sku, record.warehouse) {
            (Some(order), None, None) => Subject::Order(order),
            (None, Some(sku), Some(warehouse)) => Subject::Stock(sku, warehouse),
            _ => {
                let problem = word!(
                    "it names neither an order nor a product with its warehouse"
                        | "não cita um pedido, nem um produto com seu depósito"
                );
                return Err(odd(problem.into()));
            }
        };
        let entries = given.entry((pass, record.channel)).or_default();
        match entries.get(&subject) {
            Some(before) if *before != planned => return Err(PlanError::Twice { line, subject }),
            _ => entries.insert(subject, planned),
        };
    }
    Ok(given)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: &str = r#"{"type":"order","channel":"loja","order":"1-01","dry_run":true,"plan":{"pass":"sync-payments",
        "state":"ab","actions":[{"action":"mark_paid"}],"facts":{"channel_status":"payment-approved"}}}"#;

    fn one_line(text: &str) -> String {
        text.replace('\n', "")
    }

    #[test]
    fn a_plan_is_read_by_pass_and_channel_and_the_rest_of_a_dry_run_is_left_out() {
        let text = [
            r#"{"type":"warning","code":"any_issuer","channel":"loja"}"#,
            r#"{"type":"order","channel":"loja","order":"2-01","dry_run":true,"outcome":"waiting"}"#,
            &one_line(ORDER),
            &one_line(ORDER),
            r#"{"type":"stock","channel":"loja","sku":"A","warehouse":"1","dry_run":true,
               "plan":{"pass":"push-stock","state":"ab","actions":[],"facts":{}}}"#
                .replace('\n', "")
                .as_str(),
            r#"{"type":"summary","exit":"done"}"#,
        ]
        .join("\n");
        let given = read(text.as_bytes(), "ab").unwrap();
        let read: Vec<String> = given
            .iter()
            .flat_map(|((pass, channel), of)| of.keys().map(move |subject| format!("{pass} {channel} {subject}")))
            .collect();
        assert_eq!(read, ["push-stock loja product A in 1", "sync-payments loja order 1-01"]);
    }

    #[test]
    fn what_is_no_plan_is_refused_with_its_line() {
        let order = one_line(ORDER);
        let refused = |text: &str| read(text.as_bytes(), "ab").unwrap_err().to_string();
        for (text, says) in [
            ("imported  loja 1-01".to_owned(), "line 1 is no record of a plan"),
            (format!("{order}\n{}", &order[..order.len() - 9]), "line 2 is no record of a plan"),
            (order.replace("\"dry_run\":true", "\"dry_run\":false"), "it was no dry run"),
            (order.replace("\"ab\"", "\"cd\""), "another state file"),
            (order.replace("\"facts\"", "\"fakts\""), "missing field `facts`"),
            (order.replace("\"order\":\"1-01\",", ""), "names neither"),
            (format!("{order}\n{}", order.replace("mark_paid", "cancel_order")), "line 2 plans something else"),
        ] {
            let message = refused(&text);
            assert!(message.contains(says), "{text}: {message}");
        }
    }

    #[test]
    fn every_fact_that_changed_is_named_and_a_changed_mind_too() {
        let was =
            Planned { actions: vec![act("mark_paid", json!({}))], facts: facts([("a", json!(1)), ("b", json!("x"))]) };
        assert_eq!(was.changed_since(&was), []);
        let is = Planned { facts: facts([("a", json!(2)), ("c", Value::Null)]), ..was.clone() };
        let names: Vec<String> = was.changed_since(&is).into_iter().map(|change| change.fact).collect();
        // What is there and empty is no other thing than what is not there, but for the eye that looks at both.
        assert_eq!(names, ["a", "b", "c"]);
        let other = Planned { actions: vec![act("cancel_order", json!({}))], ..was.clone() };
        assert_eq!(was.changed_since(&other)[0].fact, "actions");
    }
}
