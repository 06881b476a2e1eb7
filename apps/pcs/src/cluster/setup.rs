use std::{
    fs,
    io::Write,
    net::{IpAddr, ToSocketAddrs},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use cib_edit::{Pairs, Refused, Report, quoted_list};
use conf::{NewCluster, NewNode};

use super::{COROSYNC_CONF, NEEDS_PCSD, local_name};
use crate::{
    services,
    session::{Done, Session, Stop, complain, tell},
    source,
    words::{groups, pairs},
};

pub(crate) const TOTEM_OPTIONS: [&str; 18] = [
    "block_unlisted_ips",
    "consensus",
    "downcheck",
    "fail_recv_const",
    "heartbeat_failures_allowed",
    "hold",
    "join",
    "max_messages",
    "max_network_delay",
    "merge",
    "miss_count_const",
    "send_join",
    "seqno_unchanged_const",
    "token",
    "token_coefficient",
    "token_retransmit",
    "token_retransmits_before_loss_const",
    "window_size",
];
pub(crate) const QUORUM_OPTIONS: [&str; 4] =
    ["auto_tie_breaker", "last_man_standing", "last_man_standing_window", "wait_for_all"];
const TRANSPORTS: [&str; 3] = ["knet", "udp", "udpu"];
const KNET_LINK_OPTIONS: [(&str, &str); 8] = [
    ("link_priority", "knet_link_priority"),
    ("linknumber", "linknumber"),
    ("mcastport", "mcastport"),
    ("ping_interval", "knet_ping_interval"),
    ("ping_precision", "knet_ping_precision"),
    ("ping_timeout", "knet_ping_timeout"),
    ("pong_count", "knet_pong_count"),
    ("transport", "knet_transport"),
];
const UDP_LINK_OPTIONS: [(&str, &str); 5] = [
    ("bindnetaddr", "bindnetaddr"),
    ("broadcast", "broadcast"),
    ("mcastaddr", "mcastaddr"),
    ("mcastport", "mcastport"),
    ("ttl", "ttl"),
];
const PACEMAKER_KEY: &str = "/etc/pacemaker/authkey";
const COROSYNC_KEY: &str = "/etc/corosync/authkey";
const KEY_BYTES: usize = 256;

/// What the words of the command ask for.
struct Wanted {
    nodes: Vec<NewNode>,
    transport: String,
    transport_options: Pairs,
    links: Vec<Pairs>,
    compression: Pairs,
    crypto: Pairs,
    totem: Pairs,
    quorum: Pairs,
}

pub(crate) fn run(session: &Session, words: &[&str]) -> Done {
    session.only(&[
        "--no-cluster-uuid",
        "--enable",
        "--start",
        "--wait",
        "--no-keys-sync",
        "--corosync_conf",
        "--force",
        "--overwrite",
        "--local",
        "--name",
    ])?;
    session.no_wait()?;
    // The oldest form names the cluster by an option.
    let (name, rest) = match (session.options.value("--name"), words) {
        (Some(name), nodes) => (name, nodes),
        (None, [name, rest @ ..]) => (*name, rest),
        (None, []) => return Err(Stop::usage(&["cluster", "setup"])),
    };
    let mut wanted = parse(rest)?;
    if wanted.nodes.is_empty() {
        return Err(Stop::usage(&["cluster", "setup"]));
    }
    let reports = check(name, &mut wanted, session.force());
    let (errors, others): (Vec<Report>, Vec<Report>) =
        reports.into_iter().partition(Report::is_error);
    others.iter().for_each(tell);
    if !errors.is_empty() {
        return Err(Stop::Refused(Refused { reports: errors, complete: true }));
    }
    let uuid =
        if session.options.has("--no-cluster-uuid") { None } else { Some(hex(&random::<16>()?)) };
    let text = document(name, uuid, &wanted).to_document().to_string();
    match session.options.value("--corosync_conf") {
        Some(path) => save_only(session, path, &text),
        None => install(session, &wanted, &text),
    }
}

fn parse(words: &[&str]) -> Result<Wanted, Stop> {
    let grouped = groups(words, &["transport", "totem", "quorum"]);
    let of = |keyword: &str| -> Vec<&str> {
        let chosen = grouped.iter().filter(|(name, _)| *name == keyword);
        chosen.flat_map(|(_, group)| group.iter().copied()).collect()
    };
    let mut nodes: Vec<NewNode> = Vec::new();
    for word in of("") {
        match (word.split_once('='), nodes.last_mut()) {
            (None, _) => {
                if nodes.iter().any(|node| node.name == word) {
                    let message = format!("Node name '{word}' defined multiple times");
                    return Err(Stop::message(message));
                }
                nodes.push(NewNode { name: word.to_owned(), addresses: Vec::new() });
            }
            (Some(("addr", address)), Some(node)) => node.addresses.push(address.to_owned()),
            (Some((option, _)), Some(node)) => {
                let message = format!("Unknown options '{option}' for node '{}'", node.name);
                return Err(Stop::message(message));
            }
            (Some(_), None) => {
                return Err(Stop::message(format!("Invalid character '=' in node name '{word}'")));
            }
        }
    }
    let given = of("transport");
    let (transport, options) = match given.split_first() {
        Some((transport, options)) if !transport.contains('=') => {
            ((*transport).to_owned(), options)
        }
        Some(_) => return Err(Stop::message("Transport type must be the first option")),
        None => ("knet".to_owned(), given.as_slice()),
    };
    let mut wanted = Wanted {
        nodes,
        transport,
        transport_options: Vec::new(),
        links: Vec::new(),
        compression: Vec::new(),
        crypto: Vec::new(),
        totem: pairs(&of("totem"))?,
        quorum: pairs(&of("quorum"))?,
    };
    for (keyword, group) in groups(options, &["link", "compression", "crypto"]) {
        let values = pairs(&group)?;
        match keyword {
            "link" => wanted.links.push(values),
            "compression" => wanted.compression.extend(values),
            "crypto" => wanted.crypto.extend(values),
            _ => wanted.transport_options.extend(values),
        }
    }
    Ok(wanted)
}

fn check(name: &str, wanted: &mut Wanted, force: bool) -> Vec<Report> {
    let mut reports = Vec::new();
    for node in wanted.nodes.iter_mut().filter(|node| node.addresses.is_empty()) {
        let message = format!("No addresses specified for host '{0}', using '{0}'", node.name);
        reports.push(Report::info("USING_DEFAULT_ADDRESS_FOR_HOST", message));
        node.addresses.push(node.name.clone());
    }
    if name.is_empty() {
        reports
            .push(Report::error("COROSYNC_CLUSTER_NAME_INVALID", "cluster name cannot be empty"));
    }
    if !TRANSPORTS.contains(&wanted.transport.as_str()) {
        let message = format!(
            "'{}' is not a valid transport value, use {}",
            wanted.transport,
            quoted_list(TRANSPORTS)
        );
        reports.push(Report::error("INVALID_OPTION_VALUE", message));
    }
    let knet = wanted.transport == "knet";
    let transport_options: &[&str] = if knet {
        &["ip_version", "knet_pmtud_interval", "link_mode"]
    } else {
        &["ip_version", "netmtu"]
    };
    let transport_kind = if knet { "knet transport" } else { "udp/udpu transport" };
    reports.extend(names(&wanted.transport_options, transport_options, transport_kind));
    reports.extend(names(&wanted.compression, &["level", "model", "threshold"], "compression"));
    reports.extend(names(&wanted.crypto, &["cipher", "hash", "model"], "crypto"));
    reports.extend(names(&wanted.totem, &TOTEM_OPTIONS, "totem"));
    reports.extend(names(&wanted.quorum, &QUORUM_OPTIONS, "quorum"));
    let known: Vec<&str> = link_names(knet).iter().map(|(name, _)| *name).collect();
    for link in &wanted.links {
        reports.extend(names(link, &known, "link"));
    }
    let extras = !wanted.compression.is_empty() || !wanted.crypto.is_empty();
    if !knet && extras {
        let message = format!(
            "The corosync transport '{}' supports neither compression nor encryption",
            wanted.transport
        );
        reports.push(Report::error("COROSYNC_TRANSPORT_UNSUPPORTED_OPTIONS", message));
    }
    reports.extend(wrong_numbers(wanted));
    reports.extend(wrong_addresses(wanted, knet, force));
    reports
}

fn link_names(knet: bool) -> &'static [(&'static str, &'static str)] {
    if knet { &KNET_LINK_OPTIONS } else { &UDP_LINK_OPTIONS }
}

