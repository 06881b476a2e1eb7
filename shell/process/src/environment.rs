use std::path::Path;

use messages::executor::{Agent, Parameters, Standard};
use vocab::ResourceId;

use crate::exit_reason;

/// The variables that tell an agent what it is to work on; none where the standard has no parameters.
///
/// They are set on top of what the process has itself, among it `PATH`.
pub fn agent_environment(
    agent: &Agent,
    resource: &ResourceId,
    parameters: &Parameters,
    ocf_root: &Path,
) -> Vec<(String, String)> {
    if agent.standard != Standard::Ocf {
        return Vec::new();
    }
    let mut variables: Vec<(String, String)> = parameters
        .iter()
        .filter(|(name, value)| is_settable(name, value))
        .map(|(name, value)| match name {
            "OCF_CHECK_LEVEL" => (name.to_owned(), value.to_owned()),
            _ => (format!("OCF_RESKEY_{name}"), value.to_owned()),
        })
        .collect();
    let mut set = |name: &str, value: &str| variables.push((name.to_owned(), value.to_owned()));
    set("OCF_RA_VERSION_MAJOR", "1");
    set("OCF_RA_VERSION_MINOR", "1");
    set("OCF_ROOT", &ocf_root.to_string_lossy());
    set("OCF_EXIT_REASON_PREFIX", exit_reason::PREFIX);
    set("OCF_RESOURCE_INSTANCE", resource.as_str());
    set("OCF_RESOURCE_TYPE", &agent.name);
    if let Some(provider) = &agent.provider {
        set("OCF_RESOURCE_PROVIDER", provider);
    }
    variables
}

/// Whether the system can carry the variable: no empty name, no `=` in it, no NUL anywhere.
pub(crate) fn is_settable(name: &str, value: &str) -> bool {
    !name.is_empty() && !name.contains(['=', '\0']) && !value.contains('\0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ocf_agent_is_told_everything() {
        let agent: Agent = "ocf:heartbeat:IPaddr2".parse().unwrap();
        let parameters = [
            ("ip", "10.0.0.1"),
            ("CRM_meta_timeout", "20000"),
            ("OCF_CHECK_LEVEL", "10"),
            ("1=x", "no"),
        ];
        let parameters = parameters.into_iter().collect();
        let variables =
            agent_environment(&agent, &"vip".into(), &parameters, Path::new("/usr/lib/ocf"));
        let lines: Vec<_> =
            variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(
            lines,
            [
                "OCF_RESKEY_CRM_meta_timeout=20000",
                "OCF_CHECK_LEVEL=10",
                "OCF_RESKEY_ip=10.0.0.1",
                "OCF_RA_VERSION_MAJOR=1",
                "OCF_RA_VERSION_MINOR=1",
                "OCF_ROOT=/usr/lib/ocf",
                "OCF_EXIT_REASON_PREFIX=ocf-exit-reason:",
                "OCF_RESOURCE_INSTANCE=vip",
                "OCF_RESOURCE_TYPE=IPaddr2",
                "OCF_RESOURCE_PROVIDER=heartbeat",
            ]
        );
    }

    #[test]
    fn an_init_script_is_told_nothing() {
        let agent: Agent = "lsb:cron".parse().unwrap();
        let parameters = [("a", "b")].into_iter().collect();
        assert!(agent_environment(&agent, &"c".into(), &parameters, Path::new("/x")).is_empty());
    }
}
