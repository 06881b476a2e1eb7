use messages::cib::Failure;
use schema::{Schema, upgrade as schemas};
use xml::Element;

use crate::version::{self, ADMIN_EPOCH, EPOCH, NUM_UPDATES};

/// Brings the CIB to the newest schema that it can be brought to, `limit` at most.
pub fn upgrade(cib: &mut Element, limit: Schema) -> Result<(), Failure> {
    let old = cib.attr("validate-with").and_then(Schema::from_name);
    let (new, reached) = schema::upgrade(cib, limit).result.map_err(|failure| match failure {
        schemas::Failure::Invalid => Failure::SchemaValidation,
        schemas::Failure::Unknown | schemas::Failure::Step(_) => Failure::TransformFailed,
    })?;
    if old.is_some_and(|old| old >= reached) {
        return Err(Failure::SchemaUnchanged);
    }
    *cib = new;
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
        upgrade(&mut cib, Schema::COMMON)?;
        Ok(cib)
    }

    #[test]
    fn the_version_starts_anew() {
        for old in ["pacemaker-1.0", "pacemaker-2.5", "pacemaker-3.0"] {
            let cib = run(old).unwrap();
            assert_eq!(cib.attr("validate-with"), Some("pacemaker-3.9"));
            assert_eq!(cib.attr("admin_epoch"), Some("1"));
            assert_eq!(cib.attr("epoch"), Some("1"));
        }
    }

    #[test]
    fn what_cannot_be_done_says_so() {
        assert_eq!(run("pacemaker-3.9"), Err(Failure::SchemaUnchanged));
        assert_eq!(run("pacemaker-4.0"), Err(Failure::SchemaUnchanged));
        assert_eq!(run("unknown"), Err(Failure::TransformFailed));
        let mut broken = empty(1).with("validate-with", "pacemaker-3.0").with("nonsense", 1);
        assert_eq!(upgrade(&mut broken, Schema::NEWEST), Err(Failure::SchemaValidation));
    }
}
