use std::{
    collections::HashMap,
    fs,
    io::{BufRead, BufReader, Read},
    path::Path,
    time::{Duration, SystemTime},
};

use executor::{Failure, Strength};
use messages::executor::{Agent, Parameters, Standard};
use xml::Element;

use crate::{
    AgentDirectories, ExitKind, Keep, Order, Program, agent_environment, agent_path, printable,
    program,
};

/// How long an agent may take to describe itself.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How long a description may be. The longest in use have 60 KiB.
const MAX_BYTES: usize = 1 << 20;

/// How much of an init script is searched for its header.
const MAX_HEADER_BYTES: u64 = 64 * 1024;

/// Why there is no description of an agent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// The agent could not be run.
    #[error("{}", .0.clone().into_reason())]
    NotStarted(Failure),
    /// The agent took too long.
    #[error("the agent did not describe itself within {0:?}")]
    TimedOut(Duration),
    /// The agent failed.
    #[error("the agent failed to describe itself (exit status {status}): {message}")]
    Failed {
        /// Its exit status, or minus the signal that ended it.
        status: i32,
        /// The last it wrote to standard error.
        message: String,
    },
    /// The description is longer than anything sensible.
    #[error("the agent's description of itself is longer than {MAX_BYTES} bytes")]
    TooLong,
    /// What the agent wrote is not XML.
    #[error("the agent's description of itself cannot be read: {0}")]
    Malformed(#[from] xml::ParseError),
}

/// Descriptions of agents, fetched from them and kept until their program changes.
#[derive(Debug)]
pub struct Metadata {
    directories: AgentDirectories,
    known: HashMap<Agent, Known>,
}

#[derive(Debug)]
struct Known {
    changed: Option<SystemTime>,
    text: String,
}

impl Metadata {
    /// Descriptions of the agents in those directories; none is fetched yet.
    pub fn new(directories: AgentDirectories) -> Self {
        Self { directories, known: HashMap::new() }
    }

    /// An agent's description: as it wrote it, of a fence agent as it is configured in a cluster. Agents of standards `systemd` and `service` are not programs: theirs is up to
    /// shell/systemd.
    pub async fn text(&mut self, agent: &Agent) -> Result<String, MetadataError> {
        let (looked_up, directories) = (agent.clone(), self.directories.clone());
        let changed = tokio::task::spawn_blocking(move || changed(&looked_up, &directories));
        let changed = changed.await.ok().flatten();
        if let Some(known) = self.known.get(agent)
            && changed.is_some()
            && known.changed == changed
        {
            return Ok(known.text.clone());
        }
        let mut text = fetch(agent, &self.directories).await?;
        if agent.standard == Standard::Stonith {
            text = as_configured(xml::parse(without_preamble(&text))?).to_pretty();
        }
        self.known.insert(agent.clone(), Known { changed, text: text.clone() });
        Ok(text)
    }

    /// An agent's description, read.
    pub async fn element(&mut self, agent: &Agent) -> Result<Element, MetadataError> {
        Ok(xml::parse(without_preamble(&self.text(agent).await?))?)
    }
}

/// The part of a description behind the XML declaration and the document type that many agents begin with.
fn without_preamble(text: &str) -> &str {
    match text.find("<resource-agent") {
        Some(start) => &text[start..],
        None => text,
    }
}

/// A fence agent's description with what the cluster does for it: it starts and stops devices without asking the agent,
/// and tells it itself what to do and to whom. As Pacemaker shows it: pcs asks for every parameter that is required.
fn as_configured(mut description: Element) -> Element {
    const GIVEN_BY_FENCER: [&str; 3] = ["action", "plug", "port"];
    const TIMEOUT: &str = "20s";
    if let Some(parameters) = description.child_mut("parameters") {
        for name in GIVEN_BY_FENCER {
            let mut own = parameters.elements_mut();
            if let Some(parameter) = own.find(|one| one.attr("name") == Some(name)) {
                parameter.set("required", "0");
            }
        }
    }
    if let Some(actions) = description.child_mut("actions")
        && !actions.children().any(|action| action.attr("name") == Some("stop"))
    {
        for name in ["stop", "start"] {
            let action = Element::new("action").with("name", name).with("timeout", TIMEOUT);
            actions.push(action);
        }
    }
    description
}

fn changed(agent: &Agent, directories: &AgentDirectories) -> Option<SystemTime> {
    fs::metadata(agent_path(agent, directories).ok()?).ok()?.modified().ok()
}

async fn fetch(agent: &Agent, directories: &AgentDirectories) -> Result<String, MetadataError> {
    if agent.standard == Standard::Lsb {
        let (agent, directories) = (agent.clone(), directories.clone());
        let described = tokio::task::spawn_blocking(move || {
            agent_path(&agent, &directories).and_then(|path| describe_script(&agent.name, &path))
        });
        return described
            .await
            .unwrap_or_else(|error| Err(Failure::Other(error.to_string())))
            .map_err(MetadataError::NotStarted);
    }
    let environment = agent_environment(
        agent,
        &agent.name.as_str().into(),
        &Parameters::new(),
        &directories.ocf_root,
    );
    let (arguments, input) = match agent.standard {
        Standard::Stonith => (Vec::new(), b"action=metadata\n".to_vec()),
        _ => (vec!["meta-data".to_owned()], Vec::new()),
    };
    let (searched, directories) = (agent.clone(), directories.clone());
    let prepared = Program {
        arguments,
        environment,
        input,
        stdout: (Keep::First, MAX_BYTES),
        ..Program::new("")
    };
    let (handle, running) =
        program::start_found(prepared, move || agent_path(&searched, &directories));
    let mut running = std::pin::pin!(running);
    let exit = match tokio::time::timeout(TIMEOUT, &mut running).await {
        Ok(exit) => exit.map_err(MetadataError::NotStarted)?,
        Err(_) => {
            handle.end(Order { strength: Strength::Kill, whole_group: true });
            // What the killed program still had to say is of no interest, but it has to be reaped.
            let _ = running.await;
            return Err(MetadataError::TimedOut(TIMEOUT));
        }
    };
    match exit.kind {
        ExitKind::Status(0) if exit.stdout.is_cut() => Err(MetadataError::TooLong),
        ExitKind::Status(0) => Ok(printable(exit.stdout.bytes())),
        ExitKind::Status(status) => {
            Err(MetadataError::Failed { status, message: printable(exit.stderr.bytes()) })
        }
        ExitKind::Signal(signal) => {
            Err(MetadataError::Failed { status: -signal, message: printable(exit.stderr.bytes()) })
        }
    }
}

