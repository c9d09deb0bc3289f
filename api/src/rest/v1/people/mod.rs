//! `/admin/people`: accounts, in the form that React Admin's simple REST data provider expects.

pub mod change;
pub mod create;
pub mod list;
pub mod one;

use std::collections::HashMap;

use otvet_engine::clock::Timestamp;
use otvet_engine::identity::Account;
use otvet_engine::ids::PersonId;
use otvet_engine::protocol::Person;
use serde::Serialize;
use utoipa::ToSchema;

use crate::edge::Edge;
use crate::rest::problem::Problem;

/// An account as admins see it.
#[derive(Serialize, ToSchema)]
pub struct PersonRecord {
    #[serde(flatten)]
    person: Person,
    /// Signs in with it.
    email: String,
    /// Whether the person may not come in.
    disabled: bool,
    /// When the account was made.
    #[schema(value_type = Option<String>, format = DateTime)]
    created_at: Option<Timestamp>,
    /// When one of the person's tokens was last used, to the minute.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_seen_at: Option<Timestamp>,
}

/// The record of one account.
async fn record(edge: &Edge, account: Account) -> Result<PersonRecord, Problem> {
    let seen = edge.identity.last_seen(&[account.person.id]).await?;
    Ok(record_of(account, &seen))
}

/// The records of a page of accounts.
async fn records(edge: &Edge, accounts: Vec<Account>) -> Result<Vec<PersonRecord>, Problem> {
    let ids: Vec<PersonId> = accounts.iter().map(|account| account.person.id).collect();
    let seen = edge.identity.last_seen(&ids).await?;
    Ok(accounts.into_iter().map(|account| record_of(account, &seen)).collect())
}

fn record_of(account: Account, seen: &HashMap<PersonId, Timestamp>) -> PersonRecord {
    let Account { person, email, disabled_at, created_at } = account;
    let last_seen_at = seen.get(&person.id).copied();
    PersonRecord { person, email, disabled: disabled_at.is_some(), created_at, last_seen_at }
}
