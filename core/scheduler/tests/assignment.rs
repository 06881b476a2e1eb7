//! Decisions that the corpus does not ask for.

use model::Model;
use rules::LocalTime;
use scheduler::{Request, Schedule, schedule};
use vocab::Timestamp;

/// Nothing of the bundle is active but its address. That is not where it counts as being, so what has the better score on the
/// first node comes first.
const ADDRESS_LEFT_BEHIND: &str = r#"
<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="1" num_updates="0" admin_epoch="0" have-quorum="1">
  <configuration>
    <crm_config>
      <cluster_property_set id="options">
        <nvpair id="options-stonith-enabled" name="stonith-enabled" value="false"/>
        <nvpair id="options-placement-strategy" name="placement-strategy" value="utilization"/>
      </cluster_property_set>
    </crm_config>
    <nodes>
      <node id="1" uname="node1"/>
      <node id="2" uname="node2"/>
    </nodes>
    <resources>
      <bundle id="web">
        <podman image="localhost/web" replicas="1"/>
        <network ip-range-start="192.0.2.10"/>
      </bundle>
      <primitive id="database" class="ocf" provider="pacemaker" type="Dummy"/>
    </resources>
    <constraints>
      <rsc_location id="away" rsc="web" node="node1" score="-100"/>
    </constraints>
  </configuration>
  <status>
    <node_state id="1" uname="node1" in_ccm="true" crmd="online" join="member" expected="member"/>
    <node_state id="2" uname="node2" in_ccm="true" crmd="online" join="member" expected="member">
      <lrm id="2">
        <lrm_resources>
          <lrm_resource id="web-ip-192.0.2.10" class="ocf" provider="heartbeat" type="IPaddr2">
            <lrm_rsc_op id="web-ip-192.0.2.10_last_0" operation_key="web-ip-192.0.2.10_start_0" operation="start"
              transition-key="1:1:0:00000000-0000-0000-0000-000000000000"
              transition-magic="0:0;1:1:0:00000000-0000-0000-0000-000000000000" call-id="1" rc-code="0" op-status="0"
              interval="0"/>
          </lrm_resource>
        </lrm_resources>
      </lrm>
    </node_state>
  </status>
</cib>"#;

/// Resources are only where they are told to be.
const OPT_IN: &str = r#"
<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="1" num_updates="0" admin_epoch="0" have-quorum="1">
  <configuration>
    <crm_config>
      <cluster_property_set id="options">
        <nvpair id="options-stonith-enabled" name="stonith-enabled" value="false"/>
        <nvpair id="options-symmetric-cluster" name="symmetric-cluster" value="false"/>
      </cluster_property_set>
    </crm_config>
    <nodes>
      <node id="1" uname="node1"/>
    </nodes>
    <resources>
      <bundle id="web">
        <podman image="localhost/web" replicas="1"/>
        <network ip-range-start="192.0.2.10"/>
        <primitive id="server" class="ocf" provider="pacemaker" type="Dummy"/>
      </bundle>
    </resources>
    <constraints>
      <rsc_location id="here" rsc="web" node="node1" score="100"/>
    </constraints>
  </configuration>
  <status>
    <node_state id="1" uname="node1" in_ccm="true" crmd="online" join="member" expected="member"/>
  </status>
</cib>"#;

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

#[test]
fn a_bundle_is_where_its_containers_are() {
    assert_eq!(assigned_first(ADDRESS_LEFT_BEHIND), "database");
    let containers = ADDRESS_LEFT_BEHIND
        .replace("web-ip-192.0.2.10", "web-podman-0")
        .replace("IPaddr2", "podman");
    assert_eq!(assigned_first(&containers), "web");
}

/// The score on the bundle's own node decides nothing, but that it is there means that the connection is not started while
/// the fencing of that node cannot be carried out.
#[test]
fn a_connection_into_a_container_knows_all_nodes_even_where_resources_must_be_allowed() {
    let (model, plan) = planned(OPT_IN);
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
