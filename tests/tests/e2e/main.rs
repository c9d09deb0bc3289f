//! Every suite that needs the real server, in one binary: it is linked once. Each test starts a server of its own.
//!
//! `cargo build -p otvet-api && cargo test -p otvet-tests --test e2e`, or with `OTVET_BIN=…` against any other binary.

#![allow(
    clippy::print_stdout,
    reason = "libtest shows the reports of failed runs, and of all with --nocapture"
)]

mod bad_input;
mod judge;
mod kill_nine;
mod load;
mod protocol;
mod random_load;
mod restart;
