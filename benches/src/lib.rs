//! What the benches measure: frames and histories of the size that a real chat has.

use otvet_engine::clock::Timestamp;
use otvet_engine::conversation::{Command, Decision, Rules, State, decide};
use otvet_engine::ids::{ConversationId, PersonId, StreamName};
use otvet_engine::protocol::{Event, EventKind, Person, Role, ServerFrame};

/// A visitor.
pub fn visitor() -> Person {
    Person { id: PersonId::User(7), role: Role::Visitor, name: "Анна Каренина".to_owned() }
}

/// A conversation's id.
pub fn conversation() -> ConversationId {
    ConversationId::new(Timestamp::from_millis(1_764_000_000_000), [7; 10])
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
    let mut state = State::empty(conversation());
    let open =
        Command::Open {
            key: "open".parse().expect("it is short"), subject: None, body: "Вопрос".to_owned()
        };
    carry_out(&mut state, &open, rules);
    (0..messages).for_each(|n| carry_out(&mut state, &send(n), rules));
    state
}

/// Decides a command of the visitor and applies what it comes to.
///
/// # Panics
/// When the command is refused.
pub fn carry_out(state: &mut State, command: &Command, rules: &Rules) {
    match decide(state, &visitor(), command, rules).expect("a visitor may write") {
        Decision::Events { events, .. } => {
            for event in state.number(events, Timestamp::from_millis(1)) {
                state.apply(&event, rules);
            }
        }
        other => panic!("a new message is an event, not {other:?}"),
    }
}
