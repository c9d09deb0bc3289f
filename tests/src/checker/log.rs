//! What a run leaves behind for the checker: every client's log, and what the server says at the end.

use std::collections::BTreeMap;
use std::time::Duration;

use otvet_engine::ids::{ConversationId, PersonId, Position, StreamName};
use otvet_engine::protocol::{ClientFrame, Event, Person, Ready, ServerFrame, Summary};

/// One run: every client, and the authoritative end.
#[derive(Debug, Clone, Default)]
pub struct RunLog {
    /// One a device. Everybody who wrote in the run must be among them.
    pub clients: Vec<ClientLog>,
    /// The whole of every conversation, as a manager reads it through `history` at the end.
    pub stored: BTreeMap<ConversationId, Vec<Event>>,
    /// The entries of the lists at the end, each as one person sees it.
    pub lists: Vec<(Person, Summary)>,
    /// Which account each former guest became.
    pub accounts: BTreeMap<PersonId, PersonId>,
    /// Whether everybody was given the time to catch up: only then is silence at the end a loss.
    pub quiesced: bool,
}

/// One device of one person, over all its connections.
#[derive(Debug, Clone)]
pub struct ClientLog {
    /// For findings: `visitor 3, phone`.
    pub name: String,
    /// Whose device.
    pub person: Person,
    /// In the order in which they happened on this device.
    pub entries: Vec<Entry>,
}

/// One thing that happened on a device.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Since the run began.
    pub at: Duration,
    /// What.
    pub what: What,
}

/// What may happen on a device.
#[derive(Debug, Clone)]
pub enum What {
    /// A connection began and said hello with these positions.
    Hello(BTreeMap<StreamName, Position>),
    /// A command went out.
    Sent(ClientFrame),
    /// A frame came in.
    Received(ServerFrame),
    /// Something came in that is no frame of the contract.
    NotAFrame(String),
    /// The connection ended, with the server's close code where one came.
    Closed(Option<u16>),
}

/// What an entry says of one conversation, on a line; `None` when it says nothing of it and no connection begins or ends.
pub(super) fn excerpt(entry: &Entry, conversation: &str) -> Option<String> {
    let line = match &entry.what {
        What::Hello(positions) => format!("hello at {:?}", of(positions, conversation)),
        What::Received(ServerFrame::Ready(ready)) => {
            let Ready { streams, conversations, recovered, .. } = &**ready;
            let listed = conversations.iter().find(|s| s.id.to_string() == conversation);
            let listed = listed.map(|s| (s.last_seq, s.status, s.manager.as_ref().map(|m| m.id)));
            let (head, recovered) = (of(streams, conversation), of(recovered, conversation));
            format!("ready: head {head:?}, listed {listed:?}, recovered {recovered:?}")
        }
        What::Closed(code) => format!("closed with {code:?}"),
        what => Some(format!("{what:?}")).filter(|line| line.contains(conversation))?,
    };
    Some(format!("{:>9.3} {line}", entry.at.as_secs_f64()))
}

fn of<'a, T>(map: &'a BTreeMap<StreamName, T>, conversation: &str) -> Option<&'a T> {
    map.iter().find(|(stream, _)| stream.to_string().ends_with(conversation)).map(|(_, value)| value)
}
