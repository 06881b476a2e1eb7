//! Decisions that the corpus does not ask for.

use model::Model;
use rules::LocalTime;
use scheduler::{Request, Schedule, schedule};
use vocab::Timestamp;

/// A bundle of one replica in a cluster of one node or two, with this option, and what else there is.
fn cib(option: (&str, &str), nodes: &[u32], inside: &str, beside: &str, rule: &str) -> String {
    let (name, value) = option;
    let all = |shape: &dyn Fn(&u32) -> String| nodes.iter().map(shape).collect::<String>();
    let known = all(&|n| format!(r#"<node id="{n}" uname="node{n}"/>"#));
    let online = all(&|n| {
        let history = if *n == 2 { ADDRESS_ACTIVE } else { "" };
        format!(
            r#"<node_state id="{n}" uname="node{n}" in_ccm="true" crmd="online" join="member" expected="member">
            <lrm id="{n}"><lrm_resources>{history}</lrm_resources></lrm></node_state>"#
        )
    });
    format!(
        r#"<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="1" num_updates="0" admin_epoch="0" have-quorum="1">
        <configuration>
          <crm_config><cluster_property_set id="options">
            <nvpair id="options-fencing" name="stonith-enabled" value="false"/>
            <nvpair id="options-own" name="{name}" value="{value}"/>
          </cluster_property_set></crm_config>
          <nodes>{known}</nodes>
          <resources>
            <bundle id="web"><podman image="localhost/web" replicas="1"/>
              <network ip-range-start="192.0.2.10"/>{inside}</bundle>{beside}
          </resources>
          <constraints>{rule}</constraints>
        </configuration>
        <status>{online}</status></cib>"#
    )
}

const ADDRESS_ACTIVE: &str = r#"<lrm_resource id="web-ip-192.0.2.10" class="ocf" provider="heartbeat" type="IPaddr2">
    <lrm_rsc_op id="web-ip-192.0.2.10_last_0" operation_key="web-ip-192.0.2.10_start_0" operation="start" interval="0"
    transition-key="1:1:0:00000000-0000-0000-0000-000000000000" call-id="1" rc-code="0" op-status="0"
    transition-magic="0:0;1:1:0:00000000-0000-0000-0000-000000000000"/></lrm_resource>"#;

const DATABASE: &str =
    r#"<primitive id="database" class="ocf" provider="pacemaker" type="Dummy"/>"#;
const SERVER: &str = r#"<primitive id="server" class="ocf" provider="pacemaker" type="Dummy"/>"#;

fn planned(cib: &str) -> (Model, Schedule) {
    let cib = xml::parse(cib).expect("well formed");
    let (model, _) = Model::build_at(&cib, LocalTime::utc(Timestamp(1_700_000_000)));
    let plan = schedule(&model, &Request::default());
    (model, plan)
}

fn assigned_first(cib: &str) -> String {
    let (model, plan) = planned(cib);
    let first = plan.top.first().expect("something to assign");
    model.resources[*first].id.to_string()
}

/// Where nothing of the bundle is active but its address, it does not count as being anywhere, so what has the better score on
/// the first node comes first.
#[test]
fn a_bundle_is_where_its_containers_are() {
    let away = r#"<rsc_location id="away" rsc="web" node="node1" score="-100"/>"#;
    let address = cib(("placement-strategy", "utilization"), &[1, 2], "", DATABASE, away);
    assert_eq!(assigned_first(&address), "database");
    let containers =
        address.replace("web-ip-192.0.2.10", "web-podman-0").replace("IPaddr2", "podman");
    assert_eq!(assigned_first(&containers), "web");
}

/// The score on the bundle's own node decides nothing, but that it is there means that the connection is not started while
/// the fencing of that node cannot be carried out.
#[test]
fn a_connection_into_a_container_knows_all_nodes_even_where_resources_must_be_allowed() {
    let here = r#"<rsc_location id="here" rsc="web" node="node1" score="100"/>"#;
    let (model, plan) = planned(&cib(("symmetric-cluster", "false"), &[1], SERVER, "", here));
    let lines = plan.scores.iter().map(|line| line.display(&model).to_string());
    let of_connection: Vec<String> =
        lines.filter(|line| line.starts_with("pcmk__primitive_assign: web-0 ")).collect();
    assert_eq!(
        of_connection,
        [
            "pcmk__primitive_assign: web-0 allocation score on node1: 10000",
            "pcmk__primitive_assign: web-0 allocation score on web-0: -INFINITY",
        ]
    );
}
