//! The committed sample is complete and says the truth about the defaults.

use crate::support::Layers;
use otvet_config::Settings;
use std::collections::BTreeSet;

const SAMPLE: &str = include_str!("../../otvet.sample.toml");

fn keys(document: &str) -> BTreeSet<String> {
    let table: toml::Table = document.parse().unwrap();
    let sections = table.iter().map(|(section, keys)| (section, keys.as_table().unwrap()));
    sections.flat_map(|(section, keys)| keys.keys().map(move |key| format!("{section}.{key}"))).collect()
}

#[test]
fn sample_loads_as_the_defaults() {
    assert_eq!(Layers::new("sample").file(SAMPLE).load().unwrap(), Settings::default());
}

#[test]
fn sample_names_every_key() {
    let all = keys(&Settings::default().to_toml_masked());
    assert!(all.len() > 40, "only {all:?}");
    assert_eq!(keys(SAMPLE), all);
}

#[test]
fn sample_explains_every_key() {
    let lines: Vec<&str> = SAMPLE.lines().collect();
    for pair in lines.windows(2).filter(|pair| pair[1].contains(" = ") && !pair[1].starts_with('#')) {
        assert!(pair[0].starts_with("# "), "no comment above `{}`", pair[1]);
    }
}

#[test]
fn printed_settings_load_as_themselves() {
    let settings = Layers::new("chosen")
        .flag("server.public_url", "https://chat.example.com")
        .flag("server.trusted_proxies", "10.0.0.0/8,::1")
        .flag("identity.timezone", "Europe/Moscow")
        .load()
        .unwrap();
    assert_eq!(Layers::new("printed").file(&settings.to_toml_masked()).load().unwrap(), settings);
}
