//! How a run is told: as JSON for programs and as a table for people.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use otvet_engine::protocol::Format;
use serde::{Deserialize, Serialize};

use crate::plan::{Action, Pace, Plan};
use crate::shared::Outcome;
use crate::tally::{Latencies, Tally};

/// What a run came to. Times are in microseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Of this form; fields are added, none changes its meaning.
    pub version: u32,
    /// What was asked for.
    pub plan: Planned,
    /// Commands answered with `ok` a second, while it was measured.
    pub answers_per_second: f64,
    /// What each kind of command came to.
    pub commands: BTreeMap<String, Commands>,
    /// What reached the readers.
    pub deliveries: Deliveries,
    /// What became of the connections.
    pub connections: Connections,
    /// The return after a cut, if there was one.
    pub comeback: Option<Comeback>,
    /// The server's process, where it runs on this machine and is known.
    pub server: Option<ServerProcess>,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    /// Visitors.
    pub visitors: usize,
    /// Managers.
    pub managers: usize,
    /// `closed`, `open` or `idle`.
    pub pace: String,
    /// In a closed loop: unanswered commands of one connection.
    pub in_flight: Option<usize>,
    /// With an open pace: commands a second.
    pub per_second: Option<f64>,
    /// How long was measured, in seconds.
    pub duration_s: f64,
    /// How long the load had run before, in seconds.
    pub warm_up_s: f64,
    /// Which commands.
    pub mix: String,
    /// Characters of a message.
    pub body_chars: usize,
    /// `json` or `msgpack`.
    pub format: String,
    /// What took longer was late, in milliseconds.
    pub late_after_ms: u64,
    /// The seed of all choices.
    pub seed: u64,
}

/// What one kind of command came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Commands {
    /// Given while it was measured.
    pub sent: u64,
    /// Of these answered with `ok`.
    pub ok: u64,
    /// Of these answered too late.
    pub late: u64,
    /// Of those given, answered with an error, by its code.
    pub refused: BTreeMap<String, u64>,
    /// From the moment at which it was meant to be sent to its `ok`.
    pub latency_us: Distribution,
    /// From the moment at which it was sent to its `ok`.
    pub service_us: Distribution,
}

/// What reached the readers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Deliveries {
    /// Events that came while it was measured, of all streams.
    pub events: u64,
    /// Events that a reader was owed and never got.
    pub lost: u64,
    /// Events that came again.
    pub doubled: u64,
    /// Messages that reached another reader too late.
    pub late: u64,
    /// From the moment at which a message was meant to be sent to its arrival at another reader.
    pub latency_us: Distribution,
}

/// What became of the connections.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Connections {
    /// Came in.
    pub joined: usize,
    /// Did not come in, by reason.
    pub failed: BTreeMap<String, u64>,
    /// Ended before the end, by reason.
    pub ended: BTreeMap<String, u64>,
    /// Commands that got no answer.
    pub unanswered: u64,
    /// Commands that were due and never given, since too many before them had no answer.
    pub unsent: u64,
}

/// All connections after a cut.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comeback {
    /// Those that came back.
    pub connections: usize,
    /// From the first cut to the last `ready`.
    pub all_us: u64,
    /// Of each, from its cut to its `ready`.
    pub each_us: Distribution,
    /// Streams that went on exactly where they had stopped.
    pub recovered: usize,
    /// Streams that were replaced by a snapshot.
    pub reset: usize,
}

/// The server's process. Memory is what of it is resident, in KiB.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ServerProcess {
    /// When it was ready, before anybody came.
    pub start_kib: u64,
    /// With all guests made, before the first connection.
    pub before_kib: u64,
    /// With all connections there, before the load.
    pub joined_kib: u64,
    /// At the end of the load, all connections still there.
    pub end_kib: u64,
    /// Processor time while it was measured, in seconds.
    pub cpu_s: f64,
}

/// A distribution in numbers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Distribution {
    /// How many.
    pub count: u64,
    /// The mean.
    pub mean: f64,
    /// Half stay within.
    pub p50: u64,
    /// 90 of 100 stay within.
    pub p90: u64,
    /// 99 of 100 stay within.
    pub p99: u64,
    /// 999 of 1,000 stay within.
    pub p999: u64,
    /// All stay within.
    pub max: u64,
}

