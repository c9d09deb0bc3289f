//! The SQLite file from outside: locked by another process' connection, and looked through.

use std::path::Path;

use anyhow::{Context, Result};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};

/// A connection that holds the database's only write lock, until it is given back.
#[derive(Debug)]
pub struct Lock(DatabaseConnection);

impl Lock {
    /// Locks it.
    ///
    /// # Errors
    /// When the file cannot be opened or locked.
    pub async fn take(file: &Path) -> Result<Self> {
        // Boxed: opening a database is a large future.
        let database = Box::pin(open(file)).await?;
        database.execute_unprepared("BEGIN EXCLUSIVE").await.context("BEGIN EXCLUSIVE")?;
        Ok(Self(database))
    }

    /// Gives it back.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn give_back(self) -> Result<()> {
        Box::pin(self.0.execute_unprepared("ROLLBACK")).await?;
        Box::pin(self.0.close()).await?;
        Ok(())
    }
}

/// What `PRAGMA integrity_check` says: `ok`, or the first thing that is wrong.
///
/// # Errors
/// When the file cannot be read.
pub async fn integrity(file: &Path) -> Result<String> {
    let database = Box::pin(open(file)).await?;
    let statement = Statement::from_string(DbBackend::Sqlite, "PRAGMA integrity_check");
    let row = database.query_one_raw(statement).await?.context("no answer to integrity_check")?;
    let text = row.try_get_by_index(0)?;
    database.close().await?;
    Ok(text)
}

async fn open(file: &Path) -> Result<DatabaseConnection> {
    let mut options = ConnectOptions::new(format!("sqlite://{}?mode=rw", file.display()));
    // One connection: the transaction must end where it began.
    options.max_connections(1).min_connections(1).sqlx_logging(false);
    Database::connect(options).await.with_context(|| format!("opening {}", file.display()))
}
