use cib_edit::{
    Report,
    agent::{Action, Agent, AgentName, Parameter},
};
use installed::Installed;
use messages::executor::{Agent as AgentKey, Standard};

use crate::session::{Session, Stop, tell};

/// Why nothing is known of an agent.
#[derive(Debug)]
pub(crate) struct Unavailable(String);

const NO_METADATA: &str = "UNABLE_TO_GET_AGENT_METADATA";

fn no_metadata(name: &AgentName, Unavailable(reason): &Unavailable) -> String {
    format!("Agent '{name}' is not installed or does not provide valid metadata: {reason}")
}

fn refused(report: Report) -> Stop {
    Stop::Refused(cib_edit::Refused { reports: vec![report], complete: true })
}

/// The description of an agent; with `--force` one that is not there is as good.
pub(crate) fn describe(session: &Session, name: &AgentName) -> Result<Agent, Stop> {
    match metadata(name) {
        Ok(agent) => Ok(agent),
        Err(why) => {
            let message = no_metadata(name, &why);
            let report = Report::unless_forced(session.force(), NO_METADATA, message);
            if report.is_error() {
                return Err(refused(report));
            }
            tell(&report);
            Ok(Agent::unknown(name.clone()))
        }
    }
}

/// The description of an agent in words; all of it with `--full`.
pub(crate) fn shown(session: &Session, name: &AgentName) -> Result<Vec<String>, Stop> {
    let agent = metadata(name)
        .map_err(|why| refused(Report::error(NO_METADATA, no_metadata(name, &why))))?;
    Ok(text(&agent, session.options.has("--full")))
}

/// The description of an agent that is installed here.
pub(crate) fn metadata(name: &AgentName) -> Result<Agent, Unavailable> {
    let no_such = || {
        Unavailable(format!(
            "crm_resource: Metadata query for {name} failed: No such device or address, Error performing operation: No such object"
        ))
    };
    let mut installed = Installed::here().map_err(|error| Unavailable(error.to_string()))?;
    let text = installed.description(&key(name)).map_err(|_| no_such())?;
    // Some agents begin with an XML declaration and a document type, which has nothing to say.
    let text = match (text.find("<!DOCTYPE"), text.find("<resource-agent")) {
        (Some(_), Some(root)) => &text[root..],
        (_, _) => text.as_str(),
    };
    let element = xml::parse(text).map_err(|error| Unavailable(error.to_string()))?;
    let mut agent = Agent::from_metadata(name.clone(), &element);
    if name.is_stonith() {
        // These are for command lines, not for a device.
        agent.parameters.retain(|own| !matches!(own.name.as_str(), "help" | "version"));
        for action in agent.parameters.iter_mut().filter(|own| own.name == "action") {
            action.deprecated = true;
            action.deprecated_by =
                ["pcmk_off_action", "pcmk_reboot_action"].map(str::to_owned).to_vec();
        }
    }
    Ok(agent.with_fencer_parameters(fencer_parameters(name)?))
}

/// What can be set for every fence device, as the fencer says.
fn fencer_parameters(name: &AgentName) -> Result<Vec<Parameter>, Unavailable> {
    let text = options::daemon_metadata(options::Daemon::Fencer);
    let element = xml::parse(&text).map_err(|error| Unavailable(error.to_string()))?;
    Ok(Agent::from_metadata(name.clone(), &element).parameters)
}

/// The agent as the executor knows it.
fn key(name: &AgentName) -> AgentKey {
    let standard = Standard::from_name(&name.standard);
    AgentKey::new(standard, name.provider.as_deref(), &name.kind)
}

/// What is found here; nothing where nobody can be asked.
fn found<T: Default>(ask: impl FnOnce(&Installed) -> T) -> T {
    Installed::here().map(|installed| ask(&installed)).unwrap_or_default()
}

/// Who provides OCF agents here.
pub(crate) fn providers() -> Vec<String> {
    found(Installed::providers)
}

/// Kinds of agents that there are here, except fence agents, sorted.
pub(crate) fn standards() -> Vec<String> {
    let mut standards: Vec<String> =
        found(Installed::standards).iter().map(ToString::to_string).collect();
    standards.retain(|standard| standard != "stonith");
    standards.sort_unstable();
    standards
}

/// The agents of a standard (and provider), sorted. One that several provide is there several times.
pub(crate) fn agents(standard: &str, provider: Option<&str>) -> Vec<String> {
    let mut agents = found(|installed| installed.agents(&Standard::from_name(standard), provider));
    agents.sort_unstable();
    agents
}

