//! Everything else in the configuration: constraints, options, nodes, fencing, tags, alerts, access; whole CIBs.

use super::super::prompt::Step::{self, Does, Idle, Prints, Refuses, Runs, RunsOn};

/// What pcs can do with the tools of either stack.
pub(super) const ESSENTIAL: &[&[Step]] = &[THINGS, PUSH, NODES, CLEAR];

pub(super) const ALL: &[&[Step]] = &[
    THINGS, LOCATION, ORDER, PUSH, PROPERTIES, DEFAULTS, NODES, TAGS, ALERTS, ACCESS, QUORUM,
    FENCING, CLEAR,
];

#[rustfmt::skip]
const THINGS: &[Step] = &[
    Does("for name in a b c; do pcs resource create $name ocf:pacemaker:Dummy || exit; done", &["//primitive[@id='c']"]),
    Does("pcs resource create st ocf:pacemaker:Stateful promotable", &["//clone[@id='st-clone']"]),
    RunsOn("st", 3),
];

#[rustfmt::skip]
const LOCATION: &[Step] = &[
    Does("pcs constraint location a prefers ha-web2=1000 ha-web3=50",
        &["//rsc_location[@rsc='a' and @node='ha-web2' and @score='1000']", "//rsc_location[@rsc='a' and @node='ha-web3' and @score='50']"]),
    Runs("a", "ha-web2"),
    Does("pcs constraint location b avoids ha-web1 ha-web2", &["//rsc_location[@rsc='b' and @node='ha-web1' and @score='-INFINITY']"]),
    Runs("b", "ha-web3"),
    Does("pcs constraint location c rule id=lr1 score=-INFINITY '#uname' ne ha-web1 and date gt 2020-01-01",
        &["//rsc_location[@rsc='c']/rule[@id='lr1' and @score='-INFINITY' and @boolean-op='and']/expression[@attribute='#uname' and @operation='ne']",
          "//rule[@id='lr1']/date_expression[@operation='gt' and @start='2020-01-01']"]),
    Runs("c", "ha-web1"),
    Does("pcs constraint location c rule id=lr2 constraint-id=lc2 score=50 date-spec hours=0-23 weekdays=1-7",
        &["//rsc_location[@id='lc2']/rule[@id='lr2']/date_expression/date_spec[@hours='0-23' and @weekdays='1-7']"]),
    Does("pcs constraint location regexp%^zz.* prefers ha-web2=10", &["//rsc_location[@rsc-pattern='^zz.*']"]),
    Does("pcs constraint location st-clone rule role=Promoted score=2000 '#uname' eq ha-web3", &["//rsc_location[@rsc='st-clone']/rule[@role='Promoted']"]),
    Does("pcs constraint rule add lc2 score=5 defined foo", &["//rsc_location[@id='lc2'][count(rule)=2]", "//rsc_location[@id='lc2']/rule/expression[@operation='defined' and @attribute='foo']"]),
    Prints("pcs constraint location config --full", &["Resource: a", "Node: ha-web2 (score:1000) (id:location-a-ha-web2-1000)", "Resource pattern: ^zz.*",
        "Date Spec: hours=0-23 weekdays=1-7", "Expression: defined foo"]),
    Does("pcs constraint rule remove lr1", &["no //rule[@id='lr1']"]),
    Does("pcs constraint location add lx c ha-web1 77", &["//rsc_location[@id='lx' and @score='77']"]),
    Does("pcs constraint delete lx lc2", &["no //rsc_location[@id='lx']", "no //rsc_location[@id='lc2']"]),
    Idle,
    Prints("pcs status resources", &["Promoted: [ ha-web3 ]"]),
];

