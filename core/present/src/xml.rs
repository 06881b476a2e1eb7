//! The status as XML, in the shape that Pacemaker's API schema gives `crm_mon --output-as=xml`.

use vocab::Score;
use xml::Element;

use crate::{
    Bundle, CloneSet, FenceEvent, FenceState, Filter, Group, Health, Node, NodeKind, Primitive,
    Resource, ResourceHistory, Show, Status,
    selection::{self, Selection},
    text::{execution_words, exit_words, history_sections, is_container_elsewhere},
    time::{ctime, iso_local, iso_utc},
};

/// The sections of the status, to stand inside `pacemaker-result`.
pub fn status(status: &Status, show: &Show) -> Vec<Element> {
    let sections = show.sections;
    let mut elements = Vec::new();
    if let Some(launcher) = &status.launcher {
        elements.push(
            Element::new("pacemakerd")
                .with("sys_from", "pacemakerd")
                .with("state", &launcher.state)
                .with("last_updated", iso_utc(launcher.updated)),
        );
    }
    elements.push(summary(status, show));
    if sections.nodes {
        let nodes = status.nodes.iter().filter(|node| show.has_node(&node.name));
        let selection = Selection::of(status, show);
        elements.push(
            Element::new("nodes")
                .with_children(nodes.map(|node| self::node(node, show, &selection))),
        );
    }
    if sections.resources && (show.detail.inactive || !show.detail.group_by_node) {
        let mut listed = status
            .resources
            .iter()
            .filter(|resource| selection::is_listed(resource, show, false))
            .peekable();
        // A list of which nothing is asked for is there nevertheless.
        if listed.peek().is_some() {
            let shown = listed.filter_map(|resource| resource_element(resource, show));
            elements.push(Element::new("resources").with_children(shown));
        }
    }
    if sections.attributes {
        elements.extend(non_empty("node_attributes", attributes(status, show)));
    }
    if sections.operations || sections.fail_counts {
        let histories = history_sections(status, show);
        if !histories.is_empty() || !show.detail.newer_words {
            let nodes = histories.into_iter().filter(|(_, resources)| !resources.is_empty()).map(
                |(history, resources)| {
                    let resources = resources.into_iter().map(|r| resource_history(r, show));
                    Element::new("node").with("name", &history.node).with_children(resources)
                },
            );
            elements.push(Element::new("node_history").with_children(nodes));
        }
    }
    if sections.failures {
        elements.extend(non_empty("failures", failures(status, show)));
    }
    if sections.fencing_failed && sections.fencing_pending && sections.fencing_succeeded {
        let events = status.fencing.iter().flatten().filter(|event| show.has_node(&event.target));
        elements.extend(non_empty("fence_history", events.map(|event| fence_event(event, show))));
        if status.fencing_unknown {
            let exit = vocab::ToolExit::Disconnect.code();
            elements.push(Element::new("fence_history").with("status", exit));
        }
    }
    if sections.tickets {
        elements.extend(non_empty("tickets", tickets(status, show)));
    }
    if sections.bans {
        elements.extend(non_empty("bans", bans(status, show)));
    }
    elements
}

fn non_empty(name: &str, children: impl Iterator<Item = Element>) -> Option<Element> {
    let element = Element::new(name).with_children(children);
    (!element.nodes().is_empty()).then_some(element)
}

fn summary(status: &Status, show: &Show) -> Element {
    let sections = show.sections;
    let mut summary = Element::new("summary");
    if sections.stack {
        let launcher = status.launcher.as_ref().filter(|_| show.detail.newer_words);
        summary.push(
            Element::new("stack")
                .with("type", &status.stack)
                .with_some("pacemakerd-state", launcher.map(|launcher| &launcher.state)),
        );
    }
    if sections.dc || status.dc.is_none() {
        summary.push(match &status.dc {
            Some(dc) => Element::new("current_dc")
                .with("present", true)
                .with("version", dc.version.as_deref().unwrap_or_default())
                .with("name", &dc.name)
                .with("id", &dc.id)
                .with("with_quorum", dc.with_quorum)
                .with("mixed_version", dc.mixed_version),
            None => Element::new("current_dc").with("present", false),
        });
    }
    if sections.times {
        let updated = ctime(status.updated, show.utc_offset_seconds);
        let origin = status.local_node.as_ref().filter(|_| show.detail.newer_words);
        summary.push(Element::new("last_update").with("time", updated).with_some("origin", origin));
        let change = &status.last_change;
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        summary.push(
            Element::new("last_change")
                .with("time", text(&change.written))
                .with("user", text(&change.user))
                .with("client", text(&change.client))
                .with("origin", text(&change.origin)),
        );
    }
    if sections.counts {
        let counts = status.counts;
        summary.push(Element::new("nodes_configured").with("number", counts.nodes));
        summary.push(
            Element::new("resources_configured")
                .with("number", counts.resources)
                .with("disabled", counts.disabled)
                .with("blocked", counts.blocked),
        );
    }
    if sections.options {
        summary.push(options(status, show));
    }
    summary
}

