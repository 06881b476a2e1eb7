use std::collections::VecDeque;

use election::Ballot;
use machine::TimerToken;
use messages::attributes::{Dampening, FailureFilter, Request, StatusUpdate, UpdateKind};
use vocab::FEATURE_SET;

use super::*;
use crate::Ticket;

const SECOND: Duration = Duration::from_secs(1);

#[derive(Clone, Debug)]
enum Payload {
    Envelope(Envelope),
    Ballot(Ballot),
}

type Answer = Vec<(String, Option<String>)>;

/// Nodes on a ring that keeps one order for all, with one CIB.
struct Cluster {
    now: Instant,
    nodes: BTreeMap<NodeId, AttributeManager>,
    ring: VecDeque<(NodeId, Option<NodeId>, Payload)>,
    timers: Vec<(Instant, NodeId, Timer, TimerToken)>,
    /// Writes that the CIB has not answered yet.
    writes: VecDeque<(NodeId, WriteId, StatusUpdate)>,
    /// How the CIB answers.
    cib_fails: bool,
    /// Values by (node, attribute).
    cib: BTreeMap<(String, String), String>,
    write_count: usize,
    answers: Vec<Option<Answer>>,
    acknowledged: usize,
}

fn id(name: &str) -> NodeId {
    NodeId(name.trim_start_matches("node").parse().unwrap())
}

impl Cluster {
    /// A cluster of nodes that have come one after the other.
    fn of(count: u32) -> Self {
        let mut cluster = Self {
            now: Instant::START + SECOND * 100,
            nodes: BTreeMap::new(),
            ring: VecDeque::new(),
            timers: Vec::new(),
            writes: VecDeque::new(),
            cib_fails: false,
            cib: BTreeMap::new(),
            write_count: 0,
            answers: Vec::new(),
            acknowledged: 0,
        };
        for number in 1..=count {
            cluster.join(&format!("node{number}"));
            cluster.pass(SECOND * 5);
        }
        cluster
    }

    fn join(&mut self, name: &str) {
        let settings =
            Settings { node: id(name), name: NodeName::from(name), feature_set: FEATURE_SET };
        self.nodes.insert(id(name), AttributeManager::new(settings));
        self.tell_members();
    }

    fn crash(&mut self, name: &str) {
        self.nodes.remove(&id(name));
        self.ring.retain(|(from, _, _)| *from != id(name));
        self.timers.retain(|(_, node, _, _)| *node != id(name));
        self.writes.retain(|(node, _, _)| *node != id(name));
        self.tell_members();
    }

    fn tell_members(&mut self) {
        let members: BTreeMap<_, _> =
            self.nodes.iter().map(|(id, node)| (*id, node.settings.name.clone())).collect();
        for node in members.keys() {
            self.feed(*node, Event::Members(members.clone()));
        }
    }

    fn feed(&mut self, node: NodeId, event: Event) {
        let Some(manager) = self.nodes.get_mut(&node) else { return };
        // The lower the number, the older the node.
        let age = Age { seconds: 100 - u64::from(node.0), micros: 0 };
        let mut out = Outbox::new();
        manager.handle(self.now, Input { age, event }, &mut out);
        for output in out.drain() {
            match output {
                Output::Acknowledge(_) => self.acknowledged += 1,
                Output::Answer { reply, .. } => {
                    let text = |(node, value): (NodeName, _)| (node.to_string(), value);
                    let values = |found: messages::attributes::FoundAttribute| {
                        found.values.into_iter().map(text).collect()
                    };
                    self.answers.push(reply.found.map(values));
                }
                Output::Send { to, envelope } => {
                    let to = to.map(|(id, _)| id);
                    self.ring.push_back((node, to, Payload::Envelope(envelope)));
                }
                Output::SendBallot { to, ballot } => {
                    let to = to.map(|(id, _)| id);
                    self.ring.push_back((node, to, Payload::Ballot(ballot)));
                }
                Output::Write { write, update, .. } => {
                    self.write_count += 1;
                    self.writes.push_back((node, write, update));
                }
                Output::Arm { timer, token, after } => {
                    self.timers.push((self.now + after, node, timer, token));
                }
                Output::Note(_) => {}
            }
        }
    }

