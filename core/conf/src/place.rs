use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use crate::{ProblemKind, Problems, Settings, Transport};

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
    /// For transport udp the address that the ring's messages go to.
    pub multicast: Option<IpAddr>,
}

/// A node with its addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlacedNode {
    /// Its number, from the file or made of its address; 0 only for a node without either.
    pub id: u32,
    /// Its address on each link.
    pub addresses: BTreeMap<u8, IpAddr>,
}

impl Settings {
    /// Names that have to be looked up before [`Place::find`].
    pub fn names_to_resolve(&self) -> BTreeSet<&str> {
        self.nodes
            .iter()
            .flat_map(|node| node.name.iter().chain(node.addresses.values()))
            .map(String::as_str)
            .filter(|name| name.parse::<IpAddr>().is_err())
            .collect()
    }

    /// Which node of the list a host is, as a position. First the host's name counts, in full and shorter and shorter, then
    /// the names and numbers of its addresses, then what the nodes' names resolve to.
    pub fn local_node(&self, host: &Host) -> Option<usize> {
        let listed = Listed::new(self);
        let mut name = host.name.as_str();
        loop {
            if let Some(found) = listed.named(name) {
                return Some(found);
            }
            match name.rsplit_once('.') {
                Some((shorter, _)) => name = shorter,
                None => break,
            }
        }
        let by_address = |(address, name): &(IpAddr, Option<String>)| {
            let number = address.to_string();
            let name = name.as_deref().unwrap_or(&number);
            let short = name.split('.').next().filter(|_| name != number);
            listed.named(name).or_else(|| listed.named(short?)).or_else(|| listed.named(&number))
        };
        listed
            .shortly_named(name)
            .or_else(|| host.addresses.iter().find_map(by_address))
            .or_else(|| listed.resolving_to(host))
    }
}

/// The names by which nodes are looked for, in the order of the keys that they are known as.
struct Listed<'a>(Vec<(usize, &'a str)>);

impl<'a> Listed<'a> {
    fn new(settings: &'a Settings) -> Self {
        let mut positions: Vec<usize> = (0..settings.nodes.len()).collect();
        // Sorted as text, as keys are: 10 is in front of 2.
        positions.sort_by_key(ToString::to_string);
        let names = positions.into_iter().filter_map(|position| {
            let node = settings.nodes.get(position)?;
            Some(
                node.name.iter().chain(node.addresses.get(&0)).map(move |n| (position, n.as_str())),
            )
        });
        Self(names.flatten().collect())
    }

    fn named(&self, name: &str) -> Option<usize> {
        self.0.iter().find(|(_, listed)| *listed == name).map(|(position, _)| *position)
    }

    /// A node whose name without its domain is this one.
    fn shortly_named(&self, name: &str) -> Option<usize> {
        let is_it = |listed: &str| listed.split('.').next() == Some(name);
        self.0.iter().find(|(_, listed)| is_it(listed)).map(|(position, _)| *position)
    }

    fn resolving_to(&self, host: &Host) -> Option<usize> {
        let is_ours = |address: &IpAddr| host.addresses.iter().any(|(own, _)| own == address);
        let found = self.0.iter().find(|(_, name)| host.look_up(name).iter().any(is_ours));
        found.map(|(position, _)| *position)
    }
}

impl Host {
    fn look_up(&self, name: &str) -> Vec<IpAddr> {
        match name.parse() {
            Ok(address) => vec![address],
            Err(_) => self.resolved.get(name).cloned().unwrap_or_default(),
        }
    }
}

impl Place {
    /// Finds the place of a configuration on a host. `None` if there is an error.
    pub fn find(settings: &Settings, host: &Host) -> (Option<Self>, Problems) {
        let mut problems = Problems::default();
        let nodes: Vec<PlacedNode> = (0..settings.nodes.len())
            .map(|position| placed(settings, position, host, &mut problems))
            .collect();
        same_families(&nodes, &mut problems);
        made_twice(settings, &nodes, &mut problems);
        let local = settings.local_node(host);
        if local.is_none() {
            problems.error(0, "nodelist", ProblemKind::NotLocal);
        }
        let multicast = match settings.totem.transport {
            Transport::Udp => local
                .and_then(|local| nodes.get(local)?.addresses.get(&0))
                .and_then(|own| multicast(settings, *own, &mut problems)),
            Transport::Knet | Transport::Udpu => None,
        };
        let place = local.filter(|_| problems.errors.is_empty()).map(|local| Self {
            local,
            nodes,
            multicast,
        });
        (place, problems)
    }

    /// This node.
    pub fn local_node(&self) -> Option<&PlacedNode> {
        self.nodes.get(self.local)
    }
}

