//! Pages, lists, searches, and the indexes they stand on.

use std::collections::HashMap;

use futures_util::future::join_all;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Statement,
};

use super::*;
use crate::journal::own_lists::newest_in_sqlite;
use crate::journal::reads::listed_by;
use crate::journal::search::{Wanted, page};
use crate::journal::{Listing, Search, SearchCursor, Span};
use crate::protocol::{Cursor, Status, Summary};
use crate::store::entities::{chat_conversations, chat_cursors, personal_access_tokens};
use crate::store::one_of::is_one_of;

#[tokio::test]
async fn pages_end_by_number_and_by_bytes() {
    let fixture = Fixture::new().await;
    let anna = visitor(1);
    let mut writer = Writer::new(id(1));
    fixture.journal.commit(writer.opened(&anna, "k", None, "question")).await.unwrap();
    for n in 3..=20 {
        let kind = message(&anna, &format!("k{n}"), &"y".repeat(1000));
        fixture.journal.commit(writer.batch(vec![kind])).await.unwrap();
    }
    let page = async |span, limit, max_bytes| {
        let page = fixture.journal.events(id(1), span, limit, max_bytes).await.unwrap();
        (page.events.iter().map(|event| event.seq).collect::<Vec<_>>(), page.more)
    };
    assert_eq!(page(Span::After(0), 3, usize::MAX).await, (vec![1, 2, 3], true));
    assert_eq!(page(Span::After(17), 3, usize::MAX).await, (vec![18, 19, 20], false));
    assert_eq!(page(Span::After(20), 3, usize::MAX).await, (vec![], false));
    assert_eq!(page(Span::Before(u64::MAX), 2, usize::MAX).await, (vec![19, 20], true));
    assert_eq!(page(Span::Before(3), 2, usize::MAX).await, (vec![1, 2], false));
    assert_eq!(page(Span::Before(1), 2, usize::MAX).await, (vec![], false));
    assert_eq!(page(Span::After(u64::MAX), 2, usize::MAX).await, (vec![], false));
    // A message of 1,000 takes up some 1,200 bytes of JSON.
    assert_eq!(page(Span::Before(u64::MAX), 10, 4000).await, (vec![18, 19, 20], true), "the newest stay");
    assert_eq!(page(Span::After(5), 10, 3000).await, (vec![6, 7], true), "the oldest stay");
    assert_eq!(page(Span::After(5), 10, 1).await, (vec![6], true), "always one");
    assert_eq!(page(Span::After(19), 10, 1).await, (vec![20], false), "the last one, and nothing behind it");
    let unknown = fixture.journal.events(id(9), Span::After(0), 10, 1).await.unwrap();
    assert!(unknown.events.is_empty() && !unknown.more);
}

