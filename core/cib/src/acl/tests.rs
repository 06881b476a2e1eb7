//! What users can and cannot do, whatever they try.

use std::sync::Arc;

use messages::cib::{CallOptions, Failure, Operation, Request};
use xml::{Element, patchset::Patchset};

use super::*;
use crate::{Document, Performed, Source, Stamp};

mod random;

const CIB: &str = "<cib crm_feature_set='3.16.1' validate-with='pacemaker-3.9' epoch='5' \
    num_updates='0' admin_epoch='0'><configuration><crm_config><cluster_property_set \
    id='options'><nvpair id='acl' name='enable-acl' value='true'/></cluster_property_set>\
    </crm_config><nodes/><resources><primitive id='web' class='ocf' provider='heartbeat' \
    type='apache'><instance_attributes id='web-params'><nvpair id='web-port' name='port' \
    value='80'/></instance_attributes><meta_attributes id='web-meta'><nvpair id='web-role' \
    name='target-role' value='Started'/></meta_attributes></primitive><primitive id='fence' \
    class='stonith' type='fence_ipmilan'><instance_attributes id='fence-params'><nvpair \
    id='fence-user' name='login' value='admin'/><nvpair id='fence-password' name='password' \
    value='secret'/></instance_attributes></primitive><group id='group'><primitive id='one' \
    class='lsb' type='a'/><primitive id='two' class='lsb' type='b'/></group></resources>\
    <constraints><rsc_location id='here' rsc='web' node='n1' score='5'/></constraints><acls>\
    <acl_role id='observer'><acl_permission id='o1' kind='read' xpath='/cib'/><acl_permission \
    id='o2' kind='deny' xpath=\"//nvpair[@name='password']\"/></acl_role><acl_role \
    id='operator'><acl_permission id='p1' kind='write' \
    xpath=\"//meta_attributes/nvpair[@name='target-role']\"/></acl_role><acl_role \
    id='resources'><acl_permission id='r1' kind='write' \
    xpath='/cib/configuration/resources'/><acl_permission id='r2' kind='deny' \
    reference='fence'/></acl_role><acl_role id='narrow'><acl_permission id='n1' kind='read' \
    reference='web-params'/><acl_permission id='n2' kind='read' reference='fence-user'/></acl_role>\
    <acl_role id='location'><acl_permission id='l1' kind='write' reference='here'/></acl_role>\
    <acl_role id='types'><acl_permission id='t1' kind='write' \
    xpath=\"//primitive[@type='a']\"/></acl_role><acl_role id='all'><acl_permission id='a1' \
    kind='write' xpath='/cib'/></acl_role><acl_role id='single'><acl_permission id='w1' \
    kind='write' reference='one'/></acl_role>\
    <acl_target id='reader'><role id='observer'/></acl_target>\
    <acl_target id='operator-user' name='op'><role id='observer'/><role id='operator'/></acl_target>\
    <acl_target id='builder'><role id='observer'/><role id='resources'/></acl_target>\
    <acl_target id='blinkered'><role id='narrow'/></acl_target>\
    <acl_target id='mover'><role id='observer'/><role id='location'/></acl_target>\
    <acl_target id='typist'><role id='observer'/><role id='types'/></acl_target>\
    <acl_target id='oner'><role id='observer'/><role id='single'/></acl_target>\
    <acl_target id='chief'><role id='all'/></acl_target>\
    <acl_group id='wheel'><role id='all'/></acl_group></acls></configuration><status/></cib>";

/// A cluster whose users try things.
struct Try(Document);

impl Try {
    fn new() -> Self {
        let document = Document::new(xml::parse(CIB).unwrap());
        assert_eq!(document.violation(), None);
        Self(document)
    }

    fn perform(&mut self, user: &str, groups: &[&str], mut request: Request) -> Performed {
        request.user = Some(user.to_owned());
        let groups: Vec<String> = groups.iter().map(|&group| group.to_owned()).collect();
        let now = LocalTime { moment: vocab::Timestamp(1_800_000_000), utc_offset_seconds: 0 };
        let stamp = Stamp { origin: None, written: "now" };
        let circumstances = Circumstances { now, groups: &groups };
        self.0.perform(&request, Source::Client, stamp, circumstances)
    }

