//! Laravel's timestamps as they stand in its columns: date and time of day, without a zone.

use sea_orm::prelude::{ChronoDateTime, ChronoDateTimeUtc};
use sea_orm::sea_query::{ArrayType, ColumnType, Nullable, ValueType, ValueTypeErr};
use sea_orm::sqlx::Row;
use sea_orm::{ColIdx, DbErr, QueryResult, TryGetError, TryGetable, Value};

/// A date and time of day. Reads a column whatever the database calls its type: sqlx takes MySQL's `timestamp` for UTC only,
/// although what it then gives is the column's own date and time; PostgreSQL's and SQLite's columns it takes as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WallTime(pub ChronoDateTime);

impl From<WallTime> for Value {
    fn from(at: WallTime) -> Self {
        at.0.into()
    }
}

impl TryGetable for WallTime {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        let Some(mysql) = row.try_as_mysql_row() else {
            return ChronoDateTime::try_get_by(row, index).map(Self);
        };
        match ChronoDateTimeUtc::try_get_by(row, index) {
            Ok(at) => Ok(Self(at.naive_utc())),
            // sqlx takes a date of zeros for none. Laravel does not: to it, it is long past.
            Err(TryGetError::Null(_))
                if mysql.try_get_unchecked::<&[u8], _>(index.as_sqlx_mysql_index()).is_ok() =>
            {
                Err(TryGetError::DbErr(DbErr::Type(format!("{index:?} is a date of zeros"))))
            }
            Err(other) => Err(other),
        }
    }
}

impl ValueType for WallTime {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        <ChronoDateTime as ValueType>::try_from(value).map(Self)
    }

    fn type_name() -> String {
        "WallTime".to_owned()
    }

    fn array_type() -> ArrayType {
        <ChronoDateTime as ValueType>::array_type()
    }

    fn column_type() -> ColumnType {
        <ChronoDateTime as ValueType>::column_type()
    }
}

impl Nullable for WallTime {
    fn null() -> Value {
        <ChronoDateTime as Nullable>::null()
    }
}
