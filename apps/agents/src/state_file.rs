use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The file in which an agent without a service remembers what it is.
pub(crate) struct StateFile(PathBuf);

impl StateFile {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn exists(&self) -> bool {
        self.0.is_file()
    }

    /// What the file says, without the newline at its end; nothing if it cannot be read.
    pub(crate) fn read(&self) -> String {
        let text = fs::read(&self.0).unwrap_or_default();
        String::from_utf8_lossy(&text).trim_end_matches('\n').to_owned()
    }

    /// Makes the file without changing what it says.
    pub(crate) fn touch(&self) -> io::Result<()> {
        fs::OpenOptions::new().create(true).append(true).open(&self.0).map(drop)
    }

    pub(crate) fn write(&self, state: &str) -> io::Result<()> {
        fs::write(&self.0, format!("{state}\n"))
    }

    /// Removes the file; one that is not there is removed.
    pub(crate) fn remove(&self) -> io::Result<()> {
        match fs::remove_file(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// A file beside this one, its name longer by `ending`.
    pub(crate) fn beside(&self, ending: &str) -> Self {
        let mut path = self.0.clone().into_os_string();
        path.push(ending);
        Self(path.into())
    }
}
