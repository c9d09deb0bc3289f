//! Changing what people may do, and their passwords.

use rand::distr::{Alphanumeric, SampleString};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, PaginatorTrait,
    QueryFilter, QuerySelect,
};

use super::audit::{Action, Entry};
use super::password::{self, Password};
use super::validate::{NewAccount, stored_email};
use super::{Identity, IdentityError, Inner};
use crate::ids::{ConversationId, PersonId};
use crate::protocol::Role;
use crate::store::RowId;
use crate::store::entities::{chat_guests as guests, chat_people as people, users};

/// Who administrates when nobody is named.
const DEFAULT_ADMIN: &str = "admin@localhost";
/// The length of a generated password: 119 bits.
const GENERATED_CHARS: usize = 20;

/// The administrator made at the first start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstAdmin {
    /// Signs in with it.
    pub email: String,
    /// To be shown once, when none was given.
    pub generated_password: Option<Password>,
}

impl Identity {
    /// Puts on record that a conversation went from one manager to another.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn record_transfer(
        &self,
        conversation: ConversationId,
        from: PersonId,
        to: PersonId,
    ) -> Result<(), IdentityError> {
        let entry = Entry::new(Action::TookOver).by(to).to(from).detail(conversation.to_string());
        Ok(entry.write(&self.0.db.write, self.0.clock.now()).await?)
    }

    /// Gives a user another role. `by` is the admin who does it, or nobody on the command line; whether they may is the
    /// caller's to check.
    ///
    /// # Errors
    /// As of [`Identity::change_person`].
    pub async fn set_role(
        &self,
        by: Option<PersonId>,
        person: PersonId,
        role: Role,
    ) -> Result<(), IdentityError> {
        self.change_person(by, person, Some(role), None).await
    }

    /// Keeps a user or a guest out, or lets them in again. Their tokens stay, good for nothing while they are disabled.
    ///
    /// # Errors
    /// As of [`Identity::change_person`].
    pub async fn set_disabled(
        &self,
        by: Option<PersonId>,
        person: PersonId,
        disabled: bool,
    ) -> Result<(), IdentityError> {
        self.change_person(by, person, None, Some(disabled)).await
    }

    /// Role and admission together: both change, or neither. What is `None` stays.
    ///
    /// # Errors
    /// [`IdentityError::NotFound`]; [`IdentityError::Invalid`] for a guest's role or the role `system`;
    /// [`IdentityError::Conflict`] when no enabled admin would be left; [`IdentityError::Database`].
    pub async fn change_person(
        &self,
        by: Option<PersonId>,
        person: PersonId,
        role: Option<Role>,
        disabled: Option<bool>,
    ) -> Result<(), IdentityError> {
        let tx = self.0.db.begin().await?;
        if let Some(role) = role {
            self.0.change_role(&tx, by, person, role).await?;
        }
        if let Some(disabled) = disabled {
            self.0.change_admission(&tx, by, person, disabled).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Gives a user another password and ends all their tokens, Laravel's remembered browsers too. Says which tokens.
    ///
    /// # Errors
    /// [`IdentityError::NotFound`] for guests, too; [`IdentityError::Invalid`]; [`IdentityError::Busy`];
    /// [`IdentityError::Database`].
    pub async fn set_password(
        &self,
        by: Option<PersonId>,
        person: PersonId,
        password: &Password,
    ) -> Result<Vec<i64>, IdentityError> {
        let PersonId::User(user) = person else { return Err(IdentityError::NotFound) };
        if let Some(sentence) = password::problem(password) {
            return Err(IdentityError::invalid("password", sentence));
        }
        let hash = self.0.passwords.hash(password, self.0.random()).await?;
        let now = self.0.clock.now();
        let tx = self.0.db.begin().await?;
        require_user(&tx, user).await?;
        users::Entity::update_many()
            .col_expr(users::Column::Password, Expr::value(hash))
            .col_expr(users::Column::RememberToken, Expr::value(None::<String>))
            .col_expr(users::Column::UpdatedAt, Expr::value(self.0.rules.zone().write(now)))
            .filter(users::Column::Id.eq(user))
            .exec(&tx)
            .await?;
        let ended = self.0.end_all_tokens(&tx, person).await?;
        Entry::new(Action::PasswordChanged).by(by).to(person).write(&tx, now).await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// Makes an admin if there is none who could sign in; `None` when there is one.
    ///
    /// A given email that is a user's already makes that user admin, with the password they have. Without one the account
    /// is `admin@localhost`, which is never taken over: whoever registered it first would be admin.
    ///
    /// # Errors
    /// [`IdentityError::Invalid`] for an email or password that breaks the rules; [`IdentityError::Conflict`] when
    /// `admin@localhost` is taken; [`IdentityError::Database`].
    pub async fn ensure_first_admin(
        &self,
        email: Option<&str>,
        password: Option<&Password>,
    ) -> Result<Option<FirstAdmin>, IdentityError> {
        if !enabled_admins(&self.0.db.read).await?.is_empty() {
            return Ok(None);
        }
        let made = self.make_first_admin(email, password).await;
        // What stood in the way may be another node that was starting, too, and was first.
        let in_the_way = matches!(made, Err(IdentityError::Invalid(_) | IdentityError::Conflict(_)));
        if in_the_way && !enabled_admins(&self.0.db.read).await?.is_empty() {
            return Ok(None);
        }
        made
    }

    async fn make_first_admin(
        &self,
        email: Option<&str>,
        password: Option<&Password>,
    ) -> Result<Option<FirstAdmin>, IdentityError> {
        let existing = self.user_by_email(email.unwrap_or(DEFAULT_ADMIN)).await?;
        if let Some(account) = existing {
            if email.is_none() {
                return Err(IdentityError::Conflict(
                    "there is no admin, and admin@localhost is taken: name one in OTVET_ADMIN_EMAIL",
                ));
            }
            if account.disabled_at.is_some() {
                return Err(IdentityError::Conflict(
                    "there is no admin, and the one in OTVET_ADMIN_EMAIL is disabled",
                ));
            }
            let tx = self.0.db.begin().await?;
            if !enabled_admins(&tx).await?.is_empty() {
                return Ok(None);
            }
            self.0.promote(&tx, account.person.id).await?;
            tx.commit().await?;
            return Ok(Some(FirstAdmin { email: account.email, generated_password: None }));
        }
        let (password, generated_password) = match password {
            Some(given) => (given.clone(), None),
            None => {
                let made = Password(Alphanumeric.sample_string(&mut *self.0.rng.lock(), GENERATED_CHARS));
                (made.clone(), Some(made))
            }
        };
        let email = email.unwrap_or(DEFAULT_ADMIN).to_owned();
        let account = NewAccount { name: "Admin".to_owned(), email: email.clone(), password };
        let prepared = self.0.prepare(account).await?;
        let tx = self.0.db.begin().await?;
        let person = self.0.insert_user(&tx, prepared).await?;
        self.0.promote(&tx, person.id).await?;
        tx.commit().await?;
        Ok(Some(FirstAdmin { email: stored_email(&email), generated_password }))
    }
}

impl Inner {
    async fn change_role(
        &self,
        tx: &DatabaseTransaction,
        by: Option<PersonId>,
        person: PersonId,
        role: Role,
    ) -> Result<(), IdentityError> {
        let PersonId::User(user) = person else {
            return Err(IdentityError::invalid("role", "A guest cannot have a role."));
        };
        if role == Role::System {
            return Err(IdentityError::invalid("role", "The selected role is invalid."));
        }
        require_user(tx, user).await?;
        if role != Role::Admin {
            require_other_admin(tx, user).await?;
        }
        put_role(tx, user, role).await?;
        let entry = Entry::new(Action::RoleChanged).by(by).to(person).detail(role.as_str());
        Ok(entry.write(tx, self.clock.now()).await?)
    }

    async fn change_admission(
        &self,
        tx: &DatabaseTransaction,
        by: Option<PersonId>,
        person: PersonId,
        disabled: bool,
    ) -> Result<(), IdentityError> {
        let now = self.clock.now();
        let disabled_at = disabled.then(|| now.millis());
        match person {
            PersonId::User(user) => {
                require_user(tx, user).await?;
                if disabled {
                    require_other_admin(tx, user).await?;
                }
                let row = people::ActiveModel {
                    user_id: Set(user),
                    role: Set(Role::Visitor.as_str().to_owned()),
                    disabled_at: Set(disabled_at),
                };
                let update = OnConflict::column(people::Column::UserId)
                    .update_column(people::Column::DisabledAt)
                    .to_owned();
                people::Entity::insert(row).on_conflict(update).exec_without_returning(tx).await?;
            }
            PersonId::Guest(guest) => {
                let updated = guests::Entity::update_many()
                    .col_expr(guests::Column::DisabledAt, Expr::value(disabled_at))
                    .filter(guests::Column::Id.eq(guest))
                    .exec(tx)
                    .await?;
                if updated.rows_affected == 0 && guests::Entity::find_by_id(guest).one(tx).await?.is_none() {
                    return Err(IdentityError::NotFound);
                }
            }
        }
        let action = if disabled { Action::Disabled } else { Action::Enabled };
        Ok(Entry::new(action).by(by).to(person).write(tx, now).await?)
    }

    async fn promote(&self, tx: &DatabaseTransaction, person: PersonId) -> Result<(), DbErr> {
        let PersonId::User(user) = person else { return Ok(()) };
        put_role(tx, user, Role::Admin).await?;
        Entry::new(Action::FirstAdmin).to(person).write(tx, self.clock.now()).await
    }
}

async fn require_user(tx: &DatabaseTransaction, user: i64) -> Result<(), IdentityError> {
    let found = users::Entity::find().filter(users::Column::Id.eq(user)).count(tx).await?;
    if found == 0 { Err(IdentityError::NotFound) } else { Ok(()) }
}

/// The users who are admins and may sign in.
async fn enabled_admins(db: &impl ConnectionTrait) -> Result<Vec<i64>, DbErr> {
    let admins: Vec<i64> = people::Entity::find()
        .select_only()
        .column(people::Column::UserId)
        .filter(people::Column::Role.eq(Role::Admin.as_str()))
        .filter(people::Column::DisabledAt.is_null())
        // Within a transaction two admins cannot depose each other at once; SQLite has one writer anyway.
        .lock_exclusive()
        .into_tuple()
        .all(db)
        .await?;
    // Laravel deletes users without asking us.
    let existing: Vec<RowId> = users::Entity::find()
        .select_only()
        .column(users::Column::Id)
        .filter(users::Column::Id.is_in(admins))
        .into_tuple()
        .all(db)
        .await?;
    Ok(existing.into_iter().map(|id| id.0).collect())
}

async fn require_other_admin(tx: &DatabaseTransaction, user: i64) -> Result<(), IdentityError> {
    if enabled_admins(tx).await? == [user] {
        return Err(IdentityError::Conflict("this is the last admin"));
    }
    Ok(())
}

async fn put_role(tx: &DatabaseTransaction, user: i64, role: Role) -> Result<(), DbErr> {
    let row = people::ActiveModel {
        user_id: Set(user),
        role: Set(role.as_str().to_owned()),
        disabled_at: Set(None),
    };
    let update = OnConflict::column(people::Column::UserId).update_column(people::Column::Role).to_owned();
    people::Entity::insert(row).on_conflict(update).exec_without_returning(tx).await?;
    Ok(())
}
