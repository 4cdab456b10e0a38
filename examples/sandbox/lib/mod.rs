//! Two sales platforms and an ERP to try vaivem against, without an account anywhere: they keep orders, move their status,
//! queue events, reserve stock, and misbehave on request.
//!
//! It is written from the platforms' documentation, never from vaivem's own client, and uses nothing of the crate: what
//! it says of the world can be held against what vaivem believes. Comments name the section of the reference that a
//! rule comes from. `VTEX 3.2`: 0 connection and errors, 1 list, 2 order, 3 feed, 4 statuses, 5 writes, 6 logistics and
//! catalogue, 7 limits. `ANYMARKET 3.1`: 1 transport, dates and pages, 2 orders, 3 feed and callbacks, 4 statuses,
//! 5 XML, 6 stock and SKUs, 7 limits and errors, 8 what integrators stumble over, 10 what is open. `ECCOSYS 2.1`: 1 transport
//! and types, 2 orders, 3 situations, 4 customers, 5 products, 6 stock, 8 invoices, 9 shipping, 13 what is open.
//!
//! It is a module tree of its own, included by `#[path]` from the tests, the quickstart and the program in `main.rs`;
//! each of them uses a part.
#![allow(dead_code, unused_imports)]

pub mod anymarket;
mod call;
mod document;
pub mod eccosys;
mod faults;
mod json;
mod mangle;
pub mod papers;
pub mod seed;
mod server;
mod vtex;
mod wire;

pub use anymarket::{AnyEffect, AnyOrder, AnyOrderSeed, Anymarket, GUMGA_TOKEN};
pub use call::{Answer, Call, HookAction, Outcome, Phase, Request};
pub use document::{cnpj, cpf};
pub use eccosys::{ECCOSYS_KEY, ECCOSYS_SECRET, ECCOSYS_TOKEN, ECCOSYS_USER_TOKEN, EccEffect, EccOrder, Eccosys};
pub use faults::{Fault, Kind, RetryAfter};
pub use mangle::Mangle;
pub use server::Sandbox;
pub use vtex::{
    APP_KEY, APP_TOKEN, CancelledBy, Customer, Effect, FEED_STATES, Line, Order, OrderSeed, Package, Payment,
    Reservation, ReservationState, Stock, UnknownCode, Vtex,
};
pub use wire::{Platform, RateLimit};
