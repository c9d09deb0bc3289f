//! `POST /conversations/{id}/claim`: a manager takes it.

use http::StatusCode;
use otvet_engine::conversation::Command;
use otvet_engine::ids::ConversationId;
use serde::Deserialize;
use utoipa::ToSchema;
use warp::reply::Response;

use super::{Stored, stored};
use crate::edge::SharedEdge;
use crate::rest::call::{self, Call, Endpoint};
use crate::rest::problem::{Problem, ProblemDocument};

/// How to take it.
#[derive(Default, Deserialize, ToSchema)]
pub struct ClaimBody {
    /// From another manager, too.
    #[serde(default)]
    take_over: bool,
}

/// `POST /api/v1/conversations/{id}/claim`
pub fn endpoint(edge: &SharedEdge) -> Endpoint {
    let path = warp::path!("api" / "v1" / "conversations" / ConversationId / "claim");
    call::at_one(edge, path, warp::post(), claim)
}

#[utoipa::path(
    post, path = "/api/v1/conversations/{id}/claim", operation_id = "claimConversation", tag = "conversations", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The conversation")),
    request_body = ClaimBody,
    responses(
        (status = 200, description = "It is the manager's", body = Stored),
        (status = 403, description = "Only managers claim", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "There is none, or not for this person", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "Another has it: its `manager`", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn claim(mut call: Call, id: ConversationId) -> Result<Response, Problem> {
    let who = call.chatter().await?;
    let ClaimBody { take_over } = call.json_or_nothing().await?;
    let answer = call.edge.house.command(who.person, id, Command::Claim { take_over }).await?;
    stored(StatusCode::OK, &answer)
}
