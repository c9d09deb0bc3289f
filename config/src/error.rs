//! What can be wrong with settings, each told in one line.

use std::path::PathBuf;

/// A value of the right type that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {problem}")]
pub struct InvalidSetting {
    /// Dotted key, `section.key`.
    pub key: &'static str,
    /// What is wrong and what would be right; holds no secret.
    pub problem: String,
}

impl InvalidSetting {
    pub(crate) fn new(key: &'static str, problem: impl Into<String>) -> Self {
        Self { key, problem: problem.into() }
    }
}

/// Why settings could not be loaded. `Display` is one line: the key, where it came from, the remedy.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("settings file {}: {cause}; create it, make it readable, or name another with --config", path.display())]
    Unreadable {
        /// The file asked for.
        path: PathBuf,
        /// What the operating system said.
        cause: std::io::Error,
    },
    /// The file is not TOML.
    #[error("settings file {}, line {line}: not valid TOML ({problem}); correct that line", path.display())]
    Syntax {
        /// The file read.
        path: PathBuf,
        /// Line of the first error, from 1.
        line: usize,
        /// The parser's finding, without the text of the line, which may hold a password.
        problem: String,
    },
    /// No setting has this name.
    #[error("{key} (from {origin}): no such setting; remove it, or use one of: {known}")]
    UnknownKey {
        /// Dotted key as given.
        key: String,
        /// File, environment variable or flag that named it.
        origin: String,
        /// Names that would be accepted in its place.
        known: String,
    },
    /// The value has the wrong type or cannot be used.
    #[error("{key} (from {origin}): {problem}; {remedy}")]
    Invalid {
        /// Dotted key.
        key: String,
        /// File, environment variable or flag that set it; `the defaults` when what another key says rules them out.
        origin: String,
        /// What is wrong and what would be right.
        problem: String,
        /// What to do about it.
        remedy: String,
    },
}

/// `text` without line breaks and other control characters, so that an error stays one line.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
