//! What of a CIB is kept in a file, and what is made of what a file contained.

use xml::Element;

use crate::version::{ADMIN_EPOCH, EPOCH, NUM_UPDATES};

/// The CIB as it is put on disk: without the status, which is only true while the cluster runs, and with no updates
/// counted.
pub fn to_file(cib: &Element) -> Element {
    let mut file = cib.clone();
    file.set(NUM_UPDATES, 0);
    file.nodes_mut().retain(|node| !node.is_element("status"));
    file
}

/// The CIB that a file contained, as the cluster starts from it: with an empty status, a complete version, and no DC.
pub fn from_file(mut cib: Element, keep_status: bool) -> Element {
    if !keep_status {
        cib.nodes_mut().retain(|node| !node.is_element("status"));
    }
    cib.child_or_new("status");
    for part in [ADMIN_EPOCH, EPOCH, NUM_UPDATES] {
        if cib.attr(part).is_none() {
            cib.set(part, 0);
        }
    }
    cib.remove_attr("dc-uuid");
    cib
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_does_not_outlive_the_cluster() {
        let cib = xml::parse(
            "<cib epoch='3' num_updates='9' dc-uuid='1'><configuration/><status><x/></status></cib>",
        )
        .unwrap();
        let file = to_file(&cib);
        assert_eq!(
            file.to_compact(),
            "<cib epoch=\"3\" num_updates=\"0\" dc-uuid=\"1\"><configuration/></cib>"
        );
        assert_eq!(
            from_file(file, false).to_compact(),
            "<cib epoch=\"3\" num_updates=\"0\" admin_epoch=\"0\"><configuration/><status/></cib>"
        );
        assert!(from_file(cib, true).child("status").unwrap().child("x").is_some());
    }
}
