//! Whose turn it is to write into a SQLite file.

use sea_orm::sqlx::Sqlite;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::{DatabaseConnection, DbErr};

/// The only pooled connection for writing, held without being used: whoever writes through the pool queues behind it, and
/// it queues behind them. SQLite's own lock knows no queue; who waits for it looks again at ever longer intervals, and may
/// never find it free while the journal is busy.
pub(crate) struct Turn(#[expect(dead_code, reason = "held, not used")] PoolConnection<Sqlite>);

impl Turn {
    /// Waits for the turn to write on another connection than that of the pool for writing, or to keep others from it.
    pub async fn take(write: &DatabaseConnection) -> Result<Self, DbErr> {
        let acquired = write.get_sqlite_connection_pool().acquire().await;
        acquired.map(Self).map_err(|error| DbErr::Custom(error.to_string()))
    }
}
