//! Real agents, run as the executor runs them, each test in a network and mount namespace of its own.
//!
//! Needs root, `unshare` of util-linux, `ip` of iproute2 and Debian's resource-agents.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command, time::Duration};

use executor::{Ended, Failure, Outcome, Run, RunId, Strength, interpret};
use messages::executor::Agent;
use process::{AgentDirectories, Metadata, Runner};
use tokio::task::LocalSet;
use vocab::{ExecStatus, Interval, OcfExit, Task};

const INSIDE: &str = "PROCESS_TEST_IN_NAMESPACE";

/// Runs a test's body in namespaces of its own, by starting this program there anew for that test only.
fn in_namespace(test: &str, body: impl AsyncFnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        shell("mount -t tmpfs none /run && mount -t tmpfs none /etc/init.d && ip link set lo up");
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

fn shell(script: &str) -> String {
    let output = Command::new("/bin/sh").args(["-c", script]).output().unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn executable(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A runner and the resource it works on.
struct Bench {
    runner: Runner,
    agent: Agent,
    parameters: Vec<(&'static str, &'static str)>,
    last: u64,
}

impl Bench {
    fn new(agent: &str, parameters: &[(&'static str, &'static str)]) -> Self {
        Self::below(AgentDirectories::default(), agent, parameters)
    }

    fn below(
        directories: AgentDirectories,
        agent: &str,
        parameters: &[(&'static str, &'static str)],
    ) -> Self {
        let runner = Runner::new(directories, Vec::new());
        Self { runner, agent: agent.parse().unwrap(), parameters: parameters.to_vec(), last: 0 }
    }

    fn begin(&mut self, task: Task) -> RunId {
        self.last += 1;
        let run = RunId(self.last);
        self.runner.run(&Run {
            run,
            resource: "r".into(),
            agent: self.agent.clone(),
            task,
            interval: Interval::ONCE,
            timeout: Duration::from_secs(20),
            parameters: self.parameters.iter().copied().collect(),
        });
        run
    }

    async fn call(&mut self, task: Task) -> Outcome {
        let run = self.begin(task.clone());
        let (ended_run, ended) = self.runner.next().await;
        assert_eq!(ended_run, run);
        interpret(&self.agent.standard, &task, ended)
    }

    async fn expect(&mut self, calls: &[(Task, OcfExit)]) {
        for (task, exit) in calls {
            let outcome = self.call(task.clone()).await;
            assert_eq!(
                (outcome.status, outcome.exit),
                (ExecStatus::Done, *exit),
                "{task}: {outcome:?}"
            );
        }
    }
}

const LIFE: [(Task, OcfExit); 5] = [
    (Task::Monitor, OcfExit::NotRunning),
    (Task::Start, OcfExit::Ok),
    (Task::Monitor, OcfExit::Ok),
    (Task::Stop, OcfExit::Ok),
    (Task::Monitor, OcfExit::NotRunning),
];

#[test]
fn dummies_live_and_die() {
    in_namespace("dummies_live_and_die", async || {
        fs::create_dir_all("/run/resource-agents").unwrap();
        for agent in ["ocf:heartbeat:Dummy", "ocf:pacemaker:Dummy"] {
            Bench::new(agent, &[]).expect(&LIFE).await;
        }
    });
}

#[test]
fn an_address_comes_and_goes() {
    in_namespace("an_address_comes_and_goes", async || {
        fs::create_dir_all("/run/resource-agents").unwrap();
        shell("ip link add d0 type bridge && ip addr add 10.77.0.1/24 dev d0 && ip link set d0 up");
        let parameters = [("ip", "10.77.0.50"), ("cidr_netmask", "32"), ("nic", "d0")];
        let mut bench = Bench::new("ocf:heartbeat:IPaddr2", &parameters);
        bench.expect(&LIFE[..3]).await;
        assert!(shell("ip -o addr show dev d0").contains("10.77.0.50/32"));
        bench.expect(&LIFE[3..]).await;
        assert!(!shell("ip -o addr show dev d0").contains("10.77.0.50"));
        let mut unusable = Bench::new("ocf:heartbeat:IPaddr2", &[]);
        let outcome = unusable.call(Task::Start).await;
        assert_eq!(outcome.exit, OcfExit::NotConfigured, "{outcome:?}");
        assert!(outcome.reason.is_some(), "{outcome:?}");
    });
}

#[test]
fn an_init_script_is_asked_for_its_status() {
    in_namespace("an_init_script_is_asked_for_its_status", async || {
        let script = "#!/bin/sh\ncase $1 in\n\
                      start) touch /run/svc;;\nstop) rm -f /run/svc;;\n\
                      status) [ -e /run/svc ] || exit 3;;\n*) exit 2;;\nesac\n";
        executable(Path::new("/etc/init.d/svc"), script);
        let mut bench = Bench::new("lsb:svc", &[]);
        bench.expect(&LIFE).await;
        bench.expect(&[(Task::Promote, OcfExit::InvalidParameter)]).await;
        assert_eq!(
            process::list_agents(&bench.agent.standard, None, bench.runner.directories()),
            ["svc"]
        );
        let missing = Bench::new("lsb:nothing", &[]).call(Task::Monitor).await;
        assert_eq!(
            (missing.status, missing.exit),
            (ExecStatus::NotInstalled, OcfExit::NotInstalled)
        );
    });
}

#[test]
fn a_hanging_agent_goes_with_all_its_children() {
    in_namespace("a_hanging_agent_goes_with_all_its_children", async || {
        let root = Path::new("/run/ocf");
        let script = "#!/bin/sh\nsleep 1000 &\necho $! > /run/child\n(sleep 1000; true) &\n\
                      echo ready > /run/ready\nwait\n";
        executable(&root.join("resource.d/test/Hang"), script);
        let directories =
            AgentDirectories { ocf_root: root.to_owned(), ..AgentDirectories::default() };
        let mut bench = Bench::below(directories, "ocf:test:Hang", &[]);
        let run = bench.begin(Task::Start);
        while !Path::new("/run/ready").exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        bench.runner.kill(run, Strength::Terminate, true);
        let (_, ended) = bench.runner.next().await;
        assert_eq!(ended, Ended::Signalled { signal: "Terminated".into() });
        let child = fs::read_to_string("/run/child").unwrap();
        let child = Path::new("/proc").join(child.trim()).join("cmdline");
        while fs::read(&child).is_ok_and(|cmdline| !cmdline.is_empty()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
}

#[test]
fn an_agent_says_why_and_what_it_was_told() {
    in_namespace("an_agent_says_why_and_what_it_was_told", async || {
        let root = Path::new("/run/ocf");
        let script = "#!/bin/sh\nenv | sort > /run/env\necho noise >&2\n\
                      echo \"${OCF_EXIT_REASON_PREFIX}the fuse is blown\" >&2\nexit 6\n";
        executable(&root.join("resource.d/test/Fail"), script);
        let directories =
            AgentDirectories { ocf_root: root.to_owned(), ..AgentDirectories::default() };
        let mut bench = Bench::below(directories, "ocf:test:Fail", &[("CRM_meta_name", "start")]);
        let outcome = bench.call(Task::Start).await;
        assert_eq!(outcome.exit, OcfExit::NotConfigured);
        assert_eq!(outcome.reason.as_deref(), Some("the fuse is blown"));
        assert!(outcome.output.is_some_and(|output| output.starts_with("noise\n")));
        let environment = fs::read_to_string("/run/env").unwrap();
        for line in
            ["OCF_RESKEY_CRM_meta_name=start", "OCF_ROOT=/run/ocf", "OCF_RESOURCE_TYPE=Fail"]
        {
            assert!(environment.lines().any(|known| known == line), "{line} in {environment}");
        }
        let run = bench.begin(Task::Monitor);
        executable(&root.join("resource.d/test/Fail"), "#!/no/such/shell\n");
        assert_eq!(bench.runner.next().await.0, run);
        let outcome = bench.call(Task::Monitor).await;
        assert_eq!(outcome.status, ExecStatus::NotInstalled, "{outcome:?}");
    });
}

#[test]
fn agents_describe_themselves() {
    in_namespace("agents_describe_themselves", async || {
        let mut metadata = Metadata::new(AgentDirectories::default());
        for agent in ["ocf:heartbeat:IPaddr2", "ocf:pacemaker:Dummy", "stonith:fence_dummy"] {
            let agent: Agent = agent.parse().unwrap();
            let described = metadata.element(&agent).await.unwrap();
            assert_eq!(described.name(), "resource-agent");
            assert!(
                described.child("parameters").is_some_and(|all| all.children().next().is_some())
            );
        }
        let missing = metadata.text(&"ocf:heartbeat:Nothing".parse().unwrap()).await;
        assert!(
            matches!(missing, Err(process::MetadataError::NotStarted(Failure::NotInstalled(_)))),
            "{missing:?}"
        );
    });
}
