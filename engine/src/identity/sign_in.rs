//! Getting a token with an account: registering and signing in.

use std::net::IpAddr;

use sea_orm::sea_query::{Expr, ExprTrait, Func};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect,
    SqlErr,
};

use super::audit::{Action, Entry};
use super::error::FieldErrors;
use super::password::Password;
use super::token::Abilities;
use super::validate::{NewAccount, email_problem, is_same_email, name_problem, stored_email};
use super::{Identity, IdentityError, Inner};
use crate::clock::Timestamp;
use crate::ids::PersonId;
use crate::limits::{Attempts, limited_address};
use crate::protocol::{BearerToken, Person, Role};
use crate::store::RowId;
use crate::store::entities::users;

/// The window in which failed sign-ins and arrivals are counted.
pub(super) const WINDOW_MS: i64 = 60_000;
/// How many emails, and how many addresses, are remembered at once.
pub(super) const REMEMBERED: usize = 10_000;
/// What the token is called that comes with a registration or a guest.
pub(super) const FIRST_DEVICE: &str = "web";
const EMAIL_TAKEN: &str = "The email has already been taken.";

/// A token just made: the only time that its text is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// To be handed to its owner and forgotten.
    pub token: BearerToken,
    /// Its row.
    pub token_id: i64,
    /// Its owner.
    pub person: Person,
}

/// An attempt to sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// As typed.
    pub email: String,
    /// As typed.
    pub password: Password,
    /// What the list of devices is to call the token.
    pub device_name: String,
    /// Where the request comes from.
    pub address: IpAddr,
}

/// Counts failed sign-ins.
#[derive(Debug)]
pub(super) struct Throttle {
    by_account: Attempts<(String, IpAddr)>,
    by_address: Attempts<IpAddr>,
}

impl Throttle {
    pub fn new(by_account: u32, by_address: u32) -> Self {
        Self {
            by_account: Attempts::new(by_account, WINDOW_MS, REMEMBERED),
            by_address: Attempts::new(by_address, WINDOW_MS, REMEMBERED),
        }
    }

    fn begin(&mut self, key: &(String, IpAddr), now: Timestamp) -> Result<(), IdentityError> {
        let throttled = |retry_after_s| IdentityError::Throttled { retry_after_s };
        self.by_account.begin(key, now).map_err(throttled)?;
        self.by_address.begin(&key.1, now).map_err(|retry_after_s| {
            self.by_account.forgive(key);
            throttled(retry_after_s)
        })
    }

    fn succeeded(&mut self, key: &(String, IpAddr)) {
        self.by_account.clear(key);
        // Not cleared: whoever has one account could otherwise try others for ever.
        self.by_address.forgive(&key.1);
    }

    fn not_tried(&mut self, key: &(String, IpAddr)) {
        self.by_account.forgive(key);
        self.by_address.forgive(&key.1);
    }
}

impl Identity {
    /// Makes an account for whoever asks, and a first token.
    ///
    /// Emails are stored in lower case, and one that differs from an existing one only in case counts as taken.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`] when registration is off; [`IdentityError::Invalid`]; [`IdentityError::Busy`];
    /// [`IdentityError::Database`].
    pub async fn register(&self, account: NewAccount) -> Result<Issued, IdentityError> {
        if !self.0.registration {
            return Err(IdentityError::Forbidden("registration is switched off here"));
        }
        let prepared = self.0.prepare(account).await?;
        let tx = self.0.db.begin().await?;
        let person = self.0.insert_user(&tx, prepared).await?;
        let (token_id, token) =
            self.0.insert_token(&tx, person.id, FIRST_DEVICE, &Abilities::all(), None).await?;
        Entry::new(Action::Registered).by(person.id).to(person.id).write(&tx, self.0.clock.now()).await?;
        tx.commit().await?;
        Ok(Issued { token, token_id, person })
    }

    /// Makes an account on behalf of an admin or the command line: also when registration is off, and without a token.
    ///
    /// # Errors
    /// [`IdentityError::Invalid`]; [`IdentityError::Busy`]; [`IdentityError::Database`].
    pub async fn create_user(
        &self,
        by: Option<PersonId>,
        account: NewAccount,
    ) -> Result<Person, IdentityError> {
        let prepared = self.0.prepare(account).await?;
        let tx = self.0.db.begin().await?;
        let person = self.0.insert_user(&tx, prepared).await?;
        Entry::new(Action::Registered).by(by).to(person.id).write(&tx, self.0.clock.now()).await?;
        tx.commit().await?;
        Ok(person)
    }

