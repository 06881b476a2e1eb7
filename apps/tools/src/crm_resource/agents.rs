use installed::Installed;
use messages::executor::{Agent, Standard};
use vocab::ToolExit;
use xml::Element;

use super::session::Stop;
use crate::output::Output;

/// The failure of a question whose reason is no failure of the tool.
fn unanswered(output: &mut Output, exit: ToolExit, reason: impl AsRef<str>) -> Stop {
    output.remark(reason);
    Stop::failed(exit)
}

fn installed() -> Result<Installed, Stop> {
    Installed::here().map_err(|error| Stop::new(ToolExit::OsError, error.to_string()))
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

/// Lists the standards that agents on this node may have.
pub(super) fn standards(output: &mut Output) -> Result<(), Stop> {
    let standards: Vec<String> = installed()?.standards().iter().map(ToString::to_string).collect();
    let list = Element::new("list").with("name", "standards").with("count", standards.len());
    tell(output, list, "item", &standards);
    Ok(())
}

/// Lists the providers of OCF agents.
pub(super) fn providers(output: &mut Output) -> Result<(), Stop> {
    let providers = installed()?.providers();
    if providers.is_empty() {
        return Err(unanswered(output, ToolExit::NoSuch, "No OCF providers found"));
    }
    let list = Element::new("providers").with("standard", "ocf");
    tell(output, list, "provider", &providers);
    Ok(())
}

/// Lists the providers of an OCF agent.
pub(super) fn alternatives(output: &mut Output, name: &str) -> Result<(), Stop> {
    let installed = installed()?;
    let mut providers = installed.providers();
    providers.retain(|provider| {
        installed.agents(&Standard::Ocf, Some(provider)).iter().any(|agent| agent == name)
    });
    if providers.is_empty() {
        let reason = format!("No OCF providers found for {name}");
        return Err(unanswered(output, ToolExit::NoSuch, reason));
    }
    tell(output, Element::new("providers").with("for", name), "provider", &providers);
    Ok(())
}

/// Lists the agents of a standard, or of a standard and a provider.
pub(super) fn agents(output: &mut Output, text: &str) -> Result<(), Stop> {
    let (standard, provider) = match text.split_once(':') {
        Some((standard, provider)) => (standard, Some(provider)),
        None => (text, None),
    };
    let agents = installed()?.agents(&Standard::from_name(standard), provider);
    if agents.is_empty() {
        let of = provider.map(|name| format!(" and provider '{name}'")).unwrap_or_default();
        let message = format!("No agents found for standard '{standard}'{of}");
        return Err(unanswered(output, ToolExit::Error, message));
    }
    let list = Element::new("agents").with("standard", standard).with_some("provider", provider);
    tell(output, list, "agent", &agents);
    Ok(())
}

/// Whether there is such an agent.
pub(super) fn exists(agent: &Agent) -> Result<bool, Stop> {
    Ok(installed()?.has(agent))
}

/// Whether a service is an init script, or nothing at all.
pub(super) fn is_run_as_script(service: &str) -> Result<bool, Stop> {
    Ok(installed()?.is_run_as_script(service))
}

/// Shows the metadata of an agent.
pub(super) fn metadata(output: &mut Output, name: &str) -> Result<(), Stop> {
    let agent: Agent = name.parse().map_err(|_| {
        Stop::new(ToolExit::NoSuch, format!("'{name}' is not a valid agent specification"))
    })?;
    let text = installed()?.description(&agent).map_err(|error| {
        Stop::new(ToolExit::NoSuch, format!("Metadata query for {name} failed: {error}"))
    })?;
    output.text(&text);
    if !text.ends_with('\n') {
        output.line("");
    }
    output.element(item("metadata", &text));
    Ok(())
}
