//! The edges over real sockets: what is refused, and how, before anything reaches an actor.

#![allow(clippy::unwrap_used, clippy::type_complexity, reason = "tests")]

mod android;
mod http;
mod socket;
mod support;
mod watch;
