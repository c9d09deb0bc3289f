//! The load generator behind `otvet bench`: many visitors and managers who speak the protocol as any client does, and an
//! exact account of what was answered, delivered, late and lost.
//!
//! In reading order: [`plan`] (what is asked for), [`run`] (one run from the first guest to the report), `people` and
//! `dial` (how they come in), `connection` (what one of them does), `pace` (when), `wire` (reading frames cheaply),
//! [`tally`] (what was measured), `ledger` (what is owed), [`report`] (how it is told).

mod comeback;
mod connection;
pub mod dial;
mod ledger;
mod pace;
mod people;
pub mod plan;
pub mod report;
mod run;
mod shared;
pub mod tally;
mod wire;

pub use plan::{Mix, Pace, Plan, PlanError};
pub use report::Report;
pub use run::{Live, RunError, Stage, run};