    /// Signs in with email and password. The email is looked up as typed and in lower case: both find it by the index.
    ///
    /// # Errors
    /// [`IdentityError::Throttled`] before any work is done; [`IdentityError::WrongCredentials`] after the same work
    /// whether the email is known or not; [`IdentityError::Forbidden`] for a disabled person who knows the password;
    /// [`IdentityError::Invalid`] for missing fields; [`IdentityError::Busy`]; [`IdentityError::Database`].
    pub async fn login(&self, login: Login) -> Result<Issued, IdentityError> {
        let email = login.email.trim();
        let mut errors = FieldErrors::default();
        if email.is_empty() {
            errors.add("email", "The email field is required.");
        } else if email.chars().nth(255).is_some() {
            errors.add("email", "The email field must not be greater than 255 characters.");
        }
        if login.password.0.is_empty() {
            errors.add("password", "The password field is required.");
        }
        errors.into_result()?;
        let device = device_name(&login.device_name)?;
        let key = (stored_email(email), limited_address(login.address));
        self.0.throttle.lock().begin(&key, self.0.clock.now())?;
        let (known, right) = match self.0.check(email, &login.password).await {
            Ok(answer) => answer,
            Err(error) => {
                self.0.throttle.lock().not_tried(&key);
                return Err(error);
            }
        };
        let Some(user) = known.as_ref().filter(|_| right) else {
            self.0.note_failure(known.as_ref(), &key.0, login.address, "wrong credentials").await;
            return Err(IdentityError::WrongCredentials);
        };
        self.0.throttle.lock().succeeded(&key);
        let Some(role) = self.0.enabled_role(user.id).await? else {
            self.0.note_failure(Some(user), &key.0, login.address, "disabled").await;
            return Err(IdentityError::Forbidden("this account is disabled"));
        };
        let person = Person { id: PersonId::User(user.id), role, name: user.name.clone() };
        let tx = self.0.db.begin().await?;
        let (token_id, token) = self.0.insert_token(&tx, person.id, &device, &Abilities::all(), None).await?;
        let entry = Entry::new(Action::SignedIn).by(person.id).to(person.id).from(login.address);
        entry.detail(format!("token {token_id}")).write(&tx, self.0.clock.now()).await?;
        tx.commit().await?;
        Ok(Issued { token, token_id, person })
    }
}

/// An account with its hash, ready to be stored.
pub(super) struct PreparedAccount {
    name: String,
    email: String,
    hash: String,
}

/// What signing in needs to know of a user.
struct Credentials {
    id: i64,
    name: String,
    hash: String,
}

impl Inner {
    /// Checks what was entered and hashes the password.
    pub(super) async fn prepare(&self, account: NewAccount) -> Result<PreparedAccount, IdentityError> {
        let NewAccount { name, email, password } = account.checked()?;
        // An application may have stored it in any case; only here is a look at every row worth it.
        let lower = Expr::expr(Func::lower(Expr::col(users::Column::Email)));
        let taken = users::Entity::find().filter(lower.eq(email.clone())).count(&self.db.read).await?;
        if taken > 0 {
            return Err(IdentityError::invalid("email", EMAIL_TAKEN));
        }
        let hash = self.passwords.hash(&password, self.random()).await?;
        Ok(PreparedAccount { name, email, hash })
    }

    /// Adds the row. Two at once with one email: the unique key lets the first in.
    pub(super) async fn insert_user(
        &self,
        db: &impl ConnectionTrait,
        account: PreparedAccount,
    ) -> Result<Person, IdentityError> {
        let now = Some(self.rules.zone().write(self.clock.now()));
        let row = users::ActiveModel {
            name: Set(account.name.clone()),
            email: Set(account.email),
            password: Set(account.hash),
            created_at: Set(now),
            updated_at: Set(now),
            ..Default::default()
        };
        match users::Entity::insert(row).exec(db).await {
            Ok(inserted) => Ok(Person {
                id: PersonId::User(inserted.last_insert_id.0),
                role: Role::Visitor,
                name: account.name,
            }),
            Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
                Err(IdentityError::invalid("email", EMAIL_TAKEN))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Who has this email, and whether the password is theirs; for nobody the same work is done.
    async fn check(
        &self,
        email: &str,
        password: &Password,
    ) -> Result<(Option<Credentials>, bool), IdentityError> {
        // PostgreSQL takes no NUL, and nobody's email has one.
        let typed = email.replace('\0', " ");
        let found: Vec<(RowId, String, String, String)> = users::Entity::find()
            .select_only()
            .columns([users::Column::Id, users::Column::Name, users::Column::Email, users::Column::Password])
            .filter(users::Column::Email.is_in([typed.clone(), stored_email(&typed)]))
            .into_tuple()
            .all(&self.db.read)
            .await?;
        let same = found.into_iter().filter(|(_, _, stored, _)| is_same_email(stored, &typed));
        let best = same.max_by_key(|(_, _, stored, _)| stored == email);
        let known = best.map(|(id, name, _, hash)| Credentials { id: id.0, name, hash });
        let right = self.passwords.verify(password, known.as_ref().map(|user| user.hash.as_str())).await?;
        Ok((known, right))
    }

    /// Puts a failure on record. What was typed stands there only if it looks like an email: it may be a password.
    async fn note_failure(&self, known: Option<&Credentials>, email: &str, address: IpAddr, why: &str) {
        let email = if email_problem(email).is_none() { email } else { "(no email)" };
        let entry = Entry::new(Action::SignInFailed)
            .to(known.map(|user| PersonId::User(user.id)))
            .from(address)
            .detail(format!("{why}: {email}"));
        if let Err(error) = entry.write(&self.db.write, self.clock.now()).await {
            tracing::warn!(%error, %address, "a failed sign-in was not put on record");
        }
    }
}

/// A device's name in its stored form.
pub(super) fn device_name(name: &str) -> Result<String, IdentityError> {
    let name = name.trim();
    let problem = if name.is_empty() {
        "The device name field is required."
    } else if name_problem(name).is_some() {
        "The device name field must be 1 to 255 characters without control characters."
    } else {
        return Ok(name.to_owned());
    };
    Err(IdentityError::invalid("device_name", problem))
}
