/// The functions of XPath 1.0 that apply to documents without namespaces and languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Boolean,
    Ceiling,
    Concat,
    Contains,
    Count,
    False,
    Floor,
    Id,
    Last,
    LocalName,
    Name,
    NamespaceUri,
    NormalizeSpace,
    Not,
    Number,
    Position,
    Round,
    StartsWith,
    String,
    StringLength,
    Substring,
    SubstringAfter,
    SubstringBefore,
    Sum,
    Translate,
    True,
}

/// Name, function, least and greatest number of arguments.
const TABLE: [(&str, Function, usize, usize); 26] = [
    ("boolean", Function::Boolean, 1, 1),
    ("ceiling", Function::Ceiling, 1, 1),
    ("concat", Function::Concat, 2, usize::MAX),
    ("contains", Function::Contains, 2, 2),
    ("count", Function::Count, 1, 1),
    ("false", Function::False, 0, 0),
    ("floor", Function::Floor, 1, 1),
    ("id", Function::Id, 1, 1),
    ("last", Function::Last, 0, 0),
    ("local-name", Function::LocalName, 0, 1),
    ("name", Function::Name, 0, 1),
    ("namespace-uri", Function::NamespaceUri, 0, 1),
    ("normalize-space", Function::NormalizeSpace, 0, 1),
    ("not", Function::Not, 1, 1),
    ("number", Function::Number, 0, 1),
    ("position", Function::Position, 0, 0),
    ("round", Function::Round, 1, 1),
    ("starts-with", Function::StartsWith, 2, 2),
    ("string", Function::String, 0, 1),
    ("string-length", Function::StringLength, 0, 1),
    ("substring", Function::Substring, 2, 3),
    ("substring-after", Function::SubstringAfter, 2, 2),
    ("substring-before", Function::SubstringBefore, 2, 2),
    ("sum", Function::Sum, 1, 1),
    ("translate", Function::Translate, 3, 3),
    ("true", Function::True, 0, 0),
];

impl Function {
    pub(super) fn named(name: &str) -> Option<Self> {
        TABLE.iter().find(|(known, ..)| *known == name).map(|(_, function, ..)| *function)
    }

    pub(super) fn name(self) -> &'static str {
        TABLE.iter().find(|(_, function, ..)| *function == self).map_or("", |(name, ..)| name)
    }

    pub(super) fn takes(self, count: usize) -> bool {
        TABLE.iter().any(|(_, function, least, most)| {
            *function == self && (*least..=*most).contains(&count)
        })
    }

    pub(super) fn gives_number(self) -> bool {
        matches!(
            self,
            Self::Ceiling
                | Self::Count
                | Self::Floor
                | Self::Last
                | Self::Number
                | Self::Position
                | Self::Round
                | Self::StringLength
                | Self::Sum
        )
    }
}

/// The characters from `start` on, the first being 1, as many as `length` says; both are rounded as XPath does.
pub(super) fn substring(text: &str, start: f64, length: Option<f64>) -> String {
    let first = round(start);
    let end = length.map(|length| first + round(length));
    let mut place = 0.0;
    let inside = |_: &char| {
        place += 1.0;
        // Comparisons with what is no number are false, and then nothing is inside.
        place >= first && end.is_none_or(|end| place < end)
    };
    text.chars().filter(inside).collect()
}

/// Halves go up, also below zero.
pub(super) fn round(number: f64) -> f64 {
    if number.is_finite() { (number + 0.5).floor() } else { number }
}

/// Words with one blank between them.
pub(super) fn normalize_space(text: &str) -> String {
    text.split([' ', '\t', '\n', '\r'])
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Replaces each character of `from` by that at the same place in `to`; those without one are removed.
pub(super) fn translate(text: &str, from: &str, to: &str) -> String {
    let replaced = |character: char| match from.chars().position(|other| other == character) {
        Some(place) => to.chars().nth(place),
        None => Some(character),
    };
    text.chars().filter_map(replaced).collect()
}
