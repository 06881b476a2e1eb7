//! The commands of a first cluster, one after the other, with the configuration they lead to.

use cib_edit::{
    Outcome,
    agent::{Agent, AgentName},
    constraint::{self, Colocation, Order},
    node, property,
    resource::{self, Create, Place, Position},
};
use xml::Element;

fn empty() -> Element {
    xml::parse(
        "<cib validate-with='pacemaker-3.9'><configuration><crm_config/>\
         <nodes><node id='1' uname='node1'/></nodes><resources/><constraints/></configuration>\
         <status/></cib>",
    )
    .unwrap()
}

fn agent() -> Agent {
    let metadata = xml::parse(
        "<resource-agent name='IPaddr2'><parameters><parameter name='ip' unique='1' required='1'/>\
         <parameter name='cidr_netmask'/></parameters><actions>\
         <action name='start' timeout='20s'/><action name='stop' timeout='20s'/>\
         <action name='status' interval='10s' timeout='20s'/>\
         <action name='monitor' depth='0' interval='10s' timeout='20s'/>\
         <action name='meta-data' timeout='5s'/><action name='validate-all' timeout='20s'/>\
         </actions></resource-agent>",
    )
    .unwrap();
    Agent::from_metadata(AgentName::parse("ocf:heartbeat:IPaddr2").unwrap(), &metadata)
}

fn pairs(text: &str) -> Vec<(String, String)> {
    let words = text.split_whitespace().filter_map(|word| word.split_once('='));
    words.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn new(id: &str, options: &str) -> Create {
    Create {
        id: id.to_owned(),
        agent: agent(),
        options: pairs(options),
        meta: Vec::new(),
        operations: vec![pairs("name=monitor interval=30s")],
        place: Place::Alone,
        disabled: false,
        default_operations: true,
        force: false,
    }
}

fn errors(outcome: Outcome) -> Vec<String> {
    outcome.unwrap_err().reports.into_iter().map(|report| report.message).collect()
}

#[test]
fn a_first_cluster() {
    let mut cib = empty();
    property::set(&mut cib, &pairs("stonith-enabled=false"), false).unwrap();
    let vip = new("vip", "ip=10.0.0.1 cidr_netmask=32");
    assert_eq!(resource::create(&mut cib, &vip), Ok(vec![]));
    resource::create(&mut cib, &new("web", "ip=10.0.0.2")).unwrap();
    let with = Colocation { resource: "web".into(), with: "vip".into(), ..Colocation::default() };
    constraint::colocate(&mut cib, &with, false).unwrap();
    let order = Order {
        first: "vip".into(),
        first_action: "start".into(),
        then: "web".into(),
        then_action: "start".into(),
        ..Order::default()
    };
    let said = constraint::order(&mut cib, &order, false).unwrap();
    assert_eq!(
        said[0].message,
        "Adding vip web (kind: Mandatory) (Options: first-action=start then-action=start)"
    );
    node::set_attributes(&mut cib, &["node1".to_owned()], &pairs("standby=on")).unwrap();
    let section = |name: &str| cib.descend(&["configuration", name]).unwrap();
    assert_eq!(
        section("resources").children().next().unwrap().to_compact(),
        concat!(
            r#"<primitive id="vip" class="ocf" type="IPaddr2" provider="heartbeat">"#,
            r#"<instance_attributes id="vip-instance_attributes">"#,
            r#"<nvpair id="vip-instance_attributes-cidr_netmask" name="cidr_netmask" value="32"/>"#,
            r#"<nvpair id="vip-instance_attributes-ip" name="ip" value="10.0.0.1"/></instance_attributes>"#,
            r#"<operations><op name="monitor" interval="30s" id="vip-monitor-interval-30s"/>"#,
            r#"<op name="start" interval="0s" timeout="20s" id="vip-start-interval-0s"/>"#,
            r#"<op name="stop" interval="0s" timeout="20s" id="vip-stop-interval-0s"/></operations></primitive>"#
        )
    );
    assert_eq!(
        section("constraints").to_compact(),
        concat!(
            r#"<constraints><rsc_colocation rsc="web" with-rsc="vip" score="INFINITY" "#,
            r#"id="colocation-web-vip-INFINITY"/><rsc_order first="vip" then="web" "#,
            r#"first-action="start" then-action="start" id="order-vip-web-mandatory"/></constraints>"#
        )
    );
    assert_eq!(
        section("nodes").to_compact(),
        concat!(
            r#"<nodes><node id="1" uname="node1"><instance_attributes id="nodes-1">"#,
            r#"<nvpair id="nodes-1-standby" name="standby" value="on"/></instance_attributes></node></nodes>"#
        )
    );
}

#[test]
fn what_is_wrong_is_told_and_nothing_changes() {
    let mut cib = empty();
    resource::create(&mut cib, &new("vip", "ip=10.0.0.1")).unwrap();
    let before = cib.clone();
    assert_eq!(errors(resource::create(&mut cib, &new("vip", "ip=1"))), ["'vip' already exists"]);
    assert_eq!(
        errors(resource::create(&mut cib, &new("web", "port=1"))),
        [
            "invalid resource option 'port', allowed options are: 'cidr_netmask', 'ip', 'trace_file', 'trace_ra'",
            "required resource option 'ip' is missing"
        ]
    );
    let same = errors(resource::create(&mut cib, &new("web", "ip=10.0.0.1")));
    assert!(same[0].starts_with("Value '10.0.0.1' of option 'ip' is not unique"), "{same:?}");
    let mut twice = new("web", "ip=2");
    twice.operations = vec![pairs("name=monitor interval=60"), pairs("name=monitor interval=1min")];
    assert_eq!(
        errors(resource::create(&mut cib, &twice)),
        [
            "multiple specification of the same operation with the same interval:\nmonitor with intervals 60, 1min"
        ]
    );
    assert_eq!(
        errors(node::set_attributes(&mut cib, &["nobody".to_owned()], &pairs("standby=on"))),
        ["Node 'nobody' does not appear to exist in configuration"]
    );
    assert_eq!(cib, before);
}

#[test]
fn groups_and_clones_come_and_go_with_their_members() {
    let mut cib = empty();
    for id in ["a", "b", "c"] {
        resource::create(&mut cib, &new(id, &format!("ip={id}"))).unwrap();
    }
    let ids = |names: &[&str]| names.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    resource::group_add(&mut cib, "g", &ids(&["a", "b"]), &Position::Last).unwrap();
    resource::group_add(&mut cib, "g", &ids(&["c"]), &Position::Before("b".into())).unwrap();
    assert_eq!(resource::groups(&cib), [("g", vec!["a", "c", "b"])]);
    resource::clone(&mut cib, "g", None, &Vec::new(), false, &|_| None).unwrap();
    resource::disable(&mut cib, &ids(&["g-clone"])).unwrap();
    resource::enable(&mut cib, &ids(&["g-clone"])).unwrap();
    assert!(!cib.to_compact().contains("target-role"));
    resource::unclone(&mut cib, "g").unwrap();
    resource::group_remove(&mut cib, "g", &ids(&["a"])).unwrap();
    let said = resource::remove(&mut cib, "g").unwrap();
    let said: Vec<_> = said.into_iter().map(|report| report.message).collect();
    assert_eq!(said.last().unwrap(), "Deleting Resource (and group) - b");
    let left: Vec<_> =
        cib_edit::resources(&cib).into_iter().filter_map(|found| found.element.id()).collect();
    assert_eq!(left, ["a"]);
}
