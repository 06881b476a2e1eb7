//! What a change of the configuration has to do with an effect.

use std::collections::{BTreeMap, BTreeSet};

use model::{Model, ScoreReason};
use scheduler::Schedule;
use serde::Serialize;
use simulate::Fate;

use crate::{
    concern::Concern,
    effect::{Effect, Found, NodeFate, Reason, configured},
    family::{Family, Relation},
};

/// Why a change of the configuration has an effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "how", rename_all = "kebab-case")]
pub enum Cause {
    /// The change names the resource or the node, or it is a setting for the whole cluster.
    Direct {
        /// Which changes: positions in the list of those of the configuration.
        changes: Vec<usize>,
    },
    /// It follows from what happens to something else.
    Indirect {
        /// From what.
        because: Vec<Link>,
    },
    /// Nothing that is configured connects it with the change: the plan as a whole comes out otherwise, as others take or
    /// leave their places.
    Placement,
}

/// What an indirect effect follows from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Link {
    /// What connects the two.
    pub relation: Relation,
    /// The id of the constraint, or of what both are in.
    pub id: Option<String>,
    /// The other resource.
    pub resource: Option<String>,
    /// The other thing is a node.
    pub node: Option<String>,
    /// What happens to the other resource because of the change.
    pub fate: Option<Fate>,
}

/// A colocation's part in a resource's scores: its id, the other resource, the node, the score.
type Contribution = (String, String, String, i32);

/// By id of the resource, what colocations add to its scores.
type Contributions = BTreeMap<String, BTreeSet<Contribution>>;

/// What colocations add to the scores of each resource.
pub(crate) fn contributions(model: &Model, plan: &Schedule) -> Contributions {
    let mut all = Contributions::new();
    for change in &plan.score_changes {
        let ScoreReason::Colocation { id, with, .. } = &change.reason else { continue };
        all.entry(model.resources[change.resource].config_id.to_string()).or_default().insert((
            id.clone(),
            model.resources[*with].config_id.to_string(),
            model.nodes[change.node].name.to_string(),
            change.score.value(),
        ));
    }
    all
}

/// Finds the causes of effects.
pub(crate) struct Causes<'a> {
    pub(crate) model: &'a Model,
    pub(crate) concerns: &'a [Concern],
    pub(crate) old: &'a Family<'a>,
    pub(crate) new: &'a Family<'a>,
    /// What the change causes.
    pub(crate) caused: &'a [Found],
    /// What would happen without it.
    pub(crate) prevented: &'a [Found],
    pub(crate) contributions: [&'a Contributions; 2],
}

