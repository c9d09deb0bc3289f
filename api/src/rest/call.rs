//! One request on its way through a handler: who sends it, what it says.

use std::convert::Infallible;
use std::pin::Pin;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use otvet_engine::identity::token::bearer;
use otvet_engine::identity::{Abilities, SignedIn};
use otvet_engine::protocol::BearerToken;
use otvet_engine::protocol::{Code, Role};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::timeout;
use warp::filters::BoxedFilter;
use warp::reply::{Reply, Response};
use warp::{Filter, Rejection};

use crate::edge::SharedEdge;
use crate::serve::request::Received;

use super::problem::Problem;

/// How long a body may take to come in.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

type Body = Pin<Box<dyn Stream<Item = Result<Bytes, warp::Error>> + Send + Sync>>;

/// An endpoint's filter.
pub type Endpoint = BoxedFilter<(Response,)>;

/// A request that has found its endpoint.
pub struct Call {
    /// The server.
    pub edge: SharedEdge,
    /// The request's headers.
    pub headers: HeaderMap,
    /// Its id and sender.
    pub received: Received,
    query: String,
    body: Body,
}

impl Call {
    /// The token that the request bears, valid or not. On signing in it may be the guest's that somebody was before.
    pub fn bearer(&self) -> Option<BearerToken> {
        bearer(self.headers.get(AUTHORIZATION)?.as_bytes())
    }

    /// Whose token the request bears.
    pub async fn signed_in(&self) -> Result<SignedIn, Problem> {
        let token = self.bearer().ok_or_else(Problem::unauthorized)?;
        Ok(self.edge.identity.authenticate(&token).await?)
    }

    /// The same, if the token may be used for conversations.
    pub async fn chatter(&self) -> Result<SignedIn, Problem> {
        let who = self.signed_in().await?;
        who.require(Abilities::CHAT)?;
        Ok(who)
    }

    /// The same, if it is a manager's or admin's.
    pub async fn staff(&self) -> Result<SignedIn, Problem> {
        let who = self.chatter().await?;
        if who.person.role.is_staff() {
            Ok(who)
        } else {
            Err(Problem::forbidden("only managers may do this"))
        }
    }

    /// The same, if it is an admin's and may be used for administration.
    pub async fn admin(&self) -> Result<SignedIn, Problem> {
        let who = self.signed_in().await?;
        if who.person.role != Role::Admin {
            return Err(Problem::forbidden("only admins may do this"));
        }
        who.require(Abilities::ADMIN)?;
        Ok(who)
    }

    /// The query's parameters.
    pub fn query<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_urlencoded::from_str(&self.query).map_err(|e| Problem::bad_request(format!("query: {e}")))
    }

    /// The JSON body. Only `application/json`, which no foreign page's form can send, and uncompressed.
    pub async fn json<T: DeserializeOwned>(&mut self) -> Result<T, Problem> {
        let unsupported =
            |detail: &'static str| Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::Invalid, detail);
        if self.headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
            return Err(unsupported("send the body uncompressed"));
        }
        if !self.headers.get(CONTENT_TYPE).is_some_and(is_json) {
            return Err(unsupported("send the body as application/json"));
        }
        let bytes = timeout(BODY_TIMEOUT, self.bytes()).await.map_err(|_| {
            Problem::new(StatusCode::REQUEST_TIMEOUT, Code::Invalid, "the body did not come in time")
        })??;
        serde_json::from_slice(&bytes).map_err(|e| Problem::bad_request(format!("body: {e}")))
    }

    /// The same, where nothing at all stands for an empty object.
    pub async fn json_or_nothing<T: DeserializeOwned + Default>(&mut self) -> Result<T, Problem> {
        let nothing = !self.headers.contains_key(CONTENT_TYPE)
            && self.headers.get(http::header::CONTENT_LENGTH).is_none_or(|length| length == "0")
            && !self.headers.contains_key(http::header::TRANSFER_ENCODING);
        if nothing { Ok(T::default()) } else { self.json().await }
    }

    async fn bytes(&mut self) -> Result<Bytes, Problem> {
        let bound = self.edge.settings.server.body_bytes;
        let too_large = || {
            let detail = format!("the body is over {bound} bytes");
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, Code::TooLarge, detail)
        };
        let announced = self.headers.get(http::header::CONTENT_LENGTH);
        let announced = announced.and_then(|n| n.to_str().ok()?.parse::<usize>().ok());
        if announced.is_some_and(|n| n > bound) {
            return Err(too_large());
        }
        let mut bytes = BytesMut::new();
        while let Some(chunk) = self.body.next().await {
            let chunk = chunk.map_err(|_| Problem::bad_request("the body ended early"))?;
            if bytes.len() + chunk.len() > bound {
                return Err(too_large());
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.freeze())
    }
}

