//! What is refused and what is warned about. Each was given to Corosync 3.1.7 with `-t` as well: what is an error here makes
//! it fail there, if not said otherwise, and what is a warning here it accepts.

use conf::{Keys, Settings};

/// A good configuration of one node in which `{totem}`, `{node}` and `{rest}` are replaced.
fn problems(totem: &str, node: &str, rest: &str) -> (Vec<String>, Vec<String>) {
    let text = format!(
        "totem {{\n version: 2\n{totem}\n}}\nnodelist {{\n node {{\n  ring0_addr: 127.0.0.1\n  nodeid: 1\n  name: a\n{node}\n }}\n}}\n{rest}\n"
    );
    let (_, problems) = Settings::read(&text.parse().unwrap());
    let texts = |list: &[conf::Problem]| list.iter().map(ToString::to_string).collect();
    (texts(&problems.errors), texts(&problems.warnings))
}

#[test]
fn errors_in_totem() {
    for (totem, message) in [
        ("version: 3", "line 3: totem.version has to be one of 2, not '3'"),
        (
            "transport: pigeon",
            "line 3: totem.transport has to be one of knet, udp, udpu, not 'pigeon'",
        ),
        ("token: soon", "line 3: totem.token has to be a number from 0 to 4294967295, not 'soon'"),
        ("token: -1", "line 3: totem.token has to be a number from 0 to 4294967295, not '-1'"),
        ("token: 29", "line 3: totem.token has to be at least 30 ms, not 29 ms"),
        ("token: 100", "totem.token_retransmit has to be at least 30 ms, not 23 ms"),
        (
            "token_retransmit: 5",
            "line 3: totem.token_retransmit has to be at least 30 ms, not 5 ms",
        ),
        (
            "token_warning: 101",
            "line 3: totem.token_warning has to be a number from 0 to 100, not '101'",
        ),
        ("hold: 5", "line 3: totem.hold has to be at least 14 ms, not 5 ms"),
        ("join: 5", "line 3: totem.join has to be at least 30 ms, not 5 ms"),
        ("merge: 5", "line 3: totem.merge has to be at least 30 ms, not 5 ms"),
        ("downcheck: 5", "line 3: totem.downcheck has to be at least 30 ms, not 5 ms"),
        (
            "max_network_delay: 5",
            "line 3: totem.max_network_delay has to be at least 30 ms, not 5 ms",
        ),
        ("consensus: 10", "line 3: totem.consensus has to be at least 30 ms, not 10 ms"),
        (
            "consensus: 40",
            "line 3: totem.consensus is 40 ms and has to be at least totem.join, 50 ms",
        ),
        (
            "link_mode: fast",
            "line 3: totem.link_mode has to be one of passive, active, rr, not 'fast'",
        ),
        (
            "ip_version: 4",
            "line 3: totem.ip_version has to be one of ipv4, ipv6, ipv4-6, ipv6-4, not '4'",
        ),
        // Corosync stops by an assertion here.
        (
            "config_version: x",
            "line 3: totem.config_version has to be a number from 0 to 18446744073709551615, not 'x'",
        ),
    ] {
        assert_eq!(problems(totem, "", "").0, [message], "{totem}");
    }
}

