//! The tables of Laravel that we use, for running without Laravel: exactly in Laravel 12's and Sanctum 4's shape, so that
//! an application can be put beside them later. Where they exist, they are left alone.

use sea_orm::{ConnectionTrait, DbBackend};
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let (users, tokens) = match manager.get_database_backend() {
            DbBackend::Postgres => (POSTGRES_USERS, POSTGRES_TOKENS),
            DbBackend::MySql => (MYSQL_USERS, MYSQL_TOKENS),
            _ => (SQLITE_USERS, SQLITE_TOKENS),
        };
        for (table, statements) in [("users", users), ("personal_access_tokens", tokens)] {
            if manager.has_table(table).await? {
                continue;
            }
            for statement in statements {
                manager.get_connection().execute_unprepared(statement).await?;
            }
        }
        Ok(())
    }
}

const SQLITE_USERS: &[&str] = &[
    r#"create table "users" ("id" integer primary key autoincrement not null, "name" varchar not null, "email" varchar not null, "email_verified_at" datetime, "password" varchar not null, "remember_token" varchar, "created_at" datetime, "updated_at" datetime)"#,
    r#"create unique index "users_email_unique" on "users" ("email")"#,
];

const SQLITE_TOKENS: &[&str] = &[
    r#"create table "personal_access_tokens" ("id" integer primary key autoincrement not null, "tokenable_type" varchar not null, "tokenable_id" integer not null, "name" text not null, "token" varchar not null, "abilities" text, "last_used_at" datetime, "expires_at" datetime, "created_at" datetime, "updated_at" datetime)"#,
    r#"create index "personal_access_tokens_tokenable_type_tokenable_id_index" on "personal_access_tokens" ("tokenable_type", "tokenable_id")"#,
    r#"create unique index "personal_access_tokens_token_unique" on "personal_access_tokens" ("token")"#,
    r#"create index "personal_access_tokens_expires_at_index" on "personal_access_tokens" ("expires_at")"#,
];

const POSTGRES_USERS: &[&str] = &[
    r#"create table "users" ("id" bigserial not null primary key, "name" varchar(255) not null, "email" varchar(255) not null, "email_verified_at" timestamp(0) without time zone null, "password" varchar(255) not null, "remember_token" varchar(100) null, "created_at" timestamp(0) without time zone null, "updated_at" timestamp(0) without time zone null)"#,
    r#"alter table "users" add constraint "users_email_unique" unique ("email")"#,
];

const POSTGRES_TOKENS: &[&str] = &[
    r#"create table "personal_access_tokens" ("id" bigserial not null primary key, "tokenable_type" varchar(255) not null, "tokenable_id" bigint not null, "name" text not null, "token" varchar(64) not null, "abilities" text null, "last_used_at" timestamp(0) without time zone null, "expires_at" timestamp(0) without time zone null, "created_at" timestamp(0) without time zone null, "updated_at" timestamp(0) without time zone null)"#,
    r#"create index "personal_access_tokens_tokenable_type_tokenable_id_index" on "personal_access_tokens" ("tokenable_type", "tokenable_id")"#,
    r#"alter table "personal_access_tokens" add constraint "personal_access_tokens_token_unique" unique ("token")"#,
    r#"create index "personal_access_tokens_expires_at_index" on "personal_access_tokens" ("expires_at")"#,
];

const MYSQL_USERS: &[&str] = &[
    "create table `users` (`id` bigint unsigned not null auto_increment primary key, `name` varchar(255) not null, `email` varchar(255) not null, `email_verified_at` timestamp null, `password` varchar(255) not null, `remember_token` varchar(100) null, `created_at` timestamp null, `updated_at` timestamp null) default character set utf8mb4 collate 'utf8mb4_unicode_ci'",
    "alter table `users` add unique `users_email_unique`(`email`)",
];

const MYSQL_TOKENS: &[&str] = &[
    "create table `personal_access_tokens` (`id` bigint unsigned not null auto_increment primary key, `tokenable_type` varchar(255) not null, `tokenable_id` bigint unsigned not null, `name` text not null, `token` varchar(64) not null, `abilities` text null, `last_used_at` timestamp null, `expires_at` timestamp null, `created_at` timestamp null, `updated_at` timestamp null) default character set utf8mb4 collate 'utf8mb4_unicode_ci'",
    "alter table `personal_access_tokens` add index `personal_access_tokens_tokenable_type_tokenable_id_index`(`tokenable_type`, `tokenable_id`)",
    "alter table `personal_access_tokens` add unique `personal_access_tokens_token_unique`(`token`)",
    "alter table `personal_access_tokens` add index `personal_access_tokens_expires_at_index`(`expires_at`)",
];
