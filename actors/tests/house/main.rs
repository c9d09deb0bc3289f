//! The actors on a real journal: conversations, recovery, supervision.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod fanout;
mod lists;
mod recovery;
mod supervision;
mod switched_tail;
mod talk;
mod world;
