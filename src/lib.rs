//! vaivem keeps an ERP and the sales platforms of a Brazilian store in step, one cron pass at a time.
//!
//! # The map
//!
//! Read in this order; arrows point down only, nothing below knows of what is above it.
//!
//! | layer | modules | what it holds |
//! |---|---|---|
//! | what a person or script sees | [`cli`], [`app`], [`report`], [`page`], [`metrics`], [`words`], [`exit`], [`logging`] | flags, composition, output, the page, every message |
//! | the set-up | [`check`], [`init`] | what is found wrong with a set-up, judged without I/O; a configuration to start from |
//! | what may be handed on | [`mask`] | what of a payload is harmless, and a last sweep for what never is |
//! | the verbs | [`passes`] | one file per verb: a pure `plan`, an `apply` that journals around each side effect |
//! | the two sides | [`channel`], [`erp`] | one enum each, one `match` per verb; a folder per platform with its `wire` and `convert` |
//! | the doors | [`http`], [`store`] | the only way to the network, the only way to SQLite |
//! | no I/O | [`documents`], [`model`], [`reason`], [`plan`], [`lang`] | bytes in, facts out; words of the trade as types; why things are as they are; what a dry run plans; the language of messages |
//!
//! Questions of people (`status`, `report --html`, `why`, `orders`, `holds`) are answered by [`app`] from the state file alone; [`passes::account`]
//! holds the channel's own list against it, [`passes::reconcile`] the two sides against each other, and [`passes::adopt`]
//! rebuilds it from them.
//!
//! Beside them: [`config`] (one TOML file), [`inbox`] (folders for documents), [`clock`] and [`stop`] (injected), [`lock`] (one run of a pass at a time).
//!
//! # How a pass goes
//!
//! [`app`] reads the configuration, takes the pass's lock for the channel, opens the state file and hands both sides to the pass.
//! [`passes::import_orders`] is the one to read first. Intake stores what the channel's feed and list say, commits, and only then
//! acknowledges. Then each order that needs a visit is read fresh; `plan` decides from facts and policy alone; `apply` writes
//! `intended` to the [journal](store::journal), commits, makes the call, writes the outcome, commits. What is left unknown by a
//! crash or a lost answer is settled by the next run, which reads before it writes.
//!
//! # Rules that hold everywhere
//!
//! Money is integer cents. Time is UTC, from the injected clock; São Paulo appears at the edges. A remote answer is lenient on the
//! way in and strict once converted. One thread: calls overlap, the state file is used between them, no transaction is open while
//! one is waited for. One order that fails is held and tried again; one host that is down ends only its own channel's run.

pub mod app;
pub mod channel;
pub mod check;
pub mod cli;
pub mod clock;
pub mod config;
pub mod documents;
pub mod erp;
pub mod exit;
#[cfg(any(test, fuzzing))]
pub mod hostile;
pub mod http;
pub mod inbox;
pub mod init;
pub mod lang;
pub mod lock;
pub mod logging;
pub mod mask;
pub mod metrics;
pub mod model;
pub mod page;
pub mod passes;
pub mod plan;
pub mod reason;
mod relay;
pub mod report;
#[cfg(test)]
mod sources;
pub mod stop;
pub mod store;
pub mod words;
