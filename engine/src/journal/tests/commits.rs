//! What is stored, what is refused, and how batches of one group stand to each other.

use super::*;
use crate::conversation::content_digest;
use crate::journal::cells::{self, EVENT};
use crate::journal::statements::insert;
use crate::journal::{CommitError, KeyedEvent, Span};
use crate::protocol::{Attachment, Cursor, Status};

#[tokio::test]
async fn every_kind_of_event_comes_back_as_it_was() {
    let fixture = Fixture::new().await;
    let (anna, boris, vera) = (visitor(1), manager(1), manager(2));
    let mut writer = Writer::new(id(1));
    let attachment =
        Attachment { name: "a.png".into(), media_type: "image/png".into(), bytes: 7, url: "/f/1".into() };
    let with_file = EventKind::Message {
        author: boris.clone(),
        body: "'; DROP TABLE chat_events; --\n\u{1}😀".to_owned(),
        key: key("ключ \"1\" "),
        attachments: vec![attachment],
    };
    let mut stored = Vec::new();
    for batch in [
        writer.opened(&anna, "k1", Some("Доставка"), "Где мой заказ?"),
        writer.batch(vec![EventKind::Claimed { manager: boris.clone() }, with_file]),
        writer.batch(vec![note(&boris, "k2", "ask the courier")]),
        writer.batch(vec![EventKind::Transferred { from: boris.clone(), to: vera.clone() }]),
        writer
            .batch(vec![EventKind::Resolved { by: vera.clone() }, EventKind::Reopened { by: anna.clone() }]),
        writer.batch(vec![EventKind::Released { manager: vera }]),
    ] {
        stored.extend(batch.events.clone());
        fixture.journal.commit(batch).await.unwrap();
    }
    assert_eq!(log(&fixture.db).await, stored);
    let loaded = fixture.journal.load(id(1), &Rules::default()).await.unwrap().unwrap();
    assert_eq!(loaded, writer.state, "keys and all");
    assert_eq!(fixture.journal.load(id(2), &Rules::default()).await.unwrap(), None);

    let fixture = fixture.reopened().await;
    assert_eq!(log(&fixture.db).await, stored);
    let counted = fixture.journal.counters().get();
    assert_eq!((counted.commits, counted.events), (0, 0), "a new journal counts from nothing");
}

#[tokio::test]
async fn a_key_in_use_tells_what_it_stands_for() {
    let fixture = Fixture::new().await;
    let (anna, boris) = (visitor(1), manager(1));
    let mut first = Writer::new(id(1));
    fixture.journal.commit(first.opened(&anna, "open", Some("s"), "question")).await.unwrap();
    fixture.journal.commit(first.batch(vec![message(&anna, "send", "more")])).await.unwrap();
    fixture.journal.commit(first.batch(vec![note(&boris, "note", "hm")])).await.unwrap();

    // The same three keys in another conversation, one batch each: none of it is stored.
    for (author, text, seq, digest) in [
        (&anna, "open", 2, content_digest("open", Some("s"), "question")),
        (&anna, "send", 3, content_digest("send", None, "more")),
        (&boris, "note", 4, content_digest("note", None, "hm")),
    ] {
        let mut other = Writer::new(id(2));
        let refused = fixture.journal.commit(other.opened(author, text, None, "again")).await;
        let used = KeyedEvent { author: author.id, key: key(text), conversation: id(1), seq, digest };
        assert_eq!(refused, Err(CommitError::KeysInUse(vec![used])));
    }
    assert_eq!(fixture.journal.load(id(2), &Rules::default()).await.unwrap(), None);

    // Other authors may use them; keys are compared byte by byte.
    let mut other = Writer::new(id(3));
    fixture.journal.commit(other.opened(&visitor(2), "open", None, "mine")).await.unwrap();
    for text in ["OPEN", "open ", "öpen"] {
        fixture.journal.commit(other.batch(vec![message(&visitor(2), text, "x")])).await.unwrap();
    }
    assert_eq!(fixture.journal.counters().get().refused, 3);
}

