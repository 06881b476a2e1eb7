use std::collections::BTreeSet;

use model::{NodeKey, ResourceKey, Variant, resource::CloneLimits};

use crate::{
    Objection, Rule,
    deeds::{Deed, Deeds, Doing},
};

/// Clones never have more instances than they may have, in all and on each node: not when everything is done, and not while
/// one starts. Only clones of which the plan starts something are looked at: others may have more from before.
pub(crate) fn check(deeds: &Deeds<'_>) -> Vec<Objection> {
    let clones =
        deeds.model.resources.iter().filter_map(|(key, resource)| match &resource.variant {
            Variant::Clone(limits) => Some((key, limits)),
            _ => None,
        });
    clones.flat_map(|(key, limits)| of_clone(deeds, key, limits)).collect()
}

fn of_clone(deeds: &Deeds<'_>, clone: ResourceKey, limits: &CloneLimits) -> Vec<Objection> {
    let instances = Instances::of(deeds, clone);
    let mut objections = BTreeSet::new();
    for start in instances.starts() {
        for moment in [Moment::Start(start), Moment::End] {
            let mut object = |count: usize, limit: i32, place: &str| {
                if usize::try_from(limit).is_ok_and(|limit| count > limit) {
                    let id = &deeds.resource(clone).id;
                    let when = moment.words(deeds);
                    let text =
                        format!("{id} has {count} instances{place} of at most {limit}{when}");
                    objections.insert(text);
                }
            };
            let node = start.node;
            let on_node = instances.active(|parts| is_active(deeds, parts, node, moment));
            object(
                on_node,
                limits.instances_per_node,
                &format!(" on {}", deeds.model.nodes[node].name),
            );
            let anywhere = instances.active(|parts| {
                let mut nodes = deeds.model.nodes.iter().map(|(node, _)| node);
                nodes.any(|node| is_active(deeds, parts, node, moment))
            });
            object(anywhere, limits.instances_max, "");
        }
    }
    objections.into_iter().map(|text| Objection::new(Rule::Instances, text)).collect()
}

/// The primitives that each instance of a clone is made of.
struct Instances<'a> {
    deeds: &'a Deeds<'a>,
    parts: Vec<Vec<ResourceKey>>,
}

impl<'a> Instances<'a> {
    fn of(deeds: &'a Deeds<'a>, clone: ResourceKey) -> Self {
        let instances = &deeds.resource(clone).state.children;
        Self { deeds, parts: instances.iter().map(|&key| deeds.primitives(key)).collect() }
    }

    /// How many are active, as the test says.
    fn active(&self, test: impl Fn(&[ResourceKey]) -> bool) -> usize {
        self.parts.iter().filter(|parts| test(parts)).count()
    }

    fn starts(&self) -> impl Iterator<Item = &'a Deed> {
        let deeds = self.deeds;
        self.parts
            .iter()
            .flatten()
            .flat_map(move |&part| deeds.of(part))
            .filter(|deed| matches!(deed.doing, Doing::Start | Doing::MigrateFrom) && !deed.pseudo)
    }
}

/// When instances are counted.
#[derive(Clone, Copy)]
enum Moment<'a> {
    /// When this start is under way.
    Start(&'a Deed),
    /// When everything is done.
    End,
}

impl Moment<'_> {
    fn words(self, deeds: &Deeds<'_>) -> String {
        match self {
            Self::Start(start) => {
                format!(" while {} starts", deeds.name(start.resource, start.node))
            }
            Self::End => String::new(),
        }
    }
}

/// Whether any of these primitives runs on the node at that moment, in some order that the graph allows.
fn is_active(deeds: &Deeds<'_>, parts: &[ResourceKey], node: NodeKey, moment: Moment<'_>) -> bool {
    parts.iter().any(|&part| match moment {
        Moment::End => deeds.places_after(part).contains(&node),
        Moment::Start(start) => {
            let was_active = deeds.resource(part).state.active_on.contains(&node);
            let began = deeds.of(part).any(|deed| {
                let begins = matches!(deed.doing, Doing::Start | Doing::MigrateFrom);
                let by_then = deed.position == start.position
                    || deeds.order.is_before(deed.position, start.position);
                begins && deed.node == node && by_then
            });
            began || (was_active && deeds.may_run_still(part, node, start.position))
        }
    })
}
