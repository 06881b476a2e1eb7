//! The file's sections as one list of keys: where nodes, links and parts of the daemon get their numbers and names.

use crate::{
    AccountKind, Document, Entry, Key, Keys, NamedAccount, ProblemKind, Problems, Section, Value,
    schema::{self, Shape},
};

/// Reads a file.
pub(crate) fn read(document: &Document) -> (Keys, Problems) {
    let mut flat = Flat::default();
    flat.entries(&document.root, "");
    for section in &document.root.sections {
        flat.top(section);
    }
    (flat.keys, flat.problems)
}

/// Adds a file of `uidgid.d`.
pub(crate) fn add_access_file(keys: &mut Keys, document: &Document) -> Problems {
    let mut flat = Flat { keys: std::mem::take(keys), problems: Problems::default() };
    for entry in &document.root.entries {
        let kind = ProblemKind::NotHere("a section uidgid");
        flat.problems.error(entry.line, entry.key.clone(), kind);
    }
    for section in &document.root.sections {
        if section.name == "uidgid" {
            flat.access(section);
        } else {
            let kind = ProblemKind::NotHere("a section uidgid");
            flat.problems.error(section.line, section.name.clone(), kind);
        }
        for inner in &section.sections {
            let kind = ProblemKind::NotHere("uid and gid");
            flat.problems.error(inner.line, joined(&section.name, &inner.name), kind);
        }
    }
    *keys = flat.keys;
    flat.problems
}

#[derive(Default)]
struct Flat {
    keys: Keys,
    problems: Problems,
}

impl Flat {
    fn top(&mut self, section: &Section) {
        match section.name.as_str() {
            "totem" => self.totem(section),
            "nodelist" => self.nodes(section),
            "uidgid" => self.access(section),
            "logging" => self.logging(section),
            _ => self.plain(section, &section.name),
        }
    }

    /// A section whose keys are what its path says.
    fn plain(&mut self, section: &Section, path: &str) {
        self.entries(section, path);
        for inner in &section.sections {
            self.plain(inner, &joined(path, &inner.name));
        }
    }

    fn entries(&mut self, section: &Section, path: &str) {
        for entry in &section.entries {
            let path = joined(path, &entry.key);
            self.entry(entry, &path, &path, schema::shape(&path));
        }
    }

    /// Takes one entry. `path` is where it is in the file, `key` what clients know it as.
    fn entry(&mut self, entry: &Entry, path: &str, key: &str, shape: Shape) {
        if !is_key_name(key) {
            self.problems.error(entry.line, path, ProblemKind::KeyName);
            return;
        }
        if shape == Shape::Unknown {
            self.problems.warning(entry.line, path, ProblemKind::Unknown);
        }
        match shape.value(&entry.value) {
            Some(value) => {
                self.keys.entries.insert(key.to_owned(), Key { value, line: entry.line });
            }
            None => self.problems.error(entry.line, path, misfit(shape, &entry.value)),
        }
    }

    fn totem(&mut self, section: &Section) {
        self.entries(section, "totem");
        for inner in &section.sections {
            if inner.name == "interface" {
                self.interface(inner);
            } else {
                self.plain(inner, &joined("totem", &inner.name));
            }
        }
    }

    fn interface(&mut self, section: &Section) {
        let number = section.entry("linknumber").and_then(|entry| {
            let number = Shape::U8.value(&entry.value);
            if number.is_none() {
                let kind = misfit(Shape::U8, &entry.value);
                self.problems.error(entry.line, "totem.interface.linknumber", kind);
            }
            number
        });
        let number = number.unwrap_or(Value::U8(0));
        for entry in section.entries.iter().filter(|entry| entry.key != "linknumber") {
            let path = joined("totem.interface", &entry.key);
            match schema::interface(&entry.key) {
                // Kept where no link has it, as the original does.
                Shape::Unknown => self.entry(entry, &path, &path, Shape::Unknown),
                shape => {
                    let key = format!("totem.interface.{number}.{}", entry.key);
                    self.entry(entry, &path, &key, shape);
                }
            }
        }
        let members: Vec<&Entry> =
            section.sections_named("member").flat_map(|member| &member.entries).collect();
        // The original keeps them the other way round.
        for (index, entry) in members.into_iter().rev().enumerate() {
            let path = joined("totem.interface.member", &entry.key);
            if entry.key == "memberaddr" {
                let key = format!("totem.interface.{number}.member.{index}");
                self.entry(entry, &path, &key, Shape::Text);
            } else {
                self.problems.error(entry.line, path, ProblemKind::NotHere("memberaddr"));
            }
        }
        for inner in section.sections.iter().filter(|inner| inner.name != "member") {
            self.plain(inner, &joined("totem.interface", &inner.name));
        }
    }

