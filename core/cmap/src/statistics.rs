//! The statistics that there are, with the types that clients rely on.

use wire::corosync::cmap::Value;

/// A statistic's name below its prefix, and a value of its type.
pub type Statistic = (&'static str, Value);

/// Of the ring's queue, below `stats.pg.`
pub const QUEUE: [Statistic; 2] =
    [("msg_queue_avail", Value::U32(0)), ("msg_reserved", Value::U32(0))];

/// Of the ring, below `stats.srp.`
pub const RING: [Statistic; 30] = [
    ("avg_backlog_calc", Value::U32(0)),
    ("avg_token_workload", Value::U32(0)),
    ("commit_entered", Value::U64(0)),
    ("commit_token_lost", Value::U64(0)),
    ("consensus_timeouts", Value::U64(0)),
    ("continuous_gather", Value::U32(0)),
    ("continuous_sendmsg_failures", Value::U32(0)),
    ("firewall_enabled_or_nic_failure", Value::U8(0)),
    ("gather_entered", Value::U64(0)),
    ("gather_token_lost", Value::U64(0)),
    ("mcast_retx", Value::U64(0)),
    ("mcast_rx", Value::U64(0)),
    ("mcast_tx", Value::U64(0)),
    ("memb_commit_token_rx", Value::U64(0)),
    ("memb_commit_token_tx", Value::U64(0)),
    ("memb_join_rx", Value::U64(0)),
    ("memb_join_tx", Value::U64(0)),
    ("memb_merge_detect_rx", Value::U64(0)),
    ("memb_merge_detect_tx", Value::U64(0)),
    ("mtt_rx_token", Value::U32(0)),
    ("operational_entered", Value::U64(0)),
    ("operational_token_lost", Value::U64(0)),
    ("orf_token_rx", Value::U64(0)),
    ("orf_token_tx", Value::U64(0)),
    ("recovery_entered", Value::U64(0)),
    ("recovery_token_lost", Value::U64(0)),
    ("rx_msg_dropped", Value::U64(0)),
    ("time_since_token_last_received", Value::U64(0)),
    ("token_hold_cancel_rx", Value::U64(0)),
    ("token_hold_cancel_tx", Value::U64(0)),
];

/// Of one link to one node, below [`link_prefix`].
pub const LINK: [Statistic; 39] = [
    ("connected", Value::U8(0)),
    ("down_count", Value::U32(0)),
    ("enabled", Value::U8(0)),
    ("latency_ave", Value::U32(0)),
    ("latency_max", Value::U32(0)),
    ("latency_min", Value::U32(u32::MAX)),
    ("latency_samples", Value::U32(0)),
    ("mtu", Value::U32(0)),
    ("rx_data_bytes", Value::U64(0)),
    ("rx_data_packets", Value::U64(0)),
    ("rx_ping_bytes", Value::U64(0)),
    ("rx_ping_packets", Value::U64(0)),
    ("rx_pmtu_bytes", Value::U64(0)),
    ("rx_pmtu_packets", Value::U64(0)),
    ("rx_pong_bytes", Value::U64(0)),
    ("rx_pong_packets", Value::U64(0)),
    ("rx_total_bytes", Value::U64(0)),
    ("rx_total_packets", Value::U64(0)),
    ("rx_total_retries", Value::U64(0)),
    ("tx_data_bytes", Value::U64(0)),
    ("tx_data_errors", Value::U32(0)),
    ("tx_data_packets", Value::U64(0)),
    ("tx_data_retries", Value::U32(0)),
    ("tx_ping_bytes", Value::U64(0)),
    ("tx_ping_errors", Value::U32(0)),
    ("tx_ping_packets", Value::U64(0)),
    ("tx_ping_retries", Value::U32(0)),
    ("tx_pmtu_bytes", Value::U64(0)),
    ("tx_pmtu_errors", Value::U32(0)),
    ("tx_pmtu_packets", Value::U64(0)),
    ("tx_pmtu_retries", Value::U32(0)),
    ("tx_pong_bytes", Value::U64(0)),
    ("tx_pong_errors", Value::U32(0)),
    ("tx_pong_packets", Value::U64(0)),
    ("tx_pong_retries", Value::U32(0)),
    ("tx_total_bytes", Value::U64(0)),
    ("tx_total_errors", Value::U64(0)),
    ("tx_total_packets", Value::U64(0)),
    ("up_count", Value::U32(0)),
];

/// Of all links together, below `stats.knet.handle.`; only with transport knet.
pub const LINKS: [Statistic; 22] = [
    ("rx_compress_time_ave", Value::U64(0)),
    ("rx_compress_time_max", Value::U64(0)),
    ("rx_compress_time_min", Value::U64(u64::MAX)),
    ("rx_compressed_original_bytes", Value::U64(0)),
    ("rx_compressed_packets", Value::U64(0)),
    ("rx_compressed_size_bytes", Value::U64(0)),
    ("rx_crypt_packets", Value::U64(0)),
    ("rx_crypt_time_ave", Value::U64(0)),
    ("rx_crypt_time_max", Value::U64(0)),
    ("rx_crypt_time_min", Value::U64(u64::MAX)),
    ("tx_compress_time_ave", Value::U64(0)),
    ("tx_compress_time_max", Value::U64(0)),
    ("tx_compress_time_min", Value::U64(u64::MAX)),
    ("tx_compressed_original_bytes", Value::U64(0)),
    ("tx_compressed_packets", Value::U64(0)),
    ("tx_compressed_size_bytes", Value::U64(0)),
    ("tx_crypt_byte_overhead", Value::U64(0)),
    ("tx_crypt_packets", Value::U64(0)),
    ("tx_crypt_time_ave", Value::U64(0)),
    ("tx_crypt_time_max", Value::U64(0)),
    ("tx_crypt_time_min", Value::U64(u64::MAX)),
    ("tx_uncompressed_packets", Value::U64(0)),
];

/// Of all clients together, below `stats.ipcs.global.`
pub const CLIENTS: [Statistic; 2] = [("active", Value::U64(0)), ("closed", Value::U64(0))];

/// Of one client, below [`client_prefix`].
pub const CLIENT: [Statistic; 13] = [
    ("dispatched", Value::U64(0)),
    ("flow_control", Value::U32(0)),
    ("flow_control_count", Value::U64(0)),
    ("invalid_request", Value::U64(0)),
    ("overload", Value::U64(0)),
    ("procname", Value::Text(String::new())),
    ("queued", Value::U32(0)),
    ("queueing", Value::I32(0)),
    ("recv_retries", Value::U64(0)),
    ("requests", Value::U64(0)),
    ("responses", Value::U64(0)),
    ("send_retries", Value::U64(0)),
    ("sent", Value::U32(0)),
];

/// What the keys of a link to a node begin with.
pub fn link_prefix(node: u32, link: u8) -> String {
    format!("stats.knet.node{node}.link{link}.")
}

/// What the keys of a client begin with. `number` tells the connections of one process apart.
pub fn client_prefix(service: u16, process: u32, number: u64) -> String {
    format!("stats.ipcs.service{service}.{process}.{number:#x}.")
}

/// What the keys of the `index`th latest time begin with that the daemon was not scheduled: `timestamp` (`u64`, ms since
/// 1970) and `delay` (`f32`, ms). The latest is 0, and there are ten at most.
pub fn scheduling_miss_prefix(index: usize) -> String {
    format!("stats.schedmiss.{index}.")
}

/// All keys with that prefix and their first values.
pub fn keys<'a>(
    prefix: &'a str,
    statistics: &'a [Statistic],
) -> impl Iterator<Item = (String, Value)> + 'a {
    statistics.iter().map(move |(name, value)| (format!("{prefix}{name}"), value.clone()))
}
