//! One visitor or manager: joins, gives commands when they are due, and keeps account of what comes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{FutureExt, SinkExt, StreamExt};
use otvet_engine::ids::{Epoch, Key, StreamName};
use otvet_engine::protocol::client::{Claim, History, Mark, Note, Open, Send, Target};
use otvet_engine::protocol::{Answer, Command, CommandId, Ready, ServerFrame, decode_any};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::comeback::Back;
use crate::dial::{self, Approach, Socket};
use crate::ledger::Received;
use crate::plan::{Action, Pace};
use crate::shared::{Outcome, Phase, Place, Shared};
use crate::tally::{Given, Micros};
use crate::wire::{self, Text};

/// Frames taken from a socket before what they call for is written.
const AT_ONCE: usize = 64;
/// How often a command of the preparation is repeated when the server asks for it.
const PREPARING: usize = 50;

struct Pending {
    id: i64,
    given: Given,
    /// Of `places`.
    place: usize,
}

/// One joined connection.
pub struct Connection {
    pub(crate) shared: Arc<Shared>,
    index: usize,
    pub(crate) token: String,
    pub(crate) approach: Approach,
    pub(crate) socket: Socket,
    pub(crate) places: Vec<Place>,
    pub(crate) received: Received,
    /// The epoch of all conversations, and those of the person's own streams.
    pub(crate) epochs: (Epoch, BTreeMap<StreamName, Epoch>),
    pending: Vec<Pending>,
    /// Unanswered commands that the server lets a connection have.
    bound: usize,
    last_id: i64,
    chance: StdRng,
    /// The server asked for patience.
    held_until: Option<Instant>,
    has_fed: bool,
    said: (bool, bool),
    back: Option<Back>,
}

impl Connection {
    /// Comes in.
    pub async fn join(shared: &Arc<Shared>, index: usize, token: String) -> Result<Self, String> {
        let plan = &shared.plan;
        let approach = Approach {
            place: plan.place,
            host: plan.host.clone(),
            source: dial::source(plan.place, index % plan.sources.max(1)),
            format: plan.format,
        };
        let _turn = shared.opening.acquire().await.map_err(|error| error.to_string())?;
        let (socket, ready) = dial::join(&approach, &token, BTreeMap::new()).await?;
        let mut connection = Self {
            shared: Arc::clone(shared),
            index,
            token,
            approach,
            socket,
            places: Vec::new(),
            received: Received::default(),
            epochs: (ready.epoch.clone(), BTreeMap::new()),
            pending: Vec::new(),
            bound: usize::try_from(ready.limits.unanswered_commands).unwrap_or(usize::MAX).max(1),
            last_id: 0,
            chance: StdRng::seed_from_u64(plan.seed.wrapping_add(index as u64)),
            held_until: None,
            has_fed: false,
            said: (false, false),
            back: None,
        };
        connection.follow_own(&ready);
        Ok(connection)
    }

    /// The person's own streams flow from their heads on.
    pub(crate) fn follow_own(&mut self, ready: &Ready) {
        for (stream, position) in &ready.streams {
            if !matches!(stream, StreamName::Conversation(_)) {
                self.received.follow(&stream.to_string(), position.seq);
                self.epochs.1.insert(*stream, position.epoch.clone());
            }
        }
    }

    /// Asks a question, as a visitor.
    pub async fn open(&mut self) -> Result<Place, String> {
        let key = self.key(0);
        let question = Command::Open(Open { key, subject: None, body: self.shared.body.clone() });
        match self.ask(question).await? {
            Answer::Opened { conversation, seq } => {
                let place = Place::new(conversation.id);
                self.received.follow(&place.stream, 0);
                self.shared.ledger.acknowledged(&place.stream, seq);
                self.places.push(place.clone());
                Ok(place)
            }
            other => Err(format!("`open` was answered with {other:?}")),
        }
    }

    /// Takes a conversation, as a manager.
    pub async fn claim(&mut self, place: Place) -> Result<(), String> {
        match self.ask(Command::Claim(Claim { conversation: place.id, take_over: false })).await? {
            Answer::Stored { seq } => {
                self.received.follow(&place.stream, seq - 1);
                self.shared.ledger.acknowledged(&place.stream, seq);
                self.places.push(place);
                Ok(())
            }
            other => Err(format!("`claim` was answered with {other:?}")),
        }
    }

