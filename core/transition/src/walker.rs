//! Carries a graph out: says which actions may start, takes their results, and knows when there is nothing left to do.
//!
//! The walker never does anything itself. The controller hands each action to a node and confirms it when the result comes;
//! a simulation confirms it at once.

mod abort;
mod jobs;
mod summary;

use std::collections::{BTreeMap, BTreeSet};

use vocab::Score;

use crate::{Action, ActionId, ActionKind, Graph};
pub use abort::{Abort, Completion};
pub use jobs::{Jobs, Limits};
pub use summary::{Status, Summary};

/// What became of an action that was handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Launch {
    /// It runs; [`Walker::confirm`] will follow.
    Underway,
    /// It is done, or need not be waited for.
    Confirmed(Outcome),
    /// It is done and failed in a way that ends the transition: nothing of lower priority starts any more.
    Fatal,
    /// It could not be handed out; the transition cannot go on.
    Refused,
}

/// How an action ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As expected, or in a way that does not matter.
    Success,
    /// Not as expected: what waits for it never starts.
    Failure,
}

/// A graph on its way.
#[derive(Clone, Debug)]
pub struct Walker {
    graph: Graph,
    progress: Vec<Progress>,
    /// Position of each action's synapse.
    positions: BTreeMap<ActionId, usize>,
    /// Positions of the synapses that wait for an action.
    waiting: BTreeMap<ActionId, Vec<usize>>,
    jobs: Jobs,
    abort: Abort,
    complete: bool,
}

/// How far one synapse has come.
#[derive(Clone, Debug, Default)]
struct Progress {
    unmet: BTreeSet<ActionId>,
    executed: bool,
    confirmed: bool,
    /// It can never be confirmed, because its node is gone.
    lost: bool,
    /// Its action ended in a way that was not expected.
    failed: bool,
    counted: bool,
}

impl Walker {
    /// A walker at the start of the graph.
    pub fn new(graph: Graph) -> Self {
        let mut waiting: BTreeMap<ActionId, Vec<usize>> = BTreeMap::new();
        let mut positions = BTreeMap::new();
        let mut progress = Vec::with_capacity(graph.synapses.len());
        for (position, synapse) in graph.synapses.iter().enumerate() {
            positions.insert(synapse.action.id, position);
            for input in &synapse.inputs {
                waiting.entry(*input).or_default().push(position);
            }
            let unmet = synapse.inputs.iter().copied().collect();
            progress.push(Progress { unmet, ..Progress::default() });
        }
        let (jobs, abort) = (Jobs::default(), Abort::default());
        Self { graph, progress, positions, waiting, jobs, abort, complete: false }
    }

    /// A walker of an empty graph that is already at its end: what a DC has before its first plan.
    pub fn finished(id: i32) -> Self {
        let mut walker = Self::new(Graph { id, ..Graph::default() });
        walker.complete = true;
        walker
    }

    /// The graph.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The number of the transition.
    pub fn id(&self) -> i32 {
        self.graph.id
    }

    /// Whether the last pass found nothing left to do or to wait for.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Why and how it is to end early.
    pub fn aborted(&self) -> &Abort {
        &self.abort
    }

    /// The action of that number.
    pub fn action(&self, id: ActionId) -> Option<&Action> {
        self.positions.get(&id).map(|position| &self.graph.synapses[*position].action)
    }

    /// The priority of an action's synapse; 0 if there is no such action.
    pub fn priority(&self, id: ActionId) -> i32 {
        self.positions.get(&id).map_or(0, |position| self.graph.synapses[*position].priority)
    }

    /// Whether an action's result is known.
    pub fn is_confirmed(&self, id: ActionId) -> bool {
        self.positions.get(&id).is_some_and(|position| self.progress[*position].confirmed)
    }

    /// How many actions are under way.
    pub fn pending(&self) -> usize {
        self.progress.iter().filter(|p| p.executed && !p.confirmed && !p.lost).count()
    }

    /// An action that was started and takes the node with this id down.
    pub fn takes_down(&self, node_id: &str) -> Option<&Action> {
        let started = self.graph.synapses.iter().zip(&self.progress).filter(|(_, p)| p.executed);
        let mut actions = started.map(|(synapse, _)| &synapse.action);
        actions.find(|action| action.downed.iter().any(|down| down == node_id))
    }

    /// The cancellation of a recurring operation in this graph, by operation key and id of the node.
    pub fn cancellation(&self, key: &str, node_id: Option<&str>) -> Option<&Action> {
        self.graph.synapses.iter().map(|synapse| &synapse.action).find(|action| {
            let on_node = action.node.as_ref().map(|node| node.id.as_str());
            action.task == "cancel"
                && action.key == key
                && node_id.is_none_or(|node_id| on_node == Some(node_id))
        })
    }

    /// Asks to end early: nothing of lower priority starts any more. `true` if that changes anything.
    pub fn abort(&mut self, priority: i32, completion: Completion, reason: &str) -> bool {
        self.abort.raise(priority, completion, reason)
    }

