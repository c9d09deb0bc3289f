//! Each device's view of its streams: whole, in order, once, and only what is its to see.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use otvet_engine::ids::{ConversationId, Epoch, PersonId, Position, StreamName};
use otvet_engine::protocol::{Answer, Command, CommandId, Event, Ready, Reset, ServerFrame, Snapshot};

use super::content::{self, ListStreams};
use super::log::{ClientLog, RunLog, What};
use super::replay::{Replay, Thread};
use super::{Fault, Report, lists};

/// How many entries of a list `ready` holds at most: a shorter list is a whole one.
const LIST_LENGTH: usize = 50;

/// How far a device has come in a stream.
#[derive(Debug, Clone)]
struct Follow {
    epoch: Option<Epoch>,
    seq: u64,
    /// The position was not recovered: nothing may come before the reset.
    awaiting_reset: bool,
}

/// A device on its way through its log.
struct Device<'r, 'a> {
    client: &'a ClientLog,
    replay: &'r Replay<'a>,
    /// Everything that ever came, over all connections.
    got: BTreeSet<(StreamName, u64)>,
    follows: BTreeMap<StreamName, Follow>,
    hello: BTreeMap<StreamName, Position>,
    ready: bool,
    /// Whether `ready` listed every conversation that was the person's own then.
    whole_list: bool,
    watched: BTreeSet<ConversationId>,
    asked: HashMap<CommandId, &'a Command>,
}

pub(super) fn check(run: &RunLog, replay: &Replay<'_>, report: &mut Report) {
    let mut list_streams = ListStreams::new();
    let mut list_heads: HashMap<(StreamName, Epoch), u64> = HashMap::new();
    let mut devices = Vec::new();
    for client in &run.clients {
        let mut device = Device::new(client, replay);
        for entry in &client.entries {
            device.take(&entry.what, &mut list_streams, report);
        }
        for (stream, follow) in &device.follows {
            if let (false, Some(epoch)) = (matches!(stream, StreamName::Conversation(_)), &follow.epoch) {
                let head = list_heads.entry((*stream, epoch.clone())).or_insert(0);
                *head = follow.seq.max(*head);
            }
        }
        devices.push(device);
    }
    if run.quiesced {
        for device in devices.iter().filter(|d| d.ready) {
            device.must_be_complete(&list_heads, report);
        }
    }
}

impl<'r, 'a> Device<'r, 'a> {
    fn new(client: &'a ClientLog, replay: &'r Replay<'a>) -> Self {
        Self {
            client,
            replay,
            got: BTreeSet::new(),
            follows: BTreeMap::new(),
            hello: BTreeMap::new(),
            ready: false,
            whole_list: false,
            watched: BTreeSet::new(),
            asked: HashMap::new(),
        }
    }

    fn me(&self) -> PersonId {
        self.client.person.id
    }

    fn take(&mut self, what: &'a What, list_streams: &mut ListStreams, report: &mut Report) {
        match what {
            What::Hello(positions) => {
                self.hello.clone_from(positions);
                self.follows.clear();
                self.watched.clear();
                self.asked.clear();
                self.ready = false;
            }
            What::Sent(frame) => {
                if let Some(id) = &frame.id {
                    self.asked.insert(id.clone(), &frame.command);
                }
            }
            What::Received(frame) => self.receive(frame, list_streams, report),
            What::NotAFrame(why) => {
                report.add(Fault::Disorder, &self.client.name, format!("not a frame of the contract: {why}"));
            }
            // The state stays: `must_be_complete` looks at how far the last connection came.
            What::Closed(_) => {}
        }
    }

    fn receive(&mut self, frame: &'a ServerFrame, list_streams: &mut ListStreams, report: &mut Report) {
        let who = &self.client.name;
        match frame {
            ServerFrame::Ready(ready) => self.begin(ready, report),
            ServerFrame::Event(event) => self.event(event, list_streams, report),
            ServerFrame::Reset(reset) => self.reset(reset, report),
            ServerFrame::Signal(signal) => {
                content::signal(self.replay, &self.client.person, signal, who, report);
            }
            ServerFrame::Answered(ok) => {
                if let Some(command) = self.asked.remove(&ok.id) {
                    self.answer(command, &ok.answer, report);
                }
            }
            ServerFrame::Failed(_) | ServerFrame::Bye(_) => {}
        }
    }

