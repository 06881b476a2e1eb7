use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use cib_edit::{
    Report,
    agent::{Action, Agent, AgentName, Parameter},
};

use crate::session::{Session, Stop, tell};

const OCF_ROOT: &str = "/usr/lib/ocf";
const FENCE_AGENTS: &str = "/usr/sbin";
const INIT_SCRIPTS: &str = "/etc/init.d";
const UNIT_DIRECTORIES: [&str; 4] = [
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];

/// What can be set for every fence device.
const FENCER_PARAMETERS: [&str; 38] = [
    "pcmk_action_limit",
    "pcmk_delay_base",
    "pcmk_delay_max",
    "pcmk_host_argument",
    "pcmk_host_check",
    "pcmk_host_list",
    "pcmk_host_map",
    "pcmk_list_action",
    "pcmk_list_retries",
    "pcmk_list_timeout",
    "pcmk_metadata_action",
    "pcmk_metadata_retries",
    "pcmk_metadata_timeout",
    "pcmk_monitor_action",
    "pcmk_monitor_retries",
    "pcmk_monitor_timeout",
    "pcmk_off_action",
    "pcmk_off_retries",
    "pcmk_off_timeout",
    "pcmk_on_action",
    "pcmk_on_retries",
    "pcmk_on_timeout",
    "pcmk_poweroff_action",
    "pcmk_reboot_action",
    "pcmk_reboot_retries",
    "pcmk_reboot_timeout",
    "pcmk_status_action",
    "pcmk_status_retries",
    "pcmk_status_timeout",
    "pcmk_validate_action",
    "pcmk_validate_retries",
    "pcmk_validate_timeout",
    "priority",
    "provides",
    "stonith-timeout",
    "pcmk_arg_map",
    "pcmk_list_cmd",
    "pcmk_status_cmd",
];

/// Why nothing is known of an agent.
#[derive(Debug)]
pub(crate) struct Unavailable(String);

/// The description of an agent; with `--force` one that is not there is as good.
pub(crate) fn describe(session: &Session, name: &AgentName) -> Result<Agent, Stop> {
    match metadata(name) {
        Ok(agent) => Ok(agent),
        Err(Unavailable(reason)) => {
            let message = format!(
                "Agent '{name}' is not installed or does not provide valid metadata: {reason}"
            );
            let code = "UNABLE_TO_GET_AGENT_METADATA";
            let report = Report::unless_forced(session.force(), code, message);
            if report.is_error() {
                let reports = vec![report];
                return Err(Stop::Refused(cib_edit::Refused { reports, complete: true }));
            }
            tell(&report);
            Ok(Agent::unknown(name.clone()))
        }
    }
}

/// The description of an agent that is installed here.
pub(crate) fn metadata(name: &AgentName) -> Result<Agent, Unavailable> {
    let no_such = || {
        Unavailable(format!(
            "crm_resource: Metadata query for {name} failed: No such device or address, Error performing operation: No such object"
        ))
    };
    if name.kind.contains('/') || name.provider.as_ref().is_some_and(|part| part.contains('/')) {
        return Err(no_such());
    }
    let text = match name.standard.as_str() {
        "ocf" => {
            let provider = name.provider.as_deref().unwrap_or_default();
            let path = Path::new(OCF_ROOT).join("resource.d").join(provider).join(&name.kind);
            run(&path, &["meta-data"]).ok_or_else(no_such)?
        }
        "stonith" => {
            let path = Path::new(FENCE_AGENTS).join(&name.kind);
            run(&path, &["-o", "metadata"]).ok_or_else(no_such)?
        }
        "systemd" if has_unit(&name.kind) => return Ok(service(name)),
        "lsb" if has_script(&name.kind) => return Ok(service(name)),
        "service" if has_unit(&name.kind) || has_script(&name.kind) => return Ok(service(name)),
        _ => return Err(no_such()),
    };
    // Some agents begin with an XML declaration and a document type, which has nothing to say.
    let text = match (text.find("<!DOCTYPE"), text.find("<resource-agent")) {
        (Some(_), Some(root)) => &text[root..],
        (_, _) => text.as_str(),
    };
    let element = xml::parse(text).map_err(|error| Unavailable(error.to_string()))?;
    let fencer =
        FENCER_PARAMETERS.map(|name| Parameter { name: name.to_owned(), ..Parameter::default() });
    let mut agent = Agent::from_metadata(name.clone(), &element);
    if name.is_stonith() {
        let own = ["action", "option", "debug", "verbose", "help", "version", "port", "plug"];
        // The cluster itself says what to do and to whom.
        for parameter in agent.parameters.iter_mut().filter(|p| own.contains(&p.name.as_str())) {
            parameter.required = false;
        }
    }
    Ok(agent.with_fencer_parameters(fencer))
}

