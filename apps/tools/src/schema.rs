use std::collections::BTreeMap;

use cib::{Document, schema::SchemaName};
use xml::Element;

/// Schemas that are newer than the ones we write. What they allow is understood, their structure is not checked.
const NEWER: [&str; 2] = ["pacemaker-3.10", "pacemaker-4.0"];

/// Whether the CIB says of itself that it follows no schema.
pub(crate) fn is_unchecked(cib: &Element) -> bool {
    cib.attr("validate-with").is_some_and(|schema| schema.eq_ignore_ascii_case("none"))
}

/// Whether there is a schema of the name that the CIB says it follows.
pub(crate) fn is_known(cib: &Element) -> bool {
    let name = cib.attr("validate-with").unwrap_or_default();
    is_unchecked(cib) || NEWER.contains(&name) || SchemaName::from_name(name).is_some()
}

/// Ids that more than one element of the configuration has, each once, in the order of the document.
pub(crate) fn repeated_ids(cib: &Element) -> Vec<String> {
    let mut seen = BTreeMap::new();
    let mut repeated = Vec::new();
    let elements = cib.child("configuration").into_iter().flat_map(Element::descendants);
    // Elements of these kinds name others, or are named by somebody else.
    for element in
        elements.filter(|e| !matches!(e.name(), "resource_ref" | "obj_ref" | "role" | "node"))
    {
        let Some(id) = element.id() else { continue };
        let times: &mut usize = seen.entry(id).or_default();
        *times += 1;
        if *times == 2 {
            repeated.push(id.to_owned());
        }
    }
    repeated
}

/// Checks a CIB against the schema that it names. The error says what is wrong.
pub(crate) fn check(cib: &Element) -> Result<(), String> {
    if is_unchecked(cib) {
        return Ok(());
    }
    let schema = cib.attr("validate-with").unwrap_or_default();
    if NEWER.contains(&schema) {
        return Ok(());
    }
    if SchemaName::from_name(schema).is_none() {
        return Err(format!("there is no schema \"{schema}\""));
    }
    match Document::new(cib.clone()).violation() {
        Some(violation) => Err(violation.to_string()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_schemas_are_valid() {
        let cib = |schema: &str| cib::empty(1).with("validate-with", schema);
        for schema in ["pacemaker-3.9", "pacemaker-2.10", "pacemaker-4.0", "none"] {
            assert_eq!(check(&cib(schema)), Ok(()), "{schema}");
        }
        for schema in ["pacemaker-9999.0", "", "pacemaker"] {
            assert!(check(&cib(schema)).is_err(), "{schema}");
        }
    }
}
