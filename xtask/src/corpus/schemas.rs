//! What old documents become, step by step, as Pacemaker's own tests have it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use schema::{Event, Schema, upgrade};
use xml::{Element, Limits, Node};

use super::{Run, Tally};
use crate::console;

/// The folders, the schema that their documents are rewritten for, and the last step's number.
const SERIES: &[(&str, &str, &str)] =
    &[("test-2", "pacemaker-3.0", "2"), ("test-3", "pacemaker-4.0", "99")];

pub(super) fn run(run: &Run<'_>) -> Result<Vec<Tally>> {
    let mut documents = Tally { kind: "document", same: 0, of: 0, different: Vec::new() };
    let mut notes = Tally { kind: "notes", same: 0, of: 0, different: Vec::new() };
    for (series, to, last) in SERIES {
        let to = Schema::from_name(to).with_context(|| format!("there is no schema {to}"))?;
        let folder = run.folder.join(series);
        for case in cases(&folder)?.iter().filter(|case| run.wants(case)) {
            let cib = read(&folder.join("xml").join(format!("{case}.xml")))?;
            let (new, events) = upgrade::rewrite(&cib, to).unzip();
            let stored = read(&folder.join("ref").join(format!("{case}.ref-{last}")))?;
            let same = new.as_ref().is_some_and(|new| same(&stored, new));
            documents.count(case, same);
            let stored_notes = stored_notes(&folder, case)?;
            let own: String = events
                .unwrap_or_default()
                .iter()
                .filter(|event| matches!(event, Event::Note(_)))
                .map(|event| format!("{event}\n"))
                .collect();
            notes.count(case, own == stored_notes);
            if run.differences && !(same && own == stored_notes) {
                console::step(case);
                let ours = new.map(|new| new.to_pretty()).unwrap_or_default();
                let difference = super::compare::difference(&stored.to_pretty(), &ours);
                let difference =
                    difference.or_else(|| super::compare::difference(&stored_notes, &own));
                console::quote(&difference.unwrap_or_default());
            }
        }
    }
    Ok(vec![documents, notes])
}

impl Tally {
    fn count(&mut self, case: &str, same: bool) {
        self.of += 1;
        if same {
            self.same += 1;
        } else {
            self.different.push(case.to_owned());
        }
    }
}

/// The names of the cases in a folder, in order.
fn cases(folder: &Path) -> Result<Vec<String>> {
    let list = folder.join("xml");
    let entries = fs::read_dir(&list).with_context(|| list.display().to_string())?;
    let mut names = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| list.display().to_string())?.path();
        if path.extension().is_some_and(|ending| ending == "xml") {
            names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    names.sort();
    Ok(names)
}

/// What all the steps say, one after the other.
fn stored_notes(folder: &Path, case: &str) -> Result<String> {
    let mut notes = String::new();
    for step in ["0", "1", "2", "3", "4", "99"] {
        let path: PathBuf = folder.join("ref.err").join(format!("{case}.ref.err-{step}"));
        if path.exists() {
            let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            notes.push_str(&text);
        }
    }
    Ok(notes)
}

fn read(path: &Path) -> Result<Element> {
    let bytes = fs::read(path).with_context(|| path.display().to_string())?;
    xml::parse_bytes(&bytes, Limits::DOCUMENT).with_context(|| path.display().to_string())
}

/// Whether two documents are the same. The order of attributes and space between elements mean nothing.
fn same(a: &Element, b: &Element) -> bool {
    fn attributes(element: &Element) -> Vec<(&str, &str)> {
        let mut attributes: Vec<_> = element.attrs().collect();
        attributes.sort_unstable();
        attributes
    }
    let content = |element: &'_ Element| -> Vec<Node> {
        let blank = |node: &Node| matches!(node, Node::Text(text) if text.trim().is_empty());
        element.nodes().iter().filter(|node| !blank(node)).cloned().collect()
    };
    let (inside_a, inside_b) = (content(a), content(b));
    a.name() == b.name()
        && attributes(a) == attributes(b)
        && inside_a.len() == inside_b.len()
        && inside_a.iter().zip(&inside_b).all(|pair| match pair {
            (Node::Element(a), Node::Element(b)) => same(a, b),
            (Node::Text(a) | Node::Comment(a), Node::Text(b) | Node::Comment(b)) => {
                a.trim() == b.trim()
            }
            _ => false,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_means_something_is_compared() {
        let parse = |text| xml::parse(text).unwrap();
        let document = parse("<a x='1' y='2'><b/><!-- c --></a>");
        assert!(same(&document, &parse("<a y='2' x='1'> <b/> <!--c--> </a>")));
        for other in ["<a x='1' y='3'><b/><!--c--></a>", "<a x='1' y='2'><b/></a>"] {
            assert!(!same(&document, &parse(other)), "{other}");
        }
    }
}
