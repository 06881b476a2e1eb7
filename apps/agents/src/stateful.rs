//! `Stateful`: a resource with two roles that is a file. It sets promotion scores, so that a cluster promotes one of its
//! instances.

use std::{thread, time::Duration};

use vocab::OcfExit;

use crate::{
    context::Context,
    description::{Description, Flag, Parameter},
    state_file::StateFile,
};

const UNPROMOTED: &str = "Unpromoted";
const PROMOTED: &str = "Promoted";
const SCORE_UNPROMOTED: &str = "5";
const SCORE_PROMOTED: &str = "10";

pub(crate) fn run(context: &Context) -> Option<OcfExit> {
    context.dump_environment();
    let stateful = Stateful::new(context);
    Some(match context.action() {
        "start" => stateful.start(),
        "stop" => stateful.stop(),
        "promote" => stateful.become_role(PROMOTED, SCORE_PROMOTED),
        "demote" => stateful.become_role(UNPROMOTED, SCORE_UNPROMOTED),
        "monitor" => stateful.monitor(),
        "notify" => {
            let delay = context.parameter("notify_delay").and_then(|text| text.parse().ok());
            thread::sleep(Duration::from_secs(delay.unwrap_or(0)));
            OcfExit::Ok
        }
        "validate-all" | "reload-agent" => OcfExit::Ok,
        _ => return None,
    })
}

struct Stateful<'a> {
    context: &'a Context,
    state: StateFile,
}

impl<'a> Stateful<'a> {
    fn new(context: &'a Context) -> Self {
        let state = StateFile::new(match context.parameter("state") {
            Some(path) => path.into(),
            None => context.state_path("Stateful", ".state"),
        });
        Self { context, state }
    }

    fn has_role(&self, role: &str) -> bool {
        self.state.exists() && self.state.read() == role
    }

    fn enter_role(&self, role: &str, score: &str) -> OcfExit {
        if let Err(error) = self.state.write(role) {
            self.context.log("ERROR", &format!("{}: {error}", self.state.path().display()));
            return OcfExit::Error;
        }
        self.set_score(score);
        OcfExit::Ok
    }

    /// A score that cannot be set now is set by the next probe or change of role; the action itself has worked.
    fn set_score(&self, score: &str) {
        self.context.run_tool("crm_attribute", &["--promotion", "-v", score]);
    }

    fn start(&self) -> OcfExit {
        if self.has_role(PROMOTED) {
            return OcfExit::Promoted;
        }
        self.enter_role(UNPROMOTED, SCORE_UNPROMOTED)
    }

    fn become_role(&self, role: &str, score: &str) -> OcfExit {
        if !self.state.exists() {
            return OcfExit::NotRunning;
        }
        self.enter_role(role, score)
    }

    fn stop(&self) -> OcfExit {
        self.context.run_tool("crm_attribute", &["--promotion", "-D"]);
        if self.has_role(PROMOTED) {
            return OcfExit::Promoted;
        }
        match self.state.remove() {
            Ok(()) => OcfExit::Ok,
            Err(error) => {
                self.context.exit_reason(&format!("{}: {error}", self.state.path().display()));
                OcfExit::Error
            }
        }
    }

    fn monitor(&self) -> OcfExit {
        // A file beside the state makes tests see whatever status they like.
        let forced = self.state.beside(".rc");
        if forced.exists() {
            let code = forced.read();
            self.context
                .exit_reason(&format!("{} asks for status {code}", forced.path().display()));
            return code.parse().ok().and_then(OcfExit::from_code).unwrap_or(OcfExit::Error);
        }
        if !self.state.exists() {
            return OcfExit::NotRunning;
        }
        let (exit, score) = match self.state.read().as_str() {
            PROMOTED => (OcfExit::Promoted, SCORE_PROMOTED),
            UNPROMOTED => (OcfExit::Ok, SCORE_UNPROMOTED),
            other => {
                let path = self.state.path().display();
                self.context.exit_reason(&format!("{path} says '{other}', which is no role"));
                return OcfExit::Error;
            }
        };
        // A probe may be all that a restarted cluster does to a resource that runs: it has lost the score.
        if self.context.is_once() {
            self.set_score(score);
        }
        exit
    }
}

