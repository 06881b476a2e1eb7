//! Users who are subject to access control, on several nodes.

use messages::cib::DiffNotification;

use super::{
    world::{JOE, World, name},
    *,
};

const ACLS: &str = "<configuration><crm_config><cluster_property_set id='o'><nvpair id='e' \
    name='enable-acl' value='true'/></cluster_property_set></crm_config><acls><acl_role id='r'>\
    <acl_permission id='p1' kind='read' xpath='/cib'/><acl_permission id='p2' kind='deny' \
    xpath=\"//nvpair[@name='password']\"/><acl_permission id='p3' kind='write' xpath='//tags'/>\
    </acl_role><acl_target id='joe'><role id='r'/></acl_target></acls></configuration>";

/// A cluster in which joe may see everything but passwords, and change tags.
fn guarded(count: usize) -> World {
    let mut world = World::new(count);
    let acls = Request::change(Operation::Modify, None, xml::parse(ACLS).unwrap());
    assert_eq!(world.call(0, acls.with_options(CallOptions::CAN_CREATE)).result, Ok(()));
    for index in 0..count {
        world.nodes[index].notifications.clear();
        world.nodes[index].joe_s_notifications.clear();
    }
    world
}

fn fence(password: &str) -> Request {
    let device = format!(
        "<primitive id='f' class='stonith' type='x'><instance_attributes id='f-a'><nvpair id='f-u' \
         name='login' value='admin'/><nvpair id='f-p' name='password' value='{password}'/>\
         </instance_attributes></primitive>"
    );
    Request::change(Operation::Create, Some("resources"), xml::parse(&device).unwrap())
}

fn tag() -> Request {
    let tag = "<tags><tag id='t'><obj_ref id='o'/></tag></tags>";
    Request::change(Operation::Modify, Some("tags"), xml::parse(tag).unwrap())
}

fn change_password(password: &str) -> Request {
    let pair = Element::new("nvpair").with("id", "f-p").with("value", password);
    Request::change(Operation::Modify, Some("resources"), pair)
}

fn told(notification: &Notification) -> String {
    notification.to_element().to_compact()
}

#[test]
fn every_node_judges_alike() {
    let mut world = guarded(3);
    for index in 0..3 {
        assert_eq!(world.call_as(JOE, index, fence("secret")).result, Err(Failure::AccessDenied));
    }
    assert_eq!(world.call_as(JOE, 1, tag()).result, Ok(()));
    world.agreed();
    assert!(world.root(2).descend(&["configuration", "tags", "tag"]).is_some());
    assert_eq!(world.root(0).attr("update-user"), Some("joe"));
    let denied = |note: &Note| matches!(note, Note::Denied { user, .. } if user == "joe");
    assert!(world.nodes[2].notes.iter().any(denied));
}

#[test]
fn what_a_client_says_of_itself_counts_only_for_who_may_do_everything() {
    let mut world = guarded(2);
    let mut pretended = fence("secret");
    pretended.user = Some("root".into());
    assert_eq!(world.call_as(JOE, 0, pretended).result, Err(Failure::AccessDenied));
    let mut delegated = fence("secret");
    delegated.user = Some("joe".into());
    assert_eq!(world.call(0, delegated).result, Err(Failure::AccessDenied));
    assert_eq!(world.call(0, fence("secret")).result, Ok(()));
}

#[test]
fn another_node_shows_no_more() {
    let mut world = guarded(2);
    world.call(0, fence("secret"));
    let far = world.call_as(JOE, 0, Request::query(None).on(name(1))).output.unwrap();
    assert!(far.to_compact().contains("admin") && !far.to_compact().contains("secret"));
    let guess = Request::query_xpath("//nvpair[@value='secret']").on(name(1));
    assert_eq!(world.call_as(JOE, 0, guess).result, Err(Failure::NotFound));
}

#[test]
fn notifications_tell_no_more_than_queries() {
    let mut world = guarded(2);
    world.call(0, fence("secret"));
    world.call(0, change_password("hidden"));
    world.call_as(JOE, 0, tag());
    for index in 0..2 {
        let all: Vec<String> = world.nodes[index].notifications.iter().map(told).collect();
        assert_eq!(all.len(), 3);
        assert!(all[0].contains("secret") && all[1].contains("hidden"));
        let joe_s: Vec<String> = world.nodes[index].joe_s_notifications.iter().map(told).collect();
        assert!(joe_s[0].contains("admin") && joe_s.last().unwrap().contains("obj_ref"));
        assert!(!joe_s.iter().any(|told| told.contains("secret") || told.contains("hidden")));
    }
}

#[test]
fn with_each_notification_what_is_seen_can_be_kept_up_to_date() {
    let mut world = guarded(1);
    let mut seen = Element::clone(&world.call_as(JOE, 0, Request::query(None)).output.unwrap());
    world.call(0, fence("secret"));
    world.call(0, change_password("hidden"));
    world.call_as(JOE, 0, tag());
    for notification in std::mem::take(&mut world.nodes[0].joe_s_notifications) {
        let Notification::Diff(DiffNotification { patch, .. }) = notification else { continue };
        xml::patchset::Patchset::from_element(&patch).unwrap().apply(&mut seen).unwrap();
    }
    let mut now = Element::clone(&world.call_as(JOE, 0, Request::query(None)).output.unwrap());
    for root in [&mut seen, &mut now] {
        root.retain_attrs(|name, _| !name.starts_with("update-") && name != "cib-last-written");
    }
    assert_eq!(seen, now);
}

