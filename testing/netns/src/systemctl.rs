//! What `systemctl` is inside a node: as much of it as cluster tools use, answered by our PID 1.

use std::{path::Path, process::ExitCode};

use anyhow::{Result, bail};

use crate::init::{SOCKET, request};

/// Exit codes of the real program.
const NOT_RUNNING: u8 = 3;
const NO_SUCH_UNIT: u8 = 4;
const NOT_FOUND: u8 = 5;

pub(crate) fn main(arguments: &[&str]) -> ExitCode {
    let quiet = arguments.iter().any(|a| matches!(*a, "-q" | "--quiet"));
    let now = arguments.contains(&"--now");
    let words: Vec<&str> = arguments.iter().copied().filter(|a| !a.starts_with('-')).collect();
    let Some((verb, units)) = words.split_first() else { return list() };
    let units: Vec<&str> = units.iter().map(|u| u.strip_suffix(".service").unwrap_or(u)).collect();
    let code = match *verb {
        "daemon-reload" | "reset-failed" => 0,
        "list-unit-files" | "list-units" => return list(),
        "start" => each(&units, "start"),
        "stop" => each(&units, "stop"),
        "restart" => each(&units, "stop").max(each(&units, "start")),
        "enable" | "disable" => {
            let code = each(&units, verb);
            let also = if *verb == "enable" { "start" } else { "stop" };
            if now { code.max(each(&units, also)) } else { code }
        }
        "is-active" => {
            state(&units, quiet, |shown| (shown.active.clone(), shown.active == "active"))
        }
        "is-enabled" => {
            state(&units, quiet, |shown| (shown.enabled.clone(), shown.enabled == "enabled"))
        }
        "status" => state(&units, false, |shown| (shown.to_string(), shown.active == "active")),
        "show" => units.iter().map(|unit| show(unit)).max().unwrap_or(0),
        other => {
            eprintln!("systemctl of the test node: {other:?} is not implemented");
            1
        }
    };
    ExitCode::from(code)
}

struct Shown {
    unit: String,
    active: String,
    enabled: String,
    pid: String,
    description: String,
}

impl Shown {
    fn read(unit: &str) -> Result<Self> {
        let reply = request(Path::new(SOCKET), &format!("show {unit}"))?;
        let mut words = reply.splitn(4, ' ').map(str::to_owned);
        let mut next = || words.next().unwrap_or_default();
        let (active, enabled, pid, description) = (next(), next(), next(), next());
        if description.is_empty() {
            bail!("PID 1 gave a short answer: {reply:?}");
        }
        Ok(Self { unit: unit.to_owned(), active, enabled, pid, description })
    }

    fn sub_state(&self) -> &'static str {
        match self.active.as_str() {
            "active" => "running",
            "failed" => "failed",
            _ => "dead",
        }
    }
}

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { unit, active, enabled, pid, description } = self;
        writeln!(f, "● {unit}.service - {description}")?;
        writeln!(
            f,
            "   Loaded: loaded (/lib/systemd/system/{unit}.service; {enabled}; vendor preset: disabled)"
        )?;
        write!(f, "   Active: {active} ({})", self.sub_state())?;
        if pid != "0" { write!(f, "\n Main PID: {pid}") } else { Ok(()) }
    }
}

fn each(units: &[&str], verb: &str) -> u8 {
    let run = |unit: &&str| match request(Path::new(SOCKET), &format!("{verb} {unit}")) {
        Ok(_) => 0,
        Err(error) => {
            eprintln!("{error:#}");
            if error.to_string().contains("not found") { NOT_FOUND } else { 1 }
        }
    };
    units.iter().map(run).max().unwrap_or(0)
}

/// Prints one thing about each unit. 0 when one of them is as asked, as systemctl does.
fn state(units: &[&str], quiet: bool, view: impl Fn(&Shown) -> (String, bool)) -> u8 {
    let mut code = NOT_RUNNING;
    for unit in units {
        match Shown::read(unit) {
            Ok(shown) => {
                let (text, good) = view(&shown);
                if !quiet {
                    println!("{text}");
                }
                if good {
                    code = 0;
                }
            }
            Err(error) => {
                if !quiet {
                    eprintln!("{error:#}");
                }
                code = if code == 0 { 0 } else { NO_SUCH_UNIT };
            }
        }
    }
    // `is-enabled` of a disabled unit answers 1, not 3; the tools in question test for 0.
    code
}

fn show(unit: &str) -> u8 {
    let Ok(shown) = Shown::read(unit) else {
        println!("Id={unit}.service\nLoadState=not-found\nActiveState=inactive\nSubState=dead");
        return 0;
    };
    println!(
        "Id={unit}.service\nDescription={}\nLoadState=loaded\nActiveState={}\nSubState={}\n\
         UnitFileState={}\nMainPID={}",
        shown.description,
        shown.active,
        shown.sub_state(),
        shown.enabled,
        shown.pid
    );
    0
}

fn list() -> ExitCode {
    let Ok(names) = request(Path::new(SOCKET), "list") else { return ExitCode::FAILURE };
    println!("UNIT FILE STATE PRESET");
    for shown in names.split(' ').filter_map(|unit| Shown::read(unit).ok()) {
        println!("{}.service {} disabled", shown.unit, shown.enabled);
    }
    ExitCode::SUCCESS
}
