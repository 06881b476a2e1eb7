use std::collections::VecDeque;

/// Where a machine puts what it wants done, in the order in which it must be done.
///
/// The caller drains it after each `handle`. A fresh one per call is fine; reusing one saves the allocation.
#[derive(Debug)]
pub struct Outbox<T> {
    items: VecDeque<T>,
}

impl<T> Outbox<T> {
    /// An empty outbox.
    pub const fn new() -> Self {
        Self { items: VecDeque::new() }
    }

    /// Asks for one more effect, after those already asked for.
    pub fn push(&mut self, output: T) {
        self.items.push_back(output);
    }

    /// The oldest effect not yet taken.
    pub fn pop(&mut self) -> Option<T> {
        self.items.pop_front()
    }

    /// Takes all effects, oldest first.
    pub fn drain(&mut self) -> impl Iterator<Item = T> + '_ {
        self.items.drain(..)
    }

    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The effects asked for, oldest first, without taking them.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.items.iter()
    }

    /// Hands every effect of `inner` on as `wrap(effect)`: how a machine that contains another passes its wishes up.
    pub fn absorb<U>(&mut self, inner: &mut Outbox<U>, mut wrap: impl FnMut(U) -> T) {
        while let Some(output) = inner.pop() {
            self.push(wrap(output));
        }
    }
}

impl<T> Default for Outbox<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Extend<T> for Outbox<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, outputs: I) {
        self.items.extend(outputs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effects_come_out_in_order() {
        let mut out = Outbox::new();
        let mut inner = Outbox::new();
        out.push(1);
        inner.extend([2, 3]);
        out.absorb(&mut inner, |n| n * 10);
        assert_eq!(out.drain().collect::<Vec<_>>(), [1, 20, 30]);
        assert!(inner.is_empty() && out.is_empty());
    }
}
