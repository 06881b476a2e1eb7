//! What Cardea's daemons tell each other and nobody else understands: that they are Cardea's.

use super::Header;
use crate::{WireError, Writer};

/// The number of the service. Corosync has room for 64 and uses the first 8; a message for one that it does not have is
/// nothing to it.
pub const SERVICE: u16 = 63;
const HELLO: u16 = 0;

/// Said by each node after each change of membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presence {
    /// How much of what goes beyond Corosync the sender understands; grows.
    pub level: u32,
}

impl Presence {
    /// What this version understands: witnesses, and members that count as gone once their links are silent as long as the
    /// token.
    pub const OWN: Self = Self { level: 1 };

    /// The message from its header on; see [`super::Outgoing::wrap`].
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::request(i32::from(SERVICE) << 16 | i32::from(HELLO));
        writer.u32(self.level);
        writer.finish_structure()
    }

    /// Reads a message from its header on.
    pub fn decode(message: &[u8]) -> Result<Self, WireError> {
        let header = Header::decode(message)?;
        if (header.service, header.function) != (SERVICE, HELLO) {
            return Err(WireError::Invalid { field: "presence", value: header.function.into() });
        }
        let mut reader = crate::Reader::new(message.get(..header.size).unwrap_or_default());
        Ok(Self { level: reader.seek(super::HEADER_SIZE).u32()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presence_goes_both_ways() {
        let bytes = Presence::OWN.encode();
        assert_eq!(Presence::decode(&bytes), Ok(Presence::OWN));
        assert_eq!(super::super::Service::from_number(SERVICE), None);
        for length in 0..bytes.len() {
            assert!(Presence::decode(&bytes[..length]).is_err());
        }
    }
}
