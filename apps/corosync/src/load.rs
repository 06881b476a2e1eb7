//! The configuration as it is on disk now, with what this host makes of it. Reads files and asks for names, so that it
//! takes its time: the loop has it done on another thread.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs, io,
    net::{IpAddr, ToSocketAddrs},
    path::{Path, PathBuf},
};

use conf::{
    AccountKind, Document, GrammarError, Host, KeySource, Keys, Place, Problem, Problems, Settings,
};
use runtime::{group_number, user_number};

use crate::configure::Configuration;

/// Where the shared key is, unless configuration or environment say otherwise.
const AUTHKEY: &str = "/etc/corosync/authkey";

/// A configuration that can be used.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) keys: Keys,
    pub(crate) configuration: Configuration,
    /// What is accepted, but should be known.
    pub(crate) warnings: Vec<Problem>,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    /// A file cannot be read.
    #[error("Can't read file {}: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    /// A file is no configuration.
    #[error("{}: {error}", path.display())]
    Grammar { path: PathBuf, error: GrammarError },
    /// What it says cannot be.
    #[error("{}", lines(path, problems))]
    Problems { path: PathBuf, problems: Vec<Problem> },
    /// The shared key is no key.
    #[error("{} has {bytes} bytes, a key has at least {}", path.display(), KeySource::LENGTH_MIN)]
    KeyTooShort { path: PathBuf, bytes: usize },
}

impl LoadError {
    /// Whether everything is well but values of the section `logging`, which the original reads by itself.
    pub(crate) fn is_about_log(&self) -> bool {
        let Self::Problems { problems, .. } = self else { return false };
        let is_value = |problem: &Problem| {
            problem.path.starts_with("logging.") && problem.kind != conf::ProblemKind::Missing
        };
        problems.iter().all(is_value)
    }
}

fn lines(path: &Path, problems: &[Problem]) -> String {
    let lines: Vec<_> =
        problems.iter().map(|problem| format!("{}: {problem}", path.display())).collect();
    lines.join("\n")
}

/// Reads the configuration.
///
/// # Errors
///
/// What is wrong with it, all of it at once where possible.
pub(crate) fn load(path: &Path) -> Result<Loaded, LoadError> {
    let (mut keys, mut problems) = Keys::read(&document(path)?);
    for file in access_files(path) {
        problems.extend(keys.add_access_file(&document(&file)?));
    }
    allow_named_accounts(&mut keys);
    let (settings, more) = Settings::from_keys(&keys);
    problems.extend(more);
    let host = host(&settings);
    let (place, more) = Place::find(&settings, &host);
    problems.extend(more);
    let Problems { errors, warnings } = problems;
    let Some(place) = place.filter(|_| errors.is_empty()) else {
        return Err(LoadError::Problems { path: path.to_owned(), problems: errors });
    };
    let key = shared_key(&settings)?;
    Ok(Loaded { keys, configuration: Configuration { settings, place, key }, warnings })
}

fn document(path: &Path) -> Result<Document, LoadError> {
    let text = fs::read_to_string(path)
        .map_err(|source| LoadError::Unreadable { path: path.to_owned(), source })?;
    text.parse().map_err(|error| LoadError::Grammar { path: path.to_owned(), error })
}

/// The files that say who may connect, in the order of their names.
fn access_files(configuration: &Path) -> Vec<PathBuf> {
    let directory = configuration.with_file_name("uidgid.d");
    // Most have none.
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let mut files: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_file() && path.file_name() != Some(OsStr::new("README")))
        .collect();
    files.sort();
    files
}

fn allow_named_accounts(keys: &mut Keys) {
    for account in keys.named_accounts().to_vec() {
        let number = match account.kind {
            AccountKind::User => user_number(&account.name),
            AccountKind::Group => group_number(&account.name),
        };
        if let Some(number) = number {
            keys.allow(account.kind, number);
        }
    }
}

fn host(settings: &Settings) -> Host {
    let own = net::local_addresses().unwrap_or_default();
    let resolved: BTreeMap<String, Vec<IpAddr>> = settings
        .names_to_resolve()
        .into_iter()
        .map(|name| {
            // A name without an address is a problem that the place reports.
            let found = (name, 0).to_socket_addrs();
            let addresses = found.map(|found| found.map(|one| one.ip()).collect());
            (name.to_owned(), addresses.unwrap_or_default())
        })
        .collect();
    Host {
        name: net::host_name(),
        addresses: own.into_iter().map(|own| (own.address, None)).collect(),
        resolved,
    }
}

/// The shared key; nothing where packets are not sealed.
fn shared_key(settings: &Settings) -> Result<Vec<u8>, LoadError> {
    let crypto = &settings.totem.crypto;
    if crypto.cipher.is_none() && crypto.hash.is_none() {
        return Ok(Vec::new());
    }
    let path = match &crypto.key {
        KeySource::Inline(key) => return Ok(key.clone()),
        KeySource::File(path) => path.clone(),
        KeySource::DefaultFile => std::env::var_os("COROSYNC_TOTEM_AUTHKEY_FILE")
            .map_or_else(|| PathBuf::from(AUTHKEY), PathBuf::from),
    };
    let mut key =
        fs::read(&path).map_err(|source| LoadError::Unreadable { path: path.clone(), source })?;
    if key.len() < KeySource::LENGTH_MIN {
        return Err(LoadError::KeyTooShort { path, bytes: key.len() });
    }
    key.truncate(KeySource::LENGTH_MAX);
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NODES: &str = "totem {\n version: 2\n transport: udpu\n}\n\
        nodelist {\n node {\n  ring0_addr: 127.0.0.1\n  nodeid: 1\n }\n}\n";

    /// Whether a configuration is refused for the log alone.
    fn is_about_log(sections: &str) -> bool {
        let (keys, mut problems) = Keys::read(&format!("{NODES}{sections}").parse().unwrap());
        problems.extend(Settings::from_keys(&keys).1);
        assert_ne!(problems.errors, []);
        LoadError::Problems { path: PathBuf::new(), problems: problems.errors }.is_about_log()
    }

    #[test]
    fn only_values_of_the_log_are_about_the_log() {
        assert!(is_about_log("logging {\n debug: maybe\n}\n"));
        assert!(is_about_log(
            "logging {\n logger_subsys {\n  subsys: QUORUM\n  debug: maybe\n }\n}\n"
        ));
        assert!(!is_about_log("logging {\n logger_subsys {\n  debug: on\n }\n}\n"));
        assert!(!is_about_log("system {\n sched_rr: maybe\n}\n"));
        assert!(!is_about_log("logging {\n debug: maybe\n}\nsystem {\n sched_rr: maybe\n}\n"));
    }
}
