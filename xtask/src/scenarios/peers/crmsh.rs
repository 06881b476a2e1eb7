//! The real crm shell.

use anyhow::Result;

use super::prompt::{
    Prompt,
    Step::{self, Does, Idle, Prints, Refuses, Runs, RunsOn},
};
use crate::bed::Bed;

/// With Debian's tools, on our daemons.
pub(in super::super) fn crmsh(bed: &mut Bed) -> Result<()> {
    let prompt = Prompt::debian(bed, &bed.any()?);
    let all =
        [TUTORIAL, STATUS, CONFIGURE, RESOURCES, ATTRIBUTES, NODES, EDIT, OTHERS, AGENTS, END];
    all.iter().try_for_each(|steps| prompt.play(steps))
}

/// With our tools, which come first in the `PATH` of a node.
pub(in super::super) fn crmsh_own_tools(bed: &mut Bed) -> Result<()> {
    let prompt = Prompt::own(bed, &bed.any()?);
    let most = [TUTORIAL, CONFIGURE, NODES, END];
    most.iter().try_for_each(|steps| prompt.play(steps))
}

/// What the crm shell is taught with: an address, a service beside it and after it, and where they would rather be.
#[rustfmt::skip]
const TUTORIAL: &[Step] = &[
    Does("crm configure primitive ClusterIP ocf:heartbeat:IPaddr2 params ip=192.168.124.50 cidr_netmask=32 op monitor interval=30s",
        &["//primitive[@id='ClusterIP' and @type='IPaddr2']/instance_attributes/nvpair[@name='ip' and @value='192.168.124.50']",
          "//primitive[@id='ClusterIP']/operations/op[@name='monitor' and @interval='30s']"]),
    Does("crm configure primitive WebSite ocf:pacemaker:Dummy params fake=x op monitor interval=1min",
        &["//primitive[@id='WebSite' and @provider='pacemaker' and @type='Dummy']"]),
    Does("crm configure colocation website-with-ip INFINITY: WebSite ClusterIP",
        &["//rsc_colocation[@id='website-with-ip' and @score='INFINITY' and @rsc='WebSite' and @with-rsc='ClusterIP']"]),
    Does("crm configure order apache-after-ip mandatory: ClusterIP WebSite",
        &["//rsc_order[@id='apache-after-ip' and @first='ClusterIP' and @then='WebSite']"]),
    // The short form without an expression has not been the shell's for long.
    Refuses("crm configure location prefer-pcmk-1 WebSite rule 50: ha-web1", "syntax in location"),
    Does("crm configure location prefer-pcmk-1 WebSite 5000: ha-web2", &["//rsc_location[@id='prefer-pcmk-1' and @score='5000' and @node='ha-web2']"]),
    Does("crm configure location prefer-rule WebSite rule 50: '#uname' eq ha-web1", &["//rsc_location[@id='prefer-rule']/rule[@score='50']/expression[@value='ha-web1']"]),
    Runs("WebSite", "ha-web2"),
    Runs("ClusterIP", "ha-web2"),
    Idle,
    Prints("crm configure show", &["node 1: ha-web1", "primitive ClusterIP IPaddr2 \\\n\tparams ip=192.168.124.50 cidr_netmask=32 \\\n\top monitor interval=30s",
        "order apache-after-ip Mandatory: ClusterIP WebSite", "location prefer-pcmk-1 WebSite 5000: ha-web2",
        "location prefer-rule WebSite \\\n\trule 50: #uname eq ha-web1", "colocation website-with-ip inf: WebSite ClusterIP",
        "property cib-bootstrap-options:", "cluster-infrastructure=corosync"]),
    Prints("crm configure show xml WebSite", &["<primitive id=\"WebSite\" class=\"ocf\" provider=\"pacemaker\" type=\"Dummy\">"]),
];

#[rustfmt::skip]
const STATUS: &[Step] = &[
    Prints("crm status", &["Cluster Summary:", "3 nodes configured", "2 resource instances configured", "Online: [ ha-web1 ha-web2 ha-web3 ]",
        "ClusterIP\t(ocf:heartbeat:IPaddr2):\t Started ha-web2"]),
    Prints("crm status bynode inactive", &["Node ha-web2: online:\n    * Resources:\n      * ClusterIP\t(ocf:heartbeat:IPaddr2):\t Started"]),
    Prints("crm status full", &["Operations:", "Node: ha-web2:", "monitor: interval=\"30000ms\""]),
    Prints("crm status simple", &["CLUSTER OK: 3 nodes online, 2 resource instances configured"]),
    Prints("crm status xml", &["<resource id=\"ClusterIP\" resource_agent=\"ocf:heartbeat:IPaddr2\" role=\"Started\""]),
    Prints("crm configure verify", &[]),
];

