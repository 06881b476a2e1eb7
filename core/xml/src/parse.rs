use std::fmt;

use compact_str::CompactString;
use quick_xml::{
    Reader, XmlVersion,
    events::{BytesStart, Event},
};

use crate::{Element, Node, attributes::Packed};

/// How much a document may ask for before it is refused.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of text.
    pub bytes_max: usize,
    /// Elements inside elements.
    pub depth_max: usize,
    /// Elements, texts and comments in all.
    pub nodes_max: usize,
}

impl Limits {
    /// Attributes of one element, whatever the document. Looking for one goes through all, so an element with very many
    /// would take its time whenever it is touched; an agent with every parameter that it could have stays far below.
    pub const ATTRIBUTES_MAX: usize = 4096;

    /// Above every real document: a CIB of 64 nodes and 10,000 resources has 250 MB and 1,350,000 elements. A node takes up to
    /// 140 bytes beside its text, so that three times as many still fit into half a gigabyte.
    pub const DOCUMENT: Self = Self { bytes_max: 512 << 20, depth_max: 256, nodes_max: 4_000_000 };
}

/// Where in a document something is, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Line.
    pub line: usize,
    /// Character within the line.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// A text that is not XML, or that asks for too much.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not well-formed XML at {at}: {problem}")]
pub struct ParseError {
    /// Where the problem was noticed.
    pub at: Position,
    /// What it is.
    pub problem: Problem,
}

/// What can be wrong with a text that should be XML.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// There is no element.
    #[error("there is no element")]
    Empty,
    /// Something follows the end of the document.
    #[error("there is content behind the end of the document")]
    Trailing,
    /// The text ends inside an element.
    #[error("the text ends inside <{0}>")]
    Unclosed(String),
    /// A document type definition: refused, since it can define entities that expand without bound.
    #[error("a document type definition is not allowed")]
    DocumentType,
    /// An entity that is not one of the five of XML.
    #[error("the entity '&{0};' is not defined")]
    Entity(String),
    /// The bytes are not UTF-8.
    #[error("the text is not UTF-8")]
    Encoding,
    /// More bytes than allowed.
    #[error("the document is larger than {0} bytes")]
    TooLarge(usize),
    /// Elements nested deeper than allowed.
    #[error("elements are nested deeper than {0} levels")]
    TooDeep(usize),
    /// More nodes than allowed.
    #[error("the document has more than {0} nodes")]
    TooMany(usize),
    /// An element with more attributes than allowed.
    #[error("an element has more than {0} attributes")]
    TooManyAttributes(usize),
    /// A character that XML does not allow.
    #[error("the character U+{0:04X} is not allowed in XML")]
    Character(u32),
    /// Something that cannot be a name is where an element or an attribute has its.
    #[error("'{0}' cannot be the name of an element or an attribute")]
    Name(String),
    /// Anything else, in the tokenizer's words.
    #[error("{0}")]
    Syntax(String),
}

/// Reads a document and gives its root element. White space between elements is dropped, comments are kept.
pub fn parse(text: &str) -> Result<Element, ParseError> {
    parse_with(text, Limits::DOCUMENT)
}

/// Reads a document from bytes that should be UTF-8.
pub fn parse_bytes(bytes: &[u8], limits: Limits) -> Result<Element, ParseError> {
    match std::str::from_utf8(bytes) {
        Ok(text) => parse_with(text, limits),
        Err(error) => {
            let valid = std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default();
            Err(ParseError { at: position(valid, valid.len()), problem: Problem::Encoding })
        }
    }
}

/// Reads a document that may not exceed the limits.
pub fn parse_with(text: &str, limits: Limits) -> Result<Element, ParseError> {
    let mut reader = Reader::from_str(text);
    build(&mut reader, text, limits).map_err(|problem| {
        let offset = usize::try_from(reader.error_position().max(reader.buffer_position()))
            .unwrap_or(text.len());
        ParseError { at: position(text, offset), problem }
    })
}

