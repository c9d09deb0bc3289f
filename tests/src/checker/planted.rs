//! Each fault planted in an otherwise clean run must be found, and nothing else with it.

use otvet_engine::ids::StreamName;
use otvet_engine::protocol::{Answer, Command, EventKind, Failed, Person, Refusal, ServerFrame, Status};

use super::log::{RunLog, What};
use super::model::clean_run;
use super::{Fault, check};

const SEEDS: std::ops::Range<u64> = 0..40;

#[test]
fn clean_runs_are_clean() {
    let mut delivered = 0;
    for seed in SEEDS {
        let report = check(&clean_run(seed, 300));
        assert!(report.is_clean(), "seed {seed}: {report}");
        let seen = report.seen;
        assert!(seen.acknowledged > 10 && seen.recovered > 5 && seen.summaries > 20, "seed {seed}: {seen:?}");
        delivered += seen.delivered;
    }
    assert!(delivered > 8_000, "{delivered}");
}

/// Plants a fault in many runs and holds the checker to finding this fault, and only this one.
fn finds_only(fault: Fault, plant: impl Fn(&mut RunLog) -> bool) {
    let mut planted = 0;
    for seed in SEEDS {
        let mut run = clean_run(seed, 300);
        if !plant(&mut run) {
            continue;
        }
        planted += 1;
        let report = check(&run);
        assert!(report.count(fault) > 0, "seed {seed}: not found");
        assert_eq!(report.count(fault), report.findings.len(), "seed {seed}: {report}");
    }
    assert!(planted > SEEDS.end / 2, "planted only {planted} times");
}

/// The place of the last received frame that the test accepts: device and entry.
fn last(run: &RunLog, accepts: impl Fn(&Person, &ServerFrame) -> bool) -> Option<(usize, usize)> {
    run.clients.iter().enumerate().rev().find_map(|(device, client)| {
        let fits = |what: &What| matches!(what, What::Received(frame) if accepts(&client.person, frame));
        client.entries.iter().rposition(|e| fits(&e.what)).map(|entry| (device, entry))
    })
}

fn is_visitors_event(person: &Person, frame: &ServerFrame) -> bool {
    matches!(frame, ServerFrame::Event(e)
        if !person.role.is_staff() && matches!(e.stream, StreamName::Conversation(_)))
}

/// Whether an event of the same stream follows on the same connection.
fn is_followed(run: &RunLog, (device, entry): (usize, usize)) -> bool {
    let entries = &run.clients[device].entries;
    let What::Received(ServerFrame::Event(event)) = &entries[entry].what else { return false };
    entries[entry + 1..]
        .iter()
        .take_while(|e| !matches!(e.what, What::Closed(_)))
        .any(|e| matches!(&e.what, What::Received(ServerFrame::Event(next)) if next.stream == event.stream))
}

/// The place of some visitor's event with (or without) another one behind it on the same connection.
fn visitors_event(run: &RunLog, followed: bool) -> Option<(usize, usize)> {
    run.clients.iter().enumerate().find_map(|(device, client)| {
        let last_hello = client.entries.iter().rposition(|e| matches!(e.what, What::Hello(_)))?;
        let fits = |n: usize| {
            let What::Received(frame) = &client.entries[n].what else { return false };
            is_visitors_event(&client.person, frame)
                && is_followed(run, (device, n)) == followed
                && (followed || n > last_hello)
        };
        (0..client.entries.len()).find(|n| fits(*n)).map(|n| (device, n))
    })
}

#[test]
fn an_acknowledged_message_that_is_not_stored_is_lost() {
    finds_only(Fault::Lost, |run| {
        let Some((device, entry)) = last(
            run,
            |_, f| matches!(f, ServerFrame::Answered(ok) if matches!(ok.answer, Answer::Stored { .. })),
        ) else {
            return false;
        };
        let What::Received(ServerFrame::Answered(ok)) = &mut run.clients[device].entries[entry].what else {
            return false;
        };
        ok.answer = Answer::Stored { seq: 9_999 };
        // A claim that points nowhere is as lost as a message.
        true
    });
}

#[test]
fn an_event_that_never_comes_is_lost() {
    finds_only(Fault::Lost, |run| {
        // The end of a device's last connection is cut off, as if the server had gone silent.
        let Some((device, entry)) = visitors_event(run, false) else { return false };
        run.clients[device].entries.remove(entry);
        true
    });
}

#[test]
fn a_key_that_became_two_events_is_doubled() {
    finds_only(Fault::Doubled, |run| {
        // One conversation of the log is all that is left, so that no device misses the second event.
        run.clients.clear();
        run.lists.clear();
        let Some(events) = run.stored.values_mut().next() else { return false };
        let mut again = events[1].clone();
        again.seq = events.len() as u64 + 1;
        events.push(again);
        true
    });
}

