//! What surrounds every request: its id, its log line, its metrics, the headers that every answer bears, and the checks that
//! come before any route.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    CONTENT_SECURITY_POLICY, ORIGIN, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use hyper::body::Incoming;
use hyper::service::Service;
use otvet_engine::protocol::Code;
use tracing::Instrument;
use warp::reply::{Reply, Response};

use crate::edge::SharedEdge;
use crate::openapi::Routes;
use crate::peer::client_address;
use crate::rest::problem::{self, Problem};
use crate::ws::Place;

/// At most so many headers (security baseline).
const MAX_HEADERS: usize = 100;

/// What is known of a request besides itself: an extension of it.
#[derive(Debug, Clone)]
pub struct Received {
    /// The request's name, in the answer and in the log.
    pub request_id: Arc<str>,
    /// Whose request it is.
    pub client: IpAddr,
    /// Its connection's place, which a WebSocket keeps.
    pub place: Place,
}

/// The names of requests: unique, short, and without a meaning.
#[derive(Debug)]
pub struct RequestIds {
    start: u32,
    next: AtomicU64,
}

impl RequestIds {
    /// Names of this run of the server, told from those of other runs by a random number.
    pub fn new(random: u32) -> Self {
        Self { start: random, next: AtomicU64::new(1) }
    }

    fn next(&self) -> Arc<str> {
        format!("{:08x}-{:x}", self.start, self.next.fetch_add(1, Ordering::Relaxed)).into()
    }
}

/// What stands around the routes of a listener.
pub struct Surroundings {
    /// The server.
    pub edge: SharedEdge,
    /// Names of requests.
    pub ids: RequestIds,
    /// The paths that there are.
    pub routes: Routes,
}

impl Surroundings {
    /// Answers one request by the inner service, and does all that belongs around it.
    pub async fn answer<S>(
        self: Arc<Self>,
        mut request: Request<Incoming>,
        remote: SocketAddr,
        place: Place,
        inner: S,
    ) -> Response
    where
        S: Service<Request<Incoming>, Response = Response, Error = std::convert::Infallible>,
    {
        let started = Instant::now();
        let request_id = self.ids.next();
        let client = client_address(remote, request.headers(), &self.edge.settings.server);
        let received = Received { request_id: request_id.clone(), client, place };
        let method = request.method().clone();
        let route = self.routes.label(request.uri().path());
        let allow = self.routes.allow(request.uri().path());
        let cors = self.cors(request.headers());
        let span = tracing::info_span!("http", %request_id, %method, route = %route, %client);

        let response = match self.early_answer(&request, cors.is_some()) {
            Some(response) => response,
            None => {
                request.extensions_mut().insert(received);
                let Ok(response) = inner.call(request).instrument(span.clone()).await;
                response
            }
        };
        let mut response = problem::render(response, &request_id, || allow.unwrap_or_default());
        self.add_headers(response.headers_mut(), &request_id, cors);

        let status = response.status();
        self.edge.metrics.http(&route, &method, status);
        let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let _entered = span.enter();
        if status.is_server_error() {
            tracing::warn!(status = status.as_u16(), ms, "answered");
        } else if status.is_client_error() {
            tracing::info!(status = status.as_u16(), ms, "answered");
        } else {
            tracing::debug!(status = status.as_u16(), ms, "answered");
        }
        response
    }

    /// What no route needs to see.
    fn early_answer(&self, request: &Request<Incoming>, cors: bool) -> Option<Response> {
        let headers = request.headers();
        let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
        let line = request.uri().path_and_query().map_or(0, |path| path.as_str().len());
        if headers.len() > MAX_HEADERS || bytes + line > self.edge.settings.server.header_bytes {
            let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
            let problem = Problem::new(status, Code::TooLarge, "the request's headers are over the limit");
            return Some(problem.into_response());
        }
        let preflight =
            request.method() == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        if preflight && cors {
            let mut response = Response::default();
            *response.status_mut() = StatusCode::NO_CONTENT;
            let headers = response.headers_mut();
            let methods = HeaderValue::from_static("GET, POST, PUT, DELETE");
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
            let names = HeaderValue::from_static("authorization, content-type, idempotency-key");
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, names);
            headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600"));
            return Some(response);
        }
        None
    }

    /// The origin to be named in the answer: pages of configured origins (the widget's) may use REST, too.
    fn cors(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(ORIGIN)?;
        let known = |allowed: &otvet_config::values::Origin| origin == allowed.as_str();
        self.edge.origins.allowed.iter().any(known).then(|| origin.clone())
    }

    fn add_headers(&self, headers: &mut HeaderMap, request_id: &str, cors: Option<HeaderValue>) {
        let id = HeaderValue::try_from(request_id).expect("hex digits and a dash");
        headers.insert("x-request-id", id);
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.entry(REFERRER_POLICY).or_insert(HeaderValue::from_static("strict-origin-when-cross-origin"));
        headers
            .entry(CONTENT_SECURITY_POLICY)
            .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
        if self.edge.public_origin.scheme() == "https" {
            headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
        }
        if !self.edge.origins.allowed.is_empty() {
            headers.append(VARY, HeaderValue::from_static("origin"));
        }
        if let Some(origin) = cors {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            let exposed = HeaderValue::from_static("content-range, retry-after, x-request-id");
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        }
    }
}
