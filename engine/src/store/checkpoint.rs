//! SQLite's write-ahead log is carried into the database file by a connection of its own, so that commits wait for the end
//! of it only.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::native::Native;
use super::turn::Turns;

/// How often to look how long the log is: one pragma, answered from shared memory.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// A log of so many pages is carried over to its end, so that it begins anew: 128 MiB with SQLite's usual pages. What is
/// written again and again is carried over once then, and a log that begins anew is written into blocks that it has.
const LONG: u32 = 32_768;
/// A shorter one waits this long, so that few commits do not cost a checkpoint each.
const CHECKPOINT_AFTER: Duration = Duration::from_secs(5);
/// How often to try to make the database file durable beside the writers. Most of the time once is enough.
const TRIES: usize = 2;
/// A file of this size is cut once nobody writes. Somebody has been reading one snapshot for long, and nothing could begin
/// anew; while it is written to, its size harms nobody, and cutting takes tens of milliseconds.
const LARGE_BYTES: u64 = 256 << 20;

/// A write-ahead log, and who works on it.
pub(super) struct Log {
    /// For checkpoints beside the writers.
    background: Arc<Native>,
    /// For those that writers wait for.
    writing: Arc<Native>,
    /// Whose turn it is to write.
    turns: Turns,
    /// Where it is.
    file: PathBuf,
    /// In pages.
    long: u32,
    large_bytes: u64,
}

/// How long a log is, in pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Length {
    /// Since it has begun anew.
    written: u32,
    /// Of these.
    carried_over: u32,
}

/// A log that may not begin anew although all of it was carried over: somebody reads a snapshot of it, or somebody other than
/// the journal had begun to write before the end and committed after it. It is carried over once more at the next look,
/// while nobody may write; if it goes on even so, it is a reader's, who may stay for long: then once it is longer by as much
/// again, and not at every look.
#[derive(Debug, Clone, Copy)]
struct Stuck {
    /// How long it was, in pages.
    at: u32,
    /// Whether it has been carried over once more.
    once_more: bool,
}

impl Log {
    /// The log of a database file that has one.
    pub fn of(database: &Path, background: Arc<Native>, writing: Arc<Native>, turns: Turns) -> Self {
        let mut file = database.as_os_str().to_owned();
        file.push("-wal");
        Self { background, writing, turns, file: PathBuf::from(file), long: LONG, large_bytes: LARGE_BYTES }
    }

    /// Checkpoints until `stop` says so or is dropped.
    pub async fn keep_short(self, mut stop: watch::Receiver<bool>) {
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last = Instant::now();
        let mut stuck = None;
        loop {
            tokio::select! {
                _ = stop.wait_for(|stopped| *stopped) => break,
                _ = looks.tick() => {}
            }
            let worked = self.look(&mut stuck, last.elapsed() >= CHECKPOINT_AFTER).await;
            if !matches!(worked, Ok(false)) {
                last = Instant::now();
            }
            if let Err(error) = worked {
                tracing::warn!(error, "the write-ahead log cannot be carried over");
            }
        }
        // Best effort: whatever is left in the log is carried over by SQLite at the next start.
        if let Err(error) = checkpoint(&self.background, "TRUNCATE").await {
            tracing::debug!(error, "the last checkpoint failed");
        }
    }

