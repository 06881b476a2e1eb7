//! Clusters of real processes on one machine, for the demo, the process-level scenarios and the benchmark.
//!
//! ```text
//!   program that uses this library          (holds one pipe to each process below: when it dies, they all die)
//!     ├─ keeper   network namespace with the bridge; removes the state directory at the end
//!     ├─ client   192.168.124.1, has no cluster software running
//!     └─ node     192.168.124.51 …: network, mount, PID, UTS and IPC namespaces of its own
//!          └─ PID 1: this library again; mounts, reaps, runs the units corosync and pacemaker
//! ```
//!
//! A node differs from a machine in that it shares the kernel, the clock and the installed software with the others;
//! `/etc`, `/root`, `/run`, `/dev/shm`, `/var/log` and the state directories of the cluster are its own. No namespace
//! has a name and nothing is left in the host's network, so several clusters run beside each other, and a program that
//! is killed takes its cluster with it.
//!
//! Start from [`Cluster::up`] and [`Cluster::exec`]. The program must call [`run_helper`] first thing in `main`, since
//! PID 1 of a node, the bridge's keeper, the prober and `systemctl` inside a node are the same executable.

mod bridge;
mod cluster;
mod command;
mod files;
mod helper;
mod init;
mod keeper;
mod leftovers;
mod node;
mod probe;
mod processes;
mod programs;
mod settings;
mod systemctl;
mod units;
mod wait;

pub use cluster::{Cluster, RunningNode};
pub use command::{Output, Shell};
pub use helper::run_helper;
pub use leftovers::{end_running, remove_leftovers};
pub use probe::{Answer, Probe, Prober};
pub use processes::Process;
pub use settings::{
    CLIENT, ClusterSettings, Programs, Ring, SERVICE_ADDRESS, Stack, Transport, node_address,
    node_name,
};
pub use wait::wait_until;

use anyhow::{Result, bail};

/// Fails with a sentence for the user unless this process may create namespaces.
///
/// # Errors
///
/// When the effective user is not root.
pub fn require_root() -> Result<()> {
    if !rustix::process::geteuid().is_root() {
        bail!(
            "this needs root: it creates network, mount and PID namespaces (try `sudo -E cargo xtask ...`)"
        );
    }
    Ok(())
}
