//! `GET /admin/people/{id}`

use http::StatusCode;
use otvet_engine::ids::PersonId;
use warp::reply::Response;

use super::{PersonRecord, record};
use crate::edge::SharedEdge;
use crate::rest::call::{self, Call, Endpoint};
use crate::rest::problem::{Problem, ProblemDocument};

/// `GET /api/v1/admin/people/{id}`
pub fn endpoint(edge: &SharedEdge) -> Endpoint {
    call::at_one(edge, warp::path!("api" / "v1" / "admin" / "people" / PersonId), warp::get(), one)
}

#[utoipa::path(
    get, path = "/api/v1/admin/people/{id}", operation_id = "getPerson", tag = "admin", security(("bearer" = [])),
    params(("id" = String, Path, description = "The person")),
    responses(
        (status = 200, description = "The account", body = PersonRecord),
        (status = 403, description = "Only admins may", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "There is no such account", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn one(call: Call, id: PersonId) -> Result<Response, Problem> {
    call.admin().await?;
    let account = call.edge.identity.account(id).await?;
    let account = account.ok_or_else(|| Problem::not_found("no such account"))?;
    call::json(StatusCode::OK, &record(&call.edge, account).await?)
}