#[tokio::test]
async fn the_keys_of_a_former_guest_are_the_accounts() {
    let fixture = Fixture::new().await;
    let guest = Person { id: PersonId::Guest(5), role: Role::Visitor, name: "Guest".into() };
    let (anna, boris) = (visitor(1), manager(1));
    let mut writer = Writer::new(id(1));
    fixture.journal.commit(writer.opened(&guest, "k", None, "question")).await.unwrap();
    assert!(writer.state.adopt(anna.clone()));
    let adopted = writer.of(vec![], vec![guest.id, anna.id]);
    fixture.journal.commit(adopted).await.unwrap();
    let listed = fixture.journal.listed(id(1), anna.id).await.unwrap().unwrap();
    assert_eq!(listed.visitor, anna);
    assert_eq!(listed.cursors.keys().collect::<Vec<_>>(), [&anna.id], "the guest's part is gone");

    let head = writer.state.clone();
    let refused = fixture.journal.commit(writer.batch(vec![message(&anna, "k", "question")])).await;
    let digest = content_digest("open", None, "question");
    let used = KeyedEvent { author: guest.id, key: key("k"), conversation: id(1), seq: 2, digest };
    assert_eq!(refused, Err(CommitError::KeysInUse(vec![used])));
    // Staff are nobody else's second name.
    writer.state = head;
    fixture.journal.commit(writer.batch(vec![message(&boris, "k", "answer")])).await.unwrap();
}

#[tokio::test]
async fn a_head_that_moved_stores_nothing() {
    let fixture = Fixture::new().await;
    let anna = visitor(1);
    let mut one = Writer::new(id(1));
    fixture.journal.commit(one.opened(&anna, "k1", None, "question")).await.unwrap();
    let mut two = Writer { state: one.state.clone(), now: one.now };
    fixture.journal.commit(one.batch(vec![message(&anna, "k2", "from one")])).await.unwrap();
    let late = fixture.journal.commit(two.batch(vec![message(&anna, "k3", "from two")])).await;
    assert_eq!(late, Err(CommitError::HeadMoved));
    // One who believes in events that are not there must not leave a gap; one who is behind must not write cursors.
    two.batch(vec![message(&anna, "k4", "never committed")]);
    let ahead = fixture.journal.commit(two.batch(vec![message(&anna, "k5", "from two")])).await;
    assert_eq!(ahead, Err(CommitError::HeadMoved));
    let mut behind = Writer { state: one.state.clone(), now: 99 };
    behind.state.last_seq = 2;
    let cursors = fixture.journal.commit(behind.of(vec![], vec![anna.id])).await;
    assert_eq!(cursors, Err(CommitError::HeadMoved));
    let opened_again =
        fixture.journal.commit(Writer::new(id(1)).opened(&visitor(2), "k", None, "mine")).await;
    assert_eq!(opened_again, Err(CommitError::HeadMoved));
    assert_eq!(log(&fixture.db).await.len(), 3);
    assert_eq!(fixture.journal.load(id(1), &Rules::default()).await.unwrap().unwrap(), one.state);
}

#[tokio::test]
async fn cursors_go_forward_and_alone() {
    let fixture = Fixture::new().await;
    let (anna, boris) = (visitor(1), manager(1));
    let mut writer = Writer::new(id(1));
    fixture.journal.commit(writer.opened(&anna, "k1", None, "question")).await.unwrap();
    let claim = vec![EventKind::Claimed { manager: boris.clone() }, message(&boris, "k2", "answer")];
    fixture.journal.commit(writer.batch(claim)).await.unwrap();
    let unread =
        async |person: &Person| fixture.journal.listed(id(1), person.id).await.unwrap().unwrap().unread;
    assert_eq!((unread(&anna).await, unread(&manager(9)).await), (1, 2));
    assert_eq!(fixture.journal.count_unread(id(1), 0, &[anna.id]).await.unwrap(), 1);
    assert_eq!(fixture.journal.count_unread(id(1), 2, &[PersonId::User(9)]).await.unwrap(), 1);

    writer.state.apply_cursor(anna.id, Cursor { delivered: 4, read: 4 }, 0);
    writer.now += 1;
    fixture.journal.commit(writer.of(vec![], vec![anna.id])).await.unwrap();
    let listed = fixture.journal.listed(id(1), anna.id).await.unwrap().unwrap();
    assert_eq!(listed.unread, 0);
    assert_eq!(listed.cursors[&anna.id], Cursor { delivered: 4, read: 4 });
    assert_eq!(listed.updated_at, writer.state.updated_at, "no event, no update");
    assert_eq!(listed, writer.state.summary(anna.id));

    // Somebody with an older idea of the cursor does not take it back.
    let mut old = writer.state.clone();
    old.participants.get_mut(&anna.id).unwrap().cursor = Cursor { delivered: 3, read: 2 };
    fixture.journal.commit(Writer { state: old, now: 1 }.of(vec![], vec![anna.id])).await.unwrap();
    let listed = fixture.journal.listed(id(1), anna.id).await.unwrap().unwrap();
    assert_eq!(listed.cursors[&anna.id], Cursor { delivered: 4, read: 4 });
}