    fn begin(&mut self, ready: &Ready, report: &mut Report) {
        report.seen.connections += 1;
        self.ready = true;
        let who = &self.client.name;
        let mine = ready.conversations.iter().filter(|s| {
            !self.client.person.role.is_staff() || s.manager.as_ref().is_some_and(|m| m.id == self.me())
        });
        self.whole_list = mine.count() < LIST_LENGTH;
        for (stream, head) in &ready.streams {
            if !content::may_follow(self.replay, &self.client.person, *stream) {
                report.add(Fault::Leaked, who, format!("the head of {stream}"));
            }
            let follow = Follow { epoch: Some(head.epoch.clone()), seq: head.seq, awaiting_reset: false };
            self.follows.insert(*stream, follow);
        }
        for summary in &ready.conversations {
            lists::check(self.replay, &self.client.person, summary, who, report);
            let stream = StreamName::Conversation(summary.id);
            let listed = Follow { epoch: None, seq: summary.last_seq, awaiting_reset: false };
            self.follows.entry(stream).or_insert(listed);
        }
        for (stream, position) in &self.hello {
            match ready.recovered.get(stream) {
                None if content::may_follow(self.replay, &self.client.person, *stream) => {
                    report.add(Fault::Gap, who, format!("{stream}: the position was passed over in silence"));
                }
                None => {}
                Some(false) => {
                    let follow = Follow { epoch: None, seq: 0, awaiting_reset: true };
                    self.follows.insert(*stream, follow);
                }
                Some(true) => {
                    report.seen.recovered += 1;
                    if let Some(head) = ready.streams.get(stream) {
                        if head.epoch != position.epoch {
                            report.add(
                                Fault::Disorder,
                                who,
                                format!("{stream}: recovered into another epoch"),
                            );
                        } else if head.seq < position.seq {
                            let detail =
                                format!("{stream}: the head {} lies behind {}", head.seq, position.seq);
                            report.add(Fault::Disorder, who, detail);
                        }
                    }
                    let epoch = Some(position.epoch.clone());
                    self.follows.insert(*stream, Follow { epoch, seq: position.seq, awaiting_reset: false });
                }
            }
        }
        for stream in ready.recovered.keys().filter(|s| !self.hello.contains_key(s)) {
            report.add(Fault::Disorder, who, format!("{stream}: recovered without having been asked for"));
        }
    }

    fn reset(&mut self, reset: &Reset, report: &mut Report) {
        report.seen.resets += 1;
        let who = &self.client.name;
        if !content::may_follow(self.replay, &self.client.person, reset.stream) {
            report.add(Fault::Leaked, who, format!("a reset of {}", reset.stream));
        }
        match &reset.snapshot {
            Snapshot::Conversation { conversation, events, .. } => {
                lists::check(self.replay, &self.client.person, conversation, who, report);
                content::consecutive(events, who, "the snapshot", report);
                for event in events {
                    content::against_stored(self.replay, &self.client.person, event, who, report);
                }
                if events.last().is_some_and(|e| e.seq != reset.seq) || conversation.last_seq != reset.seq {
                    report.add(
                        Fault::Gap,
                        who,
                        format!("{}: the snapshot does not end at {}", reset.stream, reset.seq),
                    );
                }
            }
            Snapshot::List { conversations } => {
                for summary in conversations {
                    lists::check(self.replay, &self.client.person, summary, who, report);
                }
            }
        }
        let follow = Follow { epoch: Some(reset.epoch.clone()), seq: reset.seq, awaiting_reset: false };
        self.follows.insert(reset.stream, follow);
    }

    fn answer(&mut self, command: &Command, answer: &Answer, report: &mut Report) {
        let who = &self.client.name;
        match (command, answer) {
            (_, Answer::Opened { conversation, .. }) => {
                lists::check(self.replay, &self.client.person, conversation, who, report);
            }
            (_, Answer::History { events, .. }) => {
                content::consecutive(events, who, "a page", report);
                for event in events {
                    if !content::may_follow(self.replay, &self.client.person, event.stream) {
                        report.add(Fault::Leaked, who, format!("a page of {}", event.stream));
                    }
                    content::against_stored(self.replay, &self.client.person, event, who, report);
                }
            }
            (Command::Watch(target), Answer::Watching { position }) => {
                let stream = StreamName::Conversation(target.conversation);
                // Whoever follows it anyhow stays where they are: the position is no leap for them.
                if !self.due(target.conversation, position.seq) {
                    let epoch = Some(position.epoch.clone());
                    self.follows.insert(stream, Follow { epoch, seq: position.seq, awaiting_reset: false });
                }
                self.watched.insert(target.conversation);
            }
            (Command::Unwatch(target), _) => {
                self.watched.remove(&target.conversation);
            }
            _ => {}
        }
    }

