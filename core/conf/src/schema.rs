//! Which keys there are, and of what type each is. Keys that are not here are kept as text, as Corosync does.

use crate::Value;

/// What a key's value has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A number of 8 bits.
    U8,
    /// A number of 16 bits.
    U16,
    /// A signed number of 32 bits.
    I32,
    /// A number of 32 bits.
    U32,
    /// A number of 64 bits.
    U64,
    /// Any text.
    Text,
    /// One of these words; the second field is how they are listed in a message.
    Word(&'static [&'static str], &'static str),
    /// A class of traffic in the IP header: its name, or a number from 0 to 63 in decimal, octal or hexadecimal digits.
    TrafficClass,
    /// A key that is accepted and not read.
    Unknown,
}

impl Shape {
    /// The range of a number.
    pub(crate) fn range(self) -> (i64, u64) {
        match self {
            Self::U8 => (0, u64::from(u8::MAX)),
            Self::TrafficClass => (0, 63),
            Self::U16 => (0, u64::from(u16::MAX)),
            Self::I32 => (i64::from(i32::MIN), i32::MAX.unsigned_abs().into()),
            Self::U32 => (0, u64::from(u32::MAX)),
            Self::U64 | Self::Text | Self::Word(..) | Self::Unknown => (0, u64::MAX),
        }
    }

    /// The value that a text is; `None` if it is none of this shape.
    pub(crate) fn value(self, text: &str) -> Option<Value> {
        match self {
            Self::U8 => text.parse().ok().map(Value::U8),
            Self::TrafficClass => traffic_class(text).map(Value::U8),
            Self::U16 => text.parse().ok().map(Value::U16),
            Self::I32 => text.parse().ok().map(Value::I32),
            Self::U32 => text.parse().ok().map(Value::U32),
            Self::U64 => text.parse().ok().map(Value::U64),
            Self::Text | Self::Unknown => Some(Value::Text(text.to_owned())),
            Self::Word(words, _) => words.contains(&text).then(|| Value::Text(text.to_owned())),
        }
    }
}

/// The shape of a key that is outside `totem.interface`, `nodelist.node`, `uidgid` and the subsystems of `logging`.
pub(crate) fn shape(path: &str) -> Shape {
    match path.split_once('.') {
        Some(("totem", key)) => totem(key),
        Some(("quorum", key)) => quorum(key),
        Some(("system", key)) => system(key),
        Some(("resources", key)) => resources(key),
        Some(("logging", key)) => logging(key),
        Some(("nozzle", "name" | "ipaddr" | "ipprefix" | "macaddr")) => Shape::Text,
        Some(("pload", "count" | "size")) => Shape::U32,
        Some(_) | None => Shape::Unknown,
    }
}

fn totem(key: &str) -> Shape {
    match key {
        "version"
        | "nodeid"
        | "threads"
        | "token"
        | "token_coefficient"
        | "token_retransmit"
        | "token_warning"
        | "hold"
        | "token_retransmits_before_loss_const"
        | "join"
        | "send_join"
        | "consensus"
        | "merge"
        | "downcheck"
        | "fail_recv_const"
        | "seqno_unchanged_const"
        | "rrp_token_expired_timeout"
        | "rrp_problem_count_timeout"
        | "rrp_problem_count_threshold"
        | "rrp_problem_count_mcast_threshold"
        | "rrp_autorecovery_check_timeout"
        | "heartbeat_failures_allowed"
        | "max_network_delay"
        | "window_size"
        | "max_messages"
        | "miss_count_const"
        | "knet_pmtud_interval"
        | "knet_mtu"
        | "knet_compression_threshold"
        | "netmtu" => Shape::U32,
        "knet_compression_level" => Shape::I32,
        "config_version" => Shape::U64,
        "ip_dscp" => Shape::TrafficClass,
        "ip_version" => {
            Shape::Word(&["ipv4", "ipv6", "ipv4-6", "ipv6-4"], "ipv4, ipv6, ipv4-6, ipv6-4")
        }
        "crypto_model" => Shape::Word(&["nss", "openssl"], "nss, openssl"),
        "crypto_cipher" => {
            Shape::Word(&["none", "aes256", "aes192", "aes128"], "none, aes256, aes192, aes128")
        }
        "crypto_hash" => Shape::Word(
            &["none", "md5", "sha1", "sha256", "sha384", "sha512"],
            "none, md5, sha1, sha256, sha384, sha512",
        ),
        "knet_compression_model" => Shape::Word(
            &["zlib", "lz4", "lz4hc", "lzo2", "lzma", "bzip2", "zstd"],
            "zlib, lz4, lz4hc, lzo2, lzma, bzip2, zstd",
        ),
        "transport"
        | "link_mode"
        | "rrp_mode"
        | "cluster_name"
        | "cluster_uuid"
        | "secauth"
        | "keyfile"
        | "key"
        | "clear_node_high_bit"
        | "block_unlisted_ips"
        | "cancel_token_hold_on_retransmit" => Shape::Text,
        _ => Shape::Unknown,
    }
}

