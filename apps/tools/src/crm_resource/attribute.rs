//! Shows a parameter, a meta-attribute, a utilization attribute or an attribute of the element itself.

use rules::NextChange;
use vocab::ToolExit;
use xml::Element;

use super::{
    Options,
    session::{Session, Stop, configured_name},
};
use crate::output::Format;

/// Which attributes of a resource are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Instance,
    Meta,
    Utilization,
    /// Those of the resource's element itself.
    Element,
}

impl Kind {
    /// The kind that the options choose.
    pub(super) fn of(options: &Options) -> Self {
        if options.meta {
            Self::Meta
        } else if options.utilization {
            Self::Utilization
        } else if options.element {
            Self::Element
        } else {
            Self::Instance
        }
    }

    /// The name of a set of them; none for those without sets.
    pub(super) fn set_name(self) -> Option<&'static str> {
        match self {
            Self::Instance => Some("instance_attributes"),
            Self::Meta => Some("meta_attributes"),
            Self::Utilization => Some("utilization"),
            Self::Element => None,
        }
    }
}

/// Shows an attribute.
pub(super) fn get(session: &mut Session<'_>, name: &str) -> Result<(), Stop> {
    let key = session.key()?;
    let model = &mut session.model;
    let active = &model.resources[key].state.active_on;
    let (several, node) = (active.len() > 1, active.first().copied().filter(|_| active.len() == 1));
    let id = model.resources[key].id.to_string();
    if several {
        session.output.remark(format!(
            "{id} is active on more than one node, returning the default value for {name}"
        ));
    }
    let value = match Kind::of(session.options) {
        Kind::Instance => {
            let mut next = NextChange::default();
            let (resources, nodes) = (&model.resources, &model.nodes);
            let values = model.parameters.of(key, node, resources, nodes, model.now, &mut next);
            values.get(name).cloned()
        }
        Kind::Meta => model.resources[key].meta(name).map(str::to_owned),
        Kind::Utilization => model.resources[key].utilization.get(name).cloned(),
        Kind::Element => {
            let resource =
                configured(&session.document, configured_name(&session.model.resources[key]));
            resource.and_then(|element| element.attr(name)).map(str::to_owned)
        }
    };
    let Some(value) = value else {
        session.output.remark(format!("Attribute '{name}' not found for '{id}'"));
        return Ok(());
    };
    if session.output.format() == Format::Xml {
        let mut item = Element::new("item").with("name", name);
        item.push(xml::Node::Text(value.as_str().into()));
        let list = Element::new("list").with("name", "attributes").with("count", 1);
        session.output.element(list.with_child(item));
    }
    session.output.line(value);
    Ok(())
}

/// The configuration of the resource of that name, as it is written.
pub(super) fn configured<'a>(document: &'a Element, id: &str) -> Option<&'a Element> {
    document
        .descend(&["configuration", "resources"])?
        .descendants()
        .find(|element| element.id() == Some(id))
}

/// The attributes that fit: anywhere in the resource of that name or, if a set is named, in such sets right below it.
pub(super) fn matching<'a>(
    document: &'a Element,
    resource: &str,
    set_name: Option<&str>,
    wanted: &Wanted<'_>,
) -> Vec<&'a Element> {
    let Some(section) = document.descend(&["configuration", "resources"]) else {
        return Vec::new();
    };
    let resources = section.descendants().filter(|element| element.id() == Some(resource));
    let inside: Vec<&Element> = match set_name {
        None => resources.collect(),
        Some(name) => resources
            .flat_map(Element::children)
            .filter(|set| set.name() == name)
            .filter(|set| wanted.set.is_none() || set.id() == wanted.set)
            .collect(),
    };
    inside
        .into_iter()
        .flat_map(Element::descendants)
        .filter(|pair| pair.name() == "nvpair")
        .filter(|pair| wanted.id.is_none() || pair.id() == wanted.id)
        .filter(|pair| pair.attr("name") == Some(wanted.name))
        .collect()
}

/// Which attribute is meant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    /// The id of its set, if that was given.
    pub(super) set: Option<&'a str>,
    /// Its own id, if that was given.
    pub(super) id: Option<&'a str>,
    /// Its name.
    pub(super) name: &'a str,
}

/// What looking for an attribute of a resource came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Search {
    /// It is not there.
    Missing,
    /// The id of the only one.
    One(String),
    /// There are several, which has been said.
    Several,
}

impl Session<'_> {
    /// Looks for an attribute, and says so if there are several.
    pub(super) fn search(
        &mut self,
        resource: &str,
        set_name: Option<&str>,
        wanted: &Wanted<'_>,
    ) -> Search {
        let document = self.document.clone();
        match matching(&document, resource, set_name, wanted)[..] {
            [] => Search::Missing,
            [only] => Search::One(only.id().unwrap_or_default().to_owned()),
            ref several => {
                self.say(format!("Multiple attributes match name={}", wanted.name));
                for pair in several {
                    self.say(format!(
                        "  Value: {} \t(id={})",
                        pair.attr("value").unwrap_or_default(),
                        pair.id().unwrap_or_default()
                    ));
                }
                if !self.options.quiet {
                    self.output.line("");
                }
                Search::Several
            }
        }
    }
}

impl Search {
    /// The failure of who needs one.
    pub(super) fn several() -> Stop {
        Stop::failed(ToolExit::Multiple)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_found_in_sets_of_the_resource_or_anywhere_in_it() {
        let cib = xml::parse(
            "<cib><configuration><resources><group id='g'><primitive id='p'>\
             <meta_attributes id='s1'><nvpair id='n1' name='a' value='1'/></meta_attributes>\
             <meta_attributes id='s2'><nvpair id='n2' name='a' value='2'/></meta_attributes>\
             <operations><op id='o'><instance_attributes id='s3'><nvpair id='n3' name='a' value='3'/>\
             </instance_attributes></op></operations></primitive></group></resources></configuration></cib>",
        )
        .expect("this is XML");
        let ids = |resource: &str, set_name, set, id| {
            let wanted = Wanted { set, id, name: "a" };
            let found = matching(&cib, resource, set_name, &wanted);
            found.iter().filter_map(|pair| pair.id()).collect::<Vec<_>>()
        };
        assert_eq!(ids("g", None, None, None), ["n1", "n2", "n3"]);
        assert_eq!(ids("p", Some("meta_attributes"), None, None), ["n1", "n2"]);
        assert_eq!(ids("p", Some("meta_attributes"), Some("s2"), None), ["n2"]);
        assert_eq!(ids("p", None, None, Some("n3")), ["n3"]);
        assert!(ids("p", Some("instance_attributes"), None, None).is_empty());
        assert!(ids("g", Some("meta_attributes"), None, None).is_empty());
    }
}