/// The options. Newer versions call fencing by its name first, and keep the older words behind.
fn options(status: &Status, show: &Show) -> Element {
    let options = &status.options;
    let element = Element::new("cluster_options");
    let policy = options.no_quorum_policy.as_str();
    if !show.detail.newer_words {
        return element
            .with("stonith-enabled", options.fencing_enabled)
            .with("symmetric-cluster", options.symmetric)
            .with("no-quorum-policy", policy)
            .with("maintenance-mode", options.maintenance)
            .with("stop-all-resources", options.stop_all)
            .with("stonith-timeout-ms", options.fencing_timeout_ms)
            .with("priority-fencing-delay-ms", options.priority_fencing_delay_ms);
    }
    element
        .with("fencing-enabled", options.fencing_enabled)
        .with("fencing-timeout-ms", options.fencing_timeout_ms)
        .with("symmetric-cluster", options.symmetric)
        .with("no-quorum-policy", if policy == "suicide" { "fence" } else { policy })
        .with("maintenance-mode", options.maintenance)
        .with("stop-all-resources", options.stop_all)
        .with("priority-fencing-delay-ms", options.priority_fencing_delay_ms)
        .with("stonith-enabled", options.fencing_enabled)
        .with("stonith-timeout-ms", options.fencing_timeout_ms)
}

fn node(node: &Node, show: &Show, selection: &Selection<'_>) -> Element {
    let health = match node.health {
        Health::Green => "green",
        Health::Yellow => "yellow",
        Health::Red => "red",
    };
    let kind = match node.kind {
        NodeKind::Member => "member",
        NodeKind::Remote | NodeKind::Guest => "remote",
    };
    let mut element = Element::new("node")
        .with("name", &node.name)
        .with("id", &node.id)
        .with("online", node.online)
        .with("standby", node.standby)
        .with("standby_onfail", node.standby_on_fail)
        .with("maintenance", node.maintenance)
        .with("pending", node.pending)
        .with("unclean", node.unclean)
        .with("health", health)
        .with_some("feature_set", node.feature_set.as_ref())
        .with("shutdown", node.shutdown)
        .with("expected_up", node.expected_up)
        .with("is_dc", node.is_dc)
        .with("resources_running", node.running.len())
        .with("type", kind)
        .with_some("id_as_resource", node.container.as_ref());
    if show.detail.group_by_node {
        let mut show = show.clone();
        show.detail.description = true;
        let show = &show;
        for running in node.running.iter().filter(|running| selection.has(running)) {
            element.push(primitive(running, show));
        }
    }
    element
}

/// The resources of a status, without an element around them.
pub fn resource_elements(status: &Status, show: &Show) -> Vec<Element> {
    status
        .resources
        .iter()
        .filter(|r| selection::is_listed(r, show, false))
        .filter_map(|r| resource_element(r, show))
        .collect()
}

/// A resource, if it or something in it is asked for.
fn resource_element(resource: &Resource, show: &Show) -> Option<Element> {
    if !selection::passes(resource, &show.resources) {
        return None;
    }
    match resource {
        Resource::Primitive(primitive) => Some(self::primitive(primitive, show)),
        Resource::Group(group) => self::group(group, show),
        Resource::Clone(clone) => self::clone(clone, show),
        Resource::Bundle(bundle) => self::bundle(bundle, show),
    }
}

/// What newer versions say that older ones do not.
fn newer<T>(show: &Show, value: T) -> Option<T> {
    show.detail.newer_words.then_some(value)
}

