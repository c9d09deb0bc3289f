//! "Is one of these", for however many.

use sea_orm::DbBackend;
use sea_orm::sea_query::{Expr, ExprTrait, Func, Query, Value};
use serde::Serialize;
use uuid::Uuid;

use super::lookups::padded;

/// What columns are compared with.
pub(crate) trait Comparable: Serialize + Clone + Into<Value> {
    /// How SQLite makes it from an element of a JSON array, called `value`.
    const FROM_JSON: &'static str = "value";
}

impl Comparable for i64 {}
impl Comparable for &str {}
impl Comparable for Uuid {
    // In JSON it is text, in the column sixteen bytes.
    const FROM_JSON: &'static str = "unhex(value, '-')";
}

/// Whether the column is one of these values. On SQLite this is one text and one parameter, whatever their number, so that
/// one small plan serves all: there, each connection keeps the plan of each text, and one of hundreds of values is large.
pub(crate) fn is_one_of<T: Comparable>(backend: DbBackend, column: Expr, values: Vec<T>) -> Expr {
    if backend != DbBackend::Sqlite {
        return column.is_in(padded(values));
    }
    let mut elements = Query::select();
    elements
        .expr(Expr::cust(T::FROM_JSON))
        .from_function(Func::cust("json_each").arg(json(&values)), "element");
    column.in_subquery(elements)
}

/// An array for SQLite's `json_each`.
///
/// # Panics
/// Never: ids, numbers and texts are always encoded.
pub(crate) fn json<T: Serialize>(values: &[T]) -> String {
    serde_json::to_string(values).expect("ids, numbers and texts are always encoded")
}

#[cfg(test)]
mod tests {
    use sea_orm::ConnectionTrait;
    use sea_orm::sea_query::SqliteQueryBuilder;

    use super::super::Database;
    use super::*;

    async fn found<T: Comparable>(db: &Database, value: &str, asked: Vec<T>) -> bool {
        let select = Query::select()
            .expr(Expr::cust("1"))
            .from_subquery(Query::select().expr_as(Expr::cust(value.to_owned()), "v").take(), "t")
            .and_where(is_one_of(DbBackend::Sqlite, Expr::col("v"), asked))
            .take();
        db.read.query_one(&select).await.unwrap().is_some()
    }

    #[tokio::test]
    async fn what_is_among_them_is_found_on_sqlite() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("o.db").display());
        let db = Database::connect(&url, 1).await.unwrap();
        let id = Uuid::from_u128(0x00ff_0000_0000_0000_0000_0000_0000_0a01);
        let others = vec![Uuid::nil(), Uuid::max()];
        let bytes = "x'00ff0000000000000000000000000a01'";
        assert!(found(&db, bytes, [others.clone(), vec![id]].concat()).await);
        assert!(!found(&db, bytes, others).await);
        assert!(found(&db, "9007199254740993", vec![1, 9_007_199_254_740_993]).await);
        assert!(!found(&db, "9007199254740993", vec![9_007_199_254_740_992]).await);
        assert!(found(&db, "'quote '' \" \\ ю'", vec!["x", "quote ' \" \\ ю"]).await);
        assert!(!found::<i64>(&db, "1", Vec::new()).await);
        db.close().await;
    }

    #[test]
    fn however_many_they_are_sqlite_is_asked_in_the_same_words() {
        let text = |ids: Vec<i64>| {
            let is = is_one_of(DbBackend::Sqlite, Expr::col("id"), ids);
            Query::select().column("id").from("t").and_where(is).build(SqliteQueryBuilder).0
        };
        assert_eq!(text(vec![1]), text((0..300).collect()));
    }
}
