use std::{path::Path, time::Duration};

use executor::Outcome;
use vocab::{ExecStatus, OcfExit, Task};
use zbus::zvariant::OwnedObjectPath;

use crate::{
    names::{agent_name, instance_name, unit_name},
    overrides,
};

/// How often a unit that is on its way is looked at again.
const POLL: Duration = Duration::from_millis(500);

/// The part of systemd's manager that is used here.
#[zbus::proxy(
    interface = "org.freedesktop.systemd1.Manager",
    default_service = "org.freedesktop.systemd1",
    default_path = "/org/freedesktop/systemd1",
    gen_blocking = false
)]
trait Manager {
    fn load_unit(&self, name: &str) -> zbus::Result<OwnedObjectPath>;
    fn start_unit(&self, name: &str, mode: &str) -> zbus::Result<OwnedObjectPath>;
    fn stop_unit(&self, name: &str, mode: &str) -> zbus::Result<OwnedObjectPath>;
    fn reload(&self) -> zbus::Result<()>;
    fn subscribe(&self) -> zbus::Result<()>;
    fn list_unit_files(&self) -> zbus::Result<Vec<(String, String)>>;
    #[zbus(signal)]
    fn job_removed(
        &self,
        id: u32,
        job: zbus::zvariant::ObjectPath<'_>,
        unit: String,
        result: String,
    ) -> zbus::Result<()>;
}

/// The part of a unit that is used here.
#[zbus::proxy(
    interface = "org.freedesktop.systemd1.Unit",
    default_service = "org.freedesktop.systemd1",
    gen_blocking = false
)]
trait Unit {
    #[zbus(property(emits_changed_signal = "false"))]
    fn active_state(&self) -> zbus::Result<String>;
    #[zbus(property(emits_changed_signal = "false"))]
    fn load_state(&self) -> zbus::Result<String>;
    #[zbus(property(emits_changed_signal = "false"))]
    fn description(&self) -> zbus::Result<String>;
}

/// Does something to the unit that a resource is; returns when it is done and its result stands.
pub async fn carry_out(name: &str, task: &Task) -> Outcome {
    let connection = match zbus::Connection::system().await {
        Ok(connection) => connection,
        Err(error) => {
            return Outcome::new(ExecStatus::NotInstalled, OcfExit::NotInstalled)
                .because(format!("No connection to systemd: {error}"));
        }
    };
    let result = match task {
        Task::Monitor => monitor(&connection, name).await,
        Task::Start => start(&connection, name).await,
        Task::Stop => stop(&connection, name).await,
        other => {
            return Outcome::new(ExecStatus::Error, OcfExit::UnimplementedFeature)
                .because(format!("Action {other} not implemented for systemd resources"));
        }
    };
    result.unwrap_or_else(|error| failure(name, task, &error))
}

/// Whether there is such a unit; `false` too if systemd cannot be asked.
pub async fn exists(name: &str) -> bool {
    let look = async {
        let connection = zbus::Connection::system().await?;
        let manager = ManagerProxy::new(&connection).await?;
        unit(&connection, &manager, &instance_name(name)).await?.load_state().await
    };
    look.await.is_ok_and(|state| matches!(state.as_str(), "loaded" | "masked"))
}

/// The units that can be resources, sorted; none if systemd cannot be asked.
pub async fn list() -> Vec<String> {
    let look = async {
        let connection = zbus::Connection::system().await?;
        ManagerProxy::new(&connection).await?.list_unit_files().await
    };
    let files = look.await.unwrap_or_default();
    let mut names: Vec<_> = files.iter().filter_map(|(file, _)| agent_name(file)).collect();
    names.sort_by_key(|name| name.to_ascii_lowercase());
    names
}

/// A description of a unit in the form that agents give of themselves.
pub async fn metadata(name: &str) -> String {
    let look = async {
        let connection = zbus::Connection::system().await?;
        let manager = ManagerProxy::new(&connection).await?;
        unit(&connection, &manager, &instance_name(name)).await?.description().await
    };
    let description = look.await.unwrap_or_else(|_| format!("Systemd unit file for {name}"));
    let escape = |text: &str| {
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
    };
    let (name, description) = (escape(name), escape(&description));
    format!(
        r#"<resource-agent name="{name}" version="0.1">
  <version>1.1</version>
  <longdesc lang="en">{description}</longdesc>
  <shortdesc lang="en">systemd unit file for {name}</shortdesc>
  <parameters/>
  <actions>
    <action name="start" timeout="100"/>
    <action name="stop" timeout="100"/>
    <action name="status" timeout="100"/>
    <action name="monitor" timeout="100" interval="60"/>
    <action name="meta-data" timeout="5"/>
  </actions>
  <special tag="systemd"/>
</resource-agent>
"#
    )
}

async fn unit<'a>(
    connection: &zbus::Connection,
    manager: &ManagerProxy<'_>,
    name: &str,
) -> zbus::Result<UnitProxy<'a>> {
    let path = manager.load_unit(name).await?;
    UnitProxy::builder(connection).path(path)?.build().await
}