impl From<&Latencies> for Distribution {
    fn from(of: &Latencies) -> Self {
        let [p50, p90, p99, p999] = [50.0, 90.0, 99.0, 99.9].map(|percent| of.percentile(percent));
        Self { count: of.count(), mean: of.mean(), p50, p90, p99, p999, max: of.max() }
    }
}

impl Report {
    pub(crate) fn new(
        plan: &Plan,
        tally: &Tally,
        failed: BTreeMap<String, u64>,
        outcomes: &[Outcome],
    ) -> Self {
        let of_actions = Action::ALL.map(|action| (action, tally.of(action)));
        let seconds = plan.duration.as_secs_f64();
        let in_time: u64 = of_actions.iter().map(|(_, of)| of.ok_in_time).sum();
        let commands = of_actions.iter().filter(|(_, of)| of.sent > 0).map(|(action, of)| {
            let commands = Commands {
                sent: of.sent,
                ok: of.ok,
                late: of.late,
                refused: of.refused.clone(),
                latency_us: (&of.latency).into(),
                service_us: (&of.service).into(),
            };
            (action.name().to_owned(), commands)
        });
        let delivered = tally.deliveries();
        let mut ended = BTreeMap::new();
        for why in outcomes.iter().filter_map(|outcome| outcome.ended.clone()) {
            *ended.entry(why).or_default() += 1;
        }
        #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 answers")]
        let answers_per_second = in_time as f64 / seconds;
        Self {
            version: 1,
            plan: Planned::of(plan),
            answers_per_second,
            commands: commands.collect(),
            deliveries: Deliveries {
                events: delivered.events,
                lost: outcomes.iter().map(|outcome| outcome.balance.lost).sum(),
                doubled: outcomes.iter().map(|outcome| outcome.balance.doubled).sum(),
                late: delivered.late,
                latency_us: (&delivered.latency).into(),
            },
            connections: Connections {
                joined: outcomes.len(),
                failed,
                ended,
                unanswered: outcomes.iter().map(|outcome| outcome.unanswered).sum(),
                unsent: outcomes.iter().map(|outcome| outcome.unsent).sum(),
            },
            comeback: comeback(outcomes),
            server: None,
        }
    }

    /// What went wrong, in one line; `None` when nothing did. Being late is not wrong, being lost is.
    pub fn fault(&self) -> Option<String> {
        let failed: u64 = self.connections.failed.values().sum();
        let ended: u64 = self.connections.ended.values().sum();
        let found = [
            (self.deliveries.lost, "events lost"),
            (self.deliveries.doubled, "events doubled"),
            (self.connections.unanswered, "commands unanswered"),
            (self.connections.unsent, "commands never sent"),
            (failed, "connections not let in"),
            (ended, "connections ended early"),
        ];
        let found = found.iter().filter(|(count, _)| *count > 0);
        let text: Vec<String> = found.map(|(count, what)| format!("{count} {what}")).collect();
        (!text.is_empty()).then(|| text.join(", "))
    }
}

impl Planned {
    fn of(plan: &Plan) -> Self {
        let (pace, in_flight, per_second) = match plan.pace {
            Pace::Closed { in_flight } => ("closed", Some(in_flight), None),
            Pace::Open { per_second } => ("open", None, Some(per_second)),
            Pace::Idle => ("idle", None, None),
        };
        let format = match plan.format {
            Format::Json => "json",
            Format::MessagePack => "msgpack",
        };
        Self {
            visitors: plan.visitors,
            managers: plan.manager_tokens.len(),
            pace: pace.to_owned(),
            in_flight,
            per_second,
            duration_s: plan.duration.as_secs_f64(),
            warm_up_s: plan.warm_up.as_secs_f64(),
            mix: plan.mix.to_string(),
            body_chars: plan.body_chars,
            format: format.to_owned(),
            late_after_ms: u64::try_from(plan.late_after.as_millis()).unwrap_or(u64::MAX),
            seed: plan.seed,
        }
    }
}

