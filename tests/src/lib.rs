//! The harness: the real server as a child process, clients with verbs, seeded random plans, and the checker that proves
//! from their logs that nothing was lost, doubled, out of order, leaked or miscounted. The suites are in `tests/tests`.

pub mod checker;
