use std::{
    io,
    os::{
        fd::OwnedFd,
        unix::process::{CommandExt, ExitStatusExt},
    },
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
};

use executor::{Failure, Strength};
use rustix::process::{Pid, PidfdFlags, Signal};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, Interest, unix::AsyncFd},
    net::unix::pipe,
    sync::mpsc,
};

use crate::{Capture, Keep, User, agents::start_failure, environment::is_settable};

/// How much is read at a time, so that a program that writes without end cannot keep the loop to itself.
const READ_BYTES: usize = 16 * 1024;

/// How much output is still taken in after the program's end. What fits into a pipe is far less.
const LAST_READ_BYTES: usize = 1 << 20;

/// A program to run.
#[derive(Clone, Debug)]
pub struct Program {
    /// The file.
    pub path: PathBuf,
    /// What follows the name on the command line.
    pub arguments: Vec<String>,
    /// Variables to set on top of the process's own. One that the system cannot carry is left out.
    pub environment: Vec<(String, String)>,
    /// What the program reads on standard input.
    pub input: Vec<u8>,
    /// Who it runs as; the process's own user if `None`.
    pub user: Option<User>,
    /// How its standard output is kept.
    pub stdout: (Keep, usize),
    /// How its standard error is kept.
    pub stderr: (Keep, usize),
}

impl Program {
    /// A program without arguments and input, of whose output the last 16 KiB are kept.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            arguments: Vec::new(),
            environment: Vec::new(),
            input: Vec::new(),
            user: None,
            stdout: (Keep::Last, 16 * 1024),
            stderr: (Keep::Last, 16 * 1024),
        }
    }
}

/// How a program ended and what it said.
#[derive(Clone, Debug)]
pub struct Exit {
    /// How it ended.
    pub kind: ExitKind,
    /// What it wrote to standard output.
    pub stdout: Capture,
    /// What it wrote to standard error.
    pub stderr: Capture,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitKind {
    /// By itself, with this exit status.
    Status(i32),
    /// By this signal.
    Signal(i32),
}

/// An order for a program that runs.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// How hard to end it.
    pub strength: Strength,
    /// Whether all processes of its group are meant.
    pub whole_group: bool,
}

/// The way to a program that runs. Dropping it leaves the program alone.
#[derive(Clone, Debug)]
pub struct Handle {
    orders: mpsc::UnboundedSender<Order>,
}

impl Handle {
    /// Has the program ended; does nothing if it has ended. One that is only being started ends as soon as it is there.
    pub fn end(&self, order: Order) {
        // No receiver: the program has ended.
        let _ = self.orders.send(order);
    }
}

/// Starts a program. The future gives its end, or why it could not be started; it must be driven, or the program becomes a
/// zombie.
pub fn start(program: Program) -> (Handle, impl Future<Output = Result<Exit, Failure>>) {
    let path = program.path.clone();
    start_found(program, move || Ok(path))
}

/// Starts a program that has to be found first, `path` in it aside; finding may take as long as it likes.
pub fn start_found(
    program: Program,
    find: impl FnOnce() -> Result<PathBuf, Failure> + Send + 'static,
) -> (Handle, impl Future<Output = Result<Exit, Failure>>) {
    let (orders, received) = mpsc::unbounded_channel();
    (Handle { orders }, run(program, find, received))
}

async fn run(
    mut program: Program,
    find: impl FnOnce() -> Result<PathBuf, Failure> + Send + 'static,
    orders: mpsc::UnboundedReceiver<Order>,
) -> Result<Exit, Failure> {
    let input = std::mem::take(&mut program.input);
    let has_input = !input.is_empty();
    let captures = [program.stdout, program.stderr].map(|(keep, max)| Capture::new(keep, max));
    // Looking for a file and exec read it, which can take for ever on a dead network file system: not on our loop.
    let spawned = tokio::task::spawn_blocking(move || {
        program.path = find()?;
        spawn(&program, has_input).map_err(|error| start_failure(&program.path, &error))
    });
    let child = spawned.await.map_err(|error| Failure::Other(error.to_string()))??;
    let watched = Watched::new(child, input, captures, orders);
    let exit = match watched {
        Ok(watched) => watched.until_end().await,
        Err(error) => Err(error),
    };
    exit.map_err(|error| Failure::Other(format!("cannot watch a process: {error}")))
}

