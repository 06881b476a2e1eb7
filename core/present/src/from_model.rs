mod history;
mod nodes;
mod resources;

use std::collections::BTreeMap;

use model::{Model, ResourceKey, options::NoQuorumPolicy, resource::base_name};
use vocab::{OcfExit, Role, ToolExit, parse_duration};
use xml::Element;

use crate::{Counts, Dc, LastChange, OptionsSummary, Resource, Status};

impl Status {
    /// What a model says, and the CIB that it was built of: who changed that last, and which images its bundles use.
    pub fn of(model: &Model, cib: &Element) -> Self {
        Gatherer { model, cib, masked: masked_probes(model) }.status()
    }

    /// The same with one resource alone, which may be a part of another.
    pub fn of_resource(model: &Model, cib: &Element, resource: ResourceKey) -> Self {
        let gatherer = Gatherer { model, cib, masked: masked_probes(model) };
        let mut found = gatherer.resource(resource);
        if let Resource::Primitive(primitive) = &mut found {
            // Who names it wants to see it.
            primitive.internal = false;
        }
        Self { resources: vec![found], ..gatherer.status() }
    }
}

struct Gatherer<'a> {
    model: &'a Model,
    cib: &'a Element,
    /// Probes that failed for a reason that only matters where they ran: by resource, with and without the number of an
    /// instance, each node with what the probe returned.
    masked: BTreeMap<&'a str, Vec<(&'a str, OcfExit)>>,
}

impl Gatherer<'_> {
    fn status(&self) -> Status {
        let model = self.model;
        let option = |name: &str| model.options.configured.get(name).cloned();
        let text = |name: &str| self.cib.attr(name).map(str::to_owned);
        Status {
            launcher: None,
            stack: option("cluster-infrastructure").unwrap_or_else(|| "unknown".to_owned()),
            dc: model.dc.map(|dc| Dc {
                name: model.nodes[dc].name.to_string(),
                id: model.nodes[dc].id.clone(),
                version: option("dc-version"),
                with_quorum: model.quorate,
                mixed_version: self.is_mixed_version(),
            }),
            updated: model.now.moment,
            local_node: None,
            last_change: LastChange {
                written: text("cib-last-written"),
                user: text("update-user"),
                client: text("update-client"),
                origin: text("update-origin"),
            },
            counts: self.counts(),
            options: self.options(),
            nodes: model.node_order.iter().map(|&node| self.node(node)).collect(),
            resources: model.top.iter().map(|&top| self.resource(top)).collect(),
            histories: self.histories(),
            failures: self.failures(),
            fencing: None,
            fencing_unknown: false,
            tickets: self.tickets(),
            bans: self.bans(),
        }
    }

    fn options(&self) -> OptionsSummary {
        let options = &self.model.options;
        let millis = |text: &str| {
            parse_duration(text).map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(0))
        };
        OptionsSummary {
            fencing_enabled: options.fencing_enabled,
            symmetric: options.symmetric_cluster,
            no_quorum_policy: match options.no_quorum_policy {
                NoQuorumPolicy::Stop => "stop",
                NoQuorumPolicy::Freeze => "freeze",
                NoQuorumPolicy::Ignore => "ignore",
                NoQuorumPolicy::Demote => "demote",
                // The name that every version of the API knows.
                NoQuorumPolicy::Fence => "suicide",
            }
            .to_owned(),
            maintenance: options.maintenance_mode,
            stop_all: options.stop_all_resources,
            fencing_timeout_ms: millis(&options.fencing_timeout),
            priority_fencing_delay_ms: options.priority_fencing_delay_ms,
        }
    }

    fn counts(&self) -> Counts {
        let model = self.model;
        let mut counts = Counts { nodes: model.node_order.len(), ..Counts::default() };
        let mut pending: Vec<ResourceKey> = model.top.clone();
        while let Some(key) = pending.pop() {
            let resource = &model.resources[key];
            pending.extend(&resource.state.children);
            let counts_at_all = !resource.state.removed || resource.state.role > Role::Stopped;
            if resource.is_primitive() && counts_at_all {
                counts.resources += 1;
                counts.disabled += usize::from(self.is_disabled(key));
                counts.blocked += usize::from(resource.state.blocked);
            }
        }
        counts
    }

    /// Whether the configuration keeps the resource below what it could be.
    fn is_disabled(&self, key: ResourceKey) -> bool {
        match self.model.resources[key].meta("target-role").map(str::parse) {
            Some(Ok(Role::Stopped)) => true,
            Some(Ok(Role::Unpromoted)) => self.is_in_promotable(key),
            _ => false,
        }
    }

    fn is_in_promotable(&self, key: ResourceKey) -> bool {
        self.model.resources[self.model.top_of(key, true)].promotable
    }

    fn is_mixed_version(&self) -> bool {
        let mut sets = self.model.node_order.iter().filter_map(|&node| self.feature_set(node));
        let first = sets.next();
        sets.any(|set| Some(set) != first)
    }
}

/// What failed in a way that keeps a resource from a node, as the scheduler would log it.
pub fn hard_failures(model: &Model) -> Vec<String> {
    let mut remarks = Vec::new();
    for failed in &model.failed {
        let entry = &failed.entry;
        let exit = entry.exit.and_then(OcfExit::from_code);
        let anywhere = match exit {
            Some(
                OcfExit::InvalidParameter
                | OcfExit::UnimplementedFeature
                | OcfExit::InsufficientPrivileges,
            ) => false,
            Some(OcfExit::NotConfigured) => true,
            _ => continue,
        };
        let Some(key) = model.resource_named(&failed.resource) else { continue };
        let resource = &model.resources[key];
        if resource.state.failure_ignored {
            continue;
        }
        let barred = if resource.unique { key } else { model.top_of(key, true) };
        let barred = &model.resources[barred].id;
        let where_to = if anywhere { "anywhere".to_owned() } else { format!("on {}", failed.node) };
        let kind = if anywhere { "fatal" } else { "hard" };
        let words = entry.exit.and_then(ToolExit::from_code).map_or("unknown", ToolExit::as_str);
        let reason = entry.exit_reason().filter(|reason| !reason.is_empty());
        let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        remarks.push(format!(
            "Preventing {barred} from restarting {where_to} because of {kind} failure ({words}{reason})"
        ));
    }
    remarks
}

fn masked_probes(model: &Model) -> BTreeMap<&str, Vec<(&str, OcfExit)>> {
    let mut masked: BTreeMap<&str, Vec<(&str, OcfExit)>> = BTreeMap::new();
    for failed in model.failed.iter().filter(|failed| failed.entry.is_masked_probe_failure()) {
        let Some(exit) = failed.entry.exit.and_then(OcfExit::from_code) else { continue };
        let id = failed.resource.as_str();
        masked.entry(id).or_default().push((&failed.node, exit));
        if base_name(id) != id {
            masked.entry(base_name(id)).or_default().push((&failed.node, exit));
        }
    }
    masked
}