#[test]
fn errors_in_totem_about_transports() {
    for (totem, message) in [
        ("crypto_model: x", "line 3: totem.crypto_model has to be one of nss, openssl, not 'x'"),
        (
            "crypto_cipher: aes256",
            "totem.crypto_hash is needed, other than none, where totem.crypto_cipher is set",
        ),
        ("crypto_hash: sha1\nkey: short", "line 4: totem.key has to have 128 to 4096 bytes, not 6"),
        ("transport: udpu\nsecauth: on", "line 4: totem.secauth works with transport knet only"),
        (
            "knet_compression_model: none",
            "line 3: totem.knet_compression_model has to be one of zlib, lz4, lz4hc, lzo2, lzma, bzip2, zstd, not 'none'",
        ),
        // Corosync has these two.
        (
            "knet_compression_model: zstd",
            "line 3: totem.knet_compression_model is not implemented yet: zlib, lz4, lz4hc and bzip2 are",
        ),
        (
            "interface {\nknet_transport: sctp\n}",
            "line 4: totem.interface.0.knet_transport is not implemented yet: udp is",
        ),
        (
            "interface {\nknet_transport: tcp\n}",
            "line 4: totem.interface.0.knet_transport has to be one of udp, sctp, not 'tcp'",
        ),
        (
            "interface {\nlinknumber: 9\nttl: 1\n}",
            "line 5: totem.interface.linknumber has to be a number from 0 to 7, not '9'",
        ),
        (
            "interface {\nlinknumber: 1\nttl: 1\n}",
            "line 10: nodelist.node.0 has not the same links as the other nodes",
        ),
        (
            "interface {\nmcastport: 70000\n}",
            "line 4: totem.interface.mcastport has to be a number from 0 to 65535, not '70000'",
        ),
        ("interface {\nttl: 2\n}", "line 4: totem.interface.0.ttl works with transport udp only"),
        (
            "transport: udpu\ninterface {\nknet_link_priority: 2\n}",
            "line 5: totem.interface.0.knet_link_priority works with transport knet only",
        ),
        (
            "interface {\nmember {\naddr: 1.2.3.4\n}\n}",
            "line 5: totem.interface.member.addr does not belong here: only memberaddr may be here",
        ),
        (
            "transport: udp",
            "totem.interface.0.mcastaddr has to be set where transport is udp and there is no totem.cluster_name",
        ),
        (
            "a b: 5",
            "line 3: totem.a b is no name for a key: it needs 3 to 255 letters, digits and characters of ._-/:",
        ),
    ] {
        assert_eq!(problems(totem, "", "").0, [message], "{totem}");
    }
}

#[test]
fn errors_in_nodes() {
    for (totem, node, message) in [
        (
            "",
            "}\nnode {\nring0_addr: b\nnodeid: 1",
            "line 13: nodelist.node.1.nodeid '1' is there twice",
        ),
        (
            "",
            "}\nnode {\nring0_addr: b",
            "line 12: nodelist.node.1.nodeid is missing: transport knet needs a number for every node",
        ),
        (
            "",
            "}\nnode {\nring0_addr: b\nnodeid: 65536",
            "line 13: nodelist.node.1.nodeid has to be a number from 1 to 65535, not '65536'",
        ),
        (
            "",
            "ring9_addr: x",
            "line 10: nodelist.node.0.ring9_addr has to be a number from 0 to 7, not '9'",
        ),
        (
            "",
            "ring1_addr: x\n}\nnode {\nring0_addr: y\nname: b\nnodeid: 2",
            "line 13: nodelist.node.1 has not the same links as the other nodes",
        ),
        (
            "",
            "ring1_addr: x\n}\nnode {\nring0_addr: y\nring1_addr: z\nnodeid: 2",
            "line 13: nodelist.node.1.name is missing: with more than one link every node needs a name",
        ),
        (
            "transport: udpu",
            "ring1_addr: x",
            "line 10: nodelist.node.0.ring1_addr has 2 links, but only transport knet has more than one",
        ),
    ] {
        assert_eq!(problems(totem, node, "").0, [message], "{node}");
    }
    let (_, problems) = Settings::read(&"totem {\nversion: 2\n}\n".parse().unwrap());
    assert_eq!(problems.errors[0].to_string(), "nodelist.node is missing");
}

