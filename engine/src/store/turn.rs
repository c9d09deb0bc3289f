//! Whose turn it is to write into a SQLite file.

use std::time::Duration;

use sea_orm::sqlx::Sqlite;
use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::{DatabaseConnection, DbErr};
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
#[derive(Default)]
pub(crate) struct Turns(Option<KeptTurn>);

/// A turn, and since when.
pub(crate) struct KeptTurn {
    #[expect(dead_code, reason = "held, not used")]
    turn: Turn,
    since: Instant,
}

impl Turns {
    /// The turn that was kept, or else the next. Dropped, it is given back.
    pub async fn take(&mut self, write: &DatabaseConnection) -> Result<KeptTurn, DbErr> {
        match self.0.take() {
            Some(kept) => Ok(kept),
            None => Ok(KeptTurn { turn: Turn::take(write).await?, since: Instant::now() }),
        }
    }

    /// Keeps it for the next transaction, if it has not served for too long.
    pub fn keep(&mut self, turn: KeptTurn) {
        self.0 = Some(turn).filter(|turn| turn.since.elapsed() < LONGEST);
    }

    /// Gives back what is kept, after a moment. Cancel safe: it is kept then.
    pub async fn rest(&mut self) {
        if self.0.is_some() {
            sleep(LINGER).await;
            self.0 = None;
        }
    }
}
