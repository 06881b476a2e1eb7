//! Which elements there are, where they belong and what they must have.

use xml::Element;

use super::Violation;

const SETS: [&str; 3] = ["instance_attributes", "meta_attributes", "utilization"];

/// The elements that may be in an element of the configuration; none is an element that does not exist.
fn children_of(parent: &str) -> Option<&'static [&'static str]> {
    Some(match parent {
        "cib" => &["configuration", "status"],
        "configuration" => &[
            "crm_config",
            "rsc_defaults",
            "op_defaults",
            "nodes",
            "resources",
            "constraints",
            "fencing-topology",
            "acls",
            "tags",
            "alerts",
        ],
        "crm_config" => &["cluster_property_set"],
        "rsc_defaults" | "op_defaults" => &["meta_attributes"],
        "nodes" => &["node"],
        "node" => &["instance_attributes", "utilization"],
        "resources" => &["primitive", "template", "group", "clone", "master", "bundle"],
        "primitive" | "template" => {
            &["instance_attributes", "meta_attributes", "utilization", "operations"]
        }
        "group" => &["instance_attributes", "meta_attributes", "utilization", "primitive"],
        "clone" | "master" => {
            &["instance_attributes", "meta_attributes", "utilization", "primitive", "group"]
        }
        "bundle" => &[
            "instance_attributes",
            "meta_attributes",
            "utilization",
            "docker",
            "podman",
            "rkt",
            "network",
            "storage",
            "primitive",
        ],
        "network" => &["port-mapping"],
        "storage" => &["storage-mapping"],
        "operations" => &["op"],
        "op" => &["instance_attributes", "meta_attributes"],
        "constraints" => &["rsc_location", "rsc_colocation", "rsc_order", "rsc_ticket"],
        "rsc_location" => &["resource_set", "rule", "lifetime"],
        "rsc_colocation" => &["resource_set", "lifetime"],
        "rsc_order" => &["resource_set", "lifetime"],
        "rsc_ticket" => &["resource_set"],
        "resource_set" => &["resource_ref"],
        "lifetime" => &["rule"],
        "rule" => &["expression", "date_expression", "rsc_expression", "op_expression", "rule"],
        "date_expression" => &["duration", "date_spec"],
        "cluster_property_set" | "instance_attributes" | "meta_attributes" | "utilization" => {
            &["rule", "nvpair"]
        }
        "fencing-topology" => &["fencing-level"],
        "acls" => &["acl_target", "acl_group", "acl_role", "acl_user"],
        "acl_target" | "acl_group" => &["role"],
        "acl_role" => &["acl_permission", "read", "write", "deny"],
        "acl_user" => &["role_ref", "read", "write", "deny"],
        "tags" => &["tag"],
        "tag" => &["obj_ref"],
        "alerts" => &["alert"],
        "alert" => &["instance_attributes", "meta_attributes", "select", "recipient"],
        "recipient" => &["instance_attributes", "meta_attributes"],
        "select" => &["select_attributes", "select_fencing", "select_nodes", "select_resources"],
        "select_attributes" => &["attribute"],
        "docker" | "podman" | "rkt" | "port-mapping" | "storage-mapping" | "resource_ref"
        | "expression" | "rsc_expression" | "op_expression" | "duration" | "date_spec"
        | "nvpair" | "fencing-level" | "role" | "role_ref" | "acl_permission" | "read"
        | "write" | "deny" | "obj_ref" | "select_fencing" | "select_nodes" | "select_resources"
        | "attribute" => &[],
        _ => return None,
    })
}

/// Attributes without which an element means nothing.
fn required(element: &str) -> &'static [&'static str] {
    match element {
        "node" => &["id", "uname"],
        "op" => &["id", "name", "interval"],
        "docker" | "podman" | "rkt" => &["image"],
        "rsc_location" | "primitive" | "template" | "group" | "clone" | "master" | "bundle"
        | "rsc_colocation" | "rsc_order" | "rsc_ticket" | "resource_ref" | "expression"
        | "date_expression" | "rsc_expression" | "op_expression" | "date_spec" | "role"
        | "role_ref" | "acl_target" | "acl_group" | "acl_role" | "acl_user" | "acl_permission"
        | "tag" | "obj_ref" | "recipient" | "port-mapping" | "storage-mapping" => &["id"],
        "alert" => &["id", "path"],
        "fencing-level" => &["id", "index", "devices"],
        _ => &[],
    }
}

/// Elements whose id may instead be a reference to another element's.
fn may_refer(element: &str) -> bool {
    SETS.contains(&element)
        || matches!(element, "cluster_property_set" | "nvpair" | "rule" | "resource_set")
}

/// The id of an element that must be the only one of its kind in the document, and must be shaped as an XML name.
pub(super) fn unique_id(element: &Element) -> Option<&str> {
    match element.name() {
        "cib" | "configuration" | "node" | "resource_ref" | "obj_ref" | "role" | "role_ref"
        | "acl_target" | "acl_group" | "acl_user" => None,
        _ => element.id(),
    }
}

/// The ids of other elements that an element refers to.
pub(super) fn references(element: &Element) -> impl Iterator<Item = &str> {
    let own: &[&str] = match element.name() {
        "rsc_location" | "rsc_ticket" => &["rsc"],
        "rsc_colocation" => &["rsc", "with-rsc"],
        "rsc_order" => &["first", "then"],
        // What a tag names need not exist, and may be a node, whose id is no XML name.
        "resource_ref" | "role" | "role_ref" => &["id"],
        "acl_permission" => &["reference"],
        "primitive" => &["template"],
        _ => &[],
    };
    own.iter().chain(&["id-ref"]).filter_map(|name| element.attr(name))
}

