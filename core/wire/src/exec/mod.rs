//! Messages between the daemons of a ring, as they are given to the ring and come out of it.
//!
//! In front stands an envelope: which of the two channels the message is for. Behind it follows a structure of the C
//! daemons: a header `{id, size}` with `id = service << 16 | function`, every field at a multiple of eight bytes, counted
//! from the header. [`Outgoing`] and [`Incoming`] hold a message with its envelope, so that none has to be copied to get
//! into or out of it.

pub mod cfg;
pub mod cmap;
pub mod cpg;
pub mod presence;
pub mod sync;
pub mod votequorum;

use crate::{Reader, WireError, Writer, qb};

/// Bytes of the header in front of each message.
pub const HEADER_SIZE: usize = qb::REQUEST_HEADER_SIZE;
/// The most channels one message may be for.
const CHANNELS_MAX: u16 = 32;
/// The most nodes a ring may have.
const NODES_MAX: usize = 384;

/// Which part of the daemons a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// The services: the header says which.
    Services,
    /// The barrier between services after a change of membership.
    Sync,
}

impl Channel {
    const fn name(self) -> &'static [u8] {
        match self {
            Self::Services => b"a",
            Self::Sync => b"sync",
        }
    }

    const fn envelope_size(self) -> usize {
        4 + self.name().len()
    }

    /// Starts a buffer with the envelope; `body` bytes are going to follow.
    fn envelope(self, body: usize) -> Writer {
        let name = self.name();
        let mut writer = Writer::with_capacity(self.envelope_size() + body);
        // Names are of one or four bytes.
        writer.u16(1).u16(name.len() as u16).bytes(name);
        writer
    }
}

/// A service of the daemons. The number is the one in headers and in the list of services to synchronise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// The map of keys and values.
    Cmap,
    /// Management of the daemon.
    Cfg,
    /// Closed process groups.
    Cpg,
    /// Whether there is quorum.
    Quorum,
    /// The votes behind quorum.
    Votequorum,
}

impl Service {
    /// Every service that we have.
    pub const ALL: [Self; 5] = [Self::Cmap, Self::Cfg, Self::Cpg, Self::Quorum, Self::Votequorum];

    /// The number.
    pub const fn number(self) -> u16 {
        match self {
            Self::Cmap => 0,
            Self::Cfg => 1,
            Self::Cpg => 2,
            Self::Quorum => 3,
            Self::Votequorum => 5,
        }
    }

    /// The service with that number, if we have it.
    pub const fn from_number(number: u16) -> Option<Self> {
        match number {
            0 => Some(Self::Cmap),
            1 => Some(Self::Cfg),
            2 => Some(Self::Cpg),
            3 => Some(Self::Quorum),
            5 => Some(Self::Votequorum),
            _ => None,
        }
    }

    /// How the C daemon calls it in its log.
    pub const fn full_name(self) -> &'static str {
        match self {
            Self::Cmap => "corosync configuration map access",
            Self::Cfg => "corosync configuration service",
            Self::Cpg => "corosync cluster closed process group service v1.01",
            Self::Quorum => "corosync cluster quorum service v0.1",
            Self::Votequorum => "corosync vote quorum service v1.0",
        }
    }
}

/// What stands in front of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The number of the service; see [`Service::from_number`].
    pub service: u16,
    /// What it is for that service.
    pub function: u16,
    /// Bytes of the message, this header included.
    pub size: usize,
}

impl Header {
    /// Reads the header and checks that the message is all there.
    pub fn decode(message: &[u8]) -> Result<Self, WireError> {
        let header = qb::RequestHeader::decode(message)?;
        let id = header.id.cast_unsigned();
        Ok(Self { service: (id >> 16) as u16, function: (id & 0xffff) as u16, size: header.size })
    }
}

/// Starts a message of a service; end it with [`Writer::finish_structure`] or [`Writer::finish_message`].
pub fn start(service: Service, function: u16) -> Writer {
    Writer::request(id(service, function))
}

fn id(service: Service, function: u16) -> i32 {
    i32::from(service.number()) << 16 | i32::from(function)
}

/// Checks that a message is for that service; gives the function and a reader at the first byte behind the header.
pub fn fields(message: &[u8], service: Service) -> Result<(u16, Reader<'_>), WireError> {
    let header = Header::decode(message)?;
    if header.service != service.number() {
        return Err(WireError::Invalid { field: "service", value: header.service.into() });
    }
    let mut reader = Reader::new(message.get(..header.size).unwrap_or_default());
    reader.seek(HEADER_SIZE);
    Ok((header.function, reader))
}

