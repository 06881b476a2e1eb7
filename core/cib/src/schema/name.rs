use std::fmt;

/// The name of a schema, the value of `validate-with`. Newer is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SchemaName {
    major: u8,
    minor: u8,
}

impl SchemaName {
    /// The schema of new CIBs.
    pub const LATEST: Self = Self { major: 3, minor: 9 };
    /// The first with attributes that say who changed the CIB last.
    pub const FIRST_WITH_ORIGIN: Self = Self { major: 1, minor: 2 };

    /// The schema of that name, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        let (major, minor) = name.strip_prefix("pacemaker-")?.split_once('.')?;
        let plain = |text: &str| text.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        if !plain(major) || !plain(minor) {
            return None;
        }
        let (major, minor) = (major.parse().ok()?, minor.parse().ok()?);
        let known = match major {
            1 => matches!(minor, 0 | 2 | 3),
            2 => minor <= 10,
            3 => minor <= Self::LATEST.minor,
            _ => false,
        };
        known.then_some(Self { major, minor })
    }

    /// Whether a CIB of this schema has to be rewritten to conform to the later one.
    pub const fn needs_transformation_to(self, later: Self) -> bool {
        self.major != later.major
    }
}

impl fmt::Display for SchemaName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pacemaker-{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for name in ["pacemaker-1.0", "pacemaker-2.10", "pacemaker-3.0", "pacemaker-3.9"] {
            assert_eq!(SchemaName::from_name(name).map(|s| s.to_string()).as_deref(), Some(name));
        }
        for name in ["pacemaker-1.1", "pacemaker-3.10", "pacemaker-4.0", "none", "pacemaker-3", ""]
        {
            assert_eq!(SchemaName::from_name(name), None, "{name}");
        }
        assert!(SchemaName::from_name("pacemaker-2.10") > SchemaName::from_name("pacemaker-2.9"));
    }
}
