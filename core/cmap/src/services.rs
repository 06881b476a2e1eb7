use std::collections::BTreeMap;

use wire::corosync::cmap::Value;

/// A service of the daemon, as the map shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its number, which clients and messages carry.
    pub id: u16,
    /// Its name in the daemon's configuration.
    pub name: &'static str,
    /// Its name among the counters.
    pub short_name: &'static str,
    /// How many kinds of messages it sends to other nodes.
    pub messages: u32,
}

/// The services that Corosync 3.1 has, in its order. A daemon shows those that it has too.
pub const SERVICES: [Service; 8] = [
    Service { id: 0, name: "corosync_cmap", short_name: "cmap", messages: 1 },
    Service { id: 1, name: "corosync_cfg", short_name: "cfg", messages: 5 },
    Service { id: 2, name: "corosync_cpg", short_name: "cpg", messages: 7 },
    Service { id: 3, name: "corosync_quorum", short_name: "quorum", messages: 0 },
    Service { id: 4, name: "corosync_pload", short_name: "pload", messages: 2 },
    Service { id: 5, name: "corosync_votequorum", short_name: "votequorum", messages: 4 },
    Service { id: 6, name: "corosync_mon", short_name: "mon", messages: 0 },
    Service { id: 7, name: "corosync_wd", short_name: "wd", messages: 0 },
];

impl Service {
    /// What the map shows of it at start.
    pub fn keys(&self) -> BTreeMap<String, Value> {
        let place = format!("internal_configuration.service.{}", self.id);
        let counters = format!("runtime.services.{}", self.short_name);
        let mut keys = BTreeMap::from([
            (format!("{place}.name"), Value::Text(self.name.to_owned())),
            (format!("{place}.ver"), Value::U32(0)),
            (format!("{counters}.service_id"), Value::U16(self.id)),
        ]);
        for message in 0..self.messages {
            for direction in ["rx", "tx"] {
                keys.insert(format!("{counters}.{message}.{direction}"), Value::U64(0));
            }
        }
        keys
    }
}
