//! The actors on a real journal: conversations, recovery, supervision.

mod lists;
mod recovery;
mod supervision;
mod talk;
mod world;
