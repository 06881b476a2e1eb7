use std::{fmt, time::Duration};

use crate::{Document, Section};

/// What a cluster configuration means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// How messages travel.
    pub totem: Totem,
    /// The nodes, in the order of the file.
    pub nodes: Vec<NodeSettings>,
    /// Who has quorum.
    pub quorum: Quorum,
    /// Where messages are logged.
    pub logging: Logging,
}

/// How messages travel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totem {
    /// The cluster's name.
    pub cluster_name: Option<String>,
    /// An identifier of the cluster that survives a new name.
    pub cluster_uuid: Option<String>,
    /// How nodes are reached.
    pub transport: Transport,
    /// How messages are protected.
    pub crypto: Crypto,
    /// How long the token may be away before a node counts as lost, before the addition for more than two nodes.
    pub token: Duration,
    /// What each node beyond two adds to the token's time.
    pub token_coefficient: Duration,
    /// How long to wait for agreement on a membership; `None` means 1.2 times the token's time.
    pub consensus: Option<Duration>,
    /// How long to wait for join messages.
    pub join: Duration,
    /// Greatest size of a packet in bytes; `None` leaves it to the transport.
    pub netmtu: Option<u32>,
    /// Port of the first link.
    pub port: u16,
    /// Version of the file; nodes with different ones do not form a cluster.
    pub config_version: u64,
}

/// How nodes are reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// Several links with encryption.
    #[default]
    Knet,
    /// UDP multicast.
    Udp,
    /// UDP to each node.
    Udpu,
}

/// How messages are protected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Crypto {
    /// Cipher, as in `aes256`; `None` if messages are not encrypted.
    pub cipher: Option<String>,
    /// Hash, as in `sha256`; `None` if messages are not signed.
    pub hash: Option<String>,
}

/// A node of the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeSettings {
    /// Its number; `None` if the file leaves it out.
    pub id: Option<u32>,
    /// Its name; `None` if the file leaves it out.
    pub name: Option<String>,
    /// Link number and address, in the order of the numbers.
    pub addresses: Vec<(u8, String)>,
    /// Votes; `None` means 1.
    pub votes: Option<u32>,
}

/// Who has quorum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quorum {
    /// Whether votes are counted at all.
    pub votequorum: bool,
    /// Votes of the whole cluster; `None` means what the nodes have.
    pub expected_votes: Option<u32>,
    /// Whether one of two nodes has quorum.
    pub two_node: bool,
    /// Whether a new cluster waits for all its nodes; `None` leaves it to the other options.
    pub wait_for_all: Option<bool>,
    /// Whether the expected votes go down with the members.
    pub last_man_standing: bool,
    /// How long after a loss they do.
    pub last_man_standing_window: Option<Duration>,
    /// Whether half of the votes may be enough.
    pub auto_tie_breaker: bool,
    /// Whether there is a quorum device.
    pub device: bool,
}

/// Where messages are logged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Logging {
    /// The file, if messages go to one.
    pub file: Option<String>,
    /// Whether messages go to the system's log.
    pub to_syslog: bool,
    /// Whether they go to the standard error output.
    pub to_stderr: bool,
    /// Whether there are more of them.
    pub debug: bool,
}

/// Something in a configuration that cannot be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Problem {
    /// The line, counted from 1; 0 if there is none to point at.
    pub line: usize,
    /// Where: sections and key, joined by dots.
    pub path: String,
    /// What is wrong.
    pub kind: ProblemKind,
}

/// What can be wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProblemKind {
    /// It has to be there.
    #[error("is missing")]
    Missing,
    /// It should be a number in a range.
    #[error("has to be a number from {0} to {1}, not '{2}'")]
    Number(u64, u64, String),
    /// It should be one of a few words.
    #[error("has to be one of {0}, not '{1}'")]
    Choice(&'static str, String),
    /// It has to be unique.
    #[error("'{0}' is there twice")]
    Twice(String),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        write!(f, "{} {}", self.path, self.kind)
    }
}

impl Default for Totem {
    fn default() -> Self {
        Self {
            cluster_name: None,
            cluster_uuid: None,
            transport: Transport::default(),
            crypto: Crypto::default(),
            token: Duration::from_millis(3000),
            token_coefficient: Duration::from_millis(650),
            consensus: None,
            join: Duration::from_millis(50),
            netmtu: None,
            port: 5405,
            config_version: 0,
        }
    }
}

impl Totem {
    /// How long the token may be away in a cluster of that many nodes.
    pub fn token_timeout(&self, nodes: usize) -> Duration {
        let beyond_two = u32::try_from(nodes.saturating_sub(2)).unwrap_or(u32::MAX);
        self.token.saturating_add(self.token_coefficient.saturating_mul(beyond_two))
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Knet => "knet",
            Self::Udp => "udp",
            Self::Udpu => "udpu",
        })
    }
}

