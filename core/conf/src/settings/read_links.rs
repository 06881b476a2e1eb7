//! Keys of `totem.interface`, and the links that nodes have addresses on.

use std::collections::{BTreeMap, BTreeSet};

use super::{LinkSettings, NodeSettings, Settings, Totem, Transport, read::Reader};
use crate::{ProblemKind, Value};

impl Settings {
    /// Links are numbered below that.
    pub const LINKS_MAX: u8 = 8;
}

impl Reader<'_> {
    pub(super) fn links(
        &mut self,
        totem: &Totem,
        nodes: &[NodeSettings],
    ) -> BTreeMap<u8, LinkSettings> {
        let mut links = BTreeMap::new();
        for number in self.numbers::<u8>("totem.interface.") {
            if number >= Settings::LINKS_MAX {
                let prefix = format!("totem.interface.{number}.");
                let first = self.keys.with_prefix(&prefix).next();
                let line = first.map_or(0, |(_, key)| key.line);
                let kind = ProblemKind::Number(0, 7, number.to_string());
                self.problems.error(line, "totem.interface.linknumber", kind);
                continue;
            }
            links.insert(number, self.link(number, totem.transport));
        }
        let used: BTreeSet<u8> =
            nodes.iter().flat_map(|node| node.addresses.keys().copied()).collect();
        for number in used {
            links.entry(number).or_insert_with(LinkSettings::default);
        }
        if links.is_empty() && !nodes.is_empty() {
            self.problems.error(0, "nodelist.node", ProblemKind::NoLinks);
        }
        if totem.transport != Transport::Knet && links.len() > 1 {
            let key = self.first_of_link(links.keys().copied().max().unwrap_or(0));
            self.error(&key, ProblemKind::TooManyLinks(links.len()));
        }
        if links.len() > 1 {
            self.same_links(&links, nodes);
        }
        self.multicast(totem, &links);
        links
    }

    /// A key that says that there is such a link.
    fn first_of_link(&self, number: u8) -> String {
        let address = format!("ring{number}_addr");
        let in_nodes =
            self.keys.with_prefix("nodelist.node.").find(|(key, _)| key.ends_with(&address));
        let prefix = format!("totem.interface.{number}.");
        let in_interfaces = self.keys.with_prefix(&prefix).next();
        in_nodes.or(in_interfaces).map_or_else(|| prefix.clone(), |(key, _)| key.to_owned())
    }

    fn link(&mut self, number: u8, transport: Transport) -> LinkSettings {
        let default = LinkSettings::default();
        let path = |key: &str| format!("totem.interface.{number}.{key}");
        self.knet_transport(&path("knet_transport"));
        if self.keys.value(&path("bindnetaddr")).is_some() {
            let why = "the address in the node list is used";
            self.warning(&path("bindnetaddr"), ProblemKind::NoEffect(why));
        }
        let members = path("member.0");
        if self.keys.value(&members).is_some() {
            self.warning(&members, ProblemKind::NoEffect("the node list is used"));
        }
        let link = LinkSettings {
            bind_address: self.text(&path("bindnetaddr")),
            multicast_address: self.text(&path("mcastaddr")),
            broadcast: self.keys.text(&path("broadcast")) == Some("yes"),
            port: match self.keys.value(&path("mcastport")) {
                Some(Value::U16(port)) if *port > 0 => Some(*port),
                Some(_) | None => None,
            },
            ttl: self.keys.u8(&path("ttl")).unwrap_or(default.ttl),
            // 0 counts as not set, as in the original's defaults for a link without a section.
            priority: self
                .keys
                .u8(&path("knet_link_priority"))
                .filter(|priority| *priority > 0)
                .unwrap_or(default.priority),
            ping_interval: self.milliseconds(&path("knet_ping_interval")),
            ping_timeout: self.milliseconds(&path("knet_ping_timeout")),
            ping_precision: self
                .positive(&path("knet_ping_precision"))
                .unwrap_or(default.ping_precision),
            pong_count: self.positive(&path("knet_pong_count")).unwrap_or(default.pong_count),
        };
        if transport != Transport::Udp && link.ttl != 1 {
            self.error(&path("ttl"), ProblemKind::OnlyWith("udp"));
        }
        if transport != Transport::Knet && link.priority != 1 {
            self.error(&path("knet_link_priority"), ProblemKind::OnlyWith("knet"));
        }
        link
    }

    fn knet_transport(&mut self, key: &str) {
        if self.word(key, &[("udp", false), ("sctp", true)], "udp, sctp") == Some(true) {
            self.error(key, ProblemKind::NotImplemented("udp is"));
        }
    }

    fn multicast(&mut self, totem: &Totem, links: &BTreeMap<u8, LinkSettings>) {
        let is_known = totem.cluster_name.is_some()
            || links.values().any(|link| link.broadcast || link.multicast_address.is_some());
        if totem.transport == Transport::Udp && !is_known {
            let why = "transport is udp and there is no totem.cluster_name";
            self.error("totem.interface.0.mcastaddr", ProblemKind::NeededWhere(why));
        }
    }

    fn same_links(&mut self, links: &BTreeMap<u8, LinkSettings>, nodes: &[NodeSettings]) {
        let all: BTreeSet<u8> = links.keys().copied().collect();
        let positions = self.numbers::<usize>("nodelist.node.");
        for (position, node) in positions.into_iter().zip(nodes) {
            if node.addresses.keys().copied().collect::<BTreeSet<u8>>() != all {
                let prefix = format!("nodelist.node.{position}.");
                let line = self.keys.with_prefix(&prefix).map(|(_, key)| key.line).min();
                let path = prefix.trim_end_matches('.').to_owned();
                self.problems.error(line.unwrap_or(0), path, ProblemKind::LinksDiffer);
            }
        }
    }

    /// With several links every node needs a name.
    pub(super) fn names_for_links(&mut self, settings: &Settings) {
        if settings.links.len() < 2 {
            return;
        }
        let positions = self.numbers::<usize>("nodelist.node.");
        for (position, node) in positions.into_iter().zip(&settings.nodes) {
            if node.name.is_none() {
                let prefix = format!("nodelist.node.{position}.");
                let line = self.keys.with_prefix(&prefix).map(|(_, key)| key.line).min();
                let path = format!("{prefix}name");
                self.problems.error(line.unwrap_or(0), path, ProblemKind::NameForLinks);
            }
        }
    }
}
