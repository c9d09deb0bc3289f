//! The database on real SQLite files. With `OTVET_TEST_POSTGRES` or `OTVET_TEST_MYSQL` set to a URL, what is not about SQLite
//! runs there instead, each test in a schema or database of its own.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use sea_orm::sea_query::{Expr, Query};
use sea_orm::{ActiveModelTrait, ConnectionTrait, DbBackend, EntityTrait, PaginatorTrait, Set, Statement};
use sea_orm_migration::MigratorTrait;
use tempfile::TempDir;
use uuid::Uuid;

use super::entities::{
    chat_conversations, chat_guests, chat_meta, chat_people, chat_search_pending, personal_access_tokens,
    users,
};
use super::migrations::Migrator;
use super::{Database, RowId, StoreError};

pub(crate) fn url(dir: &TempDir) -> String {
    format!("sqlite://{}?mode=rwc", dir.path().join("otvet.db").display())
}

/// The URL of an empty database.
pub(crate) async fn fresh(dir: &TempDir) -> String {
    let server =
        ["OTVET_TEST_POSTGRES", "OTVET_TEST_MYSQL"].into_iter().find_map(|name| std::env::var(name).ok());
    let Some(server) = server else { return url(dir) };
    static MADE: AtomicU32 = AtomicU32::new(0);
    let name = format!("test_{}_{}", std::process::id(), MADE.fetch_add(1, Relaxed));
    let db = Database::connect(&server, 1).await.unwrap();
    // To PostgreSQL it is a schema of one database, to MySQL the two are the same.
    let (cascade, url) = match db.backend {
        DbBackend::MySql => ("", format!("{}/{name}", server.rsplit_once('/').unwrap().0)),
        _ => ("CASCADE", format!("{server}?options=-c%20search_path%3D{name}")),
    };
    // Process ids come round again.
    db.write.execute_unprepared(&format!("DROP SCHEMA IF EXISTS {name} {cascade}")).await.unwrap();
    db.write.execute_unprepared(&format!("CREATE SCHEMA {name}")).await.unwrap();
    db.close().await;
    url
}

async fn pragma(connection: &sea_orm::DatabaseConnection, name: &str) -> String {
    let statement = Statement::from_string(DbBackend::Sqlite, format!("PRAGMA {name}"));
    let row = connection.query_one_raw(statement).await.unwrap().unwrap();
    row.try_get_by_index::<String>(0)
        .or_else(|_| row.try_get_by_index::<i64>(0).map(|number| number.to_string()))
        .unwrap()
}

#[tokio::test]
async fn sqlite_is_set_up_to_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let db = Database::connect(&url(&dir), 3).await.unwrap();
    assert_eq!(pragma(&db.write, "journal_mode").await, "wal");
    assert_eq!(pragma(&db.write, "synchronous").await, "2", "FULL");
    assert_eq!(pragma(&db.write, "foreign_keys").await, "1");
    assert_eq!(pragma(&db.write, "busy_timeout").await, "5000");
    assert_eq!(pragma(&db.write, "wal_autocheckpoint").await, "0");
    db.migrate().await.unwrap();
    let written = db.read.execute_unprepared("INSERT INTO chat_meta VALUES ('a', 'b')").await;
    assert!(written.is_err(), "readers must not write");
    db.check().await.unwrap();
    db.close().await;
    assert!(db.check().await.is_err(), "closed");
    assert!(!dir.path().join("otvet.db-wal").exists(), "closing carries the log over");
}

