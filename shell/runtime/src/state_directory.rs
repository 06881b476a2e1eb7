use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::mpsc,
    task::{Context, Poll},
    thread,
};

use disk::atomic::{self, Permissions};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use vocab::NodeId;

/// What the ring has to remember while the daemon does not run, in the files that C's corosync has for it. Writing is done
/// on a thread of its own, one file after the other in the order asked for.
#[derive(Debug)]
pub struct StateDirectory {
    path: PathBuf,
    jobs: mpsc::Sender<Job>,
    done: UnboundedReceiver<Stored>,
}

/// A number to be remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remembered {
    /// The ring's number, of a node (`ringid_<node>`).
    RingSequence {
        /// The node.
        node: NodeId,
        /// The number.
        sequence: u64,
    },
    /// The most votes ever expected (`ev_tracking`).
    ExpectedVotes(u32),
}

/// A number is on the medium, or cannot be put there.
#[derive(Debug)]
pub struct Stored {
    /// The number.
    pub what: Remembered,
    /// What the system said.
    pub result: io::Result<()>,
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recalled<T> {
    /// There is no file.
    Nothing,
    /// The file is too short: what was written did not get there whole.
    Torn,
    /// The number. Bytes behind it are ignored, as C does.
    Number(T),
}

impl<T: Default> Recalled<T> {
    /// The number; zero if there is none.
    pub fn or_zero(self) -> T {
        match self {
            Self::Nothing | Self::Torn => T::default(),
            Self::Number(number) => number,
        }
    }
}

#[derive(Debug)]
struct Job {
    file: PathBuf,
    bytes: Vec<u8>,
    what: Remembered,
}

impl StateDirectory {
    /// Uses an existing directory; starts the writing thread.
    pub fn open(path: &Path) -> io::Result<Self> {
        if !fs::metadata(path)?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        let (jobs, asked) = mpsc::channel();
        let (tell, done) = unbounded_channel();
        thread::Builder::new().name("state".to_owned()).spawn(move || write_all(&asked, &tell))?;
        Ok(Self { path: path.to_owned(), jobs, done })
    }

    /// The ring's number that the node stored last. For the start: reads the disk.
    pub fn ring_sequence(&self, node: NodeId) -> io::Result<Recalled<u64>> {
        Ok(map(read(&self.ring_file(node))?, u64::from_ne_bytes))
    }

    /// The most votes ever expected. For the start: reads the disk.
    pub fn expected_votes(&self) -> io::Result<Recalled<u32>> {
        Ok(map(read(&self.votes_file())?, u32::from_ne_bytes))
    }

    /// Begins to store a number; [`Self::stored`] tells when it is on the medium.
    pub fn store(&self, what: Remembered) {
        let (file, bytes) = match what {
            Remembered::RingSequence { node, sequence } => {
                (self.ring_file(node), sequence.to_ne_bytes().to_vec())
            }
            Remembered::ExpectedVotes(votes) => (self.votes_file(), votes.to_ne_bytes().to_vec()),
        };
        // The thread lives as long as `self`.
        let _ = self.jobs.send(Job { file, bytes, what });
    }

    /// Waits until the next number is stored; for ever if none was asked for. Dropping the future loses nothing.
    pub async fn stored(&mut self) -> Stored {
        std::future::poll_fn(|cx| self.poll_stored(cx)).await
    }

    /// As [`Self::stored`].
    pub fn poll_stored(&mut self, cx: &mut Context<'_>) -> Poll<Stored> {
        match self.done.poll_recv(cx) {
            Poll::Ready(Some(stored)) => Poll::Ready(stored),
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }

    fn ring_file(&self, node: NodeId) -> PathBuf {
        self.path.join(format!("ringid_{node}"))
    }

    fn votes_file(&self) -> PathBuf {
        self.path.join("ev_tracking")
    }
}

fn write_all(asked: &mpsc::Receiver<Job>, tell: &UnboundedSender<Stored>) {
    while let Ok(Job { file, bytes, what }) = asked.recv() {
        let result = atomic::replace(&file, &bytes, Permissions::PRIVATE);
        if tell.send(Stored { what, result }).is_err() {
            return;
        }
    }
}

fn read<const SIZE: usize>(path: &Path) -> io::Result<Recalled<[u8; SIZE]>> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Recalled::Nothing),
        file => file?,
    };
    let mut bytes = [0; SIZE];
    match file.read_exact(&mut bytes) {
        Ok(()) => Ok(Recalled::Number(bytes)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Recalled::Torn),
        Err(error) => Err(error),
    }
}

fn map<const SIZE: usize, T>(
    recalled: Recalled<[u8; SIZE]>,
    number: impl Fn([u8; SIZE]) -> T,
) -> Recalled<T> {
    match recalled {
        Recalled::Nothing => Recalled::Nothing,
        Recalled::Torn => Recalled::Torn,
        Recalled::Number(bytes) => Recalled::Number(number(bytes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn numbers_are_in_c_s_files() {
        let path = std::env::temp_dir().join(format!("state-{}", std::process::id()));
        fs::create_dir(&path).unwrap();
        let mut state = StateDirectory::open(&path).unwrap();
        let node = NodeId(7);
        assert_eq!(state.ring_sequence(node).unwrap(), Recalled::Nothing);
        assert_eq!(state.expected_votes().unwrap().or_zero(), 0);
        for sequence in [4, 8] {
            state.store(Remembered::RingSequence { node, sequence });
        }
        state.store(Remembered::ExpectedVotes(3));
        for expected in [4, 8] {
            let stored = state.stored().await;
            assert_eq!(stored.what, Remembered::RingSequence { node, sequence: expected });
            stored.result.unwrap();
        }
        state.stored().await.result.unwrap();
        assert_eq!(fs::read(path.join("ringid_7")).unwrap(), 8_u64.to_ne_bytes());
        assert_eq!(fs::read(path.join("ev_tracking")).unwrap(), 3_u32.to_ne_bytes());
        assert_eq!(fs::read_dir(&path).unwrap().count(), 2, "nothing else is left");
        assert_eq!(state.ring_sequence(node).unwrap(), Recalled::Number(8));
        assert_eq!(state.expected_votes().unwrap(), Recalled::Number(3));

        fs::write(path.join("ringid_7"), [1, 2, 3]).unwrap();
        assert_eq!(state.ring_sequence(node).unwrap(), Recalled::Torn);
        fs::write(path.join("ringid_7"), [1; 12]).unwrap();
        assert_eq!(state.ring_sequence(node).unwrap().or_zero(), 0x0101_0101_0101_0101);
        fs::remove_dir_all(&path).unwrap();
        state.store(Remembered::ExpectedVotes(4));
        assert!(state.stored().await.result.is_err());
    }

    #[test]
    fn a_directory_that_is_none() {
        assert!(StateDirectory::open(Path::new("/nonexistent")).is_err());
        assert!(StateDirectory::open(Path::new("/dev/null")).is_err());
    }
}
