use super::{
    XPathError,
    ast::{Axis, Expression, Operator, Predicate, Step, Test},
    functions::Function,
    lexer::{self, Kind, Token},
};

/// Brackets and parentheses inside each other.
const DEPTH_MAX: usize = 48;

/// Operators in all: a chain of them makes a tree as deep as it is long.
const OPERATORS_MAX: usize = 1000;

/// Operators by how strongly they bind, weakest first.
const LEVELS: [&[(&str, Operator)]; 6] = [
    &[("or", Operator::Or)],
    &[("and", Operator::And)],
    &[("=", Operator::Equal), ("!=", Operator::NotEqual)],
    &[
        ("<", Operator::Less),
        ("<=", Operator::LessEqual),
        (">", Operator::Greater),
        (">=", Operator::GreaterEqual),
    ],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[("*", Operator::Multiply), ("div", Operator::Divide), ("mod", Operator::Remainder)],
];

pub(super) fn parse(text: &str) -> Result<Expression, XPathError> {
    let mut parser = Parser { text, tokens: lexer::tokens(text)?, next: 0, depth: 0, operators: 0 };
    let expression = parser.expression()?;
    match parser.tokens.get(parser.next) {
        None => Ok(expression),
        Some(_) => Err(parser.unexpected()),
    }
}

