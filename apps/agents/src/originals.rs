//! The same calls to our agents and to the shell agents that they stand in for. Needs Debian's pacemaker-resource-agents.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, process::Command};

use vocab::OcfExit;

use crate::{context::Context, dummy, stateful};

const DIRECTORY: &str = "/usr/lib/ocf/resource.d/pacemaker";

/// Two directories, one for each side, with a `crm_attribute` that does nothing.
struct Bench {
    name: &'static str,
    ours: PathBuf,
    theirs: PathBuf,
}

impl Bench {
    /// `None` where the shell agents are not installed, or are links to ours.
    fn new(name: &'static str) -> Option<Self> {
        let original = PathBuf::from(DIRECTORY).join(name);
        if !fs::symlink_metadata(&original).is_ok_and(|metadata| metadata.is_file()) {
            eprintln!("skipped: {} is not there (pacemaker-resource-agents)", original.display());
            return None;
        }
        let directory = |side: &str| {
            let directory =
                std::env::temp_dir().join(format!("agents-{side}-{name}-{}", std::process::id()));
            fs::create_dir_all(&directory).unwrap();
            let tool = directory.join("crm_attribute");
            fs::write(&tool, "#!/bin/sh\n").unwrap();
            fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
            directory
        };
        Some(Self { name, ours: directory("ours"), theirs: directory("theirs") })
    }

    fn check(&self, action: &str, parameters: &[(&str, &str)]) {
        let variables = |directory: &PathBuf| {
            let directory = directory.to_str().unwrap().to_owned();
            let mut variables = vec![
                ("OCF_ROOT".to_owned(), "/usr/lib/ocf".to_owned()),
                ("OCF_RESOURCE_INSTANCE".to_owned(), "r:1".to_owned()),
                ("HA_SBIN_DIR".to_owned(), directory.clone()),
                ("HA_VARRUN".to_owned(), directory),
            ];
            variables
                .extend(parameters.iter().map(|(name, value)| ((*name).into(), (*value).into())));
            variables
        };
        let theirs = Command::new(format!("{DIRECTORY}/{}", self.name))
            .arg(action)
            .envs(variables(&self.theirs))
            .output()
            .unwrap();
        let ours = variables(&self.ours);
        let ours: Vec<_> = ours.iter().map(|(name, value)| (&**name, &**value)).collect();
        let context = Context::new(action, &ours);
        let exit = match self.name {
            "Dummy" => dummy::run(&context),
            _ => stateful::run(&context),
        };
        let exit = exit.unwrap_or(OcfExit::UnimplementedFeature);
        assert_eq!(
            Some(exit.code()),
            theirs.status.code(),
            "{} {action} {parameters:?}",
            self.name
        );
        assert_eq!(files(&self.ours), files(&self.theirs), "{} {action} {parameters:?}", self.name);
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.ours);
        let _ = fs::remove_dir_all(&self.theirs);
    }
}

/// Every file with what it says.
fn files(directory: &PathBuf) -> Vec<(String, String)> {
    let mut files: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(&path).unwrap())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn dummy_does_what_the_original_does() {
    let Some(bench) = Bench::new("Dummy") else { return };
    let host = rustix::system::uname();
    let host = host.nodename().to_str().unwrap();
    for action in ["monitor", "stop", "start", "start", "monitor", "reload", "reload-agent"] {
        bench.check(action, &[]);
    }
    bench.check("monitor", &[("OCF_CHECK_LEVEL", "30")]);
    bench.check("monitor", &[("OCF_CHECK_LEVEL", "40")]);
    bench.check("migrate_to", &[]);
    bench.check("monitor", &[]);
    bench.check("migrate_from", &[("OCF_RESKEY_fail_start_on", host)]);
    bench.check("monitor", &[("OCF_RESKEY_CRM_meta_globally_unique", "true")]);
    bench.check("validate-all", &[("OCF_RESKEY_op_sleep", "soon")]);
    bench.check("validate-all", &[("OCF_CHECK_LEVEL", "10"), ("OCF_RESKEY_state", "/no/such/x")]);
    bench.check("stop", &[]);
    bench.check("fly", &[]);
}

#[test]
fn stateful_does_what_the_original_does() {
    let Some(bench) = Bench::new("Stateful") else { return };
    for action in [
        "monitor",
        "promote",
        "demote",
        "start",
        "monitor",
        "notify",
        "promote",
        "monitor",
        "start",
        "stop",
        "demote",
        "monitor",
        "validate-all",
        "reload-agent",
        "stop",
        "stop",
        "monitor",
        "fly",
    ] {
        bench.check(action, &[]);
    }
}
