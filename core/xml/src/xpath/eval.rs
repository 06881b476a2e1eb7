use super::{
    Value, XPathError,
    arena::{Arena, Item},
    ast::{Axis, Expression, Operator, Predicate, Step},
    functions::{self, Function},
    value::{Interim, number_of, text_of},
};
use crate::Element;

/// How many nodes an evaluation may look at: several times all those of the largest CIB.
const BUDGET: usize = 20_000_000;
/// For how many nodes one counts that has to be put into its place among others.
const ORDER_COST: usize = 4;
/// How many bytes of text count as a node.
const BYTES_PER_NODE: usize = 64;

pub(super) fn evaluate<'a>(
    expression: &Expression,
    root: &'a Element,
) -> Result<Value<'a>, XPathError> {
    let mut evaluator = Evaluator { arena: Arena::new(root), budget: BUDGET };
    let context = Context { item: Item::DOCUMENT, position: 1, size: 1 };
    Ok(match evaluator.value(expression, context)? {
        Interim::Nodes(items) => {
            Value::Nodes(items.into_iter().map(|item| evaluator.arena.matched(item)).collect())
        }
        Interim::Number(number) => Value::Number(number),
        Interim::Text(text) => Value::Text(text),
        Interim::Boolean(boolean) => Value::Boolean(boolean),
    })
}

/// The node that an expression is evaluated for, and its place among those that are looked at with it.
#[derive(Clone, Copy)]
struct Context {
    item: Item,
    position: usize,
    size: usize,
}

struct Evaluator<'a> {
    arena: Arena<'a>,
    budget: usize,
}

