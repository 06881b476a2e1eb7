//! What is known of one option.

use vocab::{Score, parse_boolean, parse_duration};

use crate::Daemon;

/// A release of Pacemaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release(pub u8, pub u8, pub u8);

impl Release {
    /// The release whose names and values configurations are written with.
    pub const SPOKEN: Self = Self(2, 1, 5);
}

/// How much an option is to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// For everybody.
    Usual,
    /// For those who know why.
    Advanced,
    /// Still understood; later releases will not.
    Deprecated,
    /// Understood, and unknown to Pacemaker 3: lists do not show it.
    Removed,
}

/// One of the words that an option can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// The word.
    pub word: &'static str,
    /// The release that brought it, if it is a recent one.
    pub since: Option<Release>,
    /// Whether lists leave it out, because Pacemaker 3 does not know it.
    pub removed: bool,
}

/// A word that every release knows.
pub(crate) const fn word(word: &'static str) -> Word {
    Word { word, since: None, removed: false }
}

impl Word {
    pub(crate) const fn since(self, release: Release) -> Self {
        Self { since: Some(release), ..self }
    }

    pub(crate) const fn removed(self) -> Self {
        Self { removed: true, ..self }
    }

    /// Whether a release has it.
    pub fn is_in(&self, release: Release) -> bool {
        self.since.is_none_or(|since| since <= release)
    }
}

/// What an option can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A truth value.
    Boolean,
    /// A whole number or INFINITY.
    Integer,
    /// A whole number that is not negative.
    Count,
    /// A whole number above zero or INFINITY, written as a score.
    PositiveScore,
    /// A whole number up to a million, or INFINITY.
    Score,
    /// A number with a percent sign.
    Percentage,
    /// A time.
    Duration,
    /// A time; a negative one means something of its own.
    Timeout,
    /// A date and time of ISO 8601.
    Moment,
    /// A port of TCP.
    Port,
    /// Any text.
    Text,
    /// The version of a program.
    Version,
    /// One of some words.
    Choice(&'static [Word]),
}

impl Kind {
    /// The name of the type in lists.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Count => "nonnegative_integer",
            Self::PositiveScore | Self::Score => "score",
            Self::Percentage => "percentage",
            Self::Duration => "duration",
            Self::Timeout => "timeout",
            Self::Moment => "iso8601",
            Self::Port => "port",
            Self::Text => "string",
            Self::Version => "version",
            Self::Choice(_) => "select",
        }
    }

    /// The name of the type as tools from before Pacemaker 2.1.8 know it, which ask daemons.
    pub const fn name_for_agents(self) -> &'static str {
        match self {
            Self::Duration | Self::Timeout => "time",
            Self::Count | Self::PositiveScore | Self::Score => "integer",
            Self::Version | Self::Moment => "string",
            Self::Boolean
            | Self::Integer
            | Self::Percentage
            | Self::Port
            | Self::Text
            | Self::Choice(_) => self.name(),
        }
    }

    /// The words that it can be, as lists show them.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        let words: &'static [Word] = match self {
            Self::Choice(words) => words,
            _ => &[],
        };
        words.iter().filter(|word| !word.removed).map(|word| word.word)
    }

    /// The words that it can be in a release; those that later ones removed are among them.
    pub fn words_in(self, release: Release) -> impl Iterator<Item = &'static str> {
        let words: &'static [Word] = match self {
            Self::Choice(words) => words,
            _ => &[],
        };
        words.iter().filter(move |word| word.is_in(release)).map(|word| word.word)
    }

    /// Whether a value of this text means something. What it means unless it does is the default.
    pub fn accepts(self, text: &str) -> bool {
        let number = || text.trim().parse::<i64>().ok();
        let is_infinite = matches!(text, "INFINITY" | "+INFINITY" | "-INFINITY");
        match self {
            Self::Boolean => parse_boolean(text).is_ok(),
            Self::Integer => is_infinite || number().is_some(),
            Self::Count => number().is_some_and(|number| number >= 0),
            Self::PositiveScore => {
                matches!(text, "INFINITY" | "+INFINITY")
                    || number().is_some_and(|number| number > 0)
            }
            Self::Score => Score::parse(text).is_ok(),
            Self::Percentage => text
                .split_once('%')
                .and_then(|(number, _)| number.trim().parse::<f32>().ok())
                .is_some_and(|number| number >= 0.0),
            Self::Duration => parse_duration(text).is_ok(),
            Self::Timeout => {
                parse_duration(text).is_ok() || number().is_some_and(|number| number < 0)
            }
            Self::Port => text.trim().parse::<u16>().is_ok_and(|port| port > 0),
            Self::Choice(words) => words.iter().any(|word| word.word.eq_ignore_ascii_case(text)),
            Self::Moment | Self::Text | Self::Version => true,
        }
    }
}

