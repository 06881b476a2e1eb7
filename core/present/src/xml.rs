//! The status as XML, in the shape that Pacemaker's API schema gives `crm_mon --output-as=xml`.

use vocab::Score;
use xml::Element;

use crate::{
    Bundle, CloneSet, FenceEvent, FenceState, Group, Health, Node, NodeHistory, NodeKind,
    Primitive, Resource, Show, Status,
    text::exit_words,
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
        elements
            .push(Element::new("nodes").with_children(nodes.map(|node| self::node(node, show))));
    }
    if sections.resources {
        let shown: Vec<Element> =
            status.resources.iter().filter_map(|resource| self::resource(resource, show)).collect();
        if !shown.is_empty() {
            elements.push(Element::new("resources").with_children(shown));
        }
    }
    if sections.attributes {
        elements.extend(non_empty("node_attributes", attributes(status, show)));
    }
    if sections.operations || sections.fail_counts {
        let histories = status.histories.iter().filter_map(|history| node_history(history, show));
        elements.push(Element::new("node_history").with_children(histories));
    }
    if sections.failures {
        elements.extend(non_empty("failures", failures(status, show)));
    }
    if let Some(events) = &status.fencing
        && (sections.fencing_failed || sections.fencing_pending || sections.fencing_succeeded)
    {
        elements.extend(non_empty("fence_history", events.iter().map(|e| fence_event(e, show))));
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
        summary.push(Element::new("stack").with("type", &status.stack));
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
        summary.push(Element::new("last_update").with("time", updated));
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
        let options = &status.options;
        summary.push(
            Element::new("cluster_options")
                .with("stonith-enabled", options.fencing_enabled)
                .with("symmetric-cluster", options.symmetric)
                .with("no-quorum-policy", &options.no_quorum_policy)
                .with("maintenance-mode", options.maintenance)
                .with("stop-all-resources", options.stop_all)
                .with("stonith-timeout-ms", options.fencing_timeout_ms)
                .with("priority-fencing-delay-ms", options.priority_fencing_delay_ms),
        );
    }
    summary
}

fn node(node: &Node, show: &Show) -> Element {
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
        for running in &node.running {
            element.push(primitive(running, show));
        }
    }
    element
}

fn resource(resource: &Resource, show: &Show) -> Option<Element> {
    let active = resource.is_active();
    if resource.is_removed() && !active {
        return None;
    }
    if show.detail.group_by_node && (active || !show.detail.inactive) {
        return None;
    }
    if !resource.is_partially_active() && !show.detail.inactive {
        return None;
    }
    inside(resource, show)
}

fn inside(resource: &Resource, show: &Show) -> Option<Element> {
    match resource {
        Resource::Primitive(primitive) => {
            show.has_resource(&primitive.id).then(|| self::primitive(primitive, show))
        }
        Resource::Group(group) => self::group(group, show),
        Resource::Clone(clone) => self::clone(clone, show),
        Resource::Bundle(bundle) => {
            show.has_resource(&bundle.id).then(|| self::bundle(bundle, show))
        }
    }
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
        .with("blocked", primitive.blocked)
        .with("managed", primitive.managed)
        .with("failed", primitive.failed)
        .with("failure_ignored", primitive.failure_ignored)
        .with("nodes_running_on", primitive.nodes.len())
        .with_some("pending", primitive.pending_task().filter(|_| show.detail.pending))
        .with_some("locked_to", primitive.locked_to.as_ref())
        .with_children(nodes)
}

fn group(group: &Group, show: &Show) -> Option<Element> {
    let whole = show.has_resource(&group.id);
    let members: Vec<Element> = group
        .members
        .iter()
        .filter(|member| {
            (whole || show.has_resource(&member.id)) && (member.active || show.detail.inactive)
        })
        .map(|member| primitive(member, show))
        .collect();
    (!members.is_empty()).then(|| {
        Element::new("group")
            .with("id", &group.id)
            .with("number_resources", group.members.len())
            .with("managed", group.managed)
            .with("disabled", group.disabled)
            .with_children(members)
    })
}

