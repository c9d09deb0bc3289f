//! The load generator against a server that runs, with the limits that everybody has: its account is the database's.

use anyhow::{Result, ensure};
use otvet_tests::world;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn its_account_is_the_databases() {
    world::run(&[], async |world| {
        let url = format!("http://{}", world.server.place());
        let arguments = ["bench", "--url", &url, "--visitors", "40", "--managers", "0", "--mix", "send"];
        // On a schedule: what a closed loop gives between the end of the measured time and its own is in no account.
        let schedule = ["--rate", "200", "--duration", "2", "--warm-up", "0", "--json", "-"];
        let arguments = [&arguments[..], &schedule].concat();
        let report: Value = serde_json::from_str(&world.server.operate(&arguments).await?)?;
        let sent = &report["commands"]["send"];
        let stored = messages(&world.server.directory().join("otvet.db").display().to_string()).await?;
        ensure!(
            sent["ok"] == 400 && stored == 440,
            "{stored} messages are stored, 40 of them questions; 400 were due, acknowledged: {sent}"
        );
        ensure!(report["deliveries"]["lost"] == 0 && report["deliveries"]["doubled"] == 0, "{report}");
        Ok(())
    })
    .await;
}

async fn messages(file: &str) -> Result<i64> {
    let database = sea_orm::Database::connect(format!("sqlite://{file}?mode=ro")).await?;
    let sql = "SELECT COUNT(*) FROM chat_events WHERE kind = 'message'";
    let row = database.query_one_raw(Statement::from_string(sea_orm::DbBackend::Sqlite, sql)).await?;
    let count = row.map(|row| row.try_get_by_index::<i64>(0)).transpose()?;
    database.close().await?;
    Ok(count.unwrap_or(0))
}