    /// Gives a command of the preparation and waits for its answer; repeats it when the server asks for that.
    async fn ask(&mut self, command: Command) -> Result<Answer, String> {
        for _ in 0..PREPARING {
            self.last_id += 1;
            let asked = CommandId::Number(self.last_id);
            let frame = wire::message(self.approach.format, Some(self.last_id), command.clone());
            self.socket.send(frame).await.map_err(|error| error.to_string())?;
            let wait = loop {
                let frame = self.socket.next().await.ok_or("the connection ended")?;
                let frame = frame.map_err(|error| error.to_string())?;
                let Some(bytes) = wire::payload(&frame) else { continue };
                match decode_any::<ServerFrame>(self.approach.format, bytes)? {
                    ServerFrame::Answered(ok) if ok.id == asked => return Ok(ok.answer),
                    ServerFrame::Failed(no) if no.id.as_ref() == Some(&asked) => match no.retry_after_ms {
                        Some(wait) => break Duration::from_millis(wait),
                        None => return Err(format!("{}: {}", no.code, no.message)),
                    },
                    ServerFrame::Event(event) => self.received.event(&event.stream.to_string(), event.seq),
                    _ => {}
                }
            };
            tokio::time::sleep(wait).await;
        }
        Err("the server kept asking for patience".to_owned())
    }

    /// Gives commands when they are due and takes in what comes, to the end of the run.
    pub async fn work(
        mut self,
        mut phase: watch::Receiver<Phase>,
        mut due: UnboundedReceiver<Micros>,
    ) -> Outcome {
        let ended = loop {
            let now = *phase.borrow_and_update();
            match now {
                Phase::Over => break None,
                Phase::Cut if self.back.is_none() => match self.come_back().await {
                    Ok(back) => {
                        self.back = Some(back);
                        self.shared.back.add();
                    }
                    Err(why) => break Some(why),
                },
                _ => {}
            }
            self.fill(now);
            if let Err(error) = self.flush().await {
                break Some(why(&error));
            }
            self.say_where_it_stands(now, due.is_empty());
            tokio::select! {
                biased;
                frame = self.socket.next() => {
                    if let Some(why) = self.take_all(frame) {
                        break Some(why);
                    }
                }
                Some(intended) = due.recv(), if self.pending.len() < self.bound => self.give(intended),
                () = until(self.held_until), if self.held_until.is_some() => self.held_until = None,
                changed = phase.changed() => if changed.is_err() { break None },
            }
        };
        self.end(ended, due.len())
    }

    fn end(mut self, ended: Option<String>, unsent: usize) -> Outcome {
        // Nobody waits for a connection that has ended.
        self.say_quiet();
        self.say_settled();
        // A goodbye would leave the port taken for a minute; a run may have tens of thousands.
        let _ = self.socket.get_ref().set_zero_linger();
        Outcome {
            balance: self.received.balance(&self.shared.ledger),
            unanswered: self.pending.len() as u64,
            unsent: unsent as u64,
            ended,
            back: self.back,
        }
    }

    /// In a closed loop: gives as many commands as may be under way.
    fn fill(&mut self, phase: Phase) {
        let Pace::Closed { in_flight } = self.shared.plan.pace else { return };
        if phase != Phase::Running || self.places.is_empty() {
            return;
        }
        while self.pending.len() < in_flight.min(self.bound) && self.held_until.is_none() {
            self.give(self.shared.timeline.now());
        }
    }

    /// Gives a command.
    fn give(&mut self, intended: Micros) {
        let mut action = self.shared.plan.mix.draw(&mut self.chance, false);
        if action == Action::Typing {
            self.put(Action::Typing, intended);
            if !matches!(self.shared.plan.pace, Pace::Closed { .. }) {
                return;
            }
            // A closed loop goes on with answers only.
            action = self.shared.plan.mix.draw(&mut self.chance, true);
        }
        self.put(action, intended);
    }

    fn put(&mut self, action: Action, intended: Micros) {
        let place = self.chance.random_range(0..self.places.len().max(1));
        let (action, command) = self.command(action, place, intended);
        self.last_id += 1;
        let id = (action != Action::Typing).then_some(self.last_id);
        let frame = wire::message(self.approach.format, id, command);
        // The socket's buffer takes it; `flush` says if the connection is gone.
        let fed = self.socket.feed(frame).now_or_never();
        self.has_fed = true;
        let given = Given { action, intended, sent: self.shared.timeline.now() };
        self.shared.tally.given(given);
        if id.is_some() || !matches!(fed, Some(Ok(()))) {
            self.pending.push(Pending { id: self.last_id, given, place });
        }
    }

