use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Wake, Waker},
};

use crate::ClientId;

/// Whose turn it is: only connections that have something to do are looked at, however many there are.
#[derive(Debug, Default)]
pub(super) struct Ready(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    turns: VecDeque<Arc<Turn>>,
    /// Who waits for the server.
    task: Option<Waker>,
}

/// One connection's place in the queue. As a waker it queues the connection.
#[derive(Debug)]
pub(super) struct Turn {
    client: ClientId,
    is_queued: AtomicBool,
    shared: Arc<Shared>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ready {
    /// A place for a connection, not queued yet.
    pub(super) fn turn(&self, client: ClientId) -> Arc<Turn> {
        let shared = Arc::clone(&self.0);
        Arc::new(Turn { client, is_queued: AtomicBool::new(false), shared })
    }

    /// Says who is to be woken when somebody is queued.
    pub(super) fn wait(&self, task: &Waker) {
        let mut state = self.0.state();
        match &mut state.task {
            Some(known) => known.clone_from(task),
            none => *none = Some(task.clone()),
        }
    }

    /// How many are queued.
    pub(super) fn len(&self) -> usize {
        self.0.state().turns.len()
    }

    /// The next in the queue, which it leaves.
    pub(super) fn pop(&self) -> Option<ClientId> {
        let turn = self.0.state().turns.pop_front()?;
        turn.is_queued.store(false, Ordering::Release);
        Some(turn.client)
    }
}

impl Turn {
    /// Queues the connection unless it is queued. Nobody is woken: for use while the server is being asked.
    pub(super) fn ask(self: &Arc<Self>) {
        if !self.is_queued.swap(true, Ordering::AcqRel) {
            self.shared.state().turns.push_back(Arc::clone(self));
        }
    }
}

impl Wake for Turn {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.is_queued.swap(true, Ordering::AcqRel) {
            return;
        }
        let mut state = self.shared.state();
        state.turns.push_back(Arc::clone(self));
        let task = state.task.take();
        drop(state);
        if let Some(task) = task {
            task.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_queued_once_and_in_order() {
        let ready = Ready::default();
        let (one, two) = (ready.turn(ClientId(1)), ready.turn(ClientId(2)));
        two.ask();
        Waker::from(Arc::clone(&one)).wake();
        two.ask();
        Waker::from(Arc::clone(&two)).wake();
        assert_eq!(ready.len(), 2);
        assert_eq!(ready.pop(), Some(ClientId(2)));
        two.ask();
        assert_eq!(
            [ready.pop(), ready.pop(), ready.pop()],
            [Some(ClientId(1)), Some(ClientId(2)), None]
        );
    }

    #[test]
    fn who_waits_is_woken_once() {
        #[derive(Debug, Default)]
        struct Flag(AtomicBool);
        impl Wake for Flag {
            fn wake(self: Arc<Self>) {
                assert!(!self.0.swap(true, Ordering::AcqRel), "only once");
            }
        }
        let ready = Ready::default();
        let (one, two) = (ready.turn(ClientId(1)), ready.turn(ClientId(2)));
        let flag = Arc::new(Flag::default());
        ready.wait(&Waker::from(Arc::clone(&flag)));
        Waker::from(one).wake();
        Waker::from(two).wake();
        assert!(flag.0.load(Ordering::Acquire));
    }
}
