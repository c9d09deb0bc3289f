//! One row of `personal_access_tokens` together with whoever it may belong to, and the rules by which it is good.

use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{ConnectionTrait, DbErr, QueryResult};

use super::people::role_named;
use super::zoneless::Zone;
use crate::clock::Timestamp;
use crate::ids::PersonId;
use crate::protocol::{Person, Role};
use crate::store::entities::{
    chat_guests as guests, chat_people as people, personal_access_tokens as tokens, users,
};
use crate::store::{RowId, WallTime};

/// The type of our guests' tokens. No class of PHP bears it, so Laravel refuses them.
pub(super) const GUEST_TYPE: &str = r"Otvet\Guest";

/// A timestamp of Laravel's. What cannot be read must fail one token, not the query of five hundred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stamp {
    Null,
    At(WallTime),
    Unreadable,
}

/// A token and its possible owners. Joined by number only: which of them is meant, the type says.
#[derive(Debug, Clone)]
pub(super) struct TokenRow {
    pub id: i64,
    pub hash: String,
    pub name: String,
    pub abilities: Option<String>,
    tokenable_type: String,
    tokenable_id: i64,
    last_used_at: Stamp,
    expires_at: Stamp,
    created_at: Stamp,
    user: Option<User>,
    guest: Option<Guest>,
}

#[derive(Debug, Clone)]
struct User {
    name: String,
    role: Option<String>,
    disabled: bool,
}

#[derive(Debug, Clone)]
struct Guest {
    name: String,
    gone: bool,
}

impl TokenRow {
    /// The statement without a condition.
    pub fn select() -> SelectStatement {
        Query::select()
            .columns([
                (tokens::Entity, tokens::Column::Id),
                (tokens::Entity, tokens::Column::TokenableType),
                (tokens::Entity, tokens::Column::TokenableId),
                (tokens::Entity, tokens::Column::Name),
                (tokens::Entity, tokens::Column::Token),
                (tokens::Entity, tokens::Column::Abilities),
                (tokens::Entity, tokens::Column::LastUsedAt),
                (tokens::Entity, tokens::Column::ExpiresAt),
                (tokens::Entity, tokens::Column::CreatedAt),
            ])
            .expr_as(Expr::col((users::Entity, users::Column::Name)), "user_name")
            .expr_as(Expr::col((people::Entity, people::Column::Role)), "user_role")
            .expr_as(Expr::col((people::Entity, people::Column::DisabledAt)), "user_disabled_at")
            .expr_as(Expr::col((guests::Entity, guests::Column::Name)), "guest_name")
            .expr_as(Expr::col((guests::Entity, guests::Column::DisabledAt)), "guest_disabled_at")
            .expr_as(Expr::col((guests::Entity, guests::Column::MergedInto)), "guest_merged_into")
            .from(tokens::Entity)
            .left_join(
                users::Entity,
                Expr::col((users::Entity, users::Column::Id))
                    .equals((tokens::Entity, tokens::Column::TokenableId)),
            )
            .left_join(
                people::Entity,
                Expr::col((people::Entity, people::Column::UserId))
                    .equals((users::Entity, users::Column::Id)),
            )
            .left_join(
                guests::Entity,
                Expr::col((guests::Entity, guests::Column::Id))
                    .equals((tokens::Entity, tokens::Column::TokenableId)),
            )
            .take()
    }

    /// All rows of a statement made from [`TokenRow::select`].
    pub async fn all(db: &impl ConnectionTrait, select: &SelectStatement) -> Result<Vec<Self>, DbErr> {
        db.query_all(select).await?.iter().map(Self::from_row).collect()
    }

    fn from_row(row: &QueryResult) -> Result<Self, DbErr> {
        let stamp = |column| match row.try_get("", column) {
            Ok(Some(at)) => Stamp::At(at),
            Ok(None) => Stamp::Null,
            Err(_) => Stamp::Unreadable,
        };
        let set = |column| row.try_get::<Option<i64>>("", column).map(|value| value.is_some());
        let user = match row.try_get("", "user_name")? {
            Some(name) => {
                let role = row.try_get("", "user_role")?;
                Some(User { name, role, disabled: set("user_disabled_at")? })
            }
            None => None,
        };
        let guest = match row.try_get("", "guest_name")? {
            Some(name) => Some(Guest { name, gone: set("guest_disabled_at")? || set("guest_merged_into")? }),
            None => None,
        };
        Ok(Self {
            id: row.try_get::<RowId>("", "id")?.0,
            hash: row.try_get("", "token")?,
            name: row.try_get("", "name")?,
            abilities: row.try_get("", "abilities")?,
            tokenable_type: row.try_get("", "tokenable_type")?,
            tokenable_id: row.try_get::<RowId>("", "tokenable_id")?.0,
            last_used_at: stamp("last_used_at"),
            expires_at: stamp("expires_at"),
            created_at: stamp("created_at"),
            user,
            guest,
        })
    }
}

