//! Looking after tokens: making, listing, revoking.

use sea_orm::sea_query::{Expr, ExprTrait, Order};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QuerySelect,
};

use super::audit::{Action, Entry};
use super::authenticate::SignedIn;
use super::sign_in::Issued;
use super::token::{Abilities, Secret};
use super::token_row::TokenRow;
use super::{Identity, IdentityError, Inner};
use crate::clock::Timestamp;
use crate::ids::PersonId;
use crate::protocol::BearerToken;
use crate::store::RowId;
use crate::store::entities::personal_access_tokens as tokens;

/// A day before MySQL's timestamps end, 2038-01-18T00:00:00Z: in whatever zone they are written, this is one of them.
const MYSQL_ENDS: Timestamp = Timestamp::from_millis(2_147_385_600_000);
/// How many of a person's tokens are listed: the newest.
const LISTED: u64 = 500;

/// A token as its owner sees it: a device that is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// The row of `personal_access_tokens`.
    pub id: i64,
    /// What the owner calls it.
    pub name: String,
    /// To the minute, roughly.
    pub last_used_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it ends, of itself or by the configured lifetime.
    pub expires_at: Option<Timestamp>,
    /// Whether the list was asked for with it.
    pub current: bool,
}

impl Identity {
    /// The person's tokens that are still in time, the newest first, at most 500. `current` is the one in use, if any.
    ///
    /// # Errors
    /// [`IdentityError::Database`].
    pub async fn tokens(&self, person: PersonId, current: Option<i64>) -> Result<Vec<Device>, IdentityError> {
        let (_, types, number) = self.0.rules.tokenable(person);
        let mut select = TokenRow::select();
        select
            .and_where(Expr::col((tokens::Entity, tokens::Column::TokenableType)).is_in(types))
            .and_where(Expr::col((tokens::Entity, tokens::Column::TokenableId)).eq(number))
            .order_by((tokens::Entity, tokens::Column::Id), Order::Desc)
            .limit(LISTED);
        let rows = TokenRow::all(&self.0.db.read, &select).await?;
        let (rules, now) = (&self.0.rules, self.0.clock.now());
        let device = |row: TokenRow| Device {
            id: row.id,
            last_used_at: rules.last_used_at(&row),
            created_at: rules.created_at(&row),
            expires_at: rules.expires_at(&row),
            current: current == Some(row.id),
            name: row.name,
        };
        Ok(rows.into_iter().filter(|row| rules.is_in_time(row, now)).map(device).collect())
    }

    /// Ends the token in use.
    ///
    /// # Errors
    /// [`IdentityError::Database`]. That it was gone already is none.
    pub async fn logout(&self, signed_in: &SignedIn) -> Result<(), IdentityError> {
        let id = signed_in.person.id;
        let entry = Entry::new(Action::SignedOut).by(id).to(id);
        match self.end_token(id, signed_in.token_id, entry).await {
            Err(IdentityError::NotFound) => Ok(()),
            other => other,
        }
    }

    /// Ends one of the person's tokens. `by` is who wants it: the owner, an admin, or nobody on the command line.
    ///
    /// # Errors
    /// [`IdentityError::NotFound`] when the person has no such token; [`IdentityError::Database`].
    pub async fn revoke(
        &self,
        by: Option<PersonId>,
        person: PersonId,
        token_id: i64,
    ) -> Result<(), IdentityError> {
        self.end_token(person, token_id, Entry::new(Action::TokenRevoked).by(by).to(person)).await
    }

    /// Makes a token for a user, as the command line does. Without an end of its own it gets the configured lifetime's.
    ///
    /// # Errors
    /// [`IdentityError::NotFound`] when there is no such user; [`IdentityError::Invalid`]; [`IdentityError::Database`].
    pub async fn issue_token(
        &self,
        user: PersonId,
        name: &str,
        abilities: &Abilities,
        expires_at: Option<Timestamp>,
    ) -> Result<Issued, IdentityError> {
        let name = super::sign_in::device_name(name)?;
        let person = self.person(user).await?.ok_or(IdentityError::NotFound)?;
        let now = self.0.clock.now();
        let tx = self.0.db.begin().await?;
        let (token_id, token) = self.0.insert_token(&tx, user, &name, abilities, expires_at).await?;
        let entry = Entry::new(Action::TokenIssued).to(user).detail(format!("token {token_id}"));
        entry.write(&tx, now).await?;
        tx.commit().await?;
        Ok(Issued { token, token_id, person })
    }

    async fn end_token(&self, person: PersonId, token_id: i64, entry: Entry) -> Result<(), IdentityError> {
        let (_, types, number) = self.0.rules.tokenable(person);
        let tx = self.0.db.begin().await?;
        let deleted = tokens::Entity::delete_many()
            .filter(tokens::Column::Id.eq(token_id))
            .filter(tokens::Column::TokenableType.is_in(types))
            .filter(tokens::Column::TokenableId.eq(number))
            .exec(&tx)
            .await?;
        if deleted.rows_affected == 0 {
            return Err(IdentityError::NotFound);
        }
        entry.detail(format!("token {token_id}")).write(&tx, self.0.clock.now()).await?;
        tx.commit().await?;
        Ok(())
    }
}

impl Inner {
    /// Adds a row that Sanctum accepts, and says what to hand out.
    pub(super) async fn insert_token(
        &self,
        db: &impl ConnectionTrait,
        person: PersonId,
        name: &str,
        abilities: &Abilities,
        expires_at: Option<Timestamp>,
    ) -> Result<(i64, BearerToken), DbErr> {
        let secret = Secret::generate(&self.token_prefix, &mut *self.rng.lock());
        let now = self.clock.now();
        let (tokenable_type, _, number) = self.rules.tokenable(person);
        let zone = self.rules.zone();
        let created_at = Some(zone.write(now));
        // Such a token is judged by its age all the same.
        let storable = |at: &Timestamp| self.db.backend != DbBackend::MySql || *at < MYSQL_ENDS;
        let expires_at = expires_at.or_else(|| self.rules.default_expiry(now).filter(storable));
        let row = tokens::ActiveModel {
            tokenable_type: Set(tokenable_type.to_owned()),
            tokenable_id: Set(RowId(number)),
            name: Set(name.to_owned()),
            token: Set(secret.hash().as_str().to_owned()),
            abilities: Set(Some(abilities.to_json())),
            expires_at: Set(expires_at.map(|at| zone.write(at))),
            created_at: Set(created_at),
            updated_at: Set(created_at),
            ..Default::default()
        };
        let id = tokens::Entity::insert(row).exec(db).await?.last_insert_id.0;
        Ok((id, secret.into_token(id)))
    }

    /// Ends all of a person's tokens and says which they were.
    pub(super) async fn end_all_tokens(
        &self,
        db: &impl ConnectionTrait,
        person: PersonId,
    ) -> Result<Vec<i64>, DbErr> {
        let (_, types, number) = self.rules.tokenable(person);
        let ids: Vec<RowId> = tokens::Entity::find()
            .select_only()
            .column(tokens::Column::Id)
            .filter(tokens::Column::TokenableType.is_in(types.iter().copied()))
            .filter(tokens::Column::TokenableId.eq(number))
            .into_tuple()
            .all(db)
            .await?;
        tokens::Entity::delete_many()
            .filter(tokens::Column::TokenableType.is_in(types))
            .filter(tokens::Column::TokenableId.eq(number))
            .exec(db)
            .await?;
        Ok(ids.into_iter().map(|id| id.0).collect())
    }
}
