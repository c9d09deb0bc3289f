//! What is done to the server, and what is counted while it is done.
//!
//! In reading order: [`table`] (what a fault came to), [`trial`] (a world under load with the checker over it), [`gauge`]
//! (metrics and memory of the process), then the tools: [`redis`], [`proxy`], [`database`], [`disk`].

pub mod database;
pub mod disk;
pub mod gauge;
pub mod proxy;
pub mod redis;
pub mod table;
pub mod trial;
