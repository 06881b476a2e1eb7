use super::fields::{ByteOrder, Fields};
use crate::{WireError, Writer};

/// Bytes of a frame's header.
pub const HEADER_SIZE: usize = 13;
const MAGIC: u16 = 0xC070;
const VERSION: u8 = 3;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// [`super::Token`]
    Token,
    /// [`super::Multicast`]
    Multicast,
    /// [`super::MergeDetect`]
    MergeDetect,
    /// [`super::Join`]
    Join,
    /// [`super::CommitToken`]
    CommitToken,
    /// [`super::HoldCancel`]
    HoldCancel,
}

impl Kind {
    const fn code(self) -> u8 {
        match self {
            Self::Token => 0,
            Self::Multicast => 1,
            Self::MergeDetect => 2,
            Self::Join => 3,
            Self::CommitToken => 4,
            Self::HoldCancel => 5,
        }
    }

    fn decode(code: u8) -> Result<Self, WireError> {
        Ok(match code {
            0 => Self::Token,
            1 => Self::Multicast,
            2 => Self::MergeDetect,
            3 => Self::Join,
            4 => Self::CommitToken,
            5 => Self::HoldCancel,
            other => return Err(WireError::Invalid { field: "frame type", value: other.into() }),
        })
    }
}

/// Whether a multicast carries a whole multicast of an earlier ring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encapsulation {
    /// The field means nothing in this kind of frame.
    #[default]
    None,
    /// It does.
    Encapsulated,
    /// It carries a packet of messages.
    Plain,
}

impl Encapsulation {
    const fn code(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Encapsulated => 1,
            Self::Plain => 2,
        }
    }
}

/// What every frame begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The sender's byte order.
    pub order: ByteOrder,
    /// What the frame is.
    pub kind: Kind,
    /// What a multicast carries.
    pub encapsulation: Encapsulation,
    /// Who sent it; [`super::LEAVING`] in the last join message of a node.
    pub node: u32,
    /// The only receiver, or 0: read by transports that send everything to everybody.
    pub target: u32,
}

impl Header {
    /// A header in the host's byte order.
    pub const fn new(kind: Kind, node: u32, target: u32) -> Self {
        Self { order: ByteOrder::Native, kind, encapsulation: Encapsulation::None, node, target }
    }

    /// Reads the header; the fields that come back stand behind it.
    pub(super) fn decode(bytes: &[u8]) -> Result<(Self, Fields<'_>), WireError> {
        let magic = Fields::new(bytes, ByteOrder::Native).u16()?;
        let order = if magic == MAGIC {
            ByteOrder::Native
        } else if magic == MAGIC.swap_bytes() {
            ByteOrder::Swapped
        } else {
            return Err(WireError::Invalid { field: "frame magic", value: magic.into() });
        };
        let mut fields = Fields::new(bytes, order);
        fields.u16()?;
        let version = fields.u8()?;
        if version != VERSION {
            return Err(WireError::Invalid { field: "frame version", value: version.into() });
        }
        let kind = Kind::decode(fields.u8()?)?;
        let encapsulation = match fields.u8()? {
            1 => Encapsulation::Encapsulated,
            2 => Encapsulation::Plain,
            // Corosync leaves it unset in other frames, and takes everything but 1 as plain in a multicast.
            _ if kind == Kind::Multicast => Encapsulation::Plain,
            _ => Encapsulation::None,
        };
        let header =
            Self { order, kind, encapsulation, node: fields.u32()?, target: fields.u32()? };
        Ok((header, fields))
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.bytes(&MAGIC.to_ne_bytes()).u8(VERSION).u8(self.kind.code());
        writer.u8(self.encapsulation.code()).u32(self.node).u32(self.target);
    }
}
