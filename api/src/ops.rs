//! For operators: whether the process runs, whether it can serve, what is measured.

use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use otvet_engine::protocol::Refusal;
use tokio::time::timeout;
use warp::filters::BoxedFilter;
use warp::reply::{Reply, Response};
use warp::{Filter, Rejection};

use crate::edge::{Edge, SharedEdge};
use crate::rest::problem::Problem;

/// A part that has not answered by then does not serve.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

/// `/healthz` and `/readyz`, on both listeners.
pub fn health(edge: SharedEdge) -> BoxedFilter<(Response,)> {
    let read = warp::get().or(warp::head()).unify();
    let healthz = warp::path!("healthz").and(read).map(|| text("ok\n".to_owned()));
    let readyz = warp::path!("readyz").and(read).then(move || {
        let edge = edge.clone();
        async move { ready(&edge).await.unwrap_or_else(Reply::into_response) }
    });
    healthz.or(readyz).unify().boxed()
}

/// `/metrics`, for the operators' listener only.
pub fn metrics(edge: SharedEdge) -> BoxedFilter<(Response,)> {
    warp::path!("metrics")
        .and(warp::get())
        .map(move || {
            let mut response = text(edge.render_metrics());
            let kind = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
            response.headers_mut().insert(CONTENT_TYPE, kind);
            response
        })
        .boxed()
}

/// What a request gets that no filter took.
pub async fn unmatched(rejection: Rejection) -> Result<Response, std::convert::Infallible> {
    let problem = if rejection.find::<warp::reject::MethodNotAllowed>().is_some() {
        Problem::method_not_allowed()
    } else if rejection.is_not_found() {
        Problem::not_found("there is nothing at this path")
    } else {
        tracing::error!(?rejection, "a rejection that no filter should give");
        Problem::internal()
    };
    Ok(problem.into_response())
}

async fn ready(edge: &Edge) -> Result<Response, Problem> {
    let not = |why: &'static str| {
        let refusal = Refusal::new(otvet_engine::protocol::Code::Unavailable, why);
        Problem::from(refusal.retry_after_ms(1000))
    };
    if edge.is_draining() {
        return Err(not("draining"));
    }
    // Which part it is, the log says; outside, that it is one.
    match timeout(CHECK_TIMEOUT, edge.database.check()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready: database");
            return Err(not("the database does not answer"));
        }
        Err(_) => return Err(not("the database does not answer")),
    }
    match timeout(CHECK_TIMEOUT, edge.tail.check()).await {
        Ok(Ok(())) => Ok(text("ready\n".to_owned())),
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready: tails");
            Err(not("the tails do not answer"))
        }
        Err(_) => Err(not("the tails do not answer")),
    }
}

fn text(body: String) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::OK;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
