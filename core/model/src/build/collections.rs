//! Groups and clones: what they consist of.

use vocab::{Score, parse_boolean};
use xml::Element;

use super::{Build, resources::Unusable};
use crate::{ResourceKey, Variant, resource::CloneLimits};

/// Instances of a clone beyond which there is one for each node at most: a larger number is a mistake that must not fill
/// the memory.
const INSTANCES_MAX: i32 = 1000;

impl Build<'_, '_> {
    pub(super) fn make_anonymous(&mut self, key: ResourceKey) {
        let resource = &mut self.model.resources[key];
        resource.unique = false;
        resource.meta.insert("globally-unique".to_owned(), "false".to_owned());
        for child in resource.state.children.clone() {
            self.make_anonymous(child);
        }
    }

    pub(super) fn group(&mut self, key: ResourceKey, element: &Element) -> Result<(), Unusable> {
        let resource = &mut self.model.resources[key];
        let says =
            |name: &str| resource.meta(name).is_none_or(|value| parse_boolean(value) != Ok(false));
        let variant = Variant::Group { ordered: says("ordered"), colocated: says("collocated") };
        resource.variant = variant;
        let instance = resource.instance.clone();
        self.remember_meta(key, element);
        for member in element.children_named("primitive") {
            if let Ok(member) = self.resource(member, instance.as_deref(), Some(key)) {
                self.model.resources[key].state.children.push(member);
            }
        }
        if self.model.resources[key].state.children.is_empty() {
            let text = format!("Group {} has no members", self.model.resources[key].id);
            self.document.problems.error(text);
            return Err(Unusable);
        }
        Ok(())
    }

    pub(super) fn clone_set(
        &mut self,
        key: ResourceKey,
        element: &Element,
    ) -> Result<(), Unusable> {
        let nodes = i32::try_from(self.model.nodes.len()).unwrap_or(i32::MAX).max(1);
        let resource = &mut self.model.resources[key];
        let number = |name: &str, older: &str, default: i32| {
            resource
                .meta(name)
                .or_else(|| resource.meta(older))
                .and_then(|text| Score::parse(text).ok())
                .map_or(default, |value| value.value().max(0))
        };
        let promotable = resource.promotable;
        let mut limits = CloneLimits {
            instances_max: number("clone-max", "", nodes),
            instances_per_node: number("clone-node-max", "", 1),
            promoted_max: if promotable { number("promoted-max", "master-max", 1) } else { 0 },
            promoted_per_node: if promotable {
                number("promoted-node-max", "master-node-max", 1)
            } else {
                0
            },
            ordered: resource.meta_is_true("ordered"),
            interleave: resource.meta_is_true("interleave"),
        };
        if !resource.unique && limits.instances_per_node > 1 {
            limits.instances_per_node = 1;
        }
        let useful = INSTANCES_MAX.max(nodes);
        if limits.instances_max > useful {
            let (id, asked) = (&resource.id, limits.instances_max);
            self.document.problems.error(format!(
                "Using {useful} as clone-max of {id} because {asked} is more than a cluster can run"
            ));
            limits.instances_max = useful;
        }
        let resource = &mut self.model.resources[key];
        let count = limits.instances_max.max(1);
        resource.variant = Variant::Clone(limits);
        let unique = resource.unique;
        let Some(child) =
            element.children().find(|child| matches!(child.name(), "primitive" | "group"))
        else {
            let text = format!("{} has nothing to clone", resource.id);
            self.document.problems.error(text);
            return Err(Unusable);
        };
        resource.meta.entry("resource-stickiness".to_owned()).or_insert_with(|| "1".to_owned());
        resource.meta.insert("globally-unique".to_owned(), unique.to_string());
        self.remember_meta(key, element);
        self.clone_children.insert(key, child.clone());
        for _ in 0..count {
            self.add_instance(key)?;
        }
        Ok(())
    }

    /// Adds one more instance to a clone; more than there should be are there only because they are running.
    pub(crate) fn add_instance(&mut self, key: ResourceKey) -> Result<ResourceKey, Unusable> {
        let Variant::Clone(limits) = &self.model.resources[key].variant else {
            return Err(Unusable);
        };
        let instances_max = limits.instances_max;
        let position = self.model.resources[key].state.children.len();
        let Some(element) = self.clone_children.get(&key).cloned() else { return Err(Unusable) };
        let instance = self.resource(&element, Some(&position.to_string()), Some(key))?;
        self.model.resources[key].state.children.push(instance);
        if i32::try_from(position).is_ok_and(|position| position >= instances_max) {
            self.mark_removed(instance);
        }
        let text = match &self.model.resources[key].variant {
            Variant::Clone(_) => instances_max.to_string(),
            _ => String::new(),
        };
        self.model.resources[instance].meta.insert("clone-max".to_owned(), text);
        Ok(instance)
    }

    pub(super) fn mark_removed(&mut self, key: ResourceKey) {
        self.model.resources[key].state.removed = true;
        for child in self.model.resources[key].state.children.clone() {
            self.mark_removed(child);
        }
    }
}
