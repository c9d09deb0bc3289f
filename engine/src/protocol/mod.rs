//! The wire contract, version 1: every frame and event, typed once for the WebSocket, REST and OpenAPI alike.
//!
//! In reading order: [`payload`] (people, summaries, events), [`client`] and [`server`] (the frames), [`codes`] (every
//! error and close code), [`codec`] (JSON and MessagePack), `single_pass` (its fast way). The golden frames in
//! `engine/golden/v1` hold the contract for the clients in other languages too. To add a command: a struct in [`client`], a
//! variant, its name in [`codec`] and in `single_pass`, a golden frame; then follow the compiler.

pub mod client;
pub mod codec;
pub mod codes;
pub mod payload;
pub mod server;
mod single_pass;

#[cfg(test)]
pub(crate) mod codec_tests;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod single_pass_tests;

pub use client::{BearerToken, ClientFrame, Command, CommandId, Hello};
pub use codec::{DecodeError, Format, decode, decode_any, encode};
pub use codes::{CloseCode, Code, Refusal};
pub use payload::{Attachment, Cursor, Event, EventKind, LastMessage, Person, Role, Status, Summary};
pub use server::{
    Answer, Answered, Bye, Failed, Limits, Ready, Reset, ServerFrame, SharedFrame, Signal, SignalKind,
    Snapshot,
};
