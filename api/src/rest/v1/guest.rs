//! `POST /guest`: a token for somebody without an account.

use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use warp::reply::Response;

use super::login::SignedInAnswer;
use crate::edge::SharedEdge;
use crate::rest::call::{self, Call, Endpoint};
use crate::rest::problem::{Problem, ProblemDocument};

/// Who comes.
#[derive(Default, Deserialize, ToSchema)]
pub struct Guest {
    /// How the guest wants to be called.
    name: Option<String>,
}

/// `POST /api/v1/guest`
pub fn endpoint(edge: &SharedEdge) -> Endpoint {
    call::at(edge, warp::path!("api" / "v1" / "guest"), warp::post(), guest)
}

#[utoipa::path(
    post, path = "/api/v1/guest", operation_id = "becomeGuest", tag = "identity", request_body = Guest,
    responses(
        (status = 201, description = "The guest and its token", body = SignedInAnswer),
        (status = 403, description = "Guests are switched off", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "Too many from this address; see Retry-After", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn guest(mut call: Call) -> Result<Response, Problem> {
    let Guest { name } = call.json_or_nothing().await?;
    call.edge.identity.count_guest(call.received.client)?;
    let issued = call.edge.identity.guest(name.as_deref()).await?;
    call::json(StatusCode::CREATED, &SignedInAnswer::from(issued))
}
