//! The connections of a session: what each of them follows, and what it has been sent.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use otvet_engine::ids::{ConversationId, Position, StreamName};
use otvet_engine::protocol::{
    Answered, CommandId, Failed, Person, Refusal, ServerFrame, SharedFrame, Status,
};
use smallvec::SmallVec;

use crate::conversation::Commit;
use crate::outbox::Outbox;
use crate::person_stream::Numbered;

use super::message::{ConnectionId, Reply};

/// One joined connection.
#[derive(Debug)]
pub(crate) struct ConnectionRecord {
    pub id: ConnectionId,
    pub person: Arc<Person>,
    pub token_id: i64,
    pub outbox: Arc<Outbox>,
    /// How far it knows conversations.
    pub known: Known,
    /// Whether `ready` listed everything that the manager had claimed.
    pub lists_all_own: bool,
    /// How far it knows the person's own streams.
    pub own: OwnStreams,
    /// Conversations of others that it follows, or has asked to follow.
    pub others: Others,
}

/// How far a connection knows conversations. Their ids are the server's, nobody can choose them so that they collide; and
/// one is looked up for every event and reader.
#[derive(Debug, Default)]
pub(crate) struct Known(HashMap<ConversationId, Head, RandomState>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Head {
    /// The last event it was sent: what makes "exactly once, in order" a local rule.
    Sent(u64),
    /// The head that `ready` told of a conversation that is listed and not followed.
    Listed(u64),
}

impl Known {
    /// The last event of a conversation that the connection was sent, if it follows it or did.
    pub fn sent(&self, conversation: ConversationId) -> Option<u64> {
        match self.0.get(&conversation) {
            Some(Head::Sent(seq)) => Some(*seq),
            _ => None,
        }
    }

    pub fn set_sent(&mut self, conversation: ConversationId, seq: u64) {
        self.0.insert(conversation, Head::Sent(seq));
    }

    pub fn set_listed(&mut self, conversation: ConversationId, seq: u64) {
        self.0.insert(conversation, Head::Listed(seq));
    }

    /// The conversations that it follows, or did.
    pub fn followed(&self) -> impl Iterator<Item = ConversationId> {
        self.0.iter().filter_map(|(id, head)| matches!(head, Head::Sent(_)).then_some(*id))
    }
}

/// How far a connection knows its person's own streams, each under the epoch that it was told.
#[derive(Debug, Default)]
pub(crate) struct OwnStreams {
    session: Option<Position>,
    /// Only managers have one.
    inbox: Option<Box<Position>>,
}

impl OwnStreams {
    pub fn get(&self, stream: StreamName) -> Option<&Position> {
        match stream {
            StreamName::Session(_) => self.session.as_ref(),
            StreamName::Inbox(_) => self.inbox.as_deref(),
            StreamName::Conversation(_) => None,
        }
    }

    pub fn get_mut(&mut self, stream: StreamName) -> Option<&mut Position> {
        match stream {
            StreamName::Session(_) => self.session.as_mut(),
            StreamName::Inbox(_) => self.inbox.as_deref_mut(),
            StreamName::Conversation(_) => None,
        }
    }

    /// Where a stream stands for the connection. One of a conversation is none of these.
    pub fn tell(&mut self, stream: StreamName, head: Position) {
        match stream {
            StreamName::Session(_) => self.session = Some(head),
            StreamName::Inbox(_) => self.inbox = Some(Box::new(head)),
            StreamName::Conversation(_) => {}
        }
    }
}

/// Conversations of others that a connection follows, or has asked to follow: sorted, and one alone, as is usual, needs no
/// memory of its own.
#[derive(Debug, Default)]
pub(crate) struct Others(SmallVec<[Followed; 1]>);

#[derive(Debug)]
struct Followed {
    conversation: ConversationId,
    is_watching: bool,
    /// It has asked and got no answer yet. Who watches may ask again.
    is_asking: bool,
}

impl Others {
    /// Whether the connection gets the live events of a conversation.
    pub fn watches(&self, conversation: ConversationId) -> bool {
        self.place(conversation).is_ok_and(|place| self.0[place].is_watching)
    }

    /// Whether it follows a conversation, or has asked to.
    pub fn contains(&self, conversation: ConversationId) -> bool {
        self.place(conversation).is_ok()
    }

    pub fn iter(&self) -> impl Iterator<Item = ConversationId> {
        self.0.iter().map(|followed| followed.conversation)
    }

    /// It has asked to follow a conversation.
    pub fn asked(&mut self, conversation: ConversationId) {
        match self.place(conversation) {
            Ok(place) => self.0[place].is_asking = true,
            Err(place) => {
                self.0.insert(place, Followed { conversation, is_watching: false, is_asking: true });
            }
        }
    }

    /// It got an answer: a yes or a no. Whether it waited for one.
    pub fn answered(&mut self, conversation: ConversationId, may_watch: bool) -> bool {
        let Ok(place) = self.place(conversation) else { return false };
        let followed = &mut self.0[place];
        let was_asking = std::mem::take(&mut followed.is_asking);
        followed.is_watching |= was_asking && may_watch;
        if !followed.is_watching {
            self.0.remove(place);
        }
        was_asking
    }

    /// It follows a conversation no longer. Whether it did, or had asked to.
    pub fn remove(&mut self, conversation: ConversationId) -> bool {
        self.place(conversation).map(|place| self.0.remove(place)).is_ok()
    }

    fn place(&self, conversation: ConversationId) -> Result<usize, usize> {
        self.0.binary_search_by_key(&conversation, |followed| followed.conversation)
    }
}

impl ConnectionRecord {
    /// Queues the answer to one of its commands.
    pub fn answer(&self, id: CommandId, outcome: Result<otvet_engine::protocol::Answer, Refusal>) {
        self.outbox.answer(&answer_frame(id, outcome));
    }

    /// Queues what it has not been sent of a commit that it follows. `false`: it has missed what was before, and is sent
    /// nothing yet.
    pub fn pass_on(&mut self, commit: &Commit, own: bool) -> bool {
        let (Some(first), Some(last)) = (commit.events.first(), commit.events.last()) else { return true };
        // The only look-up, for as long as it lasts that the connection follows the conversation.
        let listed = match self.known.0.get_mut(&commit.conversation) {
            Some(Head::Sent(sent)) => {
                let before = *sent;
                if before + 1 < first.seq {
                    return false;
                }
                *sent = before.max(last.seq);
                self.push_after(commit, before);
                return true;
            }
            Some(Head::Listed(head)) => Some(*head),
            None => None,
        };
        if let Some(sent) = self.news_after(commit, own, listed) {
            self.push_after(commit, sent);
            self.known.set_sent(commit.conversation, sent.max(last.seq));
        }
        true
    }

    fn push_after(&self, commit: &Commit, sent: u64) {
        let is_staff = self.person.role.is_staff();
        for event in commit.events.iter().filter(|event| event.seq > sent) {
            self.outbox.push_shared(if is_staff { &event.staff } else { &event.visitor });
        }
    }

    /// From which number on a commit is news to this connection, which has been sent nothing of the conversation; `None`:
    /// nothing of it is. What was committed before its list was read, and was still in the lane then, must not come behind a
    /// `ready` that knows better.
    fn news_after(&self, commit: &Commit, own: bool, listed: Option<u64>) -> Option<u64> {
        let before = &commit.before;
        let was_own = before.status == Status::Claimed && before.manager == Some(self.person.id);
        if own && was_own && self.lists_all_own {
            // It was followed before the commit, and yet this connection has heard nothing of it: so `ready` is newer.
            return None;
        }
        let first = commit.events.first().map_or(commit.after.last_seq, |event| event.seq - 1);
        Some(listed.map_or(first, |told| first.max(told)))
    }

    /// Whether it gets the live events of a conversation.
    pub fn follows(&self, conversation: ConversationId, own: bool) -> bool {
        own || self.others.watches(conversation)
    }
}

/// A person's joined connections: few, and mostly one, so that looking through them is the quickest way to find one, and
/// one alone lies within its session's cell, beside all else that an event touches.
#[derive(Debug, Default)]
pub(crate) struct Connections(SmallVec<[ConnectionRecord; 1]>);

impl Connections {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &ConnectionRecord> {
        self.0.iter()
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut ConnectionRecord> {
        self.0.iter_mut()
    }

    pub fn get(&self, id: ConnectionId) -> Option<&ConnectionRecord> {
        self.0.iter().find(|record| record.id == id)
    }

    pub fn get_mut(&mut self, id: ConnectionId) -> Option<&mut ConnectionRecord> {
        self.0.iter_mut().find(|record| record.id == id)
    }

    /// Queues the answer to a command, if the connection that gave it is still here.
    pub fn answer(&self, reply: &Reply) {
        if let Some(connection) = self.get(reply.connection) {
            connection.answer(reply.id.clone(), reply.outcome.clone());
        }
    }

    /// Passes on the events of a commit to those who follow the conversation, and says whether nobody missed what was
    /// before. Whoever did is sent nothing; the others do not wait, and are not sent it twice.
    pub fn pass_on(&mut self, commit: &Commit, own: bool) -> bool {
        let mut complete = true;
        for connection in self.iter_mut().filter(|c| c.follows(commit.conversation, own)) {
            complete &= connection.pass_on(commit, own);
        }
        complete
    }

    /// Passes on something in passing.
    pub fn signal(&self, frame: &SharedFrame, conversation: ConversationId, own: bool) {
        for connection in self.iter().filter(|c| c.follows(conversation, own)) {
            connection.outbox.push_shared(frame);
        }
    }

    /// Passes on events of the session's or the inbox's stream. A connection that was told of another epoch when it joined
    /// knows more than these: they were on their way when the stream began anew.
    pub fn numbered(&mut self, stream: StreamName, events: &[Numbered]) {
        for connection in self.iter_mut() {
            let Some(told) = connection.own.get_mut(stream) else { continue };
            for event in events {
                if event.seq > told.seq && event.epoch == told.epoch {
                    connection.outbox.push_shared(&event.frame);
                    told.seq = event.seq;
                }
            }
        }
    }

    /// Takes in one that is not among them.
    pub fn add(&mut self, record: ConnectionRecord) {
        self.0.push(record);
    }

    pub fn remove(&mut self, id: ConnectionId) -> Option<ConnectionRecord> {
        let place = self.0.iter().position(|record| record.id == id)?;
        let gone = self.0.remove(place);
        self.0.shrink_to_fit();
        Some(gone)
    }
}

/// The frame that answers a command.
pub(crate) fn answer_frame(
    id: CommandId,
    outcome: Result<otvet_engine::protocol::Answer, Refusal>,
) -> ServerFrame {
    match outcome {
        Ok(answer) => ServerFrame::Answered(Answered { id, answer }),
        Err(refusal) => ServerFrame::Failed(Failed::new(Some(id), refusal)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conversation(n: u8) -> ConversationId {
        ConversationId::new(otvet_engine::clock::Timestamp::from_millis(0), [n; 10])
    }

    #[test]
    fn who_asks_to_follow_does_so_only_after_a_yes() {
        let (mut others, [a, b, c]) = (Others::default(), [3, 1, 2].map(conversation));
        [a, b, c].into_iter().for_each(|id| others.asked(id));
        assert!(others.contains(a) && !others.watches(a));
        assert!(others.answered(a, true) && others.answered(b, true) && others.answered(c, false));
        assert!(others.watches(a) && others.watches(b) && !others.contains(c));
        assert!(!others.answered(a, true), "nothing was asked");
        others.asked(a);
        assert!(others.answered(a, false) && others.watches(a), "it is watched as before");
        assert!(others.remove(a) && !others.remove(a) && !others.answered(a, true));
        assert_eq!(others.iter().collect::<Vec<_>>(), [b]);
    }

    #[test]
    fn what_was_sent_of_a_conversation_outdoes_what_was_listed() {
        let (mut known, [a, b]) = (Known::default(), [1, 2].map(conversation));
        known.set_listed(a, 4);
        known.set_listed(b, 5);
        known.set_sent(a, 6);
        assert_eq!((known.sent(a), known.sent(b)), (Some(6), None));
        assert_eq!(known.followed().collect::<Vec<_>>(), [a]);
    }
}