#[test]
fn errors_elsewhere() {
    for (rest, message) in [
        (
            "quorum {\ntwo_node: yes\n}",
            "line 14: quorum.two_node has to be a number from 0 to 255, not 'yes'",
        ),
        (
            "quorum {\ntwo_node: 256\n}",
            "line 14: quorum.two_node has to be a number from 0 to 255, not '256'",
        ),
        (
            "quorum {\nprovider: other\n}",
            "line 14: quorum.provider has to be one of corosync_votequorum, not 'other'",
        ),
        (
            "logging {\ndebug: 1\n}",
            "line 14: logging.debug has to be one of off, on, trace, not '1'",
        ),
        (
            "logging {\nto_stderr: 1\n}",
            "line 14: logging.to_stderr has to be one of yes, no, not '1'",
        ),
        (
            "logging {\ntimestamp: yes\n}",
            "line 14: logging.timestamp has to be one of off, on, hires, not 'yes'",
        ),
        (
            "logging {\nblackbox: yes\n}",
            "line 14: logging.blackbox has to be one of on, off, not 'yes'",
        ),
        (
            "logging {\nsyslog_priority: foo\n}",
            "line 14: logging.syslog_priority has to be one of emerg, alert, crit, err, warning, notice, info, debug, not 'foo'",
        ),
        (
            "logging {\nsyslog_facility: local8\n}",
            "line 14: logging.syslog_facility has to be one of daemon, local0 to local7, auth, authpriv, cron, ftp, kern, lpr, mail, news, syslog, user, uucp, not 'local8'",
        ),
        (
            "logging {\nlogger_subsys {\ndebug: on\n}\n}",
            "line 14: logging.logger_subsys.subsys is missing",
        ),
        (
            "logging {\nlogger_subsys {\nsubsys: X\ndebug: very\n}\n}",
            "line 16: logging.logger_subsys.X.debug has to be one of off, on, trace, not 'very'",
        ),
        (
            "system {\nsched_rr: maybe\n}",
            "line 14: system.sched_rr has to be one of yes, no, not 'maybe'",
        ),
        // Corosync looks at this one when it starts, not with -t.
        (
            "system {\npriority: high\n}",
            "line 14: system.priority has to be one of max, min or a nice value, not 'high'",
        ),
        (
            "uidgid {\nname: root\n}",
            "line 14: uidgid.name does not belong here: only uid and gid may be here",
        ),
        (
            "x: 1",
            "line 13: x is no name for a key: it needs 3 to 255 letters, digits and characters of ._-/:",
        ),
    ] {
        assert_eq!(problems("", "", rest).0, [message], "{rest}");
    }
}

/// Corosync finds these when it starts to count votes.
#[test]
fn errors_between_keys_of_quorum() {
    let device = "device {\nmodel: net\n";
    for (quorum, message) in [
        (
            format!("two_node: 1\n{device}}}"),
            "line 15: quorum.two_node cannot be together with quorum.device",
        ),
        (
            format!("last_man_standing: 1\n{device}}}"),
            "line 15: quorum.last_man_standing cannot be together with quorum.device",
        ),
        (
            format!("auto_tie_breaker: 1\nwait_for_all: 1\n{device}}}"),
            "line 15: quorum.auto_tie_breaker cannot be together with quorum.device",
        ),
        (
            format!("allow_downscale: 1\n{device}}}"),
            "line 15: quorum.allow_downscale cannot be together with quorum.device",
        ),
        (
            format!("expected_votes: 3\n{device}}}"),
            "quorum.device.votes has to be set where quorum.expected_votes is",
        ),
        (
            format!("expected_votes: 3\n{device}votes: 2\n}}"),
            "line 18: quorum.device.votes leaves fewer than 2 of the 3 expected votes to the nodes",
        ),
        (
            "auto_tie_breaker: 1\nlast_man_standing: 1".to_owned(),
            "line 15: quorum.auto_tie_breaker cannot be together with quorum.last_man_standing where the votes are odd and quorum.wait_for_all is off",
        ),
    ] {
        let rest = format!("quorum {{\nprovider: corosync_votequorum\n{quorum}\n}}");
        assert_eq!(problems("", "", &rest).0, [message], "{quorum}");
    }
}

