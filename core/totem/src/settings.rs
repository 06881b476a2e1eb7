use std::time::Duration;

use vocab::NodeId;

/// What a ring's behaviour depends on. All nodes of a cluster should have the same, apart from `node` and `seed`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// This node.
    pub node: NodeId,
    /// How long the token may be away before it counts as lost (`totem.token`, with what more nodes add).
    pub token: Duration,
    /// Part of `token`, in percent, after which a late token is reported; 0 for never (`totem.token_warning`).
    pub token_warning_percent: u8,
    /// How long until a token that was passed on and not heard of is sent again (`totem.token_retransmit`).
    pub token_retransmit: Duration,
    /// How long the representative of an idle ring keeps the token (`totem.hold`).
    pub token_hold: Duration,
    /// How long until a join message is sent again (`totem.join`).
    pub join: Duration,
    /// Join messages are held back up to that long, at random (`totem.send_join`).
    pub send_join_max: Duration,
    /// How long to wait for agreement on a membership (`totem.consensus`).
    pub consensus: Duration,
    /// How long a ring without traffic waits until it looks for other rings (`totem.merge`).
    pub merge: Duration,
    /// Rotations without progress of what this node has received, until it counts as deaf (`totem.fail_recv_const`).
    pub fail_to_receive_rotations: u32,
    /// Rotations without a new message, until the merge detection may run (`totem.seqno_unchanged_const`).
    pub unchanged_rotations: u32,
    /// Messages of all nodes in one rotation (`totem.window_size`).
    pub window_messages: u32,
    /// Messages of one node in one rotation (`totem.max_messages`).
    pub messages_per_token: u32,
    /// Rotations that a message may be missing before it is asked for (`totem.miss_count_const`).
    pub miss_rotations: u32,
    /// Tokens that may fail to come before the ring is formed anew; 0 turns that off (`totem.heartbeat_failures_allowed`).
    pub heartbeat_failures_allowed: u32,
    /// How long a packet may be under way, for the heartbeat (`totem.max_network_delay`).
    pub network_delay_max: Duration,
    /// Whether a token is not held while something has to be sent again (`totem.cancel_token_hold_on_retransmit`).
    pub cancel_hold_on_retransmit: bool,
    /// Bytes of the biggest frame that the transport takes (`totem.netmtu` as it is for udp and udpu; a packet is by 90 bytes
    /// smaller, so that it can be wrapped once more).
    pub frame_bytes_max: usize,
    /// Where random delays come from.
    pub seed: u64,
}
