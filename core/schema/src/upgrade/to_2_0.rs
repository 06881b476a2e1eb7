//! 2.0: users of access control become targets, and all rights are given to roles.

use xml::{Element, Node};

use super::{Event, Part, Unfit, references::shell};

pub(super) const PARTS: [Part; 1] = [Part { name: "upgrade-1.3-0.xsl", run }];

fn run(cib: &mut Element, events: &mut Vec<Event>) -> Result<(), Unfit> {
    let acls = cib.child_mut("configuration").and_then(|part| part.child_mut("acls"));
    let Some(acls) = acls else { return Ok(()) };
    let old = std::mem::take(acls.nodes_mut());
    for node in old {
        match &node {
            Node::Element(user) if user.name() == "acl_user" => {
                acls.nodes_mut().extend(self::user(user, events));
            }
            Node::Element(role) => {
                let mut new = shell(role);
                new.nodes_mut().extend(role.nodes().iter().map(|node| right(node, events)));
                acls.push(new);
            }
            Node::Text(_) | Node::Comment(_) => acls.push(node),
        }
    }
    Ok(())
}

/// A user becomes a target, and a role of its own if it had rights of its own.
fn user(user: &Element, events: &mut Vec<Event>) -> Vec<Node> {
    let mut target = shell(user);
    target.rename("acl_target");
    if user.child("role_ref").is_some() {
        target.nodes_mut().extend(user.nodes().iter().map(|node| right(node, events)));
        return vec![target.into()];
    }
    if user.children().next().is_none() {
        return vec![target.into()];
    }
    let id = format!("auto-{}", user.id().unwrap_or_default());
    target.push(Element::new("role").with("id", &id));
    let mut role = Element::new("acl_role").with("id", &id);
    let rights = user.nodes().iter().filter(|node| node.as_element().is_some());
    role.nodes_mut().extend(rights.map(|node| right(node, events)));
    vec![target.into(), role.into()]
}

/// A reference to a role, or a right, in its new form; everything else as it is.
fn right(node: &Node, events: &mut Vec<Event>) -> Node {
    let Some(old) = node.as_element() else { return node.clone() };
    match old.name() {
        "role_ref" => {
            let mut role = old.clone();
            role.rename("role");
            return role.into();
        }
        "read" | "write" | "deny" => {}
        _ => return node.clone(),
    }
    let new = Element::new("acl_permission").with_some("id", old.id()).with("kind", old.name());
    let attribute = old.attr("attribute");
    let mut say = |what: &str| {
        events.push(Event::warning(format!("ACLs: @attribute {what}")));
    };
    let generalized = |with: &str| {
        format!("(with @{with}) handling generalized a bit for upgrade-1.3.xsl purposes")
    };
    if let Some(reference) = old.attr("ref") {
        if attribute.is_some() {
            say("cannot accompany @ref for upgrade-1.3.xsl purposes, ignoring");
        }
        new.with("reference", reference)
    } else if let Some(tag) = old.attr("tag") {
        if attribute.is_some() {
            say(&generalized("tag"));
        }
        new.with("object-type", tag).with_some("attribute", attribute)
    } else {
        let xpath = old.attr("xpath").unwrap_or_default();
        match attribute {
            Some(attribute) => {
                say(&generalized("xpath"));
                new.with("xpath", format!("{xpath}[@{attribute}]"))
            }
            None => new.with("xpath", xpath),
        }
    }
    .into()
}
