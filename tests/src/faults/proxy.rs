//! A TCP proxy that delays what passes it and cuts its connections on demand. Bounded in connections and in what is under
//! way.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

const MAX_CONNECTIONS: usize = 64;
/// Pieces under way in one direction of a connection.
const MAX_PIECES: usize = 256;
const PIECE_BYTES: usize = 16 * 1024;

/// What the proxy does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// How long each piece is held, in each direction.
    pub latency: Duration,
    /// Whether anything passes at all.
    pub open: bool,
    /// Connections that began under a smaller number are cut.
    cuts: u64,
}

/// A proxy in front of one place. Ends when dropped.
#[derive(Debug)]
pub struct Proxy {
    place: SocketAddr,
    rule: watch::Sender<Rule>,
    accepting: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Proxy {
    /// Listens on a free port.
    ///
    /// # Errors
    /// When it cannot.
    pub async fn before(target: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let place = listener.local_addr()?;
        let (rule, rules) = watch::channel(Rule { latency: Duration::ZERO, open: true, cuts: 0 });
        let accepting = tokio::spawn(accept(listener, target, rules));
        Ok(Self { place, rule, accepting })
    }

    /// Where it listens.
    pub fn place(&self) -> SocketAddr {
        self.place
    }

    /// Holds everything that comes from now on for so long, in each direction.
    pub fn delay(&self, latency: Duration) {
        self.rule.send_modify(|rule| rule.latency = latency);
    }

    /// Cuts every connection; new ones may come.
    pub fn cut(&self) {
        self.rule.send_modify(|rule| rule.cuts += 1);
    }
}

async fn accept(listener: TcpListener, target: SocketAddr, rules: watch::Receiver<Rule>) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let place = places.clone().acquire_owned().await.expect("nobody closes it");
        let Ok((inner, _)) = listener.accept().await else { continue };
        let mut rules = rules.clone();
        let born = *rules.borrow_and_update();
        if !born.open {
            continue;
        }
        tokio::spawn(async move {
            let _place = place;
            let Ok(outer) = TcpStream::connect(target).await else { return };
            let _ = inner.set_nodelay(true).and_then(|()| outer.set_nodelay(true));
            let ((a, b), (c, d)) = (inner.into_split(), outer.into_split());
            let cut = async {
                let _ = rules.clone().wait_for(|rule| rule.cuts > born.cuts || !rule.open).await;
            };
            tokio::select! {
                () = pass(a, d, &rules) => {}
                () = pass(c, b, &rules) => {}
                () = cut => {}
            }
        });
    }
}

/// Reads on while earlier pieces are still held: latency is no narrow pipe.
async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, rules: &watch::Receiver<Rule>) {
    let (pieces, mut held) = mpsc::channel::<(Instant, Bytes)>(MAX_PIECES);
    let read = async move {
        let mut buffer = vec![0; PIECE_BYTES];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            let due = Instant::now() + rules.borrow().latency;
            if pieces.send((due, Bytes::copy_from_slice(&buffer[..length]))).await.is_err() {
                break;
            }
        }
    };
    let write = async move {
        while let Some((due, piece)) = held.recv().await {
            tokio::time::sleep_until(due).await;
            if to.write_all(&piece).await.is_err() {
                break;
            }
        }
    };
    tokio::join!(read, write);
}
