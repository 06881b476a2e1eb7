//! Packets that another process sends when this one is killed, or does not get on.
//!
//! A process that is killed says nothing, and the others have to wait until its silence is long enough. A second, tiny
//! process holds copies of the sockets and finished packets; the end of the first one ends the connection between them, and
//! that is when it sends them.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, IoSlice, IoSliceMut},
    mem::MaybeUninit,
    net::{IpAddr, SocketAddr},
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::process::CommandExt,
    },
    process::{Child, Command, Stdio},
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    net::{
        AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
        SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
    },
    process::Pid,
};
use wire::{Reader, WireError, Writer};

use crate::{SocketId, Sockets, message};

/// Bytes of the biggest message between the two.
const MESSAGE_MAX: usize = 64 * 1024;
/// The most sockets that packets go out of.
const SOCKETS_MAX: usize = 8;
/// The most packets and addresses.
const ITEMS_MAX: usize = 4096;
/// How often a farewell is sent: one may get lost.
const TIMES: usize = 2;
/// Kinds of messages between the two.
const TICK: u8 = 1;
const KEEP: u8 = 2;

/// The process that sends the packets. It also looks whether this one gets on, and says when it does not.
#[derive(Debug)]
pub struct LastWords {
    connection: OwnedFd,
    child: Child,
}

/// Packets, each to be sent to all of the addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Saying {
    /// The packets.
    pub packets: Vec<Vec<u8>>,
    /// Where to, and out of which socket.
    pub addresses: Vec<(SocketId, SocketAddr)>,
}

/// What the other process is to say, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// When this process is gone.
    pub farewell: Saying,
    /// When somebody has stopped it.
    pub stopped: Saying,
    /// When it does not get on.
    pub late: Saying,
    /// How long it may be without [`LastWords::tick`] until one of the last two is said; zero for ever.
    pub patience: Duration,
}

/// What one process tells the other.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Message {
    /// What to say from now on; the sockets are those whose descriptors come along.
    Keep(Words, Vec<SocketId>),
    /// The first process gets on.
    Tick,
}

impl LastWords {
    /// Starts the process: `command` has to call [`say_last_words`].
    pub fn start(mut command: Command) -> io::Result<Self> {
        let (ours, theirs) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        // In a group of its own, so that what ends this process by its group leaves that one.
        let child = command
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        Ok(Self { connection: ours, child })
    }

    /// What to say from now on, in place of what was kept before.
    pub fn keep(&self, words: &Words, sockets: &Sockets) -> io::Result<()> {
        let addresses = words.sayings().into_iter().flat_map(|saying| &saying.addresses);
        let ids: BTreeSet<SocketId> = addresses.map(|(id, _)| *id).collect();
        let (ids, descriptors): (Vec<_>, Vec<_>) = ids
            .into_iter()
            .filter_map(|id| Some((id, sockets.descriptor(id)?)))
            .take(SOCKETS_MAX)
            .unzip();
        let message = Message::Keep(words.clone(), ids).encode();
        send_message(self.connection.as_fd(), &message, &descriptors)
    }

    /// This process gets on.
    pub fn tick(&self) -> io::Result<()> {
        send_message(self.connection.as_fd(), &Message::Tick.encode(), &[])
    }

    /// Has the process end without a word, since this one says goodbye itself.
    pub fn dismiss(mut self) {
        // Nothing but that there is nothing to be sent. If it cannot be told it sends what others have heard already.
        let _ = send_message(self.connection.as_fd(), &dismissal(), &[]);
        drop(self.connection);
        let _ = self.child.wait();
    }
}

/// Words that say nothing.
fn dismissal() -> Vec<u8> {
    Message::Keep(Words::default(), Vec::new()).encode()
}

/// The other process: waits on `connection` for what to keep and for signs of life, and says what there is to say.
///
/// # Errors
///
/// The connection is none, or what comes over it is not from [`LastWords`].
pub fn say_last_words(connection: BorrowedFd<'_>) -> io::Result<()> {
    let first = rustix::process::getppid();
    let mut keeper = Keeper::default();
    loop {
        if !wait_for_message(connection, keeper.words.patience)? {
            match condition(first) {
                Condition::Stopped => keeper.say(&keeper.words.stopped, 1),
                Condition::Late => keeper.say(&keeper.words.late, 1),
            }
            continue;
        }
        let Some((message, descriptors)) = receive_message(connection)? else { break };
        if let Message::Keep(words, sockets) =
            Message::decode(&message).map_err(io::Error::other)?
        {
            keeper = Keeper { words, sockets: sockets.into_iter().zip(descriptors).collect() };
        }
    }
    keeper.say(&keeper.words.farewell, TIMES);
    Ok(())
}

