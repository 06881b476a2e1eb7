use super::*;

/// A CIB with something in one of its sections.
fn with(section: &str, inside: &str) -> Element {
    let part = |name: &str| match name == section {
        true => format!("<{name}>{inside}</{name}>"),
        false => format!("<{name}/>"),
    };
    let more = match section {
        "crm_config" | "nodes" | "resources" | "constraints" => String::new(),
        _ => part(section),
    };
    let text = format!(
        "<cib validate-with='pacemaker-4.0' admin_epoch='0' epoch='1' num_updates='0'><configuration>{}{}{}{}{more}\
         </configuration><status/></cib>",
        part("crm_config"),
        part("nodes"),
        part("resources"),
        part("constraints")
    );
    xml::parse(&text).unwrap()
}

fn schema(version: &str) -> Schema {
    Schema::from_name(&format!("pacemaker-{version}")).unwrap()
}

fn problems(section: &str, inside: &str, version: &str) -> Vec<String> {
    let cib = with(section, inside);
    let problems = validate(&cib, schema(version));
    assert_eq!(problems.is_empty(), is_valid(&cib, schema(version)), "{inside}");
    problems.iter().map(Problem::to_string).collect()
}

const DUMMY: &str = "<primitive id='a' class='ocf' provider='p' type='Dummy'/>";

