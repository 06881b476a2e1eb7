use cib::{Document, schema::SchemaName};
use xml::Element;

/// Schemas that are newer than the ones we write. What they allow is understood, their structure is not checked.
const NEWER: [&str; 2] = ["pacemaker-3.10", "pacemaker-4.0"];

/// Whether the CIB says of itself that it follows no schema.
pub(crate) fn is_unchecked(cib: &Element) -> bool {
    cib.attr("validate-with").is_some_and(|schema| schema.eq_ignore_ascii_case("none"))
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
