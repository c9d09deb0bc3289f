//! A client of the protocol with verbs. Every verb waits for its answer, every expectation for its condition, both with a
//! deadline; nothing sleeps. All that happens goes into the [`journal`], for the checker.

pub mod journal;
pub mod socket;

mod expect;
mod verbs;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use otvet_engine::ids::{Position, StreamName};
use otvet_engine::protocol::{
    BearerToken, ClientFrame, Command, CommandId, Failed, Format, Hello, Person, Ready, ServerFrame, encode,
};
use tokio_tungstenite::tungstenite::Message;

pub use expect::Outcome;
pub use verbs::Page;

use crate::checker::log::{ClientLog, What};
use journal::Journal;
use socket::{Approach, Link};

/// How long an answer may take: far longer than it does, also on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// Positions of a `hello`, at most: the frame has a limit.
const MOST_POSITIONS: usize = 250;

/// Why a verb did not get what it wanted.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The server said no.
    #[error("refused: {}: {}", .0.code, .0.message)]
    Refused(Box<Failed>),
    /// The connection ended before the answer: the outcome is unknown.
    #[error("the connection ended with {0:?}")]
    Closed(Option<u16>),
    /// The handshake was refused with this HTTP status.
    #[error("the handshake was refused with {0}")]
    Handshake(u16),
    /// Nothing came in time.
    #[error("in vain waited for {0}")]
    Late(String),
    /// The network failed.
    #[error("network: {0}")]
    Network(String),
}

/// Who somebody is and what proves it.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Who.
    pub person: Person,
    /// Their bearer token.
    pub token: String,
}

/// One device of one person, over all its connections.
#[derive(Debug)]
pub struct Client {
    /// For findings and messages.
    pub name: String,
    /// Whose device.
    pub identity: Identity,
    format: Format,
    approach: Approach,
    journal: Arc<Journal>,
    link: Option<Link>,
    commands: i64,
    /// Up to where the expectations have looked.
    seen: usize,
}

impl Client {
    /// A device that is not connected yet. Times in its log count from `began`.
    pub fn new(
        name: &str,
        identity: Identity,
        format: Format,
        mut approach: Approach,
        began: Instant,
    ) -> Self {
        approach.subprotocols = Some(format.subprotocol().to_owned());
        Self {
            name: name.to_owned(),
            identity,
            format,
            approach,
            journal: Arc::new(Journal::new(began)),
            link: None,
            commands: 0,
            seen: 0,
        }
    }

    /// Another device of the same person, not connected, that knows nothing yet.
    pub fn another(&self, name: &str) -> Self {
        Self::new(name, self.identity.clone(), self.format, self.approach.clone(), Instant::now())
    }

    /// Connects and says hello with the positions that the device has.
    ///
    /// # Errors
    /// The close code when the server ends the connection instead of answering, or the handshake's status.
    pub async fn connect(&mut self) -> Result<Ready, Trouble> {
        let positions = self.journal.positions(MOST_POSITIONS);
        self.connect_at(positions).await
    }

    /// Connects with the given positions in place of the device's own.
    ///
    /// # Errors
    /// As [`Client::connect`].
    pub async fn connect_at(&mut self, positions: BTreeMap<StreamName, Position>) -> Result<Ready, Trouble> {
        if let Some(link) = self.link.take() {
            link.reset().await;
        }
        let (socket, _) = socket::handshake(&self.approach).await?;
        self.journal.set_positions(positions.clone());
        self.journal.add(What::Hello(positions.clone()));
        // Never past an expectation: what `ready` brings and what follows it is for those to see.
        let from = self.journal.length();
        let link = Link::start(socket, self.format, self.journal.clone());
        self.commands += 1;
        let hello = Hello {
            token: BearerToken(self.identity.token.clone()),
            device: Some(self.name.clone()),
            positions: positions
                .into_iter()
                .map(|(stream, position)| (stream.to_string(), position))
                .collect(),
        };
        let id = Some(CommandId::Number(self.commands));
        // Not in the log: tokens are in no log, and the positions stand in the entry above.
        link.send(self.message(&ClientFrame { id, command: Command::Hello(hello) }));
        self.link = Some(link);
        let (ready, next) = self
            .journal
            .wait(from, PATIENCE, "ready", |what| match what {
                What::Received(ServerFrame::Ready(ready)) => Some(Ok((**ready).clone())),
                What::Received(ServerFrame::Failed(refusal)) => {
                    Some(Err(Trouble::Refused(Box::new(refusal.clone()))))
                }
                What::Closed(code) => Some(Err(Trouble::Closed(*code))),
                _ => None,
            })
            .await?;
        self.seen = next;
        ready
    }

    /// Ends the connection with a TCP reset and comes back with the positions.
    ///
    /// # Errors
    /// As [`Client::connect`].
    pub async fn resume(&mut self) -> Result<Ready, Trouble> {
        self.drop_hard().await;
        self.connect().await
    }

    /// Says goodbye, if connected.
    pub async fn close(&mut self) {
        if let Some(link) = self.link.take() {
            link.close().await;
        }
    }

    /// Breaks the connection off with a TCP reset, if connected.
    pub async fn drop_hard(&mut self) {
        if let Some(link) = self.link.take() {
            link.reset().await;
        }
    }

    /// Whether there is a connection that has not ended.
    pub fn is_connected(&self) -> bool {
        self.link.as_ref().is_some_and(|link| !link.is_over())
    }

    /// Stops or starts taking what comes in.
    pub fn read_socket(&self, on: bool) {
        if let Some(link) = &self.link {
            link.read(on);
        }
    }

    /// How far the device has come.
    pub fn positions(&self) -> BTreeMap<StreamName, Position> {
        self.journal.positions(usize::MAX)
    }

    /// Gives the device other positions, for its next connection: those of another device, or none.
    pub fn set_positions(&self, positions: BTreeMap<StreamName, Position>) {
        self.journal.set_positions(positions);
    }

    /// Sends a command without waiting for its answer; [`Client::answer`] does that.
    pub fn post(&mut self, command: Command) -> CommandId {
        self.commands += 1;
        let id = CommandId::Number(self.commands);
        let frame = ClientFrame { id: Some(id.clone()), command };
        self.journal.add(What::Sent(frame.clone()));
        if let Some(link) = &self.link {
            link.send(self.message(&frame));
        }
        id
    }

    /// Sends any WebSocket message at all.
    pub fn send_raw(&self, message: Message) {
        if let Some(link) = &self.link {
            link.send(message);
        }
    }

    /// Its log, for the checker.
    pub fn log(&self) -> ClientLog {
        let person = self.identity.person.clone();
        ClientLog { name: self.name.clone(), person, entries: self.journal.entries() }
    }

    fn message(&self, frame: &ClientFrame) -> Message {
        wrap(self.format, encode(self.format, frame))
    }
}

/// The bytes of a frame as the message that its format travels in.
pub fn wrap(format: Format, bytes: Bytes) -> Message {
    match format {
        Format::Json => Message::text(String::from_utf8_lossy(&bytes).into_owned()),
        Format::MessagePack => Message::Binary(bytes),
    }
}
