use std::time::Duration;

use vocab::{ExecStatus, Interval, OcfExit, Score, Timestamp, readable_duration};

use crate::{
    Cause, Failure, Origin, Owner, Pair, Part, Place, Scope, Tie, Whereabouts,
    show::{
        Line,
        words::{Signed, list, plural},
    },
};

/// Chains of causes are followed this far.
const DEPTH_MAX: usize = 12;

impl Cause {
    /// The cause in one sentence without a full stop.
    pub(crate) fn headline(&self) -> String {
        self.of_node()
            .or_else(|| self.of_history())
            .or_else(|| self.of_constraints())
            .unwrap_or_else(|| self.of_choice())
    }

    fn of_node(&self) -> Option<String> {
        Some(match self {
            Self::NodeOffline => "the node is offline".to_owned(),
            Self::NodePending => "the node has not joined yet".to_owned(),
            Self::NodeUnclean => "the node's state is unknown: it has to be fenced".to_owned(),
            Self::NodeShutdown => "the node is shutting down".to_owned(),
            Self::NodeStandby { place, resource, .. } => {
                let why = match (place, resource) {
                    (Some(place), _) => format!(" ({})", place.text()),
                    (None, Some(resource)) => {
                        format!(" since {resource} failed there (on-fail=standby)")
                    }
                    (None, None) => String::new(),
                };
                format!("the node is in standby{why}")
            }
            Self::NodeMaintenance { place } => {
                format!("the node is in maintenance{}", in_brackets(place))
            }
            Self::GuestDown { launcher } => {
                format!("the node is inside {launcher}, which will not run")
            }
            Self::Health { strategy, attributes, score } => format!(
                "the node's health is {} (node-health-strategy {strategy}), which makes {}",
                pairs(attributes),
                Signed(*score)
            ),
            Self::Utilization { shortages } => {
                let parts: Vec<String> = shortages
                    .iter()
                    .map(|short| {
                        format!("{} {} needed, {} free", short.needed, short.name, short.free)
                    })
                    .collect();
                format!("the node has not enough capacity: {}", parts.join("; "))
            }
            Self::OnNode { node, causes } => {
                let first = causes.first().map_or_else(|| "nothing".to_owned(), Self::headline);
                format!("on {node}: {first}")
            }
            _ => return None,
        })
    }

    fn of_history(&self) -> Option<String> {
        Some(match self {
            Self::FailLimit { resource, count, threshold, .. } => format!(
                "{resource} has failed there too often: fail count {}, migration-threshold {}",
                Signed(*count),
                Signed(*threshold)
            ),
            Self::StopFailed { resource, .. } => format!("stopping {resource} failed there"),
            Self::HardError { .. } => "the agent cannot run it on this node".to_owned(),
            Self::FatalError { node, .. } => {
                format!("the agent said that it cannot run anywhere{}", on(node))
            }
            Self::ProbeFailed { .. } => "a probe found that it cannot run on this node".to_owned(),
            Self::MovedOnFailure { .. } => {
                "an operation with on-fail=migrate failed there".to_owned()
            }
            Self::StoppedOnFailure { node, .. } => {
                format!("it failed{}, and that means that it stays stopped", on(node))
            }
            Self::Failed { node, .. } => format!("it failed on {node}"),
            Self::Blocked { node, .. } => {
                format!("it failed{} and nobody may touch it until that is cleaned up", on(node))
            }
            Self::MultiplyActive { nodes, policy } => {
                format!("it is active on {} (multiple-active is {policy})", list(nodes))
            }
            Self::ShutdownLock { node, .. } => {
                format!("it waits for {node}, which was shut down (shutdown-lock)")
            }
            Self::Removed => "it is not configured any more".to_owned(),
            Self::WaitsForFencing { node, possible: true } => {
                format!("{node} is being fenced first")
            }
            Self::WaitsForFencing { node, possible: false } => {
                format!("{node} has to be fenced first and cannot be")
            }
            _ => return None,
        })
    }

