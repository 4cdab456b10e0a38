//! The only door to the network.

/// Why a call did not give what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum CallError {}
