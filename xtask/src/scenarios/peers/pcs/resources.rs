//! Resources: made, changed, moved, grouped, cloned, tried out, removed.

use super::super::prompt::Step::{self, Does, Idle, Prints, Refuses, Runs, RunsOn};

/// What pcs can do with the tools of either stack.
pub(super) const ESSENTIAL: &[&[Step]] = &[CREATE, MOVE, REMOVE];

pub(super) const ALL: &[&[Step]] =
    &[CREATE, LOOK, CHANGE, MOVE, DISABLE, STATUS, ARRANGE, TRY, AGENTS, REMOVE];

#[rustfmt::skip]
const CREATE: &[Step] = &[
    Does(
        "pcs resource create d1 ocf:pacemaker:Dummy fake=one op monitor interval=10s timeout=20s meta resource-stickiness=5",
        &["//primitive[@id='d1' and @class='ocf' and @provider='pacemaker' and @type='Dummy']",
          "//primitive[@id='d1']/instance_attributes/nvpair[@name='fake' and @value='one']",
          "//primitive[@id='d1']/meta_attributes/nvpair[@name='resource-stickiness' and @value='5']",
          "//primitive[@id='d1']/operations/op[@name='monitor' and @interval='10s' and @timeout='20s']",
          "//primitive[@id='d1']/operations/op[@name='start']"]),
    Runs("d1", ""),
    Does("pcs resource create d2 ocf:pacemaker:Dummy --group g1", &["//group[@id='g1']/primitive[@id='d2']"]),
    Does("pcs resource create d3 ocf:pacemaker:Dummy --group g1 --before d2",
        &["//group[@id='g1']/primitive[1][@id='d3']", "//group[@id='g1']/primitive[2][@id='d2']"]),
    Prints("pcs resource create c1 ocf:pacemaker:Dummy clone notify=true --wait=60",
        &["resource 'c1' is running on nodes 'ha-web1', 'ha-web2', 'ha-web3'"]),
    RunsOn("c1", 3),
    Prints("pcs resource create p1 ocf:pacemaker:Stateful promotable --wait=60",
        &["resource 'p1' is promoted on node", "unpromoted on nodes"]),
    Refuses("pcs resource create d1 ocf:pacemaker:Dummy", "'d1' already exists"),
    Refuses("pcs resource create bad ocf:pacemaker:NoSuch", "Agent 'ocf:pacemaker:NoSuch' is not installed"),
    Refuses("pcs resource create bad ocf:pacemaker:Dummy nosuch=1", "invalid resource option 'nosuch'"),
    Refuses("pcs resource create bad ocf:heartbeat:IPaddr2", "required resource option 'ip' is missing"),
];

#[rustfmt::skip]
const LOOK: &[Step] = &[
    Prints("pcs resource", &["d1\t(ocf:pacemaker:Dummy):\t Started ha-web", "Resource Group: g1:", "Clone Set: c1-clone [c1]:",
        "Started: [ ha-web1 ha-web2 ha-web3 ]", "Clone Set: p1-clone [p1] (promotable):", "Promoted: [ ha-web"]),
    Prints("pcs resource config", &["Resource: d1 (class=ocf provider=pacemaker type=Dummy)", "fake=one", "Group: g1", "Clone: c1-clone",
        "notify=true", "promotable=true", "monitor: d1-monitor-interval-10s"]),
    Prints("pcs resource config --output-format json", &["\"primitives\": [{\"id\": \"d1\""]),
    Prints("pcs resource relations d2", &["`- g1", "members: d3 d2"]),
    Prints("pcs resource relations g1 --full", &["d3 (resource: ocf:pacemaker:Dummy)"]),
];

