use xml::Element;

use crate::{
    empty,
    version::{self, ADMIN_EPOCH},
};

/// Empties the CIB. Its attributes stay, and the administrator's epoch grows so that the empty CIB wins over all others.
pub fn erase(cib: &mut Element) {
    let mut erased = empty(0);
    for (name, value) in cib.attrs() {
        erased.set(name, value);
    }
    version::raise(&mut erased, ADMIN_EPOCH);
    *cib = erased;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_goes_and_attributes_stay() {
        let mut cib = xml::parse(
            "<cib epoch='9' admin_epoch='1' validate-with='pacemaker-3.0'><configuration>\
             <resources><primitive id='a'/></resources></configuration><status/></cib>",
        )
        .unwrap();
        erase(&mut cib);
        assert_eq!(cib.attr("admin_epoch"), Some("2"));
        assert_eq!(cib.attr("epoch"), Some("9"));
        assert_eq!(cib.attr("validate-with"), Some("pacemaker-3.0"));
        assert_eq!(cib.descendants().count(), 7);
    }
}