fn clone(clone: &CloneSet, show: &Show) -> Option<Element> {
    let whole = show.has_resource(&clone.id) || show.has_resource(&clone.template);
    let everything = Show { resources: Vec::new(), ..show.clone() };
    let instances: Vec<Element> = clone
        .instances
        .iter()
        .filter(|instance| {
            let primitives = instance.primitives();
            show.nodes.is_empty()
                || primitives.iter().any(|p| p.nodes.iter().any(|n| show.has_node(&n.name)))
        })
        .filter_map(|instance| inside(instance, if whole { &everything } else { show }))
        .collect();
    (!instances.is_empty()).then(|| {
        Element::new("clone")
            .with("id", &clone.id)
            .with("multi_state", clone.promotable)
            .with("unique", clone.unique)
            .with("managed", clone.managed)
            .with("disabled", clone.disabled)
            .with("failed", clone.failed)
            .with("failure_ignored", clone.failure_ignored)
            .with_some("target_role", clone.target_role.as_ref())
            .with_children(instances)
    })
}

fn bundle(bundle: &Bundle, show: &Show) -> Element {
    let replicas = bundle.replicas.iter().map(|replica| {
        let parts = [
            replica.ip.as_ref(),
            replica.child.as_ref(),
            Some(&replica.container),
            replica.remote.as_ref(),
        ];
        Element::new("replica")
            .with("id", replica.number)
            .with_children(parts.into_iter().flatten().map(|part| primitive(part, show)))
    });
    Element::new("bundle")
        .with("id", &bundle.id)
        .with("type", &bundle.technology)
        .with("image", &bundle.image)
        .with("unique", bundle.unique)
        .with("managed", bundle.managed)
        .with("failed", bundle.failed)
        .with_children(replicas)
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

fn node_history(history: &NodeHistory, show: &Show) -> Option<Element> {
    if !show.has_node(&history.node) {
        return None;
    }
    let operations = show.sections.operations;
    let resources: Vec<Element> = history
        .resources
        .iter()
        .filter(|resource| show.has_resource(&resource.resource))
        .filter(|resource| {
            if operations {
                !resource.operations.is_empty()
            } else {
                resource.fail_count > Score::ZERO
            }
        })
        .map(|resource| {
            let mut element = Element::new("resource_history").with("id", &resource.resource);
            if resource.removed {
                element.set("orphan", true);
            } else {
                element.set("orphan", false);
                element.set("migration-threshold", resource.migration_threshold.value());
                if resource.fail_count > Score::ZERO {
                    element.set("fail-count", resource.fail_count.value());
                }
                if let Some(moment) = resource.last_failure {
                    element.set("last-failure", ctime(moment, show.utc_offset_seconds));
                }
            }
            if operations {
                element = element
                    .with_children(resource.operations.iter().map(|entry| operation(entry, show)));
            }
            element
        })
        .collect();
    (!resources.is_empty())
        .then(|| Element::new("node").with("name", &history.node).with_children(resources))
}

fn operation(entry: &crate::HistoryEntry, show: &Show) -> Element {
    let mut element = Element::new("operation_history")
        .with("call", &entry.call)
        .with("task", &entry.task)
        .with("rc", entry.exit)
        .with("rc_text", exit_words(entry.exit));
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
                .with("exitstatus", exit_words(failure.exit))
                .with("exitreason", failure.reason.as_deref().unwrap_or("none"))
                .with("exitcode", failure.exit)
                .with_some("call", failure.call.as_ref())
                .with("status", failure.status);
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
        Element::new("ticket")
            .with("id", &ticket.id)
            .with("status", if ticket.granted { "granted" } else { "revoked" })
            .with("standby", ticket.standby)
            .with_some(
                "last-granted",
                ticket.last_granted.map(|m| ctime(m, show.utc_offset_seconds)),
            )
    })
}

fn bans<'a>(status: &'a Status, show: &'a Show) -> impl Iterator<Item = Element> + 'a {
    status
        .bans
        .iter()
        .filter(|ban| ban.id.starts_with(&show.ban_prefix) && show.has_resource(&ban.resource))
        .map(|ban| {
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