    fn result(&mut self, user: &str, request: Request) -> Result<(), Failure> {
        self.perform(user, &[], request).result
    }

    /// Asserts that a request is refused and that nothing came of it.
    fn refused(&mut self, user: &str, request: Request) {
        let before = Arc::clone(self.0.root());
        let described = format!("{request:?}");
        let performed = self.perform(user, &[], request);
        assert_eq!(performed.result, Err(Failure::AccessDenied), "{user}: {described}");
        assert!(Arc::ptr_eq(&before, self.0.root()));
        assert!(performed.output.is_none_or(|output| !output.to_compact().contains("secret")));
    }

    fn text(&self) -> String {
        self.0.root().to_compact()
    }

    fn query(&mut self, user: &str, section: Option<&str>) -> Option<String> {
        self.perform(user, &[], Request::query(section)).output.map(|found| found.to_compact())
    }

    /// The whole document, changed as text.
    fn replacement(&self, from: &str, to: &str) -> Request {
        let text = self.text();
        assert!(text.contains(from), "{from} is in the document");
        Request::change(Operation::Replace, None, xml::parse(&text.replace(from, to)).unwrap())
    }
}

fn change(operation: Operation, section: &str, data: &str) -> Request {
    Request::change(operation, Some(section), xml::parse(data).unwrap())
}

fn by_xpath(operation: Operation, expression: &str, data: &str) -> Request {
    let mut request = change(operation, expression, data);
    request.options = CallOptions::XPATH;
    request
}

#[test]
fn what_is_not_readable_is_not_there() {
    let mut tried = Try::new();
    let all = tried.query("reader", None).unwrap();
    assert!(
        all.contains("fence-user") && !all.contains("secret") && !all.contains("fence-password")
    );
    let params = tried.query("blinkered", Some("resources")).unwrap();
    assert_eq!(
        params,
        "<resources><primitive id=\"web\"><instance_attributes id=\"web-params\"><nvpair \
         id=\"web-port\" name=\"port\" value=\"80\"/></instance_attributes></primitive><primitive \
         id=\"fence\"><instance_attributes id=\"fence-params\"><nvpair id=\"fence-user\" \
         name=\"login\" value=\"admin\"/></instance_attributes></primitive></resources>"
    );
    let root = tried.query("blinkered", None).unwrap();
    assert!(root.starts_with("<cib><configuration><resources>"), "{root}");
    let nothing = tried.perform("nobody", &[], Request::query(None));
    assert_eq!((nothing.result, nothing.output), (Err(Failure::AccessDenied), None));
    for free in ["root", "hacluster"] {
        assert!(tried.query(free, None).unwrap().contains("secret"));
    }
}

#[test]
fn predicates_do_not_see_more_than_their_user() {
    let mut tried = Try::new();
    for guess in [
        "//nvpair[@value='secret']",
        "//primitive[.//nvpair[starts-with(@value,'s')]]",
        "//nvpair[following-sibling::nvpair/@value='secret']",
        "//nvpair[@name='password']/..",
    ] {
        let asked = tried.result("reader", Request::query_xpath(guess));
        assert_eq!(asked, Err(Failure::NotFound), "{guess}");
        let asked = tried.result("root", Request::query_xpath(guess));
        assert_eq!(asked, Ok(()), "{guess}");
    }
}

#[test]
fn changes_do_not_tell_what_is_hidden() {
    let mut tried = Try::new();
    for (value, of_whom) in [("secret", "right"), ("wrong", "wrong")] {
        let before = tried.text();
        let pair = format!("<nvpair id='fence-password' name='password' value='{value}'/>");
        let by_value = format!("<nvpair name='password' value='{value}'/>");
        let predicate = format!("//primitive[.//nvpair[@value='{value}']]");
        let inside = format!(
            "<primitive id='fence'><instance_attributes id='fence-params'>{pair}\
             </instance_attributes></primitive>"
        );
        let mut results = Vec::new();
        for user in ["reader", "builder", "blinkered"] {
            results.push([
                tried.result(user, change(Operation::Modify, "resources", &pair)),
                tried.result(user, change(Operation::Modify, "resources", &inside)),
                tried.result(user, change(Operation::Replace, "resources", &pair)),
                tried.result(user, change(Operation::Delete, "resources", &by_value)),
                tried.result(user, by_xpath(Operation::Delete, &predicate, "<x/>")),
                tried.result(
                    user,
                    by_xpath(Operation::Modify, &predicate, "<primitive id='fence'/>"),
                ),
                tried.result(
                    user,
                    by_xpath(Operation::Replace, &predicate, "<primitive id='fence'/>"),
                ),
            ]);
        }
        let (denied, unfound) = (Err(Failure::AccessDenied), Err(Failure::NotFound));
        let expected = [denied, denied, denied, Ok(()), Ok(()), unfound, unfound];
        assert_eq!(results, [expected; 3], "the {of_whom} guess");
        assert_eq!(tried.text(), before);
    }
}

