//! A JSON value that loses nothing: numbers keep their digits, objects keep the order of their keys.
//!
//! `serde_json::Value` rounds a number of 30 digits and sorts keys; it is made from this at the border (`Value::from`).

mod number;
mod print;

use serde_json::{Map, Value};

pub use number::Number;

/// What a reply holds. Nested at most [`super::MAX_DEPTH`] levels deep when it was read from text.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    Array(Vec<Self>),
    /// Keys are unique, in the order of the text.
    Object(Vec<(String, Self)>),
}

impl Json {
    /// The member of that name.
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.iter().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    pub fn is_container(&self) -> bool {
        matches!(self, Self::Array(_) | Self::Object(_))
    }

    /// Whether both mean the same: 12 and 12.0 do.
    pub(super) fn means(&self, other: &Value) -> bool {
        match (self, other) {
            (Self::Null, Value::Null) => true,
            (Self::Bool(one), Value::Bool(two)) => one == two,
            (Self::String(one), Value::String(two)) => one == two,
            (Self::Number(one), Value::Number(two)) => {
                one.text() == two.to_string() || two.as_f64() == Some(one.as_f64())
            }
            (Self::Array(one), Value::Array(two)) => {
                one.len() == two.len() && one.iter().zip(two).all(|(one, two)| one.means(two))
            }
            (Self::Object(one), Value::Object(two)) => {
                one.len() == two.len()
                    && one
                        .iter()
                        .all(|(name, one)| two.get(name).is_some_and(|two| one.means(two)))
            }
            _ => false,
        }
    }
}

impl From<Json> for Value {
    /// Numbers become 64-bit ones, as everywhere else in the program; one beyond their range becomes null.
    fn from(json: Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(is) => Self::Bool(is),
            Json::Number(number) => serde_json::from_str(&number.text()).unwrap_or(Self::Null),
            Json::String(text) => Self::String(text),
            Json::Array(items) => Self::Array(items.into_iter().map(Self::from).collect()),
            Json::Object(members) => Self::Object(
                members
                    .into_iter()
                    .map(|(name, value)| (name, Self::from(value)))
                    .collect::<Map<_, _>>(),
            ),
        }
    }
}

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(is) => Self::Bool(is),
            Value::Number(number) => Self::Number(Number::exact(&number.to_string())),
            Value::String(text) => Self::String(text),
            Value::Array(items) => Self::Array(items.into_iter().map(Self::from).collect()),
            Value::Object(members) => Self::Object(
                members
                    .into_iter()
                    .map(|(name, value)| (name, Self::from(value)))
                    .collect(),
            ),
        }
    }
}

#[cfg(test)]
mod tests;