    fn of_constraints(&self) -> Option<String> {
        Some(match self {
            Self::Location { constraint, rule, attributes, score, origin } => {
                location(constraint, rule.as_deref(), attributes, *score, *origin)
            }
            Self::NotOptedIn { place } => format!(
                "no constraint allows it, and symmetric-cluster is false{}",
                in_brackets(place)
            ),
            Self::Colocation { .. } => colocation(self),
            Self::GroupMember { with, whereabouts, follows: true } => {
                format!(
                    "it has to be where {with}, the member before it, is: {with} {}",
                    whereabouts.text()
                )
            }
            Self::GroupMember { with, whereabouts, follows: false } => {
                format!(
                    "{with}, the member after it, has to be where it is: {with} {}",
                    whereabouts.text()
                )
            }
            Self::NoPartner { constraint, with, whereabouts } => {
                let by =
                    constraint.as_ref().map_or(String::new(), |id| format!(" (constraint {id})"));
                format!(
                    "no instance of {with} will be on its node{by}: {with} {}",
                    whereabouts.text()
                )
            }
            Self::WithContainer { with, whereabouts } => match (with, whereabouts) {
                (Some(with), Some(whereabouts)) => {
                    format!("it belongs to {with}, which {}", whereabouts.text())
                }
                _ => "it belongs to a container that is elsewhere".to_owned(),
            },
            Self::InBundle => "the node is inside a bundle, for what belongs there".to_owned(),
            Self::Ticket { ticket, constraints, standby } => {
                let state = if *standby { "is in standby" } else { "is not granted" };
                format!("ticket {ticket} {state} (constraint {})", constraints.join(", "))
            }
            Self::ExclusiveDiscovery { constraints } => format!(
                "only nodes named with resource-discovery=exclusive count (constraint {})",
                constraints.join(", ")
            ),
            Self::After { constraint, first, task, whereabouts } => {
                let by =
                    constraint.as_ref().map_or(String::new(), |id| format!(" (constraint {id})"));
                format!("it comes after {task} of {first}{by}, which {}", whereabouts.text())
            }
            Self::StopFirst { node, .. } => {
                format!("it has to be stopped on {node} first and cannot be")
            }
            Self::ProbeFirst { nodes } => format!(
                "nobody can tell whether it runs on {} already: the probe cannot be done there",
                list(nodes)
            ),
            Self::Waits { resource, task } => match resource {
                Some(resource) => format!("{task} of {resource} comes first and cannot be done"),
                None => format!("{task} comes first and cannot be done"),
            },
            _ => return None,
        })
    }

    fn of_choice(&self) -> String {
        match self {
            Self::TargetRole { role, place } => {
                format!("target-role is {role}{}", in_brackets(place))
            }
            Self::StopAll { place } => format!("stop-all-resources is on{}", in_brackets(place)),
            Self::InstanceLimit { clone, limit, place } => format!(
                "{clone} has all its {} (clone-max{})",
                plural(usize::try_from(*limit).unwrap_or(0), "instance"),
                place.as_ref().map_or(" by default".to_owned(), |p| format!(" {}", p.text()))
            ),
            Self::NodeLimit { clone, limit } => {
                format!("the node has all the instances of {clone} that it may have ({limit})")
            }
            Self::NoQuorum { policy, place } => {
                let at = place.as_ref().map_or("the default".to_owned(), Place::text);
                format!("there is no quorum, and no-quorum-policy is {policy} ({at})")
            }
            Self::NoRemoteNodes => "it cannot run on a remote node".to_owned(),
            Self::Collective { resource } => format!("{resource} may not be there"),
            Self::NoFenceDevice { place } => {
                let at = place.as_ref().map_or("the default".to_owned(), Place::text);
                format!("fencing is required ({at}) and no fence device is configured")
            }
            Self::Unmanaged { scope, maintenance, node, place } => {
                unmanaged(*scope, *maintenance, node.as_deref(), place.as_ref())
            }
            Self::LowerScore { score, chosen, chosen_score, tie } => match tie {
                Some(Tie::AlreadyThere) => {
                    format!(
                        "no better than {chosen} (both {}), where it is already",
                        Signed(*score)
                    )
                }
                Some(Tie::LoadThenName) => format!(
                    "no better than {chosen} (both {}), which has less to do or comes first by name",
                    Signed(*score)
                ),
                None => format!(
                    "{chosen} is better ({} against {})",
                    Signed(*chosen_score),
                    Signed(*score)
                ),
            },
            Self::Stickiness { score, chosen_score, stickiness, place } => format!(
                "it stays because of its resource-stickiness{}: {} with {} of that, against {}",
                in_brackets(place),
                Signed(*chosen_score),
                Signed(*stickiness),
                Signed(*score)
            ),
            Self::PromotedElsewhere { limit, score, promoted } => {
                let others: Vec<String> = promoted
                    .iter()
                    .map(|there| format!("{} ({})", there.node, Signed(there.score)))
                    .collect();
                format!(
                    "not promoted: its promotion score is {}, and {limit} may be promoted: {}",
                    Signed(*score),
                    others.join(", ")
                )
            }
            Self::NoPromotionScore { score } => {
                format!("not promoted: its promotion score is {}", Signed(*score))
            }
            Self::Score { part, .. } => match part {
                Part::Base => "every resource may run there",
                Part::Stickiness => "it is there and wants to stay (resource-stickiness)",
                Part::Unmanaged => "it is there and is left alone",
                Part::Promotion => "it may be promoted there",
                Part::Unknown => "something that the plan does not tell",
            }
            .to_owned(),
            _ => String::new(),
        }
    }