#[test]
fn refused_changes_are_told_to_nobody_who_may_not_see_them() {
    let mut world = guarded(1);
    let foo = Element::new("foo").with("id", "x").with("y", "z");
    let broken = Request::change(
        Operation::Modify,
        Some("resources"),
        Element::new("resources").with_child(foo),
    );
    assert_eq!(world.call(0, broken).result, Err(Failure::SchemaValidation));
    assert_eq!(world.nodes[0].notifications.len(), 1);
    assert_eq!(world.nodes[0].joe_s_notifications.len(), 0);
}

#[test]
fn replacements_are_told_with_what_is_visible_of_the_root() {
    let mut world = guarded(1);
    assert_eq!(world.call(0, Request::new(Operation::Erase)).result, Ok(()));
    let told = |notifications: &[Notification]| {
        notifications.iter().filter(|one| matches!(one, Notification::Replaced { .. })).count()
    };
    assert_eq!(told(&world.nodes[0].notifications), 1);
    // Without permissions there is no access control either: the whole is for everybody.
    assert_eq!(told(&world.nodes[0].joe_s_notifications), 1);
}

#[test]
fn the_daemon_s_part_in_the_cluster_is_not_for_everybody() {
    let mut world = guarded(2);
    for operation in [
        Operation::BecomePrimary,
        Operation::BecomeSecondary,
        Operation::AllSecondary,
        Operation::SyncToAll,
        Operation::SyncToOne,
        Operation::Shutdown,
    ] {
        let reply = world.call_as(JOE, 0, Request::new(operation));
        assert_eq!(reply.result, Err(Failure::AccessDenied), "{operation}");
    }
    let asked = world.call_as(JOE, 0, Request::new(Operation::IsPrimary));
    assert_eq!(asked.result, Err(Failure::NotPermitted));
}

#[test]
fn a_ping_is_answered_with_the_digest_of_what_is_seen() {
    let mut world = guarded(1);
    world.call(0, fence("secret"));
    let digest = |world: &mut World, client| {
        let reply = world.call_as(client, 0, Request::new(Operation::Ping));
        reply.output.unwrap().attr("digest").map(str::to_owned)
    };
    let seen = world.call_as(JOE, 0, Request::query(None)).output.unwrap();
    assert_eq!(digest(&mut world, JOE), Some(xml::digest::versioned(&seen)));
    let whole = xml::digest::versioned(world.root(0));
    assert_eq!(digest(&mut world, CLIENT), Some(whole));
}

#[test]
fn groups_count_once_they_are_told() {
    let mut world = guarded(1);
    let group = "<acl_group id='wheel'><role id='all'/></acl_group>";
    let role = "<acl_role id='all'><acl_permission id='q' kind='write' xpath='/cib'/></acl_role>";
    for data in [role, group] {
        let create = Request::change(Operation::Create, Some("acls"), xml::parse(data).unwrap());
        assert_eq!(world.call(0, create).result, Ok(()));
    }
    assert_eq!(world.call_as(JOE, 0, fence("x")).result, Err(Failure::AccessDenied));
    let replica = world.nodes[0].replica.as_mut().unwrap();
    assert!(replica.wants_groups(Some("joe")) && !replica.wants_groups(Some("root")));
    replica.set_groups("joe", vec!["users".into(), "wheel".into()]);
    // What is denied stays denied, whatever is granted further out.
    assert_eq!(world.call_as(JOE, 0, fence("x")).result, Err(Failure::AccessDenied));
    assert_eq!(world.call_as(JOE, 0, Request::new(Operation::Bump)).result, Ok(()));
}

#[test]
fn a_transaction_is_made_everywhere_or_nowhere() {
    let mut world = guarded(3);
    let broken = Request::change(Operation::Create, Some("resources"), Element::new("foo"));
    let before = world.agreed();
    let failed = world.call(1, Request::commit(&[fence("secret"), broken]));
    assert_eq!(failed.result, Err(Failure::SchemaValidation));
    let query = world.call(1, Request::commit(&[fence("secret"), Request::query(None)]));
    assert_eq!(query.result, Err(Failure::NotInTransaction));
    let nested = world.call(1, Request::commit(&[Request::commit(&[fence("secret")])]));
    assert_eq!(nested.result, Err(Failure::NotInTransaction));
    let elsewhere = world.call(1, Request::commit(&[fence("secret").on(name(2))]));
    assert_eq!(elsewhere.result, Err(Failure::NotInTransaction));
    assert_eq!(world.call(1, Request::new(Operation::Commit)).result, Err(Failure::Invalid));
    let missing = Request::change(Operation::Modify, Some("resources"), Element::new("group"));
    let failed = world.call(1, Request::commit(&[fence("secret"), missing]));
    assert_eq!(failed.result, Err(Failure::NotFound));
    assert_eq!(world.agreed(), before);
    let both = world.call(2, Request::commit(&[fence("one"), change_password("two"), tag()]));
    assert_eq!(both.result, Ok(()));
    let version = world.agreed();
    assert_ne!(version, before);
    let pair = xml::xpath::Expr::parse("//nvpair[@id='f-p']/@value").unwrap();
    let found = pair.select(world.root(0)).unwrap();
    assert!(matches!(&found[..], [xml::xpath::Match::Attribute { value: "two", .. }]));
    assert_eq!(
        world.nodes[0].notifications.iter().filter(|one| told(one).contains("f-p")).count(),
        2
    );
}
