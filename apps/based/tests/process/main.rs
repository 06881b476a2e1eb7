//! The daemon as a process, without a cluster, in namespaces of its own.
//!
//! Needs root, `unshare` of util-linux and Debian's pacemaker-cli-utils.

mod debian_tools;
mod hostile;
mod world;

/// Becomes the daemon if started as such; a test that is none otherwise.
#[test]
fn daemon() {
    world::become_daemon();
}
