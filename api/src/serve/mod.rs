//! The accept loop: warp's filters served by hyper with the bounds that warp itself does not set.

pub mod head_timer;
pub mod request;

use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioTimer;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use warp::filters::BoxedFilter;
use warp::reply::Response;

use head_timer::{HeadTimed, Patience};
use request::Surroundings;

/// Connections at once. A file descriptor each: the operating system's limit is usually hit first.
pub const MAX_CONNECTIONS: usize = 100_000;
/// hyper cuts off a little later than we do, so that most get an answer that says why.
const HEADROOM_BYTES: usize = 8 * 1024;
const HEADROOM_HEADERS: usize = 128;
/// A response waits here for a slow client; more is read from it only when there is room.
const BUFFER_BYTES: usize = 64 * 1024;
/// Out of file descriptors: accepting again at once would only burn the processor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// One listener and what it serves.
pub struct Listener {
    /// Where.
    pub tcp: TcpListener,
    /// What.
    pub filter: BoxedFilter<(Response,)>,
    /// What surrounds every request.
    pub surroundings: Arc<Surroundings>,
    /// A place for each connection.
    pub places: Arc<Semaphore>,
}

impl Listener {
    /// Accepts until `stop` says so. Then each connection ends after the request that is under way; WebSockets live on by
    /// themselves. All have ended when all places are free again.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut http = http1::Builder::new();
        let settings = &self.surroundings.edge.settings.server;
        http.timer(TokioTimer::new())
            .header_read_timeout(Duration::from_secs(settings.idle_timeout_s.max(settings.header_timeout_s)))
            .max_header_size(settings.header_bytes + HEADROOM_BYTES)
            .max_headers(HEADROOM_HEADERS)
            .max_buf_size(BUFFER_BYTES.max(settings.header_bytes + HEADROOM_BYTES));
        let patience = Patience {
            head: Duration::from_secs(settings.header_timeout_s),
            stalled: Duration::from_secs(settings.idle_timeout_s),
        };
        let http = Arc::new(http);
        loop {
            let accepted = tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => break,
                accepted = self.accept() => accepted,
            };
            match accepted {
                Ok((stream, remote, place)) => {
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!(%error, "TCP_NODELAY");
                    }
                    let (io, timer) = HeadTimed::new(stream, patience);
                    let inner = TowerToHyperService::new(warp::service(self.filter.clone()));
                    let (surroundings, phase) = (self.surroundings.clone(), timer.clone());
                    let place = Arc::new(place);
                    let service = service_fn(move |request| {
                        phase.request_begins();
                        let answer =
                            surroundings.clone().answer(request, remote, place.clone(), inner.clone());
                        let phase = phase.clone();
                        async move {
                            let response = answer.await;
                            phase.request_ends();
                            Ok::<_, std::convert::Infallible>(response)
                        }
                    });
                    let connection = http.serve_connection(io, service).with_upgrades();
                    let (edge, mut stop) = (self.surroundings.edge.clone(), stop.clone());
                    tokio::spawn(async move {
                        edge.metrics.connections.inc();
                        let mut connection = std::pin::pin!(connection);
                        let mut stopping = false;
                        loop {
                            tokio::select! {
                                ended = connection.as_mut() => {
                                    if let Err(error) = ended {
                                        tracing::debug!(%error, "connection");
                                    }
                                    break;
                                }
                                overdue = timer.expired() => {
                                    tracing::debug!(?overdue, "a connection took too long");
                                    break;
                                }
                                _ = stop.wait_for(|stop| *stop), if !stopping => {
                                    stopping = true;
                                    connection.as_mut().graceful_shutdown();
                                }
                            }
                        }
                        edge.metrics.connections.dec();
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "accepting a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    async fn accept(
        &self,
    ) -> std::io::Result<(TcpStream, std::net::SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
        let place = self.places.clone().acquire_owned().await.expect("nobody closes the semaphore");
        let (stream, remote) = self.tcp.accept().await?;
        Ok((stream, remote, place))
    }
}
