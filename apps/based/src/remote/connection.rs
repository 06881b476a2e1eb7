use std::{cell::Cell, io, rc::Rc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::tcp::{OwnedReadHalf, OwnedWriteHalf},
    sync::mpsc::{Sender, UnboundedReceiver},
    time::timeout,
};
use wire::{REMOTE_BODY_MAX, REMOTE_HEADER_SIZE, RemoteFrame};
use xml::{Element, Limits};

use super::{RemoteEvent, login};

/// How long a client has to log in.
const LOGIN_TIME: Duration = Duration::from_secs(10);
/// The most that a login may have.
const LOGIN_MAX: usize = 64 << 10;

/// Reads what a client sends until it is gone.
pub(super) async fn read(connection: u64, mut input: OwnedReadHalf, events: Sender<RemoteEvent>) {
    let user = match admit(&mut input).await {
        Ok(user) => user,
        Err(problem) => {
            let reason = Some(format!("a remote client was not let in: {problem}"));
            let event = RemoteEvent::Closed { connection, was_known: false, reason };
            return drop(events.send(event).await);
        }
    };
    let mut open = events.send(RemoteEvent::LoggedIn { connection, user }).await.is_ok();
    let mut reason = None;
    while open {
        match message(&mut input, REMOTE_BODY_MAX).await {
            Ok(Some(body)) => {
                open = events.send(RemoteEvent::Message { connection, body }).await.is_ok();
            }
            Ok(None) => break,
            Err(problem) => {
                reason = Some(format!("the connection to a remote client broke: {problem}"));
                break;
            }
        }
    }
    let event = RemoteEvent::Closed { connection, was_known: true, reason };
    drop(events.send(event).await);
}

/// The user who logs in.
async fn admit(input: &mut OwnedReadHalf) -> Result<String, String> {
    let first = timeout(LOGIN_TIME, message(input, LOGIN_MAX));
    let first = first.await.map_err(|_| "it did not log in in time".to_owned())??;
    let login = first.ok_or("it left without a word")?;
    login::check(&login).await
}

/// The next message; `None` at the end.
async fn message(input: &mut OwnedReadHalf, limit: usize) -> Result<Option<Element>, String> {
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
pub(super) async fn write(
    mut output: OwnedWriteHalf,
    mut queue: UnboundedReceiver<Vec<u8>>,
    waiting: Rc<Cell<usize>>,
) {
    while let Some(frame) = queue.recv().await {
        if output.write_all(&frame).await.is_err() {
            return;
        }
        waiting.set(waiting.get().saturating_sub(frame.len()));
    }
}
