//! Packets that libknet 1.25 of Debian 12 sent: node 2 to node 1, over link 0, under a known key.

use super::*;

/// The key under which they were sealed.
fn key() -> Vec<u8> {
    (0..128_u32).map(|i| (i * 7 + 1) as u8).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    hex.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// The text that was sent, over and over.
fn text(length: usize) -> Vec<u8> {
    b"a frame of the ring, ".iter().copied().cycle().take(length).collect()
}

fn whole(payload: &[u8], compression: u8) -> Packet<'_> {
    let (broadcast, part) = (true, Part::WHOLE);
    let data = Data { sequence: 1, compression, broadcast, channel: 0, part, payload };
    Packet { node: 2, body: Body::Data(data) }
}

struct Sealed {
    cipher: Cipher,
    hash: Hash,
    answer: &'static str,
    data: &'static str,
}

/// Sealed by libknet with NSS and with OpenSSL, in turn.
const SEALED: [Sealed; 6] = [
    Sealed {
        cipher: Cipher::None,
        hash: Hash::Sha1,
        answer: "018400020000002823d5a8134133075480e84546247798dfc25d75b435",
        data: "\
            010000020000000100000101000061206672616d65206f66207468652072696e672c20612066\
            72616d65206f66207468652072696e672c20910ce236b428fc97fc56e2fa60285a4415e51763",
    },
    Sealed {
        cipher: Cipher::Aes128,
        hash: Hash::Sha1,
        answer: "\
            0c6de45138d27604c1d8252e2196ecc7a4e92f0ccf466f5f45f9d05a0d5d8d1825d703b173f2\
            1fa8bca64883163057c1c2898810",
        data: "\
            3d5105dfa4c1c53100cd870044899a95a6ce505ec279fb7b72f27895b868b38a04d383dc95a7\
            589eabf055590fb521d394924d7937645788a6341bf99625acb76b6ee1912673d328b1a3c0da\
            fdca0214e65e3fa1c5336df1a26ca0bdd445ab7d18f722b4",
    },
    Sealed {
        cipher: Cipher::Aes192,
        hash: Hash::Sha384,
        answer: "\
            05789c0e1b292b8177e3852c90769dee172ae97ccd260eb5eefac6d2354d699a0cf394514a2f\
            67557cd779e13ef7dffcefa1f230c083969e1262b2ab8f813d49ed862300e385f845eb1ef3df\
            995f275e",
        data: "\
            70886bffc30d8a36d865eb23115994d522a51370af92e7c83927d3cf28ba14280661245071b4\
            ea61737c196545fa2e5405d06087a404b4756f8a12a71d2abdc7a6ef1afe6e526b4bd2bd7350\
            2f7cfeaa139e4d2f47c31ac612f7f94ca613fd6427eb484f544fbffe5c98108f2e2c169a1bf7\
            35aaa108ac9a39456754a5088fbc",
    },
    Sealed {
        cipher: Cipher::Aes256,
        hash: Hash::Sha256,
        answer: "\
            b1a4bd08143375455c2609f5f3f4970161b12cef45793cf0d7805f93ab4942bf35260d4733a1\
            db0d4fc2fdad9b4d5e6d8ad5d53f0171e39e68cd392b2a6753f5",
        data: "\
            03e08d2e19853b1889a1b0fc27878bc6ad2c14d0070855043759ff2dd3ed2428c357f63fa8f4\
            8c625ec6bb766cf7a271a2f3007536ee979889f8bb2829139bab365b5dd3d05d8c602f979cad\
            ab2b1c81f9bba566361b0f023581dcd6fef003c927027620b3ec505050f031e7c7f0fb8e",
    },
    Sealed {
        cipher: Cipher::Aes256,
        hash: Hash::Sha512,
        answer: "\
            30f1b6a0d92eb8db34d16460e0c4c3fb5f66e46673b2f2c3674cd1b400b66f113f6cbbfa0cbe\
            a951fe80a8025cbf0be7c51a915411149f481b53428d36da4c31705c65a07a9c4ca903e86a3f\
            1e3114a08124e48f9b7bf5158faedc28c6fe0e61",
        data: "\
            6a68b094a269ced535ff2ae63fed46e0a526d3286166113677de544146b2b883d38faae28559\
            ab84e543304157947a87c15efa07b8aa154013761cbc634cb6ae85cbed94461b8921ffed04e3\
            3ebaf0b19c77fb7c37c333890f01fd3882d8c9448a495bc60670fb5afac8bbf6009bde4a54ca\
            8eb903721c7d52a795a75f2559d98561ba9b566c51819650b5d965987e59",
    },
    Sealed {
        cipher: Cipher::None,
        hash: Hash::Md5,
        answer: "018400020000002823595d42f5b394d41600eb4f0b221555e2",
        data: "\
            010000020000000100000101000061206672616d65206f66207468652072696e672c20612066\
            72616d65206f66207468652072696e672c20dfc5f3f0c65d33a0bcbe141372662b96",
    },
];

