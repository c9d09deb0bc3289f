//! `GET /conversations/{id}/messages`, `POST …`: history, and writing.

use http::StatusCode;
use otvet_engine::conversation::Command;
use otvet_engine::ids::{ConversationId, Key};
use otvet_engine::protocol::client::History;
use otvet_engine::protocol::{Answer, Attachment, Event};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use warp::reply::Response;

use super::{Stored, stored};
use crate::edge::SharedEdge;
use crate::rest::call::{self, Call, Endpoint};
use crate::rest::problem::{Problem, ProblemDocument};

/// Which events; of `before` and `after` one at most.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    /// Only events with a smaller number, the newest of them.
    before: Option<u64>,
    /// Only events with a greater number, the oldest of them.
    after: Option<u64>,
    /// At most so many: 1 to 200, 50 when not said.
    limit: Option<u32>,
}

/// A page of a conversation.
#[derive(Serialize, ToSchema)]
pub struct EventPage {
    /// In order of `seq`.
    data: Vec<Event>,
    /// Whether there are more in the direction asked for.
    more: bool,
}

/// Something to say.
#[derive(Deserialize, ToSchema)]
pub struct NewMessage {
    /// The idempotency key, unless it is in the header `Idempotency-Key`.
    key: Option<String>,
    /// What.
    #[serde(default)]
    body: String,
    /// Files; none are accepted yet.
    #[serde(default)]
    attachments: Vec<Attachment>,
}

/// `GET /api/v1/conversations/{id}/messages`
pub fn history_endpoint(edge: &SharedEdge) -> Endpoint {
    let path = warp::path!("api" / "v1" / "conversations" / ConversationId / "messages");
    call::at_one(edge, path, warp::get(), history)
}

/// `POST /api/v1/conversations/{id}/messages`
pub fn send_endpoint(edge: &SharedEdge) -> Endpoint {
    let path = warp::path!("api" / "v1" / "conversations" / ConversationId / "messages");
    call::at_one(edge, path, warp::post(), send)
}

#[utoipa::path(
    get, path = "/api/v1/conversations/{id}/messages", operation_id = "listMessages", tag = "conversations", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The conversation"), HistoryQuery),
    responses(
        (status = 200, description = "Its events", body = EventPage),
        (status = 401, description = "No valid token", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "There is none, or not for this person", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "An impossible page", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn history(call: Call, conversation: ConversationId) -> Result<Response, Problem> {
    let who = call.chatter().await?;
    let HistoryQuery { before, after, limit } = call.query()?;
    let asked = History { conversation, before, after, limit };
    match call.edge.house.history(&who.person, &asked).await? {
        Answer::History { events, more } => call::json(StatusCode::OK, &EventPage { data: events, more }),
        _ => Err(Problem::internal()),
    }
}

#[utoipa::path(
    post, path = "/api/v1/conversations/{id}/messages", operation_id = "sendMessage", tag = "conversations", security(("bearer" = [])),
    params(
        ("id" = uuid::Uuid, Path, description = "The conversation"),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 64 characters: a repetition gets the first answer again"),
    ),
    request_body = NewMessage,
    responses(
        (status = 201, description = "Stored", body = Stored),
        (status = 401, description = "No valid token", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "There is none, or not for this person", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "The key stands for something else, or another manager has it", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "What is wrong", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was stored; see Retry-After", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn send(mut call: Call, id: ConversationId) -> Result<Response, Problem> {
    let who = call.chatter().await?;
    let NewMessage { key, body, attachments } = call.json().await?;
    let key = key_of(&call, key)?;
    let command = Command::Send { key, body, attachments };
    let answer = call.edge.house.command(who.person, id, command).await?;
    stored(StatusCode::CREATED, &answer)
}

/// The idempotency key: out of the header, where Laravel's and other clients put it, or out of the body.
pub(super) fn key_of(call: &Call, in_body: Option<String>) -> Result<Key, Problem> {
    let in_header = match call.headers.get("idempotency-key") {
        Some(value) => Some(value.to_str().map_err(|_| Problem::field("key", "the key is not text"))?),
        None => None,
    };
    let text = match (in_header, in_body.as_deref()) {
        (Some(header), Some(body)) if header != body => {
            return Err(Problem::field("key", "`Idempotency-Key` and `key` differ"));
        }
        (Some(key), _) | (None, Some(key)) => key,
        (None, None) => return Err(Problem::field("key", "send an `Idempotency-Key` header or a `key`")),
    };
    text.parse().map_err(|error: otvet_engine::ids::ParseIdError| Problem::field("key", error.to_string()))
}