/// The fence agents that are installed.
pub(crate) fn fence_agents() -> Vec<String> {
    agents("stonith", None)
}

/// The full name that a user means, who may leave out all but the type if only one agent has it.
pub(crate) fn find(text: &str) -> Result<AgentName, Stop> {
    if text.contains(':') {
        return AgentName::parse(text).map_err(|error| {
            refused(Report::error("INVALID_RESOURCE_AGENT_NAME", error.to_string()))
        });
    }
    let named = |provider: String| AgentName {
        standard: "ocf".to_owned(),
        provider: Some(provider),
        kind: text.to_owned(),
    };
    let matching: Vec<AgentName> = found(|installed| {
        let named = installed.providers().into_iter().map(named);
        named.filter(|name| installed.has(&key(name))).collect()
    });
    match matching.as_slice() {
        [only] => {
            let message = format!("Assumed agent name '{only}' (deduced from '{text}')");
            tell(&Report::info("AGENT_NAME_GUESSED", message));
            Ok(only.clone())
        }
        [] => Err(refused(Report::error(
            "AGENT_NAME_GUESS_FOUND_NONE",
            format!("Unable to find agent '{text}', try specifying its full name"),
        ))),
        several => {
            let mut names: Vec<String> = several.iter().map(|name| format!("'{name}'")).collect();
            let last = names.pop().unwrap_or_default();
            let message = format!(
                "Multiple agents match '{text}', please specify full name: {} or {last}",
                names.join(", ")
            );
            Err(refused(Report::error("AGENT_NAME_GUESS_FOUND_MORE_THAN_ONE", message)))
        }
    }
}

/// Whether an agent can be promoted, if it is installed.
pub(crate) fn can_promote(name: &AgentName) -> Option<bool> {
    metadata(name).ok().map(|agent| agent.can_promote())
}

fn text(agent: &Agent, full: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let is_stonith = agent.name.is_stonith();
    let name = if is_stonith { agent.name.kind.clone() } else { agent.name.to_string() };
    match agent.short_description.as_str() {
        "" => lines.push(name),
        short => lines.push(format!("{name} - {}", one_line(short))),
    }
    if !agent.long_description.is_empty() {
        lines.push(String::new());
        lines.push(one_line(&agent.long_description));
    }
    let is_shown = |parameter: &&Parameter| {
        let is_rare =
            parameter.deprecated || parameter.advanced || parameter.name.starts_with("trace_");
        full || !is_rare
    };
    let mut parameters: Vec<String> =
        agent.parameters.iter().filter(is_shown).map(parameter_line).collect();
    if !parameters.is_empty() {
        lines.push(String::new());
        lines.push(format!("{} options:", if is_stonith { "Stonith" } else { "Resource" }));
        lines.append(&mut parameters);
    }
    lines.push(String::new());
    lines.push("Default operations:".to_owned());
    let is_operation = |action: &&Action| match action.name.as_str() {
        "monitor" => true,
        "meta-data" | "status" | "validate-all" => false,
        _ => !is_stonith,
    };
    for action in agent.actions.iter().filter(is_operation) {
        let interval = if action.name == "monitor" { "60s" } else { "0s" };
        let attributes = [
            ("interval", action.interval.as_deref().or(Some(interval))),
            ("timeout", action.timeout.as_deref()),
            ("role", action.role.as_deref()),
            ("start-delay", action.start_delay.as_deref()),
        ];
        lines.push(format!("  {}:", action.name));
        for (name, value) in attributes {
            lines.extend(value.map(|value| format!("    {name}={value}")));
        }
    }
    lines
}

fn parameter_line(parameter: &Parameter) -> String {
    let mut line = format!("  {}", parameter.name);
    if parameter.deprecated {
        let by = parameter.deprecated_by.join(", ");
        let by = if by.is_empty() { by } else { format!(" by {by}") };
        line.push_str(&format!(" (deprecated{by})"));
    }
    if parameter.required {
        line.push_str(" (required)");
    }
    if parameter.unique_group.as_ref().is_some_and(|group| group.starts_with("pcs-generated")) {
        line.push_str(" (unique)");
    } else if let Some(group) = &parameter.unique_group {
        line.push_str(&format!(" (unique group: {group})"));
    }
    let long = if parameter.long_description.is_empty() {
        &parameter.short_description
    } else {
        &parameter.long_description
    };
    let long = one_line(long);
    line.push_str(": ");
    line.push_str(if parameter.advanced { "Advanced use only: " } else { "" });
    line.push_str(if long.is_empty() { "No description available" } else { &long });
    line
}

fn one_line(text: &str) -> String {
    text.trim().replace('\n', " ")
}
