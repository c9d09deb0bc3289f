//! A connection to a SQLite file beside the pools, used by whichever thread has work for it. A pool's connection is asked
//! for each statement from another thread, and owns a copy of each value; where thousands of rows a second are written,
//! that costs more than SQLite does.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::task::spawn_blocking;

use super::BUSY_TIMEOUT;

/// Statements whose plans are kept: more than all users of it have.
const PLANS: usize = 32;

/// Pages kept in memory, in KiB: each message changes some ten pages, of ten thousands in a large database.
const CACHE_KIB: i64 = 8 << 10;

/// Why a transaction was not carried out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NativeError<E> {
    /// Whoever filled it gave up; nothing was stored.
    Refused(E),
    /// Nothing was stored.
    Unavailable(String),
    /// Perhaps all of it was stored.
    Unknown(String),
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Everybody waits for what it writes.
    Writing,
    /// Nobody waits for it.
    Background,
}

/// How long the background waits for a lock: a checkpoint that cuts the log keeps writers out while it waits for readers.
/// Better to try again later.
const BACKGROUND_BUSY_TIMEOUT: Duration = Duration::from_millis(500);

/// The connection, which is opened with its first work, and anew after it has failed.
pub(crate) struct Native {
    file: PathBuf,
    purpose: Purpose,
    connection: Mutex<Option<Connection>>,
}

impl fmt::Debug for Native {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Native").field("file", &self.file).finish_non_exhaustive()
    }
}

impl Native {
    /// On a file that a pool has opened: it is there, and has a write-ahead log.
    pub fn new(file: PathBuf, purpose: Purpose) -> Self {
        Self { file, purpose, connection: Mutex::new(None) }
    }

    /// Carries out a transaction that `fill` fills, on this thread, which may wait for the disk. It is not committed if
    /// filling it takes longer than `limit`. Whoever wants to write through a pool at the same time waits for SQLite's own
    /// lock, which is not fair: see [`super::turn::Turns`].
    pub fn blocking_transact<E>(
        &self,
        limit: Duration,
        fill: impl FnOnce(&Connection) -> Result<(), E>,
    ) -> Result<(), NativeError<E>> {
        let mut kept = self.connection.lock();
        let connection = match self.opened(&mut kept) {
            Ok(connection) => connection,
            Err(error) => return Err(unavailable(&error)),
        };
        // A panic takes its connection with it, and nothing else.
        let carried_out = catch_unwind(AssertUnwindSafe(|| {
            let outcome = carry_out(&connection, limit, fill);
            // Whoever is told that nothing was stored finds the lock free.
            let usable = connection.is_autocommit() || connection.execute_batch("ROLLBACK").is_ok();
            (outcome, usable.then_some(connection))
        }));
        let Ok((outcome, usable)) = carried_out else {
            return Err(NativeError::Unknown("the transaction panicked".to_owned()));
        };
        *kept = usable;
        outcome
    }

    /// The same on a thread where waiting harms nobody.
    pub async fn transact<E: Send + 'static>(
        self: &Arc<Self>,
        limit: Duration,
        fill: impl FnOnce(&Connection) -> Result<(), E> + Send + 'static,
    ) -> Result<(), NativeError<E>> {
        let native = Arc::clone(self);
        match spawn_blocking(move || native.blocking_transact(limit, fill)).await {
            Ok(outcome) => outcome,
            Err(error) => Err(NativeError::Unknown(error.to_string())),
        }
    }

    /// Carries out something outside of a transaction, however long it takes, on a thread where waiting harms nobody.
    ///
    /// # Errors
    /// SQLite's, in its words, or that it panicked.
    pub async fn call<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, String> {
        let native = Arc::clone(self);
        let called = spawn_blocking(move || {
            let mut kept = native.connection.lock();
            let connection = native.opened(&mut kept)?;
            let value = work(&connection)?;
            *kept = Some(connection);
            Ok(value)
        });
        called.await.map_err(|error| error.to_string())?.map_err(|error: rusqlite::Error| error.to_string())
    }

    /// Waits on this thread until nobody uses the connection: right behind a transaction, if one was under way.
    pub fn wait_for_free(&self) {
        drop(self.connection.lock());
    }

    /// The connection, taken: it is opened anew for the next unless it is put back.
    fn opened(&self, kept: &mut Option<Connection>) -> rusqlite::Result<Connection> {
        kept.take().map_or_else(|| open(&self.file, self.purpose), Ok)
    }

    /// Closes the connection, once what was begun is done.
    pub async fn close(self: &Arc<Self>) {
        let native = Arc::clone(self);
        let closed = spawn_blocking(move || drop(native.connection.lock().take()));
        if let Err(error) = closed.await {
            tracing::warn!(purpose = ?self.purpose, %error, "a connection of the database was not closed");
        }
    }
}

