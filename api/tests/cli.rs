//! The binary as an operator meets it: exit statuses, one-line errors, backups.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::process::{Command, Output};

fn otvet(folder: &Path, args: &[&str], env: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_otvet"))
        .args(args)
        .env_clear()
        .envs(env.iter().copied())
        .env("OTVET_IDENTITY__BCRYPT_COST", "4")
        .current_dir(folder)
        .output()
        .unwrap()
}

/// The error, which is one line.
fn complaint(output: &Output, status: i32) -> String {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(status), "{text}");
    let lines: Vec<_> = text.lines().filter(|line| line.starts_with("otvet:")).collect();
    assert_eq!(lines.len(), 1, "{text}");
    lines[0].to_owned()
}

#[test]
fn wrong_settings_and_arguments_are_2_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let unknown = otvet(folder.path(), &["config"], &[("OTVET_SERVER__LISTENN", "x")]);
    assert!(complaint(&unknown, 2).contains("server.listenn"));
    let impossible = otvet(folder.path(), &["--set", "server.listen=nowhere"], &[]);
    assert!(complaint(&impossible, 2).contains("server.listen"));
    assert_eq!(otvet(folder.path(), &["dance"], &[]).status.code(), Some(2));
}

#[test]
fn an_address_in_use_is_1_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let holder = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = format!("server.listen={}", holder.local_addr().unwrap());
    let output = otvet(folder.path(), &["--set", &listen], &[]);
    let line = complaint(&output, 1);
    assert!(line.contains("server.listen") && line.contains("cannot listen on"), "{line}");
    assert!(!folder.path().join("otvet.db").exists(), "nothing was touched");
}

#[test]
fn settings_are_printed_with_secrets_masked() {
    let folder = tempfile::tempdir().unwrap();
    let output =
        otvet(folder.path(), &["config"], &[("OTVET_DATABASE__URL", "postgres://otvet:sesame@db/otvet")]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains("[server]") && !text.contains("sesame"), "{text}");
}

#[test]
fn a_backup_is_a_new_file_with_another_epoch() {
    let folder = tempfile::tempdir().unwrap();
    assert!(otvet(folder.path(), &["migrate"], &[]).status.success());
    assert!(otvet(folder.path(), &["backup", "copy.db"], &[]).status.success());
    assert!(complaint(&otvet(folder.path(), &["backup", "copy.db"], &[]), 1).contains("copy.db"));
    let url = ("OTVET_DATABASE__URL", "postgres://otvet@127.0.0.1:1/otvet");
    assert!(complaint(&otvet(folder.path(), &["backup", "other.db"], &[url]), 1).contains("pg_dump"));

    let epoch = |file: &str| {
        let url = format!("sqlite://{}?mode=rw", folder.path().join(file).display());
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let database = otvet_engine::store::Database::connect(&url, 1).await.unwrap();
            let journal =
                otvet_engine::journal::Journal::start(database.clone(), Default::default()).await.unwrap();
            let epoch = journal.epoch().clone();
            journal.close().await;
            database.close().await;
            epoch
        })
    };
    assert_ne!(epoch("otvet.db"), epoch("copy.db"));
}
