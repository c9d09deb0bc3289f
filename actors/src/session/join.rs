//! From a valid `hello` to `ready`, with everything that the client missed behind it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use otvet_engine::ids::{ConversationId, Position, StreamName};
use otvet_engine::journal::Listing;
use otvet_engine::protocol::{CloseCode, Code, Failed, Ready, Refusal, ServerFrame, Summary};

use crate::conversation::{ConversationMsg, Watch};
use crate::inbox::Snapshot;
use crate::person_stream::PersonStream;

use super::message::Join;
use super::recover::{Budget, Recovered};
use super::{ConnectionRecord, LISTED, SessionState};

/// What has been gathered for one joining connection.
#[derive(Default)]
struct Gathered {
    streams: BTreeMap<StreamName, Position>,
    recovered: BTreeMap<StreamName, bool>,
    frames: Vec<Bytes>,
    sent: HashMap<StreamName, u64>,
    /// Conversations of others that the client has a position in: it goes on following them.
    watching: BTreeSet<ConversationId>,
}

impl Gathered {
    fn add(&mut self, stream: StreamName, part: Recovered) {
        self.recovered.insert(stream, part.exact);
        self.frames.extend(part.frames);
        self.sent.insert(stream, part.head);
    }
}

impl SessionState {
    /// Joins a connection, or lets it go with the reason.
    pub(super) async fn join(&mut self, join: &Arc<Join>) {
        let joined = self.cell.connections.lock().contains_key(&join.connection);
        if joined || join.outbox.is_closing() {
            return;
        }
        let limit = self.directory.behaviour.limits.connections_per_person;
        if self.cell.connections.lock().len() as u64 >= limit {
            let refusal = Refusal::new(Code::RateLimited, format!("{limit} connections are open; close one"))
                .retry_after_ms(5000);
            return refuse(join, refusal, CloseCode::TooManyCommands);
        }
        match self.gather(join).await {
            Ok((gathered, conversations)) => self.admit(join, gathered, conversations),
            Err(refusal) => refuse(join, refusal, CloseCode::Internal),
        }
    }

    /// Reads all that `ready` says and all that follows it. Meanwhile nothing else happens in this session: what
    /// conversations commit waits in the lane, and what of it was read here already is dropped by its number.
    async fn gather(&mut self, join: &Join) -> Result<(Gathered, Vec<Summary>), Refusal> {
        self.prepare_list().await?;
        let stream = self.stream.as_ref().ok_or_else(Refusal::internal)?;
        let is_staff = join.person.role.is_staff();
        let (format, me) = (join.outbox.format(), join.person.id);
        let mut budget =
            Budget(usize::try_from(self.directory.behaviour.limits.outbox_bytes).unwrap_or(usize::MAX) / 2);
        let mut own: Vec<Summary> = self.list.values().cloned().collect();
        own.sort_by_key(|summary| std::cmp::Reverse((summary.updated_at, summary.id)));

        let known = |stream: StreamName| join.positions.get(&stream.to_string());
        let mut gathered = Gathered::default();
        gathered.streams.insert(stream.name(), stream.position());
        gathered.sent.insert(stream.name(), stream.position().seq);
        if let Some(position) = known(stream.name()) {
            let missed = stream.after(position).await;
            let part =
                self.recover_list(stream.name(), missed, &stream.position(), &own, format, &mut budget);
            gathered.add(stream.name(), part);
        }
        let mut conversations = own;
        if is_staff {
            let inbox_name = StreamName::Inbox(me);
            let position = known(inbox_name);
            let Snapshot { head, conversations: shown, missed } =
                self.directory.ask_inbox(me, position.cloned()).await?;
            gathered.streams.insert(inbox_name, head.clone());
            gathered.sent.insert(inbox_name, head.seq);
            if position.is_some() {
                let part = self.recover_list(inbox_name, missed, &head, &shown, format, &mut budget);
                gathered.add(inbox_name, part);
            }
            conversations = shown;
        }
        let epoch = self.directory.foundation.journal.epoch().clone();
        for summary in &conversations {
            let name = StreamName::Conversation(summary.id);
            gathered.streams.insert(name, Position { epoch: epoch.clone(), seq: summary.last_seq });
            // Waiting ones are listed, not followed: their baseline comes when they become the manager's own.
            if summary.visitor.id == me || summary.manager.as_ref().is_some_and(|m| m.id == me) {
                gathered.sent.insert(name, summary.last_seq);
            }
        }
        for (name, position) in &join.positions {
            let Ok(StreamName::Conversation(id)) = name.parse::<StreamName>() else { continue };
            let Some(summary) = self.readable(join, id, &conversations).await? else { continue };
            let name = StreamName::Conversation(id);
            let part = self.recover_conversation(position, &summary, is_staff, format, &mut budget).await?;
            gathered.add(name, part);
            gathered.streams.insert(name, Position { epoch: epoch.clone(), seq: summary.last_seq });
            if summary.visitor.id != me && summary.manager.as_ref().is_none_or(|m| m.id != me) {
                gathered.watching.insert(id);
            }
        }
        Ok((gathered, conversations))
    }

