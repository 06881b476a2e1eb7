use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::OpenOptions,
    io::{self, Write},
    path::PathBuf,
    process::{Command, Stdio},
};

/// What an agent is called with: the action and the variables.
pub(crate) struct Context {
    action: String,
    program: String,
    variables: BTreeMap<String, String>,
}

impl Context {
    pub(crate) fn from_environment(args: &[OsString]) -> Self {
        let text = |value: &OsString| value.to_string_lossy().into_owned();
        let variables: BTreeMap<_, _> =
            std::env::vars_os().map(|(name, value)| (text(&name), text(&value))).collect();
        // The function library of shell agents lets this variable overrule the argument.
        let action = variables.get("__OCF_ACTION").cloned().or_else(|| args.get(1).map(text));
        Self {
            action: action.unwrap_or_default(),
            program: args.first().map(text).unwrap_or_default(),
            variables,
        }
    }

    #[cfg(test)]
    pub(crate) fn new(action: &str, variables: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            action: action.to_owned(),
            program: "agent".to_owned(),
            variables: variables.iter().map(owned).collect(),
        }
    }

    pub(crate) fn action(&self) -> &str {
        &self.action
    }

    pub(crate) fn program(&self) -> &str {
        &self.program
    }

    /// A variable that is set and not empty.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A parameter that is set and not empty.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.variable(&format!("OCF_RESKEY_{name}"))
    }

    pub(crate) fn instance(&self) -> &str {
        self.variable("OCF_RESOURCE_INSTANCE").unwrap_or("undef")
    }

    pub(crate) fn check_level(&self) -> &str {
        self.variable("OCF_CHECK_LEVEL").unwrap_or("0")
    }

    /// Whether this call is a probe: a monitor that does not recur.
    pub(crate) fn is_once(&self) -> bool {
        self.parameter("CRM_meta_interval").unwrap_or("0") == "0"
    }

    /// Where an agent of that name keeps `NAME-INSTANCE` with that ending if no parameter says otherwise. The instances of an
    /// anonymous clone share it.
    pub(crate) fn state_path(&self, name: &str, ending: &str) -> PathBuf {
        let instance = self.instance();
        let is_unique =
            self.parameter("CRM_meta_globally_unique").is_some_and(|text| text != "false");
        let instance = match instance.rsplit_once(':') {
            Some((base, number))
                if !is_unique
                    && !number.is_empty()
                    && number.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                base
            }
            _ => instance,
        };
        let directory = self.variable("HA_VARRUN").unwrap_or("/var/run").trim_end_matches('/');
        PathBuf::from(format!("{directory}/{name}-{instance}{ending}"))
    }

    /// Writes to standard output.
    pub(crate) fn print(&self, text: &str) {
        // Who called does not listen: there is nobody to tell.
        let _ = io::stdout().write_all(text.as_bytes());
    }

    /// Says why the action fails, in the way that the cluster looks for.
    pub(crate) fn exit_reason(&self, reason: &str) {
        let prefix = self.variable("OCF_EXIT_REASON_PREFIX").unwrap_or("ocf-exit-reason:");
        let _ = writeln!(io::stderr(), "{prefix}{reason}");
    }

    /// Says something for the log; the cluster keeps what agents write to standard error.
    pub(crate) fn log(&self, level: &str, message: &str) {
        let _ = writeln!(io::stderr(), "{level}: {message}");
    }

    /// Appends the environment to the file that parameter `envfile` names, if it does.
    pub(crate) fn dump_environment(&self) {
        let Some(path) = self.parameter("envfile") else { return };
        let date = Command::new("date").output().map(|output| output.stdout).unwrap_or_default();
        let date = String::from_utf8_lossy(&date);
        let mut text = format!("### {} @ {} ###\n", self.action, date.trim_end());
        for (name, value) in &self.variables {
            text.push_str(&format!("{name}={value}\n"));
        }
        text.push_str("###\n");
        let opened = OpenOptions::new().create(true).append(true).open(path);
        if let Err(error) = opened.and_then(|mut file| file.write_all(text.as_bytes())) {
            self.log("WARNING", &format!("cannot write {path}: {error}"));
        }
    }

    /// Runs one of the cluster's tools with this context's variables; whether it succeeded.
    pub(crate) fn run_tool(&self, name: &str, arguments: &[&str]) -> bool {
        let program = match self.variable("HA_SBIN_DIR") {
            Some(directory) => PathBuf::from(directory).join(name),
            None => PathBuf::from(name),
        };
        let status = Command::new(&program)
            .args(arguments)
            .envs(&self.variables)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status();
        match status {
            Ok(status) => status.success(),
            Err(error) => {
                self.log("ERROR", &format!("{}: {error}", program.display()));
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instances_of_an_anonymous_clone_share_their_state() {
        let path = |instance: &str, unique: &str| {
            let variables = [
                ("OCF_RESOURCE_INSTANCE", instance),
                ("OCF_RESKEY_CRM_meta_globally_unique", unique),
            ];
            Context::new("start", &variables).state_path("Dummy", ".state").display().to_string()
        };
        assert_eq!(path("a", ""), "/var/run/Dummy-a.state");
        assert_eq!(path("a:0", "false"), "/var/run/Dummy-a.state");
        assert_eq!(path("a:12", ""), "/var/run/Dummy-a.state");
        assert_eq!(path("a:0", "true"), "/var/run/Dummy-a:0.state");
        assert_eq!(path("a:b", "false"), "/var/run/Dummy-a:b.state");
    }
}
