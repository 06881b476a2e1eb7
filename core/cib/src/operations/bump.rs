use xml::Element;

use crate::version::{self, EPOCH};

/// Raises the epoch by one.
pub fn bump(cib: &mut Element) {
    version::raise(cib, EPOCH);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_epoch_grows() {
        let mut cib = Element::new("cib").with("epoch", 41);
        bump(&mut cib);
        assert_eq!(cib.attr("epoch"), Some("42"));
    }
}
