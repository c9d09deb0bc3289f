//! `[log]`

use crate::error::InvalidSetting;
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// The server's own log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogSettings {
    /// Form of a line.
    pub format: LogFormat,
    /// A level (`off`, `error`, `warn`, `info`, `debug`, `trace`), or directives of tracing's `EnvFilter` such as
    /// `info,otvet_engine=debug`.
    pub level: String,
}

/// Form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// `Pretty` on a terminal, else `Json`.
    Auto,
    /// For people.
    Pretty,
    /// One JSON object a line, for collectors.
    Json,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { format: LogFormat::Auto, level: "info".to_owned() }
    }
}

impl LogSettings {
    /// Checks that the directives parse, and that a bare word is a level: `EnvFilter` would take a misspelt level for
    /// the name of a module.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        let bare_words_are_levels = self
            .level
            .split(',')
            .filter(|directive| !directive.contains(['=', '[']))
            .all(|directive| LevelFilter::from_str(directive.trim()).is_ok());
        if bare_words_are_levels && EnvFilter::try_new(&self.level).is_ok() {
            return Ok(());
        }
        let problem = format!(
            "{:?} is no filter; write off, error, warn, info, debug or trace, or directives like info,otvet_engine=debug",
            self.level
        );
        Err(InvalidSetting::new("log.level", problem))
    }
}
