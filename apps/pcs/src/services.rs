use std::process::{Command, Stdio};

use crate::session::Stop;

/// What is shown of the services of a cluster node.
pub(crate) fn status_lines() -> Vec<String> {
    ["corosync", "pacemaker", "pacemaker_remote", "pcsd", "sbd"]
        .into_iter()
        .filter_map(|service| {
            let active = asks("is-active", service);
            let enabled = asks("is-enabled", service);
            let always = matches!(service, "corosync" | "pacemaker" | "pcsd");
            (always || active || enabled).then(|| {
                let active = if active { "active" } else { "inactive" };
                let enabled = if enabled { "enabled" } else { "disabled" };
                format!("  {service}: {active}/{enabled}")
            })
        })
        .collect()
}

/// Whether a service runs.
pub(crate) fn is_active(service: &str) -> bool {
    asks("is-active", service)
}

fn asks(question: &str, service: &str) -> bool {
    let asked = Command::new("systemctl")
        .args([question, "--quiet", service])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    asked.is_ok_and(|status| status.success())
}

/// Has the service manager do something to a service.
pub(crate) fn tell(verb: &str, service: &str) -> Result<(), Stop> {
    let output = Command::new("systemctl").args([verb, service]).stdin(Stdio::null()).output();
    match output {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let reason = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            Err(Stop::message(format!("unable to {verb} {service}\n{reason}")))
        }
        Err(error) => Err(Stop::message(format!("unable to {verb} {service}\n{error}"))),
    }
}
