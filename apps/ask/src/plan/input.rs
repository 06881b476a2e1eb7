use std::path::Path;

use client::cib::{CallOptions, Cib};
use rules::LocalTime;
use vocab::{Timestamp, ToolExit};
use xml::{
    Element,
    patchset::{Generation, Patchset},
};

use super::{Edit, NAME, Options, Stop, words};

/// The two documents that are compared.
pub(super) struct Input {
    /// How it is.
    pub(super) before: Element,
    /// How it would be, with the same status.
    pub(super) after: Element,
    /// When.
    pub(super) now: LocalTime,
    /// Whether secrets may be blotted out.
    pub(super) sanitized: bool,
    /// The given version and the one in use, if the given one is older.
    pub(super) older: Option<(String, String)>,
}

/// Reads the CIB and makes the changes to a copy.
pub(super) fn read(options: &Options, edit: Edit) -> Result<Input, Stop> {
    let mut before = match &options.file {
        Some(path) => whole(document(path)?, path)?,
        None => live()?,
    };
    before.child_or_new("status");
    let mut after = before.clone();
    let mut older = None;
    if let Some(path) = &options.new {
        let new = document(path)?;
        older = older_version(&new, &before);
        replace_configuration(&mut after, new, path)?;
    }
    if let Some(path) = &options.patch {
        apply(&mut after, path)?;
    }
    for command in &options.pcs {
        let words = words::split(command)
            .map_err(|error| Stop::new(ToolExit::Usage, format!("--pcs {command:?}: {error}")))?;
        edit(&mut after, words).map_err(Stop::Said)?;
    }
    check(&after)?;
    let now = time(options, &before);
    Ok(Input { now, before, after, sanitized: options.file.is_some(), older })
}

fn live() -> Result<Element, Stop> {
    let connected = Cib::open(NAME);
    let answer = connected.and_then(|mut cib| cib.query(None, CallOptions::SCOPE_LOCAL));
    let cib = answer.map_err(|error| {
        let message =
            format!("cannot read the cluster's CIB ({error}); for one in a file use --file");
        Stop::new(error.exit(), message)
    })?;
    Ok(Element::clone(&cib))
}

fn document(path: &Path) -> Result<Element, Stop> {
    disk::read_document(path).map_err(|error| {
        let exit = match error {
            disk::DocumentError::Read(_) => ToolExit::NoInput,
            disk::DocumentError::Parse(_) | disk::DocumentError::Compression(_) => {
                ToolExit::DataError
            }
        };
        Stop::new(exit, format!("{}: {error}", path.display()))
    })
}

fn whole(document: Element, path: &Path) -> Result<Element, Stop> {
    if document.name() == "cib" {
        return Ok(document);
    }
    let message = format!("{}: it is <{}>, not <cib>", path.display(), document.name());
    Err(Stop::new(ToolExit::DataError, message))
}

/// Puts the configuration of a document in the place of the CIB's. The status stays: it is what the cluster records.
fn replace_configuration(cib: &mut Element, new: Element, path: &Path) -> Result<(), Stop> {
    let configuration = match new.name() {
        "configuration" => new,
        "cib" => {
            if let Some(schema) = new.attr("validate-with") {
                cib.set("validate-with", schema);
            }
            let found = new.child("configuration").cloned();
            found.ok_or_else(|| {
                let message = format!("{}: there is no <configuration> in it", path.display());
                Stop::new(ToolExit::DataError, message)
            })?
        }
        other => {
            let message =
                format!("{}: it is <{other}>, not <cib> or <configuration>", path.display());
            return Err(Stop::new(ToolExit::DataError, message));
        }
    };
    *cib.child_or_new("configuration") = configuration;
    Ok(())
}

/// Both versions, if that of the new document is older. What the status says does not count.
fn older_version(new: &Element, current: &Element) -> Option<(String, String)> {
    new.attr("epoch").filter(|_| new.name() == "cib")?;
    let [given, current] = [new, current].map(Generation::of);
    let older = (given.admin_epoch, given.epoch) < (current.admin_epoch, current.epoch);
    older.then(|| (given.to_string(), current.to_string()))
}

fn apply(cib: &mut Element, path: &Path) -> Result<(), Stop> {
    let refused = |error: &dyn std::fmt::Display| {
        Stop::new(ToolExit::DataError, format!("{}: {error}", path.display()))
    };
    let patch = Patchset::from_element(&document(path)?).map_err(|error| refused(&error))?;
    patch.apply(cib).map_err(|error| refused(&error))
}

/// Refuses what the cluster would refuse.
fn check(cib: &Element) -> Result<(), Stop> {
    match schema::check(cib).first() {
        Some(problem) => {
            let message = format!("the cluster would refuse this change: {problem}");
            Err(Stop::new(ToolExit::Config, message))
        }
        None => Ok(()),
    }
}

