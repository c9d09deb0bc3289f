//! Criterion's results: the median of each bench with its confidence interval, in nanoseconds.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::figures::{Figure, Figures};

#[derive(Deserialize)]
struct Estimates {
    median: Estimate,
}

#[derive(Deserialize)]
struct Estimate {
    point_estimate: f64,
    confidence_interval: Interval,
}

#[derive(Deserialize)]
struct Interval {
    lower_bound: f64,
    upper_bound: f64,
}

#[derive(Deserialize)]
struct Benchmark {
    full_id: String,
}

/// Adds each bench under `criterion/` and its full name.
pub fn add(folder: &Path, figures: &mut Figures) -> Result<()> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name == "new") {
            add_one(&path, figures)?;
        } else if path.is_dir() {
            add(&path, figures)?;
        }
    }
    Ok(())
}

fn add_one(folder: &Path, figures: &mut Figures) -> Result<()> {
    let read = |name: &str| {
        let file = folder.join(name);
        std::fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))
    };
    let benchmark: Benchmark = serde_json::from_str(&read("benchmark.json")?)?;
    let estimates: Estimates = serde_json::from_str(&read("estimates.json")?)?;
    let Estimate { point_estimate, confidence_interval } = estimates.median;
    let (low, high) = (confidence_interval.lower_bound, confidence_interval.upper_bound);
    figures.set(&format!("criterion/{}", benchmark.full_id), Figure { median: point_estimate, low, high });
    Ok(())
}
