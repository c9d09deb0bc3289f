//! `POST /login`: a token for email and password.

use http::StatusCode;
use otvet_engine::identity::{Issued, Login, Password};
use otvet_engine::protocol::{BearerToken, Person};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use warp::reply::Response;

use crate::edge::{Edge, SharedEdge};
use crate::rest::call::{self, Call, Endpoint};
use crate::rest::problem::{Problem, ProblemDocument};

/// Who wants to sign in.
#[derive(Deserialize, ToSchema)]
pub struct Credentials {
    /// As typed.
    #[serde(default)]
    email: String,
    /// As typed.
    #[serde(default)]
    #[schema(value_type = String, format = Password)]
    password: Option<Password>,
    /// What the person's list of devices calls the token.
    #[serde(default)]
    device_name: String,
    /// Of the guest that the person has been: its conversations become the account's.
    #[schema(value_type = Option<String>)]
    guest_token: Option<BearerToken>,
}

/// A token just made. It is shown this once.
#[derive(Serialize, ToSchema)]
pub struct SignedInAnswer {
    /// To be sent as `Authorization: Bearer …` and in `hello`.
    #[schema(value_type = String, example = "7|fj3k…")]
    token: BearerToken,
    /// Whose it is.
    person: Person,
}

impl From<Issued> for SignedInAnswer {
    fn from(issued: Issued) -> Self {
        Self { token: issued.token, person: issued.person }
    }
}

/// `POST /api/v1/login`
pub fn endpoint(edge: &SharedEdge) -> Endpoint {
    call::at(edge, warp::path!("api" / "v1" / "login"), warp::post(), login)
}

#[utoipa::path(
    post, path = "/api/v1/login", operation_id = "login", tag = "identity", request_body = Credentials,
    responses(
        (status = 200, description = "A token", body = SignedInAnswer),
        (status = 403, description = "The account is disabled", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "Wrong credentials, or missing fields", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "Too many failures; see Retry-After", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn login(mut call: Call) -> Result<Response, Problem> {
    let Credentials { email, password, device_name, guest_token } = call.json().await?;
    let password = password.unwrap_or_else(|| Password::from(""));
    let login = Login { email, password, device_name, address: call.received.client };
    let issued = call.edge.identity.login(login).await?;
    adopt_guest(&call.edge, guest_token.or_else(|| call.bearer()), &issued.person).await;
    call::json(StatusCode::OK, &SignedInAnswer::from(issued))
}

/// What the guest asked becomes the account's. A failure does not spoil the sign-in; the next one goes on with it.
pub(crate) async fn adopt_guest(edge: &Edge, guest_token: Option<BearerToken>, account: &Person) {
    if let Some(token) = guest_token
        && let Err(error) = edge.identity.merge_guest(&token, account.id).await
    {
        tracing::warn!(%error, person = %account.id, "a guest could not become the account");
    }
    // Also those of earlier sign-ins that were interrupted.
    let guests = match edge.identity.guests_of(account.id).await {
        Ok(guests) => guests,
        Err(error) => return tracing::warn!(%error, person = %account.id, "the account's guests are unknown"),
    };
    for guest in guests {
        match edge.house.adopt(guest, account.clone()).await {
            Ok(0) => {}
            Ok(conversations) => tracing::info!(%guest, account = %account.id, conversations, "adopted"),
            Err(error) => tracing::warn!(%error, %guest, account = %account.id, "adoption goes on later"),
        }
        edge.house.expel(guest);
    }
}
