//! The edges of Otvet: HTTP and WebSocket, REST with its OpenAPI document, the faces, metrics. Nothing here decides anything
//! about conversations: requests become commands, refusals become problems.
//!
//! In reading order: [`server`] (what is started and ended in which order), [`serve`] (the accept loop and what surrounds
//! every request), [`ws`] (one socket's life), [`rest`] (an endpoint a file), [`rest::problem`] (the one place where codes
//! become HTTP).

pub mod android;
pub mod assets;
pub mod cli;
pub mod edge;
pub mod logging;
pub mod metrics;
pub mod openapi;
pub mod ops;
pub mod peer;
mod people;
mod pruning;
pub mod rest;
pub mod serve;
pub mod server;
pub mod shutdown;
mod tails;
pub mod ws;

pub use server::{Environment, Server, StartError};
