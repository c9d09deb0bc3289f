//! Tails in Redis: each stream under `otvet:{stream}`, an entry's id being its number and its epoch, so that Redis itself
//! refuses what does not grow, and each entry says which numbering it belongs to. Its one field has the time for a name and
//! the event for a value. A stream that has begun and has no entry is marked under `otvet:{stream}:epoch`. The braces are
//! Redis's own, so that both are kept by the same node of a cluster.

use std::fmt;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use fred::clients::Client;
use fred::error::Error;
use fred::interfaces::{ClientLike, KeysInterface, StreamsInterface};
use fred::types::config::{Config, ServerConfig};
use fred::types::{InfoKind, Value};
use tokio::time::Instant;

use super::{Tail, TailEntry, TailError, TailRead};
use crate::clock::Timestamp;
use crate::ids::{Epoch, Position, StreamName};

mod append;
mod breaker;
mod heads;
mod link;
mod report;
mod script;
#[cfg(test)]
mod tests;

use append::Appender;
use link::{Failure, Lane, Link};
use script::{Script, keys};

pub use report::{RedisMode, RedisReport};

/// How long a start waits for Redis before it goes on without.
const START_WAIT: Duration = Duration::from_secs(3);

static OPEN: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("open.lua")));
static REFILL: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("refill.lua")));
static READ: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("read.lua")));

/// Where and how tails are kept in Redis.
#[derive(Clone)]
pub struct RedisTailOptions {
    /// `redis://[user:password@]host[:port][/db]`, with its secrets; `rediss` over TLS, `-cluster` or `-sentinel` after the
    /// scheme.
    pub url: String,
    /// Entries kept of each stream, at least.
    pub keep: usize,
    /// A stream without a new entry for so long is dropped, or a little later.
    pub idle_expire: Duration,
    /// How long a command may take, all its attempts together.
    pub command_timeout: Duration,
    /// Attempts at a command whose connection was lost, the first included.
    pub max_attempts: u32,
    /// Commands waiting for an answer at once; further ones fail.
    pub max_queue: usize,
    /// A connection that says nothing for so long is made anew.
    pub unresponsive_timeout: Duration,
}

impl fmt::Debug for RedisTailOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL may hold a password.
        f.debug_struct("RedisTailOptions").field("keep", &self.keep).finish_non_exhaustive()
    }
}

/// Why tails cannot be kept in Redis at all. That it is down is no reason.
#[derive(Debug, thiserror::Error)]
pub enum RedisTailError {
    /// The URL is none that Redis could be found by, or asks for TLS where no root certificates can be read.
    #[error("redis.url: {0}")]
    Url(String),
}

/// How it goes with Redis, for metrics and `/readyz`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RedisStatus {
    /// Whether it is connected and answers.
    pub reachable: bool,
    /// Commands that got no answer in time.
    pub failures: u64,
    /// Commands that failed at once, because Redis was known not to answer or too many were waiting.
    pub fast_failures: u64,
    /// Commands that Redis refused: read-only, out of memory, not permitted …
    pub refused: u64,
    /// How many times the connection was lost and made again (the one for writing; in a cluster, to any node).
    pub reconnects: u64,
}

/// Tails in Redis. Whatever happens to it costs speed: commands fail soon, and at once when Redis is known not to answer.
#[derive(Debug)]
pub struct RedisTail {
    link: Arc<Link>,
    appender: Arc<Appender>,
    bounds: Bounds,
}

/// How much is kept of a stream, and for how long.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    keep: usize,
    idle_expire: Duration,
}

impl Bounds {
    /// What the scripts that write take: the epoch, the bounds, the entries.
    fn arguments(&self, epoch: u64, entries: &[TailEntry]) -> Vec<Value> {
        let mut arguments = Vec::with_capacity(3 + 3 * entries.len());
        arguments.push(Value::from(epoch.to_string()));
        arguments.push(Value::from(self.keep.to_string()));
        arguments.push(self.life());
        for entry in entries {
            arguments.push(Value::from(entry.seq.to_string()));
            arguments.push(Value::from(entry.at.millis().to_string()));
            arguments.push(Value::from(entry.event.clone()));
        }
        arguments
    }

    /// How long Redis keeps a stream, in milliseconds: longer than it may be idle, since not each entry renews it.
    fn life(&self) -> Value {
        let life = self.idle_expire + self.idle_expire / heads::RENEWAL;
        Value::from(life.as_millis().max(1).to_string())
    }
}