fn primitive(primitive: &Primitive, show: &Show) -> Element {
    let nodes = primitive.nodes.iter().map(|node| {
        Element::new("node")
            .with("name", &node.name)
            .with("id", &node.id)
            // What the API calls "cached" has always been whether the node is online.
            .with("cached", node.online)
    });
    Element::new("resource")
        .with("id", &primitive.id)
        .with("resource_agent", &primitive.agent)
        .with("role", primitive.shown_state(show.detail.pending))
        .with_some("target_role", primitive.target_role.as_ref())
        .with("active", primitive.active)
        .with("orphaned", primitive.removed)
        .with_some("removed", newer(show, primitive.removed))
        .with("blocked", primitive.blocked)
        .with_some("maintenance", newer(show, primitive.maintenance))
        .with("managed", primitive.managed)
        .with("failed", primitive.failed)
        .with("failure_ignored", primitive.failure_ignored)
        .with("nodes_running_on", primitive.nodes.len())
        .with_some("pending", primitive.pending_task().filter(|_| show.detail.pending))
        .with_some("locked_to", primitive.locked_to.as_ref())
        .with_some("description", described(primitive.description.as_ref(), show))
        .with_children(nodes)
}

fn described<'a>(description: Option<&'a String>, show: &Show) -> Option<&'a String> {
    description.filter(|_| show.describes())
}

fn group(group: &Group, show: &Show) -> Option<Element> {
    let members = selection::group_members(group, show);
    let first = members.first()?;
    // Counted are the members from the first that is shown.
    let before = group.members.iter().take_while(|member| !std::ptr::eq(*member, *first)).count();
    let element = Element::new("group")
        .with("id", &group.id)
        .with("number_resources", group.members.len() - before)
        .with_some("maintenance", newer(show, group.maintenance))
        .with("managed", group.managed)
        .with("disabled", group.disabled)
        .with_some("description", described(group.description.as_ref(), show));
    Some(element.with_children(members.into_iter().map(|member| primitive(member, show))))
}

fn clone(clone: &CloneSet, show: &Show) -> Option<Element> {
    let whole = show.has_resource(&clone.id);
    let everything = Show { resources: Filter::Everything, ..show.clone() };
    let mut instances = clone
        .instances
        .iter()
        .filter(|instance| !selection::is_elsewhere(instance, show))
        .filter(|instance| whole || selection::passes(instance, &show.resources))
        .peekable();
    instances.peek()?;
    let element = Element::new("clone")
        .with("id", &clone.id)
        .with("multi_state", clone.promotable)
        .with("unique", clone.unique)
        .with_some("maintenance", newer(show, clone.maintenance))
        .with("managed", clone.managed)
        .with("disabled", clone.disabled)
        .with("failed", clone.failed)
        .with("failure_ignored", clone.failure_ignored)
        .with_some("target_role", clone.target_role.as_ref())
        .with_some("description", described(clone.description.as_ref(), show));
    Some(element.with_children(instances.filter_map(|i| resource_element(i, &everything))))
}

fn bundle(bundle: &Bundle, show: &Show) -> Option<Element> {
    let whole = show.has_resource(&bundle.id);
    let replicas: Vec<Element> = bundle
        .replicas
        .iter()
        .filter(|replica| !is_container_elsewhere(replica, show))
        .filter_map(|replica| {
            let is_shown = |part: &&Primitive| whole || selection::is_meant(part, &show.resources);
            let parts: Vec<Element> = replica
                .parts()
                .into_iter()
                .filter(is_shown)
                .map(|part| primitive(part, show))
                .collect();
            let replica = Element::new("replica").with("id", replica.number);
            (!parts.is_empty()).then(|| replica.with_children(parts))
        })
        .collect();
    let element = Element::new("bundle")
        .with("id", &bundle.id)
        .with("type", &bundle.technology)
        .with("image", &bundle.image)
        .with("unique", bundle.unique)
        .with_some("maintenance", newer(show, bundle.maintenance))
        .with("managed", bundle.managed)
        .with("failed", bundle.failed)
        .with_some("description", described(bundle.description.as_ref(), show));
    (!replicas.is_empty()).then(|| element.with_children(replicas))
}

fn attributes<'a>(status: &'a Status, show: &'a Show) -> impl Iterator<Item = Element> + 'a {
    status
        .nodes
        .iter()
        .filter(|node| node.online && !node.attributes.is_empty() && show.has_node(&node.name))
        .map(|node| {
            Element::new("node").with("name", &node.name).with_children(node.attributes.iter().map(
                |attribute| {
                    Element::new("attribute")
                        .with("name", &attribute.name)
                        .with("value", &attribute.value)
                        .with_some("expected", attribute.expected)
                },
            ))
        })
}

