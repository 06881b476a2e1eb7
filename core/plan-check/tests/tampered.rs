//! Plans that somebody has spoilt: the judge has to see it.

use model::{Model, NodeKey};
use plan_check::{Rule, judge};
use rules::LocalTime;
use scheduler::{Request, schedule};
use transition::{Action, ActionId, Graph};
use vocab::Timestamp;

const NODES: &str = "<node id='1' uname='n1'/><node id='2' uname='n2'/>";

/// A cluster of two nodes; n1 is lost if `lost` says so.
fn cluster(options: &str, resources: &str, constraints: &str, history: &str, lost: bool) -> Model {
    let state = |id: u32, up: bool, history: &str| {
        let (member, peer) = if up { ("true", "online") } else { ("false", "offline") };
        format!(
            "<node_state id='{id}' uname='n{id}' in_ccm='{member}' crmd='{peer}' join='member' \
             expected='member'><lrm id='{id}'><lrm_resources>{history}</lrm_resources></lrm></node_state>"
        )
    };
    let text = format!(
        "<cib validate-with='pacemaker-3.9' admin_epoch='0' epoch='1' num_updates='0' have-quorum='1' dc-uuid='2'>\
         <configuration><crm_config><cluster_property_set id='o'>{options}</cluster_property_set></crm_config>\
         <nodes>{NODES}</nodes><resources>{resources}</resources><constraints>{constraints}</constraints>\
         </configuration><status>{}{}</status></cib>",
        state(1, !lost, history),
        state(2, true, ""),
    );
    let cib = xml::parse(&text).expect("the cluster is well formed");
    Model::build_at(&cib, LocalTime::utc(Timestamp(1_700_000_000))).0
}

fn option(name: &str, value: &str) -> String {
    format!("<nvpair id='o-{name}' name='{name}' value='{value}'/>")
}

fn primitive(id: &str) -> String {
    format!("<primitive id='{id}' class='ocf' provider='pacemaker' type='Dummy'/>")
}

/// A resource that runs.
fn running(id: &str) -> String {
    format!(
        "<lrm_resource id='{id}' class='ocf' provider='pacemaker' type='Dummy'>\
         <lrm_rsc_op id='{id}_last_0' operation_key='{id}_start_0' operation='start' crm_feature_set='3.16.1' \
         transition-key='1:1:0:u' transition-magic='0:0;1:1:0:u' call-id='1' rc-code='0' op-status='0' \
         interval='0'/></lrm_resource>"
    )
}

fn plan(model: &Model) -> Graph {
    let graph = schedule(model, &Request::default()).graph;
    assert_eq!(judge(model, &graph), [], "the plan itself is fine");
    graph
}

fn rules(model: &Model, graph: &Graph) -> Vec<Rule> {
    let mut rules: Vec<Rule> = judge(model, graph).iter().map(|objection| objection.rule).collect();
    rules.dedup();
    rules
}

fn without(graph: &Graph, unwanted: impl Fn(&Action) -> bool) -> Graph {
    let mut graph = graph.clone();
    let gone: Vec<ActionId> = graph
        .synapses
        .iter()
        .map(|synapse| &synapse.action)
        .filter(|action| unwanted(action))
        .map(|action| action.id)
        .collect();
    assert!(!gone.is_empty(), "there is something to take out");
    graph.synapses.retain(|synapse| !gone.contains(&synapse.action.id));
    graph.synapses.iter_mut().for_each(|synapse| synapse.inputs.retain(|id| !gone.contains(id)));
    graph
}

/// Lets the action of this key wait for nothing.
fn hasty(graph: &Graph, key: &str) -> Graph {
    let mut graph = graph.clone();
    let found = graph.synapses.iter_mut().filter(|synapse| synapse.action.key == key);
    assert_eq!(found.map(|synapse| synapse.inputs.clear()).count(), 1, "{key}");
    graph
}

fn move_to(graph: &Graph, key: &str, name: &str) -> Graph {
    let mut graph = graph.clone();
    for synapse in &mut graph.synapses {
        if synapse.action.key == key
            && let Some(node) = &mut synapse.action.node
        {
            name.clone_into(&mut node.name);
        }
    }
    graph
}

fn node_keys(model: &Model) -> Vec<NodeKey> {
    model.nodes.iter().map(|(key, _)| key).collect()
}

fn lost_with_fencing() -> Model {
    let device = "<primitive id='f' class='stonith' type='fence_x'/>";
    cluster(
        &option("stonith-enabled", "true"),
        &format!("{}{device}", primitive("db")),
        "",
        &running("db"),
        true,
    )
}

#[test]
fn a_start_without_fencing_is_seen() {
    let model = lost_with_fencing();
    let graph = plan(&model);
    let tampered = without(&graph, |action| action.task == "stonith");
    assert_eq!(rules(&model, &tampered), [Rule::OneActive]);
    assert_eq!(rules(&model, &hasty(&graph, "db_start_0")), [Rule::OneActive, Rule::Places]);
}