#[rustfmt::skip]
const CHANGE: &[Step] = &[
    Does("pcs resource update d1 fake=two op monitor interval=15s",
        &["//primitive[@id='d1']/instance_attributes/nvpair[@name='fake' and @value='two']",
          "//primitive[@id='d1']/operations/op[@name='monitor' and @interval='15s']",
          "no //primitive[@id='d1']/operations/op[@interval='10s']"]),
    Does("pcs resource meta d1 migration-threshold=3", &["//primitive[@id='d1']//nvpair[@name='migration-threshold' and @value='3']"]),
    Does("pcs resource utilization d1 cpu=2", &["//primitive[@id='d1']/utilization/nvpair[@name='cpu' and @value='2']"]),
    Does("pcs resource utilization d1 cpu=", &["no //primitive[@id='d1']/utilization/nvpair"]),
    Refuses("pcs resource op add d1 monitor interval=60s", "operation monitor already specified for d1"),
    Does("pcs resource op add d1 monitor interval=60s timeout=11s --force", &["//primitive[@id='d1']//op[@interval='60s' and @timeout='11s']"]),
    Does("pcs resource op remove d1 monitor interval=60s timeout=11s", &["no //primitive[@id='d1']//op[@interval='60s']"]),
];

#[rustfmt::skip]
const MOVE: &[Step] = &[
    Idle,
    Prints("pcs resource move d1 ha-web3; pcs resource move-with-constraint d1 ha-web2 --wait=60", &["resource 'd1' is running on node 'ha-web2'"]),
    Prints("pcs constraint location", &["Resource: d1", "Node: ha-web2 (score:INFINITY)"]),
    Does("pcs resource clear d1", &["no //rsc_location[@rsc='d1']"]),
    Runs("d1", "ha-web2"),
    Does("pcs resource move d1 ha-web3", &["no //rsc_location[@rsc='d1']"]),
    Runs("d1", "ha-web3"),
    Does("pcs resource ban d1 ha-web3 lifetime=PT1H --wait=60",
        &["//rsc_location[@id='cli-ban-d1-on-ha-web3']/rule[@score='-INFINITY']/date_expression[@operation='lt']"]),
    Prints("pcs resource", &["d1\t(ocf:pacemaker:Dummy):\t Started ha-web"]),
    Does("pcs resource clear d1 ha-web3", &["no //rsc_location[@rsc='d1']"]),
    Idle,
];

#[rustfmt::skip]
const DISABLE: &[Step] = &[
    Prints("pcs resource disable d2 --simulate", &["Transition Summary:", "Stop       d2", "Executing Cluster Transition:"]),
    Idle,
    Does("pcs resource disable d3 --safe; test $? = 1", &["no //group[@id='g1']//nvpair[@name='target-role']"]),
    Prints("pcs resource disable d1 --wait=60", &["resource 'd1' is not running on any node"]),
    RunsOn("d1", 0),
    Prints("pcs resource enable d1 --wait=60", &["resource 'd1' is running on node 'ha-web"]),
    Idle,
    Does("pcs resource safe-disable d1", &["//primitive[@id='d1']//nvpair[@name='target-role' and @value='Stopped']"]),
    Does("pcs resource enable d1", &["no //primitive[@id='d1']//nvpair[@name='target-role']"]),
    Runs("d1", ""),
    Idle,
    Does("pcs resource safe-disable p1-clone --no-strict", &["//clone[@id='p1-clone']//nvpair[@name='target-role' and @value='Stopped']"]),
    RunsOn("p1", 0),
    Does("pcs resource enable p1-clone", &["no //clone[@id='p1-clone']//nvpair[@name='target-role']"]),
    RunsOn("p1", 3),
    Does("pcs resource unmanage d1", &["//primitive[@id='d1']//nvpair[@name='is-managed' and @value='false']"]),
    Prints("pcs resource", &["(unmanaged)"]),
    Does("pcs resource manage d1", &["no //primitive[@id='d1']//nvpair[@name='is-managed']"]),
];

