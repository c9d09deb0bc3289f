//! Proves the promises G0, G1, G2, G3 and G5 from the logs of all clients: what was lost, doubled, out of order, leaked or
//! miscounted. Pure: it knows neither sockets nor time.
//!
//! In reading order: [`log`] (what goes in), [`Report`] (what comes out), `replay` (what a stored conversation amounts to),
//! `stored` (acknowledgements against the stored log), `received` (each device's view of its streams), `lists` (summaries),
//! [`model`] (a seeded generator of clean runs).

pub mod log;
pub mod model;

mod content;
mod lists;
mod received;
pub(crate) mod replay;
mod stored;

#[cfg(test)]
mod planted;

use std::fmt;

use log::RunLog;
use replay::Replay;

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// Acknowledged or shown, but not stored; or stored, but not delivered to somebody who should have it.
    Lost,
    /// One key became two events, one event came twice, or one command was answered twice.
    Doubled,
    /// Numbers are missing in a stream, without a reset.
    Gap,
    /// Numbers go back, two see different things under one number, or a numbering changed unannounced.
    Disorder,
    /// Somebody got what they may not see.
    Leaked,
    /// A summary disagrees with a recount.
    Miscounted,
    /// Two managers were both told that a conversation is theirs alone.
    TwoManagers,
    /// Refused or never sent, and yet stored.
    Phantom,
}

impl Fault {
    /// Every kind of fault.
    pub const ALL: [Self; 8] = [
        Self::Lost,
        Self::Doubled,
        Self::Gap,
        Self::Disorder,
        Self::Leaked,
        Self::Miscounted,
        Self::TwoManagers,
        Self::Phantom,
    ];

    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Doubled => "doubled",
            Self::Gap => "gaps",
            Self::Disorder => "disorder",
            Self::Leaked => "leaked",
            Self::Miscounted => "miscounted",
            Self::TwoManagers => "two_managers",
            Self::Phantom => "phantom",
        }
    }
}

/// One fault with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong.
    pub fault: Fault,
    /// Who noticed: a device, or `log` for the stored log itself.
    pub who: String,
    /// Where and how.
    pub detail: String,
}

/// How much was looked at: a clean report of an empty run proves nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// Devices.
    pub clients: usize,
    /// Connections that were greeted with `ready`.
    pub connections: usize,
    /// Positions that were recovered.
    pub recovered: usize,
    /// Streams that were reset.
    pub resets: usize,
    /// Commands with a key that were acknowledged.
    pub acknowledged: usize,
    /// Commands with a key whose answer never came on that attempt.
    pub unanswered: usize,
    /// Commands that were refused.
    pub refused: usize,
    /// Events that came to a device.
    pub delivered: usize,
    /// Conversations stored.
    pub conversations: usize,
    /// Events stored.
    pub stored: usize,
    /// Summaries recounted.
    pub summaries: usize,
}

/// What a run was worth.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Every fault found.
    pub findings: Vec<Finding>,
    /// What was looked at.
    pub seen: Seen,
}

impl Report {
    /// How often a fault was found.
    pub fn count(&self, fault: Fault) -> usize {
        self.findings.iter().filter(|f| f.fault == fault).count()
    }

    /// Whether nothing was found.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    fn add(&mut self, fault: Fault, who: &str, detail: String) {
        self.findings.push(Finding { fault, who: who.to_owned(), detail });
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in Fault::ALL {
            write!(f, "{} {}  ", fault.name(), self.count(fault))?;
        }
        writeln!(f, "\n{:?}", self.seen)?;
        // The first ones tell the story; a broken run can have thousands.
        for finding in self.findings.iter().take(40) {
            writeln!(f, "{}: {}: {}", finding.fault.name(), finding.who, finding.detail)?;
        }
        if self.findings.len() > 40 {
            writeln!(f, "… and {} more", self.findings.len() - 40)?;
        }
        Ok(())
    }
}

/// How the first findings came about: what their devices saw of the stream in question, for whoever has to find the cause.
pub fn story(run: &RunLog, report: &Report) -> String {
    const FINDINGS: usize = 3;
    const ENTRIES: usize = 40;
    let mut story = String::new();
    for finding in report.findings.iter().take(FINDINGS) {
        let Some(client) = run.clients.iter().find(|c| c.name == finding.who) else { continue };
        // Streams stand in details as they do on the wire; the id is what every mention of one shares.
        let Some(id) =
            finding.detail.split(|c: char| !c.is_ascii_hexdigit() && c != '-').find(|part| part.len() == 36)
        else {
            continue;
        };
        story += &format!("--- {}: {} ---\n", finding.who, finding.detail);
        let about = client.entries.iter().filter_map(|entry| log::excerpt(entry, id));
        let about: Vec<String> = about.collect();
        for line in about.iter().skip(about.len().saturating_sub(ENTRIES)) {
            story += line;
            story.push('\n');
        }
    }
    story
}

/// Checks a whole run.
pub fn check(run: &RunLog) -> Report {
    let mut report = Report::default();
    let replay = Replay::of(run);
    report.seen.clients = run.clients.len();
    report.seen.conversations = run.stored.len();
    report.seen.stored = run.stored.values().map(Vec::len).sum();
    stored::check(run, &replay, &mut report);
    received::check(run, &replay, &mut report);
    lists::check_final(run, &replay, &mut report);
    report
}
