//! One device that does random things.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use otvet_engine::ids::ConversationId;
use otvet_engine::protocol::client::{Claim, History, Mark, Note, Open, Send, Target, Transfer};
use otvet_engine::protocol::{Answer, Code, Command};
use rand::RngExt;
use rand::rngs::StdRng;
use tokio::sync::watch;

use super::board::Board;
use crate::client::{Client, Trouble};

/// How many conversations a visitor opens on one device.
const MOST_OPENED: usize = 4;
/// Between two actions of a device, in milliseconds: people think.
const PAUSE_MS: std::ops::Range<u64> = 30..400;

/// A device with a will of its own.
#[derive(Debug)]
pub(super) struct Walker {
    pub(super) client: Client,
    board: Arc<Board>,
    rng: StdRng,
    device: String,
    keys: usize,
    opened: usize,
    /// Commands with a key whose outcome is unknown: to be repeated.
    unknown: VecDeque<Command>,
}

impl Walker {
    pub(super) fn new(client: Client, board: Arc<Board>, rng: StdRng, device: &str) -> Self {
        let device = device.to_owned();
        Self { client, board, rng, device, keys: 0, opened: 0, unknown: VecDeque::new() }
    }

    fn is_staff(&self) -> bool {
        self.client.identity.person.role.is_staff()
    }

    /// Goes on until told to stop.
    ///
    /// # Errors
    /// When an answer stays out on a living connection, or the server sends the device away for good.
    pub(super) async fn walk(&mut self, mut stop: watch::Receiver<bool>) -> Result<()> {
        while !*stop.borrow_and_update() {
            let pause = Duration::from_millis(self.rng.random_range(PAUSE_MS));
            // The pace of the load, not a wait for anything.
            let _ = tokio::time::timeout(pause, stop.changed()).await;
            if self.client.is_connected() {
                self.act().await?;
            } else {
                self.come_back().await?;
            }
        }
        Ok(())
    }

