//! `otvet bench` as whoever measures a server meets it: short runs against servers of its own.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::process::{Command, Output};

use otvet_load::Report;

fn bench(args: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    Command::new(env!("CARGO_BIN_EXE_otvet"))
        .arg("bench")
        .args(args)
        .env_clear()
        .current_dir(folder.path())
        .output()
        .unwrap()
}

fn report(args: &[&str]) -> Report {
    let output = bench(&[args, &["--json", "-"]].concat());
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{complaint}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn complaint(args: &[&str]) -> String {
    let output = bench(args);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{text}");
    text
}

#[test]
fn a_closed_loop_is_answered_and_delivered_without_a_loss() {
    let report = report(&["--visitors", "20", "--managers", "2", "--duration", "2", "--warm-up", "0.2"]);
    assert!(report.answers_per_second > 0.0);
    assert_eq!(report.connections.joined, 22);
    let send = &report.commands["send"];
    assert!(send.ok > 0 && send.ok == send.sent, "{send:?}");
    assert_eq!(send.latency_us.count, send.ok);
    assert!(report.commands["read"].ok > 0 && report.commands["typing"].sent > 0);
    let delivered = &report.deliveries;
    assert_eq!((delivered.lost, delivered.doubled), (0, 0));
    assert!(delivered.latency_us.count >= send.ok, "each message has one other reader: {delivered:?}");
    assert!(report.server.is_none_or(|server| server.end_kib >= server.start_kib && server.start_kib > 0));
}

#[test]
fn a_schedule_is_kept_to_the_command() {
    let args = ["--visitors", "7", "--managers", "1", "--rate", "100", "--mix", "send", "--duration", "2"];
    let report = report(&[&args[..], &["--warm-up", "0.5", "--format", "msgpack"]].concat());
    let send = &report.commands["send"];
    assert_eq!((send.sent, send.ok), (200, 200), "100 a second for two seconds, the warm-up apart");
    assert_eq!((report.connections.unanswered, report.connections.unsent), (0, 0));
}

#[test]
fn whoever_was_cut_comes_back_without_a_loss() {
    let report =
        report(&["--visitors", "30", "--managers", "1", "--duration", "1", "--warm-up", "0", "--cut"]);
    let back = report.comeback.unwrap();
    assert_eq!((back.connections, back.reset), (31, 0), "{back:?}");
    assert!(back.recovered >= 31 && back.all_us > 0, "{back:?}");
    assert_eq!(report.deliveries.lost, 0);
}

#[test]
fn connections_alone_are_told_by_their_memory() {
    let report = report(&["--visitors", "50", "--managers", "0", "--idle", "--duration", "1"]);
    assert_eq!((report.connections.joined, report.commands.len()), (50, 0));
    assert!(report.connections.ended.is_empty(), "{:?}", report.connections);
}

#[test]
fn what_cannot_be_run_is_2_with_the_remedy() {
    assert!(complaint(&["--visitors", "0"]).contains("--visitors"));
    assert!(complaint(&["--mix", "dance"]).contains("dance"));
    assert!(complaint(&["--url", "https://chat.example.com"]).contains("http://HOST:PORT"));
    assert!(complaint(&["--url", "http://127.0.0.1:1", "--managers", "1"]).contains("--manager-tokens"));
    assert!(complaint(&["--visitors", "100000000"]).contains("ulimit"));
}

#[test]
fn a_server_that_is_not_there_is_1() {
    let output = bench(&["--url", "http://127.0.0.1:1", "--managers", "0"]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("does not answer") && text.lines().count() == 1, "{text}");
}
