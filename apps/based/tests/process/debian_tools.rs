//! Debian's own tools, and ours, against the daemon.

use std::{net::TcpStream, path::Path, time::Duration};

use crate::world::{
    Daemon, PASSWORD, ROOT, in_namespace, tool, tool_from_afar, tool_of_joe, with_input,
};
use client::cib::{
    AsyncCib, Backend, CallOptions, Cib, CibEvent, Failure, NotificationKind, Operation,
    RemoteServer, Request,
};
use messages::cib::Notification;
use wire::RemoteFrame;
use xml::Element;

const DUMMY: &str = "<primitive id=\"d\" class=\"ocf\" provider=\"pacemaker\" type=\"Dummy\"/>";

#[test]
fn tools_read_and_change_the_cib() {
    in_namespace("debian_tools::tools_read_and_change_the_cib", async || {
        let daemon = Daemon::start(&[]).await;
        let empty = tool("cibadmin -Q").succeeded();
        assert!(empty.contains("<cib crm_feature_set=\"3.16.1\" validate-with=\"pacemaker-3.9\""));

        tool(&format!("cibadmin -C -o resources -X '{DUMMY}'")).succeeded();
        assert!(tool("cibadmin -Q -o resources").succeeded().contains("type=\"Dummy\""));
        tool("cibadmin -M -o resources -X '<primitive id=\"d\" description=\"x\"/>'").succeeded();
        let found = tool("cibadmin -Q --xpath //primitive").succeeded();
        assert!(found.contains("description=\"x\"") && found.contains("class=\"ocf\""));
        assert!(tool("cibadmin -Q --xpath //primitive/@id").succeeded().contains("<primitive"));
        assert_eq!(tool("cibadmin -Q -e --xpath //primitive").code, 0);
        tool(&format!("cibadmin -R -o resources -X '{DUMMY}'")).succeeded();
        assert!(!tool("cibadmin -Q").succeeded().contains("description"));

        let epoch = |text: String| {
            text.split_once(" epoch=\"")
                .and_then(|(_, rest)| rest.split('"').next())
                .unwrap()
                .parse::<u32>()
        };
        let before = epoch(tool("cibadmin -Q").succeeded()).unwrap();
        tool("cibadmin -B").succeeded();
        assert_eq!(epoch(tool("cibadmin -Q").succeeded()), Ok(before + 1));

        tool("crm_attribute -n stonith-enabled -v false").succeeded();
        assert_eq!(tool("crm_attribute -n stonith-enabled -G -q").succeeded().trim(), "false");
        let all = tool("cibadmin -Q").succeeded();
        assert!(all.contains("update-client=\"crm_attribute\" update-user=\"root\""), "{all}");
        assert!(all.contains("id=\"cib-bootstrap-options-stonith-enabled\""));
        tool("crm_attribute -n stonith-enabled -D").succeeded();
        assert!(!tool("cibadmin -Q").succeeded().contains("stonith-enabled"));

        tool("cibadmin -D -o resources -X '<primitive id=\"d\"/>'").succeeded();
        assert!(tool("cibadmin -Q -o resources").succeeded().contains("<resources/>"));
        tool("cibadmin -E -f").succeeded();
        assert!(tool("cibadmin -Q").succeeded().contains("admin_epoch=\"1\""));
        daemon.end();
    });
}

#[test]
fn tools_that_watch_are_told() {
    in_namespace("debian_tools::tools_that_watch_are_told", async || {
        let daemon = Daemon::start(&[]).await;
        let mut watcher = AsyncCib::connect("watcher").await.unwrap();
        watcher.subscribe(NotificationKind::Diff).await.unwrap();
        tool(&format!("cibadmin -C -o resources -X '{DUMMY}'")).succeeded();
        let Some(CibEvent::Changed(change)) = watcher.next().await else { panic!("a change") };
        assert_eq!((change.operation, change.result), (Operation::Create, Ok(())));
        let patch = change.patch.to_compact();
        assert!(patch.contains("path=\"/cib/configuration/resources\""), "{patch}");

        let mut request = Request::query(Some("resources"));
        request.options = CallOptions::SCOPE_LOCAL;
        let number = watcher.send(request).await.unwrap();
        let Some(CibEvent::Reply(reply)) = watcher.next().await else { panic!("a reply") };
        assert_eq!((reply.call_id, reply.result), (number, Ok(())));

        daemon.end();
    });
}

