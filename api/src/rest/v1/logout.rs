//! `POST /logout`: the token in use ends.

use warp::reply::Response;

use crate::edge::SharedEdge;
use crate::rest::call::{self, Call, Endpoint};
use crate::rest::problem::{Problem, ProblemDocument};

/// `POST /api/v1/logout`
pub fn endpoint(edge: &SharedEdge) -> Endpoint {
    call::at(edge, warp::path!("api" / "v1" / "logout"), warp::post(), logout)
}

#[utoipa::path(
    post, path = "/api/v1/logout", operation_id = "logout", tag = "identity", security(("bearer" = [])),
    responses(
        (status = 204, description = "The token is good for nothing any more; its sockets are closed"),
        (status = 401, description = "No valid token", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn logout(call: Call) -> Result<Response, Problem> {
    let who = call.signed_in().await?;
    call.edge.identity.logout(&who).await?;
    call.edge.house.sign_out(who.person.id, who.token_id);
    call::no_content()
}
