//! The same secrets on the other nodes: copied by whichever of `pssh`, `pdsh` and `ssh` is installed.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use client::controller::Controller;
use messages::crmd::NodeQuery;
use vocab::ToolExit;

use super::{Name, Stop, TOOL, inform, store::Store, warn};

/// How long the controller may take to answer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What ssh is told: a node that is new is nobody to be asked about.
const SSH_OPTION: &str = "StrictHostKeyChecking=no";

/// A program that runs commands on other nodes, with the one that copies files there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Pssh,
    Pdsh,
    Ssh,
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

impl Way {
    fn installed() -> Result<Self, Stop> {
        [(Self::Pssh, "pssh"), (Self::Pdsh, "pdsh"), (Self::Ssh, "ssh")]
            .into_iter()
            .find(|(_, program)| is_installed(program))
            .map(|(way, _)| way)
            .ok_or_else(|| {
                let message = "please install pssh, pdsh, or ssh: the other nodes were not changed";
                Stop::new(ToolExit::NotInstalled, message)
            })
    }

    /// The commands that run this one on the nodes.
    fn run(self, nodes: &[String], command: &[&str]) -> Vec<Vec<String>> {
        let words = |start: &[&str]| -> Vec<String> {
            start.iter().chain(command).map(|word| (*word).to_owned()).collect()
        };
        match self {
            Self::Pssh => {
                vec![words(&["pssh", "-i", "-H", &nodes.join(" "), "-x", &option(), "--"])]
            }
            Self::Pdsh => vec![words(&["pdsh", "-S", "-w", &nodes.join(","), "--"])],
            Self::Ssh => {
                nodes.iter().map(|node| words(&["ssh", "-o", SSH_OPTION, node, "--"])).collect()
            }
        }
    }

    /// The commands that copy these into a directory on the nodes.
    fn copy(self, nodes: &[String], what: &[&str], directory: &str) -> Vec<Vec<String>> {
        let words = |start: &[&str], end: &str| -> Vec<String> {
            let all = start.iter().chain(what).copied().chain([end]);
            all.map(str::to_owned).collect()
        };
        match self {
            Self::Pssh => {
                let start = ["pscp", "-H", &nodes.join(" "), "-x", "-pr", "-x", &option(), "--"];
                vec![words(&start, directory)]
            }
            Self::Pdsh => vec![words(&["pdcp", "-pr", "-w", &nodes.join(","), "--"], directory)],
            Self::Ssh => nodes
                .iter()
                .map(|node| {
                    words(&["scp", "-pqr", "-o", SSH_OPTION], &format!("{node}:{directory}"))
                })
                .collect(),
        }
    }
}

fn option() -> String {
    format!("-o {SSH_OPTION}")
}

/// The other nodes that answer a ping. Those that do not are named, so that somebody sees to them.
fn living() -> Result<Vec<String>, Stop> {
    let failed = |what: &str, error: String| {
        Stop::new(ToolExit::Unavailable, format!("couldn't determine {what}: {error}"))
    };
    let mut controller = Controller::connect(TOOL.name)
        .map_err(|error| failed("cluster nodes", error.to_string()))?;
    let local = controller
        .node_info(NodeQuery::default(), TIMEOUT)
        .map_err(|error| failed("local node name", error.to_string()))?;
    let local = local.name.map(|name| name.to_string()).unwrap_or_default();
    let nodes =
        controller.nodes(TIMEOUT).map_err(|error| failed("cluster nodes", error.to_string()))?;
    let others = nodes.into_iter().filter_map(|(_, name, _)| name).map(|name| name.to_string());
    let (up, down): (Vec<String>, Vec<String>) =
        others.filter(|name| *name != local && !name.is_empty()).partition(|name| answers(name));
    if !down.is_empty() {
        let (noun, pronoun, verb) =
            if down.len() == 1 { ("node", "it", "is") } else { ("nodes", "them", "are") };
        warn(&format!("{noun} {} {verb} down", down.join(" ")));
        warn(&format!("you'll need to update {pronoun} using \"cibsecret sync\" later"));
    }
    if up.is_empty() {
        inform("no other nodes live");
    }
    Ok(up)
}