/// Who keeps a copy has what the daemon has, also after changes that were told to nobody.
#[test]
fn a_kept_copy_is_what_the_daemon_has() {
    in_namespace("debian_tools::a_kept_copy_is_what_the_daemon_has", async || {
        let daemon = Daemon::start(&[]).await;
        let mut keeper = AsyncCib::connect("keeper").await.unwrap();
        keeper.keep_copy().await.unwrap();
        let commands = [
            "true",
            &format!("cibadmin -C -o resources -X '{DUMMY}'"),
            "cibadmin -M -c -o status -X '<node_state id=\"1\" uname=\"a\"/>'",
            "cibadmin -D --xpath //node_state",
            "crm_attribute -n stonith-enabled -v false",
            "cibadmin -B",
            "cibadmin -E -f",
            "cibadmin -M -X '<cib validate-with=\"pacemaker-3.0\"/>'",
        ];
        for (step, command) in commands.into_iter().enumerate() {
            tool(command).succeeded();
            let mut direct = Cib::open_backend("test", &Backend::Live).unwrap();
            if step % 3 == 2 {
                let untold = Element::new("node_state").with("id", "7").with("uname", step);
                let options = CallOptions::INHIBIT_NOTIFY | CallOptions::CAN_CREATE;
                direct.modify(Some("status"), untold, options).unwrap();
            }
            let whole = Request::query(None).with_options(CallOptions::SCOPE_LOCAL);
            let asked = keeper.send(whole).await.unwrap();
            let found = loop {
                match keeper.next().await.unwrap() {
                    CibEvent::Reply(reply) => break reply,
                    CibEvent::Changed(_) | CibEvent::Replaced(_) => {}
                }
            };
            assert_eq!((found.call_id, found.result), (asked, Ok(())));
            let there = direct.query(None, CallOptions::SCOPE_LOCAL).unwrap();
            assert_eq!(found.output.unwrap().to_pretty(), there.to_pretty(), "after {command}");
        }
        daemon.end();
    });
}

#[test]
fn what_makes_no_sense_is_refused_and_the_daemon_lives() {
    in_namespace("debian_tools::what_makes_no_sense_is_refused_and_the_daemon_lives", async || {
        let daemon = Daemon::start(&[]).await;
        tool(&format!("cibadmin -C -o resources -X '{DUMMY}'")).succeeded();
        let before = tool("cibadmin -Q").succeeded();
        let create = |what: &str| tool(&format!("cibadmin -C -o resources -X '{what}'")).code;
        assert_eq!(create(DUMMY), 108, "exists already");
        assert_eq!(create("<foo/>"), 78, "not in the schema");
        assert_eq!(create("<primitive id=\"x\" class=\"ocf\"/>"), 78, "no type");
        assert_eq!(create("<primitive id=\"1x\" class=\"ocf\" type=\"y\"/>"), 78, "no id");
        let location = "<rsc_location id=\"l\" rsc=\"gone\" node=\"n\" score=\"1\"/>";
        assert_eq!(tool(&format!("cibadmin -C -o constraints -X '{location}'")).code, 78);
        let again = "<group id=\"g\"><primitive id=\"d\" class=\"ocf\" type=\"y\"/></group>";
        assert_eq!(create(again), 78, "the id is taken");
        assert_eq!(tool("cibadmin -M -X '<cib have-quorum=\"maybe\"/>'").code, 78);
        assert_eq!(tool("cibadmin -M -X '<cib epoch=\"many\"/>'").code, 103, "no number is 0");
        assert_eq!(
            tool("cibadmin -R -X '<cib epoch=\"0\" num_updates=\"0\" admin_epoch=\"0\"/>'").code,
            103
        );
        assert_eq!(tool("cibadmin -Q --xpath //nothing").code, 105);
        assert_eq!(tool("cibadmin -Q --xpath '//['").code, 105);
        assert_eq!(tool("cibadmin -M -o resources -X '<primitive id=\"z\"/>'").code, 105);
        assert_eq!(tool("cibadmin -D --xpath /cib --force").code, 70);
        let broken = with_input("cibadmin -R -p", "<cib><configuration>");
        assert_ne!(broken.code, 0);
        assert_eq!(tool("cibadmin -Q").succeeded(), before);
        daemon.end();
    });
}