    /// Repeats every command whose outcome is unknown until it is known.
    ///
    /// # Errors
    /// As [`Walker::walk`].
    pub(super) async fn settle(&mut self) -> Result<()> {
        const ROUNDS: usize = 400;
        for _ in 0..ROUNDS {
            if !self.client.is_connected() {
                self.come_back().await?;
            } else if let Some(command) = self.unknown.pop_front() {
                self.give(command).await?;
            } else {
                return Ok(());
            }
            if !self.client.is_connected() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        bail!("{}: {} commands are still unknown", self.client.name, self.unknown.len())
    }

    /// Connects; that the server is away is no error.
    async fn come_back(&mut self) -> Result<()> {
        match self.client.connect().await {
            Ok(_) | Err(Trouble::Network(_) | Trouble::Handshake(503)) => Ok(()),
            Err(Trouble::Closed(code)) => {
                let name = &self.client.name;
                ensure!(!code.is_some_and(|c| (4400..4500).contains(&c)), "{name}: sent away with {code:?}");
                Ok(())
            }
            Err(trouble) => bail!("{}: {trouble}", self.client.name),
        }
    }

    async fn act(&mut self) -> Result<()> {
        if let Some(command) = self.unknown.pop_front() {
            return self.give(command).await;
        }
        match self.rng.random_range(0..100) {
            0 => self.client.close().await,
            1..3 => self.client.drop_hard().await,
            3 => self.change_device().await,
            4 => {
                // The answer is lost with the connection: the outcome is unknown.
                let command = self.choose();
                self.client.post(command.clone());
                self.client.drop_hard().await;
                self.unknown.extend(keyed(&command).then_some(command));
            }
            _ => {
                let command = self.choose();
                return self.give(command).await;
            }
        }
        Ok(())
    }

    /// Breaks off and goes on from where another device of the person was.
    async fn change_device(&mut self) {
        self.client.drop_hard().await;
        let person = self.client.identity.person.id;
        if let Some(positions) = self.board.exchange(person, self.client.positions()) {
            self.client.set_positions(positions);
        }
    }

    async fn give(&mut self, command: Command) -> Result<()> {
        if let Command::Typing(target) = &command {
            self.client.typing(target.conversation);
            return Ok(());
        }
        match self.client.ask(command.clone()).await {
            Ok(Answer::Opened { conversation, .. }) => {
                self.board.opened(conversation.id, self.client.identity.person.id);
            }
            Ok(_) => {}
            Err(Trouble::Refused(no)) => match no.code {
                // Not to be expected of a walker: it does not break the contract.
                Code::Invalid | Code::UnknownType | Code::Unauthorized | Code::TooLarge => {
                    bail!("{}: {command:?} is {}: {}", self.client.name, no.code, no.message)
                }
                Code::Unavailable | Code::RateLimited | Code::Internal => {
                    self.unknown.extend(keyed(&command).then_some(command));
                }
                Code::Forbidden | Code::NotFound | Code::Conflict => {}
            },
            Err(Trouble::Closed(_)) => self.unknown.extend(keyed(&command).then_some(command)),
            Err(trouble) => bail!("{}: {command:?}: {trouble}", self.client.name),
        }
        Ok(())
    }

    fn choose(&mut self) -> Command {
        self.keys += 1;
        let key = format!("{}-{}", self.device, self.keys).parse().expect("short");
        let body = self.words();
        let staff = self.is_staff();
        let visitor = (!staff).then_some(self.client.identity.person.id);
        let known = self.board.newest(visitor, 60);
        if !staff && (known.is_empty() || (self.opened < MOST_OPENED && self.rng.random_bool(0.04))) {
            self.opened += 1;
            let subject = self.rng.random_bool(0.5).then(|| format!("About {}", self.keys));
            return Command::Open(Open { key, subject, body });
        }
        if known.is_empty() {
            return Command::Ping;
        }
        let conversation = known[self.rng.random_range(0..known.len())];
        let target = Target { conversation };
        if let Some(common) = self.common(conversation) {
            return common;
        }
        if !staff {
            return match self.rng.random_range(0..20) {
                0 => Command::Resolve(target),
                1 => Command::Reopen(target),
                _ => Command::Send(Send { conversation, key, body, attachments: Vec::new() }),
            };
        }
        match self.rng.random_range(0..20) {
            0..4 => Command::Claim(Claim { conversation, take_over: false }),
            4 => Command::Claim(Claim { conversation, take_over: true }),
            5 => Command::Release(target),
            6 => Command::Resolve(target),
            7 => {
                let to = self.board.managers[self.rng.random_range(0..self.board.managers.len())];
                // To oneself is no transfer; the contract calls it invalid.
                let is_me = to == self.client.identity.person.id;
                if is_me { Command::Ping } else { Command::Transfer(Transfer { conversation, to }) }
            }
            8 => Command::Watch(target),
            9 => Command::Unwatch(target),
            10..13 => Command::Note(Note { conversation, key, body }),
            _ => Command::Send(Send { conversation, key, body, attachments: Vec::new() }),
        }
    }

    /// What visitors and managers do alike, one time in five.
    fn common(&mut self, conversation: ConversationId) -> Option<Command> {
        let stream = otvet_engine::ids::StreamName::Conversation(conversation);
        let reached = self.client.positions().get(&stream).map_or(0, |p| p.seq);
        match self.rng.random_range(0..20) {
            0 if reached > 0 => Some(Command::Read(Mark { conversation, seq: reached })),
            1 if reached > 0 => Some(Command::Delivered(Mark { conversation, seq: reached })),
            2 => Some(Command::Typing(Target { conversation })),
            3 => {
                let (before, after) =
                    if self.rng.random() { (None, Some(reached / 2)) } else { (Some(reached + 1), None) };
                Some(Command::History(History { conversation, before, after, limit: Some(20) }))
            }
            _ => None,
        }
    }

    /// Texts of all sizes and scripts.
    fn words(&mut self) -> String {
        const WORDS: [&str; 6] = ["вопрос", "answer", "\u{1f426}", "\"quoted\"", "<b>", "線"];
        let length = if self.rng.random_bool(0.02) { 400 } else { self.rng.random_range(1..20) };
        let words = (0..length).map(|_| WORDS[self.rng.random_range(0..WORDS.len())]);
        words.collect::<Vec<_>>().join(" ")
    }
}

const fn keyed(command: &Command) -> bool {
    matches!(command, Command::Open(_) | Command::Send(_) | Command::Note(_))
}
