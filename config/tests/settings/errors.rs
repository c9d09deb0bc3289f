//! What is wrong is told in one line that names the key, where it came from and the remedy.

use crate::support::Layers;
use otvet_config::{LoadOptions, Settings};

/// The message, which must be one line and contain all of `parts`.
fn refusal(layers: &Layers, parts: &[&str]) -> String {
    let message =
        layers.load().expect_err(&format!("accepted; expected a refusal with {parts:?}")).to_string();
    assert_eq!(message.lines().count(), 1, "{message}");
    for part in parts {
        assert!(message.contains(part), "no {part:?} in: {message}");
    }
    message
}

#[test]
fn unknown_keys_name_their_place_and_the_known_ones() {
    refusal(
        &Layers::new("unknown").file("[server]\nlisen = '127.0.0.1:1'\n"),
        &["server.lisen (from file ", "unknown.toml)", "server.listen"],
    );
    refusal(
        &Layers::new("section").file("[sever]\nlisten = 'x'\n"),
        &["sever (from file ", "sections", "server"],
    );
    refusal(&Layers::new("scalar").file("server = 5\n"), &["server (from file ", "[server]"]);
    refusal(
        &Layers::new("env").env("OTVET_TAIL__KEPT", "1"),
        &["tail.kept (from environment variable OTVET_TAIL__KEPT)", "tail.keep"],
    );
    refusal(
        &Layers::new("deep").env("OTVET_TAIL__KEEP__X", "1"),
        &["tail.keep.x (from environment variable "],
    );
    refusal(
        &Layers::new("bare").env("OTVET_TAIL__", "1"),
        &["tail. (from environment variable OTVET_TAIL__)"],
    );
    refusal(&Layers::new("flag").flag("keep", "1"), &["keep (from flag keep)", "sections"]);
    refusal(&Layers::new("line").env("OTVET_TAIL__A\nB", "1"), &["tail.a b"]);
}

#[test]
fn impossible_values_name_their_key_and_place() {
    for (key, value, problem) in [
        ("server.listen", "localhost", "socket address"),
        ("server.metrics_listen", "127.0.0.1:8080", "differ"),
        ("server.public_url", "ftp://example.com", "http://"),
        ("server.public_url", "https://example.com/chat", "write https://example.com"),
        ("server.allowed_origins", "https://a.example/", "write https://a.example"),
        ("server.allowed_origins", "https://b.example,https://A.example:443", "write https://a.example"),
        ("server.allowed_origins", "*", "not an origin"),
        ("server.allowed_origins", "null", "not an origin"),
        ("server.trusted_proxies", "10.0.0.0/8,proxy", "\"proxy\""),
        ("server.header_timeout_s", "0", "1 to 300"),
        ("server.header_timeout_s", "-1", "not negative"),
        ("server.header_timeout_s", "5s", "\"5s\""),
        ("server.header_timeout_s", "1.5", "\"1.5\""),
        ("server.idle_timeout_s", "0", "1 to"),
        ("server.drain_timeout_s", "0", "1 to"),
        ("server.header_bytes", "100", "8192 to"),
        ("server.body_bytes", "1", "1024 to"),
        ("database.url", "oracle://host/name", "sqlite:"),
        ("database.url", "", "sqlite:"),
        ("database.url", "postgres:name", "write scheme://"),
        ("database.max_connections", "0", "1 to"),
        ("redis.url", "http://localhost", "redis-cluster"),
        ("redis.url", "redis://", "write scheme://"),
        ("redis.url", "redis-sentinel://localhost:26379", "sentinelServiceName"),
        ("redis.command_timeout_ms", "0", "10 to"),
        ("redis.max_attempts", "0", "1 to"),
        ("redis.max_queue", "0", "1 to"),
        ("redis.unresponsive_timeout_ms", "0", "100 to"),
        ("redis.pubsub_capacity", "1", "32 to"),
        ("tail.keep", "0", "1 to 100000"),
        ("tail.keep", "100001", "1 to 100000"),
        ("tail.idle_expire_s", "0", "60 to"),
        ("tail.memory_max_bytes", "0", "1048576 to"),
        ("identity.tokenable_type", "", "1 to 255"),
        ("identity.morph_alias", " user", "1 to 255"),
        ("identity.token_prefix", "a|b", "|"),
        ("identity.token_expiration_minutes", "99999999", "0 to"),
        ("identity.timezone", "Mars/Olympus", "IANA"),
        ("identity.guests", "perhaps", "must be true or false, is string \"perhaps\""),
        ("identity.registration", "2", "\"2\""),
        ("identity.bcrypt_cost", "3", "4 to 16"),
        ("identity.bcrypt_cost", "17", "4 to 16"),
        ("identity.bcrypt_concurrency", "0", "1 to"),
        ("identity.login_attempts_per_minute", "0", "1 to"),
        ("identity.login_attempts_per_address_per_minute", "0", "1 to"),
        ("identity.guests_per_address_per_minute", "0", "1 to"),
        ("identity.registrations_per_address_per_minute", "0", "1 to"),
        ("limits.frame_bytes", "1", "4096 to"),
        ("limits.frame_bytes", "50000", "body_chars"),
        ("limits.body_chars", "0", "1 to"),
        ("limits.subject_chars", "0", "1 to"),
        ("limits.commands_per_second", "0", "1 to"),
        ("limits.burst", "19", "commands_per_second"),
        ("limits.unanswered_commands", "0", "1 to"),
        ("limits.connections_per_person", "0", "1 to"),
        ("limits.outbox_bytes", "65536", "two frames"),
        ("limits.hello_timeout_s", "0", "1 to"),
        ("limits.heartbeat_s", "0", "1 to"),
        ("actors.idle_stop_s", "0", "1 to"),
        ("actors.max_restarts", "0", "1 to"),
        ("actors.restart_window_s", "0", "1 to"),
        ("actors.backoff_min_ms", "0", "1 to"),
        ("actors.backoff_max_ms", "99", "backoff_min_ms"),
        ("android.package", "otvet", "package name"),
        ("android.package", "chat.9vet", "package name"),
        ("android.certificates", "AB:CD", "64 hex digits"),
        ("log.format", "xml", "must be one of auto, pretty, json, is \"xml\""),
        ("log.level", "infoo", "debug"),
        ("log.level", "info,otvet=loud", "debug"),
    ] {
        let name = format!("OTVET_{}", key.to_uppercase().replace('.', "__"));
        let place = format!("{key} (from environment variable {name}): ");
        refusal(&Layers::new("value").env(&name, value), &[&place, problem, "remove it for the default, "]);
    }
}

