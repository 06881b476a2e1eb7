use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{FlockOperation, fcntl_lock},
    io::Errno,
};

/// A file with this process's number, locked as long as this is kept, so that there is one daemon at a time: C's corosync
/// and ours exclude each other. Dropping it removes the file. Nothing else in the process may open the file: closing it again
/// would give up the lock.
#[derive(Debug)]
pub struct PidFile {
    path: PathBuf,
    file: File,
}

/// Why a process may not run.
#[derive(Debug, thiserror::Error)]
pub enum PidFileError {
    /// Another one has the lock.
    #[error("Another Corosync instance is already running.")]
    AlreadyRunning,
    /// The file cannot be used.
    #[error("cannot {step} the lock file {}: {source}", path.display())]
    System {
        /// What was tried.
        step: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl PidFile {
    /// Locks the file and writes this process's number into it. Must be called after a fork, which would lose the lock.
    pub fn lock(path: &Path) -> Result<Self, PidFileError> {
        let failed =
            |step| move |source| PidFileError::System { step, path: path.to_owned(), source };
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o640)
            .open(path)
            .map_err(failed("create"))?;
        match fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::AGAIN | Errno::ACCESS) => return Err(PidFileError::AlreadyRunning),
            Err(error) => return Err(failed("lock")(error.into())),
        }
        let mut lock = Self { path: path.to_owned(), file };
        lock.file.set_len(0).map_err(failed("truncate"))?;
        lock.file
            .write_all(format!("{}\n", std::process::id()).as_bytes())
            .map_err(failed("write"))?;
        Ok(lock)
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        // While the lock is still held: nobody else can have put a file there.
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether another process could get the lock; it has nothing but the descriptor in common with this one.
    fn is_free_for_others(file: &File) -> bool {
        // SAFETY: the child only makes two system calls.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let result = fcntl_lock(file, FlockOperation::NonBlockingLockExclusive);
            // SAFETY: ends the child at once.
            unsafe { libc::_exit(i32::from(result.is_err())) };
        }
        let mut status = 0;
        // SAFETY: waits for the child just made.
        assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
        status == 0
    }

    #[test]
    fn a_second_process_is_kept_out() {
        let path = std::env::temp_dir().join(format!("pid-file-{}", std::process::id()));
        // A file that a process left behind when it was killed.
        std::fs::write(&path, "123456789\n").unwrap();
        let lock = PidFile::lock(&path).unwrap();
        assert!(!is_free_for_others(&lock.file));
        // Closing any descriptor of the file gives up the lock.
        assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{}\n", std::process::id()));
        assert!(is_free_for_others(&lock.file));
        drop(lock);
        assert!(!path.exists());
    }

    #[test]
    fn a_path_that_cannot_be() {
        let error = PidFile::lock(Path::new("/nonexistent/pid")).unwrap_err();
        assert!(error.to_string().starts_with("cannot create the lock file /nonexistent/pid: "));
    }
}
