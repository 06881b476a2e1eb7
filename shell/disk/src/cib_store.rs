use std::{
    fmt, fs, io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    time::SystemTime,
};

use xml::{Element, Limits, digest};

use crate::{
    Series, SeriesFormat,
    atomic::{self, Permissions},
};

/// How many earlier versions are kept.
const ARCHIVES: u32 = 100;

/// The directory with the cluster's configuration: `cib.xml`, its digest `cib.xml.sig`, and earlier versions
/// `cib-N.raw` with theirs.
#[derive(Debug)]
pub struct CibStore {
    directory: PathBuf,
    permissions: Permissions,
    /// The file as it was when its digest was last found right, so that it need not be read before each write.
    known_good: Option<Fingerprint>,
}

/// What tells whether a file was changed since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fingerprint {
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
}

/// What was found at start.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration; none if there is none that can be trusted.
    pub cib: Option<Element>,
    /// What is worth logging.
    pub notes: Vec<LoadNote>,
}

/// Something worth logging about what was found.
#[derive(Debug)]
pub enum LoadNote {
    /// There is no configuration file.
    Missing(PathBuf),
    /// There is no digest to check a file with; it was used.
    NoDigest(PathBuf),
    /// A file cannot be used.
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why.
        problem: FileProblem,
    },
    /// The file and its digest were put aside, where they can be looked at.
    SetAside(PathBuf),
    /// The file could not even be put aside.
    NotSetAside(io::Error),
    /// An interrupted write was completed.
    Completed(PathBuf),
    /// An earlier version was used in place of the configuration file.
    Archive(PathBuf),
}

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileProblem {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Read(#[from] io::Error),
    /// It is empty.
    #[error("it is empty")]
    Empty,
    /// It is not XML.
    #[error(transparent)]
    Parse(#[from] xml::ParseError),
    /// It is XML, but no CIB.
    #[error("it contains <{0}> instead of <cib>")]
    NoCib(String),
    /// Its content is not what its digest was made of: somebody changed it by hand.
    #[error("it was modified: its digest is {found} instead of {expected}")]
    Modified {
        /// The digest beside it.
        expected: String,
        /// The digest of its content.
        found: String,
    },
}

/// Why a configuration could not be written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file that is there was changed by hand or damaged. It is left alone.
    #[error("{} was changed while the cluster was active: {problem}", path.display())]
    Modified {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: FileProblem,
    },
    /// The version that is there could not be archived.
    #[error("the previous version could not be archived: {0}")]
    Archive(io::Error),
    /// The file could not be written.
    #[error("{}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl CibStore {
    /// The store in a directory. Run as root, it gives its files to the directory's owner.
    pub fn new(directory: &Path) -> Self {
        let owner = rustix::process::geteuid()
            .is_root()
            .then(|| fs::metadata(directory).ok())
            .flatten()
            .map(|metadata| (metadata.uid(), metadata.gid()));
        let permissions = Permissions { owner, ..Permissions::PRIVATE };
        Self { directory: directory.to_owned(), permissions, known_good: None }
    }

    /// The configuration file.
    pub fn path(&self) -> PathBuf {
        self.directory.join("cib.xml")
    }

    fn digest_path(&self) -> PathBuf {
        self.directory.join("cib.xml.sig")
    }

    /// Reads the configuration. A file that cannot be trusted is put aside, never used, and the newest earlier version
    /// that can be trusted takes its place.
    pub fn load(&mut self) -> Loaded {
        let mut notes = Vec::new();
        self.complete_interrupted(&mut notes);
        let cib = match read(&self.path(), &self.digest_path(), &mut notes) {
            Ok(cib) => {
                self.known_good = Fingerprint::of(&self.path());
                Some(cib)
            }
            Err(FileProblem::Read(error)) if error.kind() == io::ErrorKind::NotFound => {
                notes.push(LoadNote::Missing(self.path()));
                None
            }
            Err(problem) => {
                notes.push(LoadNote::Unusable { path: self.path(), problem });
                notes.push(match self.set_aside() {
                    Ok(place) => LoadNote::SetAside(place),
                    Err(error) => LoadNote::NotSetAside(error),
                });
                None
            }
        };
        let cib = cib.or_else(|| self.newest_archive(&mut notes));
        for path in [self.path(), self.digest_path(), self.directory.join("cib.last")] {
            // What cannot be removed does no harm.
            let _ = atomic::clean(&path);
        }
        Loaded { cib, notes }
    }

    /// A crash between the two renames of a write leaves the new file with the old digest, and the new digest under its
    /// temporary name: then the second rename is made now.
    fn complete_interrupted(&self, notes: &mut Vec<LoadNote>) {
        let right = |digest: &Path| read(&self.path(), digest, &mut Vec::new()).is_ok();
        if right(&self.digest_path()) && self.digest_path().exists() {
            return;
        }
        for digest in atomic::leftovers(&self.digest_path()).unwrap_or_default() {
            if right(&digest) && fs::rename(&digest, self.digest_path()).is_ok() {
                notes.push(LoadNote::Completed(self.path()));
                return;
            }
        }
    }

    fn set_aside(&self) -> io::Result<PathBuf> {
        let place = new_directory(&self.directory.join("cib.auto"))?;
        for file in [self.path(), self.digest_path()] {
            let name = file.file_name().ok_or(io::ErrorKind::InvalidInput)?;
            match fs::rename(&file, place.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        atomic::sync_directory(&self.path())?;
        Ok(place)
    }

    fn newest_archive(&self, notes: &mut Vec<LoadNote>) -> Option<Element> {
        let mut archives = self.archives().unwrap_or_default();
        archives.sort();
        while let Some((_, path)) = archives.pop() {
            let digest = with_suffix(&path, ".sig");
            let mut ignored = Vec::new();
            match read(&path, &digest, &mut ignored) {
                Ok(cib) if ignored.is_empty() => {
                    notes.push(LoadNote::Archive(path));
                    return Some(cib);
                }
                // Without its digest nobody knows whether it was written to its end.
                Ok(_) => {}
                Err(problem) => notes.push(LoadNote::Unusable { path, problem }),
            }
        }
        None
    }

    fn archives(&self) -> io::Result<Vec<(SystemTime, PathBuf)>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let metadata = entry.metadata()?;
            if name.starts_with("cib-") && name.ends_with(".raw") && metadata.is_file() {
                found.push((metadata.modified()?, entry.path()));
            }
        }
        Ok(found)
    }

    /// Archives the version that is there and writes the new one. Blocks until it is on the medium.
    pub fn save(&mut self, cib: &Element) -> Result<(), StoreError> {
        self.check_unmodified()?;
        self.archive().map_err(StoreError::Archive)?;
        let write = |path: PathBuf| move |source| StoreError::Write { path, source };
        let (file, digest_file) = (self.path(), self.digest_path());
        let text = cib.to_pretty();
        let signature = digest::on_disk(cib);
        let new_file = atomic::prepare(&file, text.as_bytes(), self.permissions)
            .map_err(write(file.clone()))?;
        let new_digest = atomic::prepare(&digest_file, signature.as_bytes(), self.permissions)
            .map_err(write(digest_file.clone()))?;
        // Both names must be on the medium before the first rename, so that a crash between the two can be completed.
        atomic::sync_directory(&file).map_err(write(file.clone()))?;
        new_file.place().map_err(write(file.clone()))?;
        new_digest.place().map_err(write(digest_file))?;
        atomic::sync_directory(&file).map_err(write(file.clone()))?;
        self.known_good = Fingerprint::of(&file);
        Ok(())
    }

    fn check_unmodified(&self) -> Result<(), StoreError> {
        let now = Fingerprint::of(&self.path());
        if now.is_none() || now == self.known_good {
            return Ok(());
        }
        match read(&self.path(), &self.digest_path(), &mut Vec::new()) {
            Ok(_) => Ok(()),
            Err(problem) => Err(StoreError::Modified { path: self.path(), problem }),
        }
    }

    fn archive(&self) -> io::Result<()> {
        let series = Series::new(&self.directory, "cib", SeriesFormat::Raw, self.permissions);
        let number = series.next();
        let archive = series.path(number);
        let archived_digest = with_suffix(&archive, ".sig");
        for old in [&archived_digest, &archive] {
            ignore_missing(fs::remove_file(old))?;
        }
        let linked = match fs::hard_link(self.path(), &archive) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            other => other.map(|()| true)?,
        };
        if linked {
            ignore_missing(fs::hard_link(self.digest_path(), &archived_digest))?;
            series.advance(number, Some(ARCHIVES))?;
        }
        Ok(())
    }
}

