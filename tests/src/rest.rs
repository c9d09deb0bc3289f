//! REST as a client speaks it: one connection a request, every header open to the test.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{HeaderMap, Method, Request};
use hyper_util::rt::TokioIo;
use otvet_engine::protocol::Person;
use serde_json::{Value, json};

use crate::client::Identity;
use crate::client::socket::dial;

const PATIENCE: Duration = Duration::from_secs(15);

/// Where to ask, from which address, and as whom.
#[derive(Debug, Clone)]
pub struct Rest {
    place: SocketAddr,
    source: Ipv4Addr,
    token: Option<String>,
    headers: Vec<(String, String)>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as JSON; null when it is none.
    pub body: Value,
    /// The body as it came.
    pub bytes: Bytes,
}

impl Reply {
    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|v| v.to_str().ok())
    }

    /// `code` of a problem.
    pub fn code(&self) -> Option<&str> {
        self.body["code"].as_str()
    }

    /// Holds the answer to being a problem of RFC 9457 with this status and code.
    ///
    /// # Errors
    /// Says what it is instead.
    pub fn must_be_problem(&self, status: u16, code: &str) -> Result<()> {
        ensure!(self.status == status, "{status} {code} was due, got {}: {}", self.status, self.body);
        let kind = self.header("content-type").unwrap_or_default();
        ensure!(kind.starts_with("application/problem+json"), "a problem of content type `{kind}`");
        ensure!(self.code() == Some(code), "the code should be {code}: {}", self.body);
        ensure!(self.body["request_id"].is_string(), "no request_id: {}", self.body);
        Ok(())
    }

    /// The body, when the status is the expected one.
    ///
    /// # Errors
    /// Says what it is instead.
    pub fn expect(self, status: u16) -> Result<Value> {
        ensure!(self.status == status, "{status} was due, got {}: {}", self.status, self.body);
        Ok(self.body)
    }
}

impl Rest {
    /// Nobody in particular, from an address.
    pub fn new(place: SocketAddr, source: Ipv4Addr) -> Self {
        Self { place, source, token: None, headers: Vec::new() }
    }

    /// The same as somebody.
    #[must_use]
    pub fn with_token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    /// The same with another header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// `GET`.
    ///
    /// # Errors
    /// When the network fails; no status is an error.
    pub async fn get(&self, path: &str) -> Result<Reply> {
        self.call(Method::GET, path, None).await
    }

    /// `POST` with a JSON body.
    ///
    /// # Errors
    /// When the network fails; no status is an error.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Reply> {
        self.call(Method::POST, path, Some(("application/json", body.to_string().into()))).await
    }

    /// `DELETE`.
    ///
    /// # Errors
    /// When the network fails; no status is an error.
    pub async fn delete(&self, path: &str) -> Result<Reply> {
        self.call(Method::DELETE, path, None).await
    }

    /// Any request at all.
    ///
    /// # Errors
    /// When the network fails; no status is an error.
    pub async fn call(&self, method: Method, path: &str, body: Option<(&str, Bytes)>) -> Result<Reply> {
        tokio::time::timeout(PATIENCE, self.exchange(method, path, body))
            .await
            .with_context(|| format!("no answer to {path}"))?
    }

    async fn exchange(&self, method: Method, path: &str, body: Option<(&str, Bytes)>) -> Result<Reply> {
        let stream = dial(self.place, self.source).await?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let driver = tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(path).header("host", self.place.to_string());
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some((kind, _)) = &body {
            request = request.header("content-type", *kind);
        }
        let bytes = body.map(|(_, bytes)| bytes).unwrap_or_default();
        let response = sender.send_request(request.body(Full::new(bytes))?).await?;
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await?.to_bytes();
        drop(sender);
        driver.abort();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Ok(Reply { status: parts.status.as_u16(), headers: parts.headers, body, bytes })
    }

    /// `POST /api/v1/register`.
    ///
    /// # Errors
    /// When it is not answered with 201.
    pub async fn register(&self, name: &str, email: &str, password: &str) -> Result<Identity> {
        let body = json!({ "name": name, "email": email, "password": password });
        identity(&self.post("/api/v1/register", &body).await?.expect(201)?)
    }

    /// `POST /api/v1/login`.
    ///
    /// # Errors
    /// When it is not answered with 200.
    pub async fn login(&self, email: &str, password: &str) -> Result<Identity> {
        let body = json!({ "email": email, "password": password, "device_name": "test" });
        identity(&self.post("/api/v1/login", &body).await?.expect(200)?)
    }

    /// `POST /api/v1/guest`.
    ///
    /// # Errors
    /// When it is not answered with 201.
    pub async fn guest(&self, name: &str) -> Result<Identity> {
        identity(&self.post("/api/v1/guest", &json!({ "name": name })).await?.expect(201)?)
    }
}

fn identity(body: &Value) -> Result<Identity> {
    let token = body["token"].as_str().context("no token in the answer")?.to_owned();
    let person: Person = serde_json::from_value(body["person"].clone()).context("no person in the answer")?;
    Ok(Identity { person, token })
}