#[tokio::test]
async fn urls_of_nothing_lasting_are_refused() {
    for bad in ["sqlite::memory:", "sqlite://x?mode=memory", "redis://x", "otvet.db", ""] {
        assert!(matches!(Database::connect(bad, 1).await, Err(StoreError::Url(_))), "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn starts_at_once_migrate_once() {
    let dir = tempfile::tempdir().unwrap();
    let fresh = fresh(&dir).await;
    let starts = (0..4).map(|_| {
        let url = fresh.clone();
        tokio::spawn(async move {
            let db = Database::connect(&url, 1).await.unwrap();
            let applied = db.migrate().await.unwrap();
            let epoch = chat_meta::Entity::find_by_id("epoch").one(&db.read).await.unwrap().unwrap().value;
            (applied, epoch)
        })
    });
    let mut outcomes = Vec::new();
    for start in starts.collect::<Vec<_>>() {
        outcomes.push(start.await.unwrap());
    }
    outcomes.sort();
    let (last, others) = outcomes.split_last().unwrap();
    assert_eq!(last.0.len(), 8, "one of them applied everything: {outcomes:?}");
    assert!(others.iter().all(|other| other.0.is_empty() && other.1 == last.1), "{outcomes:?}");
    assert_eq!(last.1.len(), 16);
}

#[tokio::test]
async fn what_the_index_of_searches_lacks_is_listed_by_the_upgrade() {
    let dir = tempfile::tempdir().unwrap();
    let db = Database::connect(&fresh(&dir).await, 1).await.unwrap();
    let id = |n: u128| Uuid::from_u128(n);
    Migrator::up(&db.write, Some(6)).await.unwrap();
    let columns = ["id", "touched_at", "status", "visitor_id", "visitor_role", "visitor_name"];
    let numbers = ["last_seq", "messages", "opened_at", "updated_at"];
    for (n, touched_at) in [(1, 7), (2, 7), (3, 6), (4, 8)] {
        let values = [id(n).into(), touched_at.into()]
            .into_iter()
            .chain(["waiting", "g1", "visitor", "Anna"].map(Expr::value));
        let insert = Query::insert()
            .into_table("chat_conversations")
            .columns(columns.into_iter().chain(numbers))
            .values_panic(values.chain([1; 4].map(Expr::value)))
            .take();
        db.write.execute(&insert).await.unwrap();
    }
    if db.backend == DbBackend::MySql {
        Migrator::up(&db.write, None).await.unwrap();
        assert_eq!(chat_conversations::Entity::find().count(&db.read).await.unwrap(), 4);
        return;
    }
    let mark =
        Query::update().table("chat_search").value("indexed_touched_at", 7).value("indexed_id", id(1)).take();
    db.write.execute(&mark).await.unwrap();
    Migrator::up(&db.write, None).await.unwrap();
    let mut listed = chat_search_pending::Entity::find().all(&db.read).await.unwrap();
    listed.sort_by_key(|pending| pending.conversation_id);
    let expected = [2, 4].map(|n| chat_search_pending::Model { generation: 0, conversation_id: id(n) });
    assert_eq!(listed, expected);
}

#[tokio::test]
async fn tables_of_laravel_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let db = Database::connect(&url(&dir), 1).await.unwrap();
    // A table that an application has extended, and whose token table has yet to be made.
    let theirs = r#"CREATE TABLE "users" ("id" integer primary key autoincrement not null, "name" varchar not null, "email" varchar not null, "email_verified_at" datetime, "password" varchar not null, "remember_token" varchar, "created_at" datetime, "updated_at" datetime, "phone" varchar)"#;
    db.write.execute_unprepared(theirs).await.unwrap();
    db.migrate().await.unwrap();
    let sql = "SELECT sql FROM sqlite_master WHERE name = 'users'";
    let row = db.write.query_one_raw(Statement::from_string(DbBackend::Sqlite, sql)).await.unwrap().unwrap();
    assert_eq!(row.try_get_by_index::<String>(0).unwrap(), theirs);
    assert!(db.migrate().await.unwrap().is_empty());
}

#[tokio::test]
async fn rows_of_laravel_are_read_and_written() {
    let dir = tempfile::tempdir().unwrap();
    let db = Database::connect(&fresh(&dir).await, 1).await.unwrap();
    db.migrate().await.unwrap();
    let insert = "INSERT INTO users (id, name, email, password, created_at) \
                  VALUES (7, 'Анна', 'a@b.c', '$2y$', '2026-01-02 03:04:05')";
    db.write.execute_unprepared(insert).await.unwrap();
    let user = users::Entity::find_by_id(RowId(7)).one(&db.read).await.unwrap().unwrap();
    let created = user.created_at.unwrap();
    assert_eq!((user.id, user.name.as_str(), user.updated_at), (RowId(7), "Анна", None));
    assert_eq!(created.0.to_string(), "2026-01-02 03:04:05");

    let token = personal_access_tokens::ActiveModel {
        tokenable_type: Set("App\\Models\\User".to_owned()),
        tokenable_id: Set(RowId(7)),
        name: Set("web".to_owned()),
        token: Set("ab".repeat(32)),
        created_at: Set(Some(created)),
        ..Default::default()
    };
    let token = token.insert(&db.write).await.unwrap();
    assert_eq!((token.id, token.created_at), (RowId(1), Some(created)));
    // As Laravel writes it: without a fraction, without a zone.
    let text = if db.backend == DbBackend::MySql { "char" } else { "text" };
    let sql = format!("SELECT CAST(created_at AS {text}) FROM personal_access_tokens");
    let row = db.write.query_one_raw(Statement::from_string(db.backend, sql)).await.unwrap().unwrap();
    assert_eq!(row.try_get_by_index::<String>(0).unwrap(), "2026-01-02 03:04:05");

    let person =
        chat_people::ActiveModel { user_id: Set(7), role: Set("admin".to_owned()), disabled_at: Set(None) };
    person.insert(&db.write).await.unwrap();
    assert_eq!(chat_people::Entity::find_by_id(7).one(&db.read).await.unwrap().unwrap().role, "admin");
    for id in 1..=2 {
        let guest = chat_guests::ActiveModel {
            name: Set("Гость".to_owned()),
            created_at: Set(1),
            ..Default::default()
        };
        assert_eq!(guest.insert(&db.write).await.unwrap().id, id);
    }
}

#[tokio::test]
async fn the_log_is_carried_over_in_the_background() {
    let dir = tempfile::tempdir().unwrap();
    let db = Database::connect(&url(&dir), 1).await.unwrap();
    db.migrate().await.unwrap();
    // 140 MiB: left alone, the log would stay as long as that. Carried over, it begins anew with the next commit.
    db.write.execute_unprepared("CREATE TABLE t (b BLOB)").await.unwrap();
    for _ in 0..7 {
        db.write.execute_unprepared("INSERT INTO t VALUES (zeroblob(20 << 20))").await.unwrap();
    }
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(30);
    let length = Statement::from_string(db.backend, "PRAGMA wal_checkpoint(NOOP)");
    loop {
        assert!(tokio::time::Instant::now() < deadline, "the log never began anew");
        let transaction = db.begin().await.unwrap();
        transaction.execute_unprepared("INSERT INTO t VALUES (NULL)").await.unwrap();
        transaction.commit().await.unwrap();
        let row = db.write.query_one_raw(length.clone()).await.unwrap().unwrap();
        if row.try_get_by_index::<i64>(1).unwrap() < 32_768 {
            break;
        }
        tokio::task::yield_now().await;
    }
    db.close().await;
}