/// A class of traffic by its name in the registry of such classes, or by its number.
fn traffic_class(text: &str) -> Option<u8> {
    let number = if let Some(digits) = text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        u8::from_str_radix(digits, 16).ok()
    } else if let Some(class) = text.strip_prefix("cs") {
        class.parse::<u8>().ok().filter(|class| *class < 8).map(|class| class * 8)
    } else if let Some(digits) = text.strip_prefix("af") {
        let digits = digits.parse::<u8>().ok()?;
        let (class, precedence) = (digits / 10, digits % 10);
        let is_known = (1..=4).contains(&class) && (1..=3).contains(&precedence);
        is_known.then_some(class * 8 + precedence * 2)
    } else if text == "ef" {
        Some(46)
    } else if text.len() > 1 && text.starts_with('0') {
        u8::from_str_radix(text, 8).ok()
    } else {
        text.parse().ok()
    };
    number.filter(|number| *number < 64)
}

/// The shape of a key of `totem.interface`.
pub(crate) fn interface(key: &str) -> Shape {
    match key {
        "linknumber" | "ttl" | "knet_link_priority" => Shape::U8,
        "mcastport" => Shape::U16,
        "knet_ping_interval" | "knet_ping_timeout" | "knet_ping_precision" | "knet_pong_count" => {
            Shape::U32
        }
        "bindnetaddr" | "mcastaddr" | "broadcast" | "knet_transport" => Shape::Text,
        _ => Shape::Unknown,
    }
}

/// The shape of a key of `nodelist.node`, where every key is welcome.
pub(crate) fn node(key: &str) -> Shape {
    match key {
        "nodeid" | "quorum_votes" => Shape::U32,
        _ => Shape::Text,
    }
}

fn quorum(key: &str) -> Shape {
    match key {
        "expected_votes" | "votes" | "last_man_standing_window" | "leaving_timeout" => Shape::U32,
        "two_node"
        | "expected_votes_tracking"
        | "allow_downscale"
        | "wait_for_all"
        | "auto_tie_breaker"
        | "last_man_standing" => Shape::U8,
        "device.timeout" | "device.sync_timeout" | "device.votes" => Shape::U32,
        "device.master_wins" => Shape::U8,
        "provider" | "auto_tie_breaker_node" => Shape::Text,
        // The device's daemon has keys of its own.
        _ if key.starts_with("device.") => Shape::Text,
        _ => Shape::Unknown,
    }
}

fn system(key: &str) -> Shape {
    match key {
        "qb_ipc_type" => Shape::Word(&["native", "shm", "socket"], "native, shm, socket"),
        "sched_rr" | "allow_knet_handle_fallback" => Shape::Word(&["yes", "no"], "yes, no"),
        "move_to_root_cgroup" => Shape::Word(&["yes", "no", "auto"], "yes, no, auto"),
        "priority" | "state_dir" => Shape::Text,
        _ => Shape::Unknown,
    }
}

fn resources(key: &str) -> Shape {
    match key {
        "watchdog_timeout" => Shape::U32,
        "watchdog_device" => Shape::Text,
        _ if !key.starts_with("system.") && !key.starts_with("process.") => Shape::Unknown,
        _ if key.ends_with(".poll_period") => Shape::U64,
        _ => Shape::Text,
    }
}

fn logging(key: &str) -> Shape {
    match key {
        "timestamp" | "fileline" | "function_name" | "blackbox" => Shape::Text,
        _ if is_logging_option(key) => Shape::Text,
        _ => Shape::Unknown,
    }
}

/// Whether it is a logging option that a part of the daemon may have for itself.
pub(crate) fn is_logging_option(key: &str) -> bool {
    matches!(
        key,
        "to_stderr"
            | "to_logfile"
            | "to_file"
            | "to_syslog"
            | "logfile"
            | "logfile_priority"
            | "syslog_facility"
            | "syslog_priority"
            | "syslog_level"
            | "debug"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_of_traffic_have_names_and_numbers() {
        for (text, class) in
            [("0", 0), ("46", 46), ("0x2e", 46), ("056", 46), ("ef", 46), ("cs7", 56), ("af43", 38)]
        {
            assert_eq!(traffic_class(text), Some(class), "{text}");
        }
        for text in ["64", "0x40", "cs8", "af44", "af51", "be", "-1", "", "08"] {
            assert_eq!(traffic_class(text), None, "{text}");
        }
    }
}
