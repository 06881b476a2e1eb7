//! What is wrong with a configuration is said, with the id of the element, and the rest of it is used.

use model::{Model, Severity, Variant};
use vocab::Timestamp;

fn build(configuration: &str) -> (Model, Vec<String>) {
    let cib = xml::parse(&format!(
        "<cib have-quorum='1'><configuration>{configuration}</configuration><status/></cib>"
    ))
    .unwrap();
    let (model, problems) = Model::build(&cib, Timestamp(1_700_000_000));
    let problems = problems.into_iter().filter(|problem| problem.severity > Severity::Caution);
    (model, problems.map(|problem| problem.text).collect())
}

/// A configuration in which nothing else is wrong.
fn with(options: &str, resources: &str, constraints: &str) -> String {
    format!(
        "<crm_config><cluster_property_set id='o'><nvpair id='o-1' name='fencing-enabled' \
         value='false'/>{options}</cluster_property_set></crm_config><nodes><node id='1' uname='n1'/>\
         </nodes><resources><primitive id='a' class='ocf' provider='p' type='t'/>{resources}\
         </resources><constraints>{constraints}</constraints>"
    )
}

fn problems(options: &str, resources: &str, constraints: &str) -> Vec<String> {
    build(&with(options, resources, constraints)).1
}

#[test]
fn a_sound_configuration_has_no_problems() {
    assert_eq!(problems("", "", ""), [""; 0]);
}

#[test]
fn a_number_of_instances_is_bounded() {
    let clone = "<clone id='c'><meta_attributes id='m'><nvpair id='m-1' name='clone-max' \
                 value='1000000000'/></meta_attributes>\
                 <primitive id='b' class='ocf' provider='p' type='t'/></clone>";
    let (model, problems) = build(&with("", clone, ""));
    assert_eq!(
        problems,
        ["Using 1000 as clone-max of c because 1000000 is more than a cluster can run"]
    );
    let clone = model.resource_named("c").unwrap();
    assert_eq!(model.resources[clone].state.children.len(), 1000);
    let Variant::Clone(limits) = &model.resources[clone].variant else { panic!("it is a clone") };
    assert_eq!(limits.instances_max, 1000);
}

#[test]
fn a_number_of_replicas_is_bounded() {
    let bundle = "<bundle id='b'><docker image='i' replicas='2000000000'/>\
                  <network ip-range-start='192.0.2.1'/></bundle>";
    let (model, problems) = build(&with("", bundle, ""));
    assert_eq!(
        problems,
        ["Using 1000 as replicas of b because 2000000000 is more than a cluster can run"]
    );
    let bundle = model.resource_named("b").unwrap();
    let Variant::Bundle { replicas, .. } = &model.resources[bundle].variant else {
        panic!("it is a bundle")
    };
    assert_eq!(replicas.len(), 1000);
}

#[test]
fn options_that_make_no_sense_have_their_defaults() {
    let cases = [
        ("no-quorum-policy", "sometimes"),
        ("symmetric-cluster", "maybe"),
        ("placement-strategy", "random"),
        ("cluster-delay", "soon"),
        ("batch-limit", "many"),
        ("node-health-strategy", "healthy"),
        ("dc-deadtime", "x"),
        ("load-threshold", "x%"),
        ("fencing-action", "on"),
        ("fencing-max-attempts", "0"),
        ("shutdown-lock-limit", "x"),
        ("priority-fencing-delay", "x"),
        ("node-pending-timeout", "x"),
    ];
    for (name, value) in cases {
        let option = format!("<nvpair id='x' name='{name}' value='{value}'/>");
        let text =
            format!("Using default value for cluster option '{name}' because '{value}' is invalid");
        assert_eq!(problems(&option, "", ""), [text]);
    }
}

#[test]
fn options_that_make_sense_are_left_alone() {
    let cases = [
        ("stonith-watchdog-timeout", "-1"),
        ("load-threshold", "80%"),
        ("stonith-action", "poweroff"),
        ("fence-reaction", "panic"),
        ("pe-input-series-max", "-1"),
        ("migration-limit", "-1"),
        ("no-quorum-policy", "demote"),
        ("nobody-knows-this", "x"),
    ];
    for (name, value) in cases {
        let option = format!("<nvpair id='x' name='{name}' value='{value}'/>");
        assert_eq!(problems(&option, "", ""), [""; 0], "{name}");
    }
}

