//! Packets that another process sends when this one is killed.
//!
//! A process that is killed says nothing, and the others have to wait until its silence is long enough. A second, tiny
//! process holds copies of the sockets and finished packets; the end of the first one ends the connection between them, and
//! that is when it sends them.

use std::{
    io::{self, IoSlice, IoSliceMut},
    mem::MaybeUninit,
    net::{IpAddr, SocketAddr},
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::process::CommandExt,
    },
    process::{Child, Command, Stdio},
};

use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};
use wire::{Reader, WireError, Writer};

use crate::{SocketId, Sockets, message};

/// Bytes of the biggest message between the two.
const MESSAGE_MAX: usize = 64 * 1024;
/// The most sockets that packets go out of.
const SOCKETS_MAX: usize = 8;
/// The most packets and addresses.
const ITEMS_MAX: usize = 4096;
/// How often each packet is sent: one may get lost.
const TIMES: usize = 2;

/// The process that sends the packets.
#[derive(Debug)]
pub struct LastWords {
    connection: OwnedFd,
    child: Child,
}

/// What is to be sent, and where to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Words {
    packets: Vec<Vec<u8>>,
    addresses: Vec<(SocketId, SocketAddr)>,
    sockets: Vec<SocketId>,
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

    /// The packets to be sent from now on, each to all of the addresses, in place of those before.
    pub fn keep(
        &self,
        packets: &[Vec<u8>],
        addresses: &[(SocketId, SocketAddr)],
        sockets: &Sockets,
    ) -> io::Result<()> {
        let mut ids: Vec<SocketId> = addresses.iter().map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        let (ids, descriptors): (Vec<_>, Vec<_>) = ids
            .into_iter()
            .filter_map(|id| Some((id, sockets.descriptor(id)?)))
            .take(SOCKETS_MAX)
            .unzip();
        let words =
            Words { packets: packets.to_vec(), addresses: addresses.to_vec(), sockets: ids };
        send_message(self.connection.as_fd(), &words.encode(), &descriptors)
    }

    /// Has the process end without a word, since this one says goodbye itself.
    pub fn dismiss(mut self) {
        // Nothing but that there is nothing to be sent. If it cannot be told it sends what others have heard already.
        let _ = send_message(self.connection.as_fd(), &Words::default().encode(), &[]);
        drop(self.connection);
        let _ = self.child.wait();
    }
}

/// The other process: waits on `connection` for packets to keep, and for its end to send them.
///
/// # Errors
///
/// The connection is none, or what comes over it is not from [`LastWords`].
pub fn say_last_words(connection: BorrowedFd<'_>) -> io::Result<()> {
    let mut words = Words::default();
    let mut descriptors = Vec::new();
    while let Some((message, came)) = receive_message(connection)? {
        words = Words::decode(&message).map_err(io::Error::other)?;
        descriptors = came;
    }
    for _ in 0..TIMES {
        for packet in &words.packets {
            for (id, to) in &words.addresses {
                let at = words.sockets.iter().position(|socket| socket == id);
                if let Some(socket) = at.and_then(|at| descriptors.get(at)) {
                    // Nobody is left to be told.
                    let _ = message::send(socket.as_fd(), packet, &[*to]);
                }
            }
        }
    }
    Ok(())
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
    fn encode(&self) -> Vec<u8> {
        let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let mut writer = Writer::new();
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
        writer.u32(count(self.sockets.len()));
        for id in &self.sockets {
            writer.u8(id.0);
        }
        writer.finish()
    }

    fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(bytes);
        let mut words = Self::default();
        for _ in 0..reader.count("packets", ITEMS_MAX)? {
            let length = reader.count("packet", MESSAGE_MAX)?;
            words.packets.push(reader.bytes(length)?.to_vec());
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
            words.addresses.push((id, SocketAddr::new(ip, port)));
        }
        for _ in 0..reader.count("sockets", SOCKETS_MAX)? {
            words.sockets.push(SocketId(reader.u8()?));
        }
        Ok(words)
    }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;

    fn words() -> Words {
        Words {
            packets: vec![b"goodbye".to_vec(), Vec::new()],
            addresses: vec![
                (SocketId(0), "127.0.0.1:5405".parse().unwrap()),
                (SocketId(1), "[::1]:5406".parse().unwrap()),
            ],
            sockets: vec![SocketId(0), SocketId(1)],
        }
    }

    #[test]
    fn words_come_as_they_were_given() {
        let bytes = words().encode();
        assert_eq!(Words::decode(&bytes), Ok(words()));
        for length in 0..bytes.len() {
            assert!(Words::decode(&bytes[..length]).is_err(), "{length}");
        }
    }

    fn pair() -> (OwnedFd, OwnedFd) {
        socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap()
    }

    #[test]
    fn the_end_of_the_connection_sends_the_latest_words() {
        let listener = UdpSocket::bind("127.0.0.1:0").unwrap();
        let speaker = UdpSocket::bind("127.0.0.1:0").unwrap();
        let (daemon, watcher) = pair();
        for text in ["first", "second"] {
            let words = Words {
                packets: vec![text.as_bytes().to_vec()],
                addresses: vec![(SocketId(0), listener.local_addr().unwrap())],
                sockets: vec![SocketId(0)],
            };
            send_message(daemon.as_fd(), &words.encode(), &[speaker.as_fd()]).unwrap();
        }
        let from = speaker.local_addr().unwrap();
        drop((daemon, speaker));
        say_last_words(watcher.as_fd()).unwrap();
        let mut heard = [0; 16];
        for _ in 0..TIMES {
            let (length, sender) = listener.recv_from(&mut heard).unwrap();
            assert_eq!((&heard[..length], sender), (&b"second"[..], from));
        }
    }

    #[test]
    fn who_is_dismissed_says_nothing() {
        let listener = UdpSocket::bind("127.0.0.1:0").unwrap();
        let (daemon, watcher) = pair();
        let words = Words {
            packets: vec![b"x".to_vec()],
            addresses: vec![(SocketId(0), listener.local_addr().unwrap())],
            sockets: vec![SocketId(0)],
        };
        send_message(daemon.as_fd(), &words.encode(), &[listener.as_fd()]).unwrap();
        send_message(daemon.as_fd(), &Words::default().encode(), &[]).unwrap();
        drop(daemon);
        say_last_words(watcher.as_fd()).unwrap();
        listener.set_nonblocking(true).unwrap();
        assert!(listener.recv_from(&mut [0; 16]).is_err());
    }
}
