use std::{fmt, sync::Arc};

/// What is to be done to a resource. The text is what stands in operation keys, graphs and history.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Task {
    /// `monitor`
    Monitor,
    /// `start`
    Start,
    /// `stop`
    Stop,
    /// `promote`
    Promote,
    /// `demote`
    Demote,
    /// `migrate_to`
    MigrateTo,
    /// `migrate_from`
    MigrateFrom,
    /// `notify`
    Notify,
    /// `reload`
    Reload,
    /// `reload-agent`
    ReloadAgent,
    /// `meta-data`
    MetaData,
    /// `validate-all`
    ValidateAll,
    /// `delete`
    Delete,
    /// `cancel`
    Cancel,
    /// `clear_failcount`
    ClearFailcount,
    /// Anything an agent defines for itself.
    Other(Arc<str>),
}

impl Task {
    const NAMED: [(&'static str, Self); 15] = [
        ("monitor", Self::Monitor),
        ("start", Self::Start),
        ("stop", Self::Stop),
        ("promote", Self::Promote),
        ("demote", Self::Demote),
        ("migrate_to", Self::MigrateTo),
        ("migrate_from", Self::MigrateFrom),
        ("notify", Self::Notify),
        ("reload", Self::Reload),
        ("reload-agent", Self::ReloadAgent),
        ("meta-data", Self::MetaData),
        ("validate-all", Self::ValidateAll),
        ("delete", Self::Delete),
        ("cancel", Self::Cancel),
        ("clear_failcount", Self::ClearFailcount),
    ];

    /// The task of that name.
    pub fn from_name(name: &str) -> Self {
        Self::NAMED
            .iter()
            .find(|(text, _)| *text == name)
            .map_or_else(|| Self::Other(name.into()), |(_, task)| task.clone())
    }

    /// The task's name.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Monitor => "monitor",
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Promote => "promote",
            Self::Demote => "demote",
            Self::MigrateTo => "migrate_to",
            Self::MigrateFrom => "migrate_from",
            Self::Notify => "notify",
            Self::Reload => "reload",
            Self::ReloadAgent => "reload-agent",
            Self::MetaData => "meta-data",
            Self::ValidateAll => "validate-all",
            Self::Delete => "delete",
            Self::Cancel => "cancel",
            Self::ClearFailcount => "clear_failcount",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways() {
        for (name, task) in Task::NAMED {
            assert_eq!(Task::from_name(name), task);
            assert_eq!(task.as_str(), name);
        }
        assert_eq!(Task::from_name("backup").as_str(), "backup");
    }
}