impl RedisTail {
    /// Connects, waiting at most 3 s for a Redis that is down: it is then tried until it is there. To be called within
    /// Tokio.
    ///
    /// # Errors
    /// [`RedisTailError::Url`] for a URL that can never work.
    pub async fn connect(options: RedisTailOptions) -> Result<(Self, RedisReport), RedisTailError> {
        let config =
            Config::from_url(&options.url).map_err(|error| RedisTailError::Url(error.to_string()))?;
        let mode = match config.server {
            ServerConfig::Clustered { .. } => RedisMode::Cluster,
            ServerConfig::Sentinel { .. } => RedisMode::Sentinel,
            ServerConfig::Centralized { .. } => RedisMode::Standalone,
        };
        let link = Arc::new(Link::open(&options)?);
        let bounds = Bounds { keep: options.keep.max(1), idle_expire: options.idle_expire };
        let appender = Appender::new(Arc::clone(&link), bounds, mode != RedisMode::Cluster);
        let tail = Self { link, appender: Arc::new(appender), bounds };
        let report = match tail.link.wait_connected(START_WAIT).await {
            Ok(()) => tail.report(mode).await,
            Err(problem) => RedisReport::unreachable(mode, problem),
        };
        Ok((tail, report))
    }

    /// How it goes.
    pub fn status(&self) -> RedisStatus {
        let shared = self.link.shared();
        RedisStatus {
            reachable: self.link.is_up(),
            failures: shared.unanswered.load(Relaxed),
            fast_failures: shared.not_asked.load(Relaxed),
            refused: shared.refused.load(Relaxed),
            reconnects: self.link.reconnects(),
        }
    }

    async fn report(&self, mode: RedisMode) -> RedisReport {
        let ask = async |client: &Client| client.info::<String>(Some(InfoKind::Default)).await;
        match self.run(Lane::Write, ask).await {
            Ok(info) => RedisReport::from_info(mode, &info),
            Err(problem) => RedisReport::unreachable(mode, problem.to_string()),
        }
    }

    async fn run<T>(
        &self,
        lane: Lane,
        command: impl AsyncFnOnce(&Client) -> Result<T, Error>,
    ) -> Result<T, TailError> {
        self.link.run(lane, command).await.map_err(|failure| self.link.failed(failure))
    }

    /// The stream as it is now, with at most so many entries from a number on; `None` when there is none, or none of ours.
    async fn read(&self, stream: &StreamName, from: u64, count: usize) -> Result<Option<Found>, TailError> {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let arguments = vec![Value::from(format!("{from}-0")), Value::from(count.to_string())];
        let input = || (keys(stream)[..1].to_vec(), arguments.clone());
        let answer = self.run(Lane::Read, async |client| READ.run(client, input).await).await?;
        Ok(Found::parse(answer))
    }
}

#[async_trait]
impl Tail for RedisTail {
    async fn append(
        &self,
        stream: &StreamName,
        epoch: &Epoch,
        entries: &[TailEntry],
    ) -> Result<(), TailError> {
        if entries.is_empty() {
            return Ok(());
        }
        self.appender.append(stream, number(epoch)?, entries).await
    }

    async fn refill(
        &self,
        stream: &StreamName,
        epoch: &Epoch,
        entries: &[TailEntry],
    ) -> Result<(), TailError> {
        if entries.is_empty() {
            return Ok(());
        }
        let epoch = number(epoch)?;
        let input = || (keys(stream), self.bounds.arguments(epoch, entries));
        self.appender.forget(stream);
        // With the readers, whose doing it is: a storm of them must hold up no writer.
        self.run(Lane::Read, async |client| REFILL.run(client, input).await).await?;
        Ok(())
    }

    async fn open(&self, stream: &StreamName, fresh: &Epoch) -> Result<Position, TailError> {
        self.appender.forget(stream);
        let begun = Instant::now();
        let answer = loop {
            let input = || (keys(stream), vec![Value::from(&*fresh.0), self.bounds.life()]);
            let open = async |client: &Client| OPEN.run(client, input).await;
            match self.link.run(Lane::Read, open).await {
                Ok(answer) => break answer,
                Err(Failure::Unreachable(_)) if self.link.waits_since(begun).await => {}
                Err(failure) => return Err(self.link.failed(failure)),
            }
        };
        let position = array(answer).and_then(|answer| match answer.as_slice() {
            [newest] => position(newest),
            [_, begun] => Some(Position { epoch: Epoch(begun.as_str()?.as_ref().into()), seq: 0 }),
            _ => None,
        });
        position.ok_or_else(|| TailError::Unreachable("the stream is not one of ours".to_owned()))
    }

