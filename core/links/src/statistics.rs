use std::time::Duration;

/// What one link has carried. Bytes are those of UDP payloads; received ones are counted after opening the seal, as
/// libknet does. (`stats.knet.nodeN.linkM` in the daemon's map.)
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkStatistics {
    /// Frames and parts.
    pub data: Traffic,
    /// Pings.
    pub ping: Traffic,
    /// Answers to pings.
    pub pong: Traffic,
    /// Probes of sizes and their answers.
    pub mtu: Traffic,
    /// The smallest average latency so far.
    pub latency_min: Duration,
    /// The greatest average latency so far.
    pub latency_max: Duration,
    /// How often the link came up.
    pub up_count: u32,
    /// How often it went down.
    pub down_count: u32,
}

/// Packets of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Packets sent.
    pub sent_packets: u64,
    /// Bytes sent.
    pub sent_bytes: u64,
    /// Packets received.
    pub received_packets: u64,
    /// Bytes received.
    pub received_bytes: u64,
}

impl Traffic {
    pub(crate) fn sent(&mut self, bytes: usize) {
        self.sent_packets += 1;
        self.sent_bytes += bytes as u64;
    }

    pub(crate) fn received(&mut self, bytes: usize) {
        self.received_packets += 1;
        self.received_bytes += bytes as u64;
    }
}

impl LinkStatistics {
    /// All kinds of packets together.
    pub fn total(&self) -> Traffic {
        let kinds = [self.data, self.ping, self.pong, self.mtu];
        kinds.into_iter().fold(Traffic::default(), |sum, kind| Traffic {
            sent_packets: sum.sent_packets + kind.sent_packets,
            sent_bytes: sum.sent_bytes + kind.sent_bytes,
            received_packets: sum.received_packets + kind.received_packets,
            received_bytes: sum.received_bytes + kind.received_bytes,
        })
    }
}

/// What all links together have done. (`stats.knet.handle`; libknet's times of sealing and compressing are missing,
/// since core has no clock.)
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Frames sent compressed.
    pub sent_compressed: Compressed,
    /// Frames sent as they were although compression is on.
    pub sent_uncompressed_packets: u64,
    /// Frames received compressed.
    pub received_compressed: Compressed,
    /// Packets with data sent sealed.
    pub sent_sealed_packets: u64,
    /// By how many bytes sealing made them longer.
    pub sent_seal_bytes: u64,
    /// Packets with data received sealed.
    pub received_sealed_packets: u64,
    /// Packets that were not trusted or not understood.
    pub refused_packets: u64,
    /// Frames and parts that had been delivered before, or are too old to tell.
    pub duplicate_packets: u64,
    /// Data from nodes that are not reachable, or on channels that nobody uses.
    pub ignored_packets: u64,
    /// Frames that could not be sent: nobody is reachable, or they are too long.
    pub unsent_frames: u64,
}

/// Frames before and after compression.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compressed {
    /// Frames.
    pub packets: u64,
    /// Their bytes before.
    pub original_bytes: u64,
    /// Their bytes after.
    pub compressed_bytes: u64,
}

impl Compressed {
    pub(crate) fn count(&mut self, original: usize, compressed: usize) {
        self.packets += 1;
        self.original_bytes += original as u64;
        self.compressed_bytes += compressed as u64;
    }
}

/// How one link to one node does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkStatus {
    /// Whether it works.
    pub is_up: bool,
    /// Whether frames to that node go over it now.
    pub is_used: bool,
    /// How many bytes of a frame fit a packet on it; 0 while it is down.
    pub frame_bytes: usize,
    /// The average time from ping to answer.
    pub latency: Duration,
    /// How many answers that average is over.
    pub latency_samples: u32,
    /// What it has carried.
    pub statistics: LinkStatistics,
}
