//! How the databases look up what is searched.

use std::collections::BTreeSet;

use sea_orm::sea_query::UnionType;
use sea_orm::{DbBackend, QuerySelect, QueryTrait, Statement, TransactionTrait};

use super::search::{text, with_an_index};
use super::*;
use crate::clock::Timestamp;
use crate::journal::search::candidates::{indexed_docs, indexed_texts, out_of, unindexed};
use crate::journal::search::{Wanted, page};
use crate::journal::{Search, SearchCursor};
use crate::protocol::Status;

#[tokio::test]
async fn searches_stand_on_indexes() {
    let Some(fixture) = with_an_index().await else { return };
    let backend = fixture.db.backend;
    let mut ids = match backend {
        DbBackend::Sqlite => indexed_docs(&["ndl".to_owned(), "dle".to_owned()]),
        _ => indexed_texts("needle"),
    };
    ids.union(UnionType::Distinct, unindexed());
    let search = Search { status: Some(Status::Resolved), ..text("needle") };
    let query =
        out_of(ids, &search, SearchCursor::for_test(at(100), id(1)), backend).limit(50).build(backend);
    let transaction = fixture.db.read.begin().await.unwrap();
    if backend == DbBackend::Postgres {
        // Of a table with hardly a row, the whole is read at once.
        for sql in [
            "INSERT INTO chat_conversations (id, subject, status, visitor_id, visitor_role, visitor_name, last_seq, messages, \
             opened_at, updated_at, updated_minute) SELECT gen_random_uuid(), md5(n::text), CASE n % 20 WHEN 0 THEN 'resolved' ELSE 'waiting' END, 'g1', 'visitor', \
             'Anna', 2, 1, n, n * 10000, n / 6 FROM generate_series(1, 20000) AS n",
            "INSERT INTO chat_search_texts SELECT id, subject FROM chat_conversations",
            "ANALYZE chat_conversations, chat_search_pending, chat_search_texts",
        ] {
            transaction.execute_unprepared(sql).await.unwrap();
        }
    }
    let plan = async |query: Statement| {
        let (explain, column) = match backend {
            DbBackend::Sqlite => ("EXPLAIN QUERY PLAN", "detail"),
            _ => ("EXPLAIN", "QUERY PLAN"),
        };
        let explained = Statement { sql: format!("{explain} {}", query.sql), ..query };
        let rows = transaction.query_all_raw(explained).await.unwrap();
        rows.iter().map(|row| row.try_get::<String>("", column).unwrap()).collect::<Vec<_>>().join("; ")
    };
    if backend == DbBackend::Postgres {
        // SQLite's are among the plans of lists.
        let (all, resolved) =
            (Search::default(), Search { status: Some(Status::Resolved), ..Search::default() });
        let cursor = SearchCursor::for_test(Timestamp::from_millis(100_000_000), id(1));
        for (search, cursor) in
            [(&all, None), (&all, Some(cursor)), (&resolved, None), (&resolved, Some(cursor))]
        {
            let plan = plan(backend.build(page(search, cursor, None, Wanted::Rows, backend).limit(50))).await;
            assert!(plan.contains("Incremental Sort"), "all of them are sorted: {plan}");
            // Of all, or of the status: whichever PostgreSQL takes for quicker.
            assert!(plan.contains("updated_minute on chat_conversations"), "{plan}");
        }
    }
    let plan = plan(query).await;
    let expected: BTreeSet<&str> = match backend {
        DbBackend::Sqlite => BTreeSet::from([
            "SCAN chat_search_grams VIRTUAL TABLE INDEX",
            "SEARCH chat_search_docs USING INTEGER PRIMARY KEY",
            "SCAN chat_search_pending",
            "SEARCH chat_conversations USING INDEX sqlite_autoindex_chat_conversations_1 (id=?)",
        ]),
        _ => BTreeSet::from([
            "Bitmap Index Scan on chat_search_texts_text",
            "chat_search_pending",
            "chat_conversations_pkey",
        ]),
    };
    assert!(expected.iter().all(|part| plan.contains(part)), "{plan}");
}
