//! Runs an agent's action on this node, past the cluster.

use std::{path::PathBuf, time::Duration};

use executor::{Ended, Outcome, Strength, interpret};
use messages::executor::{Agent, Parameters, Standard};
use model::ResourceKey;
use process::{AgentDirectories, ExitKind, Order, Program, SECRETS_DIRECTORY, exit_reason};
use rules::NextChange;
use vocab::{ExecStatus, FEATURE_SET, Interval, OcfExit, ResourceId, Task, ToolExit};
use xml::{Element, Node};

use super::{
    Options,
    history::status_words,
    locate::places,
    parameters,
    session::{Session, Stop},
};
use crate::output::Output;

/// How long an action may take if nothing says so.
const TIMEOUT: Duration = Duration::from_secs(20);

/// What is done with an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Look whether the configuration makes sense.
    Validate,
    /// Look how the resource is.
    Check,
    Start,
    Stop,
    Promote,
    Demote,
}

impl Action {
    /// The option's name.
    fn option(self) -> &'static str {
        match self {
            Self::Validate => "validate",
            Self::Check => "force-check",
            Self::Start => "force-start",
            Self::Stop => "force-stop",
            Self::Promote => "force-promote",
            Self::Demote => "force-demote",
        }
    }

    /// What the agent is asked to do.
    fn task(self) -> Task {
        Task::from_name(match self {
            Self::Validate => "validate-all",
            Self::Check => "monitor",
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Promote => "promote",
            Self::Demote => "demote",
        })
    }

    /// Whether it must not be done to an instance while others may be active.
    fn is_risky(self) -> bool {
        matches!(self, Self::Start | Self::Promote | Self::Demote)
    }
}

/// What is to be run.
struct Job<'a> {
    options: &'a Options,
    action: Action,
    level: Option<u32>,
    /// The resource, if it is one of the cluster's.
    resource: Option<String>,
    agent: Agent,
    parameters: Parameters,
    overrides: Vec<(String, String)>,
    timeout: Duration,
}

/// What came of a run, and what the agent wrote.
struct Ran {
    outcome: Outcome,
    stdout: String,
    stderr: String,
}

/// Whether the command line describes a resource, instead of naming one.
pub(super) fn is_described(options: &Options) -> bool {
    options.class.is_some() || options.provider.is_some() || options.agent.is_some()
}

/// Runs an action of a resource that the command line describes.
pub(super) fn described(
    options: &Options,
    output: &mut Output,
    action: Action,
    level: Option<u32>,
) -> Result<ToolExit, Stop> {
    let agent = described_agent(options)?;
    let job = Job {
        options,
        action,
        level,
        resource: None,
        agent,
        parameters: parameters(&options.option)?.into_iter().collect(),
        overrides: parameters(&options.remainder)?,
        timeout: options.timeout()?.filter(|timeout| !timeout.is_zero()).unwrap_or(TIMEOUT),
    };
    run(job, output)
}

/// The agent that the command line describes, which must be there.
fn described_agent(options: &Options) -> Result<Agent, Stop> {
    let class = options.class.as_deref();
    let (provider, agent) = (options.provider.as_deref(), options.agent.as_deref());
    let is_ocf = class == Some("ocf");
    let (class, agent) = match (class, agent) {
        (Some(class), Some(agent)) if !is_ocf || provider.is_some() => (class, agent),
        (Some("ocf"), _) => {
            return Err(Stop::usage("--provider and --agent are required with --class=ocf"));
        }
        _ if provider.is_some() => {
            return Err(Stop::usage("--provider is supported only with --class=ocf"));
        }
        (_, None) => return Err(Stop::usage("--agent is required with --class")),
        (_, Some(_)) => return Err(Stop::usage("--class is required with --agent")),
    };
    if provider.is_some() && !is_ocf {
        return Err(Stop::usage("--provider is supported only with --class=ocf"));
    }
    let standard = Standard::from_name(class);
    let named = Agent::new(standard.clone(), provider, agent);
    if super::agents::exists(&named)? {
        return Ok(named);
    }
    Err(Stop::usage(match (standard, provider) {
        (Standard::Stonith, _) => format!("{agent} is not a known fencing agent"),
        (_, Some(provider)) => format!("{class}:{provider}:{agent} is not a known resource agent"),
        (_, None) => format!("{class}:{agent} is not a known resource agent"),
    }))
}