/// An option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// What it is called.
    pub name: &'static str,
    /// What it was called before Pacemaker 3.0.2, and is called on disk; also understood.
    pub older: Option<&'static str>,
    /// A still older name, which is understood and not shown.
    pub oldest: Option<&'static str>,
    /// What it can hold.
    pub kind: Kind,
    /// What it holds unless it is set.
    pub default: Option<&'static str>,
    /// The release that brought it; `None` if that is before 2.0, or not known.
    pub since: Option<Release>,
    /// How much it is to be used.
    pub standing: Standing,
    /// Whether the cluster itself sets it.
    pub is_generated: bool,
    /// The daemon that reads it, for options that daemons describe.
    pub reader: Option<Daemon>,
    /// What it is, in one line.
    pub short: &'static str,
    /// What it does, and what to know about it.
    pub long: Option<&'static str>,
}

/// An option with a name, a type and a line about it.
pub(crate) const fn setting(name: &'static str, kind: Kind, short: &'static str) -> Setting {
    Setting {
        name,
        older: None,
        oldest: None,
        kind,
        default: None,
        since: None,
        standing: Standing::Usual,
        is_generated: false,
        reader: None,
        short,
        long: None,
    }
}

impl Setting {
    pub(crate) const fn older(self, name: &'static str) -> Self {
        Self { older: Some(name), ..self }
    }

    pub(crate) const fn oldest(self, name: &'static str) -> Self {
        Self { oldest: Some(name), ..self }
    }

    pub(crate) const fn default(self, value: &'static str) -> Self {
        Self { default: Some(value), ..self }
    }

    pub(crate) const fn since(self, major: u8, minor: u8, patch: u8) -> Self {
        Self { since: Some(Release(major, minor, patch)), ..self }
    }

    pub(crate) const fn advanced(self) -> Self {
        Self { standing: Standing::Advanced, ..self }
    }

    pub(crate) const fn deprecated(self) -> Self {
        Self { standing: Standing::Deprecated, ..self }
    }

    pub(crate) const fn removed(self) -> Self {
        Self { standing: Standing::Removed, ..self }
    }

    pub(crate) const fn generated(self) -> Self {
        Self { is_generated: true, ..self }
    }

    pub(crate) const fn read_by(self, daemon: Daemon) -> Self {
        Self { reader: Some(daemon), ..self }
    }

    pub(crate) const fn long(self, text: &'static str) -> Self {
        Self { long: Some(text), ..self }
    }

    /// Whether a release has it.
    pub fn is_in(&self, release: Release) -> bool {
        self.since.is_none_or(|since| since <= release)
    }

    /// The name by which the release knows it whose names configurations are written with.
    pub fn spoken_name(&self) -> &'static str {
        self.older.unwrap_or(self.name)
    }

    /// All its names, the current one first.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        [Some(self.name), self.older, self.oldest].into_iter().flatten()
    }

    /// The older name as an option of its own.
    pub(crate) fn alias(&self) -> Option<Self> {
        let name = self.older?;
        Some(Self { name, older: None, standing: Standing::Deprecated, long: None, ..*self })
    }
}