/// What is kept, with the sockets it goes out of.
#[derive(Default)]
struct Keeper {
    words: Words,
    sockets: BTreeMap<SocketId, OwnedFd>,
}

impl Keeper {
    fn say(&self, saying: &Saying, times: usize) {
        for _ in 0..times {
            for packet in &saying.packets {
                for (id, to) in &saying.addresses {
                    if let Some(socket) = self.sockets.get(id) {
                        // Nobody is left to be told.
                        let _ = message::send(socket.as_fd(), packet, &[*to]);
                    }
                }
            }
        }
    }
}

/// Why a process may give no sign of life.
enum Condition {
    Stopped,
    Late,
}

fn condition(process: Option<Pid>) -> Condition {
    let path = process.map(|pid| format!("/proc/{}/stat", pid.as_raw_nonzero()));
    let text = path.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
    // The state stands behind the name, which may hold anything.
    let state = text.rsplit(") ").next().and_then(|rest| rest.chars().next());
    if matches!(state, Some('T' | 't')) { Condition::Stopped } else { Condition::Late }
}

/// Waits for a message or the end; false if there is none within that time.
fn wait_for_message(connection: BorrowedFd<'_>, patience: Duration) -> io::Result<bool> {
    let limit = Timespec::try_from(patience).ok().filter(|_| !patience.is_zero());
    let mut wanted = [PollFd::new(&connection, PollFlags::IN)];
    loop {
        match poll(&mut wanted, limit.as_ref()) {
            Err(rustix::io::Errno::INTR) => {}
            result => return Ok(result? > 0),
        }
    }
}

fn send_message(
    connection: BorrowedFd<'_>,
    message: &[u8],
    descriptors: &[BorrowedFd<'_>],
) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(SOCKETS_MAX))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() {
        ancillary.push(SendAncillaryMessage::ScmRights(descriptors));
    }
    let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
    sendmsg(connection, &[IoSlice::new(message)], &mut ancillary, flags)?;
    Ok(())
}

/// The next message with the descriptors that came along; `None` at the end.
fn receive_message(connection: BorrowedFd<'_>) -> io::Result<Option<(Vec<u8>, Vec<OwnedFd>)>> {
    let mut message = vec![0; MESSAGE_MAX];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(SOCKETS_MAX))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let received = loop {
        let mut parts = [IoSliceMut::new(&mut message)];
        match recvmsg(connection, &mut parts, &mut ancillary, RecvFlags::CMSG_CLOEXEC) {
            Err(rustix::io::Errno::INTR) => {}
            result => break result?,
        }
    };
    if received.bytes == 0 {
        return Ok(None);
    }
    message.truncate(received.bytes);
    let descriptors = ancillary.drain().filter_map(|part| match part {
        RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
        _ => None,
    });
    Ok(Some((message, descriptors.flatten().collect())))
}

impl Words {
    fn sayings(&self) -> [&Saying; 3] {
        [&self.farewell, &self.stopped, &self.late]
    }
}

impl Message {
    fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        let Self::Keep(words, sockets) = self else {
            writer.u8(TICK);
            return writer.finish();
        };
        writer.u8(KEEP).u32(u32::try_from(words.patience.as_millis()).unwrap_or(u32::MAX));
        for saying in words.sayings() {
            saying.write(&mut writer);
        }
        writer.u32(count(sockets.len()));
        for id in sockets {
            writer.u8(id.0);
        }
        writer.finish()
    }

    fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(bytes);
        match reader.u8()? {
            TICK => return Ok(Self::Tick),
            KEEP => {}
            other => return Err(WireError::Invalid { field: "message", value: other.into() }),
        }
        let patience = Duration::from_millis(reader.u32()?.into());
        let farewell = Saying::read(&mut reader)?;
        let stopped = Saying::read(&mut reader)?;
        let late = Saying::read(&mut reader)?;
        let sockets = reader.count("sockets", SOCKETS_MAX)?;
        let sockets = (0..sockets).map(|_| Ok(SocketId(reader.u8()?))).collect::<Result<_, _>>()?;
        Ok(Self::Keep(Words { farewell, stopped, late, patience }, sockets))
    }
}

