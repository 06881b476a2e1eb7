//! Our client against a real ring daemon: one node on a loopback of its own.

#[path = "../../ipc/tests/island/mod.rs"]
#[allow(dead_code, reason = "shared with tests that use other parts of it")]
mod island;

use std::time::Duration;

use ipc::AsyncClient;
use island::Running;
use ring::{
    Cfg, Cmap, CmapValue, Cpg, CpgEvent, Destination, Member, NodeList, PeerEvent, PeerGroup,
    Quorum, RingError, Votes,
};
use vocab::{NodeId, NodeName};
use wire::corosync::{
    MESSAGE_MAX,
    cpg::{GroupName, Guarantee, Part, Request, encode_multicast, encode_partial_multicast},
    decode_status,
};
use xml::Element;

const COROSYNC: &str = "/usr/sbin/corosync";
const CONFIGURATION: &str = "
totem {
    version: 2
    cluster_name: island
    transport: udpu
    token: 1000
}
nodelist {
    node {
        ring0_addr: 127.0.0.1
        name: alone
        nodeid: 7
    }
}
quorum {
    provider: corosync_votequorum
}
system {
    state_dir: /mnt/state
    qb_ipc_type: TRANSPORT
    sched_rr: no
}
logging {
    to_stderr: no
    to_syslog: no
    to_logfile: yes
    logfile: /mnt/corosync.log
    debug: off
}
";

/// Longer than any step takes on any machine: it only ends a test that would never end.
const LONG: Duration = Duration::from_secs(60);