/// Describes an init script by the comment block that LSB has it begin with.
fn describe_script(name: &str, path: &Path) -> Result<String, Failure> {
    let other = |error: std::io::Error| Failure::Other(format!("{}: {error}", path.display()));
    let file = fs::File::open(path).map_err(other)?;
    let mut fields: HashMap<String, String> = HashMap::new();
    let mut in_header = false;
    let mut in_description = false;
    for line in BufReader::new(file.take(MAX_HEADER_BYTES)).split(b'\n') {
        let line = printable(&line.map_err(other)?);
        if !in_header {
            in_header = line.starts_with("### BEGIN INIT INFO");
            continue;
        }
        if line.starts_with("### END INIT INFO") || !line.starts_with('#') {
            break;
        }
        // A line that goes on with the description begins with a tab or more than one space.
        if in_description && (line.starts_with("#  ") || line.starts_with("#\t")) {
            let description = fields.entry("Description".to_owned()).or_default();
            description.push('\n');
            description.push_str(line[1..].trim());
            continue;
        }
        in_description = false;
        if let Some((field, value)) = line[1..].trim_start().split_once(':') {
            in_description = field == "Description";
            fields.entry(field.to_owned()).or_insert_with(|| value.trim().to_owned());
        }
    }
    Ok(script_metadata(name, &fields).to_pretty())
}

fn script_metadata(name: &str, fields: &HashMap<String, String>) -> Element {
    let field = |field: &str| fields.get(field).cloned().unwrap_or_default();
    let or_name = |text: String| if text.is_empty() { name.to_owned() } else { text };
    let holding = |name: &str, text: String| {
        let mut element = Element::new(name);
        if !text.is_empty() {
            element.push(xml::Node::Text(text.into()));
        }
        element
    };
    let in_english = |name: &str, text: String| holding(name, text).with("lang", "en");
    let action = |name: &str, timeout: &str| {
        Element::new("action").with("name", name).with("timeout", timeout)
    };
    let special = [
        "Provides",
        "Required-Start",
        "Required-Stop",
        "Should-Start",
        "Should-Stop",
        "Default-Start",
        "Default-Stop",
    ];
    Element::new("resource-agent")
        .with("name", name)
        .with("version", "0.1")
        .with_child(holding("version", "1.0".to_owned()))
        .with_child(in_english("longdesc", or_name(field("Description"))))
        .with_child(in_english("shortdesc", or_name(field("Short-Description"))))
        .with_child(Element::new("parameters"))
        .with_child(Element::new("actions").with_children([
            action("meta-data", "5"),
            action("start", "15"),
            action("stop", "15"),
            action("status", "15"),
            action("restart", "15"),
            action("force-reload", "15"),
            action("monitor", "15").with("interval", "15"),
        ]))
        .with_child(
            Element::new("special")
                .with("tag", "LSB")
                .with_children(special.map(|name| holding(name, field(name)))),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_fencer_does_for_an_agent_is_asked_of_nobody() {
        let described = |parameters: &str, actions: &str| {
            format!(
                "<resource-agent><longdesc>one\ntwo</longdesc><parameters>{parameters}</parameters>\
                 <actions>{actions}</actions></resource-agent>"
            )
        };
        let own = described(
            "<parameter name=\"action\" required=\"1\"/><parameter name=\"ip\" required=\"1\"/>\
             <parameter name=\"plug\" required=\"1\"/>",
            "<action name=\"off\"/>",
        );
        let shown = described(
            "<parameter name=\"action\" required=\"0\"/><parameter name=\"ip\" required=\"1\"/>\
             <parameter name=\"plug\" required=\"0\"/>",
            "<action name=\"off\"/><action name=\"stop\" timeout=\"20s\"/>\
             <action name=\"start\" timeout=\"20s\"/>",
        );
        let configured = |text: &str| as_configured(xml::parse(text).unwrap()).to_compact();
        assert_eq!(configured(&own), shown);
        assert_eq!(configured(&shown), shown);
    }

    #[test]
    fn a_script_is_described_by_its_header() {
        let directory = std::env::temp_dir().join(format!("process-lsb-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let path = directory.join("svc");
        let header = "#!/bin/sh\n### BEGIN INIT INFO\n# Provides: svc\n# Required-Start: $network\n\
                      # Short-Description: A <service>\n# Description: First\n#  second\n### END INIT INFO\n# Provides: no\n";
        fs::write(&path, header).unwrap();
        let text = describe_script("svc", &path).unwrap();
        fs::remove_dir_all(&directory).unwrap();
        let metadata = xml::parse(&text).unwrap();
        let at = |path: &[&str]| metadata.descend(path).unwrap().text();
        assert_eq!(at(&["shortdesc"]), "A <service>");
        assert_eq!(at(&["longdesc"]), "First\nsecond");
        assert_eq!(at(&["special", "Provides"]), "svc");
        assert_eq!(at(&["special", "Required-Start"]), "$network");
    }
}
