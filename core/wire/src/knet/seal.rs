use aes::cipher::{
    BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, BlockSizeUser,
    InnerIvInit, KeyInit, block_padding::Pkcs7, consts::U16,
};
use aes::{Aes128, Aes192, Aes256};
use hmac::{Hmac, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

use super::SALT_SIZE;

/// The fewest bytes of a key.
pub const KEY_MIN: usize = 128;
/// The most bytes of a key.
pub const KEY_MAX: usize = 4096;

const BLOCK: usize = 16;

/// What encrypts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cipher {
    /// Nothing.
    None,
    /// AES with 128 bits.
    Aes128,
    /// AES with 192 bits.
    Aes192,
    /// AES with 256 bits.
    Aes256,
}

/// What signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// Nothing; only together with [`Cipher::None`].
    None,
    /// MD5.
    Md5,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// Why a key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Too short or too long.
    #[error("the key has {length} bytes, it must have {KEY_MIN} to {KEY_MAX}")]
    Length {
        /// How long it is.
        length: usize,
    },
    /// What is encrypted must be signed too.
    #[error("a cipher needs a hash")]
    CipherWithoutHash,
    /// Neither encrypted nor signed is not sealed.
    #[error("neither a cipher nor a hash is given")]
    Nothing,
}

/// Why a sealed packet could not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Shorter than any sealed packet.
    #[error("too short to be sealed")]
    TooShort,
    /// Not signed with this key.
    #[error("wrong signature")]
    Signature,
    /// Signed with this key, but not encrypted as it should be.
    #[error("damaged padding")]
    Padding,
}

/// Encrypts and signs packets, and opens those of others.
///
/// A sealed packet is `salt | AES-CBC(packet, padded) | HMAC(all before)`; without a cipher it is
/// `packet | HMAC(packet)`. The cipher's key is the beginning of the shared key, the HMAC's is all of it.
#[derive(Clone)]
pub struct Seal {
    cipher: Block,
    mac: Code,
}

#[derive(Clone)]
enum Block {
    None,
    Aes128(Aes128),
    Aes192(Aes192),
    Aes256(Aes256),
}

/// The state of each with the key already in it.
#[derive(Clone)]
enum Code {
    Md5(Hmac<Md5>),
    Sha1(Hmac<Sha1>),
    Sha256(Hmac<Sha256>),
    Sha384(Hmac<Sha384>),
    Sha512(Hmac<Sha512>),
}

/// Runs `$body` with the HMAC in `$code` as `$mac`.
macro_rules! each_code {
    ($code:expr, $mac:ident => $body:expr) => {
        match $code {
            Code::Md5($mac) => $body,
            Code::Sha1($mac) => $body,
            Code::Sha256($mac) => $body,
            Code::Sha384($mac) => $body,
            Code::Sha512($mac) => $body,
        }
    };
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal")
    }
}

impl Seal {
    /// A seal with the shared key as it is in the key file.
    pub fn new(cipher: Cipher, hash: Hash, key: &[u8]) -> Result<Self, KeyError> {
        let length = key.len();
        if !(KEY_MIN..=KEY_MAX).contains(&length) {
            return Err(KeyError::Length { length });
        }
        let wrong = |_| KeyError::Length { length };
        let mac = match hash {
            Hash::None if cipher == Cipher::None => return Err(KeyError::Nothing),
            Hash::None => return Err(KeyError::CipherWithoutHash),
            Hash::Md5 => Code::Md5(Hmac::new_from_slice(key).map_err(wrong)?),
            Hash::Sha1 => Code::Sha1(Hmac::new_from_slice(key).map_err(wrong)?),
            Hash::Sha256 => Code::Sha256(Hmac::new_from_slice(key).map_err(wrong)?),
            Hash::Sha384 => Code::Sha384(Hmac::new_from_slice(key).map_err(wrong)?),
            Hash::Sha512 => Code::Sha512(Hmac::new_from_slice(key).map_err(wrong)?),
        };
        let cipher = match cipher {
            Cipher::None => Block::None,
            Cipher::Aes128 => Block::Aes128(Aes128::new_from_slice(&key[..16]).map_err(wrong)?),
            Cipher::Aes192 => Block::Aes192(Aes192::new_from_slice(&key[..24]).map_err(wrong)?),
            Cipher::Aes256 => Block::Aes256(Aes256::new_from_slice(&key[..32]).map_err(wrong)?),
        };
        Ok(Self { cipher, mac })
    }

