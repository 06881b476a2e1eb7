//! What every command works with: the CIB, what it means, and what was named on the command line.

use std::sync::Arc;

use client::{
    attributes::AttributesError,
    cib::{CallOptions, Cib, CibError},
    controller::ControllerError,
};
use model::{Model, NodeKey, Resource, ResourceKey, Severity, resource::base_name};
use vocab::ToolExit;
use xml::Element;

use super::{Options, command::Match};
use crate::{frame, output::Output, schema};

/// A run that ends here: the exit status, and what to say before what that means.
#[derive(Debug)]
pub(super) struct Stop {
    message: Option<String>,
    exit: ToolExit,
}

impl Stop {
    pub(super) fn new(exit: ToolExit, message: impl Into<String>) -> Self {
        Self { message: Some(message.into()), exit }
    }

    /// The command line makes no sense.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::new(ToolExit::Usage, message)
    }

    /// The command line makes no sense, as has been said.
    pub(super) fn silent_usage() -> Self {
        Self::failed(ToolExit::Usage)
    }

    /// What the exit status says is all there is to say, or the rest has been said.
    pub(super) fn failed(exit: ToolExit) -> Self {
        Self { message: None, exit }
    }

    /// Something that was named does not exist.
    pub(super) fn not_found(what: &str, name: &str) -> Self {
        Self::new(ToolExit::NoSuch, format!("{what} '{name}' not found"))
    }

    /// The exit status.
    pub(super) fn exit(&self) -> ToolExit {
        self.exit
    }
}

impl From<Stop> for frame::Stop {
    fn from(Stop { message, exit }: Stop) -> Self {
        let meaning = || format!("Error performing operation: {exit}");
        match (message, exit) {
            (message, ToolExit::Usage) => Self { message, exit },
            (Some(message), _) => Self::new(format!("{message}\n{}", meaning()), exit),
            (None, _) => Self::new(meaning(), exit),
        }
    }
}

impl From<CibError> for Stop {
    fn from(error: CibError) -> Self {
        Self::failed(error.exit())
    }
}

impl From<ControllerError> for Stop {
    fn from(error: ControllerError) -> Self {
        Self::new(ToolExit::Disconnect, format!("Error connecting to the controller: {error}"))
    }
}

impl From<AttributesError> for Stop {
    fn from(error: AttributesError) -> Self {
        Self::new(ToolExit::Disconnect, error.to_string())
    }
}

/// What a command works with.
pub(super) struct Session<'a> {
    pub(super) options: &'a Options,
    pub(super) output: &'a mut Output,
    pub(super) cib: Cib,
    /// The CIB as it was when the tool began.
    pub(super) document: Arc<Element>,
    /// The same as a model.
    pub(super) model: Model,
    /// The node that was named.
    pub(super) node: Option<NodeKey>,
    /// The resource that was named, or what stands for it.
    pub(super) resource: Option<ResourceKey>,
}

impl<'a> Session<'a> {
    /// Reads the CIB and finds in it what was named.
    pub(super) fn open(options: &'a Options, output: &'a mut Output) -> Result<Self, Stop> {
        let mut cib = connect()?;
        let document = cib.query(None, CallOptions::SCOPE_LOCAL).map_err(|error| {
            output.remark(format!("Could not obtain the current CIB: {error}"));
            Stop::failed(error.exit())
        })?;
        let document = schema::of_today(document).map_err(|why| {
            output.remark(why);
            Stop::failed(ToolExit::Config)
        })?;
        let (model, problems) = Model::build_at(&document, frame::local_time());
        // What daemons write into their logs a tool says only if it is asked to.
        let asked =
            std::env::var("PCMK_stderr").is_ok_and(|text| vocab::parse_boolean(&text) == Ok(true));
        if asked || output.verbosity() > 0 {
            for problem in problems.iter().filter(|problem| problem.severity == Severity::Error) {
                output.aside(format!("error: {problem}"));
            }
        }
        let mut session =
            Self { options, output, cib, document, model, node: None, resource: None };
        session.find_named()?;
        Ok(session)
    }

