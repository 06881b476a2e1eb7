use super::resource;
use crate::{
    Health, Node, NodeAttribute, NodeKind, Primitive, Show, Status, TextList, selection::Selection,
};

/// Nodes: in a line by state where there is nothing to say about one, else one by one.
pub fn node_list(out: &mut TextList, status: &Status, show: &Show) {
    let nodes: Vec<&Node> = status.nodes.iter().filter(|node| show.has_node(&node.name)).collect();
    if nodes.is_empty() {
        return;
    }
    out.spaced_section("Node List", |out| {
        let (single, listed): (Vec<&Node>, Vec<&Node>) =
            nodes.into_iter().partition(|node| is_shown_alone(node, show));
        let selection = Selection::of(status, show);
        for node in single {
            one_node(out, node, show, &selection);
        }
        let mut names = |heading: &str, fits: &dyn Fn(&Node) -> bool| {
            let names: Vec<String> =
                listed.iter().filter(|n| fits(n)).map(|n| display_name(n, show)).collect();
            if !names.is_empty() {
                out.item(format!("{heading}: [ {} ]", names.join(" ")));
            }
        };
        names("Online", &|node| node.online && node.kind == NodeKind::Member);
        names("OFFLINE", &|node| !node.online && node.kind == NodeKind::Member);
        names("RemoteOnline", &|node| node.online && node.kind == NodeKind::Remote);
        names("RemoteOFFLINE", &|node| !node.online && node.kind == NodeKind::Remote);
        names("GuestOnline", &|node| node.online && node.kind == NodeKind::Guest);
    });
}

fn is_shown_alone(node: &Node, show: &Show) -> bool {
    node.unclean
        || node.pending
        || (node.standby_on_fail && node.online)
        || node.standby
        || node.maintenance
        || node.health != Health::Green
        || show.detail.group_by_node
        || show.detail.full
}

fn one_node(out: &mut TextList, node: &Node, show: &Show, selection: &Selection<'_>) {
    let kind = match node.kind {
        NodeKind::Member => "Node",
        NodeKind::Remote => "RemoteNode",
        NodeKind::Guest => "GuestNode",
    };
    let mut line = format!("{kind} {}: {}", display_name(node, show), state(node));
    match node.health {
        Health::Green => {}
        Health::Yellow => line.push_str(" (health is YELLOW)"),
        Health::Red => line.push_str(" (health is RED)"),
    }
    line.push_str(&feature_set(node, show));
    if !show.detail.group_by_node {
        out.item(line);
        return;
    }
    if show.detail.brief {
        let running = resource::meant_or_part(node.running.iter(), show);
        if !running.is_empty() {
            out.section(line, |out| {
                out.section("Resources", |out| brief_on_node(out, running, show));
            });
        }
        return;
    }
    out.section(line, |out| {
        out.section("Resources", |out| {
            for primitive in node.running.iter().filter(|primitive| selection.has(primitive)) {
                resource::primitive(out, primitive, show, resource::Place::Hidden);
            }
        });
    });
}

/// How many resources of each agent are on a node: only those, and not where.
pub(crate) fn brief_on_node(out: &mut TextList, running: Vec<&Primitive>, show: &Show) {
    let mut active_only = show.clone();
    active_only.detail.inactive = false;
    resource::brief(out, running, &active_only, resource::Place::Hidden);
}

/// Which features the node has, as the end of a line about it.
pub(crate) fn feature_set(node: &Node, show: &Show) -> String {
    let feature_set = node.feature_set.as_ref().filter(|_| show.detail.full);
    feature_set.map(|set| format!(", feature set {set}")).unwrap_or_default()
}

fn state(node: &Node) -> &'static str {
    if node.unclean {
        return match (node.online, node.pending) {
            (true, _) => "UNCLEAN (online)",
            (false, true) => "UNCLEAN (pending)",
            (false, false) => "UNCLEAN (offline)",
        };
    }
    if node.pending {
        return "pending";
    }
    if node.standby_on_fail && node.online {
        return "standby (on-fail)";
    }
    match (node.standby, node.maintenance, node.online) {
        (true, _, true) if node.running.is_empty() => "standby",
        (true, _, true) => "standby (with active resources)",
        (true, _, false) => "OFFLINE (standby)",
        (false, true, true) => "maintenance",
        (false, true, false) => "OFFLINE (maintenance)",
        (false, false, true) => "online",
        (false, false, false) => "OFFLINE",
    }
}

pub(crate) fn display_name(node: &Node, show: &Show) -> String {
    long_name(&node.name, &node.id, node.host.as_deref(), show)
}

/// A node's name, in detail with where a guest is and with its id if that differs.
pub(super) fn long_name(name: &str, id: &str, host: Option<&str>, show: &Show) -> String {
    if !show.detail.full {
        return name.to_owned();
    }
    let host = host.map(|host| format!("@{host}")).unwrap_or_default();
    let id = if id.eq_ignore_ascii_case(name) { String::new() } else { format!(" ({id})") };
    format!("{name}{host}{id}")
}

/// Whether attributes of the node are shown.
pub(crate) fn has_attributes(node: &Node, show: &Show) -> bool {
    node.online && show.has_node(&node.name) && !node.attributes.is_empty()
}

/// Attributes of the nodes that are online.
pub(super) fn attribute_list(out: &mut TextList, status: &Status, show: &Show) {
    let nodes: Vec<&Node> = status.nodes.iter().filter(|node| has_attributes(node, show)).collect();
    if nodes.is_empty() {
        return;
    }
    out.spaced_section("Node Attributes", |out| {
        for node in nodes {
            out.section(format!("Node: {}", display_name(node, show)), |out| {
                node.attributes.iter().for_each(|attribute| out.item(attribute_line(attribute)));
            });
        }
    });
}

fn attribute_line(attribute: &NodeAttribute) -> String {
    let note = match attribute.connectivity() {
        Connectivity::Lost => "\t: Connectivity is lost".to_owned(),
        Connectivity::Degraded { expected } => {
            format!("\t: Connectivity is degraded (Expected={expected})")
        }
        Connectivity::Fine => String::new(),
    };
    format!("{:<32}\t: {:<10}{note}", attribute.name, attribute.value)
}

/// What an attribute says about the connection of its node to the world.
pub(crate) enum Connectivity {
    /// Nothing, or that it is as expected.
    Fine,
    /// That there is none.
    Lost,
    /// That less can be reached than expected.
    Degraded { expected: i64 },
}

impl NodeAttribute {
    pub(crate) fn connectivity(&self) -> Connectivity {
        let value: i64 = self.value.parse().unwrap_or(0);
        match self.expected {
            Some(_) if value <= 0 => Connectivity::Lost,
            Some(expected) if value < expected => Connectivity::Degraded { expected },
            Some(_) | None => Connectivity::Fine,
        }
    }
}
