use std::{collections::HashMap, path::Path};

use executor::{Failure, Strength};
use fencer::{AgentEnd, Input, Run, RunId, Traits};
use messages::executor::{Agent, Parameters, Standard};
use process::{
    AgentDirectories, ExitKind, Handle, Metadata, Order, Program, SECRETS_DIRECTORY, agent_path,
    printable, start_found, with_secrets,
};
use tokio::sync::mpsc;

/// Runs fence agents and asks them what they can do.
pub(crate) struct Agents {
    directories: AgentDirectories,
    running: HashMap<RunId, Handle>,
    inputs: mpsc::UnboundedSender<Input>,
    arrived: mpsc::UnboundedReceiver<Input>,
}

impl Agents {
    pub(crate) fn new(directories: AgentDirectories) -> Self {
        let (inputs, arrived) = mpsc::unbounded_channel();
        Self { directories, running: HashMap::new(), inputs, arrived }
    }

    /// Runs an agent; its end comes from [`Self::next`].
    pub(crate) fn run(&mut self, run: Run) {
        let arguments = run.arguments.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let arguments = arguments.collect::<Parameters>();
        let secrets = Path::new(SECRETS_DIRECTORY);
        let arguments = match with_secrets(secrets, &run.device, &arguments) {
            Ok(arguments) => arguments,
            Err(failure) => {
                let end = AgentEnd::NoSecrets(failure.into_reason());
                // Nobody listens: the process is about to end.
                let _ = self.inputs.send(Input::Finished { run: run.run, end });
                return;
            }
        };
        let input: String =
            arguments.iter().map(|(name, value)| argument_line(name, value)).collect();
        let program = Program { input: input.into_bytes(), ..Program::new("") };
        let directories = self.directories.clone();
        let agent = Agent::new(Standard::Stonith, None, &run.agent);
        let (handle, running) = start_found(program, move || agent_path(&agent, &directories));
        self.running.insert(run.run, handle);
        let inputs = self.inputs.clone();
        tokio::task::spawn_local(async move {
            let end = match running.await {
                Ok(exit) => match exit.kind {
                    ExitKind::Status(status) => AgentEnd::Exited {
                        status,
                        stdout: printable(exit.stdout.bytes()),
                        stderr: printable(exit.stderr.bytes()),
                    },
                    ExitKind::Signal(_) => AgentEnd::Killed,
                },
                Err(Failure::NotInstalled(reason)) => AgentEnd::NotInstalled(reason),
                Err(failure) => AgentEnd::NotStarted(failure.into_reason()),
            };
            // Nobody listens: the process is about to end.
            let _ = inputs.send(Input::Finished { run: run.run, end });
        });
    }

    /// Ends a run and all its processes.
    pub(crate) fn kill(&self, run: RunId) {
        if let Some(handle) = self.running.get(&run) {
            handle.end(Order { strength: Strength::Kill, whole_group: true });
        }
    }

    /// Asks an agent what it can do; the answer comes from [`Self::next`].
    pub(crate) fn describe(&self, agent: String) {
        let inputs = self.inputs.clone();
        let mut metadata = Metadata::new(self.directories.clone());
        tokio::task::spawn_local(async move {
            let spec = Agent::new(Standard::Stonith, None, &agent);
            let traits = match metadata.element(&spec).await {
                Ok(description) => Some(Traits::from_metadata(&description)),
                Err(error) => {
                    tracing::warn!("{agent}: {error}");
                    None
                }
            };
            let _ = inputs.send(Input::Described { agent, traits });
        });
    }

    /// Waits for the next end or description. Dropping the future loses nothing.
    pub(crate) async fn next(&mut self) -> Input {
        match self.arrived.recv().await {
            Some(input) => {
                if let Input::Finished { run, .. } = &input {
                    self.running.remove(run);
                }
                input
            }
            None => std::future::pending().await,
        }
    }
}

/// One argument as the agent reads it. A newline in a value would begin another argument.
fn argument_line(name: &str, value: &str) -> String {
    format!("{name}={}\n", value.replace(['\n', '\r'], " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_begin_another_argument() {
        assert_eq!(argument_line("ip", "x\naction=off"), "ip=x action=off\n");
    }
}
