use std::{collections::BTreeSet, fmt};

use model::Model;
use scheduler::Schedule;
use transition::{
    Action, ActionKind, Graph, Primitive,
    walker::{Launch, Limits, Outcome, Status, Walker},
};
use vocab::{Score, Timestamp};
use xml::Element;

use crate::{
    OperationResult,
    inject::{Failure, ORIGIN},
    places::Places,
    record::Record,
    status::{self, Agent, Pretended},
};

/// One thing that was carried out. Its text is what people read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Executed {
    /// Something was done to a resource.
    Resource {
        /// The resource.
        resource: String,
        /// What.
        task: String,
        /// How often it recurs, milliseconds; 0 for once.
        interval_ms: u32,
        /// Where.
        node: String,
    },
    /// A point in the order was passed.
    Pseudo {
        /// Its key.
        key: String,
        /// The node it is about.
        node: Option<String>,
    },
    /// The controller did something.
    Cluster {
        /// What.
        task: String,
        /// The resource it is about.
        resource: Option<String>,
        /// Where.
        node: String,
    },
    /// A node was fenced.
    Fencing {
        /// The node.
        target: String,
        /// How.
        action: String,
    },
    /// An operation failed as was asked for.
    Failed {
        /// Its number in the graph.
        action: u32,
        /// The exit status.
        exit: i32,
    },
    /// An attribute of a node that follows from a failure.
    Attribute {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
        /// The node's id.
        node_id: String,
    },
}

impl fmt::Display for Executed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resource { resource, task, interval_ms: 0, node } => {
                write!(f, "Resource action: {resource:<15} {task} on {node}")
            }
            Self::Resource { resource, task, interval_ms, node } => {
                write!(f, "Resource action: {resource:<15} {task}={interval_ms} on {node}")
            }
            Self::Pseudo { key, node: Some(node) } => write!(f, "Pseudo action:   {key} on {node}"),
            Self::Pseudo { key, node: None } => write!(f, "Pseudo action:   {key}"),
            Self::Cluster { task, resource: Some(resource), node } => {
                write!(f, "Cluster action:  {task} for {resource} on {node}")
            }
            Self::Cluster { task, resource: None, node } => {
                write!(f, "Cluster action:  {task} on {node}")
            }
            Self::Fencing { target, action } => write!(f, "Fencing {target} ({action})"),
            Self::Failed { action, exit } => {
                write!(f, "Pretending action {action} failed with rc={exit}")
            }
            Self::Attribute { name, value, node_id } => {
                write!(f, "Injecting attribute {name}={value} into /node_state '{node_id}'")
            }
        }
    }
}

/// What came of carrying a plan out.
#[derive(Clone, Debug)]
#[must_use]
pub struct Transition {
    /// The CIB as it would be afterwards.
    pub cib: Element,
    /// What was done, in that order.
    pub executed: Vec<Executed>,
    /// How it ended.
    pub status: Status,
}

/// Carries a plan out on a CIB: every operation ends as expected, unless `failures` says how it fails.
pub fn carry_out(
    cib: &Element,
    model: &Model,
    plan: &Schedule,
    failures: &[OperationResult],
    now: Timestamp,
) -> Transition {
    let mut executor = Executor {
        pretended: Pretended::new(cib),
        places: cib
            .child("status")
            .filter(|_| !plan.graph.synapses.is_empty())
            .and_then(Places::find),
        names: names(model, plan),
        graph: &plan.graph,
        failures,
        now,
        executed: Vec::new(),
    };
    let mut walker = Walker::new(plan.graph.clone());
    let limits = Limits::default();
    let status = loop {
        let summary = walker.fire(&limits, |action| executor.launch(action));
        if summary.status != Status::Active {
            break summary.status;
        }
    };
    Transition { cib: executor.pretended.cib, executed: executor.executed, status }
}

/// All names under which resources are known.
fn names(model: &Model, plan: &Schedule) -> BTreeSet<String> {
    let own = model.resources.values().map(|resource| resource.id.to_string());
    let recorded = plan
        .resources
        .values()
        .filter_map(|outcome| outcome.state.history_id.as_ref().map(ToString::to_string));
    own.chain(recorded).collect()
}

