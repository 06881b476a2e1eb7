use std::{
    io,
    net::{IpAddr, ToSocketAddrs},
    sync::mpsc,
    task::{Context, Poll},
    thread,
};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Which kind of address a name is to give (`totem.ip_version`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IpVersion {
    /// IPv4 only.
    V4,
    /// IPv6 only.
    V6,
    /// IPv4, or IPv6 if there is none.
    V4ThenV6,
    /// IPv6, or IPv4 if there is none.
    #[default]
    V6ThenV4,
}

/// Why a name gave no address.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// The system knows no address for it, or cannot ask now.
    #[error("cannot resolve '{name}': {source}")]
    Unknown {
        /// The name.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// It has addresses, but none of the kind that is wanted.
    #[error("'{name}' has no address of the configured IP version")]
    OtherVersion {
        /// The name.
        name: String,
    },
}

/// The address of a name, or of an address as text. Blocks: for programs, and for daemons before their loop starts.
pub fn resolve_now(name: &str, version: IpVersion) -> Result<IpAddr, ResolveError> {
    let found = (name, 0)
        .to_socket_addrs()
        .map_err(|source| ResolveError::Unknown { name: name.to_owned(), source })?;
    choose(found.map(|one| one.ip()), version)
        .ok_or_else(|| ResolveError::OtherVersion { name: name.to_owned() })
}

fn choose(found: impl Iterator<Item = IpAddr>, version: IpVersion) -> Option<IpAddr> {
    let (mut first_v4, mut first_v6) = (None, None);
    for address in found {
        match address {
            IpAddr::V4(_) => first_v4 = first_v4.or(Some(address)),
            IpAddr::V6(_) => first_v6 = first_v6.or(Some(address)),
        }
    }
    match version {
        IpVersion::V4 => first_v4,
        IpVersion::V6 => first_v6,
        IpVersion::V4ThenV6 => first_v4.or(first_v6),
        IpVersion::V6ThenV4 => first_v6.or(first_v4),
    }
}

/// The answer to one question.
#[derive(Debug)]
pub struct Answer {
    /// The number that the question had.
    pub number: u64,
    /// The name that was asked for.
    pub name: String,
    /// Its address.
    pub address: Result<IpAddr, ResolveError>,
}

/// Looks up names on a thread of its own, one after the other.
#[derive(Debug)]
pub struct Resolver {
    questions: mpsc::Sender<Question>,
    answers: UnboundedReceiver<Answer>,
}

#[derive(Debug)]
struct Question {
    number: u64,
    name: String,
    version: IpVersion,
}

impl Resolver {
    /// Starts the thread, which ends after this is dropped.
    pub fn start() -> io::Result<Self> {
        let (questions, asked) = mpsc::channel();
        let (answer, answers) = unbounded_channel();
        thread::Builder::new()
            .name("resolver".to_owned())
            .spawn(move || answer_all(&asked, &answer))?;
        Ok(Self { questions, answers })
    }

    /// Asks for a name's address; the answer carries `number`.
    pub fn ask(&self, number: u64, name: &str, version: IpVersion) {
        // The thread lives as long as `self`.
        let _ = self.questions.send(Question { number, name: name.to_owned(), version });
    }

    /// Waits for the next answer; for ever if nothing was asked. Dropping the future loses nothing.
    pub async fn answered(&mut self) -> Answer {
        std::future::poll_fn(|cx| self.poll_answered(cx)).await
    }

    /// As [`Self::answered`].
    pub fn poll_answered(&mut self, cx: &mut Context<'_>) -> Poll<Answer> {
        match self.answers.poll_recv(cx) {
            Poll::Ready(Some(answer)) => Poll::Ready(answer),
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}

fn answer_all(asked: &mpsc::Receiver<Question>, answer: &UnboundedSender<Answer>) {
    while let Ok(Question { number, name, version }) = asked.recv() {
        let address = resolve_now(&name, version);
        if answer.send(Answer { number, name, address }).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_address_of_the_wanted_kind_counts() {
        let (four, six): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "::1".parse().unwrap());
        let other: IpAddr = "192.0.2.2".parse().unwrap();
        let chosen = |found: &[IpAddr], version| choose(found.iter().copied(), version);
        let both = [four, other, six];
        assert_eq!(chosen(&both, IpVersion::V4), Some(four));
        assert_eq!(chosen(&both, IpVersion::V6), Some(six));
        assert_eq!(chosen(&both, IpVersion::V4ThenV6), Some(four));
        assert_eq!(chosen(&both, IpVersion::V6ThenV4), Some(six));
        assert_eq!(chosen(&[six], IpVersion::V4), None);
        assert_eq!(chosen(&[six], IpVersion::V4ThenV6), Some(six));
        assert_eq!(chosen(&[four], IpVersion::V6ThenV4), Some(four));
    }

    #[tokio::test]
    async fn answers_come_in_the_order_of_the_questions() {
        let mut resolver = Resolver::start().unwrap();
        resolver.ask(1, "127.0.0.1", IpVersion::V6ThenV4);
        resolver.ask(2, "::1", IpVersion::V4);
        let first = resolver.answered().await;
        assert_eq!((first.number, first.address.unwrap()), (1, "127.0.0.1".parse().unwrap()));
        let second = resolver.answered().await;
        assert_eq!(second.number, 2);
        assert!(matches!(second.address, Err(ResolveError::OtherVersion { .. })));
    }
}
