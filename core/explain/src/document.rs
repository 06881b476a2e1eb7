use model::{Model, NodeKey, ResourceKey, Variant};
use rules::LocalTime;
use scheduler::{Request, Schedule};
use xml::Element;

use crate::{Explanation, asker::Asker, nearest, remedy::Remedies};

/// Something that was asked about and is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// There is no such resource.
    Resource {
        /// The name that was asked for.
        asked: String,
        /// Names like it, the most similar first.
        nearest: Vec<String>,
        /// All there are.
        all: Vec<String>,
    },
    /// There is no such node.
    Node {
        /// The name that was asked for.
        asked: String,
        /// Names like it, the most similar first.
        nearest: Vec<String>,
        /// All there are.
        all: Vec<String>,
    },
}

/// A document at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'a> {
    pub(crate) document: &'a Element,
    pub(crate) now: LocalTime,
    /// Whether secrets may be hidden in it, as in one that somebody saved.
    pub(crate) sanitized: bool,
}

impl Seen<'_> {
    pub(crate) fn model(&self) -> Model {
        let (model, _) = if self.sanitized {
            Model::build_sanitized(self.document, self.now)
        } else {
            Model::build_at(self.document, self.now)
        };
        model
    }
}

pub(crate) fn plan(model: &Model) -> Schedule {
    scheduler::schedule(model, &Request { reasons: true, ..Request::default() })
}

/// Explains a resource of a CIB: plans, and plans again for each remedy that it tries. `sanitized` says that secrets may be
/// hidden in the document, as in one that somebody saved.
///
/// # Errors
///
/// If there is no such resource or node.
pub fn explain_document(
    document: &Element,
    now: LocalTime,
    sanitized: bool,
    resource: &str,
    node: Option<&str>,
) -> Result<Explanation, Unknown> {
    let seen = Seen { document, now, sanitized };
    let model = seen.model();
    let key = find_resource(&model, resource).ok_or_else(|| unknown_resource(&model, resource))?;
    let node = match node {
        None => None,
        Some(name) => Some(model.node_named(name).ok_or_else(|| unknown_node(&model, name))?),
    };
    let plan = plan(&model);
    let asker = Asker::new(&model, &plan, Some(document));
    let mut explanation = asker.explain(key, node);
    explanation.remedies = Remedies::new(seen, &asker, key).find(&explanation);
    Ok(explanation)
}

/// The resource of that name; for what is configured inside a clone the clone, since that is what decides.
pub(crate) fn find_resource(model: &Model, name: &str) -> Option<ResourceKey> {
    let known = model.resource_named(name);
    if known.is_some_and(|key| model.resources[key].id == name) {
        return known;
    }
    let inner = model.resources.iter().find(|(_, resource)| resource.config_id == name);
    let Some((inner, resource)) = inner else { return known };
    let mut current = resource.parent;
    while let Some(parent) = current {
        if matches!(model.resources[parent].variant, Variant::Clone(_)) {
            return Some(parent);
        }
        current = model.resources[parent].parent;
    }
    Some(inner)
}

fn unknown_resource(model: &Model, asked: &str) -> Unknown {
    let mut all: Vec<String> = Vec::new();
    for resource in model.resources.values().filter(|resource| !resource.internal) {
        let name = resource.config_id.to_string();
        if !all.contains(&name) {
            all.push(name);
        }
    }
    let nearest =
        nearest(asked, all.iter().map(String::as_str)).into_iter().map(str::to_owned).collect();
    Unknown::Resource { asked: asked.to_owned(), nearest, all }
}

fn unknown_node(model: &Model, asked: &str) -> Unknown {
    let name = |key: &NodeKey| model.nodes[*key].name.to_string();
    let all: Vec<String> = model.node_order.iter().map(name).collect();
    let nearest =
        nearest(asked, all.iter().map(String::as_str)).into_iter().map(str::to_owned).collect();
    Unknown::Node { asked: asked.to_owned(), nearest, all }
}
