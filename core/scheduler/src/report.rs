use std::fmt;

use model::{
    Arena, Key, Model, NodeKey, NodeState, Problem, ResourceKey, ResourceState, ScoreChange,
};
use transition::Graph;
use vocab::Score;

use crate::{
    plan::Plan,
    reason::ActionReason,
    table::{ActionFlags, Followers, KeyedActions},
    told::{CapacityLine, SecretsDiffer},
};

/// Whose assignment a score was shown in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScoreStage {
    /// A primitive's.
    Primitive,
    /// A group's.
    Group,
    /// A clone's.
    Clone,
    /// A bundle's.
    Bundle,
}

impl ScoreStage {
    /// The name that score listings give it.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Primitive => "pcmk__primitive_assign",
            Self::Group => "pcmk__group_assign",
            Self::Clone => "pcmk__clone_assign",
            Self::Bundle => "pcmk__bundle_assign",
        }
    }
}

/// A score as it was when something was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScoreLine {
    /// How much a resource wants to be on a node.
    Allocation {
        /// Whose assignment it was.
        stage: ScoreStage,
        /// The resource.
        resource: ResourceKey,
        /// The node.
        node: NodeKey,
        /// The score.
        score: Score,
    },
    /// How much an instance wants to be promoted.
    Promotion {
        /// The instance.
        resource: ResourceKey,
        /// Where it will run.
        node: Option<NodeKey>,
        /// The score.
        score: Score,
    },
}

impl ScoreLine {
    /// The line as listings show it.
    pub fn display<'a>(&'a self, model: &'a Model) -> impl fmt::Display + 'a {
        Shown { line: self, model }
    }
}

struct Shown<'a> {
    line: &'a ScoreLine,
    model: &'a Model,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self.line {
            ScoreLine::Allocation { stage, resource, node, score } => write!(
                f,
                "{}: {} allocation score on {}: {score}",
                stage.text(),
                self.model.resources[resource].id,
                self.model.nodes[node].name
            ),
            ScoreLine::Promotion { resource, node, score } => {
                write!(f, "{} promotion score ", self.model.resources[resource].id)?;
                match node {
                    Some(node) => write!(f, "on {}: {score}", self.model.nodes[node].name),
                    None => write!(f, "(inactive): {score}"),
                }
            }
        }
    }
}

/// An action that somebody will carry out, or would have to if it were possible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedAction {
    /// Its number.
    pub id: u32,
    /// What it is done to.
    pub resource: Option<ResourceKey>,
    /// Where.
    pub node: Option<NodeKey>,
    /// What.
    pub task: String,
    /// Its operation key, with the resource's own name.
    pub key: String,
    /// How often it recurs, milliseconds; 0 for once.
    pub interval_ms: u32,
    /// For fencing, how.
    pub fencing: Option<String>,
    /// Why, or why not.
    pub reason: Option<ActionReason>,
    /// Whether nobody carries it out.
    pub pseudo: bool,
    /// Whether it may be left out.
    pub optional: bool,
    /// Whether it could be carried out.
    pub runnable: bool,
    /// Whether it is in the graph.
    pub in_graph: bool,
    /// Whether it is part of a migration.
    pub migratable: bool,
}

/// What becomes of a resource.
#[derive(Clone, Debug)]
pub struct ResourceOutcome {
    /// How the plan sees it now, and the role it will have.
    pub state: ResourceState,
    /// Where it will be.
    pub assigned: Option<NodeKey>,
    /// Whether it is reloaded.
    pub reload: bool,
    /// Whether it is active more than once and stops only where it is not expected.
    pub stop_unexpected: bool,
}

/// A plan.
#[derive(Clone, Debug)]
#[must_use]
pub struct Schedule {
    /// What the controller has to do.
    pub graph: Graph,
    /// The scores as they were when decisions were made, in that order.
    pub scores: Vec<ScoreLine>,
    /// All actions that were thought of, in that order.
    pub actions: Vec<PlannedAction>,
    /// What becomes of each resource.
    pub resources: Arena<ResourceKey, ResourceOutcome>,
    /// The resources that are not part of another, in the order in which they were assigned.
    pub top: Vec<ResourceKey>,
    /// How the plan sees the nodes.
    pub nodes: Arena<NodeKey, NodeState>,
    /// Nodes that turned out to be unclean.
    pub unclean: Vec<NodeKey>,
    /// Where the scores come from, in order, if that was asked for; what was known before is in the model.
    pub score_changes: Vec<ScoreChange>,
    /// The plan as a picture, if that was asked for.
    pub dot: Option<String>,
    /// Who takes how much of which node, if that was asked for.
    pub capacities: Vec<CapacityLine>,
    /// Operations that are taken as unchanged because only secrets differ.
    pub secrets: Vec<SecretsDiffer>,
    /// What is wrong with the configuration that only planning brings to light.
    pub problems: Vec<Problem>,
}

impl Schedule {
    pub(crate) fn new(mut plan: Plan<'_>, graph: Graph, dot: Option<String>) -> Self {
        // The graph has the order; what follows needs the room.
        for action in plan.actions.values_mut() {
            action.before = Vec::new();
            action.after = Followers::new();
        }
        for row in plan.rows.values_mut() {
            row.keyed = KeyedActions::default();
        }
        let actions = plan
            .actions
            .iter()
            .map(|(key, action)| PlannedAction {
                id: u32::try_from(key.index() + 1).unwrap_or(u32::MAX),
                resource: action.resource,
                node: action.node,
                task: plan.op_text(action.task).to_owned(),
                key: plan.uuid(key),
                interval_ms: action.key.interval,
                fencing: action.meta.get("stonith_action").map(|how| how.to_string()),
                reason: action.reason.clone(),
                pseudo: action.is_pseudo(),
                optional: action.is_optional(),
                runnable: action.is_runnable(),
                in_graph: action.is(ActionFlags::IN_GRAPH),
                migratable: action.is(ActionFlags::MIGRATABLE),
            })
            .collect();
        let unclean =
            plan.nodes.iter().filter(|(_, node)| node.state.unclean).map(|(key, _)| key).collect();
        let resources = plan
            .rows
            .values()
            .map(|row| ResourceOutcome {
                state: row.state.clone(),
                assigned: row.assigned,
                reload: row.reload,
                stop_unexpected: row.stop_unexpected,
            })
            .collect();
        Self {
            graph,
            scores: plan.scores,
            actions,
            resources,
            top: plan.top,
            nodes: plan.nodes.values().map(|node| node.state).collect(),
            unclean,
            score_changes: plan.score_changes,
            dot,
            capacities: plan.told.capacities,
            secrets: plan.told.secrets,
            problems: plan.told.problems,
        }
    }
}
