//! Restarts a resource and what depends on it: has it stopped, waits, lets it start again, waits.

use std::time::{Duration, Instant};

use client::cib::NotificationKind;
use model::{Model, NodeKey, ResourceKey, resource::base_name};
use rules::NextChange;
use scheduler::Request;
use vocab::{Interval, ToolExit};

use super::{
    attribute::{Kind, Search, Wanted, matching},
    change::{self, Change},
    clear, location, planning,
    session::{Session, Stop},
    wait::pause,
    why::is_active,
};
use crate::frame;

/// When to look again although nothing was heard.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// What is added to the longest time that a stop may take.
const SPARE: Duration = Duration::from_secs(5);

/// How long a stop may take if nothing says so.
const STOP_TIMEOUT: Duration = Duration::from_secs(20);

/// How the resource is kept stopped.
enum Way {
    /// By what forbids a clone or bundle the node.
    Ban { id: String, node: String },
    /// By its target role, of which this is what it was before.
    Role { requested: String, before: Option<String> },
}

/// Restarts the resource that was named, on one node or wherever it is.
pub(super) fn restart(session: &mut Session<'_>) -> Result<(), Stop> {
    let (key, node) = (session.key()?, session.node);
    let key = running(session, key, node)?;
    if !session.model.resources[key].state.managed {
        session.output.remark("Unmanaged resources cannot be restarted.");
        return Err(Stop::failed(ToolExit::Unsatisfied));
    }
    let timeout = session.options.timeout()?.filter(|timeout| !timeout.is_zero());
    let deadline = timeout.map(|timeout| Instant::now() + timeout);
    let way = way(session, key, node);
    let id = session.model.resources[key].id.to_string();
    let before = active(&session.model, node);
    let notified = session.cib.subscribe(NotificationKind::Diff).is_ok();
    if let Err(stop) = keep_stopped(session, key, &way) {
        let text = format!("Could not set target-role for {id}: {}", stop.exit());
        session.output.remark(text);
        return Err(stop);
    }
    let stopped = stop(session, &id, node, &before, deadline, notified);
    let let_go = let_start(session, key, &way);
    stopped?;
    if let Err(stop) = let_go {
        let text = format!("Could not unset target-role for {id}: {}", stop.exit());
        session.output.remark(text);
        return Err(stop);
    }
    start(session, &id, node, &before, deadline, notified)
}

/// The resource to restart: the bundle that it is in, an instance that is active if it is itself not.
fn running(
    session: &mut Session<'_>,
    mut key: ResourceKey,
    node: Option<NodeKey>,
) -> Result<ResourceKey, Stop> {
    let model = &session.model;
    let resource = &model.resources[key];
    let shown = resource.state.history_id.as_ref().unwrap_or(&resource.id).to_string();
    let parent = model.top_of(key, true);
    if model.is_bundled(key) {
        key = model.resources[parent].parent.unwrap_or(key);
    }
    if model.resources[parent].is_clone() && !is_active(model, key, node) {
        let unique = model.resources[parent].unique;
        let name = |key: ResourceKey| {
            let id = model.resources[key].id.as_str();
            if unique { id } else { base_name(id) }
        };
        let wanted = name(key);
        let mut inside = vec![parent];
        let mut found = None;
        while let Some(part) = inside.pop() {
            if name(part) == wanted && is_active(model, part, node) {
                found = Some(part);
                break;
            }
            inside.extend(model.resources[part].state.children.iter().rev());
        }
        key = found.unwrap_or(key);
    }
    if is_active(model, key, node) {
        return Ok(key);
    }
    let text = match node {
        Some(node) => {
            let name = &model.nodes[node].name;
            format!("{shown} is not running on {name} and so cannot be restarted")
        }
        None => format!("{shown} is not running anywhere and so cannot be restarted"),
    };
    session.output.remark(text);
    Err(Stop::failed(ToolExit::NoSuch))
}

fn way(session: &mut Session<'_>, key: ResourceKey, node: Option<NodeKey>) -> Way {
    let model = &session.model;
    let parent = model.top_of(key, true);
    let resource = &model.resources[key];
    let unique = model.resources[parent].is_clone() && model.resources[parent].unique;
    let own =
        if unique { resource.id.as_str() } else { base_name(resource.id.as_str()) }.to_owned();
    if let Some(node) = node {
        let node = model.nodes[node].name.to_string();
        if resource.is_clone() || resource.is_bundle() {
            return Way::Ban { id: own, node };
        }
        if model.resources[parent].is_clone() {
            return Way::Ban { id: model.resources[parent].id.to_string(), node };
        }
    }
    let requested = resource.id.to_string();
    let wanted = Wanted { set: None, id: None, name: "target-role" };
    let before = match session.search(&own, None, &wanted) {
        Search::One(_) => matching(&session.document, &own, None, &wanted)
            .first()
            .and_then(|pair| pair.attr("value"))
            .map(str::to_owned),
        Search::Missing | Search::Several => None,
    };
    Way::Role { requested, before }
}

