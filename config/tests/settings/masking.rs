//! Nothing that can be printed holds a password.

use crate::support::Layers;
use otvet_config::values::ConnectionUrl;

#[test]
fn printed_settings_mask_passwords_and_keep_them_for_the_driver() {
    let settings = Layers::new("masked")
        .file("[database]\nurl = 'postgres://otvet:hunter2@db.example/otvet?sslmode=require'\n")
        .env("OTVET_REDIS__URL", "redis://:hunter2@cache.example:6379/1")
        .load()
        .unwrap();
    let printed = settings.to_toml_masked();
    assert!(
        printed.contains(r#"url = "postgres://otvet:***@db.example/otvet?sslmode=require""#),
        "{printed}"
    );
    assert!(printed.contains(r#"url = "redis://:***@cache.example:6379/1""#), "{printed}");
    assert!(!printed.contains("hunter2") && !format!("{settings:?}").contains("hunter2"));
    assert!(settings.database.url.expose().contains("hunter2"));
    assert!(settings.redis.url.unwrap().expose().contains("hunter2"));
}

#[test]
fn every_place_of_a_url_that_may_hold_a_secret_is_masked() {
    for (url, masked) in [
        ("sqlite://otvet.db?mode=rwc", "sqlite://otvet.db?mode=rwc"),
        ("sqlite::memory:", "sqlite::memory:"),
        ("mysql://me@host/name", "mysql://me@host/name"),
        ("postgres://host/name?user=me&password=hunter2", "postgres://host/name?user=me&password=***"),
        (
            "redis-sentinel://:hunter2@host?sentinelServiceName=main&sentinelPassword=hunter2",
            "redis-sentinel://:***@host?sentinelServiceName=main&sentinelPassword=***",
        ),
        ("postgres://me:12#hunter2@host/name", "postgres://me:12#***"),
        ("hunter2", "***"),
        ("postgres://me:hunter2@host:port/name", "***"),
    ] {
        let url = ConnectionUrl::from(url);
        assert_eq!(url.masked(), masked);
        assert_eq!(url.to_string(), masked);
    }
}
