//! A database that refuses, and one that closes.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::*;
use crate::journal::CommitError;

#[tokio::test]
async fn a_locked_database_refuses_and_recovers() {
    let fixture = Fixture::on_sqlite().await;
    let anna = visitor(1);
    let mut writer = Writer::new(id(1));
    fixture.journal.commit(writer.opened(&anna, "k1", None, "question")).await.unwrap();
    let before = writer.state.clone();

    let other = Database::connect(&fixture.url, 1).await.unwrap();
    other.write.execute_unprepared("BEGIN IMMEDIATE").await.unwrap();
    let refused = fixture.journal.commit(writer.batch(vec![message(&anna, "k2", "locked out")])).await;
    assert!(matches!(&refused, Err(CommitError::Unavailable(why)) if why.contains("locked")), "{refused:?}");
    assert_eq!(
        fixture.journal.load(id(1), &Rules::default()).await.unwrap().unwrap(),
        before,
        "reading goes on"
    );
    assert_eq!(fixture.journal.counters().get().failures, 1);

    other.write.execute_unprepared("ROLLBACK").await.unwrap();
    writer.state = before;
    fixture.journal.commit(writer.batch(vec![message(&anna, "k2", "let in")])).await.unwrap();
    assert_eq!(fixture.journal.load(id(1), &Rules::default()).await.unwrap().unwrap(), writer.state);
    other.close().await;
}

#[tokio::test]
async fn a_full_database_refuses_and_recovers() {
    let fixture = Fixture::on_sqlite().await;
    let anna = visitor(1);
    let mut writer = Writer::new(id(1));
    fixture.journal.commit(writer.opened(&anna, "k1", None, "question")).await.unwrap();
    let before = writer.state.clone();
    let pages = Statement::from_string(DbBackend::Sqlite, "PRAGMA page_count");
    let pages: i64 =
        fixture.db.write.query_one_raw(pages).await.unwrap().unwrap().try_get_by_index(0).unwrap();
    fixture.pragma(&format!("max_page_count = {pages}")).await;
    let big = writer.batch(vec![message(&anna, "k2", &"x".repeat(100_000))]);
    let refused = fixture.journal.commit(big).await;
    assert!(matches!(&refused, Err(CommitError::Unavailable(why)) if why.contains("full")), "{refused:?}");

    fixture.pragma("max_page_count = 1000000").await;
    writer.state = before;
    fixture.journal.commit(writer.batch(vec![message(&anna, "k2", "small")])).await.unwrap();
    assert_eq!(log(&fixture.db).await.len(), 3);
}

#[tokio::test]
async fn what_is_acknowledged_after_the_disk_was_full_is_stored() {
    let fixture = Fixture::on_sqlite().await;
    let anna = visitor(1);
    let mut writer = Writer::new(id(1));
    fixture.journal.commit(writer.opened(&anna, "k1", None, "question")).await.unwrap();
    let before = writer.state.clone();
    fixture.pragma("max_page_count = 1").await;
    let big = writer.batch(vec![message(&anna, "k2", &"x".repeat(100_000))]);
    fixture.journal.commit(big).await.unwrap_err();
    fixture.pragma("max_page_count = 1000000").await;
    // SQLite has ended that transaction by itself. What is rolled back next must end, too: or all that follows is
    // acknowledged inside a transaction that nobody commits.
    let refused = fixture.journal.commit(Writer::new(id(1)).opened(&anna, "k1", None, "another")).await;
    assert!(matches!(refused, Err(CommitError::KeysInUse(_))), "{refused:?}");
    writer.state = before;
    fixture.journal.commit(writer.batch(vec![message(&anna, "k2", "small")])).await.unwrap();
    let stored = fixture.journal.load(id(1), &Rules::default()).await.unwrap().unwrap();
    assert_eq!(stored, writer.state, "seen by another connection");
}

#[tokio::test]
async fn a_read_only_database_refuses_and_recovers() {
    let fixture = Fixture::on_sqlite().await;
    let anna = visitor(1);
    fixture.pragma("query_only = ON").await;
    let mut writer = Writer::new(id(1));
    let refused = fixture.journal.commit(writer.opened(&anna, "k1", None, "question")).await;
    assert!(
        matches!(&refused, Err(CommitError::Unavailable(why)) if why.contains("readonly")),
        "{refused:?}"
    );
    fixture.pragma("query_only = OFF").await;
    let mut writer = Writer::new(id(1));
    fixture.journal.commit(writer.opened(&anna, "k1", None, "question")).await.unwrap();
}

