use vocab::{ExecStatus, Interval, Role, Score, Timestamp};

use super::*;
use crate::*;

const NOW: Timestamp = Timestamp(1_795_194_936);

fn node(name: &str, id: u32) -> Node {
    Node {
        name: name.into(),
        id: id.to_string(),
        online: true,
        expected_up: true,
        ..Node::default()
    }
}

fn on(name: &str, id: u32) -> NodeRef {
    NodeRef { name: name.into(), id: id.to_string(), online: true, unclean: false }
}

fn dummy(id: &str, role: Role, nodes: Vec<NodeRef>) -> Primitive {
    Primitive {
        id: id.into(),
        agent: "ocf:pacemaker:Dummy".into(),
        role,
        active: !nodes.is_empty(),
        managed: true,
        nodes,
        ..Primitive::default()
    }
}

fn cluster(resources: Vec<Resource>) -> Status {
    Status {
        launcher: Some(Launcher { state: "running".into(), updated: NOW }),
        stack: "corosync".into(),
        dc: Some(Dc {
            name: "node1".into(),
            id: "1".into(),
            version: Some("2.1.5".into()),
            with_quorum: true,
            mixed_version: false,
        }),
        updated: NOW,
        last_change: LastChange {
            written: Some("Fri Nov 20 16:55:11 2026".into()),
            user: Some("root".into()),
            client: Some("cibadmin".into()),
            origin: Some("node1".into()),
        },
        counts: Counts { nodes: 3, resources: 2, ..Counts::default() },
        nodes: vec![node("node1", 1), node("node2", 2), node("node3", 3)],
        resources,
        ..Status::default()
    }
}

fn show(sections: Sections) -> Show {
    Show::new(sections, 0)
}

fn resources_only() -> Show {
    show(Sections { resources: true, dc: false, ..Sections::NONE })
}

/// The text of the resource list alone.
fn listed(resources: Vec<Resource>, change: impl FnOnce(&mut Detail)) -> String {
    let mut show = resources_only();
    change(&mut show.detail);
    let mut out = TextList::new();
    resource_list(&mut out, &cluster(resources), &show);
    out.into_text()
}

fn clone_of(instances: Vec<Primitive>) -> CloneSet {
    CloneSet {
        id: "cl-clone".into(),
        template: "cl".into(),
        managed: true,
        instances_max: 3,
        instances: instances.into_iter().map(|p| Resource::Primitive(Box::new(p))).collect(),
        ..CloneSet::default()
    }
}

#[test]
fn a_whole_status() {
    let mut status = cluster(vec![
        Resource::Primitive(Box::new(dummy("WebVIP", Role::Started, vec![on("node1", 1)]))),
        Resource::Primitive(Box::new(dummy("D1", Role::Started, vec![on("node2", 2)]))),
    ]);
    status.failures.push(Failure {
        key: "D1_monitor_2000".into(),
        resource: "D1".into(),
        task: "monitor".into(),
        interval: Interval { millis: 2_000 },
        node: "node2".into(),
        exit: 7,
        status: ExecStatus::Done,
        call: Some("19".into()),
        reason: Some(String::new()),
        last_change: Some(Timestamp(1_795_193_726)),
        exec_ms: Some(0),
        queue_ms: Some(0),
    });
    let text = to_text(&status, &show(Sections::TEXT));
    assert_eq!(
        text,
        "Status of pacemakerd: 'Pacemaker is running' (last updated 2026-11-20 17:15:36Z)
Cluster Summary:
  * Stack: corosync
  * Current DC: node1 (version 2.1.5) - partition with quorum
  * Last updated: Fri Nov 20 17:15:36 2026
  * Last change:  Fri Nov 20 16:55:11 2026 by root via cibadmin on node1
  * 3 nodes configured
  * 2 resource instances configured

Node List:
  * Online: [ node1 node2 node3 ]

Active Resources:
  * WebVIP\t(ocf:pacemaker:Dummy):\t Started node1
  * D1\t(ocf:pacemaker:Dummy):\t Started node2

Failed Resource Actions:
  * D1 2s-interval monitor on node2 returned 'not running' at Fri Nov 20 16:55:26 2026
"
    );
}

#[test]
fn nodes_that_need_a_word_stand_alone() {
    let mut status = cluster(Vec::new());
    status.nodes[0].standby = true;
    status.nodes[1].maintenance = true;
    status.nodes[2] = Node { online: false, unclean: true, ..status.nodes[2].clone() };
    let mut out = TextList::new();
    node_list(&mut out, &status, &show(Sections::TEXT));
    assert_eq!(
        out.into_text(),
        "Node List:
  * Node node1: standby
  * Node node2: maintenance
  * Node node3: UNCLEAN (offline)
"
    );
}

#[test]
fn flags_follow_the_state() {
    let disabled = Primitive {
        target_role: Some("Stopped".into()),
        managed: false,
        ..dummy("a", Role::Stopped, Vec::new())
    };
    let failed = Primitive {
        failed: true,
        blocked: true,
        ..dummy("b", Role::Started, vec![on("node1", 1)])
    };
    let starting = Primitive {
        pending: Some("start".into()),
        pending_node: Some("node2".into()),
        ..dummy("c", Role::Stopped, Vec::new())
    };
    let text = listed(
        [disabled, failed, starting].map(|p| Resource::Primitive(Box::new(p))).into(),
        |detail| detail.inactive = true,
    );
    assert_eq!(
        text,
        "Full List of Resources:
  * a\t(ocf:pacemaker:Dummy):\t Stopped (disabled, unmanaged)
  * b\t(ocf:pacemaker:Dummy):\t FAILED node1 (blocked)
  * c\t(ocf:pacemaker:Dummy):\t Starting node2
"
    );
}

