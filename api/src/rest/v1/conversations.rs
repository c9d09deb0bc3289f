//! `GET /conversations`, `POST /conversations`: lists, and a new question.

use http::StatusCode;
use otvet_engine::ids::Key;
use otvet_engine::journal::{Search, SearchCursor};
use otvet_engine::protocol::client::Open;
use otvet_engine::protocol::{Answer, Status, Summary};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use warp::reply::Response;

use super::messages::key_of;
use crate::edge::SharedEdge;
use crate::rest::call::{self, Call, Endpoint};
use crate::rest::problem::{Problem, ProblemDocument};

const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 200;
const MAX_TEXT_CHARS: usize = 200;

/// What to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Where they stand.
    status: Option<Status>,
    /// Managers: `1` or `true` for those that are mine.
    mine: Option<String>,
    /// A part of the subject, the visitor's name or the newest message.
    q: Option<String>,
    /// Entries of a page: 1 to 200, 50 when not said.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// A page of a list, the most recently updated first.
#[derive(Serialize, ToSchema)]
pub struct ConversationPage {
    data: Vec<Summary>,
    /// The next page's `cursor`; null on the last one.
    next: Option<String>,
}

/// A new question.
#[derive(Deserialize, ToSchema)]
pub struct NewConversation {
    /// The idempotency key, unless it is in the header `Idempotency-Key`.
    key: Option<String>,
    /// What it is about.
    subject: Option<String>,
    /// The question.
    #[serde(default)]
    body: String,
}

/// The new conversation and the place of the question in it.
#[derive(Serialize, ToSchema)]
pub struct OpenedAnswer {
    conversation: Box<Summary>,
    seq: u64,
}

/// `GET /api/v1/conversations`
pub fn list_endpoint(edge: &SharedEdge) -> Endpoint {
    call::at(edge, warp::path!("api" / "v1" / "conversations"), warp::get(), list)
}

/// `POST /api/v1/conversations`
pub fn open_endpoint(edge: &SharedEdge) -> Endpoint {
    call::at(edge, warp::path!("api" / "v1" / "conversations"), warp::post(), open)
}

#[utoipa::path(
    get, path = "/api/v1/conversations", operation_id = "listConversations", tag = "conversations", security(("bearer" = [])),
    params(ListQuery),
    responses(
        (status = 200, description = "A visitor's own; of a manager everybody's that match", body = ConversationPage),
        (status = 401, description = "No valid token", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(call: Call) -> Result<Response, Problem> {
    let who = call.chatter().await?;
    let asked: ListQuery = call.query()?;
    let limit = asked.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(Problem::field("limit", format!("`limit` is 1 to {MAX_LIMIT}")));
    }
    let cursor = match asked.cursor.as_deref().filter(|cursor| !cursor.is_empty()) {
        Some(text) => {
            let cursor = text.parse::<SearchCursor>();
            Some(cursor.map_err(|error| Problem::field("cursor", error.to_string()))?)
        }
        None => None,
    };
    let text = asked.q.filter(|text| !text.trim().is_empty());
    if text.as_ref().is_some_and(|text| text.chars().nth(MAX_TEXT_CHARS).is_some()) {
        return Err(Problem::field("q", format!("`q` has at most {MAX_TEXT_CHARS} characters")));
    }
    let mine = matches!(asked.mine.as_deref(), Some("1" | "true"));
    let (me, staff) = (who.person.id, who.person.role.is_staff());
    let search = Search {
        status: asked.status,
        manager: (staff && mine).then_some(me),
        visitor: (!staff).then_some(me),
        text,
    };
    let found = call.edge.journal.search(&search, me, limit, cursor).await?;
    call::json(
        StatusCode::OK,
        &ConversationPage { data: found.listed, next: found.next.map(|cursor| cursor.to_string()) },
    )
}

#[utoipa::path(
    post, path = "/api/v1/conversations", operation_id = "openConversation", tag = "conversations", security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 64 characters: a repetition gets the first answer again")),
    request_body = NewConversation,
    responses(
        (status = 201, description = "Stored, and waiting for a manager", body = OpenedAnswer),
        (status = 401, description = "No valid token", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "The token may not be used for conversations", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "The key stands for something else", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "What is wrong", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was stored; see Retry-After", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn open(mut call: Call) -> Result<Response, Problem> {
    let who = call.chatter().await?;
    let NewConversation { key, subject, body } = call.json().await?;
    let key: Key = key_of(&call, key)?;
    match call.edge.house.open(who.person, Open { key, subject, body }).await? {
        Answer::Opened { conversation, seq } => {
            call::json(StatusCode::CREATED, &OpenedAnswer { conversation, seq })
        }
        _ => Err(Problem::internal()),
    }
}
