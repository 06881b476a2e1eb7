use std::{cell::Cell, io, rc::Rc, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split},
    net::TcpStream,
    sync::mpsc::{Sender, UnboundedReceiver},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use wire::{REMOTE_BODY_MAX, REMOTE_HEADER_SIZE, RemoteFrame};
use xml::{Element, Limits};

use super::{RemoteEvent, login};

/// How long a client has to log in.
const LOGIN_TIME: Duration = Duration::from_secs(10);
/// The most that a login may have.
const LOGIN_MAX: usize = 64 << 10;

/// What belongs to one connection.
pub(super) struct Pipe {
    pub(super) connection: u64,
    pub(super) events: Sender<RemoteEvent>,
    pub(super) queue: UnboundedReceiver<Vec<u8>>,
    pub(super) waiting: Rc<Cell<usize>>,
}

impl Pipe {
    /// Encrypts a connection, then serves it.
    pub(super) async fn serve_encrypted(self, stream: TcpStream, tls: TlsAcceptor) {
        let problem = match timeout(LOGIN_TIME, tls.accept(stream)).await {
            Ok(Ok(stream)) => return self.serve(stream).await,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it took too long".to_owned(),
        };
        let reason = Some(format!("a remote client was not let in: no encryption: {problem}"));
        self.close(false, reason).await;
    }

    /// Reads and writes until the client is gone.
    pub(super) async fn serve(mut self, stream: impl AsyncRead + AsyncWrite) {
        let (mut input, output) = split(stream);
        let (user, name) = match admit(&mut input).await {
            Ok(admitted) => admitted,
            Err(problem) => {
                let reason = Some(format!("a remote client was not let in: {problem}"));
                return self.close(false, reason).await;
            }
        };
        let admitted = RemoteEvent::LoggedIn { connection: self.connection, user, name };
        if self.events.send(admitted).await.is_err() {
            return;
        }
        let reason = tokio::select! {
            reason = read(self.connection, input, &self.events) => reason,
            () = write(output, &mut self.queue, &self.waiting) => None,
        };
        self.close(true, reason).await;
    }

    async fn close(self, was_known: bool, reason: Option<String>) {
        let event = RemoteEvent::Closed { connection: self.connection, was_known, reason };
        drop(self.events.send(event).await);
    }
}

/// Reads what a client sends until it is gone; why, if it is worth telling.
async fn read(
    connection: u64,
    mut input: impl AsyncRead + Unpin,
    events: &Sender<RemoteEvent>,
) -> Option<String> {
    loop {
        match message(&mut input, REMOTE_BODY_MAX).await {
            Ok(Some(body)) => {
                events.send(RemoteEvent::Message { connection, body }).await.ok()?;
            }
            Ok(None) => return None,
            Err(problem) => {
                return Some(format!("the connection to a remote client broke: {problem}"));
            }
        }
    }
}

/// The user who logs in, and the name of the client.
async fn admit(input: &mut (impl AsyncRead + Unpin)) -> Result<(String, Option<String>), String> {
    let first = timeout(LOGIN_TIME, message(input, LOGIN_MAX));
    let first = first.await.map_err(|_| "it did not log in in time".to_owned())??;
    let login = first.ok_or("it left without a word")?;
    let user = login::check(&login).await?;
    Ok((user, login.attr("name").map(str::to_owned)))
}

/// The next message; `None` at the end.
async fn message(
    input: &mut (impl AsyncRead + Unpin),
    limit: usize,
) -> Result<Option<Element>, String> {
    let mut bytes = vec![0; REMOTE_HEADER_SIZE];
    match input.read_exact(&mut bytes).await {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error.to_string()),
    }
    let size = RemoteFrame::size(&bytes, limit).map_err(|error| error.to_string())?;
    // Memory is taken as the bytes come, not as they are announced.
    let rest = size.saturating_sub(REMOTE_HEADER_SIZE);
    let read = input.take(rest as u64).read_to_end(&mut bytes).await;
    if read.map_err(|error| error.to_string())? != rest {
        return Err("a message ended too early".to_owned());
    }
    let frame = RemoteFrame::decode(&bytes).map_err(|error| error.to_string())?;
    let limits = Limits { bytes_max: limit, ..Limits::DOCUMENT };
    xml::parse_bytes(&frame.body, limits).map(Some).map_err(|error| error.to_string())
}

/// Writes what a client is to get until it is gone.
async fn write(
    mut output: impl AsyncWrite + Unpin,
    queue: &mut UnboundedReceiver<Vec<u8>>,
    waiting: &Cell<usize>,
) {
    while let Some(frame) = queue.recv().await {
        // Pacemaker's readers wait for the socket once they have a header: the body must come in other packets of TLS.
        let (header, body) = frame.split_at(REMOTE_HEADER_SIZE.min(frame.len()));
        for part in [header, body] {
            if output.write_all(part).await.is_err() || output.flush().await.is_err() {
                return;
            }
        }
        waiting.set(waiting.get().saturating_sub(frame.len()));
    }
}
