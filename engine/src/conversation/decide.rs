//! What a command would change, or why it may not.

use std::borrow::Cow;

use crate::ids::{Key, PersonId};
use crate::protocol::{Code, Cursor, EventKind, Person, Refusal, Role, Status};

use super::{Command, Rules, State, content_digest};

/// What a command comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// These events, in this order, numbered from the head on. The answer bears the number of `events[answer]`.
    Events {
        /// What happens.
        events: Vec<EventKind>,
        /// Which of them is the command's own: the last one that bears its key, or the last of all.
        answer: usize,
    },
    /// The command was carried out before, under the same key or with the same effect: the answer of then. Commands
    /// without a key have no event of their own to find again: they are answered with the head.
    Repeated {
        /// The event of then.
        seq: u64,
    },
    /// A cursor moves (or stands still, if it is already there): no event, but state.
    Cursor {
        /// The cursor after it.
        cursor: Cursor,
    },
    /// The conversation goes from its guest to the account.
    Adopted,
}

/// Decides one command against the state. Pure: nothing changes until the journal has committed and the state applies.
///
/// Whoever may not read the conversation is told that it does not exist, before anything else is looked at. Then a key
/// that was used before is answered, before what the command says and where the conversation stands: a repetition gets
/// the first answer, whatever has happened since.
///
/// Keys are known here as far back as the state remembers ([`State::recorded`]). An older one is found by the database when
/// the events are committed; who wants to keep the promise where an older one is *refused* (a repeated `send` to a
/// conversation that another manager has by now) looks the key up in the journal before passing the refusal on.
///
/// # Errors
/// The refusal that the sender gets; nobody else gets anything.
pub fn decide(state: &State, by: &Person, command: &Command, rules: &Rules) -> Result<Decision, Refusal> {
    match command {
        Command::Open { key, subject, body } if !state.exists() => {
            open(by, key, subject.as_deref(), body, rules)
        }
        Command::Adopt { guest } => adopt(state, by, *guest),
        _ if !state.may_read(by) => Err(Refusal::no_such_conversation()),
        Command::Open { key, subject, body } => {
            let digest = content_digest("open", trimmed(subject.as_deref()), body);
            let conflict = || conflict("this conversation was opened before");
            repeated(state, by, key, digest)?.ok_or_else(conflict)
        }
        // Before the key: no message with attachments was ever stored, so that this can be no repetition.
        Command::Send { attachments, .. } if !attachments.is_empty() => {
            Err(invalid("this server takes no attachments yet"))
        }
        Command::Send { key, body, .. } => send(state, by, key, body, rules),
        Command::Note { key, body } => note(state, by, key, body, rules),
        Command::Claim { take_over } => claim(state, by, *take_over),
        Command::Release => release(state, by),
        Command::Transfer { to } => transfer(state, by, to),
        Command::Resolve => resolve(state, by),
        Command::Reopen => reopen(state, by),
        Command::Read { seq } => cursor(state, by, Cursor { read: *seq, delivered: *seq }),
        Command::Delivered { seq } => cursor(state, by, Cursor { read: 0, delivered: *seq }),
    }
}

fn open(
    by: &Person,
    key: &Key,
    subject: Option<&str>,
    body: &str,
    rules: &Rules,
) -> Result<Decision, Refusal> {
    check_body(body, rules)?;
    let subject = trimmed(subject).map(str::to_owned);
    if subject.as_deref().is_some_and(|subject| subject.contains('\0')) {
        return Err(invalid("subject contains U+0000"));
    }
    if subject.as_deref().is_some_and(|subject| longer_than(subject, rules.subject_chars)) {
        return Err(too_large("subject", rules.subject_chars));
    }
    happens([EventKind::Opened { subject, visitor: by.clone() }, message(by, key, body)])
}

