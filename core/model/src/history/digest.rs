use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use rules::{Facts, LocalTime, NextChange};
use vocab::Interval;
use xml::Element;

use super::HistoryEntry;
use crate::{
    Node, NodeKey, Resource, ResourceKey,
    attributes::{AttributeSets, Values},
};

/// How what is configured compares with what an operation ran with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// Nothing is recorded to compare with.
    Unknown,
    /// None.
    None,
    /// Some parameter differs.
    Parameters,
    /// A parameter differs that needs a restart.
    Restart,
}

/// Digests of an operation's parameters as they are configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digests {
    /// Of all parameters.
    pub all: String,
    /// Without secrets, if that was asked for.
    pub secure: Option<String>,
    /// Of those that need a restart, if the recorded operation had such a digest.
    pub restart: Option<String>,
    /// The last comparison made with them.
    pub difference: Difference,
}

/// What working out digests needs to know.
#[derive(Clone, Copy, Debug)]
pub struct DigestInput<'a> {
    /// The resource.
    pub resource: &'a Resource,
    /// Its key.
    pub resource_key: ResourceKey,
    /// The node.
    pub node: &'a Node,
    /// Its key.
    pub node_key: NodeKey,
    /// The resource's parameters on the node.
    pub parameters: &'a Values,
    /// Cluster-wide defaults of operations.
    pub operation_defaults: &'a AttributeSets,
    /// The CIB's feature set, for entries without one.
    pub feature_set: Option<&'a str>,
    /// The address that stands for a bundle's node.
    pub remote_address: Option<&'a str>,
    /// Whether secrets are hidden in the input.
    pub sanitized: bool,
    /// The time.
    pub now: LocalTime,
}

impl Digests {
    /// Whether what `entry` ran with differs from what is configured, but not if secrets are left out.
    pub fn only_secrets_differ(&self, entry: &HistoryEntry) -> bool {
        self.difference != Difference::None
            && self.secure.is_some()
            && self.secure.as_deref() == entry.secure_digest()
    }
}

/// Digests that have been worked out. The first recorded operation of a name decides which of them there are.
#[derive(Clone, Debug, Default)]
pub struct DigestCache {
    known: BTreeMap<(ResourceKey, NodeKey, String, Interval), Rc<RefCell<Digests>>>,
}

impl DigestCache {
    /// Compares what is configured with what `entry` ran with.
    pub fn compare(
        &mut self,
        input: DigestInput<'_>,
        entry: &HistoryEntry,
        next: &mut NextChange,
    ) -> Rc<RefCell<Digests>> {
        let digests =
            self.digests(input, entry.task(), entry.interval, Some(entry), input.sanitized, next);
        let mut known = digests.borrow_mut();
        // Only what is recorded can differ from what was worked out, and only if that was.
        let restart = known.restart.as_deref().zip(entry.restart_digest());
        known.difference = if restart.is_some_and(|(now, then)| now != then) {
            Difference::Restart
        } else {
            match entry.digest() {
                None => Difference::Unknown,
                Some(digest) if *digest == known.all => Difference::None,
                Some(_)
                    if !entry.interval.is_recurring()
                        && known.difference == Difference::Restart =>
                {
                    Difference::Restart
                }
                Some(_) => Difference::Parameters,
            }
        };
        drop(known);
        digests
    }

    /// The digests of an operation, worked out if they are not known yet.
    pub fn digests(
        &mut self,
        input: DigestInput<'_>,
        task: &str,
        interval: Interval,
        entry: Option<&HistoryEntry>,
        secure: bool,
        next: &mut NextChange,
    ) -> Rc<RefCell<Digests>> {
        let key = (input.resource_key, input.node_key, task.to_owned(), interval);
        let digests = self.known.entry(key).or_insert_with(|| {
            Rc::new(RefCell::new(work_out(&input, task, interval, entry, secure, next)))
        });
        Rc::clone(digests)
    }
}

/// The parameters that digests are made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestSources {
    /// All.
    pub all: Values,
    /// All but secrets, if they were asked for.
    pub secure: Option<Values>,
    /// Those that need a restart, if the recorded operation had such a digest.
    pub restart: Option<Values>,
    difference: Difference,
}

impl DigestSources {
    /// The digest of parameters.
    pub fn digest(values: &Values) -> String {
        digest(values)
    }

