use std::fmt::{self, Write};

use crate::{Element, Node};

impl Element {
    /// The element on one line without white space between elements: the form that is sent and that digests are made of.
    pub fn to_compact(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = Writer::compact(&mut text).element(self, Layout::Compact, 0);
        text
    }

    /// The element with two spaces of indent per level and a newline behind every tag: the form for people and files.
    pub fn to_pretty(&self) -> String {
        let mut text = String::new();
        let _ = Writer::pretty(&mut text, &[]).element(self, Layout::Pretty, 0);
        text
    }

    /// Like [`Self::to_pretty`]; the text of elements with these names is written as it is, in CDATA sections.
    pub fn to_pretty_with_verbatim(&self, names: &[&str]) -> String {
        let mut text = String::new();
        let _ = Writer::pretty(&mut text, names).element(self, Layout::Pretty, 0);
        text
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    Compact,
    Pretty,
}

struct Writer<'a, W> {
    out: &'a mut W,
    /// Names of elements whose text stays as it is.
    verbatim: &'a [&'a str],
    /// Whether apostrophes are written as entities. Digests were defined with them; people can do without.
    escapes_apostrophes: bool,
}

impl<'a, W: Write> Writer<'a, W> {
    const fn compact(out: &'a mut W) -> Self {
        Self { out, verbatim: &[], escapes_apostrophes: true }
    }

    const fn pretty(out: &'a mut W, verbatim: &'a [&'a str]) -> Self {
        Self { out, verbatim, escapes_apostrophes: false }
    }

    fn element(&mut self, element: &Element, layout: Layout, depth: usize) -> fmt::Result {
        // Text is content: an element that has some is written without layout, or the layout would become content too.
        let inner = if element.nodes().iter().any(|node| matches!(node, Node::Text(_))) {
            Layout::Compact
        } else {
            layout
        };
        indent(self.out, layout, depth)?;
        write!(self.out, "<{}", element.name())?;
        for (name, value) in element.attrs() {
            write!(self.out, " {name}=\"")?;
            escape_attribute(self.out, value, self.escapes_apostrophes)?;
            self.out.write_char('"')?;
        }
        if element.nodes().is_empty() {
            self.out.write_str("/>")?;
            return line_end(self.out, layout);
        }
        self.out.write_char('>')?;
        line_end(self.out, inner)?;
        for node in element.nodes() {
            match node {
                Node::Element(child) => self.element(child, inner, depth + 1)?,
                Node::Text(text) if self.verbatim.contains(&element.name()) => {
                    write_verbatim(self.out, text)?;
                }
                Node::Text(text) => escape_text(self.out, text)?,
                Node::Comment(text) => {
                    indent(self.out, inner, depth + 1)?;
                    write!(self.out, "<!--{text}-->")?;
                    line_end(self.out, inner)?;
                }
            }
        }
        indent(self.out, inner, depth)?;
        write!(self.out, "</{}>", element.name())?;
        line_end(self.out, layout)
    }
}

/// What would end a section is divided between two.
fn write_verbatim(out: &mut impl Write, text: &str) -> fmt::Result {
    write!(out, "<![CDATA[{}]]>", text.replace("]]>", "]]]]><![CDATA[>"))
}

fn indent(out: &mut impl Write, layout: Layout, depth: usize) -> fmt::Result {
    if layout == Layout::Pretty {
        for _ in 0..depth {
            out.write_str("  ")?;
        }
    }
    Ok(())
}

fn line_end(out: &mut impl Write, layout: Layout) -> fmt::Result {
    if layout == Layout::Pretty { out.write_char('\n') } else { Ok(()) }
}

fn escape_attribute(out: &mut impl Write, value: &str, apostrophes: bool) -> fmt::Result {
    escape(out, value, |byte| match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'"' => Some("&quot;"),
        b'\'' if apostrophes => Some("&apos;"),
        b'\t' => Some("&#x09;"),
        b'\n' => Some("&#x0A;"),
        b'\r' => Some("&#x0D;"),
        _ => None,
    })
}

fn escape_text(out: &mut impl Write, text: &str) -> fmt::Result {
    escape(out, text, |byte| match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'\r' => Some("&#x0D;"),
        _ => None,
    })
}

/// Writes runs of plain bytes at once; only what has an entity is looked at one by one.
fn escape(
    out: &mut impl Write,
    text: &str,
    entity: impl Fn(u8) -> Option<&'static str>,
) -> fmt::Result {
    let mut plain_from = 0;
    for (index, byte) in text.bytes().enumerate() {
        if let Some(replacement) = entity(byte) {
            out.write_str(&text[plain_from..index])?;
            out.write_str(replacement)?;
            plain_from = index + 1;
        }
    }
    out.write_str(&text[plain_from..])
}

impl fmt::Display for Element {
    /// The compact form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Writer::compact(f).element(self, Layout::Compact, 0)
    }
}

impl fmt::Debug for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Writer::compact(f).element(self, Layout::Compact, 0)
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Element(element) => fmt::Debug::fmt(element, f),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Comment(text) => write!(f, "<!--{text}-->"),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::parse;

    #[test]
    fn both_forms_read_back_the_same() {
        let compact = r#"<a x="1 &amp; &quot;2&quot; &lt;3&gt; &apos;"><b><c/></b><!--n--><d>t &amp; u</d></a>"#;
        let root = parse(compact).unwrap();
        assert_eq!(root.to_compact(), compact);
        assert_eq!(parse(&root.to_pretty()).unwrap(), root);
        assert_eq!(
            root.to_pretty(),
            "<a x=\"1 &amp; &quot;2&quot; &lt;3&gt; '\">\n  <b>\n    <c/>\n  </b>\n  <!--n-->\n  <d>t &amp; u</d>\n</a>\n"
        );
    }

    #[test]
    fn verbatim_text_reads_back_the_same() {
        let mut inner = crate::Element::new("content");
        inner.push(crate::Node::Text("<a x=\"1\"/> ]]> & more".into()));
        let root = crate::Element::new("r").with_child(inner);
        let text = root.to_pretty_with_verbatim(&["content"]);
        assert!(
            text.contains("<content><![CDATA[<a x=\"1\"/> ]]]]><![CDATA[> & more]]></content>")
        );
        let read = parse(&text).unwrap();
        assert_eq!(read.child("content").unwrap().text(), "<a x=\"1\"/> ]]> & more");
    }

    #[test]
    fn white_space_in_an_attribute_survives() {
        let root = crate::Element::new("a").with("b", "x\ny\tz");
        assert_eq!(parse(&root.to_compact()).unwrap(), root);
    }
}