struct Executor<'a> {
    pretended: Pretended,
    /// None if what is recorded has to be merged.
    places: Option<Places>,
    names: BTreeSet<String>,
    graph: &'a Graph,
    failures: &'a [OperationResult],
    now: Timestamp,
    executed: Vec<Executed>,
}

impl Executor<'_> {
    fn launch(&mut self, action: &Action) -> Launch {
        let node = || action.node.as_ref().map(|node| node.name.clone());
        match action.kind {
            ActionKind::Pseudo => {
                self.executed.push(Executed::Pseudo { key: action.key.clone(), node: node() });
                Launch::Confirmed(Outcome::Success)
            }
            ActionKind::Cluster if action.task == "stonith" => {
                self.fence(action);
                Launch::Confirmed(Outcome::Success)
            }
            ActionKind::Cluster => {
                self.executed.push(Executed::Cluster {
                    task: action.task.clone(),
                    resource: action.primitive.as_ref().map(|primitive| primitive.id.clone()),
                    node: node().unwrap_or_default(),
                });
                Launch::Confirmed(Outcome::Success)
            }
            ActionKind::Resource if action.task == "probe_again" => {
                Launch::Confirmed(Outcome::Success)
            }
            ActionKind::Resource => match &action.primitive {
                Some(primitive) => self.operate(action, primitive),
                None => Launch::Refused,
            },
        }
    }

    fn fence(&mut self, action: &Action) {
        let target = action.node.as_ref().map(|node| node.name.clone()).unwrap_or_default();
        let how = action.meta("stonith_action").unwrap_or_default().to_owned();
        let takes_down = !how.eq_ignore_ascii_case("on");
        if takes_down {
            let state = self.pretended.node_state(&target, None);
            status::set_membership(state, false, ORIGIN);
            self.pretended.count_update();
            self.pretended.forget_node(&target);
            if let Some(places) = &mut self.places {
                places.forget(&target);
            }
        }
        self.executed.push(Executed::Fencing { target, action: how });
    }

    fn operate(&mut self, action: &Action, primitive: &Primitive) -> Launch {
        // The configured name is what people know; instances of clones are known by their own only.
        let name = match &primitive.long_id {
            Some(long) if !self.names.contains(&primitive.id) && self.names.contains(long) => long,
            Some(_) | None => &primitive.id,
        };
        let node = action.node.as_ref().map(|node| node.name.as_str()).unwrap_or_default();
        let interval_ms = action.meta("interval").and_then(|text| text.parse().ok()).unwrap_or(0);
        let done = |interval_ms| Executed::Resource {
            resource: name.clone(),
            task: action.task.clone(),
            interval_ms,
            node: node.to_owned(),
        };
        if matches!(action.task.as_str(), "delete" | "meta-data") {
            self.executed.push(done(0));
            return Launch::Confirmed(Outcome::Success);
        }
        if !can_be_recorded(primitive) {
            return Launch::Refused;
        }
        self.executed.push(done(interval_ms));
        let failure = self.failures.iter().find_map(|failure| {
            let known_as = [name, &primitive.id];
            let known_as = known_as
                .into_iter()
                .find(|name| failure.is_of(name, &action.task, interval_ms, node))?;
            Some((failure, known_as.as_str()))
        });
        self.record(action, primitive, name, interval_ms, failure);
        if failure.is_some() { Launch::Fatal } else { Launch::Confirmed(Outcome::Success) }
    }

    fn record(
        &mut self,
        action: &Action,
        primitive: &Primitive,
        name: &str,
        interval_ms: u32,
        failure: Option<(&OperationResult, &str)>,
    ) {
        let Some(node) = &action.node else { return };
        let expected = action
            .meta("op_target_rc")
            .and_then(|text| text.parse::<i32>().ok())
            .map_or(0, |exit| exit.max(0));
        // A remote node is known by its name.
        let id = if node.router.is_some() { &node.name } else { &node.id };
        let names = [name, &primitive.id];
        let agent = Agent {
            class: &primitive.class,
            provider: primitive.provider.as_deref(),
            name: &primitive.agent,
        };
        let state = self.pretended.node_state(&node.name, Some(id));
        let mut copy = None;
        let state = match &self.places {
            Some(_) => state,
            None => copy.insert(state.clone()),
        };
        if let Some((result, known_as)) = failure {
            self.executed.push(Executed::Failed { action: action.id.0, exit: result.exit });
            let offset = match action.task.as_str() {
                "start" => Some(self.graph.failed_start_offset),
                "stop" => Some(self.graph.failed_stop_offset),
                _ => None,
            };
            let for_good = offset.is_some_and(|offset| offset >= Score::INFINITY);
            let failure =
                Failure { resource: known_as, operation: result, for_good, now: self.now };
            let node_id = state.id().unwrap_or_default().to_owned();
            self.executed.extend(failure.count(state).map(|(name, value)| Executed::Attribute {
                name,
                value,
                node_id: node_id.clone(),
            }));
        }
        let record = Record {
            resource: &primitive.id,
            task: &action.task,
            interval_ms,
            node: &node.name,
            exit: failure.map_or(expected, |(failure, _)| failure.exit),
            expected,
            reason: "User-injected result",
            parameters: Some(&action.attributes),
            origin: ORIGIN,
            now: self.now,
        };
        match &mut self.places {
            Some(places) => {
                if let Some(history) = places.history(&node.name, state, names, agent) {
                    record.write(history);
                }
            }
            None => record.write(status::history(state, names, agent)),
        }
        match copy {
            Some(state) => self.pretended.merge(state),
            None => self.pretended.count_update(),
        }
    }
}

