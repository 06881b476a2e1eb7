use std::{collections::BTreeMap, ops::Bound};

use wire::corosync::{Status, cmap::Value};

/// Bytes of the biggest value.
const VALUE_MAX: usize = 16 * 1024;

/// Why a value cannot be set or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The name is not one.
    #[error("a key has 3 to 255 letters, digits and characters of ._-/:")]
    Name,
    /// There is no such key.
    #[error("there is no such key")]
    Missing,
    /// The value is too big, or not a number where one is needed.
    #[error("the value does not fit")]
    Value,
}

impl KeyError {
    /// How a client is told.
    pub fn status(self) -> Status {
        match self {
            Self::Name => Status::NAME_TOO_LONG,
            Self::Missing => Status::NOT_EXIST,
            Self::Value => Status::INVALID_PARAMETER,
        }
    }
}

/// Whether a name can be a new key's.
pub fn is_key_name(name: &str) -> bool {
    (3..=255).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-/:".contains(&byte))
}

/// What a change replaced, if it changed anything.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    /// Everything is as it was.
    None,
    /// The key was not there.
    Added,
    /// It had this value.
    Replaced(Value),
}

/// One map.
#[derive(Clone, Debug, Default)]
pub(crate) struct Store {
    entries: BTreeMap<String, Value>,
}

impl Store {
    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        self.entries.get(key)
    }

    pub(crate) fn set(&mut self, key: &str, value: Value) -> Result<Effect, KeyError> {
        if value.size() > VALUE_MAX {
            return Err(KeyError::Value);
        }
        if let Some(entry) = self.entries.get_mut(key) {
            if *entry == value {
                return Ok(Effect::None);
            }
            return Ok(Effect::Replaced(std::mem::replace(entry, value)));
        }
        if !is_key_name(key) {
            return Err(KeyError::Name);
        }
        self.entries.insert(key.to_owned(), value);
        Ok(Effect::Added)
    }

    pub(crate) fn delete(&mut self, key: &str) -> Option<Value> {
        self.entries.remove(key)
    }

    /// The first key after one, among those that begin with a prefix; `None` before the first.
    pub(crate) fn next(&self, prefix: &str, after: Option<&str>) -> Option<(&str, &Value)> {
        let from = after.map_or(Bound::Included(prefix), Bound::Excluded);
        let (key, value) = self.entries.range::<str, _>((from, Bound::Unbounded)).next()?;
        key.starts_with(prefix).then_some((key.as_str(), value))
    }

    pub(crate) fn with_prefix<'a>(
        &'a self,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.entries
            .range::<str, _>((Bound::Included(prefix), Bound::Unbounded))
            .take_while(move |(key, _)| key.starts_with(prefix))
            .map(|(key, value)| (key.as_str(), value))
    }
}