    /// A sealed packet out of what `write` puts behind the bytes it is given. `salt` must never be used twice.
    pub fn seal(
        &self,
        salt: [u8; SALT_SIZE],
        size_hint: usize,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.sealed_size(size_hint));
        match &self.cipher {
            Block::None => write(&mut out),
            Block::Aes128(cipher) => encrypt(cipher, salt, &mut out, write),
            Block::Aes192(cipher) => encrypt(cipher, salt, &mut out, write),
            Block::Aes256(cipher) => encrypt(cipher, salt, &mut out, write),
        }
        each_code!(&self.mac, mac => {
            let signature = mac.clone().chain_update(&out).finalize().into_bytes();
            out.extend_from_slice(&signature);
        });
        out
    }

    /// The packet in a sealed one; decrypted in `plain`, whose contents are lost. Nothing is decrypted that is not
    /// signed with the key.
    pub fn open<'a>(
        &self,
        sealed: &'a [u8],
        plain: &'a mut Vec<u8>,
    ) -> Result<&'a [u8], OpenError> {
        let end = sealed.len().checked_sub(self.signature_size()).ok_or(OpenError::TooShort)?;
        let (packet, signature) = sealed.split_at(end);
        each_code!(&self.mac, mac => mac.clone().chain_update(packet).verify_slice(signature))
            .map_err(|_| OpenError::Signature)?;
        match &self.cipher {
            Block::None => Ok(packet),
            Block::Aes128(cipher) => decrypt(cipher, packet, plain),
            Block::Aes192(cipher) => decrypt(cipher, packet, plain),
            Block::Aes256(cipher) => decrypt(cipher, packet, plain),
        }
    }

    /// How many bytes a packet of `plain` bytes has once sealed.
    pub fn sealed_size(&self, plain: usize) -> usize {
        let signature = self.signature_size();
        match self.cipher {
            Block::None => plain + signature,
            // Padding always adds something, a whole block if nothing is missing.
            _ => SALT_SIZE + (plain / BLOCK + 1) * BLOCK + signature,
        }
    }

    /// The most bytes of a packet that has at most `sealed` bytes once sealed.
    pub fn plain_size(&self, sealed: usize) -> usize {
        let rest = sealed.saturating_sub(self.signature_size());
        match self.cipher {
            Block::None => rest,
            _ => (rest.saturating_sub(SALT_SIZE) / BLOCK * BLOCK).saturating_sub(1),
        }
    }

    fn signature_size(&self) -> usize {
        match self.mac {
            Code::Md5(_) => 16,
            Code::Sha1(_) => 20,
            Code::Sha256(_) => 32,
            Code::Sha384(_) => 48,
            Code::Sha512(_) => 64,
        }
    }
}

fn encrypt<C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16>>(
    cipher: &C,
    salt: [u8; SALT_SIZE],
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>),
) {
    out.extend_from_slice(&salt);
    write(out);
    let length = out.len().saturating_sub(SALT_SIZE);
    out.resize(SALT_SIZE + (length / BLOCK + 1) * BLOCK, 0);
    let chain = cbc::Encryptor::inner_iv_init(cipher, &salt.into());
    let encrypted = chain.encrypt_padded::<Pkcs7>(&mut out[SALT_SIZE..], length);
    debug_assert!(encrypted.is_ok(), "there is room for the padding");
}

