use model::{ResourceKey, arena_key};
use vocab::{Role, Score};

arena_key! {
    /// A colocation of a plan.
    ColocationKey
}

/// What runs with what, configured or implied.
#[derive(Clone, Debug)]
pub(crate) struct Colocation {
    /// Its id; one that nobody configured starts with `#`.
    pub(crate) id: String,
    /// What follows.
    pub(crate) dependent: ResourceKey,
    /// What is followed.
    pub(crate) primary: ResourceKey,
    /// How much.
    pub(crate) score: Score,
    /// The dependent's role to which it is limited.
    pub(crate) dependent_role: Role,
    /// The primary's role to which it is limited.
    pub(crate) primary_role: Role,
    /// The node attribute that has to be equal.
    pub(crate) node_attribute: Option<String>,
    /// Whether the dependent's preferences count for the primary.
    pub(crate) influence: bool,
    /// Whether it is configured.
    pub(crate) explicit: bool,
}

impl Colocation {
    /// Whether it leaves no choice.
    pub(crate) fn is_mandatory(&self) -> bool {
        self.score.is_infinite() || self.score.is_minus_infinite()
    }

    /// The score as a part of infinity.
    pub(crate) fn factor(&self) -> f32 {
        score_factor(self.score)
    }
}

/// A score as a part of infinity, in the precision that scores are combined in.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn score_factor(score: Score) -> f32 {
    score.value() as f32 / Score::INFINITY.value() as f32
}
