use std::{collections::BTreeSet, fmt, net::IpAddr};

use crate::{Key, Keys, Place, Settings, Value};

/// Keys below these go when the new file does not have them. Others stay: clients may have set them.
const FROM_THE_FILE: [&str; 6] =
    ["logging.", "totem.", "nodelist.", "quorum.", "uidgid.config.", "nozzle."];

/// Keys that are read once, when the daemon starts.
const FIXED: [&str; 22] = [
    "totem.version",
    "totem.threads",
    "totem.ip_version",
    "totem.rrp_mode",
    "totem.netmtu",
    "totem.transport",
    "totem.cluster_name",
    "totem.clear_node_high_bit",
    "totem.ip_dscp",
    "quorum.provider",
    "quorum.allow_downscale",
    "quorum.wait_for_all",
    "quorum.last_man_standing",
    "quorum.last_man_standing_window",
    "quorum.expected_votes_tracking",
    "quorum.auto_tie_breaker",
    "quorum.auto_tie_breaker_node",
    "system.move_to_root_cgroup",
    "system.allow_knet_handle_fallback",
    "system.sched_rr",
    "system.priority",
    "system.qb_ipc_type",
];

/// Keys of a link that stay as they are as long as the link is there.
const FIXED_OF_LINK: [&str; 6] =
    ["bindnetaddr", "mcastaddr", "broadcast", "mcastport", "ttl", "knet_transport"];

/// What differs between a running configuration and a new one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// Keys that are new, gone or different, in order, without those of [`Changes::refused`].
    pub keys: Vec<KeyChange>,
    /// Keys that cannot change while the daemon runs; the old values stay. To be logged, each as it displays itself.
    pub refused: Vec<KeyChange>,
    /// The keys from now on: the new ones, with the old values of refused keys.
    pub effective: Keys,
    /// What they mean.
    pub settings: Settings,
    /// Parts of the daemon that have something to do.
    pub parts: Parts,
}

/// One key that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyChange {
    /// The key.
    pub key: String,
    /// The value it has; `None` if it is new.
    pub old: Option<Value>,
    /// The value it gets; `None` if it goes.
    pub new: Option<Value>,
    /// The line in the new file, counted from 1; 0 for a key that goes.
    pub line: usize,
}

impl fmt::Display for KeyChange {
    /// What is logged of a change that is refused.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        write!(f, "{} can not be changed at run time: it stays ", self.key)?;
        match &self.old {
            Some(old) => write!(f, "'{old}'")?,
            None => f.write_str("unset")?,
        }
        match &self.new {
            Some(new) => write!(f, " and does not become '{new}'"),
            None => f.write_str(" and is not removed"),
        }
    }
}

/// Which parts of the daemon a change concerns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// The ring's times and limits.
    pub timing: bool,
    /// Nodes came, went or have other votes, names or addresses.
    pub nodes: bool,
    /// Links came, went or have other parameters, derived ones as well.
    pub links: bool,
    /// Cipher, hash, model or where the key is. The key in a file may differ without this.
    pub crypto: bool,
    /// How messages are compressed.
    pub compression: bool,
    /// Votes and who has quorum.
    pub quorum: bool,
    /// Logging.
    pub logging: bool,
    /// Who may connect.
    pub access: bool,
    /// The number of the configuration, which the other nodes are told.
    pub config_version: bool,
    /// The device for other programs' traffic.
    pub nozzle: bool,
}

/// Why a reload is refused as a whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "node {node} has another address on link {link}, {new} instead of {old}: to change an address, remove the link and \
     add it again, while another link works"
)]
pub struct AddressChange {
    /// The node.
    pub node: u32,
    /// The link.
    pub link: u8,
    /// The address in use.
    pub old: IpAddr,
    /// The address in the new file.
    pub new: IpAddr,
}

/// Compares the running configuration with a new one, whose own errors are to be looked at before.
pub fn compare(old: &Keys, new: &Keys) -> Changes {
    let mut changes = Changes { effective: new.clone(), ..Changes::default() };
    let names: BTreeSet<&String> = old.entries.keys().chain(new.entries.keys()).collect();
    for name in names {
        let (before, after) = (old.entries.get(name), new.entries.get(name));
        if before.map(|key| &key.value) == after.map(|key| &key.value) {
            continue;
        }
        let change = KeyChange {
            key: name.clone(),
            old: before.map(|key| key.value.clone()),
            new: after.map(|key| key.value.clone()),
            line: after.map_or(0, |key| key.line),
        };
        if is_fixed(name, old, new) {
            stay(&mut changes.effective, name, before);
            changes.refused.push(change);
        } else if after.is_none() && !FROM_THE_FILE.iter().any(|prefix| name.starts_with(prefix)) {
            stay(&mut changes.effective, name, before);
        } else {
            changes.keys.push(change);
        }
    }
    let (before, _) = Settings::from_keys(old);
    let (after, _) = Settings::from_keys(&changes.effective);
    changes.parts = parts(&before, &after);
    changes.settings = after;
    changes
}

