//! Acknowledgements and refusals against the stored log, and the stored log against itself.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use otvet_engine::ids::{ConversationId, Key, PersonId};
use otvet_engine::protocol::{
    Answer, Code, Command, CommandId, Event, EventKind, Person, ServerFrame, Status,
};

use super::log::{ClientLog, RunLog, What};
use super::replay::{Point, Replay, Thread};
use super::{Fault, Report};

/// What a key was used for: a key with other content is another attempt.
type Content = (PersonId, Key, String);

/// What became of all attempts with one content, on all devices.
#[derive(Default)]
struct Attempts {
    stored: BTreeSet<(ConversationId, u64)>,
    refused: bool,
    unknown: bool,
}

pub(super) fn check(run: &RunLog, replay: &Replay<'_>, report: &mut Report) {
    for (id, thread) in &replay.threads {
        log_itself(*id, thread, report);
    }
    let written = keys_in_log(replay, report);
    let mut attempts: BTreeMap<Content, Attempts> = BTreeMap::new();
    for client in &run.clients {
        answers(client, replay, &mut attempts, report);
    }
    for ((person, key, body), tried) in &attempts {
        let who = format!("{person}, key {}", key.as_str());
        if tried.stored.len() > 1 {
            report.add(Fault::Doubled, &who, format!("acknowledged at several places: {:?}", tried.stored));
        }
        let there = written.get(&(replay.now(*person), key.clone())).is_some_and(|b| b.contains(body));
        if there && tried.refused && !tried.unknown && tried.stored.is_empty() {
            report.add(Fault::Phantom, &who, "refused, and yet stored".to_owned());
        }
    }
    let tracked: BTreeSet<PersonId> = run.clients.iter().map(|c| replay.now(c.person.id)).collect();
    let sent: BTreeSet<(PersonId, Key, String)> =
        attempts.into_keys().map(|(person, key, body)| (replay.now(person), key, body)).collect();
    for ((person, key), bodies) in written {
        for body in bodies {
            if tracked.contains(&person) && !sent.contains(&(person, key.clone(), body)) {
                let who = format!("{person}, key {}", key.as_str());
                report.add(Fault::Phantom, &who, "stored, but never sent so".to_owned());
            }
        }
    }
}

fn log_itself(id: ConversationId, thread: &Thread<'_>, report: &mut Report) {
    let mut before = None;
    for (n, (event, point)) in thread.events.iter().zip(&thread.points).enumerate() {
        if event.seq != n as u64 + 1 {
            report.add(Fault::Gap, "log", format!("{id}: {} stands where {} should", event.seq, n + 1));
            return;
        }
        let claimed_twice =
            matches!(event.kind, EventKind::Claimed { .. }) && before == Some(Status::Claimed);
        if claimed_twice {
            report.add(Fault::TwoManagers, "log", format!("{id}: {} claims what is claimed", event.seq));
        }
        before = Some(point.status);
    }
}

fn keys_in_log(replay: &Replay<'_>, report: &mut Report) -> BTreeMap<(PersonId, Key), Vec<String>> {
    let mut written: BTreeMap<(PersonId, Key), Vec<String>> = BTreeMap::new();
    for (id, thread) in &replay.threads {
        for event in thread.events {
            let Some((author, key, body)) = keyed(event) else { continue };
            let bodies = written.entry((replay.now(author.id), key.clone())).or_default();
            if !bodies.is_empty() {
                let detail =
                    format!("{id}/{}: a second event under {}'s key {}", event.seq, author.id, key.as_str());
                report.add(Fault::Doubled, "log", detail);
            }
            bodies.push(body.to_owned());
        }
    }
    written
}

fn keyed(event: &Event) -> Option<(&Person, &Key, &str)> {
    match &event.kind {
        EventKind::Message { author, key, body, .. } | EventKind::Note { author, key, body } => {
            Some((author, key, body))
        }
        _ => None,
    }
}