/// What the schemas that Pacemaker has in RELAX NG say of these, as libxml2 2.9.14 reads them.
const VERDICTS: &[(&str, &str, &str)] = &[
    ("1.0 yes 4.0 yes", "resources", DUMMY),
    ("1.0 no 1.2 yes 4.0 yes", "resources", "<primitive id='a' class='systemd' type='x'/>"),
    ("1.0 yes 3.10 yes 4.0 no", "resources", "<primitive id='a' class='upstart' type='x'/>"),
    ("3.9 no 4.0 no", "resources", "<primitive id='a' class='ocf' type='x'/>"),
    ("4.0 no", "resources", "<primitive id='a' class='lsb' provider='p' type='x'/>"),
    ("4.0 yes", "resources", "<primitive id=' a ' class=' lsb ' type=''/>"),
    ("4.0 no", "resources", "<primitive id='a:b' class='lsb' type='x'/>"),
    ("4.0 no", "resources", "<primitive id='1' class='lsb' type='x'/>"),
    ("4.0 yes", "resources", "<primitive id='ü' class='lsb' type='x'/>"),
    ("4.0 no", "resources", "<primitive id='a' class='lsb' type='x'>text</primitive>"),
    ("4.0 yes", "resources", "<primitive id='a' class='lsb' type='x'> <!-- none --> </primitive>"),
    ("4.0 no", "resources", "<primitive id='a' template='a' class='lsb' type='x'/>"),
    ("1.0 no 1.2 yes", "resources", "<primitive id='a' template='a'/>"),
    ("4.0 no", "resources", "<primitive id='a' template='gone'/>"),
    ("4.0 no", "resources", "<group id='g'/>"),
    ("4.0 no", "resources", "<clone id='c'/>"),
    (
        "4.0 no",
        "resources",
        "<clone id='c'><primitive id='a' class='lsb' type='x'/><primitive id='b' class='lsb' type='x'/></clone>",
    ),
    (
        "1.0 yes 3.10 yes 4.0 no",
        "resources",
        "<master id='c'><primitive id='a' class='lsb' type='x'/></master>",
    ),
    ("2.7 no 2.8 yes 4.0 yes", "resources", "<bundle id='b'><docker image='i'/></bundle>"),
    ("2.9 no 2.10 yes 3.10 yes 4.0 no", "resources", "<bundle id='b'><rkt image='i'/></bundle>"),
    ("3.1 no 3.2 yes 4.0 yes", "resources", "<bundle id='b'><podman image='i'/></bundle>"),
    ("4.0 no", "resources", "<bundle id='b'><podman image='i'/><docker image='i'/></bundle>"),
    (
        "2.8 yes 3.10 yes 4.0 no",
        "resources",
        "<bundle id='b'><docker masters='1' image='i'/></bundle>",
    ),
    (
        "3.10 no",
        "resources",
        "<bundle id='b'><docker masters='1' promoted-max='1' image='i'/></bundle>",
    ),
    (
        "2.10 yes 3.0 no 3.1 yes",
        "resources",
        "<primitive id='a' class='lsb' type='x'><instance_attributes id='i'>\
             <nvpair id='n' name='pcmk_off_cmd' value='x'/></instance_attributes></primitive>",
    ),
    ("1.0 no 1.2 yes 4.0 yes", "nodes", "<node id='1' uname='n'/>"),
    ("1.0 yes 2.10 yes 3.0 no", "nodes", "<node id='1' uname='n' type='normal'/>"),
    ("3.10 yes 4.0 no", "nodes", "<node id='1' uname='n' type='ping'/>"),
    ("4.0 yes", "nodes", "<node id='1' uname='n' score='+INFINITY'/>"),
    ("4.0 no", "nodes", "<node id='1' uname='n' score='infinity'/>"),
    ("4.0 no", "nodes", "<node id='1' uname='n' score='1.5'/>"),
    (
        "2.10 yes 3.0 no 3.10 no 4.0 yes",
        "crm_config",
        "<cluster_property_set id='s'><nvpair id='n' name='stonith_enabled' value='1'/></cluster_property_set>",
    ),
    (
        "2.10 yes 3.0 no 4.0 yes",
        "crm_config",
        "<cluster_property_set id='s'><nvpair id='n' name='cluster-infrastructure' value='cman'/></cluster_property_set>",
    ),
    (
        "3.0 yes",
        "crm_config",
        "<cluster_property_set id='s'><nvpair id='n' name='cluster-infrastructure' value='corosync'/></cluster_property_set>",
    ),
    (
        "3.10 yes 4.0 no",
        "crm_config",
        "<cluster_property_set id='s'><nvpair id='n' name='stonith-action' value='poweroff'/></cluster_property_set>",
    ),
    (
        "4.0 no",
        "crm_config",
        "<cluster_property_set id='s'><nvpair id='n' name=' stonith-action ' value='off'/></cluster_property_set>",
    ),
    (
        "3.10 yes 4.0 no",
        "crm_config",
        "<cluster_property_set id='s'><nvpair id='n' name='x'/></cluster_property_set>",
    ),
    (
        "2.10 no 3.0 yes 3.10 yes 4.0 no",
        "crm_config",
        "<cluster_property_set id='s'><nvpair id='n' name='x' value='1'/><nvpair id-ref='n' name='y'/>\
             </cluster_property_set>",
    ),
    ("1.3 no 2.0 yes 4.0 yes", "acls", "<acl_target id='any thing'/>"),
    ("1.3 yes 2.0 no", "acls", "<acl_user id='u'><read id='r' xpath='/cib'/></acl_user>"),
    ("1.3 no", "acls", "<acl_user id='u'><read id='r' xpath='/cib'/><role_ref id='u'/></acl_user>"),
    ("3.2 no 3.3 yes 4.0 yes", "tags", "<tag id='t'><obj_ref id='77'/></tag>"),
    ("4.0 no", "tags", "<tag id='t'/>"),
    (
        "3.10 yes 4.0 no",
        "fencing-topology",
        "<fencing-level id='f' target='n' index='10' devices='a,b'/>",
    ),
    ("4.0 no", "fencing-topology", "<fencing-level id='f' target='n' index='0' devices='a'/>"),
    ("4.0 no", "fencing-topology", "<fencing-level id='f' target='n' index='1' devices='a,'/>"),
    (
        "4.0 no",
        "fencing-topology",
        "<fencing-level id='f' target='n' target-pattern='n' index='1' devices='a'/>",
    ),
    (
        "2.5 no 2.10 yes",
        "alerts",
        "<alert id='a' path='/x'><recipient id='r' value='v'/><meta_attributes id='m'/></alert>",
    ),
];

#[test]
fn what_is_allowed_and_what_is_not() {
    for (versions, section, inside) in VERDICTS {
        let words: Vec<&str> = versions.split(' ').collect();
        for pair in words.chunks(2) {
            let found = problems(section, inside, pair[0]);
            assert_eq!(found.is_empty(), pair[1] == "yes", "{} {inside}: {found:?}", pair[0]);
        }
    }
}

