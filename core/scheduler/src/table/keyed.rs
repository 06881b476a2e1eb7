use model::NodeKey;

use super::{ActionKey, Op, TaskKey};

/// The actions of a resource by key, oldest first, each with its node: a resource has an action on each node, and looking
/// at all of them for each of them would be the square of the nodes.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyedActions {
    keys: Vec<Keyed>,
    /// All that is or was the task of one of them: what has none of a task needs no walk to tell so.
    tasks: Vec<Op>,
}

#[derive(Clone, Debug)]
struct Keyed {
    key: TaskKey,
    /// The node is the action's own; it is here too, since actions of a resource are far from each other.
    actions: Vec<(ActionKey, Option<NodeKey>)>,
}

impl KeyedActions {
    /// Adds an action behind the others.
    pub(crate) fn push(
        &mut self,
        key: TaskKey,
        task: Op,
        action: ActionKey,
        node: Option<NodeKey>,
    ) {
        self.note_task(task);
        match self.keys.iter_mut().find(|keyed| keyed.key == key) {
            Some(keyed) => keyed.actions.push((action, node)),
            None => self.keys.push(Keyed { key, actions: vec![(action, node)] }),
        }
    }

    /// Notes that one of them does that.
    pub(crate) fn note_task(&mut self, task: Op) {
        if !self.has_task(task) {
            self.tasks.push(task);
        }
    }

    /// Whether one of them may do that.
    pub(crate) fn has_task(&self, task: Op) -> bool {
        self.tasks.contains(&task)
    }

    /// All of that key.
    pub(crate) fn of(&self, key: TaskKey) -> &[(ActionKey, Option<NodeKey>)] {
        self.keys.iter().find(|keyed| keyed.key == key).map_or(&[], |keyed| &keyed.actions)
    }

    /// All of that key, to be given a node.
    pub(crate) fn of_mut(&mut self, key: TaskKey) -> &mut [(ActionKey, Option<NodeKey>)] {
        self.keys
            .iter_mut()
            .find(|keyed| keyed.key == key)
            .map_or(&mut [], |keyed| &mut keyed.actions)
    }
}
