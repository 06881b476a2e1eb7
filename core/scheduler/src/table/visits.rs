use model::Key;

use super::ActionKey;

/// Which actions a walk has come to. One walk follows another without anything to clear.
#[derive(Debug, Default)]
pub(crate) struct Visits {
    /// For each action the number of the last walk that came to it.
    last: Vec<u32>,
    walk: u32,
}

impl Visits {
    /// Begins a walk.
    pub(crate) fn begin(&mut self) {
        self.walk += 1;
    }

    /// Notes that the walk has come to an action; false if it had before.
    pub(crate) fn is_first(&mut self, action: ActionKey) -> bool {
        let index = action.index();
        if index >= self.last.len() {
            self.last.resize(index + 1, 0);
        }
        std::mem::replace(&mut self.last[index], self.walk) != self.walk
    }
}
