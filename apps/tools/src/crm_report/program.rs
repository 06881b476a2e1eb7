//! Other programs.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Seconds after which a program is ended that only tells something.
const PATIENCE: &str = "60";

/// Whether a program is on the path.
pub(super) fn is_installed(program: &str) -> bool {
    if program.contains('/') {
        return Path::new(program).is_file();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

/// A command that is ended when it takes too long.
pub(super) fn limited(program: &str) -> Command {
    let mut command = Command::new("timeout");
    command.arg(PATIENCE).arg(program).stdin(Stdio::null());
    command
}

/// One of our own tools: the binary that runs now if it has them all, else whichever is installed.
pub(super) fn own(tool: &str) -> Command {
    let here: Option<PathBuf> = std::env::current_exe().ok();
    match here.filter(|path| path.file_name().is_some_and(|name| name == "cardea")) {
        Some(binary) => {
            let mut command = limited(&binary.to_string_lossy());
            command.arg(tool);
            command
        }
        None => limited(tool),
    }
}

/// What a command says, on standard output and error, or why it says nothing.
pub(super) fn said(mut command: Command) -> String {
    match command.output() {
        Ok(output) => {
            let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
            text.push_str(&String::from_utf8_lossy(&output.stderr));
            text
        }
        Err(error) => format!("{error}\n"),
    }
}

/// Runs a command with a file as its standard output.
pub(super) fn into_file(mut command: Command, path: &Path) -> io::Result<bool> {
    command.stdout(File::create(path)?).stderr(Stdio::null());
    Ok(command.status().is_ok_and(|status| status.success()))
}

/// Runs a command that writes an archive of tar, and unpacks that in a directory.
pub(super) fn unpack(mut command: Command, directory: &Path) -> Result<(), String> {
    let mut sender = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let Some(archive) = sender.stdout.take() else { return Err("no output".to_owned()) };
    let unpacked =
        Command::new("tar").arg("xmf").arg("-").arg("-C").arg(directory).stdin(archive).output();
    let sent = sender.wait().map_err(|error| error.to_string())?;
    if !sent.success() {
        // What tar says of half an archive, or none, explains nothing then.
        return Err(format!("{}: {sent}", command.get_program().display()));
    }
    let unpacked = unpacked.map_err(|error| format!("tar: {error}"))?;
    if unpacked.status.success() {
        return Ok(());
    }
    Err(format!("tar: {}", String::from_utf8_lossy(&unpacked.stderr).trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_sends_nothing_is_named_with_how_it_ended() {
        let directory = std::env::temp_dir();
        let sending = |script: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            unpack(command, &directory)
        };
        assert_eq!(sending("exit 255"), Err("sh: exit status: 255".to_owned()));
        let problem = sending("echo nonsense").unwrap_err();
        assert!(problem.starts_with("tar: "), "{problem}");
    }
}
