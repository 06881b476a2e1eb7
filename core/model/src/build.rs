mod activity;
mod bundle;
mod checks;
mod collections;
mod expiry;
mod guests;
mod history;
mod meta;
mod migration;
mod nodes;
mod online;
mod outcome;
mod resources;
mod scores;
mod status;
mod template;

pub use template::from_template;

use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet},
};

use rules::{Facts, LocalTime, NextChange};
use vocab::{Timestamp, parse_boolean};
use xml::Element;

use crate::{
    Arena, Model, NodeKey, Options, Problem, ResourceKey,
    attributes::{AttributeSets, Values},
    constraint::ConstraintReader,
    document::Document,
    history::DigestCache,
    options::NoQuorumPolicy,
    resource::Parameters,
};

impl Model {
    /// Reads a CIB as it is at that time, in UTC.
    pub fn build(cib: &Element, now: Timestamp) -> (Self, Vec<Problem>) {
        Self::build_at(cib, LocalTime::utc(now))
    }

    /// Reads a CIB as it is at that time; date rules without an offset of their own mean the local one.
    pub fn build_at(cib: &Element, now: LocalTime) -> (Self, Vec<Problem>) {
        Self::read(cib, now, false)
    }

    /// Like [`Model::build_at`], for a CIB in which secrets may be blotted out: operations whose definitions differ only
    /// in secrets count as unchanged.
    pub fn build_sanitized(cib: &Element, now: LocalTime) -> (Self, Vec<Problem>) {
        Self::read(cib, now, true)
    }

    fn read(cib: &Element, now: LocalTime, sanitized: bool) -> (Self, Vec<Problem>) {
        let mut document = Document::new(cib);
        let mut build = Build::new(&mut document, now);
        build.model.sanitized = sanitized;
        build.nodes();
        build.remote_nodes();
        build.resources();
        build.tags();
        build.status();
        let Build { mut model, .. } = build;
        ConstraintReader { model: &mut model, document: &mut document, read: Vec::new() }
            .read_all();
        checks::run(&mut document, &model.options);
        let problems = document.problems.0;
        model.problems.clone_from(&problems);
        (model, problems)
    }
}

/// A model on its way, and what only reading needs.
pub(crate) struct Build<'a, 'x> {
    pub(crate) document: &'a mut Document<'x>,
    pub(crate) model: Model,
    /// Defaults of meta-attributes.
    resource_defaults: AttributeSets,
    /// Meta-attributes that what is inside a resource inherits, nearest first.
    parents_meta: BTreeMap<ResourceKey, Vec<AttributeSets>>,
    /// What each clone is made of, for instances that the status adds.
    clone_children: BTreeMap<ResourceKey, Element>,
    /// Elements of resources that stand in for those that launch guests.
    guest_connections: Vec<Element>,
    /// Containers that have to be stopped once all histories are read, latest first.
    containers_to_stop: Vec<ResourceKey>,
    next_change: NextChange,
    /// Keys of failed operations that are to be shown, with their nodes.
    failed: BTreeSet<(String, NodeKey)>,
    /// For each node's history where it has what resource; made when first asked for.
    recorded_at: Vec<OnceCell<Positions>>,
}

/// Positions in a history by recorded name.
type Positions = BTreeMap<String, Vec<usize>>;

impl<'a, 'x> Build<'a, 'x> {
    fn new(document: &'a mut Document<'x>, now: LocalTime) -> Self {
        let mut next_change = NextChange::default();
        let root = document.root;
        let quorate = root.attr("have-quorum").is_some_and(|text| parse_boolean(text) == Ok(true));
        let panics = root
            .attr("no-quorum-panic")
            .is_some_and(|text| text.trim().parse::<i32>().is_ok_and(|number| number != 0));
        let mut configured = Values::new();
        if let Some(section) = document.section("crm_config") {
            let sets = AttributeSets::read(
                section,
                "cluster_property_set",
                Some("cib-bootstrap-options"),
                document,
            );
            sets.collect(&Facts::at(now), &mut configured, &mut next_change);
        }
        let options = Options::read(configured, quorate || panics, &mut document.problems);
        if !options.startup_fencing {
            document.problems.caution("Blind faith: not fencing unseen nodes");
        }
        if !quorate && options.no_quorum_policy != NoQuorumPolicy::Ignore {
            let text = "Fencing and resource management disabled due to lack of quorum";
            document.problems.caution(text);
        }
        let defaults = |document: &mut Document<'x>, name: &str| match document.section(name) {
            Some(section) => AttributeSets::read(section, "meta_attributes", None, document),
            None => AttributeSets::default(),
        };
        let operation_defaults = defaults(document, "op_defaults");
        let resource_defaults = defaults(document, "rsc_defaults");
        let model = Model {
            now,
            feature_set: root.attr("crm_feature_set").map(str::to_owned),
            quorate,
            have_fencing: options.have_watchdog,
            enable_unfencing: wants_unfencing(root),
            options,
            have_remote_nodes: false,
            sanitized: false,
            nodes: Arena::new(),
            node_order: Vec::new(),
            dc: None,
            resources: Arena::new(),
            top: Vec::new(),
            operation_defaults,
            tags: BTreeMap::new(),
            templates: BTreeMap::new(),
            tickets: BTreeMap::new(),
            constraints: Vec::new(),
            history: Vec::new(),
            failed: Vec::new(),
            findings: Vec::new(),
            score_changes: Vec::new(),
            recheck_by: None,
            parameters: Parameters::default(),
            digests: DigestCache::default(),
            problems: Vec::new(),
            ids: BTreeMap::new(),
            history_ids: BTreeMap::new(),
            node_names: BTreeMap::new(),
        };
        Self {
            document,
            model,
            resource_defaults,
            parents_meta: BTreeMap::new(),
            clone_children: BTreeMap::new(),
            guest_connections: Vec::new(),
            containers_to_stop: Vec::new(),
            next_change,
            failed: BTreeSet::new(),
            recorded_at: Vec::new(),
        }
    }

    fn tags(&mut self) {
        let Some(section) = self.document.section("tags") else { return };
        for tag in section.children_named("tag") {
            let Some(id) = tag.id() else { continue };
            let members = self.model.tags.entry(id.to_owned()).or_default();
            members
                .extend(tag.children_named("obj_ref").filter_map(Element::id).map(str::to_owned));
        }
    }

    /// Notes that the plan has to be looked at again then.
    fn recheck(&mut self, at: Timestamp) {
        if at > self.model.now.moment {
            self.model.recheck_by =
                Some(self.model.recheck_by.map_or(at, |earlier| earlier.min(at)));
        }
    }
}

/// Whether some device gives nodes access to storage only when they are unfenced.
fn wants_unfencing(root: &Element) -> bool {
    let says = |block: &Element| {
        block.name() == "meta_attributes"
            && block.children_named("nvpair").any(|pair| {
                matches!(pair.attr("name"), Some("provides" | "requires"))
                    && pair.attr("value") == Some("unfencing")
            })
    };
    let in_resources = root
        .descend(&["configuration", "resources"])
        .is_some_and(|section| section.descendants().any(says));
    let in_defaults = root
        .descend(&["configuration", "rsc_defaults"])
        .is_some_and(|section| section.children().any(says));
    in_resources || in_defaults
}
