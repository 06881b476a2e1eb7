use cib_edit::Pairs;

use crate::session::Stop;

/// Splits `name=value`. The value may be empty.
pub(crate) fn pair(word: &str) -> Result<(String, String), Stop> {
    match word.split_once('=') {
        None => Err(Stop::message(format!("missing value of '{word}' option"))),
        Some(("", _)) => Err(Stop::message(format!("missing key in '{word}' option"))),
        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
    }
}

/// Splits `name=value` words; a name may be there twice only with the same value.
pub(crate) fn pairs(words: &[&str]) -> Result<Pairs, Stop> {
    let mut pairs: Pairs = Vec::new();
    for word in words {
        let (name, value) = pair(word)?;
        match pairs.iter().find(|(known, _)| *known == name) {
            None => pairs.push((name, value)),
            Some((_, old)) if *old == value => {}
            Some((_, old)) => {
                return Err(Stop::message(format!(
                    "duplicate option '{name}' with different values '{old}' and '{value}'"
                )));
            }
        }
    }
    Ok(pairs)
}

/// Words after each keyword, in the order in which they stand. What is in front of the first keyword comes with "".
pub(crate) fn groups<'w>(
    words: &[&'w str],
    keywords: &[&'static str],
) -> Vec<(&'static str, Vec<&'w str>)> {
    let mut groups: Vec<(&'static str, Vec<&str>)> = vec![("", Vec::new())];
    for word in words {
        match keywords.iter().find(|keyword| *keyword == word) {
            Some(keyword) => groups.push((keyword, Vec::new())),
            None => {
                if let Some((_, group)) = groups.last_mut() {
                    group.push(word);
                }
            }
        }
    }
    groups
}

/// Splits what follows `op` into operations: a word without `=` begins one.
pub(crate) fn operations(groups: &[Vec<&str>]) -> Result<Vec<Pairs>, Stop> {
    let mut operations = Vec::new();
    for group in groups {
        match group.first() {
            None => {
                return Err(Stop::message(
                    "When using 'op' you must specify an operation name and at least one option",
                ));
            }
            Some(first) if first.contains('=') => {
                return Err(Stop::message(
                    "When using 'op' you must specify an operation name after 'op'",
                ));
            }
            Some(_) => {}
        }
        let mut current: Vec<Vec<&str>> = Vec::new();
        for word in group {
            if word.contains('=') {
                if let Some(operation) = current.last_mut() {
                    operation.push(word);
                }
            } else {
                current.push(vec![word]);
            }
        }
        for operation in current {
            let (name, attributes) = operation.split_first().unwrap_or((&"", &[]));
            if attributes.is_empty() {
                return Err(Stop::message(
                    "When using 'op' you must specify an operation name and at least one option",
                ));
            }
            let mut all = vec![("name".to_owned(), (*name).to_owned())];
            all.extend(pairs(attributes)?.into_iter().filter(|(name, _)| name != "name"));
            operations.push(all);
        }
    }
    Ok(operations)
}

/// Owned copies of words.
pub(crate) fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_split() {
        let words =
            ["a=1", "op", "monitor", "interval=1", "meta", "x=y", "op", "start", "timeout=2"];
        let groups = groups(&words, &["op", "meta"]);
        assert_eq!(groups[0], ("", vec!["a=1"]));
        assert_eq!(groups[2], ("meta", vec!["x=y"]));
        let ops = operations(&[vec!["monitor", "interval=1", "start", "timeout=2"]]).unwrap();
        assert_eq!(ops.len(), 2);
        assert_eq!(ops[1][0], ("name".to_owned(), "start".to_owned()));
        assert!(operations(&[vec!["monitor"]]).is_err());
        assert!(operations(&[vec![]]).is_err());
    }

    #[test]
    fn pairs_must_agree() {
        assert_eq!(pairs(&["a=1", "a=1", "b="]).unwrap().len(), 2);
        for bad in [["a=1", "a=2"], ["a", "b=1"], ["=x", "b=1"]] {
            assert!(pairs(&bad).is_err());
        }
    }
}