    /// Delivers messages and answers of the CIB until nothing is under way.
    fn settle(&mut self) {
        for _ in 0..10_000 {
            if let Some((from, to, payload)) = self.ring.pop_front() {
                let receivers: Vec<_> =
                    self.nodes.keys().copied().filter(|id| to.is_none_or(|to| to == *id)).collect();
                let name = NodeName::from(format!("node{from}"));
                for node in receivers {
                    let event = match payload.clone() {
                        Payload::Envelope(envelope) => {
                            Event::Peer { from, name: name.clone(), envelope }
                        }
                        Payload::Ballot(ballot) => Event::Ballot { from, ballot },
                    };
                    self.feed(node, event);
                }
            } else if let Some((node, write, update)) = self.writes.pop_front() {
                let result = if self.cib_fails { Err("no quorum".into()) } else { Ok(()) };
                if result.is_ok() {
                    self.store(update);
                }
                self.feed(node, Event::Written { write, result });
            } else {
                return;
            }
        }
        panic!("the cluster does not come to rest");
    }

    fn store(&mut self, update: StatusUpdate) {
        for value in update.values {
            let key = (value.node, value.name);
            match value.value {
                Some(text) => self.cib.insert(key, text),
                None => self.cib.remove(&key),
            };
        }
    }

    fn pass(&mut self, duration: Duration) {
        let end = self.now + duration;
        self.settle();
        while let Some(index) = (0..self.timers.len())
            .filter(|i| self.timers[*i].0 <= end)
            .min_by_key(|i| self.timers[*i].0)
        {
            let (at, node, timer, token) = self.timers.remove(index);
            self.now = at;
            self.feed(node, Event::Timer { timer, token });
            self.settle();
        }
        self.now = end;
    }

    fn ask(&mut self, node: &str, request: Request) {
        self.feed(id(node), Event::Client { ticket: Ticket(1), request, user: None });
    }

    fn set(&mut self, node: &str, name: &str, value: &str) {
        self.ask(node, Request::Update(vec![Update::set(name, Some(value))]));
    }

    fn value(&self, on: &str, name: &str, of: &str) -> Option<&str> {
        self.nodes[&id(on)].value(name, &of.into())
    }

    fn stored(&self, name: &str, of: &str) -> Option<&str> {
        self.cib.get(&(id(of).to_string(), name.to_owned())).map(String::as_str)
    }

    fn writers(&self) -> Vec<u32> {
        let writers = self.nodes.iter().filter(|(_, node)| node.is_writer());
        writers.map(|(id, _)| id.0).collect()
    }

    /// All nodes hold the same values, and the CIB what is not private.
    fn assert_agreement(&self) {
        let view = |manager: &AttributeManager| -> Vec<(String, NodeName, Option<String>)> {
            let values = manager.attributes.iter().flat_map(|(name, attribute)| {
                let values = attribute.values.values();
                values.map(|v| (name.clone(), v.node.clone(), v.current.clone()))
            });
            values.collect()
        };
        let first = view(self.nodes.values().next().unwrap());
        for manager in self.nodes.values() {
            assert_eq!(view(manager), first, "{}", manager.settings.name);
        }
        for (name, node, value) in first {
            if name != PROTOCOL_ATTRIBUTE {
                assert_eq!(self.stored(&name, node.as_str()), value.as_deref(), "{name} of {node}");
            }
        }
    }
}

fn dampened(name: &str, value: &str, delay: Duration) -> Request {
    let dampening = Dampening::Delay(delay);
    Request::Update(vec![Update { dampening, ..Update::set(name, Some(value)) }])
}

#[test]
fn one_writer_and_one_truth() {
    let mut cluster = Cluster::of(3);
    assert_eq!(cluster.writers(), [1]);
    cluster.set("node2", "pingd", "3");
    cluster.pass(SECOND);
    for on in ["node1", "node2", "node3"] {
        assert_eq!(cluster.value(on, "pingd", "node2"), Some("3"));
    }
    assert_eq!(cluster.stored("pingd", "node2"), Some("3"));
    cluster.assert_agreement();
}