/// Opens it as the pool for writing does, see [`super::Database::connect`].
fn open(file: &Path, purpose: Purpose) -> rusqlite::Result<Connection> {
    let connection = Connection::open(file)?;
    connection.busy_timeout(match purpose {
        Purpose::Writing => BUSY_TIMEOUT,
        Purpose::Background => BACKGROUND_BUSY_TIMEOUT,
    })?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    // Negative: not a number of pages.
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.set_prepared_statement_cache_capacity(PLANS);
    Ok(connection)
}

fn carry_out<E>(
    connection: &Connection,
    limit: Duration,
    fill: impl FnOnce(&Connection) -> Result<(), E>,
) -> Result<(), NativeError<E>> {
    let began = Instant::now();
    let execute = |sql| connection.prepare_cached(sql)?.execute([]);
    // Taking the lock later, in the middle, could fail at once instead of waiting for it.
    execute("BEGIN IMMEDIATE").map_err(|error| unavailable(&error))?;
    fill(connection).map_err(NativeError::Refused)?;
    if began.elapsed() > limit {
        return Err(NativeError::Unavailable(format!("the transaction took longer than {limit:?}")));
    }
    // A database that answers a commit with an error has not carried it out.
    execute("COMMIT").map_err(|error| unavailable(&error))?;
    Ok(())
}

fn unavailable<E>(error: &rusqlite::Error) -> NativeError<E> {
    NativeError::Unavailable(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(60);

    fn native(folder: &tempfile::TempDir) -> Arc<Native> {
        let file = folder.path().join("native.db");
        Connection::open(&file).unwrap().execute_batch("CREATE TABLE t (n INTEGER)").unwrap();
        Arc::new(Native::new(file, Purpose::Writing))
    }

    fn insert(connection: &Connection) -> rusqlite::Result<()> {
        connection.execute("INSERT INTO t VALUES (1)", []).map(|_| ())
    }

    async fn stored(native: &Arc<Native>) -> i64 {
        native
            .call(|connection| connection.query_row("SELECT count(*) FROM t", [], |row| row.get(0)))
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn what_was_refused_is_not_stored_and_the_connection_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let native = native(&folder);
        let refused = native.transact(LIMIT, |connection| {
            insert(connection).unwrap();
            Err("refused")
        });
        assert_eq!(refused.await, Err(NativeError::Refused("refused")));
        native.transact(LIMIT, insert).await.unwrap();
        assert_eq!(stored(&native).await, 1);
        native.close().await;
    }

    #[tokio::test]
    async fn what_is_late_is_not_stored() {
        let folder = tempfile::tempdir().unwrap();
        let native = native(&folder);
        let late = native.transact(Duration::ZERO, insert).await;
        assert!(matches!(late, Err(NativeError::Unavailable(why)) if why.contains("longer than")));
        assert_eq!(stored(&native).await, 0);
        native.close().await;
    }

    #[tokio::test]
    async fn a_connection_whose_user_panics_is_followed_by_another() {
        let folder = tempfile::tempdir().unwrap();
        let native = native(&folder);
        let panicked = native.transact(LIMIT, |connection| -> Result<(), ()> {
            insert(connection).unwrap();
            panic!("planted")
        });
        assert!(matches!(panicked.await, Err(NativeError::Unknown(_))));
        native.call(|_| -> rusqlite::Result<()> { panic!("planted") }).await.unwrap_err();
        native.transact(LIMIT, insert).await.unwrap();
        assert_eq!(stored(&native).await, 1);
        native.close().await;
    }
}
