//! The WebSocket: handshake over HTTP, `hello`, and one task per connection.

mod handshake;
mod latency;
mod pump;
mod rate;
mod socket;
pub mod token_watch;
pub mod upgrade;

use std::pin::Pin;
use std::sync::Arc;

use hyper::upgrade::OnUpgrade;
use otvet_actors::Introduction;
use otvet_engine::protocol::{CloseCode, Format};
use tokio::sync::OwnedSemaphorePermit;
use tracing::Instrument;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::{Reply, Response};

use crate::edge::SharedEdge;
use crate::metrics::End;
use crate::rest::problem::Problem;
use crate::serve::request::Received;

use handshake::Goodbye;
use socket::Socket;

/// A place among the bounded number of connections, kept for as long as the socket lives.
pub type Place = Arc<OwnedSemaphorePermit>;

/// `/ws`.
pub fn filter(edge: SharedEdge) -> BoxedFilter<(Response,)> {
    warp::path!("ws")
        .and(warp::get())
        .and(warp::header::headers_cloned())
        .and(warp::ext::optional::<OnUpgrade>())
        .and(warp::ext::get::<Received>())
        .map(move |headers: http::HeaderMap, on_upgrade: Option<OnUpgrade>, received: Received| {
            let agreement = upgrade::negotiate(&headers, &edge.origins)
                .and_then(|agreement| Ok((agreement, on_upgrade.ok_or_else(Problem::upgrade_required)?)));
            let (agreement, on_upgrade) = match agreement {
                Ok(both) => both,
                Err(problem) => return problem.into_response(),
            };
            if edge.is_draining() {
                return Problem::from(otvet_engine::protocol::Refusal::unavailable()).into_response();
            }
            // The request's id is the connection's name. Nothing of the request itself may live on in the task: it
            // would pin hyper's buffer.
            let name = received.request_id;
            // Not within the request's span, which would live as long as the socket.
            let span = tracing::info_span!(parent: None, "ws", session = %name, client = %received.client);
            // Boxed, since a task is as large as the largest thing it ever does.
            let beginning = Box::pin(begin(edge.clone(), on_upgrade, agreement.format, name));
            tokio::spawn(run(edge.clone(), beginning, received.place).instrument(span));
            agreement.response()
        })
        .boxed()
}

/// One connection from the upgrade to goodbye.
///
/// A task is as large as the largest thing it ever does, and that should be what it does for hours. So what lasts
/// milliseconds, at both ends, is boxed; and so is the socket, which would else have room wherever it is handed on.
async fn run(
    edge: SharedEdge,
    beginning: Pin<Box<impl Future<Output = Result<(Box<Socket>, Box<Introduction>), Option<End>>>>>,
    _place: Place,
) {
    let end = match beginning.await {
        Ok((mut socket, introduction)) => {
            let end = pump::run(&edge, &mut socket, introduction).await;
            Box::pin(socket.leave(end)).await;
            end
        }
        Err(Some(end)) => end,
        Err(None) => return,
    };
    edge.metrics.sockets.dec();
    edge.metrics.ended(end);
    match end {
        End::Closed(CloseCode::Internal) => tracing::warn!("closed with 4500"),
        _ => tracing::debug!(?end, "closed"),
    }
}

/// Up to a valid `hello`; or the end, with all that has to be said. No end: there was no socket.
async fn begin(
    edge: SharedEdge,
    on_upgrade: OnUpgrade,
    format: Format,
    name: Arc<str>,
) -> Result<(Box<Socket>, Box<Introduction>), Option<End>> {
    let mut socket = Socket::from_upgrade(on_upgrade, format, &edge.settings.limits)
        .await
        .inspect_err(|error| tracing::debug!(%error, "the upgrade did not happen"))
        .map_err(|_| None)?;
    edge.metrics.sockets.inc();
    let introduced = tokio::select! {
        introduced = handshake::introduce(&edge, &mut socket, &name) => introduced,
        // Who has joined is told by the house.
        () = edge.draining() => Err(Goodbye::Close(CloseCode::Restarting, None)),
    };
    match introduced {
        Ok(introduction) => Ok((socket, Box::new(introduction))),
        Err(Goodbye::Close(code, last_words)) => {
            socket.close(code, last_words).await;
            Err(Some(End::Closed(code)))
        }
        Err(Goodbye::Gone(end)) => {
            socket.leave(end).await;
            Err(Some(end))
        }
    }
}