fn run(path: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new(path)
        .args(arguments)
        .env("OCF_ROOT", OCF_ROOT)
        .env("OCF_RA_VERSION_MAJOR", "1")
        .env("OCF_RA_VERSION_MINOR", "1")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output.status.success().then_some(())?;
    String::from_utf8(output.stdout).ok()
}

fn has_unit(name: &str) -> bool {
    let file = if name.contains('.') { name.to_owned() } else { format!("{name}.service") };
    let template = file
        .split_once('@')
        .and_then(|(front, behind)| Some(format!("{front}@.{}", behind.rsplit_once('.')?.1)));
    let files: Vec<&String> = [&file].into_iter().chain(&template).collect();
    UNIT_DIRECTORIES
        .iter()
        .any(|directory| files.iter().any(|file| Path::new(directory).join(file).exists()))
}

fn has_script(name: &str) -> bool {
    Path::new(INIT_SCRIPTS).join(name).exists()
}

/// Services say nothing of themselves; all of them can do the same.
fn service(name: &AgentName) -> Agent {
    let action = |name: &str, timeout: &str, interval: Option<&str>| Action {
        name: name.to_owned(),
        timeout: Some(timeout.to_owned()),
        interval: interval.map(str::to_owned),
        ..Action::default()
    };
    let lsb = name.standard == "lsb";
    let timeout = if lsb { "15" } else { "100" };
    let monitor = if lsb { "15" } else { "60" };
    let mut actions = vec![
        action("start", timeout, None),
        action("stop", timeout, None),
        action("status", timeout, None),
    ];
    if lsb {
        actions.extend([action("restart", timeout, None), action("force-reload", timeout, None)]);
    }
    actions.extend([action("monitor", timeout, Some(monitor)), action("meta-data", "5", None)]);
    Agent {
        short_description: format!("{} unit file for {}", name.standard, name.kind),
        long_description: name.kind.clone(),
        actions,
        exists: true,
        ..Agent::unknown(name.clone())
    }
}

/// The names in a directory, of files that can be run.
fn names_in(directory: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'))
        .filter(|entry| runnable(&entry.path()))
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

fn runnable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// Who provides OCF agents here.
pub(crate) fn providers() -> BTreeSet<String> {
    let root = PathBuf::from(OCF_ROOT).join("resource.d");
    let entries = fs::read_dir(&root).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.path().is_dir())
        .filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'))
        .filter(|entry| !names_in(&entry.path()).is_empty())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

/// Kinds of agents that there are here, except fence agents.
pub(crate) fn standards() -> Vec<&'static str> {
    let systemd = Path::new("/run/systemd/system").exists();
    let mut standards = vec!["lsb", "ocf", "service"];
    standards.extend(systemd.then_some("systemd"));
    standards
}

/// The agents of a standard (and provider).
pub(crate) fn agents(standard: &str, provider: Option<&str>) -> BTreeSet<String> {
    match standard {
        "ocf" => {
            let chosen = match provider {
                Some(provider) => BTreeSet::from([provider.to_owned()]),
                None => providers(),
            };
            let root = PathBuf::from(OCF_ROOT).join("resource.d");
            chosen.iter().flat_map(|provider| names_in(&root.join(provider))).collect()
        }
        "lsb" => names_in(Path::new(INIT_SCRIPTS)),
        "systemd" => units(),
        "service" => units().into_iter().chain(names_in(Path::new(INIT_SCRIPTS))).collect(),
        "stonith" => fence_agents(),
        _ => BTreeSet::new(),
    }
}