#[rustfmt::skip]
const STATUS: &[Step] = &[
    Idle,
    Prints("pcs status", &["Cluster name: mywebcluster", "partition with quorum", "3 nodes configured", "9 resource instances configured",
        "Online: [ ha-web1 ha-web2 ha-web3 ]", "Full List of Resources:", "d1\t(ocf:pacemaker:Dummy):\t Started ha-web", "Daemon Status:",
        "corosync: active/disabled", "pacemaker: active/disabled"]),
    Prints("pcs status --full", &["Node ha-web1 (1): online, feature set 3.16.1", "Migration Summary:", "PCSD Status:"]),
    Prints("pcs status nodes", &["Pacemaker Nodes:\n Online: ha-web1 ha-web2 ha-web3\n Standby:\n"]),
    Prints("pcs status nodes both", &["Corosync Nodes:\n Online: ha-web1 ha-web2 ha-web3\n Offline:\n"]),
    Prints("pcs status cluster", &["Cluster Status:", "Current DC: ha-web"]),
    Prints("pcs status quorum", &["Quorate:          Yes", "Expected votes:   3"]),
    Prints("pcs status xml", &["<pacemaker-result api-version=\"2.", "<node name=\"ha-web3\" id=\"3\" online=\"true\"", "<group id=\"g1\""]),
    Prints("pcs cluster verify --full", &[]),
    Prints("pcs cluster cib scope=resources", &["<resources>", "<group id=\"g1\">"]),
];

#[rustfmt::skip]
const ARRANGE: &[Step] = &[
    Does("pcs resource group add g1 d1 --after d2", &["//group[@id='g1']/primitive[3][@id='d1']"]),
    Does("pcs resource group remove g1 d1", &["/cib/configuration/resources/primitive[@id='d1']"]),
    Does("pcs resource ungroup g1 d3", &["/cib/configuration/resources/primitive[@id='d3']", "//group[@id='g1']/primitive[@id='d2']"]),
    Does("pcs resource clone d1 globally-unique=false", &["//clone[@id='d1-clone']/primitive[@id='d1']"]),
    RunsOn("d1", 3),
    Does("pcs resource unclone d1", &["/cib/configuration/resources/primitive[@id='d1']"]),
    Runs("d1", ""),
    Refuses("pcs resource promotable d1", "Clone option 'promotable' is not compatible with 'ocf:pacemaker:Dummy'"),
];

#[rustfmt::skip]
const TRY: &[Step] = &[
    Idle,
    Prints("pcs resource debug-start d1", &["Operation force-start for d1 (ocf:pacemaker:Dummy) returned 0 (ok)"]),
    Prints("pcs resource debug-monitor d1", &["Operation force-check for d1 (ocf:pacemaker:Dummy) returned 0 (ok)"]),
    Prints("pcs resource debug-stop d1", &["Operation force-stop for d1 (ocf:pacemaker:Dummy) returned 0 (ok)"]),
    Prints("pcs resource refresh d1", &["Cleaned up d1 on ha-web1", "Cleaned up d1 on ha-web2", "Cleaned up d1 on ha-web3", "... got reply (done)"]),
    Prints("pcs resource cleanup d1", &["Cleaned up d1 on ha-web1"]),
    Prints("pcs resource refresh", &["... got reply (done)"]),
    Idle,
    Runs("d1", ""),
    Prints("pcs resource restart d1", &["d1 successfully restarted"]),
];

#[rustfmt::skip]
const AGENTS: &[Step] = &[
    Prints("pcs resource list ocf:pacemaker", &["ocf:pacemaker:Dummy - ", "ocf:pacemaker:Stateful - ", "ocf:pacemaker:ping - "]),
    Prints("pcs resource describe ocf:pacemaker:Dummy", &["ocf:pacemaker:Dummy - ", "Resource options:\n", "  fake: ", "Default operations:\n", "  monitor:\n    interval=10s"]),
    Prints("pcs resource describe ocf:pacemaker:Stateful --full", &["role=Promoted", "promote:"]),
    Prints("pcs resource providers", &["heartbeat\npacemaker\n"]),
];

#[rustfmt::skip]
const REMOVE: &[Step] = &[
    Does("pcs resource delete c1 --force", &["no //clone[@id='c1-clone']"]),
    Does("pcs resource delete p1-clone --force", &["no //clone[@id='p1-clone']"]),
    Does("pcs resource delete g1 --force", &["no //group"]),
    Does("pcs resource delete d1", &["no //primitive[@id='d1']"]),
    // Not in the group any more, where somebody took it out.
    Does("pcs resource delete d3 --force || true", &["no //primitive[@id='d3']"]),
    Refuses("pcs resource delete nosuch", "Resource 'nosuch' does not exist"),
    RunsOn("d1", 0),
];
