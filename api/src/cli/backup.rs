//! `otvet backup FILE`

use std::path::PathBuf;

use clap::Args;
use otvet_config::Settings;
use otvet_engine::ids::Epoch;
use otvet_engine::store::Database;
use rand::RngExt;

use super::{CliError, say};
use crate::server::system_rng;

/// Where to.
#[derive(Args)]
pub struct Backup {
    /// The new file; it must not exist yet.
    file: PathBuf,
}

/// Copies a SQLite database, consistently and while it is in use. The copy gets an epoch of its own: clients that have seen
/// more than it holds must not take its numbering for the old one.
pub async fn run(settings: &Settings, command: Backup) -> Result<(), CliError> {
    let url = &settings.database.url;
    let tool = match url.scheme() {
        "sqlite" => None,
        "mysql" => Some("mysqldump --single-transaction"),
        _ => Some("pg_dump"),
    };
    if let Some(tool) = tool {
        return Err(CliError::Failed(anyhow::anyhow!(
            "`otvet backup` copies SQLite files; back this database up with {tool}"
        )));
    }
    let database = Database::connect(url.expose(), 1).await.map_err(anyhow::Error::new)?;
    let copied = database.backup(&command.file, &Epoch::new(system_rng().random())).await;
    database.close().await;
    copied.map_err(|error| anyhow::Error::new(error).context("name another file, or check database.url"))?;
    say(&format!("copied to {}", command.file.display()))
}
