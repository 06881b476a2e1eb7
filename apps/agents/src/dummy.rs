//! `Dummy`: a resource that is a file. It is there to try a cluster out, and can be made to fail and to be slow.

use std::{path::Path, thread, time::Duration};

use vocab::OcfExit;

use crate::{
    context::Context,
    description::{Description, Flag, Parameter},
    state_file::StateFile,
};

pub(crate) fn run(context: &Context) -> Option<OcfExit> {
    context.dump_environment();
    let dummy = Dummy::new(context);
    Some(match context.action() {
        "start" | "migrate_from" => dummy.start(),
        "stop" | "migrate_to" => dummy.stop(),
        "monitor" => dummy.monitor(Serialized::Checked),
        "reload" => OcfExit::Ok,
        "reload-agent" => {
            context.log("INFO", &format!("reloading {}", context.instance()));
            dummy.start()
        }
        "validate-all" => dummy.validate(),
        _ => return None,
    })
}

struct Dummy<'a> {
    context: &'a Context,
    state: StateFile,
    /// There while a slow monitor runs.
    lock: StateFile,
}

/// Whether a monitor complains about another one at the same time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Serialized {
    Checked,
    Ignored,
}

impl<'a> Dummy<'a> {
    fn new(context: &'a Context) -> Self {
        let state = StateFile::new(match context.parameter("state") {
            Some(path) => path.into(),
            None => context.state_path("Dummy", ".state"),
        });
        Self { context, lock: state.beside(".serialized"), state }
    }

    fn start(&self) -> OcfExit {
        let running = self.monitor(Serialized::Checked) == OcfExit::Ok;
        if !running && let Err(error) = self.state.touch() {
            self.context.log("ERROR", &format!("{}: {error}", self.state.path().display()));
            return OcfExit::Error;
        }
        let host = rustix::system::uname();
        let host = host.nodename().to_string_lossy();
        match self.context.parameter("fail_start_on") {
            Some(failing) if failing == host => OcfExit::Error,
            _ => OcfExit::Ok,
        }
    }

    fn stop(&self) -> OcfExit {
        let running = self.monitor(Serialized::Ignored) == OcfExit::Ok;
        // A stop that fails would have the node fenced over a file: it succeeds whatever happens.
        if running && let Err(error) = self.state.remove() {
            self.context.log("WARNING", &format!("{}: {error}", self.state.path().display()));
        }
        let _ = self.lock.remove();
        OcfExit::Ok
    }

    fn monitor(&self, serialized: Serialized) -> OcfExit {
        let sleep = self.context.parameter("op_sleep").and_then(|text| text.parse().ok());
        if let Some(seconds) = sleep.filter(|seconds| *seconds > 0) {
            if serialized == Serialized::Checked && self.lock.exists() {
                self.context.exit_reason("alternate universe collision");
                return OcfExit::Error;
            }
            let _ = self.lock.touch();
            thread::sleep(Duration::from_secs(seconds));
            let _ = self.lock.remove();
        }
        if self.state.exists() { self.look_closer() } else { OcfExit::NotRunning }
    }

    /// What a monitor of some depth finds in a resource that runs.
    fn look_closer(&self) -> OcfExit {
        match self.context.check_level() {
            "10" => thread::sleep(Duration::from_secs(30)),
            "20" => {
                let mut byte = [0];
                let drawn =
                    rustix::rand::getrandom(&mut byte, rustix::rand::GetRandomFlags::empty());
                if drawn.is_ok() && byte[0].is_multiple_of(5) {
                    self.context.exit_reason("smoke detected near CPU fan");
                    return OcfExit::Error;
                }
            }
            "30" => {
                self.context.exit_reason("hyperdrive quota reached");
                return OcfExit::Error;
            }
            "40" => {
                let wanted = self.state.read();
                if !wanted.is_empty() {
                    self.context.exit_reason(&format!("the state file asks for status {wanted}"));
                    let code = wanted.parse().ok().and_then(OcfExit::from_code);
                    return code.unwrap_or(OcfExit::Error);
                }
            }
            _ => {}
        }
        OcfExit::Ok
    }

    fn validate(&self) -> OcfExit {
        let is_number = |text: &str| text.bytes().any(|byte| byte.is_ascii_digit());
        if self.context.parameter("op_sleep").is_some_and(|text| !is_number(text)) {
            return OcfExit::NotConfigured;
        }
        let envfile = self.context.parameter("envfile").map(Path::new);
        let files = [Some(self.state.path()), envfile];
        if self.context.check_level() == "10"
            && files.into_iter().flatten().any(|file| !is_in_writable_directory(file))
        {
            return OcfExit::InvalidParameter;
        }
        OcfExit::Ok
    }
}

fn is_in_writable_directory(file: &Path) -> bool {
    use rustix::fs::{Access, access};
    let directory = match file.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => return false,
    };
    directory.is_dir() && access(directory, Access::WRITE_OK | Access::EXEC_OK).is_ok()
}

pub(crate) fn describe(context: &Context) -> Description {
    let parameter = |name, flag, kind, default: &str, short, long| Parameter {
        name,
        flag,
        short,
        long,
        kind,
        default: default.to_owned(),
    };
    let state = context.state_path("Dummy", ".state").display().to_string();
    use Flag::{Reloadable, Unique};
    Description {
        name: "Dummy",
        version: "2.1",
        program: context.program().to_owned(),
        short: "Resource without a service, for tests",
        long: "Does nothing but remember, in a file, whether it was started. It can be told to fail or to take its\n\
               time, which makes it a tool for trying out what a cluster does about that.",
        parameters: vec![
            parameter(
                "state",
                Unique,
                "string",
                &state,
                "State file",
                "File that is there while the resource runs.",
            ),
            parameter(
                "passwd",
                Reloadable,
                "string",
                "",
                "Password",
                "Stands for a secret; not used.",
            ),
            parameter(
                "fake",
                Reloadable,
                "string",
                "dummy",
                "Value without effect",
                "A value without effect, to be changed in order to see a reload.",
            ),
            parameter(
                "op_sleep",
                Reloadable,
                "string",
                "0",
                "Seconds to sleep",
                "How many seconds actions sleep, to see what the cluster does about slow ones.",
            ),
            parameter(
                "fail_start_on",
                Reloadable,
                "string",
                "",
                "Host where starting seems to fail",
                "On this host start, migrate_from and reload-agent report a failure although the resource runs\n\
                 afterwards: a way to try on-fail=ignore.",
            ),
            parameter(
                "envfile",
                Reloadable,
                "string",
                "",
                "File for the environment",
                "Every call appends its environment to this file, if it is set.",
            ),
        ],
        actions: &[
            ("start", "timeout=\"20s\""),
            ("stop", "timeout=\"20s\""),
            ("monitor", "timeout=\"20s\" interval=\"10s\" depth=\"0\""),
            ("reload", "timeout=\"20s\""),
            ("reload-agent", "timeout=\"20s\""),
            ("migrate_to", "timeout=\"20s\""),
            ("migrate_from", "timeout=\"20s\""),
            ("validate-all", "timeout=\"20s\""),
            ("meta-data", "timeout=\"5s\""),
        ],
    }
}
