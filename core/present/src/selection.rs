use std::collections::BTreeSet;

use model::{Model, resource::base_name};

use crate::{Bundle, CloneSet, Filter, Group, Primitive, Resource, ResourceHistory, Show, Status};

impl Filter {
    /// The node of that name; else the nodes that are tagged so, which may be none.
    pub fn of_nodes(model: &Model, name: &str) -> Self {
        let known = |wanted: &str| {
            let mut nodes = model.node_order.iter().map(|&key| &model.nodes[key]);
            nodes.find(|node| node.name.as_str().eq_ignore_ascii_case(wanted))
        };
        if let Some(node) = known(name) {
            return [node.name.to_string()].into_iter().collect();
        }
        let by_id = |id: &String| model.nodes.values().find(|node| node.id == *id);
        let tagged = model.tags.get(name).into_iter().flatten();
        tagged
            .filter_map(|id| by_id(id).or_else(|| known(id)))
            .map(|n| n.name.to_string())
            .collect()
    }

    /// The resource of that name, an instance if the name has a number; else the resources that are tagged so.
    pub fn of_resources(model: &Model, name: &str) -> Self {
        let mut resources = model.resources.values();
        let found = resources.find(|resource| {
            let id = resource.id.as_str();
            id == name || resource.config_id.as_str() == name || base_name(id) == name
        });
        if let Some(resource) = found {
            let id = if name.contains(':') { &resource.id } else { resource.display_id() };
            return [id.to_string()].into_iter().collect();
        }
        let tagged = model.tags.get(name).into_iter().flatten();
        tagged.cloned().collect()
    }
}

/// Which primitives are shown for their own name or because of what they are part of.
pub(crate) struct Selection<'a> {
    filter: &'a Filter,
    tops: Option<BTreeSet<&'a str>>,
}

impl<'a> Selection<'a> {
    pub(crate) fn of(status: &'a Status, show: &'a Show) -> Self {
        let filter = &show.resources;
        let passing = || {
            let tops = status.resources.iter().filter(|resource| passes(resource, filter));
            tops.map(Resource::id).collect()
        };
        Self { filter, tops: (!filter.is_everything()).then(passing) }
    }

    /// Whether something in the outermost resource of that id is asked for.
    fn has_top(&self, id: &str) -> bool {
        self.tops.as_ref().is_none_or(|tops| tops.contains(id))
    }

    pub(crate) fn has(&self, primitive: &Primitive) -> bool {
        is_meant(primitive, self.filter) || self.has_top(&primitive.top)
    }

    pub(crate) fn has_history(&self, history: &ResourceHistory) -> bool {
        match &history.group {
            // The members of a group have histories of their own, so one brings in no other.
            Some(group) => self.filter.has(&history.name) || self.filter.has(group),
            None => {
                self.filter.has(&history.name)
                    || self.filter.has(&history.resource)
                    || self.has_top(&history.top)
            }
        }
    }
}

/// Whether the primitive is asked for by its own name.
pub(crate) fn is_meant(primitive: &Primitive, filter: &Filter) -> bool {
    filter.has(&primitive.id) || filter.has(&primitive.instance)
}

/// Whether the resource or something in it is asked for.
pub(crate) fn passes(resource: &Resource, filter: &Filter) -> bool {
    match resource {
        Resource::Primitive(primitive) => is_meant(primitive, filter),
        Resource::Group(group) => group_passes(group, filter),
        Resource::Clone(clone) => clone_passes(clone, filter),
        Resource::Bundle(bundle) => bundle_passes(bundle, filter),
    }
}

/// Whether the group as a whole is asked for.
pub(crate) fn group_is_meant(group: &Group, filter: &Filter) -> bool {
    filter.has(&group.name) || filter.has(&group.id)
}

fn group_passes(group: &Group, filter: &Filter) -> bool {
    group_is_meant(group, filter) || group.members.iter().any(|member| is_meant(member, filter))
}

fn clone_passes(clone: &CloneSet, filter: &Filter) -> bool {
    filter.has(&clone.id)
        || filter.has(&clone.template)
        || clone.instances.iter().any(|instance| passes(instance, filter))
}

fn bundle_passes(bundle: &Bundle, filter: &Filter) -> bool {
    filter.has(&bundle.id)
        || bundle
            .replicas
            .iter()
            .any(|replica| replica.parts().into_iter().any(|part| is_meant(part, filter)))
}

/// The members of a group that are shown: those asked for by name, and the others that are active or asked for with the
/// group.
pub(crate) fn group_members<'a>(group: &'a Group, show: &Show) -> Vec<&'a Primitive> {
    let filter = &show.resources;
    let whole = group_is_meant(group, filter);
    let shown = |member: &&Primitive| {
        let meant = is_meant(member, filter);
        let visible = member.active || show.detail.inactive;
        (meant && !filter.is_everything()) || ((meant || whole) && visible)
    };
    group.members.iter().filter(shown).collect()
}

/// Whether the resource is somewhere, but nowhere that is asked for.
pub(crate) fn is_elsewhere(resource: &Resource, show: &Show) -> bool {
    if show.nodes.is_everything() {
        return false;
    }
    let primitives = resource.primitives();
    primitives.iter().any(|primitive| primitive.active)
        && !primitives.iter().any(|p| p.nodes.iter().any(|node| show.has_node(&node.name)))
}

/// Whether a list of resources has the resource, what is asked for by name apart.
pub(crate) fn is_listed(resource: &Resource, show: &Show, brief: bool) -> bool {
    let detail = show.detail;
    let active = resource.is_active();
    if resource.is_removed() && !active {
        return false;
    }
    if detail.group_by_node {
        return !active;
    }
    if brief && matches!(resource, Resource::Primitive(_)) {
        return false;
    }
    if !resource.is_partially_active() { detail.inactive } else { !is_elsewhere(resource, show) }
}
