//! The map of statistics, and what the service about links says.

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use cmap::{Input, MapId, Value, statistics};
use links::LinkStatus;
use net::{Counters, SocketId};
use vocab::NodeId;
use wire::corosync::cfg::{Link, NodeLink, NodeStatus};

use crate::{
    configure::Configuration,
    daemon::{Daemon, Due},
    followed,
    transport::Transport,
};

/// Within that time values count as fresh: a tool asks for one key after the other.
const FRESH: Duration = Duration::from_millis(100);
/// What statistics of clients and links begin with: these are gone when what they are about is.
const COME_AND_GO: [&str; 2] = ["stats.ipcs.service", "stats.knet.node"];
/// What the original says of the way from a node to itself.
const LOOPBACK_MTU: u32 = 65535;
/// Links that an answer has room for.
const LINKS: u8 = 8;
/// Bytes that the ring puts before a message, which the original takes off the size that it tells.
const MESSAGE_HEADER: u32 = 62;

/// Frames from this node to itself.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OwnTraffic {
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
}

impl Daemon {
    /// Makes what a client is about to read what it is now.
    pub(crate) fn refresh_statistics(&mut self) {
        for input in self.traffic.changes() {
            self.set_in_map(input);
        }
        let now = self.clock.now();
        if self.refreshed.is_some_and(|at| now - at < FRESH) {
            return;
        }
        self.refreshed = Some(now);
        let map = MapId::Statistics;
        let values: BTreeMap<String, Value> = self.statistics().into_iter().collect();
        let gone = COME_AND_GO.map(|prefix| {
            let shown = self.maps.with_prefix(map, prefix);
            shown.map(|(key, _)| key.to_owned()).filter(|key| !values.contains_key(key)).collect()
        });
        for key in gone.into_iter().flat_map(|keys: Vec<String>| keys) {
            self.set_in_map(Input::Delete { map, key });
        }
        for (key, value) in values {
            self.set_in_map(Input::Set { map, key, value });
        }
    }

    fn statistics(&self) -> Vec<(String, Value)> {
        let mut values = Vec::new();
        values.extend(ring_values(&self.ring.statistics(self.clock.now())));
        if let Transport::Links(links) = &self.transport {
            for (node, link, status) in links.links() {
                let prefix = statistics::link_prefix(node.0, link.0);
                let counters = self.sockets.counters(SocketId(link.0)).unwrap_or_default();
                values.extend(statistics::keys(&prefix, &statistics::LINK));
                let known = link_values(&status).into_iter().chain(failure_values(&counters));
                values.extend(known.map(|(name, value)| (format!("{prefix}{name}"), value)));
            }
            let prefix = statistics::link_prefix(self.node.0, 0);
            values.extend(statistics::keys(&prefix, &statistics::LINK));
            let known = loopback_values(self.own_traffic);
            values.extend(known.map(|(name, value)| (format!("{prefix}{name}"), value)));
            values.extend(
                handle_values(links.statistics())
                    .into_iter()
                    .map(|(name, value)| (format!("stats.knet.handle.{name}"), Value::U64(value))),
            );
        }
        values.extend(self.endpoints.statistics());
        values.extend(self.misses.values());
        values
    }

    /// Has the statistics set again in a while if clients follow any: nobody else would set what nobody reads.
    pub(crate) fn follow_statistics(&mut self) {
        if let Some(token) = self.followed.arm(&self.maps) {
            self.deadlines.arm(Due::Statistics, token, followed::INTERVAL);
        }
    }

    /// A client wants statistics to begin anew.
    pub(crate) fn clear_statistics(&mut self, which: cmap::Statistics) {
        use cmap::Statistics;
        if matches!(which, Statistics::Links | Statistics::All)
            && let Transport::Links(links) = &mut self.transport
        {
            links.clear_statistics();
            self.own_traffic = OwnTraffic::default();
        }
        if matches!(which, Statistics::Ring | Statistics::All) {
            self.ring.clear_statistics();
        }
        if matches!(which, Statistics::Clients | Statistics::All) {
            self.endpoints.clear_statistics();
        }
        if matches!(which, Statistics::SchedulingMisses | Statistics::All) {
            self.misses.clear();
        }
        self.refreshed = None;
    }

    /// This node's links, each with one sign for every node.
    pub(crate) fn ring_status(&self) -> Vec<Link> {
        let mut nodes: Vec<u32> =
            self.configuration.place.nodes.iter().map(|node| node.id).collect();
        nodes.sort_unstable();
        let own = self.configuration.local();
        own.addresses
            .iter()
            .map(|(&link, address)| Link {
                name: format!("{link} {address}"),
                status: match &self.transport {
                    Transport::Plain(_) => "OK".to_owned(),
                    Transport::Links(links) => nodes
                        .iter()
                        .map(|&node| match links.link_status(NodeId(node), links::LinkId(link)) {
                            _ if node == own.id => 'n',
                            // Bits: configured, works.
                            Some(status) if status.is_up => '3',
                            Some(_) => '1',
                            None => 'd',
                        })
                        .collect(),
                },
            })
            .collect()
    }

