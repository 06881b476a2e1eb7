/// Those of `names` that are most like `wanted`, best first: what somebody may have meant who wrote something that is not
/// there.
pub fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    const SUGGESTIONS_MAX: usize = 3;
    let limit = (wanted.chars().count() / 3).max(2);
    let lower = wanted.to_lowercase();
    let mut near: Vec<(usize, &str)> = names
        .into_iter()
        .filter_map(|name| {
            let other = name.to_lowercase();
            let contained = lower.len() > 2 && (other.contains(&lower) || lower.contains(&other));
            let distance = if contained { 1 } else { distance(&lower, &other) };
            (distance <= limit).then_some((distance, name))
        })
        .collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter().take(SUGGESTIONS_MAX).map(|(_, name)| name).collect()
}

/// How many letters have to be put in, taken out or changed, or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (row, &letter) in a.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, &other) in b.iter().enumerate() {
            let change = last[column] + usize::from(letter != other);
            let mut least = change.min(last[column + 1] + 1).min(current[column] + 1);
            if row > 0 && column > 0 && letter == b[column - 1] && a[row - 1] == other {
                least = least.min(before[column - 1] + 1);
            }
            current.push(least);
        }
        before = std::mem::replace(&mut last, current);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_comes_first() {
        let names = ["web-ip", "web-server", "database", "db-ip"];
        assert_eq!(nearest("web-pi", names), ["web-ip"]);
        assert_eq!(nearest("Web-IP", names)[0], "web-ip");
        assert_eq!(nearest("databse", names), ["database"]);
        assert_eq!(nearest("web", names), ["web-ip", "web-server"]);
        assert!(nearest("nothing-like-it", names).is_empty());
    }
}