impl Settings {
    /// Reads the meaning of a file, with everything that is wrong with it.
    pub fn read(document: &Document) -> (Self, Vec<Problem>) {
        let mut reader = Reader { problems: Vec::new() };
        let root = &document.root;
        let settings = Self {
            totem: reader.totem(&merged(root, "totem")),
            nodes: reader.nodes(root),
            quorum: reader.quorum(&merged(root, "quorum")),
            logging: reader.logging(&merged(root, "logging")),
        };
        (settings, reader.problems)
    }
}

/// All sections of that name as one: files may have a section in several parts.
fn merged(root: &Section, name: &str) -> Section {
    let mut all = Section::new(name);
    for part in root.sections_named(name) {
        all.line = all.line.max(part.line);
        all.entries.extend(part.entries.iter().cloned());
        all.sections.extend(part.sections.iter().cloned());
    }
    all
}

struct Reader {
    problems: Vec<Problem>,
}

impl Reader {
    fn problem(&mut self, section: &Section, key: &str, kind: ProblemKind) {
        let line = section.entry(key).map_or(section.line, |entry| entry.line);
        self.problems.push(Problem { line, path: format!("{}.{key}", section.name), kind });
    }

    fn number(&mut self, section: &Section, key: &str, min: u64, max: u64) -> Option<u64> {
        let text = section.value(key)?;
        match text.parse::<u64>() {
            Ok(number) if (min..=max).contains(&number) => Some(number),
            Ok(_) | Err(_) => {
                self.problem(section, key, ProblemKind::Number(min, max, text.to_owned()));
                None
            }
        }
    }

    fn number32(&mut self, section: &Section, key: &str, min: u64) -> Option<u32> {
        let number = self.number(section, key, min, u64::from(u32::MAX))?;
        u32::try_from(number).ok()
    }

    fn milliseconds(&mut self, section: &Section, key: &str) -> Option<Duration> {
        self.number(section, key, 0, u64::from(u32::MAX)).map(Duration::from_millis)
    }

    fn switch(&mut self, section: &Section, key: &str) -> Option<bool> {
        let text = section.value(key)?;
        match text {
            "yes" | "on" | "1" => Some(true),
            "no" | "off" | "0" => Some(false),
            _ => {
                self.problem(section, key, ProblemKind::Choice("yes, no", text.to_owned()));
                None
            }
        }
    }

    fn choice(
        &mut self,
        section: &Section,
        key: &str,
        known: &[&str],
        all: &'static str,
    ) -> Option<String> {
        let text = section.value(key)?;
        if known.contains(&text) {
            return Some(text.to_owned());
        }
        self.problem(section, key, ProblemKind::Choice(all, text.to_owned()));
        None
    }

    fn totem(&mut self, totem: &Section) -> Totem {
        let default = Totem::default();
        match totem.value("version") {
            Some("2") => {}
            Some(other) => {
                self.problem(totem, "version", ProblemKind::Choice("2", other.to_owned()));
            }
            None => self.problem(totem, "version", ProblemKind::Missing),
        }
        let transports = "knet, udp, udpu";
        let transport = self.choice(totem, "transport", &["knet", "udp", "udpu"], transports);
        let interface = totem.sections_named("interface").next().cloned().unwrap_or_default();
        let port = self.number(&interface, "mcastport", 1, 65535);
        Totem {
            cluster_name: totem.value("cluster_name").map(str::to_owned),
            cluster_uuid: totem.value("cluster_uuid").map(str::to_owned),
            transport: match transport.as_deref() {
                Some("udp") => Transport::Udp,
                Some("udpu") => Transport::Udpu,
                Some(_) | None => Transport::Knet,
            },
            crypto: self.crypto(totem),
            token: self.milliseconds(totem, "token").unwrap_or(default.token),
            token_coefficient: self
                .milliseconds(totem, "token_coefficient")
                .unwrap_or(default.token_coefficient),
            consensus: self.milliseconds(totem, "consensus"),
            join: self.milliseconds(totem, "join").unwrap_or(default.join),
            netmtu: self.number32(totem, "netmtu", 1),
            port: port.and_then(|port| u16::try_from(port).ok()).unwrap_or(default.port),
            config_version: self.number(totem, "config_version", 0, u64::MAX).unwrap_or(0),
        }
    }

    fn crypto(&mut self, totem: &Section) -> Crypto {
        let both = self.switch(totem, "secauth").unwrap_or(false);
        let cipher = self.choice(
            totem,
            "crypto_cipher",
            &["none", "aes256", "aes192", "aes128"],
            "none, aes256, aes192, aes128",
        );
        let hash = self.choice(
            totem,
            "crypto_hash",
            &["none", "md5", "sha1", "sha256", "sha384", "sha512"],
            "none, md5, sha1, sha256, sha384, sha512",
        );
        let chosen = |explicit: Option<String>, implied: &str| {
            let word = explicit.or_else(|| both.then(|| implied.to_owned()))?;
            (word != "none").then_some(word)
        };
        Crypto { cipher: chosen(cipher, "aes256"), hash: chosen(hash, "sha256") }
    }