    /// What the transport knows of a node; `None` if there is no such node. Where there are no links, a node that nobody
    /// knows is one without a number, as in the original.
    pub(crate) fn node_status(&self, node: NodeId) -> Option<NodeStatus> {
        let there = self.configuration.place.nodes.iter().find(|there| there.id == node.0);
        let Transport::Links(links) = &self.transport else {
            let is_member = there.is_some() && self.members.contains(node);
            let address = there.and_then(|there| there.addresses.get(&0)).copied();
            let mtu = self.configuration.settings.totem.frame_bytes_max();
            return Some(NodeStatus {
                node: there.map_or(0, |there| there.id),
                reachable: is_member,
                remote: false,
                external: false,
                links: without_links(address, is_member, mtu),
            });
        };
        let there = there?;
        let own = self.configuration.local();
        let is_local = node == self.node;
        let link = |link: u8| {
            let (Some(from), Some(to)) = (own.addresses.get(&link), there.addresses.get(&link))
            else {
                return NodeLink::default();
            };
            let status = links.link_status(node, links::LinkId(link));
            NodeLink {
                enabled: true,
                connected: is_local || status.is_some_and(|status| status.is_up),
                dynamic: false,
                mtu: status.map_or(0, |status| u32::try_from(status.frame_bytes).unwrap_or(0)),
                source: from.to_string(),
                destination: to.to_string(),
            }
        };
        let links: Vec<NodeLink> = (0..LINKS).map(link).collect();
        Some(NodeStatus {
            node: node.0,
            reachable: links.iter().any(|link| link.connected),
            remote: false,
            external: false,
            links,
        })
    }
}

/// What stands in place of links where there are none: the first is up while the node is in the ring, and the node's address
/// is where that of this node would be, as in the original.
fn without_links(address: Option<IpAddr>, is_member: bool, frame_bytes_max: u32) -> Vec<NodeLink> {
    let mut links = vec![NodeLink::default(); usize::from(LINKS)];
    if let Some(address) = address {
        let headers = if address.is_ipv6() { 48 } else { 28 };
        links[0] = NodeLink {
            enabled: true,
            connected: is_member,
            dynamic: false,
            mtu: frame_bytes_max.saturating_sub(headers + MESSAGE_HEADER),
            source: address.to_string(),
            destination: String::new(),
        };
    }
    links
}

impl Configuration {
    /// A node's addresses as one text, in the form that the map has.
    pub(crate) fn addresses_text(&self, node: NodeId) -> String {
        let there = self.place.nodes.iter().find(|there| there.id == node.0);
        let addresses = there.into_iter().flat_map(|there| &there.addresses);
        addresses.map(|(link, address)| format!("r({link}) ip({address}) ")).collect()
    }

    /// A node's addresses, in the order of links.
    pub(crate) fn addresses(&self, node: NodeId) -> Vec<IpAddr> {
        let there = self.place.nodes.iter().find(|there| there.id == node.0);
        there.map_or_else(Vec::new, |there| there.addresses.values().copied().collect())
    }
}

fn microseconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)
}

/// The ring's statistics, by the names that the original gives them.
fn ring_values(statistics: &totem::Statistics) -> Vec<(String, Value)> {
    let s = statistics;
    let counters = [
        ("orf_token_tx", s.orf_token_tx),
        ("orf_token_rx", s.orf_token_rx),
        ("memb_merge_detect_tx", s.memb_merge_detect_tx),
        ("memb_merge_detect_rx", s.memb_merge_detect_rx),
        ("memb_join_tx", s.memb_join_tx),
        ("memb_join_rx", s.memb_join_rx),
        ("mcast_tx", s.mcast_tx),
        ("mcast_retx", s.mcast_retx),
        ("mcast_rx", s.mcast_rx),
        ("memb_commit_token_tx", s.memb_commit_token_tx),
        ("memb_commit_token_rx", s.memb_commit_token_rx),
        ("token_hold_cancel_tx", s.token_hold_cancel_tx),
        ("token_hold_cancel_rx", s.token_hold_cancel_rx),
        ("operational_entered", s.operational_entered),
        ("operational_token_lost", s.operational_token_lost),
        ("gather_entered", s.gather_entered),
        ("gather_token_lost", s.gather_token_lost),
        ("commit_entered", s.commit_entered),
        ("commit_token_lost", s.commit_token_lost),
        ("recovery_entered", s.recovery_entered),
        ("recovery_token_lost", s.recovery_token_lost),
        ("consensus_timeouts", s.consensus_timeouts),
        ("rx_msg_dropped", s.rx_msg_dropped),
        ("time_since_token_last_received", s.time_since_token_last_received),
        ("duplicate_node_frames", s.duplicate_node_frames),
    ];
    let numbers = [
        ("srp.continuous_gather", s.continuous_gather),
        ("srp.continuous_sendmsg_failures", s.continuous_sendmsg_failures),
        ("srp.mtt_rx_token", s.mtt_rx_token),
        ("srp.avg_token_workload", s.avg_token_workload),
        ("srp.avg_backlog_calc", s.avg_backlog_calc),
        ("pg.msg_queue_avail", s.msg_queue_avail),
        ("pg.msg_reserved", s.msg_reserved),
    ];
    let counters = counters.map(|(name, value)| (format!("stats.srp.{name}"), Value::U64(value)));
    let numbers = numbers.map(|(name, value)| (format!("stats.{name}"), Value::U32(value)));
    let failure = Value::U8(s.firewall_enabled_or_nic_failure);
    let failure = ("stats.srp.firewall_enabled_or_nic_failure".to_owned(), failure);
    counters.into_iter().chain(numbers).chain([failure]).collect()
}

