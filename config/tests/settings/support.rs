//! Layers of settings put together in a test.

use otvet_config::{ConfigError, LoadOptions, Settings};
use std::path::{Path, PathBuf};

/// What `Settings::load` is given; always an explicit file, so that the working directory plays no part.
#[derive(Clone)]
pub struct Layers {
    path: PathBuf,
    env: Vec<(String, String)>,
    flags: Vec<(String, String)>,
}

impl Layers {
    /// An empty file and nothing else. `name` is unique among the tests.
    pub fn new(name: &str) -> Self {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("settings");
        std::fs::create_dir_all(&directory).unwrap();
        let path = directory.join(format!("{name}.toml"));
        Self { path, env: Vec::new(), flags: Vec::new() }.file("")
    }

    pub fn file(self, text: &str) -> Self {
        std::fs::write(&self.path, text).unwrap();
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn flag(mut self, key: &str, value: &str) -> Self {
        self.flags.push((key.to_owned(), value.to_owned()));
        self
    }

    pub fn load(&self) -> Result<Settings, ConfigError> {
        Settings::load(LoadOptions {
            file: Some(self.path.clone()),
            env: self.env.clone(),
            overrides: self.flags.clone(),
        })
    }
}