fn ignore_missing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Reads a file and checks it with the digest beside it. A digest that is not there is noted, not an error.
fn read(
    path: &Path,
    digest_path: &Path,
    notes: &mut Vec<LoadNote>,
) -> Result<Element, FileProblem> {
    let bytes = fs::read(path)?;
    if bytes.is_empty() {
        return Err(FileProblem::Empty);
    }
    let root = xml::parse_bytes(&bytes, Limits::DOCUMENT)?;
    if root.name() != "cib" {
        return Err(FileProblem::NoCib(root.name().chars().take(64).collect()));
    }
    let expected = match fs::read_to_string(digest_path) {
        Ok(text) => text.trim().to_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            notes.push(LoadNote::NoDigest(path.to_owned()));
            return Ok(root);
        }
        Err(error) => return Err(error.into()),
    };
    let found = digest::on_disk(&root);
    if found.eq_ignore_ascii_case(&expected) {
        Ok(root)
    } else {
        let expected = expected.chars().take(64).collect();
        Err(FileProblem::Modified { expected, found })
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Makes a directory `PREFIX.XXXXXX` that did not exist.
fn new_directory(prefix: &Path) -> io::Result<PathBuf> {
    const LETTERS: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    loop {
        let mut random = [0_u8; 6];
        rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty())?;
        let suffix: String =
            random.iter().map(|byte| char::from(LETTERS[usize::from(*byte) % 36])).collect();
        let path = with_suffix(prefix, &format!(".{suffix}"));
        match fs::create_dir(&path) {
            Ok(()) => {
                fs::set_permissions(&path, fs::Permissions::from_mode(0o700))?;
                return Ok(path);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

impl Fingerprint {
    fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        Some(Self {
            inode: metadata.ino(),
            bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        })
    }
}

impl LoadNote {
    /// Whether it needs a person to look at.
    pub fn is_alarming(&self) -> bool {
        match self {
            Self::Unusable { .. } | Self::SetAside(_) | Self::NotSetAside(_) | Self::Archive(_) => {
                true
            }
            Self::Missing(_) | Self::NoDigest(_) | Self::Completed(_) => false,
        }
    }
}

impl fmt::Display for LoadNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(path) => write!(f, "There is no {}", path.display()),
            Self::NoDigest(path) => {
                write!(f, "{} has no digest beside it; using it unchecked", path.display())
            }
            Self::Unusable { path, problem } => {
                write!(f, "{} will NOT be used: {problem}", path.display())
            }
            Self::SetAside(place) => write!(f, "It was put aside in {}", place.display()),
            Self::NotSetAside(error) => write!(f, "It could not be put aside: {error}"),
            Self::Completed(path) => {
                write!(f, "Completed an interrupted write of {}", path.display())
            }
            Self::Archive(path) => {
                write!(f, "Continuing with the earlier version {}", path.display())
            }
        }
    }
}

#[cfg(test)]
mod tests;
