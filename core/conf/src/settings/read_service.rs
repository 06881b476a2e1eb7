//! Keys of `logging`, `system`, `resources`, `uidgid` and `nozzle`.

use std::time::Duration;

use super::{
    Access, CgroupMove, Debug, IpcType, Logging, LoggingOverride, Nozzle, Priority,
    ProcessPriority, ResourceWatch, Resources, SyslogFacility, SystemSettings, Timestamps,
    read::Reader,
};
use crate::{ProblemKind, Value};

impl Reader<'_> {
    pub(super) fn logging(&mut self) -> Logging {
        let default = Logging::default();
        let top = self.logging_options("logging");
        if top.to_file == Some(true) && top.file.is_none() {
            let kind = ProblemKind::NoEffect("there is no logging.logfile");
            self.warning("logging.to_logfile", kind);
        }
        let words = [
            ("off", Timestamps::Off),
            ("on", Timestamps::Seconds),
            ("hires", Timestamps::Milliseconds),
        ];
        let mut logging = Logging {
            timestamps: self
                .word("logging.timestamp", &words, "off, on, hires")
                .unwrap_or_default(),
            file_and_line: self.on_off("logging.fileline").unwrap_or(default.file_and_line),
            function_name: self.on_off("logging.function_name").unwrap_or(default.function_name),
            blackbox: self.on_off("logging.blackbox").unwrap_or(default.blackbox),
            to_stderr: top.to_stderr.unwrap_or(default.to_stderr),
            to_syslog: top.to_syslog.unwrap_or(default.to_syslog),
            to_file: top.to_file.unwrap_or(default.to_file),
            file: top.file,
            file_priority: top.file_priority.unwrap_or(default.file_priority),
            syslog_facility: top.syslog_facility.unwrap_or(default.syslog_facility),
            syslog_priority: top.syslog_priority.unwrap_or(default.syslog_priority),
            debug: top.debug,
            ..default
        };
        let prefix = "logging.logger_subsys.";
        let names: Vec<String> = self
            .keys
            .with_prefix(prefix)
            .filter_map(|(key, _)| key[prefix.len()..].strip_suffix(".subsys"))
            .map(str::to_owned)
            .collect();
        for name in names {
            let options = self.logging_options(&format!("{prefix}{name}"));
            logging.subsystems.insert(name, options);
        }
        logging
    }

    fn on_off(&mut self, key: &str) -> Option<bool> {
        self.word(key, &[("on", true), ("off", false)], "on, off")
    }

    fn logging_options(&mut self, path: &str) -> LoggingOverride {
        let key = |key: &str| format!("{path}.{key}");
        let obsolete = ProblemKind::NoEffect("it has another name now and may go");
        for old in ["to_file", "syslog_level"] {
            if self.keys.value(&key(old)).is_some() {
                self.warning(&key(old), obsolete.clone());
            }
        }
        let switch = |reader: &mut Self, name: &str| {
            let words = [("yes", true), ("on", true), ("no", false), ("off", false)];
            reader.word(&key(name), &words, "yes, no")
        };
        let to_file = switch(self, "to_file");
        let syslog_level = self.priority(&key("syslog_level"));
        let debug = [("off", Debug::Off), ("on", Debug::On), ("trace", Debug::Trace)];
        LoggingOverride {
            to_stderr: switch(self, "to_stderr"),
            to_syslog: switch(self, "to_syslog"),
            to_file: switch(self, "to_logfile").or(to_file),
            file: self.text(&key("logfile")).map(Into::into),
            file_priority: self.priority(&key("logfile_priority")),
            syslog_facility: self.facility(&key("syslog_facility")),
            syslog_priority: self.priority(&key("syslog_priority")).or(syslog_level),
            debug: self.word(&key("debug"), &debug, "off, on, trace").unwrap_or_default(),
        }
    }

    fn priority(&mut self, key: &str) -> Option<Priority> {
        let word = self.text(key)?;
        let found = Priority::parse(&word);
        if found.is_none() {
            self.error(key, ProblemKind::Choice(Priority::WORDS, word));
        }
        found
    }

    fn facility(&mut self, key: &str) -> Option<SyslogFacility> {
        let word = self.text(key)?;
        let found = SyslogFacility::parse(&word);
        if found.is_none() {
            self.error(key, ProblemKind::Choice(SyslogFacility::WORDS, word));
        }
        found
    }

    pub(super) fn system(&mut self) -> SystemSettings {
        let default = SystemSettings::default();
        let yes_no = [("yes", true), ("no", false)];
        let types = [
            ("native", IpcType::Native),
            ("shm", IpcType::SharedMemory),
            ("socket", IpcType::Socket),
        ];
        let moves = [("yes", CgroupMove::Yes), ("no", CgroupMove::No), ("auto", CgroupMove::Auto)];
        SystemSettings {
            ipc_type: self
                .word("system.qb_ipc_type", &types, "native, shm, socket")
                .unwrap_or_default(),
            sched_rr: self.word("system.sched_rr", &yes_no, "yes, no").unwrap_or(default.sched_rr),
            priority: self.process_priority(),
            move_to_root_cgroup: self
                .word("system.move_to_root_cgroup", &moves, "yes, no, auto")
                .unwrap_or_default(),
            allow_knet_handle_fallback: self
                .word("system.allow_knet_handle_fallback", &yes_no, "yes, no")
                .unwrap_or_default(),
            state_dir: self.text("system.state_dir").map(Into::into),
        }
    }

    fn process_priority(&mut self) -> ProcessPriority {
        let key = "system.priority";
        match self.keys.text(key) {
            None => ProcessPriority::Unchanged,
            Some("max") => ProcessPriority::Max,
            Some("min") => ProcessPriority::Min,
            Some(text) => match text.parse() {
                Ok(nice) => ProcessPriority::Nice(nice),
                Err(_) => {
                    let words = "max, min or a nice value";
                    self.error(key, ProblemKind::Choice(words, text.to_owned()));
                    ProcessPriority::Unchanged
                }
            },
        }
    }

    pub(super) fn resources(&mut self) -> Resources {
        let device = "resources.watchdog_device";
        let watchdog_device =
            self.text(device).filter(|path| !path.is_empty() && path != "off").map(Into::into);
        if watchdog_device.is_some() {
            self.warning(device, ProblemKind::NotImplemented("no watchdog is used"));
        }
        let timeout = "resources.watchdog_timeout";
        let seconds = self.keys.u32(timeout);
        let watchdog_timeout = seconds.filter(|seconds| (2..=120).contains(seconds));
        if let (Some(seconds), None) = (seconds, watchdog_timeout) {
            self.warning(timeout, ProblemKind::Number(2, 120, seconds.to_string()));
        }
        let prefix = "resources.process.";
        let processes: Vec<String> = self
            .keys
            .with_prefix(prefix)
            .filter_map(|(key, _)| Some(key[prefix.len()..].split_once('.')?.0.to_owned()))
            .collect();
        Resources {
            watchdog_device,
            watchdog_timeout: watchdog_timeout.map(|s| Duration::from_secs(u64::from(s))),
            load_15min: self.watch("resources.system.load_15min"),
            memory_used: self.watch("resources.system.memory_used"),
            process_memory: processes
                .into_iter()
                .filter_map(|name| {
                    let watch = self.watch(&format!("{prefix}{name}"))?;
                    Some((name, watch))
                })
                .collect(),
        }
    }

    fn watch(&mut self, path: &str) -> Option<ResourceWatch> {
        let prefix = format!("{path}.");
        let (first, line) = self.keys.with_prefix(&prefix).next().map(|(k, e)| (k, e.line))?;
        let kind = ProblemKind::NotImplemented("nothing is watched");
        self.problems.warning(line, first, kind);
        let poll_period = match self.keys.value(&format!("{prefix}poll_period")) {
            Some(Value::U64(ms)) => Some(Duration::from_millis(*ms)),
            Some(_) | None => None,
        };
        Some(ResourceWatch {
            recovery: self.text(&format!("{prefix}recovery")),
            max: self.text(&format!("{prefix}max")),
            poll_period,
        })
    }

    /// Accounts of the file, and those that clients let in at run time.
    pub(super) fn access(&self) -> Access {
        let allowed = |kind: &str| {
            [format!("uidgid.config.{kind}."), format!("uidgid.{kind}.")]
                .iter()
                .flat_map(|prefix| {
                    self.keys
                        .with_prefix(prefix)
                        .filter(|(_, key)| key.value == Value::U8(1))
                        .filter_map(|(key, _)| key[prefix.len()..].parse().ok())
                        .collect::<Vec<u32>>()
                })
                .collect()
        };
        Access { users: allowed("uid"), groups: allowed("gid") }
    }

    pub(super) fn nozzle(&mut self) -> Option<Nozzle> {
        let (first, line) = self.keys.with_prefix("nozzle.").next().map(|(k, e)| (k, e.line))?;
        let kind = ProblemKind::NotImplemented("no device is made");
        self.problems.warning(line, first, kind);
        Some(Nozzle {
            name: self.text("nozzle.name"),
            address: self.text("nozzle.ipaddr"),
            prefix: self.text("nozzle.ipprefix"),
            mac_address: self.text("nozzle.macaddr"),
        })
    }
}