/// Checks an element alone: its name in its parent and its own attributes.
pub(super) fn check(parent: &str, element: &Element) -> Result<(), Violation> {
    let name = element.name();
    if !children_of(parent).is_some_and(|known| known.contains(&name)) {
        return Err(Violation::Misplaced { parent: parent.to_owned(), child: name.to_owned() });
    }
    let lacks = |what| Violation::Incomplete { element: name.to_owned(), what };
    for attribute in required(name) {
        if element.attr(attribute).is_none() {
            return Err(lacks(attribute));
        }
    }
    if may_refer(name) && element.id().is_none() && element.attr("id-ref").is_none() {
        return Err(lacks("id"));
    }
    if name == "nvpair" && element.id().is_some() && element.attr("name").is_none() {
        return Err(lacks("name"));
    }
    if name == "primitive" && element.attr("template").is_none() || name == "template" {
        for attribute in ["class", "type"] {
            if element.attr(attribute).is_none() {
                return Err(lacks(attribute));
            }
        }
    }
    if element.attr("id-ref").is_none()
        && let Some(what) = missing_content(element)
    {
        return Err(lacks(what));
    }
    match unique_id(element) {
        Some(id) if !is_name(id) => Err(Violation::Value {
            element: name.to_owned(),
            attribute: "id".to_owned(),
            value: id.to_owned(),
        }),
        Some(_) | None => Ok(()),
    }
}

/// What an element must contain, or must say in one of several ways, and does not.
fn missing_content(element: &Element) -> Option<&'static str> {
    let inside =
        |names: &[&str]| element.children().filter(|child| names.contains(&child.name())).count();
    let says = |names: &[&str]| names.iter().all(|name| element.attr(name).is_some());
    let has_set = || inside(&["resource_set"]) > 0;
    let complete = match element.name() {
        "group" => inside(&["primitive"]) > 0,
        "clone" | "master" => inside(&["primitive", "group"]) == 1,
        "bundle" => inside(&["docker", "podman", "rkt"]) == 1 && inside(&["primitive"]) <= 1,
        "tag" => inside(&["obj_ref"]) > 0,
        "resource_set" => inside(&["resource_ref"]) > 0,
        "rsc_location" => {
            (says(&["rsc"]) || says(&["rsc-pattern"]) || has_set())
                && (says(&["node", "score"]) || inside(&["rule"]) > 0)
        }
        "rsc_colocation" => says(&["rsc", "with-rsc"]) || has_set(),
        "rsc_order" => says(&["first", "then"]) || has_set(),
        "rsc_ticket" => says(&["ticket"]) && (says(&["rsc"]) || has_set()),
        _ => true,
    };
    if complete {
        return None;
    }
    Some(match element.name() {
        "group" => "<primitive>",
        "clone" | "master" => "single <primitive> or <group>",
        "bundle" => "single container element",
        "tag" => "<obj_ref>",
        "resource_set" => "<resource_ref>",
        "rsc_location" => "resource, or no node with a score and no <rule>",
        _ => "resources",
    })
}

/// Checks the root's attributes and that the parts are there which every CIB has.
pub(super) fn check_root(root: &Element) -> Result<(), Violation> {
    if root.name() != "cib" {
        return Err(Violation::Misplaced {
            parent: "the document".to_owned(),
            child: root.name().to_owned(),
        });
    }
    let wrong = |attribute: &str, value: &str| Violation::Value {
        element: "cib".to_owned(),
        attribute: attribute.to_owned(),
        value: value.to_owned(),
    };
    for (name, value) in root.attrs() {
        let fits = match name {
            "admin_epoch" | "epoch" | "num_updates" | "remote-tls-port" | "remote-clear-port" => {
                value.parse::<u32>().is_ok_and(|number| i32::try_from(number).is_ok())
            }
            "have-quorum" | "no-quorum-panic" => matches!(value, "0" | "1" | "true" | "false"),
            "validate-with" | "crm_feature_set" | "dc-uuid" | "cib-last-written"
            | "update-origin" | "update-client" | "update-user" | "execution-date" => true,
            _ => false,
        };
        if !fits {
            return Err(wrong(name, value));
        }
    }
    for attribute in ["admin_epoch", "epoch", "num_updates"] {
        if root.attr(attribute).is_none() {
            return Err(Violation::Incomplete { element: "cib".to_owned(), what: attribute });
        }
    }
    let lacks = |element: &str, what| Violation::Incomplete { element: element.to_owned(), what };
    let configuration = root.child("configuration").ok_or(lacks("cib", "<configuration>"))?;
    for (part, what) in [
        ("crm_config", "<crm_config>"),
        ("nodes", "<nodes>"),
        ("resources", "<resources>"),
        ("constraints", "<constraints>"),
    ] {
        if configuration.child(part).is_none() {
            return Err(lacks("configuration", what));
        }
    }
    Ok(())
}

/// Whether a text can be an id: a letter or underscore, then letters, digits, `.`, `-`, `_`.
fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && characters.all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '\u{B7}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_child_is_known_as_a_parent_too() {
        let mut pending = vec!["cib"];
        let mut seen = Vec::new();
        while let Some(name) = pending.pop() {
            if seen.contains(&name) || name == "status" {
                continue;
            }
            seen.push(name);
            pending.extend(children_of(name).unwrap_or_else(|| panic!("<{name}> is not known")));
        }
        assert!(seen.len() > 60);
    }

    #[test]
    fn ids() {
        for id in ["a", "WebVIP-monitor-interval-30s", "_x.1", "ü"] {
            assert!(is_name(id), "{id}");
        }
        for id in ["", "1a", "a b", "-a", "a:b", "a'b"] {
            assert!(!is_name(id), "{id:?}");
        }
    }
}
