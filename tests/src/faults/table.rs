//! The one table of a run: a line a fault.

use std::fmt::Write as _;
use std::time::Duration;

use crate::checker::{Fault, Report};

/// What one fault came to.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// The fault.
    pub fault: String,
    /// How often it was inflicted.
    pub rounds: usize,
    /// Commands that clients sent.
    pub commands: usize,
    /// Commands a second, while the server ran. 0: no load of its own.
    pub rate: f64,
    /// Commands that were answered with `ok`.
    pub acknowledged: usize,
    /// The checker's counts.
    pub found: [usize; Fault::ALL.len()],
    /// From each end of the fault to the first acknowledgement after it, the longest.
    pub recovery: Option<Duration>,
    /// Further figures, below the table.
    pub notes: Vec<String>,
    /// What did not hold. Empty: the fault did no harm.
    pub broken: Vec<String>,
}

impl Row {
    /// A row without load.
    pub fn new(fault: &str, rounds: usize) -> Self {
        Self { fault: fault.to_owned(), rounds, ..Self::default() }
    }

    /// Adds what the checker found; each finding breaks the row.
    pub fn count(&mut self, report: &Report) {
        for (sum, fault) in self.found.iter_mut().zip(Fault::ALL) {
            *sum += report.count(fault);
        }
        if !report.is_clean() {
            // Messages may be long: the start of each finding is enough to look it up.
            let lines = format!("{report}");
            let lines = lines.lines().map(|line| line.chars().take(300).collect::<String>());
            self.broken.push(lines.collect::<Vec<_>>().join("\n"));
        }
    }

    /// A figure to be printed below the table.
    pub fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    /// Breaks the row unless the condition holds.
    pub fn must(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.broken.push(what());
        }
    }

    /// Keeps the longest recovery.
    pub fn recovered(&mut self, after: Duration) {
        self.recovery = Some(self.recovery.map_or(after, |longest| longest.max(after)));
    }

    fn found(&self, fault: Fault) -> usize {
        Fault::ALL.iter().position(|f| *f == fault).map_or(0, |n| self.found[n])
    }
}

/// All rows, as Markdown that is also readable in a terminal.
pub fn render(rows: &[Row]) -> String {
    const HEADS: [&str; 13] = [
        "fault",
        "rounds",
        "commands",
        "per s",
        "acknowledged",
        "lost",
        "doubled",
        "gaps",
        "disorder",
        "leaked",
        "miscounted",
        "recovery",
        "outcome",
    ];
    let mut lines = vec![HEADS.map(str::to_owned).to_vec()];
    for row in rows {
        // Two managers at once, and what was stored though refused, count among what is out of order.
        let disorder = row.found(Fault::Disorder) + row.found(Fault::TwoManagers) + row.found(Fault::Phantom);
        let counts = [
            row.found(Fault::Lost),
            row.found(Fault::Doubled),
            row.found(Fault::Gap),
            disorder,
            row.found(Fault::Leaked),
            row.found(Fault::Miscounted),
        ];
        let mut line = vec![row.fault.clone(), row.rounds.to_string(), row.commands.to_string()];
        line.push(if row.rate > 0.0 { format!("{:.0}", row.rate) } else { "-".to_owned() });
        line.push(row.acknowledged.to_string());
        line.extend(counts.map(|n| n.to_string()));
        line.push(row.recovery.map_or("-".to_owned(), |r| format!("{:.2} s", r.as_secs_f64())));
        line.push(if row.broken.is_empty() { "held" } else { "BROKEN" }.to_owned());
        lines.push(line);
    }
    let width = |column: usize| lines.iter().map(|l| l[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..HEADS.len()).map(width).collect();
    let mut out = String::new();
    for (n, line) in lines.iter().enumerate() {
        for (cell, width) in line.iter().zip(&widths) {
            let _ = write!(out, "| {cell:<width$} ");
        }
        out.push_str("|\n");
        if n == 0 {
            widths.iter().for_each(|width| out.push_str(&format!("|{}", "-".repeat(width + 2))));
            out.push_str("|\n");
        }
    }
    out.push('\n');
    for row in rows {
        row.notes.iter().for_each(|note| out.push_str(&format!("- {}: {note}\n", row.fault)));
        row.broken.iter().for_each(|why| out.push_str(&format!("- BROKEN, {}: {why}\n", row.fault)));
    }
    out
}
