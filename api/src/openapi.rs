//! The OpenAPI 3.1 document, made from the code, and what else follows from it: which paths there are.

use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use otvet_engine::protocol::{
    Attachment, ClientFrame, Code, Cursor, Event, EventKind, LastMessage, Person, Role, ServerFrame, Status,
    Summary,
};
use utoipa::openapi::schema::AnyOf;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{Modify, OpenApi};
use warp::reply::Response;

use crate::edge::SharedEdge;
use crate::rest::call::{self, Endpoint};
use crate::rest::problem::ProblemDocument;
use crate::rest::v1::{
    claim, conversation, conversations, guest, login, logout, managers, me, messages, note, people, read,
    register, status, tokens, transfer,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Otvet",
        description = "Questions and answers as one conversation. The WebSocket at `/ws` carries the same objects: \
                       clients send `ClientFrame`s and get `ServerFrame`s, both among the schemas; what they mean is \
                       in the project's protocol documentation.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    paths(
        register::register, login::login, guest::guest, logout::logout, me::me, tokens::list, tokens::revoke,
        conversations::list, conversations::open, conversation::conversation, messages::history, messages::send,
        claim::claim, status::release, status::resolve, status::reopen, transfer::transfer, read::read, note::note,
        managers::managers, people::list::list, people::one::one, people::create::create, people::change::change,
    ),
    components(schemas(
        Person, Role, Status, Summary, Cursor, LastMessage, Event, EventKind, Attachment, Code, ProblemDocument,
        ClientFrame, ServerFrame
    )),
    tags(
        (name = "identity", description = "Tokens, as Laravel Sanctum makes them"),
        (name = "conversations", description = "Asking and answering"),
        (name = "admin", description = "Accounts, in React Admin's simple REST form"),
    ),
    modifiers(&Bearer, &Overlapping)
)]
struct Api;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        openapi.components.get_or_insert_default().add_security_scheme("bearer", scheme);
    }
}

/// `Answer` is one of several that contain each other: every `ok` is also a `Done`. JSON Schema's `oneOf` would refuse them.
struct Overlapping;

impl Modify for Overlapping {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let schemas =
            openapi.components.iter_mut().flat_map(|components| components.schemas.get_mut("Answer"));
        for schema in schemas {
            if let RefOr::T(Schema::OneOf(answers)) = schema {
                let any = AnyOf {
                    items: std::mem::take(&mut answers.items),
                    description: answers.description.take(),
                    ..AnyOf::default()
                };
                *schema = RefOr::T(Schema::AnyOf(any));
            }
        }
    }
}

/// The document.
pub fn document() -> utoipa::openapi::OpenApi {
    Api::openapi()
}

/// `GET /api/v1/openapi.json`
pub fn endpoint(edge: &SharedEdge) -> Endpoint {
    let body = document().to_json().expect("the document is plain data");
    call::at(edge, warp::path!("api" / "v1" / "openapi.json"), warp::get(), move |_| {
        let mut response = Response::new(body.clone().into());
        *response.status_mut() = StatusCode::OK;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        async move { Ok(response) }
    })
}

/// The paths of the document, for the `Allow` header and as the bounded label of metrics.
#[derive(Debug)]
pub struct Routes(Vec<Route>);

#[derive(Debug)]
struct Route {
    template: String,
    methods: String,
}

/// Paths beside REST that metrics tell apart; all others are assets.
const PLACES: [&str; 6] = ["ws", "healthz", "readyz", "metrics", "admin", "docs"];

impl Routes {
    /// The paths of a document.
    pub fn of(document: &utoipa::openapi::OpenApi) -> Self {
        let route = |(template, item): (&String, &utoipa::openapi::PathItem)| {
            let methods = [
                ("GET", item.get.is_some()),
                ("POST", item.post.is_some()),
                ("PUT", item.put.is_some()),
                ("DELETE", item.delete.is_some()),
            ];
            let methods: Vec<_> = methods.iter().filter(|(_, there)| *there).map(|(name, _)| *name).collect();
            Route { template: template.clone(), methods: methods.join(", ") }
        };
        Self(document.paths.paths.iter().map(route).collect())
    }

    /// What a path is called in metrics and logs: never what somebody chose to ask for.
    pub fn label(&self, path: &str) -> String {
        if let Some(route) = self.find(path) {
            return route.template.clone();
        }
        let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
        match PLACES.iter().find(|place| **place == first) {
            Some(place) => format!("/{place}"),
            None if first == "api" => "/api".to_owned(),
            None => "/".to_owned(),
        }
    }

    /// The methods of a path.
    pub fn allow(&self, path: &str) -> Option<String> {
        match self.find(path) {
            Some(route) => Some(route.methods.clone()),
            None if path == "/ws" || path == "/api/v1/openapi.json" => Some("GET".to_owned()),
            None => Some("GET, HEAD".to_owned()),
        }
    }

    fn find(&self, path: &str) -> Option<&Route> {
        // A literal path comes before one with a parameter in the same place; today no two overlap.
        self.0.iter().find(|route| {
            let (mut wanted, mut given) = (route.template.split('/'), path.split('/'));
            loop {
                match (wanted.next(), given.next()) {
                    (None, None) => return true,
                    (Some(w), Some(g)) if w == g || (w.starts_with('{') && !g.is_empty()) => {}
                    _ => return false,
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The committed document is what clients and reviewers read. `OTVET_OPENAPI=write` brings it up to date.
    #[test]
    fn the_committed_document_is_the_codes() {
        let made = document().to_pretty_json().unwrap() + "\n";
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
        if std::env::var("OTVET_OPENAPI").is_ok_and(|mode| mode == "write") {
            std::fs::write(path, &made).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(made == committed, "api/openapi.json is out of date: run this test with OTVET_OPENAPI=write");
    }

    #[test]
    fn paths_have_bounded_names_and_know_their_methods() {
        let routes = Routes::of(&document());
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        for (path, label, methods) in [
            ("/api/v1/me".to_owned(), "/api/v1/me", "GET"),
            ("/api/v1/conversations".to_owned(), "/api/v1/conversations", "GET, POST"),
            (
                format!("/api/v1/conversations/{id}/messages"),
                "/api/v1/conversations/{id}/messages",
                "GET, POST",
            ),
            ("/api/v1/admin/people/u7".to_owned(), "/api/v1/admin/people/{id}", "GET, PUT"),
            ("/api/v1/tokens/7".to_owned(), "/api/v1/tokens/{id}", "DELETE"),
            ("/api/v2/whatever".to_owned(), "/api", "GET, HEAD"),
            ("/ws".to_owned(), "/ws", "GET"),
            ("/assets/index-abc.js".to_owned(), "/", "GET, HEAD"),
            ("/admin/people".to_owned(), "/admin", "GET, HEAD"),
        ] {
            assert_eq!(routes.label(&path), label);
            assert_eq!(routes.allow(&path).unwrap(), methods, "{path}");
        }
    }
}
