//! `ping`: keeps a node attribute that counts how many hosts answer from here.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use vocab::{OcfExit, parse_boolean, parse_duration};

use crate::{
    context::Context,
    description::{Description, Flag, Parameter},
    state_file::StateFile,
};

pub(crate) fn run(context: &Context) -> Option<OcfExit> {
    let ping = Ping::new(context);
    Some(match context.action() {
        "start" => ping.start(),
        "stop" => ping.stop(),
        "monitor" => ping.monitor(),
        "validate-all" => ping.validate(),
        "reload-agent" => OcfExit::Ok,
        _ => return None,
    })
}

struct Ping<'a> {
    context: &'a Context,
    running: StateFile,
    name: &'a str,
    dampen: &'a str,
    hosts: Vec<&'a str>,
    options: Vec<&'a str>,
    attempts: u64,
    timeout_seconds: u64,
}

impl<'a> Ping<'a> {
    fn new(context: &'a Context) -> Self {
        let hosts: Vec<_> =
            context.parameter("host_list").unwrap_or_default().split_whitespace().collect();
        let attempts = number(context, "attempts").unwrap_or(3).max(1);
        Self {
            running: StateFile::new(match context.parameter("pidfile") {
                Some(path) => path.into(),
                None => context.state_path("ping", ""),
            }),
            name: context.parameter("name").unwrap_or("pingd"),
            dampen: context.parameter("dampen").unwrap_or("5s"),
            options: context.parameter("options").unwrap_or_default().split_whitespace().collect(),
            timeout_seconds: timeout_seconds(context, hosts.len(), attempts),
            hosts,
            attempts,
            context,
        }
    }

    fn start(&self) -> OcfExit {
        if self.monitor() == OcfExit::Ok {
            return OcfExit::Ok;
        }
        if let Err(error) = self.running.touch() {
            self.context.exit_reason(&format!("{}: {error}", self.running.path().display()));
            return OcfExit::Error;
        }
        self.update()
    }

    fn stop(&self) -> OcfExit {
        if let Err(error) = self.running.remove() {
            self.context.exit_reason(&format!("{}: {error}", self.running.path().display()));
            return OcfExit::Error;
        }
        self.context.run_tool("attrd_updater", &["-D", "-n", self.name, "-d", self.dampen]);
        OcfExit::Ok
    }

    fn monitor(&self) -> OcfExit {
        if self.running.exists() { self.update() } else { OcfExit::NotRunning }
    }

    /// Counts who answers and sets the attribute.
    fn update(&self) -> OcfExit {
        let active = match self.fping() {
            Some(program) => self.count_with_fping(&program),
            None => self.count_with_ping(),
        };
        let active = match active {
            Ok(active) => active,
            Err(reason) => {
                self.context.exit_reason(&reason);
                return OcfExit::Error;
            }
        };
        let score = active.saturating_mul(number(self.context, "multiplier").unwrap_or(1));
        // A start also sets how long changes are held back, a monitor leaves that alone.
        let value = if self.context.action() == "start" { "-B" } else { "-v" };
        let text = score.to_string();
        let update = ["-n", self.name, value, text.as_str(), "-d", self.dampen];
        if !self.context.run_tool("attrd_updater", &update) {
            self.context.exit_reason(&format!("could not set attribute {} to {score}", self.name));
            return OcfExit::Error;
        }
        match number(self.context, "failure_score") {
            Some(least) if score < least => {
                let name = self.name;
                self.context.exit_reason(&format!("{name} is {score}, which is less than {least}"));
                OcfExit::Error
            }
            _ => OcfExit::Ok,
        }
    }

    fn fping(&self) -> Option<PathBuf> {
        let wanted = self.context.parameter("use_fping").unwrap_or("1");
        if parse_boolean(wanted) != Ok(true) || has_both_families(&self.hosts) {
            return None;
        }
        find_program("fping")
    }