    fn nodes(&mut self, root: &Section) -> Vec<NodeSettings> {
        let list = merged(root, "nodelist");
        let mut nodes: Vec<NodeSettings> = Vec::new();
        for section in list.sections_named("node") {
            let addresses: Vec<(u8, String)> = (0..8)
                .filter_map(|link| {
                    let address = section.value(&format!("ring{link}_addr"))?;
                    Some((link, address.to_owned()))
                })
                .collect();
            if addresses.is_empty() {
                self.problem(section, "ring0_addr", ProblemKind::Missing);
            }
            let node = NodeSettings {
                id: self.number32(section, "nodeid", 1),
                name: section.value("name").map(str::to_owned),
                addresses,
                votes: self.number32(section, "quorum_votes", 0),
            };
            if node.id.is_some() && nodes.iter().any(|other| other.id == node.id) {
                let id = section.value("nodeid").unwrap_or_default().to_owned();
                self.problem(section, "nodeid", ProblemKind::Twice(id));
            }
            if let Some(name) = &node.name
                && nodes.iter().any(|other| other.name.as_ref() == Some(name))
            {
                self.problem(section, "name", ProblemKind::Twice(name.clone()));
            }
            nodes.push(node);
        }
        nodes
    }

    fn quorum(&mut self, quorum: &Section) -> Quorum {
        let provider =
            self.choice(quorum, "provider", &["corosync_votequorum"], "corosync_votequorum");
        Quorum {
            votequorum: provider.is_some(),
            expected_votes: self.number32(quorum, "expected_votes", 1),
            two_node: self.switch(quorum, "two_node").unwrap_or(false),
            wait_for_all: self.switch(quorum, "wait_for_all"),
            last_man_standing: self.switch(quorum, "last_man_standing").unwrap_or(false),
            last_man_standing_window: self.milliseconds(quorum, "last_man_standing_window"),
            auto_tie_breaker: self.switch(quorum, "auto_tie_breaker").unwrap_or(false),
            device: quorum.sections_named("device").any(|device| device.value("model").is_some()),
        }
    }

    fn logging(&mut self, logging: &Section) -> Logging {
        let to_file = self.switch(logging, "to_logfile").unwrap_or(false);
        let debug = self.choice(
            logging,
            "debug",
            &["on", "off", "trace", "yes", "no", "1", "0"],
            "on, off, trace",
        );
        if to_file && logging.value("logfile").is_none() {
            self.problem(logging, "logfile", ProblemKind::Missing);
        }
        Logging {
            file: logging.value("logfile").filter(|_| to_file).map(str::to_owned),
            to_syslog: self.switch(logging, "to_syslog").unwrap_or(true),
            to_stderr: self.switch(logging, "to_stderr").unwrap_or(true),
            debug: matches!(debug.as_deref(), Some("on" | "trace" | "yes" | "1")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Settings, Vec<String>) {
        let (settings, problems) = Settings::read(&text.parse().unwrap());
        (settings, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_cluster_of_three() {
        let (settings, problems) = read(
            "totem {\nversion: 2\ncluster_name: web\ntransport: udpu\nsecauth: on\ntoken: 1000\n}\n\
             nodelist {\nnode {\nring0_addr: a\nring1_addr: b\nname: n1\nnodeid: 1\n}\n}\n\
             nodelist {\nnode {\nring0_addr: c\nnodeid: 2\n}\n}\n\
             quorum {\nprovider: corosync_votequorum\ntwo_node: 1\ndevice {\nmodel: net\n}\n}\n\
             logging {\nto_logfile: yes\nlogfile: /x\n}\n",
        );
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(settings.totem.transport, Transport::Udpu);
        assert_eq!(settings.totem.crypto.cipher.as_deref(), Some("aes256"));
        assert_eq!(settings.totem.token_timeout(4), Duration::from_millis(2300));
        assert_eq!(settings.nodes.len(), 2);
        assert_eq!(settings.nodes[0].addresses, [(0, "a".to_owned()), (1, "b".to_owned())]);
        assert!(settings.quorum.votequorum && settings.quorum.two_node && settings.quorum.device);
        assert_eq!(settings.logging.file.as_deref(), Some("/x"));
    }

    #[test]
    fn problems_have_lines() {
        let (settings, problems) = read(
            "totem {\ntransport: pigeon\ntoken: soon\n}\nnodelist {\nnode {\nnodeid: 1\nname: a\n}\n\
             node {\nring0_addr: x\nnodeid: 1\nname: a\n}\n}\nlogging {\nto_logfile: yes\ndebug: very\n}\n",
        );
        assert_eq!(settings.totem.transport, Transport::Knet);
        assert_eq!(
            problems,
            [
                "line 1: totem.version is missing",
                "line 2: totem.transport has to be one of knet, udp, udpu, not 'pigeon'",
                "line 3: totem.token has to be a number from 0 to 4294967295, not 'soon'",
                "line 6: node.ring0_addr is missing",
                "line 12: node.nodeid '1' is there twice",
                "line 13: node.name 'a' is there twice",
                "line 18: logging.debug has to be one of on, off, trace, not 'very'",
                "line 16: logging.logfile is missing",
            ]
        );
    }
}
