use std::fmt;

/// A file of environment variables, as in `/etc/default` and `/etc/sysconfig`: `NAME=value` lines and comments. Lines that are
/// not changed are written as they were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvironmentFile {
    lines: Vec<String>,
}

impl EnvironmentFile {
    /// Reads the text of a file. Lines that assign nothing are kept and mean nothing.
    pub fn parse(text: &str) -> Self {
        Self { lines: text.lines().map(str::to_owned).collect() }
    }

    /// The variable's value without quotes; of equal names the last one counts.
    pub fn get(&self, name: &str) -> Option<String> {
        self.variables().filter(|(known, _)| *known == name).last().map(|(_, value)| value)
    }

    /// All assignments, in order.
    pub fn variables(&self) -> impl Iterator<Item = (&str, String)> {
        self.lines.iter().filter_map(|line| assignment(line))
    }

    /// Sets a variable: where its last assignment is, else at the end.
    pub fn set(&mut self, name: &str, value: &str) {
        let line = format!("{name}={}", quoted(value));
        let assigns = |line: &String| assignment(line).is_some_and(|(known, _)| known == name);
        match self.lines.iter().rposition(assigns) {
            Some(index) => self.lines[index] = line,
            None => self.lines.push(line),
        }
    }

    /// Removes every assignment of a variable.
    pub fn remove(&mut self, name: &str) {
        self.lines.retain(|line| assignment(line).is_none_or(|(known, _)| known != name));
    }
}

impl fmt::Display for EnvironmentFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

fn assignment(line: &str) -> Option<(&str, String)> {
    let line = line.trim();
    let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
    let (name, value) = line.split_once('=')?;
    let first = name.chars().next()?;
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    (plain && !first.is_ascii_digit()).then(|| (name, unquoted(value)))
}

/// Takes quotes and backslashes away as a shell does; an unquoted blank ends the value.
fn unquoted(text: &str) -> String {
    let mut value = String::new();
    let mut quote = None;
    let mut characters = text.trim().chars();
    while let Some(character) = characters.next() {
        match (character, quote) {
            ('\\', None | Some('"')) => value.extend(characters.next()),
            (_, Some(open)) if character == open => quote = None,
            ('"' | '\'', None) => quote = Some(character),
            (' ' | '\t', None) => break,
            (_, _) => value.push(character),
        }
    }
    value
}

fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:,@+%".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        return value.to_owned();
    }
    let escaped: String = value
        .chars()
        .flat_map(|c| matches!(c, '"' | '\\' | '$' | '`').then_some('\\').into_iter().chain([c]))
        .collect();
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_unquoted_and_lines_kept() {
        let text = "# PCMK_x=1\nA=1 # one\nB=\"two words\"\nexport C='$x'\nnot a line\nA=2\n";
        let mut file = EnvironmentFile::parse(text);
        assert_eq!(file.get("A").as_deref(), Some("2"));
        assert_eq!(file.get("B").as_deref(), Some("two words"));
        assert_eq!(file.get("C").as_deref(), Some("$x"));
        assert_eq!(file.get("PCMK_x"), None);
        assert_eq!(file.to_string(), text);
        file.set("B", "x \"y\" $z");
        file.set("D", "/a");
        file.remove("A");
        assert_eq!(file.get("B").as_deref(), Some("x \"y\" $z"));
        assert_eq!(
            file.to_string(),
            "# PCMK_x=1\nB=\"x \\\"y\\\" \\$z\"\nexport C='$x'\nnot a line\nD=/a\n"
        );
    }
}
