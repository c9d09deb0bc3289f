//! The model server's other half: it stores, delivers, and greets those who come back.

use otvet_engine::clock::Timestamp;
use otvet_engine::ids::{ConversationId, Epoch, PersonId, Position, StreamName};
use otvet_engine::protocol::{
    CommandId, Event, EventKind, LastMessage, Limits, Person, Ready, ServerFrame, Status, Summary,
};
use rand::RngExt;
use std::collections::BTreeMap;

use super::Model;
use crate::checker::log::What;

const EPOCH: &str = "00000000000000e1";

impl Model {
    /// Stores a batch and delivers it; returns the last number.
    pub(super) fn commit(&mut self, id: ConversationId, kinds: Vec<EventKind>) -> u64 {
        let stream = StreamName::Conversation(id);
        for kind in kinds {
            let before: Vec<bool> = (0..self.devices.len()).map(|d| self.follows(d, id)).collect();
            let conversation = self.conversations.get_mut(&id).expect("known");
            match &kind {
                EventKind::Claimed { manager: to } | EventKind::Transferred { to, .. } => {
                    (conversation.status, conversation.manager) = (Status::Claimed, Some(to.clone()));
                }
                EventKind::Released { .. } => {
                    (conversation.status, conversation.manager) = (Status::Waiting, None);
                }
                EventKind::Reopened { .. } if conversation.manager.is_some() => {
                    conversation.status = Status::Claimed;
                }
                EventKind::Reopened { .. } => conversation.status = Status::Waiting,
                EventKind::Resolved { .. } => conversation.status = Status::Resolved,
                _ => {}
            }
            let events = self.run.stored.get_mut(&id).expect("known");
            let event = Event { stream, seq: events.len() as u64 + 1, at: Timestamp::default(), kind };
            events.push(event.clone());
            for (device, followed) in before.into_iter().enumerate() {
                if followed || self.follows(device, id) {
                    self.deliver(device, &event);
                }
            }
        }
        self.tell_lists(id);
        self.head(stream).seq
    }

    fn tell_lists(&mut self, id: ConversationId) {
        let people: BTreeMap<PersonId, Person> =
            self.devices.iter().map(|d| (d.person.id, d.person.clone())).collect();
        for person in people.into_values() {
            let stream = match person.role.is_staff() {
                true => StreamName::Inbox(person.id),
                false if self.is_visitor(&person, id) => StreamName::Session(person.id),
                false => continue,
            };
            let conversation = &self.conversations[&id];
            let listed = conversation.status == Status::Waiting
                || conversation.manager.as_ref().is_none_or(|m| m.id == person.id);
            let kind = if listed || !person.role.is_staff() {
                EventKind::Upsert { conversation: Box::new(self.summary(id, person.id)) }
            } else {
                EventKind::Remove { conversation_id: id }
            };
            let events = self.lists.entry(stream).or_default();
            let event = Event { stream, seq: events.len() as u64 + 1, at: Timestamp::default(), kind };
            events.push(event.clone());
            for device in 0..self.devices.len() {
                if self.devices[device].person.id == person.id && self.devices[device].connected {
                    self.deliver(device, &event);
                }
            }
        }
    }

    pub(super) fn follows(&self, device: usize, id: ConversationId) -> bool {
        let (device, conversation) = (&self.devices[device], &self.conversations[&id]);
        device.connected
            && (conversation.visitor.id == device.person.id
                || conversation.manager.as_ref().is_some_and(|m| m.id == device.person.id)
                || device.watched.contains(&id))
    }

    fn deliver(&mut self, device: usize, event: &Event) {
        let staff = self.devices[device].person.role.is_staff();
        let event = if staff { event.clone() } else { event.for_visitor() };
        let position = Position { epoch: Epoch(EPOCH.into()), seq: event.seq };
        self.devices[device].positions.insert(event.stream, position);
        self.note(device, What::Received(ServerFrame::Event(event)));
    }

    pub(super) fn disconnect(&mut self, device: usize) {
        self.devices[device].connected = false;
        self.devices[device].watched.clear();
        self.note(device, What::Closed(None));
    }

    pub(super) fn connect(&mut self, device: usize) {
        let person = self.devices[device].person.clone();
        if self.rng.random_bool(0.2) {
            self.devices[device].positions.clear();
        }
        let positions = self.devices[device].positions.clone();
        self.note(device, What::Hello(positions.clone()));
        let list = if person.role.is_staff() {
            StreamName::Inbox(person.id)
        } else {
            StreamName::Session(person.id)
        };
        let all: Vec<ConversationId> = self.conversations.keys().copied().collect();
        self.devices[device].connected = true;
        let own: Vec<_> = all.into_iter().filter(|id| self.follows(device, *id)).collect();
        let streams = own.iter().map(|id| StreamName::Conversation(*id)).chain([list]);
        let ready = Ready {
            id: CommandId::Number(0),
            person: person.clone(),
            session: "s".to_owned(),
            heartbeat_s: 25,
            epoch: Epoch(EPOCH.into()),
            streams: streams.chain(positions.keys().copied()).map(|s| (s, self.head(s))).collect(),
            conversations: own.iter().map(|id| self.summary(*id, person.id)).collect(),
            recovered: positions.keys().map(|s| (*s, true)).collect(),
            limits: LIMITS,
        };
        for (stream, head) in &ready.streams {
            self.devices[device].positions.entry(*stream).or_insert_with(|| head.clone());
        }
        self.note(device, What::Received(ServerFrame::Ready(Box::new(ready))));
        for (stream, position) in positions {
            let events = match stream {
                StreamName::Conversation(id) => self.run.stored.get(&id),
                _ => self.lists.get(&stream),
            };
            let missed: Vec<Event> =
                events.into_iter().flatten().filter(|e| e.seq > position.seq).cloned().collect();
            for event in missed {
                self.deliver(device, &event);
            }
        }
    }

    pub(super) fn head(&self, stream: StreamName) -> Position {
        let length = match stream {
            StreamName::Conversation(id) => self.run.stored[&id].len(),
            _ => self.lists.get(&stream).map_or(0, Vec::len),
        };
        Position { epoch: Epoch(EPOCH.into()), seq: length as u64 }
    }

    pub(super) fn summary(&self, id: ConversationId, reader: PersonId) -> Summary {
        let (conversation, events) = (&self.conversations[&id], &self.run.stored[&id]);
        let read = conversation.cursors.get(&reader).map_or(0, |c| c.read);
        let messages = events.iter().filter_map(|e| match &e.kind {
            EventKind::Message { author, body, .. } => Some((e.seq, author, body)),
            _ => None,
        });
        let unread = messages.clone().filter(|(seq, author, _)| *seq > read && author.id != reader).count();
        let last_message = messages.max_by_key(|(seq, _, _)| *seq).map(|(seq, author, body)| LastMessage {
            seq,
            at: Timestamp::default(),
            author: author.clone(),
            body: body.clone(),
        });
        Summary {
            id,
            subject: None,
            status: conversation.status,
            visitor: conversation.visitor.clone(),
            manager: conversation.manager.clone(),
            last_seq: events.len() as u64,
            last_message,
            unread: unread as u64,
            cursors: conversation.cursors.clone(),
            opened_at: Timestamp::default(),
            updated_at: Timestamp::default(),
        }
    }
}

const LIMITS: Limits = Limits {
    frame_bytes: 65_536,
    body_chars: 4_000,
    subject_chars: 200,
    commands_per_second: 20,
    burst: 40,
    unanswered_commands: 16,
    connections_per_person: 10,
    outbox_bytes: 1_048_576,
};
