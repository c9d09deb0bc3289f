//! SQLite's write-ahead log is carried into the database file by a connection of its own, so that commits wait for the end
//! of it only.

use std::path::PathBuf;
use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::turn::Turn;

/// How often to look whether anything was written: one pragma, answered from shared memory.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// A log of this size is checkpointed at the next look, as SQLite itself would (1,000 pages of 4 KiB).
const CHECKPOINT_BYTES: u64 = 4 << 20;
/// A smaller one waits this long, so that few commits do not cost a checkpoint each.
const CHECKPOINT_AFTER: Duration = Duration::from_secs(5);
/// A log of this size is cut: somebody has been reading the same snapshot for long, and nothing can begin anew before that.
const TRUNCATE_BYTES: u64 = 64 << 20;
/// How often the log is carried over beside the writers before they are held up for what is left.
const BESIDE: usize = 2;

/// A write-ahead log, and who works on it.
pub(super) struct Log {
    /// For checkpoints.
    pub connection: DatabaseConnection,
    /// The pool for writing, whose turn it is.
    pub write: DatabaseConnection,
    /// Where it is.
    pub file: PathBuf,
}

impl Log {
    /// Checkpoints until `stop` says so or is dropped.
    pub async fn keep_short(self, mut stop: watch::Receiver<bool>) {
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
            match data_version(&self.connection).await {
                Ok(version) if seen_version == Some(version) => {}
                Ok(version) => {
                    seen_version = Some(version);
                    pending = true;
                }
                Err(error) => tracing::warn!(%error, "cannot look for writes to checkpoint"),
            }
            let size = tokio::fs::metadata(&self.file).await.map_or(0, |file| file.len());
            if !pending || (size < CHECKPOINT_BYTES && last.elapsed() < CHECKPOINT_AFTER) {
                continue;
            }
            last = Instant::now();
            let carried = if size > TRUNCATE_BYTES { self.cut().await } else { self.carry_over().await };
            match carried {
                Ok(complete) => pending = !complete,
                Err(error) => tracing::warn!(%error, wal_bytes = size, "the checkpoint failed"),
            }
        }
        // Best effort: whatever is left in the log is carried over by SQLite at the next start.
        if let Err(error) = checkpoint(&self.connection, "TRUNCATE").await {
            tracing::debug!(%error, "the last checkpoint failed");
        }
    }

    /// Carries everything over, so that the next writer begins the log anew. What comes while writers go on is never all of
    /// it: after some time beside them, they wait for the little that is left.
    async fn carry_over(&self) -> Result<bool, DbErr> {
        for _ in 0..BESIDE {
            if checkpoint(&self.connection, "PASSIVE").await? {
                return Ok(true);
            }
        }
        // Somebody writes for very long, or everything is being closed: then another time.
        let Ok(_turn) = Turn::take(&self.write).await else { return Ok(false) };
        checkpoint(&self.connection, "PASSIVE").await
    }

    /// Carries everything over and cuts the file. Most of it beforehand: nobody can write meanwhile.
    async fn cut(&self) -> Result<bool, DbErr> {
        checkpoint(&self.connection, "PASSIVE").await?;
        // Out of turn it may come through as well.
        let _turn = Turn::take(&self.write).await.ok();
        checkpoint(&self.connection, "TRUNCATE").await
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
