//! `otvet.toml` in the working directory. One test alone in its process, since that directory is the process's.
#![allow(clippy::unwrap_used)]

use otvet_config::{DEFAULT_FILE, LoadOptions, Settings};
use std::path::Path;

fn load() -> Settings {
    Settings::load(LoadOptions { file: None, env: Vec::new(), overrides: Vec::new() }).unwrap()
}

#[test]
fn default_file_is_read_if_it_exists() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("default_file");
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join(DEFAULT_FILE), "[tail]\nkeep = 7\n").unwrap();
    std::env::set_current_dir(&directory).unwrap();
    assert_eq!(load().tail.keep, 7);

    std::fs::remove_file(DEFAULT_FILE).unwrap();
    assert_eq!(load(), Settings::default());
}
