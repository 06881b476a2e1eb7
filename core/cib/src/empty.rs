//! The CIB of a node that has none yet.

use schema::Schema;
use vocab::FEATURE_SET;
use xml::Element;

use crate::version::{ADMIN_EPOCH, EPOCH, NUM_UPDATES};

/// A CIB that configures nothing, of the newest schema that all members of a cluster understand.
pub fn empty(epoch: u32) -> Element {
    let configuration = Element::new("configuration")
        .with_children(["crm_config", "nodes", "resources", "constraints"].map(Element::new));
    Element::new("cib")
        .with("crm_feature_set", FEATURE_SET)
        .with("validate-with", Schema::COMMON)
        .with(ADMIN_EPOCH, 0)
        .with(EPOCH, epoch)
        .with(NUM_UPDATES, 0)
        .with_child(configuration)
        .with_child(Element::new("status"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_looks_as_cibadmin_prints_it() {
        assert_eq!(
            super::empty(1).to_compact(),
            "<cib crm_feature_set=\"3.16.1\" validate-with=\"pacemaker-3.9\" admin_epoch=\"0\" \
             epoch=\"1\" num_updates=\"0\"><configuration><crm_config/><nodes/><resources/>\
             <constraints/></configuration><status/></cib>"
        );
    }
}
