//! Bringing the schema up to date, with only one process at it at a time.

use std::time::Duration;

use sea_orm::sqlx::Error as SqlxError;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, RuntimeErr, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;
use tokio::time::Instant;

use super::migrations::Migrator;
use super::{Database, StoreError};

/// How long to wait for another process that is migrating.
const LOCK_TIMEOUT: Duration = Duration::from_secs(60);
/// The name of the lock on PostgreSQL, which wants a number: "otvet" in ASCII.
const LOCK_NUMBER: i64 = 0x6f_7476_6574;
/// On MySQL names of locks are the server's, not the database's, and at most 64 characters long.
const LOCK_NAME: &str = "CONCAT('otvet.', SHA1(DATABASE()))";

impl Database {
    /// Applies what has not been applied yet, and says what that was. Two starts at once do not get into each other's way:
    /// the second waits and finds nothing left to do.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another process did not finish in a minute, [`StoreError::Database`] otherwise. On
    /// SQLite and PostgreSQL nothing has changed then; MySQL cannot take back what it has done to a schema.
    pub async fn migrate(&self) -> Result<Vec<String>, StoreError> {
        // On every backend the transaction is what ties the lock, and all steps, to one connection.
        let transaction = self.lock().await?;
        let result = apply(&transaction).await;
        if self.backend == DbBackend::MySql {
            transaction.execute_unprepared(&format!("DO RELEASE_LOCK({LOCK_NAME})")).await?;
        }
        match result {
            Ok(applied) => {
                transaction.commit().await?;
                Ok(applied)
            }
            Err(error) => {
                transaction.rollback().await?;
                Err(error.into())
            }
        }
    }

    async fn lock(&self) -> Result<DatabaseTransaction, StoreError> {
        if self.backend == DbBackend::Sqlite {
            return self.lock_file().await;
        }
        let transaction = self.write.begin().await?;
        let seconds = i64::try_from(LOCK_TIMEOUT.as_secs()).expect("a minute fits");
        if self.backend == DbBackend::MySql {
            let lock = format!("SELECT CAST(GET_LOCK({LOCK_NAME}, {seconds}) AS SIGNED)");
            let row = transaction.query_one_raw(Statement::from_string(DbBackend::MySql, lock)).await?;
            let got: Option<i64> = row.map(|row| row.try_get_by_index(0)).transpose()?.flatten();
            return if got == Some(1) { Ok(transaction) } else { Err(StoreError::Locked(LOCK_TIMEOUT)) };
        }
        transaction.execute_unprepared(&format!("SET LOCAL lock_timeout = '{seconds}s'")).await?;
        match transaction.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({LOCK_NUMBER})")).await {
            Ok(_) => Ok(transaction),
            Err(error) if code_of(&error).as_deref() == Some("55P03") => {
                Err(StoreError::Locked(LOCK_TIMEOUT))
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn lock_file(&self) -> Result<DatabaseTransaction, StoreError> {
        let started = Instant::now();
        loop {
            let options = TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..TransactionOptions::default()
            };
            match self.write.begin_with_options(options).await {
                Ok(transaction) => return Ok(transaction),
                // Each attempt waits for the busy timeout, so this is no busy loop.
                Err(error) if is_busy(&error) && started.elapsed() < LOCK_TIMEOUT => {}
                Err(error) if is_busy(&error) => return Err(StoreError::Locked(LOCK_TIMEOUT)),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

async fn apply(transaction: &DatabaseTransaction) -> Result<Vec<String>, DbErr> {
    let pending = Migrator::get_pending_migrations(transaction).await?;
    let names = pending.iter().map(|migration| migration.name().to_owned()).collect();
    Migrator::up(transaction, None).await?;
    Ok(names)
}

/// Whether another connection holds SQLite's lock: result code 5, plain or extended.
pub(super) fn is_busy(error: &DbErr) -> bool {
    code_of(error).and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == 5)
}

/// The database's own code for an error that it reported.
pub(crate) fn code_of(error: &DbErr) -> Option<String> {
    let (DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))
    | DbErr::Conn(RuntimeErr::SqlxError(error))) = error
    else {
        return None;
    };
    let SqlxError::Database(error) = &**error else { return None };
    error.code().map(std::borrow::Cow::into_owned)
}
