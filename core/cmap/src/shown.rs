use std::{collections::BTreeMap, time::Duration};

use conf::{CompressionModel, Keys, Place, Settings, Transport};
use wire::corosync::cmap::Value;

/// A configuration's value as the map has it.
pub fn to_value(value: &conf::Value) -> Value {
    match value {
        conf::Value::U8(v) => Value::U8(*v),
        conf::Value::U16(v) => Value::U16(*v),
        conf::Value::I32(v) => Value::I32(*v),
        conf::Value::U32(v) => Value::U32(*v),
        conf::Value::U64(v) => Value::U64(*v),
        conf::Value::Text(v) => Value::Text(v.clone()),
    }
}

/// A value of the map as the configuration has it; `None` for types that no key of the configuration has.
pub fn from_value(value: &Value) -> Option<conf::Value> {
    Some(match value {
        Value::U8(v) => conf::Value::U8(*v),
        Value::U16(v) => conf::Value::U16(*v),
        Value::I32(v) => conf::Value::I32(*v),
        Value::U32(v) => conf::Value::U32(*v),
        Value::U64(v) => conf::Value::U64(*v),
        Value::Text(v) => conf::Value::Text(v.clone()),
        Value::I8(_)
        | Value::I16(_)
        | Value::I64(_)
        | Value::Float(_)
        | Value::Double(_)
        | Value::Binary(_) => return None,
    })
}

/// All keys that a configuration shows on a host, in order: what the file says, what is derived from it, and below
/// `runtime.config.` the values in effect.
pub fn configuration(keys: &Keys, settings: &Settings, place: &Place) -> BTreeMap<String, Value> {
    let mut shown: BTreeMap<String, Value> =
        keys.iter().map(|(name, key)| (name.to_owned(), to_value(&key.value))).collect();
    let local = u32::try_from(place.local).unwrap_or(u32::MAX);
    shown.insert("nodelist.local_node_pos".to_owned(), Value::U32(local));
    for (position, (node, placed)) in settings.nodes.iter().zip(&place.nodes).enumerate() {
        if node.id.is_none() && placed.id != 0 {
            shown.insert(format!("nodelist.node.{position}.nodeid"), Value::U32(placed.id));
        }
    }
    if let Some(node) = settings.nodes.get(place.local) {
        for (link, address) in &node.addresses {
            let key = format!("totem.interface.{link}.bindnetaddr");
            shown.insert(key, Value::Text(address.clone()));
        }
    }
    if settings.totem.transport == Transport::Udp {
        for link in settings.links.keys() {
            let prefix = format!("totem.interface.{link}");
            shown
                .entry(format!("{prefix}.mcastport"))
                .or_insert_with(|| Value::U16(settings.port(*link)));
            if let Some(address) = place.multicast {
                shown
                    .entry(format!("{prefix}.mcastaddr"))
                    .or_insert_with(|| Value::Text(address.to_string()));
            }
        }
    }
    shown.extend(effective(settings));
    shown
}

/// The values in effect, below `runtime.config.`: to be set anew whenever the settings change.
pub fn effective(settings: &Settings) -> BTreeMap<String, Value> {
    let (totem, timing) = (&settings.totem, settings.timing());
    let ms =
        |duration: Duration| Value::U32(u32::try_from(duration.as_millis()).unwrap_or(u32::MAX));
    let compression = match totem.compression.model {
        None => "none",
        Some(CompressionModel::Zlib) => "zlib",
        Some(CompressionModel::Lz4) => "lz4",
        Some(CompressionModel::Lz4hc) => "lz4hc",
        Some(CompressionModel::Bzip2) => "bzip2",
    };
    let mtu_seconds = u32::try_from(totem.mtu_interval.as_secs()).unwrap_or(u32::MAX);
    let values = [
        ("block_unlisted_ips", Value::U32(totem.block_unlisted.into())),
        ("cancel_token_hold_on_retransmit", Value::U32(totem.cancel_hold_on_retransmit.into())),
        ("consensus", ms(timing.consensus)),
        ("downcheck", ms(totem.downcheck)),
        ("fail_recv_const", Value::U32(totem.fail_to_receive_rotations)),
        ("heartbeat_failures_allowed", Value::U32(totem.heartbeat_failures_allowed)),
        ("hold", ms(timing.hold)),
        ("join", ms(totem.join)),
        ("knet_compression_level", Value::I32(totem.compression.level)),
        ("knet_compression_model", Value::Text(compression.to_owned())),
        ("knet_compression_threshold", Value::U32(totem.compression.threshold)),
        ("knet_mtu", Value::U32(totem.knet_mtu.unwrap_or(0))),
        ("knet_pmtud_interval", Value::U32(mtu_seconds)),
        ("max_messages", Value::U32(totem.messages_per_token)),
        ("max_network_delay", ms(totem.network_delay_max)),
        ("merge", ms(totem.merge)),
        ("miss_count_const", Value::U32(totem.miss_rotations)),
        ("send_join", ms(totem.send_join_max)),
        ("seqno_unchanged_const", Value::U32(totem.unchanged_rotations)),
        ("token", ms(timing.token)),
        ("token_retransmit", ms(timing.token_retransmit)),
        ("token_retransmits_before_loss_const", Value::U32(totem.retransmits_before_loss)),
        ("token_warning", Value::U32(totem.token_warning_percent)),
        ("window_size", Value::U32(totem.window_messages)),
    ];
    let mut shown: BTreeMap<String, Value> = values
        .into_iter()
        .map(|(name, value)| (format!("runtime.config.totem.{name}"), value))
        .collect();
    for link in settings.links.keys() {
        let (timing, prefix) =
            (settings.link_timing(*link), format!("runtime.config.totem.interface.{link}"));
        shown.insert(format!("{prefix}.knet_ping_interval"), ms(timing.ping_interval));
        shown.insert(format!("{prefix}.knet_ping_timeout"), ms(timing.ping_timeout));
    }
    shown
}

/// Keys that clients set to have something done, as they are before.
pub fn buttons() -> [(&'static str, Value); 3] {
    ["runtime.blackbox.dump_flight_data", "runtime.blackbox.dump_state", "runtime.force_gather"]
        .map(|key| (key, Value::Text("no".to_owned())))
}
