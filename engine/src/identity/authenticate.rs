//! Tokens coming in: whose they are, and whether they still are.

use std::collections::HashMap;

use async_trait::async_trait;
use sea_orm::sea_query::Expr;
use sea_orm::{DatabaseConnection, DbErr};

use super::token::{Abilities, Presented};
use super::token_row::TokenRow;
use super::{Identity, IdentityError};
use crate::protocol::{BearerToken, Person, Role};
use crate::store::entities::personal_access_tokens as tokens;
use crate::store::lookups::{LookUp, LookUps};
use crate::store::one_of::is_one_of;

/// How many tokens or people one statement looks up.
pub(super) const BATCH: usize = 500;

/// Somebody whose token is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// Who.
    pub person: Person,
    /// The row of `personal_access_tokens`.
    pub token_id: i64,
    /// What the owner calls it.
    pub token_name: String,
    /// What it may be used for.
    pub abilities: Abilities,
}

impl SignedIn {
    /// Refuses a token that does not grant this ability ([`Abilities::CHAT`] or [`Abilities::ADMIN`]).
    pub fn require(&self, ability: &str) -> Result<(), IdentityError> {
        if self.abilities.allow(ability) {
            Ok(())
        } else {
            Err(IdentityError::Forbidden("this token's abilities do not include this"))
        }
    }
}

/// Finds the rows of tokens that come in at the same time.
pub(super) struct Tokens(pub DatabaseConnection);

#[async_trait]
impl LookUp for Tokens {
    type Question = Presented;
    type Answer = Option<TokenRow>;

    async fn look_up(&self, presented: &[Presented]) -> Result<Vec<Option<TokenRow>>, DbErr> {
        let backend = self.0.get_database_backend();
        let (mut by_id, mut by_hash) = (HashMap::new(), HashMap::new());
        let ids: Vec<i64> = presented.iter().filter_map(|token| token.row).collect();
        if !ids.is_empty() {
            let mut select = TokenRow::select();
            select.and_where(is_one_of(backend, Expr::col((tokens::Entity, tokens::Column::Id)), ids));
            by_id.extend(TokenRow::all(&self.0, &select).await?.into_iter().map(|row| (row.id, row)));
        }
        let hashes: Vec<&str> =
            presented.iter().filter(|token| token.row.is_none()).map(|token| token.hash.as_str()).collect();
        if !hashes.is_empty() {
            let mut select = TokenRow::select();
            select.and_where(is_one_of(backend, Expr::col((tokens::Entity, tokens::Column::Token)), hashes));
            let rows = TokenRow::all(&self.0, &select).await?;
            by_hash.extend(rows.into_iter().map(|row| (row.hash.clone(), row)));
        }
        let found = presented.iter().map(|token| match token.row {
            Some(id) => by_id.get(&id),
            None => by_hash.get(token.hash.as_str()),
        });
        let genuine = |(row, token): (Option<&TokenRow>, &Presented)| {
            row.filter(|row| token.hash.is(&row.hash)).cloned()
        };
        Ok(found.zip(presented).map(genuine).collect())
    }
}

impl Identity {
    /// How many times the database was asked whose tokens these are: for those that come in at the same time, once.
    pub fn token_queries(&self) -> u64 {
        self.0.tokens.rounds() + self.0.joining.rounds()
    }

    /// Whose token this is. That it was used is written down behind the answer's back, at most once a minute.
    ///
    /// # Errors
    /// [`IdentityError::Unauthorized`] whatever is wrong with the token or its owner; [`IdentityError::Database`].
    pub async fn authenticate(&self, token: &BearerToken) -> Result<SignedIn, IdentityError> {
        self.authenticate_by(&self.0.tokens, token).await
    }

    /// The same for somebody who opens a connection. When thousands come back at once they are looked up together, for
    /// which each waits a few milliseconds.
    ///
    /// # Errors
    /// As [`Identity::authenticate`].
    pub async fn authenticate_joining(&self, token: &BearerToken) -> Result<SignedIn, IdentityError> {
        self.authenticate_by(&self.0.joining, token).await
    }

    async fn authenticate_by(
        &self,
        rows: &LookUps<Presented, Option<TokenRow>>,
        token: &BearerToken,
    ) -> Result<SignedIn, IdentityError> {
        let presented = Presented::parse(token).ok_or(IdentityError::Unauthorized)?;
        let row = rows.ask(presented).await?.ok_or(IdentityError::Unauthorized)?;
        let now = self.0.clock.now();
        let person = self.0.rules.person(&row, now).ok_or(IdentityError::Unauthorized)?;
        self.0.last_used.note(row.id, self.0.rules.last_used_at(&row), now);
        Ok(SignedIn {
            person,
            token_id: row.id,
            token_name: row.name,
            abilities: Abilities::parse(row.abilities.as_deref()),
        })
    }

    /// Which of these tokens still sign somebody in (neither revoked nor expired, the owner there and enabled), and in which
    /// role. For open sockets, to be asked every few seconds; a statement for every 500.
    ///
    /// # Errors
    /// [`IdentityError::Database`]: then nothing is known about any of them.
    pub async fn still_valid(&self, token_ids: &[i64]) -> Result<HashMap<i64, Role>, IdentityError> {
        let backend = self.0.db.backend;
        let mut valid = HashMap::with_capacity(token_ids.len());
        for ids in token_ids.chunks(BATCH) {
            let mut select = TokenRow::select();
            select.and_where(is_one_of(
                backend,
                Expr::col((tokens::Entity, tokens::Column::Id)),
                ids.to_vec(),
            ));
            let rows = TokenRow::all(&self.0.db.read, &select).await?;
            let now = self.0.clock.now();
            valid.extend(rows.iter().filter_map(|row| Some((row.id, self.0.rules.person(row, now)?.role))));
        }
        Ok(valid)
    }
}
