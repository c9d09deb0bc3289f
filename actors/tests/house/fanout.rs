//! One event to many readers.

use std::collections::BTreeSet;

use bytes::Bytes;
use otvet_actors::outbox::Frames;
use otvet_engine::protocol::{Event, EventKind, Format, ServerFrame, decode_any};

use crate::world::{Member, World, manager, visitor};

/// The bytes of the next message, as they stand in the queue.
async fn message(reader: &Member) -> Bytes {
    let is_message = |bytes: &Bytes| {
        let frame = decode_any::<ServerFrame>(Format::MessagePack, bytes);
        matches!(frame, Ok(ServerFrame::Event(Event { kind: EventKind::Message { .. }, .. })))
    };
    let mut frames = Frames::new();
    loop {
        reader.outbox.next(&mut frames).await;
        if let Some(found) = frames.drain(..).find(is_message) {
            return found;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_encoded_once_however_many_read_it() {
    let world = World::start().await;
    let mut anna = world.join(visitor(1)).await;
    let conversation = anna.open("a", "Вопрос").await.id;
    let mut readers = Vec::new();
    for n in 100..150 {
        let mut reader = world.join(manager(n)).await;
        reader.watch(conversation).await;
        readers.push(reader);
    }
    anna.send(conversation, "b", "Ещё вопрос").await.unwrap();
    let mut places = BTreeSet::new();
    let mut kept = Vec::new();
    for reader in &readers {
        let bytes = message(reader).await;
        places.insert(bytes.as_ptr() as usize);
        // Kept, so that no place is used twice.
        kept.push(bytes);
    }
    assert_eq!((kept.len(), places.len()), (50, 1), "all readers share the same bytes");
}
