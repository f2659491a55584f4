//! Segments: which sessions are meant, in words that a team can review.
//!
//! The trap: one filter is read by a person, a program and a colleague's program next year. It therefore has one
//! grammar, one tree, one meaning, and every place that filters goes through them.

pub mod filter;
