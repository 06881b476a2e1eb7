use rules::Facts;
use vocab::{Interval, ResourceId, Role, Score, parse_boolean, parse_duration};
use xml::Element;

use super::{Build, guests::is_remote_connection, template::from_template};
use crate::{
    AllowedNodes, Resource, ResourceKey, ResourceState, ScoreReason, Variant,
    attributes::{AttributeSets, Values},
    options::NoQuorumPolicy,
    resource::{AgentName, CloneLimits, MultipleActive, OperationConfig},
};

/// A resource that cannot be used; why is among the problems.
pub(crate) struct Unusable;

/// Instances of a clone beyond which there is one for each node at most: a larger number is a mistake that must not fill
/// the memory.
const INSTANCES_MAX: i32 = 1000;

impl Build<'_, '_> {
    /// Reads the configured resources.
    pub(crate) fn resources(&mut self) {
        let section = self.document.section("resources");
        let configured = section.into_iter().flat_map(Element::children);
        let guests = std::mem::take(&mut self.guest_connections);
        let elements: Vec<Element> = configured.cloned().chain(guests).collect();
        for element in &elements {
            let Some(id) = element.id().filter(|id| !id.is_empty()) else {
                let text = format!("Ignoring <{}> resource without ID", element.name());
                self.document.problems.error(text);
                continue;
            };
            if element.name() == "template" {
                self.model.templates.entry(id.to_owned()).or_default();
                continue;
            }
            match self.resource(element, None, None) {
                Ok(key) => self.add_top(key),
                Err(Unusable) => {
                    let text = format!(
                        "Ignoring <{}> resource '{id}' because configuration is invalid",
                        element.name()
                    );
                    self.document.problems.error(text);
                }
            }
        }
        for key in self.model.top.clone() {
            self.link_launcher(key);
            self.link_remote_node(key);
        }
        let resources = &self.model.resources;
        self.model.top.sort_by_key(|&key| std::cmp::Reverse(resources[key].state.priority));
        if self.model.options.fencing_enabled && !self.model.have_fencing {
            self.document.problems.error(
                "Resource start-up disabled since no fencing resources have been defined. Either \
                 configure some or disable fencing with the fencing-enabled option. NOTE: Clusters \
                 with shared data need fencing to ensure data integrity.",
            );
        }
    }

    pub(crate) fn add_top(&mut self, key: ResourceKey) {
        self.model.top.push(key);
        self.register(key);
    }

    /// Makes a resource and what it contains known by name.
    pub(crate) fn register(&mut self, key: ResourceKey) {
        let id = self.model.resources[key].id.to_string();
        self.model.ids.entry(id).or_insert(key);
        for child in self.model.resources[key].state.children.clone() {
            self.register(child);
        }
    }

    fn link_launcher(&mut self, key: ResourceKey) {
        let children = self.model.resources[key].state.children.clone();
        if !children.is_empty() {
            children.into_iter().for_each(|child| self.link_launcher(child));
            return;
        }
        let resource = &self.model.resources[key];
        let Some(name) = resource.meta("container").map(str::to_owned) else { return };
        if resource.id == name.as_str() {
            return;
        }
        match self.model.resource_named(&name) {
            Some(launcher) => {
                self.model.resources[key].state.launcher = Some(launcher);
                self.model.resources[launcher].state.launched.push(key);
            }
            None => {
                let text = format!("Resource {}: Unknown container {name}", resource.id);
                self.document.problems.error(text);
            }
        }
    }

