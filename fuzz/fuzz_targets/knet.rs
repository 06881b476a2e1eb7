//! Packets between nodes: open, sealed with a key that we have, compressed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::knet::{Cipher, CompressionModel, Hash, Packet, Seal};

fuzz_target!(|data: &[u8]| {
    let Some((&choice, rest)) = data.split_first() else { return };
    if let Ok(packet) = Packet::read(rest) {
        let mut again = Vec::new();
        packet.write(&mut again);
        assert_eq!(
            Packet::read(&again).as_ref(),
            Ok(&packet),
            "a packet that can be read can be written"
        );
    }
    if let Ok(model) = CompressionModel::from_code(choice) {
        let _ = model.decompress(rest);
    }
    let cipher =
        [Cipher::None, Cipher::Aes128, Cipher::Aes192, Cipher::Aes256][usize::from(choice % 4)];
    let hash = [Hash::Sha256, Hash::Sha1][usize::from(choice / 4 % 2)];
    let seal = Seal::new(cipher, hash, &[7; 128]).expect("a key of a usual length");
    let mut plain = Vec::new();
    let _ = seal.open(rest, &mut plain);
    // What gets past the signature, because whoever sent it has the key, must do no harm either.
    let signed = Seal::new(Cipher::None, hash, &[7; 128]).expect("a key of a usual length");
    let sealed = signed.seal([0; 16], rest.len(), |out| out.extend_from_slice(rest));
    let _ = seal.open(&sealed, &mut plain);
});
