/// How far a node has come in joining the DC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Refused.
    Nack,
    /// Not at all.
    #[default]
    None,
    /// It got an offer.
    Welcomed,
    /// It asked.
    Integrated,
    /// It was told that it is taken in.
    Finalized,
    /// It told what runs there.
    Confirmed,
}

impl Phase {
    /// Whether the node may step from here to there: back at any time, forward one by one.
    pub(crate) fn may_become(self, next: Self) -> bool {
        let step = |phase: Self| match phase {
            Self::Nack => -1,
            Self::None => 0,
            Self::Welcomed => 1,
            Self::Integrated => 2,
            Self::Finalized => 3,
            Self::Confirmed => 4,
        };
        next <= Self::None || step(next) == step(self) + 1
    }

    /// Whether joining has begun.
    pub(crate) fn is_joining(self) -> bool {
        self > Self::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps() {
        let all = [
            Phase::Nack,
            Phase::None,
            Phase::Welcomed,
            Phase::Integrated,
            Phase::Finalized,
            Phase::Confirmed,
        ];
        let mut table = String::new();
        for from in all {
            for to in all {
                table.push(if from.may_become(to) { 'x' } else { '.' });
            }
            table.push('\n');
        }
        let expected = ["xx....", "xxx...", "xx.x..", "xx..x.", "xx...x", "xx...."].join("\n");
        assert_eq!(table.trim_end(), expected);
    }
}