#[test]
fn concurrent_changes_end_the_same_everywhere() {
    let mut cluster = Cluster::of(3);
    for round in 0..10 {
        for node in ["node3", "node1", "node2"] {
            let target = Update::set("color", Some(format!("{node}-{round}")));
            let target = target.on("node2".into(), false);
            cluster.ask(node, Request::Update(vec![target]));
            cluster.set(node, "own", &round.to_string());
        }
    }
    cluster.pass(SECOND);
    assert_eq!(cluster.value("node1", "color", "node2"), Some("node2-9"));
    cluster.assert_agreement();
}

#[test]
fn increments_in_quick_succession_all_count() {
    let mut cluster = Cluster::of(3);
    for _ in 0..5 {
        cluster.set("node2", "fail-count-ip#start_0", "value++");
    }
    cluster.set("node2", "fail-count-ip#start_0", "value+=10");
    cluster.pass(SECOND);
    assert_eq!(cluster.stored("fail-count-ip#start_0", "node2"), Some("15"));
    cluster.set("node2", "fail-count-ip#start_0", "value++");
    cluster.pass(SECOND);
    assert_eq!(cluster.stored("fail-count-ip#start_0", "node2"), Some("16"));
    assert!(cluster.nodes[&NodeId(2)].on_their_way.is_empty());
}

#[test]
fn a_dead_writer_leaves_nothing_unwritten() {
    let mut cluster = Cluster::of(3);
    cluster.cib_fails = true;
    cluster.set("node3", "pingd", "7");
    cluster.settle();
    assert_eq!(cluster.stored("pingd", "node3"), None);
    cluster.cib_fails = false;
    cluster.crash("node1");
    cluster.pass(SECOND);
    assert_eq!(cluster.writers(), [2]);
    assert_eq!(cluster.stored("pingd", "node3"), Some("7"));
    assert_eq!(cluster.value("node2", "pingd", "node1"), None);
    assert!(
        !cluster.nodes[&NodeId(2)].attributes[PROTOCOL_ATTRIBUTE]
            .values
            .contains_key(&NodeKey::from(&"node1".into()))
    );
}

#[test]
fn a_joiner_learns_everything() {
    let mut cluster = Cluster::of(2);
    cluster.set("node1", "a", "1");
    cluster.set("node2", "b", "2");
    cluster.pass(SECOND);
    cluster.join("node3");
    cluster.pass(SECOND);
    assert_eq!(cluster.value("node3", "a", "node1"), Some("1"));
    assert_eq!(cluster.value("node3", "b", "node2"), Some("2"));
    assert_eq!(cluster.writers(), [1]);
    cluster.assert_agreement();
}

#[test]
fn what_a_joiner_set_before_it_heard_of_the_others_counts() {
    let mut cluster = Cluster::of(2);
    cluster.join("node3");
    cluster.set("node3", "early", "bird");
    cluster.pass(SECOND * 5);
    assert_eq!(cluster.value("node1", "early", "node3"), Some("bird"));
    assert_eq!(cluster.stored("early", "node3"), Some("bird"));
    cluster.assert_agreement();
}

#[test]
fn the_local_value_wins_over_what_peers_remember() {
    let mut cluster = Cluster::of(3);
    let wrong = Update {
        kind: UpdateKind::Both,
        dampening: Dampening::Delay(Duration::ZERO),
        ..Update::set("role", Some("old")).on("node3".into(), false)
    };
    cluster.set("node3", "role", "new");
    cluster.pass(SECOND);
    let envelope =
        Envelope { writer: WriterState::Lost, message: PeerMessage::Values(vec![wrong]) };
    cluster.ring.push_back((NodeId(2), None, Payload::Envelope(envelope)));
    cluster.pass(SECOND * 5);
    assert_eq!(cluster.value("node1", "role", "node3"), Some("new"));
    assert_eq!(cluster.stored("role", "node3"), Some("new"));
}

