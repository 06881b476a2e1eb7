//! Other settings at run time.

use std::collections::BTreeMap;

use machine::{Instant, Outbox};
use vocab::NodeId;

use super::{LINKS_MAX, Links, knet_id};
use crate::{
    LinkId, Notice, Output, Settings,
    peer::{Peer, PeerLink},
};

impl Links {
    /// Takes over other settings. Links with the same address go on as they are.
    pub(super) fn reconfigure(
        &mut self,
        now: Instant,
        settings: Settings,
        out: &mut Outbox<Output>,
    ) {
        if settings.crypto != self.settings.crypto
            && let Err(problem) = self.desk.sealing.prepare(settings.crypto.as_ref())
        {
            out.push(Output::Notice(Notice::Key(problem)));
        }
        let refix = settings.mtu != self.settings.mtu;
        self.settings = settings;
        let before: Vec<(NodeId, LinkId)> = self
            .links()
            .filter(|(.., status)| status.is_up)
            .map(|(node, link, _)| (node, link))
            .collect();
        let reachable: Vec<NodeId> =
            self.peers.values().filter(|peer| peer.is_reachable()).map(|peer| peer.node).collect();
        self.remove_peers();
        self.add_peers(now);
        for (node, link) in before {
            if !self.link_status(node, link).is_some_and(|status| status.is_up) {
                out.push(Output::LinkChanged { node, link, is_up: false });
            }
        }
        let mode = self.settings.mode;
        for peer in self.peers.values_mut() {
            peer.choose(mode);
            for link in peer.links.iter_mut().filter(|link| refix && link.heartbeat.is_up()) {
                link.mtu.link_up(now, self.settings.mtu);
            }
        }
        for node in reachable {
            if !self.is_reachable(node) {
                out.push(Output::NodeChanged { node, is_reachable: false });
            }
        }
        self.tell_frame_bytes(out);
        if self.is_started {
            self.watch(now, out);
            self.probe(now, out);
        }
    }

    /// Removes nodes and links that are not in the settings, or have another address there.
    fn remove_peers(&mut self) {
        let wanted: BTreeMap<u16, _> = self
            .settings
            .peers
            .iter()
            .filter_map(|peer| Some((knet_id(peer.node)?, &peer.addresses)))
            .collect();
        self.peers.retain(|id, _| wanted.contains_key(id));
        for (id, peer) in &mut self.peers {
            let Some(addresses) = wanted.get(id) else { continue };
            peer.links.retain(|link| {
                addresses.get(&link.id) == Some(&link.to)
                    && self.settings.links.contains_key(&link.id)
            });
        }
    }

    /// Adds what is in the settings and not there yet, and sets what may be set while a link works.
    pub(super) fn add_peers(&mut self, now: Instant) {
        let settings = &self.settings;
        self.listed = settings
            .peers
            .iter()
            .flat_map(|peer| peer.addresses.values())
            .map(|to| to.ip())
            .collect();
        for wanted in &settings.peers {
            let Some(id) = knet_id(wanted.node).filter(|&id| id != self.desk.node) else {
                continue;
            };
            let peer = self.peers.entry(id).or_insert_with(|| Peer::new(wanted.node));
            for (&link, &to) in &wanted.addresses {
                let Some(times) = settings.links.get(&link) else { continue };
                if usize::from(link.0) >= LINKS_MAX {
                    continue;
                }
                match peer.link(link) {
                    Some(known) => {
                        known.priority = times.priority;
                        known.heartbeat.set(times);
                    }
                    None => peer.links.push(PeerLink::new(now, link, to, times)),
                }
            }
            peer.links.sort_by_key(|link| link.id);
        }
    }
}
