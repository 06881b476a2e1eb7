use std::{future::Future, process::ExitCode};

use tokio::signal::unix::{Signal, SignalKind, signal};
use vocab::ToolExit;

/// Runs a daemon's main future on a loop of one thread and turns its result into an exit status.
///
/// Tasks that are not `Send` may be spawned with `tokio::task::spawn_local`.
pub fn run(main: impl Future<Output = ToolExit>) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!("the event loop could not be set up: {error}");
            return exit_code(ToolExit::OsError);
        }
    };
    exit_code(tokio::task::LocalSet::new().block_on(&runtime, main))
}

fn exit_code(exit: ToolExit) -> ExitCode {
    ExitCode::from(u8::try_from(exit.code()).unwrap_or(1))
}

/// Waits for somebody to ask the process to end.
#[derive(Debug)]
pub struct Termination {
    terminate: Signal,
    interrupt: Signal,
}

impl Termination {
    /// Takes over SIGTERM and SIGINT; must be called within [`run`].
    pub fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Returns when a signal has come.
    pub async fn requested(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
