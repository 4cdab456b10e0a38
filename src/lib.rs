//! vaivem keeps an ERP and the sales platforms of a Brazilian store in step, one cron pass at a time.

pub mod clock;
pub mod documents;
pub mod erp;
pub mod http;
pub mod model;
pub mod stop;
pub mod store;
