use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use executor::Failure;
use messages::executor::{Agent, Standard};

/// Where agents are on this node.
#[derive(Clone, Debug)]
pub struct AgentDirectories {
    /// The OCF root; agents are in `resource.d/PROVIDER` below it.
    pub ocf_root: PathBuf,
    /// Init scripts.
    pub lsb: PathBuf,
    /// Fence agents: programs called `fence_*`.
    pub fence: PathBuf,
}

impl Default for AgentDirectories {
    fn default() -> Self {
        Self {
            ocf_root: PathBuf::from("/usr/lib/ocf"),
            lsb: PathBuf::from("/etc/init.d"),
            fence: PathBuf::from("/usr/sbin"),
        }
    }
}

impl AgentDirectories {
    /// The directories that the environment names: `OCF_ROOT` for OCF agents, the usual ones otherwise.
    pub fn from_environment() -> Self {
        let mut directories = Self::default();
        if let Some(root) = std::env::var_os("OCF_ROOT").filter(|root| !root.is_empty()) {
            directories.ocf_root = PathBuf::from(root);
        }
        directories
    }

    fn providers(&self) -> PathBuf {
        self.ocf_root.join("resource.d")
    }
}

/// The program that is an agent.
///
/// A name with a `/` could lead anywhere; only init scripts may be named by their whole path.
pub fn agent_path(agent: &Agent, directories: &AgentDirectories) -> Result<PathBuf, Failure> {
    let missing = |what: &str| Failure::NotInstalled(format!("{agent}: {what}"));
    let is_plain = |name: &str| !name.is_empty() && !name.contains(['/', '\0']) && name != "..";
    let path = match (&agent.standard, &agent.provider) {
        (Standard::Ocf, Some(provider)) if is_plain(provider) && is_plain(&agent.name) => {
            directories.providers().join(provider).join(&agent.name)
        }
        (Standard::Lsb, _) if agent.name.starts_with('/') => PathBuf::from(&agent.name),
        (Standard::Lsb, _) if is_plain(&agent.name) => directories.lsb.join(&agent.name),
        (Standard::Stonith, _) if is_plain(&agent.name) => directories.fence.join(&agent.name),
        (Standard::Ocf | Standard::Lsb | Standard::Stonith, _) => {
            return Err(missing("not a valid agent name"));
        }
        (Standard::Systemd | Standard::Service | Standard::Other(_), _) => {
            return Err(missing("agents of this standard are not programs"));
        }
    };
    match fs::metadata(&path) {
        Ok(metadata) if metadata.is_dir() => {
            Err(Failure::NotInstalled(format!("{}: is a directory", path.display())))
        }
        Ok(_) => Ok(path),
        Err(error) => Err(start_failure(&path, &error)),
    }
}

/// What it means that a program cannot be found or started.
pub(crate) fn start_failure(path: &Path, error: &io::Error) -> Failure {
    let reason = format!("{}: {}", path.display(), plain(error));
    match error.raw_os_error() {
        Some(libc::ENOENT | libc::EISDIR | libc::ENOTDIR | libc::EINVAL | libc::ENOEXEC) => {
            Failure::NotInstalled(reason)
        }
        Some(libc::EACCES | libc::EPERM) => Failure::NotAllowed(reason),
        _ => Failure::Other(reason),
    }
}

/// The system's words without the number that the standard library adds.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    match text.rfind(" (os error ") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}

/// The standards that have agents on this node or can have some.
pub fn list_standards() -> Vec<Standard> {
    vec![Standard::Ocf, Standard::Lsb, Standard::Service, Standard::Systemd, Standard::Stonith]
}

/// The OCF providers that have agents on this node, sorted.
pub fn list_providers(directories: &AgentDirectories) -> Vec<String> {
    entries(&directories.providers(), |metadata| metadata.is_dir())
}

/// The agents of a standard, for OCF those of one provider or of all, sorted. Those of systemd are not programs: shell/systemd
/// lists them.
pub fn list_agents(
    standard: &Standard,
    provider: Option<&str>,
    directories: &AgentDirectories,
) -> Vec<String> {
    let is_program =
        |metadata: &fs::Metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0;
    match (standard, provider) {
        (Standard::Ocf, Some(provider)) => {
            entries(&directories.providers().join(provider), is_program)
        }
        (Standard::Ocf, None) => {
            let mut agents: Vec<_> = list_providers(directories)
                .iter()
                .flat_map(|provider| entries(&directories.providers().join(provider), is_program))
                .collect();
            agents.sort_unstable();
            agents
        }
        (Standard::Lsb, _) => entries(&directories.lsb, is_program),
        (Standard::Stonith, _) => {
            let mut agents = entries(&directories.fence, is_program);
            agents.retain(|name| name.starts_with("fence_"));
            agents
        }
        (Standard::Systemd | Standard::Service | Standard::Other(_), _) => Vec::new(),
    }
}

/// The names in a directory, hidden ones apart, that lead to what is wanted; none if it cannot be read.
fn entries(directory: &Path, wanted: impl Fn(&fs::Metadata) -> bool) -> Vec<String> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let mut names: Vec<_> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.'))
        .filter(|name| fs::metadata(directory.join(name)).is_ok_and(|metadata| wanted(&metadata)))
        .collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_not_lead_out_of_their_directory() {
        let directories = AgentDirectories::default();
        for name in ["ocf:heartbeat:../../../../../bin/true", "ocf:..:x", "stonith:../bin/true"] {
            let failure = agent_path(&name.parse().unwrap(), &directories).unwrap_err();
            assert!(matches!(failure, Failure::NotInstalled(_)), "{name}: {failure:?}");
        }
    }

    #[test]
    fn a_missing_agent_is_not_installed() {
        let agent = "ocf:heartbeat:NoSuchAgent".parse().unwrap();
        assert_eq!(
            agent_path(&agent, &AgentDirectories::default()),
            Err(Failure::NotInstalled(
                "/usr/lib/ocf/resource.d/heartbeat/NoSuchAgent: No such file or directory".into()
            ))
        );
    }
}
