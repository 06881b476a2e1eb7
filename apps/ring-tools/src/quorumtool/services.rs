use std::{collections::BTreeMap, net::IpAddr};

use ring::{
    QuorumChange, RingError, address_name,
    blocking::{Cfg, Cmap, Map, Quorum, Votes},
};
use vocab::NodeId;
use wire::corosync::votequorum::Info;

use super::{
    failed,
    text::{self, Member, Overview, Shape},
    words,
};
use crate::print::complain;

/// What decides on quorum.
pub(super) enum Provider {
    /// Nothing, or it cannot be told what.
    None,
    /// Something that is called so.
    Other(String),
    /// Votes.
    Votes(Votes),
}

const VOTES: &str = "corosync_votequorum";

/// The connections to the ring's daemon.
pub(super) struct Services {
    cmap: Cmap,
    pub(super) quorum: Quorum,
    cfg: Cfg,
    pub(super) provider: Provider,
    /// This node; 0 without votes.
    pub(super) local: NodeId,
}

impl Services {
    pub(super) fn connect() -> Result<Self, String> {
        let service = |what: &'static str| move |_: RingError| what.to_owned();
        let mut cmap =
            Cmap::connect(Map::Configuration).map_err(service("Cannot initialize CMAP service"))?;
        let quorum = Quorum::connect().map_err(service("Cannot initialize QUORUM service"))?;
        let cfg = Cfg::connect().map_err(service("Cannot initialise CFG service"))?;
        let name =
            if quorum.has_provider() { cmap.get_string("quorum.provider") } else { Ok(None) };
        let (provider, local) = match name {
            Ok(Some(name)) if name == VOTES => {
                let votes =
                    Votes::connect().map_err(service("Cannot initialise VOTEQUORUM service"))?;
                let local = cmap.get_u32("runtime.votequorum.this_node_id").ok().flatten();
                let local = local.ok_or("Unable to retrieve this_node_id")?;
                (Provider::Votes(votes), local)
            }
            Ok(Some(name)) => (Provider::Other(name), 0),
            Ok(None) | Err(_) => (Provider::None, 0),
        };
        Ok(Self { cmap, quorum, cfg, provider, local: NodeId(local) })
    }

    /// The service that counts votes; else a sentence that begins with `what`.
    pub(super) fn votes(&mut self, what: &str) -> Result<&mut Votes, String> {
        match &mut self.provider {
            Provider::Votes(votes) => Ok(votes),
            Provider::None | Provider::Other(_) => {
                Err(format!("{what}, corosync is not using votequorum"))
            }
        }
    }

    /// The partition as it is.
    pub(super) fn current(&mut self) -> Result<QuorumChange, String> {
        self.quorum.follow(false).map_err(failed("Unable to start quorum status tracking"))?;
        let change = self.quorum.wait().map_err(failed("Unable to dispatch quorum status"))?;
        if let Err(error) = self.quorum.unfollow() {
            complain(format_args!("Unable to stop quorum status tracking: {}", words(&error)));
        }
        Ok(change)
    }

    /// Everything there is to say, and whether the local node's votes are known. `representative` formed the ring.
    pub(super) fn status_block(
        &mut self,
        change: &QuorumChange,
        representative: Option<NodeId>,
        shape: &Shape,
    ) -> (String, Result<(), RingError>) {
        let provider = match &self.provider {
            Provider::None => "Not configured",
            Provider::Other(name) => name,
            Provider::Votes(_) => VOTES,
        };
        let date = jiff::Zoned::now().strftime("%a %b %e %H:%M:%S %Y").to_string();
        let local = self.local;
        let overview = Overview { date, provider, change, local, representative };
        let mut text = text::overview(&overview, shape);
        let mut result = Ok(());
        if let Provider::Votes(votes) = &mut self.provider {
            match votes.info(local) {
                Ok(info) => text.push_str(&text::votes(&info)),
                Err(error) => result = Err(error),
            }
            text.push_str(&self.membership_block(&change.members, shape));
        }
        (text, result)
    }

    /// The table of members.
    pub(super) fn membership_block(&mut self, nodes: &[NodeId], shape: &Shape) -> String {
        let mut text = String::new();
        let mut members = Vec::new();
        let names = if shape.numeric_addresses { BTreeMap::new() } else { self.configured_names() };
        for &node in nodes {
            let info = match &mut self.provider {
                Provider::Votes(votes) => votes.info(node).map(Some).unwrap_or_else(|_| {
                    text.push_str(&format!("Unable to get node {node} info\n"));
                    Some(Info::default())
                }),
                Provider::None | Provider::Other(_) => None,
            };
            let name = self.name(node, names.get(&node).map(String::as_str), shape);
            members.push(Member { node, name, info });
        }
        text.push_str(&text::membership(members, self.local, shape));
        text
    }

    /// The names that the configuration gives nodes.
    fn configured_names(&mut self) -> BTreeMap<NodeId, String> {
        let mut names = BTreeMap::new();
        for key in self.cmap.keys("nodelist.node.").unwrap_or_default() {
            if let Some(position) = key.strip_suffix(".nodeid")
                && let Ok(Some(node)) = self.cmap.get_u32(&key)
                && let Ok(Some(name)) = self.cmap.get_string(&format!("{position}.name"))
            {
                names.entry(NodeId(node)).or_insert(name);
            }
        }
        names
    }

    /// What a node is shown as: its configured name in place of its first address, or its addresses or their names.
    fn name(&mut self, node: NodeId, configured: Option<&str>, shape: &Shape) -> String {
        let configured = configured.filter(|name| !name.is_empty());
        let addresses = match self.cfg.node_addresses(node) {
            Ok(addresses) => addresses,
            Err(error) => {
                let reason = words(&error);
                complain(format_args!("Unable to get node address for nodeid {node}: {reason}"));
                return String::new();
            }
        };
        let shown = if shape.all_addresses { addresses.len() } else { 1 };
        // The original shows nothing for an address when no name server answers.
        let show = |address: &IpAddr| {
            if shape.numeric_addresses { address.to_string() } else { address_name(*address) }
        };
        text::names(configured, addresses.get(..shown).unwrap_or_default(), show)
    }
}
