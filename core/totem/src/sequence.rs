use std::fmt;

/// A number of a multicast or of a token. It wraps around; any two that are compared are less than half the circle apart.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sequence(pub(crate) u32);

impl Sequence {
    pub(crate) const fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }

    pub(crate) const fn previous(self) -> Self {
        Self(self.0.wrapping_sub(1))
    }

    /// How far this one is behind `earlier`, going forward.
    pub(crate) const fn since(self, earlier: Self) -> u32 {
        self.0.wrapping_sub(earlier.0)
    }

    pub(crate) const fn is_before(self, other: Self) -> bool {
        // The sign bit of the difference says which way round is shorter.
        other.since(self) != 0 && other.since(self) < 1 << 31
    }

    pub(crate) fn earlier(self, other: Self) -> Self {
        if other.is_before(self) { other } else { self }
    }

    pub(crate) fn later(self, other: Self) -> Self {
        if self.is_before(other) { other } else { self }
    }

    /// The numbers behind this one, up to and including `last`; none if `last` is not behind it.
    pub(crate) fn up_to(self, last: Self) -> impl Iterator<Item = Self> {
        let count = if self.is_before(last) { last.since(self) } else { 0 };
        (1..=count).map(move |step| Self(self.0.wrapping_add(step)))
    }
}

impl fmt::Debug for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_holds_around_the_end_of_the_circle() {
        let (before, after) = (Sequence(0xffff_fffe), Sequence(3));
        assert!(before.is_before(after) && !after.is_before(before));
        assert!(!before.is_before(before));
        assert_eq!(before.earlier(after), before);
        assert_eq!(before.later(after), after);
        assert_eq!(after.since(before), 5);
        let numbers: Vec<u32> = before.up_to(Sequence(1)).map(|number| number.0).collect();
        assert_eq!(numbers, [0xffff_ffff, 0, 1]);
        assert_eq!(after.up_to(before).count(), 0);
    }
}
