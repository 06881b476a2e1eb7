//! Blocks of names and values, each of which may apply under a condition.

use std::{cmp::Ordering, collections::BTreeMap};

use rules::{Facts, NextChange, Rule};
use vocab::Score;
use xml::Element;

use crate::document::Document;

/// Names and values.
pub type Values = BTreeMap<String, String>;

/// One block of names and values that applies under a condition.
#[derive(Clone, Debug, PartialEq)]
pub struct AttributeSet {
    /// Its id.
    pub id: String,
    /// Blocks with higher scores come first.
    pub score: Score,
    /// The condition.
    pub rule: Option<Rule>,
    /// What it sets, as written; the value `#default` unsets.
    pub values: Vec<(String, String)>,
}

/// The blocks of one kind that one element has, in the order in which they count: what an earlier one sets stays.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct AttributeSets {
    sets: Vec<AttributeSet>,
}

impl AttributeSets {
    /// Reads the children of that name; the block with the id `first`, if any, counts before all others.
    pub(crate) fn read(
        parent: &Element,
        name: &str,
        first: Option<&str>,
        document: &mut Document<'_>,
    ) -> Self {
        let mut sets: Vec<AttributeSet> =
            parent.children_named(name).filter_map(|block| read_set(block, document)).collect();
        // Of two blocks with equal scores the one further down counts.
        sets.reverse();
        sets.sort_by(|a, b| {
            let preferred = |set: &AttributeSet| first == Some(set.id.as_str());
            match preferred(b).cmp(&preferred(a)) {
                Ordering::Equal => b.score.cmp(&a.score),
                order => order,
            }
        });
        Self { sets }
    }

    /// Whether there is no block at all.
    pub fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }

    /// Whether any block applies under a condition only.
    pub fn has_rules(&self) -> bool {
        self.sets.iter().any(|set| set.rule.is_some())
    }

    /// The blocks, in the order in which they count.
    pub fn iter(&self) -> std::slice::Iter<'_, AttributeSet> {
        self.sets.iter()
    }

    /// Adds what the blocks set and `values` does not have yet.
    pub fn collect(&self, facts: &Facts<'_>, values: &mut Values, next: &mut NextChange) {
        for set in &self.sets {
            if set.rule.as_ref().is_some_and(|rule| !rule.evaluate(facts, next).holds()) {
                continue;
            }
            for (name, value) in &set.values {
                if value.eq_ignore_ascii_case("#default") {
                    values.remove(name);
                } else if !values.contains_key(name) {
                    values.insert(name.clone(), value.clone());
                }
            }
        }
    }
}

fn read_set(block: &Element, document: &mut Document<'_>) -> Option<AttributeSet> {
    let block = document.resolve(block)?;
    let id = block.id().unwrap_or_default().to_owned();
    let score = match block.attr("score").map(Score::parse) {
        None => Score::ZERO,
        Some(Ok(score)) => score,
        Some(Err(error)) => {
            document.problems.warning(format!("Using 0 as score of {id}: {error}"));
            Score::ZERO
        }
    };
    let rule = block.child("rule").map(|rule| document.rule(rule));
    let pairs = block.child("attributes").unwrap_or(&block);
    let mut values = Vec::new();
    for pair in pairs.children_named("nvpair") {
        let named = pair.attr("name").map(str::to_owned);
        let Some(pair) = document.resolve(pair) else { continue };
        // A reference may give the value another name.
        let name = named.or_else(|| pair.attr("name").map(str::to_owned));
        if let (Some(name), Some(value)) = (name, pair.attr("value")) {
            values.push((name, value.to_owned()));
        }
    }
    Some(AttributeSet { id, score, rule, values })
}
