//! The index of searches: whatever it is asked, and however far it is, what is found is what reading one by one finds.

use rand::rngs::StdRng;
use rand::seq::{IndexedMutRandom, IndexedRandom};
use rand::{RngExt, SeedableRng};
use sea_orm::{ColumnTrait, DbBackend, PaginatorTrait, QueryFilter};
use tokio::task::yield_now;
use tokio::time::Instant;

use super::*;
use crate::journal::search::{Indexer, Reach};
use crate::journal::{CommitError, Search, SearchCursor};
use crate::protocol::Status;
use crate::store::entities::{chat_conversations, chat_search, chat_search_pending};

/// Everything is read one by one.
const PLAIN: Reach = Reach { newest: u64::MAX >> 1, candidates: 0, unindexed: 0 };
/// Everything is looked up, and nothing is known of what is not indexed.
const INDEX: Reach = Reach { newest: 1, candidates: 1_000, unindexed: 0 };

const WORDS: [&str; 17] = [
    "заказ",
    "Заказ",
    "ЗАКАЗ",
    "ёлка",
    "елка",
    "order",
    "Order 17",
    "100%",
    "a_b",
    "\"так\"",
    "o'clock",
    "🙂🙂🙂",
    "да",
    "*[x]?",
    "№120345",
    "8 800 555-3535",
    "333333",
];
const ASKED: [&str; 30] = [
    "заказ",
    "зАКаз",
    "каз ёл",
    "ЁЛКА",
    "елка",
    "ORDER",
    "order 17",
    "17",
    "0%",
    "100%",
    "a_b",
    "a%b",
    "\"так\"",
    "'clock",
    "🙂🙂🙂",
    "🙂",
    "да",
    "*[x]?",
    "[x",
    "посетитель 1",
    "zzz",
    "ok\nok",
    "1203",
    "0345",
    "№120345 да",
    "20346",
    "5-353",
    "3333",
    "33333333",
    "333333 333333",
];

/// What a search finds, page by page.
async fn found(journal: &Journal, reach: Reach, search: &Search, limit: usize) -> Vec<ConversationId> {
    let (mut all, mut cursor): (Vec<_>, Option<SearchCursor>) = (Vec::new(), None);
    loop {
        let found = journal.search_within(reach, search, manager(1).id, limit, cursor).await.unwrap();
        all.extend(found.listed.into_iter().map(|listed| listed.id));
        let Some(next) = found.next else { break all };
        cursor = Some(next);
    }
}

pub(super) fn text(text: &str) -> Search {
    Search { text: Some(text.to_owned()), ..Search::default() }
}

/// Looks once, where there is an index.
async fn look(indexer: &mut Indexer) -> bool {
    let exists = indexer.exists().await.unwrap();
    if exists {
        indexer.look().await.unwrap();
    }
    exists
}

/// Looks until everything is indexed, where there is an index. On PostgreSQL, transactions of other tests are waited for.
async fn caught_up(fixture: &Fixture, indexer: &mut Indexer) {
    let since = Instant::now();
    loop {
        if !look(indexer).await {
            break;
        }
        if fixture.journal.counters().get().unindexed == Some(0) {
            break;
        }
        assert!(since.elapsed().as_secs() < 60, "never");
        yield_now().await;
    }
}

/// A database of its own with an index; `None` on MySQL, where searches read.
pub(super) async fn with_an_index() -> Option<Fixture> {
    let fixture = Fixture::new().await;
    Some(fixture).filter(|fixture| fixture.db.backend != DbBackend::MySql)
}

/// Conversations that are written to, and what a search should find in them.
struct World {
    fixture: Fixture,
    writers: Vec<Writer>,
    rng: StdRng,
    keys: u32,
}

impl World {
    fn words(&mut self) -> String {
        let count = self.rng.random_range(1..4);
        (0..count).map(|_| *WORDS.choose(&mut self.rng).unwrap()).collect::<Vec<_>>().join(" ")
    }

