//! Somebody who types commands at a node, and looks whether they did what they should.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use netns::{Output, wait_until};
use xml::{Element, xpath::Expr};

use crate::bed::Bed;

/// Where Debian's programs are; ours come first in a node's own `PATH`.
const DEBIAN: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// How long a change may take to be on the other nodes: a message.
const LIMIT: Duration = Duration::from_secs(20);

/// One thing that is typed or awaited, and what it must lead to.
pub(super) enum Step {
    /// A line for the shell that must succeed, and what must be in the configuration afterwards, as XPath expressions;
    /// one that begins with `no ` must match nothing.
    Does(&'static str, &'static [&'static str]),
    /// A line that must succeed and print all of these.
    Prints(&'static str, &'static [&'static str]),
    /// A line that must fail and print this.
    Refuses(&'static str, &'static str),
    /// The DC has nothing left to do.
    Idle,
    /// A resource is active on one node: the one that is named, or any where the name is empty.
    Runs(&'static str, &'static str),
    /// A resource is active on so many nodes.
    RunsOn(&'static str, usize),
}

/// A node's shell.
pub(super) struct Prompt<'a> {
    pub(super) bed: &'a Bed,
    pub(super) node: String,
    /// What the shell is told before each line.
    preamble: String,
}

impl<'a> Prompt<'a> {
    /// Where programs that are not named by their path are Debian's.
    pub(super) fn debian(bed: &'a Bed, node: &str) -> Self {
        Self::with(bed, node, format!("PATH={DEBIAN}; "))
    }

    /// Where they are ours, if the node runs anything of ours.
    pub(super) fn own(bed: &'a Bed, node: &str) -> Self {
        Self::with(bed, node, String::new())
    }

    /// Where they are those of a directory, and `$OTHERS` is one with those of the other stack.
    pub(super) fn in_directory(bed: &'a Bed, node: &str, first: &str, others: &str) -> Self {
        Self::with(bed, node, format!("PATH={first}:{DEBIAN}; OTHERS={others}; "))
    }

    fn with(bed: &'a Bed, node: &str, preamble: String) -> Self {
        Self { bed, node: node.to_owned(), preamble }
    }

    /// Takes all steps in turn.
    pub(super) fn play(&self, steps: &[Step]) -> Result<()> {
        steps.iter().try_for_each(|step| self.take(step))
    }

    fn take(&self, step: &Step) -> Result<()> {
        match *step {
            Step::Does(line, effects) => {
                let output = self.succeed(line)?;
                self.expect(effects).with_context(|| output.to_string())
            }
            Step::Prints(line, texts) => {
                let output = self.succeed(line)?;
                let lacking = texts.iter().find(|text| !output.all().contains(**text));
                lacking.map_or(Ok(()), |text| bail!("no {text:?} in what {output}"))
            }
            Step::Refuses(line, text) => {
                let output = self.type_in(line)?;
                ensure!(!output.succeeded(), "it should have failed: {output}");
                ensure!(output.all().contains(text), "no {text:?} in what {output}");
                Ok(())
            }
            Step::Idle => self.bed.wait_idle(),
            Step::Runs(resource, "") => self.bed.wait_started(resource).map(drop),
            Step::Runs(resource, node) => {
                self.bed.wait_started_where(resource, |place| place == node).map(drop)
            }
            Step::RunsOn(resource, number) => {
                let what = format!("{resource} to be active on {number} nodes");
                let active = |r: &crate::status::ResourceStatus| r.nodes.len() == number;
                self.bed.wait(&what, |s| {
                    s.resources.get(resource).map_or(number == 0, active).then_some(())
                })
            }
        }
    }

    /// Runs a line as the shell of the node does.
    pub(super) fn type_in(&self, line: &str) -> Result<Output> {
        let told = format!("{}{line}", self.preamble);
        let mut output = self.bed.cluster.exec(&self.node, &["sh", "-c", &told])?;
        line.clone_into(&mut output.command);
        Ok(output)
    }

    /// The same, where the line must succeed.
    pub(super) fn succeed(&self, line: &str) -> Result<Output> {
        self.type_in(line)?.require().with_context(|| self.node.clone())
    }

    /// Waits until the configuration, as another node has it, is as these expressions say.
    pub(super) fn expect(&self, effects: &[&str]) -> Result<()> {
        let nodes = self.bed.cluster.live();
        let other = nodes.iter().find(|name| **name != self.node).unwrap_or(&self.node);
        wait_until(&format!("the change on {other}"), LIMIT, || {
            let cib = xml::parse(&self.bed.run(other, &["cibadmin", "--query"])?.stdout)?;
            effects.iter().try_for_each(|effect| holds(&cib, effect))
        })
    }
}

/// Whether an expression matches, or does not where it begins with `no `.
fn holds(cib: &Element, effect: &str) -> Result<()> {
    let (wanted, expression) = match effect.strip_prefix("no ") {
        Some(expression) => (false, expression),
        None => (true, effect),
    };
    let found = Expr::parse(expression)?.select(cib)?.len();
    ensure!((found > 0) == wanted, "{found} in the configuration are {expression}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effects_are_there_or_not() {
        let cib = xml::parse(r#"<cib><primitive id="a"/></cib>"#).expect("well-formed");
        for effect in ["//primitive[@id='a']", "no //primitive[@id='b']"] {
            assert!(holds(&cib, effect).is_ok(), "{effect}");
        }
        for effect in ["//primitive[@id='b']", "no //primitive[@id='a']", "//["] {
            assert!(holds(&cib, effect).is_err(), "{effect}");
        }
    }
}
