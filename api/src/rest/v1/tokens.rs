//! `GET /tokens`, `DELETE /tokens/{id}`: my devices.

use http::StatusCode;
use otvet_engine::clock::Timestamp;
use otvet_engine::identity::Device;
use serde::Serialize;
use utoipa::ToSchema;
use warp::reply::Response;

use crate::edge::SharedEdge;
use crate::rest::call::{self, Call, Endpoint};
use crate::rest::problem::{Problem, ProblemDocument};

/// A token, without its text: a device that is signed in.
#[derive(Serialize, ToSchema)]
pub struct TokenEntry {
    /// The row of `personal_access_tokens`.
    id: i64,
    /// What its owner calls it.
    name: String,
    /// To the minute, roughly.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
    /// When it was made.
    #[schema(value_type = Option<String>, format = DateTime)]
    created_at: Option<Timestamp>,
    /// When it ends of itself.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// Whether it is the one in use.
    current: bool,
}

/// All tokens of a person.
#[derive(Serialize, ToSchema)]
pub struct TokenList {
    data: Vec<TokenEntry>,
    /// Always null: there are no further pages.
    next: Option<String>,
}

impl From<Device> for TokenEntry {
    fn from(device: Device) -> Self {
        let Device { id, name, last_used_at, created_at, expires_at, current } = device;
        Self { id, name, last_used_at, created_at, expires_at, current }
    }
}

/// `GET /api/v1/tokens`
pub fn list_endpoint(edge: &SharedEdge) -> Endpoint {
    call::at(edge, warp::path!("api" / "v1" / "tokens"), warp::get(), list)
}

/// `DELETE /api/v1/tokens/{id}`
pub fn revoke_endpoint(edge: &SharedEdge) -> Endpoint {
    call::at_one(edge, warp::path!("api" / "v1" / "tokens" / i64), warp::delete(), revoke)
}

#[utoipa::path(
    get, path = "/api/v1/tokens", operation_id = "listTokens", tag = "identity", security(("bearer" = [])),
    responses(
        (status = 200, description = "The person's tokens, the newest first", body = TokenList),
        (status = 401, description = "No valid token", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(call: Call) -> Result<Response, Problem> {
    let who = call.signed_in().await?;
    let devices = call.edge.identity.tokens(who.person.id, Some(who.token_id)).await?;
    let data = devices.into_iter().map(TokenEntry::from).collect();
    call::json(StatusCode::OK, &TokenList { data, next: None })
}

#[utoipa::path(
    delete, path = "/api/v1/tokens/{id}", operation_id = "revokeToken", tag = "identity", security(("bearer" = [])),
    params(("id" = i64, Path, description = "The token's row")),
    responses(
        (status = 204, description = "The token is good for nothing any more; its sockets are closed"),
        (status = 401, description = "No valid token", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "The person has no such token", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn revoke(call: Call, id: i64) -> Result<Response, Problem> {
    let who = call.signed_in().await?;
    call.edge.identity.revoke(Some(who.person.id), who.person.id, id).await?;
    call.edge.house.sign_out(who.person.id, id);
    call::no_content()
}