impl Saying {
    fn write(&self, writer: &mut Writer) {
        writer.u32(count(self.packets.len()));
        for packet in &self.packets {
            writer.u32(count(packet.len())).bytes(packet);
        }
        writer.u32(count(self.addresses.len()));
        for (id, address) in &self.addresses {
            writer.u8(id.0).u16(address.port());
            match address.ip() {
                IpAddr::V4(ip) => writer.u8(4).bytes(&ip.octets()),
                IpAddr::V6(ip) => writer.u8(6).bytes(&ip.octets()),
            };
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let mut saying = Self::default();
        for _ in 0..reader.count("packets", ITEMS_MAX)? {
            let length = reader.count("packet", MESSAGE_MAX)?;
            saying.packets.push(reader.bytes(length)?.to_vec());
        }
        for _ in 0..reader.count("addresses", ITEMS_MAX)? {
            let id = SocketId(reader.u8()?);
            let port = reader.u16()?;
            let ip: IpAddr = match reader.u8()? {
                4 => reader.u32()?.to_ne_bytes().into(),
                6 => {
                    let mut octets = [0; 16];
                    octets.copy_from_slice(reader.bytes(16)?);
                    octets.into()
                }
                other => {
                    return Err(WireError::Invalid { field: "IP version", value: other.into() });
                }
            };
            saying.addresses.push((id, SocketAddr::new(ip, port)));
        }
        Ok(saying)
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::{net::UdpSocket, thread};

    use super::*;

    fn saying(text: &str, to: SocketAddr) -> Saying {
        Saying { packets: vec![text.as_bytes().to_vec()], addresses: vec![(SocketId(0), to)] }
    }

    fn keep(connection: &OwnedFd, words: Words, socket: &UdpSocket) {
        let message = Message::Keep(words, vec![SocketId(0)]).encode();
        send_message(connection.as_fd(), &message, &[socket.as_fd()]).unwrap();
    }

    #[test]
    fn messages_come_as_they_were_given() {
        let words = Words {
            farewell: saying("goodbye", "127.0.0.1:5405".parse().unwrap()),
            stopped: saying("stopped", "[::1]:5406".parse().unwrap()),
            late: Saying::default(),
            patience: Duration::from_millis(800),
        };
        for message in [Message::Tick, Message::Keep(words, vec![SocketId(0), SocketId(1)])] {
            let bytes = message.encode();
            assert_eq!(Message::decode(&bytes), Ok(message));
            for length in 0..bytes.len() {
                assert!(Message::decode(&bytes[..length]).is_err(), "{length}");
            }
        }
    }

    fn pair() -> (OwnedFd, OwnedFd) {
        socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap()
    }

    fn heard(listener: &UdpSocket) -> (String, SocketAddr) {
        let mut bytes = [0; 16];
        let (length, sender) = listener.recv_from(&mut bytes).unwrap();
        (String::from_utf8_lossy(&bytes[..length]).into_owned(), sender)
    }

    #[test]
    fn the_end_of_the_connection_sends_the_latest_words() {
        let listener = UdpSocket::bind("127.0.0.1:0").unwrap();
        let speaker = UdpSocket::bind("127.0.0.1:0").unwrap();
        let (daemon, watcher) = pair();
        for text in ["first", "second"] {
            let farewell = saying(text, listener.local_addr().unwrap());
            keep(&daemon, Words { farewell, ..Words::default() }, &speaker);
        }
        send_message(daemon.as_fd(), &Message::Tick.encode(), &[]).unwrap();
        let from = speaker.local_addr().unwrap();
        drop((daemon, speaker));
        say_last_words(watcher.as_fd()).unwrap();
        for _ in 0..TIMES {
            assert_eq!(heard(&listener), ("second".to_owned(), from));
        }
    }

    #[test]
    fn silence_is_told_before_the_end() {
        let listener = UdpSocket::bind("127.0.0.1:0").unwrap();
        let (daemon, watcher) = pair();
        let address = listener.local_addr().unwrap();
        let words = Words {
            late: saying("late", address),
            patience: Duration::from_millis(1),
            ..Words::default()
        };
        keep(&daemon, words, &listener);
        // Nobody has stopped the process that started the tests.
        let watching = thread::spawn(move || say_last_words(watcher.as_fd()));
        assert_eq!(heard(&listener).0, "late");
        drop(daemon);
        watching.join().unwrap().unwrap();
    }

    #[test]
    fn who_is_dismissed_says_nothing() {
        let listener = UdpSocket::bind("127.0.0.1:0").unwrap();
        let (daemon, watcher) = pair();
        let farewell = saying("x", listener.local_addr().unwrap());
        keep(&daemon, Words { farewell, ..Words::default() }, &listener);
        send_message(daemon.as_fd(), &dismissal(), &[]).unwrap();
        drop(daemon);
        say_last_words(watcher.as_fd()).unwrap();
        listener.set_nonblocking(true).unwrap();
        assert!(listener.recv_from(&mut [0; 16]).is_err());
    }
}
