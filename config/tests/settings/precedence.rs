//! Defaults < file < environment < flags.

use crate::support::Layers;
use otvet_config::sections::LogFormat;
use otvet_config::values::Origin;

#[test]
fn nothing_given_is_the_defaults() {
    assert_eq!(Layers::new("none").load().unwrap(), Default::default());
}

#[test]
fn each_layer_goes_over_the_one_below() {
    let file =
        Layers::new("precedence").file("[tail]\nkeep = 1\nidle_expire_s = 61\n[log]\nformat = 'json'\n");
    let settings = file.load().unwrap();
    assert_eq!((settings.tail.keep, settings.tail.idle_expire_s), (1, 61));
    assert_eq!(settings.log.format, LogFormat::Json);

    let env = file.env("OTVET_TAIL__KEEP", "2");
    let settings = env.load().unwrap();
    assert_eq!((settings.tail.keep, settings.tail.idle_expire_s), (2, 61), "only the key named is replaced");

    let flag = env.flag("tail.keep", "3");
    let settings = flag.load().unwrap();
    assert_eq!((settings.tail.keep, settings.tail.idle_expire_s), (3, 61));
}

#[test]
fn text_takes_the_type_of_its_key() {
    let settings = Layers::new("types")
        .env("OTVET_SERVER__LISTEN", "0.0.0.0:80")
        .env("OTVET_SERVER__ALLOWED_ORIGINS", "https://a.example, capacitor://localhost,")
        .env("OTVET_SERVER__TRUSTED_PROXIES", "10.0.0.0/8,192.0.2.1,::1")
        .env("OTVET_IDENTITY__GUESTS", "off")
        .env("OTVET_IDENTITY__TOKEN_PREFIX", "123")
        .env("OTVET_IDENTITY__TIMEZONE", "Europe/Moscow")
        .env("OTVET_LIMITS__BURST", " 50 ")
        .load()
        .unwrap();
    assert_eq!(settings.server.listen, "0.0.0.0:80".parse().unwrap());
    let origins: Vec<&str> = settings.server.allowed_origins.iter().map(Origin::as_str).collect();
    assert_eq!(origins, ["https://a.example", "capacitor://localhost"]);
    let proxies: Vec<String> = settings.server.trusted_proxies.iter().map(ToString::to_string).collect();
    assert_eq!(proxies, ["10.0.0.0/8", "192.0.2.1/32", "::1/128"]);
    assert!(!settings.identity.guests);
    assert_eq!(settings.identity.token_prefix, "123");
    assert_eq!(settings.identity.timezone.iana_name(), Some("Europe/Moscow"));
    assert_eq!(settings.limits.burst, 50);
}

#[test]
fn empty_list_and_empty_text_take_a_lower_layer_back() {
    let settings = Layers::new("emptied")
        .file("[server]\nallowed_origins = ['https://a.example']\n[redis]\nurl = 'redis://localhost'\n")
        .env("OTVET_SERVER__ALLOWED_ORIGINS", "")
        .env("OTVET_REDIS__URL", "")
        .load()
        .unwrap();
    assert_eq!(settings, Default::default());
}

#[test]
fn other_environment_names_are_no_settings() {
    let mut layers = Layers::new("others");
    for name in
        ["OTVET_ADMIN_EMAIL", "OTVET_ADMIN_PASSWORD", "OTVET_WEB_DIST", "OTVET_BIN", "TAIL__KEEP", "PATH"]
    {
        layers = layers.env(name, "x");
    }
    assert_eq!(layers.load().unwrap(), Default::default());
}

#[test]
fn public_origin_follows_the_listener() {
    let server = Layers::new("derived").load().unwrap().server;
    for (bound, origin) in [
        ("127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("0.0.0.0:8081", "http://127.0.0.1:8081"),
        ("[::]:8081", "http://[::1]:8081"),
        ("192.0.2.1:80", "http://192.0.2.1"),
    ] {
        assert_eq!(server.public_origin(bound.parse().unwrap()).as_str(), origin);
    }
    let server =
        Layers::new("public").env("OTVET_SERVER__PUBLIC_URL", "https://chat.example").load().unwrap().server;
    assert_eq!(server.public_origin(server.listen).as_str(), "https://chat.example");
}
