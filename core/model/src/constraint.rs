//! Constraints as configured, with tags, templates and resource sets written out.

mod colocation;
mod location;
mod ordering;
mod set;
mod ticket;

use rules::Rule;
use vocab::{Role, Score};

use crate::{NodeKey, ProbeMode, ResourceKey};

pub(crate) use set::ConstraintReader;

/// One constraint, or one of those that a resource set stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum Constraint {
    /// Where a resource should or should not run.
    Location(Location),
    /// What runs with what.
    Colocation(Colocation),
    /// What comes after what.
    Order(Order),
    /// What needs which ticket.
    Ticket(TicketConstraint),
}

/// Where a resource should or should not run.
#[derive(Clone, Debug, PartialEq)]
pub struct Location {
    /// Id of the constraint, or of its rule if it has one.
    pub id: String,
    /// What.
    pub resource: ResourceKey,
    /// Where, and how much.
    pub preference: Preference,
    /// A role to which it is limited; unknown means any.
    pub role: Role,
    /// Whether nodes are asked for the resource.
    pub discovery: ProbeMode,
}

/// Where, and how much.
#[derive(Clone, Debug, PartialEq)]
pub enum Preference {
    /// One node.
    Node {
        /// The node.
        node: NodeKey,
        /// The score.
        score: Score,
    },
    /// All nodes for which a rule holds.
    Rule {
        /// The rule.
        rule: Rule,
        /// The score.
        score: RuleScore,
        /// What the pattern of the resource's name matched.
        submatches: Vec<String>,
    },
}

/// Where a rule's score comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleScore {
    /// It is given.
    Fixed(Score),
    /// It is the value of a node attribute.
    Attribute(String),
}

/// What runs with what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Colocation {
    /// Id of the constraint or of the set.
    pub id: String,
    /// What follows.
    pub dependent: ResourceKey,
    /// What is followed.
    pub primary: ResourceKey,
    /// How much; negative means apart.
    pub score: Score,
    /// The dependent's role to which it is limited; unknown means any.
    pub dependent_role: Role,
    /// The primary's role to which it is limited; unknown means any.
    pub primary_role: Role,
    /// The node attribute that has to be equal, instead of the name.
    pub node_attribute: Option<String>,
    /// Whether the dependent's preferences count for the primary.
    pub influence: bool,
}

/// What comes after what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// One action after another.
    Pair {
        /// Id of the constraint.
        id: String,
        /// What comes first.
        first: OrderEnd,
        /// What comes then.
        then: OrderEnd,
        /// How it binds.
        strength: OrderStrength,
    },
    /// Actions after some of several others.
    AnyOf {
        /// Id of the constraint.
        id: String,
        /// Name of the point between the two.
        name: String,
        /// How many of the first ones it needs.
        required: u32,
        /// What comes first.
        first: Vec<OrderEnd>,
        /// What comes then.
        then: Vec<OrderEnd>,
        /// How it binds.
        strength: OrderStrength,
    },
}

/// An action of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderEnd {
    /// The resource.
    pub resource: ResourceKey,
    /// Name of the action.
    pub task: String,
}

/// How an ordering binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderStrength {
    /// It says only what comes first if both happen.
    Optional,
    /// Both never happen at the same time.
    Serialize,
    /// The second needs the first.
    Mandatory,
    /// The second needs the first, and nothing is said about the way back.
    Asymmetric,
    /// The way back of a mandatory ordering: the second brings the first with it.
    Inverse,
}

/// What happens when a ticket is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LossPolicy {
    /// The resource is stopped.
    Stop,
    /// It is demoted.
    Demote,
    /// Its nodes are fenced.
    Fence,
    /// It is left alone.
    Freeze,
}

/// What needs which ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketConstraint {
    /// Id of the constraint or of the set.
    pub id: String,
    /// What.
    pub resource: ResourceKey,
    /// Name of the ticket.
    pub ticket: String,
    /// The role that needs it; unknown means any.
    pub role: Role,
    /// What happens without it.
    pub loss_policy: LossPolicy,
}
