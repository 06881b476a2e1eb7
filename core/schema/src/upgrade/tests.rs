use super::*;

fn parse(schema: &str, parts: &str) -> Element {
    let part = |name: &str| match parts.contains(&format!("<{name}>")) {
        true => String::new(),
        false => format!("<{name}/>"),
    };
    let needed = ["crm_config", "nodes", "resources", "constraints"].map(part).concat();
    xml::parse(&format!(
        "<cib validate-with='pacemaker-{schema}' admin_epoch='0' epoch='1' num_updates='0'><configuration>\
         {needed}{parts}</configuration><status/></cib>"
    ))
    .unwrap()
}

fn climbed(schema: &str, parts: &str) -> (Element, Vec<String>) {
    let upgrade = upgrade(&parse(schema, parts), Schema::NEWEST);
    let (cib, reached) = upgrade.result.unwrap();
    assert_eq!((reached, cib.attr("validate-with")), (Schema::NEWEST, Some("pacemaker-4.0")));
    assert!(is_valid(&cib, Schema::NEWEST));
    let notes = upgrade.events.iter().filter(|event| matches!(event, Event::Note(_)));
    (cib, notes.map(Event::to_string).collect())
}

fn section(cib: &Element, name: &str) -> String {
    cib.descend(&["configuration", name]).map(|part| part.to_string()).unwrap_or_default()
}

#[test]
fn what_conforms_stays_as_it_is() {
    let cib = parse("1.0", "");
    let upgrade = upgrade(&cib, Schema::NEWEST);
    let (new, _) = upgrade.result.unwrap();
    assert_eq!(new, cib.with("validate-with", "pacemaker-4.0"));
    let steps = upgrade.events.iter().filter(|event| matches!(event, Event::Part { .. }));
    assert_eq!(steps.count(), 0);
}

#[test]
fn no_further_than_allowed() {
    let limit = Schema::new(3, 9);
    let (new, reached) = upgrade(&parse("2.5", ""), limit).result.unwrap();
    assert_eq!((reached, new.attr("validate-with")), (limit, Some("pacemaker-3.9")));
    let newer = parse("4.0", "");
    assert_eq!(upgrade(&newer, limit).result, Ok((newer, Schema::NEWEST)));
}

#[test]
fn what_cannot_be_done_says_so() {
    let result =
        |schema: &str, parts: &str| upgrade(&parse(schema, parts), Schema::NEWEST).result.err();
    assert_eq!(result("9.9", ""), Some(Failure::Unknown));
    assert_eq!(result("2.0", "<nonsense/>"), Some(Failure::Invalid));
    let set =
        "<crm_config><cluster_property_set id='a'/><cluster_property_set id-ref='b'/></crm_config>";
    assert_eq!(result("2.0", set), Some(Failure::Invalid), "b does not exist");
}

#[test]
fn a_document_that_claims_too_little_is_found_to_follow_more() {
    let (_, notes) = climbed("1.2", "<tags><tag id='t'><obj_ref id='t'/></tag></tags>");
    assert!(notes.is_empty());
}

#[test]
fn users_with_rights_get_roles() {
    let (cib, notes) = climbed(
        "1.2",
        "<acls><acl_user id='u'><read id='r' xpath='/cib' attribute='a'/></acl_user></acls>",
    );
    assert_eq!(
        section(&cib, "acls"),
        "<acls><acl_target id=\"u\"><role id=\"auto-u\"/></acl_target><acl_role id=\"auto-u\">\
         <acl_permission id=\"r\" kind=\"read\" xpath=\"/cib[@a]\"/></acl_role></acls>"
    );
    assert_eq!(notes.len(), 1);
}

#[test]
fn options_get_their_present_names_and_places() {
    let (cib, notes) = climbed(
        "2.0",
        "<crm_config><cluster_property_set id='s'><nvpair id='a' name='stonith_enabled' value='0'/>\
         <nvpair id='b' name='default-resource-stickiness' value='5'/>\
         <nvpair id='c' name='notification-agent' value='/x'/></cluster_property_set></crm_config>",
    );
    assert_eq!(
        section(&cib, "crm_config"),
        "<crm_config><cluster_property_set id=\"s\"><nvpair id=\"a\" name=\"stonith-enabled\" value=\"0\"/>\
         </cluster_property_set></crm_config>"
    );
    assert_eq!(
        section(&cib, "rsc_defaults"),
        "<rsc_defaults><meta_attributes id=\"_2TO3_-rsc-defaults\"><nvpair id=\"b\" name=\"resource-stickiness\" \
         value=\"5\"/></meta_attributes></rsc_defaults>"
    );
    assert_eq!(
        notes,
        [
            "DEBUG: Cluster properties: a: renaming stonith_enabled as stonith-enabled",
            "DEBUG: Cluster properties: b: moving default-resource-stickiness under rsc_defaults as \
             resource-stickiness unless already defined there",
            "INFO: Cluster properties: c: dropping notification-agent",
            "INFO: Cluster properties: ... standalone alerts can be configured instead",
        ]
    );
}

