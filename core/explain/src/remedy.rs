use std::collections::BTreeMap;

use model::{Model, ResourceKey, resource::base_name};
use rules::LocalTime;
use xml::Element;

use crate::{
    Cause, Change, Effect, Explanation, Origin, Owner, Place, Remedy, Scope, Verdict, Whereabouts,
    apply::apply,
    asker::Asker,
    document::{Seen, find_resource, plan},
    fate::Fate,
};

/// How often it is planned again for one question. Large clusters take a second for each.
const PLANS_MAX: usize = 40;

/// How many changes at once are looked at.
const TOGETHER_MAX: usize = 8;

/// Looks for what would change an answer, by planning with it changed.
pub(crate) struct Remedies<'a> {
    seen: Seen<'a>,
    asker: &'a Asker<'a>,
    name: String,
    now: Effect,
    runs: bool,
    asked_for_node: bool,
    plans_left: usize,
    tried: BTreeMap<Vec<Change>, Option<Effect>>,
}

/// What could be changed: for all nodes, and for one.
#[derive(Default)]
struct Candidates {
    general: Vec<Change>,
    by_node: Vec<(String, Vec<Change>)>,
}

impl<'a> Remedies<'a> {
    pub(crate) fn new(seen: Seen<'a>, asker: &'a Asker<'a>, key: ResourceKey) -> Self {
        let now = effect(asker, key);
        let name = asker.name(key);
        let runs = asker.runs(key);
        Self {
            seen,
            asker,
            name,
            now,
            runs,
            asked_for_node: false,
            plans_left: PLANS_MAX,
            tried: BTreeMap::new(),
        }
    }

    pub(crate) fn find(mut self, explanation: &Explanation) -> Vec<Remedy> {
        self.asked_for_node = explanation.only_node.is_some();
        let candidates = self.candidates(explanation);
        let wanted = explanation.only_node.clone();
        let mut singles: Vec<Change> = candidates.general.clone();
        for (_, changes) in &candidates.by_node {
            singles.extend(changes.iter().filter(|c| !candidates.general.contains(c)).cloned());
        }
        dedupe(&mut singles);
        let mut found = Vec::new();
        for change in singles {
            self.keep_if_better(vec![change], wanted.as_deref(), &mut found);
        }
        let helps = |node: &str, found: &[Remedy]| {
            found.iter().any(|remedy| remedy.effect.nodes.iter().any(|other| other == node))
        };
        for (node, changes) in &candidates.by_node {
            if helps(node, &found) || self.now.nodes.contains(node) {
                continue;
            }
            let mut together = candidates.general.clone();
            together.extend(changes.iter().cloned());
            dedupe(&mut together);
            if (2..=TOGETHER_MAX).contains(&together.len()) {
                self.keep_if_better(together, wanted.as_deref().or(Some(node)), &mut found);
            }
        }
        if found.is_empty() && (2..=TOGETHER_MAX).contains(&candidates.general.len()) {
            self.keep_if_better(candidates.general, wanted.as_deref(), &mut found);
        }
        found
    }

    /// Keeps changes whose plan is better, without those among them that are not needed for it.
    fn keep_if_better(
        &mut self,
        changes: Vec<Change>,
        wanted: Option<&str>,
        found: &mut Vec<Remedy>,
    ) {
        let Some(mut effect) = self.effect_of(&changes).filter(|e| self.is_better(e, wanted))
        else {
            return;
        };
        let mut needed = changes;
        let mut index = 0;
        while needed.len() > 1 && index < needed.len() {
            let mut fewer = needed.clone();
            fewer.remove(index);
            match self.effect_of(&fewer) {
                Some(other) if self.is_better(&other, wanted) => {
                    effect = other;
                    needed = fewer;
                }
                _ => index += 1,
            }
        }
        let remedy = Remedy { changes: needed, effect };
        if !found.contains(&remedy) {
            found.push(remedy);
        }
    }

    fn is_better(&self, effect: &Effect, wanted: Option<&str>) -> bool {
        let has = |effect: &Effect, node: &str| effect.nodes.iter().any(|other| other == node);
        if let Some(node) = wanted {
            return (has(effect, node) && !has(&self.now, node))
                || effect.managed > self.now.managed;
        }
        effect.running > self.now.running
            || effect.managed > self.now.managed
            || (effect.running == self.now.running
                && effect.nodes.len() >= self.now.nodes.len()
                && effect.nodes != self.now.nodes)
    }