#[test]
fn rules_learned_things_at_different_times() {
    let rule = |inside: &str| {
        format!(
            "<rsc_location id='l' rsc-pattern='x'><rule id='r' score='1'>{inside}</rule></rsc_location>"
        )
    };
    for (versions, inside) in [
        ("2.6 yes 4.0 yes", "<expression id='e' attribute='a' operation='defined'/>"),
        ("2.6 no", ""),
        ("3.4 no 3.5 yes", "<op_expression id='e' name='monitor'/>"),
        ("3.4 no 3.5 yes", "<expression id='e' attribute='a' operation='eq' type='integer'/>"),
        ("2.8 no 2.9 yes", "<expression id='e' attribute='a' operation='eq' value-source='meta'/>"),
        ("3.8 no 3.9 yes", "<date_expression id='d' operation='in_range' start='2005'/>"),
        ("3.8 yes 3.9 yes", "<date_expression id='d' operation='in_range' end='2005'/>"),
        ("3.8 no 4.0 no", "<date_expression id='d' operation='gt' end='2005'/>"),
        (
            "3.8 no 3.9 yes",
            "<date_expression id='d' operation='in_range' end='2005'><duration id='x' days='1'/></date_expression>",
        ),
        (
            "3.10 yes 4.0 no",
            "<date_expression id='d' operation='date_spec'><date_spec id='x' moon='1'/></date_expression>",
        ),
    ] {
        let words: Vec<&str> = versions.split(' ').collect();
        for pair in words.chunks(2) {
            let found = problems("constraints", &rule(inside), pair[0]);
            assert_eq!(found.is_empty(), pair[1] == "yes", "{} {inside}: {found:?}", pair[0]);
        }
    }
    let two = "<rsc_location id='l' rsc-pattern='x'><rule id='r' score='1'>\
               <expression id='e' attribute='a' operation='defined'/></rule><rule id-ref='r'/></rsc_location>";
    assert!(problems("constraints", two, "3.10").is_empty());
    assert_eq!(
        problems("constraints", two, "4.0"),
        ["<rsc_location id=\"l\">: there is more than one <rule> in it"]
    );
}

#[test]
fn what_is_wrong_is_named_with_what_would_be_right() {
    for (section, inside, expected) in [
        (
            "resources",
            "<foo/>",
            "<resources>: <foo> must not be in it; inside can be <primitive>, <template>, <group>, <clone>, <bundle>",
        ),
        (
            "resources",
            "<primitive id='a' class='lsb'/>",
            "<primitive id=\"a\">: type is missing: any text",
        ),
        (
            "resources",
            "<primitive id='a'/>",
            "<primitive id=\"a\">: it needs class and provider and type, or class and type, or template",
        ),
        (
            "resources",
            "<group id='g'><clone id='c'/><primitive id='p' class='lsb' type='x'/></group>",
            "<group id=\"g\">: <clone> must not be in it; inside can be <instance_attributes>, <meta_attributes>, \
             <primitive>",
        ),
        ("resources", "<clone id='c'/>", "<clone id=\"c\">: it needs <primitive>, or <group>"),
        ("nodes", "<node id='1'/>", "<node id=\"1\">: uname is missing: any text"),
        (
            "nodes",
            "<node id='1' uname='n' type='ping'/>",
            "<node id=\"1\">: type=\"ping\" is not member, remote",
        ),
        (
            "constraints",
            "<rsc_location id='l' rsc='gone' node='n' score='5'/>",
            "<rsc_location id=\"l\">: rsc=\"gone\": there is no element with that id; it should be a resource, \
             template or tag",
        ),
        (
            "constraints",
            "<rsc_location id='l' rsc-pattern='x' node='n' score='5' foo='1'/>",
            "<rsc_location id=\"l\">: there is no attribute foo; it can have id, node, resource-discovery, role, rsc, \
             rsc-pattern, score",
        ),
        (
            "constraints",
            "<rsc_location id='l' rsc-pattern='x' rsc='l' node='n' score='5'/>",
            "<rsc_location id=\"l\">: rsc-pattern does not go with rsc",
        ),
        (
            "tags",
            "<tag id='t'><obj_ref id='t'/></tag><tag id='t'><obj_ref id='t'/></tag>",
            "<tag id=\"t\">: the id is that of another element, too",
        ),
    ] {
        assert_eq!(problems(section, inside, "4.0"), [expected]);
    }
}