fn placed(
    settings: &Settings,
    position: usize,
    host: &Host,
    problems: &mut Problems,
) -> PlacedNode {
    let Some(node) = settings.nodes.get(position) else { return PlacedNode::default() };
    let mut addresses = BTreeMap::new();
    for (link, name) in &node.addresses {
        match settings.totem.ip_version.choose(&host.look_up(name)) {
            Some(address) => {
                addresses.insert(*link, address);
            }
            None => {
                let path = format!("nodelist.node.{position}.ring{link}_addr");
                problems.error(0, path, ProblemKind::NoAddress(name.clone()));
            }
        }
    }
    let id = match (node.id, node.addresses.get(&0)) {
        (Some(id), _) => id,
        (None, Some(first)) if settings.totem.transport != Transport::Knet => {
            let first_v4 = host.look_up(first).into_iter().find_map(|address| match address {
                IpAddr::V4(address) => Some(address),
                IpAddr::V6(_) => None,
            });
            match first_v4 {
                Some(address) => made_of(address, settings.totem.clear_node_high_bit),
                None => {
                    let path = format!("nodelist.node.{position}.nodeid");
                    problems.error(0, path, ProblemKind::NumberForIpv6);
                    0
                }
            }
        }
        (None, Some(_) | None) => 0,
    };
    PlacedNode { id, addresses }
}

/// The number that an address stands for.
fn made_of(address: Ipv4Addr, clear_high_bit: bool) -> u32 {
    let number = u32::from(address);
    if clear_high_bit { number & 0x7fff_ffff } else { number }
}

fn same_families(nodes: &[PlacedNode], problems: &mut Problems) {
    let mut first: BTreeMap<u8, IpAddr> = BTreeMap::new();
    for (position, node) in nodes.iter().enumerate() {
        for (link, address) in &node.addresses {
            let other = *first.entry(*link).or_insert(*address);
            if other.is_ipv4() != address.is_ipv4() {
                let path = format!("nodelist.node.{position}.ring{link}_addr");
                let kind = ProblemKind::FamiliesDiffer { address: *address, other };
                problems.error(0, path, kind);
            }
        }
    }
}

/// Looks for numbers that are made of addresses and are another node's as well.
fn made_twice(settings: &Settings, nodes: &[PlacedNode], problems: &mut Problems) {
    let mut seen = BTreeSet::new();
    for (position, (node, set)) in nodes.iter().zip(&settings.nodes).enumerate() {
        let is_new = node.id == 0 || seen.insert(node.id);
        let set_twice = set.id.is_some()
            && settings.nodes.iter().take(position).any(|other| other.id == set.id);
        if !is_new && !set_twice {
            let path = format!("nodelist.node.{position}.nodeid");
            problems.error(0, path, ProblemKind::Twice(node.id.to_string()));
        }
    }
}

/// The address that the ring's messages go to: set, or made of the cluster's name.
fn multicast(settings: &Settings, own: IpAddr, problems: &mut Problems) -> Option<IpAddr> {
    if settings.links.values().any(|link| link.broadcast) {
        return Some(IpAddr::V4(Ipv4Addr::BROADCAST));
    }
    let path = "totem.interface.0.mcastaddr";
    let set = settings.links.get(&0).and_then(|link| link.multicast_address.as_deref());
    let address = match set {
        Some(text) => match text.parse::<IpAddr>() {
            Ok(address) => address,
            Err(_) => {
                problems.error(0, path, ProblemKind::NoAddress(text.to_owned()));
                return None;
            }
        },
        None => {
            let number = cluster_number(settings.totem.cluster_name.as_deref()?);
            match own {
                IpAddr::V4(_) => {
                    let [high, _] = number.to_be_bytes();
                    // Below 255, as the original has it.
                    let low = u8::try_from(number % 255).unwrap_or(0);
                    IpAddr::V4(Ipv4Addr::new(239, 192, high, low))
                }
                IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::new(0xff15, 0, 0, 0, 0, 0, 0, number)),
            }
        }
    };
    if address.is_ipv4() != own.is_ipv4() || !address.is_multicast() {
        problems.error(0, path, ProblemKind::NotMulticast(address));
        return None;
    }
    Some(address)
}

