//! Summaries against a recount.

use std::collections::HashMap;

use otvet_engine::ids::{ConversationId, PersonId};
use otvet_engine::protocol::{Command, EventKind, Person, ServerFrame, Status, Summary};

use super::log::{RunLog, What};
use super::replay::Replay;
use super::{Fault, Report};

/// A summary as it came at any time: it must be right for the head that it names.
pub(super) fn check(replay: &Replay<'_>, person: &Person, summary: &Summary, who: &str, report: &mut Report) {
    let id = summary.id;
    if !replay.may_read(person, id) {
        report.add(Fault::Leaked, who, format!("the summary of {id}"));
        return;
    }
    report.seen.summaries += 1;
    let Some((thread, point)) =
        replay.threads.get(&id).and_then(|t| t.point(summary.last_seq).map(|point| (t, point)))
    else {
        report.add(Fault::Miscounted, who, format!("{id}: last_seq {} is not stored", summary.last_seq));
        return;
    };
    let mut wrong = |what: &str, got: String, expected: String| {
        let detail = format!("{id} at {}: {what} is {got}, recounted {expected}", summary.last_seq);
        report.add(Fault::Miscounted, who, detail);
    };
    if summary.status != point.status {
        wrong("status", format!("{:?}", summary.status), format!("{:?}", point.status));
    }
    let manager = summary.manager.as_ref().map(|m| m.id);
    if point.status != Status::Resolved && manager != point.manager {
        wrong("manager", format!("{manager:?}"), format!("{:?}", point.manager));
    }
    let last = summary.last_message.as_ref().map(|m| m.seq);
    if last != point.last_message {
        wrong("last_message", format!("{last:?}"), format!("{:?}", point.last_message));
    }
    let read = summary.cursors.get(&person.id).map_or(0, |c| c.read);
    let unread = replay.unread(person.id, thread, read, summary.last_seq);
    if summary.unread != unread {
        wrong("unread", summary.unread.to_string(), format!("{unread} past {read}"));
    }
    if summary.cursors.values().any(|c| c.read > summary.last_seq || c.delivered > summary.last_seq) {
        wrong("a cursor", format!("{:?}", summary.cursors), "not past the head".to_owned());
    }
    let note =
        last.and_then(|seq| thread.event(seq)).is_some_and(|e| matches!(e.kind, EventKind::Note { .. }));
    if note && !person.role.is_staff() {
        report.add(Fault::Leaked, who, format!("{id}: a note as the last message"));
    }
}

/// The lists at the end: right, and as far as the log, and with every acknowledged `read`.
pub(super) fn check_final(run: &RunLog, replay: &Replay<'_>, report: &mut Report) {
    let read = acknowledged_reads(run, replay);
    for (person, summary) in &run.lists {
        let who = format!("final list of {}", person.id);
        check(replay, person, summary, &who, report);
        let head = replay.threads.get(&summary.id).map_or(0, super::replay::Thread::head);
        if summary.last_seq != head {
            let detail = format!("{}: last_seq is {}, the head {head}", summary.id, summary.last_seq);
            report.add(Fault::Miscounted, &who, detail);
        }
        let cursor = summary.cursors.get(&person.id).map_or(0, |c| c.read);
        let least = read.get(&(replay.now(person.id), summary.id)).copied().unwrap_or(0).min(head);
        if cursor < least {
            let detail = format!("{}: read up to {cursor}, acknowledged was {least}", summary.id);
            report.add(Fault::Miscounted, &who, detail);
        }
    }
}

fn acknowledged_reads(run: &RunLog, replay: &Replay<'_>) -> HashMap<(PersonId, ConversationId), u64> {
    let mut furthest = HashMap::new();
    for client in &run.clients {
        let mut sent = HashMap::new();
        for entry in &client.entries {
            match &entry.what {
                What::Sent(frame) => {
                    if let (Some(id), Command::Read(mark)) = (&frame.id, &frame.command) {
                        sent.insert(id, mark);
                    }
                }
                What::Received(ServerFrame::Answered(ok)) => {
                    if let Some(mark) = sent.remove(&ok.id) {
                        let key = (replay.now(client.person.id), mark.conversation);
                        let seq = furthest.entry(key).or_insert(0);
                        *seq = mark.seq.max(*seq);
                    }
                }
                _ => {}
            }
        }
    }
    furthest
}
