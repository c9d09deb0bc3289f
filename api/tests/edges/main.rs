//! The edges over real sockets: what is refused, and how, before anything reaches an actor.

mod http;
mod socket;
mod support;