/// When a token is good, and whose it is.
#[derive(Debug, Clone)]
pub(super) struct TokenRules {
    /// Every type under which a user's token may stand in the table; new ones get the first.
    user_types: Vec<String>,
    expiration_ms: Option<i64>,
    zone: Zone,
}

impl TokenRules {
    /// The rules of one application.
    pub fn new(class: String, alias: Option<String>, expiration_minutes: u32, zone: Zone) -> Self {
        // PHP takes a leading backslash for the same class. The class name works beside its alias.
        let absolute = format!("\\{class}");
        let alias = alias.filter(|alias| !alias.is_empty());
        let user_types = alias.into_iter().chain([class, absolute]).collect();
        let expiration_ms = (expiration_minutes > 0).then(|| i64::from(expiration_minutes) * 60_000);
        Self { user_types, expiration_ms, zone }
    }

    /// The application's zone.
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Whose token a row of this type and number is.
    pub fn owner(&self, tokenable_type: &str, tokenable_id: i64) -> Option<PersonId> {
        if tokenable_id <= 0 {
            None
        } else if tokenable_type == GUEST_TYPE {
            Some(PersonId::Guest(tokenable_id))
        } else if self.user_types.iter().any(|t| t == tokenable_type) {
            Some(PersonId::User(tokenable_id))
        } else {
            None
        }
    }

    /// The type for a new token, the types that stand for the same, and the number.
    pub fn tokenable(&self, person: PersonId) -> (&str, Vec<&str>, i64) {
        match person {
            PersonId::User(id) => (&self.user_types[0], self.user_types(), id),
            PersonId::Guest(id) => (GUEST_TYPE, vec![GUEST_TYPE], id),
        }
    }

    /// Every type under which a user's token may stand in the table.
    pub fn user_types(&self) -> Vec<&str> {
        self.user_types.iter().map(String::as_str).collect()
    }

    /// Every type under which a token that is ours to judge may stand in the table.
    pub fn all_types(&self) -> Vec<&str> {
        self.user_types.iter().map(String::as_str).chain([GUEST_TYPE]).collect()
    }

    /// When a token created now ends, unless said otherwise.
    pub fn default_expiry(&self, now: Timestamp) -> Option<Timestamp> {
        self.expiration_ms.map(|millis| now.plus_millis(millis))
    }

    /// The person whom the row signs in now; `None` when it signs in nobody (any more).
    pub fn person(&self, row: &TokenRow, now: Timestamp) -> Option<Person> {
        if !self.is_in_time(row, now) {
            return None;
        }
        let id = self.owner(&row.tokenable_type, row.tokenable_id)?;
        let (role, name) = match id {
            PersonId::User(_) => {
                let user = row.user.as_ref().filter(|user| !user.disabled)?;
                (user.role.as_deref().map_or(Role::Visitor, role_named), &user.name)
            }
            PersonId::Guest(_) => (Role::Visitor, &row.guest.as_ref().filter(|guest| !guest.gone)?.name),
        };
        Some(Person { id, role, name: name.clone() })
    }

    /// Whether the row's time has not run out: Sanctum's `expiration` is strict, `expires_at` is not.
    pub fn is_in_time(&self, row: &TokenRow, now: Timestamp) -> bool {
        let young = match (self.expiration_ms, self.created_at(row)) {
            (None, _) => true,
            (Some(millis), Some(created)) => created > now.plus_millis(-millis),
            (Some(_), None) => false,
        };
        young
            && match row.expires_at {
                Stamp::Null => true,
                Stamp::Unreadable => false,
                Stamp::At(at) => self.zone.read(at).is_some_and(|at| at >= now),
            }
    }

    /// When the token was created, as far as its row tells.
    pub fn created_at(&self, row: &TokenRow) -> Option<Timestamp> {
        self.read(row.created_at)
    }

    /// When the token was last used.
    pub fn last_used_at(&self, row: &TokenRow) -> Option<Timestamp> {
        self.read(row.last_used_at)
    }

    /// When the token ends: the earlier of its own end and the configured lifetime's.
    pub fn expires_at(&self, row: &TokenRow) -> Option<Timestamp> {
        let by_age = self.expiration_ms.and_then(|millis| Some(self.created_at(row)?.plus_millis(millis)));
        [self.read(row.expires_at), by_age].into_iter().flatten().min()
    }

    fn read(&self, stamp: Stamp) -> Option<Timestamp> {
        match stamp {
            Stamp::At(at) => self.zone.read(at),
            Stamp::Null | Stamp::Unreadable => None,
        }
    }
}
