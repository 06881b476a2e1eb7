//! The daemon as a process on Debian's corosync, asked by Debian's `stonith_admin`, in namespaces of its own.
//!
//! Needs root, `unshare` of util-linux, corosync and pacemaker-cli-utils.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
};

const INSIDE: &str = "FENCED_TEST_IN_NAMESPACE";
const DAEMON: &str = "FENCED_TEST_IS_DAEMON";

const COROSYNC: &str = "totem {\n version: 2\n cluster_name: t\n transport: udpu\n}\n\
    nodelist {\n node {\n  ring0_addr: 127.0.0.1\n  name: n1\n  nodeid: 1\n }\n}\n\
    quorum {\n provider: corosync_votequorum\n}\nlogging {\n to_logfile: no\n to_syslog: no\n to_stderr: yes\n}\n";

/// A fence agent that keeps the state of each port in a file and fails for ports called `broken`.
const AGENT: &str = r#"#!/bin/sh
while read -r line; do
    case $line in
        action=*) action=${line#*=} ;;
        port=*) port=${line#*=} ;;
    esac
done
echo "$action $port" >> /run/fence/calls
[ "$port" = broken ] && [ "$action" != metadata ] && { echo "no power to give" >&2; exit 1; }
case $action in
    metadata) cat <<END
<?xml version="1.0" ?>
<resource-agent name="fence_test"><parameters><parameter name="port"/></parameters>
<actions><action name="on"/><action name="off"/><action name="reboot"/><action name="status"/>
<action name="monitor"/><action name="list"/></actions></resource-agent>
END
    ;;
    list) echo n2,; echo n3, ;;
    on|off|reboot) echo "$action" > /run/fence/$port ;;
    monitor|status) ;;
    *) exit 1 ;;
esac
"#;

/// Becomes the daemon if started as such; a test that is none otherwise.
#[test]
fn daemon() {
    if std::env::var_os(DAEMON).is_some() {
        fenced::main(vec!["pacemaker-fenced".into()]);
    }
}

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start_daemon() -> Running {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "daemon", "--nocapture"]).env(DAEMON, "1");
    Running(command.env("PCMK_logfile", "none").env("PCMK_stderr", "1").spawn().unwrap())
}

fn start_corosync() -> Running {
    fs::write("/etc/corosync/corosync.conf", COROSYNC).unwrap();
    let mut command = Command::new("corosync");
    Running(command.arg("-f").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
}

fn in_namespace(test: &str, body: fn()) {
    if std::env::var_os(INSIDE).is_some() {
        let mounts = "mount -t tmpfs none /run && mount -t tmpfs none /dev/shm && \
                      mount -t tmpfs none /etc/corosync && mount -t tmpfs none /var/lib/corosync && \
                      mkdir /run/fence /run/bin /run/work && \
                      mount -t overlay none -o lowerdir=/usr/sbin,upperdir=/run/bin,workdir=/run/work /usr/sbin && \
                      ip link set lo up";
        assert!(Command::new("/bin/sh").args(["-c", mounts]).status().unwrap().success());
        fs::write("/usr/sbin/fence_test", AGENT).unwrap();
        fs::set_permissions("/usr/sbin/fence_test", fs::Permissions::from_mode(0o755)).unwrap();
        return body();
    }
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: {test} needs root");
        return;
    }
    let needed = ["/usr/sbin/corosync", "/usr/sbin/stonith_admin"];
    if let Some(missing) = needed.iter().find(|program| !Path::new(program).exists()) {
        eprintln!("skipped: {test} needs {missing}");
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

/// Runs `stonith_admin`; whether it succeeded and what it wrote.
fn admin(arguments: &str) -> (bool, String) {
    let words = arguments.split_whitespace();
    let output = Command::new("stonith_admin").args(words).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

fn expect(arguments: &str, wanted: &str) {
    let (success, text) = admin(arguments);
    assert!(success && text.contains(wanted), "stonith_admin {arguments}: {text}");
}

fn wait_until_ready() {
    // Each question is a process of its own, which takes long enough to give the daemon time.
    assert!((0..1_000).any(|_| admin("-L").0), "the fencer does not answer");
}

fn state(port: &str) -> String {
    fs::read_to_string(format!("/run/fence/{port}")).unwrap_or_default().trim().to_owned()
}

#[test]
fn the_c_tools_register_query_and_fence() {
    in_namespace("the_c_tools_register_query_and_fence", || {
        let _corosync = start_corosync();
        let _daemon = start_daemon();
        wait_until_ready();
        expect("-L", "0 fence devices found");
        expect("-R d1 -a fence_test -o pcmk_host_list=n2,n3", "");
        expect("-L", "1 fence device found");
        expect("-l n2", "d1");
        let (_, other) = admin("-l n9");
        assert!(!other.contains("d1"), "{other}");
        expect("-Q d1", "");
        expect("-F n2 -t 10", "");
        assert_eq!(state("n2"), "off");
        expect("-B n3 -t 10", "");
        assert_eq!(state("n3"), "reboot");
        expect("-U n2 -t 10", "");
        assert_eq!(state("n2"), "on");
        expect("-H n2", "n2");
        let (_, history) = admin("-H * -V");
        assert!(history.contains("reboot of n3 successful"), "{history}");
        expect("-H * --cleanup", "");
        let (_, history) = admin("-H *");
        assert!(!history.contains("n3"), "{history}");
        expect("-D d1", "");
        expect("-L", "0 fence devices found");
    });
}

#[test]
fn what_nobody_can_fence_is_not_fenced() {
    in_namespace("what_nobody_can_fence_is_not_fenced", || {
        let _corosync = start_corosync();
        let _daemon = start_daemon();
        wait_until_ready();
        let (success, text) = admin("-B n2 -t 5");
        assert!(!success && text.contains("No such device"), "{text}");
        expect("-R d1 -a fence_test -o pcmk_host_list=broken", "");
        let (success, text) = admin("-F broken -t 10");
        assert!(!success, "{text}");
        let (_, history) = admin("-H broken -V");
        assert!(history.contains("broken"), "{history}");
        assert!(history.contains("failed") && !history.contains("successful"), "{history}");
        expect("-C n5", "");
        let (_, history) = admin("-H n5");
        assert!(history.contains("a human"), "{history}");
    });
}

#[test]
fn levels_are_tried_in_order_and_their_devices_all() {
    in_namespace("levels_are_tried_in_order_and_their_devices_all", || {
        let _corosync = start_corosync();
        let _daemon = start_daemon();
        wait_until_ready();
        for (device, port) in [("bad", "broken"), ("a", "plug-a"), ("b", "plug-b")] {
            expect(&format!("-R {device} -a fence_test -o pcmk_host_map=n2:{port}"), "");
        }
        expect("-r n2 -i 1 -v bad", "");
        expect("-r n2 -i 2 -v a -v b", "");
        expect("-B n2 -t 10", "");
        let calls = fs::read_to_string("/run/fence/calls").unwrap();
        let calls: Vec<_> = calls
            .lines()
            .filter(|call| call.contains(' ') && !call.starts_with("metadata"))
            .collect();
        assert_eq!(
            calls,
            [
                "reboot broken",
                "reboot broken",
                "off plug-a",
                "off plug-b",
                "on plug-a",
                "on plug-b"
            ]
        );
    });
}