#[rustfmt::skip]
const CONFIGURE: &[Step] = &[
    // One transaction of several things, with a look at it before it is committed.
    Does("printf 'configure\nprimitive d1 ocf:pacemaker:Dummy op monitor interval=20s timeout=20s meta migration-threshold=3\nprimitive d2 ocf:pacemaker:Dummy\n\
          primitive s1 ocf:pacemaker:Stateful op monitor role=Promoted interval=10s timeout=20s op monitor role=Unpromoted interval=11s timeout=20s\nprimitive d3 ocf:pacemaker:Dummy\n\
          group g1 d1 d2\nverify\nshow g1\ncommit\n' > commands && crm -f commands",
        &["//group[@id='g1']/primitive[2][@id='d2']", "//primitive[@id='s1']//op[@role='Promoted' and @interval='10s']"]),
    Does("crm configure ms ms1 s1 meta notify=true", &["//clone[@id='ms1']//nvpair[@name='promotable' and @value='true'] | //master[@id='ms1']"]),
    Does("crm configure clone c3 d3 meta interleave=true", &["//clone[@id='c3']/primitive[@id='d3']"]),
    Refuses("crm configure clone c1 d2", "Child primitive:d2 already in group:g1"),
    Runs("d2", ""),
    RunsOn("s1", 3),
    RunsOn("d3", 3),
    Does("crm configure property pe-warn-series-max=88", &["//nvpair[@name='pe-warn-series-max' and @value='88']"]),
    Prints("crm configure get_property pe-warn-series-max", &["88"]),
    Does("crm configure op_defaults timeout=30s", &["/cib/configuration/op_defaults//nvpair[@name='timeout' and @value='30s']"]),
    Prints("crm configure show op-options", &["op_defaults op-options: \\\n\ttimeout=30s"]),
    Does("crm configure delete op-options", &["no /cib/configuration/op_defaults/meta_attributes[@id='op-options']"]),
    Does("crm configure modgroup g1 remove d2; crm configure modgroup g1 add d2", &["//group[@id='g1']/primitive[@id='d2']"]),
    Idle,
];

#[rustfmt::skip]
const RESOURCES: &[Step] = &[
    Prints("crm resource status", &["Resource Group: g1:", "Clone Set: ms1 [s1] (promotable):", "Clone Set: c3 [d3]:\n    * Started: [ ha-web1 ha-web2 ha-web3 ]"]),
    Does("crm resource stop g1", &["//group[@id='g1']/meta_attributes/nvpair[@name='target-role' and @value='Stopped']"]),
    RunsOn("d1", 0),
    Prints("crm resource status g1", &["resource g1 is NOT running"]),
    Does("crm resource start g1", &["no //group[@id='g1']/meta_attributes/nvpair[@value='Stopped']"]),
    Runs("d2", ""),
    Idle,
    Does("crm resource ban g1 ha-web1 && crm resource ban g1 ha-web2", &["//rsc_location[@id='cli-ban-g1-on-ha-web2' and @score='-INFINITY']"]),
    Runs("d2", "ha-web3"),
    Does("crm resource clear g1", &["no //rsc_location[@rsc='g1']"]),
    Idle,
    Does("crm resource move g1 ha-web1", &["//rsc_location[@id='cli-prefer-g1' and @node='ha-web1']"]),
    Runs("d2", "ha-web1"),
    Does("crm resource unmove g1", &["no //rsc_location[@rsc='g1']"]),
    Idle,
    Prints("crm resource locate d1", &["resource d1 is running on: ha-web1"]),
    Prints("crm resource restart g1", &["ordering g1 to stop", "ordering g1 to start"]),
    Runs("d2", ""),
    Idle,
    Prints("crm resource cleanup d1", &["Cleaned up d1 on ha-web1"]),
    Prints("crm resource refresh d1", &["Cleaned up d1 on ha-web2"]),
    Idle,
    Does("crm resource maintenance g1 on", &["//group[@id='g1']//nvpair[@name='maintenance' and @value='true']"]),
    Does("crm resource maintenance g1 off", &["no //group[@id='g1']//nvpair[@name='maintenance' and @value='true']"]),
];

