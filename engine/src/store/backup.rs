//! Copying a SQLite database while it is in use.

use std::path::Path;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, Statement};

use super::entities::chat_meta;
use super::{Database, StoreError};
use crate::ids::Epoch;

impl Database {
    /// Writes a consistent copy into a new file, under an epoch of its own: whoever has seen events that the copy lacks must
    /// not take its numbering for the old one. A copy that fails half-way is removed.
    ///
    /// # Errors
    /// When the database is no SQLite file, the target exists or cannot be written.
    pub async fn backup(&self, target: &Path, epoch: &Epoch) -> Result<(), StoreError> {
        let refused = |why: String| StoreError::Database(DbErr::Custom(why));
        if self.backend != DbBackend::Sqlite {
            return Err(refused("only a SQLite file can be copied".to_owned()));
        }
        let path = target.to_str().ok_or_else(|| refused("the target's name is not UTF-8".to_owned()))?;
        // Ours from here on: nothing that was there before is ever overwritten or removed.
        let created = std::fs::File::create_new(target);
        created.map_err(|cause| refused(format!("cannot create {path}: {cause}")))?;
        let copied = self.copy_into(path, epoch).await;
        if copied.is_err()
            && let Err(cause) = std::fs::remove_file(target)
        {
            tracing::warn!(path, %cause, "an unfinished copy stays behind");
        }
        copied
    }

    async fn copy_into(&self, path: &str, epoch: &Epoch) -> Result<(), StoreError> {
        let vacuum = Statement::from_sql_and_values(DbBackend::Sqlite, "VACUUM INTO ?", [path.into()]);
        self.write.execute_raw(vacuum).await?;
        let escaped = path.replace('%', "%25").replace('?', "%3F").replace('#', "%23");
        let copy = Self::connect(&format!("sqlite://{escaped}?mode=rw"), 1).await?;
        let changed = chat_meta::Entity::update_many()
            .col_expr(chat_meta::Column::Value, Expr::value(epoch.to_string()))
            .filter(chat_meta::Column::Key.eq("epoch"))
            .exec(&copy.write)
            .await;
        copy.close().await;
        match changed?.rows_affected {
            1 => Ok(()),
            _ => Err(StoreError::Database(DbErr::Custom("the copy has no epoch: migrate first".to_owned()))),
        }
    }
}
