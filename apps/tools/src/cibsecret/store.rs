//! The files that hold the values: for each parameter one with the value and one with its digest.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Component, Path, PathBuf},
};

use md5::{Digest, Md5};

/// What is wrong with a secret.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    /// A name that could lead out of the directory.
    #[error("'{0}' cannot be the name of a file")]
    BadName(String),
    /// There is no digest.
    #[error("no MD5 hash for {0}")]
    NoDigest(String),
    /// The digest is that of another value.
    #[error("MD5 hash mismatch for {0}")]
    Mismatch(String),
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    System {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The secrets of this node.
#[derive(Clone, Debug)]
pub(super) struct Store {
    root: PathBuf,
}

fn digest(value: &str) -> String {
    Md5::digest(value.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Store {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// The directory of all secrets.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The file with a value. The names must not lead elsewhere.
    pub(super) fn file(&self, resource: &str, parameter: &str) -> Result<PathBuf, Problem> {
        for name in [resource, parameter] {
            let is_plain = matches!(
                Path::new(name).components().collect::<Vec<_>>()[..],
                [Component::Normal(part)] if part == name
            );
            if !is_plain || name.contains(['\0', '\n']) {
                return Err(Problem::BadName(name.to_owned()));
            }
        }
        Ok(self.root.join(resource).join(parameter))
    }

    /// The file with the digest of the value in that file.
    pub(super) fn digest_file(file: &Path) -> PathBuf {
        let mut name = file.as_os_str().to_owned();
        name.push(".sign");
        name.into()
    }

    /// The value, if there is one.
    pub(super) fn value(&self, resource: &str, parameter: &str) -> Result<Option<String>, Problem> {
        read(&self.file(resource, parameter)?)
    }

    /// Writes a value and its digest, readable by the owner alone.
    pub(super) fn set(&self, resource: &str, parameter: &str, value: &str) -> Result<(), Problem> {
        let file = self.file(resource, parameter)?;
        let directory = self.root.join(resource);
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&directory)
            .map_err(|source| Problem::System { path: directory, source })?;
        write(&file, value)?;
        write(&Self::digest_file(&file), &digest(value))
    }

    /// Removes a value; one that is not there is as it should be.
    pub(super) fn remove(&self, resource: &str, parameter: &str) -> Result<(), Problem> {
        let file = self.file(resource, parameter)?;
        for path in [Self::digest_file(&file), file] {
            match fs::remove_file(&path) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(Problem::System { path, source }),
            }
        }
        Ok(())
    }

    /// Whether the value is that of its digest.
    pub(super) fn check(&self, resource: &str, parameter: &str) -> Result<(), Problem> {
        let what = || format!("resource {resource} parameter {parameter}");
        let file = self.file(resource, parameter)?;
        let Some(signed) = read(&Self::digest_file(&file))? else {
            return Err(Problem::NoDigest(what()));
        };
        let value = read(&file)?.unwrap_or_default();
        if signed.eq_ignore_ascii_case(&digest(&value)) {
            Ok(())
        } else {
            Err(Problem::Mismatch(what()))
        }
    }
}

/// What a file says, without the end of its line.
fn read(path: &Path) -> Result<Option<String>, Problem> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.trim_end_matches('\n').to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Problem::System { path: path.to_owned(), source }),
    }
}

fn write(path: &Path, text: &str) -> Result<(), Problem> {
    let failed = |source| Problem::System { path: path.to_owned(), source };
    // A new file beside it: nobody reads half a value, and nobody had the file open with other rights.
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    let _ = fs::remove_file(&new);
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(&new).map_err(failed)?;
    writeln!(file, "{text}").map_err(failed)?;
    file.sync_all().map_err(failed)?;
    fs::rename(&new, path).map_err(failed)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A directory of this test's own, removed at its end.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let path =
                std::env::temp_dir().join(format!("cibsecret-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            Self(path)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_value_is_kept_for_its_owner_alone_and_forgotten() {
        let scratch = Scratch::new("kept");
        let store = Store::new(&scratch.0);
        assert_eq!(store.value("r", "password").unwrap(), None);
        store.set("r", "password", "SecreT_PASS").unwrap();
        store.set("r", "password", "another").unwrap();
        assert_eq!(store.value("r", "password").unwrap().as_deref(), Some("another"));
        store.check("r", "password").unwrap();
        let file = store.file("r", "password").unwrap();
        for path in [&file, &Store::digest_file(&file)] {
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(fs::metadata(scratch.0.join("r")).unwrap().permissions().mode() & 0o777, 0o700);
        store.remove("r", "password").unwrap();
        store.remove("r", "password").unwrap();
        assert_eq!(store.value("r", "password").unwrap(), None);
    }

    #[test]
    fn a_value_that_was_changed_behind_our_back_is_noticed() {
        let scratch = Scratch::new("changed");
        let store = Store::new(&scratch.0);
        assert!(matches!(store.check("r", "p"), Err(Problem::NoDigest(_))));
        store.set("r", "p", "a").unwrap();
        fs::write(store.file("r", "p").unwrap(), "b\n").unwrap();
        assert!(matches!(store.check("r", "p"), Err(Problem::Mismatch(_))));
    }

    #[test]
    fn names_do_not_lead_out_of_the_directory() {
        let store = Store::new(Path::new("/nowhere"));
        for name in ["..", "a/b", "/etc", "", ".", "a/"] {
            assert!(matches!(store.file(name, "p"), Err(Problem::BadName(_))), "{name}");
            assert!(matches!(store.file("r", name), Err(Problem::BadName(_))), "{name}");
        }
    }
}