    /// Opens the session's stream and reads the person's own list, once for this incarnation.
    async fn prepare_list(&mut self) -> Result<(), Refusal> {
        if self.stream.is_some() {
            return Ok(());
        }
        let foundation = &self.directory.foundation;
        let me = self.cell.person;
        let listed = foundation.journal.list(Listing::OfVisitor(me), me, LISTED).await?;
        let current: Vec<Summary> = listed.into_iter().map(|listed| listed.summary).collect();
        let keep = self.directory.behaviour.tail_keep;
        let mut stream = PersonStream::open(
            StreamName::Session(me),
            Arc::clone(&foundation.tail),
            keep,
            self.directory.new_epoch(),
        )
        .await;
        let (missed, _) = stream.missed(&current).await;
        stream.append(foundation.clock.now(), missed).await;
        self.list = current.into_iter().map(|summary| (summary.id, summary)).collect();
        self.stream = Some(stream);
        Ok(())
    }

    /// The entry of a conversation that the person may read.
    async fn readable(
        &self,
        join: &Join,
        id: ConversationId,
        known: &[Summary],
    ) -> Result<Option<Summary>, Refusal> {
        if let Some(summary) = known.iter().find(|summary| summary.id == id).or_else(|| self.list.get(&id)) {
            return Ok(Some(summary.clone()));
        }
        let listed = self.directory.foundation.journal.listed(id, join.person.id).await?;
        let readable = |s: &Summary| join.person.role.is_staff() || s.visitor.id == join.person.id;
        Ok(listed.map(|listed| listed.summary).filter(readable))
    }

    /// Everything is read: the connection is in, and gets it all at once.
    fn admit(&self, join: &Arc<Join>, gathered: Gathered, conversations: Vec<Summary>) {
        let behaviour = &self.directory.behaviour;
        let ready = Ready {
            id: join.hello_id.clone(),
            person: join.person.clone(),
            session: join.name.clone(),
            epoch: self.directory.foundation.journal.epoch().clone(),
            heartbeat_s: behaviour.heartbeat.as_secs(),
            streams: gathered.streams,
            conversations,
            recovered: gathered.recovered,
            limits: behaviour.limits,
        };
        join.outbox.push(&ServerFrame::Ready(Box::new(ready)));
        gathered.frames.into_iter().for_each(|frame| join.outbox.push_encoded(frame));
        let followed: Vec<ConversationId> = gathered.sent.keys().filter_map(conversation_of).collect();
        let record = ConnectionRecord {
            person: join.person.clone(),
            token_id: join.token_id,
            outbox: Arc::clone(&join.outbox),
            sent: gathered.sent,
            watching: gathered.watching.clone(),
        };
        let mut connections = self.cell.connections.lock();
        let is_first = connections.is_empty();
        connections.insert(join.connection, record);
        drop(connections);
        self.directory.counters.connections.fetch_add(1, Ordering::Relaxed);
        for conversation in gathered.watching {
            // Whatever was committed between our reading and the watch is healed when the watch is confirmed.
            self.watch(&join.person, join.connection, None, conversation);
        }
        if is_first {
            self.announce(&join.person, followed.into_iter(), true);
        }
    }

    /// Asks a conversation for its live events.
    pub(super) fn watch(
        &self,
        by: &otvet_engine::protocol::Person,
        connection: super::ConnectionId,
        id: Option<otvet_engine::protocol::CommandId>,
        conversation: ConversationId,
    ) {
        let watch = Watch { by: by.clone(), session: Arc::clone(&self.cell), connection, id, conversation };
        let watch = Arc::new(watch);
        if let Err(refusal) = self.directory.post(conversation, ConversationMsg::Watch(Arc::clone(&watch))) {
            watch.answer(Err(refusal));
        }
    }
}

fn conversation_of(stream: &StreamName) -> Option<ConversationId> {
    match stream {
        StreamName::Conversation(id) => Some(*id),
        _ => None,
    }
}

fn refuse(join: &Join, refusal: Refusal, close: CloseCode) {
    join.outbox.push(&ServerFrame::Failed(Failed::new(Some(join.hello_id.clone()), refusal)));
    join.outbox.close(close);
}
