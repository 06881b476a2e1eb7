use vocab::Interval;
use xml::Element;

use crate::{
    AttributeCondition, CalendarTime, Condition, DateCondition, DateSpec, Duration,
    OperationCondition, Operator, Range, ResourceCondition, ValueSource, ValueType,
    compare::integer,
};

/// How deep rules may be nested; deeper ones are treated as conditions that never hold.
const DEPTH_MAX: usize = 32;

/// How many conditions a rule may have through references: a few rules that refer to each other twice could have millions.
const REFERENCED_MAX: usize = 1_000;

/// A `rule` element, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its id; empty if it has none.
    pub id: String,
    /// How its conditions are combined.
    pub combine: Combine,
    /// Its conditions, in order.
    pub conditions: Vec<Condition>,
}

/// How the conditions of a rule are combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Combine {
    /// All have to hold.
    And,
    /// One has to hold.
    Or,
}

/// Something in a rule that cannot be read, and by its id where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Treating {element} {id} as not passing because {reason}")]
pub struct Problem {
    /// Name of the element.
    pub element: String,
    /// Its id.
    pub id: String,
    /// What is wrong.
    pub reason: String,
}

impl Rule {
    /// Reads a rule. `resolve` finds the element that an `id-ref` names.
    pub fn parse<'a>(
        rule: &'a Element,
        resolve: &dyn Fn(&str) -> Option<&'a Element>,
        problems: &mut Vec<Problem>,
    ) -> Self {
        Reader { resolve, problems, path: Vec::new(), references: 0, referenced: 0 }.rule(rule, 0)
    }
}

impl Rule {
    /// One that never holds.
    fn invalid(id: &str) -> Self {
        Self { id: id.to_owned(), combine: Combine::And, conditions: vec![Condition::Invalid] }
    }
}

struct Reader<'r, 'a> {
    resolve: &'r dyn Fn(&str) -> Option<&'a Element>,
    problems: &'r mut Vec<Problem>,
    /// The ids of the rules it is in, outermost first.
    path: Vec<&'a str>,
    /// How many references lead to where it reads.
    references: usize,
    /// How many conditions it has read through references.
    referenced: usize,
}

impl<'a> Reader<'_, 'a> {
    fn rule(&mut self, element: &'a Element, depth: usize) -> Rule {
        let Some(reference) = element.attr("id-ref") else { return self.own_rule(element, depth) };
        let Some(found) = (self.resolve)(reference) else {
            return self.invalid(element, reference, format!("there is no '{reference}'"));
        };
        if self.path.iter().any(|id| found.id() == Some(id)) {
            return self.invalid(element, reference, format!("'{reference}' refers to itself"));
        }
        self.references += 1;
        let rule = self.own_rule(found, depth);
        self.references -= 1;
        rule
    }

    fn own_rule(&mut self, element: &'a Element, depth: usize) -> Rule {
        let id = match identity(element) {
            Ok(id) => id,
            Err(reason) => return self.invalid(element, "", reason),
        };
        if depth >= DEPTH_MAX {
            let reason = format!("rules are nested deeper than {DEPTH_MAX} levels");
            return self.invalid(element, id, reason);
        }
        let combine = match element.attr("boolean-op") {
            None => Combine::And,
            Some(name) if name.eq_ignore_ascii_case("and") => Combine::And,
            Some(name) if name.eq_ignore_ascii_case("or") => Combine::Or,
            Some(name) => {
                let reason = format!("'{name}' is not a boolean-op: use and, or");
                return self.invalid(element, id, reason);
            }
        };
        if self.references > 0 {
            let before = self.referenced;
            self.referenced = before.saturating_add(element.children().count());
            if self.referenced > REFERENCED_MAX {
                // Said of the first; there may be very many.
                if before <= REFERENCED_MAX {
                    let most = REFERENCED_MAX;
                    self.report(element, format!("references lead to more than {most} conditions"));
                }
                return Rule::invalid(id);
            }
        }
        self.path.push(id);
        let conditions = element.children().map(|child| self.condition(child, depth)).collect();
        self.path.pop();
        Rule { id: id.to_owned(), combine, conditions }
    }

    fn invalid(&mut self, element: &Element, id: &str, reason: String) -> Rule {
        self.report(element, reason);
        Rule::invalid(id)
    }

    fn condition(&mut self, element: &'a Element, depth: usize) -> Condition {
        let read = match element.name() {
            "rule" => return Condition::Rule(self.rule(element, depth + 1)),
            "expression" => attribute(element).map(Condition::Attribute),
            "date_expression" => date(element).map(Condition::Date),
            "rsc_expression" => resource(element).map(Condition::Resource),
            "op_expression" => operation(element).map(Condition::Operation),
            name => Err(format!("{name} is not a condition")),
        };
        read.unwrap_or_else(|reason| {
            self.report(element, reason);
            Condition::Invalid
        })
    }

    fn report(&mut self, element: &Element, reason: String) {
        self.problems.push(problem(element, reason));
    }
}

