//! Finds logs and takes out of them what is of the time in question.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use vocab::Timestamp;

use super::{masking::Mask, moment};

/// Where logs are unless the configuration says otherwise.
const USUAL: [&str; 9] = [
    "/var/log/pacemaker/pacemaker.log",
    "/var/log/pacemaker.log",
    "/var/log/cluster/corosync.log",
    "/var/log/corosync/corosync.log",
    "/var/log/pcsd/pcsd.log",
    "/var/log/sbd.log",
    "/var/log/messages",
    "/var/log/syslog",
    "/var/log/daemon.log",
];

/// Where the environment of the daemons is configured.
const ENVIRONMENT_FILES: [&str; 2] = ["/etc/default/pacemaker", "/etc/sysconfig/pacemaker"];

/// How long a line can be that is looked at; what is longer is no line of a log.
const LINE_BYTES: u64 = 1 << 20;

/// The logs of this node that are there.
pub(super) fn find(corosync_conf: Option<&str>) -> BTreeSet<PathBuf> {
    let configured = corosync_conf.into_iter().flat_map(str::lines).filter_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == "logfile").then(|| PathBuf::from(value.trim()))
    });
    let environment = ENVIRONMENT_FILES.iter().filter_map(|path| fs::read_to_string(path).ok());
    let named: Vec<PathBuf> = environment
        .flat_map(|text| {
            let values = text.lines().filter_map(|line| line.trim().strip_prefix("PCMK_logfile="));
            values.map(|value| PathBuf::from(value.trim_matches(['"', '\'']))).collect::<Vec<_>>()
        })
        .collect();
    let usual = USUAL.iter().map(PathBuf::from);
    configured.chain(named).chain(usual).filter(|path| path.is_file()).collect()
}

/// A log and what it was before it was rotated, the oldest first; those that end before `from` are left out.
fn rotated(log: &Path, from: Timestamp) -> Vec<PathBuf> {
    let name = log.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let directory = log.parent().unwrap_or(Path::new("/"));
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut found: Vec<(std::time::SystemTime, PathBuf)> = entries
        .filter(|entry| {
            let other = entry.file_name().to_string_lossy().into_owned();
            let rest = other.strip_prefix(&name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
        })
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    found.sort();
    let begin =
        std::time::UNIX_EPOCH + std::time::Duration::from_secs(u64::try_from(from.0).unwrap_or(0));
    found.into_iter().filter(|(changed, _)| *changed >= begin).map(|(_, path)| path).collect()
}

/// Opens a log, be it compressed.
fn open(path: &Path) -> io::Result<Box<dyn Read>> {
    let ending = path.extension().unwrap_or_default();
    let unpacker = [("gz", "gzip"), ("bz2", "bzip2"), ("xz", "xz")]
        .into_iter()
        .find(|(known, _)| ending == *known);
    let Some((_, program)) = unpacker else { return Ok(Box::new(File::open(path)?)) };
    let mut command = Command::new(program);
    command.arg("-dc").arg(path).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    let output = child.stdout.take().ok_or_else(|| io::Error::other("no output"))?;
    Ok(Box::new(Unpacked { child, output }))
}

/// The output of a program that unpacks. Its end is waited for.
struct Unpacked {
    child: std::process::Child,
    output: std::process::ChildStdout,
}

impl Read for Unpacked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.output.read(buffer)
    }
}

impl Drop for Unpacked {
    fn drop(&mut self) {
        // One that still writes ends by its closed pipe, or now.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A span of time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    /// Its begin.
    pub(super) from: Timestamp,
    /// Its end.
    pub(super) to: Timestamp,
    /// Now: no line is of later.
    pub(super) now: Timestamp,
}

/// Writes the lines of a log that are of a span of time, masked, and hands each to `look`.
pub(super) fn extract(
    log: &Path,
    span: Span,
    mask: &Mask,
    into: &mut dyn Write,
    mut look: impl FnMut(&str),
) -> io::Result<()> {
    for file in rotated(log, span.from) {
        let Ok(reader) = open(&file) else { continue };
        lines_of(BufReader::new(reader), span, |line| {
            let line = mask.apply(line);
            look(&line);
            writeln!(into, "{line}")
        })?;
    }
    Ok(())
}

/// The lines of a span of time. A line without a time belongs to the one before it.
fn lines_of(
    mut reader: impl BufRead,
    span: Span,
    mut found: impl FnMut(&str) -> io::Result<()>,
) -> io::Result<()> {
    let mut is_inside = false;
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        if reader.by_ref().take(LINE_BYTES).read_until(b'\n', &mut bytes)? == 0 {
            return Ok(());
        }
        let line = String::from_utf8_lossy(&bytes);
        let line = line.trim_end_matches('\n');
        if let Some(moment) = moment::of_line(line, span.now) {
            is_inside = (span.from..=span.to).contains(&moment);
        }
        if is_inside {
            found(line)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_time_are_taken_with_what_belongs_to_them() {
        let at = |text: &str| moment::read(text).expect("a time");
        let span = Span {
            from: at("2026-11-21 10:00:00"),
            to: at("2026-11-21 11:00:00"),
            now: at("2026-11-21 12:00:00"),
        };
        let log = "Nov 21 09:59:59 a before\n more of it\nNov 21 10:00:00 a first\n and more\n\
                   2026-11-21 10:30:00 second\nNov 21 11:00:01 a after\n and more of that\n";
        let mut lines = Vec::new();
        lines_of(log.as_bytes(), span, |line| {
            lines.push(line.to_owned());
            Ok(())
        })
        .unwrap();
        assert_eq!(lines, ["Nov 21 10:00:00 a first", " and more", "2026-11-21 10:30:00 second"]);
    }
}
