//! A cut of all connections at once, and how each comes back with its positions.

use std::collections::BTreeMap;
use std::sync::Arc;

use otvet_engine::ids::{Position, StreamName};
use tokio::io::AsyncWriteExt;

use crate::connection::Connection;
use crate::dial;
use crate::tally::Micros;

/// One connection's return.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Back {
    /// When it was cut.
    pub cut: Micros,
    /// When its `ready` came.
    pub ready: Micros,
    /// Streams that went on exactly where they had stopped.
    pub recovered: usize,
    /// Streams that were replaced by a snapshot.
    pub reset: usize,
}

impl Connection {
    /// Ends the connection as a network that is gone does, and opens another with everything that is known.
    pub(crate) async fn come_back(&mut self) -> Result<Back, String> {
        let shared = Arc::clone(&self.shared);
        let cut = shared.timeline.now();
        let positions = self.positions();
        // The server reads the end of the stream, without a goodbye. Whether it arrives makes no difference to the return.
        let _ = self.socket.get_mut().shutdown().await;
        let turn = shared.opening.acquire().await.map_err(|error| error.to_string())?;
        let (socket, ready) = dial::join(&self.approach, &self.token, positions).await?;
        drop(turn);
        self.socket = socket;
        self.follow_own(&ready);
        let recovered = ready.recovered.values().filter(|exact| **exact).count();
        let reset = ready.recovered.len() - recovered;
        Ok(Back { cut, ready: shared.timeline.now(), recovered, reset })
    }

    fn positions(&self) -> BTreeMap<String, Position> {
        let (of_conversations, own) = &self.epochs;
        let epoch_of = |stream: &str| match stream.parse::<StreamName>().ok()? {
            StreamName::Conversation(_) => Some(of_conversations.clone()),
            stream => own.get(&stream).cloned(),
        };
        let known = self.received.streams().filter_map(|(stream, seq)| {
            Some((stream.to_owned(), Position { epoch: epoch_of(stream)?, seq }))
        });
        known.collect()
    }
}
