//! `POST /conversations/{id}/transfer`: to another manager.

use http::StatusCode;
use otvet_engine::ids::{ConversationId, PersonId};
use serde::Deserialize;
use utoipa::ToSchema;
use warp::reply::Response;

use super::{Stored, stored};
use crate::edge::SharedEdge;
use crate::rest::call::{self, Call, Endpoint};
use crate::rest::problem::{Problem, ProblemDocument};

/// To whom.
#[derive(Deserialize, ToSchema)]
pub struct TransferBody {
    /// A manager's or admin's id.
    #[schema(value_type = String, example = "u7")]
    to: PersonId,
}

/// `POST /api/v1/conversations/{id}/transfer`
pub fn endpoint(edge: &SharedEdge) -> Endpoint {
    let path = warp::path!("api" / "v1" / "conversations" / ConversationId / "transfer");
    call::at_one(edge, path, warp::post(), transfer)
}

#[utoipa::path(
    post, path = "/api/v1/conversations/{id}/transfer", operation_id = "transferConversation", tag = "conversations", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The conversation")),
    request_body = TransferBody,
    responses(
        (status = 200, description = "It is the other's", body = Stored),
        (status = 403, description = "Only managers transfer", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "There is none, or not for this person", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "It is not the manager's", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "The other is no manager", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn transfer(mut call: Call, id: ConversationId) -> Result<Response, Problem> {
    let who = call.chatter().await?;
    let TransferBody { to } = call.json().await?;
    let answer = call.edge.house.transfer(who.person, id, to).await?;
    stored(StatusCode::OK, &answer)
}
