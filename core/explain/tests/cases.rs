//! Whole answers to whole clusters: each `cases/NAME.xml` begins with a comment that says what is asked of it, and
//! `cases/NAME.txt` is what has to be answered, to the letter. With `CARDEA_BLESS` set, the answers are written anew.

#![allow(clippy::disallowed_methods, reason = "a test has files and an environment")]

use std::path::{Path, PathBuf};

use explain::explain_document;
use rules::LocalTime;
use vocab::Timestamp;

/// The time of all cases: 2026-11-01 12:00:00 UTC.
const NOW: Timestamp = Timestamp(1_793_534_400);

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

fn names() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|file| file.strip_suffix(".xml").map(str::to_owned))
        .collect();
    names.sort();
    names
}

fn answer(text: &str) -> String {
    let asked = text.lines().next().unwrap().strip_prefix("<!-- explain ").unwrap();
    let words: Vec<&str> = asked.trim_end_matches(" -->").split(' ').collect();
    let (resource, node) = match words.as_slice() {
        [resource] => (*resource, None),
        [resource, "--node", node] => (*resource, Some(*node)),
        other => panic!("{other:?} asks nothing"),
    };
    let cib = xml::parse(text).unwrap();
    let (found, _) = model::Model::build_sanitized(&cib, LocalTime::utc(NOW));
    assert!(
        found.problems.iter().all(|problem| !problem.text.starts_with("Ignoring")),
        "{asked}: {:?}",
        found.problems
    );
    match explain_document(&cib, LocalTime::utc(NOW), true, resource, node) {
        Ok(explanation) => explanation.to_string(),
        Err(unknown) => format!("{unknown}\n"),
    }
}

#[test]
fn every_case_has_its_answer() {
    let mut wrong = Vec::new();
    for name in names() {
        let text = std::fs::read_to_string(folder().join(format!("{name}.xml"))).unwrap();
        let path = folder().join(format!("{name}.txt"));
        let answer = answer(&text);
        if std::env::var_os("CARDEA_BLESS").is_some() {
            std::fs::write(&path, &answer).unwrap();
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        if answer != expected {
            wrong.push(format!("{name}: expected\n{expected}\nbut it is\n{answer}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
