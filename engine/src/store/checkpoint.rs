//! SQLite's write-ahead log is carried into the database file by a connection of its own, so that no commit waits for it.

use std::path::PathBuf;
use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// How often to look whether anything was written: one pragma, answered from shared memory.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// A log of this size is checkpointed at the next look, as SQLite itself would (1,000 pages of 4 KiB).
const CHECKPOINT_BYTES: u64 = 4 << 20;
/// A smaller one waits this long, so that few commits do not cost a checkpoint each.
const CHECKPOINT_AFTER: Duration = Duration::from_secs(5);
/// A log of this size is cut. Without it, a server that never pauses would let the log grow for ever: checkpoints that
/// wait for nobody never find a moment at which all of it has been carried over.
const TRUNCATE_BYTES: u64 = 64 << 20;

/// Checkpoints until `stop` says so or is dropped.
pub(super) async fn run(connection: DatabaseConnection, wal: PathBuf, mut stop: watch::Receiver<bool>) {
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut seen_version = None;
    let mut pending = true;
    let mut last = Instant::now();
    loop {
        tokio::select! {
            _ = stop.wait_for(|stopped| *stopped) => break,
            _ = looks.tick() => {}
        }
        match data_version(&connection).await {
            Ok(version) if seen_version == Some(version) => {}
            Ok(version) => {
                seen_version = Some(version);
                pending = true;
            }
            Err(error) => tracing::warn!(%error, "cannot look for writes to checkpoint"),
        }
        let size = tokio::fs::metadata(&wal).await.map_or(0, |file| file.len());
        if !pending || (size < CHECKPOINT_BYTES && last.elapsed() < CHECKPOINT_AFTER) {
            continue;
        }
        last = Instant::now();
        let mode = if size > TRUNCATE_BYTES { "TRUNCATE" } else { "PASSIVE" };
        match checkpoint(&connection, mode).await {
            Ok(complete) => pending = !complete,
            Err(error) => tracing::warn!(%error, mode, wal_bytes = size, "the checkpoint failed"),
        }
    }
    // Best effort: whatever is left in the log is carried over by SQLite at the next start.
    if let Err(error) = checkpoint(&connection, "TRUNCATE").await {
        tracing::debug!(%error, "the last checkpoint failed");
    }
}

/// Changes whenever another connection has committed.
async fn data_version(connection: &DatabaseConnection) -> Result<i64, DbErr> {
    one_row(connection, "PRAGMA data_version").await?.try_get_by_index(0)
}

/// Whether everything in the log has been carried over.
pub(super) async fn checkpoint(connection: &DatabaseConnection, mode: &str) -> Result<bool, DbErr> {
    let row = one_row(connection, &format!("PRAGMA wal_checkpoint({mode})")).await?;
    let (busy, frames, carried): (i64, i64, i64) =
        (row.try_get_by_index(0)?, row.try_get_by_index(1)?, row.try_get_by_index(2)?);
    Ok(busy == 0 && frames == carried)
}

async fn one_row(connection: &DatabaseConnection, sql: &str) -> Result<sea_orm::QueryResult, DbErr> {
    connection
        .query_one_raw(sea_orm::Statement::from_string(sea_orm::DbBackend::Sqlite, sql))
        .await?
        .ok_or_else(|| DbErr::RecordNotFound(sql.to_owned()))
}