    fn nodes(&mut self, section: &Section) {
        self.entries(section, "nodelist");
        // Counted anew in each list: a second one takes the place of the first.
        if self.keys.with_prefix("nodelist.node.").next().is_some() {
            self.problems.warning(section.line, "nodelist", ProblemKind::Repeated);
        }
        let mut number = 0;
        for inner in &section.sections {
            if inner.name != "node" {
                self.plain(inner, &joined("nodelist", &inner.name));
                continue;
            }
            for entry in &inner.entries {
                let path = joined("nodelist.node", &entry.key);
                let key = format!("nodelist.node.{number}.{}", entry.key);
                self.entry(entry, &path, &key, schema::node(&entry.key));
            }
            number += 1;
        }
    }

    fn access(&mut self, section: &Section) {
        for entry in &section.entries {
            let kind = match entry.key.as_str() {
                "uid" => AccountKind::User,
                "gid" => AccountKind::Group,
                _ => {
                    let path = joined("uidgid", &entry.key);
                    self.problems.error(entry.line, path, ProblemKind::NotHere("uid and gid"));
                    continue;
                }
            };
            match entry.value.parse() {
                Ok(number) => {
                    self.keys.allow(kind, number);
                }
                Err(_) => {
                    let account =
                        NamedAccount { kind, name: entry.value.clone(), line: entry.line };
                    self.keys.accounts.push(account);
                }
            }
        }
    }

    fn logging(&mut self, section: &Section) {
        self.entries(section, "logging");
        for inner in &section.sections {
            match inner.name.as_str() {
                "logger_subsys" => self.subsystem(inner, "logging.logger_subsys", None),
                "logging_daemon" => match inner.value("name") {
                    Some(daemon) => self.daemon(inner, daemon),
                    None => {
                        let path = "logging.logging_daemon.name";
                        self.problems.error(inner.line, path, ProblemKind::Missing);
                    }
                },
                other => self.plain(inner, &joined("logging", other)),
            }
        }
    }

    /// The part of a daemon whose name is in `subsys`.
    fn subsystem(&mut self, section: &Section, path: &str, daemon: Option<&str>) {
        let Some(name) = section.entry("subsys") else {
            self.problems.error(section.line, joined(path, "subsys"), ProblemKind::Missing);
            return;
        };
        let below = match daemon {
            Some(daemon) => format!("logging.logging_daemon.{daemon}.{}", name.value),
            None => format!("logging.logger_subsys.{}", name.value),
        };
        self.logging_options(section, path, &below);
        self.entry(name, path, &joined(&below, "subsys"), Shape::Text);
        if let (Some(daemon), Some(entry)) = (daemon, section.entry("name")) {
            let key = format!("logging.logging_daemon.{daemon}.{}.name", name.value);
            self.entry(entry, path, &key, Shape::Text);
        }
    }

    /// Logging of a daemon other than corosync, or of corosync in an older way to write it.
    fn daemon(&mut self, section: &Section, daemon: &str) {
        let path = "logging.logging_daemon";
        let ours = daemon == "corosync";
        if section.entry("subsys").is_some() {
            self.subsystem(section, path, (!ours).then_some(daemon));
        } else if ours {
            self.logging_options(section, path, "logging");
        } else {
            let below = joined(path, daemon);
            self.logging_options(section, path, &below);
            if let Some(name) = section.entry("name") {
                self.entry(name, path, &joined(&below, "name"), Shape::Text);
            }
        }
    }

    fn logging_options(&mut self, section: &Section, path: &str, below: &str) {
        // From the end: of equal keys the first one counts here.
        for entry in section.entries.iter().rev() {
            if !matches!(entry.key.as_str(), "subsys" | "name") || is_name_of_subsystem(path, entry)
            {
                let known = schema::is_logging_option(&entry.key);
                let shape = if known { Shape::Text } else { Shape::Unknown };
                self.entry(entry, &joined(path, &entry.key), &joined(below, &entry.key), shape);
            }
        }
    }
}

/// `name` means something for `logging_daemon` only.
fn is_name_of_subsystem(path: &str, entry: &Entry) -> bool {
    path == "logging.logger_subsys" && entry.key == "name"
}

fn joined(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn misfit(shape: Shape, text: &str) -> ProblemKind {
    match shape {
        Shape::Word(_, all) => ProblemKind::Choice(all, text.to_owned()),
        Shape::TrafficClass => {
            let all = "0 to 63, cs0 to cs7, af11 to af13, ..., af41 to af43, ef";
            ProblemKind::Choice(all, text.to_owned())
        }
        Shape::U8
        | Shape::U16
        | Shape::I32
        | Shape::U32
        | Shape::U64
        | Shape::Text
        | Shape::Unknown => {
            let (min, max) = shape.range();
            ProblemKind::Number(min, max, text.to_owned())
        }
    }
}

/// Whether the map of keys takes such a name.
pub(crate) fn is_key_name(name: &str) -> bool {
    (3..=255).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-/:".contains(&byte))
}
