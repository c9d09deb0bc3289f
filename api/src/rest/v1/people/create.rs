//! `POST /admin/people`

use http::StatusCode;
use otvet_engine::identity::{NewAccount, Password};
use otvet_engine::protocol::Role;
use serde::Deserialize;
use utoipa::ToSchema;
use warp::reply::Response;

use super::{PersonRecord, record};
use crate::edge::SharedEdge;
use crate::rest::call::{self, Call, Endpoint};
use crate::rest::problem::{Problem, ProblemDocument};

/// A new account.
#[derive(Deserialize, ToSchema)]
pub struct NewPerson {
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
    /// `visitor` when not said.
    role: Option<Role>,
}

/// `POST /api/v1/admin/people`
pub fn endpoint(edge: &SharedEdge) -> Endpoint {
    call::at(edge, warp::path!("api" / "v1" / "admin" / "people"), warp::post(), create)
}

#[utoipa::path(
    post, path = "/api/v1/admin/people", operation_id = "createPerson", tag = "admin", security(("bearer" = [])), request_body = NewPerson,
    responses(
        (status = 201, description = "The account", body = PersonRecord),
        (status = 403, description = "Only admins may", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "What is wrong, by field", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create(mut call: Call) -> Result<Response, Problem> {
    let admin = call.admin().await?.person.id;
    let NewPerson { name, email, password, role } = call.json().await?;
    if role == Some(Role::System) {
        return Err(Problem::field("role", "The selected role is invalid."));
    }
    let password = password.unwrap_or_else(|| Password::from(""));
    let identity = &call.edge.identity;
    let person = identity.create_user(Some(admin), NewAccount { name, email, password }).await?;
    if let Some(role) = role.filter(|role| *role != Role::Visitor) {
        identity.set_role(Some(admin), person.id, role).await?;
    }
    let account = identity.account(person.id).await?.ok_or_else(Problem::internal)?;
    call::json(StatusCode::CREATED, &record(&call.edge, account).await?)
}