fn spawn(program: &Program, has_input: bool) -> io::Result<Child> {
    let mut command = Command::new(&program.path);
    command
        .args(&program.arguments)
        .envs(program.environment.iter().filter(|(name, value)| is_settable(name, value)).cloned())
        .stdin(if has_input { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    // As root, setting the user also drops the other groups.
    if let Some(user) = program.user {
        command.gid(user.gid).uid(user.uid);
    }
    command.spawn()
}

/// One output of a program.
struct Stream {
    pipe: Option<pipe::Receiver>,
    capture: Capture,
}

/// A program that runs.
struct Watched {
    child: Child,
    pid: Pid,
    /// Becomes readable when the program has ended. It stays a zombie until then, so its number means nobody else.
    ended: AsyncFd<OwnedFd>,
    orders: mpsc::UnboundedReceiver<Order>,
    stdin: Option<(pipe::Sender, Vec<u8>)>,
    stdout: Stream,
    stderr: Stream,
    /// Whether all of its group is to go when it goes.
    end_group: bool,
}

/// What can happen to a program that runs.
enum Happening {
    Ended,
    Order(Order),
    Read(Which, io::Result<usize>),
    Written(io::Result<usize>),
}

#[derive(Clone, Copy)]
enum Which {
    Stdout,
    Stderr,
}

impl Watched {
    #[allow(unsafe_code, reason = "the event loop wants to be promised that the descriptor stays")]
    fn new(
        mut child: Child,
        input: Vec<u8>,
        [stdout, stderr]: [Capture; 2],
        orders: mpsc::UnboundedReceiver<Order>,
    ) -> io::Result<Self> {
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or_else(|| io::Error::other("a process without a number"))?;
        let pidfd = rustix::process::pidfd_open(pid, PidfdFlags::empty())?;
        let receiver = |fd: Option<OwnedFd>| fd.map(pipe::Receiver::from_owned_fd).transpose();
        let stdin = child.stdin.take().map(|stdin| pipe::Sender::from_owned_fd(stdin.into()));
        // SAFETY: the descriptor is open, owned by the value it is handed to and never replaced there.
        let ended = unsafe { AsyncFd::register_with_interest(pidfd, Interest::READABLE) };
        Ok(Self {
            ended: ended.map_err(io::Error::from)?,
            stdin: stdin.transpose()?.map(|pipe| (pipe, input)),
            stdout: Stream {
                pipe: receiver(child.stdout.take().map(OwnedFd::from))?,
                capture: stdout,
            },
            stderr: Stream {
                pipe: receiver(child.stderr.take().map(OwnedFd::from))?,
                capture: stderr,
            },
            child,
            pid,
            orders,
            end_group: false,
        })
    }

    async fn until_end(mut self) -> io::Result<Exit> {
        let mut buffers = (vec![0; READ_BYTES], vec![0; READ_BYTES]);
        loop {
            match self.next(&mut buffers).await {
                Happening::Ended => break,
                Happening::Order(order) => self.carry_out(order),
                Happening::Read(Which::Stdout, result) => self.stdout.take_in(&buffers.0, &result),
                Happening::Read(Which::Stderr, result) => self.stderr.take_in(&buffers.1, &result),
                Happening::Written(result) => self.written(&result),
            }
        }
        if self.end_group {
            // The leader is gone but not yet reaped, so the group's number is still ours.
            self.signal(Signal::KILL, true);
        }
        let status = self.child.wait()?;
        self.stdout.take_rest(&mut buffers.0);
        self.stderr.take_rest(&mut buffers.1);
        Ok(Exit {
            kind: exit_kind(status),
            stdout: self.stdout.capture,
            stderr: self.stderr.capture,
        })
    }

    /// Waits for whatever comes first; losing the race costs nothing.
    async fn next(&mut self, buffers: &mut (Vec<u8>, Vec<u8>)) -> Happening {
        tokio::select! {
            biased;
            _ = self.ended.readable() => Happening::Ended,
            Some(order) = self.orders.recv() => Happening::Order(order),
            read = self.stdout.read(&mut buffers.0) => Happening::Read(Which::Stdout, read),
            read = self.stderr.read(&mut buffers.1) => Happening::Read(Which::Stderr, read),
            written = write(&mut self.stdin) => Happening::Written(written),
        }
    }

    fn carry_out(&mut self, order: Order) {
        self.end_group |= order.whole_group;
        let signal = match order.strength {
            Strength::Terminate => Signal::TERM,
            Strength::Kill => Signal::KILL,
        };
        self.signal(signal, order.whole_group);
    }

    fn signal(&self, signal: Signal, whole_group: bool) {
        let sent = if whole_group {
            rustix::process::kill_process_group(self.pid, signal)
        } else {
            rustix::process::kill_process(self.pid, signal)
        };
        // Nobody left in the group is what was wanted.
        if let Err(error) = sent
            && error != rustix::io::Errno::SRCH
        {
            tracing::warn!("cannot send {signal:?} to process {}: {error}", self.pid);
        }
    }

    fn written(&mut self, result: &io::Result<usize>) {
        let Some((_, input)) = &mut self.stdin else { return };
        match result {
            Ok(count) => drop(input.drain(..*count)),
            // A program that does not read its input has read enough of it.
            Err(_) => input.clear(),
        }
        if input.is_empty() {
            self.stdin = None;
        }
    }
}

impl Stream {
    async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.pipe {
            Some(pipe) => pipe.read(buffer).await,
            None => std::future::pending().await,
        }
    }

    fn take_in(&mut self, buffer: &[u8], result: &io::Result<usize>) {
        match result {
            Ok(count) if *count > 0 => self.capture.add(&buffer[..*count]),
            // The end, or an error that will not go away.
            Ok(_) | Err(_) => self.pipe = None,
        }
    }

    /// Takes what is in the pipe and lets go of it: a process left behind may hold the other end for ever.
    fn take_rest(&mut self, buffer: &mut [u8]) {
        let mut taken = 0;
        while taken < LAST_READ_BYTES {
            let Some(pipe) = &self.pipe else { return };
            match rustix::io::read(pipe, &mut *buffer) {
                Ok(count) if count > 0 => {
                    self.capture.add(&buffer[..count]);
                    taken += count;
                }
                Ok(_) | Err(_) => self.pipe = None,
            }
        }
        self.pipe = None;
    }
}

async fn write(stdin: &mut Option<(pipe::Sender, Vec<u8>)>) -> io::Result<usize> {
    match stdin {
        Some((pipe, input)) => pipe.write(input).await,
        None => std::future::pending().await,
    }
}

fn exit_kind(status: ExitStatus) -> ExitKind {
    match (status.code(), status.signal()) {
        (Some(code), _) => ExitKind::Status(code),
        (None, signal) => ExitKind::Signal(signal.unwrap_or(0)),
    }
}

#[cfg(test)]
mod tests;