    /// Whether there was anything to do. What is not urgent is done when it is `time`.
    async fn look(&self, stuck: &mut Option<Stuck>, time: bool) -> Result<bool, String> {
        let length = checkpoint(&self.background, "NOOP").await?;
        if stuck.is_some_and(|stuck| length.written < stuck.at) {
            *stuck = None;
        }
        let more = length.written - stuck.map_or(0, |stuck| stuck.at);
        let once_more = more > 0 && stuck.is_some_and(|stuck| !stuck.once_more);
        if once_more || more >= self.long {
            let at = self.carry_over_all(length, once_more).await?;
            // It goes on from there, unless it begins anew.
            *stuck = at.map(|at| Stuck { at, once_more });
        } else if !time {
            return Ok(false);
        } else if length.carried_over < length.written {
            checkpoint(&self.background, "PASSIVE").await?;
        } else if tokio::fs::metadata(&self.file).await.is_ok_and(|file| file.len() > self.large_bytes) {
            // Out of turn it may come through as well.
            let _turn = self.turns.take().await.ok();
            checkpoint(&self.background, "TRUNCATE").await?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// Carries everything over, so that the next writer begins the log anew. How long it was then, unless it has begun anew
    /// already.
    ///
    /// SQLite makes the database file durable, which takes longest, only if nothing was committed while it copied. So most is
    /// copied beside the writers; then what little has come meanwhile, begun right behind a commit, is copied before the
    /// next has come, and made durable beside the writers; and they wait only for what has come since. It is the journal that
    /// is kept from writing then, by its connection being in use. Others write little, and are kept out as well only if that
    /// is `once_more` or one of them came in between.
    async fn carry_over_all(&self, length: Length, once_more: bool) -> Result<Option<u32>, String> {
        checkpoint(&self.background, "PASSIVE").await?;
        for _ in 0..TRIES {
            let writing = Arc::clone(&self.writing);
            let copied = self.background.call(move |connection| {
                writing.wait_for_free();
                run(connection, "PASSIVE")
            });
            copied.await?;
        }
        if !once_more {
            checkpoint(&self.writing, "PASSIVE").await?;
        }
        let now = checkpoint(&self.background, "NOOP").await?;
        // Whoever writes for very long has to be gone another time; or everything is being closed.
        if (once_more || now.written >= length.written && now.carried_over < now.written)
            && let Ok(_turn) = self.turns.take().await
        {
            checkpoint(&self.writing, "PASSIVE").await?;
        }
        let now = checkpoint(&self.background, "NOOP").await?;
        Ok((now.written >= length.written).then_some(now.written))
    }
}

async fn checkpoint(on: &Arc<Native>, mode: &'static str) -> Result<Length, String> {
    on.call(move |connection| run(connection, mode)).await
}

/// How long the log was at the checkpoint's begin. Of what is written meanwhile it does not tell.
fn run(connection: &Connection, mode: &str) -> rusqlite::Result<Length> {
    connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| {
        // Both are -1 where there is no log.
        let pages = |column| Ok::<_, rusqlite::Error>(u32::try_from(row.get::<_, i64>(column)?).unwrap_or(0));
        Ok(Length { written: pages(1)?, carried_over: pages(2)? })
    })
}

#[cfg(test)]
mod tests {
    use sea_orm::{ConnectionTrait, TransactionTrait};

    use super::super::{Database, native::Purpose};
    use super::*;

    const LONG: u32 = 100;

    struct Stand {
        db: Database,
        log: Log,
        stuck: Option<Stuck>,
        folder: tempfile::TempDir,
    }

    impl Stand {
        async fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("otvet.db");
            let db = Database::connect(&format!("sqlite://{}?mode=rwc", file.display()), 1).await.unwrap();
            db.write.execute_unprepared("CREATE TABLE t (b BLOB)").await.unwrap();
            let background = Arc::new(Native::new(file.clone(), Purpose::Background));
            let log = Log::of(&file, background, db.native.clone().unwrap(), db.turns.clone());
            Self { db, log: Log { long: LONG, large_bytes: 1 << 20, ..log }, stuck: None, folder }
        }

        /// Writes more than so many pages.
        async fn write(&self, pages: u32) {
            let sql = format!("INSERT INTO t VALUES (zeroblob({pages} * 4096))");
            self.db.write.execute_unprepared(&sql).await.unwrap();
        }

        async fn look(&mut self, time: bool) -> bool {
            self.log.look(&mut self.stuck, time).await.unwrap()
        }

        async fn written(&self) -> u32 {
            checkpoint(&self.log.background, "NOOP").await.unwrap().written
        }

        fn bytes(&self) -> u64 {
            std::fs::metadata(self.folder.path().join("otvet.db-wal")).unwrap().len()
        }

        async fn close(self) {
            self.log.background.close().await;
            self.db.close().await;
        }
    }

    #[tokio::test]
    async fn a_long_log_begins_anew_and_a_short_one_waits_for_its_time() {
        let mut stand = Stand::new().await;
        stand.write(LONG / 2).await;
        assert!(!stand.look(false).await, "too short");
        stand.write(LONG).await;
        assert!(stand.look(false).await);
        stand.write(1).await;
        assert!(stand.written().await < 10, "it began anew");
        assert!(!stand.look(false).await);
        assert!(stand.look(true).await, "what is little is carried over in time");
        assert!(!stand.look(true).await, "there is nothing left");
        stand.close().await;
    }

