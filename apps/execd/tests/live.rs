//! The daemon as a process, with a client of ours, in namespaces of its own.
//!
//! Needs root, `unshare` of util-linux and Debian's resource-agents.

use std::{
    path::Path,
    process::{Child, Command},
    time::Duration,
};

use client::executor::{AsyncExecutor, ExecutorError};
use messages::executor::{
    Agent, Alert, CallOptions, Event, Execute, OperationResult, Parameters, Refusal,
};
use tokio::task::LocalSet;
use vocab::{ExecStatus, Interval, OcfExit, Task};

const INSIDE: &str = "EXECD_TEST_IN_NAMESPACE";
const DAEMON: &str = "EXECD_TEST_IS_DAEMON";

/// Becomes the daemon if started as such; a test that is none otherwise.
#[test]
fn daemon() {
    if std::env::var_os(DAEMON).is_some() {
        execd::main(vec!["pacemaker-execd".into()]);
    }
}

/// A daemon that ends with the test.
struct Daemon(Child);

impl Daemon {
    fn start() -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "daemon", "--nocapture"]).env(DAEMON, "1");
        Self(command.env("PCMK_logfile", "none").env("PCMK_stderr", "1").spawn().unwrap())
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(pid, signal).unwrap();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn in_namespace(test: &str, body: impl AsyncFnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        let mounts = "mount -t tmpfs none /run && mount -t tmpfs none /dev/shm && \
                      mkdir /run/resource-agents && ip link set lo up";
        assert!(Command::new("/bin/sh").args(["-c", mounts]).status().unwrap().success());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        return LocalSet::new().block_on(&runtime, body());
    }
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: {test} needs root");
        return;
    }
    let status = Command::new("unshare")
        .args(["--mount", "--net", "--propagation", "private", "--"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, "1")
        .status()
        .unwrap();
    assert!(status.success(), "{test} failed in its namespace");
}

async fn connect() -> AsyncExecutor {
    loop {
        match AsyncExecutor::connect("test").await {
            Ok(client) => return client,
            Err(ExecutorError::Connect(_)) => tokio::time::sleep(Duration::from_millis(10)).await,
            Err(error) => panic!("{error}"),
        }
    }
}

fn operation(task: Task, interval_ms: u32) -> Execute {
    Execute {
        resource: "d".into(),
        task,
        interval: Interval { millis: interval_ms },
        timeout: Duration::from_secs(20),
        start_delay: Duration::ZERO,
        user_data: Some("key".into()),
        parameters: Parameters::new(),
        options: CallOptions { notify_origin_only: true, notify_changes_only: true },
    }
}

async fn result(client: &mut AsyncExecutor) -> OperationResult {
    loop {
        match client.next_event().await {
            Some(Event::Executed(result)) => return *result,
            Some(_) => {}
            None => panic!("the daemon is gone"),
        }
    }
}

async fn run(client: &mut AsyncExecutor, execute: Execute) -> (ExecStatus, OcfExit) {
    let call = client.execute(execute).await.unwrap();
    let result = result(client).await;
    assert_eq!(result.call, call);
    assert_eq!(result.user_data.as_deref(), Some("key"));
    (result.status, result.exit)
}

#[test]
fn a_resource_lives_and_dies() {
    in_namespace("a_resource_lives_and_dies", async || {
        let mut daemon = Daemon::start();
        let mut client = connect().await;
        let agent: Agent = "ocf:heartbeat:Dummy".parse().unwrap();
        let refused = client.execute(operation(Task::Start, 0)).await;
        assert!(matches!(refused, Err(ExecutorError::Refused(Refusal::NoSuchResource))));
        assert_eq!(client.info(&"d".into()).await.unwrap(), None);
        client.register(&"d".into(), &agent, true).await.unwrap();
        assert_eq!(client.info(&"d".into()).await.unwrap(), Some(agent));
        let done = |exit| (ExecStatus::Done, exit);
        assert_eq!(run(&mut client, operation(Task::Monitor, 0)).await, done(OcfExit::NotRunning));
        assert_eq!(run(&mut client, operation(Task::Start, 0)).await, done(OcfExit::Ok));
        assert_eq!(run(&mut client, operation(Task::Monitor, 50)).await, done(OcfExit::Ok));
        assert_eq!(client.recurring(None).await.unwrap().len(), 1);
        // The resource goes behind the cluster's back: the next monitor tells.
        std::fs::remove_file("/run/resource-agents/Dummy-d.state").unwrap();
        let failed = result(&mut client).await;
        assert_eq!(failed.exit, OcfExit::NotRunning);
        assert!(client.cancel(&"d".into(), &Task::Monitor, Interval { millis: 50 }).await.unwrap());
        assert_eq!(result(&mut client).await.status, ExecStatus::Cancelled);
        assert!(
            !client.cancel(&"d".into(), &Task::Monitor, Interval { millis: 50 }).await.unwrap()
        );
        assert_eq!(run(&mut client, operation(Task::Stop, 0)).await, done(OcfExit::Ok));
        assert!(!client.unregister(&"d".into()).await.unwrap());
        daemon.signal(rustix::process::Signal::TERM);
        // The connection ends with the daemon, after what it still had to say.
        while client.next_event().await.is_some() {}
        assert!(daemon.0.wait().unwrap().success());
    });
}

#[test]
fn what_fails_says_why() {
    in_namespace("what_fails_says_why", async || {
        let _daemon = Daemon::start();
        let mut client = connect().await;
        for (agent, status, exit) in [
            ("ocf:heartbeat:Nothing", ExecStatus::NotInstalled, OcfExit::NotInstalled),
            ("systemd:nothing", ExecStatus::NotInstalled, OcfExit::NotInstalled),
            ("service:nothing", ExecStatus::NotInstalled, OcfExit::NotInstalled),
            ("stonith:fence_nothing", ExecStatus::Error, OcfExit::Error),
        ] {
            client.register(&"d".into(), &agent.parse().unwrap(), true).await.unwrap();
            client.execute(operation(Task::Start, 0)).await.unwrap();
            let result = result(&mut client).await;
            assert_eq!((result.status, result.exit), (status, exit), "{agent}: {result:?}");
            assert!(result.exit_reason.is_some(), "{agent}");
        }
    });
}

#[test]
fn an_alert_runs_as_the_cluster_user() {
    in_namespace("an_alert_runs_as_the_cluster_user", async || {
        let _daemon = Daemon::start();
        let mut client = connect().await;
        let script = "#!/bin/sh\n(id -un; echo $CRM_alert_kind $CRM_alert_node_sequence) > /run/alerts/new\n\
                      mv /run/alerts/new /run/alerts/out\n";
        let prepare = "mkdir /run/alerts && chmod 777 /run/alerts && chmod 755 /run/alert";
        std::fs::write("/run/alert", script).unwrap();
        assert!(Command::new("/bin/sh").args(["-c", prepare]).status().unwrap().success());
        let alert = Alert {
            id: "a".into(),
            path: "/run/alert".into(),
            timeout: Duration::from_secs(30),
            environment: [("CRM_alert_kind", "node")].into_iter().collect(),
        };
        client.alert(alert).await.unwrap();
        while !Path::new("/run/alerts/out").exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(std::fs::read_to_string("/run/alerts/out").unwrap(), "hacluster\nnode 1\n");
    });
}