    /// Changes something, at a time that may be before the last one.
    async fn change(&mut self) {
        self.keys += 1;
        let (key, now) = (format!("k{}", self.keys), self.rng.random_range(0..1_000_000));
        let opens = self.writers.len() < 60 && (self.writers.is_empty() || self.rng.random_bool(0.3));
        let (subject, body) = (self.words(), self.words());
        let batch = if opens {
            let n = u8::try_from(self.writers.len() + 1).unwrap();
            let mut writer = Writer { now, ..Writer::new(id(n)) };
            let guest = Person { id: PersonId::Guest(i64::from(n)), ..visitor(i64::from(n % 3)) };
            let batch = writer.opened(&guest, &key, Some(&subject), &body);
            self.writers.push(writer);
            batch
        } else {
            let writer = self.writers.choose_mut(&mut self.rng).unwrap();
            writer.now = now;
            match self.rng.random_range(0..10) {
                // The visitor gets another name, and nothing happens.
                0 if writer.state.former_guest.is_none() => {
                    let account = visitor(self.rng.random_range(10..13));
                    let _ = writer.state.adopt(account.clone());
                    writer.of(vec![], vec![account.id])
                }
                1 => writer.of(vec![], vec![manager(1).id]),
                2 => writer.batch(vec![EventKind::Resolved { by: manager(1) }]),
                _ => writer.batch(vec![message(&manager(1), &key, &body)]),
            }
        };
        self.fixture.journal.commit(batch).await.unwrap();
    }

    fn search(&mut self) -> Search {
        let status = [None, None, Some(Status::Waiting), Some(Status::Resolved)];
        Search {
            status: *status.choose(&mut self.rng).unwrap(),
            ..text(ASKED.choose(&mut self.rng).unwrap())
        }
    }

    /// What the states amount to.
    fn expected(&self, search: &Search) -> Vec<ConversationId> {
        let sought = search.text.as_deref().unwrap_or("").to_lowercase();
        let contains = |text: &str| text.to_lowercase().contains(&sought);
        let mut all: Vec<_> = self
            .writers
            .iter()
            .map(|writer| &writer.state)
            .filter(|state| search.status.is_none_or(|status| status == state.status))
            .filter(|state| {
                state.subject.as_deref().is_some_and(contains)
                    || state.visitor.as_ref().is_some_and(|visitor| contains(&visitor.name))
                    || state.last_message.as_ref().is_some_and(|last| contains(&last.body))
            })
            .map(|state| (state.updated_at, state.id))
            .collect();
        all.sort_unstable_by(|a, b| b.cmp(a));
        all.into_iter().map(|(_, id)| id).collect()
    }

    async fn check(&mut self) {
        let search = self.search();
        let expected = self.expected(&search);
        let limit = self.rng.random_range(1..5);
        let reach = Reach {
            newest: self.rng.random_range(1..20),
            candidates: *[0, 3, 1_000].choose(&mut self.rng).unwrap(),
            unindexed: *[0, 3, 1_000].choose(&mut self.rng).unwrap(),
        };
        let plain = found(&self.fixture.journal, PLAIN, &search, limit).await;
        assert_eq!(plain, expected, "{search:?}");
        let by_index = found(&self.fixture.journal, reach, &search, limit).await;
        assert_eq!(by_index, expected, "{search:?} {reach:?}");
    }
}

