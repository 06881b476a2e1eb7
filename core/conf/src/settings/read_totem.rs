//! Keys of `totem` outside `interface`.

use std::time::Duration;

use super::{
    Cipher, Compression, CompressionModel, Crypto, CryptoModel, Hash, IpVersion, KeySource,
    LinkMode, Settings, Totem, Transport, read::Reader,
};
use crate::{ProblemKind, Value};

/// No time may be shorter: three ticks of a clock with 100 Hz.
const TIMEOUT_MIN: Duration = Duration::from_millis(30);
/// The shortest hold: 80 percent of that, without one tick.
const HOLD_MIN: Duration = Duration::from_millis(14);

impl Reader<'_> {
    pub(super) fn totem(&mut self) -> Totem {
        let default = Totem::default();
        self.version();
        let transport = self.word(
            "totem.transport",
            &[("knet", Transport::Knet), ("udp", Transport::Udp), ("udpu", Transport::Udpu)],
            "knet, udp, udpu",
        );
        let transport = transport.unwrap_or_default();
        self.without_effect();
        let times = self.times(default);
        Totem {
            cluster_name: self.text("totem.cluster_name"),
            cluster_uuid: self.text("totem.cluster_uuid"),
            config_version: match self.keys.value("totem.config_version") {
                Some(Value::U64(number)) => *number,
                Some(_) | None => 0,
            },
            transport,
            link_mode: self.link_mode(),
            ip_version: self.ip_version(transport),
            clear_node_high_bit: self
                .lenient_switch("totem.clear_node_high_bit")
                .unwrap_or_default(),
            traffic_class: self.keys.u8("totem.ip_dscp").unwrap_or_default(),
            block_unlisted: self.lenient_switch("totem.block_unlisted_ips").unwrap_or(true),
            cancel_hold_on_retransmit: self
                .lenient_switch("totem.cancel_token_hold_on_retransmit")
                .unwrap_or_default(),
            crypto: self.crypto(transport),
            compression: self.compression(),
            netmtu: self.positive("totem.netmtu"),
            mtu_interval: self
                .positive("totem.knet_pmtud_interval")
                .map_or(times.mtu_interval, |seconds| Duration::from_secs(u64::from(seconds))),
            knet_mtu: self.positive("totem.knet_mtu"),
            ..times
        }
    }

    fn version(&mut self) {
        match self.keys.value("totem.version") {
            Some(Value::U32(2)) => {}
            Some(other) => {
                self.error("totem.version", ProblemKind::Choice("2", other.to_string()));
            }
            None => self.error("totem.version", ProblemKind::Missing),
        }
    }

    fn times(&self, default: Totem) -> Totem {
        let ms = |key: &str| self.milliseconds(&format!("totem.{key}"));
        let count =
            |key: &str, default: u32| self.positive(&format!("totem.{key}")).unwrap_or(default);
        Totem {
            token: ms("token").unwrap_or(default.token),
            token_coefficient: self
                .keys
                .u32("totem.token_coefficient")
                .map_or(default.token_coefficient, |ms| Duration::from_millis(u64::from(ms))),
            token_warning_percent: self
                .keys
                .u32("totem.token_warning")
                .unwrap_or(default.token_warning_percent),
            token_retransmit: ms("token_retransmit"),
            hold: ms("hold"),
            retransmits_before_loss: count(
                "token_retransmits_before_loss_const",
                default.retransmits_before_loss,
            ),
            join: ms("join").unwrap_or(default.join),
            send_join_max: ms("send_join").unwrap_or_default(),
            consensus: ms("consensus"),
            merge: ms("merge").unwrap_or(default.merge),
            downcheck: ms("downcheck").unwrap_or(default.downcheck),
            fail_to_receive_rotations: count("fail_recv_const", default.fail_to_receive_rotations),
            unchanged_rotations: count("seqno_unchanged_const", default.unchanged_rotations),
            heartbeat_failures_allowed: count("heartbeat_failures_allowed", 0),
            network_delay_max: ms("max_network_delay").unwrap_or(default.network_delay_max),
            window_messages: count("window_size", default.window_messages),
            messages_per_token: count("max_messages", default.messages_per_token),
            miss_rotations: count("miss_count_const", default.miss_rotations),
            ..default
        }
    }

    fn link_mode(&mut self) -> LinkMode {
        let words = [
            ("passive", LinkMode::Passive),
            ("active", LinkMode::Active),
            ("rr", LinkMode::RoundRobin),
        ];
        self.word("totem.link_mode", &words, "passive, active, rr").unwrap_or_default()
    }

    fn ip_version(&mut self, transport: Transport) -> IpVersion {
        let words = [
            ("ipv4", IpVersion::V4),
            ("ipv6", IpVersion::V6),
            ("ipv4-6", IpVersion::V4Then6),
            ("ipv6-4", IpVersion::V6Then4),
        ];
        let set = self.word("totem.ip_version", &words, "ipv4, ipv6, ipv4-6, ipv6-4");
        set.unwrap_or(match transport {
            Transport::Udp => IpVersion::V4,
            Transport::Knet | Transport::Udpu => IpVersion::V6Then4,
        })
    }

    fn without_effect(&mut self) {
        if self.keys.value("totem.nodeid").is_some() {
            let why = "the number of the node list, or one made of the address, is used";
            self.warning("totem.nodeid", ProblemKind::NoEffect(why));
        }
        for key in [
            "totem.threads",
            "totem.rrp_mode",
            "totem.rrp_token_expired_timeout",
            "totem.rrp_problem_count_timeout",
            "totem.rrp_problem_count_threshold",
            "totem.rrp_problem_count_mcast_threshold",
            "totem.rrp_autorecovery_check_timeout",
        ] {
            if self.keys.value(key).is_some() {
                self.warning(key, ProblemKind::NoEffect("it was for older versions"));
            }
        }
    }

    fn crypto(&mut self, transport: Transport) -> Crypto {
        let both = match self.keys.text("totem.secauth") {
            Some("on") => true,
            Some("off") | None => false,
            Some(_) => {
                let kind = ProblemKind::NoEffect("only on and off are known");
                self.warning("totem.secauth", kind);
                false
            }
        };
        let ciphers = [
            ("none", None),
            ("aes256", Some(Cipher::Aes256)),
            ("aes192", Some(Cipher::Aes192)),
            ("aes128", Some(Cipher::Aes128)),
        ];
        let cipher = self.word("totem.crypto_cipher", &ciphers, "none, aes256, aes192, aes128");
        let hashes = [
            ("none", None),
            ("md5", Some(Hash::Md5)),
            ("sha1", Some(Hash::Sha1)),
            ("sha256", Some(Hash::Sha256)),
            ("sha384", Some(Hash::Sha384)),
            ("sha512", Some(Hash::Sha512)),
        ];
        let hash =
            self.word("totem.crypto_hash", &hashes, "none, md5, sha1, sha256, sha384, sha512");
        let cipher = cipher.unwrap_or(both.then_some(Cipher::Aes256));
        let hash = hash.unwrap_or(both.then_some(Hash::Sha256));
        if cipher.is_some() && hash.is_none() {
            self.error("totem.crypto_hash", ProblemKind::CipherWithoutHash);
        }
        if transport != Transport::Knet && (cipher.is_some() || hash.is_some()) {
            let keys = ["totem.crypto_hash", "totem.crypto_cipher", "totem.secauth"];
            let key = keys.into_iter().find(|key| self.keys.value(key).is_some());
            self.error(key.unwrap_or("totem.secauth"), ProblemKind::OnlyWith("knet"));
        }
        if transport == Transport::Knet
            && hash.is_none()
            && self.keys.text("totem.secauth") == Some("off")
        {
            self.warning("totem.secauth", ProblemKind::Unprotected);
        }
        let models = [("nss", CryptoModel::Nss), ("openssl", CryptoModel::Openssl)];
        let model = self.word("totem.crypto_model", &models, "nss, openssl").unwrap_or_default();
        Crypto { model, cipher, hash, key: self.key_source(hash.is_some()) }
    }

    fn key_source(&mut self, is_used: bool) -> KeySource {
        if let Some(path) = self.keys.text("totem.keyfile") {
            return KeySource::File(path.into());
        }
        let Some(text) = self.keys.text("totem.key") else { return KeySource::DefaultFile };
        let mut key = text.as_bytes().to_vec();
        key.push(0);
        let (least, most, found) = (KeySource::LENGTH_MIN, KeySource::LENGTH_MAX, key.len());
        if is_used && !(least..=most).contains(&found) {
            self.error("totem.key", ProblemKind::KeyLength { least, most, found });
        }
        KeySource::Inline(key)
    }

    fn compression(&mut self) -> Compression {
        let words = [
            ("none", Ok(None)),
            ("zlib", Ok(Some(CompressionModel::Zlib))),
            ("lz4", Ok(Some(CompressionModel::Lz4))),
            ("lz4hc", Ok(Some(CompressionModel::Lz4hc))),
            ("bzip2", Ok(Some(CompressionModel::Bzip2))),
            ("lzo2", Err(())),
            ("lzma", Err(())),
            ("zstd", Err(())),
        ];
        let key = "totem.knet_compression_model";
        let model = match self.word(key, &words, "zlib, lz4, lz4hc, bzip2") {
            Some(Ok(model)) => model,
            Some(Err(())) => {
                let kind = ProblemKind::NotImplemented("zlib, lz4, lz4hc and bzip2 are");
                self.error(key, kind);
                None
            }
            None => None,
        };
        Compression {
            model,
            threshold: self.keys.u32("totem.knet_compression_threshold").unwrap_or_default(),
            level: match self.keys.value("totem.knet_compression_level") {
                Some(Value::I32(level)) => *level,
                Some(_) | None => 0,
            },
        }
    }

    /// Looks whether the times, set and derived, can work.
    pub(super) fn timing(&mut self, settings: &Settings) {
        let totem = &settings.totem;
        let timing = settings.timing();
        let percent = totem.token_warning_percent;
        if percent > 100 {
            self.error("totem.token_warning", ProblemKind::Number(0, 100, percent.to_string()));
        }
        let mut least = |key: &str, least: Duration, found: Duration| {
            if found < least {
                self.error(key, ProblemKind::TooShort { least, found });
            }
        };
        least("totem.max_network_delay", TIMEOUT_MIN, totem.network_delay_max);
        least("totem.token", TIMEOUT_MIN, timing.token);
        if timing.token >= TIMEOUT_MIN {
            least("totem.token_retransmit", TIMEOUT_MIN, timing.token_retransmit);
        }
        if timing.token_retransmit >= TIMEOUT_MIN {
            least("totem.hold", HOLD_MIN, timing.hold);
        }
        least("totem.join", TIMEOUT_MIN, totem.join);
        least("totem.consensus", TIMEOUT_MIN, timing.consensus);
        least("totem.merge", TIMEOUT_MIN, totem.merge);
        least("totem.downcheck", TIMEOUT_MIN, totem.downcheck);
        // Where it is derived of a token timeout that is too short, that was said already.
        let is_sound = timing.consensus >= TIMEOUT_MIN && timing.token >= TIMEOUT_MIN;
        if is_sound && timing.consensus < totem.join {
            let kind = ProblemKind::ShorterThanJoin { found: timing.consensus, join: totem.join };
            self.error("totem.consensus", kind);
        }
    }
}