#[rustfmt::skip]
const ORDER: &[Step] = &[
    Prints("pcs constraint order a then b kind=Optional", &["Adding a b (kind: Optional) (Options: first-action=start then-action=start)"]),
    Does("pcs constraint order promote st-clone then start a", &["//rsc_order[@first='st-clone' and @first-action='promote' and @then='a']"]),
    Does("pcs constraint order set a b sequential=false require-all=true set c setoptions id=oset kind=Mandatory",
        &["//rsc_order[@id='oset' and @kind='Mandatory']/resource_set[1][@sequential='false']/resource_ref[@id='b']", "//rsc_order[@id='oset']/resource_set[2]/resource_ref[@id='c']"]),
    Does("pcs constraint colocation add c with a 100 id=col1", &["//rsc_colocation[@id='col1' and @rsc='c' and @with-rsc='a' and @score='100']"]),
    Does("pcs constraint colocation add c with Promoted st-clone INFINITY", &["//rsc_colocation[@rsc='c' and @with-rsc='st-clone' and @with-rsc-role='Promoted']"]),
    Runs("c", "ha-web3"),
    Does("pcs constraint colocation set b c sequential=false set a setoptions score=10 id=cset", &["//rsc_colocation[@id='cset' and @score='10']/resource_set[2]/resource_ref[@id='a']"]),
    Does("pcs constraint ticket add T1 b loss-policy=stop id=tick1", &["//rsc_ticket[@id='tick1' and @ticket='T1' and @loss-policy='stop']"]),
    RunsOn("b", 0),
    Prints("pcs constraint --full", &["start a then start b (kind:Optional) (id:order-a-b-Optional)", "promote st-clone then start a (kind:Mandatory)",
        "set a b require-all=true sequential=false (id:oset_set) set c (id:oset_set-1) setoptions kind=Mandatory (id:oset)",
        "c with a (score:100) (id:col1)", "set b c sequential=false (id:cset_set) set a (id:cset_set-1) setoptions score=10 (id:cset)", "b loss-policy=stop ticket=T1 (id:tick1)"]),
    Does("pcs constraint ticket remove T1 b", &["no //rsc_ticket"]),
    Runs("b", "ha-web3"),
    Does("pcs constraint order remove b", &["no //rsc_order[@then='b']"]),
    Does("pcs constraint delete col1 oset cset", &["no //rsc_colocation[@id='cset']", "no //rsc_order[@id='oset']"]),
    Does("pcs constraint colocation remove c st-clone; pcs constraint order remove st-clone a", &["no //rsc_colocation", "no //rsc_order"]),
];

#[rustfmt::skip]
const PUSH: &[Step] = &[
    Idle,
    Does("pcs cluster cib /root/new.xml && pcs -f /root/new.xml resource create f1 ocf:pacemaker:Dummy && pcs -f /root/new.xml constraint location f1 prefers ha-web2", &["no //primitive[@id='f1']"]),
    Prints("pcs cluster cib-push /root/new.xml", &["CIB updated"]),
    Runs("f1", "ha-web2"),
    Does("pcs cluster cib /root/new.xml && cp /root/new.xml /root/old.xml && pcs -f /root/new.xml resource delete f1", &["//primitive[@id='f1']"]),
    // What changed meanwhile stays.
    Does("pcs property set pe-input-series-max=66", &["//nvpair[@name='pe-input-series-max' and @value='66']"]),
    Does("pcs cluster cib-push /root/new.xml diff-against=/root/old.xml", &["no //primitive[@id='f1']", "no //rsc_location[@rsc='f1']", "//nvpair[@name='pe-input-series-max' and @value='66']"]),
    RunsOn("f1", 0),
    Does("pcs property set pe-input-series-max=", &["no //nvpair[@name='pe-input-series-max']"]),
    Does("pcs cluster cib /root/new.xml && pcs -f /root/new.xml property set pe-warn-series-max=77 && pcs cluster cib-push --config /root/new.xml", &["//nvpair[@name='pe-warn-series-max' and @value='77']"]),
    Does("pcs property set pe-warn-series-max=", &["no //nvpair[@name='pe-warn-series-max']"]),
    Does("pcs cluster cib-push scope=constraints /root/new.xml", &["no //nvpair[@name='pe-warn-series-max']"]),
    Refuses("pcs cluster cib-push /root/old.xml", "pushed configuration is older than existing one"),
];

#[rustfmt::skip]
const PROPERTIES: &[Step] = &[
    Prints("pcs property", &["cluster-infrastructure: corosync", "cluster-name: mywebcluster", "stonith-enabled: false"]),
    Prints("pcs property config --all", &["batch-limit: 0", "no-quorum-policy: stop"]),
    Refuses("pcs property set nonsense=1", "invalid cluster property option 'nonsense', allowed options are: 'batch-limit'"),
    Does("pcs property set nonsense=1 --force", &["//nvpair[@name='nonsense' and @value='1']"]),
    Does("pcs property unset nonsense", &["no //nvpair[@name='nonsense']"]),
    Refuses("pcs property set no-quorum-policy=wrong", "'wrong' is not a valid no-quorum-policy value"),
];

