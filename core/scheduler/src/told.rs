use model::{NodeKey, Problem, ResourceKey, Severity};
use vocab::Interval;

/// Amounts by kind.
pub type Amounts = Vec<(String, i64)>;

/// What is said about what nodes have to give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CapacityLine {
    /// What a node has to give before anything is assigned.
    Original {
        /// The node.
        node: NodeKey,
        /// What it has.
        amounts: Amounts,
    },
    /// What a resource takes of the node it is put on. It may be put elsewhere later.
    Taken {
        /// The resource.
        resource: ResourceKey,
        /// The node.
        node: NodeKey,
        /// What it takes.
        amounts: Amounts,
        /// How many scores were shown before.
        scores_before: usize,
    },
    /// What is left of a node when everything is assigned.
    Remaining {
        /// The node.
        node: NodeKey,
        /// What is left.
        amounts: Amounts,
    },
}

/// A recorded operation whose parameters differ from what is configured only in secrets, which may be blotted out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretsDiffer {
    /// The resource.
    pub resource: ResourceKey,
    /// The node.
    pub node: NodeKey,
    /// The operation.
    pub task: String,
    /// How often it recurs.
    pub interval: Interval,
    /// The key of the transition it was part of, and how it ended there.
    pub transition: String,
}

/// What a plan says besides what is to be done.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    /// Whether it is told who takes which capacity.
    pub(crate) with_capacities: bool,
    pub(crate) capacities: Vec<CapacityLine>,
    pub(crate) secrets: Vec<SecretsDiffer>,
    pub(crate) problems: Vec<Problem>,
}

impl Told {
    pub(crate) fn warn(&mut self, text: String) {
        self.problems.push(Problem { severity: Severity::Warning, text });
    }
}