fn answers(node: &str) -> bool {
    let (program, arguments): (&str, &[&str]) = if is_installed("fping") {
        ("fping", &["-q", "--"])
    } else {
        ("ping", &["-c", "2", "-q", "--"])
    };
    let mut command = Command::new(program);
    command.args(arguments).arg(node).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn all_succeed(commands: Vec<Vec<String>>) -> Result<(), Stop> {
    for words in commands {
        let Some((program, arguments)) = words.split_first() else { continue };
        let mut command = Command::new(program);
        command.args(arguments).env("PDSH_SSH_ARGS_APPEND", option());
        let ended = command.stdin(Stdio::null()).status();
        let problem = match ended {
            Ok(status) if status.success() => continue,
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        };
        let message = format!("another node was not changed: {}: {problem}", words.join(" "));
        return Err(Stop::new(ToolExit::Error, message));
    }
    Ok(())
}

fn text(path: &Path) -> Result<&str, Stop> {
    path.to_str().ok_or_else(|| Stop::new(ToolExit::Usage, "the name is not UTF-8"))
}

/// A name as a shell on the other side takes it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Makes a parameter on the other nodes what it is here, or nothing if it is not here.
pub(super) fn copy_one(store: &Store, name: &Name) -> Result<(), Stop> {
    let nodes = living()?;
    if nodes.is_empty() {
        return Ok(());
    }
    let way = Way::installed()?;
    let file = store.file(&name.resource, &name.parameter)?;
    let digest = Store::digest_file(&file);
    let directory = file.parent().unwrap_or(store.root());
    let (file, digest, directory) = (text(&file)?, text(&digest)?, text(directory)?);
    let there = Path::new(file).is_file();
    let verb = if there { "syncing" } else { "deleting" };
    inform(&format!("{verb} {file} to {} ...", nodes.join(" ")));
    on_each(&nodes, |node| {
        all_succeed(way.run(node, &["mkdir", "-p", "-m", "700", &quoted(directory)]))?;
        if there {
            all_succeed(way.copy(node, &[file, digest], directory))
        } else {
            all_succeed(way.run(node, &["rm", "-f", &quoted(file), &quoted(digest)]))
        }
    })
}

/// Makes all secrets on the other nodes what they are here.
pub(super) fn copy_all(store: &Store) -> Result<(), Stop> {
    let nodes = living()?;
    if nodes.is_empty() {
        return Ok(());
    }
    let way = Way::installed()?;
    let root = text(store.root())?;
    let above = text(store.root().parent().unwrap_or(Path::new("/")))?;
    if !store.root().is_dir() {
        // What is not here would be taken from the others.
        return Err(Stop::new(ToolExit::NoSuch, format!("{root} does not exist: nothing to sync")));
    }
    inform(&format!("syncing {root} to {} ...", nodes.join(" ")));
    on_each(&nodes, |node| {
        all_succeed(way.run(node, &["rm", "-rf", root]))?;
        all_succeed(way.run(node, &["mkdir", "-p", above]))?;
        all_succeed(way.copy(node, &[root], above))
    })
}

/// Does something about each node, whatever became of those before it. Fails if one does, and says what each failed with.
fn on_each(nodes: &[String], change: impl Fn(&[String]) -> Result<(), Stop>) -> Result<(), Stop> {
    let problems: Vec<Stop> =
        nodes.iter().filter_map(|node| change(std::slice::from_ref(node)).err()).collect();
    let messages: Vec<&str> = problems.iter().map(|stop| stop.message.as_str()).collect();
    match problems.first() {
        Some(first) => Err(Stop::new(first.exit, messages.join("\n"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_cannot_be_reached_keeps_nothing_from_the_others() {
        let tried = std::cell::RefCell::new(Vec::new());
        let result = on_each(&["n1".to_owned(), "n2".to_owned(), "n3".to_owned()], |node| {
            tried.borrow_mut().extend_from_slice(node);
            match node {
                [name] if name == "n2" => Ok(()),
                _ => Err(Stop::new(ToolExit::Error, format!("{} is away", node.join(" ")))),
            }
        });
        assert_eq!(tried.into_inner(), ["n1", "n2", "n3"]);
        assert_eq!(result.unwrap_err().message, "n1 is away\nn3 is away");
    }

    #[test]
    fn each_way_names_the_nodes_in_its_own_form() {
        let nodes = ["n1".to_owned(), "n2".to_owned()];
        let lines = |commands: Vec<Vec<String>>| -> Vec<String> {
            commands.iter().map(|words| words.join(" ")).collect()
        };
        assert_eq!(
            lines(Way::Ssh.run(&nodes, &["rm", "x"])),
            [
                "ssh -o StrictHostKeyChecking=no n1 -- rm x",
                "ssh -o StrictHostKeyChecking=no n2 -- rm x"
            ]
        );
        assert_eq!(lines(Way::Pdsh.run(&nodes, &["rm", "x"])), ["pdsh -S -w n1,n2 -- rm x"]);
        assert_eq!(
            lines(Way::Ssh.copy(&nodes[..1], &["a", "b"], "/d")),
            ["scp -pqr -o StrictHostKeyChecking=no a b n1:/d"]
        );
        assert_eq!(
            lines(Way::Pssh.copy(&nodes, &["a"], "/d")),
            ["pscp -H n1 n2 -x -pr -x -o StrictHostKeyChecking=no -- a /d"]
        );
        assert_eq!(quoted("it's"), "'it'\\''s'");
    }
}
