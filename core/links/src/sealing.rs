//! With which key packets are sealed, and with which they may be.

use wire::knet::{KeyError, OpenError, SALT_SIZE, Salts, Seal};

use crate::{Cipher, Crypto, Hash, Rekey};

/// The keys in use.
#[derive(Debug)]
pub(crate) struct Sealing {
    /// What is sent.
    current: Guard,
    /// What is accepted besides, while nodes change over.
    other: Other,
    salts: Salts,
}

/// How packets are protected.
#[derive(Debug)]
enum Guard {
    /// Not at all.
    Clear,
    /// By a key.
    Sealed(Box<Seal>),
    /// By a key that cannot be used: nothing is sent and nothing accepted. Never falls back to clear packets.
    Broken,
}

#[derive(Debug)]
enum Other {
    None,
    /// Known, but not all nodes know it yet.
    Next(Guard),
    /// No longer used, but not all nodes may have changed over.
    Previous(Guard),
}

impl Guard {
    fn new(crypto: Option<&Crypto>) -> Result<Self, KeyError> {
        match crypto {
            None => Ok(Self::Clear),
            Some(crypto) if crypto.cipher == Cipher::None && crypto.hash == Hash::None => {
                Ok(Self::Clear)
            }
            Some(crypto) => {
                Seal::new(crypto.cipher, crypto.hash, &crypto.key).map(Box::new).map(Self::Sealed)
            }
        }
    }

    fn open<'a>(&self, packet: &'a [u8], plain: &'a mut Vec<u8>) -> Result<&'a [u8], OpenError> {
        match self {
            Self::Clear => Ok(packet),
            Self::Sealed(seal) => seal.open(packet, plain),
            Self::Broken => Err(OpenError::Signature),
        }
    }

    /// Whether this guard accepts it; decrypts as a side effect.
    fn accepts(&self, packet: &[u8], plain: &mut Vec<u8>) -> Result<(), OpenError> {
        self.open(packet, plain).map(drop)
    }
}

impl Sealing {
    /// Keys as configured. A key that cannot be used blocks all traffic, and is told.
    pub(crate) fn new(crypto: Option<&Crypto>, seed: [u8; 32]) -> (Self, Result<(), KeyError>) {
        let (current, told) = match Guard::new(crypto) {
            Ok(guard) => (guard, Ok(())),
            Err(error) => (Guard::Broken, Err(error)),
        };
        (Self { current, other: Other::None, salts: Salts::new(seed) }, told)
    }

    /// Accepts packets under other settings too, until told which are to be used.
    pub(crate) fn prepare(&mut self, crypto: Option<&Crypto>) -> Result<(), KeyError> {
        self.other = Other::Next(Guard::new(crypto)?);
        Ok(())
    }

    /// Goes on with a change of keys.
    pub(crate) fn rekey(&mut self, step: Rekey) {
        self.other = match (step, std::mem::replace(&mut self.other, Other::None)) {
            (Rekey::Activate, Other::Next(next)) => {
                Other::Previous(std::mem::replace(&mut self.current, next))
            }
            (Rekey::Retire, Other::Previous(_) | Other::None) => Other::None,
            // Nothing was prepared, or it was done already.
            (Rekey::Activate, other @ (Other::None | Other::Previous(_)))
            | (Rekey::Retire, other @ Other::Next(_)) => other,
        };
    }

    /// Puts a packet that `write` makes into a seal; `None` if nothing may be sent.
    pub(crate) fn seal(
        &mut self,
        size_hint: usize,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Option<Vec<u8>> {
        match &self.current {
            Guard::Clear => {
                let mut out = Vec::with_capacity(size_hint);
                write(&mut out);
                Some(out)
            }
            Guard::Sealed(seal) => Some(seal.seal(self.salts.salt(), size_hint, write)),
            Guard::Broken => None,
        }
    }

    /// The packet in what came in.
    pub(crate) fn open<'a>(
        &self,
        packet: &'a [u8],
        plain: &'a mut Vec<u8>,
    ) -> Result<&'a [u8], OpenError> {
        match &self.other {
            Other::None => self.current.open(packet, plain),
            Other::Next(other) | Other::Previous(other) => {
                // A clear packet is accepted only where no key accepts it.
                let (first, second) = match &self.current {
                    Guard::Clear => (other, &self.current),
                    Guard::Sealed(_) | Guard::Broken => (&self.current, other),
                };
                match first.accepts(packet, plain) {
                    Ok(()) => first.open(packet, plain),
                    Err(_) => second.open(packet, plain),
                }
            }
        }
    }

    /// Whether what is sent is sealed.
    pub(crate) const fn is_sealed(&self) -> bool {
        matches!(self.current, Guard::Sealed(_))
    }

    /// How many bytes a packet of `plain` bytes has on the wire.
    pub(crate) fn sealed_size(&self, plain: usize) -> usize {
        match &self.current {
            Guard::Clear | Guard::Broken => plain,
            Guard::Sealed(seal) => seal.sealed_size(plain),
        }
    }

    /// The most bytes of a packet that has at most `sealed` bytes on the wire.
    pub(crate) fn plain_size(&self, sealed: usize) -> usize {
        match &self.current {
            Guard::Clear | Guard::Broken => sealed,
            Guard::Sealed(seal) => seal.plain_size(sealed),
        }
    }

    /// A number that nobody can foretell.
    pub(crate) fn random(&mut self) -> u64 {
        let salt: [u8; SALT_SIZE] = self.salts.salt();
        u128::from_le_bytes(salt) as u64
    }
}
