//! Which agents are installed on this node and what they say of themselves, for tools: programs are asked through `process`,
//! units of systemd through `systemd`. Every call waits for its answer.

use std::{io, path::Path};

use messages::executor::{Agent, Standard};
use process::{AgentDirectories, Metadata, MetadataError};
use tokio::runtime::Runtime;

/// The agents of this node.
#[derive(Debug)]
pub struct Installed {
    directories: AgentDirectories,
    metadata: Metadata,
    runtime: Runtime,
}

/// Why there is no description of an agent.
#[derive(Debug, thiserror::Error)]
pub enum NoDescription {
    /// Its program does not give one.
    #[error(transparent)]
    OfProgram(#[from] MetadataError),
    /// It is a unit, or could be one.
    #[error("systemd does not run here")]
    NoSystemd,
}

impl Installed {
    /// Looks at this node, in the directories that the environment names.
    ///
    /// # Errors
    ///
    /// When the system gives no means to wait for anything.
    pub fn here() -> io::Result<Self> {
        let directories = AgentDirectories::from_environment();
        let metadata = Metadata::new(directories.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { directories, metadata, runtime })
    }

    /// The standards that agents may have here, in Pacemaker's order.
    pub fn standards(&self) -> Vec<Standard> {
        let mut standards = process::list_standards();
        standards.retain(|standard| *standard != Standard::Systemd || has_systemd());
        standards
    }

    /// The providers of OCF agents, sorted.
    pub fn providers(&self) -> Vec<String> {
        process::list_providers(&self.directories)
    }

    /// The agents of a standard, in Pacemaker's order: those of OCF, if of no provider, provider by provider, services of
    /// init scripts before units.
    pub fn agents(&self, standard: &Standard, provider: Option<&str>) -> Vec<String> {
        match standard {
            Standard::Ocf if provider.is_none() => {
                let of = |provider: &String| self.programs(&Standard::Ocf, Some(provider));
                self.providers().iter().flat_map(of).collect()
            }
            Standard::Systemd => self.units(),
            Standard::Service => {
                let mut services = self.programs(&Standard::Lsb, None);
                services.extend(self.units());
                services
            }
            Standard::Ocf | Standard::Lsb | Standard::Stonith | Standard::Other(_) => {
                self.programs(standard, provider)
            }
        }
    }

    /// Whether there is such an agent.
    pub fn has(&self, agent: &Agent) -> bool {
        match agent.standard {
            Standard::Systemd => self.is_unit(&agent.name),
            Standard::Service => self.is_script(&agent.name) || self.is_unit(&agent.name),
            Standard::Ocf | Standard::Lsb | Standard::Stonith | Standard::Other(_) => {
                process::agent_path(agent, &self.directories).is_ok()
            }
        }
    }

    /// Whether a service is an init script. One that is neither that nor a unit counts as a script that is not there.
    pub fn is_run_as_script(&self, service: &str) -> bool {
        self.is_script(service) || !self.is_unit(service)
    }

    /// What an agent says of itself, or systemd of a unit, as XML.
    ///
    /// # Errors
    ///
    /// When there is no such program, or it does not describe itself, or it could only be a unit and systemd does not run.
    pub fn description(&mut self, agent: &Agent) -> Result<String, NoDescription> {
        let program = match agent.standard {
            Standard::Service if self.is_script(&agent.name) => script(&agent.name),
            Standard::Systemd | Standard::Service if has_systemd() => {
                return Ok(self.runtime.block_on(systemd::metadata(&agent.name)));
            }
            Standard::Systemd | Standard::Service => return Err(NoDescription::NoSystemd),
            Standard::Ocf | Standard::Lsb | Standard::Stonith | Standard::Other(_) => agent.clone(),
        };
        Ok(self.runtime.block_on(self.metadata.text(&program))?)
    }

    fn programs(&self, standard: &Standard, provider: Option<&str>) -> Vec<String> {
        process::list_agents(standard, provider, &self.directories)
    }

    fn is_script(&self, service: &str) -> bool {
        process::agent_path(&script(service), &self.directories).is_ok()
    }

    fn is_unit(&self, service: &str) -> bool {
        has_systemd() && self.runtime.block_on(systemd::exists(service))
    }

    fn units(&self) -> Vec<String> {
        if has_systemd() { self.runtime.block_on(systemd::list()) } else { Vec::new() }
    }
}

fn script(service: &str) -> Agent {
    Agent::new(Standard::Lsb, None, service)
}

/// Whether systemd runs here, as `sd_booted` finds out.
fn has_systemd() -> bool {
    Path::new("/run/systemd/system").is_dir()
}