#[test]
fn fencing_without_a_cause_is_seen() {
    let model = lost_with_fencing();
    let graph = plan(&model);
    let mut tampered = graph.clone();
    for synapse in &mut tampered.synapses {
        if synapse.action.task == "stonith"
            && let Some(node) = &mut synapse.action.node
        {
            "n2".clone_into(&mut node.name);
        }
    }
    assert!(rules(&model, &tampered).contains(&Rule::Fencing));
}

#[test]
fn a_move_that_starts_before_it_stops_is_seen() {
    let ban = "<rsc_location id='ban' rsc='db' node='n1' score='-INFINITY'/>";
    let fencing = option("stonith-enabled", "false");
    let model = cluster(&fencing, &primitive("db"), ban, &running("db"), false);
    let graph = plan(&model);
    let early = hasty(&graph, "db_start_0");
    assert_eq!(rules(&model, &early), [Rule::OneActive, Rule::Places]);
    // To stay where it is banned is not better.
    assert_eq!(rules(&model, &move_to(&graph, "db_start_0", "n1")), [Rule::Places]);
}

#[test]
fn an_order_that_is_not_kept_is_seen() {
    let order = "<rsc_order id='o1' first='db' then='web'/>";
    let fencing = option("stonith-enabled", "false");
    let resources = format!("{}{}", primitive("db"), primitive("web"));
    let model = cluster(&fencing, &resources, order, "", false);
    let graph = plan(&model);
    let mut tampered = graph.clone();
    let started = |action: &Action| action.key == "db_start_0";
    let first = graph.synapses.iter().find(|synapse| started(&synapse.action));
    let first = first.expect("db starts").action.id;
    for synapse in &mut tampered.synapses {
        synapse.inputs.retain(|input| *input != first);
    }
    assert_eq!(rules(&model, &tampered), [Rule::Sequence]);
    let never = without(&graph, |action| action.key.starts_with("db_start"));
    assert_eq!(rules(&model, &never), [Rule::Sequence]);
}

#[test]
fn an_order_of_a_bundle_that_is_not_kept_is_seen() {
    let bundle = "<bundle id='b'><podman image='i' replicas='1'/><network ip-range-start='192.0.2.9'/></bundle>";
    let fencing = option("stonith-enabled", "false");
    let resources = format!("{}{bundle}", primitive("db"));
    for (order, then) in [
        ("<rsc_order id='o1' first='db' then='b'/>", "b-podman-0_start_0"),
        ("<rsc_order id='o1' first='b' then='db'/>", "db_start_0"),
    ] {
        let model = cluster(&fencing, &resources, order, "", false);
        let graph = plan(&model);
        assert_eq!(rules(&model, &hasty(&graph, then)), [Rule::Places, Rule::Sequence], "{order}");
    }
}

#[test]
fn two_at_once_where_one_waits_for_the_other_is_seen() {
    let order = "<rsc_order id='o1' first='db' then='web' kind='Serialize'/>";
    let fencing = option("stonith-enabled", "false");
    let resources = format!("{}{}", primitive("db"), primitive("web"));
    let model = cluster(&fencing, &resources, order, "", false);
    let graph = plan(&model);
    let id_of = |key: &str| {
        let found = graph.synapses.iter().find(|synapse| synapse.action.key == key);
        found.expect("it starts").action.id
    };
    let (db, web) = (id_of("db_start_0"), id_of("web_start_0"));
    let mut tampered = graph.clone();
    for synapse in &mut tampered.synapses {
        if synapse.action.id == db || synapse.action.id == web {
            synapse.inputs.retain(|input| *input != db && *input != web);
        }
    }
    assert_eq!(rules(&model, &tampered), [Rule::Sequence]);
    // The other way round is as good.
    for synapse in &mut tampered.synapses {
        if synapse.action.id == db {
            synapse.inputs.push(web);
        }
    }
    assert_eq!(rules(&model, &tampered), []);
}

#[test]
fn what_goes_where_an_attribute_bans_it_is_seen() {
    let rule = "<rsc_location id='l1' rsc='db'><rule id='r1' score-attribute='likes'>\
                <expression id='e1' attribute='likes' operation='defined'/></rule></rsc_location>";
    let fencing = option("stonith-enabled", "false");
    let model = cluster(&fencing, &primitive("db"), rule, "", false);
    assert_eq!(plan(&model).synapses.iter().filter(|one| one.action.task == "start").count(), 1);
    let mut disliked = model.clone();
    for key in node_keys(&model) {
        disliked.nodes[key].attributes.insert("likes".into(), "-INFINITY".into());
    }
    assert_eq!(rules(&disliked, &plan(&model)), [Rule::Places]);
}

#[test]
fn a_promotion_where_it_is_banned_is_seen() {
    let clone = format!(
        "<clone id='c'><meta_attributes id='m'><nvpair id='m1' name='promotable' value='true'/></meta_attributes>{}</clone>",
        primitive("db")
    );
    let likes = "<rsc_location id='l1' rsc='c' role='Promoted' node='n1' score='100'/>";
    let ban = "<rsc_location id='l2' rsc='c' role='Promoted' node='n1' score='-INFINITY'/>";
    let fencing = option("stonith-enabled", "false");
    let model = cluster(&fencing, &clone, likes, "", false);
    let graph = plan(&model);
    assert!(graph.synapses.iter().any(|one| one.action.task == "promote"));
    assert_eq!(rules(&cluster(&fencing, &clone, ban, "", false), &graph), [Rule::Places]);
}