#[tokio::test]
async fn a_loaded_state_remembers_the_newest_keys_and_the_question() {
    let fixture = Fixture::new().await;
    let anna = visitor(1);
    let rules = Rules { remembered_keys: 5, ..Rules::default() };
    let mut writer = Writer::new(id(1));
    fixture.journal.commit(writer.opened(&anna, "open", Some("s"), "question")).await.unwrap();
    for n in 0..9 {
        let loaded = fixture.journal.load(id(1), &rules).await.unwrap().unwrap();
        assert_eq!(loaded.recorded(anna.id, &key("open")).unwrap().seq, 2, "after {n}");
        let newest = n.min(5);
        for k in 0..n {
            let remembered = loaded.recorded(anna.id, &key(&format!("k{k}"))).is_some();
            assert_eq!(remembered, k + newest >= n, "k{k} after {n}");
        }
        let kinds = vec![message(&anna, &format!("k{n}"), "x"), EventKind::Resolved { by: anna.clone() }];
        fixture.journal.commit(writer.batch(kinds)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn counts_belong_to_the_head_while_others_write() {
    let fixture = Fixture::new().await;
    let (anna, mark) = (visitor(1), manager(1));
    let mut writer = Writer::new(id(1));
    fixture.journal.commit(writer.opened(&anna, "k", None, "question")).await.unwrap();
    // Three events, of which one is the manager's: from here on `unread` is the head less two.
    fixture.journal.commit(writer.batch(vec![message(&mark, "m", "answer")])).await.unwrap();
    let journal = fixture.journal.clone();
    let writing = tokio::spawn(async move {
        for n in 0..300 {
            journal.commit(writer.batch(vec![message(&anna, &format!("k{n}"), "more")])).await.unwrap();
        }
    });
    let search = Search { visitor: Some(visitor(1).id), ..Search::default() };
    let mut heads = std::collections::BTreeSet::new();
    while !writing.is_finished() {
        let one = fixture.journal.listed(id(1), mark.id).await.unwrap().unwrap();
        let listed = fixture.journal.list(Listing::Waiting, mark.id, 10).await.unwrap();
        let found = fixture.journal.search(&search, mark.id, 10, None).await.unwrap().listed;
        for listed in listed.into_iter().chain(found).chain([one]) {
            assert_eq!(listed.unread, listed.last_seq - 2, "{:?}", listed);
            heads.insert(listed.last_seq);
        }
    }
    writing.await.unwrap();
    assert!(heads.len() > 1, "read while written");
}

/// Forty conversations: by turns of two visitors, of each three one is claimed and one resolved.
async fn forty(fixture: Fixture) -> (Fixture, Vec<State>) {
    let mut states = Vec::new();
    for n in 1..=40_u8 {
        let (visitor, manager) = (visitor(i64::from(n % 2) + 1), manager(i64::from(n % 4)));
        let mut writer = Writer { now: i64::from(n) * 100, ..Writer::new(id(n)) };
        let subject = format!("Вопрос {n} 100%_!");
        let opened = writer.opened(&visitor, &format!("o{n}"), Some(&subject), "Где?");
        fixture.journal.commit(opened).await.unwrap();
        if n % 3 > 0 {
            let claim = vec![
                EventKind::Claimed { manager: manager.clone() },
                message(&manager, &format!("m{n}"), "Here!"),
            ];
            fixture.journal.commit(writer.batch(claim)).await.unwrap();
        }
        if n % 3 == 2 {
            fixture.journal.commit(writer.batch(vec![EventKind::Resolved { by: manager }])).await.unwrap();
        }
        states.push(writer.state);
    }
    (fixture, states)
}

#[tokio::test]
async fn lists_are_those_of_the_states() {
    let (fixture, states) = forty(Fixture::new().await).await;
    let list = async |listing, reader: &Person, limit| {
        fixture.journal.list(listing, reader.id, limit).await.unwrap()
    };
    let newest_first = |of: &dyn Fn(&State) -> bool, reader: &Person| {
        let mut chosen: Vec<_> = states.iter().filter(|s| of(s)).map(|s| s.summary(reader.id)).collect();
        chosen.reverse();
        chosen
    };
    let (anna, boris) = (visitor(1), manager(1));
    let own = newest_first(&|s| s.is_visitor(anna.id), &anna);
    assert_eq!(own.len(), 20);
    assert_eq!(list(Listing::OfVisitor(anna.id), &anna, 99).await, own);
    assert_eq!(list(Listing::OfVisitor(anna.id), &anna, 7).await, own[..7]);
    let claimed = newest_first(&|s| s.is_manager(boris.id) && s.status == Status::Claimed, &boris);
    assert!(!claimed.is_empty());
    assert_eq!(list(Listing::OfManager(boris.id), &boris, 99).await, claimed);
    let mut waiting = newest_first(&|s| s.status == Status::Waiting, &boris);
    waiting.reverse();
    assert_eq!(list(Listing::Waiting, &boris, 99).await, waiting);
    assert!(waiting.iter().all(|summary| summary.unread == 1));

    let heads = fixture.journal.heads(&[id(1), id(3), id(99)]).await.unwrap();
    assert_eq!(heads, HashMap::from([(id(1), 4), (id(3), 2)]));
    let reads = fixture.journal.counters().get().reads;
    list(Listing::Waiting, &boris, 99).await;
    assert_eq!(fixture.journal.counters().get().reads - reads, 2, "two queries for any number of rows");
}

#[tokio::test]
async fn searching_goes_page_by_page() {
    let (fixture, mut states) = forty(Fixture::new().await).await;
    states.reverse();
    let reader = manager(1).id;
    let search = async |search: &Search| {
        let (mut all, mut cursor, mut pages) = (Vec::new(), None, 0);
        loop {
            let found = fixture.journal.search(search, reader, 3, cursor).await.unwrap();
            all.extend(found.listed.into_iter().map(|listed| listed.id));
            pages += 1;
            let Some(next) = found.next else { break };
            // As a client would hand it back.
            cursor = Some(next.to_string().parse::<SearchCursor>().unwrap());
        }
        assert_eq!(pages, all.len().div_ceil(3).max(1));
        all
    };
    let of = |chosen: &dyn Fn(&State) -> bool| {
        states.iter().filter(|s| chosen(s)).map(|s| s.id).collect::<Vec<_>>()
    };
    let text = |text: &str| Search { text: Some(text.to_owned()), ..Search::default() };
    assert_eq!(search(&Search::default()).await, of(&|_| true));
    let resolved =
        Search { status: Some(Status::Resolved), visitor: Some(visitor(1).id), ..Search::default() };
    assert_eq!(search(&resolved).await, of(&|s| s.status == Status::Resolved && s.is_visitor(visitor(1).id)));
    let of_manager = Search { manager: Some(manager(2).id), ..Search::default() };
    assert_eq!(search(&of_manager).await, of(&|s| s.is_manager(manager(2).id)));
    assert_eq!(search(&text("Вопрос 40")).await, [id(40)]);
    assert_eq!(search(&text("вопрос 40")).await, [id(40)], "capitalised in the subject");
    assert_eq!(search(&text("ВОПРОС 40")).await, [id(40)]);
    assert_eq!(search(&text("воПРос 40")).await, [id(40)]);
    assert_eq!(search(&text("посетитель 1")).await, of(&|s| s.is_visitor(visitor(1).id)));
    assert_eq!(search(&text("here")).await, of(&|s| s.messages == 2), "the newest message");
    assert_eq!(search(&text("40 100%_!")).await, [id(40)], "signs of LIKE are letters here");
    assert_eq!(search(&text("4_ 100")).await, []);
    assert_eq!(search(&text("1%1")).await, []);
    assert_eq!(search(&text("' OR 1=1 --")).await, []);
    for bad in ["", "1", "x_y", "1_", "99999999999999999999_0192f0c1-2345-7abc-8def-0123456789ab"] {
        assert!(bad.parse::<SearchCursor>().is_err(), "{bad}");
    }
}

#[tokio::test]
async fn conversations_of_one_moment_are_not_lost_between_pages() {
    let fixture = Fixture::new().await;
    for n in 1..=10 {
        let batch = Writer::new(id(n)).opened(&visitor(n.into()), "k", None, "x");
        fixture.journal.commit(batch).await.unwrap();
    }
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let found = fixture.journal.search(&Search::default(), visitor(1).id, 3, cursor).await.unwrap();
        seen.extend(found.listed.iter().map(|listed| listed.id));
        cursor = found.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, (1..=10).rev().map(id).collect::<Vec<_>>());
}

#[tokio::test]
async fn lists_and_look_ups_stand_on_indexes() {
    let (fixture, _) = forty(Fixture::on_sqlite().await).await;
    let plan = async |statement: Statement| {
        let explain = Statement { sql: format!("EXPLAIN QUERY PLAN {}", statement.sql), ..statement };
        let rows = fixture.db.read.query_all_raw(explain).await.unwrap();
        let lines = rows.iter().map(|row| row.try_get::<String>("", "detail").unwrap());
        lines.collect::<Vec<_>>().join("; ")
    };
    let cursor = SearchCursor::for_test(at(100), id(1));
    let status = Search { status: Some(Status::Resolved), ..Search::default() };
    let by_visitor = Search { visitor: Some(visitor(1).id), ..Search::default() };
    let by_manager = Search { manager: Some(manager(1).id), ..Search::default() };
    let sqlite = DbBackend::Sqlite;
    let waiting = plan(listed_by(Listing::Waiting).limit(50).build(sqlite)).await;
    assert!(
        waiting.contains("USING INDEX chat_conversations_status_waiting_since_id (status=?)"),
        "{waiting}"
    );
    assert!(!waiting.contains("TEMP B-TREE"), "they are sorted after reading: {waiting}");
    let (all, order) = (Search::default(), Wanted::Minutes);
    for (what, mut select, index, times) in [
        (
            "all, a page",
            page(&all, Some(cursor), None, Wanted::Rows, sqlite),
            "USING INDEX chat_conversations_status_updated_minute (status=? AND updated_minute<?)",
            3,
        ),
        (
            "all, their order",
            page(&all, None, None, order, sqlite),
            "USING COVERING INDEX chat_conversations_status_updated_minute (status=?)",
            3,
        ),
        (
            "all, their order behind one",
            page(&all, Some(cursor), None, order, sqlite),
            "USING COVERING INDEX chat_conversations_status_updated_minute (status=? AND updated_minute<?)",
            3,
        ),
        (
            "all, between two",
            page(&all, Some(cursor), Some(cursor), Wanted::Rows, sqlite),
            "USING INDEX chat_conversations_status_updated_minute (status=? AND updated_minute>? AND updated_minute<?)",
            3,
        ),
        (
            "by manager",
            page(&by_manager, Some(cursor), None, Wanted::Rows, sqlite),
            "USING INDEX chat_conversations_claimed (manager_id=? AND status=? AND updated_minute<?)",
            3,
        ),
        (
            "by status",
            page(&status, Some(cursor), None, Wanted::Rows, sqlite),
            "USING INDEX chat_conversations_status_updated_minute (status=? AND updated_minute<?)",
            1,
        ),
    ] {
        let plan = plan(sqlite.build(select.limit(50))).await;
        assert_eq!(plan.matches(index).count(), times, "{what}: {plan}");
        // Only the order within a minute is made after reading.
        assert!(!plan.contains("TEMP B-TREE FOR ORDER BY"), "{what} is sorted after reading: {plan}");
    }
    // A visitor's are few, and so are those that a manager has claimed: they are sorted when they are read.
    let claimed = plan(listed_by(Listing::OfManager(manager(1).id)).limit(50).build(sqlite)).await;
    assert!(
        claimed.contains("USING INDEX chat_conversations_claimed (manager_id=? AND status=?)"),
        "{claimed}"
    );
    let of_visitor = "USING INDEX chat_conversations_visitor_id (visitor_id=?)";
    let mut by_visitor = page(&by_visitor, Some(cursor), None, Wanted::Rows, sqlite);
    for (what, statement) in [
        ("a visitor's", listed_by(Listing::OfVisitor(visitor(1).id)).limit(50).build(sqlite)),
        ("by visitor", sqlite.build(by_visitor.limit(50))),
    ] {
        let plan = plan(statement).await;
        assert!(plan.contains(of_visitor), "{what}: {plan}");
    }
    let own = plan(newest_in_sqlite(&[(visitor(1).id, 50), (visitor(2).id, 50)])).await;
    assert!(own.contains(of_visitor) && own.contains("SEARCH c USING INDEX"), "{own}");
    let cursors = chat_cursors::Entity::find();
    let conversation = chat_cursors::Column::ConversationId.into_expr();
    let heads = chat_conversations::Entity::find();
    let (token, hash) =
        (personal_access_tokens::Column::Id.into_expr(), personal_access_tokens::Column::Token.into_expr());
    let tokens = personal_access_tokens::Entity::find;
    for (query, index) in [
        (
            cursors.filter(is_one_of(sqlite, conversation, vec![id(1).0])).build(sqlite),
            "autoindex_chat_cursors_1 (conversation_id=?)",
        ),
        (
            heads
                .filter(is_one_of(sqlite, chat_conversations::Column::Id.into_expr(), vec![id(1).0]))
                .build(sqlite),
            "autoindex_chat_conversations_1 (id=?)",
        ),
        (tokens().filter(is_one_of(sqlite, token, vec![1])).build(sqlite), "INTEGER PRIMARY KEY (rowid=?)"),
        (tokens().filter(is_one_of(sqlite, hash, vec!["x"])).build(sqlite), "token_unique (token=?)"),
    ] {
        let plan = plan(query).await;
        assert!(plan.contains("SEARCH ") && plan.contains(index), "{plan}");
    }
    let keys = super::super::group::keys_statement(
        DbBackend::Sqlite,
        &[(visitor(1).id, key("a")), (visitor(2).id, key("b"))],
    );
    let keys = plan(keys).await;
    assert!(
        keys.contains("SEARCH e USING INDEX chat_events_actor_id_idem_key (actor_id=? AND idem_key=?)"),
        "{keys}"
    );
}

#[tokio::test]
async fn somebody_who_only_reads_is_listed_with_the_cursor() {
    let fixture = Fixture::new().await;
    let mut writer = Writer::new(id(1));
    fixture.journal.commit(writer.opened(&visitor(1), "k", None, "x")).await.unwrap();
    writer.state.apply_cursor(manager(1).id, Cursor { delivered: 2, read: 2 }, 0);
    fixture.journal.commit(writer.of(vec![], vec![manager(1).id])).await.unwrap();
    let listed = fixture.journal.listed(id(1), manager(1).id).await.unwrap().unwrap();
    assert_eq!(listed, writer.state.summary(manager(1).id));
    assert_eq!(fixture.journal.listed(id(2), manager(1).id).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_is_read_while_it_changes_agrees_with_itself() {
    let fixture = Fixture::on_sqlite().await;
    let (anna, mark) = (visitor(1), manager(2));
    let mut writer = Writer::new(id(1));
    fixture.journal.commit(writer.opened(&anna, "k", None, "question")).await.unwrap();
    let claimed = EventKind::Claimed { manager: mark.clone() };
    fixture.journal.commit(writer.batch(vec![claimed])).await.unwrap();
    let (journal, reader) = (fixture.journal.clone(), mark.id);
    let writing = tokio::spawn(async move {
        for n in 0..300 {
            let kind = message(&anna, &format!("k{n}"), "x");
            journal.commit(writer.batch(vec![kind])).await.unwrap();
        }
    });
    while !writing.is_finished() {
        let seen = fixture.journal.listed(id(1), reader).await.unwrap().unwrap();
        // All but `opened` and `claimed` are messages that the manager has not read.
        assert_eq!(seen.unread, seen.last_seq - 2);
    }
    writing.await.unwrap();
}

#[tokio::test]
async fn own_lists_that_are_asked_for_together_are_each_ones_own() {
    let (fixture, _) = forty(Fixture::new().await).await;
    let journal = &fixture.journal;
    let people: Vec<PersonId> = (0..300).map(|n| visitor(n % 150).id).collect();
    let mut expected = Vec::new();
    for person in &people {
        expected.push(journal.list(Listing::OfVisitor(*person), *person, 3).await.unwrap());
    }
    assert!(expected.iter().filter(|list| list.len() == 3).count() > 2, "the limit is tried, too");
    let before = journal.counters().get().reads;
    let lists = join_all(people.iter().map(|person| journal.own_list(*person, 3))).await;
    let queries = journal.counters().get().reads - before;
    let (short, long) = tokio::join!(journal.own_list(people[1], 2), journal.own_list(people[1], 9));
    assert_eq!((short.unwrap().len(), long.unwrap().len()), (2, 9), "each as long as it was asked for");
    let lists: Vec<Vec<Summary>> = lists.into_iter().map(Result::unwrap).collect();
    assert_eq!(lists, expected);
    assert!(queries <= 2 * 300_u64.div_ceil(100) + 2, "{queries} queries for 300 lists");
}
