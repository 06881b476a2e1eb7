//! What a change of the configuration would do, before anybody makes it.
//!
//! ```text
//! CIB now ──────► Situation ─┐
//!                            ├─► preview: difference, caused / anyway / prevented effects, waves, interruptions, end
//! CIB with change ► Situation ┘
//! ```
//!
//! Both documents are planned for, with the same status and at the same time. What only the second plan does is caused by
//! the change, and [`Cause`] says how; what both do happens anyway. Then the second plan is played to its end. Everything
//! is typed and can be written as JSON; [`to_text`] is what people read. Nothing is carried out.
//!
//! Plans follow their orderings by recursion: call it on a thread with [`scheduler::STACK_BYTES`] of stack.

mod cause;
mod concern;
mod difference;
mod effect;
mod family;
mod interruption;
mod outcome;
mod situation;
mod text;
mod warning;
mod waves;

use std::collections::BTreeMap;

use serde::Serialize;

pub use cause::{Cause, Link};
pub use difference::{AttributeChange, ChangeKind, ElementChange, Place};
pub use effect::{Chore, Effect, NodeFate, Reason};
pub use family::Relation;
pub use interruption::Interruption;
pub use outcome::{ActiveOn, Ban, End, ResourceEnd, Stopped};
pub use simulate::Fate;
pub use situation::Situation;
pub use text::{Look, to_text};
pub use warning::Warning;
pub use waves::{Step, Wave};

use cause::Causes;
use effect::Found;
use family::Family;

/// What a change would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Preview {
    /// What is different in the configuration.
    pub configuration: Vec<ElementChange>,
    /// What happens because of the change.
    pub caused: Vec<Caused>,
    /// What happens with and without it.
    pub anyway: Vec<Effect>,
    /// What would happen without it and does not with it.
    pub prevented: Vec<Effect>,
    /// The transition that follows, in order: first what waits for nothing.
    pub waves: Vec<Wave>,
    /// What is down meanwhile, or from then on.
    pub interruptions: Vec<Interruption>,
    /// How the cluster is in the end, if all goes well.
    pub end: End,
    /// What one should think about first.
    pub warnings: Vec<Warning>,
}

/// Something that happens because of the change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Caused {
    /// What.
    pub effect: Effect,
    /// How it follows from the change.
    pub cause: Cause,
}

impl Preview {
    /// Whether the change has any effect on nodes and resources.
    pub fn is_quiet(&self) -> bool {
        self.caused.is_empty() && self.prevented.is_empty()
    }

    /// Whether the change disturbs what runs: something stops, moves, restarts, is recovered or demoted, or a node is
    /// fenced.
    pub fn disturbs(&self) -> bool {
        self.caused.iter().any(|caused| caused.effect.disturbs())
    }
}

/// Compares what happens now with what would happen with a changed configuration.
pub fn preview(before: &Situation, after: &Situation) -> Preview {
    let [old, new] = [before, after].map(Situation::configuration);
    let configuration = difference::difference(old, new);
    let concerns: Vec<_> =
        configuration.iter().map(|change| concern::concern(change, old, new)).collect();

    let without = effect::effects(&before.model, &before.plan);
    let with = effect::effects(&after.model, &after.plan);
    let (anyway, prevented, caused) = sort(without, with.clone());

    let families = [Family::read(old, &before.model), Family::read(new, &after.model)];
    let contributions = [before, after].map(|s| cause::contributions(&s.model, &s.plan));
    let causes = Causes {
        model: &after.model,
        concerns: &concerns,
        old: &families[0],
        new: &families[1],
        caused: &caused,
        prevented: &prevented,
        contributions: [&contributions[0], &contributions[1]],
    };
    let with_causes: Vec<_> =
        caused.iter().map(|found| (found.effect.clone(), causes.of(&found.effect))).collect();
    let order = waves::order(&after.plan.graph, &before.plan.graph);
    let interruptions = interruption::interruptions(after, &with, &order);
    let mut preview = Preview {
        caused: effect::gather(with_causes)
            .into_iter()
            .map(|(effect, cause)| Caused { effect, cause })
            .collect(),
        configuration,
        anyway: plain(anyway),
        prevented: plain(prevented),
        waves: order.waves,
        interruptions,
        end: outcome::end(before, after),
        warnings: Vec::new(),
    };
    preview.warnings = warning::warnings(before, after, &preview);
    preview
}

/// Tells apart what both plans do, what only the first one does, and what only the second one does.
fn sort(without: Vec<Found>, with: Vec<Found>) -> (Vec<Found>, Vec<Found>, Vec<Found>) {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for found in &without {
        *counts.entry(found.effect.identity(true)).or_default() += 1;
    }
    let (mut anyway, mut caused) = (Vec::new(), Vec::new());
    for found in with {
        match counts.get_mut(&found.effect.identity(true)).filter(|count| **count > 0) {
            Some(count) => {
                *count -= 1;
                anyway.push(found);
            }
            None => caused.push(found),
        }
    }
    let mut is_left = |found: &Found| {
        let count = counts.get_mut(&found.effect.identity(true)).filter(|count| **count > 0);
        count.map(|count| *count -= 1).is_some()
    };
    (anyway, without.into_iter().filter(|found| is_left(found)).collect(), caused)
}

fn plain(found: Vec<Found>) -> Vec<Effect> {
    let effects = found.into_iter().map(|found| (found.effect, ())).collect();
    effect::gather(effects).into_iter().map(|(effect, ())| effect).collect()
}