#[test]
fn an_instance_too_many_while_another_starts_is_seen() {
    let clone = format!(
        "<clone id='c'><meta_attributes id='m'><nvpair id='m1' name='globally-unique' value='true'/>\
         <nvpair id='m2' name='clone-max' value='1'/></meta_attributes>{}</clone>",
        primitive("db")
    );
    let ban = "<rsc_location id='l1' rsc='c' node='n1' score='-INFINITY'/>";
    let fencing = option("stonith-enabled", "false");
    // What is left over from when there were more belongs to no clone; here it does.
    let mut model = cluster(&fencing, &clone, ban, &running("db:1"), false);
    let graph = plan(&model);
    let key_of = |id: &str| {
        let found = model.resources.iter().find(|(_, resource)| resource.id == *id);
        found.expect("it is there").0
    };
    let (clone, second) = (key_of("c"), key_of("db:1"));
    model.resources[clone].state.children.push(second);
    assert_eq!(rules(&model, &graph), [Rule::Instances]);
    let id_of = |key: &str| {
        let found = graph.synapses.iter().find(|synapse| synapse.action.key == key);
        found.expect("it is done").action.id
    };
    let (stop, start) = (id_of("db:1_stop_0"), id_of("db:0_start_0"));
    let mut patient = graph.clone();
    let starts = patient.synapses.iter_mut().filter(|synapse| synapse.action.id == start);
    starts.for_each(|synapse| synapse.inputs.push(stop));
    assert_eq!(rules(&model, &patient), []);
}

#[test]
fn an_instance_too_many_on_a_node_is_seen() {
    let clone = format!(
        "<clone id='c'><meta_attributes id='m'><nvpair id='m1' name='globally-unique' value='true'/>\
         </meta_attributes>{}</clone>",
        primitive("db")
    );
    let fencing = option("stonith-enabled", "false");
    let model = cluster(&fencing, &clone, "", "", false);
    let graph = plan(&model);
    let both_here = move_to(&move_to(&graph, "db:0_start_0", "n2"), "db:1_start_0", "n2");
    assert_eq!(rules(&model, &both_here), [Rule::Instances]);
}

#[test]
fn fencing_of_a_node_that_left_in_good_order_is_seen() {
    let graph = plan(&lost_with_fencing());
    let mut model = lost_with_fencing();
    model.findings.clear();
    for key in node_keys(&model) {
        model.nodes[key].state.unclean = false;
        model.nodes[key].running.clear();
    }
    assert!(rules(&model, &graph).contains(&Rule::Fencing));
}

#[test]
fn what_belongs_together_and_is_not_is_seen() {
    let colocation = "<rsc_colocation id='c1' rsc='web' with-rsc='db' score='INFINITY'/>";
    let fencing = option("stonith-enabled", "false");
    let resources = format!("{}{}", primitive("db"), primitive("web"));
    let model = cluster(&fencing, &resources, colocation, "", false);
    let graph = plan(&model);
    let db = graph.synapses.iter().find(|synapse| synapse.action.key == "db_start_0");
    let here = db.and_then(|synapse| synapse.action.node.as_ref()).expect("db starts").name.clone();
    let elsewhere = if here == "n1" { "n2" } else { "n1" };
    let tampered = move_to(&graph, "web_start_0", elsewhere);
    // It was asked there before, too: only its company is wrong.
    assert_eq!(rules(&model, &tampered), [Rule::Together]);
}

#[test]
fn what_may_not_be_touched_or_started_and_is_is_seen() {
    let fencing = option("stonith-enabled", "false");
    let free = cluster(&fencing, &primitive("db"), "", "", false);
    let graph = plan(&free);
    let with_meta = |name: &str, value: &str| {
        let meta = format!(
            "<primitive id='db' class='ocf' provider='pacemaker' type='Dummy'><meta_attributes id='m'>\
             <nvpair id='m1' name='{name}' value='{value}'/></meta_attributes></primitive>"
        );
        cluster(&fencing, &meta, "", "", false)
    };
    assert_eq!(rules(&with_meta("is-managed", "false"), &graph), [Rule::LeftAlone]);
    assert_eq!(rules(&with_meta("target-role", "Stopped"), &graph), [Rule::Disabled]);
}

#[test]
fn circles_and_what_is_not_there_are_seen() {
    let fencing = option("stonith-enabled", "false");
    let model = cluster(&fencing, &primitive("db"), "", "", false);
    let graph = plan(&model);
    let mut circle = graph.clone();
    let last = circle.synapses.last().expect("something is done").action.id;
    circle.synapses.iter_mut().for_each(|synapse| synapse.inputs = vec![last]);
    assert!(rules(&model, &circle).contains(&Rule::WellFormed));
    let mut missing = graph.clone();
    missing.synapses[0].inputs.push(ActionId(9_999));
    assert!(rules(&model, &missing).contains(&Rule::WellFormed));
}
