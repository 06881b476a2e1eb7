//! What good configurations mean.

use std::time::Duration;

use conf::{
    Cipher, CompressionModel, Debug, Hash, IpVersion, KeySource, Keys, LinkMode, Settings,
    TieBreaker, Transport, Value,
};

fn read(text: &str) -> Settings {
    let (settings, problems) = Settings::read(&text.parse().unwrap());
    assert!(problems.errors.is_empty(), "{:?}", problems.errors);
    settings
}

fn nodes(count: u32, votes: &str) -> String {
    let node =
        |n| format!("node {{\nring0_addr: 10.0.0.{n}\nnodeid: {n}\nname: n{n}\n{votes}\n}}\n");
    format!("nodelist {{\n{}}}\n", (1..=count).map(node).collect::<String>())
}

fn cluster(count: u32, totem: &str, rest: &str) -> Settings {
    read(&format!("totem {{\nversion: 2\n{totem}\n}}\n{}{rest}\n", nodes(count, "")))
}

fn ms(number: u64) -> Duration {
    Duration::from_millis(number)
}

#[test]
fn defaults() {
    let settings = cluster(2, "", "");
    assert_eq!(settings.totem, conf::Totem::default());
    assert_eq!(settings.links.len(), 1);
    assert_eq!(settings.links[&0], conf::LinkSettings::default());
    assert_eq!(settings.logging, conf::Logging::default());
    assert_eq!(settings.system, conf::SystemSettings::default());
    assert_eq!(settings.quorum, conf::Quorum::default());
    assert_eq!(settings.totem.frame_bytes_max(), 65536);
    assert_eq!(cluster(2, "transport: udp\ncluster_name: x", "").totem.ip_version, IpVersion::V4);
    assert_eq!(cluster(2, "transport: udpu", "").totem.frame_bytes_max(), 1500);
}

/// Each as Corosync 3.1.7 shows it below `runtime.config.`
#[test]
fn derived_times() {
    for (nodes, totem, token, retransmit, hold, consensus) in [
        (1, "", 3000, 714, 561, 3600),
        (2, "token: 1000", 1000, 238, 180, 1200),
        (3, "", 3650, 869, 685, 4380),
        (4, "token: 5000\ntoken_coefficient: 100\nhold: 100", 5200, 1238, 100, 6240),
    ] {
        let timing = cluster(nodes, totem, "").timing();
        let found = (timing.token, timing.token_retransmit, timing.hold, timing.consensus);
        assert_eq!(found, (ms(token), ms(retransmit), ms(hold), ms(consensus)), "{totem}");
    }
    assert_eq!(cluster(2, "token: 1000\ntoken_warning: 50", "").timing().token_warning, ms(500));
}

#[test]
fn links_have_times_and_ports_of_their_own() {
    let text = "interface {\nlinknumber: 1\nknet_ping_interval: 500\nknet_pong_count: 3\nmcastport: 6000\n}\n\
                interface {\nknet_link_priority: 5\n}";
    let nodes = nodes(3, "ring1_addr: other");
    let settings = read(&format!("totem {{\nversion: 2\n{text}\n}}\n{nodes}"));
    assert_eq!(settings.links[&0].priority, 5);
    assert_eq!((settings.port(0), settings.port(1), settings.port(2)), (5405, 6000, 5407));
    // 3650 ms through 2 pongs, and through 3.
    assert_eq!(settings.link_timing(0).ping_interval, ms(912));
    assert_eq!(settings.link_timing(0).ping_timeout, ms(1825));
    assert_eq!(settings.link_timing(1).ping_interval, ms(500));
    assert_eq!(settings.link_timing(1).ping_timeout, ms(1216));
}