    fn effect_of(&mut self, changes: &[Change]) -> Option<Effect> {
        if let Some(known) = self.tried.get(changes) {
            return known.clone();
        }
        if self.plans_left == 0 {
            return None;
        }
        self.plans_left -= 1;
        let mut document: Element = self.seen.document.clone();
        let mut now: LocalTime = self.seen.now;
        for change in changes {
            (document, now) = apply(&document, self.asker, now, change);
        }
        let seen = Seen { document: &document, now, sanitized: self.seen.sanitized };
        let model: Model = seen.model();
        let found = find_resource(&model, &self.name).map(|key| {
            let plan = plan(&model);
            effect(&Asker::new(&model, &plan, None), key)
        });
        self.tried.insert(changes.to_vec(), found.clone());
        found
    }

    fn candidates(&self, explanation: &Explanation) -> Candidates {
        let mut candidates = Candidates::default();
        let name = explanation.resource.as_str();
        let mut general = Vec::new();
        for cause in &explanation.causes {
            self.changes(cause, name, None, &mut general);
        }
        for part in &explanation.parts {
            for cause in &part.causes {
                self.changes(cause, &part.resource, None, &mut general);
            }
        }
        dedupe(&mut general);
        let stopped = matches!(explanation.verdict, Verdict::Stopped { .. });
        for answer in &explanation.nodes {
            let mut changes = Vec::new();
            if answer.chosen {
                for row in &answer.table {
                    if row.score > 0 && matches!(row.because, Cause::Location { .. }) {
                        self.changes(&row.because, name, Some(&answer.node), &mut general);
                    }
                }
                continue;
            }
            for cause in &answer.causes {
                self.changes(cause, name, Some(&answer.node), &mut changes);
            }
            if explanation.only_node.is_some() {
                // Whoever wants it there can live with what speaks against it being gone.
                for row in answer.table.iter().filter(|row| row.score < 0 && !stopped) {
                    self.changes(&row.because, name, Some(&answer.node), &mut changes);
                }
            }
            dedupe(&mut changes);
            candidates.by_node.push((answer.node.clone(), changes));
        }
        dedupe(&mut general);
        candidates.general = general;
        candidates
    }

    /// What an operator could do about a cause.
    fn changes(&self, cause: &Cause, resource: &str, node: Option<&str>, found: &mut Vec<Change>) {
        if let Cause::StopFirst { node, causes } | Cause::OnNode { node, causes } = cause {
            for cause in causes {
                self.changes(cause, resource, Some(node), found);
            }
            return;
        }
        self.about_nodes(cause, node, found);
        about_failures(cause, resource, node, found);
        self.about_constraints(cause, resource, found);
        self.about_settings(cause, resource, found);
    }

    fn about_nodes(&self, cause: &Cause, node: Option<&str>, found: &mut Vec<Change>) {
        match cause {
            // Of what runs it is clear that it could run on a node that is not there.
            Cause::NodeOffline | Cause::NodePending | Cause::NodeUnclean | Cause::NodeShutdown
                if !self.runs || self.asked_for_node =>
            {
                found.extend(node.map(|node| Change::NodeUp { node: node.to_owned() }));
            }
            Cause::NodeStandby { place: Some(place), resource: None, .. } => {
                found.push(self.unset(place, "standby"));
            }
            Cause::NodeMaintenance { place: Some(place) } => {
                found.push(self.unset(place, "maintenance"));
            }
            Cause::Health { attributes, .. } => {
                found.extend(node.into_iter().flat_map(|node| {
                    attributes.iter().map(|pair| Change::SetNodeAttribute {
                        node: node.to_owned(),
                        name: pair.name.clone(),
                        value: "green".to_owned(),
                    })
                }));
            }
            Cause::WaitsForFencing { node, possible: false } => {
                found.push(Change::Fenced { node: node.clone() });
            }
            Cause::ProbeFirst { nodes } => {
                found.extend(nodes.iter().map(|node| Change::NodeUp { node: node.clone() }));
            }
            _ => {}
        }
    }

    fn about_constraints(&self, cause: &Cause, resource: &str, found: &mut Vec<Change>) {
        let remove = |id: &String| Change::RemoveConstraint { id: id.clone() };
        match cause {
            Cause::Location { constraint, origin, .. } => found.push(match origin {
                Origin::Configured => remove(constraint),
                Origin::Ban | Origin::Move => {
                    Change::Clear { resource: resource.to_owned(), id: constraint.clone() }
                }
            }),
            Cause::Colocation { constraint, with, whereabouts, .. } => {
                found.push(remove(constraint));
                self.beyond(whereabouts, with, found);
            }
            Cause::After { constraint, first: with, whereabouts, .. }
            | Cause::NoPartner { constraint, with, whereabouts } => {
                found.extend(constraint.iter().map(remove));
                self.beyond(whereabouts, with, found);
            }
            Cause::GroupMember { with, whereabouts, .. }
            | Cause::WithContainer { with: Some(with), whereabouts: Some(whereabouts) } => {
                self.beyond(whereabouts, with, found);
            }
            Cause::Ticket { ticket, standby, .. } => found.push(if *standby {
                Change::ActivateTicket { ticket: ticket.clone() }
            } else {
                Change::GrantTicket { ticket: ticket.clone() }
            }),
            _ => {}
        }
    }

