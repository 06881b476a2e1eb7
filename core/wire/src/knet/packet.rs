use crate::{Reader, WireError};

const VERSION: u8 = 1;

const DATA: u8 = 0x00;
const PING: u8 = 0x81;
const PONG: u8 = 0x82;
const PROBE: u8 = 0x83;
const PROBE_ANSWER: u8 = 0x84;

/// What one node sends another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Who sends it.
    pub node: u16,
    /// What it says.
    pub body: Body<'a>,
}

/// What a packet says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body<'a> {
    /// A frame or a part of one.
    Data(Data<'a>),
    /// Are you there?
    Ping(Heartbeat),
    /// Here I am; what the ping said comes back unchanged.
    Pong(Heartbeat),
    /// Does a packet of this size arrive? It is filled up to that size.
    Probe(Probe),
    /// It does.
    ProbeAnswer(Probe),
}

/// A frame or a part of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Data<'a> {
    /// The number of the frame, the same in all parts; 1 follows 65,535, and 0 is never used.
    pub sequence: u16,
    /// The number of what compressed the frame (before it was cut); 0 for nothing.
    pub compression: u8,
    /// Whether it is for all nodes.
    pub broadcast: bool,
    /// Which of the sender's sockets it belongs to; corosync uses 0.
    pub channel: u8,
    /// Which part.
    pub part: Part,
    /// The bytes.
    pub payload: &'a [u8],
}

/// Which part of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Counted from 0, below `count`.
    pub index: u8,
    /// How many there are, at least 1. All but the last are of one size.
    pub count: u8,
}

impl Part {
    /// All of a frame.
    pub const WHOLE: Self = Self { index: 0, count: 1 };

    /// Whether it is the one that may be shorter.
    pub const fn is_last(self) -> bool {
        self.index + 1 == self.count
    }

    /// Libknet counts parts from 1, but the only part of a frame is 0.
    fn on_wire(self) -> (u8, u8) {
        if self.count == 1 { (1, 0) } else { (self.count, self.index + 1) }
    }

    fn read(count: u8, number: u8) -> Result<Self, WireError> {
        if count <= 1 {
            Ok(Self::WHOLE)
        } else if number == 0 || number > count {
            Err(WireError::Invalid { field: "number of a part", value: number.into() })
        } else {
            Ok(Self { index: number - 1, count })
        }
    }
}

/// A ping or the answer to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// Over which link.
    pub link: u8,
    /// Whatever the asker likes. Libknet writes seconds and nanoseconds of its monotonic clock.
    pub stamp: Stamp,
    /// The number of the last frame that the asker sent; 0 if it has sent none since its start.
    pub sequence: u16,
    /// Whether it was sent because it was time, not because many frames were sent.
    pub is_timed: bool,
}

/// What a ping carries and its answer gives back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp(pub u64, pub u64);

/// A packet that tries a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Over which link.
    pub link: u8,
    /// The size of the whole IP packet. (Libknet leaves it in the host's byte order; only the asker reads it.)
    pub size: u16,
}

impl<'a> Packet<'a> {
    /// Takes a packet apart.
    pub fn read(bytes: &'a [u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(bytes);
        let version = reader.u8()?;
        if version != VERSION {
            return Err(WireError::Invalid { field: "version", value: version.into() });
        }
        let kind = reader.u8()?;
        let node = u16::from_be(reader.u16()?);
        reader.bytes(2)?;
        let body = match kind {
            DATA => Body::Data(Data::read(&mut reader)?),
            PING => Body::Ping(Heartbeat::read(&mut reader)?),
            PONG => Body::Pong(Heartbeat::read(&mut reader)?),
            PROBE => Body::Probe(Probe::read(&mut reader)?),
            PROBE_ANSWER => Body::ProbeAnswer(Probe::read(&mut reader)?),
            other => {
                return Err(WireError::Invalid { field: "kind of packet", value: other.into() });
            }
        };
        Ok(Self { node, body })
    }

    /// Puts the packet behind what is in `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        let kind = match self.body {
            Body::Data(_) => DATA,
            Body::Ping(_) => PING,
            Body::Pong(_) => PONG,
            Body::Probe(_) => PROBE,
            Body::ProbeAnswer(_) => PROBE_ANSWER,
        };
        out.extend([VERSION, kind]);
        out.extend(self.node.to_be_bytes());
        out.extend([0, 0]);
        match &self.body {
            Body::Data(data) => data.write(out),
            Body::Ping(heartbeat) | Body::Pong(heartbeat) => heartbeat.write(out),
            Body::Probe(probe) | Body::ProbeAnswer(probe) => probe.write(out),
        }
    }
}

