use super::*;
use crate::empty;

const STAMP: Stamp<'_> = Stamp { origin: Some("a"), written: "Sat Nov 21 00:00:00 2026" };
/// Nothing but the time.
const CIRCUMSTANCES: Circumstances<'_> = Circumstances {
    now: rules::LocalTime { moment: vocab::Timestamp(1_800_000_000), utc_offset_seconds: 0 },
    groups: &[],
};
const DUMMY: &str = "<primitive id='d' class='ocf' provider='pacemaker' type='Dummy'/>";

fn document() -> Document {
    Document::new(empty(0))
}

fn change(operation: Operation, section: Option<&str>, data: &str) -> Request {
    Request::change(operation, section, xml::parse(data).unwrap())
}

fn run(document: &mut Document, request: &Request) -> Performed {
    document.perform(request, Source::Client, STAMP, CIRCUMSTANCES)
}

fn version(document: &Document) -> String {
    document.version().to_string()
}

#[test]
fn what_pacemaker_does_not_notice_is_kept_all_the_same() {
    let mut document = document();
    let copied =
        change(Operation::Modify, Some("resources"), DUMMY).with_options(CallOptions::CAN_CREATE);
    let performed = run(&mut document, &copied);
    assert!(performed.configuration_changed, "it has to be put on disk");
    assert_eq!(version(&document), "0.0.1");
    let bare = change(Operation::Create, Some("configuration"), "<tags/>");
    let performed = run(&mut document, &bare);
    assert!(performed.configuration_changed && performed.patch.is_none());
    assert_eq!(version(&document), "0.0.1");
    assert!(document.root().descend(&["configuration", "tags"]).is_some());
}

#[test]
fn each_operation_raises_what_it_should() {
    let mut document = document();
    let config = change(Operation::Create, Some("resources"), DUMMY);
    let status = change(Operation::Modify, Some("status"), "<node_state id='1'/>")
        .with_options(CallOptions::CAN_CREATE);
    let bump = Request::new(Operation::Bump);
    let erase = Request::new(Operation::Erase);
    for (request, expected) in [
        (&config, "0.1.0"),
        (&status, "0.1.1"),
        (&status, "0.1.1"),
        (&bump, "0.2.2"),
        (&erase, "1.3.0"),
        (&erase, "2.3.1"),
    ] {
        let performed = run(&mut document, request);
        assert_eq!(performed.result, Ok(()), "{request:?}");
        assert_eq!(version(&document), expected, "{:?}", request.operation);
    }
}

#[test]
fn a_change_says_who_and_when() {
    let mut document = document();
    let mut request = change(Operation::Create, Some("resources"), DUMMY);
    request.client_name = Some("cibadmin".into());
    request.user = Some("root".into());
    run(&mut document, &request);
    let root = document.root();
    assert_eq!(root.attr("update-origin"), Some("a"));
    assert_eq!(root.attr("update-client"), Some("cibadmin"));
    assert_eq!(root.attr("update-user"), Some("root"));
    assert_eq!(root.attr("cib-last-written"), Some(STAMP.written));
}

#[test]
fn the_patch_set_leads_to_the_result() {
    let mut document = document();
    let before = document.root().clone();
    let performed = run(&mut document, &change(Operation::Create, Some("resources"), DUMMY));
    let mut patched = Element::clone(&before);
    performed.patch.unwrap().apply(&mut patched).unwrap();
    assert_eq!(xml::digest::versioned(&patched), xml::digest::versioned(document.root()));
}

#[test]
fn a_refused_change_leaves_everything_as_it_was() {
    let mut document = document();
    let before = document.root().clone();
    let foo = change(Operation::Create, Some("resources"), "<foo id='f'/>");
    let performed = run(&mut document, &foo);
    assert_eq!(performed.result, Err(Failure::SchemaValidation));
    assert!(performed.output.is_some_and(|cib| cib.name() == "cib"));
    assert!(performed.patch.is_some(), "clients are told what would have changed");
    assert!(Arc::ptr_eq(&before, document.root()));
}

#[test]
fn a_dry_run_changes_nothing() {
    let mut document = document();
    let request =
        change(Operation::Create, Some("resources"), DUMMY).with_options(CallOptions::DRY_RUN);
    for _ in 0..2 {
        let performed = run(&mut document, &request);
        assert_eq!(performed.result, Ok(()));
        assert!(performed.patch.is_some());
    }
    assert_eq!(version(&document), "0.0.0");
}

#[test]
fn the_future_is_refused() {
    let mut document = document();
    let mut newer = empty(9);
    newer.set("crm_feature_set", "3.99.0");
    let request = Request::change(Operation::Replace, None, newer);
    assert_eq!(run(&mut document, &request).result, Err(Failure::NotSupported));
}

#[test]
fn the_past_is_refused() {
    let mut document = document();
    run(&mut document, &Request::new(Operation::Bump));
    let request = Request::change(Operation::Replace, None, empty(0));
    assert_eq!(run(&mut document, &request).result, Err(Failure::OldData));
    let backwards = change(Operation::Modify, None, "<cib epoch='0'/>");
    assert_eq!(run(&mut document, &backwards).result, Err(Failure::OldData));
}

#[test]
fn a_peer_s_cib_keeps_its_version() {
    let mut document = document();
    let mut newer = empty(7);
    newer.set("num_updates", 3);
    let digest = xml::digest::versioned(&newer);
    let request = Request::change(Operation::Replace, None, newer);
    let source = Source::Synchronization { digest: &digest, feature_set: "3.16.1" };
    let performed = document.perform(&request, source, STAMP, CIRCUMSTANCES);
    assert_eq!(performed.result, Ok(()));
    assert_eq!(version(&document), "0.7.3");
}

#[test]
fn of_a_whole_cib_only_the_named_section_is_taken() {
    let mut document = document();
    let mut cib = empty(0);
    let configuration = cib.child_or_new("configuration");
    configuration.child_or_new("resources").push(xml::parse(DUMMY).unwrap());
    configuration.child_or_new("nodes").push(xml::parse("<node id='1' uname='a'/>").unwrap());
    let request = Request::change(Operation::Replace, Some("resources"), cib);
    assert_eq!(run(&mut document, &request).result, Ok(()));
    let configuration = document.root().child("configuration").unwrap();
    assert_eq!(configuration.child("resources").unwrap().children().count(), 1);
    assert_eq!(configuration.child("nodes").unwrap().children().count(), 0);
}

#[test]
fn without_data_there_is_nothing_to_do() {
    let mut document = document();
    for operation in
        [Operation::Create, Operation::Modify, Operation::Replace, Operation::ApplyPatch]
    {
        let result = run(&mut document, &Request::new(operation)).result;
        assert_eq!(result, Err(Failure::Invalid), "{operation}");
    }
    let obsolete = Request::new(Operation::DeleteAbsolute);
    assert_eq!(run(&mut document, &obsolete).result, Err(Failure::Invalid));
}

#[test]
fn a_broken_cib_can_be_read_and_repaired() {
    let mut broken = empty(0);
    broken.child_or_new("configuration").child_or_new("resources").push(Element::new("foo"));
    let mut document = Document::new(broken);
    assert!(document.violation().is_some());
    assert_eq!(run(&mut document, &Request::query(None)).result, Ok(()));
    let bump = run(&mut document, &Request::new(Operation::Bump));
    assert_eq!(bump.result, Err(Failure::SchemaValidation));
    let repair = change(Operation::Delete, Some("resources"), "<foo/>");
    assert_eq!(run(&mut document, &repair).result, Ok(()));
    assert_eq!(document.violation(), None);
}
