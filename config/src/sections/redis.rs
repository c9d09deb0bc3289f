//! `[redis]`

use super::in_range;
use crate::error::InvalidSetting;
use crate::values::{ConnectionUrl, optional};
use serde::{Deserialize, Serialize};

const SCHEMES: [&str; 6] =
    ["redis", "rediss", "redis-cluster", "rediss-cluster", "redis-sentinel", "rediss-sentinel"];
const SENTINEL_SERVICE: &str = "sentinelServiceName";

/// Where tails are kept and how nodes reach one another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RedisSettings {
    /// `redis://[user:password@]host[:port][/db]`, with `rediss` over TLS, and `-cluster` or `-sentinel` after the
    /// scheme. `None`: tails are kept in memory, and there is one node.
    #[serde(with = "optional")]
    pub url: Option<ConnectionUrl>,
    /// Milliseconds in which a command must be answered, before the database is asked instead.
    pub command_timeout_ms: u64,
    /// Attempts at a command, the first included.
    pub max_attempts: u32,
    /// Commands that may wait for a connection, before further ones are refused.
    pub max_queue: usize,
    /// Milliseconds without an answer after which a connection is dropped and made anew.
    pub unresponsive_timeout_ms: u64,
    /// Messages from other nodes held for a reader that lags, before it must resync from the stream.
    pub pubsub_capacity: usize,
}

impl Default for RedisSettings {
    fn default() -> Self {
        Self {
            url: None,
            command_timeout_ms: 500,
            max_attempts: 3,
            max_queue: 10_000,
            unresponsive_timeout_ms: 5_000,
            pubsub_capacity: 8_192,
        }
    }
}

impl RedisSettings {
    /// Checks the URL's form and ranges; whether Redis answers is seen at the start.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        if let Some(url) = &self.url {
            validate_url(url).map_err(|problem| InvalidSetting::new("redis.url", problem))?;
        }
        in_range("redis.command_timeout_ms", self.command_timeout_ms, 10..=60_000)?;
        // To the client 0 would mean for ever.
        in_range("redis.max_attempts", self.max_attempts, 1..=100)?;
        in_range("redis.max_queue", self.max_queue, 1..=10_000_000)?;
        in_range("redis.unresponsive_timeout_ms", self.unresponsive_timeout_ms, 100..=600_000)?;
        in_range("redis.pubsub_capacity", self.pubsub_capacity, 32..=1_048_576)
    }
}

fn validate_url(url: &ConnectionUrl) -> Result<(), String> {
    if !SCHEMES.contains(&url.scheme()) {
        return Err(format!("must begin with one of {}, then ://", SCHEMES.join(", ")));
    }
    let parsed = url.parse().filter(|parsed| parsed.host_str().is_some_and(|host| !host.is_empty()));
    let Some(parsed) = parsed.filter(|parsed| parsed.fragment().is_none()) else {
        return Err(
            "is not a URL; write scheme://user:password@host:port and percent-encode special characters"
                .into(),
        );
    };
    let sentinel = parsed.scheme().ends_with("-sentinel");
    if sentinel && !parsed.query_pairs().any(|(name, value)| name == SENTINEL_SERVICE && !value.is_empty()) {
        return Err(format!("must name the sentinel's service: add ?{SENTINEL_SERVICE}=NAME"));
    }
    Ok(())
}