impl Evaluator<'_> {
    fn spend(&mut self, nodes: usize) -> Result<(), XPathError> {
        self.budget = self.budget.checked_sub(nodes + 1).ok_or(XPathError::TooExpensive)?;
        Ok(())
    }

    /// Sorts by place in the document and removes what is there twice.
    fn in_order(&mut self, items: Vec<Item>) -> Result<Vec<Item>, XPathError> {
        self.spend(items.len().saturating_mul(ORDER_COST))?;
        Ok(self.arena.in_order(items))
    }

    /// The string value of a node. A long one costs as much as several nodes: it is copied and compared.
    fn string(&mut self, item: Item) -> Result<String, XPathError> {
        let (text, looked_at) = self.arena.text(item);
        self.spend(looked_at + text.len() / BYTES_PER_NODE)?;
        Ok(text)
    }

    fn value(&mut self, expression: &Expression, here: Context) -> Result<Interim, XPathError> {
        Ok(match expression {
            Expression::Literal(text) => Interim::Text(text.clone()),
            Expression::Number(number) => Interim::Number(*number),
            Expression::Negate(inner) => Interim::Number(-self.number(inner, here)?),
            Expression::Binary(operator, a, b) => self.binary(*operator, a, b, here)?,
            Expression::Call(function, arguments) => self.call(*function, arguments, here)?,
            Expression::Path { absolute, steps } => {
                let from = if *absolute { Item::DOCUMENT } else { here.item };
                Interim::Nodes(self.steps(vec![from], steps)?)
            }
            Expression::Filter { base, predicates, steps } => {
                let mut items = self.nodes(base, here)?;
                for predicate in predicates {
                    items = self.filter(items, predicate)?;
                }
                Interim::Nodes(self.steps(items, steps)?)
            }
        })
    }

    fn steps(&mut self, mut items: Vec<Item>, steps: &[Step]) -> Result<Vec<Item>, XPathError> {
        // Whether no item is above another: then what is below them comes in order and only once.
        let mut apart = items.len() <= 1;
        for step in steps {
            let single = items.len() <= 1;
            let mut found = Vec::new();
            for item in items {
                let (mut here, looked_at) = self.arena.axis(item, step.axis, &step.test);
                self.spend(looked_at)?;
                for predicate in &step.predicates {
                    here = self.filter(here, predicate)?;
                }
                found.append(&mut here);
            }
            let backwards = matches!(
                step.axis,
                Axis::Ancestor | Axis::AncestorOrSelf | Axis::Preceding | Axis::PrecedingSibling
            );
            let ordered = match step.axis {
                Axis::Itself | Axis::Attribute => true,
                Axis::Child | Axis::Descendant | Axis::DescendantOrSelf => apart,
                Axis::Ancestor
                | Axis::AncestorOrSelf
                | Axis::Following
                | Axis::FollowingSibling
                | Axis::Parent
                | Axis::Preceding
                | Axis::PrecedingSibling => single && !backwards,
            };
            items = if ordered || found.len() <= 1 { found } else { self.in_order(found)? };
            apart = items.len() <= 1
                || match step.axis {
                    Axis::Child | Axis::Itself => apart,
                    Axis::Attribute => true,
                    Axis::FollowingSibling | Axis::PrecedingSibling => single,
                    Axis::Ancestor
                    | Axis::AncestorOrSelf
                    | Axis::Descendant
                    | Axis::DescendantOrSelf
                    | Axis::Following
                    | Axis::Parent
                    | Axis::Preceding => false,
                };
        }
        Ok(items)
    }

    /// Keeps the items for which the predicate holds; their places are those they have in the list.
    fn filter(&mut self, items: Vec<Item>, by: &Predicate) -> Result<Vec<Item>, XPathError> {
        let size = items.len();
        let mut kept = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            self.spend(0)?;
            let here = Context { item, position: index + 1, size };
            let holds = match self.value(&by.expression, here)? {
                #[expect(
                    clippy::float_cmp,
                    reason = "a position is a whole number, or none is meant"
                )]
                Interim::Number(number) => number == count(here.position),
                other => self.truth(&other),
            };
            if holds {
                kept.push(item);
            }
        }
        Ok(kept)
    }

    fn nodes(&mut self, expression: &Expression, here: Context) -> Result<Vec<Item>, XPathError> {
        match self.value(expression, here)? {
            Interim::Nodes(items) => Ok(items),
            Interim::Number(_) | Interim::Text(_) | Interim::Boolean(_) => {
                Err(XPathError::NotNodes)
            }
        }
    }

    fn number(&mut self, expression: &Expression, here: Context) -> Result<f64, XPathError> {
        let value = self.value(expression, here)?;
        self.as_number(&value)
    }

    fn text(&mut self, expression: &Expression, here: Context) -> Result<String, XPathError> {
        let value = self.value(expression, here)?;
        self.as_text(value)
    }

    fn boolean(&mut self, expression: &Expression, here: Context) -> Result<bool, XPathError> {
        let value = self.value(expression, here)?;
        Ok(self.truth(&value))
    }

    fn truth(&self, value: &Interim) -> bool {
        match value {
            Interim::Nodes(items) => !items.is_empty(),
            Interim::Number(number) => *number != 0.0 && !number.is_nan(),
            Interim::Text(text) => !text.is_empty(),
            Interim::Boolean(boolean) => *boolean,
        }
    }

    fn as_number(&mut self, value: &Interim) -> Result<f64, XPathError> {
        Ok(match value {
            Interim::Nodes(items) => match items.first() {
                Some(item) => number_of(&self.string(*item)?),
                None => f64::NAN,
            },
            Interim::Number(number) => *number,
            Interim::Text(text) => number_of(text),
            Interim::Boolean(boolean) => f64::from(u8::from(*boolean)),
        })
    }

    fn as_text(&mut self, value: Interim) -> Result<String, XPathError> {
        Ok(match value {
            Interim::Nodes(items) => match items.first() {
                Some(item) => self.string(*item)?,
                None => String::new(),
            },
            Interim::Number(number) => text_of(number),
            Interim::Text(text) => text,
            Interim::Boolean(boolean) => boolean.to_string(),
        })
    }

    fn binary(
        &mut self,
        operator: Operator,
        a: &Expression,
        b: &Expression,
        here: Context,
    ) -> Result<Interim, XPathError> {
        let arithmetic: fn(f64, f64) -> f64 = match operator {
            Operator::Or => {
                return Ok(Interim::Boolean(self.boolean(a, here)? || self.boolean(b, here)?));
            }
            Operator::And => {
                return Ok(Interim::Boolean(self.boolean(a, here)? && self.boolean(b, here)?));
            }
            Operator::Union => {
                let mut items = self.nodes(a, here)?;
                items.append(&mut self.nodes(b, here)?);
                return Ok(Interim::Nodes(self.in_order(items)?));
            }
            Operator::Equal
            | Operator::NotEqual
            | Operator::Less
            | Operator::LessEqual
            | Operator::Greater
            | Operator::GreaterEqual => {
                let (a, b) = (self.value(a, here)?, self.value(b, here)?);
                return Ok(Interim::Boolean(self.compare(operator, &a, &b)?));
            }
            Operator::Add => |a, b| a + b,
            Operator::Subtract => |a, b| a - b,
            Operator::Multiply => |a, b| a * b,
            Operator::Divide => |a, b| a / b,
            Operator::Remainder => |a, b| a % b,
        };
        Ok(Interim::Number(arithmetic(self.number(a, here)?, self.number(b, here)?)))
    }

    /// A set of nodes compares as any of its nodes does.
    fn compare(
        &mut self,
        operator: Operator,
        a: &Interim,
        b: &Interim,
    ) -> Result<bool, XPathError> {
        match (a, b) {
            (Interim::Nodes(_), Interim::Boolean(_)) | (Interim::Boolean(_), Interim::Nodes(_)) => {
                let truth = |value| Interim::Boolean(self.truth(value));
                Ok(compare_plain(operator, &truth(a), &truth(b)))
            }
            (Interim::Nodes(left), Interim::Nodes(right)) => {
                let mut others = Vec::with_capacity(right.len());
                let mut bytes = 0;
                for item in right {
                    let text = self.string(*item)?;
                    bytes += text.len();
                    others.push(Interim::Text(text));
                }
                for item in left {
                    self.spend(others.len() + bytes / BYTES_PER_NODE)?;
                    let text = Interim::Text(self.string(*item)?);
                    if others.iter().any(|other| compare_plain(operator, &text, other)) {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            (Interim::Nodes(items), Interim::Text(text))
                if matches!(operator, Operator::Equal | Operator::NotEqual) =>
            {
                // Attributes against a string: by far the most frequent comparison, made without copies.
                let equal = operator == Operator::Equal;
                for item in items {
                    let same = match self.arena.attribute_value(*item) {
                        Some(value) => value == text,
                        None => self.string(*item)? == *text,
                    };
                    if same == equal {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            (Interim::Nodes(items), other) => {
                self.any_of(items, |text| compare_plain(operator, &text, other))
            }
            (other, Interim::Nodes(items)) => {
                self.any_of(items, |text| compare_plain(operator, other, &text))
            }
            (_, _) => Ok(compare_plain(operator, a, b)),
        }
    }

    /// Whether something holds for the string value of any of the nodes.
    fn any_of(
        &mut self,
        items: &[Item],
        holds: impl Fn(Interim) -> bool,
    ) -> Result<bool, XPathError> {
        for item in items {
            if holds(Interim::Text(self.string(*item)?)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn call(
        &mut self,
        function: Function,
        arguments: &[Expression],
        here: Context,
    ) -> Result<Interim, XPathError> {
        Ok(match function {
            Function::True => Interim::Boolean(true),
            Function::False => Interim::Boolean(false),
            Function::Not => Interim::Boolean(!self.boolean(&arguments[0], here)?),
            Function::Boolean => Interim::Boolean(self.boolean(&arguments[0], here)?),
            Function::Position => Interim::Number(count(here.position)),
            Function::Last => Interim::Number(count(here.size)),
            Function::Count => Interim::Number(count(self.nodes(&arguments[0], here)?.len())),
            Function::Sum => {
                let items = self.nodes(&arguments[0], here)?;
                let mut sum = 0.0;
                for item in items {
                    sum += number_of(&self.string(item)?);
                }
                Interim::Number(sum)
            }
            Function::Floor => Interim::Number(self.number(&arguments[0], here)?.floor()),
            Function::Ceiling => Interim::Number(self.number(&arguments[0], here)?.ceil()),
            Function::Round => Interim::Number(functions::round(self.number(&arguments[0], here)?)),
            Function::Number => {
                let value = self.argument_or_node(arguments, here)?;
                Interim::Number(self.as_number(&value)?)
            }
            Function::Id => Interim::Nodes(self.with_ids(&arguments[0], here)?),
            Function::Name | Function::LocalName => Interim::Text(self.name(arguments, here)?),
            Function::NamespaceUri => {
                self.name(arguments, here)?;
                Interim::Text(String::new())
            }
            Function::StringLength => {
                let value = self.argument_or_node(arguments, here)?;
                Interim::Number(count(self.as_text(value)?.chars().count()))
            }
            Function::Contains | Function::StartsWith => {
                let (a, b) = (self.text(&arguments[0], here)?, self.text(&arguments[1], here)?);
                Interim::Boolean(match function {
                    Function::Contains => a.contains(&b),
                    _ => a.starts_with(&b),
                })
            }
            Function::String
            | Function::Concat
            | Function::NormalizeSpace
            | Function::Substring
            | Function::SubstringAfter
            | Function::SubstringBefore
            | Function::Translate => Interim::Text(self.string_call(function, arguments, here)?),
        })
    }

    fn string_call(
        &mut self,
        function: Function,
        arguments: &[Expression],
        here: Context,
    ) -> Result<String, XPathError> {
        if arguments.len() <= 1 {
            let value = self.argument_or_node(arguments, here)?;
            let text = self.as_text(value)?;
            let normalize = function == Function::NormalizeSpace;
            return Ok(if normalize { functions::normalize_space(&text) } else { text });
        }
        let text = self.text(&arguments[0], here)?;
        if function == Function::Substring {
            let start = self.number(&arguments[1], here)?;
            let length = arguments.get(2).map(|length| self.number(length, here)).transpose()?;
            return Ok(functions::substring(&text, start, length));
        }
        let other = self.text(&arguments[1], here)?;
        Ok(match function {
            Function::SubstringBefore => {
                text.split_once(&other).map_or("", |(before, _)| before).to_owned()
            }
            Function::SubstringAfter => {
                text.split_once(&other).map_or("", |(_, after)| after).to_owned()
            }
            Function::Translate => {
                functions::translate(&text, &other, &self.text(&arguments[2], here)?)
            }
            _ => {
                let mut all = text + &other;
                for argument in &arguments[2..] {
                    all.push_str(&self.text(argument, here)?);
                }
                all
            }
        })
    }

    /// The only argument, or the current node where there is none.
    fn argument_or_node(
        &mut self,
        arguments: &[Expression],
        here: Context,
    ) -> Result<Interim, XPathError> {
        match arguments.first() {
            Some(argument) => self.value(argument, here),
            None => Ok(Interim::Nodes(vec![here.item])),
        }
    }

    fn name(&mut self, arguments: &[Expression], here: Context) -> Result<String, XPathError> {
        let item = match arguments.first() {
            Some(argument) => self.nodes(argument, here)?.first().copied(),
            None => Some(here.item),
        };
        Ok(item.map_or("", |item| self.arena.name(item)).to_owned())
    }

    /// Elements by the words of a text, or of all the nodes' texts.
    fn with_ids(&mut self, of: &Expression, here: Context) -> Result<Vec<Item>, XPathError> {
        let text = match self.value(of, here)? {
            Interim::Nodes(items) => {
                let mut texts = Vec::with_capacity(items.len());
                for item in items {
                    texts.push(self.string(item)?);
                }
                texts.join(" ")
            }
            other => self.as_text(other)?,
        };
        let (found, looked_at) = self.arena.with_ids(&text.split_ascii_whitespace().collect());
        self.spend(looked_at)?;
        Ok(found)
    }
}

/// Compares two values of which none is a set of nodes.
#[expect(clippy::float_cmp, reason = "XPath compares numbers as IEEE 754 does")]
fn compare_plain(operator: Operator, a: &Interim, b: &Interim) -> bool {
    let number = |value: &Interim| match value {
        Interim::Number(number) => *number,
        Interim::Text(text) => number_of(text),
        Interim::Boolean(boolean) => f64::from(u8::from(*boolean)),
        Interim::Nodes(_) => f64::NAN,
    };
    let truth = |value: &Interim| match value {
        Interim::Boolean(boolean) => *boolean,
        Interim::Number(number) => *number != 0.0 && !number.is_nan(),
        Interim::Text(text) => !text.is_empty(),
        Interim::Nodes(items) => !items.is_empty(),
    };
    let equal = match (a, b) {
        (Interim::Boolean(_), _) | (_, Interim::Boolean(_)) => truth(a) == truth(b),
        (Interim::Text(x), Interim::Text(y)) => x == y,
        (_, _) => number(a) == number(b),
    };
    match operator {
        Operator::Equal => equal,
        Operator::NotEqual => !equal,
        Operator::Less => number(a) < number(b),
        Operator::LessEqual => number(a) <= number(b),
        Operator::Greater => number(a) > number(b),
        Operator::GreaterEqual => number(a) >= number(b),
        Operator::Or
        | Operator::And
        | Operator::Add
        | Operator::Subtract
        | Operator::Multiply
        | Operator::Divide
        | Operator::Remainder
        | Operator::Union => false,
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of nodes are far below 2^53")]
fn count(count: usize) -> f64 {
    count as f64
}
