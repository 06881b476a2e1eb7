use std::{borrow::Cow, cmp::Ordering};

use vocab::Timestamp;

use crate::{
    Agent, AttributeCondition, Combine, Condition, DateCondition, Facts, Operation,
    OperationCondition, Operator, ResourceCondition, Rule, ValueSource, ValueType,
    compare::compare,
};

/// Whether a condition holds and, if not, how it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Holds,
    /// It does not hold.
    Fails,
    /// It does not hold yet.
    NotYet,
    /// It does not hold any more.
    NoLonger,
    /// It could not be read.
    Invalid,
}

impl Outcome {
    /// Whether it holds.
    pub fn holds(self) -> bool {
        self == Self::Holds
    }

    const fn from_bool(holds: bool) -> Self {
        if holds { Self::Holds } else { Self::Fails }
    }
}

/// When the outcome of what was evaluated may change next by the mere passing of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NextChange(pub Option<Timestamp>);

impl NextChange {
    /// Takes note of one more moment of change.
    pub fn consider(&mut self, moment: Timestamp) {
        self.0 = Some(self.0.map_or(moment, |earliest| earliest.min(moment)));
    }
}

impl Rule {
    /// Whether the rule holds. A rule without conditions does.
    pub fn evaluate(&self, facts: &Facts<'_>, next: &mut NextChange) -> Outcome {
        let mut conditions = self.conditions.iter();
        let mut holds = |condition: &Condition| condition.evaluate(facts, next).holds();
        Outcome::from_bool(match self.combine {
            Combine::And => conditions.all(&mut holds),
            Combine::Or => self.conditions.is_empty() || conditions.any(&mut holds),
        })
    }
}

impl Condition {
    /// Whether the condition holds.
    pub fn evaluate(&self, facts: &Facts<'_>, next: &mut NextChange) -> Outcome {
        match self {
            Self::Rule(rule) => rule.evaluate(facts, next),
            Self::Attribute(condition) => condition.evaluate(facts),
            Self::Date(condition) => condition.evaluate(facts, next),
            Self::Resource(condition) => condition.evaluate(facts.agent),
            Self::Operation(condition) => condition.evaluate(facts.operation),
            Self::Invalid => Outcome::Invalid,
        }
    }
}

impl AttributeCondition {
    fn evaluate(&self, facts: &Facts<'_>) -> Outcome {
        let name = expand(&self.attribute, facts.submatches);
        let actual = facts.node.and_then(|node| node.get(&*name)).map(String::as_str);
        let value = self.value.as_deref().unwrap_or_default();
        let reference = match self.source {
            ValueSource::Literal => Some(value),
            ValueSource::Parameter => {
                facts.parameters.and_then(|p| p.get(value)).map(String::as_str)
            }
            ValueSource::Meta => facts.meta.and_then(|m| m.get(value)).map(String::as_str),
        };
        let order = match (actual, reference) {
            (Some(actual), Some(reference)) => {
                let value_type =
                    self.value_type.unwrap_or_else(|| self.natural_type(actual, reference));
                compare(actual, reference, value_type)
            }
            // No value is less than any value.
            (actual, reference) => actual.is_some().cmp(&reference.is_some()),
        };
        let comparable = actual.is_some() && reference.is_some();
        let less = |holds| {
            if comparable && holds {
                Outcome::Holds
            } else if comparable {
                Outcome::NoLonger
            } else {
                Outcome::Fails
            }
        };
        let greater = |holds| {
            if comparable && holds {
                Outcome::Holds
            } else if comparable {
                Outcome::NotYet
            } else {
                Outcome::Fails
            }
        };
        match self.operator {
            Operator::Defined => Outcome::from_bool(actual.is_some()),
            Operator::NotDefined => Outcome::from_bool(actual.is_none()),
            Operator::Equal => Outcome::from_bool(order == Ordering::Equal),
            Operator::NotEqual => Outcome::from_bool(order != Ordering::Equal),
            Operator::Less => less(order == Ordering::Less),
            Operator::LessOrEqual => less(order != Ordering::Greater),
            Operator::Greater => greater(order == Ordering::Greater),
            Operator::GreaterOrEqual => greater(order != Ordering::Less),
        }
    }

