//! The journal beside the same rows written by rusqlite into the same tables, and what one bare commit costs; and on
//! PostgreSQL beside sqlx.

#![allow(missing_docs, reason = "criterion's macros make undocumented items")]
#![allow(clippy::print_stdout, reason = "what is left out is said")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use futures_util::future::join_all;
use otvet_benches::bare_mysql::BareMySql;
use otvet_benches::bare_postgres::BarePostgres;
use otvet_benches::bare_sqlite::{BareSqlite, Rows};
use otvet_benches::group_rows::BareWriter;
use otvet_benches::house::{journal, journal_at};
use otvet_benches::mysql_server::MySqlServer;
use otvet_benches::postgres_server::PostgresServer;
use otvet_benches::talk::Talk;
use otvet_engine::ids::PersonId;
use otvet_engine::journal::{Batch, Journal};
use sea_orm::sqlx::Error as SqlxError;
use tokio::runtime::Runtime;

fn talks(count: usize) -> Vec<Talk> {
    (0..count).map(Talk::new).collect()
}

fn batch(rows: Rows, by: PersonId) -> Batch {
    let conversation = rows.after.id;
    Batch {
        conversation,
        events: rows.events,
        after: Arc::new(rows.after),
        changed_participants: vec![by],
        key_owners: vec![by],
    }
}

/// Each conversation commits its next batch as soon as its last is durable. Deciding what to write is not part of it.
async fn closed_loop(journal: &Journal, talks: &mut [Talk], messages: u64, rounds: u64) -> Duration {
    let decided = talks
        .iter_mut()
        .map(|talk| (0..rounds).map(|_| batch(talk.next(messages), talk.by)).collect::<Vec<_>>());
    let decided: Vec<_> = decided.collect();
    let began = Instant::now();
    join_all(decided.into_iter().map(async |batches| {
        for batch in batches {
            journal.commit(batch).await.expect("nobody else writes");
        }
    }))
    .await;
    began.elapsed()
}

fn groups(c: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime starts");
    let mut group = c.benchmark_group("journal");
    group.sample_size(20);
    for (name, conversations, messages) in
        [("256 conversations", 256, 1), ("1 conversation", 1, 128), ("one message", 1, 1)]
    {
        group.throughput(Throughput::Elements(conversations as u64 * messages));
        let (journal, database, files) = runtime.block_on(journal());
        let mut all = talks(conversations);
        runtime.block_on(closed_loop(&journal, &mut all, messages, 1));
        group.bench_function(BenchmarkId::new("otvet", name), |b| {
            b.iter_custom(|rounds| runtime.block_on(closed_loop(&journal, &mut all, messages, rounds)));
        });
        runtime.block_on(async {
            journal.close().await;
            database.close().await;
        });
        drop(files);
        let files = runtime.block_on(empty());
        let mut bare = BareSqlite::open(&files.path().join("bench.db")).expect("it is a database");
        let mut all = talks(conversations);
        bare_rounds(&mut bare, &mut all, messages, 1);
        group.bench_function(BenchmarkId::new("rusqlite", name), |b| {
            b.iter_custom(|rounds| bare_rounds(&mut bare, &mut all, messages, rounds));
        });
    }
    group.finish();
}

/// The same on PostgreSQL.
fn groups_in_postgres(c: &mut Criterion) {
    match PostgresServer::start() {
        Ok(server) => groups_on_a_server(c, "PostgreSQL", &server.url(), BarePostgres::connect),
        Err(reason) => println!("left out, the journal on PostgreSQL: {reason}"),
    }
}

/// The same on MySQL, which here is MariaDB.
fn groups_in_mysql(c: &mut Criterion) {
    match MySqlServer::start() {
        Ok(server) => groups_on_a_server(c, "MySQL", &server.url(), BareMySql::connect),
        Err(reason) => println!("left out, the journal on MySQL: {reason}"),
    }
}

fn groups_on_a_server<W: BareWriter>(
    c: &mut Criterion,
    database_name: &str,
    url: &str,
    connect: impl AsyncFnOnce(&str) -> Result<W, SqlxError>,
) {
    let runtime = Runtime::new().expect("a runtime starts");
    let mut group = c.benchmark_group(format!("journal on {database_name}"));
    group.sample_size(20);
    let (journal, database) = runtime.block_on(journal_at(url));
    let mut bare = runtime.block_on(connect(url)).expect("it has answered before");
    // Both in one database, and so with the same load beside them: none.
    let (mut first, seconds) = (0, 1 << 20);
    for (name, conversations, messages) in [("256 conversations", 256, 1), ("1 conversation", 1, 128)] {
        group.throughput(Throughput::Elements(conversations as u64 * messages));
        let mut all: Vec<Talk> = (first..first + conversations).map(Talk::new).collect();
        runtime.block_on(closed_loop(&journal, &mut all, messages, 1));
        group.bench_function(BenchmarkId::new("otvet", name), |b| {
            b.iter_custom(|rounds| runtime.block_on(closed_loop(&journal, &mut all, messages, rounds)));
        });
        let numbers = seconds + first..seconds + first + conversations;
        let mut all: Vec<Talk> = numbers.map(Talk::new).collect();
        runtime.block_on(bare_server_rounds(&mut bare, &mut all, messages, 1));
        group.bench_function(BenchmarkId::new("sqlx", name), |b| {
            b.iter_custom(|rounds| {
                runtime.block_on(bare_server_rounds(&mut bare, &mut all, messages, rounds))
            });
        });
        first += conversations;
    }
    runtime.block_on(async {
        journal.close().await;
        drop(bare);
        database.close().await;
    });
    group.finish();
}

/// What is committed one after the other, in groups of at most 128 conversations. As on the other side all of it is decided
/// beforehand, so that neither finds it in the processor's caches.
fn decided(talks: &mut [Talk], messages: u64, rounds: u64) -> Vec<Vec<Rows>> {
    let mut decided = Vec::new();
    for _ in 0..rounds {
        for some in talks.chunks_mut(128) {
            decided.push(some.iter_mut().map(|talk| talk.next(messages)).collect());
        }
    }
    decided
}

async fn bare_server_rounds(
    bare: &mut impl BareWriter,
    talks: &mut [Talk],
    messages: u64,
    rounds: u64,
) -> Duration {
    let decided = decided(talks, messages, rounds);
    let began = Instant::now();
    for rows in &decided {
        bare.commit(rows).await.expect("nobody else writes");
    }
    began.elapsed()
}

/// A migrated database that nobody has open.
async fn empty() -> tempfile::TempDir {
    let (journal, database, files) = journal().await;
    journal.close().await;
    database.close().await;
    files
}

fn bare_rounds(bare: &mut BareSqlite, talks: &mut [Talk], messages: u64, rounds: u64) -> Duration {
    let decided = decided(talks, messages, rounds);
    let began = Instant::now();
    for rows in &decided {
        bare.commit(rows).expect("nobody else writes");
    }
    began.elapsed()
}

criterion_group!(benches, groups, groups_in_postgres, groups_in_mysql);
criterion_main!(benches);
