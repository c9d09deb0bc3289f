//! Whose turn it is to write into a SQLite file.

use std::ops::Deref;
use std::sync::Arc;

use async_trait::async_trait;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::ACQUIRE_TIMEOUT;

/// Hands out turns in the order in which they are asked for. SQLite's own lock knows no queue: who waits for it looks again
/// at ever longer intervals, and may never find it free while the journal is busy. Servers lock rows, and need no turns.
#[derive(Debug, Clone)]
pub(crate) struct Turns(Option<Arc<Semaphore>>);

/// Nobody else of this process writes until it is dropped.
#[must_use]
pub(crate) struct Turn(#[expect(dead_code, reason = "held, not used")] Option<OwnedSemaphorePermit>);

impl Turns {
    /// One at a time.
    pub fn one_by_one() -> Self {
        Self(Some(Arc::new(Semaphore::new(1))))
    }

    /// Everybody has a turn at once.
    pub fn none() -> Self {
        Self(None)
    }

    /// Waits for a turn, which ends when it is dropped.
    ///
    /// # Errors
    /// When somebody has been writing for seconds.
    pub async fn take(&self) -> Result<Turn, DbErr> {
        let Some(one) = &self.0 else { return Ok(Turn(None)) };
        // A timer only where there is something to wait for.
        if let Ok(turn) = Arc::clone(one).try_acquire_owned() {
            return Ok(Turn(Some(turn)));
        }
        match timeout(ACQUIRE_TIMEOUT, Arc::clone(one).acquire_owned()).await {
            Ok(Ok(turn)) => Ok(Turn(Some(turn))),
            _ => Err(DbErr::Custom(format!("others have been writing for {ACQUIRE_TIMEOUT:?}"))),
        }
    }
}

/// A transaction that writes, and its turn: see [`super::Database::begin`]. Dropped before it is committed, it is rolled back,
/// which may be a moment after its turn has ended.
pub(crate) struct WriteTransaction {
    transaction: DatabaseTransaction,
    turn: Turn,
}

impl WriteTransaction {
    pub fn new(transaction: DatabaseTransaction, turn: Turn) -> Self {
        Self { transaction, turn }
    }

    /// Commits it; then others have their turn.
    pub async fn commit(self) -> Result<(), DbErr> {
        let Self { transaction, turn } = self;
        let outcome = transaction.commit().await;
        drop(turn);
        outcome
    }

    /// Takes everything back; then others have their turn.
    pub async fn rollback(self) -> Result<(), DbErr> {
        let Self { transaction, turn } = self;
        let outcome = transaction.rollback().await;
        drop(turn);
        outcome
    }
}

impl Deref for WriteTransaction {
    type Target = DatabaseTransaction;

    fn deref(&self) -> &DatabaseTransaction {
        &self.transaction
    }
}

#[async_trait]
impl ConnectionTrait for WriteTransaction {
    fn get_database_backend(&self) -> DbBackend {
        self.transaction.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.transaction.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.transaction.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.transaction.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.transaction.query_all_raw(statement).await
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn turns_come_in_the_order_in_which_they_were_asked_for() {
        let turns = Turns::one_by_one();
        let first = turns.take().await.unwrap();
        let mut second = pin!(turns.take());
        let mut third = pin!(turns.take());
        assert!(second.as_mut().now_or_never().is_none() && third.as_mut().now_or_never().is_none());
        drop(first);
        assert!(turns.take().now_or_never().is_none(), "whoever comes later does not overtake");
        let second = second.now_or_never().expect("it is the next one's turn").unwrap();
        assert!(third.as_mut().now_or_never().is_none());
        drop(second);
        let _third = third.now_or_never().expect("and then the last one's").unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_does_not_come_is_an_error() {
        let turns = Turns::one_by_one();
        let _first = turns.take().await.unwrap();
        let error = turns.take().await.err().expect("it does not wait for ever");
        assert!(error.to_string().contains("others have been writing"), "{error}");
    }

    #[tokio::test]
    async fn where_rows_are_locked_nobody_waits() {
        let turns = Turns::none();
        let _first = turns.take().await.unwrap();
        turns.take().now_or_never().expect("there is nothing to wait for").map(drop).unwrap();
    }
}