    async fn after(
        &self,
        stream: &StreamName,
        position: &Position,
        limit: usize,
    ) -> Result<TailRead, TailError> {
        let Some(next) = position.seq.checked_add(1) else { return Ok(TailRead::Missing) };
        let Some(found) = self.read(stream, next, limit.saturating_add(1)).await? else {
            return Ok(TailRead::Missing);
        };
        // Checked here, not believed: whatever was done to the stream, a reader never sees a hole.
        let contiguous = found.entries.iter().zip(next..).all(|(entry, seq)| entry.seq == seq);
        let reaches_head = found.entries.last().map_or(position.seq, |newest| newest.seq) == found.head.seq;
        if found.head.epoch != position.epoch || !contiguous || !reaches_head || found.entries.len() > limit {
            return Ok(TailRead::Missing);
        }
        Ok(TailRead::Complete { entries: found.entries, head: found.head })
    }

    async fn head(&self, stream: &StreamName) -> Result<Option<(Position, Timestamp)>, TailError> {
        let found = self.read(stream, 1, 0).await?;
        Ok(found.map(|found| (found.head, found.at)))
    }

    async fn trim(&self, stream: &StreamName, keep: usize) -> Result<(), TailError> {
        if keep == 0 {
            return self.drop_stream(stream).await;
        }
        let cap = ("MAXLEN", "=", i64::try_from(keep).unwrap_or(i64::MAX));
        let stream = keys(stream).swap_remove(0);
        self.run(Lane::Write, async |client| {
            match client.xtrim::<(), _, _>(stream, cap).await {
                // Not a stream, so nothing of ours to trim.
                Err(error) if error.details().starts_with("WRONGTYPE") => Ok(()),
                trimmed => trimmed,
            }
        })
        .await
    }

    async fn drop_stream(&self, stream: &StreamName) -> Result<(), TailError> {
        self.appender.forget(stream);
        let keys = keys(stream);
        self.run(Lane::Write, async |client| client.unlink::<(), _>(keys).await).await
    }

    async fn check(&self) -> Result<(), TailError> {
        // Not behind a storm of readers.
        self.run(Lane::Write, async |client| client.ping::<()>(None).await).await
    }
}

/// What `read.lua` answers.
struct Found {
    head: Position,
    /// Of the newest entry.
    at: Timestamp,
    entries: Vec<TailEntry>,
}

impl Found {
    /// `None` also for what we did not write.
    fn parse(answer: Value) -> Option<Self> {
        let [id, at, entries] = <[Value; 3]>::try_from(array(answer)?).ok()?;
        let head = position(&id)?;
        let entries = array(entries)?.into_iter().map(|entry| parse_entry(entry, &head.epoch));
        Some(Self { at: timestamp(&at)?, entries: entries.collect::<Option<_>>()?, head })
    }
}

fn array(value: Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(values) => Some(values),
        _ => None,
    }
}

/// An entry of this epoch.
fn parse_entry(value: Value, epoch: &Epoch) -> Option<TailEntry> {
    let [id, fields] = <[Value; 2]>::try_from(array(value)?).ok()?;
    let [at, event] = <[Value; 2]>::try_from(array(fields)?).ok()?;
    let position = position(&id).filter(|position| position.epoch == *epoch)?;
    Some(TailEntry { seq: position.seq, at: timestamp(&at)?, event: bytes(event)? })
}

/// An epoch as the number that it is in ids.
fn number(epoch: &Epoch) -> Result<u64, TailError> {
    let digits = epoch.0.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let number = u64::from_str_radix(&epoch.0, 16).ok().filter(|_| digits && epoch.0.len() == 16);
    number.ok_or_else(|| TailError::Unreachable(format!("the epoch {epoch} is not 16 hexadecimal digits")))
}

fn name(epoch: u64) -> Epoch {
    Epoch::new(epoch.to_be_bytes())
}

/// What an id says. One whose epoch is 0 was written by a version that had no epochs in ids.
fn position(id: &Value) -> Option<Position> {
    let id = id.as_str()?;
    let (seq, epoch) = id.split_once('-')?;
    let epoch: u64 = epoch.parse().ok().filter(|epoch| *epoch > 0)?;
    Some(Position { epoch: name(epoch), seq: seq.parse().ok()? })
}

fn timestamp(at: &Value) -> Option<Timestamp> {
    at.as_str()?.parse().ok().map(Timestamp::from_millis)
}

fn bytes(value: Value) -> Option<Bytes> {
    match value {
        Value::Bytes(bytes) => Some(bytes),
        Value::String(text) => Some(text.into_inner()),
        _ => None,
    }
}