/// Pairs every command of a device with its answer.
fn answers(
    client: &ClientLog,
    replay: &Replay<'_>,
    attempts: &mut BTreeMap<Content, Attempts>,
    report: &mut Report,
) {
    let mut open: HashMap<CommandId, &Command> = HashMap::new();
    let unanswered = |open: &mut HashMap<CommandId, &Command>,
                      attempts: &mut BTreeMap<_, Attempts>,
                      report: &mut Report| {
        for (_, command) in open.drain() {
            if let Some(content) = content(client, command) {
                attempts.entry(content).or_default().unknown = true;
                report.seen.unanswered += 1;
            }
        }
    };
    for entry in &client.entries {
        match &entry.what {
            What::Sent(frame) => {
                if let Some(id) = &frame.id {
                    open.insert(id.clone(), &frame.command);
                }
            }
            What::Received(ServerFrame::Answered(ok)) => match open.remove(&ok.id) {
                Some(command) => acknowledged(client, command, &ok.answer, replay, attempts, report),
                None => report.add(
                    Fault::Doubled,
                    &client.name,
                    format!("an answer nobody waits for: {:?}", ok.id),
                ),
            },
            What::Received(ServerFrame::Failed(refusal)) => {
                let Some(id) = &refusal.id else { continue };
                let Some(command) = open.remove(id) else {
                    report.add(Fault::Doubled, &client.name, format!("a refusal nobody waits for: {id:?}"));
                    continue;
                };
                report.seen.refused += 1;
                if let Some(content) = content(client, command) {
                    let tried = attempts.entry(content).or_default();
                    match refusal.code {
                        Code::Internal => tried.unknown = true,
                        _ => tried.refused = true,
                    }
                }
            }
            What::Closed(_) => unanswered(&mut open, attempts, report),
            What::Hello(_) | What::Received(_) | What::NotAFrame(_) => {}
        }
    }
    unanswered(&mut open, attempts, report);
}

fn content(client: &ClientLog, command: &Command) -> Option<Content> {
    let (key, body) = match command {
        Command::Open(c) => (&c.key, &c.body),
        Command::Send(c) => (&c.key, &c.body),
        Command::Note(c) => (&c.key, &c.body),
        _ => return None,
    };
    Some((client.person.id, key.clone(), body.clone()))
}

fn acknowledged(
    client: &ClientLog,
    command: &Command,
    answer: &Answer,
    replay: &Replay<'_>,
    attempts: &mut BTreeMap<Content, Attempts>,
    report: &mut Report,
) {
    let (id, seq) = match (command, answer) {
        (Command::Open(_), Answer::Opened { conversation, seq }) => (conversation.id, *seq),
        (command, Answer::Stored { seq }) => match command.conversation() {
            Some(id) => (id, *seq),
            None => return,
        },
        _ => return,
    };
    if let Some(content) = content(client, command) {
        report.seen.acknowledged += 1;
        attempts.entry(content).or_default().stored.insert((id, seq));
    }
    let thread = replay.threads.get(&id);
    let Some((event, point)) = thread.and_then(|t| t.event(seq).zip(t.point(seq))) else {
        report.add(
            Fault::Lost,
            &client.name,
            format!("acknowledged as {id}/{seq}, which is not stored: {command:?}"),
        );
        return;
    };
    if !carries_out(event, point, command, &client.person, replay) {
        let fault = if matches!(command, Command::Claim(_)) { Fault::TwoManagers } else { Fault::Lost };
        let detail = format!("acknowledged as {id}/{seq}, but there stands {:?}: {command:?}", event.kind);
        report.add(fault, &client.name, detail);
    }
}

/// Whether the event is what the command asked for. A repeated change of status points at any event after which it is so.
fn carries_out(event: &Event, point: &Point, command: &Command, me: &Person, replay: &Replay<'_>) -> bool {
    let mine = |person: &Person| replay.same(person.id, me.id);
    let claimed_by = |manager| point.status == Status::Claimed && point.manager == Some(manager);
    match (command, &event.kind) {
        (Command::Open(c), EventKind::Message { author, key, body, .. }) => {
            mine(author) && *key == c.key && *body == c.body
        }
        (Command::Send(c), EventKind::Message { author, key, body, .. }) => {
            mine(author) && *key == c.key && *body == c.body
        }
        (Command::Note(c), EventKind::Note { author, key, body }) => {
            mine(author) && *key == c.key && *body == c.body
        }
        (Command::Claim(_), _) => claimed_by(me.id),
        (Command::Transfer(c), _) => claimed_by(c.to),
        (Command::Release(_), _) => point.status == Status::Waiting,
        (Command::Resolve(_), _) => point.status == Status::Resolved,
        (Command::Reopen(_), _) => point.status != Status::Resolved,
        (Command::Read(_) | Command::Delivered(_), _) => true,
        _ => false,
    }
}
