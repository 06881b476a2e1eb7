//! A daemon in namespaces of its own, and tools that are run there.

use std::{
    io::Write,
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::Duration,
};

use client::cib::{Backend, Cib};
use tokio::task::LocalSet;

const INSIDE: &str = "BASED_TEST_IN_NAMESPACE";
const DAEMON: &str = "BASED_TEST_IS_DAEMON";

/// Where the daemon keeps its files, in the namespace.
pub(crate) const ROOT: &str = "/var/lib/pacemaker/cib";

const CERTIFICATES: [(&str, &str); 3] = [
    ("authority.pem", include_str!("../../../../../shell/client/certificates/authority.pem")),
    ("node.pem", include_str!("../../../../../shell/client/certificates/node.pem")),
    ("node.key", include_str!("../../../../../shell/client/certificates/node.key")),
];

/// Runs the daemon if this process was started to be it.
pub(crate) fn become_daemon() {
    if let Ok(arguments) = std::env::var(DAEMON) {
        let arguments = arguments.split_whitespace().map(Into::into);
        based::main(std::iter::once("pacemaker-based".into()).chain(arguments).collect());
    }
}

/// Runs a test's body in namespaces of its own; the test's name has its module in front.
pub(crate) fn in_namespace(test: &str, body: impl AsyncFnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        let mounts = "for d in /run /dev/shm /var/log /var/lib/pacemaker; do \
                        mount -t tmpfs none $d || exit 1; done; \
                      mkdir -p /var/lib/pacemaker/cib /var/log/pacemaker && \
                      chown -R hacluster:haclient /var/lib/pacemaker && ip link set lo up && \
                      cp /etc/passwd /etc/group /run && \
                      echo 'joe:x:4242:4242::/:/bin/sh' >> /run/passwd && \
                      printf 'joe:x:4242:\noperators:x:4243:joe\n' >> /run/group && \
                      sed -i 's/^\\(haclient:[^:]*:[^:]*:\\)/\\1joe,/' /run/group && \
                      mount --bind /run/passwd /etc/passwd && mount --bind /run/group /etc/group && \
                      grep -v '^hacluster:' /etc/shadow > /run/shadow; \
                      echo 'hacluster:$6$cardea$eV9crsPC7eclT1G7oS2XP68JkSz5E0YOCBjtpqxB7B68ONUWn4h\
mJyqJzvHXlRFHvgaY1nTp7RTmTSzNPkcnW1:20000::::::' >> /run/shadow && \
                      chown root:shadow /run/shadow && chmod 640 /run/shadow && \
                      mount --bind /run/shadow /etc/shadow && mkdir /run/pam.d && \
                      printf 'auth sufficient pam_succeed_if.so quiet user = joe\nauth required \
pam_unix.so nodelay\naccount required pam_permit.so\n' \
                        > /run/pam.d/cardea-test && mount --bind /run/pam.d /etc/pam.d";
        assert!(Command::new("/bin/sh").args(["-c", mounts]).status().unwrap().success());
        std::fs::create_dir("/run/certificates").unwrap();
        for (file, content) in CERTIFICATES {
            std::fs::write(format!("/run/certificates/{file}"), content).unwrap();
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        return LocalSet::new().block_on(&runtime, body());
    }
    let root = rustix::process::geteuid().is_root();
    let tools = std::path::Path::new("/usr/sbin/cibadmin").exists();
    if !root || !tools {
        assert!(std::env::var_os("CI").is_none(), "{test} needs root and pacemaker-cli-utils");
        eprintln!("skipped: {test} needs root and pacemaker-cli-utils");
        return;
    }
    let certificate = |file: &str| format!("/run/certificates/{file}");
    let status = Command::new("unshare")
        .args(["--mount", "--net", "--ipc", "--propagation", "private", "--"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, "1")
        .env("CIB_ca_file", certificate("authority.pem"))
        .env("CIB_cert_file", certificate("node.pem"))
        .env("CIB_key_file", certificate("node.key"))
        .status()
        .unwrap();
    assert!(status.success(), "{test} failed in its namespace");
}

/// A daemon that ends with the test.
pub(crate) struct Daemon(Child);

impl Daemon {
    /// Starts a daemon without a cluster and waits until it can be talked to.
    pub(crate) async fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "daemon", "--nocapture"])
            .env(DAEMON, format!("-s {}", arguments.join(" ")))
            .env("CIB_pam_service", "cardea-test")
            .env("PCMK_logfile", "none")
            .env("PCMK_stderr", "1")
            .spawn()
            .unwrap();
        loop {
            match Cib::open_backend("test", &Backend::Live) {
                Ok(_) => return Self(child),
                Err(error) => {
                    assert!(child.try_wait().unwrap().is_none(), "the daemon ended: {error}");
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
        }
    }

    /// Waits until the daemon listens on the port.
    pub(crate) async fn listens(&self, port: u16) {
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Asks the daemon to end; it must do so without an error.
    pub(crate) fn end(mut self) {
        self.signal(rustix::process::Signal::TERM);
        assert!(self.0.wait().unwrap().success());
    }

    /// Kills the daemon.
    pub(crate) fn kill(mut self) {
        self.signal(rustix::process::Signal::KILL);
        self.0.wait().unwrap();
    }

    /// Forgets how much memory the daemon once needed.
    pub(crate) fn forget_peak(&self) {
        std::fs::write(format!("/proc/{}/clear_refs", self.0.id()), "5").unwrap();
    }

    /// The most memory that the daemon needed since that was forgotten last, in MiB.
    pub(crate) fn peak_mib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() >> 10
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

/// What a tool did.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) command: String,
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Output {
    /// Its standard output, if it succeeded; the test fails otherwise.
    pub(crate) fn succeeded(self) -> String {
        assert_eq!(self.code, 0, "{}: {}{}", self.command, self.stdout, self.stderr);
        self.stdout
    }
}

/// Runs one of Debian's tools as the user joe, who belongs to the cluster's group and to operators.
pub(crate) fn tool_of_joe(command: &str) -> Output {
    tool(&format!("setpriv --reuid=4242 --regid=4242 --init-groups {command}"))
}

/// The password of hacluster, in the namespace.
pub(crate) const PASSWORD: &str = "sesame";

/// Runs one of Debian's tools as if on another host.
pub(crate) fn tool_from_afar(user: &str, password: &str, command: &str) -> Output {
    tool(&format!(
        "env CIB_server=127.0.0.1 CIB_port=9898 CIB_encrypted=false CIB_user={user} \
         CIB_passwd={password} {command}"
    ))
}

/// Runs one of Debian's tools.
pub(crate) fn tool(command: &str) -> Output {
    with_input(command, "")
}

/// Runs one of Debian's tools with something on its standard input.
pub(crate) fn with_input(command: &str, input: &str) -> Output {
    let mut child = Command::new("sh")
        .args(["-c", &format!("exec timeout 20 {command}")])
        .env_remove("CIB_file")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    Output {
        command: command.to_owned(),
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
