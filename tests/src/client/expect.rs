//! Expectations: each waits until its condition holds, and goes on after what it found.

use std::time::Duration;

use otvet_engine::ids::{ConversationId, StreamName};
use otvet_engine::protocol::{Code, Event, Failed, Reset, ServerFrame, Signal, SignalKind};

use super::{Client, PATIENCE, Trouble};
use crate::checker::log::What;

impl Client {
    /// The next frame that the condition accepts.
    ///
    /// # Errors
    /// [`Trouble::Late`].
    pub async fn expect_frame<T>(
        &mut self,
        what: &str,
        accepts: impl Fn(&ServerFrame) -> Option<T>,
    ) -> Result<T, Trouble> {
        let find = |what: &What| match what {
            What::Received(frame) => accepts(frame),
            _ => None,
        };
        let what = format!("{}: {what}", self.name);
        let (found, next) = self.journal.wait(self.seen, PATIENCE, &what, find).await?;
        self.seen = next;
        Ok(found)
    }

    /// The next event of a conversation with this kind (`message`, `claimed` …).
    ///
    /// # Errors
    /// [`Trouble::Late`].
    pub async fn expect_event(&mut self, conversation: ConversationId, kind: &str) -> Result<Event, Trouble> {
        let stream = StreamName::Conversation(conversation);
        self.expect_frame(&format!("{kind} in {stream}"), |frame| match frame {
            ServerFrame::Event(e) if e.stream == stream && e.kind.name() == kind => Some(e.clone()),
            _ => None,
        })
        .await
    }

    /// The next event of the person's own list, inbox or session, that is about a conversation.
    ///
    /// # Errors
    /// [`Trouble::Late`].
    pub async fn expect_listed(&mut self, accepts: impl Fn(&Event) -> bool) -> Result<Event, Trouble> {
        self.expect_frame("an entry of the own list", |frame| match frame {
            ServerFrame::Event(e) if !matches!(e.stream, StreamName::Conversation(_)) && accepts(e) => {
                Some(e.clone())
            }
            _ => None,
        })
        .await
    }

    /// The next signal of a kind.
    ///
    /// # Errors
    /// [`Trouble::Late`].
    pub async fn expect_signal(&mut self, kind: SignalKind) -> Result<Signal, Trouble> {
        self.expect_frame(&format!("a {kind:?} signal"), |frame| match frame {
            ServerFrame::Signal(s) if s.kind == kind => Some(s.clone()),
            _ => None,
        })
        .await
    }

    /// The next reset of a stream.
    ///
    /// # Errors
    /// [`Trouble::Late`].
    pub async fn expect_reset(&mut self, stream: StreamName) -> Result<Reset, Trouble> {
        self.expect_frame(&format!("a reset of {stream}"), |frame| match frame {
            ServerFrame::Reset(r) if r.stream == stream => Some((**r).clone()),
            _ => None,
        })
        .await
    }

    /// The next error that is no answer to a command of ours: to a frame that had no usable id.
    ///
    /// # Errors
    /// [`Trouble::Late`].
    pub async fn expect_error(&mut self, code: Code) -> Result<Failed, Trouble> {
        self.expect_frame(&format!("the error {code}"), |frame| match frame {
            ServerFrame::Failed(no) if no.code == code => Some(no.clone()),
            _ => None,
        })
        .await
    }

    /// The end of the connection, with the server's close code.
    ///
    /// # Errors
    /// [`Trouble::Late`].
    pub async fn expect_close(&mut self) -> Result<Option<u16>, Trouble> {
        self.expect_close_within(PATIENCE).await
    }

    /// The end of the connection within a time that is part of the contract.
    ///
    /// # Errors
    /// [`Trouble::Late`].
    pub async fn expect_close_within(&mut self, patience: Duration) -> Result<Option<u16>, Trouble> {
        let find = |what: &What| match what {
            What::Closed(code) => Some(*code),
            _ => None,
        };
        let what = format!("{}: the end of the connection", self.name);
        let (code, next) = self.journal.wait(self.seen, patience, &what, find).await?;
        self.seen = next;
        Ok(code)
    }

    /// The events of a conversation that have come so far, over all connections.
    pub fn events(&self, conversation: ConversationId) -> Vec<Event> {
        let stream = StreamName::Conversation(conversation);
        let events = self.received().into_iter().filter_map(|frame| match frame {
            ServerFrame::Event(e) if e.stream == stream => Some(e),
            _ => None,
        });
        events.collect()
    }

    /// All frames that have come so far, over all connections.
    pub fn received(&self) -> Vec<ServerFrame> {
        let frames = self.journal.entries().into_iter().filter_map(|entry| match entry.what {
            What::Received(frame) => Some(frame),
            _ => None,
        });
        frames.collect()
    }

    /// Waits until the device has come so far in a stream.
    ///
    /// # Errors
    /// [`Trouble::Late`].
    pub async fn expect_reached(&self, stream: StreamName, seq: u64) -> Result<(), Trouble> {
        self.journal.wait_for_height(stream, seq, PATIENCE).await
    }
}

/// Reads an answer as the refusal that a test wants.
pub trait Outcome {
    /// The refusal's code.
    ///
    /// # Panics
    /// When it was carried out, or failed otherwise.
    fn refused(self) -> Failed;
}

impl<T: std::fmt::Debug> Outcome for Result<T, Trouble> {
    fn refused(self) -> Failed {
        match self {
            Err(Trouble::Refused(no)) => *no,
            other => panic!("should have been refused: {other:?}"),
        }
    }
}
