use vocab::NodeName;
use xml::Element;

use super::{MessageError, PROTOCOL_VERSION, field};

/// The values of one attribute by node. A node whose value was removed, or that was asked for and has none, is there
/// without a value.
pub type NodeValues = Vec<(NodeName, Option<String>)>;

/// The answer to a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryReply {
    /// The attribute that was asked for; nothing if there is none of that name.
    pub found: Option<FoundAttribute>,
}

/// An attribute and its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundAttribute {
    /// Its name.
    pub name: String,
    /// Its values.
    pub values: NodeValues,
}

impl QueryReply {
    /// The answer as it is sent.
    pub fn to_element(&self) -> Element {
        let mut element = Element::new("query_reply")
            .with(field::TYPE, field::TYPE_ATTRD)
            .with(field::SUBTYPE, "query")
            .with(field::VERSION, PROTOCOL_VERSION);
        if let Some(FoundAttribute { name, values }) = &self.found {
            element.set(field::NAME, name);
            for (node, value) in values {
                element.push(
                    Element::new("node")
                        .with(field::NODE, node)
                        .with_some(field::VALUE, value.as_ref()),
                );
            }
        }
        element
    }

    /// Reads an answer.
    pub fn from_element(element: &Element) -> Result<Self, MessageError> {
        match (element.attr(field::TYPE), element.attr(field::SUBTYPE)) {
            (Some(field::TYPE_ATTRD), None | Some("query")) => {}
            (kind, _) => return Err(MessageError::invalid(field::TYPE, kind.unwrap_or_default())),
        }
        let Some(name) = element.attr(field::NAME) else { return Ok(Self { found: None }) };
        let value = |node: &Element| {
            let name = node.attr(field::NODE).ok_or(MessageError::Missing(field::NODE))?;
            Ok((NodeName::from(name), node.attr(field::VALUE).map(str::to_owned)))
        };
        let values = element.children_named("node").map(value).collect::<Result<_, _>>()?;
        Ok(Self { found: Some(FoundAttribute { name: name.to_owned(), values }) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_go_both_ways() {
        let values = vec![("n1".into(), Some("1".into())), ("n2".into(), None)];
        for found in [None, Some(FoundAttribute { name: "a".into(), values })] {
            let reply = QueryReply { found };
            assert_eq!(QueryReply::from_element(&reply.to_element()), Ok(reply));
        }
        assert!(QueryReply::from_element(&Element::new("ack")).is_err());
    }
}
