//! `otvet migrate`

use otvet_config::Settings;
use otvet_engine::store::Database;

use super::{CliError, say};

/// Brings the schema up to date and says what was done.
pub async fn run(settings: &Settings) -> Result<(), CliError> {
    let database = Database::connect(settings.database.url.expose(), settings.database.max_connections)
        .await
        .map_err(anyhow::Error::new)?;
    let applied = database.migrate().await.map_err(anyhow::Error::new)?;
    database.close().await;
    if applied.is_empty() {
        return say("The schema is up to date.");
    }
    for step in applied {
        say(&format!("applied {step}"))?;
    }
    Ok(())
}
