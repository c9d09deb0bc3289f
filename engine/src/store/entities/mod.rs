//! The tables, one a file. Times of ours are milliseconds since 1970 in UTC; those of Laravel's tables have no zone and
//! stand in the application's.

pub mod chat_audit;
pub mod chat_conversations;
pub mod chat_cursors;
pub mod chat_events;
pub mod chat_guests;
pub mod chat_meta;
pub mod chat_people;
pub mod chat_search;
pub mod chat_search_pending;
pub mod chat_search_texts;
pub mod personal_access_tokens;
pub mod users;
