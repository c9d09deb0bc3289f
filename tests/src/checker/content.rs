//! Whether single things that a device got are its to see and say what is stored.

use std::collections::HashMap;

use otvet_engine::ids::{Epoch, StreamName};
use otvet_engine::protocol::{Event, EventKind, Person, Signal};

use super::replay::Replay;
use super::{Fault, Report};

/// What inbox and session streams said, so that all devices of a person can be held against each other: these streams
/// are not in the stored log.
pub(super) type ListStreams = HashMap<(StreamName, Epoch, u64), Event>;

/// Whether the person may follow the stream.
pub(super) fn may_follow(replay: &Replay<'_>, person: &Person, stream: StreamName) -> bool {
    match stream {
        StreamName::Conversation(id) => replay.may_read(person, id),
        StreamName::Inbox(owner) => owner == person.id && person.role.is_staff(),
        StreamName::Session(owner) => owner == person.id,
    }
}

/// An event of a conversation against the stored one under its number.
pub(super) fn against_stored(
    replay: &Replay<'_>,
    person: &Person,
    event: &Event,
    who: &str,
    report: &mut Report,
) {
    let StreamName::Conversation(id) = event.stream else { return };
    let place = format!("{id}/{}", event.seq);
    if !person.role.is_staff() && event.kind.is_for_staff_only() {
        report.add(Fault::Leaked, who, format!("{place}: a note's content"));
        return;
    }
    let stored = replay.threads.get(&id).and_then(|t| t.event(event.seq));
    let expected = stored.map(|e| if person.role.is_staff() { e.clone() } else { e.for_visitor() });
    match expected {
        None => report.add(Fault::Lost, who, format!("{place}: shown, but not stored: {:?}", event.kind)),
        Some(expected) if expected != *event => {
            let detail = format!("{place}: got {:?}, stored is {:?}", event.kind, expected.kind);
            report.add(Fault::Disorder, who, detail);
        }
        Some(_) => {}
    }
}

/// An event of an inbox or session stream against what another device of the person got under its number.
pub(super) fn against_other_devices(
    seen: &mut ListStreams,
    epoch: Option<&Epoch>,
    event: &Event,
    who: &str,
    report: &mut Report,
) {
    let Some(epoch) = epoch else { return };
    let earlier = seen.entry((event.stream, epoch.clone(), event.seq)).or_insert_with(|| event.clone());
    if earlier != event {
        let detail = format!("{}/{}: differs from what another device got", event.stream, event.seq);
        report.add(Fault::Disorder, who, detail);
    }
}

/// A page or a snapshot: consecutive numbers.
pub(super) fn consecutive(events: &[Event], who: &str, what: &str, report: &mut Report) {
    if let Some(pair) = events.windows(2).find(|pair| pair[1].seq != pair[0].seq + 1) {
        let fault = if pair[1].seq > pair[0].seq { Fault::Gap } else { Fault::Disorder };
        let detail = format!("{what} of {}: {} after {}", pair[0].stream, pair[1].seq, pair[0].seq);
        report.add(fault, who, detail);
    }
}

/// A signal of a conversation that is not the person's to see.
pub(super) fn signal(replay: &Replay<'_>, person: &Person, signal: &Signal, who: &str, report: &mut Report) {
    if !replay.may_read(person, signal.conversation) {
        report.add(Fault::Leaked, who, format!("a {:?} signal of {}", signal.kind, signal.conversation));
    }
}

/// The list entry inside an event, if it has one.
pub(super) fn entry(event: &Event) -> Option<&otvet_engine::protocol::Summary> {
    match &event.kind {
        EventKind::Upsert { conversation } => Some(conversation),
        _ => None,
    }
}
