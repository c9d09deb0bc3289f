//! `GET /conversations/{id}`: one entry.

use http::StatusCode;
use otvet_engine::ids::ConversationId;
use otvet_engine::protocol::{Refusal, Summary};
use warp::reply::Response;

use crate::edge::SharedEdge;
use crate::rest::call::{self, Call, Endpoint};
use crate::rest::problem::{Problem, ProblemDocument};

/// `GET /api/v1/conversations/{id}`
pub fn endpoint(edge: &SharedEdge) -> Endpoint {
    let path = warp::path!("api" / "v1" / "conversations" / ConversationId);
    call::at_one(edge, path, warp::get(), conversation)
}

#[utoipa::path(
    get, path = "/api/v1/conversations/{id}", operation_id = "getConversation", tag = "conversations", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The conversation")),
    responses(
        (status = 200, description = "The conversation from the reader's side", body = Summary),
        (status = 401, description = "No valid token", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "There is none, or not for this person", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn conversation(call: Call, id: ConversationId) -> Result<Response, Problem> {
    let person = call.chatter().await?.person;
    let listed = call.edge.journal.listed(id, person.id).await?;
    let mine = listed.filter(|l| person.role.is_staff() || l.visitor.id == person.id);
    let listed = mine.ok_or_else(Refusal::no_such_conversation)?;
    call::json(StatusCode::OK, &listed)
}
