use std::{collections::HashMap, rc::Rc};

use executor::{Ended, Run, RunId};
use messages::executor::{Agent, Standard};
use process::{AgentDirectories, agent_path};
use tokio::{sync::mpsc, task::AbortHandle};

/// Runs of units of the service manager.
pub(crate) struct Units {
    directories: Rc<AgentDirectories>,
    running: HashMap<RunId, AbortHandle>,
    /// Runs of class `service` for which there is an init script.
    scripts: HashMap<RunId, Run>,
    ends: mpsc::UnboundedSender<End>,
    ended: mpsc::UnboundedReceiver<End>,
}

enum End {
    Ended(RunId, Ended),
    IsScript(Run),
}

impl Units {
    pub(crate) fn new(directories: Rc<AgentDirectories>) -> Self {
        let (ends, ended) = mpsc::unbounded_channel();
        Self { directories, running: HashMap::new(), scripts: HashMap::new(), ends, ended }
    }

    /// Carries out an operation of an agent of standard `systemd` or `service`.
    pub(crate) fn run(&mut self, run: Run) {
        let id = run.run;
        let ends = self.ends.clone();
        let directories = Rc::clone(&self.directories);
        let task = tokio::task::spawn_local(async move {
            let end = match as_script(&run, &directories).await {
                Some(script) => End::IsScript(script),
                None => {
                    let outcome = systemd::carry_out(&run.agent.name, &run.task).await;
                    End::Ended(run.run, Ended::Settled(outcome))
                }
            };
            // Nobody listens: the process is about to end.
            let _ = ends.send(end);
        });
        self.running.insert(id, task.abort_handle());
    }

    /// Stops waiting for a run; its end is then reported.
    pub(crate) fn give_up(&mut self, run: RunId) {
        if let Some(task) = self.running.remove(&run) {
            task.abort();
            let ended = Ended::Signalled { signal: "Killed".to_owned() };
            let _ = self.ends.send(End::Ended(run, ended));
        }
    }

    /// Waits for the next run to end; without an end it is one that [`Self::take_script`] gives back. Dropping the future
    /// loses nothing.
    pub(crate) async fn next(&mut self) -> (RunId, Option<Ended>) {
        match self.ended.recv().await {
            Some(End::Ended(run, ended)) => {
                self.running.remove(&run);
                (run, Some(ended))
            }
            Some(End::IsScript(script)) => {
                let run = script.run;
                // One that was given up meanwhile has been reported.
                if self.running.remove(&run).is_some() {
                    self.scripts.insert(run, script);
                }
                (run, None)
            }
            None => std::future::pending().await,
        }
    }

    /// The run, to be carried out with an init script.
    pub(crate) fn take_script(&mut self, run: RunId) -> Option<Run> {
        self.scripts.remove(&run)
    }
}

/// The run as one of an init script, if it is of class `service` and there is such a script or no such unit.
async fn as_script(run: &Run, directories: &Rc<AgentDirectories>) -> Option<Run> {
    if run.agent.standard != Standard::Service {
        return None;
    }
    let agent = Agent::new(Standard::Lsb, None, &run.agent.name);
    let (looked_up, directories) = (agent.clone(), AgentDirectories::clone(directories));
    let found = tokio::task::spawn_blocking(move || agent_path(&looked_up, &directories).is_ok());
    let is_script = found.await.unwrap_or(false) || !systemd::exists(&agent.name).await;
    is_script.then(|| Run { agent, ..run.clone() })
}
