use vocab::Score;

use crate::{Key, NodeKey};

/// Whether a node is asked if a resource runs there. The order is that in which a later constraint overrides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum ProbeMode {
    /// Ask.
    #[default]
    Always,
    /// Do not ask.
    Never,
    /// Ask here and nowhere else; the resource may run nowhere else.
    Exclusive,
}

/// What is known about a resource on one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Allowed {
    /// How much the resource wants to be there.
    pub score: Score,
    /// Whether to ask for its state there.
    pub probe: ProbeMode,
    /// Instances that have been put there so far; used for clones only.
    pub instances: u32,
    /// Whether its score is out of consideration while preferences are combined.
    pub suspended: bool,
}

/// A resource's table of nodes. A node that is missing may not run it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct AllowedNodes {
    cells: Vec<Option<Allowed>>,
}

impl AllowedNodes {
    /// The entry of a node.
    pub fn get(&self, node: NodeKey) -> Option<&Allowed> {
        self.cells.get(node.index())?.as_ref()
    }

    /// The entry of a node, to be changed.
    pub fn get_mut(&mut self, node: NodeKey) -> Option<&mut Allowed> {
        self.cells.get_mut(node.index())?.as_mut()
    }

    /// Puts an entry in the place of what is there.
    pub fn insert(&mut self, node: NodeKey, allowed: Allowed) {
        if self.cells.len() <= node.index() {
            self.cells.resize(node.index() + 1, None);
        }
        self.cells[node.index()] = Some(allowed);
    }

    /// Takes a node out.
    pub fn remove(&mut self, node: NodeKey) {
        if let Some(cell) = self.cells.get_mut(node.index()) {
            *cell = None;
        }
    }

    /// All entries, in the order of the nodes' keys.
    pub fn iter(&self) -> impl Iterator<Item = (NodeKey, &Allowed)> {
        self.cells
            .iter()
            .enumerate()
            .filter_map(|(index, cell)| Some((NodeKey::new(index), cell.as_ref()?)))
    }

    /// All entries, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (NodeKey, &mut Allowed)> {
        self.cells
            .iter_mut()
            .enumerate()
            .filter_map(|(index, cell)| Some((NodeKey::new(index), cell.as_mut()?)))
    }

    /// The nodes that have an entry.
    pub fn nodes(&self) -> Vec<NodeKey> {
        self.iter().map(|(node, _)| node).collect()
    }

    /// The score of a node, minus infinity if it has no entry.
    pub fn score(&self, node: NodeKey) -> Score {
        self.get(node).map_or(Score::MINUS_INFINITY, |allowed| allowed.score)
    }
}
