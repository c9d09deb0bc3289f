//! `GET /admin/people`

use http::StatusCode;
use http::header::CONTENT_RANGE;
use otvet_engine::identity::{PeopleFilter, PeopleSort};
use otvet_engine::ids::PersonId;
use otvet_engine::protocol::Role;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;
use warp::reply::Response;

use super::{PersonRecord, records};
use crate::edge::SharedEdge;
use crate::rest::call::{self, Call, Endpoint};
use crate::rest::problem::{Problem, ProblemDocument};

const DEFAULT_LIMIT: u64 = 25;
const MAX_LIMIT: u64 = 200;

/// JSON in parameters, as the provider sends it.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PeopleQuery {
    /// `["name","ASC"]`: by `id`, `name`, `email`, `role` or `created_at`.
    sort: Option<String>,
    /// `[0,24]`: the first and last entry, counted from 0.
    range: Option<String>,
    /// `{"q":"text","role":"manager","disabled":true,"id":["u1","u2"]}`, each optional.
    filter: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Filter {
    q: Option<String>,
    role: Option<Role>,
    disabled: Option<bool>,
    id: Option<Vec<PersonId>>,
}

/// `GET /api/v1/admin/people`
pub fn endpoint(edge: &SharedEdge) -> Endpoint {
    call::at(edge, warp::path!("api" / "v1" / "admin" / "people"), warp::get(), list)
}

#[utoipa::path(
    get, path = "/api/v1/admin/people", operation_id = "listPeople", tag = "admin", security(("bearer" = [])), params(PeopleQuery),
    responses(
        (status = 200, description = "A page of the accounts", body = Vec<PersonRecord>,
            headers(("Content-Range" = String, description = "`people 0-24/319`"))),
        (status = 403, description = "Only admins may", body = ProblemDocument, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(call: Call) -> Result<Response, Problem> {
    call.admin().await?;
    let query: PeopleQuery = call.query()?;
    let (field, order): (String, String) =
        parameter("sort", query.sort)?.unwrap_or_else(|| ("id".to_owned(), "ASC".to_owned()));
    let sort = match field.as_str() {
        "name" => PeopleSort::Name,
        "email" => PeopleSort::Email,
        "role" => PeopleSort::Role,
        "created_at" => PeopleSort::CreatedAt,
        // What cannot be sorted by does not spoil the list.
        _ => PeopleSort::Id,
    };
    let (first, last): (u64, u64) = parameter("range", query.range)?.unwrap_or((0, DEFAULT_LIMIT - 1));
    if last < first || last - first >= MAX_LIMIT {
        return Err(Problem::field("range", format!("`range` is [first,last], at most {MAX_LIMIT} entries")));
    }
    let Filter { q, role, disabled, id } = parameter("filter", query.filter)?.unwrap_or_default();
    let filter = PeopleFilter { text: q, role, disabled, ids: id };
    let limit = last - first + 1;
    let descending = order.eq_ignore_ascii_case("desc");
    let (accounts, total) = call.edge.identity.people(&filter, sort, descending, first, limit).await?;
    let records = records(&call.edge, accounts).await?;
    let range = match records.len() as u64 {
        0 => format!("people */{total}"),
        count => format!("people {first}-{}/{total}", first + count - 1),
    };
    let mut response = call::json(StatusCode::OK, &records)?;
    let range = http::HeaderValue::try_from(range).expect("digits and ASCII");
    response.headers_mut().insert(CONTENT_RANGE, range);
    Ok(response)
}

fn parameter<T: DeserializeOwned>(name: &str, text: Option<String>) -> Result<Option<T>, Problem> {
    let text = text.filter(|text| !text.is_empty());
    text.map(|text| serde_json::from_str(&text).map_err(|e| Problem::field(name, format!("`{name}`: {e}"))))
        .transpose()
}