#[rustfmt::skip]
const DEFAULTS: &[Step] = &[
    Does("pcs resource op defaults update timeout=25s", &["/cib/configuration/op_defaults//nvpair[@name='timeout' and @value='25s']"]),
    Prints("pcs resource op defaults", &["timeout=25s"]),
    Does("pcs resource op defaults update timeout=", &["no /cib/configuration/op_defaults//nvpair"]),
    Does("pcs resource defaults set create id=ds meta resource-stickiness=17 rule resource ocf:pacemaker:Dummy",
        &["/cib/configuration/rsc_defaults/meta_attributes[@id='ds']/rule/rsc_expression[@class='ocf' and @provider='pacemaker' and @type='Dummy']"]),
    Prints("pcs resource defaults config --full", &["Meta Attrs: ds", "Expression: resource ocf:pacemaker:Dummy"]),
    Does("pcs resource defaults set delete ds", &["no //meta_attributes[@id='ds']"]),
];

#[rustfmt::skip]
const NODES: &[Step] = &[
    Does("pcs node attribute ha-web1 site=one", &["/cib/configuration/nodes/node[@uname='ha-web1']/instance_attributes/nvpair[@name='site' and @value='one']"]),
    Prints("pcs node attribute", &["ha-web1: site=one"]),
    Does("pcs node attribute ha-web1 site=", &["no //nvpair[@name='site']"]),
    Does("pcs node utilization ha-web1 cpu=4 ram=8", &["//node[@uname='ha-web1']/utilization/nvpair[@name='ram' and @value='8']"]),
    Does("pcs node utilization ha-web1 cpu= ram=", &["no //node[@uname='ha-web1']/utilization/nvpair"]),
    Idle,
    Does("pcs node standby ha-web2", &["//node[@uname='ha-web2']//nvpair[@name='standby' and @value='on']"]),
    RunsOn("st", 2),
    Prints("pcs status nodes", &[" Standby: ha-web2\n"]),
    Does("pcs node unstandby ha-web2", &["no //node[@uname='ha-web2']//nvpair[@name='standby' and @value='on']"]),
    RunsOn("st", 3),
    Does("pcs node maintenance ha-web2", &["//node[@uname='ha-web2']//nvpair[@name='maintenance' and @value='on']"]),
    Prints("pcs status nodes", &[" Maintenance: ha-web2\n"]),
    Does("pcs node unmaintenance --all", &["no //nvpair[@name='maintenance' and @value='on']"]),
    Refuses("pcs node standby nosuch", "Node 'nosuch' does not appear to exist in configuration"),
];

#[rustfmt::skip]
const TAGS: &[Step] = &[
    Does("pcs tag create t1 a b", &["/cib/configuration/tags/tag[@id='t1']/obj_ref[@id='b']"]),
    Does("pcs tag update t1 add c remove a", &["//tag[@id='t1']/obj_ref[@id='c']", "no //tag[@id='t1']/obj_ref[@id='a']"]),
    Does("pcs resource disable t1", &["//primitive[@id='c']//nvpair[@name='target-role' and @value='Stopped']"]),
    RunsOn("b", 0),
    RunsOn("c", 0),
    Does("pcs resource enable t1", &["no //nvpair[@name='target-role']"]),
    Runs("b", ""),
    Does("pcs tag delete t1", &["no //tag"]),
];

#[rustfmt::skip]
const ALERTS: &[Step] = &[
    Does("pcs alert create path=/bin/true id=al1 description=hello options a=1 meta timeout=5s",
        &["/cib/configuration/alerts/alert[@id='al1' and @path='/bin/true']/instance_attributes/nvpair[@name='a' and @value='1']"]),
    Does("pcs alert recipient add al1 value=/tmp/x id=rec1", &["//alert/recipient[@id='rec1' and @value='/tmp/x']"]),
    Prints("pcs alert config", &["Alert: al1 (path=/bin/true)", "Description: hello", "Options: a=1", "Recipient: rec1 (value=/tmp/x)"]),
    Does("pcs alert update al1 options a=2", &["//alert/instance_attributes/nvpair[@name='a' and @value='2']"]),
    Does("pcs alert recipient update rec1 value=/tmp/y; pcs alert recipient remove rec1", &["no //recipient"]),
    Does("pcs alert remove al1", &["no //alert"]),
];

