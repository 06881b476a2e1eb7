//! Fence agents on this node. No fencer is needed for them.

use std::{path::Path, time::Duration};

use executor::{Failure, Strength};
use messages::executor::{Agent, Parameters, Standard};
use present::PagePart;
use process::{
    AgentDirectories, Exit, ExitKind, Metadata, Order, Program, SECRETS_DIRECTORY, agent_path,
    list_agents, printable, start, with_secrets,
};
use vocab::ToolExit;
use xml::Element;

use super::{Listed, Options, say, show_list};
use crate::{
    frame::Stop,
    output::{Format, Output},
};

const INSTALLED: Listed =
    Listed { one: "fence device", several: "fence devices", title: "installed fence devices" };

/// The node that an agent is told when it checks parameters: some want one, and it does not matter which.
const ANY_NODE: &str = "node1";

pub(super) fn list(_: &Options, output: &mut Output) {
    let agents = list_agents(&Standard::Stonith, None, &AgentDirectories::from_environment());
    show_list(&INSTALLED, Some("device"), &agents, output);
}

fn fence_agent(name: &str) -> Agent {
    Agent { standard: Standard::Stonith, provider: None, name: name.to_owned() }
}

fn runtime() -> Result<tokio::runtime::Runtime, Stop> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Stop::new(error.to_string(), ToolExit::OsError))
}

/// How the agent describes itself; `None` if that took longer than it may.
fn description(options: &Options, name: &str) -> Result<String, Stop> {
    let mut metadata = Metadata::new(AgentDirectories::from_environment());
    let fetch = async {
        let agent = fence_agent(name);
        tokio::time::timeout(options.timeout(), metadata.text(&agent)).await
    };
    match runtime()?.block_on(fetch) {
        Ok(Ok(text)) => Ok(text),
        Ok(Err(error)) => {
            Err(Stop::new(format!("Can't get fence agent meta-data: {error}"), ToolExit::NoSuch))
        }
        Err(_) => {
            Err(Stop::new("Can't get fence agent meta-data: Timer expired", ToolExit::Timeout))
        }
    }
}

pub(super) fn metadata(options: &Options, output: &mut Output) -> Result<(), Stop> {
    let text = description(options, options.agent()?)?;
    output.text(&text);
    output.part(PagePart::Verbatim(text.clone()));
    if !text.ends_with('\n') {
        output.line("");
    }
    let mut element = Element::new("metadata");
    element.push(xml::Node::Text(text.as_str().into()));
    output.element(element);
    Ok(())
}

/// How a check of parameters ended.
struct Checked {
    /// As the original numbers it.
    code: i32,
    exit: ToolExit,
    stdout: Option<String>,
    stderr: Option<String>,
}

impl Checked {
    fn failed(code: i32, exit: ToolExit, reason: impl Into<String>) -> Self {
        Self { code, exit, stdout: None, stderr: Some(reason.into()) }
    }
}

/// The system's number for a time that is over, and for a file that is not there, negated as in the original.
const TIMED_OUT: i32 = -62;
const NO_SUCH_FILE: i32 = -2;
const PERMISSION_DENIED: i32 = -13;
/// Any other failure.
const FAILED: i32 = -201;

/// Has an agent check parameters, and shows what it says about them.
pub(super) fn validate(options: &Options, output: &mut Output) -> Result<(), Stop> {
    let agent = options.agent()?;
    let device = options.devices.first().map(String::as_str);
    let checked = check(options, agent, device)?;
    let is_valid = checked.code == 0;
    if output.format() == Format::Xml {
        let said = |source: &str, text: &str| {
            let mut element = Element::new("output").with("source", source);
            element.push(xml::Node::Text(text.into()));
            element
        };
        let command = Element::new("command")
            .with("code", checked.code)
            .with_children(checked.stdout.as_deref().map(|text| said("stdout", text)))
            .with_children(checked.stderr.as_deref().map(|text| said("stderr", text)));
        let element = Element::new("validate").with("agent", agent).with("valid", is_valid);
        output.element(element.with_some("device", device).with_child(command));
    } else if !options.quiet {
        let on = device.map(|device| format!(" on {device}")).unwrap_or_default();
        let how = if is_valid { "succeeded" } else { "failed" };
        say(format!("Validation of {agent}{on} {how}"), output);
        for text in [&checked.stdout, &checked.stderr].into_iter().flatten() {
            output.line(text);
            output.part(PagePart::Verbatim(text.clone()));
        }
    }
    if is_valid { Ok(()) } else { Err(Stop::silent(checked.exit)) }
}