fn names(options: &Pairs, known: &[&str], what: &str) -> Option<Report> {
    let unknown: Vec<&str> = options
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|name| !known.contains(name))
        .collect();
    if unknown.is_empty() {
        return None;
    }
    let s = if unknown.len() > 1 { "s:" } else { "" };
    let message = format!(
        "invalid {what} option{s} {}, allowed options are: {}",
        quoted_list(unknown),
        quoted_list(known)
    );
    Some(Report::error("INVALID_OPTIONS", message))
}

fn wrong_numbers(wanted: &Wanted) -> Vec<Report> {
    let totem = wanted.totem.iter().filter(|(name, _)| name != "block_unlisted_ips");
    let bad = totem.filter(|(_, value)| value.parse::<u32>().is_err());
    let mut reports: Vec<Report> = bad
        .map(|(name, value)| {
            let message =
                format!("'{value}' is not a valid {name} value, use a non-negative integer");
            Report::error("INVALID_OPTION_VALUE", message)
        })
        .collect();
    for (name, value) in &wanted.quorum {
        let (right, use_) = if name == "last_man_standing_window" {
            (value.parse::<u32>().is_ok_and(|ms| ms > 0), "a positive integer")
        } else {
            (["0", "1"].contains(&value.as_str()), "'0', '1'")
        };
        if !right {
            let message = format!("'{value}' is not a valid {name} value, use {use_}");
            reports.push(Report::error("INVALID_OPTION_VALUE", message));
        }
    }
    reports
}

