use std::{
    fmt,
    io::Write,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

/// What a finished command left behind.
#[derive(Clone, Debug)]
pub struct Output {
    /// The command as a person would type it, for messages.
    pub command: String,
    /// Its exit code; 128 + signal when it was killed.
    pub code: i32,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
}

impl Output {
    /// Whether it exited with 0.
    pub fn succeeded(&self) -> bool {
        self.code == 0
    }

    /// Itself, when it exited with 0.
    ///
    /// # Errors
    ///
    /// Any other exit code; the message holds everything it printed.
    pub fn require(self) -> Result<Self> {
        if self.code != 0 {
            bail!("{self}");
        }
        Ok(self)
    }

    /// Both streams, standard output first.
    pub fn all(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.all();
        let lines: Vec<&str> = text.trim_end().lines().collect();
        writeln!(f, "`{}` exited with {}", self.command, self.code)?;
        // A message is at the beginning or at the end; what is between is a configuration.
        match lines.len() {
            0..=24 => f.write_str(&lines.join("\n")),
            many => {
                let (head, tail) = (lines[..12].join("\n"), lines[many - 12..].join("\n"));
                write!(f, "{head}\n[{} lines left out]\n{tail}", many - 24)
            }
        }
    }
}

/// A command that has been put together but not run: program, arguments, what goes to its input.
pub struct Shell {
    command: Command,
    shown: String,
}

impl Shell {
    pub(crate) fn new(command: Command, shown: String) -> Self {
        Self { command, shown }
    }

    /// Runs it to its end with `input` on its standard input.
    ///
    /// # Errors
    ///
    /// When it cannot be started; an exit code other than 0 is not an error here.
    pub fn run_with(mut self, input: &[u8]) -> Result<Output> {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child =
            self.command.spawn().with_context(|| format!("cannot run {}", self.shown))?;
        if let Some(mut stdin) = child.stdin.take() {
            let input = input.to_vec();
            // In a thread: a command that prints before it reads would block both sides. One that does not read at all
            // closes the pipe, which is its right.
            std::thread::spawn(move || drop(stdin.write_all(&input)));
        }
        let output =
            child.wait_with_output().with_context(|| format!("cannot run {}", self.shown))?;
        Ok(Output {
            command: self.shown,
            code: exit_code(output.status),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// Runs it to its end with nothing on its standard input.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn run(self) -> Result<Output> {
        self.run_with(b"")
    }

    /// The command itself, for callers that set up streams on their own.
    pub fn into_command(self) -> Command {
        self.command
    }
}

fn exit_code(status: std::process::ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

/// Runs a command of the host and requires exit code 0.
pub(crate) fn host(program: &str, arguments: &[&str], input: &str) -> Result<Output> {
    let mut command = Command::new(program);
    command.args(arguments);
    let shown = format!("{program} {}", arguments.join(" "));
    Shell::new(command, shown).run_with(input.as_bytes())?.require()
}
