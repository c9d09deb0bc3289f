//! Looking people up.

use std::collections::HashMap;

use sea_orm::sea_query::{
    Condition, Expr, ExprTrait, Func, LikeExpr, NullOrdering, Order, Query, SelectStatement,
};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryResult};

use super::authenticate::BATCH;
use super::validate::{is_same_email, stored_email};
use super::zoneless::Zone;
use super::{Identity, IdentityError, Inner};
use crate::clock::Timestamp;
use crate::ids::PersonId;
use crate::protocol::{Person, Role};
use crate::store::entities::{
    chat_guests as guests, chat_people as people, personal_access_tokens as tokens, users,
};
use crate::store::{RowId, WallTime};

const LAST_SEEN: &str = "last_seen";

/// A user as the panel and the command line see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Who, in which role.
    pub person: Person,
    /// Signs in with it.
    pub email: String,
    /// Since when the person may not come in.
    pub disabled_at: Option<Timestamp>,
    /// When the account was made.
    pub created_at: Option<Timestamp>,
}

/// Which users to list; what is not said does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PeopleFilter {
    /// Stands somewhere in name or email. Case does not matter (on SQLite: in ASCII letters).
    pub text: Option<String>,
    /// Only this role.
    pub role: Option<Role>,
    /// Only disabled, or only enabled ones.
    pub disabled: Option<bool>,
    /// Only these.
    pub ids: Option<Vec<PersonId>>,
}

/// By what to sort users. Equal ones stand by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "the columns by their names")]
pub enum PeopleSort {
    #[default]
    Id,
    Name,
    Email,
    Role,
    CreatedAt,
}

/// A role by its name in the table; what has no meaning gives no rights.
pub(super) fn role_named(name: &str) -> Role {
    match name {
        "manager" => Role::Manager,
        "admin" => Role::Admin,
        _ => Role::Visitor,
    }
}

impl Identity {
    /// Who this is, disabled or not.
    ///
    /// # Errors
    /// [`IdentityError::Database`].
    pub async fn person(&self, id: PersonId) -> Result<Option<Person>, IdentityError> {
        match id {
            PersonId::User(_) => Ok(self.account(id).await?.map(|account| account.person)),
            PersonId::Guest(guest) => {
                let row = guests::Entity::find_by_id(guest).one(&self.0.db.read).await?;
                Ok(row.map(|row| Person { id, role: Role::Visitor, name: row.name }))
            }
        }
    }

    /// A user with all that is known; `None` for guests, too.
    ///
    /// # Errors
    /// [`IdentityError::Database`].
    pub async fn account(&self, id: PersonId) -> Result<Option<Account>, IdentityError> {
        let PersonId::User(id) = id else { return Ok(None) };
        let only = Condition::all().add(Expr::col((users::Entity, users::Column::Id)).eq(id));
        Ok(self.0.accounts(accounts(only)).await?.into_iter().next())
    }

    /// The user who has this email, as written or in lower case.
    ///
    /// # Errors
    /// [`IdentityError::Database`].
    pub async fn user_by_email(&self, email: &str) -> Result<Option<Account>, IdentityError> {
        let email = email.trim();
        let spellings = [email.to_owned(), stored_email(email)];
        let only = Condition::all().add(Expr::col((users::Entity, users::Column::Email)).is_in(spellings));
        let found = self.0.accounts(accounts(only)).await?;
        let same = found.into_iter().filter(|account| is_same_email(&account.email, email));
        Ok(same.max_by_key(|account| account.email == email))
    }

    /// Everybody to whom a conversation may be given: enabled managers and admins, by name.
    ///
    /// # Errors
    /// [`IdentityError::Database`].
    pub async fn managers(&self) -> Result<Vec<Person>, IdentityError> {
        let staff = Condition::all()
            .add(Expr::col((people::Entity, people::Column::Role)).is_in(["manager", "admin"]))
            .add(Expr::col((people::Entity, people::Column::DisabledAt)).is_null());
        let mut select = accounts(staff);
        select.order_by((users::Entity, users::Column::Name), Order::Asc);
        select.order_by((users::Entity, users::Column::Id), Order::Asc);
        Ok(self.0.accounts(select).await?.into_iter().map(|account| account.person).collect())
    }

    /// When each of these users was last here: the newest use of any token that they still have. Who never was is left out.
    ///
    /// # Errors
    /// [`IdentityError::Database`].
    pub async fn last_seen(&self, ids: &[PersonId]) -> Result<HashMap<PersonId, Timestamp>, IdentityError> {
        let mut seen = HashMap::with_capacity(ids.len());
        let (rules, db) = (&self.0.rules, &self.0.db);
        for users in user_numbers(ids).chunks(BATCH) {
            let select = Query::select()
                .column(tokens::Column::TokenableId)
                .expr_as(Expr::col(tokens::Column::LastUsedAt).max(), LAST_SEEN)
                .from(tokens::Entity)
                .and_where(Expr::col(tokens::Column::TokenableType).is_in(rules.user_types()))
                .and_where(Expr::col(tokens::Column::TokenableId).is_in(users.iter().copied()))
                .group_by_col(tokens::Column::TokenableId)
                .take();
            for row in db.read.query_all(&select).await? {
                // A time that cannot be read is no reason to hide the account.
                let at: Option<WallTime> = row.try_get("", LAST_SEEN).unwrap_or(None);
                let Some(at) = at.and_then(|at| rules.zone().read(at)) else { continue };
                seen.insert(PersonId::User(row.try_get::<RowId>("", "tokenable_id")?.0), at);
            }
        }
        Ok(seen)
    }

