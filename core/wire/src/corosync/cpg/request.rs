use super::{GroupName, Guarantee, Part};
use crate::{
    Reader, WireError, Writer,
    corosync::{Status, encode_status, entries, request, unknown},
};

const JOIN: i32 = 0;
const LEAVE: i32 = 1;
const MULTICAST: i32 = 2;
const MEMBERSHIP: i32 = 3;
const LOCAL_GET: i32 = 4;
const ITERATION: i32 = 5;
const ITERATION_NEXT: i32 = 6;
const ITERATION_END: i32 = 7;
const FINALIZE: i32 = 8;
const ZERO_COPY_ALLOCATE: i32 = 9;
const ZERO_COPY_FREE: i32 = 10;
const ZERO_COPY_SEND: i32 = 11;
const PARTIAL_MULTICAST: i32 = 12;
/// Where a request for a walk says what it goes over: behind the header and a group's name.
const ITERATION_TYPE_AT: usize = 152;
/// Bytes in front of the fields of the two requests that carry a payload: they have the longer header of answers.
const PAYLOAD_HEADER_SIZE: usize = 24;

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// To be in a group. Answered with a status.
    Join {
        /// The group.
        group: GroupName,
        /// The client's process id.
        pid: u32,
        /// 1 to get the ring's membership at once, else 0.
        flags: u32,
    },
    /// To be in a group no longer. Answered with a status.
    Leave {
        /// The group.
        group: GroupName,
        /// The client's process id.
        pid: u32,
    },
    /// A message to the group. Not answered.
    Multicast {
        /// Its order.
        guarantee: Guarantee,
        /// The message.
        payload: Vec<u8>,
    },
    /// A part of a message to the group. Answered with a status.
    PartialMulticast {
        /// Its order.
        guarantee: Guarantee,
        /// Bytes of the whole message.
        total: u32,
        /// Which part.
        part: Part,
        /// The part.
        payload: Vec<u8>,
    },
    /// Who is in a group.
    Membership {
        /// The group.
        group: GroupName,
    },
    /// The local node's number.
    LocalGet,
    /// To walk over groups or processes. Answered with a handle.
    Iteration(Iteration),
    /// The next one of a walk.
    IterationNext {
        /// What the walk was answered with.
        handle: u64,
    },
    /// The end of a walk. Answered with a status.
    IterationEnd {
        /// What the walk was answered with.
        handle: u64,
    },
    /// The end of the connection. Answered with a status.
    Finalize,
    /// Something about messages in shared files, which we do not have. Answered with a status.
    ZeroCopy(ZeroCopy),
}

/// What a walk goes over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Iteration {
    /// The groups.
    Names,
    /// The processes of one group.
    OneGroup(GroupName),
    /// All processes.
    All,
}

/// What is asked about a message in a shared file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZeroCopy {
    /// To map the file.
    Allocate,
    /// To forget it.
    Free,
    /// To send what is in it.
    Send,
}

/// [`Request::Multicast`] with the payload where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Multicast<'a> {
    /// Its order.
    pub guarantee: Guarantee,
    /// The message.
    pub payload: &'a [u8],
}

/// [`Request::PartialMulticast`] with the payload where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartialMulticast<'a> {
    /// Its order.
    pub guarantee: Guarantee,
    /// Bytes of the whole message.
    pub total: u32,
    /// Which part.
    pub part: Part,
    /// The part.
    pub payload: &'a [u8],
}

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// [`Request::Join`]
    Join,
    /// [`Request::Leave`]
    Leave,
    /// [`Request::Multicast`]
    Multicast,
    /// [`Request::PartialMulticast`]
    PartialMulticast,
    /// [`Request::Membership`]
    Membership,
    /// [`Request::LocalGet`]
    LocalGet,
    /// [`Request::Iteration`]
    Iteration,
    /// [`Request::IterationNext`]
    IterationNext,
    /// [`Request::IterationEnd`]
    IterationEnd,
    /// [`Request::Finalize`]
    Finalize,
    /// [`Request::ZeroCopy`]
    ZeroCopy(ZeroCopy),
}