/// An element whose end has not been read.
struct Open {
    name: CompactString,
    attributes: Packed,
    /// Where among all that is finished what it contains begins.
    contents_from: usize,
}

/// A document on its way: elements that are open, and all that is finished and waits for what contains it. Taking the
/// contents over in one piece spares each element a list that grows.
struct Builder {
    limits: Limits,
    open: Vec<Open>,
    finished: Vec<Node>,
    root: Option<Element>,
    /// How many nodes have been begun.
    nodes: usize,
    characters: String,
    attributes: Packed,
}

fn build(reader: &mut Reader<&[u8]>, text: &str, limits: Limits) -> Result<Element, Problem> {
    if text.len() > limits.bytes_max {
        return Err(Problem::TooLarge(limits.bytes_max));
    }
    let mut builder = Builder {
        limits,
        open: Vec::new(),
        finished: Vec::new(),
        root: None,
        nodes: 0,
        characters: String::new(),
        attributes: Packed::new(),
    };
    loop {
        let event = reader.read_event().map_err(|error| syntax(&error))?;
        match &event {
            Event::Text(part) => builder.characters.push_str(&part.xml10_content()),
            Event::CData(part) => builder.characters.push_str(&part.xml10_content()),
            Event::GeneralRef(reference) => builder.characters.push(resolve(reference)?),
            Event::Start(_) | Event::End(_) | Event::Empty(_) | Event::Comment(_) | Event::Eof => {
                builder.flush_text()?;
            }
            Event::Decl(_) | Event::PI(_) => {}
            Event::DocType(_) => return Err(Problem::DocumentType),
        }
        match event {
            Event::Start(start) => builder.start(&start)?,
            Event::Empty(start) => builder.empty(&start)?,
            Event::End(_) => builder.end()?,
            Event::Comment(comment) => builder.comment(&comment.xml10_content())?,
            Event::Eof => return builder.document(),
            Event::Text(_)
            | Event::CData(_)
            | Event::GeneralRef(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_) => {}
        }
    }
}

impl Builder {
    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), Problem> {
        if self.open.len() >= self.limits.depth_max {
            return Err(Problem::TooDeep(self.limits.depth_max));
        }
        if self.open.is_empty() && self.root.is_some() {
            return Err(Problem::Trailing);
        }
        self.count()?;
        let (name, attributes) = self.head(start)?;
        self.open.push(Open { name, attributes, contents_from: self.finished.len() });
        Ok(())
    }

    fn empty(&mut self, start: &BytesStart<'_>) -> Result<(), Problem> {
        self.count()?;
        let (name, attributes) = self.head(start)?;
        self.finish(Element::whole(name, attributes, Vec::new()))
    }

    fn end(&mut self) -> Result<(), Problem> {
        // The tokenizer has checked that the names match, so an element is open.
        let Open { name, attributes, contents_from } = self.open.pop().ok_or(Problem::Trailing)?;
        let contents = self.finished.drain(contents_from..).collect();
        self.finish(Element::whole(name, attributes, contents))
    }

    fn comment(&mut self, text: &str) -> Result<(), Problem> {
        if !self.open.is_empty() {
            self.count()?;
            self.finished.push(Node::Comment(text.into()));
        }
        Ok(())
    }

    fn count(&mut self) -> Result<(), Problem> {
        self.nodes += 1;
        let most = self.limits.nodes_max;
        if self.nodes > most { Err(Problem::TooMany(most)) } else { Ok(()) }
    }

    fn document(self) -> Result<Element, Problem> {
        match self.open.last() {
            Some(unclosed) => Err(Problem::Unclosed(quoted(&unclosed.name))),
            None => self.root.ok_or(Problem::Empty),
        }
    }

    /// An element's name and attributes.
    fn head(&mut self, start: &BytesStart<'_>) -> Result<(CompactString, Packed), Problem> {
        let name = as_name(start.name().0)?.into();
        self.attributes.clear();
        for (count, attribute) in start.attributes().enumerate() {
            if count == Limits::ATTRIBUTES_MAX {
                return Err(Problem::TooManyAttributes(Limits::ATTRIBUTES_MAX));
            }
            let attribute = attribute.map_err(|error| syntax(&error))?;
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|error| syntax(&error))?;
            self.attributes.append(as_name(attribute.key.0)?, checked(&value)?);
        }
        Ok((name, self.attributes.to_fitting()))
    }

    fn finish(&mut self, done: Element) -> Result<(), Problem> {
        if !self.open.is_empty() {
            self.finished.push(done.into());
        } else if self.root.is_some() {
            return Err(Problem::Trailing);
        } else {
            self.root = Some(done);
        }
        Ok(())
    }

    /// Ends a run of character data: white space alone is layout and is dropped.
    fn flush_text(&mut self) -> Result<(), Problem> {
        if self.characters.trim_ascii().is_empty() {
            self.characters.clear();
            return Ok(());
        }
        if self.open.is_empty() {
            return Err(Problem::Syntax("there is text outside the root element".to_owned()));
        }
        self.count()?;
        let text = checked(&self.characters)?;
        self.finished.push(Node::Text(text.into()));
        self.characters.clear();
        Ok(())
    }
}