fn wrong_addresses(wanted: &Wanted, knet: bool, force: bool) -> Vec<Report> {
    let mut reports = Vec::new();
    let most = if knet { 8 } else { 1 };
    let count = wanted.nodes.iter().map(|node| node.addresses.len()).max().unwrap_or(0);
    if wanted.nodes.iter().any(|node| node.addresses.len() > most) {
        let noun = if most == 1 { "1 address" } else { "8 addresses" };
        let message = format!("at most {noun} can be specified for a node");
        reports.push(Report::error("COROSYNC_BAD_NODE_ADDRESSES_COUNT", message));
    } else if wanted.nodes.iter().any(|node| node.addresses.len() != count) {
        let message = "All nodes must have the same number of addresses";
        reports.push(Report::error("COROSYNC_NODE_ADDRESS_COUNT_MISMATCH", message));
    }
    let all: Vec<&str> =
        wanted.nodes.iter().flat_map(|node| &node.addresses).map(String::as_str).collect();
    let twice: Vec<&str> = all
        .iter()
        .copied()
        .filter(|address| all.iter().filter(|other| *other == address).count() > 1)
        .collect();
    if !twice.is_empty() {
        let message =
            format!("Node addresses must be unique, duplicate addresses: {}", quoted_list(twice));
        reports.push(Report::error("NODE_ADDRESSES_DUPLICATION", message));
    }
    let unknown: Vec<&str> = all.into_iter().filter(|address| !resolves(address)).collect();
    if !unknown.is_empty() {
        let message = format!("Unable to resolve addresses: {}", quoted_list(unknown));
        reports.push(Report::unless_forced(force, "NODE_ADDRESSES_UNRESOLVABLE", message));
    }
    reports
}

fn resolves(address: &str) -> bool {
    address.parse::<IpAddr>().is_ok() || (address, 0_u16).to_socket_addrs().is_ok()
}

fn sorted(options: &Pairs, prefix: &str) -> Pairs {
    let mut sorted: Pairs =
        options.iter().map(|(name, value)| (format!("{prefix}{name}"), value.clone())).collect();
    sorted.sort();
    sorted
}