/// Runs an action of a resource of the cluster.
pub(super) fn configured(
    session: &mut Session<'_>,
    action: Action,
    level: Option<u32>,
) -> Result<ToolExit, Stop> {
    let (mut key, requested) = (session.key()?, session.requested()?);
    let option = action.option();
    if session.model.resources[key].is_clone() {
        let is_active = !places(&session.model, key, requested).is_empty();
        if action.is_risky() && is_active && !session.options.force {
            let id = &session.model.resources[key].id;
            session.output.remark(format!(
                "It is not safe to {option} {id} here: the cluster claims it is already active"
            ));
            session
                .output
                .remark("Try setting target-role=Stopped first or specifying the force option");
            return Err(Stop::failed(ToolExit::Unsafe));
        }
        let first = session.model.resources[key].state.children.first().copied();
        key = first.ok_or_else(|| Stop::failed(ToolExit::NoSuch))?;
    }
    let resource = &session.model.resources[key];
    let unsupported = if resource.is_group() {
        Some("group")
    } else if resource.is_bundle() || session.model.is_bundled(key) {
        Some("bundled")
    } else {
        None
    };
    if let Some(what) = unsupported {
        let text = format!("Sorry, the {option} option doesn't support {what} resources");
        session.output.remark(text);
        return Err(Stop::failed(ToolExit::UnimplementedFeature));
    }
    let in_anonymous_clone =
        resource.parent.is_some_and(|parent| session.model.resources[parent].is_anonymous_clone());
    let name = if in_anonymous_clone { requested.to_owned() } else { resource.id.to_string() };
    let agent = resource.agent.as_ref().ok_or_else(|| Stop::failed(ToolExit::NoSuch))?;
    let standard = Standard::from_name(&agent.class);
    let agent = Agent::new(standard, agent.provider.as_deref(), &agent.agent);
    let given = session.options.timeout()?.filter(|timeout| !timeout.is_zero());
    let timeout = given.unwrap_or_else(|| timeout(session, key, &action.task()));
    let job = Job {
        options: session.options,
        action,
        level,
        resource: Some(name),
        agent,
        parameters: agent_parameters(session, key),
        overrides: parameters(&session.options.remainder)?,
        timeout,
    };
    run(job, session.output)
}

/// How long the cluster would give the action.
fn timeout(session: &Session<'_>, key: ResourceKey, task: &Task) -> Duration {
    let model = &session.model;
    let resource = &model.resources[key];
    let config = resource.operation(task.as_str(), Interval::ONCE, true);
    let defaults = &model.operation_defaults;
    let mut next = NextChange::default();
    let effective = resource.effective_operation(
        task.as_str(),
        Interval::ONCE,
        config,
        defaults,
        model.now,
        &mut next,
        || None,
    );
    let millis = effective.meta.get("timeout").and_then(|text| text.parse().ok());
    millis.filter(|&millis| millis > 0).map_or(TIMEOUT, Duration::from_millis)
}

/// What the cluster would tell the agent: parameters, and meta-attributes in their own spelling.
fn agent_parameters(session: &mut Session<'_>, key: ResourceKey) -> Parameters {
    let model = &mut session.model;
    let mut next = NextChange::default();
    let (resources, nodes) = (&model.resources, &model.nodes);
    let values = model.parameters.of(key, None, resources, nodes, model.now, &mut next);
    let own = values.iter().map(|(name, value)| (name.clone(), value.clone()));
    let meta = model.resources[key]
        .meta
        .iter()
        .map(|(name, value)| (format!("CRM_meta_{}", name.replace('-', "_")), value.clone()));
    own.chain(meta).collect()
}

fn run(mut job: Job<'_>, output: &mut Output) -> Result<ToolExit, Stop> {
    job.parameters.set("CRM_meta_timeout", job.timeout.as_millis().to_string());
    job.parameters.set("crm_feature_set", FEATURE_SET.to_string());
    for (name, value) in &job.overrides {
        job.parameters.set(name.clone(), value.clone());
    }
    let verbosity = output.verbosity();
    let ran = match job.agent.standard {
        Standard::Ocf | Standard::Lsb => carry_out(&job, verbosity)?,
        Standard::Service if super::agents::is_run_as_script(&job.agent.name)? => {
            job.agent.standard = Standard::Lsb;
            let ran = carry_out(&job, verbosity)?;
            job.agent.standard = Standard::Service;
            ran
        }
        Standard::Service => refused("systemd"),
        Standard::Systemd | Standard::Stonith | Standard::Other(_) => {
            refused(job.agent.standard.as_str())
        }
    };
    tell(&job, &ran, output);
    // The agent's exit statuses are those of tools, too.
    let exit = ToolExit::from_code(ran.outcome.exit.code()).unwrap_or(ToolExit::Error);
    if exit == ToolExit::Ok { Ok(exit) } else { Err(Stop::failed(exit)) }
}