/// Compares the addresses of nodes that stay on links that stay: these cannot change.
pub fn changed_addresses(old: &Place, new: &Place) -> Vec<AddressChange> {
    let mut changes = Vec::new();
    for node in &new.nodes {
        let Some(before) = old.nodes.iter().find(|before| before.id == node.id) else { continue };
        for (link, address) in &node.addresses {
            if let Some(old) = before.addresses.get(link)
                && old != address
            {
                changes.push(AddressChange {
                    node: node.id,
                    link: *link,
                    old: *old,
                    new: *address,
                });
            }
        }
    }
    changes
}

fn stay(keys: &mut Keys, name: &str, before: Option<&Key>) {
    match before {
        Some(key) => {
            keys.entries.insert(name.to_owned(), key.clone());
        }
        None => {
            keys.entries.remove(name);
        }
    }
}

fn is_fixed(name: &str, old: &Keys, new: &Keys) -> bool {
    if FIXED.contains(&name) || name == "system.state_dir" {
        return true;
    }
    let Some((link, key)) =
        name.strip_prefix("totem.interface.").and_then(|rest| rest.split_once('.'))
    else {
        return false;
    };
    // A link that comes or goes takes its keys with it.
    FIXED_OF_LINK.contains(&key) && has_link(old, link) && has_link(new, link)
}

fn has_link(keys: &Keys, link: &str) -> bool {
    let address = format!(".ring{link}_addr");
    keys.with_prefix("nodelist.node.").any(|(key, _)| key.ends_with(&address))
}