/// A ring daemon that is ready for clients; `None` if there cannot be one here.
async fn start(transport: &str) -> Option<Running> {
    if !island::enter(&[COROSYNC, "/usr/sbin/corosync-cpgtool"]) {
        return None;
    }
    std::fs::create_dir("/mnt/state").unwrap();
    let configuration = CONFIGURATION.replace("TRANSPORT", transport);
    std::fs::write("/mnt/corosync.conf", configuration).unwrap();
    let corosync = Running::start(COROSYNC, &["-f", "-c", "/mnt/corosync.conf"]);
    for _ in 0..600 {
        match Quorum::connect().await {
            Ok(_) => return Some(corosync),
            // Nobody says when the daemon is ready: ask until it answers.
            Err(RingError::Connect(_) | RingError::Lost) => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
    panic!("{}", std::fs::read_to_string("/mnt/corosync.log").unwrap_or_default());
}

fn own() -> Member {
    Member { node: NodeId(7), pid: std::process::id() }
}

#[tokio::test]
async fn every_service_answers() {
    let Some(_corosync) = start("shm").await else { return };
    map_and_list().await;
    links_and_votes().await;
    quorum().await;
    groups().await;
    peers().await;
    refusals().await;
    tokio::task::spawn_blocking(blocking_client).await.unwrap();
}

/// Datagrams cannot be as long as a group's messages may be: everything else is the same.
#[tokio::test]
async fn every_service_answers_over_sockets() {
    let Some(_corosync) = start("socket").await else { return };
    map_and_list().await;
    links_and_votes().await;
    quorum().await;
    let mut cpg = Cpg::join("island").await.unwrap();
    assert!(matches!(cpg.next().await.unwrap(), CpgEvent::Membership { .. }));
    for number in 0..500_u32 {
        cpg.multicast(&number.to_ne_bytes().repeat(100)).unwrap();
    }
    for number in 0..500_u32 {
        let CpgEvent::Delivered { bytes, .. } = cpg.next().await.unwrap() else { panic!() };
        assert_eq!(bytes, number.to_ne_bytes().repeat(100));
    }
    tokio::task::spawn_blocking(blocking_client).await.unwrap();
}

/// The client of tools, at the same services.
fn blocking_client() {
    let mut cmap = ipc::Client::connect("cmap", MESSAGE_MAX, LONG).unwrap();
    assert_eq!(cmap.server().uid, 0);
    for _ in 0..100 {
        let key = wire::corosync::cmap::Key::new("totem.cluster_name").unwrap();
        let get = wire::corosync::cmap::Request::Get { key, room: 100 };
        cmap.send(&get.encode(), LONG).unwrap();
        let value = wire::corosync::cmap::decode_get(&cmap.receive(LONG).unwrap()).unwrap();
        assert_eq!(value, CmapValue::Text("island".to_owned()));
    }
    let mut quorum = ipc::Client::connect("quorum", MESSAGE_MAX, LONG).unwrap();
    let start = wire::corosync::quorum::Request::TrackStart { flags: 2 };
    quorum.send(&start.encode(), LONG).unwrap();
    decode_status(&quorum.receive(LONG).unwrap()).unwrap();
    let event = quorum.next_event(LONG).unwrap().unwrap();
    let event = wire::corosync::quorum::Event::decode(&event).unwrap();
    let wire::corosync::quorum::Event::Notification { quorate: true, members, .. } = event else {
        panic!("{event:?}")
    };
    assert_eq!(members, [7]);
}

async fn map_and_list() {
    let mut cmap = Cmap::connect().await.unwrap();
    assert_eq!(cmap.get_string("totem.cluster_name").await.unwrap().as_deref(), Some("island"));
    assert_eq!(cmap.get_u32("nodelist.node.0.nodeid").await.unwrap(), Some(7));
    assert_eq!(cmap.get("no.such.key").await.unwrap(), None);
    let keys = cmap.keys("nodelist.").await.unwrap();
    for key in ["nodelist.local_node_pos", "nodelist.node.0.name", "nodelist.node.0.ring0_addr"] {
        assert!(keys.iter().any(|k| k == key), "{key} in {keys:?}");
    }
    for value in [
        CmapValue::U8(1),
        CmapValue::I64(-5),
        CmapValue::Double(0.5),
        CmapValue::Text("a text".to_owned()),
        CmapValue::Text("long ".repeat(1000)),
        CmapValue::Binary(vec![0, 255, 0]),
    ] {
        cmap.set("island.value", value.clone()).await.unwrap();
        assert_eq!(cmap.get("island.value").await.unwrap(), Some(value));
    }
    assert!(cmap.delete("island.value").await.unwrap());
    assert!(!cmap.delete("island.value").await.unwrap());
    let list = NodeList::read(&mut cmap).await.unwrap();
    assert_eq!(list.local_id, NodeId(7));
    assert_eq!(list.local_name, "alone");
    assert_eq!(list.cluster_name.as_deref(), Some("island"));
    assert_eq!(list.name_of(NodeId(7)).unwrap(), &"alone");
    assert_eq!(list.nodes.len(), 1);
}

async fn links_and_votes() {
    let mut cfg = Cfg::connect().await.unwrap();
    assert_eq!(cfg.local_id().await.unwrap(), NodeId(7));
    let links = cfg.links().await.unwrap();
    assert_eq!(links.len(), 1);
    assert!(links[0].interface.contains("127.0.0.1"), "{links:?}");
    assert_eq!(links[0].status, "OK");
    let info = Votes::connect().await.unwrap().info(None).await.unwrap();
    assert_eq!((info.node, info.votes, info.expected_votes, info.quorum), (7, 1, 1, 1));
}

async fn quorum() {
    let mut quorum = Quorum::connect().await.unwrap();
    // The daemon takes clients a little before its ring is whole.
    loop {
        let change = quorum.next().await.unwrap();
        if change.quorate {
            assert_eq!(change.members, [NodeId(7)]);
            assert!(change.ring_sequence > 0);
            break;
        }
    }
}

async fn groups() {
    let mut cpg = Cpg::join("island").await.unwrap();
    assert_eq!(cpg.local_node(), NodeId(7));
    let joined = CpgEvent::Membership { members: vec![own()], joined: vec![own()], left: vec![] };
    assert_eq!(cpg.next().await.unwrap(), joined);
    // Debian's tool must see us too.
    let seen = island::run("/usr/sbin/corosync-cpgtool", &[]);
    assert!(seen.contains("island") && seen.contains(&own().pid.to_string()), "{seen}");
    // Short, longest whole, and parted ones, more than fit into the ring at a time.
    let sizes = [1, 1000, 1_047_552, 1_047_553, 5_000_000, 2, 100_000];
    for (mark, size) in sizes.into_iter().enumerate() {
        cpg.multicast(&vec![u8::try_from(mark).unwrap(); size]).unwrap();
    }
    for number in 0..5000_u32 {
        cpg.multicast(&number.to_ne_bytes()).unwrap();
    }
    for (mark, size) in sizes.into_iter().enumerate() {
        let CpgEvent::Delivered { sender, bytes } = cpg.next().await.unwrap() else { panic!() };
        assert_eq!((sender, bytes.len()), (own(), size));
        assert!(bytes.iter().all(|&byte| usize::from(byte) == mark));
    }
    for number in 0..5000_u32 {
        let delivered = CpgEvent::Delivered { sender: own(), bytes: number.to_ne_bytes().to_vec() };
        assert_eq!(cpg.next().await.unwrap(), delivered);
    }
    assert_eq!(cpg.dropped(), 0);
}

async fn peers() {
    let name = || NodeName::from("alone");
    let mut group = PeerGroup::join("crmd", name()).await.unwrap();
    let PeerEvent::Membership { members, .. } = group.next().await.unwrap() else { panic!() };
    assert_eq!(members, [NodeId(7)]);
    let short = Element::new("ping").with("to", "all");
    let long = Element::new("cib")
        .with_children((0..60_000).map(|id| Element::new("node").with("id", id * 7919 % 60_013)));
    assert!(long.to_compact().len() > 1_000_000);
    group.send(None, Destination::Controller, &short).unwrap();
    group.send(Some((NodeId(8), NodeName::from("other"))), Destination::Cib, &short).unwrap();
    group.send(Some((NodeId(7), name())), Destination::Controller, &long).unwrap();
    for body in [short, long] {
        let message = PeerEvent::Message { from: NodeId(7), from_name: name(), body };
        assert_eq!(group.next().await.unwrap(), message);
    }
    rubbish(group).await;
}

/// What a peer that is broken or hostile may send costs its message and nothing more.
async fn rubbish(mut group: PeerGroup) {
    let good = wire::PeerMessage {
        id: 1,
        to: wire::PeerHost::default(),
        from: wire::PeerHost { name: "alone".to_owned(), ..wire::PeerHost::default() },
        body: b"<hello/>".to_vec(),
    }
    .encode()
    .unwrap();
    let mut oversize = good.clone();
    oversize[584..588].copy_from_slice(&u32::MAX.to_ne_bytes());
    let mut not_xml = good.clone();
    not_xml[592] = b'?';
    let mut foreign = good.clone();
    foreign[308..312].copy_from_slice(&99_u32.to_ne_bytes());
    let messages =
        [&b""[..], b"x", &good[..591], &good[..good.len() - 1], &oversize, &not_xml, &foreign];
    // A process can be in a group only once, but a client may say that it is another process.
    let mut stranger = AsyncClient::connect("cpg", MESSAGE_MAX, LONG).await.unwrap();
    let name = GroupName::new(b"crmd\0").unwrap();
    let join = Request::Join { group: name, pid: own().pid + 1_000_000, flags: 0 };
    stranger.send(&join.encode()).await.unwrap();
    decode_status(&stranger.receive().await.unwrap()).unwrap();
    for message in &messages {
        stranger.send(&encode_multicast(Guarantee::Agreed, message)).await.unwrap();
    }
    // Parts that make less than was announced, and a message that breaks off when its sender goes.
    for part in [Part::First, Part::Last, Part::First] {
        let message = encode_partial_multicast(Guarantee::Agreed, 500, part, b"abc");
        stranger.send(&message).await.unwrap();
        decode_status(&stranger.receive().await.unwrap()).unwrap();
    }
    drop(stranger);
    for _ in 0..2 {
        // The sender comes and goes, on a node that is there anyway: no news.
        let PeerEvent::Membership { joined, left, .. } = group.next().await.unwrap() else {
            panic!()
        };
        assert_eq!((joined, left), (vec![], vec![]));
    }
    assert_eq!(group.dropped(), u64::try_from(messages.len()).unwrap() + 1);
    let still = Element::new("still").with("there", true);
    group.send(None, Destination::Controller, &still).unwrap();
    let PeerEvent::Message { body, .. } = group.next().await.unwrap() else { panic!() };
    assert_eq!(body, still);
}

async fn refusals() {
    let name = "g".repeat(129);
    assert!(matches!(Cpg::join(&name).await, Err(RingError::NameTooLong(_))));
    let mut cmap = Cmap::connect().await.unwrap();
    // Read-only for clients.
    let error = cmap.set("nodelist.local_node_pos", CmapValue::U32(3)).await.unwrap_err();
    assert!(matches!(error, RingError::Refused { .. }), "{error}");
}
