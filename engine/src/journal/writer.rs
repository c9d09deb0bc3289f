//! The one task that writes: takes the first batch and everything that waits behind it, and commits them together.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::group::{self, Failure};
use super::{Batch, CommitError, Counters, JournalOptions};
use crate::store::Database;

type Verdict = Result<(), CommitError>;

/// What handles say to the writer.
#[derive(Debug)]
pub(super) enum Message {
    Commit(Box<Batch>, oneshot::Sender<Verdict>),
    Close(oneshot::Sender<()>),
}

/// Writes until it is closed and drained, or the last handle is gone.
pub(super) async fn run(
    db: Database,
    options: JournalOptions,
    mut inbox: mpsc::Receiver<Message>,
    counters: Arc<Counters>,
) {
    let writer = Writer { db, options, counters };
    let mut closing = Vec::new();
    while let Some(first) = inbox.recv().await {
        let mut next = Some(first);
        let (mut batches, mut replies, mut events) = (Vec::new(), Vec::new(), 0);
        while let Some(message) = next.take() {
            match message {
                Message::Commit(batch, reply) => {
                    // A batch of cursors alone is work, too.
                    events += batch.events.len().max(1);
                    batches.push(*batch);
                    replies.push(reply);
                }
                Message::Close(reply) => {
                    inbox.close();
                    closing.push(reply);
                }
            }
            if events < options.group_events {
                next = inbox.try_recv().ok();
            }
        }
        for (reply, verdict) in replies.into_iter().zip(writer.commit(&batches).await) {
            // Nobody waits any more: the batch is stored, or not, all the same.
            let _ = reply.send(verdict);
        }
    }
    for reply in closing {
        let _ = reply.send(());
    }
}

struct Writer {
    db: Database,
    options: JournalOptions,
    counters: Arc<Counters>,
}

impl Writer {
    /// One verdict a batch, in their order.
    async fn commit(&self, batches: &[Batch]) -> Vec<Verdict> {
        if batches.is_empty() {
            return Vec::new();
        }
        let group: Vec<&Batch> = batches.iter().collect();
        match self.transact(&group).await {
            Ok(verdicts) => verdicts,
            Err(Failure::Unique) => {
                // Another process was faster with one of them: alone, only the guilty one fails.
                let mut verdicts = Vec::with_capacity(batches.len());
                for batch in batches {
                    verdicts.push(self.commit_alone(batch).await);
                }
                verdicts
            }
            Err(failure) => vec![Err(failure.into()); batches.len()],
        }
    }

    async fn commit_alone(&self, batch: &Batch) -> Verdict {
        match self.transact(&[batch]).await {
            Ok(mut verdicts) => verdicts.pop().expect("one verdict a batch"),
            Err(Failure::Unique) => {
                self.counters.refused();
                match group::keys_in_use(&self.db, batch).await {
                    Ok(used) if used.is_empty() => Err(CommitError::HeadMoved),
                    Ok(used) => Err(CommitError::KeysInUse(used)),
                    Err(error) => Err(CommitError::Unavailable(error.to_string())),
                }
            }
            Err(failure) => Err(failure.into()),
        }
    }

    async fn transact(&self, batches: &[&Batch]) -> Result<Vec<Verdict>, Failure> {
        let started = Instant::now();
        let outcome = group::transact(&self.db, batches, self.options.timeout).await;
        match &outcome {
            Ok(verdicts) => {
                let stored = || batches.iter().zip(verdicts).filter(|(_, verdict)| verdict.is_ok());
                let events = stored().map(|(batch, _)| batch.events.len()).sum();
                match stored().count() {
                    0 => {}
                    count => self.counters.committed(count, events, started.elapsed()),
                }
                verdicts.iter().filter(|verdict| verdict.is_err()).for_each(|_| self.counters.refused());
            }
            Err(Failure::Unique) => {}
            Err(Failure::Unavailable(error) | Failure::Unknown(error)) => {
                self.counters.failed();
                tracing::warn!(error, batches = batches.len(), "a transaction of the journal failed");
            }
        }
        outcome
    }
}
