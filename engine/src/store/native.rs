//! A connection to a SQLite file beside the pools, with a thread of its own that carries out whole transactions. A pool's
//! connection is asked for each statement from another thread, and owns a copy of each value; where thousands of rows a
//! second are written, that costs more than SQLite does.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use super::BUSY_TIMEOUT;

/// Statements whose plans are kept: more than all users of it have.
const PLANS: usize = 32;

/// Pages kept in memory, in KiB: each message changes about twenty pages, of ten thousands in a large database.
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

/// Gets the connection, or why there is none; gives it back if it can be used again.
type Job = Box<dyn FnOnce(rusqlite::Result<Connection>) -> Option<Connection> + Send>;

/// What a thread is for.
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

/// The way to the thread, which starts with the first job.
pub(crate) struct Native {
    file: PathBuf,
    purpose: Purpose,
    thread: Mutex<Option<(mpsc::Sender<Job>, JoinHandle<()>)>>,
}

impl fmt::Debug for Native {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Native").field("file", &self.file).finish_non_exhaustive()
    }
}

impl Native {
    /// On a file that a pool has opened: it is there, and has a write-ahead log.
    pub fn new(file: PathBuf, purpose: Purpose) -> Self {
        Self { file, purpose, thread: Mutex::new(None) }
    }

    /// Carries out a transaction that `fill` fills. It may take `limit`, and then its commit as long again. Whoever wants
    /// to write through a pool at the same time waits for SQLite's own lock, which is not fair: see [`super::turn::Turn`].
    pub async fn transact<E: Send + 'static>(
        &self,
        limit: Duration,
        fill: impl FnOnce(&Connection) -> Result<(), E> + Send + 'static,
    ) -> Result<(), NativeError<E>> {
        let began = Instant::now();
        let late = || NativeError::Unavailable(format!("the transaction took longer than {limit:?}"));
        let gone = |_| NativeError::Unknown("the thread that writes is gone".to_owned());
        let phase = Arc::new(Phase::default());
        let (answer, mut answered) = oneshot::channel();
        let job: Job = {
            let phase = Arc::clone(&phase);
            Box::new(move |opened| {
                let connection = match opened {
                    Ok(connection) => connection,
                    Err(error) => {
                        let _ = answer.send(Err(unavailable(&error)));
                        return None;
                    }
                };
                let outcome = carry_out(&connection, &phase, fill);
                // Before the answer: whoever is told that nothing was stored finds the lock free.
                let usable = connection.is_autocommit() || connection.execute_batch("ROLLBACK").is_ok();
                let _ = answer.send(outcome);
                usable.then_some(connection)
            })
        };
        match timeout_at(began + limit, self.jobs().send(job)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(NativeError::Unavailable("the thread that writes is gone".to_owned())),
            Err(_) => return Err(late()),
        }
        if let Ok(outcome) = timeout_at(began + limit, &mut answered).await {
            return outcome.map_err(gone)?;
        }
        let Some(commit_began) = phase.abandon() else { return Err(late()) };
        match timeout_at(commit_began + limit, answered).await {
            Ok(outcome) => outcome.map_err(gone)?,
            Err(_) => Err(NativeError::Unknown(format!("the commit took longer than {limit:?}"))),
        }
    }

    /// Carries out something outside of a transaction, however long it takes.
    ///
    /// # Errors
    /// SQLite's, in its words, or that the thread is gone.
    pub async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, String> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |opened| {
            let done = opened.and_then(|connection| Ok((work(&connection)?, connection)));
            let (outcome, connection) = match done {
                Ok((value, connection)) => (Ok(value), Some(connection)),
                // It is opened anew for the next.
                Err(error) => (Err(error.to_string()), None),
            };
            // Nobody waits any more: it is done all the same.
            let _ = answer.send(outcome);
            connection
        });
        let gone = "the thread of the database is gone";
        self.jobs().send(job).await.map_err(|_| gone.to_owned())?;
        answered.await.map_err(|_| gone.to_owned())?
    }

    fn jobs(&self) -> mpsc::Sender<Job> {
        let mut thread = self.thread.lock();
        if let Some((jobs, _)) = &*thread
            && !jobs.is_closed()
        {
            return jobs.clone();
        }
        // One is under way, one waits.
        let (jobs, todo) = mpsc::channel(1);
        let (file, purpose) = (self.file.clone(), self.purpose);
        let name = match purpose {
            Purpose::Writing => "sqlite-writer",
            Purpose::Background => "sqlite-log",
        };
        let thread_of = std::thread::Builder::new().name(name.to_owned());
        let handle = thread_of.spawn(move || run(&file, purpose, todo)).expect("there is room for a thread");
        *thread = Some((jobs.clone(), handle));
        jobs
    }

    /// Ends the thread and closes its connection, once what was begun is done.
    pub async fn close(&self) {
        let Some((jobs, handle)) = self.thread.lock().take() else { return };
        drop(jobs);
        let ended = tokio::task::spawn_blocking(move || handle.join()).await;
        if !matches!(ended, Ok(Ok(()))) {
            tracing::warn!(purpose = ?self.purpose, "a thread of the database ended badly");
        }
    }
}