    fn about_settings(&self, cause: &Cause, resource: &str, found: &mut Vec<Change>) {
        match cause {
            Cause::NotOptedIn { .. } => found.push(option("symmetric-cluster", "true")),
            Cause::StopAll { .. } => found.push(option("stop-all-resources", "false")),
            Cause::Utilization { .. } => found.push(option("placement-strategy", "default")),
            Cause::NoQuorum { .. } => found.push(Change::Quorum),
            Cause::TargetRole { place: Some(place), .. } => found.push(Change::Enable {
                resource: match &place.owner {
                    Owner::Resource(id) => Some(id.clone()),
                    _ => None,
                },
                id: place.id.clone(),
            }),
            Cause::InstanceLimit { clone, limit, place: Some(_) } => found.push(Change::SetMeta {
                resource: clone.clone(),
                name: "clone-max".to_owned(),
                value: limit.saturating_add(1).to_string(),
            }),
            Cause::Unmanaged { scope: Scope::Cluster, .. } => {
                found.push(option("maintenance-mode", "false"));
            }
            Cause::Unmanaged { maintenance, place: Some(place), .. } => {
                let name = if *maintenance { "maintenance" } else { "is-managed" };
                found.push(self.unset(place, name));
            }
            Cause::Stickiness { .. } => found.push(Change::SetMeta {
                resource: base_name(resource).to_owned(),
                name: "resource-stickiness".to_owned(),
                value: "0".to_owned(),
            }),
            _ => {}
        }
    }

    /// What could be done about another resource that does not run.
    fn beyond(&self, whereabouts: &Whereabouts, other: &str, found: &mut Vec<Change>) {
        if let Whereabouts::Stopped { causes } = whereabouts {
            for cause in causes {
                self.changes(cause, other, None, found);
            }
        }
    }

    fn unset(&self, place: &Place, name: &str) -> Change {
        let value = self
            .seen
            .document
            .descendants()
            .find(|element| element.id() == Some(&place.id))
            .and_then(|pair| pair.attr("value"))
            .unwrap_or_default();
        Change::Unset {
            owner: place.owner.clone(),
            id: place.id.clone(),
            name: name.to_owned(),
            value: value.to_owned(),
        }
    }
}

fn about_failures(cause: &Cause, resource: &str, node: Option<&str>, found: &mut Vec<Change>) {
    let clean_up = |resource: &str, node: Option<&str>| {
        node.map(|node| Change::CleanUp {
            resource: base_name(resource).to_owned(),
            node: node.to_owned(),
        })
    };
    match cause {
        Cause::NodeStandby { resource: Some(resource), .. }
        | Cause::StopFailed { resource, .. } => {
            found.extend(clean_up(resource, node));
        }
        Cause::FailLimit { resource, ends, .. } => {
            found.extend(clean_up(resource, node));
            found.extend(ends.map(|until| Change::WaitForTimeout { until }));
        }
        Cause::HardError { .. } | Cause::ProbeFailed { .. } | Cause::MovedOnFailure { .. } => {
            found.extend(clean_up(resource, node));
        }
        Cause::FatalError { node, .. }
        | Cause::StoppedOnFailure { node, .. }
        | Cause::Blocked { node, .. } => found.extend(clean_up(resource, node.as_deref())),
        Cause::ShutdownLock { node, .. } => {
            found.push(Change::NodeUp { node: node.clone() });
            found.push(Change::Unlock { resource: resource.to_owned(), node: node.clone() });
        }
        _ => {}
    }
}

fn option(name: &str, value: &str) -> Change {
    Change::SetOption { name: name.to_owned(), value: value.to_owned() }
}

fn dedupe(changes: &mut Vec<Change>) {
    let mut seen: Vec<Change> = Vec::new();
    changes.retain(|change| {
        let new = !seen.contains(change);
        if new {
            seen.push(change.clone());
        }
        new
    });
}

fn effect(asker: &Asker<'_>, key: ResourceKey) -> Effect {
    let leaves = asker.leaves(key);
    let managed = leaves.iter().filter(|&&leaf| asker.fate(leaf) != Fate::LeftAlone).count();
    let parts = asker.parts_of(key);
    let running = if parts.is_empty() {
        usize::from(asker.runs(key))
    } else {
        parts.iter().filter(|&&part| asker.runs(part)).count()
    };
    Effect {
        nodes: asker.node_names(&asker.nodes_of(key)),
        promoted: asker.node_names(&asker.promoted_nodes(key)),
        running,
        managed,
    }
}