    /// Starts what may start. `launch` is called for each action in the order of the graph and says what became of it.
    pub fn fire(&mut self, limits: &Limits, mut launch: impl FnMut(&Action) -> Launch) -> Summary {
        let mut summary = Summary {
            id: self.graph.id,
            complete: self.progress.iter().filter(|p| p.confirmed).count(),
            pending: self.pending(),
            ..Summary::default()
        };
        for position in 0..self.graph.synapses.len() {
            let progress = &self.progress[position];
            if limits.batch.is_some_and(|batch| summary.pending >= batch) {
                break;
            } else if progress.lost {
                summary.skipped += 1;
                continue;
            } else if progress.confirmed || progress.executed {
                continue;
            }
            match self.readiness(position, limits) {
                Readiness::Waiting => summary.incomplete += 1,
                Readiness::Skipped => {
                    summary.skipped += 1;
                    summary.incomplete += 1;
                }
                Readiness::Ready => {
                    summary.fired += 1;
                    if !self.launch(position, &mut launch) {
                        self.abort.raise(
                            Score::INFINITY.value(),
                            Completion::Done,
                            "Action not startable",
                        );
                        summary.incomplete += 1;
                        summary.fired -= 1;
                    }
                    if !self.progress[position].confirmed {
                        summary.pending += 1;
                    }
                }
            }
        }
        summary.settle(self.abort.priority());
        self.complete |= summary.status.is_end();
        summary
    }

    /// Takes note of an action's result and lets what waited for it go. `false` if there is no such action or its result was
    /// known already.
    pub fn confirm(&mut self, id: ActionId, outcome: Outcome) -> bool {
        let Some(&position) = self.positions.get(&id) else { return false };
        if self.progress[position].confirmed {
            return false;
        }
        self.settle(position, outcome);
        true
    }

    /// Marks an action as failed although it goes on, or ended well elsewhere: what waits for it does not start.
    pub fn fail(&mut self, id: ActionId) {
        if let Some(&position) = self.positions.get(&id) {
            self.progress[position].failed = true;
        }
    }

    /// Gives up every unfinished action that is done on or through a node that is gone; fencing goes on. The actions are
    /// returned with whether they had been started.
    pub fn lose_node(&mut self, node_id: &str, node_name: &str) -> Vec<(ActionId, bool)> {
        let mut lost = Vec::new();
        for position in 0..self.graph.synapses.len() {
            let progress = &self.progress[position];
            let action = &self.graph.synapses[position].action;
            let fencing = action.kind == ActionKind::Cluster && action.task == "stonith";
            if progress.confirmed || progress.lost || action.kind == ActionKind::Pseudo || fencing {
                continue;
            }
            let concerned = action.node.as_ref().is_some_and(|node| {
                node.id == node_id || node.router.as_deref() == Some(node_name)
            });
            if concerned {
                lost.push((action.id, progress.executed));
                self.release_job(position);
                self.progress[position].lost = true;
                self.progress[position].failed = true;
                self.release_waiting(position, Outcome::Failure);
            }
        }
        lost
    }

    fn launch(&mut self, position: usize, launch: &mut impl FnMut(&Action) -> Launch) -> bool {
        self.progress[position].executed = true;
        match launch(&self.graph.synapses[position].action) {
            Launch::Underway => {
                let action = &self.graph.synapses[position].action;
                self.progress[position].counted = self.jobs.add(action);
                true
            }
            Launch::Confirmed(outcome) => {
                self.settle(position, outcome);
                true
            }
            Launch::Fatal => {
                let all = Score::INFINITY.value();
                self.abort.raise(all, Completion::Done, "Action failed");
                self.settle(position, Outcome::Failure);
                true
            }
            Launch::Refused => {
                self.progress[position].confirmed = true;
                self.progress[position].failed = true;
                false
            }
        }
    }

    fn settle(&mut self, position: usize, outcome: Outcome) {
        self.release_job(position);
        let progress = &mut self.progress[position];
        progress.failed |= outcome == Outcome::Failure;
        // An action whose result came before it was started counts when it is.
        if progress.executed {
            progress.confirmed = true;
        }
        let outcome = if progress.failed { Outcome::Failure } else { Outcome::Success };
        self.release_waiting(position, outcome);
    }

    fn release_job(&mut self, position: usize) {
        if std::mem::take(&mut self.progress[position].counted) {
            self.jobs.remove(&self.graph.synapses[position].action);
        }
    }

    /// After a failure only what must happen whatever comes is let go.
    fn release_waiting(&mut self, position: usize, outcome: Outcome) {
        let id = self.graph.synapses[position].action.id;
        for &waiting in self.waiting.get(&id).into_iter().flatten() {
            let mandatory = self.graph.synapses[waiting].priority >= Score::INFINITY.value();
            if outcome == Outcome::Success || mandatory {
                self.progress[waiting].unmet.remove(&id);
            }
        }
    }

    fn readiness(&self, position: usize, limits: &Limits) -> Readiness {
        let synapse = &self.graph.synapses[position];
        if !self.progress[position].unmet.is_empty() {
            Readiness::Waiting
        } else if synapse.action.kind == ActionKind::Pseudo {
            Readiness::Ready
        } else if synapse.priority < self.abort.priority() {
            Readiness::Skipped
        } else if self.jobs.allow(&synapse.action, limits, self.graph.migration_limit) {
            Readiness::Ready
        } else {
            Readiness::Waiting
        }
    }
}

/// Whether a synapse may fire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Readiness {
    Ready,
    /// For an input, or for a free place on its node.
    Waiting,
    /// Less important than the reason to end early.
    Skipped,
}

#[cfg(test)]
mod tests;
