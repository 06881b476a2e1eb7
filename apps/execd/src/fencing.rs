use std::{collections::HashMap, time::Duration};

use client::fencer::{AsyncFencer, FencerError};
use executor::{FenceEnd, FenceTask, Input, RunId};
use messages::fencing::{DeviceRegistration, FenceOutcome, Notice};
use tokio::sync::mpsc;
use vocab::{ExecStatus, ResourceId};

/// How often connecting is tried for one operation; the fencer may be just starting.
const ATTEMPTS: u32 = 10;

/// How long to wait between two attempts.
const RETRY: Duration = Duration::from_millis(300);

/// The way to the fencer. A task of its own talks to it, so that nothing here waits for it.
pub(crate) struct FencerLink {
    orders: mpsc::UnboundedSender<FenceOrder>,
    inputs: mpsc::UnboundedReceiver<Input>,
}

struct FenceOrder {
    run: RunId,
    device: ResourceId,
    task: FenceTask,
    timeout: Duration,
}

impl FencerLink {
    /// A link that connects when it is first needed. Must be called within a `LocalSet`.
    pub(crate) fn new() -> Self {
        let (orders, received) = mpsc::unbounded_channel();
        let (sender, inputs) = mpsc::unbounded_channel();
        let talk = Talk { fencer: None, monitors: HashMap::new(), inputs: sender };
        tokio::task::spawn_local(talk.run(received));
        Self { orders, inputs }
    }

    /// Has the fencer do something about a device; its answer comes from [`Self::next`].
    pub(crate) fn carry_out(
        &mut self,
        run: RunId,
        device: ResourceId,
        task: FenceTask,
        timeout: Duration,
    ) {
        // The task ends only with this value.
        let _ = self.orders.send(FenceOrder { run, device, task, timeout });
    }

    /// Waits for the next answer, or for the connection to break. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> Input {
        match self.inputs.recv().await {
            Some(input) => input,
            None => std::future::pending().await,
        }
    }
}

/// The talk with the fencer.
struct Talk {
    fencer: Option<AsyncFencer>,
    /// Monitors under way, by the number of the call.
    monitors: HashMap<i32, RunId>,
    inputs: mpsc::UnboundedSender<Input>,
}

impl Talk {
    async fn run(mut self, mut orders: mpsc::UnboundedReceiver<FenceOrder>) {
        loop {
            tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => self.carry_out(order).await,
                    None => return,
                },
                notice = next(&mut self.fencer) => match notice {
                    Some(notice) => self.on_notice(notice),
                    None => self.lost(),
                },
            }
        }
    }

    async fn carry_out(&mut self, order: FenceOrder) {
        let run = order.run;
        match self.begin(order).await {
            // The result of the monitor follows.
            Ok(Some(call)) => drop(self.monitors.insert(call, run)),
            Ok(None) => self.end(run, end(&FenceOutcome::success())),
            Err(FencerError::Failed(outcome)) => self.end(run, end(&outcome)),
            Err(error) => {
                self.end(run, not_connected(error.to_string()));
                if !matches!(error, FencerError::Connect(_)) {
                    self.lost();
                }
            }
        }
    }

    /// Does what is asked; the number of the monitor that it ends with, if it does.
    async fn begin(&mut self, order: FenceOrder) -> Result<Option<i32>, FencerError> {
        let fencer = self.connection().await?;
        let device = order.device.as_str();
        match order.task {
            FenceTask::Stop => {
                fencer.remove_device(device).await?;
                return Ok(None);
            }
            FenceTask::Start { agent, parameters } => {
                // The fencer learns of it from the CIB too, but perhaps not yet.
                let id = device.to_owned();
                let registration =
                    DeviceRegistration { id, agent, namespace: None, provides: None, parameters };
                fencer.add_device(registration).await?;
            }
            FenceTask::Monitor => {}
        }
        let timeout = order.timeout.max(Duration::from_secs(1));
        fencer.execute(device, "monitor", timeout).await.map(Some)
    }

    async fn connection(&mut self) -> Result<&mut AsyncFencer, FencerError> {
        if self.fencer.is_none() {
            let mut attempt = 1;
            let connected = loop {
                match AsyncFencer::connect(crate::NAME).await {
                    Err(FencerError::Connect(_)) if attempt < ATTEMPTS => {
                        attempt += 1;
                        tokio::time::sleep(RETRY).await;
                    }
                    result => break result?,
                }
            };
            self.fencer = Some(connected);
        }
        self.fencer.as_mut().ok_or(FencerError::NotRegistered)
    }

    fn on_notice(&mut self, notice: Notice) {
        if let Notice::Result(reply) = notice
            && let Some(run) = self.monitors.remove(&reply.header.call)
        {
            self.end(run, end(&reply.outcome));
        }
    }

    fn lost(&mut self) {
        if self.fencer.take().is_some() {
            self.monitors.clear();
            // The executor fails whatever it has under way.
            let _ = self.inputs.send(Input::FencerLost);
        }
    }

    fn end(&self, run: RunId, end: FenceEnd) {
        // Nobody listens: the process is about to end.
        let _ = self.inputs.send(Input::FenceFinished { run, end });
    }
}

async fn next(fencer: &mut Option<AsyncFencer>) -> Option<Notice> {
    match fencer {
        Some(fencer) => fencer.next().await,
        None => std::future::pending().await,
    }
}

fn end(outcome: &FenceOutcome) -> FenceEnd {
    FenceEnd {
        status: outcome.status,
        succeeded: outcome.is_success(),
        reason: outcome.reason.clone(),
    }
}

fn not_connected(reason: String) -> FenceEnd {
    FenceEnd { status: ExecStatus::NotConnected, succeeded: false, reason: Some(reason) }
}