fn set_role(
    session: &mut Session<'_>,
    key: ResourceKey,
    requested: &str,
    value: &str,
) -> Result<(), Stop> {
    let wanted = Wanted { set: None, id: None, name: "target-role" };
    let change = Change { kind: Kind::Meta, wanted, value, recursive: false };
    change::update(session, key, requested, &change)
}

fn keep_stopped(session: &mut Session<'_>, key: ResourceKey, way: &Way) -> Result<(), Stop> {
    match way {
        Way::Ban { id, node } => location::forbid_for_now(session, id, node),
        Way::Role { requested, .. } => set_role(session, key, requested, "stopped"),
    }
}

fn let_start(session: &mut Session<'_>, key: ResourceKey, way: &Way) -> Result<(), Stop> {
    // The resource keeps its place in the model's tables as long as no resource comes or goes.
    let id = session.model.resources[key].id.clone();
    session.reread()?;
    let key = session.model.resource_named(id.as_str()).unwrap_or(key);
    match way {
        Way::Ban { id, node } => clear::one_node(session, id, node, true),
        Way::Role { requested, before: Some(before) } => set_role(session, key, requested, before),
        Way::Role { requested, before: None } => {
            let wanted = Wanted { set: None, id: None, name: "target-role" };
            change::remove(session, key, requested, Kind::Meta, &wanted)
        }
    }
}

/// Waits until everything has stopped that a plan would stop.
fn stop(
    session: &mut Session<'_>,
    id: &str,
    node: Option<NodeKey>,
    before: &[String],
    deadline: Option<Instant>,
    notified: bool,
) -> Result<(), Stop> {
    let node = node.map(|node| session.model.nodes[node].name.to_string());
    let expected = expected(session, node.as_deref()).inspect_err(|_| {
        session.output.remark("Could not determine which resources would be stopped");
    })?;
    let left = |session: &mut Session<'_>| -> Result<Vec<String>, Stop> {
        session.reread().inspect_err(|_| {
            session.output.remark("Could not determine which resources were stopped");
        })?;
        let node = node.as_deref().and_then(|name| session.model.node_named(name));
        let now = active(&session.model, node);
        Ok(without(&now, &expected))
    };
    let waiting: Vec<String> = without(before, &expected);
    session.say(format!("Waiting for {} resources to stop:", waiting.len()));
    list(session, &waiting);
    until_none(session, waiting, deadline, notified, left).map_err(|unfinished| {
        unfinished.tell(session, &format!("Could not complete shutdown of {id}"))
    })
}

/// Waits until everything is active again that was.
fn start(
    session: &mut Session<'_>,
    id: &str,
    node: Option<NodeKey>,
    before: &[String],
    deadline: Option<Instant>,
    notified: bool,
) -> Result<(), Stop> {
    let now = active(&session.model, node);
    // What depends on the resource may come back elsewhere.
    let left = |session: &mut Session<'_>| -> Result<Vec<String>, Stop> {
        session.reread().inspect_err(|_| {
            session.output.remark("Could not determine which resources were started");
        })?;
        let now = active(&session.model, None);
        Ok(without(before, &now))
    };
    let waiting: Vec<String> = without(before, &now);
    session.say(format!("Waiting for {} resources to start again:", waiting.len()));
    list(session, &waiting);
    until_none(session, waiting, deadline, notified, left).map_err(|unfinished| {
        unfinished.tell(session, &format!("Could not complete restart of {id}"))
    })
}

/// Why waiting ended too early.
enum Unfinished {
    /// The time is over, and these are left.
    Left(Vec<String>),
    /// Something else.
    Stop(Stop),
}

impl Unfinished {
    fn tell(self, session: &mut Session<'_>, what: &str) -> Stop {
        match self {
            Self::Stop(stop) => stop,
            Self::Left(left) => {
                session.output.remark(format!("{what}, {} resources remaining", left.len()));
                list(session, &left);
                Stop::failed(ToolExit::Timeout)
            }
        }
    }
}

fn list(session: &mut Session<'_>, resources: &[String]) {
    for resource in resources {
        session.say(format!(" * {resource}"));
    }
    session.output.flush();
}

