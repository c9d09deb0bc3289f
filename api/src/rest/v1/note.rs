//! `POST /conversations/{id}/note`: for managers only.

use http::StatusCode;
use otvet_engine::conversation::Command;
use otvet_engine::ids::ConversationId;
use serde::Deserialize;
use utoipa::ToSchema;
use warp::reply::Response;

use super::messages::key_of;
use super::{Stored, stored};
use crate::edge::SharedEdge;
use crate::rest::call::{self, Call, Endpoint};
use crate::rest::problem::{Problem, ProblemDocument};

/// Something that visitors do not see.
#[derive(Deserialize, ToSchema)]
pub struct NewNote {
    /// The idempotency key, unless it is in the header `Idempotency-Key`.
    key: Option<String>,
    /// What.
    #[serde(default)]
    body: String,
}

/// `POST /api/v1/conversations/{id}/note`
pub fn endpoint(edge: &SharedEdge) -> Endpoint {
    let path = warp::path!("api" / "v1" / "conversations" / ConversationId / "note");
    call::at_one(edge, path, warp::post(), note)
}

#[utoipa::path(
    post, path = "/api/v1/conversations/{id}/note", operation_id = "addNote", tag = "conversations", security(("bearer" = [])),
    params(
        ("id" = uuid::Uuid, Path, description = "The conversation"),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 64 characters: a repetition gets the first answer again"),
    ),
    request_body = NewNote,
    responses(
        (status = 201, description = "Stored", body = Stored),
        (status = 403, description = "Only managers take notes", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "There is none, or not for this person", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "The key stands for something else", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn note(mut call: Call, id: ConversationId) -> Result<Response, Problem> {
    let who = call.chatter().await?;
    let NewNote { key, body } = call.json().await?;
    let key = key_of(&call, key)?;
    let answer = call.edge.house.command(who.person, id, Command::Note { key, body }).await?;
    stored(StatusCode::CREATED, &answer)
}