#[test]
fn broken_and_oversize_messages_do_no_harm() {
    in_namespace("debian_tools::broken_and_oversize_messages_do_no_harm", async || {
        let daemon = Daemon::start(&[]).await;
        let mut raw = ipc::xml::XmlClient::connect("cib_rw").unwrap();
        let second = Duration::from_secs(5);
        for nonsense in [
            "<x/>",
            "<cib_command cib_op=\"cib_explode\"/>",
            "<cib_command cib_op=\"cib_query\" cib_callopt=\"lots\"/>",
            "<cib_command cib_op=\"cib_apply_diff\" cib_callopt=\"4096\"/>",
            "<cib_command cib_op=\"cib_notify\" cib_notify_type=\"weather\" cib_notify_activate=\"1\"/>",
        ] {
            let answer = raw.call(&xml::parse(nonsense).unwrap(), second).unwrap();
            let refused = answer.attr("status").is_some_and(|status| status != "0")
                || answer.attr("cib_rc").is_some_and(|code| code != "0");
            assert!(refused, "{nonsense}: {}", answer.to_compact());
        }
        let mut deep = Element::new("x");
        for _ in 0..5_000 {
            deep = Element::new("x").with_child(deep);
        }
        let request = Request::change(Operation::Modify, Some("status"), deep)
            .with_options(CallOptions::SYNC_CALL | CallOptions::CAN_CREATE);
        // Too deep to be read: whether it is answered is the transport's choice, that the daemon lives is not.
        let _ = raw.call(&request.to_element(), Duration::from_secs(1));
        let mut cib = Cib::open_backend("test", &Backend::Live).unwrap();
        let big = Element::new("nvpair").with("id", "b").with("name", "x".repeat(200_000));
        let set = Element::new("cluster_property_set").with("id", "s").with_child(big);
        cib.create(Some("crm_config"), set, CallOptions::NONE).unwrap();
        let found = cib.query_xpath("//nvpair[@id='b']", CallOptions::NONE).unwrap();
        assert_eq!(found.attr("name").map(str::len), Some(200_000));
        let mut reader = Cib::open_backend("test", &Backend::LiveReadOnly).unwrap();
        let refused = reader.bump(CallOptions::NONE).unwrap_err();
        assert_eq!(refused.failure(), Failure::AccessDenied);
        tool("cibadmin -Q").succeeded();
        daemon.end();
    });
}