#[test]
fn a_group_counts_members_it_does_not_show() {
    let group = || {
        Resource::Group(Group {
            id: "grp".into(),
            name: "grp".into(),
            managed: true,
            members: vec![
                dummy("gA", Role::Started, vec![on("node3", 3)]),
                dummy("gB", Role::Stopped, Vec::new()),
            ],
            ..Group::default()
        })
    };
    assert_eq!(
        listed(vec![group()], |_| {}),
        "Active Resources:
  * Resource Group: grp (1 member inactive):
    * gA\t(ocf:pacemaker:Dummy):\t Started node3
"
    );
    assert_eq!(
        listed(vec![group()], |detail| detail.inactive = true),
        "Full List of Resources:
  * Resource Group: grp:
    * gA\t(ocf:pacemaker:Dummy):\t Started node3
    * gB\t(ocf:pacemaker:Dummy):\t Stopped
"
    );
}

#[test]
fn a_clone_lists_the_nodes_of_ordinary_instances() {
    let mut promotable = clone_of(vec![
        dummy("cl", Role::Promoted, vec![on("node3", 3)]),
        dummy("cl", Role::Started, vec![on("node1", 1)]),
        dummy("cl", Role::Stopped, Vec::new()),
    ]);
    promotable.promotable = true;
    promotable.stopped_on = vec![StoppedOn { node: "node2".into(), failed_probe: None }];
    for instance in &mut promotable.instances {
        if let Resource::Primitive(primitive) = instance {
            primitive.promotable = true;
        }
    }
    assert_eq!(
        listed(vec![Resource::Clone(promotable)], |detail| detail.inactive = true),
        "Full List of Resources:
  * Clone Set: cl-clone [cl] (promotable):
    * Promoted: [ node3 ]
    * Unpromoted: [ node1 ]
    * Stopped: [ node2 ]
"
    );
}

#[test]
fn an_unmanaged_instance_has_its_own_line() {
    let unmanaged =
        Primitive { managed: false, ..dummy("cl", Role::Started, vec![on("node3", 3)]) };
    let clone = clone_of(vec![unmanaged, dummy("cl", Role::Started, vec![on("node1", 1)])]);
    assert_eq!(
        listed(vec![Resource::Clone(clone)], |_| {}),
        "Active Resources:
  * Clone Set: cl-clone [cl]:
    * cl\t(ocf:pacemaker:Dummy):\t Started node3 (unmanaged)
    * Started: [ node1 ]
"
    );
}

#[test]
fn operations_with_times() {
    let mut status = cluster(Vec::new());
    status.histories = vec![NodeHistory {
        node: "node1".into(),
        node_id: "1".into(),
        host: None,
        resources: vec![ResourceHistory {
            resource: "WebVIP".into(),
            name: "WebVIP".into(),
            migration_threshold: Score::INFINITY,
            operations: vec![HistoryEntry {
                call: "7".into(),
                task: "monitor".into(),
                interval: Interval { millis: 30_000 },
                exit: 0,
                last_change: Some(Timestamp(1_795_187_327)),
                exec_ms: Some("91".into()),
                queue_ms: Some("0".into()),
            }],
            ..ResourceHistory::default()
        }],
    }];
    let mut show = show(Sections { operations: true, ..Sections::NONE });
    show.detail.timing = true;
    status.launcher = None;
    let text = to_text(&status, &show);
    assert_eq!(
        text,
        "Operations:
  * Node: node1:
    * WebVIP: migration-threshold=1000000:
      * (7) monitor: interval=\"30000ms\" last-rc-change=\"Fri Nov 20 15:08:47 2026\" exec-time=\"91ms\" queue-time=\"0ms\" rc=0 (ok)
"
    );
}

#[test]
fn intervals_in_words() {
    for (millis, text) in [
        (0, "0s"),
        (250, "250ms"),
        (2_000, "2s"),
        (2_050, "2.050s"),
        (90_000, "1m30s"),
        (3_600_000, "1h"),
        (60_500, "1m500ms"),
    ] {
        assert_eq!(readable_interval(millis), text);
    }
}

#[test]
fn xml_has_the_same_facts() {
    let mut status = cluster(vec![Resource::Primitive(Box::new(dummy(
        "D1",
        Role::Started,
        vec![on("node2", 2)],
    )))]);
    status.nodes.truncate(1);
    let elements =
        to_xml(&status, &show(Sections { nodes: true, resources: true, ..Sections::NONE }));
    let text: String = elements.iter().map(|element| element.to_pretty()).collect();
    assert_eq!(
        text,
        r#"<pacemakerd sys_from="pacemakerd" state="running" last_updated="2026-11-20 17:15:36Z"/>
<summary/>
<nodes>
  <node name="node1" id="1" online="true" standby="false" standby_onfail="false" maintenance="false" pending="false" unclean="false" health="green" shutdown="false" expected_up="true" is_dc="false" resources_running="0" type="member"/>
</nodes>
<resources>
  <resource id="D1" resource_agent="ocf:pacemaker:Dummy" role="Started" active="true" orphaned="false" blocked="false" managed="true" failed="false" failure_ignored="false" nodes_running_on="1">
    <node name="node2" id="2" cached="true"/>
  </resource>
</resources>
"#
    );
}
