use std::{fmt, str::FromStr};

/// The contract that an agent keeps: who starts it and how it is told what to do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standard {
    /// `ocf`: a program below the OCF root, parameters in the environment.
    Ocf,
    /// `lsb`: an init script without parameters.
    Lsb,
    /// `systemd`: a unit of the service manager.
    Systemd,
    /// `service`: whichever of lsb and systemd has it.
    Service,
    /// `stonith`: a fence agent, handled by the fencer.
    Stonith,
    /// A standard that is not known here.
    Other(String),
}

impl Standard {
    /// The standard of that name, in any case.
    pub fn from_name(name: &str) -> Self {
        for known in [Self::Ocf, Self::Lsb, Self::Systemd, Self::Service, Self::Stonith] {
            if known.as_str().eq_ignore_ascii_case(name) {
                return known;
            }
        }
        Self::Other(name.to_owned())
    }

    /// The standard's name.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Ocf => "ocf",
            Self::Lsb => "lsb",
            Self::Systemd => "systemd",
            Self::Service => "service",
            Self::Stonith => "stonith",
            Self::Other(name) => name,
        }
    }

    /// Whether agents of the standard are grouped by provider.
    pub fn has_providers(&self) -> bool {
        *self == Self::Ocf
    }

    /// Whether the standard calls `status` what everybody else calls `monitor`.
    pub fn says_status(&self) -> bool {
        matches!(self, Self::Lsb | Self::Systemd | Self::Service)
    }
}

impl fmt::Display for Standard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Which agent manages a resource: `ocf:heartbeat:IPaddr2`, `systemd:nginx`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Agent {
    /// The contract it keeps.
    pub standard: Standard,
    /// Who made it; only where the standard has providers.
    pub provider: Option<String>,
    /// Its name.
    pub name: String,
}

/// A text that names no agent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' does not name an agent: use standard:name or ocf:provider:name")]
pub struct AgentError(pub String);

impl Agent {
    /// The agent of that standard, provider and name.
    pub fn new(standard: Standard, provider: Option<&str>, name: &str) -> Self {
        Self { standard, provider: provider.map(str::to_owned), name: name.to_owned() }
    }
}

impl FromStr for Agent {
    type Err = AgentError;

    fn from_str(text: &str) -> Result<Self, AgentError> {
        let bad = || AgentError(text.to_owned());
        let (standard, rest) = text.split_once(':').ok_or_else(bad)?;
        let standard = Standard::from_name(standard);
        let (provider, name) = if standard.has_providers() {
            let (provider, name) = rest.split_once(':').ok_or_else(bad)?;
            (Some(provider), name)
        } else {
            (None, rest)
        };
        if standard.as_str().is_empty() || provider == Some("") || name.is_empty() {
            return Err(bad());
        }
        Ok(Self::new(standard, provider, name))
    }
}

impl fmt::Display for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.provider {
            Some(provider) => write!(f, "{}:{provider}:{}", self.standard, self.name),
            None => write!(f, "{}:{}", self.standard, self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways() {
        for text in
            ["ocf:heartbeat:IPaddr2", "systemd:getty@tty1:x", "lsb:cron", "stonith:fence_ssh"]
        {
            assert_eq!(text.parse::<Agent>().unwrap().to_string(), text);
        }
        assert_eq!("OCF:a:b".parse::<Agent>().unwrap().standard, Standard::Ocf);
        for bad in ["", "ocf", "ocf:Dummy", "ocf::Dummy", "lsb:", ":x"] {
            assert!(bad.parse::<Agent>().is_err(), "{bad:?}");
        }
    }
}