impl Causes<'_> {
    pub(crate) fn of(&self, effect: &Effect) -> Cause {
        let exact = self.matching(|concern| self.names(concern, effect));
        if !exact.is_empty() {
            return Cause::Direct { changes: exact };
        }
        let because = self.links(effect);
        if !because.is_empty() {
            return Cause::Indirect { because };
        }
        let changes = self.matching(|concern| concern.everything);
        if !changes.is_empty() {
            return Cause::Direct { changes };
        }
        let because = self.neighbours(effect);
        if because.is_empty() { Cause::Placement } else { Cause::Indirect { because } }
    }

    fn matching(&self, matches: impl Fn(&Concern) -> bool) -> Vec<usize> {
        let found = self.concerns.iter().enumerate().filter(|(_, concern)| matches(concern));
        found.map(|(position, _)| position).collect()
    }

    fn names(&self, concern: &Concern, effect: &Effect) -> bool {
        let tree = |name: &str| {
            let id = configured(self.model, name);
            let line = self.old.line(&id).chain(self.new.line(&id));
            line.into_iter().any(|above| concern.trees.contains(above))
        };
        let node =
            |node: &Option<String>| node.as_ref().is_some_and(|node| concern.nodes.contains(node));
        match effect {
            Effect::Resource { fate, resource, from, to, .. } => {
                let in_place = stays(*fate, from.as_deref(), to.as_deref());
                // Where it would have been counts as much as where it is.
                let instead = self.prevented.iter().any(|found| match &found.effect {
                    Effect::Resource { resource: other, to, .. } => other == resource && node(to),
                    Effect::Node { .. } | Effect::Chore { .. } => false,
                });
                tree(resource) || instead || (!in_place && (node(from) || node(to)))
            }
            Effect::Node { node, reason, .. } => {
                let resource = reason.as_ref().and_then(|reason| reason.resource.as_deref());
                concern.nodes.contains(node) || resource.is_some_and(tree)
            }
            Effect::Chore { resource, nodes, .. } => {
                tree(resource) || nodes.iter().any(|node| concern.nodes.contains(node))
            }
        }
    }

    /// What the scheduler says that it follows from.
    fn links(&self, effect: &Effect) -> Vec<Link> {
        let (own, reason) = match effect {
            Effect::Resource { resource, reason, .. } => (Some(resource.as_str()), reason),
            Effect::Node { reason, .. } => (None, reason),
            Effect::Chore { .. } => return Vec::new(),
        };
        let own = own.map(|name| configured(self.model, name));
        let mut links = Vec::new();
        links.extend(reason.as_ref().and_then(|reason| self.by_reason(own.as_deref(), reason)));
        if let (Effect::Resource { fate, from, to, .. }, Some(own)) = (effect, &own) {
            links.extend(self.by_fencing(from.as_deref()));
            let in_place = stays(*fate, from.as_deref(), to.as_deref());
            if links.is_empty() && !in_place {
                links = self.by_scores(own);
            }
        }
        links
    }

    fn by_reason(&self, own: Option<&str>, reason: &Reason) -> Option<Link> {
        let other = reason.resource.as_ref().map(|name| configured(self.model, name))?;
        let own = match own {
            Some(own) if own == other => return None,
            Some(own) => own,
            None => return Some(self.link(Relation::Other, None, other, None)),
        };
        let first = if reason.task.is_some() { Relation::Order } else { Relation::Colocation };
        let (relation, id) = match self.new.relation(own, &other, first) {
            (Relation::Other, _) => self.old.relation(own, &other, first),
            found => found,
        };
        let id = id.map(str::to_owned);
        Some(self.link(relation, id, other, Some(own)))
    }

    fn by_fencing(&self, from: Option<&str>) -> Option<Link> {
        let from = from?;
        let fenced = self.caused.iter().any(|found| {
            matches!(&found.effect, Effect::Node { fate: NodeFate::Fence, node, .. } if node == from)
        });
        fenced.then(|| Link {
            relation: Relation::Fencing,
            id: None,
            resource: None,
            node: Some(from.to_owned()),
            fate: None,
        })
    }

    /// Colocations that count otherwise than without the change, with resources that are affected themselves.
    fn by_scores(&self, own: &str) -> Vec<Link> {
        let [before, after] = self.contributions;
        let empty = BTreeSet::new();
        let mut different = BTreeSet::new();
        for id in self.new.line(own) {
            let before = before.get(id).unwrap_or(&empty);
            let after = after.get(id).unwrap_or(&empty);
            different.extend(before.symmetric_difference(after).map(|(id, with, _, _)| (id, with)));
        }
        let mut links: Vec<Link> = Vec::new();
        for (id, with) in different {
            if self.new.overlap(own, with) || self.fate(with, own).is_none() {
                continue;
            }
            // What nobody configured holds a group together.
            let (relation, id) = if id.starts_with('#') {
                let (relation, id) = self.new.relation(own, with, Relation::Group);
                (relation, id.map(str::to_owned))
            } else {
                (Relation::Colocation, Some(id.clone()))
            };
            let link = self.link(relation, id, with.clone(), Some(own));
            if !links.contains(&link) {
                links.push(link);
            }
        }
        links
    }

    /// Affected resources that something connects it with, where the scheduler says nothing.
    fn neighbours(&self, effect: &Effect) -> Vec<Link> {
        let Some(own) = effect.resource().map(|name| configured(self.model, name)) else {
            return Vec::new();
        };
        let mut links: Vec<Link> = Vec::new();
        for found in self.caused {
            let Effect::Resource { resource, .. } = &found.effect else { continue };
            let other = configured(self.model, resource);
            if other == own {
                continue;
            }
            let (relation, id) = self.new.relation(&own, &other, Relation::Order);
            if relation == Relation::Other {
                continue;
            }
            let link = self.link(relation, id.map(str::to_owned), other, Some(&own));
            if !links.contains(&link) {
                links.push(link);
            }
        }
        links
    }

    fn link(
        &self,
        relation: Relation,
        id: Option<String>,
        other: String,
        own: Option<&str>,
    ) -> Link {
        let fate = self.fate(&other, own.unwrap_or_default());
        Link { relation, id, resource: Some(other), node: None, fate }
    }

    /// What the change does to a resource or to something in it, `own` left out.
    fn fate(&self, id: &str, own: &str) -> Option<Fate> {
        self.caused.iter().find_map(|found| {
            let Effect::Resource { fate, resource, .. } = &found.effect else { return None };
            let other = configured(self.model, resource);
            (other != own && self.new.overlap(&other, id)).then_some(*fate)
        })
    }
}

/// Whether what becomes of a resource has nothing to do with where it should be.
fn stays(fate: Fate, from: Option<&str>, to: Option<&str>) -> bool {
    match fate {
        Fate::Restart | Fate::Reload => true,
        Fate::Recover => to.is_none() || from == to,
        Fate::Start
        | Fate::Stop
        | Fate::Move
        | Fate::Migrate
        | Fate::Promote
        | Fate::Demote
        | Fate::Repromote => false,
    }
}
