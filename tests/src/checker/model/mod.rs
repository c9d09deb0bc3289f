//! A seeded generator of clean runs: a model server that keeps every promise, and devices that come and go. The checker
//! must find nothing in them, whatever the seed; planted faults start from them.

mod deliver;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use otvet_engine::clock::Timestamp;
use otvet_engine::ids::{ConversationId, PersonId, Position, StreamName};
use otvet_engine::protocol::client::{Claim, Mark, Note, Open, Send, Target};
use otvet_engine::protocol::{
    Answer, Answered, ClientFrame, Code, Command, CommandId, Cursor, Event, EventKind, Failed, Person, Role,
    ServerFrame, Status,
};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::log::{ClientLog, Entry, RunLog, What};

struct Conversation {
    visitor: Person,
    manager: Option<Person>,
    status: Status,
    cursors: BTreeMap<PersonId, Cursor>,
}

struct Device {
    person: Person,
    connected: bool,
    positions: BTreeMap<StreamName, Position>,
    watched: BTreeSet<ConversationId>,
    commands: i64,
    /// Sent, and no answer came: to be repeated.
    unanswered: Option<Command>,
}

struct Model {
    rng: StdRng,
    run: RunLog,
    devices: Vec<Device>,
    conversations: BTreeMap<ConversationId, Conversation>,
    lists: BTreeMap<StreamName, Vec<Event>>,
    keys: u64,
    clock: u64,
}

/// A run of so many steps in which every promise is kept.
pub fn clean_run(seed: u64, steps: usize) -> RunLog {
    let mut model = Model::new(StdRng::seed_from_u64(seed));
    for device in 0..model.devices.len() {
        model.connect(device);
    }
    for _ in 0..steps {
        model.step();
    }
    for device in 0..model.devices.len() {
        model.disconnect(device);
        model.connect(device);
        model.repeat(device);
    }
    // Everybody says something more, so that the last connections have something to miss.
    for device in 0..model.devices.len() {
        let command = model.command(device);
        model.give(device, command, false);
    }
    let people: Vec<Person> = model.devices.iter().map(|d| d.person.clone()).collect();
    for person in people {
        for id in model.readable(&person) {
            model.run.lists.push((person.clone(), model.summary(id, person.id)));
        }
    }
    model.run.quiesced = true;
    model.run
}

impl Model {
    fn new(rng: StdRng) -> Self {
        let mut model = Self {
            rng,
            run: RunLog::default(),
            devices: Vec::new(),
            conversations: BTreeMap::new(),
            lists: BTreeMap::new(),
            keys: 0,
            clock: 0,
        };
        for (id, role, devices) in [
            (PersonId::User(1), Role::Manager, 2),
            (PersonId::User(2), Role::Admin, 1),
            (PersonId::User(3), Role::Visitor, 2),
            (PersonId::Guest(4), Role::Visitor, 1),
        ] {
            for n in 1..=devices {
                let person = Person { id, role, name: format!("P {id}") };
                let name = format!("{id}, device {n}");
                model.run.clients.push(ClientLog { name, person: person.clone(), entries: Vec::new() });
                model.devices.push(Device {
                    person,
                    connected: false,
                    positions: BTreeMap::new(),
                    watched: BTreeSet::new(),
                    commands: 0,
                    unanswered: None,
                });
            }
        }
        model
    }

    fn note(&mut self, device: usize, what: What) {
        self.clock += 1;
        let at = Duration::from_millis(self.clock);
        self.run.clients[device].entries.push(Entry { at, what });
    }

    fn is_visitor(&self, person: &Person, id: ConversationId) -> bool {
        self.conversations[&id].visitor.id == person.id
    }

    fn readable(&self, person: &Person) -> Vec<ConversationId> {
        let all = self.conversations.keys().copied();
        all.filter(|id| person.role.is_staff() || self.is_visitor(person, *id)).collect()
    }

    fn step(&mut self) {
        let device = self.rng.random_range(0..self.devices.len());
        if !self.devices[device].connected {
            return self.connect(device);
        }
        if self.devices[device].unanswered.is_some() {
            return self.repeat(device);
        }
        if self.rng.random_bool(0.1) {
            return self.disconnect(device);
        }
        let command = self.command(device);
        self.give(device, command, true);
    }

    fn command(&mut self, device: usize) -> Command {
        self.keys += 1;
        let key = format!("k{}", self.keys).parse().expect("short");
        let body = format!("words {}", self.keys);
        let person = self.devices[device].person.clone();
        let known = self.readable(&person);
        if known.is_empty() || (!person.role.is_staff() && self.rng.random_bool(0.1)) {
            return Command::Open(Open { key, subject: None, body });
        }
        let conversation = known[self.rng.random_range(0..known.len())];
        let target = Target { conversation };
        match self.rng.random_range(0..if person.role.is_staff() { 10 } else { 5 }) {
            0..3 => Command::Send(Send { conversation, key, body, attachments: Vec::new() }),
            3 => {
                let seq = self.run.stored[&conversation].len() as u64;
                Command::Read(Mark { conversation, seq })
            }
            4 => Command::Resolve(target),
            5 => Command::Note(Note { conversation, key, body }),
            6 => Command::Release(target),
            7 => Command::Watch(target),
            _ => Command::Claim(Claim { conversation, take_over: self.rng.random_bool(0.3) }),
        }
    }

    fn repeat(&mut self, device: usize) {
        if let Some(command) = self.devices[device].unanswered.take() {
            self.give(device, command, false);
        }
    }

