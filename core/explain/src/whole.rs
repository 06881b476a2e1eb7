use model::{NodeKey, ResourceKey};

use crate::{Cause, Explanation, Kind, NodeAnswer, Verdict, asker::Asker, fate::Fate};

impl Asker<'_> {
    /// Explains a resource of any kind.
    pub(crate) fn explain(&self, key: ResourceKey, node: Option<NodeKey>) -> Explanation {
        let kind = self.kind(key);
        self.asked.borrow_mut().push(key);
        let mut explanation = Explanation {
            resource: self.name(key),
            kind,
            now: self.activity(key),
            verdict: self.verdict(key),
            causes: Vec::new(),
            nodes: Vec::new(),
            parts: Vec::new(),
            remedies: Vec::new(),
            only_node: node.map(|node| self.node_name(node)),
            at: self.model.now.moment.0,
        };
        match kind {
            Kind::Primitive => self.explain_primitive(&mut explanation, key, node),
            Kind::Group => self.explain_group(&mut explanation, key, node),
            Kind::Clone => self.explain_clone(&mut explanation, key, node),
            Kind::Bundle => self.explain_parts(&mut explanation, key, node),
        }
        self.asked.borrow_mut().pop();
        explanation
    }

    fn nodes_asked(&self, key: ResourceKey, node: Option<NodeKey>) -> Vec<NodeKey> {
        node.map_or_else(|| self.considered_nodes(key), |node| vec![node])
    }

    fn explain_primitive(
        &self,
        explanation: &mut Explanation,
        key: ResourceKey,
        node: Option<NodeKey>,
    ) {
        explanation.causes = self.general_causes(key);
        explanation.nodes = self
            .nodes_asked(key, node)
            .into_iter()
            .map(|node| self.node_answer(key, node))
            .collect();
        if self.fate(key) == Fate::LeftAlone {
            // Scores decide nothing for it.
            for answer in &mut explanation.nodes {
                answer.causes.clear();
            }
        } else if self.fate(key) == Fate::Stopped {
            self.lift_all(explanation, key, node);
        }
    }

    /// Moves what holds on every node out of the nodes' answers; on one node alone it says nothing about the others.
    fn lift_all(&self, explanation: &mut Explanation, key: ResourceKey, node: Option<NodeKey>) {
        if node.is_none() {
            Self::lift(&mut explanation.nodes, &mut explanation.causes);
        } else if !explanation.causes.is_empty() || self.considered_nodes(key).len() == 1 {
            let general = &explanation.causes;
            for answer in &mut explanation.nodes {
                answer.causes.retain(|cause| !general.contains(cause));
            }
        }
    }

    /// The first member decides where a group is; what keeps a member from running keeps all behind it from running.
    fn explain_group(
        &self,
        explanation: &mut Explanation,
        key: ResourceKey,
        node: Option<NodeKey>,
    ) {
        self.explain_parts(explanation, key, node);
        if let Some(first) = explanation.parts.first() {
            explanation.nodes.clone_from(&first.nodes);
        }
    }

    fn explain_parts(
        &self,
        explanation: &mut Explanation,
        key: ResourceKey,
        node: Option<NodeKey>,
    ) {
        explanation.parts =
            self.parts_of(key).into_iter().map(|part| self.explain(part, node)).collect();
        let idle = |part: &&Explanation| {
            !matches!(part.verdict, Verdict::Stays { .. } | Verdict::Changes { .. })
                && !matches!(part.verdict, Verdict::Parts { running, of, .. } if running == of)
        };
        if let Some(part) = explanation.parts.iter().find(idle) {
            explanation.causes.clone_from(&part.causes);
        }
    }

    fn explain_clone(
        &self,
        explanation: &mut Explanation,
        key: ResourceKey,
        node: Option<NodeKey>,
    ) {
        let instances = &self.parts_of(key);
        explanation.parts = instances.iter().map(|&part| self.explain(part, node)).collect();
        explanation.nodes = self
            .nodes_asked(key, node)
            .into_iter()
            .map(|node| self.clone_answer(key, instances, node))
            .collect();
        let none_runs = self.nodes_of(key).is_empty();
        let left_alone = matches!(explanation.verdict, Verdict::LeftAlone { .. });
        for part in &explanation.parts {
            let general = |cause: &&Cause| !matches!(cause, Cause::InstanceLimit { .. });
            for cause in part.causes.iter().filter(general) {
                if (none_runs || left_alone) && !explanation.causes.contains(cause) {
                    explanation.causes.push(cause.clone());
                }
            }
        }
        if left_alone {
            for answer in &mut explanation.nodes {
                answer.causes.clear();
            }
        } else if none_runs {
            self.lift_all(explanation, key, node);
        }
    }

    /// Why a clone has no instance on a node, or what the instance is there.
    fn clone_answer(
        &self,
        clone: ResourceKey,
        instances: &[ResourceKey],
        node: NodeKey,
    ) -> NodeAnswer {
        let there = instances.iter().copied().find(|&part| self.nodes_of(part).contains(&node));
        let assigned = || {
            instances.iter().copied().find(|&part| {
                self.leaves(part).iter().any(|&leaf| self.outcome(leaf).assigned == Some(node))
            })
        };
        let free = || {
            instances.iter().copied().find(|&part| {
                self.leaves(part).iter().all(|&leaf| self.outcome(leaf).assigned.is_none())
            })
        };
        let shown = there.or_else(assigned).or_else(free).or(instances.first().copied());
        let leaf = shown.and_then(|part| self.leaves(part).first().copied()).unwrap_or(clone);
        let mut answer = self.node_answer(leaf, node);
        if let Some(instance) = there {
            answer.chosen = true;
            answer.causes = self.why_not_promoted(instance).into_iter().collect();
            return answer;
        }
        answer.chosen = false;
        let waiting = assigned();
        if let Some(part) = waiting {
            answer.causes = self
                .leaves(part)
                .into_iter()
                .map(|leaf| self.general_causes(leaf))
                .find(|causes| !causes.is_empty())
                .unwrap_or_default();
            return answer;
        }
        let mut causes = self.bans(clone, node);
        for cause in self.bans(leaf, node) {
            if !causes.contains(&cause) {
                causes.push(cause);
            }
        }
        if causes.len() > 1 {
            causes.retain(|cause| !matches!(cause, Cause::InstanceLimit { .. }));
        }
        if causes.is_empty() && free().is_none() {
            causes.push(self.instance_limit(leaf_instance(instances, clone)));
        }
        answer.causes = causes;
        answer
    }
}

fn leaf_instance(instances: &[ResourceKey], clone: ResourceKey) -> ResourceKey {
    instances.first().copied().unwrap_or(clone)
}