/// Waits until nothing is left. Without a deadline there is as much time as the slowest of the rest may take to stop, and
/// that time again whenever there has been progress.
fn until_none(
    session: &mut Session<'_>,
    mut waiting: Vec<String>,
    deadline: Option<Instant>,
    notified: bool,
    left: impl Fn(&mut Session<'_>) -> Result<Vec<String>, Stop>,
) -> Result<(), Unfinished> {
    while !waiting.is_empty() {
        let before = waiting.len();
        let end = deadline.unwrap_or_else(|| Instant::now() + estimate(&session.model, &waiting));
        loop {
            let time = end.saturating_duration_since(Instant::now());
            if waiting.is_empty() || time.is_zero() {
                break;
            }
            pause(&mut session.cib, time.min(LOOK_AGAIN), notified)
                .map_err(|error| Unfinished::Stop(error.into()))?;
            waiting = left(session).map_err(Unfinished::Stop)?;
        }
        if waiting.len() == before || (deadline.is_some() && !waiting.is_empty()) {
            return Err(Unfinished::Left(waiting));
        }
    }
    Ok(())
}

/// The longest time that the stop of one of the resources may take, and some more.
fn estimate(model: &Model, resources: &[String]) -> Duration {
    let keys: Vec<ResourceKey> =
        resources.iter().filter_map(|id| model.resource_named(id)).collect();
    let timeouts = super::locate::leaves(model, &keys).into_iter().map(|key| {
        let resource = &model.resources[key];
        let mut next = NextChange::default();
        let config = resource.operation("stop", Interval::ONCE, true);
        let defaults = &model.operation_defaults;
        let once = Interval::ONCE;
        let stop = resource.effective_operation(
            "stop",
            once,
            config,
            defaults,
            model.now,
            &mut next,
            || None,
        );
        let millis = stop.meta.get("timeout").and_then(|text| text.parse().ok());
        millis.map_or(STOP_TIMEOUT, Duration::from_millis)
    });
    timeouts.max().unwrap_or(STOP_TIMEOUT) + SPARE
}

/// What would be active if the cluster did all that it has to do now.
fn expected(session: &mut Session<'_>, node: Option<&str>) -> Result<Vec<String>, Stop> {
    session.reread()?;
    let document = session.document.clone();
    planning(|| {
        let (model, _) = Model::build_at(&document, frame::local_time());
        let plan = scheduler::schedule(&model, &Request::default());
        let done = simulate::carry_out(&document, &model, &plan, &[], frame::now());
        let (model, _) = Model::build_at(&done.cib, frame::local_time());
        active(&model, node.and_then(|name| model.node_named(name)))
    })
}

/// The resources that are active on a node, or anywhere: of groups the members, of other collections the whole.
fn active(model: &Model, node: Option<NodeKey>) -> Vec<String> {
    let mut found = Vec::new();
    let mut pending: Vec<ResourceKey> = model.top.iter().rev().copied().collect();
    while let Some(key) = pending.pop() {
        let resource = &model.resources[key];
        if resource.is_group() {
            pending.extend(resource.state.children.iter().rev());
        } else if is_active(model, key, node) {
            found.push(resource.id.to_string());
        }
    }
    found
}

/// Those that are not among the others.
fn without(resources: &[String], others: &[String]) -> Vec<String> {
    resources.iter().filter(|id| !others.contains(id)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use vocab::Timestamp;

    use super::*;

    #[test]
    fn members_of_groups_count_by_themselves_and_clones_as_a_whole() {
        let active_here = |id: &str| {
            format!(
                "<lrm_resource id='{id}' type='Dummy' class='ocf' provider='pacemaker'><lrm_rsc_op id='{id}_last_0' \
                 operation='start' operation_key='{id}_start_0' call-id='5' rc-code='0' op-status='0' interval='0' \
                 transition-key='1:1:0:x' transition-magic='0:0;1:1:0:x'/></lrm_resource>"
            )
        };
        let dummy = |id: &str| {
            format!("<primitive id='{id}' class='ocf' provider='pacemaker' type='Dummy'/>")
        };
        let cib = xml::parse(&format!(
            "<cib have-quorum='1'><configuration><crm_config><cluster_property_set id='o'><nvpair id='s' \
             name='stonith-enabled' value='false'/></cluster_property_set></crm_config><nodes><node id='1' uname='n1'/>\
             </nodes><resources>{}<group id='g'>{}{}</group><clone id='c'>{}</clone></resources><constraints/>\
             </configuration><status><node_state id='1' uname='n1' in_ccm='true' crmd='online' join='member' \
             expected='member'><lrm id='1'><lrm_resources>{}{}{}</lrm_resources></lrm></node_state></status></cib>",
            dummy("z"), dummy("m1"), dummy("m2"), dummy("i"),
            active_here("z"), active_here("m1"), active_here("i"),
        ))
        .expect("this is XML");
        let (model, _) = Model::build(&cib, Timestamp(0));
        assert_eq!(active(&model, None), ["z", "m1", "c"]);
        assert_eq!(active(&model, model.node_named("n1")), ["z", "m1", "c"]);
        assert_eq!(without(&active(&model, None), &["m1".to_owned()]), ["z", "c"]);
    }
}