    #[tokio::test]
    async fn writers_are_not_held_up_again_and_again_because_of_one_reader() {
        let mut stand = Stand::new().await;
        let reader = stand.db.read.begin().await.unwrap();
        reader
            .query_one_raw(sea_orm::Statement::from_string(sea_orm::DbBackend::Sqlite, "SELECT 1 FROM t"))
            .await
            .unwrap();
        stand.write(LONG).await;
        assert!(stand.look(false).await);
        stand.write(1).await;
        assert!(stand.written().await > LONG, "the reader needs what is in it");
        assert!(stand.look(false).await, "it may have been a writer");
        stand.write(1).await;
        assert!(!stand.look(false).await);
        reader.commit().await.unwrap();
        stand.write(LONG).await;
        assert!(stand.look(false).await, "it is longer by as much again");
        stand.write(1).await;
        assert!(stand.written().await < 10, "it began anew");
        stand.close().await;
    }

    #[tokio::test]
    async fn a_writer_at_the_end_of_a_checkpoint_does_not_keep_the_log_for_long() {
        let mut stand = Stand::new().await;
        stand.write(LONG).await;
        let transaction = stand.db.begin().await.unwrap();
        transaction.execute_unprepared("INSERT INTO t VALUES (1)").await.unwrap();
        assert!(stand.look(false).await);
        assert!(!stand.look(false).await, "nothing has come since");
        transaction.commit().await.unwrap();
        assert!(stand.written().await > LONG, "it went on where it had begun");
        assert!(stand.look(false).await, "once more");
        stand.write(1).await;
        assert!(stand.written().await < 10, "it began anew");
        assert!(!stand.look(false).await);
        stand.close().await;
    }

    #[tokio::test]
    async fn a_large_file_is_cut_once_nobody_writes() {
        let mut stand = Stand::new().await;
        stand.write(LONG * 4).await;
        assert!(
            stand.look(false).await && stand.bytes() > 1 << 20,
            "all of it is carried over, and the file stays"
        );
        assert!(stand.look(true).await);
        assert_eq!(stand.bytes(), 0);
        assert!(!stand.look(true).await);
        stand.close().await;
    }

    #[tokio::test]
    async fn the_journal_is_kept_out_without_a_turn() {
        let mut stand = Stand::new().await;
        let native = stand.db.native.clone().unwrap();
        let sql = format!("INSERT INTO t VALUES (zeroblob({LONG} * 4096))");
        native.call(move |connection| connection.execute_batch(&sql)).await.unwrap();
        let turns = stand.db.turns.clone();
        let turn = turns.take().await.unwrap();
        tokio::select! {
            biased;
            // It asks first, and so is the first to be told that there is none to be had.
            _ = turns.take() => panic!("the checkpoint waited for a turn"),
            worked = stand.look(false) => assert!(worked),
        }
        native.call(|connection| connection.execute_batch("INSERT INTO t VALUES (1)")).await.unwrap();
        assert!(stand.written().await < 10, "it began anew");
        drop(turn);
        stand.close().await;
    }

    #[tokio::test]
    async fn busy_writers_do_not_keep_the_log_from_beginning_anew() {
        let mut stand = Stand::new().await;
        let (db, busy) = (stand.db.clone(), Arc::new(std::sync::atomic::AtomicBool::new(true)));
        let go_on = Arc::clone(&busy);
        let writer = tokio::spawn(async move {
            while go_on.load(std::sync::atomic::Ordering::Relaxed) {
                let transaction = db.begin().await.unwrap();
                transaction.execute_unprepared("INSERT INTO t VALUES (zeroblob(20000))").await.unwrap();
                transaction.commit().await.unwrap();
            }
        });
        let mut begun_anew = 0;
        let mut before = 0;
        let deadline = Instant::now() + Duration::from_secs(30);
        while begun_anew < 3 {
            assert!(Instant::now() < deadline, "the log never began anew");
            stand.look(false).await;
            let now = stand.written().await;
            begun_anew += u32::from(now < before);
            before = now;
            tokio::task::yield_now().await;
        }
        busy.store(false, std::sync::atomic::Ordering::Relaxed);
        writer.await.unwrap();
        stand.close().await;
    }
}