    fn event(&mut self, event: &Event, list_streams: &mut ListStreams, report: &mut Report) {
        report.seen.delivered += 1;
        let who = &self.client.name;
        let (stream, seq) = (event.stream, event.seq);
        if !content::may_follow(self.replay, &self.client.person, stream) {
            report.add(Fault::Leaked, who, format!("{stream}/{seq}"));
            return;
        }
        if let Some(summary) = content::entry(event) {
            lists::check(self.replay, &self.client.person, summary, who, report);
        }
        content::against_stored(self.replay, &self.client.person, event, who, report);
        let known = self.follows.get(&stream).cloned();
        if !matches!(stream, StreamName::Conversation(_)) {
            let epoch = known.as_ref().and_then(|f| f.epoch.as_ref());
            content::against_other_devices(list_streams, epoch, event, who, report);
        }
        let mut follow = known.unwrap_or_else(|| Follow {
            epoch: None,
            seq: self.start(stream, seq),
            awaiting_reset: false,
        });
        if follow.awaiting_reset {
            report.add(Fault::Gap, who, format!("{stream}/{seq} before the reset"));
            follow.awaiting_reset = false;
        } else if seq <= follow.seq {
            let fault = if self.got.contains(&(stream, seq)) { Fault::Doubled } else { Fault::Disorder };
            report.add(fault, who, format!("{stream}/{seq} after {}", follow.seq));
        } else if let Some(missing) = self.first_due(stream, follow.seq + 1..seq) {
            report.add(Fault::Gap, who, format!("{stream}: {seq} after {}, {missing} was due", follow.seq));
        }
        follow.seq = follow.seq.max(seq);
        self.follows.insert(stream, follow);
        self.got.insert((stream, seq));
    }

    /// Where a stream begins for this device of which it had not heard before this event.
    fn start(&self, stream: StreamName, seq: u64) -> u64 {
        match stream {
            StreamName::Conversation(_) if self.whole_list && !self.client.person.role.is_staff() => 0,
            StreamName::Conversation(id) => {
                // A manager's begins with what made it theirs.
                let thread = self.replay.threads.get(&id);
                let owned_before = |t: &Thread<'_>| t.owned_up_to(self.me(), seq - 1);
                let asked =
                    self.asked.values().any(|c| matches!(c, Command::Watch(t) if t.conversation == id));
                if asked || !self.whole_list { seq - 1 } else { seq - 1 - thread.map_or(0, owned_before) }
            }
            StreamName::Inbox(_) | StreamName::Session(_) => seq - 1,
        }
    }

    /// Whether an event of a conversation belongs to what flows to this device.
    fn due(&self, id: ConversationId, seq: u64) -> bool {
        let Some(thread) = self.replay.threads.get(&id) else { return false };
        !self.client.person.role.is_staff()
            || self.watched.contains(&id)
            || thread.within_ownership(self.me(), seq)
    }

    fn first_due(&self, stream: StreamName, mut missing: std::ops::Range<u64>) -> Option<u64> {
        match stream {
            StreamName::Conversation(id) => missing.find(|seq| self.due(id, *seq)),
            StreamName::Inbox(_) | StreamName::Session(_) => missing.next(),
        }
    }

    /// After everybody had the time to catch up: nothing that was due is missing on this device's last connection.
    fn must_be_complete(&self, list_heads: &HashMap<(StreamName, Epoch), u64>, report: &mut Report) {
        let who = &self.client.name;
        for (stream, follow) in &self.follows {
            if follow.awaiting_reset {
                report.add(Fault::Lost, who, format!("{stream}: neither recovered nor reset"));
                continue;
            }
            let head = match (stream, &follow.epoch) {
                (StreamName::Conversation(id), _) => self.replay.threads.get(id).map_or(0, Thread::head),
                (_, Some(epoch)) => list_heads.get(&(*stream, epoch.clone())).copied().unwrap_or(0),
                (_, None) => follow.seq,
            };
            if let Some(missing) = self.first_due(*stream, follow.seq + 1..head + 1) {
                let detail = format!("{stream}: {missing} never came, the head is {head}");
                report.add(Fault::Lost, who, detail);
            }
        }
        for (id, thread) in &self.replay.threads {
            let unheard = !self.follows.contains_key(&StreamName::Conversation(*id));
            let own = if self.client.person.role.is_staff() {
                thread.holder() == Some(self.me())
            } else {
                thread.visitor == Some(self.replay.now(self.me()))
            };
            if unheard && own && self.whole_list {
                report.add(Fault::Lost, who, format!("{id}: never heard of"));
            }
        }
    }
}