#[tokio::test]
async fn closing_stores_what_was_handed_over_and_refuses_the_rest() {
    let fixture = Fixture::new().await;
    let commits: Vec<_> = (1..=20)
        .map(|n| {
            let journal = fixture.journal.clone();
            let batch = Writer::new(id(n)).opened(&visitor(n.into()), "k", None, "question");
            tokio::spawn(async move { journal.commit(batch).await })
        })
        .collect();
    tokio::task::yield_now().await;
    fixture.journal.close().await;
    let mut stored = 0;
    for commit in commits {
        match commit.await.unwrap() {
            Ok(()) => stored += 1,
            Err(error) => assert!(matches!(error, CommitError::Unavailable(_)), "{error}"),
        }
    }
    assert!(stored > 0, "some were handed over before");
    assert_eq!(log(&fixture.db).await.len(), 2 * stored, "acknowledged is stored, refused is not");
    let late = fixture.journal.commit(Writer::new(id(99)).opened(&visitor(99), "k", None, "x")).await;
    assert!(matches!(late, Err(CommitError::Unavailable(_))));
    fixture.journal.close().await;
    assert!(fixture.journal.load(id(99), &Rules::default()).await.unwrap().is_none(), "reading goes on");
}

#[tokio::test]
async fn what_is_no_event_of_a_conversation_is_refused() {
    let fixture = Fixture::new().await;
    let mut writer = Writer::new(id(1));
    fixture.journal.commit(writer.opened(&visitor(1), "k", None, "x")).await.unwrap();
    let refused = fixture.journal.commit(writer.batch(vec![EventKind::Hidden])).await;
    assert!(matches!(refused, Err(CommitError::Unavailable(_))));
    assert_eq!(log(&fixture.db).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_has_to_give_way_to_another_node_tries_again() {
    let fixture = Fixture::new().await;
    if fixture.db.backend != DbBackend::MySql {
        // SQLite has one writer at a time. Of PostgreSQL's two nobody can say which one has to give way.
        return;
    }
    let event = |of: u8, seq: u32| {
        let id = id(of).0.simple();
        format!("(x'{id}', {seq}, 1, 'message', 'u9', 'visitor', 'Nobody', NULL, 'never stored', NULL)")
    };
    let insert = |rows: &[String]| {
        let columns =
            "conversation_id, seq, at, kind, actor_id, actor_role, actor_name, idem_key, body, extra";
        format!("INSERT INTO chat_events ({columns}) VALUES {}", rows.join(", "))
    };
    // Has more to lose than the journal, so that it may stay; holds the second conversation, and wants the first.
    let other = fixture.db.begin().await.unwrap();
    let much: Vec<_> = (1..=100).map(|seq| event(9, seq)).chain([event(2, 1)]).collect();
    other.execute_unprepared(&insert(&much)).await.unwrap();
    let (mut one, mut two) = (Writer::new(id(1)), Writer::new(id(2)));
    let batches = [one.opened(&visitor(1), "k", None, "first"), two.opened(&visitor(2), "k", None, "second")];
    let journal = fixture.journal.clone();
    let stored = tokio::spawn(async move {
        let [one, two] = batches.map(|batch| journal.commit(batch));
        tokio::join!(one, two)
    });
    let waiting = "SELECT count(*) FROM information_schema.innodb_trx AS t JOIN information_schema.processlist AS p \
                   ON p.id = t.trx_mysql_thread_id WHERE t.trx_state = 'LOCK WAIT' AND p.db = DATABASE()";
    let waiting = Statement::from_string(DbBackend::MySql, waiting);
    loop {
        let row = fixture.db.read.query_one_raw(waiting.clone()).await.unwrap().unwrap();
        if row.try_get_by_index::<i64>(0).unwrap() > 0 {
            break;
        }
        assert!(!stored.is_finished(), "the journal waits for the second conversation");
        // Asked again within a tenth of a second, MySQL answers the same again.
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    other.execute_unprepared(&insert(&[event(1, 1)])).await.unwrap();
    other.rollback().await.unwrap();
    assert_eq!(stored.await.unwrap(), (Ok(()), Ok(())));
    assert_eq!(log(&fixture.db).await.len(), 4);
}
