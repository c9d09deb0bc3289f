//! `GET /me`: whose token this is.

use http::StatusCode;
use otvet_engine::protocol::Person;
use serde::Serialize;
use utoipa::ToSchema;
use warp::reply::Response;

use crate::edge::SharedEdge;
use crate::rest::call::{self, Call, Endpoint};
use crate::rest::problem::{Problem, ProblemDocument};

/// The person behind the token.
#[derive(Serialize, ToSchema)]
pub struct Me {
    #[serde(flatten)]
    person: Person,
    /// An account's; guests have none.
    email: Option<String>,
}

/// `GET /api/v1/me`
pub fn endpoint(edge: &SharedEdge) -> Endpoint {
    call::at(edge, warp::path!("api" / "v1" / "me"), warp::get(), me)
}

#[utoipa::path(
    get, path = "/api/v1/me", operation_id = "getMe", tag = "identity", security(("bearer" = [])),
    responses(
        (status = 200, description = "Who this is", body = Me),
        (status = 401, description = "No valid token", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn me(call: Call) -> Result<Response, Problem> {
    let who = call.signed_in().await?;
    let email = call.edge.identity.account(who.person.id).await?.map(|account| account.email);
    call::json(StatusCode::OK, &Me { person: who.person, email })
}
