//! The database: connections, migrations, entities (one table a file).

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use sea_orm::sqlx::Connection;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, IsolationLevel,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use native::{Native, Purpose};
use turn::{Turn, Turns, WriteTransaction};

mod backup;
mod checkpoint;
pub mod entities;
pub(crate) mod lookups;
mod migrate;
mod migrations;
pub(crate) mod native;
pub(crate) mod one_of;
mod row_id;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod turn;
mod wall_time;

pub(crate) use migrate::code_of;
pub use row_id::RowId;
pub use wall_time::WallTime;

/// How long a statement waits for another process's lock on a SQLite file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// The pause before a file that another process is just opening is opened again.
const OPEN_AGAIN_AFTER: Duration = Duration::from_millis(20);
/// How long to wait for a free connection, or for the turn to write.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// Pages of a SQLite file that a connection for reading keeps, in KiB. SQLite forgets all of them whenever something was
/// written, so that beside writers more would only be memory; the system has the file in its cache as well.
const READERS_CACHE_KIB: u32 = 512;

/// Why the database could not be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The URL is of no database that we know, or of one that keeps nothing.
    #[error("database.url: {0}")]
    Url(String),
    /// The database does not answer, or refuses.
    #[error("the database: {0}")]
    Database(#[from] DbErr),
    /// Another process has held the migration lock for too long. On SQLite it is that of everybody who writes.
    #[error(
        "another process has kept this database locked for over {0:?}: is it being migrated, or open in another tool?"
    )]
    Locked(Duration),
}

/// The connections to one database. Cheap to clone; [`Database::close`] ends all of them.
#[derive(Clone)]
pub struct Database {
    /// For reading. On SQLite these connections cannot write.
    pub read: DatabaseConnection,
    /// For writing. On SQLite exactly one connection. Beside a journal, whoever writes takes a turn first.
    pub write: DatabaseConnection,
    /// Which kind of database.
    pub backend: DbBackend,
    /// For the journal on SQLite: see [`native`].
    pub(crate) native: Option<Arc<Native>>,
    turns: Turns,
    checkpointer: Option<Arc<Checkpointer>>,
}

struct Checkpointer {
    background: Arc<Native>,
    stop: watch::Sender<bool>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("backend", &self.backend).finish_non_exhaustive()
    }
}

