//! Bytes to events. Pure: no clock, no files, no network.

pub mod clarity;
pub mod json;
pub mod rrweb;
pub mod wrap;
