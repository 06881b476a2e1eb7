//! Blots out values that are nobody's business.

use regex_lite::{Captures, Regex};

/// What stands for a value that is masked.
const MASKED: &str = "****";

/// What has values that are masked.
#[derive(Debug)]
pub(super) struct Mask {
    names: Vec<Regex>,
    tag: Regex,
    named: Regex,
    value: Regex,
    pair: Regex,
}

impl Mask {
    /// Masks what has a name that one of the patterns fits as a whole. The error is a pattern that is none.
    pub(super) fn new<'a>(patterns: impl Iterator<Item = &'a str>) -> Result<Self, &'a str> {
        let names = patterns
            .map(|text| Regex::new(&format!("(?i)^(?:{text})$")).map_err(|_| text))
            .collect::<Result<_, _>>()?;
        let own = |text: &'static str| Regex::new(text).map_err(|_| text);
        Ok(Self {
            names,
            tag: own("<[^<>]*>")?,
            named: own(r#"\sname="([^"]*)""#)?,
            value: own(r#"(\svalue=")[^"]*""#)?,
            pair: own(r#"([A-Za-z0-9_.-]+)(["']?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s"'<>,;]+)"#)?,
        })
    }

    fn is_secret(&self, name: &str) -> bool {
        // In maps the last part of a key is its name.
        let last = name.rsplit('.').next().unwrap_or(name);
        self.names.iter().any(|pattern| pattern.is_match(name) || pattern.is_match(last))
    }

    /// The text with the values masked: of pairs in XML, of attributes, and of `name=value` and `name: value`.
    pub(super) fn apply(&self, text: &str) -> String {
        let of_tag = |found: &Captures<'_>| {
            let tag = found.get(0).map_or("", |tag| tag.as_str());
            let name = self.named.captures(tag).and_then(|name| name.get(1));
            match name {
                Some(name) if self.is_secret(name.as_str()) => {
                    self.value.replace_all(tag, format!("${{1}}{MASKED}\"")).into_owned()
                }
                _ => tag.to_owned(),
            }
        };
        let text = self.tag.replace_all(text, of_tag);
        let of_pair = |found: &Captures<'_>| {
            let part = |at: usize| found.get(at).map_or("", |part| part.as_str());
            if !self.is_secret(part(1)) {
                return part(0).to_owned();
            }
            let quote = part(3).chars().next().filter(|c| matches!(c, '"' | '\''));
            let quote = quote.map(String::from).unwrap_or_default();
            format!("{}{}{quote}{MASKED}{quote}", part(1), part(2))
        };
        self.pair.replace_all(&text, of_pair).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        Mask::new(["passw.*", "token"].into_iter()).unwrap().apply(text)
    }

    #[test]
    fn values_are_masked_wherever_they_stand() {
        for (text, expected) in [
            (
                "<nvpair id=\"a\" name=\"passwd\" value=\"geheim\"/><nvpair name=\"ip\" value=\"1\"/>",
                "<nvpair id=\"a\" name=\"passwd\" value=\"****\"/><nvpair name=\"ip\" value=\"1\"/>",
            ),
            (
                "<nvpair value=\"geheim\" name=\"Password_Script\"\n/>",
                "<nvpair value=\"****\" name=\"Password_Script\"\n/>",
            ),
            ("<x password=\"ge heim\" a=\"b\"/>", "<x password=\"****\" a=\"b\"/>"),
            ("  password: geheim\n  token: 1000\n", "  password: ****\n  token: ****\n"),
            ("login=me password='ge heim' x", "login=me password='****' x"),
            ("totem.password (str) = geheim", "totem.password (str) = geheim"),
            ("bypass=1 passage=2", "bypass=1 passage=2"),
        ] {
            assert_eq!(masked(text), expected);
        }
    }

    #[test]
    fn keys_of_the_map_have_their_type_between() {
        // No key of corosync's map is a password; what is masked there is what stands in the configuration.
        assert_eq!(masked("uidgid.password = x"), "uidgid.password = ****");
    }
}
