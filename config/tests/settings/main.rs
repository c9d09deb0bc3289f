//! Settings from the outside: layers, refusals, masks, the sample.
#![allow(clippy::unwrap_used)]

mod errors;
mod masking;
mod precedence;
mod sample;
mod support;
