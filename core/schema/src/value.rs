use crate::{Schema, shape::Word};

/// What an attribute's value can be. Spaces around it never count, unless it is plain text.
#[derive(Clone, Copy, Debug)]
pub enum Type {
    /// Anything.
    Text,
    /// The element's own id: an XML name without a colon that no other element has.
    Id,
    /// The id of another element, which has to exist.
    Reference(Target),
    /// A whole number.
    Integer,
    /// A whole number that is not negative.
    NonNegative,
    /// The place of a fencing level: a positive number, since 4.0 at most 9.
    Level,
    /// `true`, `false`, `1` or `0`.
    Boolean,
    /// A whole number, or `INFINITY` with or without a sign.
    Score,
    /// One of these words.
    OneOf(&'static [Word]),
    /// This text, spaces and all.
    Exactly(&'static str),
    /// Anything but these words.
    AllBut(&'static [Word]),
    /// Ids of fencing devices with commas between.
    Devices,
    /// A port, or two with a minus sign between.
    Ports,
    /// The name of a schema, or `none`.
    SchemaName,
}

/// What a reference should lead to. Pacemaker accepts any element with that id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A resource, a template or a tag.
    Constrainable,
    /// A template.
    Template,
    /// An element of the same name.
    Same,
    /// A role of access control.
    Role,
    /// Any element.
    Any,
}

/// The longest number that is read.
const MOST_DIGITS: usize = 24;

impl Type {
    /// Whether a value is one of those.
    pub fn accepts(self, value: &str, schema: Schema) -> bool {
        match self {
            Self::Text => true,
            Self::Id | Self::Reference(_) => is_name(trim(value)),
            Self::Integer => integer(trim(value)).is_some(),
            Self::NonNegative => {
                integer(trim(value)).is_some_and(|(negative, digits)| !negative || is_zero(digits))
            }
            Self::Level => is_level(trim(value), schema),
            Self::Boolean => matches!(trim(value), "true" | "false" | "1" | "0"),
            Self::Score => is_score(trim(value)),
            Self::OneOf(words) => is_word(words, value, schema),
            Self::Exactly(text) => value == text,
            Self::AllBut(words) => !is_word(words, value, schema),
            Self::Devices => value.split(',').all(|part| {
                !part.is_empty()
                    && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
            }),
            Self::Ports => {
                !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit() || b == b'-')
            }
            Self::SchemaName => trim(value) == "none" || Schema::from_name(trim(value)).is_some(),
        }
    }

    /// What a value can be, in words.
    pub fn describe(self, schema: Schema) -> String {
        let list = |words: &[Word]| {
            let words = words.iter().filter(|word| word.span.has(schema));
            words.map(|word| word.text).collect::<Vec<_>>().join(", ")
        };
        match self {
            Self::Text => "any text".to_owned(),
            Self::Id => "a name of its own: a letter or _, then letters, digits, '.', '-' and '_'"
                .to_owned(),
            Self::Reference(target) => format!("the id of {}", target.describe()),
            Self::Integer => "a whole number".to_owned(),
            Self::NonNegative => "a whole number, 0 or more".to_owned(),
            Self::Level if schema >= Schema::new(4, 0) => "1 to 9".to_owned(),
            Self::Level => "a whole number, 1 or more".to_owned(),
            Self::Boolean => "true or false".to_owned(),
            Self::Score => "a whole number, INFINITY or -INFINITY".to_owned(),
            Self::OneOf(words) => list(words),
            Self::Exactly(text) => text.to_owned(),
            Self::AllBut(words) => format!("anything but {}", list(words)),
            Self::Devices => "ids of devices with commas between".to_owned(),
            Self::Ports => "a port, or two with '-' between".to_owned(),
            Self::SchemaName => "pacemaker- with a known version, or none".to_owned(),
        }
    }
}

impl Target {
    /// Whether an element of that name is one, where one of the name `from` refers to it.
    pub fn is(self, name: &str, from: &str) -> bool {
        match self {
            Self::Constrainable => matches!(
                name,
                "primitive" | "group" | "clone" | "master" | "bundle" | "template" | "tag"
            ),
            Self::Template => name == "template",
            Self::Same => name == from,
            Self::Role => name == "acl_role",
            Self::Any => true,
        }
    }

    /// What it is, in words.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Constrainable => "a resource, template or tag",
            Self::Template => "a template",
            Self::Same => "an element of the same kind",
            Self::Role => "an <acl_role>",
            Self::Any => "an element",
        }
    }
}

/// The text without the spaces around it.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\r'])
}

/// Whether a text can be an id: a letter or underscore, then letters, digits, `.`, `-`, `_`.
fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    if let Some(first) = text.bytes().next()
        && (first.is_ascii_alphabetic() || first == b'_')
        && text.bytes().all(plain)
    {
        return true;
    }
    let mut characters = text.chars();
    characters.next().is_some_and(|first| first == '_' || is_letter(first) && !first.is_numeric())
        && characters.all(|c| is_letter(c) || is_mark(c))
}

/// The letters of names that are not ASCII, as XML has counted them since its fifth edition.
fn is_letter(c: char) -> bool {
    matches!(c,
        'A'..='Z' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}'
        | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}'
        | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

fn is_mark(c: char) -> bool {
    matches!(c, '0'..='9' | '.' | '-' | '_' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// Whether a number is negative, and its digits.
fn integer(text: &str) -> Option<(bool, &str)> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let fits = !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && digits.trim_start_matches('0').len() <= MOST_DIGITS;
    fits.then_some((text.starts_with('-'), digits))
}

fn is_zero(digits: &str) -> bool {
    digits.bytes().all(|byte| byte == b'0')
}

fn is_level(text: &str, schema: Schema) -> bool {
    let Some((false, digits)) = integer(text) else { return false };
    let bounded = schema >= Schema::new(4, 0);
    !is_zero(digits) && (!bounded || digits.trim_start_matches('0').len() == 1)
}

fn is_score(text: &str) -> bool {
    matches!(text, "INFINITY" | "+INFINITY" | "-INFINITY") || integer(text).is_some()
}

/// Whether a value is one of the words. Spaces inside count as one.
fn is_word(words: &[Word], value: &str, schema: Schema) -> bool {
    let mut active = words.iter().filter(|word| word.span.has(schema));
    active.any(|word| {
        word.text == value
            || value.bytes().any(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
                && value.split_ascii_whitespace().eq(word.text.split(' '))
    })
}