#[test]
fn an_isolated_resource_stays_stopped_whatever_stands_before() {
    // Pacemaker's own step loses the new role here, and would start the resource.
    let (cib, _) = climbed(
        "2.0",
        "<resources><primitive id='p' class='lsb' type='x'><meta_attributes id='m'>\
         <nvpair id='a' name='x' value='1'/><nvpair id='b' name='isolation' value='docker'/></meta_attributes>\
         </primitive></resources>",
    );
    assert!(section(&cib, "resources").contains("name=\"target-role\" value=\"Stopped\""));
}

#[test]
fn what_operations_require_is_said_of_the_resource() {
    let (cib, _) = climbed(
        "2.0",
        "<resources><primitive id='p' class='lsb' type='x'><operations>\
         <op id='a' name='start' interval='0' requires='nothing'/>\
         <op id='b' name='promote' interval='0' requires='quorum'/></operations></primitive></resources>",
    );
    let resources = section(&cib, "resources");
    let expected = "<meta_attributes id=\"_2TO3_p-meta\"><nvpair id=\"_2TO3_b-meta-requires\" name=\"requires\" \
                    value=\"quorum\"/></meta_attributes>";
    assert!(resources.contains(expected), "{resources}");
}

#[test]
fn sets_that_stand_for_others_survive_all_steps() {
    let parts = "<resources><primitive id='p' class='lsb' type='x'><meta_attributes id='m'>\
                 <nvpair id='a' name='x' value='1'/></meta_attributes></primitive>\
                 <primitive id='q' class='lsb' type='x'><meta_attributes id-ref='m'/></primitive>\
                 <master id='c'><primitive id='r' class='upstart' type='x'/></master></resources>";
    let (cib, notes) = climbed("2.0", parts);
    assert!(section(&cib, "resources").contains("<meta_attributes id-ref=\"m\"/>"));
    assert_eq!(
        notes,
        ["INFO: Dropping clone c because it would become empty"],
        "what is in it goes without saying"
    );
}

#[test]
fn the_first_copy_takes_the_place_of_what_is_gone() {
    let parts = "<resources><primitive id='p' class='upstart' type='x'><meta_attributes id='m'>\
                 <nvpair id='a' name='x' value='1'/></meta_attributes></primitive>\
                 <primitive id='q' class='lsb' type='x'><meta_attributes id-ref='m'/></primitive>\
                 <primitive id='r' class='lsb' type='x'><meta_attributes id-ref='m'/></primitive></resources>";
    let (cib, _) = climbed("3.0", parts);
    assert_eq!(
        section(&cib, "resources"),
        "<resources><primitive id=\"q\" class=\"lsb\" type=\"x\"><meta_attributes id=\"m\">\
         <nvpair id=\"a\" name=\"x\" value=\"1\"/></meta_attributes></primitive>\
         <primitive id=\"r\" class=\"lsb\" type=\"x\"><meta_attributes id-ref=\"m\"/></primitive></resources>"
    );
}

#[test]
fn references_that_lead_in_circles_or_to_floods_are_refused() {
    let circle = "<constraints><rsc_location id='l' rsc-pattern='x'><rule id='r' score='1'>\
                  <rule id-ref='r'/></rule></rsc_location></constraints>\
                  <resources><master id='m'><primitive id='p' class='lsb' type='x'/></master></resources>";
    let result = upgrade(&parse("3.10", circle), Schema::NEWEST).result;
    assert_eq!(result, Err(Failure::Step(Schema::NEWEST)));
    let mut rules =
        "<rule id='r0' score='1'><expression id='e' attribute='a' operation='defined'/></rule>"
            .to_owned();
    for level in 1..30 {
        let inner = format!("<rule id-ref='r{}'/>", level - 1).repeat(2);
        rules.push_str(&format!("<rule id='r{level}' score='1'>{inner}</rule>"));
    }
    let flood = circle.replace("<rule id='r' score='1'><rule id-ref='r'/></rule>", &rules);
    let result = upgrade(&parse("3.10", &flood), Schema::NEWEST).result;
    assert_eq!(result, Err(Failure::Step(Schema::NEWEST)));
}

#[test]
fn every_schema_of_a_major_version_allows_what_those_before_it_allow() {
    // The climb relies on it. What is allowed only until some schema is allowed until the last of its major version.
    let ends =
        |schema: Schema| schema.next().is_none_or(|next| next.needs_transformation_to(schema));
    let mut exceptions = Vec::new();
    for entry in crate::walk() {
        let mut forms = vec![&entry.element.form];
        while let Some(form) = forms.pop() {
            forms.extend(form.choices.iter().flat_map(|choice| choice.forms));
            let spans = form.attributes.iter().map(|known| (known.name, known.span));
            let children = form.children.iter().map(|known| (known.element.name, known.span));
            let own = [(entry.element.name, form.span)];
            for (name, span) in spans.chain(children).chain(own) {
                if !ends(span.until) {
                    exceptions.push(name);
                }
            }
        }
    }
    exceptions.sort_unstable();
    exceptions.dedup();
    // Later forms of the same take their places, and allow more.
    assert_eq!(exceptions, ["date_expression", "id"]);
}