fn refused(standard: &str) -> Ran {
    let outcome = Outcome::new(ExecStatus::Error, OcfExit::UnimplementedFeature)
        .because(format!("Manual execution of the {standard} standard is unsupported"));
    Ran { outcome, stdout: String::new(), stderr: String::new() }
}

/// Has the agent do it.
fn carry_out(job: &Job<'_>, verbosity: u8) -> Result<Ran, Stop> {
    let directories = AgentDirectories::from_environment();
    let name = job.resource.as_deref().unwrap_or("test");
    let task = job.action.task();
    let not_started = |failure| Ran {
        outcome: interpret(&job.agent.standard, &task, Ended::NotStarted(failure)),
        stdout: String::new(),
        stderr: String::new(),
    };
    let secrets = PathBuf::from(SECRETS_DIRECTORY);
    let parameters = match process::with_secrets(&secrets, name, &job.parameters) {
        Ok(parameters) => parameters,
        Err(failure) => return Ok(not_started(failure)),
    };
    let path = match process::agent_path(&job.agent, &directories) {
        Ok(path) => path,
        Err(failure) => return Ok(not_started(failure)),
    };
    let resource = ResourceId::from(name);
    let mut environment =
        process::agent_environment(&job.agent, &resource, &parameters, &directories.ocf_root);
    let mut set = |name: &str, value: &str| environment.push((name.to_owned(), value.to_owned()));
    if let Some(level) = job.level {
        set("OCF_CHECK_LEVEL", &level.to_string());
    }
    let debug = if verbosity > 0 { "1" } else { "0" };
    set("PCMK_debug", debug);
    set("HA_debug", debug);
    if verbosity > 1 {
        set("OCF_TRACE_RA", "1");
    }
    // Agents of ocf-shellfuncs say nothing on standard error without a terminal, unless they are made to.
    if std::env::var_os("OCF_TRACE_FILE").is_none() {
        set("OCF_TRACE_FILE", "/dev/stderr");
    }
    let word = match task {
        Task::Monitor if job.agent.standard.says_status() => "status",
        ref task => task.as_str(),
    };
    let arguments = vec![word.to_owned()];
    let program = Program { arguments, environment, ..Program::new(path) };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Stop::new(ToolExit::OsError, error.to_string()))?;
    Ok(runtime.block_on(watch(job, program)))
}

async fn watch(job: &Job<'_>, program: Program) -> Ran {
    let task = job.action.task();
    let (handle, running) = process::start(program);
    let mut running = std::pin::pin!(running);
    let mut timed_out = false;
    let exit = match tokio::time::timeout(job.timeout, &mut running).await {
        Ok(exit) => exit,
        Err(_) => {
            timed_out = true;
            handle.end(Order { strength: Strength::Kill, whole_group: true });
            running.await
        }
    };
    let exit = match exit {
        Ok(exit) => exit,
        Err(failure) => {
            let outcome = interpret(&job.agent.standard, &task, Ended::NotStarted(failure));
            return Ran { outcome, stdout: String::new(), stderr: String::new() };
        }
    };
    let outcome = if timed_out {
        Outcome::timed_out(job.timeout)
    } else {
        let is_ocf = job.agent.standard == Standard::Ocf;
        let ended = match exit.kind {
            ExitKind::Status(status) => Ended::Exited {
                status,
                reason: if is_ocf { exit_reason(exit.stderr.bytes()) } else { None },
                output: None,
            },
            ExitKind::Signal(signal) => Ended::Signalled { signal: format!("signal {signal}") },
        };
        interpret(&job.agent.standard, &task, ended)
    };
    let (stdout, stderr) =
        (process::printable(exit.stdout.bytes()), process::printable(exit.stderr.bytes()));
    Ran { outcome, stdout, stderr }
}

