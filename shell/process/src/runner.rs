use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use executor::{Ended, Failure, Run, RunId, Strength};
use messages::executor::{Alert, Standard};
use tokio::sync::mpsc;
use vocab::Task;

use crate::{
    AgentDirectories, Exit, ExitKind, Handle, Order, Program, SECRETS_DIRECTORY, User,
    agent_environment, agent_path, exit_reason, printable, program, with_secrets,
};

/// Runs resource agents and alert agents that are programs, and says how they ended.
#[derive(Debug)]
pub struct Runner {
    directories: AgentDirectories,
    /// Variables that every agent gets.
    environment: Vec<(String, String)>,
    running: HashMap<RunId, Handle>,
    ends: mpsc::UnboundedSender<(RunId, Ended)>,
    ended: mpsc::UnboundedReceiver<(RunId, Ended)>,
}

impl Runner {
    /// A runner that finds agents in those directories and gives each these variables besides its own.
    pub fn new(directories: AgentDirectories, environment: Vec<(String, String)>) -> Self {
        let (ends, ended) = mpsc::unbounded_channel();
        Self { directories, environment, running: HashMap::new(), ends, ended }
    }

    /// Where agents are looked for.
    pub fn directories(&self) -> &AgentDirectories {
        &self.directories
    }

    /// Runs an agent of standard `ocf` or `lsb`; its end comes from [`Self::next`]. Must be called within a `LocalSet`.
    pub fn run(&mut self, run: &Run) {
        let mut environment = self.environment.clone();
        let secrets = Path::new(SECRETS_DIRECTORY);
        // Without its secrets a resource had better be stopped than left running.
        let parameters = match with_secrets(secrets, run.resource.as_str(), &run.parameters) {
            Ok(parameters) => parameters,
            Err(_) if run.task == Task::Stop => run.parameters.clone(),
            Err(failure) => {
                // The end comes as every other does, not before this returns to who asked.
                let _ = self.ends.send((run.run, Ended::NotStarted(failure)));
                return;
            }
        };
        environment.extend(agent_environment(
            &run.agent,
            &run.resource,
            &parameters,
            &self.directories.ocf_root,
        ));
        let action = match run.task {
            Task::Monitor if run.agent.standard.says_status() => "status",
            ref task => task.as_str(),
        };
        let (agent, directories) = (run.agent.clone(), self.directories.clone());
        let find = move || agent_path(&agent, &directories);
        let prepare = Program {
            arguments: vec![action.to_owned()],
            environment,
            ..Program::new(PathBuf::new())
        };
        self.launch(run.run, prepare, find, run.agent.standard == Standard::Ocf);
    }

    /// Runs an alert agent as the cluster's own user; its end comes from [`Self::next`].
    pub fn run_alert(&mut self, run: RunId, alert: Alert) {
        let mut environment = self.environment.clone();
        environment.extend(alert.environment);
        let user = User::named("hacluster");
        let program = Program { environment, user, ..Program::new(PathBuf::new()) };
        let path = PathBuf::from(alert.path);
        let find = move || match user {
            Some(_) => Ok(path),
            None => Err(Failure::Other("there is no user 'hacluster'".to_owned())),
        };
        self.launch(run, program, find, false);
    }

    /// Ends a run; does nothing if it has ended.
    pub fn kill(&self, run: RunId, strength: Strength, whole_group: bool) {
        if let Some(handle) = self.running.get(&run) {
            handle.end(Order { strength, whole_group });
        }
    }

    /// Waits for the next run to end; for ever if none is under way. Dropping the future loses nothing.
    pub async fn next(&mut self) -> (RunId, Ended) {
        match self.ended.recv().await {
            Some((run, ended)) => {
                self.running.remove(&run);
                (run, ended)
            }
            None => std::future::pending().await,
        }
    }

    fn launch(
        &mut self,
        run: RunId,
        program: Program,
        find: impl FnOnce() -> Result<PathBuf, Failure> + Send + 'static,
        has_reasons: bool,
    ) {
        let (handle, running) = program::start_found(program, find);
        self.running.insert(run, handle);
        let ends = self.ends.clone();
        tokio::task::spawn_local(async move {
            let end = match running.await {
                Ok(exit) => describe(&exit, has_reasons),
                Err(failure) => Ended::NotStarted(failure),
            };
            // Nobody listens: the process is about to end.
            let _ = ends.send((run, end));
        });
    }
}

/// The end of an agent in the executor's terms.
fn describe(exit: &Exit, has_reasons: bool) -> Ended {
    match exit.kind {
        ExitKind::Status(status) => {
            let told =
                [&exit.stderr, &exit.stdout].into_iter().find(|told| !told.bytes().is_empty());
            Ended::Exited {
                status,
                reason: if has_reasons { exit_reason(exit.stderr.bytes()) } else { None },
                output: told.map(|told| printable(told.bytes())),
            }
        }
        ExitKind::Signal(signal) => Ended::Signalled { signal: signal_name(signal) },
    }
}

/// A signal as the C library describes it.
fn signal_name(signal: i32) -> String {
    let name = match signal {
        libc::SIGHUP => "Hangup",
        libc::SIGINT => "Interrupt",
        libc::SIGQUIT => "Quit",
        libc::SIGILL => "Illegal instruction",
        libc::SIGABRT => "Aborted",
        libc::SIGBUS => "Bus error",
        libc::SIGFPE => "Floating point exception",
        libc::SIGKILL => "Killed",
        libc::SIGSEGV => "Segmentation fault",
        libc::SIGPIPE => "Broken pipe",
        libc::SIGALRM => "Alarm clock",
        libc::SIGTERM => "Terminated",
        libc::SIGXCPU => "CPU time limit exceeded",
        libc::SIGXFSZ => "File size limit exceeded",
        _ => return format!("number {signal}"),
    };
    name.to_owned()
}