impl Kind {
    /// Reads no more than the header.
    pub fn decode(message: &[u8]) -> Result<Self, WireError> {
        Ok(match request(message)?.0 {
            JOIN => Self::Join,
            LEAVE => Self::Leave,
            MULTICAST => Self::Multicast,
            MEMBERSHIP => Self::Membership,
            LOCAL_GET => Self::LocalGet,
            ITERATION => Self::Iteration,
            ITERATION_NEXT => Self::IterationNext,
            ITERATION_END => Self::IterationEnd,
            FINALIZE => Self::Finalize,
            ZERO_COPY_ALLOCATE => Self::ZeroCopy(ZeroCopy::Allocate),
            ZERO_COPY_FREE => Self::ZeroCopy(ZeroCopy::Free),
            ZERO_COPY_SEND => Self::ZeroCopy(ZeroCopy::Send),
            PARTIAL_MULTICAST => Self::PartialMulticast,
            other => return Err(unknown("cpg request", other)),
        })
    }

    /// An answer to a request of this kind that says no more than how it went.
    pub fn status(self, status: Status) -> Vec<u8> {
        let id = match self {
            Self::Join => 0,
            Self::Leave => 1,
            Self::Multicast | Self::ZeroCopy(ZeroCopy::Send) => 2,
            Self::Membership => 3,
            Self::LocalGet => 7,
            Self::Iteration => 9,
            Self::IterationNext => 10,
            Self::IterationEnd => 11,
            Self::Finalize => 12,
            Self::ZeroCopy(ZeroCopy::Allocate | ZeroCopy::Free) => 0,
            Self::PartialMulticast => 18,
        };
        encode_status(id, status)
    }
}

impl<'a> Multicast<'a> {
    /// Reads the message.
    pub fn decode(message: &'a [u8]) -> Result<Self, WireError> {
        let mut reader = payload_fields(message, MULTICAST)?;
        let guarantee = Guarantee::read(&mut reader)?;
        let length = reader.align(8).count("payload", message.len())?;
        Ok(Self { guarantee, payload: reader.align(8).bytes(length)? })
    }
}

impl<'a> PartialMulticast<'a> {
    /// Reads the message.
    pub fn decode(message: &'a [u8]) -> Result<Self, WireError> {
        let mut reader = payload_fields(message, PARTIAL_MULTICAST)?;
        let guarantee = Guarantee::read(&mut reader)?;
        let total = reader.align(8).u32()?;
        let length = reader.align(8).count("payload", message.len())?;
        let part = Part::read(&mut reader)?;
        Ok(Self { guarantee, total, part, payload: reader.align(8).bytes(length)? })
    }
}

fn payload_fields(message: &[u8], expected: i32) -> Result<Reader<'_>, WireError> {
    let (id, mut reader) = request(message)?;
    if id != expected {
        return Err(unknown("cpg request", id));
    }
    reader.seek(PAYLOAD_HEADER_SIZE);
    Ok(reader)
}

