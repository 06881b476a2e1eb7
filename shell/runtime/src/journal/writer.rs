use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::net::UnixDatagram,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use jiff::tz::TimeZone;

use super::{
    JournalSettings, Severity, format,
    queue::{Line, Queue},
};

/// How long syslog may take for one message.
const SYSLOG_PATIENCE: Duration = Duration::from_millis(50);

/// Writes lines until there will be none any more.
pub(super) fn run(queue: &Queue) {
    let mut targets = Targets::default();
    while let Some(work) = queue.take() {
        if work.reopen {
            targets = Targets::default();
        }
        // A time zone that changes while the daemon runs counts from the next lines on.
        let zone = TimeZone::system();
        let mut last = None;
        for line in work.lines {
            targets.write(&line, &zone);
            last = Some(line.settings);
        }
        if let Some(settings) = last.filter(|_| work.dropped > 0) {
            targets.write(&loss(work.dropped, settings), &zone);
        }
    }
}

fn loss(count: u64, settings: Arc<JournalSettings>) -> Line {
    Line {
        time: SystemTime::now(),
        severity: Severity::Warning,
        subsystem: "LOG".to_owned(),
        text: format!("{count} messages were dropped since the log could not keep up"),
        settings,
    }
}

/// What is open. A file that could not be opened is done without until all are opened anew.
#[derive(Debug, Default)]
struct Targets {
    files: BTreeMap<PathBuf, Option<File>>,
    syslog: Option<UnixDatagram>,
}

impl Targets {
    fn write(&mut self, line: &Line, zone: &TimeZone) {
        let settings = &line.settings;
        let subsystem = settings.of(&line.subsystem);
        // There is nobody to tell that a log cannot be written.
        if line.severity <= subsystem.file_level {
            if let Some(file) = subsystem.file.as_ref().and_then(|path| self.file(path)) {
                let _ = file.write_all(format::file_line(line, zone).as_bytes());
            }
            if settings.to_stderr {
                let _ = io::stderr().write_all(format::stderr_line(line, zone).as_bytes());
            }
        }
        if settings.to_syslog && line.severity <= subsystem.syslog_level {
            self.send(&settings.syslog_socket, format::syslog_message(line, zone).as_bytes());
        }
    }

    fn file(&mut self, path: &Path) -> Option<&mut File> {
        if !self.files.contains_key(path) {
            let file = OpenOptions::new().create(true).append(true).open(path);
            if let Err(error) = &file {
                let _ = writeln!(io::stderr(), "{}: {error}", path.display());
            }
            self.files.insert(path.to_owned(), file.ok());
        }
        self.files.get_mut(path)?.as_mut()
    }

    fn send(&mut self, path: &Path, message: &[u8]) {
        for _ in 0..2 {
            if self.syslog.is_none() {
                self.syslog = connect(path).ok();
            }
            let Some(socket) = &self.syslog else { return };
            match socket.send(message) {
                Ok(_) => return,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // Who listens may have been started anew.
                Err(_) => self.syslog = None,
            }
        }
    }
}

fn connect(path: &Path) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.set_write_timeout(Some(SYSLOG_PATIENCE))?;
    socket.connect(path)?;
    Ok(socket)
}
