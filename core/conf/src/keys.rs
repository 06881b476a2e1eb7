use std::{collections::BTreeMap, fmt, ops::Bound};

use crate::{Document, Problems, flatten};

/// A configuration as one list of keys, as clients see it: sections and keys joined by dots, nodes and links by number.
///
/// This is where the file, clients' changes and [`crate::Settings`] meet: what a client changes at run time is set here, and
/// the settings are read anew.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Keys {
    pub(crate) entries: BTreeMap<String, Key>,
    pub(crate) accounts: Vec<NamedAccount>,
}

/// A key's value and where it is from.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// The value.
    pub value: Value,
    /// The line it is on, counted from 1; 0 if it is not from the file.
    pub line: usize,
}

/// A value. Which keys are numbers, and of what size, is what clients rely on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// An unsigned number of 8 bits.
    U8(u8),
    /// An unsigned number of 16 bits.
    U16(u16),
    /// A signed number of 32 bits.
    I32(i32),
    /// An unsigned number of 32 bits.
    U32(u32),
    /// An unsigned number of 64 bits.
    U64(u64),
    /// Text.
    Text(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::U8(v) => v.fmt(f),
            Self::U16(v) => v.fmt(f),
            Self::I32(v) => v.fmt(f),
            Self::U32(v) => v.fmt(f),
            Self::U64(v) => v.fmt(f),
            Self::Text(v) => v.fmt(f),
        }
    }
}

/// A user or group that may connect and is given by name. Whoever can look it up allows its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedAccount {
    /// Whether it is a user or a group.
    pub kind: AccountKind,
    /// Its name.
    pub name: String,
    /// The line, counted from 1.
    pub line: usize,
}

/// What an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountKind {
    /// A user.
    User,
    /// A group.
    Group,
}

impl Keys {
    /// Reads a file. What cannot be a key or a value of its type is left out, with an error.
    pub fn read(document: &Document) -> (Self, Problems) {
        flatten::read(document)
    }

    /// Adds a file of `uidgid.d`: sections `uidgid` and nothing else.
    pub fn add_access_file(&mut self, document: &Document) -> Problems {
        flatten::add_access_file(self, document)
    }

    /// Accounts given by name, which are no keys until [`Keys::allow`] is told their numbers.
    pub fn named_accounts(&self) -> &[NamedAccount] {
        &self.accounts
    }

    /// Lets an account connect.
    pub fn allow(&mut self, kind: AccountKind, number: u32) {
        let kind = match kind {
            AccountKind::User => "uid",
            AccountKind::Group => "gid",
        };
        self.set(&format!("uidgid.config.{kind}.{number}"), Value::U8(1));
    }

    /// The value of a key.
    pub fn value(&self, key: &str) -> Option<&Value> {
        self.entries.get(key).map(|key| &key.value)
    }

    /// The value of a key that is text.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.value(key)? {
            Value::Text(text) => Some(text),
            Value::U8(_) | Value::U16(_) | Value::I32(_) | Value::U32(_) | Value::U64(_) => None,
        }
    }

    /// The value of a key that is a number of 8 bits.
    pub fn u8(&self, key: &str) -> Option<u8> {
        match self.value(key)? {
            Value::U8(number) => Some(*number),
            Value::Text(_) | Value::U16(_) | Value::I32(_) | Value::U32(_) | Value::U64(_) => None,
        }
    }

    /// The value of a key that is an unsigned number of 32 bits.
    pub fn u32(&self, key: &str) -> Option<u32> {
        match self.value(key)? {
            Value::U32(number) => Some(*number),
            Value::Text(_) | Value::U8(_) | Value::U16(_) | Value::I32(_) | Value::U64(_) => None,
        }
    }

    /// The line a key is on; 0 if it is not from the file or not there.
    pub fn line(&self, key: &str) -> usize {
        self.entries.get(key).map_or(0, |key| key.line)
    }

    /// Sets a key, as a client does at run time.
    pub fn set(&mut self, key: &str, value: Value) {
        self.entries.insert(key.to_owned(), Key { value, line: 0 });
    }

    /// Removes a key. Says what it was.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.entries.remove(key).map(|key| key.value)
    }

    /// All keys in the order of their bytes, which is the order that clients get them in.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Key)> {
        self.entries.iter().map(|(name, key)| (name.as_str(), key))
    }

    /// The keys that begin like that, in order.
    pub fn with_prefix<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a Key)> {
        self.entries
            .range::<str, _>((Bound::Included(prefix), Bound::Unbounded))
            .take_while(move |(name, _)| name.starts_with(prefix))
            .map(|(name, key)| (name.as_str(), key))
    }
}
