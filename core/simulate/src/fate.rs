use serde::Serialize;

/// What becomes of a resource that is or was to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It starts.
    Start,
    /// It stops and does not start again.
    Stop,
    /// It stops on one node and starts on another.
    Move,
    /// It goes from one node to another without a stop.
    Migrate,
    /// It stops and starts again where it is.
    Restart,
    /// It has failed: it stops, and starts again where it is or elsewhere.
    Recover,
    /// It takes new parameters without a stop.
    Reload,
    /// It is promoted.
    Promote,
    /// It is demoted.
    Demote,
    /// It is demoted and promoted again.
    Repromote,
}

impl Fate {
    /// Whether what runs is disturbed by it.
    pub const fn disturbs(self) -> bool {
        match self {
            Self::Stop
            | Self::Move
            | Self::Restart
            | Self::Recover
            | Self::Demote
            | Self::Repromote => true,
            Self::Start | Self::Migrate | Self::Reload | Self::Promote => false,
        }
    }

    /// It as a verb, as in "vip moves".
    pub const fn verb(self) -> &'static str {
        match self {
            Self::Start => "starts",
            Self::Stop => "stops",
            Self::Move => "moves",
            Self::Migrate => "migrates",
            Self::Restart => "restarts",
            Self::Recover => "is recovered",
            Self::Reload => "is reloaded",
            Self::Promote => "is promoted",
            Self::Demote => "is demoted",
            Self::Repromote => "is demoted and promoted again",
        }
    }

    /// So many of it: "2 moves".
    pub fn count(self, count: usize) -> String {
        let noun = match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Move => "move",
            Self::Migrate => "migration",
            Self::Restart => "restart",
            Self::Recover => "recovery",
            Self::Reload => "reload",
            Self::Promote => "promotion",
            Self::Demote => "demotion",
            Self::Repromote => "new promotion",
        };
        match (count, noun.strip_suffix('y')) {
            (1, _) => format!("1 {noun}"),
            (_, Some(stem)) => format!("{count} {stem}ies"),
            (_, None) => format!("{count} {noun}s"),
        }
    }

    /// It as the first word of a line, as a summary of a plan calls it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Start => "Start",
            Self::Stop => "Stop",
            Self::Move => "Move",
            Self::Migrate => "Migrate",
            Self::Restart => "Restart",
            Self::Recover => "Recover",
            Self::Reload => "Reload",
            Self::Promote => "Promote",
            Self::Demote => "Demote",
            Self::Repromote => "Re-promote",
        }
    }
}
