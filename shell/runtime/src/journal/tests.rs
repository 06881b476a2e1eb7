use std::{
    collections::BTreeMap,
    fs,
    os::unix::net::UnixDatagram,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use super::*;

/// Longer than any step takes on any machine: it only ends a test that would never end.
const LONG: Duration = Duration::from_secs(60);

/// A directory that is removed at the end.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("journal-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn settings(file: &Path) -> JournalSettings {
    JournalSettings {
        host: "node1".to_owned(),
        default: SubsystemSettings { file: Some(file.to_owned()), ..SubsystemSettings::default() },
        to_stderr: false,
        to_syslog: false,
        timestamp: TimestampForm::Off,
        ..JournalSettings::default()
    }
}

/// The lines of a file without what is in front of the level.
fn lines(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let cut = |line: &str| line.split_once("corosync ").unwrap().1.to_owned();
    text.lines().map(cut).collect()
}

#[test]
fn subsystems_have_levels_and_files_of_their_own() {
    let directory = Directory::new();
    let (all, totem) = (directory.file("all"), directory.file("totem"));
    let mut settings = settings(&all);
    settings.subsystems = BTreeMap::from([(
        "TOTEM".to_owned(),
        SubsystemSettings {
            file: Some(totem.clone()),
            file_level: Severity::Debug,
            syslog_level: Severity::Info,
        },
    )]);
    settings.check_files().unwrap();
    let journal = Journal::start(settings).unwrap();
    assert!(journal.is_enabled("TOTEM", Severity::Debug));
    assert!(!journal.is_enabled("TOTEM", Severity::Trace));
    assert!(!journal.is_enabled("MAIN", Severity::Debug));
    for subsystem in ["TOTEM", "MAIN"] {
        journal.log(subsystem, Severity::Debug, "small");
        journal.log(subsystem, Severity::Warning, format_args!("big {}", 1));
    }
    journal.flush(LONG);
    assert_eq!(lines(&all), ["warning [MAIN  ] big 1"]);
    assert_eq!(lines(&totem), ["debug   [TOTEM ] small", "warning [TOTEM ] big 1"]);
}

#[test]
fn files_are_opened_anew_on_request_and_settings_may_change() {
    let directory = Directory::new();
    let (first, moved, second) =
        (directory.file("log"), directory.file("log.1"), directory.file("other"));
    let journal = Journal::start(settings(&first)).unwrap();
    journal.log("MAIN", Severity::Info, "one");
    journal.flush(LONG);
    fs::rename(&first, &moved).unwrap();
    journal.log("MAIN", Severity::Info, "two");
    journal.flush(LONG);
    journal.reopen();
    journal.log("MAIN", Severity::Info, "three");
    journal.reconfigure(settings(&second));
    journal.log("MAIN", Severity::Info, "four");
    journal.flush(LONG);
    assert_eq!(lines(&moved), ["info    [MAIN  ] one", "info    [MAIN  ] two"]);
    assert_eq!(lines(&first), ["info    [MAIN  ] three"]);
    assert_eq!(lines(&second), ["info    [MAIN  ] four"]);
}

#[test]
fn syslog_gets_datagrams_and_may_be_started_anew() {
    let directory = Directory::new();
    let path = directory.file("socket");
    let mut settings = settings(&directory.file("log"));
    settings.to_syslog = true;
    settings.syslog_socket = path.clone();
    settings.default.syslog_level = Severity::Notice;
    let receive = |socket: &UnixDatagram| {
        let mut bytes = [0; 200];
        let length = socket.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    };
    let listener = UnixDatagram::bind(&path).unwrap();
    let journal = Journal::start(settings).unwrap();
    journal.log("QUORUM", Severity::Info, "not for syslog");
    journal.log("QUORUM", Severity::Notice, "one");
    let message = receive(&listener);
    assert!(message.starts_with("<29>") && message.ends_with("]:  [QUORUM] one"), "{message}");
    drop(listener);
    fs::remove_file(&path).unwrap();
    let listener = UnixDatagram::bind(&path).unwrap();
    journal.log("VOTEQUORUM", Severity::Error, "two");
    let message = receive(&listener);
    assert!(message.starts_with("<27>") && message.ends_with("]:  [VOTEQU] two"), "{message}");
}

#[test]
fn a_syslog_that_does_not_read_holds_up_neither_the_daemon_nor_its_file() {
    let directory = Directory::new();
    let path = directory.file("socket");
    let _deaf = UnixDatagram::bind(&path).unwrap();
    let file = directory.file("log");
    let mut settings = settings(&file);
    settings.to_syslog = true;
    settings.syslog_socket = path;
    let journal = Journal::start(settings).unwrap();
    for number in 0..30 {
        journal.log("MAIN", Severity::Info, number);
    }
    journal.flush(LONG);
    assert_eq!(lines(&file).len(), 30);
}

#[test]
fn a_file_that_cannot_be_opened_is_an_error_beforehand_and_none_later() {
    let settings = settings(Path::new("/nonexistent/log"));
    let error = settings.check_files().unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("Can't open logfile '/nonexistent/log' for reason: "), "{text}");
    let journal = Journal::start(settings).unwrap();
    journal.log("MAIN", Severity::Info, "lost");
    journal.flush(LONG);
}

#[test]
fn names_of_levels_and_facilities() {
    for severity in Severity::ALL {
        assert_eq!(Severity::from_name(severity.name()), Some(severity));
    }
    assert_eq!(Severity::from_name("loud"), None);
    assert_eq!(Facility::from_name("daemon"), Some(Facility::DAEMON));
    assert_eq!(Facility::from_name("local7").map(|facility| facility.with(0)), Some(23 * 8));
    assert_eq!(Facility::from_name("local8"), None);
}
