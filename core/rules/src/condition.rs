use vocab::Interval;

use crate::{CalendarTime, DateSpec, Duration, Rule};

/// One condition of a rule.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// A rule within the rule.
    Rule(Rule),
    /// About an attribute of the node.
    Attribute(AttributeCondition),
    /// About the time.
    Date(DateCondition),
    /// About the resource's agent.
    Resource(ResourceCondition),
    /// About the operation.
    Operation(OperationCondition),
    /// Could not be read; never holds.
    Invalid,
}

/// An `expression` element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributeCondition {
    /// Name of the node attribute; `%0` to `%9` in it stand for submatches of the resource pattern.
    pub attribute: String,
    /// How it is compared.
    pub operator: Operator,
    /// What it is compared with; absent for `defined` and `not_defined`.
    pub value: Option<String>,
    /// Where `value` leads to.
    pub source: ValueSource,
    /// As what the two are compared; without one it depends on operator and values.
    pub value_type: Option<ValueType>,
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// The attribute has a value.
    Defined,
    /// The attribute has none.
    NotDefined,
    /// Equal.
    Equal,
    /// Not equal, or without a value.
    NotEqual,
    /// Less.
    Less,
    /// Less or equal.
    LessOrEqual,
    /// Greater.
    Greater,
    /// Greater or equal.
    GreaterOrEqual,
}

/// What a condition's `value` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueSource {
    /// The value itself.
    Literal,
    /// The name of a parameter of the resource.
    Parameter,
    /// The name of a meta-attribute of the resource.
    Meta,
}

/// As what two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// Text, without regard to case.
    Text,
    /// Whole number.
    Integer,
    /// Number.
    Number,
    /// Dotted version.
    Version,
}

/// A `date_expression` element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DateCondition {
    /// Later than.
    After(CalendarTime),
    /// Earlier than.
    Before(CalendarTime),
    /// From a start, if there is one, to an end, if there is one; both included.
    Between(Option<CalendarTime>, Option<CalendarTime>),
    /// For a while from a start.
    For(CalendarTime, Duration),
    /// Whenever the calendar's fields fit.
    Spec(Box<DateSpec>),
}

/// An `rsc_expression` element; what is absent fits everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceCondition {
    /// Standard.
    pub class: Option<String>,
    /// Provider.
    pub provider: Option<String>,
    /// Type.
    pub agent: Option<String>,
}

/// An `op_expression` element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationCondition {
    /// Name of the operation.
    pub name: String,
    /// Its interval; every one if absent.
    pub interval: Option<Interval>,
}

impl Operator {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        const NAMES: [(&str, Operator); 8] = [
            ("defined", Operator::Defined),
            ("not_defined", Operator::NotDefined),
            ("eq", Operator::Equal),
            ("ne", Operator::NotEqual),
            ("lt", Operator::Less),
            ("lte", Operator::LessOrEqual),
            ("gt", Operator::Greater),
            ("gte", Operator::GreaterOrEqual),
        ];
        NAMES.iter().find(|(text, _)| text.eq_ignore_ascii_case(name)).map(|&(_, op)| op)
    }

    /// Whether it needs something to compare with.
    pub(crate) const fn takes_value(self) -> bool {
        !matches!(self, Self::Defined | Self::NotDefined)
    }
}

impl ValueSource {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        const NAMES: [(&str, ValueSource); 3] = [
            ("literal", ValueSource::Literal),
            ("param", ValueSource::Parameter),
            ("meta", ValueSource::Meta),
        ];
        NAMES.iter().find(|(text, _)| text.eq_ignore_ascii_case(name)).map(|&(_, source)| source)
    }
}

impl ValueType {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        const NAMES: [(&str, ValueType); 4] = [
            ("string", ValueType::Text),
            ("integer", ValueType::Integer),
            ("number", ValueType::Number),
            ("version", ValueType::Version),
        ];
        NAMES.iter().find(|(text, _)| text.eq_ignore_ascii_case(name)).map(|&(_, value)| value)
    }
}
