//! What meta-attributes mean for a resource.

use rules::Facts;
use vocab::{Role, Score, parse_boolean, parse_duration};
use xml::Element;

use super::Build;
use crate::{
    ResourceKey,
    attributes::{AttributeSets, Values},
    options::NoQuorumPolicy,
    resource::{AgentName, MultipleActive},
};

impl Build<'_, '_> {
    /// Meta-attributes in effect: the element's own, then those of what it is part of, then the defaults.
    pub(super) fn meta(
        &mut self,
        element: &Element,
        instance: Option<&str>,
        parent: Option<ResourceKey>,
    ) -> Values {
        let mut meta = Values::new();
        if let Some(number) = instance {
            meta.insert("clone".to_owned(), number.to_owned());
        }
        for (name, value) in element.attrs() {
            if !value.eq_ignore_ascii_case("#default") {
                meta.entry(name.to_owned()).or_insert_with(|| value.to_owned());
            }
        }
        let agent = element.attr("type").map(|agent| rules::Agent {
            class: element.attr("class").unwrap_or_default(),
            provider: element.attr("provider"),
            agent,
        });
        let facts = Facts { agent, ..Facts::at(self.model.now) };
        if element.name() == "master" {
            meta.insert("promotable".to_owned(), "true".to_owned());
        }
        let own = AttributeSets::read(element, "meta_attributes", None, self.document);
        own.collect(&facts, &mut meta, &mut self.next_change);
        if let Some(parent) = parent {
            let inherited = self.parents_meta.get(&parent).cloned().unwrap_or_default();
            let mut values = Values::new();
            for sets in &inherited {
                sets.collect(&facts, &mut values, &mut self.next_change);
            }
            for (name, value) in values {
                meta.entry(name).or_insert(value);
            }
        }
        self.resource_defaults.collect(&facts, &mut meta, &mut self.next_change);
        if let Some(parent) = parent {
            for (name, value) in &self.model.resources[parent].meta {
                meta.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        meta
    }

    /// Everything that follows directly from meta-attributes.
    pub(super) fn status_from_meta(&mut self, key: ResourceKey) {
        self.check_meta(key);
        let top = self.model.top_of(key, true);
        let top_is_clone = self.model.resources[top].is_clone();
        let in_maintenance = self.model.options.maintenance_mode;
        let options = &self.model.options;
        let resource = &self.model.resources[key];
        let text = |name: &str| resource.meta.get(name).map(String::as_str);
        let is_true = |name: &str| text(name).is_some_and(|value| parse_boolean(value) == Ok(true));
        let score = |name: &str, default: i32| {
            text(name)
                .filter(|value| !value.eq_ignore_ascii_case("default"))
                .map_or(default, |value| options.parse_score(value).map_or(default, Score::value))
        };
        let millis = |name: &str| {
            text(name)
                .and_then(|value| parse_duration(value).ok())
                .map_or(0, |value| u64::try_from(value.as_millis()).unwrap_or(u64::MAX))
        };
        let remote_node = resource.remote_connection && text("container").is_none();
        let migratable = match text("allow-migrate") {
            Some(value) => parse_boolean(value) == Ok(true),
            None => remote_node,
        };
        let mut managed = !in_maintenance;
        match text("is-managed") {
            Some(value) if value.eq_ignore_ascii_case("default") => {}
            Some(value) => managed = parse_boolean(value) == Ok(true),
            None => {}
        }
        let maintenance = is_true("maintenance") || in_maintenance;
        let threshold = score("migration-threshold", Score::INFINITY.value());
        let multiple_active = match text("multiple-active").map(str::to_ascii_lowercase).as_deref()
        {
            Some("stop_only") => MultipleActive::StopOnly,
            Some("block") => MultipleActive::Block,
            Some("stop_unexpected") => MultipleActive::StopUnexpected,
            Some(_) | None => MultipleActive::StopStart,
        };
        let unique = !top_is_clone || is_unique(&resource.meta);
        let promotable = top_is_clone && is_true("promotable");
        let fence_device = resource.agent.as_ref().is_some_and(AgentName::is_fence_agent);
        let (priority, stickiness) = (score("priority", 0), score("resource-stickiness", 0));
        let failure_timeout_ms = millis("failure-timeout");
        let target_role = text("target-role").map(str::to_owned);

        let resource = &mut self.model.resources[key];
        resource.state.migratable = migratable;
        resource.state.managed = managed && !maintenance;
        resource.state.maintenance = maintenance;
        resource.state.priority = priority;
        resource.state.failure_timeout_ms = failure_timeout_ms;
        resource.stickiness = stickiness;
        resource.migration_threshold =
            if threshold < 0 { Score::INFINITY.value() } else { threshold };
        resource.multiple_active = multiple_active;
        resource.unique = unique;
        resource.promotable = promotable;
        resource.fence_device = fence_device;
        if fence_device {
            self.model.have_fencing = true;
        }
        if remote_node {
            let parameters = self.parameters(key, None);
            if let Some(interval) = parameters.get("reconnect_interval") {
                let millis = parse_duration(interval)
                    .map_or(0, |value| u64::try_from(value.as_millis()).unwrap_or(u64::MAX));
                let resource = &mut self.model.resources[key];
                resource.reconnect_interval_ms = millis;
                resource.state.failure_timeout_ms = millis;
            }
        }
        if let Some(role) = self.target_role(key, target_role.as_deref()) {
            self.model.resources[key].state.next_role = role;
        }
    }

    /// The role that a resource should have, if it is other than what it would have anyway.
    pub(crate) fn target_role(&mut self, key: ResourceKey, text: Option<&str>) -> Option<Role> {
        let text = text?;
        if text.eq_ignore_ascii_case("started") || text.eq_ignore_ascii_case("default") {
            return None;
        }
        let top = self.model.top_of(key, true);
        let promotable = self.model.resources[top].promotable;
        match text.parse::<Role>() {
            Ok(Role::Stopped) => Some(Role::Stopped),
            Ok(Role::Unpromoted) if promotable => Some(Role::Unpromoted),
            Ok(Role::Promoted) if promotable => None,
            Ok(role @ (Role::Unpromoted | Role::Promoted)) => {
                let text = format!(
                    "Ignoring 'target-role' for {} because '{}' only makes sense for promotable clones",
                    self.model.resources[key].id,
                    role.as_str()
                );
                self.document.problems.error(text);
                None
            }
            Ok(Role::Unknown | Role::Started) | Err(_) => {
                let text = format!(
                    "Ignoring 'target-role' for {} because '{text}' is not valid",
                    self.model.resources[key].id
                );
                self.document.problems.error(text);
                None
            }
        }
    }

    /// What has to be sure before the resource is started.
    pub(super) fn requirements(&mut self, key: ResourceKey) {
        let fencing_enabled = self.model.options.fencing_enabled;
        let enable_unfencing = self.model.enable_unfencing;
        let ignores_quorum = self.model.options.no_quorum_policy == NoQuorumPolicy::Ignore;
        let resource = &mut self.model.resources[key];
        let is_remote_primitive = resource.is_primitive() && resource.remote_connection;
        let written = resource.meta("requires").map(str::to_ascii_lowercase);
        let default = || {
            if resource.fence_device || is_remote_primitive {
                "quorum"
            } else if enable_unfencing {
                "unfencing"
            } else if fencing_enabled {
                "fencing"
            } else if ignores_quorum {
                "nothing"
            } else {
                "quorum"
            }
        };
        let mut chosen = match written.as_deref() {
            Some("nothing") => "nothing",
            Some("quorum") => "quorum",
            Some("fencing") => "fencing",
            Some("unfencing") => "unfencing",
            Some(_) | None => default(),
        };
        let first = resource.instance.as_ref().is_none_or(|number| number == "0");
        let id = &resource.id;
        if let Some(value) = written.as_deref().filter(|_| first)
            && !["nothing", "quorum", "fencing", "unfencing"].contains(&value)
        {
            self.document.problems.error(format!(
                "Resetting 'requires' for {id} to '{chosen}' because '{value}' is not valid"
            ));
        }
        if chosen == "unfencing" && (resource.fence_device || !fencing_enabled) {
            chosen = "quorum";
            if first {
                let reason = if resource.fence_device {
                    "fencing devices cannot require unfencing"
                } else {
                    "fencing is disabled"
                };
                self.document.problems.warning(format!(
                    "Resetting \"requires\" for {id} to \"quorum\" because {reason}"
                ));
            }
        } else if chosen == "fencing" && !fencing_enabled && first {
            self.document
                .problems
                .warning(format!("{id} requires fencing but fencing is disabled"));
        }
        match chosen {
            "quorum" => resource.needs_quorum = true,
            "fencing" => resource.needs_fencing = true,
            "unfencing" => {
                resource.needs_fencing = true;
                resource.needs_unfencing = true;
            }
            _ => {}
        }
    }

    /// The meta-attributes that members and instances inherit from the element itself, nearest first.
    pub(super) fn remember_meta(&mut self, key: ResourceKey, element: &Element) {
        let own = AttributeSets::read(element, "meta_attributes", None, self.document);
        let mut chain = vec![own];
        if let Some(parent) = self.model.resources[key].parent
            && let Some(above) = self.parents_meta.get(&parent)
        {
            chain.extend(above.iter().cloned());
        }
        self.parents_meta.insert(key, chain);
    }
}

/// Whether instances are resources of their own; more than one on a node implies it.
fn is_unique(meta: &Values) -> bool {
    match meta.get("globally-unique") {
        Some(value) => parse_boolean(value) == Ok(true),
        None => meta
            .get("clone-node-max")
            .and_then(|text| Score::parse(text).ok())
            .is_some_and(|number| number.value() > 1),
    }
}
