//! The CIB's version and the rules by which it grows.

use xml::Element;

pub use xml::patchset::Generation as Version;

/// The attribute that administrators raise.
pub const ADMIN_EPOCH: &str = "admin_epoch";
/// The attribute that grows with the configuration.
pub const EPOCH: &str = "epoch";
/// The attribute that grows with everything else.
pub const NUM_UPDATES: &str = "num_updates";

/// Raises one part of the version by one; a part that is missing becomes 1.
pub(crate) fn raise(cib: &mut Element, part: &str) {
    let next = match cib.attr(part) {
        None => 1,
        Some(text) => leading_number(text).saturating_add(1),
    };
    cib.set(part, next);
}

/// Raises what has to be raised after a change: the epoch, with a fresh count of updates, if the configuration changed,
/// else the count of updates.
pub(crate) fn raise_for_change(cib: &mut Element, configuration_changed: bool) {
    if configuration_changed {
        cib.set(NUM_UPDATES, 0);
        raise(cib, EPOCH);
    } else {
        raise(cib, NUM_UPDATES);
    }
}

/// Whether the two parts that outlive a restart are lower than before. The count of updates may fall.
pub(crate) fn goes_backwards(old: Version, new: Version) -> bool {
    (new.admin_epoch, new.epoch) < (old.admin_epoch, old.epoch)
}

/// The number at the start of a text, 0 if there is none: what peers written in C read there.
fn leading_number(text: &str) -> i32 {
    let text = text.trim_start();
    let digits = text.strip_prefix('-').unwrap_or(text);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    text[..text.len() - digits.len() + end].parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(admin_epoch: i64, epoch: i64, num_updates: i64) -> Version {
        Version { admin_epoch, epoch, num_updates }
    }

    #[test]
    fn the_more_significant_part_decides() {
        assert!(version(1, 0, 0) > version(0, 99, 99));
        assert!(version(0, 2, 0) > version(0, 1, 99));
        assert!(version(0, 10, 0) > version(0, 9, 0), "numbers, not texts");
    }

    #[test]
    fn a_change_raises_what_it_should() {
        let mut cib = Element::new("cib").with(EPOCH, 7).with(NUM_UPDATES, 3);
        raise_for_change(&mut cib, false);
        assert_eq!(Version::of(&cib), version(0, 7, 4));
        raise_for_change(&mut cib, true);
        assert_eq!(Version::of(&cib), version(0, 8, 0));
        raise(&mut cib, ADMIN_EPOCH);
        assert_eq!(Version::of(&cib), version(1, 8, 0));
    }

    #[test]
    fn only_epochs_must_not_fall() {
        assert!(!goes_backwards(version(0, 5, 9), version(0, 5, 0)));
        assert!(goes_backwards(version(0, 5, 0), version(0, 4, 9)));
        assert!(!goes_backwards(version(0, 5, 0), version(1, 0, 0)));
        assert!(goes_backwards(version(1, 0, 0), version(0, 9, 0)));
    }

    #[test]
    fn texts_that_are_no_numbers_count_from_their_start() {
        for (text, number) in [("12", 12), ("-3", -3), ("4x", 4), ("x", 0), ("", 0), (" 5", 5)] {
            assert_eq!(leading_number(text), number, "{text:?}");
        }
    }
}
