//! ANYMARKET, the hub in front of many marketplaces: its orders. Facts and their sources stand beside the code they shape.

pub mod convert;
mod wire;
