//! People without an account, and how they come to one.

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use super::audit::{Action, Entry};
use super::sign_in::{FIRST_DEVICE, Issued};
use super::token::Abilities;
use super::validate::name_problem;
use super::{Identity, IdentityError};
use crate::ids::PersonId;
use crate::protocol::{BearerToken, Person, Role};
use crate::store::entities::chat_guests as guests;

impl Identity {
    /// Lets somebody in without an account. Guests without a name are called after their number.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`] when guests are switched off; [`IdentityError::Invalid`]; [`IdentityError::Database`].
    pub async fn guest(&self, name: Option<&str>) -> Result<Issued, IdentityError> {
        if !self.0.guests {
            return Err(IdentityError::Forbidden("guests are switched off here"));
        }
        let name = name.map(str::trim).filter(|name| !name.is_empty());
        if let Some(sentence) = name.and_then(name_problem) {
            return Err(IdentityError::invalid("name", sentence));
        }
        let tx = self.0.db.begin().await?;
        let row = guests::ActiveModel {
            name: Set(name.unwrap_or("Guest").to_owned()),
            created_at: Set(self.0.clock.now().millis()),
            ..Default::default()
        };
        let id = guests::Entity::insert(row).exec(&tx).await?.last_insert_id;
        let name = match name {
            Some(name) => name.to_owned(),
            None => {
                let name = format!("Guest {id}");
                guests::Entity::update_many()
                    .col_expr(guests::Column::Name, Expr::value(name.clone()))
                    .filter(guests::Column::Id.eq(id))
                    .exec(&tx)
                    .await?;
                name
            }
        };
        let guest = PersonId::Guest(id);
        let (token_id, token) =
            self.0.insert_token(&tx, guest, FIRST_DEVICE, &Abilities::all(), None).await?;
        tx.commit().await?;
        Ok(Issued { token, token_id, person: Person { id: guest, role: Role::Visitor, name } })
    }

    /// The guest whose token this is becomes this user, once and for all: its tokens end. `None` when the token is of no
    /// guest, or of one who became somebody already. The caller moves the conversations of the guest that comes back; they
    /// are found again by [`Identity::guests_of`] should it not get to it.
    ///
    /// # Errors
    /// [`IdentityError::Database`].
    pub async fn merge_guest(
        &self,
        guest_token: &BearerToken,
        user: PersonId,
    ) -> Result<Option<PersonId>, IdentityError> {
        let PersonId::User(user_id) = user else { return Ok(None) };
        let guest = match self.authenticate(guest_token).await {
            Ok(signed_in) => signed_in.person.id,
            Err(IdentityError::Unauthorized) => return Ok(None),
            Err(error) => return Err(error),
        };
        let PersonId::Guest(guest_id) = guest else { return Ok(None) };
        let tx = self.0.db.begin().await?;
        let merged = guests::Entity::update_many()
            .col_expr(guests::Column::MergedInto, Expr::value(user_id))
            .filter(guests::Column::Id.eq(guest_id))
            .filter(guests::Column::MergedInto.is_null())
            .exec(&tx)
            .await?;
        if merged.rows_affected == 0 {
            return Ok(None);
        }
        self.0.end_all_tokens(&tx, guest).await?;
        Entry::new(Action::GuestMerged).by(user).to(guest).write(&tx, self.0.clock.now()).await?;
        tx.commit().await?;
        Ok(Some(guest))
    }

    /// The guests who became this user, the earliest first.
    ///
    /// # Errors
    /// [`IdentityError::Database`].
    pub async fn guests_of(&self, user: PersonId) -> Result<Vec<PersonId>, IdentityError> {
        let PersonId::User(user_id) = user else { return Ok(Vec::new()) };
        let rows = guests::Entity::find()
            .filter(guests::Column::MergedInto.eq(user_id))
            .all(&self.0.db.read)
            .await?;
        let mut ids: Vec<_> = rows.into_iter().map(|row| PersonId::Guest(row.id)).collect();
        ids.sort();
        Ok(ids)
    }
}
