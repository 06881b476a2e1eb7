//! Changes of a small cluster, and all that is said about them.

use model::Model;
use preview::{Look, Preview, Situation, preview, to_text};
use rules::LocalTime;
use scheduler::Request;
use vocab::Timestamp;
use xml::Element;

/// Two nodes, on which everything that can run does.
#[derive(Clone)]
struct Cluster {
    options: String,
    nodes: String,
    resources: String,
    defaults: String,
    constraints: String,
    status: String,
}

fn node_state(id: u32, name: &str, online: bool) -> String {
    let state = if online {
        "in_ccm='true' crmd='online' join='member' expected='member'"
    } else {
        "in_ccm='false' crmd='offline' join='down' expected='member'"
    };
    format!(
        "<node_state id='{id}' uname='{name}' {state}><lrm id='{id}'><lrm_resources/></lrm>\
         </node_state>"
    )
}

fn primitive(id: &str, inside: &str) -> String {
    format!("<primitive id='{id}' class='ocf' provider='p' type='t'>{inside}</primitive>")
}

fn option(name: &str, value: &str) -> String {
    format!("<nvpair id='o-{name}' name='{name}' value='{value}'/>")
}

fn meta(owner: &str, name: &str, value: &str) -> String {
    format!(
        "<meta_attributes id='{owner}-meta_attributes'><nvpair id='{owner}-meta_attributes-{name}' \
         name='{name}' value='{value}'/></meta_attributes>"
    )
}

fn parameters(values: &[(&str, &str)]) -> String {
    let pairs: String = values
        .iter()
        .map(|(name, value)| format!("<nvpair id='vip-ia-{name}' name='{name}' value='{value}'/>"))
        .collect();
    format!("<instance_attributes id='vip-ia'>{pairs}</instance_attributes>")
}

const ORDER: &str = "<rsc_order id='order-db-vip' first='vip' then='db'/>";

impl Cluster {
    fn new() -> Self {
        Self {
            options: option("fencing-enabled", "false"),
            nodes: "<node id='1' uname='n1'/><node id='2' uname='n2'/>".to_owned(),
            resources: primitive("vip", "") + &primitive("db", ""),
            defaults: meta("d", "resource-stickiness", "100"),
            constraints: ORDER.to_owned(),
            status: node_state(1, "n1", true) + &node_state(2, "n2", true),
        }
    }

    fn cib(&self) -> Element {
        let Self { options, nodes, resources, defaults, constraints, status } = self;
        xml::parse(&format!(
            "<cib have-quorum='1' dc-uuid='1'><configuration><crm_config><cluster_property_set \
             id='o'>{options}</cluster_property_set></crm_config><nodes>{nodes}</nodes><resources>\
             {resources}</resources><constraints>{constraints}</constraints><rsc_defaults>{defaults}\
             </rsc_defaults></configuration><status>{status}</status></cib>"
        ))
        .unwrap()
    }
}

const NOW: Timestamp = Timestamp(100);

/// The status when everything is done that there is to do.
fn settled(mut cib: Element) -> Element {
    for _ in 0..5 {
        let (model, _) = Model::build(&cib, NOW);
        let plan = scheduler::schedule(&model, &Request::default());
        if plan.graph.synapses.is_empty() {
            break;
        }
        cib = simulate::carry_out(&cib, &model, &plan, &[], NOW).cib;
    }
    cib.child("status").cloned().unwrap()
}

/// Compares two configurations; the status is what the first one leads to.
fn compared(before: &Cluster, after: &Cluster) -> Preview {
    compared_in(&settled(before.cib()), before, after)
}

fn compared_in(status: &Element, before: &Cluster, after: &Cluster) -> Preview {
    let [before, after] = [before, after].map(|cluster| {
        let mut cib = cluster.cib();
        *cib.child_or_new("status") = status.clone();
        Situation::new(cib, LocalTime::utc(NOW), false, false)
    });
    preview(&before, &after)
}

/// What is said about a change of the usual cluster.
fn told(change: impl FnOnce(&mut Cluster)) -> String {
    let mut after = Cluster::new();
    change(&mut after);
    told_of(&Cluster::new(), &after)
}

const MONITOR: &str =
    "<operations><op id='vip-monitor' name='monitor' interval='10s'/></operations>";

/// What is said about a change of the usual cluster with something else in it.
fn told_with(setup: impl FnOnce(&mut Cluster), change: impl FnOnce(&mut Cluster)) -> String {
    let mut before = Cluster::new();
    setup(&mut before);
    let mut after = before.clone();
    change(&mut after);
    told_of(&before, &after)
}

fn told_of(before: &Cluster, after: &Cluster) -> String {
    let preview = compared(before, after);
    serde_json::to_string(&preview).expect("a preview can be written as JSON");
    to_text(&preview, Look::Plain)
}

#[track_caller]
fn assert_text(told: &str, expected: &str) {
    assert!(told == expected, "it is:\n{told}\nand should be:\n{expected}");
}

