use std::{ffi::CStr, io, net::IpAddr, ptr};

use crate::message::ip_address;

/// An address that this host has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalAddress {
    /// The interface's name.
    pub interface: String,
    /// The interface's number.
    pub index: u32,
    /// The address.
    pub address: IpAddr,
    /// How many of its first bits are those of the network.
    pub prefix: u8,
    /// Whether the interface is switched on.
    pub is_up: bool,
}

/// The addresses that this host has now, in the system's order.
pub fn local_addresses() -> io::Result<Vec<LocalAddress>> {
    let mut list = ptr::null_mut();
    // SAFETY: the argument is where the call puts the list, which is freed below.
    if unsafe { libc::getifaddrs(&mut list) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let mut found = Vec::new();
    let mut at = list;
    // SAFETY: the pointers of the list lead to valid entries until it is freed, and the last is null.
    while let Some(entry) = unsafe { at.as_ref() } {
        // SAFETY: addresses in the list are as long as their family says.
        let (address, mask) =
            unsafe { (ip_address(entry.ifa_addr), ip_address(entry.ifa_netmask)) };
        if let (Some(address), Some(mask)) = (address, mask) {
            // SAFETY: the name is a C string that lives as long as the list.
            let name = unsafe { CStr::from_ptr(entry.ifa_name) };
            found.push(LocalAddress {
                interface: name.to_string_lossy().into_owned(),
                // SAFETY: as above.
                index: unsafe { libc::if_nametoindex(entry.ifa_name) },
                address,
                prefix: prefix(mask),
                is_up: entry.ifa_flags & libc::IFF_UP as u32 != 0,
            });
        }
        at = entry.ifa_next;
    }
    // SAFETY: the list that the call above made; nothing borrowed from it is left.
    unsafe { libc::freeifaddrs(list) };
    Ok(found)
}

/// The address that `bindnetaddr` or a node's own address means: the same, or else the first in the same network.
pub fn interface_for(wanted: IpAddr, addresses: &[LocalAddress]) -> Option<&LocalAddress> {
    addresses
        .iter()
        .find(|one| one.address == wanted)
        .or_else(|| addresses.iter().find(|one| is_same_network(wanted, one.address, one.prefix)))
}

/// The host's name, as `uname -n` has it.
pub fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

fn prefix(mask: IpAddr) -> u8 {
    let ones = match mask {
        IpAddr::V4(mask) => u32::from(mask).leading_ones(),
        IpAddr::V6(mask) => u128::from(mask).leading_ones(),
    };
    u8::try_from(ones).unwrap_or(u8::MAX)
}

fn is_same_network(one: IpAddr, other: IpAddr, prefix: u8) -> bool {
    match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0);
            (u32::from(one) ^ u32::from(other)) & mask == 0
        }
        (IpAddr::V6(one), IpAddr::V6(other)) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix.min(128))).unwrap_or(0);
            (u128::from(one) ^ u128::from(other)) & mask == 0
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(interface: &str, address: &str, prefix: u8) -> LocalAddress {
        let address = address.parse().unwrap();
        LocalAddress { interface: interface.to_owned(), index: 1, address, prefix, is_up: true }
    }

    #[test]
    fn an_exact_address_counts_more_than_one_in_the_same_network() {
        let addresses = [
            local("eth0", "192.0.2.7", 24),
            local("eth1", "192.0.2.8", 24),
            local("eth2", "2001:db8::7", 64),
            local("eth3", "198.51.100.1", 32),
        ];
        let found = |wanted: &str| {
            interface_for(wanted.parse().unwrap(), &addresses).map(|one| one.interface.as_str())
        };
        assert_eq!(found("192.0.2.8"), Some("eth1"));
        assert_eq!(found("192.0.2.0"), Some("eth0"));
        assert_eq!(found("2001:db8::"), Some("eth2"));
        assert_eq!(found("2001:db8:1::"), None);
        assert_eq!(found("198.51.100.2"), None);
        assert_eq!(found("203.0.113.1"), None);
    }

    #[test]
    fn a_network_without_bits_holds_everything() {
        assert!(is_same_network("1.2.3.4".parse().unwrap(), "5.6.7.8".parse().unwrap(), 0));
        assert!(is_same_network("::1".parse().unwrap(), "fe80::".parse().unwrap(), 0));
    }
}