#[test]
fn protection_and_compression() {
    let totem = cluster(
        2,
        "secauth: on\ncrypto_hash: sha512\nlink_mode: rr\nknet_compression_model: lz4\nknet_compression_level: -1\nkeyfile: /k",
        "",
    )
    .totem;
    assert_eq!(
        (totem.crypto.cipher, totem.crypto.hash),
        (Some(Cipher::Aes256), Some(Hash::Sha512))
    );
    assert_eq!(totem.crypto.key, KeySource::File("/k".into()));
    assert_eq!(totem.link_mode, LinkMode::RoundRobin);
    assert_eq!(totem.compression.model, Some(CompressionModel::Lz4));
    assert_eq!(totem.compression.level, -1);
    let explicit =
        cluster(2, "secauth: on\ncrypto_cipher: none\ncrypto_hash: none", "").totem.crypto;
    assert_eq!((explicit.cipher, explicit.hash), (None, None));
    // The zero at the end counts.
    let key = "k".repeat(127);
    match cluster(2, &format!("crypto_hash: sha1\nkey: {key}"), "").totem.crypto.key {
        KeySource::Inline(bytes) => assert_eq!((bytes.len(), bytes[127]), (128, 0)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn votes() {
    let with = |count, votes: &str, quorum: &str| {
        read(&format!(
            "totem {{\nversion: 2\n}}\n{}quorum {{\nprovider: corosync_votequorum\n{quorum}\n}}\n",
            nodes(count, votes)
        ))
        .votes(0)
    };
    let two = with(2, "", "two_node: 1");
    assert_eq!((two.own, two.expected, two.two_node, two.wait_for_all), (1, 2, true, true));
    let explicit = with(2, "", "two_node: 1\nwait_for_all: 0\nexpected_votes: 5");
    assert_eq!((explicit.expected, explicit.wait_for_all), (5, false));
    let weighty = with(3, "quorum_votes: 2", "");
    assert_eq!((weighty.own, weighty.expected, weighty.two_node), (2, 6, false));
    let device = with(3, "", "device {\nmodel: net\n}");
    assert_eq!((device.device, device.expected), (2, 5));
    let fixed = with(3, "", "device {\nmodel: net\nvotes: 1\n}");
    assert_eq!((fixed.device, fixed.expected), (1, 3));
    let tie = with(4, "", "auto_tie_breaker: 1\nauto_tie_breaker_node: 3 2\ntwo_node: 1");
    assert_eq!(tie.auto_tie_breaker, Some(TieBreaker::List(vec![3, 2])));
    // Turned off by the tie breaker, but what follows from it stays.
    assert!(!tie.two_node && tie.wait_for_all);
    let neither = with(3, "", "auto_tie_breaker: 1\ntwo_node: 1\nwait_for_all: 0");
    assert_eq!((neither.two_node, neither.auto_tie_breaker), (false, None));
}

#[test]
fn a_device_keeps_the_keys_of_its_daemon() {
    let quorum = "quorum {\nprovider: corosync_votequorum\ndevice {\nmodel: net\ntimeout: 20000\nnet {\nhost: q\nalgorithm: lms\n}\n\
                  heuristics {\nmode: on\nexec_ping: /bin/ping -c 1 x\n}\n}\n}";
    let device = cluster(2, "", quorum).quorum.device.unwrap();
    assert_eq!((device.timeout, device.sync_timeout), (ms(20000), ms(30000)));
    assert_eq!(device.options["net.host"], "q");
    assert_eq!(device.options["heuristics.exec_ping"], "/bin/ping -c 1 x");
}

#[test]
fn logging_with_a_part_of_its_own() {
    let logging = cluster(
        2,
        "",
        "logging {\nto_logfile: yes\nlogfile: /x\nto_syslog: off\ndebug: trace\nlogger_subsys {\nsubsys: QUORUM\ndebug: on\n\
         debug: off\nlogfile_priority: err\n}\n}",
    )
    .logging;
    assert!(logging.to_file && !logging.to_syslog && logging.to_stderr);
    assert_eq!(logging.debug, Debug::Trace);
    let part = &logging.subsystems["QUORUM"];
    // Of equal keys the first counts here, and nowhere else.
    assert_eq!((part.debug, part.to_file), (Debug::On, None));
    assert_eq!(part.file_priority, Some(conf::Priority::Error));
}

#[test]
fn a_second_node_list_takes_the_place_of_the_first() {
    let text = format!(
        "totem {{\nversion: 2\n}}\n{}nodelist {{\nnode {{\nnodeid: 7\n}}\n}}\n",
        nodes(2, "")
    );
    let settings = read(&text);
    let found: Vec<_> = settings.nodes.iter().map(|n| (n.id, n.name.as_deref())).collect();
    assert_eq!(found, [(Some(7), Some("n1")), (Some(2), Some("n2"))]);
}

#[test]
fn a_client_changes_a_key() {
    let text = format!("totem {{\nversion: 2\ntransport: udpu\n}}\n{}", nodes(2, ""));
    let (mut keys, _) = Keys::read(&text.parse().unwrap());
    keys.set("totem.token", Value::U32(10_000));
    let (settings, problems) = Settings::from_keys(&keys);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(settings.timing().consensus, ms(12_000));
    assert_eq!(settings.totem.transport, Transport::Udpu);
    keys.set("totem.token", Value::U32(10));
    let (_, problems) = Settings::from_keys(&keys);
    assert_eq!(problems.errors[0].to_string(), "totem.token has to be at least 30 ms, not 10 ms");
    // A value of another type is as if there were none, as for the original.
    keys.set("totem.token", Value::Text("x".into()));
    assert_eq!(Settings::from_keys(&keys).0.timing().token, ms(3000));
}