fn adopt(state: &State, by: &Person, guest: PersonId) -> Result<Decision, Refusal> {
    // Only a guest's conversation can be adopted, and only by an account: else one account could take another's.
    let allowed = matches!((guest, by.id), (PersonId::Guest(_), PersonId::User(_)));
    if allowed && state.is_visitor(guest) {
        Ok(Decision::Adopted)
    } else if allowed && state.is_visitor(by.id) && state.former_guest == Some(guest) {
        repeated_in_effect(state)
    } else {
        Err(Refusal::no_such_conversation())
    }
}

fn send(state: &State, by: &Person, key: &Key, body: &str, rules: &Rules) -> Result<Decision, Refusal> {
    if let Some(before) = repeated(state, by, key, content_digest("send", None, body))? {
        return Ok(before);
    }
    check_body(body, rules)?;
    let message = message(by, key, body);
    let (reopened, claimed) =
        (EventKind::Reopened { by: by.clone() }, EventKind::Claimed { manager: by.clone() });
    let is_visitor = state.is_visitor(by.id);
    match state.status {
        Status::Resolved if is_visitor || state.is_manager(by.id) => happens([reopened, message]),
        _ if is_visitor || state.is_manager(by.id) => happens([message]),
        Status::Resolved if state.manager.is_none() => happens([reopened, claimed, message]),
        Status::Waiting => happens([claimed, message]),
        Status::Claimed | Status::Resolved => Err(taken(state, "another manager has it; claim it first")),
    }
}

fn note(state: &State, by: &Person, key: &Key, body: &str, rules: &Rules) -> Result<Decision, Refusal> {
    if let Some(before) = repeated(state, by, key, content_digest("note", None, body))? {
        return Ok(before);
    }
    not_for_visitors(state, by)?;
    check_body(body, rules)?;
    happens([EventKind::Note { author: by.clone(), body: body.to_owned(), key: key.clone() }])
}

fn claim(state: &State, by: &Person, take_over: bool) -> Result<Decision, Refusal> {
    not_for_visitors(state, by)?;
    match (state.status, &state.manager) {
        (Status::Resolved, _) => Err(conflict("it is resolved; reopen it first")),
        (Status::Claimed, Some(manager)) if manager.id == by.id => repeated_in_effect(state),
        (Status::Claimed, Some(manager)) if take_over => {
            happens([EventKind::Transferred { from: manager.clone(), to: by.clone() }])
        }
        (Status::Claimed, _) => {
            Err(taken(state, "another manager has it; claim it with take_over to take it"))
        }
        (Status::Waiting, _) => happens([EventKind::Claimed { manager: by.clone() }]),
    }
}

fn release(state: &State, by: &Person) -> Result<Decision, Refusal> {
    let manager = claimed_for(state, by)?;
    happens([EventKind::Released { manager }])
}

fn transfer(state: &State, by: &Person, to: &Person) -> Result<Decision, Refusal> {
    let from = claimed_for(state, by)?;
    if !to.role.is_staff() {
        return Err(invalid("`to` is not a manager"));
    }
    if state.is_visitor(to.id) {
        return Err(invalid("`to` asked the question; it takes another manager to answer"));
    }
    if from.id == to.id {
        return Err(invalid("`to` has it already"));
    }
    happens([EventKind::Transferred { from, to: to.clone() }])
}

fn resolve(state: &State, by: &Person) -> Result<Decision, Refusal> {
    let may = state.is_visitor(by.id) || state.is_manager(by.id) || by.role == Role::Admin;
    match state.status {
        Status::Resolved => repeated_in_effect(state),
        Status::Claimed if !may => Err(taken(state, "another manager has it")),
        Status::Waiting | Status::Claimed => happens([EventKind::Resolved { by: by.clone() }]),
    }
}

fn reopen(state: &State, by: &Person) -> Result<Decision, Refusal> {
    let may = state.is_visitor(by.id) || state.is_manager(by.id) || state.manager.is_none();
    match state.status {
        Status::Waiting | Status::Claimed => repeated_in_effect(state),
        Status::Resolved if !may => Err(taken(state, "another manager resolved it")),
        Status::Resolved => happens([EventKind::Reopened { by: by.clone() }]),
    }
}