#[rustfmt::skip]
const ATTRIBUTES: &[Step] = &[
    Does("crm resource param d1 set fake abc", &["//primitive[@id='d1']/instance_attributes/nvpair[@name='fake' and @value='abc']"]),
    Prints("crm resource param d1 show fake", &["abc"]),
    Does("crm resource param d1 delete fake", &["no //primitive[@id='d1']/instance_attributes/nvpair"]),
    Does("crm resource meta d1 set resource-stickiness 7", &["//primitive[@id='d1']/meta_attributes/nvpair[@name='resource-stickiness' and @value='7']"]),
    Prints("crm resource meta d1 show resource-stickiness", &["7"]),
    Does("crm resource meta d1 delete resource-stickiness", &["no //primitive[@id='d1']//nvpair[@name='resource-stickiness']"]),
    Does("crm resource utilization d1 set cpu 2", &["//primitive[@id='d1']/utilization/nvpair[@name='cpu' and @value='2']"]),
    Does("crm resource utilization d1 delete cpu", &["no //primitive[@id='d1']/utilization/nvpair"]),
    Prints("crm resource failcount d1 show ha-web1", &["scope=status  name=fail-count-d1 value=0"]),
    Prints("crm resource failcount d1 delete ha-web1", &["Cleaned up d1 on ha-web1"]),
    Does("crm resource trace d1 monitor", &["//primitive[@id='d1']//op[@name='monitor']/instance_attributes/nvpair[@name='trace_ra' and @value='1']"]),
    Does("crm resource untrace d1", &["no //nvpair[@name='trace_ra']"]),
    Prints("crm resource operations d1", &["d1_start_0 (node=ha-web"]),
    Prints("crm resource scores", &["d1 allocation score on ha-web1"]),
    Does("crm resource unmanage d1", &["//primitive[@id='d1']//nvpair[@name='is-managed' and @value='false']"]),
    Does("crm resource manage d1", &["no //primitive[@id='d1']//nvpair[@name='is-managed' and @value='false']"]),
    Idle,
];

#[rustfmt::skip]
const NODES: &[Step] = &[
    Prints("crm node show", &["ha-web1(1): member", "ha-web2(2): member", "ha-web3(3): member"]),
    Does("crm node standby ha-web3", &["//node[@uname='ha-web3']//nvpair[@name='standby' and @value='on']"]),
    RunsOn("d3", 2),
    Does("crm node online ha-web3", &["no //nvpair[@name='standby' and @value='on']"]),
    RunsOn("d3", 3),
    Does("crm node attribute ha-web1 set site one", &["//node[@uname='ha-web1']/instance_attributes/nvpair[@name='site' and @value='one']"]),
    Prints("crm node attribute ha-web1 show site", &["scope=nodes  name=site value=one"]),
    Does("crm node attribute ha-web1 delete site", &["no //nvpair[@name='site']"]),
    Does("crm node utilization ha-web1 set cpu 4", &["//node[@uname='ha-web1']/utilization/nvpair[@name='cpu' and @value='4']"]),
    Does("crm node utilization ha-web1 delete cpu", &["no //node/utilization/nvpair"]),
    Does("crm node status-attr ha-web1 set tmp 3", &["//node_state[@uname='ha-web1']/transient_attributes//nvpair[@name='tmp' and @value='3']"]),
    Prints("crm node status-attr ha-web1 show tmp", &["scope=status  name=tmp value=3"]),
    Does("crm node status-attr ha-web1 delete tmp", &["no //nvpair[@name='tmp']"]),
    Does("crm node maintenance ha-web1", &["//node[@uname='ha-web1']//nvpair[@name='maintenance' and @value='true']"]),
    Does("crm node ready ha-web1", &["no //nvpair[@name='maintenance' and @value='true']"]),
    Idle,
];