#[test]
fn a_bad_value_is_blamed_on_the_layer_that_set_it() {
    let layers = Layers::new("blame").file("[tail]\nkeep = 0\n[server]\nallowed_origins = ['x']\n");
    refusal(&layers, &["server.allowed_origins (from file ", "blame.toml)"]);
    let layers = layers.env("OTVET_SERVER__ALLOWED_ORIGINS", "");
    refusal(&layers, &["tail.keep (from file "]);
    refusal(&layers.flag("tail.keep", "many"), &["tail.keep (from flag tail.keep)", "\"many\"", "300"]);
    refusal(&Layers::new("typed").file("[tail]\nkeep = '5'\n"), &["tail.keep (from file ", "string \"5\""]);
    refusal(
        &Layers::new("listed").file("[server]\nallowed_origins = 'https://a.example'\n"),
        &["server.allowed_origins (from file ", "must be a list of texts"],
    );
    refusal(
        &Layers::new("date").file("[redis]\nurl = 2020-01-01\n"),
        &["redis.url (from file ", "must be a text"],
    );
}

#[test]
fn a_clash_with_a_default_asks_for_the_other_key() {
    refusal(
        &Layers::new("clash").flag("limits.body_chars", "100000"),
        &["limits.frame_bytes (from the defaults)", "body_chars", "set it too"],
    );
}

#[test]
fn a_broken_file_names_the_line_and_hides_its_text() {
    let layers = Layers::new("broken").file("[redis]\nmax_queue = 5\nurl = \"redis://:hunter2@localhost\n");
    let message = refusal(&layers, &["broken.toml, line 3", "not valid TOML"]);
    assert!(!message.contains("hunter2"), "{message}");
    refusal(&Layers::new("twice").file("[tail]\nkeep = 1\nkeep = 2\n"), &["twice.toml, line 3"]);
}

#[test]
fn a_named_file_must_exist() {
    let options = LoadOptions { file: Some("no-such.toml".into()), env: Vec::new(), overrides: Vec::new() };
    let message = Settings::load(options).unwrap_err().to_string();
    assert_eq!(message.lines().count(), 1, "{message}");
    assert!(message.contains("no-such.toml") && message.contains("--config"), "{message}");
}

#[test]
fn refused_urls_do_not_show_their_password() {
    for (key, value) in [
        ("database.url", "oracle://me:hunter2@host/name"),
        ("database.url", "postgres://me:hunter2#@host/name"),
        ("database.url", "postgres://me:hunter2@host:port/name"),
        ("redis.url", "http://:hunter2@host"),
        ("redis.url", "redis-sentinel://:hunter2@host"),
        ("server.public_url", "https://me:hunter2@host"),
        ("server.allowed_origins", "https://me:hunter2@host"),
    ] {
        let message = refusal(&Layers::new("secret").flag(key, value), &[key]);
        assert!(!message.contains("hunter2"), "{message}");
    }
}
