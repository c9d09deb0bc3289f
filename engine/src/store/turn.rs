//! Whose turn it is to write into a SQLite file.

use std::time::Duration;

use sea_orm::sqlx::Sqlite;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::{DatabaseConnection, DbErr};
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep};

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

/// How long one turn may serve a writer that goes on and on, so that whoever else wants to write waits no longer. To give it
/// back for each transaction would cost the pool's connection two answers, which the next transaction waits for.
const LONGEST: Duration = Duration::from_millis(5);
/// How long it is kept while there is nothing to write.
const LINGER: Duration = Duration::from_millis(1);

/// The turns of somebody who writes often: one is kept from a transaction to the next.
pub(crate) struct Turns {
    kept: Option<KeptTurn>,
    /// Where connections that are given back are looked after: whoever writes may have no time for it.
    runtime: Handle,
}

/// A turn, and since when.
pub(crate) struct KeptTurn {
    /// Until it is dropped.
    turn: Option<Turn>,
    since: Instant,
    runtime: Handle,
}

impl Drop for KeptTurn {
    fn drop(&mut self) {
        let _entered = self.runtime.enter();
        drop(self.turn.take());
    }
}

impl Turns {
    /// None is kept yet. Connections are looked after on this runtime.
    pub fn new(runtime: Handle) -> Self {
        Self { kept: None, runtime }
    }

    /// The turn that was kept, or else the next. Dropped, it is given back.
    pub async fn take(&mut self, write: &DatabaseConnection) -> Result<KeptTurn, DbErr> {
        if let Some(kept) = self.kept.take() {
            return Ok(kept);
        }
        let turn = Some(Turn::take(write).await?);
        Ok(KeptTurn { turn, since: Instant::now(), runtime: self.runtime.clone() })
    }

    /// Keeps it for the next transaction, if it has not served for too long.
    pub fn keep(&mut self, turn: KeptTurn) {
        self.kept = Some(turn).filter(|turn| turn.since.elapsed() < LONGEST);
    }

    /// Gives back what is kept, after a moment. Cancel safe: it is kept then.
    pub async fn rest(&mut self) {
        if self.kept.is_some() {
            sleep(LINGER).await;
            self.kept = None;
        }
    }
}
