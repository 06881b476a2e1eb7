use std::{cell::RefCell, rc::Rc, time::Duration};

use controller::{Controller, Input, Now, Output, Settings, Timer};
use election::Age;
use machine::{Outbox, TimerToken};
use messages::crmd::Throttle;
use process::Metadata;
use runtime::{Clock, Termination, TimerQueue};
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::{JoinHandle, spawn_local},
};
use vocab::ToolExit;

use crate::{
    attribute_side, cib_side, clients::Clients, executor_side, fencer_side, load,
    ring_side::RingSide, scheduler_side,
};

/// How often the load is measured.
const LOAD_INTERVAL: Duration = Duration::from_secs(30);
/// How long the other daemons may take to take what was asked of them last.
const FAREWELL: Duration = Duration::from_secs(5);

/// The daemon: the machine and everything it acts on.
pub(crate) struct Daemon {
    controller: Controller,
    pub(crate) ring: RingSide,
    pub(crate) clients: Clients,
    pub(crate) timers: TimerQueue<(Timer, TimerToken)>,
    clock: Clock,
    out: Outbox<Output>,
    /// Where tasks put what the machine has to hear.
    pub(crate) inputs: UnboundedSender<Input>,
    arriving: UnboundedReceiver<Input>,
    pub(crate) orders: Orders,
    waiting: Option<Waiting>,
    tasks: Vec<JoinHandle<()>>,
    pub(crate) metadata: Rc<RefCell<Option<Metadata>>>,
    pub(crate) exit: Option<ToolExit>,
    pub(crate) lost_ring: bool,
    told_load: Option<Throttle>,
}

/// Where each of the other daemons' tasks takes its orders from.
pub(crate) struct Orders {
    pub(crate) cib: UnboundedSender<cib_side::Order>,
    pub(crate) executor: UnboundedSender<executor_side::Order>,
    pub(crate) attributes: UnboundedSender<attribute_side::Order>,
    pub(crate) scheduler: UnboundedSender<scheduler_side::Order>,
    pub(crate) fencer: UnboundedSender<fencer_side::Order>,
}

/// The other ends, until the tasks take them.
struct Waiting {
    cib: UnboundedReceiver<cib_side::Order>,
    executor: UnboundedReceiver<executor_side::Order>,
    attributes: UnboundedReceiver<attribute_side::Order>,
    scheduler: UnboundedReceiver<scheduler_side::Order>,
    fencer: UnboundedReceiver<fencer_side::Order>,
}

impl Daemon {
    pub(crate) fn new(settings: Settings, ring: RingSide, clients: Clients, clock: Clock) -> Self {
        let (inputs, arriving) = unbounded_channel();
        let (cib, cib_orders) = unbounded_channel();
        let (executor, executor_orders) = unbounded_channel();
        let (attributes, attribute_orders) = unbounded_channel();
        let (scheduler, scheduler_orders) = unbounded_channel();
        let (fencer, fencer_orders) = unbounded_channel();
        Self {
            controller: Controller::new(settings),
            ring,
            clients,
            timers: TimerQueue::new(clock),
            clock,
            out: Outbox::new(),
            inputs,
            arriving,
            orders: Orders { cib, executor, attributes, scheduler, fencer },
            waiting: Some(Waiting {
                cib: cib_orders,
                executor: executor_orders,
                attributes: attribute_orders,
                scheduler: scheduler_orders,
                fencer: fencer_orders,
            }),
            tasks: Vec::new(),
            metadata: Rc::default(),
            exit: None,
            lost_ring: false,
            told_load: None,
        }
    }

    /// Runs until the machine says that it is over.
    pub(crate) async fn run(mut self, mut termination: Termination) -> ToolExit {
        self.start_tasks();
        let mut load_interval = tokio::time::interval(LOAD_INTERVAL);
        loop {
            if let Some(exit) = self.exit {
                return self.finish(exit).await;
            }
            if self.lost_ring {
                return self.finish(ToolExit::Disconnect).await;
            }
            let input = tokio::select! {
                input = self.ring.next() => match input {
                    Ok(input) => input,
                    Err(error) => {
                        tracing::error!("the connection to the cluster was lost: {error}");
                        return ToolExit::Disconnect;
                    }
                },
                Some(input) = self.arriving.recv() => input,
                input = self.clients.next() => input,
                (timer, token) = self.timers.next() => Input::Timer { timer, token },
                () = termination.requested() => Input::Shutdown,
                _ = load_interval.tick() => match self.changed_load() {
                    Some(throttle) => Input::Load(throttle),
                    None => continue,
                },
            };
            self.feed(input);
        }
    }

    /// Starts to talk to the other daemons; the machine hears when all that it needs are there.
    fn start_tasks(&mut self) {
        let Some(waiting) = self.waiting.take() else { return };
        let inputs = self.inputs.clone();
        self.tasks.push(spawn_local(attribute_side::serve(waiting.attributes)));
        self.tasks.push(spawn_local(fencer_side::serve(waiting.fencer, inputs.clone())));
        self.tasks.push(spawn_local(scheduler_side::serve(waiting.scheduler, inputs.clone())));
        self.tasks.push(spawn_local(async move {
            let (cib, executor) = match tokio::join!(cib_side::connect(), executor_side::connect())
            {
                (Ok(cib), Ok(executor)) => (cib, executor),
                (cib, executor) => {
                    let cib = cib.err().map(|error| error.to_string());
                    let executor = executor.err().map(|error| error.to_string());
                    let reasons: Vec<_> = [cib, executor].into_iter().flatten().collect();
                    tracing::error!("cannot start without the other daemons: {reasons:?}");
                    // When nobody takes it any more, the daemon is about to end anyway.
                    let _ = inputs.send(Input::ConnectionLost { daemon: "the other daemons" });
                    return;
                }
            };
            let _ = inputs.send(Input::Started);
            tokio::join!(
                cib_side::serve(cib, waiting.cib, inputs.clone()),
                executor_side::serve(executor, waiting.executor, inputs.clone()),
            );
        }));
    }

    /// The load, if it is another than the peers know.
    fn changed_load(&mut self) -> Option<Throttle> {
        let load = load::measure()?;
        if self.told_load == Some(load) {
            return None;
        }
        self.told_load = Some(load);
        Some(load)
    }

    /// Gives the machine what happened and carries out what it asks for.
    fn feed(&mut self, input: Input) {
        let used = runtime::processor_time();
        let now = Now {
            instant: self.clock.now(),
            wall: self.clock.wall(),
            age: Age { seconds: used.as_secs(), micros: used.subsec_micros() },
        };
        self.controller.handle(now, input, &mut self.out);
        while let Some(output) = self.out.pop() {
            self.carry_out(output);
        }
    }

    /// Lets the other daemons take what was asked of them, and the peers what was sent to them.
    async fn finish(self, exit: ToolExit) -> ToolExit {
        let Self { orders, mut ring, tasks, clients, .. } = self;
        drop(orders);
        let everything = async {
            for task in tasks {
                // A task that has panicked has nothing left to do either.
                let _ = task.await;
            }
        };
        let ring_goes_on = async {
            while ring.next().await.is_ok() {}
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = everything => {}
            () = ring_goes_on => {}
            () = tokio::time::sleep(FAREWELL) => {
                tracing::warn!("some of what was asked for last may not have been taken");
            }
        }
        drop(clients);
        tracing::info!("Controller exits ({exit})");
        exit
    }
}
