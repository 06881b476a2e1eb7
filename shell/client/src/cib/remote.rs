use std::{
    collections::VecDeque,
    io::{self, Read, Write},
    net::{TcpStream, ToSocketAddrs},
    os::fd::{AsFd, BorrowedFd},
    time::{Duration, Instant},
};

use messages::cib::{Notification, Registered};
use wire::{REMOTE_BODY_MAX, REMOTE_HEADER_SIZE, RemoteFrame};
use xml::{Element, Limits};

use rustls::{ClientConnection, StreamOwned, pki_types::ServerName};

use super::{CibError, RemoteServer};
use crate::tls::Credentials;

/// How long the other side has to let somebody in. Checking a password takes its time, above all if it is wrong.
const LOGIN_TIME: Duration = Duration::from_secs(30);
/// How long to wait for a connection to one address.
const CONNECT_TIME: Duration = Duration::from_secs(10);

/// A connection to the CIB daemon of another host.
#[derive(Debug)]
pub(super) struct RemoteCib {
    stream: Stream,
    sent: u64,
    /// What has come of a message that is not there as a whole yet.
    partial: Vec<u8>,
    /// Notifications that came while an answer was waited for.
    notifications: VecDeque<Element>,
}

impl RemoteCib {
    /// Connects and logs in under a name; gives also the token that the daemon knows this client by.
    pub(super) fn connect(
        server: &RemoteServer,
        client_name: &str,
    ) -> Result<(Self, String), CibError> {
        let credentials = match server.encrypted {
            true => Some(Credentials::from_environment()?.ok_or(CibError::NotYet(
                "encryption without certificates (see CIB_ca_file, CIB_cert_file, CIB_key_file; \
                 CIB_encrypted=false does without encryption)",
            ))?),
            false => None,
        };
        let stream = open(&server.host, server.port)?;
        // Without it requests only go out later.
        let _ = stream.set_nodelay(true);
        let stream = match credentials {
            Some(credentials) => {
                let name = ServerName::try_from(server.host.clone());
                let name = name.or_else(|_| ServerName::try_from("cluster")).map_err(broken)?;
                let connection = ClientConnection::new(credentials.client()?, name);
                let connection = connection.map_err(crate::tls::TlsError::from)?;
                Stream::Encrypted(Box::new(StreamOwned::new(connection, stream)))
            }
            None => Stream::Clear(stream),
        };
        let (partial, notifications) = (Vec::new(), VecDeque::new());
        let mut connection = Self { stream, sent: 0, partial, notifications };
        let login = Element::new("cib_command")
            .with("op", "authenticate")
            .with("user", &server.user)
            .with("password", &server.password)
            .with("hidden", "password")
            .with("name", client_name);
        connection.send(&login)?;
        let answer = connection.receive(LOGIN_TIME)?.ok_or(CibError::NotLetIn)?;
        let token = Registered::from_element(&answer)?.client_id;
        Ok((connection, token))
    }

    pub(super) fn send(&mut self, message: &Element) -> Result<(), CibError> {
        self.sent += 1;
        let frame = RemoteFrame::encode(self.sent, &message.to_compact())
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        // Pacemaker's readers wait for the socket once they have a header: the body must come in other packets of TLS.
        let (header, body) = frame.split_at(REMOTE_HEADER_SIZE.min(frame.len()));
        for part in [header, body] {
            self.stream.writer().write_all(part)?;
            self.stream.writer().flush()?;
        }
        Ok(())
    }

    /// Sends a request and waits for what answers it.
    pub(super) fn call(
        &mut self,
        request: &Element,
        timeout: Duration,
    ) -> Result<Element, CibError> {
        self.send(request)?;
        let end = Instant::now() + timeout;
        let wanted = request.attr("cib_callid");
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let message = self.receive(left)?.ok_or_else(timed_out)?;
            if Notification::is_one(&message) {
                self.notifications.push_back(message);
            } else if message.attr("cib_callid") == wanted {
                return Ok(message);
            }
        }
    }

    /// The next notification; `None` if none comes in time.
    pub(super) fn next_event(&mut self, timeout: Duration) -> Result<Option<Element>, CibError> {
        match self.notifications.pop_front() {
            Some(notification) => Ok(Some(notification)),
            None => self.receive(timeout),
        }
    }

    pub(super) fn event_fd(&self) -> BorrowedFd<'_> {
        self.stream.socket().as_fd()
    }

    /// The next message; `None` if it does not come in time, or nothing can come any more while nobody is let in.
    fn receive(&mut self, timeout: Duration) -> Result<Option<Element>, CibError> {
        let end = Instant::now() + timeout;
        loop {
            let size = match self.partial.get(..REMOTE_HEADER_SIZE) {
                Some(header) => RemoteFrame::size(header, REMOTE_BODY_MAX).map_err(broken)?,
                None => REMOTE_HEADER_SIZE,
            };
            let is_whole = size > REMOTE_HEADER_SIZE || self.partial.len() > REMOTE_HEADER_SIZE;
            if is_whole && self.partial.len() >= size {
                let rest = self.partial.split_off(size);
                let message = std::mem::replace(&mut self.partial, rest);
                let frame = RemoteFrame::decode(&message).map_err(broken)?;
                let limits = Limits { bytes_max: REMOTE_BODY_MAX, ..Limits::DOCUMENT };
                return xml::parse_bytes(&frame.body, limits).map(Some).map_err(broken);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            self.stream.socket().set_read_timeout(Some(left))?;
            let mut part = [0; 64 << 10];
            let wanted = part.len().min((size - self.partial.len()).max(1));
            match self.stream.reader().read(&mut part[..wanted]) {
                Ok(0) if self.sent == 1 => return Err(CibError::NotLetIn),
                Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                Ok(count) => self.partial.extend_from_slice(&part[..count]),
                Err(error) => match error.kind() {
                    io::ErrorKind::Interrupted => {}
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => return Ok(None),
                    io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset
                        if self.sent == 1 =>
                    {
                        return Err(CibError::NotLetIn);
                    }
                    _ => return Err(error.into()),
                },
            }
        }
    }
}

/// A connection with or without encryption.
#[derive(Debug)]
enum Stream {
    Clear(TcpStream),
    Encrypted(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Stream {
    fn socket(&self) -> &TcpStream {
        match self {
            Self::Clear(stream) => stream,
            Self::Encrypted(stream) => stream.get_ref(),
        }
    }

    fn reader(&mut self) -> &mut dyn Read {
        match self {
            Self::Clear(stream) => stream,
            Self::Encrypted(stream) => stream,
        }
    }

    fn writer(&mut self) -> &mut dyn Write {
        match self {
            Self::Clear(stream) => stream,
            Self::Encrypted(stream) => stream,
        }
    }
}

fn broken(error: impl std::error::Error + Send + Sync + 'static) -> CibError {
    io::Error::new(io::ErrorKind::InvalidData, error).into()
}

fn timed_out() -> CibError {
    io::Error::from(io::ErrorKind::TimedOut).into()
}

fn open(host: &str, port: u16) -> Result<TcpStream, CibError> {
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for address in (host, port).to_socket_addrs().map_err(CibError::Unreachable)? {
        match TcpStream::connect_timeout(&address, CONNECT_TIME) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(CibError::Unreachable(last))
}
