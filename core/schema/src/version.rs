use std::fmt;

use xml::Element;

/// The attribute of the root that names the schema.
const VALIDATE_WITH: &str = "validate-with";

/// A schema, by its version. Newer is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Schema {
    major: u8,
    minor: u8,
}

/// Which schema a CIB says it follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follows<'a> {
    /// One that is known.
    Schema(Schema),
    /// None, on purpose: anything goes.
    Nothing,
    /// One that nobody knows.
    Unknown(&'a str),
    /// It does not say.
    Unsaid,
}

impl Schema {
    /// The first schema.
    pub const OLDEST: Self = Self::new(1, 0);
    /// The newest schema that is understood.
    pub const NEWEST: Self = Self::new(4, 0);
    /// The newest schema that every member of a cluster with Pacemaker 2.1.5 understands: that of new CIBs.
    pub const COMMON: Self = Self::new(3, 9);
    /// The first with attributes that say who changed the CIB last.
    pub const FIRST_WITH_ORIGIN: Self = Self::new(1, 2);

    /// The last minor version of each major one.
    const LAST_MINORS: [u8; 4] = [3, 10, 10, 0];

    pub(crate) const fn new(major: u8, minor: u8) -> Self {
        Self { major, minor }
    }

    /// The schema of that name, as `validate-with` has it, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        let (major, minor) = name.strip_prefix("pacemaker-")?.split_once('.')?;
        let number = |text: &str| {
            let plain = text.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            let leads = text.len() > 1 && text.starts_with('0');
            (plain && !leads).then(|| text.parse().ok()).flatten()
        };
        let found = Self::new(number(major)?, number(minor)?);
        found.exists().then_some(found)
    }

    /// Every schema that is known, oldest first.
    pub fn all() -> impl Iterator<Item = Self> {
        std::iter::successors(Some(Self::OLDEST), |schema| schema.next())
    }

    /// The one after this; `None` after the newest.
    pub fn next(self) -> Option<Self> {
        if self >= Self::NEWEST {
            return None;
        }
        // There never was a 1.1.
        let step = if self == Self::OLDEST { 2 } else { 1 };
        let minor = Self::new(self.major, self.minor + step);
        Some(if minor.exists() { minor } else { Self::new(self.major + 1, 0) })
    }

    /// Whether CIBs of one major version have to be rewritten to conform to the other.
    pub const fn needs_transformation_to(self, later: Self) -> bool {
        self.major != later.major
    }

    const fn exists(self) -> bool {
        match self.major {
            1 => matches!(self.minor, 0 | 2 | 3),
            2..=4 => self.minor <= Self::LAST_MINORS[self.major as usize - 1],
            _ => false,
        }
    }
}

impl<'a> Follows<'a> {
    /// What the CIB says.
    pub fn of(cib: &'a Element) -> Self {
        match cib.attr(VALIDATE_WITH) {
            None => Self::Unsaid,
            Some(name) if name.eq_ignore_ascii_case("none") => Self::Nothing,
            Some(name) => Schema::from_name(name).map_or(Self::Unknown(name), Self::Schema),
        }
    }
}

impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pacemaker-{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for name in ["pacemaker-1.0", "pacemaker-2.10", "pacemaker-3.10", "pacemaker-4.0"] {
            assert_eq!(Schema::from_name(name).map(|s| s.to_string()).as_deref(), Some(name));
        }
        for name in [
            "pacemaker-1.1",
            "pacemaker-3.11",
            "pacemaker-4.1",
            "none",
            "pacemaker-3",
            "",
            "pacemaker-2.01",
        ] {
            assert_eq!(Schema::from_name(name), None, "{name}");
        }
        assert!(Schema::from_name("pacemaker-2.10") > Schema::from_name("pacemaker-2.9"));
    }

    #[test]
    fn all_of_them_in_order() {
        let all: Vec<Schema> = Schema::all().collect();
        assert_eq!(all.len(), 3 + 11 + 11 + 1);
        assert!(all.is_sorted() && all.contains(&Schema::COMMON));
        assert_eq!((all[0], all[all.len() - 1]), (Schema::OLDEST, Schema::NEWEST));
    }

    #[test]
    fn what_a_cib_follows() {
        let cib = |name: &str| Element::new("cib").with("validate-with", name);
        assert_eq!(Follows::of(&cib("None")), Follows::Nothing);
        assert_eq!(Follows::of(&cib("pacemaker-4.0")), Follows::Schema(Schema::NEWEST));
        assert_eq!(Follows::of(&cib("pacemaker-9.9")), Follows::Unknown("pacemaker-9.9"));
        assert_eq!(Follows::of(&Element::new("cib")), Follows::Unsaid);
    }
}
