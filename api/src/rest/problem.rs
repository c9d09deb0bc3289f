//! The one place where codes become HTTP: refusals as RFC 9457 problem documents.

use std::borrow::Cow;
use std::collections::BTreeMap;

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, UPGRADE};
use http::{HeaderValue, StatusCode};
use otvet_engine::identity::IdentityError;
use otvet_engine::journal::ReadError;
use otvet_engine::protocol::{Code, Person, Refusal};
use serde::Serialize;
use utoipa::ToSchema;
use warp::reply::{Reply, Response};

/// Messages by field, as Laravel answers a failed validation.
pub type FieldErrors = BTreeMap<String, Vec<String>>;

/// An answer that is an error. As a reply it is only marked; [`render`] writes it out once the request's id is known.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    code: Code,
    detail: Cow<'static, str>,
    retry_after_ms: Option<u64>,
    manager: Option<Box<Person>>,
    errors: FieldErrors,
    upgrade: bool,
}

/// The document of an error (RFC 9457, `application/problem+json`).
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemDocument {
    /// Always `about:blank`: the `code` says what kind of error it is.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The status in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// One sentence that a developer can act on.
    pub detail: Cow<'static, str>,
    /// The same codes as on the WebSocket.
    pub code: Code,
    /// The request's name, also in `X-Request-Id` and in the server's log.
    pub request_id: String,
    /// 422: messages by field.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = BTreeMap<String, Vec<String>>)]
    pub errors: FieldErrors,
    /// 409 of `claim`: who has the conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manager: Option<Box<Person>>,
}

impl Problem {
    /// A problem with a status of its own, for what only HTTP knows (405, 415, 431 …).
    pub fn new(status: StatusCode, code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            retry_after_ms: None,
            manager: None,
            errors: BTreeMap::new(),
            upgrade: false,
        }
    }

    /// 401.
    pub fn unauthorized() -> Self {
        Refusal::new(Code::Unauthorized, "send a valid token as `Authorization: Bearer …`").into()
    }

    /// 403.
    pub fn forbidden(detail: &'static str) -> Self {
        Refusal::new(Code::Forbidden, detail).into()
    }

    /// 404.
    pub fn not_found(detail: &'static str) -> Self {
        Refusal::new(Code::NotFound, detail).into()
    }

    /// 400: the request itself does not parse.
    pub fn bad_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Code::Invalid, detail)
    }

    /// 422 with one field's message.
    pub fn field(name: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, Code::Invalid, message.clone());
        problem.errors.insert(name.to_owned(), vec![message]);
        problem
    }

    /// 422 with messages by field; there must be one.
    pub fn fields(errors: FieldErrors) -> Self {
        let detail = errors.values().flatten().next().cloned().unwrap_or_default();
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, Code::Invalid, detail) }
    }

    /// 405; which methods there are is added when it is rendered.
    pub fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, Code::Invalid, "this path has no such method")
    }

    /// 426: the path speaks WebSocket only.
    pub fn upgrade_required() -> Self {
        let detail = "open this path as a WebSocket, version 13";
        Self { upgrade: true, ..Self::new(StatusCode::UPGRADE_REQUIRED, Code::Invalid, detail) }
    }

    /// 500, without internals: the log has them under the request's id.
    pub fn internal() -> Self {
        Refusal::internal().into()
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What kind of error.
    pub fn code(&self) -> Code {
        self.code
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal.code {
            Code::Unauthorized => StatusCode::UNAUTHORIZED,
            Code::Forbidden => StatusCode::FORBIDDEN,
            Code::NotFound => StatusCode::NOT_FOUND,
            Code::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Code::Conflict => StatusCode::CONFLICT,
            Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Code::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Code::UnknownType => StatusCode::BAD_REQUEST,
            Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self {
            retry_after_ms: refusal.retry_after_ms,
            manager: refusal.manager,
            ..Self::new(status, refusal.code, refusal.message)
        }
    }
}

impl From<IdentityError> for Problem {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::Invalid(fields) => {
                let errors = fields.0.into_iter().map(|(name, messages)| (name.to_owned(), messages));
                Self::fields(errors.collect())
            }
            // Laravel's answer to wrong credentials is a failed validation of the email.
            IdentityError::WrongCredentials => {
                Self::field("email", "These credentials do not match our records.")
            }
            other => {
                if matches!(other.code(), Code::Unavailable | Code::Internal) {
                    tracing::warn!(error = %other, "identity");
                }
                Refusal::from(other).into()
            }
        }
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        tracing::warn!(%error, "journal");
        Refusal::from(error).into()
    }
}

