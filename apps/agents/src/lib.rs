//! The agents of provider `pacemaker` that are part of the cluster: `Dummy`, `Stateful` and `ping`.
//!
//! They are called as every agent is: by a path that ends in `resource.d/pacemaker/NAME`, the action as the only argument,
//! parameters in the environment. [`install`] makes such paths as links to the program; [`find`] tells that program, from the
//! name it was called by, which agent it is.

mod context;
mod description;
mod dummy;
#[cfg(test)]
mod originals;
mod ping;
mod state_file;
mod stateful;

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use vocab::OcfExit;

use crate::{context::Context, description::Description};

/// An agent that is part of the program.
#[derive(Clone, Copy)]
pub struct Agent {
    /// Its name, which is that of its file.
    pub name: &'static str,
    /// Runs it; the arguments are those of the process, its own name first.
    pub main: fn(Vec<OsString>) -> ExitCode,
}

/// Every agent there is.
pub const AGENTS: [Agent; 3] = [
    Agent { name: "Dummy", main: |args| run(&args, dummy::run, dummy::describe) },
    Agent { name: "Stateful", main: |args| run(&args, stateful::run, stateful::describe) },
    Agent { name: "ping", main: |args| run(&args, ping::run, ping::describe) },
];

/// The agent that a program called by this name is to be; `None` if the name is not a path to an agent of this provider.
///
/// The name alone would not do: `ping` is also a command.
pub fn find(called_as: &Path) -> Option<Agent> {
    let directory = called_as.parent()?;
    if !directory.ends_with("resource.d/pacemaker") {
        return None;
    }
    let name = called_as.file_name()?.to_str()?;
    AGENTS.into_iter().find(|agent| agent.name == name)
}

/// Makes each agent a link to `program` in `OCF_ROOT/resource.d/pacemaker`, in place of whatever was there under its name.
/// Returns the links.
pub fn install(ocf_root: &Path, program: &Path) -> io::Result<Vec<PathBuf>> {
    let directory = ocf_root.join("resource.d/pacemaker");
    fs::create_dir_all(&directory)?;
    AGENTS
        .iter()
        .map(|agent| {
            let link = directory.join(agent.name);
            // Made aside and moved: there is no moment without an agent.
            let new = directory.join(format!(".{}.{}", agent.name, std::process::id()));
            std::os::unix::fs::symlink(program, &new)?;
            fs::rename(&new, &link)?;
            Ok(link)
        })
        .collect()
}

/// What an agent does for one call; `None` if it does not know the action.
type Run = fn(&Context) -> Option<OcfExit>;

fn run(args: &[OsString], run: Run, describe: fn(&Context) -> Description) -> ExitCode {
    let context = Context::from_environment(args);
    let exit = match context.action() {
        "meta-data" => {
            context.print(&describe(&context).to_xml());
            OcfExit::Ok
        }
        "usage" | "help" => {
            context.print(&describe(&context).usage());
            OcfExit::Ok
        }
        _ => run(&context).unwrap_or_else(|| {
            context.print(&describe(&context).usage());
            OcfExit::UnimplementedFeature
        }),
    };
    ExitCode::from(u8::try_from(exit.code()).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_to_an_agent_makes_an_agent() {
        let name = |path: &str| find(Path::new(path)).map(|agent| agent.name);
        assert_eq!(name("/usr/lib/ocf/resource.d/pacemaker/ping"), Some("ping"));
        assert_eq!(name("/opt/ocf/resource.d/pacemaker/Dummy"), Some("Dummy"));
        assert_eq!(name("/usr/lib/ocf/resource.d/heartbeat/Dummy"), None);
        assert_eq!(name("/usr/lib/ocf/resource.d/pacemaker/remote"), None);
        assert_eq!(name("ping"), None);
    }

    #[test]
    fn installing_replaces_what_was_there() {
        let root = std::env::temp_dir().join(format!("agents-install-{}", std::process::id()));
        let directory = root.join("resource.d/pacemaker");
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join("Dummy"), "old").unwrap();
        let links = install(&root, Path::new("/sbin/cardea")).unwrap();
        assert_eq!(links.len(), AGENTS.len());
        for link in links {
            assert_eq!(fs::read_link(link).unwrap(), Path::new("/sbin/cardea"));
        }
        assert_eq!(fs::read_dir(&directory).unwrap().count(), AGENTS.len(), "nothing is left over");
        fs::remove_dir_all(root).unwrap();
    }
}
