use super::functions::Function;

/// A compiled expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    Binary(Operator, Box<Self>, Box<Self>),
    Negate(Box<Self>),
    Literal(String),
    Number(f64),
    Call(Function, Vec<Self>),
    /// Steps from the document (absolute) or from the current node.
    Path {
        absolute: bool,
        steps: Vec<Step>,
    },
    /// Steps from what another expression gives, after filtering it.
    Filter {
        base: Box<Self>,
        predicates: Vec<Predicate>,
        steps: Vec<Step>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Union,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    pub(super) axis: Axis,
    pub(super) test: Test,
    pub(super) predicates: Vec<Predicate>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Predicate {
    pub(super) expression: Expression,
    /// Whether the outcome may depend on the node's place among the others.
    pub(super) positional: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    Ancestor,
    AncestorOrSelf,
    Attribute,
    Child,
    Descendant,
    DescendantOrSelf,
    Following,
    FollowingSibling,
    Parent,
    Preceding,
    PrecedingSibling,
    Itself,
}

/// Which nodes of an axis are meant.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Test {
    /// `name`: elements (or attributes) of that name.
    Name(String),
    /// `*`: elements (or attributes).
    Any,
    /// `node()`.
    Node,
    /// `text()`.
    Text,
    /// `comment()`.
    Comment,
    /// `processing-instruction()`: there are none.
    Nothing,
}

impl Axis {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "ancestor" => Self::Ancestor,
            "ancestor-or-self" => Self::AncestorOrSelf,
            "attribute" => Self::Attribute,
            "child" => Self::Child,
            "descendant" => Self::Descendant,
            "descendant-or-self" => Self::DescendantOrSelf,
            "following" => Self::Following,
            "following-sibling" => Self::FollowingSibling,
            "parent" => Self::Parent,
            "preceding" => Self::Preceding,
            "preceding-sibling" => Self::PrecedingSibling,
            "self" => Self::Itself,
            _ => return None,
        })
    }
}

impl Predicate {
    pub(super) fn new(expression: Expression) -> Self {
        let positional = may_be_number(&expression) || asks_position(&expression);
        Self { expression, positional }
    }
}

/// Whether the expression may give a number, which as a predicate means a position.
fn may_be_number(expression: &Expression) -> bool {
    match expression {
        Expression::Number(_) | Expression::Negate(_) => true,
        Expression::Binary(operator, _, _) => matches!(
            operator,
            Operator::Add
                | Operator::Subtract
                | Operator::Multiply
                | Operator::Divide
                | Operator::Remainder
        ),
        Expression::Call(function, _) => function.gives_number(),
        Expression::Literal(_) | Expression::Path { .. } | Expression::Filter { .. } => false,
    }
}

/// Whether position() or last() of this context is asked for; inside a path's predicates they mean another one.
fn asks_position(expression: &Expression) -> bool {
    match expression {
        Expression::Binary(_, a, b) => asks_position(a) || asks_position(b),
        Expression::Negate(inner) => asks_position(inner),
        Expression::Call(function, arguments) => {
            matches!(function, Function::Position | Function::Last)
                || arguments.iter().any(asks_position)
        }
        Expression::Filter { base, .. } => asks_position(base),
        Expression::Number(_) | Expression::Literal(_) | Expression::Path { .. } => false,
    }
}