/// The option of that name, be it an older one.
pub fn find<'a>(table: &'a [Setting], name: &str) -> Option<&'a Setting> {
    table.iter().find(|setting| setting.names().any(|known| known == name))
}

/// The name that an option has today.
pub fn current_name<'a>(table: &[Setting], name: &'a str) -> &'a str
where
    'static: 'a,
{
    find(table, name).map_or(name, |setting| setting.name)
}

/// The value that is set under one of the option's names, the current name first.
pub fn value<'a>(setting: &Setting, get: impl FnMut(&str) -> Option<&'a str>) -> Option<&'a str> {
    setting.names().find_map(get)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BUNDLE, CLONE, CLUSTER, FENCING, GROUP, OPERATION, PRIMITIVE};

    const TABLES: [&[Setting]; 7] = [CLUSTER, PRIMITIVE, GROUP, CLONE, BUNDLE, OPERATION, FENCING];

    #[test]
    fn every_default_can_be_set() {
        for setting in TABLES.into_iter().flatten() {
            if let Some(default) = setting.default {
                assert!(setting.kind.accepts(default), "{} = {default}", setting.name);
            }
        }
    }

    #[test]
    fn no_name_is_there_twice() {
        for table in TABLES {
            let names: Vec<&str> = table.iter().flat_map(Setting::names).collect();
            for (at, name) in names.iter().enumerate() {
                assert!(!names[..at].contains(name), "{name}");
            }
        }
    }

    #[test]
    fn every_option_is_described_by_whole_sentences_or_none() {
        for setting in TABLES.into_iter().flatten() {
            assert!(!setting.short.is_empty() && !setting.short.ends_with('.'), "{}", setting.name);
            let long = setting.long.is_none_or(|long| long.ends_with('.'));
            assert!(long, "{} has no end", setting.name);
        }
    }

    #[test]
    fn values_are_told_from_nonsense() {
        let check = |name: &str, right: &[&str], wrong: &[&str]| {
            let kind = find(CLUSTER, name).expect("an option").kind;
            assert!(right.iter().all(|text| kind.accepts(text)), "{name}");
            for text in wrong {
                assert!(!kind.accepts(text), "{name}={text}");
            }
        };
        check("stonith-enabled", &["true", "0", "Yes"], &["maybe", ""]);
        check("stonith-max-attempts", &["1", "INFINITY"], &["0", "-1", "x"]);
        check("migration-limit", &["-1", "7"], &["many"]);
        check("load-threshold", &["80%", "0%"], &["80", "-1%"]);
        check("dc-deadtime", &["20s", "1min", "PT5S"], &["soon", "-1"]);
        check("stonith-watchdog-timeout", &["0", "-1", "10s"], &["soon"]);
        check("no-quorum-policy", &["fence", "suicide", "STOP"], &["panic"]);
        check("stonith-action", &["poweroff", "off"], &["on"]);
    }

    #[test]
    fn older_names_lead_to_the_current_one() {
        assert_eq!(current_name(CLUSTER, "stonith-enabled"), "fencing-enabled");
        assert_eq!(current_name(CLUSTER, "crmd-transition-delay"), "transition-delay");
        assert_eq!(current_name(CLUSTER, "of-my-own"), "of-my-own");
        let setting = find(CLUSTER, "fencing-enabled").expect("an option");
        let set = |name: &str| (name == "stonith-enabled").then_some("false");
        assert_eq!(value(setting, set), Some("false"));
    }

    #[test]
    fn a_release_has_its_own_words() {
        let kind = find(CLUSTER, "no-quorum-policy").expect("an option").kind;
        let spoken: Vec<&str> = kind.words_in(Release::SPOKEN).collect();
        assert_eq!(spoken, ["stop", "freeze", "ignore", "demote", "suicide"]);
        assert!(kind.words().any(|word| word == "fence"));
    }
}