fn parts(old: &Settings, new: &Settings) -> Parts {
    let linked = |settings: &Settings| {
        let links = settings.links.iter();
        links
            .map(|(link, set)| (*link, set.clone(), settings.link_timing(*link)))
            .collect::<Vec<_>>()
    };
    let (a, b) = (&old.totem, &new.totem);
    Parts {
        timing: old.timing() != new.timing() || {
            // What is left are counts and times that are used as they are set.
            let as_if = crate::Totem {
                config_version: b.config_version,
                link_mode: b.link_mode,
                block_unlisted: b.block_unlisted,
                crypto: b.crypto.clone(),
                compression: b.compression,
                mtu_interval: b.mtu_interval,
                knet_mtu: b.knet_mtu,
                cluster_uuid: b.cluster_uuid.clone(),
                ..a.clone()
            };
            as_if != *b
        },
        nodes: old.nodes != new.nodes,
        links: linked(old) != linked(new)
            || (a.link_mode, a.block_unlisted, a.mtu_interval, a.knet_mtu)
                != (b.link_mode, b.block_unlisted, b.mtu_interval, b.knet_mtu),
        crypto: a.crypto != b.crypto,
        compression: a.compression != b.compression,
        quorum: old.quorum != new.quorum
            || old.nodes.iter().map(|node| node.votes).ne(new.nodes.iter().map(|node| node.votes)),
        logging: old.logging != new.logging,
        access: old.access != new.access,
        config_version: a.config_version != b.config_version,
        nozzle: old.nozzle != new.nozzle,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Host;

    const BASE: &str = "totem {\nversion: 2\ncluster_name: web\ntoken: 1000\ninterface {\nlinknumber: 0\nmcastport: 6000\n\
                        knet_pong_count: 3\n}\n}\nnodelist {\nnode {\nring0_addr: 10.0.0.1\nnodeid: 1\nname: a\n}\n\
                        node {\nring0_addr: 10.0.0.2\nnodeid: 2\nname: b\n}\n}\nquorum {\nprovider: corosync_votequorum\n\
                        two_node: 1\n}\nsystem {\nsched_rr: no\n}\n";

    fn keys(text: &str) -> Keys {
        let (keys, problems) = Keys::read(&text.parse().unwrap());
        assert!(problems.errors.is_empty(), "{:?}", problems.errors);
        keys
    }

    fn reload(from: &str, to: &str) -> Changes {
        assert!(BASE.contains(from), "{from}");
        compare(&keys(BASE), &keys(&BASE.replace(from, to)))
    }

    fn names(changes: &[KeyChange]) -> Vec<&str> {
        changes.iter().map(|change| change.key.as_str()).collect()
    }

    #[test]
    fn the_same_is_no_change() {
        let changes = reload("two_node: 1\n", "two_node: 1\n");
        assert_eq!(
            (changes.keys, changes.refused, changes.parts),
            (vec![], vec![], Parts::default())
        );
    }

    #[test]
    fn parts_are_told() {
        for (from, to, keys, parts) in [
            (
                "token: 1000",
                "token: 2000",
                vec!["totem.token"],
                // Links derive their times from it.
                Parts { timing: true, links: true, ..Parts::default() },
            ),
            (
                "token: 1000",
                "token: 1000\nmax_messages: 20",
                vec!["totem.max_messages"],
                Parts { timing: true, ..Parts::default() },
            ),
            (
                "token: 1000",
                "token: 1000\nconfig_version: 2",
                vec!["totem.config_version"],
                Parts { config_version: true, ..Parts::default() },
            ),
            (
                "token: 1000",
                "token: 1000\ncrypto_hash: sha1",
                vec!["totem.crypto_hash"],
                Parts { crypto: true, ..Parts::default() },
            ),
            (
                "token: 1000",
                "token: 1000\nknet_compression_model: zlib",
                vec!["totem.knet_compression_model"],
                Parts { compression: true, ..Parts::default() },
            ),
            (
                "knet_pong_count: 3\n",
                "",
                vec!["totem.interface.0.knet_pong_count"],
                Parts { links: true, ..Parts::default() },
            ),
            (
                "two_node: 1",
                "expected_votes: 3",
                vec!["quorum.expected_votes", "quorum.two_node"],
                Parts { quorum: true, ..Parts::default() },
            ),
            (
                "nodeid: 2",
                "nodeid: 2\nquorum_votes: 2",
                vec!["nodelist.node.1.quorum_votes"],
                Parts { nodes: true, quorum: true, ..Parts::default() },
            ),
            (
                "system {",
                "logging {\ndebug: on\n}\nuidgid {\nuid: 5\n}\nsystem {",
                vec!["logging.debug", "uidgid.config.uid.5"],
                Parts { logging: true, access: true, ..Parts::default() },
            ),
        ] {
            let changes = reload(from, to);
            assert_eq!(names(&changes.keys), keys, "{to}");
            assert_eq!(changes.parts, parts, "{to}");
            assert_eq!(changes.refused, [], "{to}");
        }
    }

    #[test]
    fn what_is_read_at_start_stays() {
        for (from, to, message) in [
            (
                "cluster_name: web",
                "cluster_name: net",
                "line 3: totem.cluster_name can not be changed at run time: it stays 'web' and does not become 'net'",
            ),
            (
                "version: 2",
                "version: 2\ntransport: udpu",
                "line 3: totem.transport can not be changed at run time: it stays unset and does not become 'udpu'",
            ),
            (
                "sched_rr: no\n",
                "",
                "system.sched_rr can not be changed at run time: it stays 'no' and is not removed",
            ),
            (
                "mcastport: 6000",
                "mcastport: 6001",
                "line 7: totem.interface.0.mcastport can not be changed at run time: it stays '6000' and does not become '6001'",
            ),
            (
                "two_node: 1",
                "two_node: 1\nwait_for_all: 0",
                "line 26: quorum.wait_for_all can not be changed at run time: it stays unset and does not become '0'",
            ),
        ] {
            let changes = reload(from, to);
            assert_eq!(changes.refused[0].to_string(), message);
            assert_eq!((changes.refused.len(), &changes.keys[..]), (1, &[][..]), "{to}");
            assert_eq!(changes.settings, Settings::from_keys(&keys(BASE)).0, "{to}");
        }
    }

    #[test]
    fn a_node_and_a_link_come() {
        let node = "node {\nring0_addr: 10.0.0.3\nnodeid: 3\nname: c\n}\n}\nquorum";
        let changes = reload("}\nquorum", node);
        assert_eq!(changes.settings.nodes.len(), 3);
        assert!(changes.parts.nodes && changes.parts.timing && changes.parts.links);
        // The port of a new link is nothing that changed.
        let more = BASE
            .replace("10.0.0.1", "10.0.0.1\nring1_addr: 10.1.0.1")
            .replace("10.0.0.2", "10.0.0.2\nring1_addr: 10.1.0.2")
            .replace(
                "nodelist {",
                "totem {\ninterface {\nlinknumber: 1\nmcastport: 7000\n}\n}\nnodelist {",
            );
        let changes = compare(&keys(BASE), &keys(&more));
        assert_eq!(changes.refused, []);
        assert_eq!(changes.settings.port(1), 7000);
        let back = compare(&keys(&more), &keys(BASE));
        assert_eq!((back.refused, back.settings.links.len()), (vec![], 1));
    }

    #[test]
    fn keys_of_clients_stay() {
        let mut old = keys(BASE);
        old.set("my.key", Value::U8(1));
        old.set("totem.token_warning", Value::U32(10));
        let changes = compare(&old, &keys(BASE));
        assert_eq!(changes.effective.u8("my.key"), Some(1));
        // Other than in the file, the file counts.
        assert_eq!(names(&changes.keys), ["totem.token_warning"]);
    }

    #[test]
    fn addresses_in_use_cannot_change() {
        let place = |text: &str| {
            let host = Host { name: "a".into(), ..Host::default() };
            Place::find(&Settings::read(&text.parse().unwrap()).0, &host).0.unwrap()
        };
        let other = BASE.replace("10.0.0.2", "10.0.0.9");
        let changes = changed_addresses(&place(BASE), &place(&other));
        assert_eq!(
            changes[0].to_string(),
            "node 2 has another address on link 0, 10.0.0.9 instead of 10.0.0.2: to change an address, remove the link \
             and add it again, while another link works"
        );
        assert_eq!(changed_addresses(&place(BASE), &place(BASE)), []);
        let renumbered = BASE.replace("nodeid: 2", "nodeid: 3");
        assert_eq!(changed_addresses(&place(&other), &place(&renumbered)), []);
    }
}