    /// Reads one resource and what it contains. `instance` is the number of the clone's instance it belongs to.
    pub(crate) fn resource(
        &mut self,
        element: &Element,
        instance: Option<&str>,
        parent: Option<ResourceKey>,
    ) -> Result<ResourceKey, Unusable> {
        let config_id = element.id().ok_or(Unusable)?.to_owned();
        let element = &self.with_template(element)?;
        let variant = match element.name() {
            "primitive" => Variant::Primitive,
            "group" => Variant::Group { ordered: true, colocated: true },
            "clone" | "master" => Variant::Clone(CloneLimits {
                instances_max: 0,
                instances_per_node: 1,
                promoted_max: 0,
                promoted_per_node: 0,
                ordered: false,
                interleave: false,
            }),
            "bundle" => Variant::Bundle {
                launcher: String::new(),
                image: String::new(),
                replicas: Vec::new(),
                replicas_per_host: 1,
                promoted_max: 0,
                child: None,
            },
            other => {
                let text = format!("Ignoring resource '{config_id}' of unknown type '{other}'");
                self.document.problems.error(text);
                return Err(Unusable);
            }
        };
        let id = match instance {
            Some(number) => format!("{config_id}:{number}"),
            None => config_id.clone(),
        };
        let meta = self.meta(element, instance, parent);
        let key = self.bare_resource(element, id, config_id, instance, variant, parent, meta);
        self.status_from_meta(key);
        self.requirements(key);
        self.contents(key, element)?;
        let row = &self.model.resources[key];
        let connects_guest = row.remote_connection && row.meta.contains_key("container");
        if self.model.options.symmetric_cluster || connects_guest {
            self.prefer(key, None, Score::ZERO, &ScoreReason::Symmetric);
        }
        let sets = AttributeSets::read(element, "utilization", None, self.document);
        let mut utilization = Values::new();
        sets.collect(&Facts::at(self.model.now), &mut utilization, &mut self.next_change);
        self.model.resources[key].utilization = utilization;
        Ok(key)
    }

    #[allow(clippy::too_many_arguments)]
    fn bare_resource(
        &mut self,
        element: &Element,
        id: String,
        config_id: String,
        instance: Option<&str>,
        variant: Variant,
        parent: Option<ResourceKey>,
        meta: Values,
    ) -> ResourceKey {
        let agent = element.attr("type").map(|agent| AgentName {
            class: element.attr("class").unwrap_or_default().to_owned(),
            provider: element.attr("provider").map(str::to_owned),
            agent: agent.to_owned(),
        });
        let parameters = AttributeSets::read(element, "instance_attributes", None, self.document);
        let operations = self.operations(element);
        let is_true =
            |name: &str| meta.get(name).is_some_and(|value| parse_boolean(value) == Ok(true));
        self.model.resources.push(Resource {
            id: ResourceId::from(id),
            config_id: ResourceId::from(config_id),
            instance: instance.map(str::to_owned),
            variant,
            parent,
            agent,
            description: element.attr("description").map(str::to_owned),
            critical: meta.get("critical").is_none_or(|value| parse_boolean(value) == Ok(true)),
            notify: is_true("notify"),
            internal: is_true("internal_rsc"),
            meta,
            parameters,
            utilization: Values::new(),
            operations,
            unique: true,
            promotable: false,
            fence_device: false,
            remote_connection: is_remote_connection(element),
            remote_nesting_allowed: false,
            replica_container: false,
            needs_quorum: false,
            needs_fencing: false,
            needs_unfencing: false,
            multiple_active: MultipleActive::StopStart,
            stickiness: 0,
            migration_threshold: Score::INFINITY.value(),
            reconnect_interval_ms: 0,
            state: ResourceState { role: Role::Stopped, ..ResourceState::default() },
            allowed: AllowedNodes::default(),
        })
    }

    /// What the resource takes over from its template, with its own children behind and its own operations in front.
    fn with_template(&mut self, element: &Element) -> Result<Element, Unusable> {
        let Some(name) = element.attr("template") else { return Ok(element.clone()) };
        let id = element.id().unwrap_or_default();
        if name == id {
            let text = format!("The resource object '{id}' should not reference itself");
            self.document.problems.error(text);
            return Err(Unusable);
        }
        let template = self.document.section("resources").and_then(|section| {
            section.children().find(|child| child.name() == "template" && child.id() == Some(name))
        });
        let Some(template) = template else {
            self.document.problems.error(format!("No template named '{name}'"));
            return Err(Unusable);
        };
        let merged = from_template(element, template);
        let members = self.model.templates.entry(name.to_owned()).or_default();
        if !members.iter().any(|member| member == id) {
            members.push(id.to_owned());
        }
        Ok(merged)
    }