    /// One page of the users, and how many there are in all.
    ///
    /// # Errors
    /// [`IdentityError::Database`].
    pub async fn people(
        &self,
        filter: &PeopleFilter,
        sort: PeopleSort,
        descending: bool,
        offset: u64,
        limit: u64,
    ) -> Result<(Vec<Account>, u64), IdentityError> {
        let condition = condition(filter);
        let mut count = accounts(condition.clone());
        count.clear_selects().expr_as(Expr::col((users::Entity, users::Column::Id)).count(), "total");
        let row = self.0.db.read.query_one(&count).await?;
        let total: i64 = row.map(|row| row.try_get("", "total")).transpose()?.unwrap_or(0);

        let order = if descending { Order::Desc } else { Order::Asc };
        let mut select = accounts(condition);
        match sort {
            PeopleSort::Id => {}
            PeopleSort::Name => {
                select.order_by((users::Entity, users::Column::Name), order.clone());
            }
            PeopleSort::Email => {
                select.order_by((users::Entity, users::Column::Email), order.clone());
            }
            PeopleSort::CreatedAt => {
                select.order_by_with_nulls(
                    (users::Entity, users::Column::CreatedAt),
                    order.clone(),
                    NullOrdering::Last,
                );
            }
            PeopleSort::Role => {
                let role = Expr::col((people::Entity, people::Column::Role));
                select.order_by_expr(Func::coalesce([role, Expr::value("visitor")]).into(), order.clone());
            }
        }
        select.order_by((users::Entity, users::Column::Id), order).offset(offset).limit(limit);
        Ok((self.0.accounts(select).await?, u64::try_from(total).unwrap_or(0)))
    }
}

impl Inner {
    async fn accounts(&self, select: SelectStatement) -> Result<Vec<Account>, DbErr> {
        let rows = self.db.read.query_all(&select).await?;
        rows.iter().map(|row| account(row, self.rules.zone())).collect()
    }

    /// In which role a user may come in; `None` for a disabled one.
    pub(super) async fn enabled_role(&self, user: i64) -> Result<Option<Role>, DbErr> {
        let row = people::Entity::find().filter(people::Column::UserId.eq(user)).one(&self.db.read).await?;
        Ok(match row {
            None => Some(Role::Visitor),
            Some(row) if row.disabled_at.is_none() => Some(role_named(&row.role)),
            Some(_) => None,
        })
    }
}

fn user_numbers(ids: &[PersonId]) -> Vec<i64> {
    let number = |id: &PersonId| if let PersonId::User(number) = id { Some(*number) } else { None };
    ids.iter().filter_map(number).collect()
}

fn accounts(only: Condition) -> SelectStatement {
    Query::select()
        .columns([
            (users::Entity, users::Column::Id),
            (users::Entity, users::Column::Name),
            (users::Entity, users::Column::Email),
            (users::Entity, users::Column::CreatedAt),
        ])
        .columns([(people::Entity, people::Column::Role), (people::Entity, people::Column::DisabledAt)])
        .from(users::Entity)
        .left_join(
            people::Entity,
            Expr::col((people::Entity, people::Column::UserId)).equals((users::Entity, users::Column::Id)),
        )
        .cond_where(only)
        .take()
}

fn account(row: &QueryResult, zone: &Zone) -> Result<Account, DbErr> {
    let role: Option<String> = row.try_get("", "role")?;
    let disabled_at: Option<i64> = row.try_get("", "disabled_at")?;
    // A time that cannot be read is no reason to hide the account.
    let created_at: Option<WallTime> = row.try_get("", "created_at").unwrap_or(None);
    Ok(Account {
        person: Person {
            id: PersonId::User(row.try_get::<RowId>("", "id")?.0),
            role: role.as_deref().map_or(Role::Visitor, role_named),
            name: row.try_get("", "name")?,
        },
        email: row.try_get("", "email")?,
        disabled_at: disabled_at.map(Timestamp::from_millis),
        created_at: created_at.and_then(|at| zone.read(at)),
    })
}

fn condition(filter: &PeopleFilter) -> Condition {
    let role = || Expr::col((people::Entity, people::Column::Role));
    let disabled_at = Expr::col((people::Entity, people::Column::DisabledAt));
    let mut all = Condition::all();
    if let Some(text) = filter.text.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        // `!` and not a backslash, which MySQL would want doubled.
        let escaped = text.replace('\0', " ").replace('!', "!!").replace('%', "!%").replace('_', "!_");
        let like = |text: &str| LikeExpr::new(format!("%{text}%")).escape('!');
        let mut any = Condition::any();
        for column in [users::Column::Name, users::Column::Email] {
            let column = Expr::col((users::Entity, column));
            any = any
                .add(column.clone().like(like(&escaped)))
                .add(Expr::expr(Func::lower(column)).like(like(&escaped.to_lowercase())));
        }
        all = all.add(any);
    }
    match filter.role {
        None => {}
        Some(wanted @ (Role::Manager | Role::Admin)) => all = all.add(role().eq(wanted.as_str())),
        Some(Role::Visitor) => {
            let visitors = Condition::any().add(role().is_null()).add(role().is_not_in(["manager", "admin"]));
            all = all.add(visitors);
        }
        // Nobody's.
        Some(Role::System) => all = all.add(Expr::value(1).eq(0)),
    }
    match filter.disabled {
        None => {}
        Some(true) => all = all.add(disabled_at.is_not_null()),
        Some(false) => all = all.add(disabled_at.is_null()),
    }
    if let Some(ids) = &filter.ids {
        all = all.add(Expr::col((users::Entity, users::Column::Id)).is_in(user_numbers(ids)));
    }
    all
}
