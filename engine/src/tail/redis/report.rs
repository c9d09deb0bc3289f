//! What an operator should know about the Redis that keeps the tails.

use std::fmt;

/// How Redis is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedisMode {
    /// One server.
    Standalone,
    /// Whichever server the sentinels name.
    Sentinel,
    /// The servers of a cluster.
    Cluster,
}

impl fmt::Display for RedisMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Standalone => "standalone",
            Self::Sentinel => "by sentinels",
            Self::Cluster => "cluster",
        })
    }
}

/// The Redis that was found at the start. Its text form is one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisReport {
    /// How it is reached.
    pub mode: RedisMode,
    /// Its name and version; `None` when it did not say.
    pub version: Option<String>,
    /// The memory it may use, in bytes; `None` without a limit.
    pub maxmemory: Option<u64>,
    /// What it does when that is used up, such as `noeviction`.
    pub eviction_policy: Option<String>,
    /// Why it could not be asked.
    pub problem: Option<String>,
    /// Sentences about what may cost tails, for the log.
    pub warnings: Vec<String>,
}

impl RedisReport {
    pub(super) fn unreachable(mode: RedisMode, problem: String) -> Self {
        let warning = "Redis cannot be used: tails rest until it can, the database is read instead";
        Self {
            mode,
            version: None,
            maxmemory: None,
            eviction_policy: None,
            problem: Some(problem),
            warnings: vec![warning.to_owned()],
        }
    }

    /// Reads the answer to `INFO`.
    pub(super) fn from_info(mode: RedisMode, info: &str) -> Self {
        let field = |name: &str| {
            let line = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            line.map(str::trim).filter(|value| !value.is_empty())
        };
        let version = match field("valkey_version") {
            Some(version) => Some(format!("Valkey {version}")),
            None => field("redis_version").map(|version| format!("Redis {version}")),
        };
        let maxmemory = field("maxmemory").and_then(|bytes| bytes.parse().ok()).filter(|bytes| *bytes > 0);
        let eviction_policy = field("maxmemory_policy").map(str::to_owned);
        let mut warnings = Vec::new();
        if let (Some(bytes), Some(policy)) = (maxmemory, &eviction_policy) {
            let at = megabytes(bytes);
            // Tails expire, so the policies for keys that do concern them as well.
            if policy != "noeviction" {
                warnings.push(format!(
                    "its eviction policy {policy} may drop tails when {at} are used up: no message is lost, but the \
                     database is read more, and lists are sent whole"
                ));
            }
        }
        match (mode, field("redis_mode")) {
            (RedisMode::Standalone, Some("cluster")) => {
                warnings.push("it is part of a cluster: use redis-cluster:// in redis.url".to_owned());
            }
            (RedisMode::Standalone, Some("sentinel")) => {
                warnings.push("it is a sentinel: use redis-sentinel:// in redis.url".to_owned());
            }
            _ => {}
        }
        if field("role") == Some("slave") {
            warnings.push("it is a read-only replica: no tail can be kept there".to_owned());
        }
        if field("aof_enabled") == Some("0") {
            let loss = "appendonly is off: its restart may drop tails, after which lists are sent whole";
            warnings.push(loss.to_owned());
        }
        Self { mode, version, maxmemory, eviction_policy, problem: None, warnings }
    }
}

impl fmt::Display for RedisReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = self.version.as_deref().unwrap_or("Redis");
        write!(f, "{version} ({})", self.mode)?;
        if let Some(problem) = &self.problem {
            return write!(f, ", unusable: {problem}");
        }
        match self.maxmemory {
            Some(bytes) => write!(f, ", at most {}", megabytes(bytes))?,
            None => f.write_str(", memory not limited")?,
        }
        if let Some(policy) = &self.eviction_policy {
            write!(f, ", {policy}")?;
        }
        Ok(())
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1 << 20))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warns_of_what_may_cost_tails() {
        let info = "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\nmaxmemory:104857600\r\n\
                    maxmemory_policy:allkeys-lru\r\nrole:master\r\naof_enabled:1\r\n";
        let report = RedisReport::from_info(RedisMode::Standalone, info);
        assert_eq!(report.to_string(), "Redis 7.0.15 (standalone), at most 100 MiB, allkeys-lru");
        assert!(report.warnings.len() == 1 && report.warnings[0].contains("allkeys-lru"), "{report:?}");

        let fine = info.replace("allkeys-lru", "noeviction");
        assert_eq!(RedisReport::from_info(RedisMode::Standalone, &fine).warnings, Vec::<String>::new());
        let unlimited = info.replace("maxmemory:104857600", "maxmemory:0");
        let report = RedisReport::from_info(RedisMode::Standalone, &unlimited);
        assert_eq!((report.maxmemory, report.warnings.len()), (None, 0));
        assert_eq!(report.to_string(), "Redis 7.0.15 (standalone), memory not limited, allkeys-lru");

        for (from, to, word) in [
            ("redis_mode:standalone", "redis_mode:cluster", "redis-cluster://"),
            ("redis_mode:standalone", "redis_mode:sentinel", "redis-sentinel://"),
            ("role:master", "role:slave", "read-only"),
            ("aof_enabled:1", "aof_enabled:0", "appendonly"),
            ("allkeys-lru", "volatile-ttl", "volatile-ttl"),
        ] {
            let warnings = RedisReport::from_info(
                RedisMode::Standalone,
                &fine.replace("noeviction", "allkeys-lru").replace(from, to),
            )
            .warnings;
            assert!(warnings.iter().any(|warning| warning.contains(word)), "{to}: {warnings:?}");
        }
        let valkey =
            RedisReport::from_info(RedisMode::Cluster, "redis_version:7.2.4\r\nvalkey_version:8.0.1\r\n");
        assert_eq!(valkey.to_string(), "Valkey 8.0.1 (cluster), memory not limited");
        let down = RedisReport::unreachable(RedisMode::Sentinel, "connection refused".to_owned());
        assert_eq!(down.to_string(), "Redis (by sentinels), unusable: connection refused");
    }
}
