//! Finding out how the cluster is.

use std::time::Duration;

use client::{
    cib::{Backend, CallOptions, Cib, CibError, NotificationKind},
    controller::Controller,
    fencer::Fencer,
    launcher::Launcher,
};
use messages::{
    crmd::NodeQuery,
    fencing::{HistoryEntry, OperationState},
};
use model::Model;
use present::{FenceEvent, FenceState, Filter, Sections, Show, Status};
use vocab::ToolExit;

use super::{TOOL, options::Options};
use crate::{
    frame::{self, Stop},
    schema,
};

/// How long daemons may take to say how they are.
const DAEMON_TIMEOUT: Duration = Duration::from_secs(30);

/// What is known of a cluster, and what of it is asked for.
pub(super) struct Found {
    pub(super) status: Status,
    pub(super) show: Show,
    /// What recorded operations mean that somebody should know.
    pub(super) remarks: Vec<String>,
}

/// Where the state comes from.
pub(super) struct Source {
    backend: Backend,
    node: Option<String>,
    resource: Option<String>,
    show: Show,
}

impl Source {
    pub(super) fn new(options: &Options, show: Show) -> Result<Self, Stop> {
        let backend = match &options.xml_file {
            Some(path) => Backend::File(path.clone()),
            None => Backend::from_environment().map_err(unreachable)?,
        };
        let (node, resource) = (options.node.clone(), options.resource.clone());
        Ok(Self { backend, node, resource, show })
    }

    /// This cluster, seen as people like it: what is on each node, and everything that is wrong.
    pub(super) fn for_people(node: Option<String>, resource: Option<String>) -> Result<Self, Stop> {
        let backend = Backend::from_environment().map_err(unreachable)?;
        let mut show = Show::new(Sections::TEXT, frame::utc_offset_seconds());
        show.detail.group_by_node = true;
        show.detail.inactive = true;
        show.detail.newer_words = true;
        show.detail.latest_fencing = true;
        Ok(Self { backend, node, resource, show })
    }

    /// Whether it is a file, which tells of no change.
    pub(super) fn is_file(&self) -> bool {
        matches!(self.backend, Backend::File(_))
    }

    /// What is shown at first.
    pub(super) fn show(&self) -> &Show {
        &self.show
    }

    /// Opens the CIB.
    pub(super) fn connect(&self) -> Result<Cib, Stop> {
        Cib::open_backend(TOOL.name, &self.backend).map_err(unreachable)
    }

    /// Opens the CIB and has its changes told.
    pub(super) fn subscribe(&self) -> Result<Cib, Stop> {
        let mut connection = self.connect()?;
        connection.subscribe(NotificationKind::Diff).map_err(unreachable)?;
        Ok(connection)
    }

    /// Everything that can be found out about the cluster now.
    pub(super) fn look(&self, connection: &mut Cib) -> Result<Found, Stop> {
        let launcher = if self.is_live() { Some(launcher()?) } else { None };
        let options = if self.is_file() { CallOptions::NONE } else { CallOptions::SCOPE_LOCAL };
        let cib = connection.query(None, options).map_err(unreachable)?;
        let cib = schema::of_today(cib).map_err(|why| Stop::new(why, ToolExit::Config))?;
        let (model, _) = Model::build_at(&cib, frame::local_time());
        let mut status = Status::of(&model, &cib);
        status.launcher = launcher;
        if self.is_live() {
            status.local_node = local_node();
            self.fencing(&mut status);
        }
        let mut show = self.show.clone();
        if let Some(name) = self.node.as_ref().filter(|name| *name != "*") {
            show.nodes = Filter::of_nodes(&model, name);
        }
        if let Some(name) = self.resource.as_ref().filter(|name| *name != "*") {
            show.resources = Filter::of_resources(&model, name);
        }
        Ok(Found { status, show, remarks: present::hard_failures(&model) })
    }

    fn is_live(&self) -> bool {
        matches!(self.backend, Backend::Live | Backend::LiveReadOnly)
    }

    /// The history of fencing. A fencer that does not answer is no reason to show nothing else.
    fn fencing(&self, status: &mut Status) {
        let sections = self.show.sections;
        if !(sections.fencing_failed || sections.fencing_pending || sections.fencing_succeeded) {
            return;
        }
        let history = Fencer::connect(TOOL.name).and_then(|mut fencer| fencer.history(None));
        match history {
            Ok(entries) => {
                let mut events: Vec<FenceEvent> = entries.into_iter().map(fence_event).collect();
                present::sort_fencing(&mut events);
                status.fencing = Some(events);
            }
            Err(_) => status.fencing_unknown = true,
        }
    }
}

fn unreachable(error: CibError) -> Stop {
    let exit = error.exit();
    Stop::new(format!("Connection to cluster failed: {error}"), exit)
}

fn launcher() -> Result<present::Launcher, Stop> {
    let unreachable = |error: client::launcher::LauncherError| {
        Stop::new(format!("Connection to cluster failed: {error}"), ToolExit::Disconnect)
    };
    let mut launcher = Launcher::connect(TOOL.name).map_err(unreachable)?;
    let (state, updated) = launcher.state(DAEMON_TIMEOUT).map_err(unreachable)?;
    Ok(present::Launcher { state: state.to_string(), updated })
}

/// This node's name, if its controller tells it.
fn local_node() -> Option<String> {
    let mut controller = Controller::connect(TOOL.name).ok()?;
    let info = controller.node_info(NodeQuery::default(), DAEMON_TIMEOUT).ok()?;
    info.name.map(|name| name.to_string())
}

fn fence_event(entry: HistoryEntry) -> FenceEvent {
    let state = match entry.state {
        OperationState::Done => FenceState::Done,
        OperationState::Failed => FenceState::Failed,
        OperationState::Query | OperationState::Executing | OperationState::Duplicate => {
            FenceState::Pending
        }
    };
    FenceEvent {
        action: entry.action,
        target: entry.target.to_string(),
        delegate: entry.delegate,
        client: entry.client.unwrap_or_default(),
        origin: entry.origin.map(|node| node.to_string()).unwrap_or_default(),
        completed: (state != FenceState::Pending).then_some(entry.completed),
        completed_nanos: if state == FenceState::Pending { 0 } else { entry.completed_nanos },
        reason: entry.outcome.reason,
        state,
    }
}