impl DateCondition {
    /// Reads a `date_expression` element.
    pub fn parse(element: &Element) -> Result<Self, Problem> {
        date(element).map_err(|reason| problem(element, reason))
    }
}

fn problem(element: &Element, reason: String) -> Problem {
    Problem {
        element: element.name().to_owned(),
        id: identity(element).unwrap_or("without id").to_owned(),
        reason,
    }
}

/// The id that each part of a rule has to have.
fn identity(element: &Element) -> Result<&str, String> {
    let without = || format!("{} has no id", element.name());
    element.id().filter(|id| !id.is_empty()).ok_or_else(without)
}

fn attribute(element: &Element) -> Result<AttributeCondition, String> {
    identity(element)?;
    let named = |name: &str| element.attr(name);
    let operation = named("operation").ok_or("it has no operation")?;
    let operator = Operator::from_name(operation)
        .ok_or_else(|| format!("'{operation}' is not an operation"))?;
    let value = named("value");
    match (operator.takes_value(), value) {
        (true, None) => return Err(format!("operation {operation} needs a value")),
        (false, Some(_)) => return Err(format!("operation {operation} takes no value")),
        (true, Some(_)) | (false, None) => {}
    }
    let source = named("value-source").map_or(Ok(ValueSource::Literal), |name| {
        ValueSource::from_name(name).ok_or_else(|| format!("'{name}' is not a value-source"))
    })?;
    let value_type = named("type")
        .map(|name| ValueType::from_name(name).ok_or_else(|| format!("'{name}' is not a type")))
        .transpose()?;
    Ok(AttributeCondition {
        attribute: named("attribute").ok_or("it has no attribute")?.to_owned(),
        operator,
        value: value.map(str::to_owned),
        source,
        value_type,
    })
}

fn date(element: &Element) -> Result<DateCondition, String> {
    identity(element)?;
    let time = |name: &str| {
        element
            .attr(name)
            .map(|text| CalendarTime::parse(text).map_err(|error| error.to_string()))
            .transpose()
    };
    let required = |name: &str| time(name)?.ok_or_else(|| format!("it has no {name}"));
    let operation = element.attr("operation").unwrap_or("in_range").to_ascii_lowercase();
    match operation.as_str() {
        "gt" => required("start").map(DateCondition::After),
        "lt" => required("end").map(DateCondition::Before),
        "in_range" => match (time("start")?, time("end")?, element.child("duration")) {
            (Some(start), None, Some(span)) => duration(span).map(|d| DateCondition::For(start, d)),
            (None, None, _) => Err("in_range needs a start or an end".to_owned()),
            (start, end, _) => Ok(DateCondition::Between(start, end)),
        },
        "date_spec" => {
            let spec = element.child("date_spec").ok_or("it has no date_spec")?;
            date_spec(spec).map(|spec| DateCondition::Spec(Box::new(spec)))
        }
        other => Err(format!("'{other}' is not an operation: use gt, lt, in_range, date_spec")),
    }
}

fn duration(element: &Element) -> Result<Duration, String> {
    identity(element)?;
    let field = |name: &str| {
        element.attr(name).map_or(Ok(0), |text| {
            integer(text)
                .filter(|&number| i32::try_from(number).is_ok())
                .ok_or_else(|| format!("'{text}' is not a number of {name}"))
        })
    };
    Ok(Duration {
        years: field("years")?,
        months: field("months")?,
        weeks: field("weeks")?,
        days: field("days")?,
        hours: field("hours")?,
        minutes: field("minutes")?,
        seconds: field("seconds")?,
    })
}

fn date_spec(element: &Element) -> Result<DateSpec, String> {
    identity(element)?;
    let field = |name: &str| {
        element
            .attr(name)
            .map(|text| {
                Range::parse(text).ok_or_else(|| format!("'{text}' is not a range of {name}"))
            })
            .transpose()
    };
    Ok(DateSpec {
        years: field("years")?,
        months: field("months")?,
        monthdays: field("monthdays")?,
        hours: field("hours")?,
        minutes: field("minutes")?,
        seconds: field("seconds")?,
        // "yearsdays" is how schemas before 3.9 spelled it.
        yeardays: field("yeardays")?.or(field("yearsdays")?),
        weekyears: field("weekyears")?,
        weeks: field("weeks")?,
        weekdays: field("weekdays")?,
        moon: field("moon")?,
    })
}

fn resource(element: &Element) -> Result<ResourceCondition, String> {
    identity(element)?;
    let field = |name: &str| element.attr(name).map(str::to_owned);
    Ok(ResourceCondition {
        class: field("class"),
        provider: field("provider"),
        agent: field("type"),
    })
}

fn operation(element: &Element) -> Result<OperationCondition, String> {
    identity(element)?;
    let interval = element
        .attr("interval")
        .map(|text| Interval::parse(text).map_err(|error| error.to_string()))
        .transpose()?;
    let name = element.attr("name").ok_or("it has no name")?.to_owned();
    Ok(OperationCondition { name, interval })
}
