//! The fault suite: real processes, the seeded load, the checker over it, and one table at the end.
//!
//! `cargo test -p otvet-tests --test faults` is the short form; `OTVET_FAULTS=long` (`make faults`) the whole. Names after
//! `--` choose among the faults: `-- redis storm`.

#![allow(clippy::print_stdout, reason = "the table is what this program is for")]

mod clock;
mod database;
mod drain;
mod kill;
mod loris;
mod readers;
mod redis;
mod storm;

use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use futures_util::FutureExt;
use otvet_tests::faults::table::{Row, render};
use otvet_tests::plan::seed;

/// How much is done, and with which seed.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    /// The whole, or the short form that is part of every test run.
    pub long: bool,
    /// For everything random.
    pub seed: u64,
}

impl Scale {
    /// One value for the whole, another for the short form.
    pub fn of<T>(self, long: T, short: T) -> T {
        if self.long { long } else { short }
    }
}

const FAULTS: [&str; 10] =
    ["kill", "redis", "restart", "locked", "full", "readers", "storm", "drain", "clock", "loris"];

async fn inflict(fault: &str, scale: Scale) -> Result<Vec<Row>> {
    match fault {
        "kill" => kill::nine(scale).await,
        "redis" => redis::all(scale).await,
        "restart" => redis::server_restart(scale).await,
        "locked" => database::locked(scale).await,
        "full" => database::full(scale).await,
        "readers" => readers::never_read(scale).await,
        "storm" => storm::everybody_at_once(scale).await,
        "drain" => drain::under_load(scale).await,
        "clock" => clock::set(scale).await,
        "loris" => loris::all(scale).await,
        other => anyhow::bail!("no fault is called {other}"),
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|a| a == "--list") {
        return ExitCode::SUCCESS;
    }
    let names: Vec<&String> = arguments.iter().filter(|a| !a.starts_with('-')).collect();
    let chosen = FAULTS.iter().filter(|f| names.is_empty() || names.iter().any(|n| f.contains(n.as_str())));
    let chosen: Vec<&str> = chosen.copied().collect();
    if chosen.is_empty() {
        return ExitCode::SUCCESS;
    }
    let long = std::env::var("OTVET_FAULTS").is_ok_and(|form| form == "long");
    let scale = Scale { long, seed: seed() };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("the operating system gives two threads");
    let mut rows = Vec::new();
    for fault in chosen {
        let began = Instant::now();
        println!("{fault} …");
        match runtime.block_on(AssertUnwindSafe(inflict(fault, scale)).catch_unwind()) {
            Ok(Ok(done)) => {
                for row in &done {
                    row.broken.iter().for_each(|why| println!("  BROKEN: {why}"));
                }
                rows.extend(done);
            }
            Ok(Err(why)) => rows.push(broken(fault, format!("{why:?}"))),
            Err(_) => rows.push(broken(fault, "the harness panicked, see above".to_owned())),
        }
        println!("  {:.1} s", began.elapsed().as_secs_f64());
    }
    println!("\n{}", render(&rows));
    let held = rows.iter().all(|row| row.broken.is_empty());
    if held { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn broken(fault: &str, why: String) -> Row {
    let mut row = Row::new(fault, 0);
    row.broken.push(why);
    row
}