fn check(options: &Options, name: &str, device: Option<&str>) -> Result<Checked, Stop> {
    let agent = fence_agent(name);
    let Ok(path) = agent_path(&agent, &AgentDirectories::from_environment()) else {
        return Ok(Checked::failed(
            NO_SUCH_FILE,
            ToolExit::NoSuch,
            format!("Agent {name} not found"),
        ));
    };
    let mut parameters = options.parameters();
    if let Some(device) = device {
        match with_secrets(Path::new(SECRETS_DIRECTORY), device, &parameters) {
            Ok(known) => parameters = known,
            Err(failure) => {
                let (exit, reason) = (ToolExit::InsufficientPrivileges, failure.into_reason());
                return Ok(Checked::failed(PERMISSION_DENIED, exit, reason));
            }
        }
    }
    let argument = match parameters.value("pcmk_host_argument") {
        Some("none") => None,
        Some(argument) => Some(argument.to_owned()),
        None => description(options, name).ok().and_then(|text| target_parameter(&text)),
    };
    let mut program = Program::new(path);
    program.input = input(&parameters, argument.as_deref()).into_bytes();
    Ok(match runtime()?.block_on(run(program, options.timeout())) {
        Some(Ok(exit)) => judged(&exit),
        Some(Err(failure)) => Checked::failed(FAILED, ToolExit::Error, failure.into_reason()),
        None => Checked::failed(TIMED_OUT, ToolExit::Timeout, "Timer expired"),
    })
}

/// By which parameter an agent is told the node, as its description says.
fn target_parameter(description: &str) -> Option<String> {
    let start = description.find("<resource-agent").unwrap_or(0);
    let description = xml::parse(description.get(start..)?).ok()?;
    let parameters = description.child("parameters")?;
    let has = |name: &str| parameters.children().any(|one| one.attr("name") == Some(name));
    ["plug", "port"].into_iter().find(|name| has(name)).map(str::to_owned)
}

/// What the agent reads: one parameter a line, without those that are the fencer's.
fn input(parameters: &Parameters, target_parameter: Option<&str>) -> String {
    let mut text = "action=validate-all\n".to_owned();
    let own = parameters.iter().filter(|(name, _)| !name.starts_with("pcmk_") && *name != "action");
    for (name, value) in own {
        text.push_str(&format!("{name}={value}\n"));
    }
    if let Some(name) = target_parameter
        && parameters.value(name).is_none()
        && !parameters.is_empty()
    {
        text.push_str(&format!("{name}={ANY_NODE}\n"));
    }
    text
}

/// Runs the agent; `None` if it had to be ended because it took too long.
async fn run(program: Program, timeout: Duration) -> Option<Result<Exit, Failure>> {
    let (handle, end) = start(program);
    tokio::pin!(end);
    match tokio::time::timeout(timeout, &mut end).await {
        Ok(end) => Some(end),
        Err(_) => {
            handle.end(Order { strength: Strength::Kill, whole_group: true });
            let _ = end.await;
            None
        }
    }
}

fn judged(exit: &Exit) -> Checked {
    let said = |bytes: &[u8]| (!bytes.is_empty()).then(|| printable(bytes));
    let (stdout, stderr) = (said(exit.stdout.bytes()), said(exit.stderr.bytes()));
    let (code, exit) = match exit.kind {
        ExitKind::Status(0) => (0, ToolExit::Ok),
        ExitKind::Status(_) | ExitKind::Signal(_) => (FAILED, ToolExit::Error),
    };
    Checked { code, exit, stdout, stderr }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents_get_their_own_parameters_and_a_node() {
        let parameters: Parameters =
            [("ip", "1.2.3.4"), ("pcmk_host_list", "a"), ("action", "off")].into_iter().collect();
        assert_eq!(
            input(&parameters, Some("plug")),
            "action=validate-all\nip=1.2.3.4\nplug=node1\n"
        );
        let parameters: Parameters = [("port", "7")].into_iter().collect();
        assert_eq!(input(&parameters, Some("port")), "action=validate-all\nport=7\n");
    }

    #[test]
    fn the_newer_name_of_the_target_comes_first() {
        let described = |names: &[&str]| {
            let list: String =
                names.iter().map(|name| format!("<parameter name=\"{name}\"/>")).collect();
            target_parameter(&format!(
                "<?xml version=\"1.0\"?><resource-agent><parameters>{list}</parameters></resource-agent>"
            ))
        };
        assert_eq!(described(&["port", "plug"]).as_deref(), Some("plug"));
        assert_eq!(described(&["port"]).as_deref(), Some("port"));
        assert_eq!(described(&["ip"]), None);
    }
}