    fn operations(&mut self, element: &Element) -> Vec<OperationConfig> {
        let Some(section) = element.child("operations") else { return Vec::new() };
        let Some(section) = self.document.resolve(section).map(std::borrow::Cow::into_owned) else {
            return Vec::new();
        };
        section
            .children_named("op")
            .map(|op| OperationConfig {
                id: op.id().unwrap_or_default().to_owned(),
                name: op.attr("name").unwrap_or_default().to_owned(),
                interval: op
                    .attr("interval")
                    .and_then(|text| Interval::parse(text).ok())
                    .unwrap_or_default(),
                enabled: crate::resource::is_enabled(op.attr("enabled")),
                role: op.attr("role").map(str::to_owned),
                on_fail: op.attr("on-fail").map(str::to_owned),
                attributes: op
                    .attrs()
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .collect(),
                meta: AttributeSets::read(op, "meta_attributes", None, self.document),
                parameters: AttributeSets::read(op, "instance_attributes", None, self.document),
            })
            .collect()
    }

    /// Meta-attributes in effect: the element's own, then those of what it is part of, then the defaults.
    fn meta(
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
    fn status_from_meta(&mut self, key: ResourceKey) {
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
    fn requirements(&mut self, key: ResourceKey) {
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

    fn contents(&mut self, key: ResourceKey, element: &Element) -> Result<(), Unusable> {
        match self.model.resources[key].variant {
            Variant::Primitive => self.check_primitive(key),
            Variant::Group { .. } => self.group(key, element),
            Variant::Clone(_) => self.clone_set(key, element),
            Variant::Bundle { .. } => self.bundle(key, element),
        }
    }

    fn check_primitive(&mut self, key: ResourceKey) -> Result<(), Unusable> {
        let parent = self.model.top_of(key, true);
        let class = self.model.resources[key]
            .agent
            .as_ref()
            .map(|agent| agent.class.to_ascii_lowercase())
            .unwrap_or_default();
        let can_be_unique = matches!(class.as_str(), "ocf" | "stonith");
        if !can_be_unique
            && self.model.resources[key].unique
            && self.model.resources[parent].is_clone()
        {
            let nodes = i32::try_from(self.model.nodes.len()).unwrap_or(i32::MAX);
            if let Variant::Clone(limits) = &mut self.model.resources[parent].variant {
                limits.instances_per_node = 1;
                limits.instances_max = limits.instances_max.min(nodes);
            }
            self.make_anonymous(parent);
            self.make_anonymous(key);
        }
        if class != "ocf" && self.model.resources[parent].promotable {
            let text = format!(
                "Resource {} is of type {class} and therefore cannot be used as a promotable clone resource",
                self.model.resources[key].id
            );
            self.document.problems.error(text);
            return Err(Unusable);
        }
        Ok(())
    }

    fn make_anonymous(&mut self, key: ResourceKey) {
        let resource = &mut self.model.resources[key];
        resource.unique = false;
        resource.meta.insert("globally-unique".to_owned(), "false".to_owned());
        for child in resource.state.children.clone() {
            self.make_anonymous(child);
        }
    }

    fn group(&mut self, key: ResourceKey, element: &Element) -> Result<(), Unusable> {
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

    fn clone_set(&mut self, key: ResourceKey, element: &Element) -> Result<(), Unusable> {
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

    fn mark_removed(&mut self, key: ResourceKey) {
        self.model.resources[key].state.removed = true;
        for child in self.model.resources[key].state.children.clone() {
            self.mark_removed(child);
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

    /// The parameters of a resource on a node.
    pub(crate) fn parameters(
        &mut self,
        key: ResourceKey,
        node: Option<crate::NodeKey>,
    ) -> std::rc::Rc<Values> {
        let model = &mut self.model;
        model.parameters.of(
            key,
            node,
            &model.resources,
            &model.nodes,
            model.now,
            &mut self.next_change,
        )
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
