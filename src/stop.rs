//! Being asked to stop.