    fn count_with_fping(&self, program: &Path) -> Result<u64, String> {
        let timeout = (self.timeout_seconds * 1_000 / self.attempts).max(1);
        let output = Command::new(program)
            .args(["-r", &self.attempts.to_string(), "-t", &timeout.to_string(), "-B", "1.0"])
            .args(&self.options)
            .args(&self.hosts)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("{}: {error}", program.display()))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let alive = text.lines().filter(|line| line.contains("is alive")).count();
        Ok(u64::try_from(alive).unwrap_or(u64::MAX))
    }

    /// All hosts at once: one that does not answer must not use up the time of the others.
    fn count_with_ping(&self) -> Result<u64, String> {
        let children: Result<Vec<_>, _> = self.hosts.iter().map(|host| self.ping(host)).collect();
        let mut active = 0;
        for (host, mut child) in self.hosts.iter().zip(children?) {
            match child.wait() {
                Ok(status) if status.success() => active += 1,
                Ok(status) => {
                    if number(self.context, "debug").unwrap_or(0) > 0 {
                        self.context.log("WARNING", &format!("{host} does not answer ({status})"));
                    }
                }
                Err(error) => return Err(format!("ping {host}: {error}")),
            }
        }
        Ok(active)
    }

    fn ping(&self, host: &str) -> Result<Child, String> {
        let mut command = Command::new("ping");
        if host.contains(':') {
            command.arg("-6");
        }
        command
            .args(["-n", "-q", "-W", &self.timeout_seconds.to_string()])
            .args(["-c", &self.attempts.to_string()])
            .args(&self.options)
            .arg(host)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.spawn().map_err(|error| format!("ping: {error}"))
    }

    fn validate(&self) -> OcfExit {
        if self.context.check_level() == "10" {
            let probe = self.running.beside(&format!(".{}", std::process::id()));
            if probe.touch().and_then(|()| probe.remove()).is_err() {
                self.context.exit_reason("the directory of pidfile is not writable");
                return OcfExit::InvalidParameter;
            }
            if find_program("ping").is_none() {
                self.context.exit_reason("ping is not installed");
                return OcfExit::NotInstalled;
            }
        }
        if self.hosts.is_empty() {
            self.context.exit_reason("host_list is empty: nobody to ping");
            return OcfExit::NotConfigured;
        }
        OcfExit::Ok
    }
}

fn number(context: &Context, name: &str) -> Option<u64> {
    context.parameter(name)?.trim().parse().ok()
}

/// How long one attempt may take: as configured, else so that all attempts at all hosts fit into the operation's time.
fn timeout_seconds(context: &Context, hosts: usize, attempts: u64) -> u64 {
    const LONGEST: u64 = 300;
    let configured = context
        .parameter("timeout")
        .and_then(|text| parse_duration(text).ok())
        .map(|t| t.as_secs());
    let seconds = configured.unwrap_or_else(|| {
        let millis = number(context, "CRM_meta_timeout").unwrap_or(20_000);
        // A tenth less than fits, to be done before the cluster loses its patience.
        match u64::try_from(hosts) {
            Ok(hosts) if hosts > 0 => millis / hosts / attempts / 1_100,
            _ => 0,
        }
    });
    match seconds {
        0 => 5,
        1_001.. => LONGEST,
        seconds => seconds,
    }
}

/// Whether there are addresses of IPv4 and of IPv6 in the list, which fping cannot do at once.
fn has_both_families(hosts: &[&str]) -> bool {
    let is_v6 = |host: &&&str| host.contains(':');
    let is_v4 = |host: &&&str| host.parse::<std::net::Ipv4Addr>().is_ok();
    hosts.iter().any(|host| is_v6(&host)) && hosts.iter().any(|host| is_v4(&host))
}

fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join(name)).find(|file| file.is_file())
}

