//! The parameter in the CIB.

use std::sync::Arc;

use client::cib::{CallOptions, Cib, CibError};
use vocab::ToolExit;
use xml::Element;

use super::{Name, Stop, TOOL};

/// What the CIB has instead of a value that is secret.
pub(super) const PLACEHOLDER: &str = "lrm://";

/// Whether a value of the CIB stands for a secret one.
pub(super) fn is_placeholder(value: &str) -> bool {
    value == PLACEHOLDER
}

/// Elements that have instance attributes of a resource.
const RESOURCES: [&str; 6] = ["primitive", "group", "clone", "master", "bundle", "template"];

/// The configuration, if it is to be looked at.
pub(super) struct Configuration(Option<(Cib, Arc<Element>)>);

impl From<CibError> for Stop {
    fn from(error: CibError) -> Self {
        Self::new(error.exit(), format!("cannot use the CIB: {error}"))
    }
}

fn resource<'a>(cib: &'a Element, id: &str) -> Option<&'a Element> {
    let resources = cib.descend(&["configuration", "resources"])?;
    resources.descendants().find(|one| one.id() == Some(id) && RESOURCES.contains(&one.name()))
}

/// The pair of a parameter that the element itself has.
fn pair<'a>(resource: &'a Element, parameter: &'a str) -> Option<&'a Element> {
    resource
        .children_named("instance_attributes")
        .flat_map(Element::children)
        .find(|pair| pair.name() == "nvpair" && pair.attr("name") == Some(parameter))
}

/// What a modification of the resources has to contain to give a parameter a value.
fn change(resource: &Element, parameter: &str, value: &str) -> Element {
    let id = resource.id().unwrap_or_default();
    if let Some(known) = pair(resource, parameter) {
        let id = known.id().unwrap_or_default();
        return Element::new("nvpair").with("id", id).with("value", value);
    }
    let first = resource.children_named("instance_attributes").find(|set| set.id().is_some());
    let set = first.and_then(Element::id).map(str::to_owned);
    let set = set.unwrap_or_else(|| format!("{id}-instance_attributes"));
    let new = Element::new("nvpair")
        .with("id", format!("{set}-{parameter}"))
        .with("name", parameter)
        .with("value", value);
    Element::new(resource.name())
        .with("id", id)
        .with_child(Element::new("instance_attributes").with("id", set).with_child(new))
}

impl Configuration {
    /// The CIB is left alone.
    pub(super) fn none() -> Self {
        Self(None)
    }

    pub(super) fn open() -> Result<Self, Stop> {
        let mut cib = Cib::open(TOOL.name)?;
        let root = cib.query(None, CallOptions::NONE)?;
        Ok(Self(Some((cib, root))))
    }

    /// Whether there is one to look at.
    pub(super) fn is_known(&self) -> bool {
        self.0.is_some()
    }

    /// What cannot be done without.
    pub(super) fn needed(&self, command: &str) -> Result<(), Stop> {
        if self.is_known() {
            return Ok(());
        }
        let message = format!("no access to Pacemaker, {command} not supported");
        Err(Stop::new(ToolExit::Usage, message))
    }

    /// Whether the resource is there.
    pub(super) fn check_resource(&self, name: &Name) -> Result<(), Stop> {
        let Some((_, root)) = &self.0 else { return Ok(()) };
        match resource(root, &name.resource) {
            Some(_) => Ok(()),
            None => Err(missing(name)),
        }
    }

    /// The value that a parameter has: its own, or that of the resource's template.
    pub(super) fn value(&self, name: &Name) -> Result<Option<String>, Stop> {
        let Some((_, root)) = &self.0 else { return Ok(None) };
        let own = resource(root, &name.resource).ok_or_else(|| missing(name))?;
        let template = || resource(root, own.attr("template")?);
        let found = pair(own, &name.parameter)
            .or_else(|| template().and_then(|template| pair(template, &name.parameter)));
        Ok(found.and_then(|pair| pair.attr("value")).map(str::to_owned))
    }

    /// Gives a parameter a value.
    pub(super) fn set(&mut self, name: &Name, value: &str) -> Result<(), Stop> {
        let Some((cib, root)) = &mut self.0 else { return Ok(()) };
        let own = resource(root, &name.resource).ok_or_else(|| missing(name))?;
        let change = change(own, &name.parameter, value);
        cib.modify(Some("resources"), change, CallOptions::NONE)?;
        Ok(())
    }

    /// Takes a parameter from the resource, if it has it.
    pub(super) fn remove(&mut self, name: &Name) -> Result<(), Stop> {
        let Some((cib, root)) = &mut self.0 else { return Ok(()) };
        let own = resource(root, &name.resource).ok_or_else(|| missing(name))?;
        let Some(id) = pair(own, &name.parameter).and_then(Element::id) else { return Ok(()) };
        let pair = Element::new("nvpair").with("id", id);
        cib.delete(Some("resources"), pair, CallOptions::NONE)?;
        Ok(())
    }
}

fn missing(name: &Name) -> Stop {
    Stop::new(ToolExit::NoSuch, format!("Resource '{}' not found", name.resource))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_goes_where_the_parameter_is_or_belongs() {
        let of = |text: &str| change(&xml::parse(text).unwrap(), "password", "lrm://").to_compact();
        assert_eq!(
            of(
                "<primitive id='r'><instance_attributes id='s'><nvpair id='x' name='password' value='a'/>\
                </instance_attributes></primitive>"
            ),
            "<nvpair id=\"x\" value=\"lrm://\"/>"
        );
        assert_eq!(
            of("<primitive id='r'/>"),
            "<primitive id=\"r\"><instance_attributes id=\"r-instance_attributes\">\
             <nvpair id=\"r-instance_attributes-password\" name=\"password\" value=\"lrm://\"/>\
             </instance_attributes></primitive>"
        );
    }
}