#[test]
fn the_cib_survives_a_restart_and_is_never_trusted_blindly() {
    in_namespace(
        "debian_tools::the_cib_survives_a_restart_and_is_never_trusted_blindly",
        async || {
            let daemon = Daemon::start(&["-w"]).await;
            tool(&format!("cibadmin -C -o resources -X '{DUMMY}'")).succeeded();
            daemon.end();
            let file = Path::new(ROOT).join("cib.xml");
            let text = std::fs::read_to_string(&file).unwrap();
            assert!(text.contains("id=\"d\"") && !text.contains("<status"));
            let digest = std::fs::read_to_string(Path::new(ROOT).join("cib.xml.sig")).unwrap();
            let theirs = tool(&format!("cibadmin --md5-sum -x {}", file.display())).succeeded();
            assert_eq!(
                theirs.split_whitespace().last(),
                Some(digest.trim()),
                "Debian's digest is ours"
            );

            let daemon = Daemon::start(&["-w"]).await;
            assert!(tool("cibadmin -Q -o resources").succeeded().contains("id=\"d\""));
            daemon.kill();
            std::fs::write(&file, text.replace("Dummy", "Stateful")).unwrap();
            let daemon = Daemon::start(&["-w"]).await;
            assert!(!tool("cibadmin -Q").succeeded().contains("Stateful"));
            let aside = std::fs::read_dir(ROOT)
                .unwrap()
                .any(|entry| entry.unwrap().file_name().to_string_lossy().starts_with("cib.auto."));
            assert!(aside, "the edited file is kept for people to look at");
            daemon.end();
        },
    );
}

/// What Debian's tools of an ordinary user see and change.
#[test]
fn users_see_and_change_what_they_may() {
    in_namespace("debian_tools::users_see_and_change_what_they_may", async || {
        let daemon = Daemon::start(&[]).await;
        let device = "<primitive id=\"f\" class=\"stonith\" type=\"x\"><instance_attributes id=\"f-a\">\
                      <nvpair id=\"f-p\" name=\"password\" value=\"secret\"/></instance_attributes></primitive>";
        tool(&format!("cibadmin -C -o resources -X '{device}'")).succeeded();
        tool(&format!("cibadmin -C -o resources -X '{DUMMY}'")).succeeded();
        assert!(tool_of_joe("cibadmin -Q").succeeded().contains("secret"), "nothing is denied yet");
        let acls = "<acls><acl_role id=\"r\"><acl_permission id=\"r1\" kind=\"read\" xpath=\"/cib\"/>\
                    <acl_permission id=\"r2\" kind=\"deny\" reference=\"f-p\"/></acl_role><acl_role \
                    id=\"w\"><acl_permission id=\"w1\" kind=\"write\" reference=\"d\"/></acl_role>\
                    <acl_target id=\"joe\"><role id=\"r\"/></acl_target></acls>";
        tool(&format!("cibadmin -M -c -o acls -X '{acls}'")).succeeded();
        tool("crm_attribute -n enable-acl -v true").succeeded();

        let seen = tool_of_joe("cibadmin -Q").succeeded();
        assert!(seen.contains("id=\"f-a\"") && !seen.contains("secret"));
        assert_eq!(tool_of_joe("cibadmin -Q -A '//nvpair[@value=\"secret\"]'").code, 105);
        assert_eq!(tool_of_joe("cibadmin -B").code, 4);
        assert_eq!(tool_of_joe("crm_attribute -n enable-acl -v false").code, 4);
        let describe = "cibadmin -M -o resources -X '<primitive id=\"d\" description=\"x\"/>'";
        assert_eq!(tool_of_joe(describe).code, 4);
        assert_eq!(tool_of_joe("env CIB_user=root cibadmin -B").code, 4, "only a wish");
        assert_eq!(tool_of_joe("cibadmin -B -U hacluster").code, 4);
        assert_eq!(tool("env CIB_user=joe cibadmin -B").code, 4, "root may act for others");
        assert_eq!(tool("cibadmin -B -U joe").code, 4);

        let group = "<acl_group id=\"operators\"><role id=\"w\"/></acl_group>";
        tool(&format!("cibadmin -C -o acls -X '{group}'")).succeeded();
        tool_of_joe(describe).succeeded();
        assert_eq!(tool_of_joe("cibadmin -B").code, 4);
        assert!(tool("cibadmin -Q").succeeded().contains("description=\"x\""));
        daemon.end();
    });
}