/// A message with its envelope, ready for the ring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    bytes: Vec<u8>,
    channel: Channel,
}

impl Outgoing {
    /// Puts a message that has its header into an envelope. Copies it.
    pub fn wrap(channel: Channel, message: &[u8]) -> Self {
        let mut writer = channel.envelope(message.len());
        writer.bytes(message);
        Self { bytes: writer.finish(), channel }
    }

    /// Which part of the daemons it is for.
    pub fn channel(&self) -> Channel {
        self.channel
    }

    /// The message, from its header on.
    pub fn message(&self) -> &[u8] {
        self.bytes.get(self.channel.envelope_size()..).unwrap_or_default()
    }

    /// The bytes, as the ring takes them.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// A message with its envelope, as the ring delivers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    bytes: Vec<u8>,
    channel: Channel,
    body: usize,
}

impl Incoming {
    /// Reads the envelope. The message behind it is not looked at.
    ///
    /// A message for several channels goes to the first that we know; no C daemon sends such a one. One in the other
    /// byte order is refused.
    pub fn open(bytes: Vec<u8>) -> Result<Self, WireError> {
        let mut reader = Reader::new(&bytes);
        let count = reader.u16()?;
        if count == 0 || count > CHANNELS_MAX {
            return Err(WireError::Invalid { field: "channels", value: count.into() });
        }
        let mut names = Reader::new(&bytes);
        let lengths = 2 * usize::from(count);
        names.seek(2 + lengths);
        let mut body = 2 + lengths;
        let mut channel = None;
        for _ in 0..count {
            let length = usize::from(reader.u16()?);
            let name = names.bytes(length)?;
            body += length;
            let known = [Channel::Services, Channel::Sync];
            channel = channel.or_else(|| known.into_iter().find(|known| known.name() == name));
        }
        let channel = channel.ok_or(WireError::Invalid { field: "channel", value: -1 })?;
        Ok(Self { bytes, channel, body })
    }

    /// Which part of the daemon it is for.
    pub fn channel(&self) -> Channel {
        self.channel
    }

    /// The message, from its header on.
    pub fn message(&self) -> &[u8] {
        self.bytes.get(self.body..).unwrap_or_default()
    }
}

impl From<Outgoing> for Incoming {
    /// What comes back of a message that was sent.
    fn from(message: Outgoing) -> Self {
        let Outgoing { bytes, channel } = message;
        Self { bytes, channel, body: channel.envelope_size() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn envelopes_are_those_of_the_c_daemon() {
        let message = start(Service::Votequorum, 1).finish_structure();
        assert_eq!(Header::decode(&message).map(|header| header.function), Ok(1));
        for (channel, envelope) in [(Channel::Services, &b"a"[..]), (Channel::Sync, b"sync")] {
            let sent = Outgoing::wrap(channel, &message);
            assert_eq!(sent.message(), message);
            let mut expected = 1_u16.to_ne_bytes().to_vec();
            expected.extend((envelope.len() as u16).to_ne_bytes());
            expected.extend(envelope);
            let bytes = sent.clone().into_bytes();
            assert!(bytes.starts_with(&expected));
            let heard = Incoming::open(bytes).unwrap();
            assert_eq!((heard.channel(), heard.message()), (channel, &message[..]));
            assert_eq!(Incoming::from(sent), heard);
        }
    }

    #[test]
    fn envelopes_that_lie_are_refused() {
        let words = |words: &[u16]| words.iter().flat_map(|w| w.to_ne_bytes()).collect::<Vec<_>>();
        for bytes in [
            vec![],
            words(&[0]),
            words(&[1]),
            words(&[1, 1]),
            words(&[1, u16::MAX, 1]),
            words(&[256, 256]),
            words(&[33]),
            [words(&[1, 1]), b"b".to_vec()].concat(),
            [words(&[2, 1, 9]), b"a".to_vec()].concat(),
        ] {
            assert!(Incoming::open(bytes.clone()).is_err(), "{bytes:?}");
        }
        let two = [words(&[2, 1, 1]), b"bax".to_vec()].concat();
        assert_eq!(Incoming::open(two).unwrap().message(), b"x");
    }

    #[test]
    fn services_have_their_numbers() {
        for service in Service::ALL {
            assert_eq!(Service::from_number(service.number()), Some(service));
        }
        let message = start(Service::Votequorum, 4).finish_structure();
        assert_eq!(message[..4], (5_i32 << 16 | 4).to_ne_bytes());
        assert!(fields(&message, Service::Cpg).is_err());
        assert_eq!(fields(&message, Service::Votequorum).unwrap().0, 4);
    }
}
