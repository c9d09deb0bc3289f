//! The ids of Laravel's rows: signed 64 bits on PostgreSQL and SQLite, unsigned ones on MySQL.

use std::fmt;

use sea_orm::sea_query::{ArrayType, ColumnType, Nullable, ValueType, ValueTypeErr};
use sea_orm::{
    ActiveValue, ColIdx, DbErr, IntoActiveValue, QueryResult, TryFromU64, TryGetError, TryGetable, Value,
};

/// The id of a row of Laravel's. Reads `bigint` and MySQL's `bigint unsigned` alike; sqlx takes neither for the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowId(pub i64);

impl fmt::Display for RowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<i64> for RowId {
    fn from(id: i64) -> Self {
        Self(id)
    }
}

impl From<RowId> for i64 {
    fn from(id: RowId) -> Self {
        id.0
    }
}

impl From<RowId> for Value {
    fn from(id: RowId) -> Self {
        id.0.into()
    }
}

impl TryGetable for RowId {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        match i64::try_get_by(row, index) {
            Ok(id) => Ok(Self(id)),
            Err(null @ TryGetError::Null(_)) => Err(null),
            Err(signed) => match u64::try_get_by(row, index).map(<i64 as TryFrom<u64>>::try_from) {
                Ok(Ok(id)) => Ok(Self(id)),
                _ => Err(signed),
            },
        }
    }
}

impl ValueType for RowId {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        <i64 as ValueType>::try_from(value).map(Self)
    }

    fn type_name() -> String {
        "RowId".to_owned()
    }

    fn array_type() -> ArrayType {
        <i64 as ValueType>::array_type()
    }

    fn column_type() -> ColumnType {
        <i64 as ValueType>::column_type()
    }
}

impl Nullable for RowId {
    fn null() -> Value {
        <i64 as Nullable>::null()
    }
}

impl TryFromU64 for RowId {
    fn try_from_u64(id: u64) -> Result<Self, DbErr> {
        i64::try_from_u64(id).map(Self)
    }
}

impl IntoActiveValue<Self> for RowId {
    fn into_active_value(self) -> ActiveValue<Self> {
        ActiveValue::Set(self)
    }
}
