use std::{
    borrow::Cow,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::mpsc,
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

use ipc::ClientId;
use messages::policy::{PlanOutcome, PlanRequest};
use model::{Model, Problem, Severity};
use rules::LocalTime;
use scheduler::{Request, STACK_BYTES, schedule};
use schema::{Follows, Schema};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use vocab::Timestamp;
use xml::Element;

use crate::series::{Kind, SavedInputs};

/// The thread that plans, one request after the other.
pub(crate) struct Planner {
    orders: mpsc::Sender<(ClientId, PlanRequest)>,
    plans: UnboundedReceiver<Planned>,
}

/// A plan on its way to who asked for it.
pub(crate) struct Planned {
    pub(crate) client: ClientId,
    pub(crate) answer: Element,
}

impl Planner {
    /// Starts the thread.
    pub(crate) fn start() -> Self {
        let (orders, waiting) = mpsc::channel();
        let (done, plans) = unbounded_channel();
        let spawned = thread::Builder::new()
            .name("planner".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(move || work(&waiting, &done));
        if let Err(error) = spawned {
            tracing::error!("cannot start the thread that plans: {error}");
        }
        Self { orders, plans }
    }

    /// Has a plan made; it comes from [`Self::next`].
    pub(crate) fn plan(&self, client: ClientId, request: PlanRequest) {
        if self.orders.send((client, request)).is_err() {
            tracing::error!("the thread that plans has ended: no plan is made");
        }
    }

    /// Waits for the next plan. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> Planned {
        match self.plans.recv().await {
            Some(planned) => planned,
            None => std::future::pending().await,
        }
    }
}

fn work(orders: &mpsc::Receiver<(ClientId, PlanRequest)>, plans: &UnboundedSender<Planned>) {
    let mut inputs = SavedInputs::new(PathBuf::from("/var/lib/pacemaker/pengine"));
    let mut transition = 0;
    while let Ok((client, request)) = orders.recv() {
        transition += 1;
        let now = now();
        // Whatever goes wrong in here must cost this plan only: the controller asks again.
        let planned = catch_unwind(AssertUnwindSafe(|| plan(&request.cib, now, transition)));
        let (graph, mut outcome, options) = planned.unwrap_or_else(|_| {
            tracing::error!(
                "planning failed for a reason of its own: please report the saved input"
            );
            let outcome = PlanOutcome { graph_errors: true, ..PlanOutcome::default() };
            (empty_graph(), outcome, None)
        });
        let kind = if outcome.graph_errors {
            Kind::Error
        } else if outcome.graph_warnings {
            Kind::Warning
        } else {
            Kind::Input
        };
        let keep = kind.keep(options.as_ref());
        let place = inputs.place(kind, keep, &request.cib);
        outcome.input_file = place.path().map(|path| path.display().to_string());
        let words = if outcome.graph_errors {
            " (with errors)"
        } else if outcome.graph_warnings {
            " (with warnings)"
        } else {
            ""
        };
        let file = outcome.input_file.as_deref().unwrap_or("no file");
        tracing::info!("Calculated transition {transition}{words}, saving inputs in {file}");
        let answer = request.answer(graph, &outcome);
        if plans.send(Planned { client, answer }).is_err() {
            return;
        }
        // The plan is on its way: now there is time for the disk.
        inputs.save(&place, keep, &request.cib, now.moment);
    }
}

/// The cluster options as configured.
pub(crate) type Configured = std::collections::BTreeMap<String, String>;

fn plan(
    cib: &Element,
    now: LocalTime,
    transition: i32,
) -> (Element, PlanOutcome, Option<Configured>) {
    let (model, problems) = Model::build_at(&of_our_time(cib), now);
    for problem in &problems {
        log(problem);
    }
    let plan = schedule(&model, &Request { transition, ..Request::default() });
    for problem in &plan.problems {
        log(problem);
    }
    // Who reads the log at night wants to know what was decided, and why.
    for change in simulate::changes(&model, &plan) {
        tracing::info!("Actions: {change}");
    }
    let has = |severity: Severity| {
        problems.iter().chain(&plan.problems).any(|problem| problem.severity == severity)
    };
    let outcome = PlanOutcome {
        graph_errors: has(Severity::Error),
        graph_warnings: has(Severity::Warning),
        configuration_errors: has(Severity::Error),
        configuration_warnings: has(Severity::Warning),
        input_file: None,
    };
    let mut graph = transition::codec::to_element(&plan.graph);
    // Controllers of before 3.0 look for the time that fencing may take under its older name.
    if let Some(timeout) = graph.attr("fencing-timeout").map(str::to_owned) {
        graph.set("stonith-timeout", timeout);
    }
    (graph, outcome, Some(model.options.configured))
}

/// The CIB in words that the model knows. Those of the 3.x schemas and newer it knows; older CIBs are rewritten, in memory.
fn of_our_time(cib: &Element) -> Cow<'_, Element> {
    let old = matches!(Follows::of(cib), Follows::Schema(schema)
        if schema < Schema::COMMON && schema.needs_transformation_to(Schema::COMMON));
    if !old {
        return Cow::Borrowed(cib);
    }
    let upgrade = schema::upgrade(cib, Schema::COMMON);
    for event in &upgrade.events {
        match event.severity() {
            schema::Severity::Debug => tracing::debug!("{event}"),
            schema::Severity::Info => tracing::info!("{event}"),
            schema::Severity::Warning => tracing::warn!("{event}"),
            schema::Severity::Error => tracing::error!("{event}"),
        }
    }
    match upgrade.result {
        Ok((new, _)) => Cow::Owned(new),
        Err(failure) => {
            tracing::error!("Cannot upgrade the configuration: {failure}");
            Cow::Borrowed(cib)
        }
    }
}

fn log(problem: &Problem) {
    match problem.severity {
        Severity::Error => tracing::error!("{problem}"),
        Severity::Warning | Severity::Caution => tracing::warn!("{problem}"),
        Severity::Notice => tracing::info!("{problem}"),
    }
}

/// A plan to do nothing.
fn empty_graph() -> Element {
    Element::new("transition_graph").with("transition_id", 0).with("cluster-delay", 0)
}

fn now() -> LocalTime {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let moment = Timestamp(i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX));
    LocalTime { moment, utc_offset_seconds: jiff::Zoned::now().offset().seconds() }
}