    /// The parameters of an operation with secrets apart; `overrides` count before what is configured.
    pub fn of(
        input: &DigestInput<'_>,
        task: &str,
        interval: Interval,
        entry: Option<&HistoryEntry>,
        overrides: &Values,
    ) -> Self {
        sources(input, task, interval, entry, true, overrides, &mut NextChange::default())
    }
}

fn work_out(
    input: &DigestInput<'_>,
    task: &str,
    interval: Interval,
    entry: Option<&HistoryEntry>,
    secure: bool,
    next: &mut NextChange,
) -> Digests {
    let found = sources(input, task, interval, entry, secure, &Values::new(), next);
    Digests {
        all: digest(&found.all),
        secure: found.secure.as_ref().map(digest),
        restart: found.restart.as_ref().map(digest),
        difference: found.difference,
    }
}

fn sources(
    input: &DigestInput<'_>,
    task: &str,
    interval: Interval,
    entry: Option<&HistoryEntry>,
    secure: bool,
    overrides: &Values,
    next: &mut NextChange,
) -> DigestSources {
    let mut all = Values::new();
    let mut add = |values: &Values| {
        for (name, value) in values {
            all.entry(name.clone()).or_insert_with(|| value.clone());
        }
    };
    if let Some(address) = input.remote_address {
        add(&Values::from([("addr".to_owned(), address.to_owned())]));
    }
    add(overrides);
    add(input.parameters);
    let config = input.resource.operation(task, interval, true);
    let mut own = Values::new();
    if let Some(config) = config {
        let facts = Facts { node: Some(&input.node.attributes), ..Facts::at(input.now) };
        config.parameters.collect(&facts, &mut own, next);
    }
    let difference = if interval.is_recurring() || own.is_empty() {
        Difference::None
    } else {
        Difference::Restart
    };
    add(&own);
    let effective = input.resource.effective_operation(
        task,
        interval,
        config,
        input.operation_defaults,
        input.now,
        next,
        || input.parameters.get("pcmk_monitor_timeout").cloned(),
    );
    // Of the meta-attributes only the timeout of a recurring operation survives the filter.
    let timeout = all.get("CRM_meta_timeout").or_else(|| effective.meta.get("timeout"));
    let timeout = timeout.filter(|_| interval.is_recurring()).cloned();
    filter(&mut all);
    if let Some(timeout) = timeout {
        all.insert("CRM_meta_timeout".to_owned(), timeout);
    }
    let secure = secure.then(|| without_secrets(input, &all, entry, overrides));
    let restart = entry.filter(|entry| entry.restart_digest().is_some()).map(|entry| {
        let mut chosen = all.clone();
        if let Some(names) = entry.restart_parameters() {
            chosen.retain(|name, _| names.split(' ').any(|wanted| wanted == name));
        }
        chosen
    });
    DigestSources { all, secure, restart, difference }
}

fn without_secrets(
    input: &DigestInput<'_>,
    all: &Values,
    entry: Option<&HistoryEntry>,
    overrides: &Values,
) -> Values {
    let version = entry.and_then(HistoryEntry::feature_set).or(input.feature_set);
    let old = version
        .and_then(|version| version.parse::<vocab::FeatureSet>().ok())
        .is_some_and(|version| (version.major, version.minor) < (3, 16));
    let mut chosen = if old { input.parameters.clone() } else { all.clone() };
    if old {
        chosen.extend(overrides.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
    let secrets = match entry {
        None => Some("passwd password user"),
        Some(entry) => entry.secure_parameters(),
    };
    if let Some(secrets) = secrets {
        chosen.retain(|name, _| !secrets.split(' ').any(|secret| secret == name));
    }
    if old && input.resource.fence_device {
        chosen.retain(|name, _| {
            !name.starts_with("pcmk_") && name != "provides" && name != "stonith-timeout"
        });
    }
    let timeout = chosen.get("CRM_meta_timeout").filter(|_| !old).cloned();
    filter(&mut chosen);
    if let Some(timeout) = timeout {
        chosen.insert("CRM_meta_timeout".to_owned(), timeout);
    }
    chosen
}

/// Takes out what says how, not with what, an operation runs.
fn filter(values: &mut Values) {
    const NEVER: [&str; 6] =
        ["id", "crm_feature_set", "op-digest", "on_node", "on_node_uuid", "pcmk_external_ip"];
    values.retain(|name, _| !name.starts_with("CRM_meta_") && !NEVER.contains(&name.as_str()));
}

fn digest(values: &Values) -> String {
    let mut element = Element::new("parameters");
    for (name, value) in values {
        element.set(name, value);
    }
    xml::digest::operation(&element)
}
