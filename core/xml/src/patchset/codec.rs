use super::{AttributeChange, Change, Generation, PatchError, Patchset};
use crate::{Element, Node};

impl Patchset {
    /// The patch set as it is exchanged, `<diff format="2">`.
    pub fn to_element(&self) -> Element {
        let mut diff =
            Element::new("diff").with("format", 2).with_some("digest", self.digest.as_ref());
        if let Some((source, target)) = self.versions {
            let version = diff.push_new("version");
            source.write(version.push_new("source"));
            target.write(version.push_new("target"));
        }
        for change in &self.changes {
            diff.push(change.to_element());
        }
        diff
    }

    /// Reads a patch set of format 2.
    pub fn from_element(diff: &Element) -> Result<Self, PatchError> {
        match diff.attr("format") {
            Some("2") => {}
            other => return Err(PatchError::Format(other.unwrap_or("1").to_owned())),
        }
        let versions = diff.child("version").and_then(|version| {
            let read = |name| version.child(name).map(Generation::of);
            read("source").zip(read("target"))
        });
        let changes = diff
            .children()
            .filter_map(|change| Some(Change::from_element(change, change.attr("operation")?)))
            .collect::<Result<_, _>>()?;
        Ok(Self { versions, digest: diff.attr("digest").map(str::to_owned), changes })
    }
}

impl Change {
    fn to_element(&self) -> Element {
        let change = |operation: &str, path: &str| {
            Element::new("change").with("operation", operation).with("path", path)
        };
        match self {
            Self::Create { parent, position, node } => {
                let mut element = change("create", parent).with("position", position);
                element.push(node.clone());
                element
            }
            Self::Delete { path, position } => {
                change("delete", path).with_some("position", *position)
            }
            Self::Modify { path, attributes, result } => {
                let list = attributes.iter().map(AttributeChange::to_element);
                change("modify", path)
                    .with_child(Element::new("change-list").with_children(list))
                    .with_child(Element::new("change-result").with_child(result.clone()))
            }
            Self::Move { path, position } => change("move", path).with("position", position),
        }
    }

    fn from_element(change: &Element, operation: &str) -> Result<Self, PatchError> {
        let malformed = |what| PatchError::Malformed { operation: operation.to_owned(), what };
        let path = change.attr("path").ok_or_else(|| malformed("path"))?.to_owned();
        let position = || {
            change
                .attr("position")
                .map(|text| text.parse::<usize>().map_err(|_| malformed("position")))
                .transpose()
        };
        match operation {
            "create" => {
                let node = change.nodes().first().ok_or_else(|| malformed("new element"))?;
                if matches!(node, Node::Text(_)) {
                    return Err(malformed("new element"));
                }
                let position = position()?.unwrap_or(0);
                Ok(Self::Create { parent: path, position, node: node.clone() })
            }
            "delete" => Ok(Self::Delete { path, position: position()? }),
            "modify" => {
                let result = change
                    .child("change-result")
                    .and_then(|result| result.children().next())
                    .ok_or_else(|| malformed("change-result"))?;
                let attributes = change
                    .child("change-list")
                    .into_iter()
                    .flat_map(|list| list.children_named("change-attr"))
                    .filter_map(AttributeChange::from_element)
                    .collect();
                Ok(Self::Modify { path, attributes, result: result.clone() })
            }
            "move" => {
                let position = position()?.ok_or_else(|| malformed("position"))?;
                Ok(Self::Move { path, position })
            }
            _ => Err(malformed("known operation")),
        }
    }
}

impl AttributeChange {
    fn to_element(&self) -> Element {
        let operation = if self.value.is_some() { "set" } else { "unset" };
        Element::new("change-attr")
            .with("name", &self.name)
            .with("operation", operation)
            .with_some("value", self.value.as_ref())
    }

    fn from_element(change: &Element) -> Option<Self> {
        let name = change.attr("name")?.to_owned();
        let set = change.attr("operation") == Some("set");
        let value = set.then(|| change.attr("value").unwrap_or_default().to_owned());
        Some(Self { name, value })
    }
}
