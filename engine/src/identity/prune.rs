//! Removing tokens that nobody can use any more. Guests leave one each.

use sea_orm::sea_query::{Condition, Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{Identity, IdentityError};
use crate::store::RowId;
use crate::store::entities::personal_access_tokens as tokens;

/// How long an expired token stays: whoever looks into why somebody was signed out still finds it.
const KEPT_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// How many rows one statement deletes: the writer has others waiting.
const BATCH: u64 = 200;

impl Identity {
    /// Deletes tokens whose `expires_at` is more than 7 days past, a few at a time; answers how many. Only guests' and those
    /// of the configured type: what other applications keep in the table is theirs to judge.
    ///
    /// # Errors
    /// [`IdentityError::Database`]; what was deleted before stays deleted.
    pub async fn prune_tokens(&self) -> Result<u64, IdentityError> {
        let before = self.0.rules.zone().write(self.0.clock.now().plus_millis(-KEPT_MS));
        let ours = Expr::col(tokens::Column::TokenableType).is_in(self.0.rules.all_types());
        let over = Condition::all().add(ours).add(tokens::Column::ExpiresAt.lt(before));
        let mut pruned = 0;
        loop {
            let ids: Vec<RowId> = tokens::Entity::find()
                .select_only()
                .column(tokens::Column::Id)
                .filter(over.clone())
                .order_by_asc(tokens::Column::ExpiresAt)
                .limit(BATCH)
                .into_tuple()
                .all(&self.0.db.read)
                .await?;
            if ids.is_empty() {
                return Ok(pruned);
            }
            // Judged again as it is deleted: the application may have prolonged one in between.
            let tx = self.0.db.begin().await?;
            let deleted = tokens::Entity::delete_many()
                .filter(tokens::Column::Id.is_in(ids))
                .filter(over.clone())
                .exec(&tx)
                .await?
                .rows_affected;
            tx.commit().await?;
            if deleted == 0 {
                return Ok(pruned);
            }
            pruned += deleted;
        }
    }
}