/// A number that clusters of different names in one network hopefully differ in.
fn cluster_number(name: &str) -> u16 {
    name.bytes().fold(0_u16, |number, byte| {
        // The original adds up signed characters.
        (number << 1).wrapping_add_signed(i16::from(byte.cast_signed()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Settings {
        let (settings, problems) = Settings::read(&text.parse().unwrap());
        assert!(problems.errors.is_empty(), "{:?}", problems.errors);
        settings
    }

    /// Nodes of `name` and `ring0_addr`, numbered from 1; a name of `-` is left out.
    fn nodes(totem: &str, nodes: &[(&str, &str)]) -> Settings {
        let mut text = format!("totem {{\nversion: 2\n{totem}\n}}\nnodelist {{\n");
        for (index, (name, address)) in nodes.iter().enumerate() {
            text += &format!("node {{\nring0_addr: {address}\nnodeid: {}\n", index + 1);
            if *name != "-" {
                text += &format!("name: {name}\n");
            }
            text += "}\n";
        }
        settings(&(text + "}\n"))
    }

    fn host(name: &str, addresses: &[(&str, Option<&str>)]) -> Host {
        Host {
            name: name.into(),
            addresses: addresses
                .iter()
                .map(|(a, n)| (a.parse().unwrap(), n.map(str::to_owned)))
                .collect(),
            ..Host::default()
        }
    }

    #[test]
    fn the_local_node_is_found_by_name_then_by_address() {
        let two = nodes("", &[("a.example.org", "10.0.0.1"), ("b", "10.0.0.2")]);
        for (host, found) in [
            (host("b", &[]), Some(1)),
            (host("b.example.org", &[]), Some(1)),
            (host("a.example.org", &[]), Some(0)),
            (host("a", &[]), Some(0)),
            (host("a.else.net", &[]), Some(0)),
            (host("c", &[("10.0.0.2", None)]), Some(1)),
            (host("c", &[("10.0.0.9", Some("b.example.org"))]), Some(1)),
            (host("c", &[("10.0.0.9", Some("d"))]), None),
            // The host's name goes before its addresses.
            (host("a", &[("10.0.0.2", None)]), Some(0)),
        ] {
            assert_eq!(two.local_node(&host), found, "{host:?}");
        }
    }

    #[test]
    fn the_local_node_is_found_by_what_its_name_resolves_to() {
        let two = nodes("", &[("-", "one"), ("alias", "two")]);
        assert_eq!(two.names_to_resolve(), ["alias", "one", "two"].into());
        let mut here = host("c", &[("fd00::7", None)]);
        assert_eq!(two.local_node(&here), None);
        here.resolved.insert("alias".into(), vec!["fd00::7".parse().unwrap()]);
        assert_eq!(two.local_node(&here), Some(1));
    }

    #[test]
    fn addresses_are_of_the_wanted_family() {
        let both: Vec<IpAddr> = vec!["10.0.0.1".parse().unwrap(), "fd00::1".parse().unwrap()];
        for (version, address) in
            [("ipv4", "10.0.0.1"), ("ipv6", "fd00::1"), ("ipv4-6", "10.0.0.1")]
        {
            let one = nodes(&format!("ip_version: {version}"), &[("a", "one")]);
            let mut here = host("a", &[]);
            here.resolved.insert("one".into(), both.clone());
            let (place, problems) = Place::find(&one, &here);
            assert!(problems.is_empty(), "{problems:?}");
            let place = place.unwrap();
            assert_eq!(place.local_node().unwrap().addresses[&0].to_string(), address);
        }
        let (place, problems) =
            Place::find(&nodes("ip_version: ipv6", &[("a", "10.0.0.1")]), &host("a", &[]));
        assert_eq!(place, None);
        assert_eq!(
            problems.errors[0].to_string(),
            "nodelist.node.0.ring0_addr '10.0.0.1' has no address"
        );
    }

    #[test]
    fn numbers_are_made_of_addresses() {
        let text = "totem {\nversion: 2\ntransport: udpu\nclear_node_high_bit: yes\n}\n\
                    nodelist {\nnode {\nring0_addr: 192.168.0.1\nname: a\n}\nnode {\nring0_addr: ADDRESS\n}\n}\n";
        let find = |address: &str| {
            Place::find(&settings(&text.replace("ADDRESS", address)), &host("a", &[]))
        };
        assert_eq!(find("10.1.0.1").0.unwrap().nodes[0].id, 0x40a8_0001);
        let errors =
            |address| find(address).1.errors.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(errors("64.168.0.1"), ["nodelist.node.1.nodeid '1084751873' is there twice"]);
        assert_eq!(
            errors("fd00::1"),
            [
                "nodelist.node.1.nodeid is missing: without an IPv4 address a node needs a number",
                "nodelist.node.1.ring0_addr is fd00::1, which is not of the family of 192.168.0.1, the first address of this link",
            ]
        );
    }

    #[test]
    fn the_group_is_made_of_the_cluster_name() {
        let find = |totem: &str, address: &str| {
            let one = nodes(&format!("transport: udp\n{totem}"), &[("a", address)]);
            let (place, problems) = Place::find(&one, &host("a", &[]));
            place.map(|place| place.multicast.unwrap().to_string()).ok_or(problems)
        };
        // As Corosync 3.1.7 shows it.
        assert_eq!(find("cluster_name: mcast", "10.1.0.1").unwrap(), "239.192.12.210");
        assert_eq!(find("cluster_name: mcast\nip_version: ipv6", "fd00::1").unwrap(), "ff15::cc6");
        assert_eq!(find("interface {\nmcastaddr: 239.1.2.3\n}", "10.1.0.1").unwrap(), "239.1.2.3");
        assert_eq!(find("interface {\nbroadcast: yes\n}", "10.1.0.1").unwrap(), "255.255.255.255");
        for bad in ["10.0.0.1", "ff15::1"] {
            let problems =
                find(&format!("interface {{\nmcastaddr: {bad}\n}}"), "10.1.0.1").unwrap_err();
            assert_eq!(problems.errors[0].kind, ProblemKind::NotMulticast(bad.parse().unwrap()));
        }
    }
}