fn resolve(reference: &quick_xml::events::BytesRef<'_>) -> Result<char, Problem> {
    match reference.resolve_char_ref() {
        Ok(Some(character)) => return Ok(character),
        Ok(None) => {}
        Err(error) => return Err(syntax(&error)),
    }
    match &**reference {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        other => Err(Problem::Entity(quoted(other))),
    }
}

/// So many characters of a document, or of the tokenizer's words, which repeat parts of it, are told.
const QUOTED_MAX: usize = 64;
const WORDS_MAX: usize = 200;

/// A part of a document as it may stand in a log: not longer than a person reads, and with nothing in it that a terminal
/// would obey.
fn quoted(text: &str) -> String {
    text.chars().take(QUOTED_MAX).flat_map(char::escape_debug).collect()
}

fn syntax(error: &impl fmt::Display) -> Problem {
    let words = error.to_string();
    let shown = |c: char| if c.is_control() { c.escape_default().collect() } else { c.to_string() };
    Problem::Syntax(words.chars().take(WORDS_MAX).map(shown).collect())
}

/// Refuses what is no name, so that what is read can always be written and read again. Which of the characters beyond
/// ASCII are letters is not looked at.
fn as_name(text: &str) -> Result<&str, Problem> {
    let starts = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | ':') || !c.is_ascii();
    let goes_on = |c: char| starts(c) || c.is_ascii_digit() || matches!(c, '-' | '.');
    if text.starts_with(starts) && text.chars().all(goes_on) {
        return checked(text);
    }
    Err(Problem::Name(quoted(text)))
}

/// Refuses characters that XML 1.0 does not allow, so that what is read can always be written and read again.
fn checked(text: &str) -> Result<&str, Problem> {
    // Almost everything is printable ASCII, and for that a look at the bytes is enough.
    if text.bytes().all(|byte| matches!(byte, 0x20..=0x7F)) {
        return Ok(text);
    }
    let banned = |character: &char| matches!(u32::from(*character), 0..=8 | 11 | 12 | 14..=31 | 0xFFFE | 0xFFFF);
    match text.chars().find(banned) {
        Some(character) => Err(Problem::Character(u32::from(character))),
        None => Ok(text),
    }
}