#[test]
fn nothing_is_told_of_nothing() {
    assert_text(&told(|_| {}), include_str!("texts/nothing_is_told_of_nothing.txt"));
}

#[test]
fn a_new_resource_is_looked_for_and_started() {
    assert_text(
        &told(|c| c.resources += &primitive("x", "")),
        include_str!("texts/a_new_resource_is_looked_for_and_started.txt"),
    );
}

#[test]
fn a_ban_moves_one_and_what_comes_after_it_restarts() {
    let ban = "<rsc_location id='cli-ban-vip-on-n1' rsc='vip' node='n1' score='-INFINITY'/>";
    assert_text(
        &told(|c| c.constraints += ban),
        include_str!("texts/a_ban_moves_one_and_what_comes_after_it_restarts.txt"),
    );
}

#[test]
fn what_has_to_be_together_moves_together() {
    let together = "<rsc_colocation id='db-with-vip' rsc='db' with-rsc='vip' score='INFINITY'/>";
    let mut before = Cluster::new();
    before.constraints = together.to_owned();
    let mut after = Cluster::new();
    after.constraints =
        format!("{together}<rsc_location id='away' rsc='vip' node='n1' score='-INFINITY'/>");
    assert_text(
        &told_of(&before, &after),
        include_str!("texts/what_has_to_be_together_moves_together.txt"),
    );
}

#[test]
fn what_is_deleted_stops() {
    assert_text(
        &told(|c| {
            c.resources = primitive("vip", "");
            c.constraints.clear();
        }),
        include_str!("texts/what_is_deleted_stops.txt"),
    );
}

#[test]
fn less_stickiness_lets_it_go_where_it_would_rather_be() {
    let mut before = Cluster::new();
    before.constraints.clear();
    let status = settled(before.cib());
    before.constraints = "<rsc_location id='prefer' rsc='vip' node='n2' score='50'/>".to_owned();
    let mut after = before.clone();
    after.defaults = meta("d", "resource-stickiness", "10");
    let preview = compared_in(&status, &before, &after);
    assert_text(
        &to_text(&preview, Look::Plain),
        include_str!("texts/less_stickiness_lets_it_go_where_it_would_rather_be.txt"),
    );
}

#[test]
fn a_parameter_that_can_be_reloaded_disturbs_nothing() {
    let with = |level: &str| primitive("vip", &parameters(&[("ip", "10.0.0.1"), ("level", level)]));
    let mut before = Cluster::new();
    before.constraints.clear();
    before.resources = with("1");
    let mut status = settled(before.cib());
    let digest = xml::digest::operation(&Element::new("parameters").with("ip", "10.0.0.1"));
    mark_reloadable(&mut status, "ip", &digest);
    let mut after = before.clone();
    after.resources = with("2");
    let preview = compared_in(&status, &before, &after);
    assert_text(
        &to_text(&preview, Look::Plain),
        include_str!("texts/a_parameter_that_can_be_reloaded_disturbs_nothing.txt"),
    );
}

/// Records of every start that only a change of that parameter needs another one.
fn mark_reloadable(element: &mut Element, parameter: &str, digest: &str) {
    if element.attr("operation") == Some("start") {
        element.set("op-force-restart", format_args!(" {parameter} "));
        element.set("op-restart-digest", digest);
    }
    element.elements_mut().for_each(|child| mark_reloadable(child, parameter, digest));
}

#[test]
fn what_is_promoted_is_demoted_before_it_moves() {
    let clone = |c: &mut Cluster| {
        c.constraints = "<rsc_location id='best' rsc='c'><rule id='best-rule' role='Promoted' \
                         score='50'><expression id='best-e' attribute='#uname' operation='eq' \
                         value='n1'/></rule></rsc_location>"
            .to_owned();
        c.resources = format!(
            "<clone id='c'>{}{}</clone>",
            meta("c", "promotable", "true"),
            primitive("dbms", "")
        );
    };
    let change = |c: &mut Cluster| {
        c.constraints += "<rsc_location id='worse' rsc='c'><rule id='worse-rule' role='Promoted' \
                          score='-INFINITY'><expression id='worse-e' attribute='#uname' \
                          operation='eq' value='n1'/></rule></rsc_location><rsc_location \
                          id='other' rsc='c'><rule id='other-rule' role='Promoted' score='20'>\
                          <expression id='other-e' attribute='#uname' operation='eq' value='n2'/>\
                          </rule></rsc_location>";
    };
    assert_text(
        &told_with(clone, change),
        include_str!("texts/what_is_promoted_is_demoted_before_it_moves.txt"),
    );
}

#[test]
fn a_node_in_standby_gives_everything_away() {
    assert_text(
        &told(|c| {
            c.nodes = "<node id='1' uname='n1'><instance_attributes id='nodes-1'><nvpair \
                       id='nodes-1-standby' name='standby' value='on'/></instance_attributes></node>\
                       <node id='2' uname='n2'/>"
                .to_owned();
        }),
        include_str!("texts/a_node_in_standby_gives_everything_away.txt"),
    );
}