/// What Debian's tools and ours do over a port without encryption.
#[test]
fn other_hosts_log_in_with_a_password() {
    in_namespace("debian_tools::other_hosts_log_in_with_a_password", async || {
        let daemon = Daemon::start(&[]).await;
        let afar = |command: &str| tool_from_afar("hacluster", PASSWORD, command);
        assert_ne!(afar("cibadmin -Q").code, 0, "nobody listens yet");
        tool("cibadmin -M -X '<cib remote-clear-port=\"9898\"/>'").succeeded();
        daemon.listens(9898).await;
        assert!(afar("cibadmin -Q").succeeded().contains("remote-clear-port=\"9898\""));
        afar(&format!("cibadmin -C -o resources -X '{DUMMY}'")).succeeded();
        assert_eq!(afar(&format!("cibadmin -C -o resources -X '{DUMMY}'")).code, 108);
        let all = tool("cibadmin -Q").succeeded();
        assert!(all.contains("id=\"d\"") && all.contains("update-user=\"hacluster\""), "{all}");
        for (user, password) in [("hacluster", "wrong"), ("root", PASSWORD), ("x", "y")] {
            assert_ne!(tool_from_afar(user, password, "cibadmin -Q").code, 0, "{user}");
        }

        let server = |password: &str, encrypted| RemoteServer {
            host: "127.0.0.1".into(),
            port: 9898,
            user: "hacluster".into(),
            password: password.into(),
            encrypted,
        };
        let open = |password: &str, encrypted| {
            Cib::open_backend("test", &Backend::Remote(server(password, encrypted)))
        };
        let mut ours = open(PASSWORD, false).unwrap();
        assert_eq!(ours.query_xpath("//primitive", CallOptions::NONE).unwrap().id(), Some("d"));
        ours.subscribe(NotificationKind::Diff).unwrap();
        tool("cibadmin -B").succeeded();
        let told = ours.next_notification(Duration::from_secs(10)).unwrap();
        assert!(matches!(told, Some(Notification::Diff(_))), "{told:?}");
        let big = Element::new("nvpair").with("id", "b").with("name", "x".repeat(300_000));
        let set = Element::new("cluster_property_set").with("id", "s").with_child(big);
        ours.create(Some("crm_config"), set, CallOptions::NONE).unwrap();
        assert!(tool("cibadmin -Q").succeeded().contains("update-client=\"test\""));
        assert_eq!(open("wrong", false).unwrap_err().failure(), Failure::AccessDenied);

        strangers_learn_nothing(9898);
        afar("cibadmin -Q").succeeded();
        tool("cibadmin -M -X '<cib remote-clear-port=\"0\"/>'").succeeded();
        assert!(open(PASSWORD, false).is_err(), "nobody listens any more");
        daemon.end();
    });
}

/// Our tools and daemon with encryption, which Debian's cannot do with certificates.
#[test]
fn other_hosts_are_known_by_certificates() {
    in_namespace("debian_tools::other_hosts_are_known_by_certificates", async || {
        let daemon = Daemon::start(&[]).await;
        tool("cibadmin -M -X '<cib remote-tls-port=\"9899\"/>'").succeeded();
        let open = |port, password: &str| {
            let (host, user) = ("127.0.0.1".to_owned(), "hacluster".to_owned());
            let password = password.to_owned();
            let server = RemoteServer { host, port, user, password, encrypted: true };
            Cib::open_backend("test", &Backend::Remote(server))
        };
        // The daemon answers the change before it opens the port.
        daemon.listens(9899).await;
        let mut ours = open(9899, PASSWORD).unwrap();
        let big = Element::new("nvpair").with("id", "b").with("name", "x".repeat(300_000));
        let set = Element::new("cluster_property_set").with("id", "s").with_child(big);
        ours.create(Some("crm_config"), set, CallOptions::NONE).unwrap();
        let found = ours.query_xpath("//nvpair[@id='b']", CallOptions::NONE).unwrap();
        assert_eq!(found.attr("name").map(str::len), Some(300_000));
        ours.subscribe(NotificationKind::Diff).unwrap();
        tool("cibadmin -B").succeeded();
        let told = ours.next_notification(Duration::from_secs(10)).unwrap();
        assert!(matches!(told, Some(Notification::Diff(_))), "{told:?}");
        assert_eq!(open(9899, "wrong").unwrap_err().failure(), Failure::AccessDenied);
        assert!(tool_from_afar("hacluster", PASSWORD, "env CIB_port=9899 cibadmin -Q").code != 0);
        ours.query(None, CallOptions::NONE).unwrap();
        daemon.end();
    });
}

