use messages::cib::Failure;
use xml::Element;

use crate::{
    schema::{Content, SchemaName},
    version::{self, ADMIN_EPOCH, EPOCH, NUM_UPDATES},
};

/// Brings the CIB to the latest schema, or to `schema_max` if that is older. Only schemas that need no transformation can
/// be upgraded from: the 3.x series.
pub fn upgrade(cib: &mut Element, schema_max: Option<&str>) -> Result<(), Failure> {
    let limit = schema_max.and_then(SchemaName::from_name).unwrap_or(SchemaName::LATEST);
    let current = cib
        .attr("validate-with")
        .and_then(SchemaName::from_name)
        .ok_or(Failure::TransformFailed)?;
    let target = limit.min(SchemaName::LATEST);
    if current >= target {
        return Err(Failure::SchemaUnchanged);
    }
    if current.needs_transformation_to(target) {
        return Err(Failure::TransformFailed);
    }
    cib.set("validate-with", target);
    if Content::check(cib).is_err() {
        return Err(Failure::TransformFailed);
    }
    version::raise(cib, ADMIN_EPOCH);
    cib.set(EPOCH, 1);
    cib.set(NUM_UPDATES, 1);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::empty;

    fn run(schema: &str) -> Result<Element, Failure> {
        let mut cib = empty(4).with("validate-with", schema);
        upgrade(&mut cib, None)?;
        Ok(cib)
    }

    #[test]
    fn within_the_series_only_the_name_changes() {
        let cib = run("pacemaker-3.0").unwrap();
        assert_eq!(cib.attr("validate-with"), Some("pacemaker-3.9"));
        assert_eq!(cib.attr("admin_epoch"), Some("1"));
        assert_eq!(cib.attr("epoch"), Some("1"));
    }

    #[test]
    fn what_cannot_be_done_says_so() {
        assert_eq!(run("pacemaker-3.9"), Err(Failure::SchemaUnchanged));
        assert_eq!(run("pacemaker-2.5"), Err(Failure::TransformFailed));
        assert_eq!(run("unknown"), Err(Failure::TransformFailed));
    }
}