    /// What more there is to say, line by line.
    pub(crate) fn notes(&self, depth: usize) -> Vec<Line> {
        let mut lines = Vec::new();
        if depth > DEPTH_MAX {
            return lines;
        }
        let mut note = |text: String| lines.push(Line { depth, text });
        match self {
            Self::FailLimit { failure, ends, failure_timeout_ms, .. } => {
                failure_note(failure.as_ref(), &mut note);
                match ends {
                    Some(ends) => note(format!(
                        "failures are forgotten at {} (failure-timeout {})",
                        present::iso_utc(Timestamp(*ends)),
                        readable_duration(Duration::from_millis(*failure_timeout_ms))
                    )),
                    None => note("failures are never forgotten (no failure-timeout)".to_owned()),
                }
            }
            Self::Failed { failure, .. } => failure_note(Some(failure), &mut note),
            Self::NodeStandby { failure: failure @ Some(_), .. }
            | Self::StopFailed { failure, .. }
            | Self::HardError { failure }
            | Self::FatalError { failure, .. }
            | Self::ProbeFailed { failure }
            | Self::MovedOnFailure { failure }
            | Self::StoppedOnFailure { failure, .. }
            | Self::Blocked { failure, .. } => failure_note(failure.as_ref(), &mut note),
            Self::ShutdownLock { since, ends, .. } => {
                note(format!("since {}", present::iso_utc(Timestamp(*since))));
                match ends {
                    Some(ends) => note(format!(
                        "until {} (shutdown-lock-limit)",
                        present::iso_utc(Timestamp(*ends))
                    )),
                    None => note("until the node is back (no shutdown-lock-limit)".to_owned()),
                }
            }
            Self::Colocation { whereabouts, with, .. }
            | Self::GroupMember { whereabouts, with, .. }
            | Self::NoPartner { whereabouts, with, .. }
            | Self::After { whereabouts, first: with, .. } => {
                lines.extend(beyond(with, whereabouts, depth));
            }
            Self::WithContainer { with: Some(with), whereabouts: Some(whereabouts) } => {
                lines.extend(beyond(with, whereabouts, depth));
            }
            Self::StopFirst { causes, .. } => {
                for cause in causes {
                    lines.push(Line { depth, text: cause.headline() });
                    lines.extend(cause.notes(depth + 1));
                }
            }
            Self::OnNode { causes, .. } => {
                for (index, cause) in causes.iter().enumerate() {
                    if index > 0 {
                        lines.push(Line { depth, text: format!("and {}", cause.headline()) });
                    }
                    lines.extend(cause.notes(depth + 1));
                }
            }
            _ => {}
        }
        lines
    }
}

/// The chain behind another resource that does not run.
fn beyond(name: &str, whereabouts: &Whereabouts, depth: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Whereabouts::Stopped { causes } = whereabouts {
        for cause in causes {
            let text = format!("{name} is stopped: {}", cause.headline());
            lines.push(Line { depth, text });
            lines.extend(cause.notes(depth + 1));
        }
    }
    lines
}

fn failure_note(failure: Option<&Failure>, note: &mut impl FnMut(String)) {
    match failure {
        Some(failure) => note(format!("last failure: {}", failure.text())),
        None => note("the failure itself is not on record any more".to_owned()),
    }
}