#[test]
fn sealed_packets_are_opened() {
    for Sealed { cipher, hash, answer, data } in SEALED {
        let seal = Seal::new(cipher, hash, &key()).unwrap();
        let mut plain = Vec::new();
        let sealed = bytes(answer);
        let opened = Packet::read(seal.open(&sealed, &mut plain).unwrap()).unwrap();
        let Body::ProbeAnswer(Probe { link: 0, size }) = opened.body else { panic!("{opened:?}") };
        assert!(size >= 1440, "{cipher:?} {hash:?}: {size}");
        let sealed = bytes(data);
        let opened = seal.open(&sealed, &mut plain).map(Packet::read);
        assert_eq!(opened, Ok(Ok(whole(&text(42), 0))), "{cipher:?} {hash:?}");
    }
}

#[test]
fn the_same_packet_under_the_same_salt_is_the_same_to_the_last_byte() {
    for Sealed { cipher, hash, data, .. } in SEALED {
        let seal = Seal::new(cipher, hash, &key()).unwrap();
        let sealed = bytes(data);
        let salt = *sealed.first_chunk().unwrap();
        let mut plain = Vec::new();
        whole(&text(42), 0).write(&mut plain);
        let ours = seal.seal(salt, plain.len(), |out| out.extend_from_slice(&plain));
        assert_eq!(ours, sealed, "{cipher:?} {hash:?}");
        assert_eq!(seal.sealed_size(plain.len()), sealed.len());
    }
}

#[test]
fn a_ping_carries_seconds_and_nanoseconds() {
    let ping = bytes("018100020000006f360000000000000ae07a1100000000000001");
    let stamp = Stamp(0x366f, 0x117a_e00a);
    let heartbeat = Heartbeat { link: 0, stamp, sequence: 0, is_timed: true };
    assert_eq!(Packet::read(&ping), Ok(Packet { node: 2, body: Body::Ping(heartbeat) }));
}

#[test]
fn compressed_frames_are_unpacked() {
    let captured = [
        (
            CompressionModel::Zlib,
            210,
            "\
                010000020000000101000101000078da4b54482b4acc4d55c84f5328c9485528cacc4bd75148\
                1cca8200e90445ed",
        ),
        (
            CompressionModel::Lz4,
            210,
            "\
                0100000200000001020001010000ff0661206672616d65206f66207468652072696e672c2015\
                00a550696e672c20",
        ),
        (
            CompressionModel::Lz4hc,
            210,
            "\
                0100000200000001030001010000ff0661206672616d65206f66207468652072696e672c2015\
                00a550696e672c20",
        ),
        (
            CompressionModel::Bzip2,
            420,
            "\
                0100000200000001060001010000425a6839314159265359c91a1c910000459180400423e394\
                00200050806800295432068d89b9381304c9324d13c2764d1304d13e2724f49f1324f49b09f8\
                bb9229c2848648d0e488",
        ),
    ];
    for (model, length, packet) in captured {
        let packet = bytes(packet);
        let packet = Packet::read(&packet).unwrap();
        let Body::Data(data) = packet.body else { panic!("{packet:?}") };
        assert_eq!(packet, whole(data.payload, model.code()));
        assert_eq!(model.decompress(data.payload), Ok(text(length)), "{model:?}");
    }
}

#[test]
fn the_last_part_of_three_is_shorter() {
    let packet = bytes(
        "\
         01000002000000010000010303002c2061206672616d65206f66207468652072696e672c2061\
         206672616d65206f66207468",
    );
    let Body::Data(data) = Packet::read(&packet).unwrap().body else { panic!() };
    assert_eq!(data.part, Part { index: 2, count: 3 });
    assert!(data.part.is_last());
    assert_eq!(data.payload, &text(1000)[964..]);
}