fn resource_history(history: &ResourceHistory, show: &Show) -> Element {
    let operations = show.sections.operations;
    let name = if operations { &history.name } else { &history.resource };
    let mut element = Element::new("resource_history")
        .with("id", name)
        .with("orphan", false)
        .with_some("removed", newer(show, false))
        .with("migration-threshold", history.migration_threshold.value());
    if history.fail_count > Score::ZERO {
        element.set("fail-count", history.fail_count.value());
    }
    if let Some(moment) = history.last_failure {
        element.set("last-failure", ctime(moment, show.utc_offset_seconds));
    }
    if !operations {
        return element;
    }
    element.with_children(history.operations.iter().map(|entry| operation(entry, show)))
}

fn operation(entry: &crate::HistoryEntry, show: &Show) -> Element {
    let mut element = Element::new("operation_history")
        .with("call", &entry.call)
        .with("task", &entry.task)
        .with("rc", entry.exit)
        .with("rc_text", exit_words(entry.exit, show));
    if entry.interval.is_recurring() {
        element.set("interval", format_args!("{}ms", entry.interval));
    }
    if show.detail.timing {
        if let Some(moment) = entry.last_change {
            element.set("last-rc-change", ctime(moment, show.utc_offset_seconds));
        }
        if let Some(exec) = &entry.exec_ms {
            element.set("exec-time", format_args!("{exec}ms"));
        }
        if let Some(queue) = &entry.queue_ms {
            element.set("queue-time", format_args!("{queue}ms"));
        }
    }
    element
}

fn failures<'a>(status: &'a Status, show: &'a Show) -> impl Iterator<Item = Element> + 'a {
    status
        .failures
        .iter()
        .filter(|failure| show.has_node(&failure.node) && show.has_resource(&failure.resource))
        .map(|failure| {
            let mut element = Element::new("failure")
                .with("op_key", &failure.key)
                .with("node", &failure.node)
                .with("exitstatus", exit_words(failure.exit, show))
                .with("exitreason", failure.reason.as_deref().unwrap_or("none"))
                .with("exitcode", failure.exit)
                .with_some("call", failure.call.as_ref())
                .with("status", execution_words(failure.status, show));
            if let Some(moment) = failure.last_change {
                element = element
                    .with("last-rc-change", iso_local(moment, show.utc_offset_seconds))
                    .with_some("queued", failure.queue_ms)
                    .with_some("exec", failure.exec_ms)
                    .with("interval", failure.interval)
                    .with("task", &failure.task);
            }
            element
        })
}

fn fence_event(event: &FenceEvent, show: &Show) -> Element {
    let state = match event.state {
        FenceState::Pending => "pending",
        FenceState::Failed => "failed",
        FenceState::Done => "success",
    };
    Element::new("fence_event")
        .with("action", &event.action)
        .with("target", &event.target)
        .with("client", &event.client)
        .with("origin", &event.origin)
        .with("status", state)
        .with_some("exit-reason", event.reason.as_ref())
        .with_some("delegate", event.delegate.as_ref())
        .with_some("completed", event.completed.map(|m| iso_local(m, show.utc_offset_seconds)))
}

fn tickets<'a>(status: &'a Status, show: &'a Show) -> impl Iterator<Item = Element> + 'a {
    status.tickets.iter().map(|ticket| {
        let mut element = Element::new("ticket")
            .with("id", &ticket.id)
            .with("status", if ticket.granted { "granted" } else { "revoked" })
            .with("standby", ticket.standby)
            .with_some(
                "last-granted",
                ticket.last_granted.map(|m| ctime(m, show.utc_offset_seconds)),
            );
        let known = ["standby", "last-granted", "expires", "id"];
        let others = ticket.state.iter().filter(|(name, _)| !known.contains(&name.as_str()));
        for (name, value) in others.filter(|_| show.detail.newer_words) {
            element.set(name, value);
        }
        element
    })
}

fn bans<'a>(status: &'a Status, show: &'a Show) -> impl Iterator<Item = Element> + 'a {
    status.bans.iter().filter(|ban| ban.is_shown(show)).map(|ban| {
        Element::new("ban")
            .with("id", &ban.id)
            .with("resource", &ban.resource)
            .with("node", &ban.node)
            .with("weight", ban.score.value())
            .with("promoted-only", ban.promoted_only)
            // Kept for readers of the older name.
            .with("master_only", ban.promoted_only)
    })
}
