use std::fmt;

/// Who sends or receives a message, apart from the node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subsystem {
    /// The controller of a node, or of all.
    Controller,
    /// The controller that is DC.
    Dc,
    /// The part of a controller that speaks for its executor.
    Executor,
    /// The part of the DC that runs transitions.
    Transition,
    /// The scheduler.
    Scheduler,
    /// The CIB manager.
    Cib,
    /// A client of a controller, by the name that the controller knows it by.
    Client(String),
}

impl Subsystem {
    /// Its name in messages.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Controller => "crmd",
            Self::Dc => "dc",
            Self::Executor => "lrmd",
            Self::Transition => "tengine",
            Self::Scheduler => "pengine",
            Self::Cib => "cib",
            Self::Client(name) => name,
        }
    }

    /// The subsystem of that name; a name that is none of ours is a client's.
    pub fn from_name(name: &str) -> Self {
        let known = [
            Self::Controller,
            Self::Dc,
            Self::Executor,
            Self::Transition,
            Self::Scheduler,
            Self::Cib,
        ];
        known
            .into_iter()
            .find(|subsystem| subsystem.as_str().eq_ignore_ascii_case(name))
            .unwrap_or_else(|| Self::Client(name.to_owned()))
    }
}

impl fmt::Display for Subsystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