fn position(text: &str, offset: usize) -> Position {
    let offset = offset.min(text.len());
    let before = &text.as_bytes()[..offset];
    let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |index| index + 1);
    Position {
        line: before.iter().filter(|&&byte| byte == b'\n').count() + 1,
        column: String::from_utf8_lossy(&before[line_start..]).chars().count() + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_is_dropped_and_content_kept() {
        let root =
            parse("<?xml version='1.0'?>\n<a b='1 &amp; &#50;'>\n  <c/>x &lt; y<!--note--></a>\n")
                .unwrap();
        assert_eq!(root.attr("b"), Some("1 & 2"));
        assert_eq!(root.children().count(), 1);
        assert_eq!(root.text(), "x < y");
        assert!(matches!(&root.nodes()[2], Node::Comment(text) if &**text == "note"));
    }

    #[test]
    fn problems_say_what_and_where() {
        let error = |text| parse(text).unwrap_err();
        assert_eq!(error("").problem, Problem::Empty);
        assert_eq!(error("<a><b></b>").problem, Problem::Unclosed("a".into()));
        assert_eq!(error("<a/><b/>").problem, Problem::Trailing);
        assert_eq!(error("<!DOCTYPE a [<!ENTITY e 'x'>]><a/>").problem, Problem::DocumentType);
        assert_eq!(error("<a>&e;</a>").problem, Problem::Entity("e".into()));
        assert_eq!(error("<a b='&#1;'/>").problem, Problem::Character(1));
        assert!(matches!(error("<a b='1' b='2'/>").problem, Problem::Syntax(_)));
        for (text, name) in
            [("<>x</>", ""), ("<./>", "."), ("<a 1='x'/>", "1"), ("<a:b x(='1'/>", "x(")]
        {
            assert_eq!(error(text).problem, Problem::Name(name.into()), "{text}");
        }
        assert_eq!(error("<a>\n</b>").at.line, 2);
        assert_eq!(
            parse_bytes(b"<a>\n\xff</a>", Limits::DOCUMENT).unwrap_err(),
            ParseError { at: Position { line: 2, column: 1 }, problem: Problem::Encoding }
        );
    }

    #[test]
    fn problems_quote_no_more_than_a_log_can_bear() {
        let long = "x".repeat(10_000);
        for text in [
            format!("<a b='&{long};'/>"),
            format!("<a>&{long};</a>"),
            format!("<{long}>"),
            format!("<{long}></{long}y>"),
            format!("<a {long}('1'/>"),
            format!("<{long}(/>"),
        ] {
            let told = parse(&text).unwrap_err().to_string();
            assert!(told.len() < 400, "{told}");
        }
        for text in ["<a\u{1b}[2J/>", "<a\u{1b}[2J></b>", "<a>&\u{1b}[2J;</a>", "<a b='&\u{1b};'/>"]
        {
            let told = parse(text).unwrap_err().to_string();
            assert!(!told.contains('\u{1b}'), "{told:?}");
        }
    }

    #[test]
    fn limits_hold() {
        let limits = Limits { bytes_max: 100, depth_max: 3, nodes_max: 8 };
        let problem = |text: &str| parse_with(text, limits).unwrap_err().problem;
        assert_eq!(problem(&"x".repeat(101)), Problem::TooLarge(100));
        assert_eq!(
            problem("<a><b><c><d/></c></b></a>".replace("<d/>", "<d><e/></d>").as_str()),
            Problem::TooDeep(3)
        );
        for nodes in ["<b/>", "<b></b>", "<!--x-->"] {
            assert_eq!(problem(&format!("<a>{}</a>", nodes.repeat(8))), Problem::TooMany(8));
            assert!(parse_with(&format!("<a>{}</a>", nodes.repeat(7)), limits).is_ok());
        }
        assert_eq!(problem(&format!("<a>{}</a>", "x<b/>".repeat(4))), Problem::TooMany(8));
        let element = |attributes: usize| {
            let attributes: String = (0..attributes).map(|i| format!(" a{i}='1'")).collect();
            parse(&format!("<a{attributes}/>"))
        };
        assert_eq!(element(Limits::ATTRIBUTES_MAX).unwrap().attrs().count(), 4096);
        let problem = element(Limits::ATTRIBUTES_MAX + 1).unwrap_err().problem;
        assert_eq!(problem, Problem::TooManyAttributes(4096));
    }
}
