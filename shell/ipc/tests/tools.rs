//! Debian's own tools against our server: as root and as the cluster's user on either side, over both transports, with
//! short and with compressed messages.

#[allow(dead_code, reason = "shared with tests that use other parts of it")]
mod island;

use std::{
    process::{Command, Output},
    sync::mpsc,
    thread,
};

use ipc::{
    Access, Backlog, ServerSettings, Transport,
    xml::{XmlEvent, XmlServer},
};
use vocab::ToolExit;
use xml::Element;

const CRM_NODE: &str = "/usr/sbin/crm_node";
const CRMADMIN: &str = "/usr/sbin/crmadmin";
const SETPRIV: &str = "/usr/bin/setpriv";

fn settings(name: &str, transport: Transport) -> ServerSettings {
    ServerSettings {
        name: name.to_owned(),
        transport,
        max_message_bytes: 128 << 10,
        access: Access::Cluster,
        backlog: Backlog::default(),
    }
}

/// What a daemon answers: everything a tool checks, around `data`.
fn reply(request: &Element, data: Element) -> Element {
    let from = request.attr("crm_sys_to").unwrap_or_default();
    Element::new("reply")
        .with("t", "crmd")
        .with("subt", "response")
        .with("version", "3.16.1")
        .with_some("reference", request.attr("reference"))
        .with_some("crm_task", request.attr("crm_task"))
        .with_some("crm_sys_to", request.attr("crm_sys_from"))
        .with("crm_sys_from", from)
        .with_child(Element::new("crm_xml").with_child(data))
}

fn answer(request: &Element) -> Option<Element> {
    let data = match request.attr("crm_task")? {
        "node-info" => Element::new("node")
            .with("id", 4711)
            .with("uuid", 4711)
            .with("uname", "alone")
            .with("crmd", "member")
            // Too long to go uncompressed.
            .with_child(Element::new("padding").with("text", "pad ".repeat(100_000))),
        "ping" => Element::new("ping_response")
            .with("crm_subsystem", "pacemakerd")
            .with("pacemakerd_state", "running")
            .with("crm_timestamp", 1_700_000_000)
            .with("result", "ok"),
        _ => return None,
    };
    Some(reply(request, data))
}

/// Serves until dropped; counts what could not be understood.
async fn serve(mut server: XmlServer) {
    loop {
        match server.next().await {
            XmlEvent::Request { client, request, body, .. } => {
                server.acknowledge(client, request, ToolExit::Indeterminate);
                if let Some(answer) = answer(&body) {
                    server.notify(client, &answer);
                }
            }
            XmlEvent::Malformed { error, .. } => panic!("{error}"),
            XmlEvent::Connected { .. } | XmlEvent::Disconnected { .. } => {}
        }
    }
}

fn as_user(user: &str, program: &str, arguments: &[&str]) -> Output {
    let ids = [
        "--reuid",
        user,
        "--init-groups",
        "--regid",
        if user == "root" { "root" } else { "nogroup" },
    ];
    Command::new(SETPRIV).args(ids).arg("--").arg(program).args(arguments).output().unwrap()
}

/// What every combination must make possible.
fn use_tools() {
    for user in ["root", "hacluster"] {
        let output = as_user(user, CRM_NODE, &["-i"]);
        assert_eq!(String::from_utf8_lossy(&output.stdout), "4711\n", "{user}: {output:?}");
        let output = as_user(user, CRMADMIN, &["-P"]);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("running"), "{user}: {output:?}");
    }
    let output = as_user("nobody", CRM_NODE, &["-i"]);
    assert!(!output.status.success(), "nobody may connect: {output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
}

/// Makes the calling thread, and it alone, run as the cluster's user.
fn become_hacluster() {
    let id = |arguments: &[&str]| -> libc::c_long {
        island::run("/usr/bin/id", arguments).trim().parse().unwrap()
    };
    let (user, group) = (id(&["-u", "hacluster"]), id(&["-g", "hacluster"]));
    // SAFETY: plain system calls on numbers, which change this thread only.
    let results = unsafe {
        [
            libc::syscall(libc::SYS_setgroups, 0, 0),
            libc::syscall(libc::SYS_setresgid, group, group, group),
            libc::syscall(libc::SYS_setresuid, user, user, user),
        ]
    };
    assert_eq!(results, [0, 0, 0]);
}

fn scenario(transport: Transport, is_root: bool) {
    if !island::enter(&[CRM_NODE, CRMADMIN, SETPRIV]) {
        return;
    }
    let (ready, wait) = mpsc::channel();
    let (done, finished) = tokio::sync::oneshot::channel();
    let tools = thread::spawn(move || {
        // Told when both servers listen, or never if they cannot.
        if wait.recv().is_ok() {
            use_tools();
        }
        let _ = done.send(());
    });
    if !is_root {
        become_hacluster();
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let crmd = XmlServer::with_settings(settings("crmd", transport)).unwrap();
        let pacemakerd = XmlServer::with_settings(settings("pacemakerd", transport)).unwrap();
        ready.send(()).unwrap();
        tokio::select! {
            () = serve(crmd) => {}
            () = serve(pacemakerd) => {}
            _ = finished => {}
        }
    });
    tools.join().unwrap();
    let left: Vec<_> = std::fs::read_dir("/dev/shm").unwrap().flatten().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn shared_memory_served_by_root() {
    scenario(Transport::SharedMemory, true);
}

#[test]
fn shared_memory_served_by_the_cluster_user() {
    scenario(Transport::SharedMemory, false);
}

#[test]
fn sockets_served_by_root() {
    scenario(Transport::Socket, true);
}

#[test]
fn sockets_served_by_the_cluster_user() {
    scenario(Transport::Socket, false);
}