impl Iteration {
    const fn code(&self) -> u32 {
        match self {
            Self::Names => 1,
            Self::OneGroup(_) => 2,
            Self::All => 3,
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        // The C library leaves a name that is of no use as it was in its memory: its length may be anything.
        let mut name = reader.clone();
        match reader.seek(ITERATION_TYPE_AT).u32()? {
            1 => Ok(Self::Names),
            2 => Ok(Self::OneGroup(GroupName::read(&mut name)?)),
            3 => Ok(Self::All),
            other => Err(WireError::Invalid { field: "iteration", value: other.into() }),
        }
    }
}

impl Request {
    /// The message.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Join { group, pid, flags } => {
                let mut writer = Writer::request(JOIN);
                group.write(&mut writer);
                writer.align(8).u32(*pid).align(8).u32(*flags);
                writer.finish_structure()
            }
            Self::Leave { group, pid } => {
                let mut writer = Writer::request(LEAVE);
                group.write(&mut writer);
                writer.align(8).u32(*pid);
                writer.finish_structure()
            }
            Self::Multicast { guarantee, payload } => encode_multicast(*guarantee, payload),
            Self::PartialMulticast { guarantee, total, part, payload } => {
                encode_partial_multicast(*guarantee, *total, *part, payload)
            }
            Self::Membership { group } => {
                let mut writer = Writer::request(MEMBERSHIP);
                group.write(&mut writer);
                writer.finish_structure()
            }
            Self::LocalGet => Writer::request(LOCAL_GET).finish_structure(),
            Self::Iteration(over) => {
                let mut writer = Writer::request(ITERATION);
                if let Iteration::OneGroup(group) = over {
                    group.write(&mut writer);
                }
                writer.fill_to(ITERATION_TYPE_AT).u32(over.code());
                writer.finish_structure()
            }
            Self::IterationNext { handle } => with_handle(ITERATION_NEXT, *handle),
            Self::IterationEnd { handle } => with_handle(ITERATION_END, *handle),
            Self::Finalize => Writer::request(FINALIZE).finish_structure(),
            Self::ZeroCopy(what) => {
                // Nobody reads what stands in these.
                let (id, size) = match what {
                    ZeroCopy::Allocate => (ZERO_COPY_ALLOCATE, 152),
                    ZeroCopy::Free => (ZERO_COPY_FREE, 32),
                    ZeroCopy::Send => (ZERO_COPY_SEND, 24),
                };
                let mut writer = Writer::request(id);
                writer.fill_to(size);
                writer.finish_structure()
            }
        }
    }

    /// Reads the message.
    pub fn decode(message: &[u8]) -> Result<Self, WireError> {
        let (_, mut reader) = request(message)?;
        Ok(match Kind::decode(message)? {
            Kind::Join => Self::Join {
                group: GroupName::read(&mut reader)?,
                pid: reader.align(8).u32()?,
                flags: reader.align(8).u32()?,
            },
            Kind::Leave => {
                Self::Leave { group: GroupName::read(&mut reader)?, pid: reader.align(8).u32()? }
            }
            Kind::Multicast => {
                let Multicast { guarantee, payload } = Multicast::decode(message)?;
                Self::Multicast { guarantee, payload: payload.to_vec() }
            }
            Kind::PartialMulticast => {
                let PartialMulticast { guarantee, total, part, payload } =
                    PartialMulticast::decode(message)?;
                Self::PartialMulticast { guarantee, total, part, payload: payload.to_vec() }
            }
            Kind::Membership => Self::Membership { group: GroupName::read(&mut reader)? },
            Kind::LocalGet => Self::LocalGet,
            Kind::Iteration => Self::Iteration(Iteration::read(&mut reader)?),
            Kind::IterationNext => Self::IterationNext { handle: reader.align(8).u64()? },
            Kind::IterationEnd => Self::IterationEnd { handle: reader.align(8).u64()? },
            Kind::Finalize => Self::Finalize,
            Kind::ZeroCopy(what) => Self::ZeroCopy(what),
        })
    }
}

fn with_handle(id: i32, handle: u64) -> Vec<u8> {
    let mut writer = Writer::request(id);
    writer.u64(handle);
    writer.finish_structure()
}

/// [`Request::Multicast`] without a copy of the payload beforehand.
pub fn encode_multicast(guarantee: Guarantee, payload: &[u8]) -> Vec<u8> {
    let mut writer = Writer::response(MULTICAST, 0);
    writer.u32(guarantee.code()).align(8).u32(entries(payload.len())).align(8).bytes(payload);
    writer.finish_message()
}

/// [`Request::PartialMulticast`] without a copy of the payload beforehand.
pub fn encode_partial_multicast(
    guarantee: Guarantee,
    total: u32,
    part: Part,
    payload: &[u8],
) -> Vec<u8> {
    let mut writer = Writer::response(PARTIAL_MULTICAST, 0);
    writer.u32(guarantee.code()).align(8).u32(total).align(8).u32(entries(payload.len()));
    writer.align(8).u32(part.code()).align(8).bytes(payload);
    writer.finish_message()
}
