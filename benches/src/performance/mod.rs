//! Everything that was measured, as one document with charts.
//!
//! In reading order: [`figures`] (what is kept between measuring and writing), `estimates` (criterion's results),
//! `processes` (servers as children), `scenarios` (`otvet bench` and its ceilings), `archive` and `growth` (what happens
//! when there is more of everything), `chart` and `document` (how it is shown).

mod archive;
pub mod bare;
mod chart;
mod document;
mod estimates;
pub mod figures;
mod goals;
mod growth;
mod machine;
mod paced;
mod processes;
mod scenarios;

use std::path::Path;

use anyhow::{Result, bail};

use figures::Figures;

/// The parts in the order in which they are measured. Each takes a few minutes at most.
pub const PARTS: [&str; 12] = [
    "start",
    "tail",
    "throughput",
    "latency",
    "idle-10000",
    "idle-19000",
    "comeback",
    "growth-connections",
    "growth-archive",
    "growth-managers",
    "growth-thread",
    "cold-build",
];

/// Measures a part with a release binary and keeps its figures in `kept`.
///
/// # Errors
/// When something does not run; what was measured before stays.
pub fn measure(part: &str, otvet: &Path, kept: &Path) -> Result<()> {
    let mut figures = Figures::open(kept)?;
    match part {
        "start" => scenarios::start(otvet, &mut figures)?,
        "tail" => scenarios::tail(&mut figures),
        "throughput" => scenarios::throughput(otvet, &mut figures)?,
        "latency" => scenarios::latency(otvet, &mut figures)?,
        "idle-10000" => scenarios::idle(otvet, 10_000, &mut figures)?,
        "idle-19000" => scenarios::idle(otvet, 19_000, &mut figures)?,
        "comeback" => scenarios::comeback(otvet, &mut figures)?,
        "growth-connections" => growth::connections(otvet, &mut figures)?,
        "growth-archive" => growth::archive(otvet, &mut figures)?,
        "growth-managers" => growth::managers(otvet, &mut figures)?,
        "growth-thread" => growth::thread(otvet, &mut figures)?,
        "cold-build" => scenarios::cold_build(&mut figures)?,
        other => bail!("`{other}` is none of {}", PARTS.join(", ")),
    }
    figures.keep(kept)
}

/// Writes the document and its charts out of criterion's results and the figures kept; what is missing is left out, and
/// said.
///
/// # Errors
/// When a file cannot be read or written.
pub fn write(root: &Path, kept: &Path) -> Result<()> {
    let mut figures = Figures::open(kept)?;
    figures.set_text("machine", &machine::describe());
    figures.set_text("commit", &machine::commit(root));
    estimates::add(&root.join("target/criterion"), &mut figures)?;
    document::write(&root.join("docs"), &figures)
}