#[test]
fn warnings() {
    for (totem, node, rest, message) in [
        (
            "secauth: off",
            "",
            "",
            "line 3: totem.secauth leaves messages readable and forgeable by everybody in the network",
        ),
        (
            "secauth: maybe",
            "",
            "",
            "line 3: totem.secauth has no effect: only on and off are known",
        ),
        ("tokken: 5", "", "", "line 3: totem.tokken is not known and has no effect"),
        (
            "nodeid: 5",
            "",
            "",
            "line 3: totem.nodeid has no effect: the number of the node list, or one made of the address, is used",
        ),
        (
            "rrp_mode: active",
            "",
            "",
            "line 3: totem.rrp_mode has no effect: it was for older versions",
        ),
        (
            "block_unlisted_ips: 1",
            "",
            "",
            "line 3: totem.block_unlisted_ips has no effect: only yes and no are known",
        ),
        (
            "interface {\nbindnetaddr: 1.2.3.4\n}",
            "",
            "",
            "line 4: totem.interface.0.bindnetaddr has no effect: the address in the node list is used",
        ),
        (
            "interface {\nmember {\nmemberaddr: 1.2.3.4\n}\n}",
            "",
            "",
            "line 5: totem.interface.0.member.0 has no effect: the node list is used",
        ),
        (
            "",
            "}\nnode {\nring0_addr: b\nnodeid: 2\nname: a",
            "",
            "line 14: nodelist.node.1.name 'a' is there twice",
        ),
        ("", "}\nnode {\nname: b\nnodeid: 2", "", "line 12: nodelist.node.1.ring0_addr is missing"),
        (
            "",
            "",
            "nodelist {\nnode {\nring0_addr: b\nnodeid: 2\nname: b\n}\n}",
            "line 13: nodelist is there more than once: its nodes take the place of those before",
        ),
        (
            "",
            "",
            "logging {\nto_logfile: yes\n}",
            "line 14: logging.to_logfile has no effect: there is no logging.logfile",
        ),
        (
            "",
            "",
            "nozzle {\nname: n\n}",
            "line 14: nozzle.name is not implemented yet: no device is made",
        ),
        (
            "",
            "",
            "resources {\nwatchdog_device: /dev/watchdog\n}",
            "line 14: resources.watchdog_device is not implemented yet: no watchdog is used",
        ),
        ("", "", "xyz: 1", "line 13: xyz is not known and has no effect"),
        (
            "",
            "",
            "quorum {\nprovider: corosync_votequorum\nauto_tie_breaker: 1\n}",
            "line 15: quorum.auto_tie_breaker is turned off by an odd number of votes: it needs quorum.wait_for_all there",
        ),
        (
            "",
            "",
            "quorum {\nauto_tie_breaker_node: 1\n}",
            "line 14: quorum.auto_tie_breaker_node has no effect: quorum.auto_tie_breaker is not set",
        ),
    ] {
        let (errors, warnings) = problems(totem, node, rest);
        assert_eq!(errors, [""; 0], "{totem}{node}{rest}");
        assert_eq!(warnings, [message], "{totem}{node}{rest}");
    }
}

#[test]
fn what_corosync_takes_is_taken_in_silence() {
    for (totem, node, rest) in [
        ("token: 0", "", ""),
        ("token: +5000", "", ""),
        ("cluster_name:", "", ""),
        ("cluster_uuid: 0a", "", ""),
        ("interface {\nmcastport: 0\n}", "", ""),
        ("interface {\nlinknumber: 1\n}", "", ""),
        ("", "mine: yes", ""),
        ("", "", "logging {\nsyslog_priority: INFO\n}"),
        ("", "", "quorum {\ndevice {\nmodel: net\nnet {\nhost: q\n}\n}\n}"),
        ("", "", "resources {\nwatchdog_device: off\n}"),
    ] {
        let found = problems(totem, node, rest);
        assert_eq!(found, (vec![], vec![]), "{totem}{node}{rest}");
    }
}

#[test]
fn files_of_uidgid_d_have_that_section_only() {
    let add = |text: &str| {
        let mut keys = Keys::default();
        let problems = keys.add_access_file(&text.parse().unwrap());
        let errors: Vec<String> = problems.errors.iter().map(ToString::to_string).collect();
        (keys, errors)
    };
    let (keys, errors) = add("uidgid {\nuid: 5\ngid: haclient\n}\n");
    assert_eq!(errors, [""; 0]);
    assert_eq!(keys.u8("uidgid.config.uid.5"), Some(1));
    assert_eq!(keys.named_accounts()[0].name, "haclient");
    for (text, message) in [
        ("uid: 5", "line 1: uid does not belong here: only a section uidgid may be here"),
        ("totem {\n}", "line 1: totem does not belong here: only a section uidgid may be here"),
        (
            "uidgid {\npid: 1\n}",
            "line 2: uidgid.pid does not belong here: only uid and gid may be here",
        ),
        (
            "uidgid {\nuidgid {\n}\n}",
            "line 2: uidgid.uidgid does not belong here: only uid and gid may be here",
        ),
    ] {
        assert_eq!(add(text).1, [message], "{text}");
    }
}