impl Database {
    /// Opens `sqlite://FILE`, `postgres://…` or `mysql://…` with at most so many connections for reading.
    ///
    /// # Errors
    /// [`StoreError::Url`] for a URL that names no lasting database, [`StoreError::Database`] when it does not answer.
    pub async fn connect(url: &str, max_readers: u32) -> Result<Self, StoreError> {
        match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => Self::connect_sqlite(url, max_readers).await,
            Some("postgres" | "postgresql") => {
                Self::connect_server(url, max_readers, DbBackend::Postgres).await
            }
            Some("mysql") => Self::connect_server(url, max_readers, DbBackend::MySql).await,
            _ => Err(StoreError::Url("must begin with sqlite:, postgres: or mysql:".to_owned())),
        }
    }

    async fn connect_sqlite(url: &str, max_readers: u32) -> Result<Self, StoreError> {
        let parsed = SqliteConnectOptions::from_str(url).map_err(|e| StoreError::Url(e.to_string()))?;
        let file = parsed.get_filename().to_path_buf();
        // An in-memory database is a different one on each connection, and gone at the end.
        if url.contains(":memory:") || url.contains("mode=memory") || file.as_os_str().is_empty() {
            return Err(StoreError::Url("a SQLite database must be a file".to_owned()));
        }
        // First the writer: it may have to make the file.
        let write = sqlite_pool(url, 1, |options| {
            options.journal_mode(SqliteJournalMode::Wal).pragma("wal_autocheckpoint", "0")
        })
        .await?;
        let read = sqlite_pool(url, max_readers.max(1), |options| {
            options
                .create_if_missing(false)
                .pragma("query_only", "ON")
                .pragma("cache_size", format!("-{READERS_CACHE_KIB}"))
        })
        .await?;
        let native = Arc::new(Native::new(file.clone(), Purpose::Writing));
        let background = Arc::new(Native::new(file.clone(), Purpose::Background));
        let (stop, stopped) = watch::channel(false);
        let turns = Turns::one_by_one();
        let log = checkpoint::Log::of(&file, Arc::clone(&background), Arc::clone(&native), turns.clone());
        let task = tokio::spawn(log.keep_short(stopped));
        let checkpointer = Checkpointer { background, stop, task: Mutex::new(Some(task)) };
        Ok(Self {
            read,
            write,
            backend: DbBackend::Sqlite,
            native: Some(native),
            turns,
            checkpointer: Some(Arc::new(checkpointer)),
        })
    }

    async fn connect_server(url: &str, max_readers: u32, backend: DbBackend) -> Result<Self, StoreError> {
        // sea-orm knows only the shorter of PostgreSQL's two names.
        let renamed = url.strip_prefix("postgresql:").map(|rest| format!("postgres:{rest}"));
        let url = renamed.as_deref().unwrap_or(url);
        // One more for the journal, so that readers cannot take all of them.
        let mut options = pool(url, max_readers.max(1) + 1);
        // Laravel's times are in its session's zone, the server's: sqlx would otherwise set UTC and shift them.
        options.map_sqlx_mysql_opts(|mysql| mysql.timezone(None));
        let connection = sea_orm::Database::connect(options).await?;
        Ok(Self {
            read: connection.clone(),
            write: connection,
            backend,
            native: None,
            turns: Turns::none(),
            checkpointer: None,
        })
    }

    /// Begins a transaction that will write. On SQLite it takes the lock at once: taken later, in the middle, it could be
    /// refused instead of waited for. On MySQL it keeps to what others have committed, as on PostgreSQL: as is its custom, it
    /// would lock what is between rows, and two that insert there would wait for each other.
    pub(crate) async fn begin(&self) -> Result<WriteTransaction, DbErr> {
        let options = TransactionOptions {
            isolation_level: (self.backend == DbBackend::MySql).then_some(IsolationLevel::ReadCommitted),
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let turn = self.turn().await?;
        Ok(WriteTransaction::new(self.write.begin_with_options(options).await?, turn))
    }

    /// Waits for the turn to write on another connection than that of the pool for writing, or to keep others from it.
    pub(crate) async fn turn(&self) -> Result<Turn, DbErr> {
        self.turns.take().await
    }

    /// Whether the database answers, for `/readyz`.
    ///
    /// # Errors
    /// When it does not.
    pub async fn check(&self) -> Result<(), StoreError> {
        self.read.execute_unprepared("SELECT 1").await?;
        Ok(())
    }

    /// Closes all connections, waiting for those in use. On SQLite the write-ahead log is carried over first.
    pub async fn close(&self) {
        for connection in [&self.read, &self.write] {
            if let Err(error) = connection.close_by_ref().await {
                tracing::warn!(%error, "closing the database");
            }
        }
        let Some(checkpointer) = &self.checkpointer else { return };
        checkpointer.stop.send_replace(true);
        let task = checkpointer.task.lock().take();
        if let Some(task) = task
            && let Err(error) = task.await
        {
            tracing::warn!(%error, "the checkpointer ended badly");
        }
        if let Some(native) = &self.native {
            native.close().await;
        }
        checkpointer.background.close().await;
    }
}

fn pool(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // Statements carry what people wrote.
        .sqlx_logging(false)
        .record_stmt_in_spans(false);
    options
}

async fn sqlite_pool(
    url: &str,
    connections: u32,
    adapt: impl Fn(SqliteConnectOptions) -> SqliteConnectOptions + Send + Sync + 'static,
) -> Result<DatabaseConnection, StoreError> {
    let mut options = pool(url, connections);
    options
        // Connections to a file do not age; a new one would have to read the schema again.
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .map_sqlx_sqlite_opts(move |sqlite| {
            adapt(sqlite.synchronous(SqliteSynchronous::Full).foreign_keys(true).busy_timeout(BUSY_TIMEOUT))
        })
        .map_sqlx_sqlite_pool_opts(|pool| {
            pool.after_release(|connection, _| {
                Box::pin(async move {
                    // Behind a rollback that a dropped transaction may have queued.
                    connection.ping().await?;
                    // SQLite ends a transaction by itself when the disk is full, and sqlx goes on counting it: the next
                    // ones would be savepoints in one that nobody commits. Such a connection is given up.
                    Ok(!connection.is_in_transaction())
                })
            })
        });
    let began = Instant::now();
    loop {
        match sea_orm::Database::connect(options.clone()).await {
            // SQLite does not wait where waiting could be for ever, as when two starts turn a new file to a write-ahead
            // log at once: whoever is told so tries again.
            Err(error) if migrate::is_busy(&error) && began.elapsed() < BUSY_TIMEOUT => {
                tokio::time::sleep(OPEN_AGAIN_AFTER).await;
            }
            opened => return Ok(opened?),
        }
    }
}