fn cursor(state: &State, by: &Person, to: Cursor) -> Result<Decision, Refusal> {
    if to.delivered > state.last_seq {
        return Err(invalid(format!("seq is past the head, which is {}", state.last_seq)));
    }
    let now = state.participants.get(&by.id).map(|part| part.cursor).unwrap_or_default();
    let cursor = Cursor { delivered: now.delivered.max(to.delivered), read: now.read.max(to.read) };
    Ok(Decision::Cursor { cursor })
}

/// What the key stood for before, if it was used.
fn repeated(state: &State, by: &Person, key: &Key, digest: [u8; 16]) -> Result<Option<Decision>, Refusal> {
    match state.recorded(by.id, key) {
        Some(before) if before.digest == digest => Ok(Some(Decision::Repeated { seq: before.seq })),
        Some(_) => Err(conflict("this key stood for something else before; use a new one")),
        None => Ok(None),
    }
}

/// Who has it, if that is the asker or the asker may act for every manager.
fn claimed_for(state: &State, by: &Person) -> Result<Person, Refusal> {
    if !state.is_manager(by.id) {
        not_for_visitors(state, by)?;
    }
    match (state.status, &state.manager) {
        (Status::Claimed, Some(manager)) if manager.id == by.id || by.role == Role::Admin => {
            Ok(manager.clone())
        }
        (Status::Claimed, _) => Err(taken(state, "another manager has it")),
        (Status::Waiting, _) => Err(conflict("nobody has it; claim it first")),
        (Status::Resolved, _) => Err(conflict("it is resolved; reopen it first")),
    }
}

fn not_for_visitors(state: &State, by: &Person) -> Result<(), Refusal> {
    if by.role.is_staff() && !state.is_visitor(by.id) {
        Ok(())
    } else {
        Err(Refusal::new(Code::Forbidden, "the visitor of a conversation cannot do what its managers do"))
    }
}

fn check_body(body: &str, rules: &Rules) -> Result<(), Refusal> {
    if longer_than(body, rules.body_chars) {
        Err(too_large("body", rules.body_chars))
    } else if body.trim().is_empty() {
        Err(invalid("body is blank"))
    } else if body.contains('\0') {
        Err(invalid("body contains U+0000"))
    } else {
        Ok(())
    }
}

/// Counted in Unicode scalar values, without walking further than needed.
fn longer_than(text: &str, chars: usize) -> bool {
    text.chars().nth(chars).is_some()
}

fn trimmed(subject: Option<&str>) -> Option<&str> {
    subject.map(str::trim).filter(|subject| !subject.is_empty())
}

fn message(by: &Person, key: &Key, body: &str) -> EventKind {
    EventKind::Message {
        author: by.clone(),
        body: body.to_owned(),
        key: key.clone(),
        attachments: Vec::new(),
    }
}

/// The command's own event is the last: what it needs to be possible comes before it.
fn happens<const N: usize>(events: [EventKind; N]) -> Result<Decision, Refusal> {
    Ok(Decision::Events { events: events.into(), answer: N - 1 })
}

fn repeated_in_effect(state: &State) -> Result<Decision, Refusal> {
    Ok(Decision::Repeated { seq: state.last_seq })
}

fn invalid(message: impl Into<Cow<'static, str>>) -> Refusal {
    Refusal::new(Code::Invalid, message)
}

fn too_large(field: &str, chars: usize) -> Refusal {
    Refusal::new(Code::TooLarge, format!("{field} is longer than {chars} characters"))
}

fn conflict(message: &'static str) -> Refusal {
    Refusal::new(Code::Conflict, message)
}

/// A conflict that names who has the conversation.
fn taken(state: &State, message: &'static str) -> Refusal {
    Refusal { manager: state.manager.clone().map(Box::new), ..conflict(message) }
}
