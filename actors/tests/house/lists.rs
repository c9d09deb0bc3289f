//! Inboxes and own lists: what they say, live and after an absence.

use std::collections::BTreeMap;
use std::time::Duration;

use otvet_engine::ids::{PersonId, StreamName};
use otvet_engine::protocol::client::Target;
use otvet_engine::protocol::{Command, EventKind, Person, Role, Status};

use crate::world::{World, behaviour, manager, visitor};

#[tokio::test]
async fn a_claim_leaves_the_other_inboxes_and_stays_in_ones_own() {
    let world = World::start().await;
    let mut anna = world.join(visitor(1)).await;
    let mut boris = world.join(manager(100)).await;
    let mut vera = world.join(manager(101)).await;
    let conversation = anna.open("k1", "Вопрос").await.id;
    boris.listed().await;
    vera.listed().await;
    boris.claim(conversation, false).await.unwrap();
    assert_eq!(vera.listed().await, EventKind::Remove { conversation_id: conversation });
    let EventKind::Upsert { conversation: mine } = boris.listed().await else { panic!("an upsert") };
    assert_eq!((mine.status, mine.unread), (Status::Claimed, 1));
    boris.read(conversation, 3).await;
    let EventKind::Upsert { conversation: mine } = boris.listed().await else { panic!("an upsert") };
    assert_eq!(mine.unread, 0);
    boris.give(Command::Resolve(Target { conversation })).await.unwrap();
    assert_eq!(boris.listed().await, EventKind::Remove { conversation_id: conversation });
}

#[tokio::test]
async fn unread_counts_are_ones_own_on_all_devices() {
    let world = World::start().await;
    let mut phone = world.join(visitor(1)).await;
    let mut boris = world.join(manager(100)).await;
    let conversation = phone.open("k1", "Вопрос").await.id;
    boris.send(conversation, "a1", "Ответ").await.unwrap();
    boris.send(conversation, "a2", "И ещё").await.unwrap();
    let web = world.join(visitor(1)).await;
    assert_eq!(web.ready().conversations[0].unread, 2);
    phone.read(conversation, 4).await;
    let tablet = world.join(visitor(1)).await;
    assert_eq!(tablet.ready().conversations[0].unread, 1);
}

#[tokio::test]
async fn an_inbox_that_slept_catches_up_under_its_numbering() {
    let world =
        World::start_with(otvet_actors::Behaviour { idle_stop: Duration::from_millis(80), ..behaviour() })
            .await;
    let mut anna = world.join(visitor(1)).await;
    let stream = StreamName::Inbox(manager(100).id);
    let (first, position) = {
        let mut boris = world.join(manager(100)).await;
        let first = anna.open("k1", "Первый").await.id;
        boris.listed().await;
        (first, boris.ready().streams[&stream].clone())
    };
    world.until("the inbox has ended", |house| house.census().inboxes == 0).await;
    anna.give(Command::Resolve(Target { conversation: first })).await.unwrap();
    let second = anna.open("k2", "Второй").await.id;

    let mut boris = world.join_at(manager(100), BTreeMap::from([(stream.to_string(), position)])).await;
    assert_eq!(boris.ready().recovered.get(&stream), Some(&true));
    let mut shown = Vec::new();
    for _ in 0..3 {
        match boris.listed().await {
            EventKind::Upsert { conversation } => shown.push(conversation.id),
            EventKind::Remove { conversation_id } => shown.retain(|id| *id != conversation_id),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(shown, [second]);
}

#[tokio::test]
async fn a_guests_conversations_become_the_accounts() {
    let world = World::start().await;
    let guest = Person { id: PersonId::Guest(1), role: Role::Visitor, name: "Гость".to_owned() };
    let conversation = {
        let mut member = world.join(guest.clone()).await;
        let id = member.open("k1", "Вопрос гостя").await.id;
        member.send(id, "k2", "Ещё").await.unwrap();
        id
    };
    let mut anna = world.join(visitor(1)).await;
    assert_eq!(world.house.adopt(guest.id, visitor(1)).await, Ok(1));
    let EventKind::Upsert { conversation: mine } = anna.listed().await else { panic!("an upsert") };
    assert_eq!((mine.id, mine.unread, mine.visitor.id), (conversation, 0, visitor(1).id));
    assert_eq!(
        anna.send(conversation, "k2", "Ещё").await.unwrap(),
        3,
        "what the guest sent is not sent again"
    );
    assert_eq!(anna.send(conversation, "k3", "Теперь я").await.unwrap(), 4);
    assert_eq!(anna.open("k1", "Вопрос гостя").await.id, conversation, "nor is it opened again");
    assert_eq!(world.house.adopt(guest.id, visitor(1)).await, Ok(0));
    assert_eq!(
        world.journal.load(conversation, &Default::default()).await.unwrap().unwrap().participants.len(),
        1
    );
}

#[tokio::test]
async fn a_revoked_token_closes_its_connections_and_tells_the_others() {
    let world = World::start().await;
    let mut phone = world.join(visitor(1)).await;
    world.house.sign_out(visitor(1).id, 1);
    assert_eq!(phone.closed().await, otvet_engine::protocol::CloseCode::Unauthorized);
}

#[tokio::test]
async fn who_is_no_manager_any_more_gives_back_what_they_had() {
    let world = World::start().await;
    let mut anna = world.join(visitor(1)).await;
    let mut boris = world.join(manager(100)).await;
    let mut vera = world.join(manager(101)).await;
    for n in 0..3 {
        let conversation = anna.open(&format!("k{n}"), "Вопрос").await.id;
        boris.claim(conversation, false).await.unwrap();
    }
    assert_eq!(world.house.release_all(&manager(100)).await, Ok(3));
    assert_eq!(world.house.release_all(&manager(100)).await, Ok(0));
    let mut waiting = std::collections::BTreeSet::new();
    while waiting.len() < 3 {
        if let EventKind::Upsert { conversation } = vera.listed().await
            && conversation.status == Status::Waiting
            && conversation.last_seq == 4
        {
            waiting.insert(conversation.id);
        }
    }
    world.house.recall(manager(100).id);
    assert_eq!(boris.closed().await, otvet_engine::protocol::CloseCode::Restarting);
}
