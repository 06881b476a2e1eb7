//! Facts about rules as a whole: how their conditions are combined, and what references in them lead to.

use rules::{Agent, Facts, LocalTime, NextChange, Operation, Problem, Rule};
use vocab::{Interval, Timestamp};
use xml::Element;

/// Reads and asks the first element of a document; references lead to any element in it.
fn ask(document: &str) -> (bool, Vec<Problem>) {
    let document = xml::parse(&format!("<cib>{document}</cib>")).unwrap();
    let find = |id: &str| -> Option<&Element> {
        document.descendants().find(|element| element.id() == Some(id))
    };
    let mut problems = Vec::new();
    let first = document.children().next().unwrap();
    let rule = Rule::parse(first, &find, &mut problems);
    let facts = Facts {
        agent: Some(Agent { class: "ocf", provider: Some("heartbeat"), agent: "IPaddr2" }),
        operation: Some(Operation { name: "monitor", interval: Interval { millis: 10_000 } }),
        ..Facts::at(LocalTime::utc(Timestamp(0)))
    };
    (rule.evaluate(&facts, &mut NextChange::default()).holds(), problems)
}

const YES: &str = "<op_expression id='y' name='monitor'/>";
const NO: &str = "<rsc_expression id='n' type='Dummy'/>";

#[test]
fn conditions_are_combined() {
    for (operator, conditions, holds) in [
        ("", "", true),
        ("boolean-op='and'", "", true),
        ("boolean-op='or'", "", true),
        ("", "YN", false),
        ("boolean-op='and'", "YY", true),
        ("boolean-op='AND'", "Y", true),
        ("boolean-op='and'", "NY", false),
        ("boolean-op='and'", "NN", false),
        ("boolean-op='or'", "NY", true),
        ("boolean-op='Or'", "YY", true),
        ("boolean-op='or'", "Y", true),
        ("boolean-op='or'", "NN", false),
        ("boolean-op='xor'", "YY", false),
        ("boolean-op=''", "YY", false),
    ] {
        let conditions: String =
            conditions.chars().map(|c| if c == 'Y' { YES } else { NO }).collect();
        let rule = format!("<rule id='r' {operator}>{conditions}</rule>");
        assert_eq!(ask(&rule).0, holds, "{rule}");
        let nested = format!("<rule id='o'><rule id='s'>{YES}</rule>{rule}</rule>");
        assert_eq!(ask(&nested).0, holds, "{nested}");
    }
}

#[test]
fn references_lead_to_rules() {
    let rule = format!("<rule id='r'>{YES}</rule>");
    assert!(ask(&format!("<rule id-ref='r'/>{rule}")).0);
    let (holds, problems) = ask(&format!("<rule id-ref='x'/>{rule}"));
    assert!(!holds);
    assert_eq!(problems.len(), 1);
}

#[test]
fn a_rule_that_refers_to_itself_never_holds() {
    let (holds, problems) = ask("<rule id='r'><rule id-ref='r'/><rule id-ref='r'/></rule>");
    assert!(!holds);
    assert_eq!(problems.len(), 2, "once for each time it does");
    assert_eq!(
        problems[0].to_string(),
        "Treating rule without id as not passing because 'r' refers to itself"
    );
    let (holds, problems) = ask(
        "<rule id='a'><rule id='b'><rule id-ref='c'/></rule></rule><rule id='c'><rule id-ref='a'/></rule>",
    );
    assert!(!holds);
    assert_eq!(problems.len(), 1);
}

#[test]
fn references_that_double_what_they_lead_to_are_bounded() {
    let twice = |n: usize| format!("<rule id-ref='r{n}'/><rule id-ref='r{n}'/>");
    let rules: String =
        (0..30).map(|n| format!("<rule id='r{n}'>{}</rule>", twice(n + 1))).collect();
    let (holds, problems) = ask(&format!("{rules}<rule id='r30'>{YES}</rule>"));
    assert!(!holds);
    assert_eq!(problems.len(), 1, "it is said once");
    assert!(problems[0].reason.contains("more than 1000 conditions"), "{}", problems[0].reason);
}

#[test]
fn rules_that_are_nested_too_deep_never_hold() {
    let nested = |levels: usize| {
        let open: String = (0..levels).map(|n| format!("<rule id='r{n}'>")).collect();
        ask(&format!("{open}{YES}{}", "</rule>".repeat(levels)))
    };
    assert!(nested(32).0);
    let (holds, problems) = nested(33);
    assert!(!holds);
    assert_eq!(problems.len(), 1);
}
