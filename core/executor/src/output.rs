use std::time::Duration;

use machine::TimerToken;
use messages::executor::{Agent, Alert, Event, Parameters, Reply};
use vocab::{Interval, ResourceId, Task};

use crate::{ClientId, Note, RunId, Timer};

/// What the executor asks of the world, in order.
#[derive(Debug)]
pub enum Output {
    /// Answer a client's request. Every request gets exactly one answer, before the next one is handled.
    Reply(ClientId, Reply),
    /// Tell a client something.
    Notify(ClientId, Event),
    /// Run an agent; the answer is [`Input::Finished`](crate::Input::Finished).
    Run(Box<Run>),
    /// Have the fencer do something about a fence device; the answer is [`Input::FenceFinished`](crate::Input::FenceFinished).
    Fence {
        /// The run to answer for.
        run: RunId,
        /// The device.
        device: ResourceId,
        /// What to do.
        task: FenceTask,
        /// How long it may take.
        timeout: Duration,
    },
    /// Run an alert agent as the cluster's own user; the answer is [`Input::Finished`](crate::Input::Finished).
    RunAlert(RunId, Alert),
    /// End a run: its whole process group, or only its leader. [`Input::Finished`](crate::Input::Finished) still follows.
    Kill {
        /// The run.
        run: RunId,
        /// How hard.
        strength: Strength,
        /// Whether all processes of the group are meant.
        whole_group: bool,
    },
    /// Fire a timer after a while.
    Arm(Timer, TimerToken, Duration),
    /// Say something in the log.
    Note(Note),
    /// Nothing is left to do: end the process.
    Exit,
}

/// An agent to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The number to answer with.
    pub run: RunId,
    /// The resource.
    pub resource: ResourceId,
    /// Its agent, of any standard but `stonith`.
    pub agent: Agent,
    /// What to do; `monitor` even where the standard calls it `status`.
    pub task: Task,
    /// How often it is done.
    pub interval: Interval,
    /// How long it may take. The executor watches over it: a runner needs it only to tell others.
    pub timeout: Duration,
    /// What the agent gets.
    pub parameters: Parameters,
}

/// What the fencer can do about a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FenceTask {
    /// Register it, then check it.
    Start {
        /// The fence agent's name.
        agent: String,
        /// Its parameters.
        parameters: Parameters,
    },
    /// Forget it.
    Stop,
    /// Check it.
    Monitor,
}

/// How hard a run is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// Asked to end.
    Terminate,
    /// Made to end.
    Kill,
}
