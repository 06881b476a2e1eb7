//! From keys to settings.

use std::{str::FromStr, time::Duration};

use super::{NodeSettings, Settings};
use crate::{Keys, ProblemKind, Problems, Value};

/// Reads keys and collects what is wrong with them.
pub(super) struct Reader<'a> {
    pub(super) keys: &'a Keys,
    pub(super) problems: Problems,
}

impl Settings {
    /// Reads the meaning of keys, with everything that is wrong with it. What is wrong has its default.
    pub fn from_keys(keys: &Keys) -> (Self, Problems) {
        let mut reader = Reader { keys, problems: Problems::default() };
        let totem = reader.totem();
        let nodes = reader.nodes(&totem);
        let links = reader.links(&totem, &nodes);
        let mut settings = Self {
            totem,
            links,
            nodes,
            quorum: reader.quorum(),
            logging: reader.logging(),
            system: reader.system(),
            resources: reader.resources(),
            access: reader.access(),
            nozzle: reader.nozzle(),
        };
        reader.timing(&settings);
        reader.names_for_links(&settings);
        reader.quorum_rules(&mut settings);
        (settings, reader.problems)
    }
}

impl Reader<'_> {
    pub(super) fn error(&mut self, key: &str, kind: ProblemKind) {
        self.problems.error(self.keys.line(key), key, kind);
    }

    pub(super) fn warning(&mut self, key: &str, kind: ProblemKind) {
        self.problems.warning(self.keys.line(key), key, kind);
    }

    pub(super) fn text(&self, key: &str) -> Option<String> {
        self.keys.text(key).map(str::to_owned)
    }

    /// A number that is unset where it is 0.
    pub(super) fn positive(&self, key: &str) -> Option<u32> {
        self.keys.u32(key).filter(|number| *number > 0)
    }

    /// A time in milliseconds that is unset where it is 0.
    pub(super) fn milliseconds(&self, key: &str) -> Option<Duration> {
        self.positive(key).map(|number| Duration::from_millis(u64::from(number)))
    }

    /// A switch that counts votes or the like: any number other than 0 is on.
    pub(super) fn number_switch(&self, key: &str) -> Option<bool> {
        self.keys.u8(key).map(|number| number != 0)
    }

    /// One of a few words; another one is an error.
    pub(super) fn word<T: Copy>(
        &mut self,
        key: &str,
        known: &[(&str, T)],
        all: &'static str,
    ) -> Option<T> {
        let text = self.keys.text(key)?;
        let found = known.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            self.error(key, ProblemKind::Choice(all, text.to_owned()));
        }
        found
    }

    /// `yes` or `no`; another word is as if nothing was said, with a warning.
    pub(super) fn lenient_switch(&mut self, key: &str) -> Option<bool> {
        match self.keys.text(key)? {
            "yes" => Some(true),
            "no" => Some(false),
            _ => {
                self.warning(key, ProblemKind::NoEffect("only yes and no are known"));
                None
            }
        }
    }

    /// The numbers that follow a prefix, each once, in the order of the numbers.
    pub(super) fn numbers<T: FromStr + Ord>(&self, prefix: &str) -> Vec<T> {
        let mut numbers: Vec<T> = self
            .keys
            .with_prefix(prefix)
            .filter_map(|(key, _)| key[prefix.len()..].split('.').next()?.parse().ok())
            .collect();
        numbers.sort();
        numbers.dedup();
        numbers
    }

    fn nodes(&mut self, totem: &super::Totem) -> Vec<NodeSettings> {
        let mut nodes: Vec<NodeSettings> = Vec::new();
        for position in self.numbers::<usize>("nodelist.node.") {
            let node = self.node(position, totem);
            self.twice(position, &node, &nodes);
            nodes.push(node);
        }
        if nodes.is_empty() {
            self.problems.error(0, "nodelist.node", ProblemKind::Missing);
        }
        nodes
    }

    fn node(&mut self, position: usize, totem: &super::Totem) -> NodeSettings {
        let prefix = format!("nodelist.node.{position}.");
        let mut node = NodeSettings {
            id: self.positive(&format!("{prefix}nodeid")),
            name: self.text(&format!("{prefix}name")),
            votes: self.keys.u32(&format!("{prefix}quorum_votes")),
            ..NodeSettings::default()
        };
        let first = self.keys.with_prefix(&prefix).map(|(_, key)| key.line).min().unwrap_or(0);
        for (key, entry) in self.keys.with_prefix(&prefix) {
            let link = key[prefix.len()..].strip_prefix("ring");
            let Some(link) = link.and_then(|key| key.strip_suffix("_addr")) else { continue };
            let Ok(link) = link.parse::<u64>() else { continue };
            let Value::Text(address) = &entry.value else { continue };
            match u8::try_from(link) {
                Ok(link) if link < Settings::LINKS_MAX => {
                    node.addresses.insert(link, address.clone());
                }
                Ok(_) | Err(_) => {
                    let kind = ProblemKind::Number(0, 7, link.to_string());
                    self.problems.error(entry.line, key, kind);
                }
            }
        }
        if node.addresses.is_empty() {
            self.problems.warning(first, format!("{prefix}ring0_addr"), ProblemKind::Missing);
        }
        if totem.transport == super::Transport::Knet {
            let path = format!("{prefix}nodeid");
            match node.id {
                None if !node.addresses.is_empty() => {
                    self.problems.error(first, path, ProblemKind::NumberForKnet);
                }
                Some(id) if id > u32::from(u16::MAX) => {
                    self.error(&path, ProblemKind::Number(1, 65535, id.to_string()));
                }
                Some(_) | None => {}
            }
        }
        node
    }

    fn twice(&mut self, position: usize, node: &NodeSettings, others: &[NodeSettings]) {
        if let Some(id) = node.id
            && others.iter().any(|other| other.id == node.id)
        {
            let key = format!("nodelist.node.{position}.nodeid");
            self.error(&key, ProblemKind::Twice(id.to_string()));
        }
        if let Some(name) = &node.name
            && others.iter().any(|other| other.name.as_ref() == Some(name))
        {
            let key = format!("nodelist.node.{position}.name");
            self.warning(&key, ProblemKind::Twice(name.clone()));
        }
    }
}