#[test]
fn an_event_that_comes_twice_is_doubled() {
    finds_only(Fault::Doubled, |run| {
        let Some((device, entry)) = last(run, is_visitors_event) else { return false };
        let twice = run.clients[device].entries[entry].clone();
        run.clients[device].entries.insert(entry, twice);
        true
    });
}

#[test]
fn an_answer_that_comes_twice_is_doubled() {
    finds_only(Fault::Doubled, |run| {
        let Some((device, entry)) = last(run, |_, f| matches!(f, ServerFrame::Answered(_))) else {
            return false;
        };
        let twice = run.clients[device].entries[entry].clone();
        run.clients[device].entries.insert(entry, twice);
        true
    });
}

#[test]
fn a_leap_in_the_numbers_is_a_gap() {
    finds_only(Fault::Gap, |run| {
        let Some((device, entry)) = visitors_event(run, true) else { return false };
        run.clients[device].entries.remove(entry);
        true
    });
}

#[test]
fn a_position_passed_over_is_a_gap() {
    finds_only(Fault::Gap, |run| {
        for client in &mut run.clients {
            let mut hello = std::collections::BTreeMap::new();
            for entry in &mut client.entries {
                match &mut entry.what {
                    What::Hello(positions) => hello.clone_from(positions),
                    What::Received(ServerFrame::Ready(ready)) => {
                        // One in which nothing was missed, so that only the silence is wrong.
                        let current = hello.iter().find(|(s, p)| ready.streams.get(s) == Some(p));
                        if let Some((stream, _)) = current {
                            ready.recovered.remove(stream);
                            return true;
                        }
                    }
                    _ => {}
                }
            }
        }
        false
    });
}

#[test]
fn two_events_in_the_wrong_order_are_disorder() {
    let mut planted = 0;
    for seed in SEEDS {
        let mut run = clean_run(seed, 300);
        let Some((device, first)) = visitors_event(&run, true) else { continue };
        let entries = &mut run.clients[device].entries;
        let stream_of = |what: &What| match what {
            What::Received(ServerFrame::Event(event)) => Some(event.stream),
            _ => None,
        };
        let stream = stream_of(&entries[first].what);
        let Some(second) = (first + 1..entries.len()).find(|n| stream_of(&entries[*n].what) == stream) else {
            continue;
        };
        let (a, b) = (entries[first].what.clone(), entries[second].what.clone());
        (entries[first].what, entries[second].what) = (b, a);
        planted += 1;
        let report = check(&run);
        // An exchange is a leap and a step back: both are said, and nothing else.
        assert!(report.count(Fault::Disorder) > 0, "seed {seed}: {report}");
        assert_eq!(
            report.count(Fault::Disorder) + report.count(Fault::Gap),
            report.findings.len(),
            "{report}"
        );
    }
    assert!(planted > SEEDS.end / 2);
}

#[test]
fn different_content_under_one_number_is_disorder() {
    finds_only(Fault::Disorder, |run| {
        let Some((device, entry)) = last(run, |person, f| {
            is_visitors_event(person, f)
                && matches!(f, ServerFrame::Event(e) if matches!(e.kind, EventKind::Message { .. }))
        }) else {
            return false;
        };
        if let What::Received(ServerFrame::Event(event)) = &mut run.clients[device].entries[entry].what
            && let EventKind::Message { body, .. } = &mut event.kind
        {
            body.push('!');
        }
        true
    });
}

#[test]
fn an_epoch_that_changed_unannounced_is_disorder() {
    finds_only(Fault::Disorder, |run| {
        let Some((device, entry)) =
            last(run, |_, f| matches!(f, ServerFrame::Ready(r) if !r.recovered.is_empty()))
        else {
            return false;
        };
        if let What::Received(ServerFrame::Ready(ready)) = &mut run.clients[device].entries[entry].what {
            let stream = ready.recovered.keys().next().copied();
            if let Some(head) = stream.and_then(|s| ready.streams.get_mut(&s)) {
                head.epoch = otvet_engine::ids::Epoch("other".into());
                return true;
            }
        }
        false
    });
}

#[test]
fn a_foreign_event_is_leaked() {
    finds_only(Fault::Leaked, |run| {
        let Some(foreign) = run.stored.values().flatten().find(|e| match &e.kind {
            EventKind::Opened { visitor, .. } => visitor.id != run.clients[4].person.id,
            _ => false,
        }) else {
            return false;
        };
        // Clients 3 and 4 are visitors' devices, of different people.
        let Some(device) = run.clients.iter().position(|c| {
            !c.person.role.is_staff()
                && matches!(&foreign.kind, EventKind::Opened { visitor, .. } if visitor.id != c.person.id)
        }) else {
            return false;
        };
        let mut entry = run.clients[device].entries[0].clone();
        entry.what = What::Received(ServerFrame::Event(foreign.clone()));
        run.clients[device].entries.insert(1, entry);
        true
    });
}

