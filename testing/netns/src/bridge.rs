use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
};

use anyhow::{Context, Result, bail};

use crate::command::host;

/// The switch that all nodes are plugged into, in a network namespace of its own.
pub(crate) struct Bridge {
    keeper: Child,
    /// The keeper ends when this does.
    lifeline: Option<ChildStdin>,
}

/// What a port of the bridge does with frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Port {
    /// Passes them on.
    Forwarding,
    /// Drops them, while the node's interface keeps its carrier: a broken switch, not a pulled cable.
    Disabled,
}

impl Bridge {
    /// Starts the keeper of `directory` and builds the bridge in its namespace.
    pub(crate) fn start(helper: &Path, directory: &Path) -> Result<Self> {
        use std::os::unix::process::CommandExt;
        let mut command = Command::new("unshare");
        command.arg("--net").arg(helper).arg("netns-keeper").arg(directory);
        // A group of its own, so that Ctrl-C at a terminal reaches only the program.
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut keeper = command.spawn().context("cannot run unshare (package util-linux)")?;
        let lifeline = keeper.stdin.take();
        let stdout = keeper.stdout.take().context("the keeper has no standard output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let bridge = Self { keeper, lifeline };
        if line.trim() != "ready" {
            bail!("the keeper of {} did not start", directory.display());
        }
        bridge.ip("link set lo up\n\
             link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0\n\
             link set br0 up\n")?;
        Ok(bridge)
    }

    /// Plugs in the network namespace of `pid` with interface eth0.
    pub(crate) fn plug(&self, node: &str, pid: u32, address: &str) -> Result<()> {
        let port = port_name(node);
        let last: u8 = address.rsplit('.').next().and_then(|l| l.parse().ok()).unwrap_or(0);
        self.ip(&format!(
            "link add {port} type veth peer name eth0 netns {pid}\n\
             link set {port} master br0\n\
             link set {port} up\n"
        ))?;
        in_network(
            pid,
            &["ip", "-batch", "-"],
            &format!(
                "link set lo up\n\
                 link set eth0 address 02:00:00:7c:00:{last:02x}\n\
                 addr add {address}/24 dev eth0\n\
                 link set eth0 up\n"
            ),
        )
    }

    /// Takes the port down, as when the power goes: the kernel behind it would go on answering pings.
    pub(crate) fn unplug(&self, node: &str) -> Result<()> {
        self.ip(&format!("link set {} down\n", port_name(node)))
    }

    /// Removes what is left of a port; the kernel removes it by itself some time after the node's last process.
    pub(crate) fn forget(&self, node: &str) {
        // It is gone already in the usual case.
        let _ = self.ip(&format!("link delete {}\n", port_name(node)));
    }

    pub(crate) fn set_port(&self, node: &str, port: Port) -> Result<()> {
        let state = match port {
            Port::Disabled => "0",
            Port::Forwarding => "3",
        };
        let arguments = ["bridge", "link", "set", "dev", &port_name(node), "state", state];
        in_network(self.keeper.id(), &arguments, "")
    }

    fn ip(&self, batch: &str) -> Result<()> {
        in_network(self.keeper.id(), &["ip", "-batch", "-"], batch)
    }

    /// Lets the keeper clean up and waits for it.
    pub(crate) fn end(&mut self) {
        self.lifeline = None;
        // It was started by us and not waited for yet, so this cannot fail.
        let _ = self.keeper.wait();
    }
}

fn port_name(node: &str) -> String {
    format!("p-{node}")
}

fn in_network(pid: u32, command: &[&str], input: &str) -> Result<()> {
    let target = pid.to_string();
    let mut arguments = vec!["--target", &target, "--net"];
    arguments.extend(command);
    host("nsenter", &arguments, input).map(drop)
}
