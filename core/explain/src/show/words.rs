use std::fmt;

use vocab::Score;

/// A score with its sign where it is positive, infinities as they are written in constraints.
pub(crate) struct Signed(pub(crate) i32);

impl fmt::Display for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let score = Score::from(self.0);
        if score.is_infinite() {
            f.pad("INFINITY")
        } else if score.is_minus_infinite() {
            f.pad("-INFINITY")
        } else {
            f.pad(&self.0.to_string())
        }
    }
}

/// Names with commas, and an "and" before the last.
pub(crate) fn list(names: &[String]) -> String {
    match names {
        [] => "no node".to_owned(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

/// A number of things.
pub(crate) fn plural(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        assert_eq!(Signed(1_000_000).to_string(), "INFINITY");
        assert_eq!(Signed(-1_000_000).to_string(), "-INFINITY");
        assert_eq!(Signed(-5).to_string(), "-5");
        let names: Vec<String> = ["a", "b", "c"].map(str::to_owned).to_vec();
        assert_eq!(list(&names), "a, b and c");
        assert_eq!(plural(1, "node"), "1 node");
        assert_eq!(plural(0, "node"), "0 nodes");
    }
}