fn run(file: &PathBuf, purpose: Purpose, mut todo: mpsc::Receiver<Job>) {
    let mut connection = None;
    while let Some(job) = todo.blocking_recv() {
        let opened = connection.take().map_or_else(|| open(file, purpose), Ok);
        connection = job(opened);
    }
}

/// Opens it as the pool for writing does, see [`super::Database::connect`].
fn open(file: &PathBuf, purpose: Purpose) -> rusqlite::Result<Connection> {
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
    phase: &Phase,
    fill: impl FnOnce(&Connection) -> Result<(), E>,
) -> Result<(), NativeError<E>> {
    let execute = |sql| connection.prepare_cached(sql)?.execute([]);
    // Taking the lock later, in the middle, could fail at once instead of waiting for it.
    execute("BEGIN IMMEDIATE").map_err(|error| unavailable(&error))?;
    fill(connection).map_err(NativeError::Refused)?;
    if !phase.commit() {
        return Err(NativeError::Unavailable("nobody waits for it any more".to_owned()));
    }
    // A database that answers a commit with an error has not carried it out.
    execute("COMMIT").map_err(|error| unavailable(&error))?;
    Ok(())
}

fn unavailable<E>(error: &rusqlite::Error) -> NativeError<E> {
    NativeError::Unavailable(error.to_string())
}

/// How far a transaction has come: of its thread and of who waits for it, only one may end its filling.
#[derive(Debug, Default)]
struct Phase(Mutex<Step>);

#[derive(Debug, Default)]
enum Step {
    #[default]
    Filling,
    Committing(Instant),
    Abandoned,
}

impl Phase {
    /// Whether the commit may begin.
    fn commit(&self) -> bool {
        let mut step = self.0.lock();
        let wanted = matches!(*step, Step::Filling);
        if wanted {
            *step = Step::Committing(Instant::now());
        }
        wanted
    }

    /// Sees to it that no commit will begin, or tells when it began.
    fn abandon(&self) -> Option<Instant> {
        let mut step = self.0.lock();
        match *step {
            Step::Committing(since) => Some(since),
            Step::Filling | Step::Abandoned => {
                *step = Step::Abandoned;
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    const LIMIT: Duration = Duration::from_millis(50);

    fn native(folder: &tempfile::TempDir) -> Native {
        let file = folder.path().join("native.db");
        Connection::open(&file).unwrap().execute_batch("CREATE TABLE t (n INTEGER)").unwrap();
        Native::new(file, Purpose::Writing)
    }

    fn insert(connection: &Connection) -> rusqlite::Result<()> {
        connection.execute("INSERT INTO t VALUES (1)", []).map(|_| ())
    }

    async fn stored(native: &Native) -> i64 {
        let (told, count) = channel();
        let count_all = move |connection: &Connection| {
            let all = connection.query_row("SELECT count(*) FROM t", [], |row| row.get(0))?;
            told.send(all).unwrap();
            Ok::<_, rusqlite::Error>(())
        };
        native.transact(Duration::from_secs(60), count_all).await.unwrap();
        count.recv().unwrap()
    }

    #[tokio::test]
    async fn what_was_refused_is_not_stored_and_the_connection_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let native = native(&folder);
        let refused = native.transact(Duration::from_secs(60), |connection| {
            insert(connection).unwrap();
            Err("refused")
        });
        assert_eq!(refused.await, Err(NativeError::Refused("refused")));
        native.transact(Duration::from_secs(60), insert).await.unwrap();
        assert_eq!(stored(&native).await, 1);
        native.close().await;
    }

    #[tokio::test]
    async fn what_is_late_is_not_stored() {
        let folder = tempfile::tempdir().unwrap();
        let native = native(&folder);
        let (go_on, wait) = channel();
        let late = native.transact(LIMIT, move |connection| {
            insert(connection).unwrap();
            wait.recv().unwrap();
            Ok::<_, ()>(())
        });
        assert!(matches!(late.await, Err(NativeError::Unavailable(why)) if why.contains("longer than")));
        go_on.send(()).unwrap();
        assert_eq!(stored(&native).await, 0);
        native.close().await;
    }

    #[tokio::test]
    async fn a_thread_that_panics_is_followed_by_another() {
        let folder = tempfile::tempdir().unwrap();
        let native = native(&folder);
        let gone = native.transact(Duration::from_secs(60), |_| -> Result<(), ()> { panic!("planted") });
        assert!(matches!(gone.await, Err(NativeError::Unknown(_))));
        let closed = native.thread.lock().as_ref().unwrap().0.clone();
        closed.closed().await;
        native.transact(Duration::from_secs(60), insert).await.unwrap();
        assert_eq!(stored(&native).await, 1);
        native.close().await;
    }
}
