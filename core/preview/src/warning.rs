use model::{Problem, Severity};
use serde::Serialize;
use simulate::Fate;

use crate::{
    Caused, Preview, Situation, Stopped,
    effect::{Effect, NodeFate},
};

/// Something that one should think about before the change is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "warning", rename_all = "kebab-case")]
pub enum Warning {
    /// The given CIB is of an older version than the one in use, and would not be taken, or undo what others changed.
    OlderVersion {
        /// The given one's: `ADMIN_EPOCH.EPOCH.NUM_UPDATES`.
        given: String,
        /// The one in use.
        current: String,
    },
    /// A node is fenced because of the change.
    Fences {
        /// The node.
        node: String,
    },
    /// What runs now, and is affected by the change, does not run in the end.
    Stops {
        /// The resource.
        resource: String,
    },
    /// What does not run now, and would have a reason to, does not run in the end either.
    StaysStopped {
        /// The resource.
        resource: String,
    },
    /// Something should happen because of the change and cannot.
    Blocked {
        /// What.
        fate: Fate,
        /// To which resource.
        resource: String,
    },
    /// A mistake in the configuration that is not in it without the change.
    Problem {
        /// How bad it is: `notice`, `warning`, `error`.
        severity: String,
        /// What it is.
        text: String,
    },
    /// The cluster does not come to rest.
    Unsettled {
        /// Transitions that were played.
        transitions: usize,
    },
}

pub(crate) fn warnings(before: &Situation, after: &Situation, preview: &Preview) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for Caused { effect, .. } in &preview.caused {
        match effect {
            Effect::Node { fate: NodeFate::Fence, node, .. } => {
                warnings.push(Warning::Fences { node: node.clone() });
            }
            Effect::Resource { fate, resource, blocked: true, .. } => {
                warnings.push(Warning::Blocked { fate: *fate, resource: resource.clone() });
            }
            Effect::Resource { .. } | Effect::Node { .. } | Effect::Chore { .. } => {}
        }
    }
    let without: std::collections::BTreeSet<&str> =
        before.model.resources.values().map(|resource| resource.config_id.as_str()).collect();
    for end in &preview.end.resources {
        let resource = end.resource.clone();
        let wanted = !matches!(end.stopped, None | Some(Stopped::Disabled | Stopped::Removed));
        let caused = || {
            let mut caused = preview.caused.iter();
            caused.any(|caused| caused.effect.resource() == Some(&resource))
        };
        if wanted && !end.before.is_empty() && caused() {
            warnings.push(Warning::Stops { resource });
        } else if wanted
            && end.before.is_empty()
            && !without.contains(model::resource::base_name(&end.resource))
        {
            warnings.push(Warning::StaysStopped { resource });
        }
    }
    let mut known: Vec<&Problem> = before.problems.iter().collect();
    for problem in &after.problems {
        match known.iter().position(|other| *other == problem) {
            Some(position) => {
                known.swap_remove(position);
            }
            None => warnings.push(Warning::Problem {
                severity: word(problem.severity).to_owned(),
                text: problem.text.clone(),
            }),
        }
    }
    if !preview.end.settled {
        warnings.push(Warning::Unsettled { transitions: preview.end.transitions });
    }
    warnings
}

fn word(severity: Severity) -> &'static str {
    if severity >= Severity::Error {
        "error"
    } else if severity >= Severity::Warning {
        "warning"
    } else {
        "notice"
    }
}
