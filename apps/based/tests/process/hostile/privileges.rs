//! What the same user tries to change: all of it is refused, also what hides among what is allowed.

use client::cib::{Failure, Operation};
use xml::patchset::Patchset;

use super::{
    access::{answer, as_joe, restricted},
    *,
};
use crate::world::in_namespace;

fn change(operation: Operation, section: &str, data: &str) -> Request {
    let request = Request::change(operation, Some(section), xml::parse(data).unwrap());
    request.with_options(CallOptions::CAN_CREATE)
}

fn by_xpath(operation: Operation, expression: &str, data: Option<&str>) -> Request {
    let mut request = Request::query_xpath(expression);
    request.operation = operation;
    request.data = data.map(|data| Arc::new(xml::parse(data).unwrap()));
    request
}

/// The configuration as joe sees it with a piece of its text exchanged.
fn edited(seen: &Element, from: &str, to: &str) -> Element {
    let text = seen.to_compact();
    assert!(text.contains(from), "{from} is not in {text}");
    xml::parse(&text.replacen(from, to, 1)).unwrap()
}

fn patch(old: &Element, new: Element) -> Request {
    let mut patch = Patchset::between(&Arc::new(old.clone()), &Arc::new(new)).unwrap().unwrap();
    // To raise the version would be a change that joe may not make.
    patch.versions = None;
    Request::change(Operation::ApplyPatch, None, patch.to_element())
}

/// What joe may do to `d`.
const ALLOWED: &str = "<primitive id='d' description='mine'/>";
const PERMISSION: &str = "<acl_permission id='r9' kind='write' xpath='/cib'/>";

/// Ways to more power: the permissions themselves and what switches them off.
fn for_power(seen: &Element) -> Vec<Request> {
    let target = "<acl_target id='joe'><role id='r'/></acl_target>";
    let role = format!("<acl_role id='r'>{PERMISSION}</acl_role>");
    let new_role = format!("<acl_role id='s'>{PERMISSION}</acl_role>");
    let off = "<nvpair id='o1' name='enable-acl' value='false'/>";
    vec![
        change(Operation::Modify, "acls", &role),
        change(Operation::Create, "acls", &new_role),
        change(Operation::Create, "acls", "<acl_group id='haclient'><role id='r'/></acl_group>"),
        change(Operation::Create, "acls", "<acl_role id='empty'/>"),
        change(Operation::Delete, "acls", "<acl_permission id='r2'/>"),
        change(Operation::Delete, "acls", target),
        change(Operation::Replace, "acls", &format!("<acls>{new_role}{target}</acls>")),
        change(Operation::Replace, "acls", "<acls/>"),
        by_xpath(Operation::Create, "//acl_role[@id='r']", Some(PERMISSION)),
        by_xpath(Operation::Delete, "//acl_permission[@id='r2']", None),
        change(Operation::Modify, "crm_config", off),
        change(Operation::Delete, "crm_config", "<nvpair id='o1'/>"),
        change(
            Operation::Create,
            "crm_config",
            "<cluster_property_set id='p' score='9'><nvpair id='p1' name='enable-acl' value='0'/>\
             </cluster_property_set>",
        ),
        Request::change(
            Operation::Modify,
            None,
            xml::parse("<cib validate-with='none'/>").unwrap(),
        ),
        Request::change(Operation::Modify, None, xml::parse("<cib admin_epoch='99'/>").unwrap()),
        Request::new(Operation::Erase),
        Request::new(Operation::Bump),
        Request::change(Operation::Replace, None, edited(seen, "kind=\"deny\"", "kind=\"read\"")),
        Request::change(
            Operation::Replace,
            None,
            edited(seen, "value=\"true\"", "value=\"false\""),
        ),
        patch(seen, edited(seen, "kind=\"deny\"", "kind=\"write\"")),
        patch(seen, edited(seen, "value=\"true\"", "value=\"false\"")),
    ]
}