fn tell(job: &Job<'_>, ran: &Ran, output: &mut Output) {
    let (exit, status) = (ran.outcome.exit, ran.outcome.status);
    let meaning = ToolExit::from_code(exit.code()).map_or("", ToolExit::as_str);
    let reason = ran.outcome.reason.as_deref();
    tell_text(job, ran, meaning, output);
    let agent = &job.agent;
    let overrides = job.overrides.iter().map(|(name, value)| {
        Element::new("override")
            .with("name", name)
            .with("value", value)
            .with_some("rsc", job.resource.as_ref())
    });
    let said = Element::new("agent-status")
        .with("code", exit.code())
        .with("message", meaning)
        .with("execution_code", status.code())
        .with("execution_message", status_words(status))
        .with_some("reason", reason);
    let mut element = Element::new("resource-agent-action")
        .with("action", job.action.option())
        .with("class", agent.standard.as_str())
        .with("type", &agent.name)
        .with_some("rsc", job.resource.as_ref())
        .with_some("provider", agent.provider.as_ref())
        .with_child(Element::new("overrides").with_children(overrides))
        .with_child(said);
    if xml::parse(&ran.stdout).is_ok() {
        let mut written = Element::new("command");
        written.push(Node::Text(ran.stdout.as_str().into()));
        element.push(written);
    } else if !ran.stdout.is_empty() || !ran.stderr.is_empty() {
        let mut command = Element::new("command").with("code", exit.code());
        for (source, text) in [("stdout", &ran.stdout), ("stderr", &ran.stderr)] {
            if !text.is_empty() {
                let mut written = Element::new("output").with("source", source);
                written.push(Node::Text(text.as_str().into()));
                command.push(written);
            }
        }
        element.push(command);
    }
    output.element(element);
}

fn tell_text(job: &Job<'_>, ran: &Ran, meaning: &str, output: &mut Output) {
    for (name, value) in &job.overrides {
        let of = job.resource.as_ref().map(|id| format!(" for '{id}'")).unwrap_or_default();
        output.line(format!("Overriding the cluster configuration{of} with '{name}' = '{value}'"));
    }
    let (exit, status) = (ran.outcome.exit, ran.outcome.status);
    let reason = ran.outcome.reason.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
    let of = job.resource.as_ref().map(|id| format!(" for {id}")).unwrap_or_default();
    let what = format!("Operation {}{of} ({})", job.action.option(), job.agent);
    if status == ExecStatus::Done {
        if !job.options.quiet {
            output.line(format!("{what} returned {} ({meaning}{reason})", exit.code()));
        }
    } else {
        let text = format!("{what} could not be executed ({}{reason})", status_words(status));
        output.remark(text);
    }
    if xml::parse(&ran.stdout).is_ok() {
        output.line(&ran.stdout);
        return;
    }
    for text in [&ran.stdout, &ran.stderr] {
        if !text.is_empty() {
            output.line(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::{crm_resource, frame};

    fn refusal(args: &[&str]) -> String {
        let args: Vec<OsString> =
            ["crm_resource", "--validate"].iter().chain(args).map(OsString::from).collect();
        let options: Options = frame::parse(&crm_resource::TOOL, &args).expect("these are options");
        let stop = described_agent(&options).map(drop).expect_err("this is not enough");
        frame::Stop::from(stop).message.unwrap_or_default()
    }

    #[test]
    fn an_agent_is_described_completely_or_not_at_all() {
        let required = "--provider and --agent are required with --class=ocf";
        assert_eq!(refusal(&["--class", "ocf", "--agent", "Dummy"]), required);
        assert_eq!(refusal(&["--class", "ocf", "--provider", "p"]), required);
        let only = "--provider is supported only with --class=ocf";
        assert_eq!(refusal(&["--class", "lsb", "--provider", "p", "--agent", "a"]), only);
        assert_eq!(refusal(&["--provider", "p"]), only);
        assert_eq!(refusal(&["--class", "lsb"]), "--agent is required with --class");
        assert_eq!(refusal(&["--agent", "a"]), "--class is required with --agent");
        assert_eq!(
            refusal(&["--class", "ocf", "--provider", "no", "--agent", "such"]),
            "ocf:no:such is not a known resource agent"
        );
        assert_eq!(
            refusal(&["--class", "stonith", "--agent", "fence_no_such"]),
            "fence_no_such is not a known fencing agent"
        );
    }
}
