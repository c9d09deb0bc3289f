//! `[database]`

use super::in_range;
use crate::error::InvalidSetting;
use crate::values::ConnectionUrl;
use serde::{Deserialize, Serialize};

const SCHEMES: [&str; 4] = ["sqlite", "postgres", "postgresql", "mysql"];

/// Where events are stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DatabaseSettings {
    /// `sqlite://FILE?mode=rwc`, `postgres://user:password@host/name` or `mysql://user:password@host/name`.
    pub url: ConnectionUrl,
    /// Connections that read; the writer has one of its own.
    pub max_connections: u32,
}

impl Default for DatabaseSettings {
    fn default() -> Self {
        Self { url: ConnectionUrl::from("sqlite://otvet.db?mode=rwc"), max_connections: 4 }
    }
}

impl DatabaseSettings {
    /// Checks the URL's form and ranges; whether the database answers is seen at the start.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        const KEY: &str = "database.url";
        if !SCHEMES.contains(&self.url.scheme()) {
            return Err(InvalidSetting::new(KEY, "must begin with sqlite:, postgres:// or mysql://"));
        }
        // A SQLite URL is mostly a path, and any path will do.
        if self.url.scheme() != "sqlite" {
            let problem =
                "is not a URL; write scheme://user:password@host/name and percent-encode special characters";
            let url = self.url.parse().ok_or_else(|| InvalidSetting::new(KEY, problem))?;
            if !url.has_authority() || url.fragment().is_some() {
                return Err(InvalidSetting::new(KEY, problem));
            }
        }
        in_range("database.max_connections", self.max_connections, 1..=1000)
    }
}
