use super::{TextList, resource};
use crate::{Health, Node, NodeKind, Show, Status};

/// Nodes: in a line by state where there is nothing to say about one, else one by one.
pub fn node_list(out: &mut TextList, status: &Status, show: &Show) {
    let nodes: Vec<&Node> = status.nodes.iter().filter(|node| show.has_node(&node.name)).collect();
    if nodes.is_empty() {
        return;
    }
    out.spaced_section("Node List", |out| {
        let (single, listed): (Vec<&Node>, Vec<&Node>) =
            nodes.into_iter().partition(|node| is_shown_alone(node, show));
        for node in single {
            one_node(out, node, show);
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

fn one_node(out: &mut TextList, node: &Node, show: &Show) {
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
    if show.detail.full
        && let Some(feature_set) = &node.feature_set
    {
        line.push_str(", feature set ");
        line.push_str(feature_set);
    }
    if !show.detail.group_by_node {
        out.item(line);
        return;
    }
    out.section(line, |out| {
        out.section("Resources", |out| {
            if show.detail.brief {
                resource::brief(out, node.running.iter().collect(), show, Some(&node.name));
                return;
            }
            for primitive in &node.running {
                out.item(resource::primitive_line(primitive, show, resource::Place::Hidden));
            }
        });
    });
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

fn display_name(node: &Node, show: &Show) -> String {
    let mut name = node.name.clone();
    if show.detail.full {
        if let Some(container) = &node.container {
            name.push('@');
            name.push_str(container);
        }
        if node.id != node.name {
            name.push_str(&format!(" ({})", node.id));
        }
    }
    name
}

/// Attributes of the nodes that are online.
pub(super) fn attribute_list(out: &mut TextList, status: &Status, show: &Show) {
    let nodes: Vec<&Node> = status
        .nodes
        .iter()
        .filter(|node| node.online && show.has_node(&node.name) && !node.attributes.is_empty())
        .collect();
    if nodes.is_empty() {
        return;
    }
    out.spaced_section("Node Attributes", |out| {
        for node in nodes {
            out.section(format!("Node: {}", display_name(node, show)), |out| {
                for attribute in &node.attributes {
                    let value: Option<i64> = attribute.value.parse().ok();
                    let note = match attribute.expected {
                        Some(_) if value.unwrap_or(0) <= 0 => "\t: Connectivity is lost".to_owned(),
                        Some(expected) if value.unwrap_or(0) < expected => {
                            format!("\t: Connectivity is degraded (Expected={expected})")
                        }
                        Some(_) | None => String::new(),
                    };
                    out.item(format!("{:<32}\t: {:<10}{note}", attribute.name, attribute.value));
                }
            });
        }
    });
}
