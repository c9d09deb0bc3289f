//! The server's own log: for people on a terminal, for collectors otherwise.

use std::io::IsTerminal;

use otvet_config::sections::{LogFormat, LogSettings};
use tracing_subscriber::EnvFilter;

/// What a library says that the server says itself, once: its errors come back as values. And ractor's span of each actor,
/// which would live as long as the actor and name it by a number. A directive of the operator for the same target comes later
/// and wins.
const QUIET: &str = "sea_orm_migration=off,ractor=warn";

/// Starts logging to standard error. Only the first call in a process counts.
pub fn start(settings: &LogSettings) {
    let terminal = std::io::stderr().is_terminal();
    let pretty = match settings.format {
        LogFormat::Pretty => true,
        LogFormat::Json => false,
        LogFormat::Auto => terminal,
    };
    // The settings were validated, so the filter parses.
    let filter =
        EnvFilter::try_new(format!("{QUIET},{}", settings.level)).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    let started = if pretty {
        builder.with_ansi(terminal).compact().try_init()
    } else {
        builder.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init()
    };
    if started.is_err() {
        tracing::debug!("logging had been started already");
    }
}
