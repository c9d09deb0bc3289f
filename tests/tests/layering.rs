//! The direction of use: each package uses only packages to its left, and each outside library stands where it belongs.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

/// From left to right; packages of one rank do not use each other. Dev-dependencies count too.
const RANKS: [&[&str]; 5] = [
    &["otvet-config"],
    &["otvet-engine"],
    &["otvet-actors", "otvet-web-assets", "otvet-load"],
    &["otvet-api"],
    &["otvet-tests", "otvet-benches"],
];

/// Which libraries a package must not use, since they are another layer's.
const NOT_THERE: [(&str, &[&str]); 6] = [
    ("otvet-config", &["tokio", "ractor", "warp", "sea-orm", "fred"]),
    ("otvet-engine", &["ractor", "warp", "hyper", "tokio-tungstenite"]),
    ("otvet-actors", &["warp", "hyper", "sea-orm", "sea-orm-migration", "sqlx", "fred", "tokio-tungstenite"]),
    (
        "otvet-web-assets",
        &["otvet-engine", "otvet-config", "otvet-actors", "tokio", "ractor", "warp", "sea-orm"],
    ),
    ("otvet-load", &["otvet-config", "ractor", "warp", "sea-orm", "fred"]),
    ("otvet-api", &["sea-orm", "sea-orm-migration", "sqlx", "ractor", "fred"]),
];

fn uses() -> BTreeMap<String, Vec<String>> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata writes JSON");
    let packages = metadata["packages"].as_array().expect("a list of packages");
    let names = |dependencies: &Value| {
        let list = dependencies.as_array().expect("a list of dependencies");
        list.iter().map(|d| d["name"].as_str().expect("a name").to_owned()).collect()
    };
    packages
        .iter()
        .map(|p| (p["name"].as_str().expect("a name").to_owned(), names(&p["dependencies"])))
        .collect()
}

fn rank(package: &str) -> Option<usize> {
    RANKS.iter().position(|rank| rank.contains(&package))
}

#[test]
fn every_package_has_its_place() {
    for package in uses().keys() {
        assert!(rank(package).is_some(), "{package} stands in no rank of this test");
    }
    assert_eq!(uses().len(), RANKS.concat().len(), "a package of the ranks does not exist");
}

#[test]
fn packages_use_only_what_is_to_their_left() {
    for (package, dependencies) in uses() {
        for dependency in dependencies {
            // A package's tests may use the package itself, with the features that only tests want.
            if dependency == package {
                continue;
            }
            if let (Some(user), Some(used)) = (rank(&package), rank(&dependency)) {
                assert!(used < user, "{package} uses {dependency}, which is not to its left");
            }
        }
    }
}

#[test]
fn libraries_stay_in_their_layer() {
    let uses = uses();
    for (package, foreign) in NOT_THERE {
        let found: Vec<_> = uses[package].iter().filter(|d| foreign.contains(&d.as_str())).collect();
        assert!(found.is_empty(), "{package} must not use {found:?}");
    }
}