#[test]
fn maintenance_leaves_all_as_it_is() {
    assert_text(
        &told_with(
            |c| c.resources = primitive("vip", MONITOR),
            |c| c.options += &option("maintenance-mode", "true"),
        ),
        include_str!("texts/maintenance_leaves_all_as_it_is.txt"),
    );
}

#[test]
fn a_new_parameter_restarts_and_what_comes_after_it_too() {
    let with = |ip: &str| primitive("vip", &parameters(&[("ip", ip)])) + &primitive("db", "");
    assert_text(
        &told_with(|c| c.resources = with("10.0.0.1"), |c| c.resources = with("10.0.0.2")),
        include_str!("texts/a_new_parameter_restarts_and_what_comes_after_it_too.txt"),
    );
}

#[test]
fn members_of_a_group_follow_each_other() {
    let group = |value: &str| {
        format!(
            "<group id='g'>{}{}</group>",
            primitive("vip", &parameters(&[("ip", value)])),
            primitive("db", "")
        )
    };
    assert_text(
        &told_with(
            |c| {
                c.resources = group("1");
                c.constraints.clear();
            },
            |c| {
                c.resources = group("2");
            },
        ),
        include_str!("texts/members_of_a_group_follow_each_other.txt"),
    );
}

#[test]
fn a_constraint_that_cannot_be_satisfied_stops() {
    let ban = |node: &str| {
        format!("<rsc_location id='not-{node}' rsc='db' node='{node}' score='-INFINITY'/>")
    };
    assert_text(
        &told(|c| c.constraints += &(ban("n1") + &ban("n2"))),
        include_str!("texts/a_constraint_that_cannot_be_satisfied_stops.txt"),
    );
}

#[test]
fn fencing_switched_on_fences_what_is_lost() {
    let mut before = Cluster::new();
    before.resources += "<primitive id='fence' class='stonith' type='fence_t'/>";
    before.constraints = "<rsc_location id='there' rsc='vip' node='n2' score='500'/><rsc_location id='here' rsc='fence' node='n1' score='500'/>".to_owned();
    let mut status = settled(before.cib());
    for state in status.elements_mut().filter(|state| state.id() == Some("2")) {
        for (name, value) in [("in_ccm", "false"), ("crmd", "offline"), ("join", "down")] {
            state.set(name, value);
        }
    }
    let mut after = Cluster::new();
    after.resources.clone_from(&before.resources);
    after.constraints.clone_from(&before.constraints);
    after.options = option("fencing-enabled", "true");
    let preview = compared_in(&status, &before, &after);
    assert_text(
        &to_text(&preview, Look::Plain),
        include_str!("texts/fencing_switched_on_fences_what_is_lost.txt"),
    );
}

#[test]
fn what_can_migrate_does() {
    assert_text(
        &told_with(
            |c| {
                c.resources = primitive("vip", &meta("vip", "allow-migrate", "true"));
                c.constraints.clear();
            },
            |c| c.constraints += "<rsc_location id='away' rsc='vip' node='n1' score='-INFINITY'/>",
        ),
        include_str!("texts/what_can_migrate_does.txt"),
    );
}

#[test]
fn instances_that_go_on_are_told() {
    let clone = |value: &str| {
        format!("<clone id='c'>{}</clone>", primitive("web", &meta("web", "x", value)))
    };
    let all = |c: &mut Cluster| {
        c.resources = clone("1");
        c.constraints.clear();
    };
    assert_text(
        &told_with(all, |c| {
            c.constraints += "<rsc_location id='away' rsc='c' node='n1' score='-INFINITY'/>";
        }),
        include_str!("texts/instances_that_go_on_are_told.txt"),
    );
}

#[test]
fn what_happens_anyway_is_kept_apart() {
    let before = Cluster::new();
    let mut after = Cluster::new();
    after.resources += &primitive("x", "");
    let preview = compared_in(&before.cib().child("status").cloned().unwrap(), &before, &after);
    assert_text(
        &to_text(&preview, Look::Plain),
        include_str!("texts/what_happens_anyway_is_kept_apart.txt"),
    );
}

#[test]
fn new_mistakes_are_warned_of() {
    assert_text(
        &told(|c| c.constraints += "<rsc_order id='nobody' first='vip' then='ghost'/>"),
        include_str!("texts/new_mistakes_are_warned_of.txt"),
    );
}

#[test]
fn colours_change_no_word() {
    let mut after = Cluster::new();
    after.resources = primitive("vip", "") + &primitive("x", "");
    let preview = compared(&Cluster::new(), &after);
    let coloured = to_text(&preview, Look::Coloured);
    let mut words = String::new();
    for (position, part) in coloured.split('\u{1b}').enumerate() {
        words += if position == 0 { part } else { part.split_once('m').unwrap().1 };
    }
    let lines: Vec<&str> = words.lines().map(str::trim_end).collect();
    assert_ne!(words, coloured);
    assert_eq!(lines, to_text(&preview, Look::Plain).lines().collect::<Vec<_>>());
}