#[test]
fn a_replacement_that_repeats_what_is_hidden_tells_nothing() {
    let mut tried = Try::new();
    for value in ["secret", "wrong"] {
        let params = format!(
            "<instance_attributes id='fence-params'><nvpair id='fence-user' name='login' \
             value='admin'/><nvpair id='fence-password' name='password' value='{value}'/>\
             </instance_attributes>"
        );
        for user in ["reader", "blinkered"] {
            tried.refused(user, change(Operation::Replace, "resources", &params));
        }
        let modified = format!(
            "<diff format='2'><change operation='modify' path=\"/cib/configuration/resources/\
             primitive[@id='fence']/instance_attributes[@id='fence-params']/\
             nvpair[@id='fence-password']\"><change-list/><change-result><nvpair \
             id='fence-password' name='password' value='{value}'/></change-result></change></diff>"
        );
        let patch = xml::parse(&modified).unwrap();
        tried.refused("reader", Request::change(Operation::ApplyPatch, None, patch));
    }
}

#[test]
fn what_was_granted_works() {
    let mut tried = Try::new();
    let stop = "<nvpair id='web-role' name='target-role' value='Stopped'/>";
    assert_eq!(tried.result("op", change(Operation::Modify, "resources", stop)), Ok(()));
    assert!(tried.text().contains("value=\"Stopped\""));
    let meta = "<primitive id='one'><meta_attributes id='one-meta'><nvpair id='one-role' \
                name='target-role' value='Stopped'/></meta_attributes></primitive>";
    assert_eq!(tried.result("op", change(Operation::Modify, "resources", meta)), Ok(()));
    let gone = "<nvpair id='one-role'/>";
    assert_eq!(tried.result("op", change(Operation::Delete, "resources", gone)), Ok(()));
    let dummy = "<primitive id='new' class='lsb' type='x'/>";
    assert_eq!(tried.result("builder", change(Operation::Create, "resources", dummy)), Ok(()));
    assert_eq!(tried.result("chief", Request::new(Operation::Bump)), Ok(()));
    assert_eq!(tried.perform("ann", &["wheel"], Request::new(Operation::Bump)).result, Ok(()));
    tried.refused("ann", Request::new(Operation::Bump));
}

#[test]
fn what_was_not_granted_does_not() {
    let mut tried = Try::new();
    for user in ["reader", "op", "builder", "blinkered", "mover", "nobody"] {
        tried.refused(user, Request::new(Operation::Bump));
        tried.refused(user, Request::new(Operation::Erase));
        let epoch = change(Operation::Modify, "all", "<cib epoch='9'/>");
        assert!(tried.result(user, epoch).is_err());
        let role = "<acl_target id='me'><role id='all'/></acl_target>";
        tried.refused(user, change(Operation::Create, "acls", role));
        let off = "<nvpair id='acl' name='enable-acl' value='false'/>";
        assert!(tried.result(user, change(Operation::Modify, "crm_config", off)).is_err());
    }
    assert_eq!(tried.text(), Try::new().text());
}

#[test]
fn another_id_is_another_element() {
    let mut tried = Try::new();
    tried.refused("builder", tried.replacement("primitive id=\"fence\"", "primitive id=\"mine\""));
    tried.refused("mover", tried.replacement("id=\"here\"", "id=\"there\""));
    let renamed = change(Operation::Modify, "resources", "<primitive id='one' type='z'/>");
    assert_eq!(tried.result("oner", renamed), Ok(()));
    tried.refused("oner", tried.replacement("primitive id=\"one\"", "primitive id=\"uno\""));
}

