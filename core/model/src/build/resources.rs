use rules::Facts;
use vocab::{Interval, ResourceId, Role, Score, parse_boolean};
use xml::Element;

use super::{Build, guests::is_remote_connection, template::from_template};
use crate::{
    AllowedNodes, Resource, ResourceKey, ResourceState, ScoreReason, Variant,
    attributes::{AttributeSets, Values},
    resource::{AgentName, CloneLimits, MultipleActive, OperationConfig},
};

/// A resource that cannot be used; why is among the problems.
pub(crate) struct Unusable;

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
        if self.model.options.symmetric_cluster {
            self.prefer(key, None, Score::ZERO, &ScoreReason::Symmetric);
        } else if connects_guest {
            self.prefer(key, None, Score::ZERO, &ScoreReason::Launched);
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
