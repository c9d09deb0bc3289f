//! Visitors for the run: guests of the server, made over REST as a browser makes them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::task::JoinSet;

use crate::dial::{source, tcp};
use crate::plan::Plan;
use crate::run::{Live, RunError};

/// Guests from one address: fewer than a server lets in a minute unless configured otherwise.
const PER_ADDRESS: usize = 25;
/// Addresses that ask at a time.
const ASKING: usize = 16;

#[derive(Deserialize)]
struct SignedIn {
    token: String,
}

#[derive(Deserialize)]
struct Problem {
    detail: Option<String>,
    title: Option<String>,
}

/// The tokens of as many new guests.
pub async fn guests(plan: &Arc<Plan>, live: &Arc<Live>) -> Result<Vec<String>, RunError> {
    let next_block = Arc::new(AtomicUsize::new(0));
    let mut asking: JoinSet<Result<Vec<String>, RunError>> = JoinSet::new();
    for _ in 0..ASKING.min(plan.visitors.div_ceil(PER_ADDRESS)) {
        let (plan, live, next_block) = (Arc::clone(plan), Arc::clone(live), Arc::clone(&next_block));
        asking.spawn(async move {
            let mut tokens = Vec::new();
            loop {
                let block = next_block.fetch_add(1, Ordering::Relaxed);
                let first = block * PER_ADDRESS;
                if first >= plan.visitors {
                    return Ok(tokens);
                }
                let count = PER_ADDRESS.min(plan.visitors - first);
                // Beside the addresses that the connections come from.
                tokens.extend(block_of_guests(&plan, plan.sources + block, count, &live).await?);
            }
        });
    }
    let mut tokens = Vec::with_capacity(plan.visitors);
    while let Some(block) = asking.join_next().await {
        tokens.extend(block.map_err(|error| RunError::Network(error.to_string()))??);
    }
    Ok(tokens)
}

async fn block_of_guests(
    plan: &Plan,
    address: usize,
    count: usize,
    live: &Live,
) -> Result<Vec<String>, RunError> {
    let network = |error: &dyn std::fmt::Display| RunError::Network(error.to_string());
    let stream = tcp(plan.place, source(plan.place, address)).await.map_err(|error| network(&error))?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|error| network(&error))?;
    let connection = tokio::spawn(connection);
    let mut tokens = Vec::with_capacity(count);
    for _ in 0..count {
        tokens.push(guest(&mut sender, &plan.host).await?);
        live.step();
    }
    connection.abort();
    Ok(tokens)
}

async fn guest(sender: &mut SendRequest<Full<Bytes>>, host: &str) -> Result<String, RunError> {
    let network = |error: &dyn std::fmt::Display| RunError::Network(error.to_string());
    let request = Request::post("/api/v1/guest")
        .header("host", host)
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from_static(br#"{"name":"otvet bench"}"#)))
        .map_err(|error| network(&error))?;
    let response = sender.send_request(request).await.map_err(|error| network(&error))?;
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.map_err(|error| network(&error))?.to_bytes();
    if status == 201 {
        let signed_in: SignedIn = serde_json::from_slice(&body).map_err(|error| network(&error))?;
        return Ok(signed_in.token);
    }
    let why =
        serde_json::from_slice::<Problem>(&body).ok().and_then(|problem| problem.detail.or(problem.title));
    Err(RunError::Guests { status, why: why.unwrap_or_default() })
}