#[test]
fn several_problems_are_all_named() {
    let found =
        problems("resources", "<foo/><primitive id='a' class='lsb' x='1'/><group id='a'/>", "4.0");
    assert_eq!(found.len(), 5, "{found:?}");
}

#[test]
fn what_a_wrong_element_is_called_counts_all_the_same() {
    let cib = with("resources", "<primitive id='a' class='lsb'/><primitive id='b' template='a'/>");
    assert_eq!(validate(&cib, Schema::NEWEST).len(), 1, "a exists, however wrong it is");
}

#[test]
fn the_root_is_checked() {
    let wrong = |cib: Element| validate(&cib, Schema::NEWEST).len();
    let cib = || with("resources", "");
    assert_eq!(wrong(cib()), 0);
    assert_eq!(wrong(cib().with("epoch", "many")), 1);
    assert_eq!(wrong(cib().with("epoch", "-1")), 1);
    assert_eq!(wrong(cib().with("epoch", "-0")), 0);
    assert_eq!(wrong(cib().with("nonsense", 1)), 1);
    assert_eq!(wrong(cib().with("have-quorum", "yes")), 1);
    assert_eq!(wrong(Element::new("foo")), 1);
    let mut reversed = cib();
    reversed.nodes_mut().reverse();
    assert_eq!(wrong(reversed), 1, "the status comes last");
    let mut empty = cib();
    empty.child_or_new("configuration").nodes_mut().clear();
    assert_eq!(wrong(empty), 4);
}

#[test]
fn a_cib_is_checked_by_what_it_says_it_follows() {
    let cib = || with("resources", "<foo/>");
    assert_eq!(check(&cib()).len(), 1);
    assert_eq!(check(&cib().with("validate-with", "none")), []);
    let unknown = check(&cib().with("validate-with", "pacemaker-9.9"));
    assert!(matches!(unknown[..], [Problem { fault: Fault::UnknownSchema(_), .. }]));
    let mut unsaid = cib();
    unsaid.remove_attr("validate-with");
    assert!(matches!(check(&unsaid)[..], [Problem { fault: Fault::UnsaidSchema, .. }]));
}

#[test]
fn no_depth_and_no_size_hurts() {
    let mut rule = Element::new("rule");
    for index in 0..50_000 {
        rule = Element::new("rule").with("id", format!("r{index}")).with_child(rule);
    }
    let mut cib = with("constraints", "");
    let location = Element::new("rsc_location").with("id", "l").with("rsc-pattern", "x");
    let constraints = cib.child_or_new("configuration").child_or_new("constraints");
    constraints.push(location.with_child(rule));
    assert_eq!(validate(&cib, Schema::NEWEST).len(), 1, "only the innermost is wrong");
    let mut many = with("resources", "");
    let resources = many.child_or_new("configuration").child_or_new("resources");
    (0..5000).for_each(|_| resources.push(Element::new("primitive")));
    assert_eq!(validate(&many, Schema::NEWEST).len(), MOST_PROBLEMS);
}

#[test]
fn references_that_mean_nothing_are_found_though_they_are_allowed() {
    let found = |section: &str, inside: &str| {
        let cib = with(section, inside);
        assert_eq!(validate(&cib, Schema::NEWEST), []);
        astray(&cib, Schema::NEWEST).iter().map(Problem::to_string).collect::<Vec<_>>()
    };
    let location = "<rsc_location id='l' rsc='l' node='n' score='1'/>";
    assert_eq!(
        found("constraints", location),
        [
            "<rsc_location id=\"l\">: rsc=\"l\" is a <rsc_location>, and should be a resource, template or tag"
        ]
    );
    let set = "<meta_attributes id='m'/>";
    let resources = |set: &str, other: &str| {
        format!("<primitive id='p' class='lsb' type='x'>{set}<{other} id-ref='m'/></primitive>")
    };
    assert_eq!(found("resources", &resources(set, "meta_attributes")).len(), 0);
    assert_eq!(found("resources", &resources(set, "instance_attributes")).len(), 1);
}