/// Waits until the unit is neither on its way up nor down and says how it then is.
async fn settled_state(unit: &UnitProxy<'_>) -> zbus::Result<String> {
    loop {
        let state = unit.active_state().await?;
        if !matches!(state.as_str(), "activating" | "deactivating") {
            return Ok(state);
        }
        tokio::time::sleep(POLL).await;
    }
}

fn is_active(state: &str) -> bool {
    matches!(state, "active" | "reloading" | "refreshing")
}

async fn monitor(connection: &zbus::Connection, name: &str) -> zbus::Result<Outcome> {
    let manager = ManagerProxy::new(connection).await?;
    let unit = unit(connection, &manager, &unit_name(name)).await?;
    let state = settled_state(&unit).await?;
    Ok(if is_active(&state) {
        Outcome::new(ExecStatus::Done, OcfExit::Ok)
    } else {
        Outcome::new(ExecStatus::Done, OcfExit::NotRunning).because(state)
    })
}

async fn start(connection: &zbus::Connection, name: &str) -> zbus::Result<Outcome> {
    let whole = unit_name(name);
    let manager = ManagerProxy::new(connection).await?;
    if let Err(error) = overrides::create(Path::new(overrides::RUNTIME_UNITS), &whole) {
        tracing::warn!("cannot write the override of {whole}: {error}");
    }
    manager.reload().await?;
    let result = job(&manager, async || manager.start_unit(&whole, "replace").await).await?;
    let unit = unit(connection, &manager, &whole).await?;
    let state = settled_state(&unit).await?;
    Ok(if is_active(&state) {
        Outcome::new(ExecStatus::Done, OcfExit::Ok)
    } else {
        Outcome::new(ExecStatus::Done, OcfExit::Error)
            .because(format!("systemd job: {result}, unit: {state}"))
    })
}

async fn stop(connection: &zbus::Connection, name: &str) -> zbus::Result<Outcome> {
    let whole = unit_name(name);
    let manager = ManagerProxy::new(connection).await?;
    match overrides::remove(Path::new(overrides::RUNTIME_UNITS), &whole) {
        Ok(true) => manager.reload().await?,
        Ok(false) => {}
        Err(error) => tracing::warn!("cannot remove the override of {whole}: {error}"),
    }
    let result = job(&manager, async || manager.stop_unit(&whole, "replace").await).await?;
    let unit = unit(connection, &manager, &whole).await?;
    let state = settled_state(&unit).await?;
    Ok(if is_active(&state) {
        Outcome::new(ExecStatus::Done, OcfExit::Error)
            .because(format!("systemd job: {result}, unit: {state}"))
    } else {
        Outcome::new(ExecStatus::Done, OcfExit::Ok)
    })
}

/// Has a job begun and waits for its end; gives its result in systemd's word for it (`done`, `failed`, ...).
async fn job(
    manager: &ManagerProxy<'_>,
    begin: impl AsyncFnOnce() -> zbus::Result<OwnedObjectPath>,
) -> zbus::Result<String> {
    // Listening first: a short job is over before the answer to its beginning is read.
    manager.subscribe().await?;
    let mut removals = manager.receive_job_removed().await?;
    let job = begin().await?;
    while let Some(removal) = next(&mut removals).await {
        let removal = removal.args()?;
        if removal.job.as_str() == job.as_str() {
            return Ok(removal.result);
        }
    }
    Err(zbus::Error::Failure("the connection to systemd was lost".to_owned()))
}

/// The next signal of a stream.
async fn next(stream: &mut JobRemovedStream) -> Option<JobRemoved> {
    use zbus::export::futures_core::Stream;
    std::future::poll_fn(|context| std::pin::Pin::new(&mut *stream).poll_next(context)).await
}

/// What a D-Bus error means for an operation.
fn failure(name: &str, task: &Task, error: &zbus::Error) -> Outcome {
    let is_unknown = match error {
        zbus::Error::MethodError(kind, _, _) => ["InvalidName", "LoadFailed", "NoSuchUnit"]
            .iter()
            .any(|end| kind.as_str().ends_with(end)),
        _ => false,
    };
    match (is_unknown, task) {
        // What is not known does not run.
        (true, Task::Stop) => Outcome::new(ExecStatus::Done, OcfExit::Ok),
        (true, _) => Outcome::new(ExecStatus::NotInstalled, OcfExit::NotInstalled)
            .because(format!("systemd unit {name} not found")),
        (false, _) => Outcome::new(ExecStatus::Error, OcfExit::Error)
            .because(format!("Unable to invoke systemd DBus method: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_unit_counts_as_stopped() {
        let name = zbus::names::OwnedErrorName::try_from("org.freedesktop.systemd1.NoSuchUnit");
        let message = zbus::message::Message::method_call("/x", "Y")
            .and_then(|builder| builder.build(&()))
            .unwrap();
        let error = zbus::Error::MethodError(name.unwrap(), None, message);
        assert!(failure("x", &Task::Stop, &error).is_success());
        assert_eq!(failure("x", &Task::Start, &error).status, ExecStatus::NotInstalled);
        let lost = zbus::Error::Failure("lost".into());
        assert_eq!(failure("x", &Task::Stop, &lost).status, ExecStatus::Error);
    }
}
