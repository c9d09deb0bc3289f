//! Writing `last_used_at`: hot, worth little, so behind a bounded queue that drops what does not fit.

use std::collections::BTreeMap;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};
use tokio::sync::mpsc;

use super::zoneless::Zone;
use crate::clock::Timestamp;
use crate::store::entities::personal_access_tokens as tokens;
use crate::store::one_of::is_one_of;
use crate::store::{Database, WallTime};

/// How many writes may wait.
const QUEUE: usize = 1024;

/// How many rows one statement writes.
const BATCH: usize = 500;

/// How old the column may become before it is written again, in milliseconds.
const STALE_AFTER_MS: u64 = 60_000;

/// The queue's entrance.
#[derive(Debug)]
pub(super) struct LastUsed(mpsc::Sender<(i64, Timestamp)>);

impl LastUsed {
    /// Starts the task behind the queue. It ends with its entrance.
    pub fn start(db: Database, zone: Zone) -> Self {
        let (entrance, exit) = mpsc::channel(QUEUE);
        tokio::spawn(write_all(db, zone, exit));
        Self(entrance)
    }

    /// Notes that a token was used now, if what its row says is a minute off; never waits.
    pub fn note(&self, token_id: i64, written: Option<Timestamp>, now: Timestamp) {
        if written.is_none_or(|at| at.millis().abs_diff(now.millis()) >= STALE_AFTER_MS) {
            // A full queue drops it: the next use, a minute's worth later, says the same.
            let _ = self.0.try_send((token_id, now));
        }
    }
}

async fn write_all(db: Database, zone: Zone, mut exit: mpsc::Receiver<(i64, Timestamp)>) {
    let mut uses = Vec::with_capacity(BATCH);
    while exit.recv_many(&mut uses, BATCH).await > 0 {
        let mut by_second: BTreeMap<_, Vec<i64>> = BTreeMap::new();
        for (token_id, at) in uses.drain(..).collect::<BTreeMap<_, _>>() {
            by_second.entry(zone.write(at)).or_default().push(token_id);
        }
        for (at, ids) in by_second {
            if let Err(error) = write(&db, at, ids).await {
                tracing::warn!(%error, "last_used_at was not written");
            }
        }
    }
}

async fn write(db: &Database, at: WallTime, ids: Vec<i64>) -> Result<(), DbErr> {
    let tx = db.begin().await?;
    // Sanctum saves the model, which touches `updated_at` too.
    tokens::Entity::update_many()
        .col_expr(tokens::Column::LastUsedAt, Expr::value(at))
        .col_expr(tokens::Column::UpdatedAt, Expr::value(at))
        .filter(is_one_of(db.backend, tokens::Column::Id.into_expr(), ids))
        .exec(&tx)
        .await?;
    tx.commit().await
}