    /// Without a type, what is ordered is a number, with a fraction if either side has a point; the rest is text.
    fn natural_type(&self, actual: &str, reference: &str) -> ValueType {
        match self.operator {
            Operator::Less
            | Operator::LessOrEqual
            | Operator::Greater
            | Operator::GreaterOrEqual => {
                if actual.contains('.') || reference.contains('.') {
                    ValueType::Number
                } else {
                    ValueType::Integer
                }
            }
            Operator::Defined | Operator::NotDefined | Operator::Equal | Operator::NotEqual => {
                ValueType::Text
            }
        }
    }
}

impl DateCondition {
    fn evaluate(&self, facts: &Facts<'_>, next: &mut NextChange) -> Outcome {
        let now = facts.now.moment;
        let moment = |time: &crate::CalendarTime| time.moment(facts.now);
        let second_after = |time: Timestamp| Timestamp(time.0.saturating_add(1));
        match self {
            Self::After(start) => {
                let start = moment(start);
                if now > start {
                    return Outcome::Holds;
                }
                next.consider(second_after(start));
                Outcome::NotYet
            }
            Self::Before(end) => {
                let end = moment(end);
                if now >= end {
                    return Outcome::NoLonger;
                }
                next.consider(end);
                Outcome::Holds
            }
            Self::Between(start, end) => {
                between(now, start.as_ref().map(moment), end.as_ref().map(moment), next)
            }
            Self::For(start, duration) => {
                let start = start.at(facts.now);
                let end = match start.plus(*duration) {
                    Some(end) => Some(end.moment),
                    // Before the first moment there is, so that it has always been over.
                    None if duration.is_backward() => Some(Timestamp(i64::MIN)),
                    None => None,
                };
                between(now, Some(start.moment), end, next)
            }
            Self::Spec(spec) => match spec.position(facts.now) {
                Ordering::Less => Outcome::NotYet,
                Ordering::Equal => Outcome::Holds,
                Ordering::Greater => Outcome::NoLonger,
            },
        }
    }
}

fn between(
    now: Timestamp,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    next: &mut NextChange,
) -> Outcome {
    if let Some(start) = start
        && now < start
    {
        next.consider(start);
        return Outcome::NotYet;
    }
    if let Some(end) = end {
        if now > end {
            return Outcome::NoLonger;
        }
        next.consider(Timestamp(end.0.saturating_add(1)));
    }
    Outcome::Holds
}

impl ResourceCondition {
    fn evaluate(&self, agent: Option<Agent<'_>>) -> Outcome {
        let fits = |wanted: &Option<String>, actual: Option<&str>| {
            wanted.is_none() || wanted.as_deref() == actual
        };
        Outcome::from_bool(
            fits(&self.class, agent.map(|agent| agent.class))
                && fits(&self.provider, agent.and_then(|agent| agent.provider))
                && fits(&self.agent, agent.map(|agent| agent.agent)),
        )
    }
}

impl OperationCondition {
    fn evaluate(&self, operation: Option<Operation<'_>>) -> Outcome {
        Outcome::from_bool(operation.is_some_and(|operation| {
            operation.name == self.name && self.interval.is_none_or(|i| i == operation.interval)
        }))
    }
}

