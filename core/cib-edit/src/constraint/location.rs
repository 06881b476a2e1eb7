use xml::Element;

use super::{check_resource, push, remove_where};
use crate::{Outcome, Pairs, Refused, check_id, sanitize_id};

/// What a location constraint is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LocationTarget {
    /// A resource.
    Resource(String),
    /// All resources whose id matches the pattern.
    Pattern(String),
}

impl LocationTarget {
    /// Reads `id`, `resource%id` or `regexp%pattern`.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.split_once('%') {
            None | Some(("resource", _)) => {
                let id = text.split_once('%').map_or(text, |(_, id)| id);
                Ok(Self::Resource(id.to_owned()))
            }
            Some(("regexp", pattern)) => Ok(Self::Pattern(pattern.to_owned())),
            Some((kind, _)) => {
                Err(format!("'{kind}' is not an allowed type for '{text}', use regexp, resource"))
            }
        }
    }

    /// The id or the pattern.
    pub fn text(&self) -> &str {
        match self {
            Self::Resource(text) | Self::Pattern(text) => text,
        }
    }

    fn attribute(&self) -> &'static str {
        match self {
            Self::Resource(_) => "rsc",
            Self::Pattern(_) => "rsc-pattern",
        }
    }
}

/// The id of a constraint for which the user gives none.
pub fn location_id(target: &LocationTarget, node: &str, score: &str) -> String {
    sanitize_id(&format!("location-{}-{node}-{score}", target.text()))
}

/// Says how much a resource likes a node. Takes the place of what was said before for both.
pub fn add_location(
    cib: &mut Element,
    id: &str,
    target: &LocationTarget,
    node: &str,
    score: &str,
    options: &Pairs,
    force: bool,
) -> Outcome {
    if let Err(report) = check_id(id, "constraint id") {
        return Err(Refused { reports: vec![report], complete: false });
    }
    if let LocationTarget::Resource(resource) = target {
        check_resource(cib, resource, force)?;
    }
    remove_where(cib, |other| {
        other.name() == "rsc_location"
            && (other.id() == Some(id)
                || (other.attr("node") == Some(node)
                    && other.attr(target.attribute()) == Some(target.text())))
    });
    let mut element = Element::new("rsc_location")
        .with("id", id)
        .with(target.attribute(), target.text())
        .with("node", node)
        .with("score", score);
    options.iter().for_each(|(name, value)| element.set(name, value));
    push(cib, element);
    Ok(Vec::new())
}

/// Removes a location constraint.
pub fn remove_location(cib: &mut Element, id: &str) -> Outcome {
    let is_it =
        |constraint: &Element| constraint.name() == "rsc_location" && constraint.id() == Some(id);
    if remove_where(cib, is_it) {
        return Ok(Vec::new());
    }
    let message = format!("resource location id: {id} not found.");
    Err(Refused::because("ID_NOT_FOUND", message))
}
