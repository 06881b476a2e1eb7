//! What a user tries who sees nearly everything and may write one element.

use std::thread;

use client::cib::{Failure, Operation};
use rustix::{
    process::{Gid, Uid},
    thread::{set_thread_gid, set_thread_groups, set_thread_uid},
};

use super::*;
use crate::world::in_namespace;

/// Joe sees everything but a password and may write one resource, `d`.
const CIB: &str = "<configuration><crm_config><cluster_property_set id='o'><nvpair id='o1' \
    name='enable-acl' value='true'/></cluster_property_set></crm_config><nodes/><resources><primitive \
    id='f' class='stonith' type='x'><instance_attributes id='f-a'><nvpair id='f-u' name='login' \
    value='admin'/><nvpair id='f-p' name='password' value='secret'/></instance_attributes></primitive>\
    <primitive id='d' class='ocf' provider='pacemaker' type='Dummy'/><primitive id='e' class='ocf' \
    provider='pacemaker' type='Dummy'/></resources><constraints/><acls><acl_role id='r'>\
    <acl_permission id='r1' kind='read' xpath='/cib'/><acl_permission id='r2' kind='deny' \
    reference='f-p'/><acl_permission id='r3' kind='write' reference='d'/></acl_role><acl_target \
    id='joe'><role id='r'/></acl_target></acls></configuration>";

/// Does something as joe: the kernel tells the daemon who the thread is that connects.
pub(super) fn as_joe<T: Send>(body: impl FnOnce() -> T + Send) -> T {
    let body = || {
        let (user, group) = (Uid::from_raw(4242), Gid::from_raw(4242));
        let cluster = std::fs::read_to_string("/etc/group").unwrap();
        let cluster = cluster.lines().find(|line| line.starts_with("haclient:")).unwrap();
        let cluster = Gid::from_raw(cluster.split(':').nth(2).unwrap().parse().unwrap());
        set_thread_groups(&[group, cluster]).unwrap();
        set_thread_gid(group).unwrap();
        set_thread_uid(user).unwrap();
        body()
    };
    thread::scope(|scope| scope.spawn(body).join().unwrap())
}

pub(super) async fn restricted() -> (Daemon, Arc<Element>) {
    let daemon = Daemon::start(&[]).await;
    let configuration = xml::parse(CIB).unwrap();
    open().replace(Some("configuration"), configuration, CallOptions::NONE).unwrap();
    (daemon, whole())
}

/// The result of a request and all that came along, without what differs between any two answers.
pub(super) fn answer(cib: &mut Cib, request: Request) -> (Result<(), Failure>, String) {
    match cib.call(request) {
        Ok(output) => (Ok(()), output.map(|output| output.to_compact()).unwrap_or_default()),
        Err(error) => {
            let words = match &error {
                CibError::Failed { output: Some(output), .. } => output.to_compact(),
                _ => String::new(),
            };
            (Err(error.failure()), words)
        }
    }
}

/// Expressions that would answer a question about the password. `?` is a guess of how it begins.
const QUESTIONS: [&str; 15] = [
    "//nvpair[@value='?ecret']",
    "//nvpair[starts-with(@value,'?')]",
    "//instance_attributes[nvpair[starts-with(@value,'?')]]",
    "//nvpair[starts-with(@value,'?')]/..",
    "//nvpair[starts-with(@value,'?')]/ancestor::primitive",
    "//nvpair[@id='f-u']/following-sibling::nvpair[starts-with(@value,'?')]",
    "//nvpair[@id='f-u'][../nvpair[starts-with(@value,'?')]]",
    "//primitive[@id='d'][//nvpair[starts-with(@value,'?')]]",
    "//primitive[@id='d'][count(//nvpair[starts-with(@value,'?')])=1]",
    "//primitive[@id='d'][//@*[starts-with(.,'?ecre')]]",
    "//primitive[@id='d'][contains(//nvpair[2]/@value,'?ecre')]",
    "//primitive[@id='d'][substring(/cib/configuration/resources/primitive[1]//nvpair[2]/@value,1,1)='?']",
    "//primitive[@id='d'][preceding::nvpair[starts-with(@value,'?')]]",
    "/cib[descendant::nvpair/@value='?ecret']",
    "//@*[starts-with(.,'?ecre')]",
];

