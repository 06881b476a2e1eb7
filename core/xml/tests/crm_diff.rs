//! Patch sets and digests against the programs of Pacemaker 2.1.5: the same difference, and each side applies the other's.
//! Needs `crm_diff` and `cibadmin`; passes without a look where they are not installed, except under CI.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use xml::{Element, Node, digest, parse, patchset::Patchset};

fn originals() -> bool {
    let there = Command::new("crm_diff").arg("--version").output().is_ok();
    assert!(there || std::env::var_os("CI").is_none(), "crm_diff has to be installed under CI");
    there
}

/// A directory of this test's own, gone when the test is done.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("xml-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, content: &Element) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, content.to_pretty()).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn run(program: &str, arguments: &[&dyn AsRef<Path>]) -> String {
    let mut command = Command::new(program);
    command.args(arguments.iter().map(|argument| argument.as_ref()));
    let output = command.output().unwrap();
    assert!(output.status.code().is_some_and(|code| code <= 1), "{program}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// A configuration as users have it: unique ids, a few kinds of things, comments now and then.
fn any_cib(epoch: u32) -> impl Strategy<Value = Element> {
    let nvpair = ("[a-d]", "[ -~]{0,8}").prop_map(|(name, value)| {
        Element::new("nvpair").with("id", &name).with("name", &name).with("value", value)
    });
    let block = prop::collection::vec(nvpair, 0..4).prop_map(|pairs| {
        Element::new("meta_attributes").with("id", "m").with_children(unique(pairs))
    });
    let primitive = ("[a-h]", "[xy]", prop::option::of(block), prop::bool::ANY).prop_map(
        |(id, class, block, swapped)| {
            let element = Element::new("primitive").with("id", id);
            let element = if swapped {
                element.with("type", "t").with("class", class)
            } else {
                element.with("class", class).with("type", "t")
            };
            element.with_children(block)
        },
    );
    (prop::collection::vec(primitive, 0..8), prop::bool::ANY, prop::bool::ANY).prop_map(
        move |(primitives, status, comment)| {
            let mut resources = Element::new("resources").with_children(unique(primitives));
            if comment {
                resources.nodes_mut().insert(0, Node::Comment("a note".into()));
            }
            let configuration = Element::new("configuration")
                .with_child(Element::new("crm_config"))
                .with_child(resources);
            Element::new("cib")
                .with("crm_feature_set", "3.16.1")
                .with("validate-with", "none")
                .with("admin_epoch", 0)
                .with("epoch", epoch)
                .with("num_updates", 0)
                .with_child(configuration)
                .with_children(status.then(|| Element::new("status")))
        },
    )
}

fn unique(elements: Vec<Element>) -> Vec<Element> {
    let mut seen = std::collections::BTreeSet::new();
    elements.into_iter().filter(|e| seen.insert(e.id().unwrap_or_default().to_owned())).collect()
}

#[test]
fn each_side_applies_the_others_patch_sets() {
    if !originals() {
        return;
    }
    let scratch = Scratch::new("crm-diff");
    let mut runner = TestRunner::new_with_rng(
        Config { cases: 60, failure_persistence: None, ..Config::default() },
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    );
    runner
        .run(&(any_cib(1), any_cib(2)), |(old, new)| {
            let old_file = scratch.write("old.xml", &old);
            let new_file = scratch.write("new.xml", &new);
            // 2.1.5 writes apostrophes as entities, 3.0 and we as they are.
            let theirs =
                run("crm_diff", &[&"-o", &old_file, &"-n", &new_file]).replace("&apos;", "'");
            let ours = Patchset::between(&old, &new).unwrap().unwrap();
            prop_assert_eq!(ours.to_element().to_pretty(), theirs);

            let signed = ours.with_digest(&old, &new);
            let patch_file = scratch.write("patch.xml", &signed.to_element());
            let result = run("crm_diff", &[&"-c", &"-o", &old_file, &"-p", &patch_file]);
            prop_assert_eq!(&parse(&result).unwrap(), &new);
            let mut applied = old;
            signed.apply(&mut applied).unwrap();
            prop_assert_eq!(&applied, &new);
            Ok(())
        })
        .unwrap();
}

#[test]
fn digests_of_the_originals() {
    if !originals() {
        return;
    }
    let scratch = Scratch::new("digest");
    let mut runner = TestRunner::new_with_rng(
        Config { cases: 12, failure_persistence: None, ..Config::default() },
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    );
    runner
        .run(&(any_cib(3), "[ -~é\t\n]{0,12}"), |(mut cib, text)| {
            cib.set("no-quorum-panic", text);
            let file = scratch.write("cib.xml", &cib);
            let stored = run("cibadmin", &[&"--md5-sum", &"-x", &file]);
            prop_assert_eq!(stored.trim(), digest::on_disk(&cib));
            let exchanged = run("cibadmin", &[&"--md5-sum-versioned", &"-x", &file]);
            prop_assert_eq!(exchanged.trim(), digest::versioned(&cib));
            Ok(())
        })
        .unwrap();
}
