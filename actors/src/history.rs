//! Stored events for whoever may read them: the one way for the socket and for REST.

use otvet_engine::journal::Span;
use otvet_engine::protocol::client::History;
use otvet_engine::protocol::{Answer, Code, Person, Refusal};

use crate::directory::Directory;

/// Events of a page when the client does not say.
const DEFAULT_LIMIT: u32 = 50;

/// Events of a page at most.
const MAX_LIMIT: u32 = 200;

/// Bytes of a page at most: it goes through an outbox of 1 MiB.
const MAX_BYTES: usize = 256 * 1024;

/// Reads a page of a conversation as the person may see it.
pub(crate) async fn read_history(
    directory: &Directory,
    by: &Person,
    asked: &History,
) -> Result<Answer, Refusal> {
    let limit = asked.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(Refusal::new(Code::Invalid, format!("`limit` is 1 to {MAX_LIMIT}")));
    }
    let span = match (asked.before, asked.after) {
        (Some(_), Some(_)) => {
            return Err(Refusal::new(Code::Invalid, "either `before` or `after`, not both"));
        }
        (None, Some(after)) => Span::After(after),
        (before, None) => Span::Before(before.unwrap_or(u64::MAX)),
    };
    let journal = &directory.foundation.journal;
    let listed =
        journal.listed(asked.conversation, by.id).await?.ok_or_else(Refusal::no_such_conversation)?;
    let is_staff = by.role.is_staff();
    if !is_staff && listed.visitor.id != by.id {
        return Err(Refusal::no_such_conversation());
    }
    let page = journal.events(asked.conversation, span, limit as usize, MAX_BYTES).await?;
    let events =
        if is_staff { page.events } else { page.events.iter().map(|event| event.for_visitor()).collect() };
    Ok(Answer::History { events, more: page.more })
}
