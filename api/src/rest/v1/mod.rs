//! Version 1, a file an endpoint: its filter, its handler and what OpenAPI says about it.

#![allow(unused_qualifications, reason = "what the OpenAPI macro makes of parameters")]

pub mod claim;
pub mod conversation;
pub mod conversations;
pub mod guest;
pub mod login;
pub mod logout;
pub mod managers;
pub mod me;
pub mod messages;
pub mod note;
pub mod people;
pub mod read;
pub mod register;
pub mod status;
pub mod tokens;
pub mod transfer;

use serde::Serialize;
use utoipa::ToSchema;

use otvet_engine::protocol::Answer;
use warp::reply::Response;

use super::call::{self, Endpoint};
use super::problem::Problem;
use crate::edge::SharedEdge;

/// All endpoints.
pub fn endpoints(edge: &SharedEdge) -> Vec<Endpoint> {
    vec![
        register::endpoint(edge),
        login::endpoint(edge),
        guest::endpoint(edge),
        logout::endpoint(edge),
        me::endpoint(edge),
        tokens::list_endpoint(edge),
        tokens::revoke_endpoint(edge),
        conversations::list_endpoint(edge),
        conversations::open_endpoint(edge),
        conversation::endpoint(edge),
        messages::history_endpoint(edge),
        messages::send_endpoint(edge),
        claim::endpoint(edge),
        status::release_endpoint(edge),
        status::resolve_endpoint(edge),
        status::reopen_endpoint(edge),
        transfer::endpoint(edge),
        read::endpoint(edge),
        note::endpoint(edge),
        managers::endpoint(edge),
        people::list::endpoint(edge),
        people::one::endpoint(edge),
        people::create::endpoint(edge),
        people::change::endpoint(edge),
    ]
}

/// A command that became an event.
#[derive(Serialize, ToSchema)]
pub struct Stored {
    /// The event's number in its stream.
    seq: u64,
}

/// The answer to a command that becomes an event.
fn stored(status: http::StatusCode, answer: &Answer) -> Result<Response, Problem> {
    match answer {
        Answer::Stored { seq } => call::json(status, &Stored { seq: *seq }),
        _ => Err(Problem::internal()),
    }
}