impl Reply for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::default();
        *response.status_mut() = self.status;
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes out the problem that a response was marked with, if any. `allow` lists the path's methods, for 405.
pub fn render(mut response: Response, request_id: &str, allow: impl FnOnce() -> String) -> Response {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else { return response };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let retry_after_ms = match problem.status {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            Some(problem.retry_after_ms.unwrap_or(1000))
        }
        _ => problem.retry_after_ms,
    };
    if let Some(millis) = retry_after_ms {
        // Whole seconds, never too early.
        headers.insert(RETRY_AFTER, HeaderValue::from(millis.div_ceil(1000).max(1)));
    }
    if problem.status == StatusCode::METHOD_NOT_ALLOWED
        && let Ok(methods) = HeaderValue::try_from(allow())
    {
        headers.insert(ALLOW, methods);
    }
    if problem.upgrade {
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert("sec-websocket-version", HeaderValue::from_static("13"));
    }
    let document = ProblemDocument {
        kind: "about:blank",
        title: problem.status.canonical_reason().unwrap_or("Error"),
        status: problem.status.as_u16(),
        detail: problem.detail,
        code: problem.code,
        request_id: request_id.to_owned(),
        errors: problem.errors,
        manager: problem.manager,
    };
    *response.body_mut() = serde_json::to_vec(&document).expect("a problem is plain data").into();
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    async fn rendered(problem: Problem) -> (Response, serde_json::Value) {
        let mut response = render(problem.into_response(), "r-1", || "GET, POST".to_owned());
        let body = response.body_mut().collect().await.unwrap().to_bytes();
        (response, serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn every_code_has_its_status() {
        let expected = [401, 403, 404, 422, 409, 413, 429, 503, 400, 500];
        for (code, status) in Code::ALL.into_iter().zip(expected) {
            let (response, body) = rendered(Refusal::new(code, "because").into()).await;
            assert_eq!(response.status().as_u16(), status, "{code}");
            assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
            assert_eq!(response.headers().contains_key(RETRY_AFTER), matches!(status, 429 | 503), "{code}");
            assert_eq!(body["code"], code.as_str());
            assert_eq!(body["status"], status);
            assert_eq!(body["detail"], "because");
            assert_eq!(body["request_id"], "r-1");
            assert_eq!(body["type"], "about:blank");
            assert!(body["title"].is_string());
        }
    }

    #[tokio::test]
    async fn retry_after_is_in_whole_seconds_and_never_early() {
        for (millis, seconds) in [(1, "1"), (1000, "1"), (1001, "2"), (59_001, "60")] {
            let refusal = Refusal::new(Code::RateLimited, "slowly").retry_after_ms(millis);
            assert_eq!(rendered(refusal.into()).await.0.headers()[RETRY_AFTER], seconds);
        }
    }

    #[tokio::test]
    async fn a_wrong_method_names_the_right_ones_and_a_field_its_errors() {
        let (response, _) = rendered(Problem::method_not_allowed()).await;
        assert_eq!(response.headers()[ALLOW], "GET, POST");
        let (response, body) = rendered(Problem::field("email", "The email has already been taken.")).await;
        assert_eq!(response.status(), 422);
        assert_eq!(body["errors"]["email"][0], "The email has already been taken.");
    }
}
