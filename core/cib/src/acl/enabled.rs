use rules::{Facts, LocalTime, NextChange, Rule};
use vocab::{Score, parse_boolean};
use xml::Element;

/// The set of options that comes before all others.
const FIRST_SET: &str = "cib-bootstrap-options";

/// Whether the cluster option `enable-acl` is true. The set of the installer comes first, the others by their scores; sets
/// whose rule does not hold are passed over.
pub(super) fn is_enabled(cib: &Element, now: LocalTime) -> bool {
    let Some(section) = cib.descend(&["configuration", "crm_config"]) else { return false };
    let resolve =
        |element: &'_ Element| -> Option<String> { element.attr("id-ref").map(str::to_owned) };
    let mut sets: Vec<&Element> = section
        .children_named("cluster_property_set")
        .filter_map(|set| match resolve(set) {
            Some(id) => with_id(cib, &id),
            None => Some(set),
        })
        .collect();
    sets.sort_by_key(|set| (set.id() != Some(FIRST_SET), std::cmp::Reverse(score(set))));
    let value = sets.into_iter().filter(|set| applies(cib, set, now)).find_map(|set| {
        let pairs = set.children_named("nvpair").filter_map(|pair| match resolve(pair) {
            Some(id) => with_id(cib, &id),
            None => Some(pair),
        });
        pairs.filter(|pair| pair.attr("name") == Some("enable-acl")).find_map(|p| p.attr("value"))
    });
    value.is_some_and(|value| parse_boolean(value) == Ok(true))
}

fn score(set: &Element) -> Score {
    let parsed = set.attr("score").and_then(|text| Score::parse(text).ok());
    parsed.unwrap_or_default()
}

fn applies(cib: &Element, set: &Element, now: LocalTime) -> bool {
    let resolve = |id: &str| with_id(cib, id);
    set.children_named("rule").next().is_none_or(|rule| {
        let rule = Rule::parse(rule, &resolve, &mut Vec::new());
        rule.evaluate(&Facts::at(now), &mut NextChange::default()).holds()
    })
}

fn with_id<'a>(cib: &'a Element, id: &str) -> Option<&'a Element> {
    cib.child("configuration")?.descendants().find(|element| element.id() == Some(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enabled(sets: &str) -> bool {
        let text =
            format!("<cib><configuration><crm_config>{sets}</crm_config></configuration></cib>");
        let now = LocalTime { moment: vocab::Timestamp(1_000_000_000), utc_offset_seconds: 0 };
        is_enabled(&xml::parse(&text).unwrap(), now)
    }

    fn set(attributes: &str, rule: &str, value: &str) -> String {
        format!(
            "<cluster_property_set {attributes}>{rule}<nvpair id='p{value}' name='enable-acl' \
             value='{value}'/></cluster_property_set>"
        )
    }

    #[test]
    fn only_a_true_value_counts() {
        assert!(!enabled(""));
        for (value, counts) in
            [("true", true), ("Yes", true), ("1", true), ("false", false), ("x", false)]
        {
            assert_eq!(enabled(&set("id='a'", "", value)), counts, "{value}");
        }
    }

    #[test]
    fn the_installer_s_set_comes_first_and_then_the_highest_score() {
        let first = set("id='cib-bootstrap-options'", "", "true");
        let high = set("id='a' score='100'", "", "false");
        assert!(enabled(&format!("{high}{first}")));
        let low = set("id='b' score='1'", "", "true");
        assert!(!enabled(&format!("{low}{high}")));
    }

    #[test]
    fn a_set_whose_rule_does_not_hold_says_nothing() {
        let rule = |operation: &str, date: &str| {
            format!("<rule id='r'><date_expression id='e' operation='{operation}' {date}/></rule>")
        };
        assert!(enabled(&set("id='a'", &rule("gt", "start='2000-01-01'"), "true")));
        assert!(!enabled(&set("id='a'", &rule("gt", "start='2100-01-01'"), "true")));
    }
}