#[test]
fn what_may_be_written_does_not_become_something_else() {
    let mut tried = Try::new();
    let other = "<nvpair id='web-role' name='is-managed' value='false'/>";
    tried.refused("op", change(Operation::Modify, "resources", other));
    tried.refused("op", tried.replacement("name=\"target-role\"", "name=\"is-managed\""));
    // Nor does something else become what may be written.
    let into = "<primitive id='two' type='a'/>";
    tried.refused("typist", change(Operation::Modify, "resources", into));
    tried.refused("typist", tried.replacement("type=\"b\"", "type=\"a\""));
    tried.refused("op", tried.replacement("name=\"port\"", "name=\"target-role\""));
}

#[test]
fn moving_is_writing() {
    let mut tried = Try::new();
    let (one, two) = (
        "<primitive id=\"one\" class=\"lsb\" type=\"a\"/>",
        "<primitive id=\"two\" class=\"lsb\" type=\"b\"/>",
    );
    let swapped = |tried: &Try| tried.replacement(&format!("{one}{two}"), &format!("{two}{one}"));
    for user in ["reader", "op", "mover"] {
        tried.refused(user, swapped(&tried));
    }
    // Out of the group, to where the user may not write.
    let out = tried
        .replacement(&format!("<group id=\"group\">{one}"), &format!("{one}<group id=\"group\">"));
    tried.refused("oner", out);
    let fence_into_group = {
        let text = tried.text();
        let start = text.find("<primitive id=\"fence\"").unwrap();
        let end = start + text[start..].find("</primitive>").unwrap() + "</primitive>".len();
        let moved = format!("{}{}", &text[..start], &text[end..])
            .replace("</group>", &format!("{}</group>", &text[start..end]));
        Request::change(Operation::Replace, None, xml::parse(&moved).unwrap())
    };
    tried.refused("builder", fence_into_group);
    assert_eq!(tried.result("builder", swapped(&tried)), Ok(()));
}

#[test]
fn moves_by_patch_are_moves() {
    let mut tried = Try::new();
    let patch = "<diff format='2'><change operation='move' path=\"/cib/configuration/resources/\
                 group[@id='group']/primitive[@id='two']\" position='0'/></diff>";
    let patch = || Request::change(Operation::ApplyPatch, None, xml::parse(patch).unwrap());
    tried.refused("reader", patch());
    tried.refused("op", patch());
    assert_eq!(tried.result("builder", patch()), Ok(()));
}

#[test]
fn a_denial_inside_is_not_removed_with_what_it_is_in() {
    let mut tried = Try::new();
    tried.refused("builder", change(Operation::Delete, "configuration", "<resources/>"));
    tried.refused("builder", change(Operation::Replace, "resources", "<resources/>"));
    // What is not seen is not found either.
    let before = tried.text();
    let unseen = by_xpath(Operation::Delete, "//primitive[@id='fence']", "<x/>");
    assert_eq!((tried.result("builder", unseen), tried.text()), (Ok(()), before));
    let all = by_xpath(Operation::Delete, "//resources", "<x/>");
    tried.refused("builder", all.with_options(CallOptions::MULTIPLE));
}

#[test]
fn the_whole_document_is_judged_part_by_part() {
    let mut tried = Try::new();
    assert_eq!(tried.result("op", tried.replacement("Started", "Stopped")), Ok(()));
    tried.refused("op", tried.replacement("epoch=\"6\"", "epoch=\"7\""));
    tried.refused("op", tried.replacement("value=\"80\"", "value=\"81\""));
    tried.refused("op", tried.replacement(" provider=\"heartbeat\"", ""));
    tried.refused("op", tried.replacement("<nodes/>", "<nodes><!-- x --></nodes>"));
    let empty = Request::change(Operation::Replace, None, crate::empty(99));
    tried.refused("builder", empty);
    // What the user sees is not the whole: putting it back would remove the rest.
    let seen = tried.perform("builder", &[], Request::query(None)).output.unwrap();
    tried.refused("builder", Request::change(Operation::Replace, None, Element::clone(&seen)));
}