/// Ways to what is denied: out of its place, away with it, over it, or into what may be written.
fn for_what_is_denied(seen: &Element) -> Vec<Request> {
    let stolen = "<primitive id='d' class='ocf' provider='pacemaker' type='Dummy'><instance_attributes \
                  id='f-a'><nvpair id='f-p' name='password' value='mine'/></instance_attributes></primitive>";
    let everything = "<primitive id='d' class='ocf' provider='pacemaker' type='Dummy'/>";
    let twice = format!("<primitive id='d' class='stonith' type='x'/>{everything}");
    vec![
        change(Operation::Modify, "resources", "<nvpair id='f-p' value='mine'/>"),
        change(Operation::Modify, "resources", "<nvpair id='f-u' value='mine'/>"),
        change(Operation::Modify, "resources", "<primitive id='f' description='mine'/>"),
        change(Operation::Modify, "resources", "<primitive id='e' description='mine'/>"),
        change(Operation::Replace, "resources", "<nvpair id='f-p' name='password' value='mine'/>"),
        change(Operation::Delete, "resources", "<instance_attributes id='f-a'/>"),
        change(Operation::Delete, "resources", "<primitive id='f'/>"),
        change(Operation::Delete, "resources", "<primitive id='e'/>"),
        by_xpath(Operation::Delete, "//primitive[@id='f']", None),
        by_xpath(Operation::Delete, "//primitive", None).with_options(CallOptions::MULTIPLE),
        by_xpath(Operation::Delete, "//instance_attributes", None),
        by_xpath(Operation::Modify, "//primitive[@id='f']", Some("<primitive id='f' type='y'/>")),
        change(Operation::Replace, "resources", &format!("<resources>{everything}</resources>")),
        change(Operation::Replace, "resources", "<resources/>"),
        change(Operation::Replace, "resources", &format!("<resources>{stolen}</resources>")),
        change(Operation::Replace, "resources", &format!("<resources>{twice}</resources>")),
        change(Operation::Create, "resources", "<primitive id='g' class='lsb' type='x'/>"),
        change(Operation::Create, "status", "<node_state id='1' uname='x'/>"),
        change(Operation::Create, "nodes", "<node id='1' uname='x'/>"),
        Request::change(Operation::Replace, None, seen.clone()),
        Request::change(Operation::Replace, None, edited(seen, "id=\"e\"", "id=\"h\"")),
        patch(seen, edited(seen, "id=\"e\"", "id=\"h\"")),
        patch(seen, edited(seen, "type=\"x\"", "type=\"y\"")),
        patch(seen, moved(seen)),
    ]
}

/// What joe sees, with the resource that joe may write in front of the others.
fn moved(seen: &Element) -> Element {
    let mut new = seen.clone();
    let resources = new.child_mut("configuration").unwrap().child_mut("resources").unwrap();
    resources.nodes_mut().rotate_left(1);
    new
}

/// Each way by itself, in a transaction with something allowed before and after it, and for somebody else.
#[test]
fn no_way_leads_to_more_than_was_granted() {
    in_namespace("hostile::privileges::no_way_leads_to_more_than_was_granted", async || {
        let (daemon, before) = restricted().await;
        as_joe(|| {
            let mut cib = open();
            let seen = cib.query(None, CallOptions::NONE).unwrap();
            let mut wrong = Vec::new();
            assert_ne!(seen, before);
            for request in for_power(&seen).into_iter().chain(for_what_is_denied(&seen)) {
                let allowed = || change(Operation::Modify, "resources", ALLOWED);
                let as_root = Request { user: Some("root".to_owned()), ..request.clone() };
                let all = Request::commit(&[allowed(), request.clone(), allowed()]);
                for request in [request, as_root, all] {
                    let shown = request.to_element().to_compact();
                    let (result, words) = answer(&mut cib, request);
                    let refused = [Failure::AccessDenied, Failure::NotFound, Failure::Exists];
                    if !result.is_err_and(|failure| refused.contains(&failure)) {
                        wrong.push(format!("{result:?}: {shown}"));
                    }
                    assert!(!words.contains("secret"), "{shown}: {words}");
                }
            }
            assert!(wrong.is_empty(), "{}", wrong.join("\n"));
            assert_eq!(cib.query(None, CallOptions::NONE).unwrap(), seen);
            // To delete what is not there is no failure, and what is hidden is not there.
            for id in ["f-p", "nothing"] {
                let request =
                    change(Operation::Delete, "resources", &format!("<nvpair id='{id}'/>"));
                assert_eq!(answer(&mut cib, request), (Ok(()), String::new()));
            }
        });
        assert_eq!(whole(), before);
        as_joe(|| {
            let mut cib = open();
            let allowed = change(Operation::Modify, "resources", ALLOWED);
            assert_eq!(answer(&mut cib, allowed.clone()).0, Ok(()));
            let seen = cib.query(None, CallOptions::NONE).unwrap();
            let allowed = [allowed, patch(&seen, edited(&seen, "=\"mine\"", "=\"mine, too\""))];
            assert_eq!(answer(&mut cib, Request::commit(&allowed)).0, Ok(()));
        });
        assert!(whole().to_compact().contains("description=\"mine, too\""));
        daemon.end();
    });
}