pub(crate) fn describe(context: &Context) -> Description {
    Description {
        name: "ping",
        version: "1.2",
        program: context.program().to_owned(),
        short: "Counts reachable hosts",
        long: "Every start and monitor counts how many hosts of a list answer from this node and keeps the number as a\n\
               node attribute, for rules to use. fping is used if it is there, else ping.",
        parameters: parameters(&context.state_path("ping", "").display().to_string()),
        actions: &[
            ("start", "timeout=\"60s\""),
            ("stop", "timeout=\"20s\""),
            ("monitor", "depth=\"0\" timeout=\"60s\" interval=\"10s\""),
            ("meta-data", "timeout=\"5s\""),
            ("validate-all", "timeout=\"30s\""),
            ("reload-agent", "timeout=\"20s\""),
        ],
    }
}

fn parameters(pidfile: &str) -> Vec<Parameter> {
    use Flag::{None, Reloadable, Required, Unique};
    vec![
        parameter(
            "pidfile",
            Unique,
            "string",
            pidfile,
            "State file",
            "File that is there while the resource runs.",
        ),
        parameter(
            "dampen",
            Reloadable,
            "integer",
            "5s",
            "Dampening interval",
            "How long the attribute's changes are held back, for more of them to come.",
        ),
        parameter(
            "name",
            Unique,
            "string",
            "pingd",
            "Attribute name",
            "Name of the attribute, for use in rules.",
        ),
        parameter(
            "multiplier",
            None,
            "integer",
            "1",
            "Value of a host",
            "How much each host that answers counts.",
        ),
        parameter(
            "host_list",
            Required,
            "string",
            "",
            "Hosts",
            "Hosts to count, with spaces between them.",
        ),
        parameter(
            "attempts",
            Reloadable,
            "integer",
            "3",
            "Attempts",
            "How often each host is tried.",
        ),
        parameter(
            "timeout",
            Reloadable,
            "integer",
            "2",
            "Timeout of an attempt",
            "How many seconds a host has to answer.",
        ),
        parameter(
            "options",
            None,
            "string",
            "",
            "Extra options",
            "Options handed on to the program that pings.",
        ),
        parameter(
            "failure_score",
            None,
            "integer",
            "",
            "Least value",
            "The resource has failed if the attribute is less than this. It never fails if this is not set.",
        ),
        parameter(
            "use_fping",
            None,
            "boolean",
            "1",
            "Whether to use fping",
            "Whether fping is used if it is installed.",
        ),
        parameter(
            "debug",
            Reloadable,
            "string",
            "false",
            "More messages",
            "A number above 0 has hosts that do not answer named in the log.",
        ),
    ]
}

fn parameter(
    name: &'static str,
    flag: Flag,
    kind: &'static str,
    default: &str,
    short: &'static str,
    long: &'static str,
) -> Parameter {
    Parameter { name, flag, short, long, kind, default: default.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_an_attempt_fits_into_the_operation() {
        let seconds = |variables: &[(&str, &str)], hosts| {
            timeout_seconds(&Context::new("monitor", variables), hosts, 3)
        };
        assert_eq!(seconds(&[("OCF_RESKEY_timeout", "2min")], 1), 120);
        assert_eq!(seconds(&[("OCF_RESKEY_timeout", "3")], 1), 3);
        assert_eq!(seconds(&[("OCF_RESKEY_timeout", "1h")], 1), 300);
        assert_eq!(seconds(&[("OCF_RESKEY_CRM_meta_timeout", "60000")], 2), 9);
        assert_eq!(seconds(&[], 100), 5, "never none at all");
        assert_eq!(seconds(&[], 0), 5);
    }

    #[test]
    fn an_empty_list_is_a_mistake_everywhere() {
        assert_eq!(run(&Context::new("validate-all", &[])), Some(OcfExit::NotConfigured));
        let hosts = [("OCF_RESKEY_host_list", "127.0.0.1")];
        assert_eq!(run(&Context::new("validate-all", &hosts)), Some(OcfExit::Ok));
    }
}
