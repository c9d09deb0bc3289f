//! `POST /conversations/{id}/{release,resolve,reopen}`: commands that say nothing more.

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

/// An empty object, or nothing at all.
#[derive(Default, Deserialize, ToSchema)]
pub struct Nothing {}

/// `POST /api/v1/conversations/{id}/release`
pub fn release_endpoint(edge: &SharedEdge) -> Endpoint {
    let path = warp::path!("api" / "v1" / "conversations" / ConversationId / "release");
    call::at_one(edge, path, warp::post(), release)
}

/// `POST /api/v1/conversations/{id}/resolve`
pub fn resolve_endpoint(edge: &SharedEdge) -> Endpoint {
    let path = warp::path!("api" / "v1" / "conversations" / ConversationId / "resolve");
    call::at_one(edge, path, warp::post(), resolve)
}

/// `POST /api/v1/conversations/{id}/reopen`
pub fn reopen_endpoint(edge: &SharedEdge) -> Endpoint {
    let path = warp::path!("api" / "v1" / "conversations" / ConversationId / "reopen");
    call::at_one(edge, path, warp::post(), reopen)
}

#[utoipa::path(
    post, path = "/api/v1/conversations/{id}/release", operation_id = "releaseConversation", tag = "conversations", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The conversation")), request_body = Nothing,
    responses(
        (status = 200, description = "It waits again", body = Stored),
        (status = 404, description = "There is none, or not for this person", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "It is not the manager's", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn release(call: Call, id: ConversationId) -> Result<Response, Problem> {
    change(call, id, Command::Release).await
}

#[utoipa::path(
    post, path = "/api/v1/conversations/{id}/resolve", operation_id = "resolveConversation", tag = "conversations", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The conversation")), request_body = Nothing,
    responses(
        (status = 200, description = "It is resolved", body = Stored),
        (status = 404, description = "There is none, or not for this person", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "Its state stands against it", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn resolve(call: Call, id: ConversationId) -> Result<Response, Problem> {
    change(call, id, Command::Resolve).await
}

#[utoipa::path(
    post, path = "/api/v1/conversations/{id}/reopen", operation_id = "reopenConversation", tag = "conversations", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The conversation")), request_body = Nothing,
    responses(
        (status = 200, description = "It is open again", body = Stored),
        (status = 404, description = "There is none, or not for this person", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "Its state stands against it", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn reopen(call: Call, id: ConversationId) -> Result<Response, Problem> {
    change(call, id, Command::Reopen).await
}

async fn change(mut call: Call, id: ConversationId, command: Command) -> Result<Response, Problem> {
    let who = call.chatter().await?;
    let Nothing {} = call.json_or_nothing().await?;
    let answer = call.edge.house.command(who.person, id, command).await?;
    stored(StatusCode::OK, &answer)
}
