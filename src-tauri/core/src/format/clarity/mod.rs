//! Microsoft Clarity's upload bodies, read into the recording model.
//!
//! The trap: a payload says little by itself. Times count from a page start that only one payload of the page
//! tells, DOM records refer to nodes of earlier payloads, and the order of arrival means nothing. So
//! [`payload`] reads one body without judging it, and [`decode_session`] puts the bodies of a session together.

pub mod decoded;
mod intern;
mod layout;
pub mod mask;
pub mod names;
pub mod payload;
mod scan;
pub mod selector;
mod session;

pub use layout::{BASE, HEIGHT, WIDTH};
pub use session::{Body, decode_session};