fn units() -> BTreeSet<String> {
    if !Path::new("/run/systemd/system").exists() {
        return BTreeSet::new();
    }
    let files = UNIT_DIRECTORIES.iter().flat_map(fs::read_dir).flatten();
    files
        .flatten()
        .filter_map(|entry| {
            entry.file_name().to_string_lossy().strip_suffix(".service").map(str::to_owned)
        })
        .collect()
}

/// The fence agents that are installed.
pub(crate) fn fence_agents() -> BTreeSet<String> {
    let names = names_in(Path::new(FENCE_AGENTS));
    names.into_iter().filter(|name| name.starts_with("fence_")).collect()
}

/// The full name that a user means, who may leave out all but the type if only one agent has it.
pub(crate) fn find(session: &Session, text: &str) -> Result<AgentName, Stop> {
    let report =
        |report: Report| Stop::Refused(cib_edit::Refused { reports: vec![report], complete: true });
    if text.contains(':') {
        return AgentName::parse(text).map_err(|error| {
            report(Report::error("INVALID_RESOURCE_AGENT_NAME", error.to_string()))
        });
    }
    let _ = session;
    let matching: Vec<AgentName> = providers()
        .into_iter()
        .filter(|provider| {
            let path = PathBuf::from(OCF_ROOT).join("resource.d").join(provider).join(text);
            !text.contains('/') && runnable(&path)
        })
        .map(|provider| AgentName {
            standard: "ocf".to_owned(),
            provider: Some(provider),
            kind: text.to_owned(),
        })
        .collect();
    match matching.as_slice() {
        [only] => {
            let message = format!("Assumed agent name '{only}' (deduced from '{text}')");
            tell(&Report::info("AGENT_NAME_GUESSED", message));
            Ok(only.clone())
        }
        [] => Err(report(Report::error(
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
            Err(report(Report::error("AGENT_NAME_GUESS_FOUND_MORE_THAN_ONE", message)))
        }
    }
}

/// Whether an agent can be promoted, if it is installed.
pub(crate) fn can_promote(name: &AgentName) -> Option<bool> {
    metadata(name).ok().map(|agent| agent.can_promote())
}

/// The description of an agent in words.
pub(crate) fn text(agent: &Agent) -> Vec<String> {
    let mut lines = Vec::new();
    let name =
        if agent.name.is_stonith() { agent.name.kind.clone() } else { agent.name.to_string() };
    match agent.short_description.as_str() {
        "" => lines.push(name),
        short => lines.push(format!("{name} - {}", one_line(short))),
    }
    if !agent.long_description.is_empty() {
        lines.push(String::new());
        lines.push(one_line(&agent.long_description));
    }
    let kind = if agent.name.is_stonith() { "Stonith" } else { "Resource" };
    let shown = agent
        .parameters
        .iter()
        .filter(|parameter| !parameter.deprecated && !parameter.name.starts_with("trace_"));
    let mut parameters: Vec<String> = shown.map(parameter_line).collect();
    if !parameters.is_empty() {
        lines.push(String::new());
        lines.push(format!("{kind} options:"));
        lines.append(&mut parameters);
    }
    lines.push(String::new());
    lines.push("Default operations:".to_owned());
    for action in &agent.actions {
        if matches!(action.name.as_str(), "meta-data" | "status" | "validate-all") {
            continue;
        }
        let attributes = [
            (
                "interval",
                action.interval.as_deref().or(Some(if action.name == "monitor" {
                    "60s"
                } else {
                    "0s"
                })),
            ),
            ("role", action.role.as_deref()),
            ("start-delay", action.start_delay.as_deref()),
            ("timeout", action.timeout.as_deref()),
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
    let long = if long.is_empty() { "No description available".to_owned() } else { long };
    line.push_str(&format!(": {long}"));
    if let Some(default) = parameter.default.as_ref().filter(|default| !default.is_empty()) {
        let _ = default;
    }
    line
}

fn one_line(text: &str) -> String {
    text.trim().replace('\n', " ")
}
