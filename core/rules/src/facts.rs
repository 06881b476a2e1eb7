use std::collections::BTreeMap;

use crate::LocalTime;

/// What a rule is asked against. What does not apply stays `None`, and a condition on it does not hold.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The time.
    pub now: LocalTime,
    /// The node's attributes, the built-in ones (`#uname`, `#kind`, ...) included.
    pub node: Option<&'a BTreeMap<String, String>>,
    /// The resource's parameters, for `value-source="param"`.
    pub parameters: Option<&'a BTreeMap<String, String>>,
    /// The resource's meta-attributes, for `value-source="meta"`.
    pub meta: Option<&'a BTreeMap<String, String>>,
    /// What a `rsc-pattern` matched: the whole in 0, its groups behind. `%0` to `%9` in attribute names stand for them.
    pub submatches: &'a [String],
    /// The resource's agent.
    pub agent: Option<Agent<'a>>,
    /// The operation.
    pub operation: Option<Operation<'a>>,
}

/// A resource agent's full name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agent<'a> {
    /// Standard: `ocf`, `systemd`, ...
    pub class: &'a str,
    /// Provider, where the standard has one.
    pub provider: Option<&'a str>,
    /// Type.
    pub agent: &'a str,
}

/// An operation of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation<'a> {
    /// Its name.
    pub name: &'a str,
    /// How often it recurs.
    pub interval: vocab::Interval,
}

impl Facts<'_> {
    /// Facts of which only the time is known.
    pub const fn at(now: LocalTime) -> Self {
        Self {
            now,
            node: None,
            parameters: None,
            meta: None,
            submatches: &[],
            agent: None,
            operation: None,
        }
    }
}
