//! `POST /conversations/{id}/read`: up to where one has read.

use http::StatusCode;
use otvet_engine::conversation::Command;
use otvet_engine::ids::ConversationId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use warp::reply::Response;

use crate::edge::SharedEdge;
use crate::rest::call::{self, Call, Endpoint};
use crate::rest::problem::{Problem, ProblemDocument};

/// Up to where.
#[derive(Deserialize, Serialize, ToSchema)]
pub struct ReadBody {
    /// Up to and including this event.
    seq: u64,
}

/// `POST /api/v1/conversations/{id}/read`
pub fn endpoint(edge: &SharedEdge) -> Endpoint {
    let path = warp::path!("api" / "v1" / "conversations" / ConversationId / "read");
    call::at_one(edge, path, warp::post(), read)
}

#[utoipa::path(
    post, path = "/api/v1/conversations/{id}/read", operation_id = "readConversation", tag = "conversations", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The conversation")),
    request_body = ReadBody,
    responses(
        (status = 200, description = "Noted; a cursor never moves back", body = ReadBody),
        (status = 404, description = "There is none, or not for this person", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn read(mut call: Call, id: ConversationId) -> Result<Response, Problem> {
    let who = call.chatter().await?;
    let body: ReadBody = call.json().await?;
    call.edge.house.command(who.person, id, Command::Read { seq: body.seq }).await?;
    call::json(StatusCode::OK, &body)
}
