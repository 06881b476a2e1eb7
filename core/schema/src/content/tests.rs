use super::*;

fn cib(resources: &str, constraints: &str) -> Element {
    let text = format!(
        "<cib validate-with='pacemaker-3.9' admin_epoch='0' epoch='1' num_updates='0'><configuration>\
         <crm_config/><nodes/><resources>{resources}</resources><constraints>{constraints}</constraints>\
         </configuration><status/></cib>"
    );
    xml::parse(&text).unwrap()
}

const DUMMY: &str = "<primitive id='a' class='ocf' provider='p' type='Dummy'/>";

fn section<'a>(cib: &'a mut Element, name: &str) -> &'a mut Element {
    cib.child_or_new("configuration").child_or_new(name)
}

fn insert(cib: &mut Element, name: &str, child: &str) {
    section(cib, name).push(xml::parse(child).unwrap());
}

#[test]
fn without_a_schema_anything_goes() {
    let mut cib = cib("<foo/>", "").with("validate-with", "none");
    let mut content = Content::check(&cib).unwrap();
    let old = cib.clone();
    cib.set("validate-with", "pacemaker-3.9");
    assert!(content.change(&old, &cib).is_err());
}

#[test]
fn a_change_is_checked_by_what_changed() {
    let first = cib(DUMMY, "");
    let mut content = Content::check(&first).unwrap();
    let mut second = first.clone();
    let group = "<group id='g'><primitive id='b' class='lsb' type='x'/></group>";
    insert(&mut second, "resources", group);
    insert(&mut second, "constraints", "<rsc_order id='o' first='a' then='g'/>");
    content.change(&first, &second).unwrap();

    let mut duplicate = second.clone();
    insert(&mut duplicate, "resources", "<primitive id='b' class='lsb' type='y'/>");
    let problem = content.change(&second, &duplicate).unwrap_err();
    assert_eq!((problem.place.id.as_deref(), problem.fault), (Some("b"), Fault::DuplicateId));

    let mut dangling = second.clone();
    section(&mut dangling, "resources").nodes_mut().remove(0);
    let problem = content.change(&second, &dangling).unwrap_err();
    assert!(matches!(problem.fault, Fault::Dangling { id, .. } if id == "a"));

    let mut wrong = second.clone();
    insert(&mut wrong, "resources", "<primitive id='c' class='lsb'/>");
    assert!(content.change(&second, &wrong).is_err());

    let mut third = second.clone();
    section(&mut third, "constraints").nodes_mut().clear();
    content.change(&second, &third).unwrap();
    let mut fourth = third.clone();
    section(&mut fourth, "resources").nodes_mut().remove(0);
    content.change(&third, &fourth).unwrap();

    let full = Content::check(&fourth).unwrap();
    assert_eq!((content.ids, content.references), (full.ids, full.references));
}

#[test]
fn sections_that_change_places_are_counted_once() {
    let mut first = cib(DUMMY, "");
    let mut content = Content::check(&first).unwrap();
    let before = first.clone();
    first.child_or_new("configuration").nodes_mut().reverse();
    content.change(&before, &first).unwrap();
    assert_eq!(content.ids.values().collect::<Vec<_>>(), [&1]);
}

#[test]
fn renaming_keeps_the_counts_right() {
    let first = cib(DUMMY, "");
    let mut content = Content::check(&first).unwrap();
    let mut second = first.clone();
    section(&mut second, "resources").element_mut(0).unwrap().set("id", "z");
    content.change(&first, &second).unwrap();
    assert_eq!(content.ids.keys().collect::<Vec<_>>(), ["z"]);
}

#[test]
fn another_schema_is_another_check() {
    let master = "<master id='m'><primitive id='p' class='lsb' type='x'/></master>";
    let first = cib(master, "");
    let mut content = Content::check(&first).unwrap();
    let newer = first.clone().with("validate-with", "pacemaker-4.0");
    assert!(content.change(&first, &newer).is_err(), "there are no masters in it");
    assert!(content.change(&first, &first.clone().with("epoch", 2)).is_ok());
}

#[test]
fn the_status_is_nobodys_business() {
    let first = cib(DUMMY, "");
    let mut content = Content::check(&first).unwrap();
    let mut second = first.clone();
    second.child_or_new("status").push(xml::parse("<anything id='a'><goes/></anything>").unwrap());
    content.change(&first, &second).unwrap();
}
