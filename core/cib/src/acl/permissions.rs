use xml::{Element, NodePath, xpath::Expr};

use crate::operations::select_with;

/// What a permission grants, or takes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Reading.
    Read,
    /// Reading and writing.
    Write,
    /// Neither of them.
    Deny,
}

/// What a user may, as far as it is written down for the user and the groups the user is in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Permissions(Vec<Permission>);

#[derive(Clone, Debug, PartialEq)]
struct Permission {
    kind: Kind,
    selector: Selector,
}

/// How a permission says to what it applies.
#[derive(Clone, Debug, PartialEq)]
enum Selector {
    /// What an expression finds.
    XPath(Expr),
    /// Elements by name and by an attribute that they have.
    Like { name: Option<String>, attribute: Option<String> },
    /// The element with that id, if its name is the right one.
    Reference { id: String, name: Option<String>, attribute: Option<String> },
    /// Nobody knows to what: everything, since it may be a denial.
    Unreadable,
}

/// Where all permissions are written down. Only this place counts: parts of the status are as anybody likes.
pub(super) fn section(cib: &Element) -> Option<&Element> {
    cib.descend(&["configuration", "acls"])
}

impl Permissions {
    /// The permissions of a user who is in these groups.
    pub fn of(cib: &Element, user: &str, groups: &[String]) -> Self {
        let mut permissions = Vec::new();
        let Some(acls) = section(cib) else { return Self(permissions) };
        for entry in acls.children() {
            let Some(name) = entry.attr("name").or_else(|| entry.id()) else { continue };
            let applies = match entry.name() {
                "acl_target" => name == user,
                "acl_group" => groups.iter().any(|group| group == name),
                _ => false,
            };
            if !applies {
                continue;
            }
            for child in entry.children() {
                match child.name() {
                    "role" => permissions.extend(role(acls, child.id())),
                    "acl_permission" => permissions.extend(Permission::read(child)),
                    _ => {}
                }
            }
        }
        Self(permissions)
    }

    /// Whether nothing at all is written down.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Everything that the permissions select in a document, in no particular order. The element that a reference names must
    /// be where it was in `before`: who may write one element must not make another one of the same id.
    pub(super) fn matches(&self, cib: &Element, before: &Element) -> Vec<(Kind, NodePath)> {
        let mut all = Vec::new();
        for Permission { kind, selector } in &self.0 {
            let paths = match selector {
                Selector::XPath(expression) => match select_with(expression, cib) {
                    Ok(paths) => paths,
                    Err(_) if *kind == Kind::Deny => vec![NodePath::ROOT],
                    Err(_) => Vec::new(),
                },
                Selector::Like { name, attribute } => all_like(cib, name, attribute),
                Selector::Reference { id, name, attribute } => {
                    reference(cib, before, id, name, attribute).into_iter().collect()
                }
                Selector::Unreadable => vec![NodePath::ROOT],
            };
            all.extend(paths.into_iter().map(|path| (*kind, path)));
        }
        all
    }
}

fn role<'a>(acls: &'a Element, id: Option<&str>) -> impl Iterator<Item = Permission> + use<'a> {
    let id = id.filter(|id| !id.is_empty());
    let role = id.and_then(|id| acls.children_named("acl_role").find(|role| role.id() == Some(id)));
    role.into_iter()
        .flat_map(|role| role.children_named("acl_permission"))
        .filter_map(Permission::read)
}

impl Permission {
    /// Reads a permission; `None` if it says nothing. Of several ways to say to what it applies an expression counts, the
    /// others together.
    fn read(element: &Element) -> Option<Self> {
        let kind = match element.attr("kind")? {
            "read" => Kind::Read,
            "write" => Kind::Write,
            "deny" => Kind::Deny,
            _ => return None,
        };
        let owned = |name| element.attr(name).map(str::to_owned);
        let (name, attribute) =
            (owned("object-type").filter(|name| name != "*"), owned("attribute"));
        let selector = match (element.attr("xpath"), owned("reference")) {
            (Some(expression), _) => match Expr::parse(expression) {
                Ok(expression) => Selector::XPath(expression),
                Err(_) if kind == Kind::Deny => Selector::Unreadable,
                Err(_) => return None,
            },
            (None, Some(id)) => Selector::Reference { id, name, attribute },
            (None, None) => {
                element.attr("object-type")?;
                Selector::Like { name, attribute }
            }
        };
        Some(Self { kind, selector })
    }
}

fn is_like(element: &Element, name: &Option<String>, attribute: &Option<String>) -> bool {
    name.as_deref().is_none_or(|name| element.name() == name)
        && attribute.as_deref().is_none_or(|attribute| element.attr(attribute).is_some())
}

