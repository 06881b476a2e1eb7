//! How daemons describe the options that they read, for tools from before Pacemaker 2.1.8.

use vocab::PRODUCT_VERSION;
use xml::{Element, Node};

use crate::{
    CLUSTER, FENCING,
    list::{alias_text, content, words},
    setting::{Setting, Standing},
};

/// A daemon that reads options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Daemon {
    /// `pacemaker-based`
    CibManager,
    /// `pacemaker-controld`
    Controller,
    /// `pacemaker-fenced`
    Fencer,
    /// `pacemaker-schedulerd`
    Scheduler,
}

impl Daemon {
    const fn name(self) -> &'static str {
        match self {
            Self::CibManager => "pacemaker-based",
            Self::Controller => "pacemaker-controld",
            Self::Fencer => "pacemaker-fenced",
            Self::Scheduler => "pacemaker-schedulerd",
        }
    }

    const fn about(self) -> (&'static str, &'static str) {
        match self {
            Self::CibManager => {
                ("Options of the CIB manager", "Cluster options that the manager of the CIB reads")
            }
            Self::Controller => {
                ("Options of the controller", "Cluster options that the controller reads")
            }
            Self::Fencer => (
                "Parameters of every fence device",
                "Parameters that every fence device has, whatever its agent; the fencer reads them",
            ),
            Self::Scheduler => {
                ("Options of the scheduler", "Cluster options that the scheduler reads")
            }
        }
    }

    fn settings(self) -> impl Iterator<Item = &'static Setting> {
        CLUSTER.iter().chain(FENCING).filter(move |setting| setting.reader == Some(self))
    }
}

/// What a daemon prints that is called with `metadata`: the options that it reads, as agents describe their parameters.
/// Types are those that tools from before 2.1.8 know, and the short text tells what is advanced or deprecated.
pub fn daemon_metadata(daemon: Daemon) -> String {
    let mut parameters = Element::new("parameters");
    for setting in daemon.settings().filter(|setting| setting.standing != Standing::Removed) {
        parameters.push(parameter(setting, setting.standing == Standing::Advanced, None));
        if let Some(alias) = setting.alias() {
            let advanced = setting.standing == Standing::Advanced;
            parameters.push(parameter(&alias, advanced, Some(setting.name)));
        }
    }
    let (short, long) = daemon.about();
    let mut version = Element::new("version");
    version.push(Node::Text("1.1".into()));
    Element::new("resource-agent")
        .with("name", daemon.name())
        .with("version", PRODUCT_VERSION)
        .with_child(version)
        .with_child(words("longdesc", long))
        .with_child(words("shortdesc", short))
        .with_child(parameters)
        .to_pretty()
}

fn parameter(setting: &Setting, advanced: bool, replaced_by: Option<&str>) -> Element {
    let alias = replaced_by.map(alias_text);
    let short = alias.as_deref().unwrap_or(setting.short);
    let mut long = setting.long.unwrap_or(short).to_owned();
    let allowed: Vec<&str> = setting.kind.words().collect();
    if !allowed.is_empty() {
        long.push_str(&format!("  Allowed values: {}", allowed.join(", ")));
    }
    let mut marks = Vec::new();
    if setting.standing == Standing::Deprecated {
        marks.push("*** Deprecated ***".to_owned());
        marks.extend(replaced_by.map(|name| format!("*** Replaced with {name} ***")));
    }
    if advanced {
        marks.push("*** Advanced Use Only ***".to_owned());
    }
    // Where there is one text only, it is the long one that has to be whole.
    if marks.is_empty() || setting.long.is_some() {
        marks.push(short.to_owned());
    }
    Element::new("parameter")
        .with("name", setting.name)
        .with_child(words("longdesc", &long))
        .with_child(words("shortdesc", &marks.join(" ")))
        .with_child(content(setting, setting.kind.name_for_agents()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAEMONS: [Daemon; 4] =
        [Daemon::CibManager, Daemon::Controller, Daemon::Fencer, Daemon::Scheduler];

    #[test]
    fn every_option_of_the_cluster_has_a_daemon_that_describes_it() {
        for setting in CLUSTER.iter().chain(FENCING) {
            assert!(setting.reader.is_some(), "{}", setting.name);
        }
    }

    #[test]
    fn types_are_those_that_old_tools_know() {
        let known = ["boolean", "integer", "percentage", "select", "string", "time"];
        for daemon in DAEMONS {
            let description = xml::parse(&daemon_metadata(daemon)).expect("well-formed");
            for parameter in description.child("parameters").expect("parameters").children() {
                let kind = parameter.child("content").and_then(|content| content.attr("type"));
                assert!(kind.is_some_and(|kind| known.contains(&kind)), "{kind:?}");
            }
        }
    }

    #[test]
    fn marks_come_before_the_text() {
        let text = daemon_metadata(Daemon::Scheduler);
        assert!(text.contains(">*** Advanced Use Only *** Whether nodes"));
        assert!(text.contains(
            ">*** Deprecated *** *** Replaced with fencing-enabled *** *** Advanced Use Only ***<"
        ));
    }
}
