//! The harness: the real server as a child process, clients with verbs, seeded random plans, and the checker that proves
//! from their logs that nothing was lost, doubled, out of order, leaked or miscounted. The suites are in `tests/tests`.
//!
//! In reading order: [`checker`] (pure), [`client`] (the protocol), [`rest`], [`server`] (the child process), [`world`]
//! (one server with its people, for one test), [`plan`] (random load), [`faults`] (what is done to the server).

pub mod checker;
pub mod client;
pub mod faults;
pub mod plan;
pub mod rest;
pub mod server;
pub mod world;
