//! What the benches measure, and the ceilings that they measure it against.
//!
//! In reading order: this file (frames and histories of the size that a real chat has), [`house`] (the actors without
//! sockets), [`talk`] (rows to be stored), [`relay`], [`bare_sqlite`], [`bare_postgres`], [`bare_mysql`],
//! [`hand_framed`], [`redis_server`], [`postgres_server`] and [`mysql_server`] (the ceilings), [`edge`] (a whole server in this process), [`performance`]
//! (everything into one document).

pub mod bare_mysql;
pub mod bare_postgres;
pub mod bare_sqlite;
pub mod edge;
pub mod group_rows;
pub mod hand_framed;
pub mod house;
pub mod mysql_server;
pub mod pairs;
pub mod performance;
pub mod postgres_server;
pub mod redis_server;
pub mod relay;
pub mod talk;

use otvet_engine::clock::Timestamp;
use otvet_engine::conversation::{Command, Decision, Rules, State, decide};
use otvet_engine::ids::{ConversationId, PersonId, StreamName};
use otvet_engine::protocol::{Event, EventKind, Format, Person, Role, ServerFrame, encode};
use otvet_engine::tail::TailEntry;

/// The allocator of the server, on both sides of every comparison.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A visitor.
pub fn visitor() -> Person {
    Person { id: PersonId::User(7), role: Role::Visitor, name: "Анна Каренина".to_owned() }
}

/// A conversation's id.
pub fn conversation() -> ConversationId {
    ConversationId::new(Timestamp::from_millis(1_764_000_000_000), [7; 10])
}

/// The `n`th conversation's id.
pub fn conversation_id(n: i64) -> ConversationId {
    let mut random = [0; 10];
    random[..8].copy_from_slice(&n.to_be_bytes());
    ConversationId::new(Timestamp::from_millis(1_764_000_000_000), random)
}

/// A message of about 300 bytes on the wire.
pub fn message() -> ServerFrame {
    ServerFrame::Event(Event {
        stream: StreamName::Conversation(conversation()),
        seq: 17,
        at: Timestamp::from_millis(1_764_000_000_120),
        kind: EventKind::Message {
            author: visitor(),
            body: "Здравствуйте! Где мой заказ?".to_owned(),
            key: "0192f0c1-2345-7abc".parse().expect("it is short"),
            attachments: Vec::new(),
        },
    })
}

/// The `n`th message of a visitor, as a command.
pub fn send(n: u64) -> Command {
    let key = format!("key-{n}").parse().expect("it is short");
    Command::Send {
        key, body: "Здравствуйте! Где мой заказ?".to_owned(), attachments: Vec::new()
    }
}

/// A conversation with so many messages.
///
/// # Panics
/// When the state machine refuses what is allowed.
pub fn conversation_of(messages: u64, rules: &Rules) -> State {
    let mut state = opened_by(&visitor(), conversation(), rules);
    (0..messages).for_each(|n| carry_out(&mut state, &send(n), rules));
    state
}

/// A conversation that somebody has just opened.
///
/// # Panics
/// When the state machine refuses what is allowed.
pub fn opened_by(visitor: &Person, id: ConversationId, rules: &Rules) -> State {
    let mut state = State::empty(id);
    let open =
        Command::Open {
            key: "open".parse().expect("it is short"), subject: None, body: "Вопрос".to_owned()
        };
    carry_out_by(visitor, &mut state, &open, rules);
    state
}

/// Decides a command of the visitor and applies what it comes to.
///
/// # Panics
/// When the command is refused.
pub fn carry_out(state: &mut State, command: &Command, rules: &Rules) {
    carry_out_by(&visitor(), state, command, rules);
}

/// Decides somebody's command and applies the events that it comes to, which are the answer.
///
/// # Panics
/// When the command is refused.
pub fn carry_out_by(by: &Person, state: &mut State, command: &Command, rules: &Rules) -> Vec<Event> {
    match decide(state, by, command, rules).expect("a visitor may write") {
        Decision::Events { events, .. } => {
            let numbered = state.number(events, Timestamp::from_millis(1_764_000_000_000));
            numbered.iter().for_each(|event| state.apply(event, rules));
            numbered
        }
        other => panic!("a new message is an event, not {other:?}"),
    }
}

/// `count` entries of a tail after `head`.
pub fn entries(head: u64, count: u64) -> Vec<TailEntry> {
    let at = Timestamp::from_millis(1_764_000_000_000);
    let event = encode(Format::MessagePack, &message());
    (head + 1..=head + count).map(|seq| TailEntry { seq, at, event: event.clone() }).collect()
}

/// The `n`th stream.
pub fn stream(n: i64) -> StreamName {
    StreamName::Conversation(conversation_id(n))
}