/// Puts what a `rsc-pattern` matched in the place of `%0` to `%9` in the name of an attribute; a group that does not exist
/// leaves nothing. Without a pattern the name stays as it is.
pub fn expand<'a>(text: &'a str, submatches: &[String]) -> Cow<'a, str> {
    if submatches.is_empty() || !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut expanded = String::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let digit =
            characters.peek().and_then(|next| next.to_digit(10)).filter(|_| character == '%');
        match digit {
            Some(digit) => {
                characters.next();
                expanded.push_str(submatches.get(digit as usize).map_or("", String::as_str));
            }
            None => expanded.push(character),
        }
    }
    Cow::Owned(expanded)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use xml::parse;

    use super::*;
    use crate::{LocalTime, Problem};

    /// The outcome of the only condition in a rule, and when it changes next.
    fn check(
        condition: &str,
        node: &[(&str, &str)],
        now: i64,
    ) -> (Outcome, Option<i64>, Vec<Problem>) {
        let document = parse(&format!("<rule id='r'>{condition}</rule>")).unwrap();
        let mut problems = Vec::new();
        let rule = Rule::parse(&document, &|_| None, &mut problems);
        let node: BTreeMap<String, String> =
            node.iter().map(|&(n, v)| (n.to_owned(), v.to_owned())).collect();
        let facts = Facts { node: Some(&node), ..Facts::at(LocalTime::utc(Timestamp(now))) };
        let mut next = NextChange::default();
        let outcome = rule.conditions[0].evaluate(&facts, &mut next);
        (outcome, next.0.map(|t| t.0), problems)
    }

    fn expression(attributes: &str, node: &[(&str, &str)]) -> Outcome {
        check(&format!("<expression id='e' attribute='a' {attributes}/>"), node, 0).0
    }

    #[test]
    fn attributes() {
        assert_eq!(expression("operation='defined'", &[("a", "1")]), Outcome::Holds);
        assert_eq!(expression("operation='not_defined'", &[]), Outcome::Holds);
        assert_eq!(expression("operation='eq' value='X'", &[("a", "x")]), Outcome::Holds);
        assert_eq!(expression("operation='ne' value='x'", &[]), Outcome::Holds);
        assert_eq!(expression("operation='lt' value='10'", &[("a", "9")]), Outcome::Holds);
        assert_eq!(expression("operation='gt' value='10'", &[("a", "9")]), Outcome::NotYet);
        assert_eq!(expression("operation='gte' value='1.5'", &[("a", "1.50")]), Outcome::Holds);
        assert_eq!(
            expression("operation='lt' value='10'", &[]),
            Outcome::Fails,
            "ordering against nothing is meaningless"
        );
    }

    #[test]
    fn dates_say_when_they_change() {
        let date = |attributes: &str, now| {
            let (outcome, next, _) =
                check(&format!("<date_expression id='d' {attributes}/>"), &[], now);
            (outcome, next)
        };
        let start = "start='1970-01-01T00:01:40Z'";
        assert_eq!(date(&format!("operation='gt' {start}"), 100), (Outcome::NotYet, Some(101)));
        assert_eq!(date(&format!("operation='gt' {start}"), 101), (Outcome::Holds, None));
        let range = format!("operation='in_range' {start} end='1970-01-01T00:03:20Z'");
        assert_eq!(date(&range, 99), (Outcome::NotYet, Some(100)));
        assert_eq!(date(&range, 200), (Outcome::Holds, Some(201)));
        assert_eq!(date(&range, 201), (Outcome::NoLonger, None));
    }

    #[test]
    fn what_cannot_be_read_never_holds_and_is_reported() {
        let (outcome, _, problems) = check(
            "<expression id='e' attribute='a' operation='like' value='x'/>",
            &[("a", "x")],
            0,
        );
        assert_eq!(outcome, Outcome::Invalid);
        assert_eq!(
            problems[0].to_string(),
            "Treating expression e as not passing because 'like' is not an operation"
        );
    }

    #[test]
    fn and_or_and_nesting() {
        let holds = |text: &str| {
            let document = parse(text).unwrap();
            let rule = Rule::parse(&document, &|_| None, &mut Vec::new());
            rule.evaluate(&Facts::at(LocalTime::utc(Timestamp(0))), &mut NextChange::default())
                .holds()
        };
        let yes = "<expression id='y' attribute='a' operation='not_defined'/>";
        let no = "<expression id='n' attribute='a' operation='defined'/>";
        assert!(holds("<rule id='r'/>"));
        assert!(!holds(&format!("<rule id='r'>{yes}{no}</rule>")));
        assert!(holds(&format!(
            "<rule id='r' boolean-op='or'>{no}<rule id='s'>{yes}</rule></rule>"
        )));
        assert!(!holds(&format!("<rule id='r' boolean-op='xor'>{yes}</rule>")));
    }

    #[test]
    fn submatches_are_put_in() {
        let groups = ["web-3".to_owned(), "3".to_owned()];
        assert_eq!(expand("on-%1-%9%", &groups), "on-3-%");
        assert_eq!(expand("%1", &[]), "%1");
    }
}