impl<'a> Data<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, WireError> {
        let sequence = u16::from_be(reader.u16()?);
        let compression = reader.u8()?;
        reader.u8()?;
        let broadcast = reader.u8()? != 0;
        let count = reader.u8()?;
        let part = Part::read(count, reader.u8()?)?;
        let channel = reader.u8()?;
        Ok(Self { sequence, compression, broadcast, channel, part, payload: reader.rest() })
    }

    fn write(&self, out: &mut Vec<u8>) {
        let (count, number) = self.part.on_wire();
        out.extend(self.sequence.to_be_bytes());
        out.extend([self.compression, 0, self.broadcast.into(), count, number, self.channel]);
        out.extend_from_slice(self.payload);
    }
}

impl Heartbeat {
    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        Ok(Self {
            link: reader.u8()?,
            stamp: Stamp(reader.u64()?, reader.u64()?),
            sequence: u16::from_be(reader.u16()?),
            is_timed: reader.u8()? != 0,
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(self.link);
        out.extend(self.stamp.0.to_ne_bytes());
        out.extend(self.stamp.1.to_ne_bytes());
        out.extend(self.sequence.to_be_bytes());
        out.push(self.is_timed.into());
    }
}

impl Probe {
    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        Ok(Self { link: reader.u8()?, size: reader.u16()? })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(self.link);
        out.extend(self.size.to_ne_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(node: u16, body: Body<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        Packet { node, body }.write(&mut out);
        out
    }

    const HEARTBEAT: Heartbeat =
        Heartbeat { link: 3, stamp: Stamp(7, 9), sequence: 0x0102, is_timed: true };

    #[test]
    fn a_whole_frame_is_part_0_of_1() {
        let body = Body::Data(Data {
            sequence: 0x1234,
            compression: 6,
            broadcast: true,
            channel: 0,
            part: Part::WHOLE,
            payload: b"abc",
        });
        let bytes = written(0x0201, body);
        assert_eq!(bytes, b"\x01\x00\x02\x01\0\0\x12\x34\x06\0\x01\x01\0\0abc");
        assert_eq!(Packet::read(&bytes), Ok(Packet { node: 0x0201, body }));
    }

    #[test]
    fn parts_are_counted_from_1() {
        let data = |index| Data {
            sequence: 1,
            compression: 0,
            broadcast: false,
            channel: 1,
            part: Part { index, count: 255 },
            payload: b"x",
        };
        for index in [0, 254] {
            let bytes = written(1, Body::Data(data(index)));
            assert_eq!(bytes[12], index + 1);
            assert_eq!(Packet::read(&bytes).unwrap().body, Body::Data(data(index)));
        }
        let mut bytes = written(1, Body::Data(data(0)));
        bytes[12] = 0;
        assert!(Packet::read(&bytes).is_err(), "there is no part 0 of several");
        bytes[11..13].copy_from_slice(&[3, 4]);
        assert!(Packet::read(&bytes).is_err(), "there is no part 4 of 3");
    }

    #[test]
    fn heartbeats_and_probes_come_back() {
        let probe = Probe { link: 1, size: 1500 };
        for (body, size) in [
            (Body::Ping(HEARTBEAT), 26),
            (Body::Pong(HEARTBEAT), 26),
            (Body::Probe(probe), 9),
            (Body::ProbeAnswer(probe), 9),
        ] {
            let bytes = written(5, body);
            assert_eq!(bytes.len(), size);
            assert_eq!(Packet::read(&bytes), Ok(Packet { node: 5, body }));
            assert!(Packet::read(&bytes[..size - 1]).is_err());
        }
    }

    #[test]
    fn what_is_not_version_1_or_unknown_is_refused() {
        let bytes = written(5, Body::Ping(HEARTBEAT));
        for (at, value) in [(0, 2), (1, 0x85), (1, 0x80), (1, 1)] {
            let mut bytes = bytes.clone();
            bytes[at] = value;
            assert!(Packet::read(&bytes).is_err(), "{value:#x} at {at}");
        }
    }
}
