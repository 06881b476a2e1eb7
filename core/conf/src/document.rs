use std::fmt;

/// A configuration of sections in sections, as `corosync.conf` has it. Comments are not kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// What is outside every named section; only sections belong there.
    pub root: Section,
}

/// A section: what it says, and the sections inside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// Its name; empty for the root.
    pub name: String,
    /// The line it begins at, counted from 1; 0 if it was not read from a file.
    pub line: usize,
    /// Its entries in order. The same key may be there more than once; then the last one counts.
    pub entries: Vec<Entry>,
    /// The sections inside, in order.
    pub sections: Vec<Self>,
}

/// One `key: value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// The value, as it was written.
    pub value: String,
    /// The line it is on, counted from 1; 0 if it was not read from a file.
    pub line: usize,
}

impl Section {
    /// An empty section.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// The entry of that key that counts.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().rev().find(|entry| entry.key == key)
    }

    /// The value of that key that counts.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.entry(key).map(|entry| entry.value.as_str())
    }

    /// Sets a key: where its last entry is, else at the end. Entries of the same key that do not count are removed.
    pub fn set(&mut self, key: &str, value: &str) {
        let entry = Entry { key: key.to_owned(), value: value.to_owned(), line: 0 };
        match self.entries.iter().rposition(|entry| entry.key == key) {
            Some(last) => {
                self.entries[last] = entry;
                let mut index = 0;
                self.entries.retain(|entry| {
                    index += 1;
                    index > last || entry.key != key
                });
            }
            None => self.entries.push(entry),
        }
    }

    /// Removes a key. Says whether it was there.
    pub fn remove(&mut self, key: &str) -> bool {
        let before = self.entries.len();
        self.entries.retain(|entry| entry.key != key);
        self.entries.len() < before
    }

    /// The sections of that name directly inside.
    pub fn sections_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> + 'a {
        self.sections.iter().filter(move |section| section.name == name)
    }

    /// The value of a key in the sections of that name directly inside: the last of the last section that has one.
    pub fn value_in(&self, section: &str, key: &str) -> Option<&str> {
        self.sections
            .iter()
            .rev()
            .filter(|inside| inside.name == section)
            .find_map(|inside| inside.value(key))
    }

    /// The last section of that name directly inside, made if there is none.
    pub fn section_or_new(&mut self, name: &str) -> &mut Self {
        let index = match self.sections.iter().rposition(|section| section.name == name) {
            Some(index) => index,
            None => {
                self.sections.push(Self::new(name));
                self.sections.len() - 1
            }
        };
        &mut self.sections[index]
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        let indent = "    ".repeat(depth);
        for entry in &self.entries {
            writeln!(f, "{indent}{}: {}", entry.key, entry.value)?;
        }
        for (index, section) in self.sections.iter().enumerate() {
            if index > 0 || !self.entries.is_empty() {
                writeln!(f)?;
            }
            writeln!(f, "{indent}{} {{", section.name)?;
            section.write(f, depth + 1)?;
            writeln!(f, "{indent}}}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Document {
    /// The text of the file: four blanks of indent, entries in front of sections, a blank line between sections.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root.write(f, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edited_file_keeps_its_form() {
        let text = "totem {\n    version: 2\n    transport: knet\n}\n\nnodelist {\n    node {\n        nodeid: 1\n    }\n\n    node {\n        nodeid: 2\n    }\n}\n";
        let mut document: Document = text.parse().unwrap();
        assert_eq!(document.to_string(), text);
        document.root.section_or_new("totem").set("transport", "udpu");
        document.root.section_or_new("quorum").set("provider", "corosync_votequorum");
        assert_eq!(
            document.to_string(),
            text.replace("knet", "udpu") + "\nquorum {\n    provider: corosync_votequorum\n}\n"
        );
        assert!(document.root.section_or_new("totem").remove("transport"));
        assert_eq!(document.root.value_in("totem", "transport"), None);
    }

    #[test]
    fn the_last_of_equal_keys_counts() {
        let mut section = Section::new("x");
        for value in ["1", "2"] {
            section.entries.push(Entry { key: "a".into(), value: value.into(), line: 0 });
        }
        section.set("b", "3");
        assert_eq!(section.value("a"), Some("2"));
        section.set("a", "4");
        let entries: Vec<_> =
            section.entries.iter().map(|e| (e.key.as_str(), e.value.as_str())).collect();
        assert_eq!(entries, [("a", "4"), ("b", "3")]);
    }
}