struct Parser<'t> {
    text: &'t str,
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
    operators: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Kind> {
        self.tokens.get(self.next).map(|token| &token.kind)
    }

    fn at(&self, symbol: &str) -> bool {
        matches!(self.peek(), Some(Kind::Symbol(found)) if *found == symbol)
    }

    fn take(&mut self, symbol: &str) -> bool {
        let there = self.at(symbol);
        self.next += usize::from(there);
        there
    }

    fn expect(&mut self, symbol: &str) -> Result<(), XPathError> {
        if self.take(symbol) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn unexpected(&self) -> XPathError {
        match self.tokens.get(self.next) {
            Some(token) => {
                let found = self.text[token.at..].chars().take(20).collect::<String>();
                lexer::syntax(self.text, token.at, format!("unexpected '{found}'"))
            }
            None => lexer::syntax(self.text, self.text.len(), "something is missing".to_owned()),
        }
    }

    fn expression(&mut self) -> Result<Expression, XPathError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(XPathError::TooDeep(DEPTH_MAX));
        }
        let expression = self.binary(0)?;
        self.depth -= 1;
        Ok(expression)
    }

    fn binary(&mut self, level: usize) -> Result<Expression, XPathError> {
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.binary(level + 1)?;
        while let Some(operator) = self.operator(operators) {
            self.count_operator()?;
            let right = self.binary(level + 1)?;
            left = Expression::Binary(operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn count_operator(&mut self) -> Result<(), XPathError> {
        self.operators += 1;
        if self.operators > OPERATORS_MAX {
            return Err(XPathError::TooDeep(OPERATORS_MAX));
        }
        Ok(())
    }

    fn operator(&mut self, operators: &[(&str, Operator)]) -> Option<Operator> {
        let found = match self.peek()? {
            Kind::Symbol(symbol) | Kind::Operator(symbol) => *symbol,
            Kind::Name(_) | Kind::Literal(_) | Kind::Number(_) => return None,
        };
        let (_, operator) = operators.iter().find(|(symbol, _)| *symbol == found)?;
        self.next += 1;
        Some(*operator)
    }

    fn unary(&mut self) -> Result<Expression, XPathError> {
        let mut negated = 0_usize;
        while self.take("-") {
            negated += 1;
        }
        let inner = self.union()?;
        Ok(match negated {
            0 => inner,
            n if n % 2 == 1 => Expression::Negate(Box::new(inner)),
            _ => Expression::Negate(Box::new(Expression::Negate(Box::new(inner)))),
        })
    }

    fn union(&mut self) -> Result<Expression, XPathError> {
        let mut left = self.path()?;
        while self.take("|") {
            self.count_operator()?;
            let right = self.path()?;
            left = Expression::Binary(Operator::Union, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn path(&mut self) -> Result<Expression, XPathError> {
        let Some(base) = self.primary()? else { return self.location() };
        let predicates = self.predicates()?;
        let steps = if self.at("/") || self.at("//") { self.steps()? } else { Vec::new() };
        if predicates.is_empty() && steps.is_empty() {
            return Ok(base);
        }
        Ok(Expression::Filter { base: Box::new(base), predicates, steps })
    }

    /// What a path can begin with instead of a step.
    fn primary(&mut self) -> Result<Option<Expression>, XPathError> {
        if self.take("(") {
            let inner = self.expression()?;
            self.expect(")")?;
            return Ok(Some(inner));
        }
        let expression = match self.peek() {
            Some(Kind::Literal(text)) => Expression::Literal(text.clone()),
            Some(Kind::Number(number)) => Expression::Number(*number),
            Some(Kind::Name(name)) if self.followed_by("(") && Test::by_type(name).is_none() => {
                let name = name.clone();
                return self.call(&name).map(Some);
            }
            Some(_) | None => return Ok(None),
        };
        self.next += 1;
        Ok(Some(expression))
    }

    fn followed_by(&self, symbol: &str) -> bool {
        let behind = self.tokens.get(self.next + 1);
        behind.is_some_and(|token| matches!(token.kind, Kind::Symbol(found) if found == symbol))
    }

    fn call(&mut self, name: &str) -> Result<Expression, XPathError> {
        let function =
            Function::named(name).ok_or_else(|| XPathError::Function(name.to_owned()))?;
        self.next += 2;
        let mut arguments = Vec::new();
        if !self.take(")") {
            loop {
                arguments.push(self.expression()?);
                if !self.take(",") {
                    break;
                }
            }
            self.expect(")")?;
        }
        if !function.takes(arguments.len()) {
            return Err(XPathError::Arguments(function.name()));
        }
        Ok(Expression::Call(function, arguments))
    }

    fn location(&mut self) -> Result<Expression, XPathError> {
        if self.at("//") {
            return Ok(Expression::Path { absolute: true, steps: self.steps()? });
        }
        if self.at("/") {
            let more = self.tokens.get(self.next + 1).is_some_and(|token| begins_step(&token.kind));
            let steps = if more { self.steps()? } else { Vec::new() };
            self.next += usize::from(!more);
            return Ok(Expression::Path { absolute: true, steps });
        }
        let mut steps = vec![self.step()?];
        self.more_steps(&mut steps)?;
        Ok(Expression::Path { absolute: false, steps })
    }

    /// Steps, each with its slash in front.
    fn steps(&mut self) -> Result<Vec<Step>, XPathError> {
        let mut steps = Vec::new();
        self.more_steps(&mut steps)?;
        Ok(steps)
    }

    fn more_steps(&mut self, steps: &mut Vec<Step>) -> Result<(), XPathError> {
        loop {
            if self.take("//") {
                let mut step = self.step()?;
                // `//x[...]` means descendant-or-self::node()/child::x[...]: one axis does, unless places count.
                let places = step.predicates.iter().any(|predicate| predicate.positional);
                if step.axis == Axis::Child && !places {
                    step.axis = Axis::Descendant;
                } else {
                    let axis = Axis::DescendantOrSelf;
                    steps.push(Step { axis, test: Test::Node, predicates: Vec::new() });
                }
                steps.push(step);
            } else if self.take("/") {
                steps.push(self.step()?);
            } else {
                return Ok(());
            }
        }
    }

    fn step(&mut self) -> Result<Step, XPathError> {
        for (symbol, axis) in [("..", Axis::Parent), (".", Axis::Itself)] {
            if self.take(symbol) {
                return Ok(Step { axis, test: Test::Node, predicates: Vec::new() });
            }
        }
        let axis = if self.take("@") {
            Axis::Attribute
        } else if self.followed_by("::") {
            let Some(Kind::Name(name)) = self.peek() else { return Err(self.unexpected()) };
            let axis = Axis::named(name).ok_or_else(|| self.unexpected())?;
            self.next += 2;
            axis
        } else {
            Axis::Child
        };
        let test = self.test()?;
        Ok(Step { axis, test, predicates: self.predicates()? })
    }

    fn test(&mut self) -> Result<Test, XPathError> {
        if self.take("*") {
            return Ok(Test::Any);
        }
        let Some(Kind::Name(name)) = self.peek() else { return Err(self.unexpected()) };
        let name = name.clone();
        let kind = Test::by_type(&name).filter(|_| self.followed_by("("));
        self.next += 1;
        let Some(test) = kind else { return Ok(Test::Name(name)) };
        self.next += 1;
        if test == Test::Nothing && matches!(self.peek(), Some(Kind::Literal(_))) {
            self.next += 1;
        }
        self.expect(")")?;
        Ok(test)
    }

    fn predicates(&mut self) -> Result<Vec<Predicate>, XPathError> {
        let mut predicates = Vec::new();
        while self.take("[") {
            predicates.push(Predicate::new(self.expression()?));
            self.expect("]")?;
        }
        Ok(predicates)
    }
}

impl Test {
    /// The test that looks like a function call.
    fn by_type(name: &str) -> Option<Self> {
        Some(match name {
            "node" => Self::Node,
            "text" => Self::Text,
            "comment" => Self::Comment,
            "processing-instruction" => Self::Nothing,
            _ => return None,
        })
    }
}

fn begins_step(kind: &Kind) -> bool {
    match kind {
        Kind::Name(_) => true,
        Kind::Symbol(symbol) => matches!(*symbol, "*" | "@" | "." | ".."),
        Kind::Operator(_) | Kind::Literal(_) | Kind::Number(_) => false,
    }
}