#[test]
fn a_note_shown_to_a_visitor_is_leaked() {
    finds_only(Fault::Leaked, |run| {
        let Some((device, entry)) = last(run, |person, f| {
            is_visitors_event(person, f) && matches!(f, ServerFrame::Event(e) if e.kind == EventKind::Hidden)
        }) else {
            return false;
        };
        if let What::Received(ServerFrame::Event(event)) = &mut run.clients[device].entries[entry].what
            && let StreamName::Conversation(id) = event.stream
        {
            *event = run.stored[&id][usize::try_from(event.seq).expect("small") - 1].clone();
        }
        true
    });
}

#[test]
fn wrong_counts_are_miscounted() {
    finds_only(Fault::Miscounted, |run| match run.lists.first_mut() {
        Some((_, summary)) => {
            summary.unread += 1;
            true
        }
        None => false,
    });
    finds_only(Fault::Miscounted, |run| match run.lists.last_mut() {
        Some((_, summary)) => {
            summary.status =
                if summary.status == Status::Waiting { Status::Resolved } else { Status::Waiting };
            true
        }
        None => false,
    });
    finds_only(Fault::Miscounted, |run| {
        let Some((_, summary)) = run.lists.iter_mut().find(|(_, s)| s.last_seq > 3) else { return false };
        summary.last_seq += 1;
        true
    });
}

#[test]
fn two_acknowledged_claims_are_two_managers() {
    finds_only(Fault::TwoManagers, |run| {
        // The second manager's refused claim becomes an acknowledged one, of the first one's event.
        for client in run.clients.iter_mut().filter(|c| c.person.role.is_staff()) {
            let mut claims = std::collections::HashMap::new();
            for entry in &mut client.entries {
                match &mut entry.what {
                    What::Sent(frame) => {
                        if let Command::Claim(claim) = &frame.command {
                            claims.insert(frame.id.clone(), claim.conversation);
                        }
                    }
                    What::Received(frame) => {
                        let ServerFrame::Failed(refused) = &*frame else { continue };
                        let Some(conversation) = claims.get(&refused.id) else { continue };
                        let me = client.person.id;
                        let of_another = run.stored[conversation]
                            .iter()
                            .find(|e| matches!(&e.kind, EventKind::Claimed { manager } if manager.id != me));
                        let (Some(event), Some(id)) = (of_another, refused.id.clone()) else { continue };
                        let answer = Answer::Stored { seq: event.seq };
                        *frame = ServerFrame::Answered(otvet_engine::protocol::Answered { id, answer });
                        return true;
                    }
                    _ => {}
                }
            }
        }
        false
    });
}

#[test]
fn a_refused_message_that_is_stored_is_a_phantom() {
    finds_only(Fault::Phantom, |run| {
        for client in &mut run.clients {
            let mut attempts = std::collections::HashMap::new();
            for entry in &client.entries {
                if let What::Sent(frame) = &entry.what
                    && let Command::Open(open) = &frame.command
                {
                    attempts.entry(open.key.clone()).or_insert_with(Vec::new).push(frame.id.clone());
                }
            }
            // With an attempt that got no answer it would be unknown, and that is no fault.
            let once: Vec<_> =
                attempts.into_values().filter(|ids| ids.len() == 1).flatten().flatten().collect();
            for entry in &mut client.entries {
                if let What::Received(ServerFrame::Answered(ok)) = &entry.what
                    && once.contains(&ok.id)
                {
                    let refusal = Failed::new(Some(ok.id.clone()), Refusal::unavailable());
                    entry.what = What::Received(ServerFrame::Failed(refusal));
                    return true;
                }
            }
        }
        false
    });
}

#[test]
fn a_message_that_nobody_sent_is_a_phantom() {
    finds_only(Fault::Phantom, |run| {
        run.lists.clear();
        // Without the devices' views only the log is held against what was sent.
        run.clients.iter_mut().for_each(|c| c.entries.retain(|e| matches!(e.what, What::Sent(_))));
        let Some(events) = run.stored.values_mut().next() else { return false };
        let mut forged = events[1].clone();
        forged.seq = events.len() as u64 + 1;
        if let EventKind::Message { key, .. } = &mut forged.kind {
            *key = "forged".parse().expect("short");
        }
        events.push(forged);
        true
    });
}
