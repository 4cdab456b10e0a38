//! One API budget per host, shared by every process on a state file.