/// A right guess must get the same answer as a wrong one, whatever is asked for and however.
#[test]
fn expressions_are_no_oracle() {
    in_namespace("hostile::access::expressions_are_no_oracle", async || {
        let (daemon, before) = restricted().await;
        as_joe(|| {
            let mut cib = open();
            let ways = [
                (Operation::Query, CallOptions::NONE, None),
                (Operation::Query, CallOptions::MULTIPLE, None),
                (Operation::Query, CallOptions::NO_CHILDREN, None),
                (Operation::Query, CallOptions::XPATH_ADDRESS, None),
                (Operation::Delete, CallOptions::DRY_RUN, None),
                (Operation::Delete, CallOptions::MULTIPLE | CallOptions::DRY_RUN, None),
                (
                    Operation::Modify,
                    CallOptions::DRY_RUN,
                    Some("<primitive id='d' description='x'/>"),
                ),
                (
                    Operation::Replace,
                    CallOptions::DRY_RUN,
                    Some("<primitive id='d' class='lsb' type='x'/>"),
                ),
                (Operation::Create, CallOptions::DRY_RUN, Some("<meta_attributes id='m'/>")),
            ];
            for question in QUESTIONS {
                for (operation, options, data) in ways {
                    let mut ask = |guess: &str| {
                        let mut request = Request::query_xpath(&question.replace('?', guess));
                        request.operation = operation;
                        request.options = request.options | options;
                        request.data = data.map(|data| Arc::new(xml::parse(data).unwrap()));
                        answer(&mut cib, request)
                    };
                    let (right, wrong) = (ask("s"), ask("q"));
                    assert!(!right.1.contains("secret"), "{question}: {right:?}");
                    assert_eq!(right, wrong, "{operation}, {options:?}: {question}");
                }
            }
        });
        let mut root = open();
        for question in QUESTIONS {
            let mut ask = |guess: &str| {
                answer(&mut root, Request::query_xpath(&question.replace('?', guess)))
            };
            assert_ne!(ask("s"), ask("q"), "who sees everything is answered: {question}");
        }
        assert_eq!(whole(), before);
        daemon.end();
    });
}

/// Everything at once, in the forms that a client can ask for.
#[test]
fn what_is_hidden_is_in_no_answer() {
    in_namespace("hostile::access::what_is_hidden_is_in_no_answer", async || {
        let (daemon, _) = restricted().await;
        as_joe(|| {
            let mut cib = open();
            for expression in [
                "//*",
                "//nvpair",
                "//@*",
                "//@value",
                "/",
                "/cib",
                "//node()",
                "//nvpair[2]",
                "//nvpair/..",
                "//nvpair[@name='login']/../nvpair",
                "//instance_attributes/*",
                "//*[@id='f-p']",
                "id('f-p')",
                "//nvpair[last()]",
                "/descendant-or-self::*",
                "//primitive[1]",
                "//nvpair|//primitive",
            ] {
                for options in [CallOptions::NONE, CallOptions::MULTIPLE, CallOptions::NO_CHILDREN]
                {
                    let mut request = Request::query_xpath(expression);
                    request.options = request.options | options;
                    let (_, words) = answer(&mut cib, request);
                    assert!(!words.contains("secret"), "{expression}: {words}");
                }
            }
            for section in ["", "all", "configuration", "resources", "cib", "status"] {
                let (_, words) = answer(&mut cib, Request::query(Some(section)));
                assert!(!words.contains("secret"), "{section}: {words}");
            }
        });
        daemon.end();
    });
}
