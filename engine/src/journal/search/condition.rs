//! What a search asks of a conversation, as a query.

use sea_orm::sea_query::extension::postgres::PgExpr;
use sea_orm::sea_query::extension::sqlite::SqliteExpr;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, LikeExpr, Order, SelectStatement, UnionType};
use sea_orm::{
    ColumnTrait, Condition, DbBackend, EntityTrait, IdenStatic, QueryFilter, QuerySelect, QueryTrait, Select,
};

use super::grams::cases;
use super::{Search, SearchCursor};
use crate::journal::cells::minute;
use crate::protocol::Status;
use crate::store::entities::chat_conversations::{Column, Entity};

/// The columns whose text is searched.
pub(super) const SEARCHED: [Column; 3] = [Column::Subject, Column::VisitorName, Column::LastMessagePreview];

/// What of its conversations a page is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::journal) enum Wanted {
    Rows,
    /// Only the minutes at which they were updated, which an index alone can tell.
    Minutes,
}

/// The query of a page behind a cursor, and up to another, the most recently updated first, without its limit.
///
/// No index has this order: each message would write it anew. They have the minute, and the databases sort one minute after the
/// other, as far as they have to; MySQL cannot, and has the whole time. On SQLite only every status has such an index: of three
/// queries in one order it reads no further than it has to, either.
pub(in crate::journal) fn page(
    search: &Search,
    cursor: Option<SearchCursor>,
    edge: Option<SearchCursor>,
    wanted: Wanted,
    backend: DbBackend,
) -> SelectStatement {
    let order: &[Column] = match (wanted, backend) {
        (Wanted::Minutes, _) => &[Column::UpdatedMinute],
        (Wanted::Rows, DbBackend::MySql) => &[Column::UpdatedAt, Column::Id],
        (Wanted::Rows, _) => &[Column::UpdatedMinute, Column::UpdatedAt, Column::Id],
    };
    let of_status = |status: Option<Status>| {
        let search = Search { status, ..search.clone() };
        let mut select = match (wanted, cursor) {
            (Wanted::Minutes, Some(cursor)) => {
                matching(&search, backend).filter(Column::UpdatedMinute.lte(minute(cursor.updated_at)))
            }
            _ => behind(cursor, &search, backend),
        };
        if let Some(edge) = edge {
            select = select.filter(up_to(edge, backend));
        }
        match wanted {
            Wanted::Rows => select.into_query(),
            Wanted::Minutes => select.select_only().columns(order.iter().copied()).into_query(),
        }
    };
    // A visitor's conversations are few, whatever their status.
    let apart = backend == DbBackend::Sqlite && search.status.is_none() && search.visitor.is_none();
    let mut all = if apart {
        let [mut all, others @ ..] = Status::ALL.map(|status| of_status(Some(status)));
        all.unions(others.map(|other| (UnionType::All, other)));
        all
    } else {
        of_status(search.status)
    };
    for column in order {
        all.order_by(Alias::new(column.as_str()), Order::Desc);
    }
    all
}

/// What a page is taken from, in no order.
pub(super) fn behind(cursor: Option<SearchCursor>, search: &Search, backend: DbBackend) -> Select<Entity> {
    let select = matching(search, backend);
    let Some(SearchCursor { updated_at, id }) = cursor else { return select };
    let at = updated_at.millis();
    // The first bound says nothing that the second does not, but it is the one that an index can begin at.
    let begin = match backend {
        DbBackend::MySql => Column::UpdatedAt.lte(at),
        _ => Column::UpdatedMinute.lte(minute(updated_at)),
    };
    let behind = Condition::any()
        .add(Column::UpdatedAt.lt(at))
        .add(Condition::all().add(Column::UpdatedAt.eq(at)).add(Column::Id.lt(id.0)));
    select.filter(begin).filter(behind)
}

/// What is not behind a cursor: in the same order, up to the conversation that it names.
fn up_to(SearchCursor { updated_at, id }: SearchCursor, backend: DbBackend) -> Condition {
    let at = updated_at.millis();
    let before = Condition::any()
        .add(Column::UpdatedAt.gt(at))
        .add(Condition::all().add(Column::UpdatedAt.eq(at)).add(Column::Id.gte(id.0)));
    let end = match backend {
        DbBackend::MySql => Column::UpdatedAt.gte(at),
        _ => Column::UpdatedMinute.gte(minute(updated_at)),
    };
    Condition::all().add(end).add(before)
}

fn matching(search: &Search, backend: DbBackend) -> Select<Entity> {
    let mut select = Entity::find();
    if let Some(status) = search.status {
        select = select.filter(Column::Status.eq(status.as_str()));
    }
    if let Some(manager) = search.manager {
        select = select.filter(Column::ManagerId.eq(manager.to_string()));
    }
    if let Some(visitor) = search.visitor {
        select = select.filter(Column::VisitorId.eq(visitor.to_string()));
    }
    if let Some(text) = search.text.as_deref().filter(|text| !text.is_empty()) {
        let any = SEARCHED.map(|column| contains(Expr::col((Entity, column)), text, backend));
        select = select.filter(any.into_iter().fold(Condition::any(), Condition::add));
    }
    select
}

/// That a column contains a text, in whatever case.
pub(super) fn contains(column: Expr, text: &str, backend: DbBackend) -> Expr {
    match backend {
        // `\` is its own default, and the builder puts an ESCAPE in brackets, which PostgreSQL does not take.
        DbBackend::Postgres => column.ilike(containing(text, '\\')),
        // SQLite's LIKE knows the case of ASCII letters only; GLOB knows none, but sets of letters.
        DbBackend::Sqlite if !text.is_ascii() => column.glob(containing_in_any_case(text)),
        // Its collations ignore case, and accents, too: to some all emojis are one.
        DbBackend::MySql => Expr::cust_with_exprs(
            "LOWER(?) COLLATE utf8mb4_bin LIKE LOWER(?) ESCAPE '!'",
            [column, Expr::value(containing(text, '!'))],
        ),
        _ => column.like(LikeExpr::new(containing(text, '!')).escape('!')),
    }
}

/// A pattern for texts that contain this one, whatever is in it.
fn containing(text: &str, escape: char) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for letter in text.chars() {
        if matches!(letter, '%' | '_') || letter == escape {
            pattern.push(escape);
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

/// The same for GLOB, with a set for each letter that has another case, and for each sign of GLOB's own.
fn containing_in_any_case(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() * 4 + 2);
    pattern.push('*');
    for letter in text.chars() {
        let cases = cases(letter);
        if cases.len() > 1 || matches!(letter, '*' | '?' | '[') {
            pattern.push('[');
            pattern.extend(cases);
            pattern.push(']');
        } else {
            pattern.push(letter);
        }
    }
    pattern.push('*');
    pattern
}
