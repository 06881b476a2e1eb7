//! Replacing a file so that after a crash there is either the old one or the new one.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, fchown},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

/// What stands between a file's name and the random part in the name of its temporary file.
const MARK: &str = ".tmp.";

/// A file that is written but not yet in its place. Dropped, it is removed.
#[derive(Debug)]
pub struct Pending {
    temporary: PathBuf,
    target: PathBuf,
    placed: bool,
}

/// How a file is to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permissions {
    /// Permission bits.
    pub mode: u32,
    /// User and group to give it to; none is the process's own.
    pub owner: Option<(u32, u32)>,
}

impl Permissions {
    /// Readable and writable by the process's user only.
    pub const PRIVATE: Self = Self { mode: 0o600, owner: None };
}

/// Replaces `path` with a file that contains `bytes` and waits until it is on the medium.
pub fn replace(path: &Path, bytes: &[u8], permissions: Permissions) -> io::Result<()> {
    prepare(path, bytes, permissions)?.place()?;
    sync_directory(path)
}

/// Writes a temporary file beside `path` and waits until its content is on the medium.
pub fn prepare(path: &Path, bytes: &[u8], permissions: Permissions) -> io::Result<Pending> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut temporary = name.to_owned();
    let unique = COUNTER.fetch_add(1, Ordering::Relaxed);
    temporary.push(format!("{MARK}{}.{unique}", std::process::id()));
    let temporary = path.with_file_name(temporary);
    // One of the same name can only be left over from a dead process with this number.
    let _ = fs::remove_file(&temporary);
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(permissions.mode).open(&temporary)?;
    let pending = Pending { temporary, target: path.to_owned(), placed: false };
    if let Some((user, group)) = permissions.owner {
        fchown(&file, Some(user), Some(group))?;
    }
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(pending)
}

impl Pending {
    /// Puts the file in its place. The directory has yet to be synchronised.
    pub fn place(mut self) -> io::Result<()> {
        fs::rename(&self.temporary, &self.target)?;
        self.placed = true;
        Ok(())
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.placed {
            // What cannot be removed now is removed by `clean` at the next start.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// Waits until the directory that `path` is in is on the medium.
pub fn sync_directory(path: &Path) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

/// The temporary files that an earlier process left beside `path`.
pub fn leftovers(path: &Path) -> io::Result<Vec<PathBuf>> {
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
        return Ok(Vec::new());
    };
    let start = format!("{}{MARK}", name.to_string_lossy());
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&start) {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// Removes the temporary files that an earlier process left beside `path`.
pub fn clean(path: &Path) -> io::Result<()> {
    leftovers(path)?.iter().try_for_each(fs::remove_file)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A directory of its own for one test, removed at the end.
    pub(crate) struct Directory(pub(crate) PathBuf);

    impl Directory {
        pub(crate) fn new() -> Self {
            static COUNTER: AtomicU64 = AtomicU64::new(0);
            let unique = COUNTER.fetch_add(1, Ordering::Relaxed);
            let name = format!("cardea-disk-{}-{unique}", std::process::id());
            let path = std::env::temp_dir().join(name);
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        pub(crate) fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(&self.0).unwrap();
            let mut names: Vec<_> = entries
                .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
                .collect();
            names.sort();
            names
        }
    }

    impl Drop for Directory {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_file_is_replaced_as_a_whole() {
        let directory = Directory::new();
        let path = directory.0.join("f");
        replace(&path, b"one", Permissions::PRIVATE).unwrap();
        replace(&path, b"two", Permissions::PRIVATE).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(directory.names(), ["f"]);
    }

    #[test]
    fn what_is_not_placed_goes() {
        let directory = Directory::new();
        let path = directory.0.join("f");
        replace(&path, b"old", Permissions::PRIVATE).unwrap();
        let pending = prepare(&path, b"new", Permissions::PRIVATE).unwrap();
        assert_eq!(leftovers(&path).unwrap().len(), 1);
        drop(pending);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(directory.names(), ["f"]);
    }

    #[test]
    fn what_a_dead_process_left_is_cleaned() {
        let directory = Directory::new();
        let path = directory.0.join("f");
        fs::write(directory.0.join("f.tmp.1.0"), b"torn").unwrap();
        fs::write(directory.0.join("g.tmp.1.0"), b"another file's").unwrap();
        clean(&path).unwrap();
        assert_eq!(directory.names(), ["g.tmp.1.0"]);
    }

    #[test]
    fn a_directory_that_is_not_there_is_an_error() {
        let path = Path::new("/no/such/directory/f");
        let error = replace(path, b"", Permissions::PRIVATE).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
