//! Values as text: from environment and flags, and back for messages.

use figment::value::Value;

/// `text` in the type of `default`. What does not fit stays a string, for the field's own type to refuse.
pub(crate) fn from_text(text: &str, default: &Value) -> Value {
    let trimmed = text.trim();
    match default {
        Value::Num(..) => {
            let unsigned = trimmed.parse::<u64>().map(Value::from);
            unsigned
                .or_else(|_| trimmed.parse::<i64>().map(Value::from))
                .unwrap_or_else(|_| Value::from(trimmed))
        }
        Value::Bool(..) => match trimmed.to_ascii_lowercase().as_str() {
            "true" | "on" | "yes" | "1" => Value::from(true),
            "false" | "off" | "no" | "0" => Value::from(false),
            _ => Value::from(trimmed),
        },
        Value::Array(..) => {
            let items = trimmed.split(',').map(str::trim).filter(|item| !item.is_empty());
            Value::from(items.map(Value::from).collect::<Vec<_>>())
        }
        _ => Value::from(text),
    }
}

/// `value` as it would be written in the file.
pub(crate) fn as_toml(value: &Value) -> String {
    toml::Value::try_from(value).expect("defaults are plain values").to_string()
}

/// The type of `value` in words.
pub(crate) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Num(..) => "a whole number, not negative",
        Value::Bool(..) => "true or false",
        Value::Array(..) => "a list of texts",
        _ => "a text",
    }
}