#[tokio::test]
async fn batches_of_one_group_see_each_other() {
    let fixture = Fixture::new().await;
    let anna = visitor(1);
    let mut writer = Writer::new(id(1));
    let first = writer.opened(&anna, "k1", None, "question");
    let second = writer.batch(vec![message(&anna, "k2", "more")]);
    let third = writer.batch(vec![EventKind::Resolved { by: anna.clone() }]);
    // The same key in another conversation; another writer on the same one.
    let twice = Writer::new(id(2)).opened(&anna, "k1", None, "question");
    let rival = Writer::new(id(1)).opened(&visitor(2), "r", None, "rival");
    let doubled = vec![message(&visitor(3), "d", "x"), message(&visitor(3), "d", "x")];
    let mut doubling = Writer::new(id(3));
    let opened = doubling.opened(&visitor(3), "k", None, "x");
    let doubled = doubling.batch(doubled);

    // One lock for all: until it is free, everything gathers behind the first batch.
    let verdicts = together(&fixture, vec![first, second, twice, rival, opened, doubled, third]).await;
    assert!(verdicts[0].is_ok() && verdicts[1].is_ok() && verdicts[4].is_ok() && verdicts[6].is_ok());
    let digest = content_digest("open", None, "question");
    let used = KeyedEvent { author: anna.id, key: key("k1"), conversation: id(1), seq: 2, digest };
    assert_eq!(verdicts[2], Err(CommitError::KeysInUse(vec![used])));
    assert_eq!(verdicts[3], Err(CommitError::HeadMoved));
    assert!(matches!(&verdicts[5], Err(CommitError::Unavailable(_))));

    assert_eq!(fixture.journal.load(id(1), &Rules::default()).await.unwrap().unwrap(), writer.state);
    assert_eq!(fixture.journal.listed(id(1), anna.id).await.unwrap().unwrap().status, Status::Resolved);
    assert_eq!(fixture.journal.events(id(1), Span::After(0), 99, usize::MAX).await.unwrap().events.len(), 4);
    let counted = fixture.journal.counters().get();
    assert!(counted.batches == 4 && counted.commits < counted.batches, "they shared: {counted:?}");
}

#[tokio::test]
async fn only_the_guilty_one_of_a_group_is_refused() {
    let fixture = Fixture::new().await;
    let anna = visitor(1);
    let mut guilty = Writer::new(id(1));
    fixture.journal.commit(guilty.opened(&anna, "k1", None, "question")).await.unwrap();
    // A rival's event that came in between the look at the heads and the insert: in the log, but not in the projection.
    let mut rival = Writer { state: guilty.state.clone(), now: guilty.now };
    let event = rival.batch(vec![message(&manager(1), "r", "first")]).events.remove(0);
    let row = cells::event(id(1), &event).unwrap();
    insert::<chat_events::Entity, _>(&fixture.db.write, &EVENT, [row], |_| None).await.unwrap();

    let mut batches = vec![guilty.batch(vec![message(&anna, "k2", "late")])];
    batches.extend((2..=5).map(|n| Writer::new(id(n)).opened(&visitor(n.into()), "k", None, "x")));
    let verdicts = together(&fixture, batches).await;
    assert_eq!(verdicts, [Err(CommitError::HeadMoved), Ok(()), Ok(()), Ok(()), Ok(())]);
    assert_eq!(log(&fixture.db).await.len(), 3 + 4 * 2);
}

/// Commits all batches at once, so that those behind the first one share a transaction.
async fn together(fixture: &Fixture, batches: Vec<Batch>) -> Vec<Result<(), CommitError>> {
    use sea_orm::TransactionTrait;
    // Holding the only connection for writing holds the writer up without failing it.
    let held = fixture.db.write.begin().await.unwrap();
    let commits = batches.into_iter().map(|batch| {
        let journal = fixture.journal.clone();
        tokio::spawn(async move { journal.commit(batch).await })
    });
    let commits: Vec<_> = commits.collect();
    // On this single-threaded runtime, spawned tasks run in order up to the full queue of the journal.
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    held.rollback().await.unwrap();
    let mut verdicts = Vec::new();
    for commit in commits {
        verdicts.push(commit.await.unwrap());
    }
    verdicts
}