#[test]
fn dampening_gathers_changes_and_restarts_with_each() {
    let mut cluster = Cluster::of(3);
    cluster.ask("node1", dampened("pingd", "1", SECOND * 5));
    cluster.pass(SECOND * 10);
    assert_eq!(cluster.stored("pingd", "node1"), Some("1"));
    let writes = cluster.write_count;
    for value in ["2", "3", "4"] {
        cluster.set("node2", "pingd", value);
        cluster.pass(SECOND * 3);
        assert_eq!(cluster.stored("pingd", "node2"), None);
    }
    cluster.pass(SECOND * 3);
    assert_eq!(cluster.stored("pingd", "node2"), Some("4"));
    assert_eq!(cluster.write_count, writes + 1);
    cluster.assert_agreement();
}

#[test]
fn a_changed_delay_writes_at_once() {
    let mut cluster = Cluster::of(2);
    cluster.ask("node1", dampened("pingd", "1", SECOND * 60));
    cluster.pass(SECOND);
    assert_eq!(cluster.stored("pingd", "node1"), None);
    let delay = Update {
        kind: UpdateKind::Delay,
        dampening: Dampening::Delay(SECOND * 30),
        ..Update::set("pingd", None::<String>)
    };
    cluster.ask("node2", Request::Update(vec![delay.clone()]));
    cluster.pass(SECOND);
    assert_eq!(cluster.stored("pingd", "node1"), Some("1"));
    // Of an attribute that is not there nothing can be changed.
    let missing = Update { selector: messages::attributes::Selector::Name("no".into()), ..delay };
    cluster.ask("node2", Request::Update(vec![missing]));
    cluster.pass(SECOND);
    cluster.ask("node1", Request::Query { name: "no".into(), node: None });
    assert_eq!(cluster.answers, [None]);
}

#[test]
fn a_refresh_does_not_wait() {
    let mut cluster = Cluster::of(2);
    cluster.ask("node1", dampened("pingd", "1", SECOND * 60));
    cluster.pass(SECOND);
    cluster.ask("node1", Request::Refresh);
    cluster.pass(SECOND);
    assert_eq!(cluster.stored("pingd", "node1"), Some("1"));
}

#[test]
fn a_failed_write_is_tried_again() {
    let mut cluster = Cluster::of(2);
    cluster.cib_fails = true;
    cluster.set("node2", "a", "1");
    cluster.pass(SECOND);
    let writes = cluster.write_count;
    cluster.pass(SECOND * 10);
    assert!(cluster.write_count > writes && cluster.write_count <= writes + 6, "every 2 seconds");
    cluster.cib_fails = false;
    cluster.pass(SECOND * 3);
    assert_eq!(cluster.stored("a", "node2"), Some("1"));
    cluster.assert_agreement();
}

#[test]
fn a_change_during_a_write_is_written_after_it() {
    let mut cluster = Cluster::of(1);
    cluster.set("node1", "a", "1");
    while let Some((from, _, payload)) = cluster.ring.pop_front() {
        let Payload::Envelope(envelope) = payload else { continue };
        cluster.feed(from, Event::Peer { from, name: "node1".into(), envelope });
    }
    assert_eq!(cluster.writes.len(), 1);
    cluster.set("node1", "a", "2");
    cluster.settle();
    assert_eq!(cluster.stored("a", "node1"), Some("2"));
}

#[test]
fn private_attributes_stay_out_of_the_cib() {
    let mut cluster = Cluster::of(2);
    let update = Update { is_private: true, ..Update::set("secret", Some("1")) };
    cluster.ask("node2", Request::Update(vec![update]));
    cluster.pass(SECOND);
    assert_eq!(cluster.value("node1", "secret", "node2"), Some("1"));
    assert!(cluster.cib.keys().all(|(_, name)| name != "secret" && name != PROTOCOL_ATTRIBUTE));
}

#[test]
fn removal_and_patterns() {
    let mut cluster = Cluster::of(2);
    for name in ["x-1", "x-2", "y-1"] {
        cluster.set("node1", name, "1");
        cluster.set("node2", name, "1");
    }
    cluster.pass(SECOND);
    let pattern = messages::attributes::Selector::Pattern("^x-".into());
    let update = Update { selector: pattern, ..Update::set("", None::<String>) };
    cluster.ask("node1", Request::Update(vec![update]));
    cluster.pass(SECOND);
    for node in ["node1", "node2"] {
        assert_eq!(cluster.stored("x-1", node), None);
        assert_eq!(cluster.stored("x-2", node), None);
        assert_eq!(cluster.stored("y-1", node), Some("1"));
    }
    cluster.assert_agreement();
}

