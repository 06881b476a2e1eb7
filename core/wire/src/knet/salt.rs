use aes::Aes256;
use aes::cipher::{Array, BlockCipherEncrypt, KeyInit};

/// Bytes of a salt: one block of AES, since it is what the chain of blocks starts with.
pub const SALT_SIZE: usize = 16;

/// Salts that nobody can foretell and that never come twice: a counter under AES-256, keyed by a random seed.
#[derive(Clone)]
pub struct Salts {
    cipher: Aes256,
    counter: u128,
}

impl std::fmt::Debug for Salts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Salts")
    }
}

impl Salts {
    /// The salts of this seed, which has to be random and used once.
    pub fn new(seed: [u8; 32]) -> Self {
        Self { cipher: Aes256::new(&seed.into()), counter: 0 }
    }

    /// The next one.
    pub fn salt(&mut self) -> [u8; SALT_SIZE] {
        self.counter += 1;
        let mut block = Array(self.counter.to_le_bytes());
        self.cipher.encrypt_block(&mut block);
        block.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn salts_differ_within_and_between_seeds() {
        let mut seen = BTreeSet::new();
        for seed in 0..8 {
            let mut salts = Salts::new([seed; 32]);
            for _ in 0..100 {
                assert!(seen.insert(salts.salt()));
            }
        }
    }
}
