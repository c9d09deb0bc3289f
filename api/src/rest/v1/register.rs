//! `POST /register`: an account of one's own.

use http::StatusCode;
use otvet_engine::identity::{NewAccount, Password};
use otvet_engine::protocol::BearerToken;
use serde::Deserialize;
use utoipa::ToSchema;
use warp::reply::Response;

use super::login::{SignedInAnswer, adopt_guest};
use crate::edge::SharedEdge;
use crate::rest::call::{self, Call, Endpoint};
use crate::rest::problem::{Problem, ProblemDocument};

/// Who wants an account.
#[derive(Deserialize, ToSchema)]
pub struct Registration {
    /// Shown to others.
    #[serde(default)]
    name: String,
    /// Signs in with it.
    #[serde(default)]
    email: String,
    /// At least 8 characters, at most 72 bytes.
    #[serde(default)]
    #[schema(value_type = String, format = Password)]
    password: Option<Password>,
    /// Of the guest that the person has been: its conversations become the account's.
    #[schema(value_type = Option<String>)]
    guest_token: Option<BearerToken>,
}

/// `POST /api/v1/register`
pub fn endpoint(edge: &SharedEdge) -> Endpoint {
    call::at(edge, warp::path!("api" / "v1" / "register"), warp::post(), register)
}

#[utoipa::path(
    post, path = "/api/v1/register", operation_id = "register", tag = "identity", request_body = Registration,
    responses(
        (status = 201, description = "The account and its first token", body = SignedInAnswer),
        (status = 403, description = "Registration is switched off", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "What is wrong, by field", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "Too many from this address; see Retry-After", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn register(mut call: Call) -> Result<Response, Problem> {
    let Registration { name, email, password, guest_token } = call.json().await?;
    let password = password.unwrap_or_else(|| Password::from(""));
    call.edge.identity.count_registration(call.received.client)?;
    let issued = call.edge.identity.register(NewAccount { name, email, password }).await?;
    adopt_guest(&call.edge, guest_token.or_else(|| call.bearer()), &issued.person).await;
    call::json(StatusCode::CREATED, &SignedInAnswer::from(issued))
}