fn comeback(outcomes: &[Outcome]) -> Option<Comeback> {
    let all: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.back).collect();
    let first = all.iter().map(|back| back.cut).min()?;
    let last = all.iter().map(|back| back.ready).max()?;
    let mut each = Latencies::default();
    all.iter().for_each(|back| each.record(back.ready - back.cut));
    Some(Comeback {
        connections: all.len(),
        all_us: last - first,
        each_us: (&each).into(),
        recovered: all.iter().map(|back| back.recovered).sum(),
        reset: all.iter().map(|back| back.reset).sum(),
    })
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plan = &self.plan;
        let pace = match (plan.in_flight, plan.per_second) {
            (Some(n), _) => format!("closed loop, {n} in flight each"),
            (_, Some(rate)) => format!("{rate} commands/s"),
            _ => "idle".to_owned(),
        };
        writeln!(
            f,
            "{} visitors, {} managers, {pace}, {} ({} characters, {}), {} s after {} s of warm-up",
            plan.visitors,
            plan.managers,
            plan.mix,
            plan.body_chars,
            plan.format,
            plan.duration_s,
            plan.warm_up_s
        )?;
        self.write_latencies(f)?;
        writeln!(f, "\nAnswered {:>12.1} commands/s", self.answers_per_second)?;
        let d = &self.deliveries;
        writeln!(f, "Events   {:>12}, {} lost, {} doubled, {} late", d.events, d.lost, d.doubled, d.late)?;
        let c = &self.connections;
        writeln!(f, "Commands {:>12} unanswered, {} never sent", c.unanswered, c.unsent)?;
        writeln!(f, "Joined   {:>12} connections", c.joined)?;
        for (why, count) in c.failed.iter().chain(&c.ended) {
            writeln!(f, "         {count:>12} × {why}")?;
        }
        if let Some(back) = &self.comeback {
            writeln!(
                f,
                "Back     {:>12} after the cut, all within {} ({} streams exact, {} reset)",
                back.connections,
                time(back.all_us),
                back.recovered,
                back.reset
            )?;
        }
        if let Some(server) = &self.server {
            let mib = |kib: u64| format!("{}.{} MiB", kib / 1024, kib % 1024 * 10 / 1024);
            writeln!(
                f,
                "Server   {:>12} before, {} with all connections, {} at the end; {:.1} s of processor time",
                mib(server.before_kib),
                mib(server.joined_kib),
                mib(server.end_kib),
                server.cpu_s
            )?;
        }
        Ok(())
    }
}

impl Report {
    fn write_latencies(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.commands.is_empty() {
            return Ok(());
        }
        writeln!(
            f,
            "\n{:<10}{:>10}{:>10}{:>8}{:>8}{:>10}{:>10}{:>10}{:>10}{:>10}",
            "", "sent", "ok", "refused", "late", "p50", "p90", "p99", "p99.9", "max"
        )?;
        for (name, of) in &self.commands {
            let refused: u64 = of.refused.values().sum();
            let mut line = format!("{name:<10}{:>10}{:>10}{refused:>8}{:>8}", of.sent, of.ok, of.late);
            write_distribution(&mut line, &of.latency_us)?;
            writeln!(f, "{line}")?;
        }
        let d = &self.deliveries;
        if d.latency_us.count > 0 {
            let mut line =
                format!("{:<10}{:>10}{:>10}{:>8}{:>8}", "delivery", d.latency_us.count, "", "", d.late);
            write_distribution(&mut line, &d.latency_us)?;
            writeln!(f, "{line}")?;
        }
        for (name, of) in &self.commands {
            for (code, count) in &of.refused {
                writeln!(f, "  {count} × {name}: {code}")?;
            }
        }
        Ok(())
    }
}

fn write_distribution(line: &mut String, of: &Distribution) -> fmt::Result {
    for value in [of.p50, of.p90, of.p99, of.p999, of.max] {
        let value = if of.count == 0 { "–".to_owned() } else { time(value) };
        write!(line, "{value:>10}")?;
    }
    Ok(())
}

/// Microseconds as people read them.
pub fn time(micros: u64) -> String {
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..1_000_000 => format!("{}.{} ms", micros / 1000, micros % 1000 / 100),
        _ => format!("{}.{:02} s", micros / 1_000_000, micros % 1_000_000 / 10_000),
    }
}