    /// The action as a command; one that cannot be carried out here is a `ping` or a `send`.
    fn command(&mut self, action: Action, place: usize, intended: Micros) -> (Action, Command) {
        let Some(Place { id: conversation, stream }) = self.places.get(place) else {
            return (Action::Ping, Command::Ping);
        };
        let conversation = *conversation;
        let body = || self.shared.body.clone();
        let is_visitor = self.index < self.shared.plan.visitors;
        match action {
            Action::Note if !is_visitor => {
                (action, Command::Note(Note { conversation, key: self.key(intended), body: body() }))
            }
            Action::Send | Action::Note => {
                let (key, body) = (self.key(intended), body());
                (Action::Send, Command::Send(Send { conversation, key, body, attachments: Vec::new() }))
            }
            Action::Read => match self.received.of(stream) {
                0 => (Action::Ping, Command::Ping),
                seq => (action, Command::Read(Mark { conversation, seq })),
            },
            Action::Typing => (action, Command::Typing(Target { conversation })),
            Action::History => {
                let page = History { conversation, before: None, after: None, limit: None };
                (action, Command::History(page))
            }
            Action::Ping => (action, Command::Ping),
        }
    }

    /// A key that also says when its message was meant to be sent.
    fn key(&self, intended: Micros) -> Key {
        let (name, index, n) = (&self.shared.name, self.index, self.last_id);
        format!("{name}-{index:x}-{intended:x}-{n:x}").parse().expect("it is far shorter than 64 characters")
    }

    async fn flush(&mut self) -> Result<(), Error> {
        if std::mem::take(&mut self.has_fed) { self.socket.flush().await } else { Ok(()) }
    }

    /// Takes a frame and all that are there behind it; says why the connection has ended, if it has.
    fn take_all(&mut self, first: Option<Result<Message, Error>>) -> Option<String> {
        let mut next = first;
        for taken in 1.. {
            match next {
                None => return Some("the server hung up".to_owned()),
                Some(Err(error)) => return Some(why(&error)),
                Some(Ok(Message::Close(frame))) => {
                    return Some(frame.map_or_else(
                        || "closed without a code".to_owned(),
                        |frame| format!("closed with {} {}", u16::from(frame.code), frame.reason),
                    ));
                }
                Some(Ok(message)) => self.take(&message),
            }
            if taken == AT_ONCE {
                break;
            }
            match self.socket.next().now_or_never() {
                Some(more) => next = more,
                None => break,
            }
        }
        None
    }

    fn take(&mut self, message: &Message) {
        let Some(frame) = wire::payload(message).and_then(|bytes| wire::read(self.approach.format, bytes))
        else {
            return;
        };
        let now = self.shared.timeline.now();
        match frame.frame.as_str() {
            "event" => {
                let (Some(stream), Some(seq)) = (&frame.stream, frame.seq) else { return };
                self.received.event(stream.as_str(), seq);
                let of_others = frame.key.as_ref().and_then(|key| self.meant_by_another(key.as_str()));
                self.shared.tally.delivered(of_others, now);
            }
            "ok" => {
                let Some(pending) = self.answered(frame.id) else { return };
                self.shared.tally.answered(pending.given, now);
                if let (Some(seq), Some(place)) = (frame.seq, self.places.get(pending.place)) {
                    self.shared.ledger.acknowledged(&place.stream, seq);
                }
            }
            "error" => {
                let Some(pending) = self.answered(frame.id) else { return };
                let code = frame.code.as_ref().map_or("unknown", Text::as_str);
                self.shared.tally.refused(pending.given, code);
                // Several times as long as asked: a closed loop that comes back for one command at a time would be
                // refused every other time, and taken for a flood.
                self.held_until = frame
                    .retry_after_ms
                    .map(|wait| Instant::now() + Duration::from_millis(wait.saturating_mul(4)));
            }
            _ => {}
        }
    }

    fn answered(&mut self, id: Option<i64>) -> Option<Pending> {
        let place = self.pending.iter().position(|pending| Some(pending.id) == id)?;
        Some(self.pending.swap_remove(place))
    }

    /// When a message of this run was meant to be sent, if somebody else sent it.
    fn meant_by_another(&self, key: &str) -> Option<Micros> {
        let mut parts = key.split('-');
        let name = parts.next()?;
        let author = usize::from_str_radix(parts.next()?, 16).ok()?;
        let intended = Micros::from_str_radix(parts.next()?, 16).ok()?;
        (name == self.shared.name && author != self.index).then_some(intended)
    }

    fn say_where_it_stands(&mut self, phase: Phase, nothing_due: bool) {
        if phase >= Phase::Draining && self.pending.is_empty() && nothing_due {
            self.say_quiet();
        }
        if phase >= Phase::Settling && self.received.is_complete(&self.shared.ledger) {
            self.say_settled();
        }
    }

    fn say_quiet(&mut self) {
        if !std::mem::replace(&mut self.said.0, true) {
            self.shared.quiet.add();
        }
    }

    fn say_settled(&mut self) {
        if !std::mem::replace(&mut self.said.1, true) {
            self.shared.settled.add();
        }
    }
}

fn why(error: &Error) -> String {
    format!("the connection broke: {error}")
}

async fn until(moment: Option<Instant>) {
    if let Some(moment) = moment {
        tokio::time::sleep_until(moment).await;
    }
}
