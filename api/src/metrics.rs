//! What is measured, in Prometheus' text format. Labels are bounded: no path, id or address of anybody's choosing.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use otvet_actors::Census;
use otvet_engine::journal::{COMMIT_MICROS, Counted};
use otvet_engine::protocol::{CloseCode, Command};
use otvet_engine::tail::RedisStatus;
use parking_lot::Mutex;
use prometheus_client::encoding::{EncodeLabelSet, EncodeMetric, MetricEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Seconds: from a tenth of a millisecond, a commit on a fast disk, to what nobody waits for.
const LATENCY_BUCKETS: [f64; 13] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5, 10.0];
const DECODE_BUCKETS: [f64; 6] = [0.000_001, 0.000_005, 0.000_025, 0.0001, 0.001, 0.01];

/// How a WebSocket ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The server closed it, with this code.
    Closed(CloseCode),
    /// The client closed it.
    ByPeer,
    /// The connection broke.
    Broken,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct HttpLabels {
    route: String,
    method: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabel {
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CodeLabel {
    code: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabel {
    result: &'static str,
}

/// Of families that have one member or none.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct NoLabels {}

/// What the journal has counted about its commits, as a histogram.
#[derive(Debug, Clone, Default)]
struct CommitTimes(Arc<Mutex<Counted>>);

impl EncodeMetric for CommitTimes {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> std::fmt::Result {
        let counted = *self.0.lock();
        #[expect(clippy::cast_precision_loss, reason = "a double holds 285 years of microseconds exactly")]
        let seconds = |micros: u64| micros as f64 / 1e6;
        let bounds = COMMIT_MICROS.into_iter().map(seconds).chain([f64::INFINITY]);
        let classes: Vec<(f64, u64)> = bounds.zip(counted.commits_by_time).collect();
        // The sum over the classes, since the totals are not taken at one instant.
        let count = counted.commits_by_time.iter().sum();
        encoder.encode_histogram::<NoLabelSet>(seconds(counted.commit_micros), count, &classes, None)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}

/// Everything the edges count, and what the actors tell about themselves.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    http: Family<HttpLabels, Counter>,
    closes: Family<CodeLabel, Counter>,
    commands: Family<KindLabel, Counter>,
    /// The counters of `commands` at their places, so that the hot path takes no lock.
    command_counters: [Counter; COMMANDS.len()],
    /// Open TCP connections of the main listener, sockets included.
    pub connections: Gauge,
    /// Open WebSockets, also those that have not said hello.
    pub sockets: Gauge,
    /// Bytes of frames written to WebSockets.
    pub bytes_out: Counter,
    /// Frames written to WebSockets.
    pub frames_out: Counter,
    /// Commands refused for their rate or number.
    pub throttled: Counter,
    /// From a command's submission to its answer being flushed.
    pub answered: Histogram,
    /// Decoding one frame, the first of each read.
    pub decoded: Histogram,
    /// Writing and flushing one batch of frames.
    pub written: Histogram,
    joined: Gauge,
    actors: Family<KindLabel, Gauge>,
    restarts: Counter,
    tail_reads: Family<ResultLabel, Counter>,
    slow_readers: Counter,
    journal_commits: Counter,
    journal_batches: Counter,
    journal_events: Counter,
    journal_refused: Counter,
    journal_failures: Counter,
    journal_commit: CommitTimes,
    journal_reads: Counter,
    /// Empty where there is no index.
    search_unindexed: Family<NoLabels, Gauge>,
    token_queries: Counter,
    /// The families about Redis stay empty where there is none.
    redis_reachable: Family<NoLabels, Gauge>,
    redis_failures: Family<KindLabel, Counter>,
    redis_reconnects: Family<NoLabels, Counter>,
}

const COMMANDS: [&str; 16] = [
    "hello",
    "open",
    "send",
    "note",
    "claim",
    "release",
    "resolve",
    "reopen",
    "transfer",
    "read",
    "delivered",
    "typing",
    "watch",
    "unwatch",
    "history",
    "ping",
];

/// A command's place in [`COMMANDS`].
const fn place(command: &Command) -> usize {
    match command {
        Command::Hello(_) => 0,
        Command::Open(_) => 1,
        Command::Send(_) => 2,
        Command::Note(_) => 3,
        Command::Claim(_) => 4,
        Command::Release(_) => 5,
        Command::Resolve(_) => 6,
        Command::Reopen(_) => 7,
        Command::Transfer(_) => 8,
        Command::Read(_) => 9,
        Command::Delivered(_) => 10,
        Command::Typing(_) => 11,
        Command::Watch(_) => 12,
        Command::Unwatch(_) => 13,
        Command::History(_) => 14,
        Command::Ping => 15,
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let commands = Family::<KindLabel, Counter>::default();
        let command_counters = COMMANDS.map(|kind| commands.get_or_create_owned(&KindLabel { kind }));
        let mut metrics = Self {
            registry: Registry::with_prefix("otvet"),
            http: Family::default(),
            closes: Family::default(),
            commands,
            command_counters,
            connections: Gauge::default(),
            sockets: Gauge::default(),
            bytes_out: Counter::default(),
            frames_out: Counter::default(),
            throttled: Counter::default(),
            answered: Histogram::new(LATENCY_BUCKETS),
            decoded: Histogram::new(DECODE_BUCKETS),
            written: Histogram::new(LATENCY_BUCKETS),
            joined: Gauge::default(),
            actors: Family::default(),
            restarts: Counter::default(),
            tail_reads: Family::default(),
            slow_readers: Counter::default(),
            journal_commits: Counter::default(),
            journal_batches: Counter::default(),
            journal_events: Counter::default(),
            journal_refused: Counter::default(),
            journal_failures: Counter::default(),
            journal_commit: CommitTimes::default(),
            journal_reads: Counter::default(),
            search_unindexed: Family::default(),
            token_queries: Counter::default(),
            redis_reachable: Family::default(),
            redis_failures: Family::default(),
            redis_reconnects: Family::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let r = &mut self.registry;
        r.register("http_requests", "HTTP requests by route and status", self.http.clone());
        r.register("connections", "Open TCP connections", self.connections.clone());
        r.register("sockets", "Open WebSockets", self.sockets.clone());
        r.register("sockets_joined", "WebSockets that have said hello", self.joined.clone());
        r.register("socket_closes", "Ended WebSockets by close code", self.closes.clone());
        r.register("commands", "Commands by type", self.commands.clone());
        r.register("commands_throttled", "Commands refused for rate or number", self.throttled.clone());
        r.register("frames_out", "Frames written to WebSockets", self.frames_out.clone());
        r.register_with_unit("socket_out", "Written to WebSockets", Unit::Bytes, self.bytes_out.clone());
        let seconds = || Unit::Seconds;
        let help = "From a command's submission to its flushed answer";
        r.register_with_unit("command_answer", help, seconds(), self.answered.clone());
        let help = "Decoding one frame, the first of each read";
        r.register_with_unit("frame_decode", help, seconds(), self.decoded.clone());
        r.register_with_unit("socket_write", "Writing and flushing a batch", seconds(), self.written.clone());
        r.register("actors", "Actors alive by kind", self.actors.clone());
        r.register("actor_restarts", "Actors restarted after a failure", self.restarts.clone());
        r.register(
            "tail_reads",
            "Resumes answered by the tail (hit) or the database",
            self.tail_reads.clone(),
        );
        r.register("slow_readers", "Connections whose queue overflowed", self.slow_readers.clone());
        r.register("journal_commits", "Transactions committed", self.journal_commits.clone());
        r.register("journal_batches", "Batches stored; a commit holds several", self.journal_batches.clone());
        r.register("journal_events", "Events stored", self.journal_events.clone());
        r.register("journal_refused", "Batches refused for a key or a head", self.journal_refused.clone());
        r.register("journal_failures", "Transactions that failed", self.journal_failures.clone());
        let help = "One transaction of the journal, committed";
        r.register_with_unit("journal_commit", help, seconds(), self.journal_commit.clone());
        r.register("journal_reads", "Queries for reading", self.journal_reads.clone());
        let help = "Conversations that were changed and not yet indexed for searching";
        r.register("search_unindexed", help, self.search_unindexed.clone());
        let help = "Rounds of looking tokens up; one answers all that came in together";
        r.register("token_queries", help, self.token_queries.clone());
        r.register("redis_reachable", "1 while Redis answers", self.redis_reachable.clone());
        let help =
            "Commands to Redis without an answer in time, not tried since it was silent, or refused by it";
        r.register("redis_failures", help, self.redis_failures.clone());
        r.register("redis_reconnects", "Connections to Redis made anew", self.redis_reconnects.clone());
    }

    /// A request was answered. `route` is a template out of a bounded set.
    pub fn http(&self, route: &str, method: &http::Method, status: http::StatusCode) {
        let method = match method.as_str() {
            "GET" => "GET",
            "HEAD" => "HEAD",
            "POST" => "POST",
            "PUT" => "PUT",
            "PATCH" => "PATCH",
            "DELETE" => "DELETE",
            "OPTIONS" => "OPTIONS",
            _ => "other",
        };
        let labels = HttpLabels { route: route.to_owned(), method, status: status.as_u16() };
        self.http.get_or_create(&labels).inc();
    }

    /// A command came in.
    pub fn command(&self, command: &Command) {
        self.command_counters[place(command)].inc();
    }

    /// A WebSocket ended.
    pub fn ended(&self, end: End) {
        let code = match end {
            End::Closed(code) => code.number().to_string(),
            End::ByPeer => "peer".to_owned(),
            End::Broken => "broken".to_owned(),
        };
        self.closes.get_or_create(&CodeLabel { code }).inc();
        if end == End::Closed(CloseCode::SlowReader) {
            self.slow_readers.inc();
        }
    }

    /// Everything as text, with the actors, the journal, the tokens and Redis, if there is one, as they are now.
    pub fn render(
        &self,
        census: Census,
        journal: Counted,
        token_queries: u64,
        redis: Option<RedisStatus>,
    ) -> String {
        let gauge = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        self.joined.set(gauge(census.connections));
        for (kind, alive) in
            [("session", census.sessions), ("conversation", census.conversations), ("inbox", census.inboxes)]
        {
            self.actors.get_or_create(&KindLabel { kind }).set(gauge(alive));
        }
        // The actors count these; here is only where they are shown.
        let show = |counter: &Counter, total: u64| counter.inner().store(total, Ordering::Relaxed);
        show(&self.restarts, census.restarts);
        show(&self.journal_commits, journal.commits);
        show(&self.journal_batches, journal.batches);
        show(&self.journal_events, journal.events);
        show(&self.journal_refused, journal.refused);
        show(&self.journal_failures, journal.failures);
        *self.journal_commit.0.lock() = journal;
        show(&self.journal_reads, journal.reads);
        if let Some(unindexed) = journal.unindexed {
            let unindexed = i64::try_from(unindexed).unwrap_or(i64::MAX);
            self.search_unindexed.get_or_create(&NoLabels {}).set(unindexed);
        }
        show(&self.token_queries, token_queries);
        for (result, total) in [("hit", census.tail_hits), ("miss", census.tail_misses)] {
            show(&self.tail_reads.get_or_create(&ResultLabel { result }), total);
        }
        if let Some(redis) = redis {
            self.redis_reachable.get_or_create(&NoLabels {}).set(redis.reachable.into());
            show(&self.redis_reconnects.get_or_create(&NoLabels {}), redis.reconnects);
            for (kind, total) in
                [("silent", redis.failures), ("not_tried", redis.fast_failures), ("refused", redis.refused)]
            {
                show(&self.redis_failures.get_or_create(&KindLabel { kind }), total);
            }
        }
        let mut out = String::new();
        text::encode(&mut out, &self.registry).expect("writing to a string cannot fail");
        out
    }
}

/// Seconds as histograms take them.
pub fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_can_be_read() {
        let metrics = Metrics::default();
        metrics.command(&Command::Ping);
        metrics.ended(End::Closed(CloseCode::SlowReader));
        metrics.http("/api/v1/me", &http::Method::GET, http::StatusCode::UNAUTHORIZED);
        metrics.answered.observe(0.002);
        let text = metrics.render(
            Census { sessions: 3, restarts: 2, ..Census::default() },
            Counted {
                commits: 5,
                commit_micros: 9_000_000,
                unindexed: Some(3),
                commits_by_time: [1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2],
                ..Counted::default()
            },
            7,
            None,
        );
        assert!(!text.lines().any(|line| line.starts_with("otvet_redis")), "there is no Redis:\n{text}");
        for line in [
            r#"otvet_commands_total{kind="ping"} 1"#,
            r#"otvet_commands_total{kind="send"} 0"#,
            r#"otvet_socket_closes_total{code="4508"} 1"#,
            r#"otvet_http_requests_total{route="/api/v1/me",method="GET",status="401"} 1"#,
            r#"otvet_actors{kind="session"} 3"#,
            "otvet_actor_restarts_total 2",
            "otvet_journal_commits_total 5",
            r#"otvet_journal_commit_seconds_bucket{le="0.00025"} 1"#,
            r#"otvet_journal_commit_seconds_bucket{le="2.5"} 3"#,
            r#"otvet_journal_commit_seconds_bucket{le="+Inf"} 5"#,
            "otvet_journal_commit_seconds_count 5",
            "otvet_journal_commit_seconds_sum 9.0",
            "otvet_search_unindexed{} 3",
            "otvet_token_queries_total 7",
            "otvet_slow_readers_total 1",
            "otvet_command_answer_seconds_count 1",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is missing in\n{text}");
        }
    }

    #[test]
    fn redis_is_measured_where_there_is_one() {
        let status =
            RedisStatus { reachable: true, failures: 3, fast_failures: 2, refused: 1, reconnects: 4 };
        let text = Metrics::default().render(Census::default(), Counted::default(), 0, Some(status));
        assert!(!text.lines().any(|line| line.starts_with("otvet_search")), "there is no index:\n{text}");
        for line in [
            "otvet_redis_reachable{} 1",
            r#"otvet_redis_failures_total{kind="silent"} 3"#,
            r#"otvet_redis_failures_total{kind="not_tried"} 2"#,
            r#"otvet_redis_failures_total{kind="refused"} 1"#,
            "otvet_redis_reconnects_total{} 4",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is missing in\n{text}");
        }
    }
}