/// What users of other hosts see and change.
#[test]
fn users_of_other_hosts_may_no_more_than_here() {
    in_namespace("debian_tools::users_of_other_hosts_may_no_more_than_here", async || {
        let daemon = Daemon::start(&[]).await;
        let cib = "<cib remote-clear-port=\"9898\"><configuration><crm_config><cluster_property_set \
                   id=\"o\"><nvpair id=\"o1\" name=\"enable-acl\" value=\"true\"/><nvpair id=\"o2\" \
                   name=\"stop-all-resources\" value=\"false\"/></cluster_property_set></crm_config><acls>\
                   <acl_role id=\"r\"><acl_permission id=\"r1\" kind=\"read\" xpath=\"/cib\"/>\
                   <acl_permission id=\"r2\" kind=\"deny\" reference=\"o2\"/></acl_role><acl_target \
                   id=\"joe\"><role id=\"r\"/></acl_target></acls></configuration></cib>";
        tool(&format!("cibadmin -M -c -X '{cib}'")).succeeded();
        let of_joe = |command: &str| tool_from_afar("joe", "any", command);
        let seen = of_joe("cibadmin -Q").succeeded();
        assert!(seen.contains("enable-acl") && !seen.contains("stop-all-resources"), "{seen}");
        assert_eq!(of_joe("cibadmin -B").code, 4);
        assert_eq!(of_joe("cibadmin -B -U root").code, 4);
        let all = tool_from_afar("hacluster", PASSWORD, "cibadmin -Q").succeeded();
        assert!(all.contains("stop-all-resources"));
        daemon.end();
    });
}

/// Bytes that are no login end the connection without an answer.
fn strangers_learn_nothing(port: u16) {
    use std::io::{Read, Write};
    let frame = |text: &str| RemoteFrame::encode(1, text).unwrap();
    let huge = {
        let mut bytes = frame("<x/>");
        bytes[24..28].copy_from_slice(&u32::MAX.to_ne_bytes());
        bytes
    };
    for bytes in [
        b"GET / HTTP/1.1\r\nHost: cluster.example.com\r\nAccept: */*\r\n\r\n".to_vec(),
        frame("<cib_command cib_op='cib_query' cib_callopt='4096'/>"),
        frame("<cib_command op='authenticate' user='hacluster'/>"),
        frame("<cib_command op='authenticate' user='hacluster' password=''/>"),
        frame(&format!("<cib_command op='authenticate' user='{}'/>", "x".repeat(100_000))),
        frame("<cib_command op="),
        huge,
    ] {
        let mut stranger = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stranger.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stranger.write_all(&bytes).unwrap();
        let mut answer = Vec::new();
        let end = stranger.read_to_end(&mut answer);
        let closed = match &end {
            Ok(_) => true,
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        };
        assert!(closed && answer.is_empty(), "{end:?} {answer:?}");
    }
}

