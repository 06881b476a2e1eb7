use std::{
    collections::BTreeMap,
    net::IpAddr,
};



/// What a host knows about itself and about the names in the node list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Host {
    /// The host's name.
    pub name: String,
    /// Its addresses in the order of the interfaces, each with the name that a reverse look-up gives.
    pub addresses: Vec<(IpAddr, Option<String>)>,
    /// What the names of [`Settings::names_to_resolve`] resolve to, in the resolver's order.
    pub resolved: BTreeMap<String, Vec<IpAddr>>,
}

/// A configuration's place on a host: which node it is, and everybody's addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which node this is, as a position in [`Place::nodes`].
    pub local: usize,
    /// The nodes, in the order of the file.
    pub nodes: Vec<PlacedNode>,
    /// For transport udp the group that the ring's messages go to.
    pub multicast: Option<IpAddr>,
}

/// A node with its addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlacedNode {
    /// Its number, from the file or made of its address.
    pub id: u32,
    /// Its address on each link.
    pub addresses: BTreeMap<u8, IpAddr>,
}
