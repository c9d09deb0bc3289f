//! The document: a table of goals, the charts, and what was learnt.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, Result};

use super::chart::{Line, draw};
use super::figures::{Figure, Figures};
use super::goals::{GOALS, rounded};

const HEAD: &str = "\
# Performance

This page is written by `make bench`; change the code that writes it, not the page. What was changed, why, what did not help,
and why a goal is out of reach stands in [benches/notes.md](../benches/notes.md), which is written by hand.

Every figure stands beside a ceiling that was measured on the same machine in the same run: absolute figures move twofold
from one machine, and from one hour, to the next, ratios do not. Times and rates are medians; in brackets criterion's 95 %
confidence interval of the median, or the smallest and the largest of three runs. The load generator runs on the same
processors as the server.

```sh
make bench                              # everything: about half an hour, on a quiet machine
cargo bench -p otvet-benches            # the parts in one process, beside their ceilings
otvet bench --help                      # the load generator, against any server
```

";

/// Series of one chart, with the file that it goes to.
struct Chart {
    file: &'static str,
    title: &'static str,
    x: &'static str,
    y: &'static str,
    series: &'static [(&'static str, &'static str)],
}

const CHARTS: [Chart; 5] = [
    Chart {
        file: "connections",
        title: "More connections, each with a message under way",
        x: "connections",
        y: "messages/s; MiB",
        series: &[
            ("connections/commands per s", "messages/s"),
            ("connections/resident MiB", "server's memory, MiB"),
        ],
    },
    Chart {
        file: "archive",
        title: "More conversations in the archive",
        x: "conversations",
        y: "ms",
        series: &[
            ("archive/inbox ms", "inbox page"),
            ("archive/thread ms", "open a thread"),
            ("archive/frequent word ms", "search: frequent"),
            ("archive/rare word ms", "search: rare"),
        ],
    },
    Chart {
        file: "managers",
        title: "More managers online: messages of 200 visitors",
        x: "managers",
        y: "messages/s",
        series: &[("managers/commands per s", "messages/s, closed loop")],
    },
    Chart {
        file: "managers-latency",
        title: "More managers online: acknowledgement at 300 messages/s",
        x: "managers",
        y: "ms",
        series: &[("managers/p50 ms", "p50")],
    },
    Chart {
        file: "thread",
        title: "More messages in one thread",
        x: "messages",
        y: "ms",
        series: &[("thread/newest page ms", "newest page"), ("thread/one more ms", "one more, durable")],
    },
];

/// Writes `performance.md` and the charts below `performance/`.
pub fn write(docs: &Path, figures: &Figures) -> Result<()> {
    let mut figures = figures.clone();
    add_rates(&mut figures);
    let mut page = HEAD.to_owned();
    let _ = writeln!(page, "Machine: {}. Commit: {}.\n", figures.text("machine"), figures.text("commit"));
    table(&mut page, &figures);
    std::fs::create_dir_all(docs.join("performance"))?;
    page += "\n## Growth\n\nBoth axes are logarithmic. What should be flat is flat: a line along the bottom or the top.\n";
    for chart in CHARTS {
        add_chart(&mut page, docs, &figures, &chart)?;
    }
    std::fs::write(docs.join("performance.md"), page).context("writing docs/performance.md")
}

fn table(page: &mut String, figures: &Figures) {
    *page += "## Goals\n\n| what | measured | ceiling | its figure | ratio | to reach | |\n|---|---|---|---|---|---|---|\n";
    let mut missing = Vec::new();
    for goal in &GOALS {
        let Some(standing) = goal.standing(figures) else {
            missing.push(goal.what);
            continue;
        };
        let mark = match (standing.bound.is_empty(), standing.reached) {
            (true, _) => "",
            (_, true) => "reached",
            (_, false) => "**missed**",
        };
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {} | {} | {mark} |",
            goal.what, standing.ours, goal.ceiling, standing.theirs, standing.ratio, standing.bound
        );
    }
    if !missing.is_empty() {
        let _ = writeln!(page, "\nNot measured in this run: {}.", missing.join("; "));
    }
}

fn add_chart(page: &mut String, docs: &Path, figures: &Figures, chart: &Chart) -> Result<()> {
    let lines: Vec<Line<'_>> = chart
        .series
        .iter()
        .filter_map(|(series, name)| Some(Line { name, points: figures.series(series)? }))
        .collect();
    let Some(svg) = draw(chart.title, chart.x, chart.y, &lines) else { return Ok(()) };
    let file = format!("performance/{}.svg", chart.file);
    std::fs::write(docs.join(&file), svg).with_context(|| format!("writing docs/{file}"))?;
    let _ = writeln!(page, "\n![{}]({file})\n", chart.title);
    let heads = lines.first().map_or(&[][..], |line| line.points);
    let xs: Vec<String> = heads.iter().map(|(x, _)| format!("{x}")).collect();
    let _ = writeln!(page, "| {} | {} |\n|---|{}", chart.x, xs.join(" | "), "---|".repeat(xs.len()));
    for line in &lines {
        let ys: Vec<String> = line.points.iter().map(|(_, y)| rounded(*y)).collect();
        let _ = writeln!(page, "| {} | {} |", line.name, ys.join(" | "));
    }
    Ok(())
}

/// Adds the rates that follow from criterion's times.
fn add_rates(figures: &mut Figures) {
    let per_second = |name: &str, operations: f64| {
        let Figure { median, low, high } = figures.get(name)?;
        let rate = |nanos: f64| operations * 1e9 / nanos;
        Some(Figure { median: rate(median), low: rate(high), high: rate(low) })
    };
    let rows = per_second("criterion/journal/rusqlite/256 conversations", 256.0);
    let appends = per_second("criterion/tail append/redis/otvet", 512.0);
    let commit = figures.get("criterion/journal/rusqlite/one message");
    let commit = commit.map(|nanos| Figure {
        median: nanos.median / 1e3,
        low: nanos.low / 1e3,
        high: nanos.high / 1e3,
    });
    for (name, figure) in [
        ("derived/rusqlite rows per s", rows),
        ("derived/redis appends per s", appends),
        ("derived/bare commit us", commit),
    ] {
        if let Some(figure) = figure {
            figures.set(name, figure);
        }
    }
}