#[test]
fn patches_are_judged_part_by_part() {
    let mut tried = Try::new();
    let patch_to = |tried: &Try, from: &str, to: &str| {
        let new = xml::parse(&tried.text().replace(from, to)).unwrap();
        let mut patch = Patchset::between(tried.0.root(), &new).unwrap().unwrap();
        patch.versions = None;
        Request::change(Operation::ApplyPatch, None, patch.to_element())
    };
    tried.refused("op", patch_to(&tried, "value=\"80\"", "value=\"81\""));
    tried.refused(
        "op",
        patch_to(&tried, "value=\"Started\"/>", "value=\"Started\"/><nvpair id=\"n\" name=\"x\"/>"),
    );
    let secret = "<nvpair id=\"fence-password\" name=\"password\" value=\"secret\"/>";
    tried.refused("builder", patch_to(&tried, secret, ""));
    tried.refused("builder", patch_to(&tried, "secret", "mine"));
    assert_eq!(tried.result("op", patch_to(&tried, "Started", "Stopped")), Ok(()));
}

#[test]
fn the_digest_of_a_patch_may_be_of_what_is_seen() {
    let mut tried = Try::new();
    let seen = tried.perform("op", &[], Request::query(None)).output.unwrap();
    let new = xml::parse(&seen.to_compact().replace("Started", "Stopped")).unwrap();
    let mut patch = Patchset::between(&seen, &new).unwrap().unwrap().with_digest(&seen, &new);
    patch.versions = None;
    let mut wrong = patch.clone();
    wrong.digest = Some("0".repeat(32));
    let request =
        |patch: &Patchset| Request::change(Operation::ApplyPatch, None, patch.to_element());
    assert_eq!(tried.result("op", request(&wrong)), Err(Failure::DiffFailed));
    assert_eq!(tried.result("op", request(&patch)), Ok(()));
}

#[test]
fn scaffolding_leads_somewhere() {
    let mut tried = Try::new();
    for (section, data) in [
        ("tags", "<tags><tag id='t'><obj_ref id='web'/></tag></tags>"),
        ("resources", "<primitive id='web'><operations/></primitive>"),
        ("resources", "<primitive id='web'><meta_attributes id='more'/></primitive>"),
        (
            "resources",
            "<primitive id='web'><meta_attributes id='more'><nvpair id='x' \
                       name='is-managed' value='0'/></meta_attributes></primitive>",
        ),
        (
            "constraints",
            "<rsc_location id='here'><resource_set id='set'><resource_ref id='web'/>\
                         </resource_set></rsc_location>",
        ),
        ("acls", "<acl_target id='reader'><role id='all'/></acl_target>"),
    ] {
        tried.refused("op", change(Operation::Modify, section, data));
    }
}

#[test]
fn a_reference_is_to_one_element_and_not_to_its_name() {
    let mut tried = Try::new();
    let moved = "<rsc_location id='here' rsc='web' node='n2' score='5'/>";
    assert_eq!(tried.result("mover", change(Operation::Replace, "constraints", moved)), Ok(()));
    // Whoever may write one element must not make another one of the same id, above all not one that grants more.
    let text = tried.text();
    let start = text.find("<rsc_location").unwrap();
    let end = start + text[start..].find("/>").unwrap() + 2;
    let without = format!("{}{}", &text[..start], &text[end..]);
    let target = "<acl_target id=\"here\" name=\"mover\"><role id=\"all\"/></acl_target></acls>";
    let swapped = without.replace("</acls>", target);
    let swapped = Request::change(Operation::Replace, None, xml::parse(&swapped).unwrap());
    tried.refused("mover", swapped);
    let alert = "<alerts><alert id=\"here\" path=\"/bin/x\"/></alerts></configuration>";
    let swapped = without.replace("</configuration>", alert);
    tried
        .refused("mover", Request::change(Operation::Replace, None, xml::parse(&swapped).unwrap()));
}

