//! Coming to rest: nothing unknown is left, everybody has come back and caught up, and the end is read from the server.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use otvet_engine::ids::{ConversationId, PersonId, StreamName};
use otvet_engine::protocol::{Event, Person, Summary};
use tokio::task::JoinSet;

use super::Load;
use crate::checker::log::RunLog;
use crate::checker::replay::Replay;
use crate::client::Client;

/// How long a device may take to catch up. What has not come then is for the checker to name.
const CATCH_UP: Duration = Duration::from_secs(10);

impl Load {
    /// Brings everybody to rest, and answers with all that happened so far. The load may go on afterwards.
    ///
    /// # Errors
    /// When somebody cannot come back, or the end cannot be read.
    pub async fn quiesce(&mut self) -> Result<RunLog> {
        self.settle_and_resume().await?;
        self.reader.resume().await.context("the reader")?;
        let mut stored = BTreeMap::new();
        for id in self.board.all() {
            let events = self.reader.whole(id).await.with_context(|| format!("reading all of {id}"))?;
            stored.insert(id, events);
        }
        self.catch_up(&stored).await;
        let lists = self.final_lists().await?;
        let clients = self.walkers.iter().map(|w| w.client.log()).collect();
        Ok(RunLog { clients, stored, lists, accounts: BTreeMap::new(), quiesced: true })
    }

    async fn settle_and_resume(&mut self) -> Result<()> {
        let mut settling = JoinSet::new();
        for mut walker in self.walkers.drain(..) {
            settling.spawn(async move {
                let outcome = walker.settle().await;
                (walker, outcome)
            });
        }
        let mut first_trouble = Ok(());
        while let Some(settled) = settling.join_next().await {
            let (walker, outcome) = settled?;
            self.walkers.push(walker);
            first_trouble = first_trouble.and(outcome);
        }
        first_trouble?;
        for walker in &mut self.walkers {
            walker.client.resume().await.with_context(|| walker.client.name.clone())?;
        }
        Ok(())
    }

    /// Gives every device the time to reach the heads of what is its own.
    async fn catch_up(&mut self, stored: &BTreeMap<ConversationId, Vec<Event>>) {
        let mut list_heads: BTreeMap<StreamName, u64> = BTreeMap::new();
        for walker in &self.walkers {
            for (stream, position) in walker.client.positions() {
                if !matches!(stream, StreamName::Conversation(_)) {
                    let head = list_heads.entry(stream).or_insert(0);
                    *head = position.seq.max(*head);
                }
            }
        }
        let ended = RunLog { stored: stored.clone(), ..RunLog::default() };
        let replay = Replay::of(&ended);
        let heads = replay.threads.iter().map(|(id, thread)| {
            (StreamName::Conversation(*id), [thread.visitor, thread.holder()], thread.head())
        });
        let own_lists = list_heads.into_iter().map(|(stream, head)| match stream {
            StreamName::Inbox(owner) | StreamName::Session(owner) => (stream, [Some(owner), None], head),
            StreamName::Conversation(_) => (stream, [None, None], head),
        });
        let wanted: Vec<_> = heads.chain(own_lists).collect();
        let deadline = tokio::time::Instant::now() + CATCH_UP;
        for walker in &mut self.walkers {
            let me = Some(walker.client.identity.person.id);
            for (stream, _, head) in wanted.iter().filter(|(_, owners, _)| owners.contains(&me)) {
                let waiting = walker.client.expect_reached(*stream, *head);
                let _ = tokio::time::timeout_at(deadline, waiting).await;
            }
            // Whatever was queued before this answer has come, also what nobody waited for.
            let _ = walker.client.ping().await;
        }
    }

    /// Everybody's lists, as a device gets them that knows nothing yet.
    async fn final_lists(&self) -> Result<Vec<(Person, Summary)>> {
        let mut lists = Vec::new();
        let mut told: Vec<PersonId> = Vec::new();
        for walker in &self.walkers {
            let person = &walker.client.identity.person;
            if told.contains(&person.id) {
                continue;
            }
            told.push(person.id);
            let mut probe: Client = walker.client.another("probe");
            let ready = probe.connect().await.with_context(|| format!("probing as {}", person.id))?;
            lists.extend(ready.conversations.into_iter().map(|summary| (person.clone(), summary)));
            probe.close().await;
        }
        Ok(lists)
    }
}