#[rustfmt::skip]
const ACCESS: &[Step] = &[
    Does("pcs acl role create r1 description=hi read xpath /cib write id a", &["//acl_role[@id='r1']/acl_permission[@kind='read' and @xpath='/cib']"]),
    Does("pcs acl user create nobody r1; pcs acl group create games r1", &["//acl_target[@id='nobody']/role[@id='r1']", "//acl_group[@id='games']/role[@id='r1']"]),
    Does("pcs acl permission add r1 deny xpath //nodes", &["//acl_permission[@kind='deny' and @xpath='//nodes']"]),
    Prints("pcs acl config", &["ACLs are disabled", "User: nobody\n  Roles: r1", "Permission: write id a (r1-write)"]),
    Does("pcs acl enable", &["//nvpair[@name='enable-acl' and @value='true']"]),
    Does("pcs acl disable; pcs property set enable-acl=", &["no //nvpair[@name='enable-acl']"]),
    Does("pcs acl role unassign r1 from nobody; pcs acl user delete nobody; pcs acl group delete games", &["no //acl_target", "no //acl_group"]),
    Does("pcs acl role delete r1", &["no //acl_role"]),
];

#[rustfmt::skip]
const QUORUM: &[Step] = &[
    Prints("pcs quorum status", &["Quorum provider:  corosync_votequorum", "Quorate:          Yes", "Flags:            Quorate"]),
    Prints("pcs quorum expected-votes 3", &[]),
    Refuses("pcs quorum unblock", "cluster is not waiting for nodes to establish quorum"),
    Prints("pcs cluster corosync", &["cluster_name: mywebcluster"]),
];

#[rustfmt::skip]
const FENCING: &[Step] = &[
    Prints("pcs stonith describe fence_legacy", &["fence_legacy - Pretends to fence", "pcmk_host_list: ", "Default operations:"]),
    Does("pcs stonith create f1 fence_legacy pcmk_host_list=ha-web2 && pcs stonith create f2 fence_legacy pcmk_host_list='ha-web1 ha-web3'",
        &["//primitive[@id='f1' and @class='stonith' and @type='fence_legacy']//nvpair[@name='pcmk_host_list' and @value='ha-web2']"]),
    Runs("f1", ""),
    Runs("f2", ""),
    Prints("pcs stonith", &["f1\t(stonith:fence_legacy):\t Started ha-web"]),
    Prints("pcs stonith config", &["Resource: f1 (class=stonith type=fence_legacy)", "pcmk_host_list=\"ha-web1 ha-web3\""]),
    Does("pcs stonith level add 1 ha-web2 f1 && pcs stonith level add 2 ha-web2 f2", &["//fencing-level[@target='ha-web2' and @index='2' and @devices='f2']"]),
    Prints("pcs stonith level", &["Target: ha-web2\n  Level 1 - f1\n  Level 2 - f2\n"]),
    Does("pcs stonith level clear", &["no //fencing-level"]),
    Prints("pcs stonith history", &["events found"]),
    Prints("pcs stonith confirm ha-web9 --force", &["Node: ha-web9 confirmed fenced"]),
    Prints("pcs stonith history show ha-web9", &["1 event found", "off", "ha-web9"]),
    Prints("pcs stonith history update", &["gather fencing-history from all nodes"]),
    Prints("pcs stonith history cleanup ha-web9", &["cleaning up fencing-history for node ha-web9"]),
    Does("pcs stonith delete f1 --force && pcs stonith delete f2 --force", &["no //primitive[@class='stonith']"]),
];

#[rustfmt::skip]
const CLEAR: &[Step] = &[
    Does("for name in a b c; do pcs resource delete $name --force || exit; done", &["no //primitive[@id='c']", "no //rsc_location[@rsc='a']"]),
    Does("pcs resource delete st-clone --force", &["no //clone"]),
    Does("cibadmin --replace --scope constraints --xml-text '<constraints/>'", &["no //rsc_location"]),
    Idle,
];