    /// Sends, decides, stores, answers; sometimes the connection breaks before the answer, or before the server has it.
    fn give(&mut self, device: usize, command: Command, may_break: bool) {
        self.devices[device].commands += 1;
        let id = CommandId::Number(self.devices[device].commands);
        self.note(device, What::Sent(ClientFrame { id: Some(id.clone()), command: command.clone() }));
        let breaks = may_break && self.rng.random_bool(0.1);
        if breaks && self.rng.random_bool(0.5) {
            self.devices[device].unanswered = Some(command);
            return self.disconnect(device);
        }
        // Who breaks off now does not see the events, but they are stored.
        if breaks {
            self.disconnect(device);
            self.devices[device].unanswered = Some(command.clone());
        }
        let person = self.devices[device].person.clone();
        let frame = match self.carry_out(device, &person, &command) {
            Ok(answer) => ServerFrame::Answered(Answered { id, answer }),
            Err(code) => {
                let refusal = otvet_engine::protocol::Refusal::new(code, "no");
                ServerFrame::Failed(Failed::new(Some(id), refusal))
            }
        };
        if !breaks {
            self.note(device, What::Received(frame));
        }
    }

    fn carry_out(&mut self, device: usize, by: &Person, command: &Command) -> Result<Answer, Code> {
        let me = by.clone();
        let Some(id) = command.conversation() else {
            let Command::Open(open) = command else { return Ok(Answer::Done {}) };
            return Ok(self.open(by, open));
        };
        if let Some(seq) = self.seq_of_key(by, command) {
            return Ok(Answer::Stored { seq });
        }
        let (status, manager) = (self.conversations[&id].status, self.conversations[&id].manager.clone());
        let mine = manager.as_ref().is_some_and(|m| m.id == by.id);
        let kinds = match command {
            Command::Send(c) => {
                let (key, body) = (c.key.clone(), c.body.clone());
                let message = EventKind::Message { author: me.clone(), body, key, attachments: Vec::new() };
                match (by.role.is_staff(), status) {
                    (false, Status::Resolved) => vec![EventKind::Reopened { by: me }, message],
                    (false, _) => vec![message],
                    (true, Status::Waiting) => vec![EventKind::Claimed { manager: me }, message],
                    (true, Status::Resolved) if mine => vec![EventKind::Reopened { by: me }, message],
                    (true, _) if mine => vec![message],
                    (true, _) => return Err(Code::Forbidden),
                }
            }
            Command::Note(c) => {
                vec![EventKind::Note { author: me, body: c.body.clone(), key: c.key.clone() }]
            }
            Command::Claim(c) => match (status, manager) {
                (Status::Claimed, Some(_)) if mine => {
                    return Ok(Answer::Stored { seq: self.head(StreamName::Conversation(id)).seq });
                }
                (Status::Claimed, Some(from)) if c.take_over => vec![EventKind::Transferred { from, to: me }],
                (Status::Claimed | Status::Resolved, _) => return Err(Code::Conflict),
                _ => vec![EventKind::Claimed { manager: me }],
            },
            Command::Release(_) if mine && status == Status::Claimed => {
                vec![EventKind::Released { manager: me }]
            }
            Command::Resolve(_) if status != Status::Resolved && (mine || !by.role.is_staff()) => {
                vec![EventKind::Resolved { by: me }]
            }
            Command::Read(mark) => {
                let read = &mut self
                    .conversations
                    .get_mut(&id)
                    .expect("known")
                    .cursors
                    .entry(by.id)
                    .or_default()
                    .read;
                *read = mark.seq.max(*read);
                return Ok(Answer::Done {});
            }
            Command::Watch(_) => {
                let position = self.head(StreamName::Conversation(id));
                let follows = self.follows(device, id);
                let device = &mut self.devices[device];
                device.watched.insert(id);
                if !follows {
                    device.positions.insert(StreamName::Conversation(id), position.clone());
                }
                return Ok(Answer::Watching { position });
            }
            _ => return Err(Code::Conflict),
        };
        Ok(Answer::Stored { seq: self.commit(id, kinds) })
    }

    fn open(&mut self, by: &Person, open: &Open) -> Answer {
        let stored = self.run.stored.iter().find(|(_, events)| has_key(&events[1], by, &open.key));
        if let Some(id) = stored.map(|(id, _)| *id) {
            return Answer::Opened { conversation: Box::new(self.summary(id, by.id)), seq: 2 };
        }
        let id = ConversationId::new(Timestamp::from_millis(self.clock.cast_signed()), self.rng.random());
        let conversation = Conversation {
            visitor: by.clone(),
            manager: None,
            status: Status::Waiting,
            cursors: BTreeMap::new(),
        };
        self.conversations.insert(id, conversation);
        self.run.stored.insert(id, Vec::new());
        let (key, body) = (open.key.clone(), open.body.clone());
        let opened = EventKind::Opened { subject: None, visitor: by.clone() };
        let message = EventKind::Message { author: by.clone(), body, key, attachments: Vec::new() };
        let seq = self.commit(id, vec![opened, message]);
        Answer::Opened { conversation: Box::new(self.summary(id, by.id)), seq }
    }

    fn seq_of_key(&self, by: &Person, command: &Command) -> Option<u64> {
        let key = match command {
            Command::Send(c) => &c.key,
            Command::Note(c) => &c.key,
            _ => return None,
        };
        self.run.stored.values().flatten().find(|e| has_key(e, by, key)).map(|e| e.seq)
    }
}

fn has_key(event: &Event, by: &Person, wanted: &otvet_engine::ids::Key) -> bool {
    match &event.kind {
        EventKind::Message { author, key, .. } | EventKind::Note { author, key, .. } => {
            author.id == by.id && key == wanted
        }
        _ => false,
    }
}