/// One link's statistics, by the names that the original gives them. What cannot be counted here is not shown.
fn link_values(status: &LinkStatus) -> Vec<(String, Value)> {
    let statistics = &status.statistics;
    let number = |name: &str, value: u32| (name.to_owned(), Value::U32(value));
    let mut values = vec![
        ("enabled".to_owned(), Value::U8(1)),
        ("connected".to_owned(), Value::U8(u8::from(status.is_up))),
        number("mtu", u32::try_from(status.frame_bytes).unwrap_or(0)),
        number("latency_min", microseconds(statistics.latency_min)),
        number("latency_max", microseconds(statistics.latency_max)),
        number("latency_ave", microseconds(status.latency)),
        number("latency_samples", status.latency_samples),
        number("down_count", statistics.down_count),
        number("up_count", statistics.up_count),
    ];
    for (kind, traffic) in [
        ("data", statistics.data),
        ("ping", statistics.ping),
        ("pong", statistics.pong),
        ("pmtu", statistics.mtu),
        ("total", statistics.total()),
    ] {
        values.extend([
            (format!("tx_{kind}_packets"), Value::U64(traffic.sent_packets)),
            (format!("rx_{kind}_packets"), Value::U64(traffic.received_packets)),
            (format!("tx_{kind}_bytes"), Value::U64(traffic.sent_bytes)),
            (format!("rx_{kind}_bytes"), Value::U64(traffic.received_bytes)),
        ]);
    }
    values
}

/// What could not be sent. All nodes of a link share its socket, which does not know what is in a packet: it counts as data.
fn failure_values(counters: &Counters) -> [(String, Value); 3] {
    let number = |count: u64| Value::U32(u32::try_from(count).unwrap_or(u32::MAX));
    [
        ("tx_data_errors".to_owned(), number(counters.send_errors)),
        ("tx_data_retries".to_owned(), number(counters.send_retries)),
        ("tx_total_errors".to_owned(), Value::U64(counters.send_errors)),
    ]
}

/// The way of frames from this node to itself, which is no link: what the original shows in its place.
fn loopback_values(traffic: OwnTraffic) -> impl Iterator<Item = (&'static str, Value)> {
    let OwnTraffic { frames, bytes } = traffic;
    [
        ("connected", Value::U8(1)),
        ("enabled", Value::U8(1)),
        ("mtu", Value::U32(LOOPBACK_MTU)),
        ("up_count", Value::U32(1)),
        ("tx_data_packets", Value::U64(frames)),
        ("tx_data_bytes", Value::U64(bytes)),
        ("tx_total_packets", Value::U64(frames)),
        ("tx_total_bytes", Value::U64(bytes)),
    ]
    .into_iter()
}

/// What all links together did, by the names that the original gives it; the last ones are ours.
fn handle_values(statistics: &links::Statistics) -> [(&'static str, u64); 14] {
    let (sent, received) = (statistics.sent_compressed, statistics.received_compressed);
    [
        ("tx_uncompressed_packets", statistics.sent_uncompressed_packets),
        ("tx_compressed_packets", sent.packets),
        ("tx_compressed_original_bytes", sent.original_bytes),
        ("tx_compressed_size_bytes", sent.compressed_bytes),
        ("rx_compressed_packets", received.packets),
        ("rx_compressed_original_bytes", received.original_bytes),
        ("rx_compressed_size_bytes", received.compressed_bytes),
        ("tx_crypt_packets", statistics.sent_sealed_packets),
        ("tx_crypt_byte_overhead", statistics.sent_seal_bytes),
        ("rx_crypt_packets", statistics.received_sealed_packets),
        ("rx_refused_packets", statistics.refused_packets),
        ("rx_duplicate_packets", statistics.duplicate_packets),
        ("rx_ignored_packets", statistics.ignored_packets),
        ("tx_unsent_frames", statistics.unsent_frames),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_links_the_first_tells_of_the_node() {
        let links = without_links("192.168.57.2".parse().ok(), true, 1500);
        let first = &links[0];
        assert_eq!((first.mtu, first.connected, links.len()), (1410, true, 8));
        assert_eq!((first.source.as_str(), first.destination.as_str()), ("192.168.57.2", ""));
        assert_eq!(without_links(None, false, 1500), vec![NodeLink::default(); 8]);
    }
}
