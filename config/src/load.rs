//! Layers of settings: file, environment, flags; each remembers where a key came from.

use crate::error::{ConfigError, InvalidSetting, one_line};
use crate::{Settings, values};
use figment::error::Kind;
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};
use std::path::{Path, PathBuf};

/// The file read from the working directory when none is named, if it exists.
pub const DEFAULT_FILE: &str = "otvet.toml";

/// The origin of a value that no layer set.
const DEFAULTS: &str = "the defaults";
const ENV_PREFIX: &str = "OTVET_";
const ENV_SEPARATOR: &str = "__";

/// Where settings are taken from, in rising precedence. Not `Debug`, for it holds the whole environment.
pub struct LoadOptions<E> {
    /// `--config FILE`, which must exist. `None`: [`DEFAULT_FILE`] if it exists.
    pub file: Option<PathBuf>,
    /// The environment, usually `std::env::vars()`. `OTVET_SECTION__KEY` is a setting; all other names are ignored,
    /// also `OTVET_…` ones without a double underscore. Lists are comma separated.
    pub env: E,
    /// Flags as `(section.key, value)`, values written as in the environment.
    pub overrides: Vec<(String, String)>,
}

impl Settings {
    /// Merges the layers over the defaults and validates the result.
    ///
    /// # Errors
    /// [`ConfigError`] for the first unreadable file, unknown key or impossible value.
    pub fn load<E>(options: LoadOptions<E>) -> Result<Settings, ConfigError>
    where
        E: IntoIterator<Item = (String, String)>,
    {
        let known = Known::from_defaults();
        let mut merged = Figment::new();
        if let Some((path, text)) = read_file(options.file)? {
            for layer in file_layers(&known, &path, &text)? {
                merged = merged.merge(layer);
            }
        }
        for (name, value) in options.env {
            if let Some(key) = env_key(&name) {
                merged =
                    merged.merge(text_layer(&known, &key, &value, format!("environment variable {name}"))?);
            }
        }
        for (key, value) in &options.overrides {
            merged = merged.merge(text_layer(&known, key, value, format!("flag {key}"))?);
        }

        let settings: Settings = merged.extract().map_err(|error| {
            // A path longer than section.key points into a list.
            let key = error.path.iter().take(2).cloned().collect::<Vec<_>>().join(".");
            known.invalid(&key, origin(&merged, &key), known.mismatch(&key, &error.kind))
        })?;
        settings
            .validate()
            .map_err(|InvalidSetting { key, problem }| known.invalid(key, origin(&merged, key), problem))?;
        Ok(settings)
    }
}

/// Every key there is, with its default: the shape that unknown keys and the types of text values are judged by.
struct Known(Dict);

impl Known {
    fn from_defaults() -> Self {
        let value = Value::serialize(Settings::default()).expect("sections serialize to plain values");
        Self(value.into_dict().expect("a struct serializes to a dictionary"))
    }

    fn section(&self, name: &str) -> Option<&Dict> {
        self.0.get(name).and_then(Value::as_dict)
    }

    fn default_of(&self, key: &str) -> Option<&Value> {
        let (section, name) = key.split_once('.')?;
        self.section(section)?.get(name)
    }

    fn unknown(&self, key: &str, origin: String) -> ConfigError {
        let section = key.split_once('.').map(|(section, _)| section);
        let known = match section.and_then(|name| Some((name, self.section(name)?))) {
            Some((name, keys)) => {
                keys.keys().map(|key| format!("{name}.{key}")).collect::<Vec<_>>().join(", ")
            }
            None => format!("sections {}", self.0.keys().cloned().collect::<Vec<_>>().join(", ")),
        };
        ConfigError::UnknownKey { key: one_line(key), origin: one_line(&origin), known }
    }

    /// What a value that its field refused should have been, in an operator's words rather than Rust's.
    fn mismatch(&self, key: &str, kind: &Kind) -> String {
        match (kind, self.default_of(key)) {
            (Kind::InvalidType(found, _) | Kind::InvalidValue(found, _), Some(default)) => {
                format!("must be {}, is {found}", values::type_of(default))
            }
            (Kind::UnknownVariant(found, variants), _) => {
                format!("must be one of {}, is {found:?}", variants.join(", "))
            }
            _ => kind.to_string(),
        }
    }

    fn invalid(&self, key: &str, origin: String, problem: String) -> ConfigError {
        let remedy = match self.default_of(key) {
            Some(_) if origin == DEFAULTS => "set it too".to_owned(),
            Some(default) => {
                format!("correct it, or remove it for the default, {}", values::as_toml(default))
            }
            None => "correct it".to_owned(),
        };
        ConfigError::Invalid {
            key: key.to_owned(),
            origin: one_line(&origin),
            problem: one_line(&problem),
            remedy,
        }
    }
}

/// One key from one place. A layer a key, so that an error can name the place exactly.
struct Layer {
    section: String,
    name: String,
    value: Value,
    origin: String,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.origin.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let section = Dict::from([(self.name.clone(), self.value.clone())]);
        Ok(Profile::Default.collect(Dict::from([(self.section.clone(), section.into())])))
    }
}

fn origin(merged: &Figment, key: &str) -> String {
    merged.find_metadata(key).map_or_else(|| DEFAULTS.to_owned(), |found| found.name.to_string())
}

fn read_file(explicit: Option<PathBuf>) -> Result<Option<(PathBuf, String)>, ConfigError> {
    let required = explicit.is_some();
    let path = explicit.unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some((path, text))),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound && !required => Ok(None),
        Err(cause) => Err(ConfigError::Unreadable { path, cause }),
    }
}

fn file_layers(known: &Known, path: &Path, text: &str) -> Result<Vec<Layer>, ConfigError> {
    let document: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let start = error.span().map_or(0, |span| span.start);
        let line = text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1;
        ConfigError::Syntax { path: path.to_owned(), line, problem: one_line(error.message()) }
    })?;
    let origin = format!("file {}", path.display());
    let mut layers = Vec::new();
    for (section, content) in document {
        let Some(keys) = known.section(&section) else {
            return Err(known.unknown(&section, origin));
        };
        let toml::Value::Table(content) = content else {
            return Err(known.invalid(
                &section,
                origin,
                format!("is a section; write its keys under [{section}]"),
            ));
        };
        for (name, value) in content {
            if !keys.contains_key(&name) {
                return Err(known.unknown(&format!("{section}.{name}"), origin));
            }
            let value = Value::serialize(value).expect("TOML values are plain values");
            layers.push(Layer { section: section.clone(), name, value, origin: origin.clone() });
        }
    }
    Ok(layers)
}

/// `OTVET_SECTION__KEY` as `section.key`; `None` for names that are not settings.
fn env_key(name: &str) -> Option<String> {
    let rest = name.strip_prefix(ENV_PREFIX)?;
    rest.contains(ENV_SEPARATOR).then(|| rest.to_ascii_lowercase().replace(ENV_SEPARATOR, "."))
}

/// A layer from text, which takes the type of the key's default.
fn text_layer(known: &Known, key: &str, text: &str, origin: String) -> Result<Layer, ConfigError> {
    let Some(default) = known.default_of(key) else {
        return Err(known.unknown(key, origin));
    };
    let (section, name) = key.split_once('.').expect("a known key has a section");
    let value = values::from_text(text, default);
    Ok(Layer { section: section.to_owned(), name: name.to_owned(), value, origin })
}