#[rustfmt::skip]
const EDIT: &[Step] = &[
    // The shell asks for an editor only where there is a terminal.
    Does("printf '#!/bin/sh\nsed -i s/interval=1min/interval=2min/ \"$1\"\n' > editor; chmod +x editor
          printf 'configure\nedit WebSite\ncommit\nquit\n' | EDITOR=/root/editor script -qec crm /dev/null", &["//primitive[@id='WebSite']//op[@interval='2min']"]),
    Does("crm configure primitive x1 ocf:pacemaker:Dummy meta target-role=Stopped", &["//primitive[@id='x1']"]),
    Does("crm configure rename x1 x2", &["//primitive[@id='x2']", "no //primitive[@id='x1']"]),
    Does("crm configure save saved && crm configure delete x2", &["no //primitive[@id='x2']"]),
    Does("crm configure load update saved", &["//primitive[@id='x2']"]),
    Refuses("crm configure delete d1", "resource d1 is running, can't delete it"),
    Does("crm configure tag t1: d1 d2 && crm configure rsc_template tt ocf:pacemaker:Dummy op monitor interval=33s && crm configure primitive ft @tt", &["//tag[@id='t1']/obj_ref[@id='d2']", "//template[@id='tt']", "//primitive[@id='ft' and @template='tt']"]),
    Does("crm configure role rl write xpath:/cib && crm configure acl_target games rl && crm configure alert al /bin/true to /tmp/x", &["//acl_target[@id='games']", "//alert[@id='al']/recipient[@value='/tmp/x']"]),
    Does("crm configure delete al games rl t1", &["no //alert", "no //acl_role", "no //tag"]),
    Prints("crm configure graph dot graph.dot dot && cat graph.dot", &["digraph"]),
    Prints("crm configure ptest nograph scores", &["d1 allocation score on ha-web1"]),
    Prints("crm configure schema", &["pacemaker-3.9"]),
    Prints("crm configure validate-all d1", &[]),
];

#[rustfmt::skip]
const OTHERS: &[Step] = &[
    Prints("crm cib new sh1", &["sh1 shadow CIB created"]),
    Does("crm -c sh1 configure primitive shp ocf:pacemaker:Dummy", &["no //primitive[@id='shp']"]),
    Does("crm cib commit sh1", &["//primitive[@id='shp']"]),
    Prints("crm cib delete sh1", &["sh1 shadow CIB deleted"]),
    Runs("shp", ""),
    Refuses("crm site ticket grant T1", "Ticket modification not allowed"),
    Does("crm --force site ticket grant T1", &["//status/tickets/ticket_state[@id='T1' and @granted='true']"]),
    Prints("crm site ticket show T1", &["ticket T1 is granted"]),
    Does("crm --force site ticket revoke T1 && crm --force site ticket delete T1", &["no //ticket_state[@granted]"]),
    Does("crm_ticket --ticket T1 --cleanup --force", &["no //ticket_state"]),
    Does("crm maintenance on", &["//cluster_property_set/nvpair[@name='maintenance-mode' and @value='true']"]),
    Does("crm maintenance off", &["no //cluster_property_set/nvpair[@name='maintenance-mode' and @value='true']"]),
    Prints("crm corosync status", &["LINK ID 0", "connected"]),
    Idle,
];

#[rustfmt::skip]
const AGENTS: &[Step] = &[
    Prints("crm ra classes", &["ocf / heartbeat pacemaker", "stonith"]),
    Prints("crm ra list ocf pacemaker", &["Dummy", "Stateful", "ping"]),
    Prints("crm ra info ocf:pacemaker:Dummy", &["(ocf:pacemaker:Dummy)", "Parameters (*: required, []: default):", "fake (string", "monitor       timeout=20"]),
    Prints("crm ra info IPaddr2", &["Manages virtual IPv4 and IPv6 addresses", "ip* (string)"]),
    Prints("crm ra info pacemaker-controld", &["dc-version (string"]),
    Prints("crm ra providers Dummy", &["heartbeat pacemaker"]),
    Prints("crm ra validate ocf:pacemaker:Dummy fake=1", &[]),
];

#[rustfmt::skip]
const END: &[Step] = &[
    Does("crm configure property pe-warn-series-max=5000 && crm_attribute -n pe-warn-series-max -D", &["no //nvpair[@name='pe-warn-series-max']"]),
    Does("crm --force configure delete WebSite ClusterIP", &["no //primitive[@id='WebSite']", "no //rsc_location[@rsc='WebSite']", "no //rsc_colocation"]),
    RunsOn("ClusterIP", 0),
    Idle,
];
