//! Identity on real databases: empty ones, and one that Laravel wrote. See [`crate::store::tests`] for which.

mod guests;
mod laravel;
mod people;
mod roles;
mod sign_in;
mod tokens;

use std::sync::Arc;

use rand::{SeedableRng, rngs::StdRng};
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DbBackend, EntityTrait, IntoActiveModel, QueryOrder, Statement,
};
use tempfile::TempDir;

use super::{Identity, IdentityError, IdentitySettings, Issued, Login, NewAccount};
use crate::clock::{ManualClock, Timestamp};
use crate::ids::PersonId;
use crate::store::Database;
use crate::store::entities::{chat_audit, personal_access_tokens, users};
use crate::store::tests::{fresh, url};

/// 2026-11-22T18:00:00Z, some minutes after Laravel wrote its database.
const START: Timestamp = Timestamp::from_millis(1_795_370_400_000);
const MINUTE: i64 = 60_000;
/// What Laravel wrote, a SQLite file.
const LARAVEL: &[u8] = include_bytes!("../../../testdata/laravel/laravel.sqlite");

/// A service on a database of its own.
struct World {
    identity: Identity,
    db: Database,
    clock: Arc<ManualClock>,
    _dir: TempDir,
}

/// Cheap passwords; all else as by default.
fn settings() -> IdentitySettings {
    IdentitySettings { bcrypt_cost: 4, ..IdentitySettings::default() }
}

impl World {
    async fn new(settings: IdentitySettings) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = fresh(&dir).await;
        Self::on(dir, &url, settings).await
    }

    /// On a copy of the database that Laravel wrote; elsewhere than on SQLite, on its rows.
    async fn laravel(settings: IdentitySettings) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = url(&dir);
        std::fs::write(dir.path().join("otvet.db"), LARAVEL).unwrap();
        let to = fresh(&dir).await;
        let world = Self::on(dir, &to, settings).await;
        if world.db.backend != DbBackend::Sqlite {
            let from = Database::connect(&file, 1).await.unwrap();
            // MySQL's timestamps end in 2038.
            let later = "UPDATE personal_access_tokens SET expires_at = '2037-01-01 00:00:00' WHERE expires_at > '2038-01-01'";
            from.write.execute_unprepared(later).await.unwrap();
            copy::<users::Entity>(&from, &world.db).await;
            copy::<personal_access_tokens::Entity>(&from, &world.db).await;
            from.close().await;
        }
        world
    }

    async fn on(dir: TempDir, url: &str, settings: IdentitySettings) -> Self {
        let db = Database::connect(url, 2).await.unwrap();
        db.migrate().await.unwrap();
        let clock = Arc::new(ManualClock::at(START));
        let seed = 20_261_122;
        println!("seed {seed}");
        let identity =
            Identity::new(db.clone(), settings, clock.clone(), StdRng::seed_from_u64(seed)).unwrap();
        Self { identity, db, clock, _dir: dir }
    }

    /// Registers `name@example.com` with the password `name-password`.
    async fn user(&self, name: &str) -> Issued {
        self.identity.register(account(name)).await.unwrap()
    }

    async fn execute(&self, sql: &str) {
        let sql = match self.db.backend {
            // There, a backslash in a text is the sign of an escape.
            DbBackend::MySql => sql.replace('\\', r"\\"),
            _ => sql.to_owned(),
        };
        self.db.write.execute_unprepared(&sql).await.unwrap();
    }

    /// What makes a statement take texts that are no times: columns of SQLite's have no types, and MySQL without its strict
    /// mode, as older applications have it, takes such a text for a date of zeros.
    fn leniently(&self) -> &'static str {
        if self.db.backend == DbBackend::MySql { "IGNORE" } else { "" }
    }

    /// The first column of the first row, as text.
    async fn text(&self, sql: &str) -> Option<String> {
        let text = if self.db.backend == DbBackend::MySql { "char" } else { "text" };
        let statement = Statement::from_string(self.db.backend, format!("SELECT CAST(({sql}) AS {text})"));
        self.db.write.query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap()
    }

    /// Who did what to whom, and more about it.
    async fn audit(&self) -> Vec<(String, Option<String>, Option<String>, Option<String>)> {
        let rows =
            chat_audit::Entity::find().order_by_asc(chat_audit::Column::Id).all(&self.db.read).await.unwrap();
        rows.into_iter().map(|row| (row.action, row.actor_id, row.subject, row.detail)).collect()
    }
}

/// Copies a table's rows.
async fn copy<E: EntityTrait>(from: &Database, to: &Database)
where
    E::Model: IntoActiveModel<E::ActiveModel>,
    E::ActiveModel: ActiveModelTrait<Entity = E> + Send,
{
    let rows = E::find().all(&from.read).await.unwrap();
    let rows = rows.into_iter().map(|row| row.into_active_model().reset_all());
    E::insert_many(rows).exec_without_returning(&to.write).await.unwrap();
}

fn account(name: &str) -> NewAccount {
    NewAccount {
        name: name.to_owned(),
        email: format!("{name}@example.com"),
        password: format!("{name}-password").into(),
    }
}

fn login(email: &str, password: &str) -> Login {
    Login {
        email: email.to_owned(),
        password: password.into(),
        device_name: "phone".to_owned(),
        address: "192.0.2.7".parse().unwrap(),
    }
}

/// The sentences about one field.
fn problems<T: std::fmt::Debug>(result: Result<T, IdentityError>, field: &str) -> Vec<String> {
    match result {
        Err(IdentityError::Invalid(errors)) => errors.0.get(field).cloned().unwrap_or_default(),
        other => panic!("not refused as invalid: {other:?}"),
    }
}

fn id_number(id: PersonId) -> i64 {
    match id {
        PersonId::User(number) | PersonId::Guest(number) => number,
    }
}
