use std::fmt::{self, Write};

use crate::{Element, Node};

impl Element {
    /// The element on one line without white space between elements: the form that is sent and that digests are made of.
    pub fn to_compact(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = write_element(&mut text, self, Layout::Compact, 0);
        text
    }

    /// The element with two spaces of indent per level and a newline behind every tag: the form for people and files.
    pub fn to_pretty(&self) -> String {
        let mut text = String::new();
        let _ = write_element(&mut text, self, Layout::Pretty, 0);
        text
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    Compact,
    Pretty,
}

fn write_element(
    out: &mut impl Write,
    element: &Element,
    layout: Layout,
    depth: usize,
) -> fmt::Result {
    // Text is content: an element that has some is written without layout, or the layout would become content too.
    let inner = if element.nodes().iter().any(|node| matches!(node, Node::Text(_))) {
        Layout::Compact
    } else {
        layout
    };
    indent(out, layout, depth)?;
    write!(out, "<{}", element.name())?;
    for (name, value) in element.attrs() {
        write!(out, " {name}=\"")?;
        escape_attribute(out, value)?;
        out.write_char('"')?;
    }
    if element.nodes().is_empty() {
        out.write_str("/>")?;
        return line_end(out, layout);
    }
    out.write_char('>')?;
    line_end(out, inner)?;
    for node in element.nodes() {
        match node {
            Node::Element(child) => write_element(out, child, inner, depth + 1)?,
            Node::Text(text) => escape_text(out, text)?,
            Node::Comment(text) => {
                indent(out, inner, depth + 1)?;
                write!(out, "<!--{text}-->")?;
                line_end(out, inner)?;
            }
        }
    }
    indent(out, inner, depth)?;
    write!(out, "</{}>", element.name())?;
    line_end(out, layout)
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

fn escape_attribute(out: &mut impl Write, value: &str) -> fmt::Result {
    escape(out, value, |byte| match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'"' => Some("&quot;"),
        b'\'' => Some("&apos;"),
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
        write_element(f, self, Layout::Compact, 0)
    }
}

impl fmt::Debug for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_element(f, self, Layout::Compact, 0)
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
            "<a x=\"1 &amp; &quot;2&quot; &lt;3&gt; &apos;\">\n  <b>\n    <c/>\n  </b>\n  <!--n-->\n  <d>t &amp; u</d>\n</a>\n"
        );
    }

    #[test]
    fn white_space_in_an_attribute_survives() {
        let root = crate::Element::new("a").with("b", "x\ny\tz");
        assert_eq!(parse(&root.to_compact()).unwrap(), root);
    }
}
