//! `PUT /admin/people/{id}`

use http::StatusCode;
use otvet_engine::identity::IdentityError;
use otvet_engine::ids::PersonId;
use otvet_engine::protocol::Role;
use serde::Deserialize;
use utoipa::ToSchema;
use warp::reply::Response;

use super::{PersonRecord, record};
use crate::edge::SharedEdge;
use crate::people::give_back_claims;
use crate::rest::call::{self, Call, Endpoint};
use crate::rest::problem::{Problem, ProblemDocument};

/// What is to be different. The provider sends whole records: other fields are ignored.
#[derive(Deserialize, ToSchema)]
pub struct PersonChange {
    /// What the person may do.
    role: Option<Role>,
    /// Whether the person may not come in.
    disabled: Option<bool>,
}

/// `PUT /api/v1/admin/people/{id}`
pub fn endpoint(edge: &SharedEdge) -> Endpoint {
    call::at_one(edge, warp::path!("api" / "v1" / "admin" / "people" / PersonId), warp::put(), change)
}

#[utoipa::path(
    put, path = "/api/v1/admin/people/{id}", operation_id = "changePerson", tag = "admin", security(("bearer" = [])),
    params(("id" = String, Path, description = "The person")), request_body = PersonChange,
    responses(
        (status = 200, description = "The account as it is now; its sockets are closed", body = PersonRecord),
        (status = 403, description = "Only admins may", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, description = "There is no such account", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, description = "No enabled admin would be left", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn change(mut call: Call, id: PersonId) -> Result<Response, Problem> {
    let admin = call.admin().await?.person.id;
    let PersonChange { role, disabled } = call.json().await?;
    let identity = &call.edge.identity;
    let no_such = || Problem::not_found("no such account");
    let before = identity.account(id).await?.ok_or_else(no_such)?;
    let role = role.filter(|role| *role != before.person.role);
    let disabled = disabled.filter(|disabled| *disabled != before.disabled_at.is_some());
    let changed = async {
        if let Some(role) = role {
            identity.set_role(Some(admin), id, role).await?;
        }
        if let Some(disabled) = disabled {
            identity.set_disabled(Some(admin), id, disabled).await?;
        }
        Ok::<(), IdentityError>(())
    };
    let changed = changed.await;
    let account = identity.account(id).await?.ok_or_else(no_such)?;
    // Whatever was changed before a failure holds.
    if account.disabled_at.is_some() {
        call.edge.house.expel(id);
    } else if account.person.role != before.person.role {
        call.edge.house.recall(id);
    }
    if before.person.role.is_staff() && (!account.person.role.is_staff() || account.disabled_at.is_some()) {
        // What they had claimed waits for somebody who can answer.
        give_back_claims(call.edge.house.clone(), before.person).await;
    }
    changed?;
    call::json(StatusCode::OK, &record(&call.edge, account).await?)
}
