//! A sales platform to try vaivem against, without an account anywhere: it keeps orders, moves their status, queues
//! events, reserves stock, and misbehaves on request.
//!
//! It is written from the platforms' documentation, never from vaivem's own client, and uses nothing of the crate: what
//! it says of the world can be held against what vaivem believes. Comments name the section of the VTEX reference that
//! a rule comes from (`VTEX 3.2`): 0 connection and errors, 1 list, 2 order, 3 feed, 4 statuses, 5 writes, 6 logistics
//! and catalogue, 7 limits.
//!
//! It is a module tree of its own, included by `#[path]` from the tests, the quickstart and the program in `main.rs`;
//! each of them uses a part.
#![allow(dead_code, unused_imports)]

mod call;
mod document;
mod faults;
pub mod papers;
pub mod seed;
mod server;
mod vtex;

pub use call::{Answer, Call, HookAction, Outcome, Phase, Request};
pub use document::{cnpj, cpf};
pub use faults::{Fault, Kind, RetryAfter};
pub use server::Sandbox;
pub use vtex::{
    APP_KEY, APP_TOKEN, CancelledBy, Customer, Effect, FEED_STATES, Line, Order, OrderSeed, Package, Payment,
    RateLimit, Reservation, ReservationState, Stock, UnknownCode, Vtex,
};