fn document(name: &str, uuid: Option<String>, wanted: &Wanted) -> NewCluster {
    let totem = [
        sorted(&wanted.totem, ""),
        sorted(&wanted.transport_options, ""),
        sorted(&wanted.compression, "knet_compression_"),
        sorted(&wanted.crypto, "crypto_"),
    ];
    let names = link_names(wanted.transport == "knet");
    let key_of = |option: &str| {
        names.iter().find(|(name, _)| *name == option).map_or(option, |(_, key)| key).to_owned()
    };
    let mut free = 0..8;
    let mut links: Vec<(String, Pairs)> = wanted
        .links
        .iter()
        .filter(|link| !link.is_empty())
        .map(|link| {
            let mut keys: Pairs =
                link.iter().map(|(name, value)| (key_of(name), value.clone())).collect();
            if keys.iter().all(|(key, _)| key != "linknumber") {
                let taken =
                    |number: &i32| {
                        wanted.links.iter().flatten().any(|(name, value)| {
                            name == "linknumber" && *value == number.to_string()
                        })
                    };
                let number = free.find(|number| !taken(number)).unwrap_or(0);
                keys.push(("linknumber".to_owned(), number.to_string()));
            }
            keys.sort();
            let number = keys.iter().find(|(key, _)| key == "linknumber").map(|(_, n)| n.clone());
            (number.unwrap_or_default(), keys)
        })
        .collect();
    links.sort();
    NewCluster {
        name: name.to_owned(),
        uuid,
        nodes: wanted.nodes.clone(),
        transport: wanted.transport.clone(),
        totem: totem.concat(),
        links: links.into_iter().map(|(_, keys)| keys).collect(),
        quorum: sorted(&wanted.quorum, ""),
    }
}

/// Writes the ring's configuration somewhere and does nothing else.
fn save_only(session: &Session, path: &str, text: &str) -> Done {
    if Path::new(path).exists() && !session.options.has("--overwrite") {
        let message = format!(
            "Corosync configuration file '{path}' already exists, use --overwrite to override existing file(s)"
        );
        return Err(Stop::message(message));
    }
    fs::write(path, text).map_err(|error| {
        Stop::message(format!(
            "Unable to write Corosync configuration '{path}': {}",
            source::reason(&error)
        ))
    })
}

/// Makes this host a node of the new cluster.
fn install(session: &Session, wanted: &Wanted, text: &str) -> Done {
    let local = local_name();
    let others = wanted.nodes.iter().any(|node| node.name != local);
    if others && !session.options.has("--local") {
        return Err(Stop::not_built(&format!(
            "pcs cluster setup with other hosts: {NEEDS_PCSD}; with --local only this host's files are written"
        )));
    }
    if Path::new(COROSYNC_CONF).exists() && !session.force() {
        let message = format!(
            "{local}: Running cluster services or cluster configuration files found, use --force to override"
        );
        return Err(Stop::message(message));
    }
    if !session.options.has("--no-keys-sync") {
        for path in [COROSYNC_KEY, PACEMAKER_KEY] {
            write_secret(Path::new(path), &random::<KEY_BYTES>()?)?;
            complain(&format!("{local}: successful distribution of the file '{path}'"));
        }
    }
    write_file(Path::new(COROSYNC_CONF), text.as_bytes(), 0o644)?;
    complain(&format!("{local}: successful distribution of the file 'corosync.conf'"));
    complain("Cluster has been successfully set up.");
    for (option, verb) in [("--enable", "enable"), ("--start", "start")] {
        if session.options.has(option) {
            services::tell(verb, "corosync")?;
            services::tell(verb, "pacemaker")?;
        }
    }
    Ok(())
}

fn write_secret(path: &Path, bytes: &[u8]) -> Done {
    write_file(path, bytes, 0o400)
}

/// Replaces a file at once, so that nobody sees half of it.
fn write_file(path: &Path, bytes: &[u8], mode: u32) -> Done {
    let temporary = path.with_extension("new");
    let failed = |error: std::io::Error| {
        Stop::message(format!("Unable to write '{}': {}", path.display(), source::reason(&error)))
    };
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).map_err(failed)?;
    }
    let _ = fs::remove_file(&temporary);
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&temporary)
        .map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)?;
    fs::rename(&temporary, path).map_err(failed)
}

fn random<const N: usize>() -> Result<[u8; N], Stop> {
    let mut bytes = [0; N];
    let mut filled = 0;
    while filled < N {
        let flags = rustix::rand::GetRandomFlags::empty();
        filled += rustix::rand::getrandom(&mut bytes[filled..], flags)
            .map_err(|error| Stop::message(format!("no random numbers: {error}")))?;
    }
    Ok(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
