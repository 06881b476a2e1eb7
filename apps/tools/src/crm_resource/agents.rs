use std::path::Path;

use messages::executor::{Agent, Standard};
use process::{AgentDirectories, Metadata};
use vocab::ToolExit;
use xml::Element;

use super::session::Stop;
use crate::output::Output;

/// The failure of a question whose reason is no failure of the tool.
fn unanswered(output: &mut Output, exit: ToolExit, reason: impl AsRef<str>) -> Stop {
    output.remark(reason);
    Stop::failed(exit)
}

fn directories() -> AgentDirectories {
    AgentDirectories::from_environment()
}

fn item(name: &str, text: &str) -> Element {
    let mut element = Element::new(name);
    element.push(xml::Node::Text(text.into()));
    element
}

fn tell(output: &mut Output, list: Element, name: &str, items: &[String]) {
    for text in items {
        output.line(text);
    }
    output.element(list.with_children(items.iter().map(|text| item(name, text))));
}

fn has_systemd() -> bool {
    Path::new("/run/systemd/system").is_dir()
}

/// Lists the standards that agents on this node may have.
pub(super) fn standards(output: &mut Output) {
    let standards: Vec<String> = process::list_standards()
        .iter()
        .filter(|standard| **standard != Standard::Systemd || has_systemd())
        .map(ToString::to_string)
        .collect();
    let list = Element::new("list").with("name", "standards").with("count", standards.len());
    tell(output, list, "item", &standards);
}

/// Lists the providers of OCF agents.
pub(super) fn providers(output: &mut Output) -> Result<(), Stop> {
    let providers = process::list_providers(&directories());
    if providers.is_empty() {
        return Err(unanswered(output, ToolExit::NoSuch, "No OCF providers found"));
    }
    let list = Element::new("providers").with("standard", "ocf");
    tell(output, list, "provider", &providers);
    Ok(())
}

/// Lists the providers of an OCF agent.
pub(super) fn alternatives(output: &mut Output, name: &str) -> Result<(), Stop> {
    let directories = directories();
    let has_agent = |provider: &String| {
        process::list_agents(&Standard::Ocf, Some(provider), &directories)
            .iter()
            .any(|agent| agent == name)
    };
    let providers: Vec<String> =
        process::list_providers(&directories).into_iter().filter(has_agent).collect();
    if providers.is_empty() {
        let reason = format!("No OCF providers found for {name}");
        return Err(unanswered(output, ToolExit::NoSuch, reason));
    }
    tell(output, Element::new("providers").with("for", name), "provider", &providers);
    Ok(())
}

/// Lists the agents of a standard, or of a standard and a provider.
pub(super) fn agents(output: &mut Output, text: &str) -> Result<(), Stop> {
    let directories = &directories();
    let (standard, provider) = match text.split_once(':') {
        Some((standard, provider)) => (standard, Some(provider)),
        None => (text, None),
    };
    let known = Standard::from_name(standard);
    let mut agents = process::list_agents(&known, provider, directories);
    match known {
        // Provider by provider, as the original lists them.
        Standard::Ocf if provider.is_none() => {
            agents = process::list_providers(directories)
                .iter()
                .flat_map(|provider| process::list_agents(&known, Some(provider), directories))
                .collect();
        }
        Standard::Systemd => agents = units()?,
        // Scripts before units, as the original lists them.
        Standard::Service => {
            agents = process::list_agents(&Standard::Lsb, None, directories);
            agents.extend(units()?);
        }
        Standard::Ocf | Standard::Lsb | Standard::Stonith | Standard::Other(_) => {}
    }
    if agents.is_empty() {
        let of = provider.map(|name| format!(" and provider '{name}'")).unwrap_or_default();
        let message = format!("No agents found for standard '{standard}'{of}");
        return Err(unanswered(output, ToolExit::Error, message));
    }
    let list = Element::new("agents").with("standard", standard).with_some("provider", provider);
    tell(output, list, "agent", &agents);
    Ok(())
}

/// Whether a service of that name is a script. One that is neither that nor a unit counts as a script that is not there.
pub(super) fn is_run_as_script(name: &str) -> Result<bool, Stop> {
    Ok(is_script(name) || !is_unit(name)?)
}

/// Whether systemd knows a unit of that name.
fn is_unit(name: &str) -> Result<bool, Stop> {
    Ok(has_systemd() && runtime()?.block_on(systemd::exists(name)))
}

/// Whether a service of that name is there: a script or a unit of systemd.
pub(super) fn service_exists(name: &str) -> Result<bool, Stop> {
    Ok(is_script(name) || is_unit(name)?)
}

fn is_script(name: &str) -> bool {
    process::agent_path(&script(name), &directories()).is_ok()
}

fn script(name: &str) -> Agent {
    Agent::new(Standard::Lsb, None, name)
}

/// The units that systemd could start.
fn units() -> Result<Vec<String>, Stop> {
    if !has_systemd() {
        return Ok(Vec::new());
    }
    Ok(runtime()?.block_on(systemd::list()))
}

fn runtime() -> Result<tokio::runtime::Runtime, Stop> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Stop::new(ToolExit::OsError, error.to_string()))
}

/// What an agent says of itself, or systemd of a unit. The error says why there is nothing.
async fn description(agent: &Agent) -> Result<String, String> {
    let program = match agent.standard {
        Standard::Service if is_script(&agent.name) => script(&agent.name),
        Standard::Systemd | Standard::Service if has_systemd() => {
            return Ok(systemd::metadata(&agent.name).await);
        }
        Standard::Systemd => return Err("systemd does not run here".to_owned()),
        Standard::Service => return Err("no such script, and systemd does not run here".to_owned()),
        Standard::Ocf | Standard::Lsb | Standard::Stonith | Standard::Other(_) => agent.clone(),
    };
    Metadata::new(directories()).text(&program).await.map_err(|error| error.to_string())
}

/// Shows the metadata of an agent.
pub(super) fn metadata(output: &mut Output, name: &str) -> Result<(), Stop> {
    let agent: Agent = name.parse().map_err(|_| {
        Stop::new(ToolExit::NoSuch, format!("'{name}' is not a valid agent specification"))
    })?;
    let text = runtime()?.block_on(description(&agent)).map_err(|error| {
        Stop::new(ToolExit::NoSuch, format!("Metadata query for {name} failed: {error}"))
    })?;
    output.text(&text);
    if !text.ends_with('\n') {
        output.line("");
    }
    output.element(item("metadata", &text));
    Ok(())
}
