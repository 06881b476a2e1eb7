//! Command lines of this program: words and a few options.

use std::ops::Range;

use anyhow::{Context, Result, bail};

/// The arguments of one command, taken apart by what it asks for.
pub(crate) struct Arguments {
    rest: Vec<String>,
}

impl Arguments {
    pub(crate) fn new(rest: Vec<String>) -> Self {
        Self { rest }
    }

    /// Whether the flag was given; it is taken out.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        let before = self.rest.len();
        self.rest.retain(|a| a != name);
        self.rest.len() != before
    }

    /// The value of an option (`--name value` or `--name=value`); it is taken out.
    pub(crate) fn option(&mut self, name: &str) -> Result<Option<String>> {
        let prefix = format!("{name}=");
        let Some(at) = self.rest.iter().position(|a| a == name || a.starts_with(&prefix)) else {
            return Ok(None);
        };
        let found = self.rest.remove(at);
        if let Some(value) = found.strip_prefix(&prefix) {
            return Ok(Some(value.to_owned()));
        }
        if at >= self.rest.len() {
            bail!("{name} needs a value");
        }
        Ok(Some(self.rest.remove(at)))
    }

    /// Everything that is left, options too.
    pub(crate) fn rest(&self) -> &[String] {
        &self.rest
    }

    /// What is left, which must hold no option.
    pub(crate) fn words(self) -> Result<Vec<String>> {
        match self.rest.iter().find(|a| a.starts_with('-')) {
            Some(option) => bail!("unknown option {option}"),
            None => Ok(self.rest),
        }
    }
}

/// Seeds as `FROM..TO`, the last of which does not count.
pub(crate) fn range(text: &str) -> Result<Range<u64>> {
    let ends = text.split_once("..").and_then(|(a, b)| Some(a.parse().ok()?..b.parse().ok()?));
    ends.with_context(|| format!("{text:?} is no range of seeds like 0..1000"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_taken_out() {
        let words = ["a", "--stack", "debian", "--once", "--nodes=2", "b"].map(str::to_owned);
        let mut arguments = Arguments::new(words.to_vec());
        assert!(arguments.flag("--once") && !arguments.flag("--once"));
        assert_eq!(arguments.option("--stack").expect("has a value").as_deref(), Some("debian"));
        assert_eq!(arguments.option("--nodes").expect("has a value").as_deref(), Some("2"));
        assert_eq!(arguments.words().expect("no options left"), ["a", "b"]);

        let mut short = Arguments::new(vec!["--stack".into()]);
        assert!(short.option("--stack").is_err());
    }

    #[test]
    fn ranges_have_two_ends() {
        assert_eq!(range("3..7").expect("two numbers"), 3..7);
        for wrong in ["", "3", "3..", "..7", "a..b", "3..-1"] {
            assert!(range(wrong).is_err(), "{wrong:?}");
        }
    }
}