/// Several changes in one message of the newer protocol.
#[test]
fn transactions_are_made_or_not() {
    in_namespace("debian_tools::transactions_are_made_or_not", async || {
        let daemon = Daemon::start(&[]).await;
        let mut cib = Cib::open_backend("test", &Backend::Live).unwrap();
        let create = |text: &str| {
            Request::change(Operation::Create, Some("resources"), xml::parse(text).unwrap())
        };
        let second = "<primitive id='e' class='lsb' type='x'/>";
        let refused = cib.commit(&[create(DUMMY), create(second), create(DUMMY)]).unwrap_err();
        assert_eq!(refused.failure(), Failure::Exists);
        assert!(tool("cibadmin -Q -o resources").succeeded().contains("<resources/>"));
        cib.commit(&[create(DUMMY), create(second)]).unwrap();
        let found = tool("cibadmin -Q -o resources").succeeded();
        assert!(found.contains("id=\"d\"") && found.contains("id=\"e\""));
        daemon.end();
    });
}

/// The same commands, once against the daemon and once against a file, where Debian's own library carries them out: exit
/// status and result must be the same, version included.
#[test]
fn operations_do_what_debian_s_library_does() {
    in_namespace("debian_tools::operations_do_what_debian_s_library_does", async || {
        let daemon = Daemon::start(&[]).await;
        let file = "/run/twin.xml";
        tool(&format!("cibadmin -Q > {file}")).succeeded();
        let twin = |command: &str| tool(&format!("env CIB_file={file} {command}"));
        for command in TWIN_COMMANDS {
            let (ours, theirs) = (tool(command), twin(command));
            assert_eq!(ours.code, theirs.code, "{command}\n{ours:?}\n{theirs:?}");
            let cib = |output: crate::world::Output| {
                let mut root = xml::parse(&output.succeeded()).unwrap();
                root.retain_attrs(|name, _| {
                    !name.starts_with("update-") && name != "cib-last-written"
                });
                // In a CIB that was emptied we put versions in the order of Pacemaker 3.
                root.sort_attrs();
                root.to_pretty()
            };
            assert_eq!(cib(tool("cibadmin -Q")), cib(twin("cibadmin -Q")), "after {command}");
            if command.starts_with("cibadmin -Q") && !ours.stdout.starts_with("<cib ") {
                assert_eq!(ours.stdout, theirs.stdout, "{command}");
            }
        }
        daemon.end();
    });
}