fn is_json(content_type: &HeaderValue) -> bool {
    let Ok(text) = content_type.to_str() else { return false };
    let mut parts = text.split(';').map(str::trim);
    let json = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    let utf8 = |part: &str| match part.split_once('=') {
        Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
            value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    };
    json && parts.all(utf8)
}

/// A JSON answer.
pub fn json<T: Serialize>(status: StatusCode, value: &T) -> Result<Response, Problem> {
    let body = serde_json::to_vec(value).expect("answers are plain data");
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // It is somebody's own: no cache between us may keep it.
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// An answer that says no more than that it was done.
pub fn no_content() -> Result<Response, Problem> {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}

/// The endpoint at a path without parameters.
pub fn at<P, M, H, A>(edge: &SharedEdge, path: P, method: M, handler: H) -> Endpoint
where
    P: Filter<Extract = (), Error = Rejection> + Clone + Send + Sync + 'static,
    M: Filter<Extract = (), Error = Rejection> + Clone + Send + Sync + 'static,
    H: Fn(Call) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Result<Response, Problem>> + Send + 'static,
{
    path.and(method)
        .and(call(edge.clone()))
        .then(move |call| {
            let answer = handler(call);
            async move { answer.await.unwrap_or_else(Reply::into_response) }
        })
        .boxed()
}

/// The endpoint at a path with one parameter.
pub fn at_one<P, M, H, A, T>(edge: &SharedEdge, path: P, method: M, handler: H) -> Endpoint
where
    P: Filter<Extract = (T,), Error = Rejection> + Clone + Send + Sync + 'static,
    M: Filter<Extract = (), Error = Rejection> + Clone + Send + Sync + 'static,
    H: Fn(Call, T) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Result<Response, Problem>> + Send + 'static,
    T: Send + 'static,
{
    path.and(method)
        .and(call(edge.clone()))
        .then(move |parameter, call| {
            let answer = handler(call, parameter);
            async move { answer.await.unwrap_or_else(Reply::into_response) }
        })
        .boxed()
}

fn call(
    edge: SharedEdge,
) -> impl Filter<Extract = (Call,), Error = Rejection> + Clone + Send + Sync + 'static {
    let query = warp::query::raw().or_else(|_| async { Ok::<_, Infallible>((String::new(),)) });
    warp::header::headers_cloned().and(query).and(warp::ext::get::<Received>()).and(warp::body::stream()).map(
        move |headers, query, received, body| {
            let body = boxed(body);
            Call { edge: edge.clone(), headers, received, query, body }
        },
    )
}

fn boxed<B: Buf>(body: impl Stream<Item = Result<B, warp::Error>> + Send + Sync + 'static) -> Body {
    Box::pin(body.map(|chunk| chunk.map(|mut buf| buf.copy_to_bytes(buf.remaining()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_is_json() {
        for good in
            ["application/json", "application/json; charset=utf-8", "Application/JSON;charset=\"UTF-8\""]
        {
            assert!(is_json(&good.parse().unwrap()), "{good}");
        }
        for bad in ["text/plain", "application/jsonp", "application/json; charset=koi8-r", ""] {
            assert!(!is_json(&bad.parse().unwrap()), "{bad}");
        }
    }
}
