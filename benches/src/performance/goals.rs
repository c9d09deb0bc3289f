//! What is to be reached, and what was.

use super::figures::{Figure, Figures};

/// One line of the table.
pub struct Goal {
    /// What is measured.
    pub what: &'static str,
    /// Against what.
    pub ceiling: &'static str,
    ours: &'static str,
    theirs: &'static str,
    bound: Bound,
    unit: Unit,
}

/// How the two figures are held against each other.
enum Bound {
    /// Times of the same work: theirs over ours is at least this.
    Speed(f64),
    /// Rates: ours over theirs is at least this.
    Share(f64),
    /// Costs: ours over theirs is at most this.
    Times(f64),
    /// Ours is at most this, whatever anybody else does.
    AtMost(f64),
}

/// How figures are shown.
#[derive(Clone, Copy)]
enum Unit {
    /// Nanoseconds for so many operations.
    NanosFor(f64),
    /// Figures with a name behind them.
    Plain(&'static str),
}

/// A line's figures.
pub struct Standing {
    /// Ours, with its unit and spread.
    pub ours: String,
    /// The ceiling's.
    pub theirs: String,
    /// The ratio, where there is one.
    pub ratio: String,
    /// What was to be reached.
    pub bound: String,
    /// Whether it was.
    pub reached: bool,
}

const fn goal(
    what: &'static str,
    ceiling: &'static str,
    (ours, theirs): (&'static str, &'static str),
    bound: Bound,
    unit: Unit,
) -> Goal {
    Goal { what, ceiling, ours, theirs, bound, unit }
}

macro_rules! criterion {
    ($group:literal, $ours:literal, $theirs:literal) => {
        (concat!("criterion/", $group, "/", $ours), concat!("criterion/", $group, "/", $theirs))
    };
}

const NONE: &str = "";
const MPSC: &str = "tokio mpsc tasks, same hops and work";
const SQLX: &str = "sqlx, same rows, groups of 128";
const FRAMED: &str = "frames cut by hand on bare TCP";

/// Every line, in the order of the document.
pub const GOALS: [Goal; 45] = [
    goal(
        "actor path, 1,000 conversations, 1 in flight each",
        MPSC,
        criterion!("actor path", "otvet/1", "tokio mpsc/1"),
        Bound::Speed(0.8),
        Unit::NanosFor(1000.0),
    ),
    goal(
        "actor path, 1,000 conversations, 16 in flight each",
        MPSC,
        criterion!("actor path", "otvet/16", "tokio mpsc/16"),
        Bound::Speed(0.8),
        Unit::NanosFor(16_000.0),
    ),
    goal(
        "one event to 10 sessions",
        MPSC,
        criterion!("fan-out", "otvet/10", "tokio mpsc/10"),
        Bound::Speed(1.0),
        Unit::NanosFor(10.0),
    ),
    goal(
        "one event to 100 sessions",
        MPSC,
        criterion!("fan-out", "otvet/100", "tokio mpsc/100"),
        Bound::Speed(1.0),
        Unit::NanosFor(100.0),
    ),
    goal(
        "one event to 1,000 sessions",
        MPSC,
        criterion!("fan-out", "otvet/1000", "tokio mpsc/1000"),
        Bound::Speed(1.0),
        Unit::NanosFor(1000.0),
    ),
    goal(
        "the same, to 10 sessions",
        "the same tokio mpsc within ractor's actors",
        criterion!("fan-out", "otvet/10", "tokio mpsc in ractor/10"),
        Bound::Speed(0.0),
        Unit::NanosFor(10.0),
    ),
    goal(
        "the same, to 100 sessions",
        "the same tokio mpsc within ractor's actors",
        criterion!("fan-out", "otvet/100", "tokio mpsc in ractor/100"),
        Bound::Speed(0.0),
        Unit::NanosFor(100.0),
    ),
    goal(
        "the same, to 1,000 sessions",
        "the same tokio mpsc within ractor's actors",
        criterion!("fan-out", "otvet/1000", "tokio mpsc in ractor/1000"),
        Bound::Speed(0.0),
        Unit::NanosFor(1000.0),
    ),
    goal(
        "echo of 100 B, 32 in flight on 200 connections",
        FRAMED,
        criterion!("socket echo", "otvet", "hand-framed TCP"),
        Bound::Speed(0.6),
        Unit::NanosFor(6400.0),
    ),
    goal(
        "broadcast to 1,000 connections, 16 in flight",
        FRAMED,
        criterion!("socket broadcast", "otvet/1000", "hand-framed TCP/1000"),
        Bound::Speed(0.85),
        Unit::NanosFor(16_000.0),
    ),
    goal(
        "a signed-in idle connection, 10,000 of them",
        "",
        ("idle/10000/otvet KiB", NONE),
        Bound::AtMost(10.0),
        Unit::Plain("KiB"),
    ),
    goal(
        "a signed-in idle connection, 19,000 of them",
        "",
        ("idle/19000/otvet KiB", NONE),
        Bound::AtMost(10.0),
        Unit::Plain("KiB"),
    ),
    goal(
        "the same, 10,000 of them",
        "bare tungstenite, same buffers",
        ("idle/10000/otvet KiB", "idle/10000/tungstenite KiB"),
        Bound::Times(4.0),
        Unit::Plain("KiB"),
    ),
    goal(
        "the same, 19,000 of them",
        "bare tungstenite, same buffers",
        ("idle/19000/otvet KiB", "idle/19000/tungstenite KiB"),
        Bound::Times(4.0),
        Unit::Plain("KiB"),
    ),
    goal(
        "`send` to `ok`, durable, 1,000 connections, closed loop",
        "rusqlite, same rows, groups of 128",
        ("throughput/answers per s", "derived/rusqlite rows per s"),
        Bound::Share(0.35),
        Unit::Plain("/s"),
    ),
    goal(
        "acknowledgement at half that load, p50",
        "one bare commit",
        ("latency/p50 us", "derived/bare commit us"),
        Bound::Times(4.0),
        Unit::Plain("µs"),
    ),
    goal(
        "acknowledgement at half that load, p99",
        "one bare commit",
        ("latency/p99 us", "derived/bare commit us"),
        Bound::Times(25.0),
        Unit::Plain("µs"),
    ),
    goal(
        "the same, p50",
        "rusqlite alone, same rows at that rate",
        ("latency/p50 us", "latency/rusqlite p50 us"),
        Bound::Times(f64::INFINITY),
        Unit::Plain("µs"),
    ),
    goal(
        "the same, p99",
        "rusqlite alone, same rows at that rate",
        ("latency/p99 us", "latency/rusqlite p99 us"),
        Bound::Times(f64::INFINITY),
        Unit::Plain("µs"),
    ),
    goal(
        "journal, 256 conversations at once",
        "rusqlite, same rows, groups of 128",
        criterion!("journal", "otvet/256 conversations", "rusqlite/256 conversations"),
        Bound::Speed(0.9),
        Unit::NanosFor(256.0),
    ),
    goal(
        "journal, 128 events of one conversation",
        "rusqlite, same rows",
        criterion!("journal", "otvet/1 conversation", "rusqlite/1 conversation"),
        Bound::Speed(0.9),
        Unit::NanosFor(128.0),
    ),
    goal(
        "journal on PostgreSQL, 256 conversations at once",
        SQLX,
        criterion!("journal on PostgreSQL", "otvet/256 conversations", "sqlx/256 conversations"),
        Bound::Speed(0.8),
        Unit::NanosFor(256.0),
    ),
    goal(
        "journal on PostgreSQL, 128 events of one conversation",
        SQLX,
        criterion!("journal on PostgreSQL", "otvet/1 conversation", "sqlx/1 conversation"),
        Bound::Speed(0.8),
        Unit::NanosFor(128.0),
    ),
    goal(
        "journal on MySQL, 256 conversations at once",
        SQLX,
        criterion!("journal on MySQL", "otvet/256 conversations", "sqlx/256 conversations"),
        Bound::Speed(0.0),
        Unit::NanosFor(256.0),
    ),
    goal(
        "journal on MySQL, 128 events of one conversation",
        SQLX,
        criterion!("journal on MySQL", "otvet/1 conversation", "sqlx/1 conversation"),
        Bound::Speed(0.0),
        Unit::NanosFor(128.0),
    ),
    goal(
        "tail append in Redis, 512 in flight",
        "redis-benchmark, 16 clients, pipeline of 32",
        ("derived/redis appends per s", "tail/redis-benchmark per s"),
        Bound::Share(0.5),
        Unit::Plain("/s"),
    ),
    goal(
        "tail append in Redis, 512 in flight",
        "bare pipeline, same library",
        criterion!("tail append", "redis/otvet", "redis/bare pipeline"),
        Bound::Speed(0.5),
        Unit::NanosFor(512.0),
    ),
    goal(
        "10,000 clients back after a cut",
        "as many bare WebSocket handshakes",
        ("comeback/otvet s", "comeback/handshakes s"),
        Bound::Times(2.0),
        Unit::Plain("s"),
    ),
    goal(
        "events lost or doubled under full load",
        "",
        ("throughput/lost or doubled", NONE),
        Bound::AtMost(0.0),
        Unit::Plain(""),
    ),
    goal(
        "encode an event, JSON",
        "sonic-rs",
        criterion!("encode", "json/otvet", "json/sonic-rs"),
        Bound::Times(1.1),
        Unit::NanosFor(1.0),
    ),
    goal(
        "encode an event, MessagePack",
        "rmp-serde",
        criterion!("encode", "msgpack/otvet", "msgpack/rmp-serde"),
        Bound::Times(1.1),
        Unit::NanosFor(1.0),
    ),
    goal(
        "decode a command, JSON",
        "sonic-rs",
        criterion!("decode", "json/otvet", "json/sonic-rs"),
        Bound::Times(1.1),
        Unit::NanosFor(1.0),
    ),
    goal(
        "decode a command, MessagePack",
        "rmp-serde",
        criterion!("decode", "msgpack/otvet", "msgpack/rmp-serde"),
        Bound::Times(1.1),
        Unit::NanosFor(1.0),
    ),
    goal("start to ready", "", ("start/ready ms", NONE), Bound::AtMost(150.0), Unit::Plain("ms")),
    goal(
        "resident memory when idle",
        "",
        ("start/resident MiB", NONE),
        Bound::AtMost(25.0),
        Unit::Plain("MiB"),
    ),
    goal("binary", "", ("start/binary MiB", NONE), Bound::AtMost(30.0), Unit::Plain("MiB")),
    goal(
        "cold build of the binary, faces included",
        "",
        ("cold build/min", NONE),
        Bound::AtMost(f64::INFINITY),
        Unit::Plain("min"),
    ),
    goal(
        "decide and apply, 10 messages before",
        "100,000 messages before",
        criterion!("decide and apply", "10", "100000"),
        Bound::Times(1.5),
        Unit::NanosFor(1.0),
    ),
    goal(
        "tail append in memory",
        "",
        ("criterion/tail append/memory", NONE),
        Bound::AtMost(f64::INFINITY),
        Unit::NanosFor(512.0),
    ),
    goal(
        "a message from socket to socket, durable, alone",
        "bare tungstenite hands it on",
        criterion!("end to end", "otvet/1", "tungstenite/1"),
        Bound::Times(f64::INFINITY),
        Unit::NanosFor(1.0),
    ),
    goal(
        "the same, 100 conversations at once",
        "bare tungstenite hands it on",
        criterion!("end to end", "otvet/100", "tungstenite/100"),
        Bound::Times(f64::INFINITY),
        Unit::NanosFor(100.0),
    ),
    goal(
        "a session from `join` to `ready`, with its reads, 1,000 at once",
        "bare tasks",
        ("criterion/spawn/otvet session", "criterion/spawn/tokio task"),
        Bound::Times(f64::INFINITY),
        Unit::NanosFor(1000.0),
    ),
    goal(
        "a command at which its conversation dies once",
        "the same command undisturbed",
        ("criterion/restart/otvet conversation", "criterion/restart/undisturbed"),
        Bound::Times(f64::INFINITY),
        Unit::NanosFor(1.0),
    ),
    goal(
        "the same",
        "a bare task that dies and is spawned again",
        ("criterion/restart/otvet conversation", "criterion/restart/tokio task"),
        Bound::Times(f64::INFINITY),
        Unit::NanosFor(1.0),
    ),
    goal(
        "one event encoded for 1,000 readers",
        "encoded once",
        ("criterion/encode/one frame for 1,000 readers", "criterion/encode/json/otvet"),
        Bound::Times(f64::INFINITY),
        Unit::NanosFor(1.0),
    ),
];

impl Goal {
    /// Where it stands; `None` when a figure is missing.
    pub fn standing(&self, figures: &Figures) -> Option<Standing> {
        let ours = figures.get(self.ours)?;
        let theirs = if self.theirs.is_empty() { None } else { Some(figures.get(self.theirs)?) };
        let over = |a: f64, b: Option<Figure>| b.map_or(f64::NAN, |b| a / b.median);
        let (ratio, bound, reached) = match self.bound {
            Bound::Speed(least) => {
                let ratio = 1.0 / over(ours.median, theirs);
                let bound = if least > 0.0 { format!("≥ {least}") } else { String::new() };
                (ratio, bound, ratio >= least)
            }
            Bound::Share(least) => {
                let ratio = over(ours.median, theirs);
                (ratio, format!("≥ {least}"), ratio >= least)
            }
            Bound::Times(most) => {
                let ratio = over(ours.median, theirs);
                (ratio, shown_bound("×", most), ratio <= most)
            }
            Bound::AtMost(most) => (f64::NAN, shown_bound(self.unit.name(), most), ours.median <= most),
        };
        let ratio = if ratio.is_nan() { String::new() } else { format!("{ratio:.2}") };
        let theirs = theirs.map(|figure| self.unit.show(figure)).unwrap_or_default();
        Some(Standing { ours: self.unit.show(ours), theirs, ratio, bound, reached })
    }
}

fn shown_bound(unit: &str, most: f64) -> String {
    if most.is_infinite() { String::new() } else { format!("≤ {most} {unit}").trim().to_owned() }
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::NanosFor(_) => "",
            Self::Plain(name) => name,
        }
    }

    /// The median, and the spread where there is one.
    fn show(self, figure: Figure) -> String {
        let show = |value: f64| match self {
            Self::NanosFor(operations) => duration(value / operations),
            Self::Plain(name) => format!("{} {name}", rounded(value)).trim().to_owned(),
        };
        if figure.low < figure.high {
            format!("{} ({} – {})", show(figure.median), show(figure.low), show(figure.high))
        } else {
            show(figure.median)
        }
    }
}

/// Nanoseconds as people read them.
fn duration(nanos: f64) -> String {
    match nanos {
        n if n < 1e3 => format!("{} ns", rounded(n)),
        n if n < 1e6 => format!("{} µs", rounded(n / 1e3)),
        n => format!("{} ms", rounded(n / 1e6)),
    }
}

/// Three digits that count.
pub fn rounded(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        v if v < 10.0 => format!("{value:.2}"),
        v if v < 100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_held_against_its_bound() {
        let mut figures = Figures::default();
        let goal = goal("x", "y", ("a", "b"), Bound::Speed(0.8), Unit::NanosFor(10.0));
        assert!(goal.standing(&figures).is_none());
        figures.set("a", Figure::of(vec![1000.0]));
        figures.set("b", Figure::of(vec![900.0]));
        let standing = goal.standing(&figures).unwrap();
        assert_eq!((standing.ours.as_str(), standing.ratio.as_str()), ("100 ns", "0.90"));
        assert!(standing.reached);
        figures.set("b", Figure::of(vec![700.0]));
        assert!(!goal.standing(&figures).unwrap().reached);
    }
}
