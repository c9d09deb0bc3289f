//! `GET /managers`: to whom a conversation can be given.

use http::StatusCode;
use otvet_engine::protocol::Person;
use serde::Serialize;
use utoipa::ToSchema;
use warp::reply::Response;

use crate::edge::SharedEdge;
use crate::rest::call::{self, Call, Endpoint};
use crate::rest::problem::{Problem, ProblemDocument};

/// A manager or admin.
#[derive(Serialize, ToSchema)]
pub struct Manager {
    #[serde(flatten)]
    person: Person,
    /// Whether there is a connection to this node.
    online: bool,
}

/// All of them, by name.
#[derive(Serialize, ToSchema)]
pub struct ManagerList {
    data: Vec<Manager>,
    /// Always null: there are no further pages.
    next: Option<String>,
}

/// `GET /api/v1/managers`
pub fn endpoint(edge: &SharedEdge) -> Endpoint {
    call::at(edge, warp::path!("api" / "v1" / "managers"), warp::get(), managers)
}

#[utoipa::path(
    get, path = "/api/v1/managers", operation_id = "listManagers", tag = "conversations", security(("bearer" = [])),
    responses(
        (status = 200, description = "Enabled managers and admins", body = ManagerList),
        (status = 403, description = "Only managers see their colleagues", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn managers(call: Call) -> Result<Response, Problem> {
    call.staff().await?;
    let people = call.edge.identity.managers().await?;
    let online = |person: Person| Manager { online: call.edge.house.is_online(person.id), person };
    call::json(StatusCode::OK, &ManagerList { data: people.into_iter().map(online).collect(), next: None })
}