const TWIN_COMMANDS: &[&str] = &[
    "cibadmin -C -o resources -X '<primitive id=\"d\" class=\"ocf\" provider=\"pacemaker\" type=\"Dummy\"/>'",
    "cibadmin -C -o resources -X '<primitive id=\"d\" class=\"ocf\" provider=\"pacemaker\" type=\"Dummy\"/>'",
    "cibadmin -C -o resources -X '<group id=\"g\"><primitive id=\"e\" class=\"lsb\" type=\"x\"/></group>'",
    "cibadmin -C -o nodes -X '<node id=\"1\" uname=\"a\"/>'",
    "cibadmin -C -o nodes -X '<node id=\"1\" uname=\"a\"/>'",
    "cibadmin -M -X '<primitive id=\"e\" description=\"more\"/>'",
    "cibadmin -M -X '<primitive id=\"e\" description=\"more\"/>'",
    "cibadmin -M -X '<primitive id=\"gone\"/>'",
    "cibadmin -M -c -o constraints -X '<rsc_location id=\"l\" rsc=\"d\" node=\"a\" score=\"5\"/>'",
    "cibadmin -M -X '<rsc_location id=\"l\" score=\"score++\"/>'",
    "cibadmin -M -X '<rsc_location id=\"l\" score=\"score+=4\"/>'",
    "cibadmin -C -o constraints -X '<rsc_location id=\"m\" rsc=\"gone\" node=\"a\" score=\"5\"/>'",
    "cibadmin -D -o resources -X '<primitive id=\"d\"/>'",
    "cibadmin -D -o constraints -X '<rsc_location score=\"10\"/>'",
    "cibadmin -D -o constraints -X '<rsc_location id=\"never\"/>'",
    "cibadmin -M -o tags -X '<tags><tag id=\"t\"><obj_ref id=\"d\"/></tag></tags>'",
    "cibadmin -C -o tags -X '<tag id=\"d\"/>'",
    "cibadmin -M -o resources -X '<foo/>' -c",
    "cibadmin -R -o resources -X '<primitive id=\"d\" class=\"lsb\" type=\"y\"/>'",
    "cibadmin -R -o resources -X '<primitive id=\"gone\" class=\"lsb\" type=\"y\"/>'",
    "cibadmin -R -o nodes -X '<nodes/>'",
    "cibadmin -R --xpath '//primitive[@id=\"d\"]' -X '<primitive id=\"d\" class=\"lsb\" type=\"y\"/>'",
    "cibadmin -R --xpath '//primitive[@id=\"d\"]' -X '<primitive id=\"d\" class=\"lsb\" type=\"y\"/>'",
    "cibadmin -C --xpath '//resources' -X '<clone id=\"c\"><primitive id=\"f\" class=\"lsb\" type=\"z\"/></clone>'",
    "cibadmin -M --xpath '//clone' -X '<primitive id=\"f\" description=\"in a clone\"/>'",
    "cibadmin -M --xpath '//group' -X '<primitive id=\"f\" description=\"not here\"/>'",
    "cibadmin -Q --xpath '//primitive'",
    "cibadmin -Q --xpath '//primitive/@id'",
    "cibadmin -Q --xpath '//primitive[@type=\"z\"]' -n",
    "cibadmin -Q -e --xpath '//primitive'",
    "cibadmin -Q --xpath 'count(//primitive)'",
    "cibadmin -Q -o resources",
    "cibadmin -Q -o alerts",
    "cibadmin -Q -o nonsense",
    "cibadmin -M -c -o status -X '<node_state id=\"1\" uname=\"a\"/>'",
    "cibadmin -M -o status -X '<node_state id=\"1\" x=\"y\"><lrm id=\"1\"/></node_state>'",
    "cibadmin -D --xpath '//node_state/lrm'",
    "cibadmin -D --xpath '//nothing'",
    "crm_attribute -n no-quorum-policy -v ignore",
    "crm_attribute -n no-quorum-policy -v stop",
    "crm_attribute -n no-quorum-policy -D",
    "cibadmin -M -X '<cib have-quorum=\"1\"/>'",
    "cibadmin -M -X '<cib have-quorum=\"maybe\"/>'",
    "cibadmin -M -X '<cib nonsense=\"1\"/>'",
    "cibadmin -M -X '<cib epoch=\"many\"/>'",
    "cibadmin -M -X '<cib crm_feature_set=\"3.99.0\"/>'",
    "cibadmin -R -X '<cib epoch=\"0\" num_updates=\"0\" admin_epoch=\"0\"/>'",
    "cibadmin -B",
    "cibadmin -D -A //primitive",
    "cibadmin -C -o resources -X '<primitive id=\"1x\" class=\"lsb\" type=\"y\"/>'",
    "cibadmin -C -o resources -X '<primitive id=\"n\" class=\"lsb\"/>'",
    "cibadmin -C -o nodes -X '<node id=\"2\"/>'",
    "cibadmin -C -o crm_config -X '<cluster_property_set id=\"s\"><nvpair id=\"s-1\"/></cluster_property_set>'",
    "cibadmin -C -o crm_config -X '<cluster_property_set id=\"s\"><nvpair id-ref=\"none\"/></cluster_property_set>'",
    "cibadmin -E -f",
    "cibadmin -E -f",
    "cibadmin -M -X '<cib validate-with=\"pacemaker-3.0\"/>'",
    "cibadmin -M -X '<cib validate-with=\"pacemaker-9.0\"/>'",
    "cibadmin -M -X '<cib validate-with=\"none\"/>'",
    "cibadmin -C -o resources -X '<anything/>'",
];