pub(crate) fn describe(context: &Context) -> Description {
    let state = context.state_path("Stateful", ".state").display().to_string();
    Description {
        name: "Stateful",
        version: "1.2",
        program: context.program().to_owned(),
        short: "Resource with two roles and without a service, for tests",
        long: "Remembers, in a file, whether it was started and promoted, and sets its promotion score accordingly.",
        parameters: vec![
            Parameter {
                name: "state",
                flag: Flag::Unique,
                short: "State file",
                long: "File that holds the role while the resource runs.",
                kind: "string",
                default: state,
            },
            Parameter {
                name: "envfile",
                flag: Flag::Reloadable,
                short: "File for the environment",
                long: "Every call appends its environment to this file, if it is set.",
                kind: "string",
                default: String::new(),
            },
            Parameter {
                name: "notify_delay",
                flag: Flag::Reloadable,
                short: "Seconds that notify takes",
                long: "How many seconds the notify action sleeps, to see what the cluster does about slow ones.",
                kind: "string",
                default: String::new(),
            },
        ],
        actions: &[
            ("start", "timeout=\"20s\""),
            ("stop", "timeout=\"20s\""),
            ("monitor", "depth=\"0\" timeout=\"20s\" interval=\"10s\" role=\"Promoted\""),
            ("monitor", "depth=\"0\" timeout=\"20s\" interval=\"11s\" role=\"Unpromoted\""),
            ("promote", "timeout=\"10s\""),
            ("demote", "timeout=\"10s\""),
            ("notify", "timeout=\"5s\""),
            ("meta-data", "timeout=\"5s\""),
            ("reload-agent", "timeout=\"10s\""),
            ("validate-all", "timeout=\"30s\""),
        ],
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

    use super::*;

    /// A directory with a `crm_attribute` that notes its arguments.
    struct Bench(PathBuf);

    impl Bench {
        fn new(name: &str) -> Self {
            let directory =
                std::env::temp_dir().join(format!("agents-{name}-{}", std::process::id()));
            fs::create_dir_all(&directory).unwrap();
            let tool = directory.join("crm_attribute");
            let script = format!(
                "#!/bin/sh\necho \"$OCF_RESOURCE_INSTANCE $*\" >> {}/calls\n",
                directory.display()
            );
            fs::write(&tool, script).unwrap();
            fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
            Self(directory)
        }

        fn call(&self, action: &str) -> OcfExit {
            let directory = self.0.to_str().unwrap();
            let variables = [
                ("HA_SBIN_DIR", directory),
                ("HA_VARRUN", directory),
                ("OCF_RESOURCE_INSTANCE", "s:0"),
            ];
            run(&Context::new(action, &variables)).unwrap()
        }

        fn scores(&self) -> String {
            let calls = fs::read_to_string(self.0.join("calls")).unwrap_or_default();
            let _ = fs::remove_file(self.0.join("calls"));
            calls
        }
    }

    impl Drop for Bench {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_life() {
        let bench = Bench::new("life");
        assert_eq!(bench.call("monitor"), OcfExit::NotRunning);
        assert_eq!(bench.call("promote"), OcfExit::NotRunning);
        assert_eq!(bench.call("start"), OcfExit::Ok);
        assert_eq!(bench.scores(), "s:0 --promotion -v 5\n");
        assert_eq!(bench.call("promote"), OcfExit::Ok);
        assert_eq!(bench.scores(), "s:0 --promotion -v 10\n");
        assert_eq!(bench.call("monitor"), OcfExit::Promoted);
        assert_eq!(bench.scores(), "s:0 --promotion -v 10\n", "a probe sets the score again");
        assert_eq!(bench.call("stop"), OcfExit::Promoted, "it has to be demoted first");
        assert_eq!(bench.call("demote"), OcfExit::Ok);
        assert_eq!(bench.call("monitor"), OcfExit::Ok);
        assert_eq!(bench.call("stop"), OcfExit::Ok);
        assert_eq!(bench.call("stop"), OcfExit::Ok);
        assert_eq!(bench.call("monitor"), OcfExit::NotRunning);
    }

    #[test]
    fn a_state_that_is_none_is_an_error() {
        let bench = Bench::new("junk");
        fs::write(bench.0.join("Stateful-s.state"), "Master\n").unwrap();
        assert_eq!(bench.call("monitor"), OcfExit::Error);
    }
}
