use std::collections::BTreeSet;

/// Keys that are the daemon's alone: what it shows of itself.
const PREFIXES: [&str; 7] = [
    "internal_configuration.",
    "runtime.services.",
    "runtime.config.",
    "runtime.totem.",
    "uidgid.config.",
    "system.",
    "nodelist.",
];
/// Keys that would have no effect before the next start.
const KEYS: [&str; 17] = [
    "totem.crypto_cipher",
    "totem.crypto_hash",
    "totem.crypto_model",
    "totem.keyfile",
    "totem.key",
    "totem.secauth",
    "totem.ip_version",
    "totem.rrp_mode",
    "totem.transport",
    "totem.cluster_name",
    "totem.netmtu",
    "totem.threads",
    "totem.version",
    "totem.nodeid",
    "totem.clear_node_high_bit",
    "config.reload_in_progress",
    "config.totemconfig_reload_in_progress",
];

/// Keys that clients may not change once votes are counted: the daemon protects them when it starts to.
pub const PROTECTED_BY_QUORUM: [&str; 7] = [
    "quorum.allow_downscale",
    "quorum.wait_for_all",
    "quorum.last_man_standing",
    "quorum.last_man_standing_window",
    "quorum.expected_votes_tracking",
    "quorum.auto_tie_breaker",
    "quorum.auto_tie_breaker_node",
];

/// What clients may not change.
#[derive(Clone, Debug)]
pub(crate) struct Protection {
    prefixes: Vec<String>,
    keys: BTreeSet<String>,
}

impl Default for Protection {
    fn default() -> Self {
        Self {
            prefixes: PREFIXES.map(str::to_owned).to_vec(),
            keys: KEYS.map(str::to_owned).into(),
        }
    }
}

impl Protection {
    pub(crate) fn add(&mut self, key: String, prefix: bool) {
        if !prefix {
            self.keys.insert(key);
        } else if !self.prefixes.contains(&key) {
            self.prefixes.push(key);
        }
    }

    pub(crate) fn covers(&self, key: &str) -> bool {
        self.keys.contains(key) || self.prefixes.iter().any(|prefix| key.starts_with(prefix))
    }
}
