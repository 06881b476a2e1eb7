//! What a configuration shows, against listings of `corosync-cmapctl` of Corosync 3.1.7 with the same configuration: without
//! the keys that only a running ring has, and statistics without their values.

use std::collections::BTreeMap;

use cmap::{SERVICES, Value, configuration, statistics};
use conf::{AccountKind, Host, Keys, Place, Settings};

/// A key as the tool shows it.
fn line((key, value): (&String, &Value)) -> String {
    let (kind, text) = shown(value);
    format!("{key} ({kind}) = {text}")
}

fn shown(value: &Value) -> (&'static str, String) {
    match value {
        Value::I8(v) => ("i8", v.to_string()),
        Value::U8(v) => ("u8", v.to_string()),
        Value::I16(v) => ("i16", v.to_string()),
        Value::U16(v) => ("u16", v.to_string()),
        Value::I32(v) => ("i32", v.to_string()),
        Value::U32(v) => ("u32", v.to_string()),
        Value::I64(v) => ("i64", v.to_string()),
        Value::U64(v) => ("u64", v.to_string()),
        Value::Float(v) => ("flt", v.to_string()),
        Value::Double(v) => ("dbl", v.to_string()),
        Value::Text(v) => ("str", v.clone()),
        Value::Binary(v) => ("bin", format!("{v:?}")),
    }
}

fn check(text: &str, listing: &str) {
    let (mut keys, problems) = Keys::read(&text.parse().unwrap());
    assert_eq!(problems.errors, []);
    // The listings were made where the group lp has this number.
    for account in keys.named_accounts().to_vec() {
        assert_eq!((account.kind, account.name.as_str()), (AccountKind::Group, "lp"));
        keys.allow(account.kind, 7);
    }
    let (settings, problems) = Settings::from_keys(&keys);
    assert_eq!(problems.errors, []);
    let host = Host { name: "node1".into(), ..Host::default() };
    let (place, problems) = Place::find(&settings, &host);
    assert_eq!(problems.errors, []);
    let shown = configuration(&keys, &settings, &place.unwrap());
    let shown: Vec<String> =
        shown.iter().map(line).filter(|line| !line.starts_with("resources.")).collect();
    assert_eq!(shown, listing.lines().collect::<Vec<_>>());
}

#[test]
fn udp_to_each_node() {
    check(include_str!("listings/unicast.conf"), include_str!("listings/unicast.keys"));
}

#[test]
fn two_links_with_encryption_and_a_quorum_device() {
    check(include_str!("listings/knet.conf"), include_str!("listings/knet.keys"));
}

#[test]
fn multicast_with_numbers_made_of_addresses() {
    check(include_str!("listings/multicast.conf"), include_str!("listings/multicast.keys"));
}

#[test]
fn one_node_with_ipv6() {
    check(include_str!("listings/alone.conf"), include_str!("listings/alone.keys"));
}

#[test]
fn services() {
    let keys: BTreeMap<String, Value> = SERVICES.iter().flat_map(|s| s.keys()).collect();
    let listing: Vec<&str> = include_str!("listings/services.keys").lines().collect();
    assert_eq!(keys.iter().map(line).collect::<Vec<_>>(), listing);
}

#[test]
fn all_statistics() {
    let links = [statistics::link_prefix(1, 0), statistics::link_prefix(2, 0)];
    let client = statistics::client_prefix(0, 1728, 0x5565_55bc_4c60);
    let mut all: BTreeMap<String, Value> = links
        .iter()
        .flat_map(|prefix| statistics::keys(prefix, &statistics::LINK))
        .chain(statistics::keys(&client, &statistics::CLIENT))
        .collect();
    all.extend(statistics::keys("stats.ipcs.global.", &statistics::CLIENTS));
    all.extend(statistics::keys("stats.knet.handle.", &statistics::LINKS));
    all.extend(statistics::keys("stats.pg.", &statistics::QUEUE));
    all.extend(statistics::keys("stats.srp.", &statistics::RING));
    let lines: Vec<String> =
        all.iter().map(|(key, value)| format!("{key} ({})", shown(value).0)).collect();
    let listing: Vec<&str> = include_str!("listings/knet.statistics").lines().collect();
    assert_eq!(lines, listing);
}