#[test]
fn meta_attributes_that_make_no_sense_are_named() {
    let resource = |name: &str, value: &str| {
        format!(
            "<primitive id='b' class='ocf' provider='p' type='t'><meta_attributes id='m'><nvpair \
             id='m-1' name='{name}' value='{value}'/></meta_attributes></primitive>"
        )
    };
    let cases = [
        (
            "priority",
            "x",
            "Using default (0) for resource b priority because 'x' is not a valid value",
        ),
        ("requires", "luck", "Resetting 'requires' for b to 'quorum' because 'luck' is not valid"),
        ("requires", "fencing", "b requires fencing but fencing is disabled"),
        (
            "target-role",
            "Master",
            "Ignoring 'target-role' for b because 'Promoted' only makes sense for promotable clones",
        ),
        ("target-role", "x", "Ignoring 'target-role' for b because 'x' is not valid"),
        (
            "multiple-active",
            "x",
            "x is not a valid value for multiple-active of b, using default of \"stop_start\"",
        ),
    ];
    for (name, value, text) in cases {
        assert_eq!(problems("", &resource(name, value), ""), [text]);
    }
}

#[test]
fn operations_that_make_no_sense_are_named() {
    let resource = |op: &str| {
        format!(
            "<primitive id='b' class='ocf' provider='p' type='t'><operations><op id='m' \
             name='monitor' interval='10s'/>{op}</operations></primitive>"
        )
    };
    let cases = [
        (
            "<op id='n' name='monitor' interval='10s'/>",
            "Operation n is duplicate of m (do not use same name and interval combination more than once per resource)",
        ),
        (
            "<op id='n' name='start' interval='10s'/>",
            "Ignoring n because start action cannot be recurring",
        ),
        (
            "<op id='n' name='monitor' interval='11s' role='x'/>",
            "Ignoring n role because x is not a valid role",
        ),
        (
            "<op id='n' name='stop' interval='0' on-fail='standby'/>",
            "Resetting 'on-fail' for b stop action to default value because 'standby' is not allowed for stop",
        ),
        (
            "<op id='n' name='start' interval='0' on-fail='demote'/>",
            "Resetting 'on-fail' for b start action to default value because 'demote' is not allowed for it",
        ),
        (
            "<op id='n' name='start' interval='0' on-fail='fence'/>",
            "Resetting 'on-fail' for start of b to 'stop' because 'fence' is not valid when fencing is disabled",
        ),
        (
            "<op id='n' name='start' interval='0' on-fail='x'/>",
            "Using default 'on-fail' for start of b because 'x' is not valid",
        ),
        (
            "<op id='n' name='monitor' interval='1h' interval-origin='x'/>",
            "Ignoring 'interval-origin' for operation 'n' because 'x' is not valid",
        ),
    ];
    for (op, text) in cases {
        assert_eq!(problems("", &resource(op), ""), [text]);
    }
}

#[test]
fn constraints_that_make_no_sense_are_named() {
    let cases = [
        (
            "<rsc_order id='o' first='a' first-action='break' then='a'/>",
            "Unknown action 'break' specified in order constraint 'o'",
        ),
        (
            "<rsc_order id='o' first='a' then='z'/>",
            "Ignoring constraint 'o' because 'z' is not a valid resource or tag",
        ),
        (
            "<rsc_colocation id='c' rsc='a' with-rsc='a' score='x'/>",
            "Ignoring colocation c because 'x' is not a valid score",
        ),
        ("<rsc_ticket id='t' rsc='a'/>", "Ignoring constraint 't' without ticket"),
        (
            "<rsc_location id='l' rsc-pattern='(' node='n1' score='1'/>",
            "Ignoring constraint 'l' because rsc-pattern has invalid value '('",
        ),
    ];
    for (constraint, text) in cases {
        let found = problems("", "", constraint);
        assert!(found.iter().any(|problem| problem == text), "{constraint}: {found:?}");
    }
}

#[test]
fn what_cannot_be_used_leaves_the_rest_usable() {
    let others = "<group id='g'/><primitive id='b' template='none'/><what id='w'/>\
                  <clone id='c'/><primitive class='ocf'/>";
    let (model, problems) = build(&with("", others, ""));
    for id in ["'g'", "'b'", "'w'", "'c'"] {
        assert!(problems.iter().any(|problem| problem.contains(id)), "{id}: {problems:?}");
    }
    assert!(model.resource_named("a").is_some());
}