fn decrypt<'a, C: BlockCipherDecrypt + BlockSizeUser<BlockSize = U16>>(
    cipher: &C,
    packet: &[u8],
    plain: &'a mut Vec<u8>,
) -> Result<&'a [u8], OpenError> {
    let (salt, encrypted) = packet.split_first_chunk::<SALT_SIZE>().ok_or(OpenError::TooShort)?;
    plain.clear();
    plain.extend_from_slice(encrypted);
    cbc::Decryptor::inner_iv_init(cipher, salt.into())
        .decrypt_padded::<Pkcs7>(plain)
        .map_err(|_| OpenError::Padding)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CIPHERS: [Cipher; 4] = [Cipher::None, Cipher::Aes128, Cipher::Aes192, Cipher::Aes256];
    const HASHES: [Hash; 5] = [Hash::Md5, Hash::Sha1, Hash::Sha256, Hash::Sha384, Hash::Sha512];

    fn seals() -> impl Iterator<Item = Seal> {
        let pairs = CIPHERS.into_iter().flat_map(|cipher| HASHES.map(|hash| (cipher, hash)));
        pairs.map(|(cipher, hash)| Seal::new(cipher, hash, &[5; KEY_MIN]).unwrap())
    }

    fn seal(seal: &Seal, packet: &[u8]) -> Vec<u8> {
        seal.seal([9; SALT_SIZE], packet.len(), |out| out.extend_from_slice(packet))
    }

    #[test]
    fn sizes_are_known_beforehand() {
        for with in seals() {
            for length in 0..50 {
                let packet = vec![3; length];
                let sealed = seal(&with, &packet);
                assert_eq!(sealed.len(), with.sealed_size(length));
                assert_eq!(with.open(&sealed, &mut Vec::new()), Ok(&packet[..]));
                let most = with.plain_size(sealed.len());
                assert!(most >= length && with.sealed_size(most) == sealed.len());
            }
        }
    }

    #[test]
    fn what_was_changed_is_not_opened() {
        for with in seals() {
            let sealed = seal(&with, b"a packet of a bit more than one block");
            let mut plain = Vec::new();
            for at in 0..sealed.len() {
                let mut changed = sealed.clone();
                changed[at] ^= 1;
                assert_eq!(with.open(&changed, &mut plain), Err(OpenError::Signature));
                assert!(with.open(&sealed[..at], &mut plain).is_err());
                assert!(plain.is_empty(), "nothing is decrypted before the signature is checked");
            }
        }
    }

    #[test]
    fn what_is_signed_but_no_whole_block_is_refused() {
        let signer = Seal::new(Cipher::None, Hash::Sha1, &[5; KEY_MIN]).unwrap();
        let reader = Seal::new(Cipher::Aes128, Hash::Sha1, &[5; KEY_MIN]).unwrap();
        for length in 0..80 {
            let sealed = seal(&signer, &vec![7; length]);
            let expected =
                if length < SALT_SIZE { OpenError::TooShort } else { OpenError::Padding };
            assert_eq!(reader.open(&sealed, &mut Vec::new()), Err(expected), "{length}");
        }
    }

    #[test]
    fn keys_have_bounds() {
        let with = |cipher, hash, length| Seal::new(cipher, hash, &vec![0; length]).map(drop);
        assert_eq!(with(Cipher::Aes256, Hash::Sha1, KEY_MAX), Ok(()));
        for length in [0, KEY_MIN - 1, KEY_MAX + 1] {
            let result = with(Cipher::Aes256, Hash::Sha1, length);
            assert_eq!(result, Err(KeyError::Length { length }));
        }
        let result = with(Cipher::Aes256, Hash::None, KEY_MIN);
        assert_eq!(result, Err(KeyError::CipherWithoutHash));
        assert_eq!(with(Cipher::None, Hash::None, KEY_MIN), Err(KeyError::Nothing));
    }
}
