//! Where the settings say that tails are kept.

use std::sync::Arc;
use std::time::Duration;

use otvet_config::Settings;
use otvet_engine::tail::{MemoryTail, RedisTail, RedisTailError, RedisTailOptions, SharedTail};

/// The tails, and the Redis that they are in, if any.
pub struct Tails {
    /// For the actors.
    pub tail: SharedTail,
    /// The same once more, to see how it goes.
    pub redis: Option<Arc<RedisTail>>,
}

/// Tails in Redis if there is one, else in memory.
///
/// # Errors
/// A URL that can never work. That Redis is down is none: it costs speed until it is back.
pub async fn open(settings: &Settings) -> Result<Tails, RedisTailError> {
    let (redis, tail) = (&settings.redis, &settings.tail);
    let Some(url) = &redis.url else {
        let tail = Arc::new(MemoryTail::new(tail.keep, tail.memory_max_bytes));
        return Ok(Tails { tail, redis: None });
    };
    let options = RedisTailOptions {
        url: url.expose().to_owned(),
        keep: tail.keep,
        idle_expire: Duration::from_secs(tail.idle_expire_s),
        command_timeout: Duration::from_millis(redis.command_timeout_ms),
        max_attempts: redis.max_attempts,
        max_queue: redis.max_queue,
        unresponsive_timeout: Duration::from_millis(redis.unresponsive_timeout_ms),
    };
    let (redis, report) = RedisTail::connect(options).await?;
    tracing::info!("tails in Redis: {report}");
    for warning in &report.warnings {
        tracing::warn!("Redis: {warning}");
    }
    let redis = Arc::new(redis);
    Ok(Tails { tail: redis.clone(), redis: Some(redis) })
}