/// Whether a history can be kept of what this agent does.
fn can_be_recorded(primitive: &Primitive) -> bool {
    const CLASSES: [&str; 5] = ["ocf", "stonith", "service", "systemd", "lsb"];
    let class = primitive.class.to_ascii_lowercase();
    CLASSES.contains(&class.as_str()) && (class != "ocf" || primitive.provider.is_some())
}

#[cfg(test)]
mod tests {
    use scheduler::{Request, schedule};

    use super::*;

    fn cib() -> Element {
        xml::parse(
            "<cib have-quorum='1' dc-uuid='1'><configuration><crm_config>\
             <cluster_property_set id='o'><nvpair id='o1' name='fencing-enabled' value='false'/>\
             </cluster_property_set></crm_config><nodes><node id='1' uname='a'/></nodes>\
             <resources><primitive id='r' class='ocf' provider='p' type='t'/></resources>\
             <constraints/></configuration><status><node_state id='1' uname='a' in_ccm='true' \
             crmd='online' join='member' expected='member'><lrm id='1'><lrm_resources/></lrm>\
             </node_state></status></cib>",
        )
        .unwrap()
    }

    fn run(cib: &Element, failures: &[OperationResult]) -> (Transition, Model) {
        let (model, _) = Model::build(cib, Timestamp(100));
        let plan = schedule(&model, &Request::default());
        let transition = carry_out(cib, &model, &plan, failures, Timestamp(100));
        let (after, _) = Model::build(&transition.cib, Timestamp(101));
        (transition, after)
    }

    fn texts(transition: &Transition) -> Vec<String> {
        transition.executed.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_resource_is_looked_for_and_started_and_then_nothing_is_left_to_do() {
        let (transition, after) = run(&cib(), &[]);
        assert_eq!(
            texts(&transition),
            [
                "Resource action: r               monitor on a",
                "Resource action: r               start on a",
            ]
        );
        assert_eq!(transition.status, Status::Complete);
        assert_eq!(after.resources.values().next().unwrap().state.role, vocab::Role::Started);
        let (again, _) = run(&transition.cib, &[]);
        assert!(again.executed.is_empty());
    }

    #[test]
    fn what_is_said_to_fail_fails_and_is_counted() {
        let (transition, after) = run(&cib(), &["r_start_0@a=1".parse().unwrap()]);
        assert_eq!(
            texts(&transition)[2..],
            [
                "Pretending action 2 failed with rc=1".to_owned(),
                "Injecting attribute fail-count-r#start_0=INFINITY into /node_state '1'".to_owned(),
                "Injecting attribute last-failure-r#start_0=100 into /node_state '1'".to_owned(),
            ]
        );
        assert_eq!(after.failed.len(), 1);
    }
}
