//! The small grammars in which devices say which targets they have.

/// The names in a list: separated by white space, commas, semicolons or newlines. Of a line that an agent prints as
/// `port,alias` or `port: alias`, each part is a name.
pub(crate) fn parse_list(text: &str) -> Vec<String> {
    text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':'))
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The pairs of a map: `node:port;node:port`, with `=` for `:` and white space for `;` too. A backslash takes the next
/// character as it is.
pub(crate) fn parse_map(text: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut name: Option<String> = None;
    let mut word = String::new();
    let mut is_escaped = false;
    for character in text.chars().chain([';']) {
        match character {
            _ if std::mem::take(&mut is_escaped) => word.push(character),
            '\\' => is_escaped = true,
            '=' | ':' => {
                let finished = std::mem::take(&mut word);
                if !finished.is_empty() {
                    name = Some(finished);
                }
            }
            ';' | ' ' | '\t' | '\n' => {
                let finished = std::mem::take(&mut word);
                if let Some(name) = name.take() {
                    pairs.push((name, finished));
                }
            }
            other => word.push(other),
        }
    }
    pairs
}

/// The value for a target in `node:value;node:value`, or the whole text if it is no map.
pub(crate) fn value_for<'a>(text: &'a str, target: Option<&str>) -> Option<&'a str> {
    if !text.contains(':') {
        return Some(text.trim());
    }
    let target = target?;
    text.split([';', ' ', '\t'])
        .filter_map(|pair| pair.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case(target))
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists() {
        assert_eq!(parse_list("a b,c;d\ne"), ["a", "b", "c", "d", "e"]);
        assert_eq!(parse_list(" \n"), Vec::<String>::new());
    }

    #[test]
    fn maps() {
        let map = |text: &str| -> Vec<String> {
            parse_map(text).into_iter().map(|(name, port)| format!("{name}>{port}")).collect()
        };
        assert_eq!(map("n1:1;n2:2,3"), ["n1>1", "n2>2,3"]);
        assert_eq!(map("n1=p1 n2=p2;"), ["n1>p1", "n2>p2"]);
        assert_eq!(map(r"n1:a\ b;n2:c\:d"), ["n1>a b", "n2>c:d"]);
        assert_eq!(map(""), Vec::<String>::new());
        assert_eq!(map("junk;n1:1"), ["n1>1"]);
    }

    #[test]
    fn a_delay_may_be_a_map() {
        assert_eq!(value_for("5s", Some("n1")), Some("5s"));
        assert_eq!(value_for("n1:5s;n2:10s", Some("n2")), Some("10s"));
        assert_eq!(value_for("n1:5s", Some("n3")), None);
        assert_eq!(value_for("n1:5s", None), None);
    }
}
