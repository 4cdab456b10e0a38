//! The names and words of what monitoring is told: English in every language, since dashboards and alerts quote them. What a person is
//! told when it could not be said is in theirs.

use std::time::Duration;

use super::retold::retold;
use crate::exit::Exit;
use crate::lang::{self, Lang, say};
use crate::metrics::Family;
use crate::metrics::Kind::{self, Counter, Gauge};

/// What a heartbeat's address is told beside the signal, for whoever looks at it there.
pub fn ping(command: &str, exit: Exit) -> String {
    lang::within(Lang::En, || format!("{command}: exit {}, {}", exit.code(), exit.meaning()))
}

/// A heartbeat that was not heard. The place says where its address stands, not what it is.
pub fn ping_failed(command: &str, place: &str, problem: &str) -> String {
    let (problem, place) = (retold(problem), retold(place));
    say!(
        "the heartbeat of {command} was not heard: {problem}; its address: {place}"
            | "o sinal de vida de {command} não foi ouvido: {problem}; o endereço dele: {place}"
    )
}

/// A heartbeat whose address cannot be had; the problem names the place.
pub fn no_address(command: &str, problem: &str) -> String {
    let problem = retold(problem);
    say!(
        "the heartbeat of {command} has no address: {problem}"
            | "o sinal de vida de {command} não tem endereço: {problem}"
    )
}

/// Heartbeats that were given up at the end of a command.
pub fn unheard(patience: Duration) -> String {
    say!(
        "a heartbeat was not heard within {} s, and was left at that"
            | "um sinal de vida não foi ouvido em {} s, e ficou por isso",
        patience.as_secs()
    )
}

const fn family(name: &'static str, kind: Kind, help: &'static str) -> Family {
    Family { name, kind, help }
}

macro_rules! families {
    ($($constant:ident = $name:literal, $kind:ident, $help:literal;)*) => {
        $(#[doc = $help] pub const $constant: Family = family($name, $kind, $help);)*
        /// All of them, in the order they are told in.
        pub const ALL: &[Family] = &[$($constant),*];
    };
}

families! {
    BUILD = "vaivem_build_info", Gauge,
        "The version that wrote this, as a label; always 1.";
    LAST_BEGIN = "vaivem_last_run_begin_timestamp_seconds", Gauge,
        "When the last run began. Later than the last end: it is under way, or was killed.";
    LAST_END = "vaivem_last_run_end_timestamp_seconds", Gauge,
        "When the last run that ended did so, however it went.";
    LAST_EXIT = "vaivem_last_run_exit_code", Gauge,
        "The exit code of the last run that ended.";
    LAST_DURATION = "vaivem_last_run_duration_seconds", Gauge,
        "How long the last run that ended took.";
    LAST_COMPLETE = "vaivem_last_complete_run_timestamp_seconds", Gauge,
        "When the last run began that came to its end (exit code 0 or 3). The time since is the lag.";
    RUNS = "vaivem_runs_total", Counter,
        "Runs that ended, by exit; with exit locked, those that found another at work.";
    RUN_SECONDS = "vaivem_run_seconds_total", Counter,
        "How long all runs took together.";
    ITEMS = "vaivem_items_total", Counter,
        "Visits of orders and products, by what came of them.";
    ORDERS_NEW = "vaivem_orders_new_total", Counter,
        "Orders heard of for the first time.";
    CALLS = "vaivem_calls_total", Counter,
        "Requests sent, repetitions included, by side.";
    RETRIES = "vaivem_call_retries_total", Counter,
        "Requests that repeated one that failed, by side.";
    LIMITED = "vaivem_calls_limited_total", Counter,
        "Requests refused because there were too many (429), by side.";
    ERRORS = "vaivem_call_errors_total", Counter,
        "Requests that the other side failed to answer: no connection, no complete answer, a redirect, or an \
         error of the server.";
    BYTES = "vaivem_received_bytes_total", Counter,
        "Bytes of answers, decompressed, by side.";
    ORDERS = "vaivem_orders", Gauge,
        "Orders seen, by fate; undecided until the next import-orders has looked at them.";
    LISTED_UP_TO = "vaivem_orders_listed_up_to_timestamp_seconds", Gauge,
        "Orders created up to then were found in the channel's list.";
    PAYMENTS_FOLLOWED = "vaivem_payments_followed_timestamp_seconds", Gauge,
        "When the last sync-payments began that followed every order of the channel.";
    HELD_ORDERS = "vaivem_held_orders", Gauge,
        "Orders that are held; one that two passes hold is one.";
    HELD_PRODUCTS = "vaivem_held_products", Gauge,
        "Products that are held.";
    HELD_CENTS = "vaivem_held_cents", Gauge,
        "What the held orders are worth, in cents of BRL.";
    HELD_SINCE = "vaivem_held_since_timestamp_seconds", Gauge,
        "Since when the oldest hold is open.";
    HELD_PROMISED = "vaivem_held_promised_timestamp_seconds", Gauge,
        "The earliest date promised to the customer of a held order.";
    HOLDS = "vaivem_holds", Gauge,
        "Open holds, by the code of their cause; a cause without any is not told.";
    HOLDS_CENTS = "vaivem_holds_cents", Gauge,
        "What the orders held for a cause are worth, in cents of BRL; an order held for two counts in both.";
    WAITING_CENTS = "vaivem_waiting_cents", Gauge,
        "What the orders are worth that wait and are not in the ERP, in cents of BRL.";
    UNSETTLED = "vaivem_unsettled_writes", Gauge,
        "Writes to either side of which nobody knows yet whether they went through.";
    STOCK_UNCONFIRMED = "vaivem_stock_unconfirmed", Gauge,
        "Stock numbers that the channel should have and has not confirmed.";
    ERP_ORDERS_COMPARED = "vaivem_erp_orders_compared_timestamp_seconds", Gauge,
        "As of when the ERP's orders are known. Only for an ERP that is asked over the network.";
    ERP_STOCK_COMPARED = "vaivem_erp_stock_compared_timestamp_seconds", Gauge,
        "As of when the ERP's stock is known. Only for an ERP that is asked over the network.";
}