#[tokio::test]
async fn the_index_finds_what_reading_finds() {
    let first: u64 = std::env::var("OTVET_TEST_SEED").map_or(20_261_126, |seed| seed.parse().unwrap());
    for seed in first..first + 6 {
        println!("OTVET_TEST_SEED={seed}");
        let rng = StdRng::seed_from_u64(seed);
        let mut world = World { fixture: Fixture::new().await, writers: Vec::new(), rng, keys: 0 };
        let mut indexers = [Indexer::new(&world.fixture.journal, 0), Indexer::new(&world.fixture.journal, 0)];
        for _ in 0..150 {
            match world.rng.random_range(0..10) {
                0..5 => world.change().await,
                5..8 => world.check().await,
                8 => {
                    look(&mut indexers[world.rng.random_range(0..2)]).await;
                }
                // Two nodes at once, of which one has only just begun.
                _ => {
                    let [a, b] = &mut indexers;
                    tokio::join!(look(a), look(b));
                    if world.rng.random_bool(0.3) {
                        *b = Indexer::new(&world.fixture.journal, 0);
                    }
                }
            }
        }
        caught_up(&world.fixture, &mut indexers[0]).await;
        for asked in ASKED {
            let expected = world.expected(&text(asked));
            assert_eq!(found(&world.fixture.journal, INDEX, &text(asked), 3).await, expected, "{asked}");
        }
        world.fixture.db.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_written_while_it_is_indexed_is_found() {
    let Some(fixture) = with_an_index().await else { return };
    let journal = fixture.journal.clone();
    let writing = tokio::spawn(async move {
        let mut writers: Vec<_> = (1..=200).map(|n| Writer::new(id(n))).collect();
        for (writer, n) in writers.iter_mut().zip(1..) {
            journal.commit(writer.opened(&visitor(n), "k", None, "first")).await.unwrap();
        }
        for writer in &mut writers {
            // By a clock that was set back.
            writer.now = 0;
            let n = writer.state.id.0.as_bytes()[15];
            let kind = message(&manager(1), &format!("m{n}"), &format!("changed {n}."));
            journal.commit(writer.batch(vec![kind])).await.unwrap();
        }
    });
    let mut indexer = Indexer::new(&fixture.journal, 0);
    while !writing.is_finished() {
        indexer.look().await.unwrap();
    }
    writing.await.unwrap();
    for round in 0..2 {
        for n in 1..=200 {
            let asked = text(&format!("CHANGED {n}."));
            let reach = if round == 0 { Reach { newest: 1, ..Reach::default() } } else { INDEX };
            assert_eq!(found(&fixture.journal, reach, &asked, 3).await, [id(n)]);
        }
        assert_eq!(found(&fixture.journal, INDEX, &text("first"), 3).await, []);
        caught_up(&fixture, &mut indexer).await;
    }
    assert_eq!(chat_search_pending::Entity::find().count(&fixture.db.read).await.unwrap(), 0);
}

#[tokio::test]
async fn what_the_index_is_asked_for_is_not_read() {
    let Some(fixture) = with_an_index().await else { return };
    for n in 1..=9 {
        let batch = Writer::new(id(n)).opened(&visitor(1), &format!("k{n}"), None, "an ordinary question");
        fixture.journal.commit(batch).await.unwrap();
    }
    let mut indexer = Indexer::new(&fixture.journal, 0);
    assert!(indexer.exists().await.unwrap());
    caught_up(&fixture, &mut indexer).await;
    // Behind everybody's back, of the oldest of them, since the newest is read.
    chat_conversations::Entity::update_many()
        .col_expr(chat_conversations::Column::Subject, "hidden".into())
        .filter(chat_conversations::Column::Id.eq(id(1).0))
        .exec(&fixture.db.write)
        .await
        .unwrap();
    assert_eq!(found(&fixture.journal, PLAIN, &text("hidden"), 3).await, [id(1)]);
    assert_eq!(found(&fixture.journal, INDEX, &text("hidden"), 3).await, []);
    assert_eq!(found(&fixture.journal, INDEX, &text("ordinary"), 3).await.len(), 9);
}

#[tokio::test]
async fn a_group_that_is_judged_is_listed() {
    let Some(fixture) = with_an_index().await else { return };
    let (mut one, mut two) = (Writer::new(id(1)), Writer::new(id(2)));
    fixture.journal.commit(one.opened(&visitor(1), "k1", None, "x")).await.unwrap();
    caught_up(&fixture, &mut Indexer::new(&fixture.journal, 0)).await;
    // Both in one group, of which the second batch may not go in.
    let good = two.opened(&visitor(2), "k2", None, "needle");
    let bad = Writer::new(id(1)).opened(&visitor(3), "k3", None, "y");
    let (stored, refused) = tokio::join!(fixture.journal.commit(good), fixture.journal.commit(bad));
    stored.unwrap();
    assert_eq!(refused, Err(CommitError::HeadMoved));
    let listed = chat_search_pending::Entity::find().all(&fixture.db.read).await.unwrap();
    let now = chat_search::Entity::find_by_id(1).one(&fixture.db.read).await.unwrap().unwrap().generation;
    assert_eq!(listed, [chat_search_pending::Model { generation: now, conversation_id: id(2).0 }]);
}

#[tokio::test]
async fn what_changes_often_is_listed_once() {
    let Some(fixture) = with_an_index().await else { return };
    let mut writer = Writer::new(id(1));
    fixture.journal.commit(writer.opened(&visitor(1), "k", None, "x")).await.unwrap();
    let mut indexer = Indexer::new(&fixture.journal, 0);
    // Ends the generation, and so what follows is listed in the next.
    indexer.look().await.unwrap();
    for n in 1..=9 {
        let batch = writer.batch(vec![message(&manager(1), &format!("m{n}"), "y")]);
        fixture.journal.commit(batch).await.unwrap();
    }
    let listed = async || chat_search_pending::Entity::find().count(&fixture.db.read).await.unwrap();
    assert_eq!(listed().await, 2);
    caught_up(&fixture, &mut indexer).await;
    assert_eq!(listed().await, 0);
}

#[tokio::test]
async fn what_is_listed_and_gone_is_taken_off_the_list() {
    let Some(fixture) = with_an_index().await else { return };
    let batch = Writer::new(id(1)).opened(&visitor(1), "k", None, "needle");
    fixture.journal.commit(batch).await.unwrap();
    chat_conversations::Entity::delete_by_id(id(1).0).exec(&fixture.db.write).await.unwrap();
    caught_up(&fixture, &mut Indexer::new(&fixture.journal, 0)).await;
    assert_eq!(found(&fixture.journal, INDEX, &text("needle"), 3).await, []);
}

#[tokio::test]
async fn a_copy_has_the_index() {
    let fixture = Fixture::on_sqlite().await;
    let batch = Writer::new(id(1)).opened(&visitor(1), "k", None, "needle");
    fixture.journal.commit(batch).await.unwrap();
    let newer = Writer { now: 9, ..Writer::new(id(2)) }.opened(&visitor(1), "k2", None, "x");
    fixture.journal.commit(newer).await.unwrap();
    caught_up(&fixture, &mut Indexer::new(&fixture.journal, 0)).await;
    let copy = fixture.dir.path().join("copy.db");
    fixture.db.backup(&copy, fixture.journal.epoch()).await.unwrap();
    let url = format!("sqlite://{}", copy.display());
    let copied = Fixture::at(tempfile::tempdir().unwrap(), url).await;
    assert_eq!(found(&copied.journal, INDEX, &text("NEEDLE"), 3).await, [id(1)]);
}

/// A database without an index: any of MySQL's; of PostgreSQL's one of which we may use a schema and no more; `None` on
/// SQLite.
async fn without_an_index(dir: &TempDir) -> Option<String> {
    if std::env::var("OTVET_TEST_MYSQL").is_ok() {
        return Some(crate::store::tests::fresh(dir).await);
    }
    let server = std::env::var("OTVET_TEST_POSTGRES").ok()?;
    let (host, _) = server.rsplit_once('/')?;
    let (_, place) = host.rsplit_once('@')?;
    let name = format!("otvet_guest_{}", std::process::id());
    let owner = Database::connect(&server, 1).await.unwrap();
    for sql in [
        format!("DROP DATABASE IF EXISTS {name}"),
        format!("DROP ROLE IF EXISTS {name}"),
        format!("CREATE ROLE {name} LOGIN"),
        format!("CREATE DATABASE {name}"),
    ] {
        owner.write.execute_unprepared(&sql).await.unwrap();
    }
    owner.close().await;
    let inside = Database::connect(&format!("{host}/{name}"), 1).await.unwrap();
    inside.write.execute_unprepared(&format!("GRANT ALL ON SCHEMA public TO {name}")).await.unwrap();
    inside.close().await;
    Some(format!("postgres://{name}@{place}/{name}"))
}

#[tokio::test]
async fn without_an_index_searches_read() {
    let dir = tempfile::tempdir().unwrap();
    let Some(url) = without_an_index(&dir).await else { return };
    let fixture = Fixture::at(dir, url).await;
    for n in 1..=3 {
        let batch = Writer::new(id(n)).opened(&visitor(1), &format!("k{n}"), None, "a question");
        fixture.journal.commit(batch).await.unwrap();
    }
    assert!(!Indexer::new(&fixture.journal, 0).exists().await.unwrap());
    fixture.journal.clone().keep_index().await;
    assert_eq!(fixture.journal.counters().get().unindexed, None);
    for reach in [PLAIN, INDEX] {
        assert_eq!(found(&fixture.journal, reach, &text("QUESTION"), 2).await, [id(3), id(2), id(1)]);
    }
    fixture.journal.close().await;
    fixture.db.close().await;
}
