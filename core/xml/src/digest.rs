//! MD5 digests of trees, as the cluster's peers, its files and its history of operations have them.
//!
//! Each is made of a text form of the tree that is frozen: it differs from what [`Element::to_compact`] writes in how it
//! treats white space and everything behind the first character outside ASCII. Peers compare digests, so the form
//! cannot be mended.

use std::fmt::{self, Write};

use md5::{Digest, Md5};

use crate::{Element, Node};

/// Attributes that say who changed what when, not what the cluster is like; the versioned digest leaves them out.
const UNVERSIONED: [&str; 5] =
    ["crm-debug-origin", "cib-last-written", "update-origin", "update-client", "update-user"];

/// The digest that is stored beside a configuration file, 32 hexadecimal digits.
pub fn on_disk(root: &Element) -> String {
    let mut sum = Sum::new();
    sum.framed(root, &Form { filtered: false, sorted: false });
    sum.finish()
}

/// The digest that peers exchange with changes of the configuration: attributes that only record the change are left out.
pub fn versioned(root: &Element) -> String {
    let mut sum = Sum::new();
    sum.element(root, &Form { filtered: true, sorted: false });
    sum.finish()
}

/// The digest that a peer of this feature set would exchange: [`on_disk`] before 3.0.5 or if there is no feature set,
/// [`versioned`] since.
pub fn for_feature_set(root: &Element, feature_set: Option<&str>) -> String {
    let numbers = |text: &str| -> Vec<u32> {
        text.split('.').map(|part| part.parse().unwrap_or(0)).collect()
    };
    match feature_set {
        Some(version) if numbers(version) >= vec![3, 0, 5] => versioned(root),
        Some(_) | None => on_disk(root),
    }
}

/// The digest of an operation's parameters: attributes are sorted by name at every level.
pub fn operation(parameters: &Element) -> String {
    let mut sum = Sum::new();
    sum.framed(parameters, &Form { filtered: false, sorted: true });
    sum.finish()
}

struct Form {
    filtered: bool,
    sorted: bool,
}

/// A digest that text is written into.
struct Sum(Md5);

impl Write for Sum {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.update(text.as_bytes());
        Ok(())
    }
}

impl Sum {
    fn new() -> Self {
        Self(Md5::new())
    }

    fn add(&mut self, text: &str) {
        self.0.update(text.as_bytes());
    }

    /// The older form has a blank in front and a newline behind.
    fn framed(&mut self, root: &Element, form: &Form) {
        self.add(" ");
        self.element(root, form);
        self.add("\n");
    }

    fn element(&mut self, element: &Element, form: &Form) {
        self.add("<");
        self.add(element.name());
        if form.sorted {
            let mut attributes: Vec<_> = element.attrs().collect();
            attributes.sort_unstable();
            attributes.into_iter().for_each(|(name, value)| self.attribute(name, value));
        } else {
            for (name, value) in element.attrs() {
                if !form.filtered || !UNVERSIONED.contains(&name) {
                    self.attribute(name, value);
                }
            }
        }
        // Character data has no place in these documents and does not count.
        if element.nodes().iter().all(|node| matches!(node, Node::Text(_))) {
            self.add("/>");
            return;
        }
        self.add(">");
        for node in element.nodes() {
            match node {
                Node::Element(child) => self.element(child, form),
                Node::Comment(text) => {
                    self.add("<!--");
                    self.add(text);
                    self.add("-->");
                }
                Node::Text(_) => {}
            }
        }
        self.add("</");
        self.add(element.name());
        self.add(">");
    }

    fn attribute(&mut self, name: &str, value: &str) {
        self.add(" ");
        self.add(name);
        self.add("=\"");
        self.value(value);
        self.add("\"");
    }

    fn value(&mut self, value: &str) {
        // What follows the first character outside ASCII is taken as it is.
        let ascii = value.bytes().position(|byte| !byte.is_ascii()).unwrap_or(value.len());
        let mut plain_from = 0;
        for (index, byte) in value.bytes().take(ascii).enumerate() {
            if matches!(byte, b' '..=b'~') && !matches!(byte, b'<' | b'>' | b'"' | b'\'' | b'&') {
                continue;
            }
            self.add(&value[plain_from..index]);
            plain_from = index + 1;
            match byte {
                b'<' => self.add("&lt;"),
                b'>' => self.add("&gt;"),
                b'"' => self.add("&quot;"),
                b'\'' => self.add("&apos;"),
                b'&' => self.add("&amp;"),
                b'\t' => self.add("    "),
                b'\n' => self.add("\\n"),
                b'\r' => self.add("\\r"),
                // Writing to the digest cannot fail.
                other => drop(write!(self, "\\{other:03o}")),
            }
        }
        self.add(&value[plain_from..]);
    }

    fn finish(self) -> String {
        let mut text = String::with_capacity(32);
        for byte in self.0.finalize() {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    /// Everything in which the frozen form differs from ordinary XML. The digests are what `cibadmin --md5-sum` and
    /// `--md5-sum-versioned` of Pacemaker 2.1.5 print.
    #[test]
    fn digests_are_those_of_the_original() {
        let root = parse(concat!(
            r#"<cib crm_feature_set="3.16.1" validate-with="none" epoch="1" num_updates="0" "#,
            r#"admin_epoch="0" cib-last-written="x" update-origin="a" update-client="b" "#,
            r#"update-user="c"><configuration><!--  a 'comment' & <b> é --><crm_config>"#,
            r#"<x id="" a="&lt;&gt;&amp;&quot;&apos;" b="	 &#9;|&#10;|&#13;" c="né&lt;&gt;" "#,
            r#"d="&#127;x" crm-debug-origin="foo"/><t>some text</t><e>  </e></crm_config>"#,
            r#"</configuration><status/></cib>"#
        ))
        .unwrap();
        assert_eq!(on_disk(&root), "8191da314419dd42eabf6ce4122432bd");
        assert_eq!(versioned(&root), "4a192709609a8af4625b6d0023359c4e");
        assert_eq!(for_feature_set(&root, Some("3.16.1")), versioned(&root));
        assert_eq!(for_feature_set(&root, Some("3.0.1")), on_disk(&root));
        assert_eq!(for_feature_set(&root, None), on_disk(&root));
    }

    #[test]
    fn parameters_are_sorted() {
        let a = parse("<parameters b='2' a='1'/>").unwrap();
        let b = parse("<parameters a='1' b='2'/>").unwrap();
        assert_eq!(operation(&a), operation(&b));
        assert_eq!(operation(&a), on_disk(&b));
        assert_eq!(operation(&Element::new("parameters")), "f2317cad3d54cec5d7d7aa7d0bf35cf8");
    }
}
