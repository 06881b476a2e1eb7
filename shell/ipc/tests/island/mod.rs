//! A network, a /dev/shm and a set of configuration files of a test's own, so that real programs can run beside whatever
//! the host does.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
};

use rustix::{
    mount::{MountFlags, MountPropagationFlags, mount, mount_change},
    thread::{UnshareFlags, unshare_unsafe},
};

/// Moves the calling thread, and what it starts from now on, to an island.
///
/// Without root, or without one of `programs`, this is not possible: then the test must say so and end, except in CI,
/// where it fails.
pub(crate) fn enter(programs: &[&str]) -> bool {
    let missing = programs.iter().find(|program| !Path::new(program).exists());
    let obstacle = match missing {
        _ if !rustix::process::geteuid().is_root() => Some("root".to_owned()),
        Some(program) => Some((*program).to_owned()),
        None => None,
    };
    if let Some(obstacle) = obstacle {
        assert!(std::env::var_os("CI").is_none(), "this test needs {obstacle}");
        let name = std::thread::current().name().unwrap_or("test").to_owned();
        eprintln!("{name}: left out, it needs {obstacle}");
        return false;
    }
    // SAFETY: the thread shares no state that depends on its namespaces.
    unsafe { unshare_unsafe(UnshareFlags::NEWNS | UnshareFlags::NEWNET).unwrap() };
    mount_change("/", MountPropagationFlags::REC | MountPropagationFlags::PRIVATE).unwrap();
    for (directory, mode) in [("/dev/shm", "mode=1777"), ("/run", "mode=755"), ("/mnt", "mode=755")]
    {
        let options = std::ffi::CString::new(mode).unwrap();
        mount("tmpfs", directory, "tmpfs", MountFlags::empty(), options.as_c_str()).unwrap();
    }
    // In the network namespace of the thread and not in that of the process: /proc/self would be the latter.
    run("ip", &["link", "set", "lo", "up"]);
    true
}

/// Runs a program to its end; its output if it succeeded.
pub(crate) fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {}\n{text}{errors}", output.status);
    text
}

/// A program that is killed when the test ends.
pub(crate) struct Running(pub(crate) Child);

impl Running {
    /// Starts a program in the background.
    pub(crate) fn start(program: &str, arguments: &[&str]) -> Self {
        let child = Command::new(program).args(arguments).stdin(Stdio::null()).spawn().unwrap();
        Self(child)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
