//! `otvet config`

use otvet_config::Settings;

use super::{CliError, say};

/// Prints the settings in force, secrets masked.
pub fn run(settings: &Settings) -> Result<(), CliError> {
    say(settings.to_toml_masked().trim_end())
}
