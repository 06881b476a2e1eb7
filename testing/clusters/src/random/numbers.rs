/// Numbers that look random and depend on a seed only (SplitMix64).
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    /// The sequence of one purpose among several that share a seed: drawing more for one changes nothing for another.
    pub(super) fn stream(seed: u64, purpose: &str) -> Self {
        let own = purpose.bytes().fold(0, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(17)
        });
        Self(Self(seed).number() ^ own)
    }

    fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number, both ends included.
    pub(super) fn between(&mut self, least: usize, most: usize) -> usize {
        let span = most.saturating_sub(least) as u64 + 1;
        least + usize::try_from(self.number() % span).unwrap_or(0)
    }

    /// Whether something happens that happens in so many of a hundred cases.
    pub(super) fn percent(&mut self, cases: usize) -> bool {
        self.between(1, 100) <= cases
    }

    /// One of those, which must not be none.
    pub(super) fn choose<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.between(0, from.len() - 1)]
    }

    /// One of those words, which must not be none.
    pub(super) fn word<'a>(&mut self, from: &[&'a str]) -> &'a str {
        self.choose::<&str>(from)
    }

    /// One of those, if there is one.
    pub(super) fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        (!from.is_empty()).then(|| self.choose(from).clone())
    }
}