impl Failure {
    fn text(&self) -> String {
        let mut text = self.operation.clone();
        if self.interval_ms > 0 {
            let every = Interval { millis: self.interval_ms }.duration();
            text.push_str(&format!(" every {}", readable_duration(every)));
        }
        if let Some(exit) = self.exit {
            let name = OcfExit::from_code(exit).map_or("unknown", OcfExit::as_str);
            text.push_str(&format!(", exit status {exit} ({name})"));
        }
        let status = self.status.and_then(ExecStatus::from_code);
        if let Some(status) = status.filter(|&s| s > ExecStatus::Done && s != ExecStatus::Error) {
            text.push_str(&format!(", {}", status.as_str()));
        }
        if let Some(reason) = &self.exit_reason {
            text.push_str(&format!(", \"{reason}\""));
        }
        if let Some(at) = self.at {
            text.push_str(&format!(", at {}", present::iso_utc(Timestamp(at))));
        }
        text
    }
}

impl Place {
    fn text(&self) -> String {
        let id = &self.id;
        match &self.owner {
            Owner::Resource(resource) => format!("set on {resource}, {id}"),
            Owner::ResourceDefaults => format!("a default of all resources, {id}"),
            Owner::ClusterOptions => format!("cluster option, {id}"),
            Owner::Node(node) => format!("permanent attribute of {node}, {id}"),
            Owner::NodeUntilRestart(node) => {
                format!("attribute of {node} until it restarts, {id}")
            }
        }
    }
}

impl Whereabouts {
    fn text(&self) -> String {
        match self {
            Self::Runs { nodes } => format!("is on {}", list(nodes)),
            Self::Stopped { .. } => "will not run".to_owned(),
        }
    }
}

fn in_brackets(place: &Option<Place>) -> String {
    place.as_ref().map_or(String::new(), |place| format!(" ({})", place.text()))
}

fn on(node: &Option<String>) -> String {
    node.as_ref().map_or(String::new(), |node| format!(" on {node}"))
}

fn pairs(attributes: &[Pair]) -> String {
    let texts: Vec<String> = attributes
        .iter()
        .map(|pair| match &pair.value {
            Some(value) => format!("{}={value}", pair.name),
            None => format!("{} not set", pair.name),
        })
        .collect();
    texts.join(", ")
}

fn location(
    constraint: &str,
    rule: Option<&str>,
    attributes: &[Pair],
    score: i32,
    origin: Origin,
) -> String {
    let what = match (Signed(score).to_string().as_str(), score < 0) {
        ("-INFINITY", _) => "forbids it".to_owned(),
        ("INFINITY", _) => "wants it there".to_owned(),
        (text, true) => format!("speaks against it with {text}"),
        (text, false) => format!("speaks for it with {text}"),
    };
    let by = match origin {
        Origin::Ban => ", left behind by a ban or a move by hand,",
        Origin::Move => ", left behind by a move by hand,",
        Origin::Configured => "",
    };
    let mut text = format!("location constraint {constraint}{by} {what}");
    if let Some(rule) = rule {
        let seen =
            if attributes.is_empty() { String::new() } else { format!(": {}", pairs(attributes)) };
        text.push_str(&format!(" (rule {rule}{seen})"));
    }
    text
}

fn colocation(cause: &Cause) -> String {
    let Cause::Colocation { constraint, score, strength, with, whereabouts, follows } = cause
    else {
        return String::new();
    };
    let where_it_is = whereabouts.text();
    let apart = *strength < 0;
    let must = if apart { "must not be" } else { "has to be" };
    let wants = if apart { "would rather not be" } else { "would rather be" };
    let says = if Score::from(*score).is_minus_infinite() { must } else { wants };
    let by = format!("colocation constraint {constraint}");
    let text = if *follows {
        format!("it {says} with {with} ({by}), which {where_it_is}")
    } else {
        format!("{with} {says} with it ({by}), and {with} {where_it_is}")
    };
    if says == must { text } else { format!("{text}: {}", Signed(*score)) }
}

fn unmanaged(scope: Scope, maintenance: bool, node: Option<&str>, place: Option<&Place>) -> String {
    let at = place.map_or(String::new(), |place| format!(" ({})", place.text()));
    match (scope, maintenance) {
        (Scope::Cluster, _) => format!("the whole cluster is in maintenance{at}"),
        (Scope::Node, _) => format!("{} is in maintenance{at}", node.unwrap_or("its node")),
        (Scope::Resource, true) => format!("it is in maintenance{at}"),
        (Scope::Resource, false) => format!("it is unmanaged{at}"),
    }
}
