use model::NodeKey;

use super::{ActionKey, TaskKey};

/// The actions of a resource by key, oldest first, each with its node: a resource has an action on each node, and looking
/// at all of them for each of them would be the square of the nodes.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyedActions(Vec<Keyed>);

#[derive(Clone, Debug)]
struct Keyed {
    key: TaskKey,
    /// The node is the action's own; it is here too, since actions of a resource are far from each other.
    actions: Vec<(ActionKey, Option<NodeKey>)>,
}

impl KeyedActions {
    /// Adds an action behind the others.
    pub(crate) fn push(&mut self, key: TaskKey, action: ActionKey, node: Option<NodeKey>) {
        match self.0.iter_mut().find(|keyed| keyed.key == key) {
            Some(keyed) => keyed.actions.push((action, node)),
            None => self.0.push(Keyed { key, actions: vec![(action, node)] }),
        }
    }

    /// All of that key.
    pub(crate) fn of(&self, key: TaskKey) -> &[(ActionKey, Option<NodeKey>)] {
        self.0.iter().find(|keyed| keyed.key == key).map_or(&[], |keyed| &keyed.actions)
    }

    /// All of that key, to be given a node.
    pub(crate) fn of_mut(&mut self, key: TaskKey) -> &mut [(ActionKey, Option<NodeKey>)] {
        self.0.iter_mut().find(|keyed| keyed.key == key).map_or(&mut [], |keyed| &mut keyed.actions)
    }
}
