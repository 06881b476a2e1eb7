//! What is run: commands with what they are given, one file per group.
//!
//! The stored results have the names and the outputs of the tests, not the commands; those are here, as data. In a text
//! `{data}` is the folder of the corpus, `{contents FILE}` what a file in it says, and `{tomorrow}` the beginning of a
//! time of tomorrow.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context, Result};
use serde::Deserialize;

/// Every group, in the order in which they are run, with its recipe.
pub(super) const GROUPS: [(&str, &str); 21] = [
    ("access_render", include_str!("recipes/access_render.json")),
    ("daemons", include_str!("recipes/daemons.json")),
    ("dates", include_str!("recipes/dates.json")),
    ("error_codes", include_str!("recipes/error_codes.json")),
    ("cibadmin", include_str!("recipes/cibadmin.json")),
    ("crm_attribute", include_str!("recipes/crm_attribute.json")),
    ("crm_standby", include_str!("recipes/crm_standby.json")),
    ("crm_resource", include_str!("recipes/crm_resource.json")),
    ("crm_ticket", include_str!("recipes/crm_ticket.json")),
    ("crmadmin", include_str!("recipes/crmadmin.json")),
    ("crm_shadow", include_str!("recipes/crm_shadow.json")),
    ("crm_verify", include_str!("recipes/crm_verify.json")),
    ("crm_simulate", include_str!("recipes/crm_simulate.json")),
    ("crm_diff", include_str!("recipes/crm_diff.json")),
    ("crm_mon", include_str!("recipes/crm_mon.json")),
    ("acls", include_str!("recipes/acls.json")),
    ("validity", include_str!("recipes/validity.json")),
    ("upgrade", include_str!("recipes/upgrade.json")),
    ("rules", include_str!("recipes/rules.json")),
    ("feature_set", include_str!("recipes/feature_set.json")),
    ("agents", include_str!("recipes/agents.json")),
];

/// A test, or tests that share something.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Item {
    Scope(Scope),
    Test(Test),
}

/// Tests that share a CIB or an environment; each finds what the one before left.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Scope {
    pub(super) shadow: Option<Shadow>,
    /// The schema of the shadow CIB.
    pub(super) validate_with: Option<String>,
    /// A variable without a value is taken out.
    #[serde(default)]
    pub(super) environment: BTreeMap<String, Option<String>>,
    /// The CIB file, as text.
    pub(super) cib: Option<Lines>,
    /// The CIB file, as a copy of this one.
    pub(super) cib_copy: Option<String>,
    /// Commands to prepare with, which have to succeed.
    #[serde(default)]
    pub(super) before: Vec<String>,
    pub(super) tests: Vec<Item>,
}

/// What a scope has of shadow CIBs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Shadow {
    /// A new, empty one.
    Empty,
    /// Only a place and a name for one.
    Directory,
}

/// One command and what should come of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Test {
    pub(super) name: String,
    pub(super) run: String,
    /// The exit status it has to end with.
    #[serde(default)]
    pub(super) exit: i32,
    /// Whether the CIB is shown afterwards.
    #[serde(default)]
    pub(super) shows_cib: bool,
    /// Whether it is prepared, as root, on a copy of the CIB, which is shown and becomes its input.
    #[serde(default)]
    pub(super) on_copy: bool,
    #[serde(default)]
    pub(super) forms: Forms,
    #[serde(default)]
    pub(super) before: Vec<String>,
    #[serde(default)]
    pub(super) after: Vec<String>,
    #[serde(default)]
    pub(super) environment: BTreeMap<String, Option<String>>,
    pub(super) input: Option<Lines>,
    /// Its input is what this file says.
    pub(super) input_file: Option<String>,
    /// Its input is what this command prints.
    pub(super) input_from: Option<String>,
}

/// In which forms of output a test is run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Forms {
    /// As the command says.
    #[default]
    AsWritten,
    /// As text, then as XML.
    Both,
}

impl Test {
    /// Name and command in each form.
    pub(super) fn runs(&self) -> Vec<(String, String)> {
        let mut runs = vec![(self.name.clone(), self.run.clone())];
        if self.forms == Forms::Both {
            let (tool, rest) = self.run.split_once(' ').unwrap_or((&self.run, ""));
            let command = format!("{tool} --output-as=xml {rest}");
            runs.push((format!("{} (XML)", self.name), command));
        }
        runs
    }
}

/// A text as one string or as one for each line.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Lines {
    Whole(String),
    Each(Vec<String>),
}

impl Lines {
    pub(super) fn text(&self) -> String {
        match self {
            Self::Whole(text) => text.clone(),
            Self::Each(lines) => lines.join("\n"),
        }
    }
}

pub(super) fn read(text: &str) -> Result<Vec<Item>> {
    serde_json::from_str(text).context("a recipe is not as it should be")
}

/// Puts in what depends on place and time.
pub(super) fn fill_in(text: &str, folder: &Path, tomorrow: &str) -> Result<String> {
    let mut text = text.replace("{data}", &folder.display().to_string());
    text = text.replace("{tomorrow}", tomorrow);
    while let Some((before, rest)) = text.split_once("{contents ") {
        let (file, after) = rest.split_once('}').context("{contents has no end")?;
        let path = folder.join(file);
        let contents =
            std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        text = format!("{before}{contents}{after}");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(items: &[Item]) -> usize {
        let tests = |item: &Item| match item {
            Item::Scope(scope) => count(&scope.tests),
            Item::Test(test) => test.runs().len(),
        };
        items.iter().map(tests).sum()
    }

    #[test]
    fn all_recipes_can_be_read() {
        let counts: Vec<usize> = GROUPS
            .iter()
            .map(|(name, text)| {
                count(&read(text).unwrap_or_else(|error| panic!("{name}: {error:#}")))
            })
            .collect();
        assert_eq!(counts.iter().sum::<usize>(), 781);
    }

    #[test]
    fn both_forms_differ_in_one_option() {
        let text = r#"[{"name": "n", "run": "crm_mon -1", "forms": "both"}]"#;
        let items = read(text).expect("a recipe");
        let [Item::Test(test)] = items.as_slice() else { panic!("{items:?}") };
        let runs = test.runs();
        assert_eq!(runs[1], ("n (XML)".to_owned(), "crm_mon --output-as=xml -1".to_owned()));
    }
}
