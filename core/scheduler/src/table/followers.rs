use std::{collections::BTreeMap, ops::Index};

use super::{ActionKey, Input, Relation};

/// What comes after an action, latest addition last. Some actions come before everything that happens on a node, so that
/// it must not take a walk to tell whether an ordering is there already.
#[derive(Clone, Debug, Default)]
pub(crate) struct Followers {
    list: Vec<Input>,
    /// What all orderings before each action mean together, once there are many.
    known: BTreeMap<ActionKey, Relation>,
}

impl Followers {
    /// None.
    pub(crate) const fn new() -> Self {
        Self { list: Vec::new(), known: BTreeMap::new() }
    }

    /// Adds an ordering; false if one before that action has any of its meanings already.
    pub(crate) fn add(&mut self, then: ActionKey, relation: Relation) -> bool {
        /// Up to here a walk is faster.
        const FEW: usize = 16;
        if self.list.len() < FEW {
            let is_it = |input: &Input| input.action == then && input.relation.any(relation);
            if self.list.iter().any(is_it) {
                return false;
            }
        } else {
            if self.known.is_empty() {
                for input in &self.list {
                    *self.known.entry(input.action).or_insert(Relation::NONE) |= input.relation;
                }
            }
            let meanings = self.known.entry(then).or_insert(Relation::NONE);
            if meanings.any(relation) {
                return false;
            }
            *meanings |= relation;
        }
        self.list.push(Input { action: then, relation, graphed: false });
        true
    }

    pub(crate) const fn len(&self) -> usize {
        self.list.len()
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Input> {
        self.list.iter()
    }
}

impl Index<usize> for Followers {
    type Output = Input;

    fn index(&self, index: usize) -> &Input {
        &self.list[index]
    }
}

#[cfg(test)]
mod tests {
    use model::Key;

    use super::*;

    #[test]
    fn an_ordering_is_added_once_whether_there_are_few_or_many() {
        let mut followers = Followers::new();
        let keys: Vec<ActionKey> = (0..40).map(ActionKey::new).collect();
        let both = Relation::ORDERED | Relation::SERIALIZE;
        for (position, &key) in keys.iter().enumerate() {
            assert!(followers.add(key, Relation::ORDERED));
            assert!(!followers.add(keys[position / 2], both));
        }
        assert!(followers.add(keys[0], Relation::SERIALIZE));
        assert_eq!(followers.len(), 41);
    }
}