#[test]
fn transactions_are_judged_step_by_step() {
    let mut tried = Try::new();
    let step = |data: &str| change(Operation::Modify, "resources", data);
    let stop = "<nvpair id='web-role' name='target-role' value='Stopped'/>";
    let port = "<nvpair id='web-port' name='port' value='81'/>";
    tried.refused("op", Request::commit(&[step(stop), step(port)]));
    // Forth and back is as little allowed as forth alone.
    let back = "<nvpair id='web-port' name='port' value='80'/>";
    tried.refused("op", Request::commit(&[step(port), step(back)]));
    let granted = "<acl_target id='operator-user'><role id='all'/></acl_target>";
    let grant = change(Operation::Modify, "acls", granted);
    tried.refused("op", Request::commit(&[grant, step(port)]));
    let mut as_root = step(port);
    as_root.user = Some("root".into());
    tried.refused("op", Request::commit(&[as_root]));
    assert_eq!(tried.result("op", Request::commit(&[step(stop), step(stop)])), Ok(()));
}

#[test]
fn a_failure_shows_no_more_than_a_query() {
    let mut tried = Try::new();
    let broken = "<nonsense id='new'/>";
    let performed = tried.perform("builder", &[], change(Operation::Create, "resources", broken));
    assert_eq!(performed.result, Err(Failure::SchemaValidation));
    let shown = performed.output.unwrap().to_compact();
    assert!(shown.contains("nonsense") && !shown.contains("secret"), "{shown}");
}

#[test]
fn nothing_is_judged_while_access_control_is_off() {
    let mut tried = Try::new();
    let off = "<nvpair id='acl' name='enable-acl' value='false'/>";
    assert_eq!(tried.result("root", change(Operation::Modify, "crm_config", off)), Ok(()));
    assert_eq!(tried.result("nobody", Request::new(Operation::Bump)), Ok(()));
    assert!(tried.query("nobody", None).unwrap().contains("secret"));
}

#[test]
fn verdicts_say_what_was_decided() {
    let mut tried = Try::new();
    let mut said = |user: &str, request: Request| -> Vec<String> {
        tried.perform(user, &[], request).verdicts.iter().map(ToString::to_string).collect()
    };
    let dummy = "<primitive id='new' class='lsb' type='x'/>";
    let create = || change(Operation::Create, "resources", dummy);
    let denied = "denies user";
    assert_eq!(
        said("nobody", create()),
        [
            format!(
                "Lack of ACL {denied} 'nobody' read/write access to /cib/configuration/resources/primitive[@id='new']"
            ),
            "ACLs disallow creation of <primitive> with id=\"new\"".to_owned(),
        ]
    );
    assert_eq!(said("builder", create()), ["ACLs allow creation of <primitive> with id=\"new\""]);
    let port = "<nvpair id='web-port' name='port' value='81'/>";
    assert_eq!(
        said("reader", change(Operation::Modify, "resources", port)),
        [format!(
            "Default ACL {denied} 'reader' read/write access to /cib/configuration/resources/\
             primitive[@id='web']/instance_attributes[@id='web-params']/nvpair[@id='web-port'][@value]"
        )]
    );
}

#[test]
fn access_is_rendered_in_every_form() {
    let cib = Arc::new(
        xml::parse(
            "<cib epoch='1'><configuration><a/><acls><acl_target id='u'><acl_permission id='1' \
             kind='read' xpath='/cib'/><acl_permission id='2' kind='deny' xpath='//acls'/></acl_target>\
             </acls></configuration></cib>",
        )
        .unwrap(),
    );
    let permissions = Permissions::of(&cib, "u", &[]);
    let shown = |form| render(&cib, "u", &permissions, form);
    let text = shown(Form::Text);
    assert!(
        text.contains("vvv---[ READABLE ]---vvv\n<cib epoch=\"1\">\n  <configuration>"),
        "{text}"
    );
    assert!(text.contains("<a/>\n    \n    vvv---[ ~DENIED~ ]---vvv\n    <acls>"), "{text}");
    let names = shown(Form::Namespace);
    assert!(names.contains("<pcmk-access-readable:cib epoch=\"1\" xmlns:pcmk-access-readable="));
    assert!(
        names.contains("</pcmk-access-denied:acls>") && !names.contains("pcmk-access-writable")
    );
    let color = shown(Form::Color);
    assert!(color.contains("\x1b[34m<a/>\x1b[0m") && color.ends_with("\x1b[34m</cib>\x1b[0m"));
}