    fn find_named(&mut self) -> Result<(), Stop> {
        if let Some(name) = &self.options.node {
            let found = self.model.node_named(name);
            self.node = Some(found.ok_or_else(|| Stop::not_found("Node", name))?);
        }
        let command = &self.options.command.0;
        let Some(id) = self.options.resource.as_deref() else { return Ok(()) };
        if command.matching() == Match::Unused {
            return Ok(());
        }
        let found = find(&self.model, id, command.matching());
        let key = found.ok_or_else(|| Stop::not_found("Resource", id))?;
        let parent = self.model.resources[key].parent;
        let is_instance = parent.is_some_and(|parent| self.model.resources[parent].is_clone());
        if command.refuses_instances() && is_instance && id.contains(':') {
            let message = format!("Cannot operate on clone resource instance '{id}'");
            return Err(Stop::new(ToolExit::InvalidParameter, message));
        }
        self.resource = Some(key);
        Ok(())
    }

    /// The name of the resource as it was given.
    pub(super) fn requested(&self) -> Result<&'a str, Stop> {
        self.options.resource.as_deref().ok_or_else(no_resource)
    }

    /// The resource that was named.
    pub(super) fn key(&self) -> Result<ResourceKey, Stop> {
        self.resource.ok_or_else(no_resource)
    }

    /// The name of the node that was named, as the CIB spells it.
    pub(super) fn node_name(&self) -> Option<String> {
        self.node.map(|node| self.model.nodes[node].name.to_string())
    }

    /// Options for a change of the configuration.
    pub(super) fn call_options(&self) -> CallOptions {
        if self.options.force { CallOptions::QUORUM_OVERRIDE } else { CallOptions::NONE }
    }

    /// Says a line, unless only what was asked for is to be said.
    pub(super) fn say(&mut self, text: impl AsRef<str>) {
        if !self.options.quiet {
            self.output.line(text);
        }
    }

    /// Reads the CIB anew.
    pub(super) fn reread(&mut self) -> Result<(), Stop> {
        let document = self.cib.query(None, CallOptions::SCOPE_LOCAL)?;
        self.document =
            schema::of_today(document).map_err(|why| Stop::new(ToolExit::Config, why))?;
        (self.model, _) = Model::build_at(&self.document, frame::local_time());
        Ok(())
    }
}

/// A command that needs a resource has none.
pub(super) fn no_resource() -> Stop {
    Stop::usage("Must supply a resource ID with -r/--resource")
}

/// The first resource that answers to a name, in the order of the configuration, each before what it contains.
pub(super) fn find(model: &Model, id: &str, matching: Match) -> Option<ResourceKey> {
    let mut pending: Vec<ResourceKey> = model.top.iter().rev().copied().collect();
    while let Some(key) = pending.pop() {
        let resource = &model.resources[key];
        if answers(resource, id, matching) {
            return Some(key);
        }
        pending.extend(resource.state.children.iter().rev());
    }
    None
}

fn answers(resource: &Resource, id: &str, matching: Match) -> bool {
    let history_id = resource.state.history_id.as_ref();
    let by_base = match matching {
        Match::Unused | Match::Exact => false,
        Match::AnonymousBase => !resource.unique,
        Match::Base => true,
    };
    resource.id.as_str() == id
        || history_id.is_some_and(|known| known.as_str() == id)
        || (by_base && base_name(resource.id.as_str()) == id)
}

/// The name without the number of a clone's instance, by which the configuration knows the resource.
pub(super) fn configured_name(resource: &Resource) -> &str {
    base_name(resource.id.as_str())
}

/// Connects to the CIB.
pub(super) fn connect() -> Result<Cib, Stop> {
    Cib::open(super::TOOL.name)
        .map_err(|error| Stop::new(error.exit(), format!("Could not connect to the CIB: {error}")))
}
