use std::{fmt, str::FromStr};

/// The version that the tools print and `dc-version` shows.
pub const PRODUCT_VERSION: &str = env!("CARGO_PKG_VERSION");

/// The feature set our daemons speak: what Pacemaker 2.1.5 speaks, so that both can share a cluster and their tools can
/// read each other's CIB. The decision page "feature-set" says why it is not newer.
pub const FEATURE_SET: FeatureSet = FeatureSet { major: 3, minor: 16, minor_minor: 1 };

/// The `crm_feature_set` of a CIB, a message or an operation: what its writer understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeatureSet {
    /// Changes when old and new cannot work together at all.
    pub major: u32,
    /// Changes when old nodes may stay, but not become DC.
    pub minor: u32,
    /// Changes when the scheduler's behaviour does.
    pub minor_minor: u32,
}

/// A text that is not a feature set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a feature set: use three numbers, as in 3.16.1")]
pub struct FeatureSetError(pub String);

impl FromStr for FeatureSet {
    type Err = FeatureSetError;

    /// Reads `x.y.z`; a missing `.z` counts as 0, as in feature sets before 3.0.
    fn from_str(text: &str) -> Result<Self, FeatureSetError> {
        let mut parts = text.split('.').map(str::parse);
        let mut next = || parts.next().transpose().map_err(|_| FeatureSetError(text.to_owned()));
        match (next()?, next()?, next()?, next()?) {
            (Some(major), Some(minor), minor_minor, None) => {
                Ok(Self { major, minor, minor_minor: minor_minor.unwrap_or(0) })
            }
            _ => Err(FeatureSetError(text.to_owned())),
        }
    }
}

impl fmt::Display for FeatureSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.minor_minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feature_sets_compare_by_number() {
        let old: FeatureSet = "3.9.0".parse().unwrap();
        let new: FeatureSet = "3.16.1".parse().unwrap();
        assert!(old < new);
        assert_eq!(new.to_string(), "3.16.1");
        assert_eq!("3.0".parse::<FeatureSet>().unwrap().to_string(), "3.0.0");
        for bad in ["", "3", "a.b.c", "1.2.3.4"] {
            assert!(bad.parse::<FeatureSet>().is_err(), "{bad:?}");
        }
    }
}