fn all_like(cib: &Element, name: &Option<String>, attribute: &Option<String>) -> Vec<NodePath> {
    let mut found = Vec::new();
    collect(cib, &NodePath::ROOT, &mut |element| is_like(element, name, attribute), &mut found);
    found
}

fn collect(
    element: &Element,
    path: &NodePath,
    wanted: &mut dyn FnMut(&Element) -> bool,
    found: &mut Vec<NodePath>,
) {
    if wanted(element) {
        found.push(path.clone());
    }
    for (index, node) in element.nodes().iter().enumerate() {
        if let Some(child) = node.as_element() {
            collect(child, &path.child(index), wanted, found);
        }
    }
}

fn reference(
    cib: &Element,
    before: &Element,
    id: &str,
    name: &Option<String>,
    attribute: &Option<String>,
) -> Vec<NodePath> {
    let with_id = |root: &Element| {
        let mut found = Vec::new();
        collect(root, &NodePath::ROOT, &mut |element| element.id() == Some(id), &mut found);
        found
    };
    let old = with_id(before);
    let mut found = if std::ptr::eq(cib, before) { old.clone() } else { with_id(cib) };
    found.retain(|path| {
        cib.at(path).is_some_and(|element| is_like(element, name, attribute))
            && old.iter().any(|old| steps(before, old) == steps(cib, path))
    });
    found
}

/// Names and ids on the way to an element.
fn steps<'a>(root: &'a Element, path: &NodePath) -> Vec<(&'a str, Option<&'a str>)> {
    let mut steps = vec![(root.name(), root.id())];
    let mut element = root;
    for &index in path.indices() {
        let Some(child) = element.nodes().get(index).and_then(xml::Node::as_element) else { break };
        steps.push((child.name(), child.id()));
        element = child;
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selected(permission: &str, cib: &str) -> Vec<String> {
        let acls = format!(
            "<cib><configuration><acls><acl_target id='u'>{permission}</acl_target></acls>\
             </configuration></cib>"
        );
        let permissions = Permissions::of(&xml::parse(&acls).unwrap(), "u", &[]);
        let cib = xml::parse(cib).unwrap();
        let found = permissions.matches(&cib, &cib);
        found.iter().map(|(_, path)| xml::node_path_string(&cib, path)).collect()
    }

    const CIB: &str = "<cib><a id='1' x='y'/><b id='2'><a id='3'/></b></cib>";

    #[test]
    fn elements_are_selected_in_every_way() {
        for (how, found) in [
            ("xpath='//a'", vec!["/cib/a[@id='1']", "/cib/b[@id='2']/a[@id='3']"]),
            ("xpath='//@x'", vec!["/cib/a[@id='1']"]),
            ("xpath='/'", vec!["/cib"]),
            ("reference='2'", vec!["/cib/b[@id='2']"]),
            ("reference='2' object-type='a'", vec![]),
            ("object-type='a'", vec!["/cib/a[@id='1']", "/cib/b[@id='2']/a[@id='3']"]),
            ("object-type='a' attribute='x'", vec!["/cib/a[@id='1']"]),
            ("object-type='*' attribute='x'", vec!["/cib/a[@id='1']"]),
            ("attribute='x'", vec![]),
            ("xpath='//['", vec![]),
            ("reference=\"2' or '1'='1\"", vec![]),
        ] {
            let permission = format!("<acl_permission id='p' kind='read' {how}/>");
            assert_eq!(selected(&permission, CIB), found, "{how}");
        }
    }

    #[test]
    fn a_denial_that_cannot_be_read_denies_everything() {
        assert_eq!(selected("<acl_permission id='p' kind='deny' xpath='//['/>", CIB), ["/cib"]);
    }

    #[test]
    fn users_and_groups_have_roles() {
        let cib = xml::parse(
            "<cib><configuration><acls>\
             <acl_role id='r'><acl_permission id='1' kind='read' xpath='/cib'/></acl_role>\
             <acl_role id='w'><acl_permission id='2' kind='write' xpath='/cib'/></acl_role>\
             <acl_target id='joe'><role id='r'/></acl_target>\
             <acl_target id='x' name='ann'><role id='r'/><role id='w'/><role id='none'/></acl_target>\
             <acl_group id='g' name='ops'><role id='w'/></acl_group>\
             <acl_group id='wheel'><role id='w'/></acl_group></acls></configuration></cib>",
        )
        .unwrap();
        let count = |user, groups: &[&str]| {
            let groups: Vec<String> = groups.iter().map(|&group| group.to_owned()).collect();
            Permissions::of(&cib, user, &groups).0.len()
        };
        assert_eq!(count("joe", &[]), 1);
        assert_eq!(count("joe", &["ops", "wheel", "g"]), 3);
        assert_eq!(count("ann", &[]), 2);
        assert_eq!(count("x", &[]), 0, "the name counts where there is one");
    }
}
