use std::{fmt, str::FromStr};

use vocab::{ExecStatus, OcfExit};

/// Says which action of which transition of which DC an operation was, and what was expected of it.
///
/// As text: `action:transition:expected-exit:uuid`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransitionKey {
    /// The action's number in its transition.
    pub action: i32,
    /// The transition's number; -1 for what no transition asked for.
    pub transition: i32,
    /// The exit status that is a success; -1 if none is expected.
    pub expected: i32,
    /// Identifies the DC's term of office.
    pub origin: String,
}

/// A transition key with what became of the operation. As text: `status:exit;key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransitionMagic {
    /// How the execution went.
    pub status: ExecStatus,
    /// What the agent said.
    pub exit: OcfExit,
    /// Which operation it was.
    pub key: TransitionKey,
}

/// A text that is not a transition key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a transition key")]
pub struct TransitionKeyError(pub String);

impl TransitionKey {
    /// The origin of operations that no DC asked for.
    pub const OUTSIDE: &'static str = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
}

impl FromStr for TransitionKey {
    type Err = TransitionKeyError;

    fn from_str(text: &str) -> Result<Self, TransitionKeyError> {
        let bad = || TransitionKeyError(text.to_owned());
        let mut parts = text.splitn(4, ':');
        let mut number = || parts.next().and_then(|part| part.parse().ok()).ok_or_else(bad);
        let (action, transition, expected) = (number()?, number()?, number()?);
        let origin = parts.next().filter(|origin| origin.len() == 36).ok_or_else(bad)?.to_owned();
        Ok(Self { action, transition, expected, origin })
    }
}

impl fmt::Display for TransitionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The originals fill the origin up to 36 characters.
        write!(f, "{}:{}:{}:{:<36}", self.action, self.transition, self.expected, self.origin)
    }
}

impl fmt::Display for TransitionMagic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{};{}", self.status.code(), self.exit.code(), self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_go_both_ways() {
        let text = "4:8:0:5a846dd1-141c-42b6-91b2-944ea84b075f";
        let key: TransitionKey = text.parse().unwrap();
        assert_eq!((key.action, key.transition, key.expected), (4, 8, 0));
        assert_eq!(key.to_string(), text);
        let magic = TransitionMagic { status: ExecStatus::Done, exit: OcfExit::NotRunning, key };
        assert_eq!(magic.to_string(), format!("0:7;{text}"));
        for bad in ["", "1:2:3", "1:2:3:short", "a:2:3:5a846dd1-141c-42b6-91b2-944ea84b075f"] {
            assert!(bad.parse::<TransitionKey>().is_err(), "{bad:?}");
        }
    }
}