/// What concerns the daemon and not the document is nobody's business who is subject to access control; nor may a change come by
/// the door for readers.
#[test]
fn daemons_do_not_obey() {
    in_namespace("hostile::privileges::daemons_do_not_obey", async || {
        let (daemon, before) = restricted().await;
        as_joe(|| {
            let mut cib = open();
            for operation in [
                Operation::Shutdown,
                Operation::BecomePrimary,
                Operation::BecomeSecondary,
                Operation::AllSecondary,
                Operation::SyncToAll,
                Operation::SyncToOne,
            ] {
                for user in [None, Some("root".to_owned())] {
                    let request = Request { user, ..Request::new(operation) };
                    let (result, words) = answer(&mut cib, request);
                    assert_eq!(result, Err(Failure::AccessDenied), "{operation}");
                    assert!(!words.contains("secret"), "{operation}: {words}");
                }
            }
            let (result, digest) = answer(&mut cib, Request::new(Operation::Ping));
            assert_eq!(result, Ok(()));
            assert!(!digest.contains("secret"), "{digest}");
            let mut reader = Cib::open_backend("reader", &Backend::LiveReadOnly).unwrap();
            let allowed = change(Operation::Modify, "resources", ALLOWED);
            for request in [allowed.clone(), Request::commit(&[allowed])] {
                assert_eq!(answer(&mut reader, request).0, Err(Failure::AccessDenied));
            }
        });
        assert_eq!(whole(), before);
        daemon.end();
    });
}

/// Whoever a message says that it is from: joe's connection is joe's.
#[test]
fn claims_in_a_message_count_for_nothing() {
    in_namespace("hostile::privileges::claims_in_a_message_count_for_nothing", async || {
        let (daemon, before) = restricted().await;
        let token = tokens_of_others();
        as_joe(|| {
            let mut raw = Raw::connect(BUFFER);
            let options = (CallOptions::SYNC_CALL | CallOptions::CAN_CREATE).bits();
            for claim in [
                "cib_user='root'",
                "cib_user='hacluster'",
                "cib_user=''",
                "cib_user='' acl_target=''",
                "acl_target='root'",
                "acl_target='root' cib_user='joe'",
                "user='root'",
                "acl_role='root'",
                "cib_clientname='cibadmin' cib_client_name='root'",
                "cib_delegated_from='localhost'",
                "src='localhost'",
                "cib_update='true'",
                "cib_isreplyto='localhost'",
                "cib_object='root'",
                &format!("cib_clientid='{token}' cib_async_id='{token}'"),
            ] {
                let body = format!(
                    "<cib_command t='cib' cib_op='cib_modify' cib_callid='1' cib_callopt='{options}' \
                     cib_section='resources' {claim}><cib_calldata><primitive id='e' description='mine'/>\
                     </cib_calldata></cib_command>"
                );
                let answer = raw.call(&body);
                assert_eq!(answer.attr("cib_rc"), Some("-13"), "{claim}: {}", shortened(&answer));
            }
        });
        assert_eq!(whole(), before);
        daemon.end();
    });
}

/// What the daemon calls a connection of root's, which stays open.
fn tokens_of_others() -> String {
    let mut raw = Raw::connect(BUFFER);
    let answer = raw.call("<cib_command t='cib' cib_op='register' cib_clientname='root'/>");
    std::mem::forget(raw);
    answer.attr("cib_clientid").unwrap().to_owned()
}
