use cib_edit::{
    defaults::{self, Defaults},
    nvset,
};
use xml::Element;

use crate::{
    session::{Done, Session, Stop, print},
    words::pairs,
};

pub(crate) fn run(session: &Session, which: Defaults, words: &[&str]) -> Done {
    match words {
        [] | ["config"] => {
            session.only(&["-f", "--full", "--all", "--no-expire-check"])?;
            lines(&session.cib()?, which).iter().for_each(|line| print(line));
            Ok(())
        }
        ["update", values @ ..] if !values.is_empty() => set(session, which, values),
        ["set", ..] => Err(Stop::not_built("defaults sets with rules")),
        values if values.iter().all(|word| word.contains('=')) => {
            let name = if which == Defaults::Resources { "resource" } else { "resource op" };
            crate::session::complain(&format!(
                "Deprecation Warning: This command is deprecated and will be removed. Please use 'pcs {name} defaults update' instead."
            ));
            set(session, which, values)
        }
        _ => Err(Stop::usage(&["resource", "defaults"])),
    }
}

fn set(session: &Session, which: Defaults, values: &[&str]) -> Done {
    session.only(&["-f"])?;
    let values = pairs(values)?;
    session.edit(|cib| defaults::update(cib, which, &values))
}

/// The defaults in words.
pub(crate) fn lines(cib: &Element, which: Defaults) -> Vec<String> {
    let blocks = defaults::blocks(cib, which);
    if blocks.is_empty() {
        return vec!["No defaults set".to_owned()];
    }
    let mut lines = Vec::new();
    for block in blocks {
        let score = block.attr("score").map(|score| format!(" score={score}")).unwrap_or_default();
        lines.push(format!("Meta Attrs: {}{score}", block.id().unwrap_or_default()));
        let mut pairs: Vec<_> = nvset::pairs(block).collect();
        pairs.sort_unstable();
        lines.extend(pairs.iter().map(|(name, value)| format!("  {name}={}", quoted(value))));
        if let Some(rule) = block.child("rule") {
            lines.extend(crate::rule::lines(rule, false).iter().map(|line| format!("  {line}")));
        }
    }
    lines
}

/// The value, in quotes if it has blanks.
pub(crate) fn quoted(value: &str) -> String {
    if value.chars().any(char::is_whitespace) || value.is_empty() {
        format!("\"{value}\"")
    } else {
        value.to_owned()
    }
}