/// Now, or for a saved CIB when it was in use.
fn time(options: &Options, cib: &Element) -> LocalTime {
    let now = jiff::Zoned::now();
    let utc_offset_seconds = now.offset().seconds();
    let recorded = cib.attr("execution-date").filter(|_| options.file.is_some());
    let seconds =
        recorded.and_then(|text| text.parse().ok()).unwrap_or_else(|| now.timestamp().as_second());
    LocalTime { moment: Timestamp(seconds), utc_offset_seconds }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf, process::ExitCode};

    use clap::Parser;

    use super::*;

    /// A directory of this test's own, removed at its end.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let path =
                std::env::temp_dir().join(format!("cardea-plan-{name}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn file(&self, name: &str, text: &str) -> String {
            let path = self.0.join(name);
            fs::write(&path, text).unwrap();
            path.display().to_string()
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn cib(epoch: u32, option: &str) -> String {
        format!(
            "<cib validate-with='pacemaker-3.9' admin_epoch='0' epoch='{epoch}' num_updates='3' \
             execution-date='77'><configuration><crm_config>{option}</crm_config><nodes/><resources/>\
             <constraints/></configuration><status><node_state id='1' uname='n'/></status></cib>"
        )
    }

    fn option(value: u32) -> String {
        format!(
            "<cluster_property_set id='o'><nvpair id='o-x' name='x' value='{value}'/>\
             </cluster_property_set>"
        )
    }

    /// Notes the words as the name of the cluster's first option set.
    fn note(cib: &mut Element, words: Vec<String>) -> Result<(), ExitCode> {
        if words == ["fail"] {
            return Err(ExitCode::from(7));
        }
        let config = cib.child_or_new("configuration").child_or_new("crm_config");
        config.push(Element::new("cluster_property_set").with("id", words.join("-")));
        Ok(())
    }

    fn read_with(args: &[&str]) -> Result<Input, Stop> {
        read(&Options::parse_from([&["plan"], args].concat()), note)
    }

    fn refusal(args: &[&str]) -> String {
        match read_with(args) {
            Err(Stop::Because(message, exit)) => format!("{} {message}", exit.code()),
            Err(Stop::Said(exit)) => format!("{exit:?}"),
            Ok(_) => "taken".to_owned(),
        }
    }

    fn set_ids(cib: &Element) -> Vec<String> {
        let config = cib.descend(&["configuration", "crm_config"]).unwrap();
        config.children().filter_map(Element::id).map(str::to_owned).collect()
    }

    #[test]
    fn only_the_configuration_of_a_new_document_counts() {
        let scratch = Scratch::new("new");
        let base = scratch.file("base", &cib(5, ""));
        let other = cib(4, &option(1)).replace("uname='n'", "uname='other'");
        let new = scratch.file("new", &other);
        let input = read_with(&[&new, "--file", &base]).unwrap();
        assert_eq!(input.after.child("status"), input.before.child("status"));
        assert_eq!(
            (set_ids(&input.before).len(), set_ids(&input.after)),
            (0, vec!["o".to_owned()])
        );
        assert_eq!(input.older, Some(("0.4.3".to_owned(), "0.5.3".to_owned())));
        assert_eq!(input.now.moment, Timestamp(77));

        let part = scratch.file(
            "part",
            "<configuration><crm_config/><nodes/><resources/><constraints/></configuration>",
        );
        let input = read_with(&[&part, "--file", &base]).unwrap();
        assert_eq!((input.older, &input.after), (None, &input.before));
    }

    #[test]
    fn commands_are_carried_out_one_after_the_other() {
        let scratch = Scratch::new("pcs");
        let base = scratch.file("base", &cib(5, ""));
        let input = read_with(&["--file", &base, "--pcs", "a 'b'", "--pcs", "c"]).unwrap();
        assert_eq!(set_ids(&input.after), ["a-b", "c"]);
        assert_eq!(
            refusal(&["--file", &base, "--pcs", "fail"]),
            format!("{:?}", ExitCode::from(7))
        );
        assert!(refusal(&["--file", &base, "--pcs", "a 'b"]).starts_with("64 "));
    }

    #[test]
    fn a_patch_has_to_fit() {
        let scratch = Scratch::new("patch");
        let [old, new] =
            [cib(5, &option(1)), cib(6, &option(2))].map(|text| xml::parse(&text).unwrap());
        let patch = Patchset::between(&old, &new).unwrap().unwrap().to_element();
        let patch = scratch.file("patch", &patch.to_pretty());
        let fitting = scratch.file("fitting", &old.to_pretty());
        let input = read_with(&["--file", &fitting, "--patch", &patch]).unwrap();
        assert_eq!(input.after.child("configuration"), new.child("configuration"));
        let newer = scratch.file("newer", &new.to_pretty());
        assert!(refusal(&["--file", &newer, "--patch", &patch]).starts_with("65 "));
    }

    #[test]
    fn what_is_missing_broken_or_would_be_refused_is_told_apart() {
        let scratch = Scratch::new("bad");
        let base = scratch.file("base", &cib(5, ""));
        let broken = scratch.file("broken", "<cib>");
        let other = scratch.file("other", "<resources/>");
        let invalid = scratch.file("invalid", &cib(6, "<nonsense id='x'/>"));
        assert!(refusal(&[&base, "--file", "/nowhere/at/all"]).starts_with("66 "));
        assert!(refusal(&[&broken, "--file", &base]).starts_with("65 "));
        assert!(refusal(&[&other, "--file", &base]).starts_with("65 "));
        assert!(refusal(&[&base, "--file", &other]).starts_with("65 "));
        assert!(refusal(&[&invalid, "--file", &base]).starts_with("78 "));
    }
}