#[test]
fn failures_are_cleared_on_one_node_or_all() {
    let mut cluster = Cluster::of(2);
    for node in ["node1", "node2"] {
        cluster.set(node, "fail-count-ip#start_0", "value++");
        cluster.set(node, "last-failure-ip#start_0", "1700000000");
        cluster.set(node, "fail-count-db#start_0", "value++");
    }
    cluster.pass(SECOND);
    let filter = FailureFilter { resource: Some("ip".into()), operation: None };
    let clear = |node| Request::ClearFailure { filter: filter.clone(), node, is_remote: false };
    cluster.ask("node2", clear(Some("node1".into())));
    cluster.pass(SECOND);
    assert_eq!(cluster.stored("fail-count-ip#start_0", "node1"), None);
    assert_eq!(cluster.stored("fail-count-ip#start_0", "node2"), Some("1"));
    cluster.ask("node2", clear(None));
    cluster.pass(SECOND);
    assert_eq!(cluster.stored("last-failure-ip#start_0", "node2"), None);
    assert_eq!(cluster.stored("fail-count-db#start_0", "node2"), Some("1"));
    cluster.assert_agreement();
}

#[test]
fn queries() {
    let mut cluster = Cluster::of(2);
    cluster.set("node2", "a", "1");
    cluster.pass(SECOND);
    let query =
        |node: Option<&str>| Request::Query { name: "a".into(), node: node.map(NodeName::from) };
    cluster.ask("node2", query(None));
    cluster.ask("node2", query(Some("localhost")));
    cluster.ask("node1", query(Some("localhost")));
    let value =
        |node: &str, value: Option<&str>| Some(vec![(node.to_owned(), value.map(str::to_owned))]);
    let one = value("node2", Some("1"));
    assert_eq!(cluster.answers, [one.clone(), one, value("node1", None)]);
}

#[test]
fn a_removed_peer_and_a_remote_node() {
    let mut cluster = Cluster::of(2);
    let remote = Update::set("a", Some("1")).on("remote1".into(), true);
    cluster.ask("node2", Request::Update(vec![remote]));
    cluster.pass(SECOND);
    let key = ("remote1".to_owned(), "a".to_owned());
    assert_eq!(cluster.cib.get(&key).map(String::as_str), Some("1"));
    cluster.crash("node2");
    cluster.pass(SECOND);
    assert_eq!(cluster.value("node1", "a", "remote1"), Some("1"));
    let request = Request::RemovePeer { node: Some("remote1".into()), node_id: None };
    cluster.ask("node1", request);
    cluster.pass(SECOND);
    assert_eq!(cluster.value("node1", "a", "remote1"), None);
}

#[test]
fn a_node_whose_number_is_unknown_has_to_wait() {
    let mut cluster = Cluster::of(2);
    let early = Update::set("a", Some("1")).on("node3".into(), false);
    cluster.ask("node1", Request::Update(vec![early]));
    cluster.pass(SECOND);
    assert_eq!(cluster.stored("a", "node3"), None);
    // The node itself does not know that value: as soon as it is there, it says so.
    cluster.join("node3");
    cluster.pass(SECOND * 5);
    cluster.assert_agreement();
}

#[test]
fn a_replaced_status_section_is_filled_again() {
    let mut cluster = Cluster::of(3);
    cluster.set("node2", "a", "1");
    cluster.pass(SECOND);
    cluster.cib.clear();
    for node in 1..=3 {
        cluster.feed(NodeId(node), Event::StatusReplaced);
    }
    cluster.pass(SECOND);
    cluster.assert_agreement();
}

#[test]
fn a_leaving_node_votes_but_does_nothing_else() {
    let mut cluster = Cluster::of(2);
    cluster.feed(NodeId(2), Event::Stop);
    cluster.set("node2", "a", "1");
    cluster.pass(SECOND);
    assert_eq!(cluster.value("node1", "a", "node2"), None);
    cluster.crash("node1");
    cluster.pass(SECOND * 200);
    assert_eq!(cluster.writers(), []);
}
