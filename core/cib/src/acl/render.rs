use std::{fmt::Write, sync::Arc};

use xml::{Element, Node};

use super::{
    Permissions,
    marks::{At, Marks, Standing},
};

/// In which form access is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Each element in a colour of the terminal.
    Color,
    /// A line before each element with which another kind of access begins.
    Text,
    /// XML in which names have a prefix where another kind of access begins.
    Namespace,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Writable,
    Readable,
    Denied,
}

/// The document in words, with what a user may do with each part of it.
pub fn render(cib: &Arc<Element>, user: &str, permissions: &Permissions, form: Form) -> String {
    let marks = Marks::of(cib, cib, permissions);
    let mut text = format!("<!-- ACLs as evaluated for user {user} -->\n");
    let mut present = Vec::new();
    note_access(cib, At::root(&marks), &mut present);
    let mut renderer = Renderer { form, present, text: &mut text };
    renderer.element(cib, At::root(&marks), None, 0);
    text
}

struct Renderer<'a> {
    form: Form,
    /// The kinds of access that there are.
    present: Vec<Access>,
    text: &'a mut String,
}

impl Access {
    const ALL: [Self; 3] = [Self::Writable, Self::Readable, Self::Denied];

    fn of(standing: Standing) -> Self {
        if !standing.read {
            Self::Denied
        } else if standing.write {
            Self::Writable
        } else {
            Self::Readable
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Writable => "writable",
            Self::Readable => "readable",
            Self::Denied => "denied",
        }
    }

    const fn color(self) -> &'static str {
        match self {
            Self::Writable => "\x1b[32m",
            Self::Readable => "\x1b[34m",
            Self::Denied => "\x1b[31m",
        }
    }

    const fn banner(self) -> &'static str {
        match self {
            Self::Writable => "vvv---[ WRITABLE ]---vvv",
            Self::Readable => "vvv---[ READABLE ]---vvv",
            Self::Denied => "vvv---[ ~DENIED~ ]---vvv",
        }
    }
}

fn note_access(element: &Element, at: At<'_>, present: &mut Vec<Access>) {
    let access = Access::of(at.standing);
    if !present.contains(&access) {
        present.push(access);
    }
    if at.is_uniform() || present.len() == Access::ALL.len() {
        return;
    }
    for (index, node) in element.nodes().iter().enumerate() {
        if let Some(child) = node.as_element() {
            note_access(child, at.child(index), present);
        }
    }
}

impl Renderer<'_> {
    fn element(&mut self, element: &Element, at: At<'_>, around: Option<Access>, depth: usize) {
        let access = Access::of(at.standing);
        let begins = around != Some(access);
        let prefix = match self.form {
            Form::Namespace if begins => format!("pcmk-access-{}:", access.name()),
            Form::Color | Form::Text | Form::Namespace => String::new(),
        };
        match self.form {
            Form::Color => self.text.push_str(access.color()),
            Form::Text if begins => {
                if around.is_some() {
                    self.new_line(depth);
                }
                self.text.push_str(access.banner());
                self.new_line(depth);
            }
            Form::Text | Form::Namespace => {}
        }
        let _ = write!(self.text, "<{prefix}{}", element.name());
        for (name, value) in element.attrs() {
            let _ = write!(self.text, " {name}=\"{}\"", escaped(value));
        }
        if self.form == Form::Namespace && around.is_none() {
            for access in Access::ALL.iter().filter(|access| self.present.contains(access)) {
                let name = access.name();
                let address = format!("http://clusterlabs.org/ns/pacemaker/access/{name}");
                let _ = write!(self.text, " xmlns:pcmk-access-{name}=\"{address}\"");
            }
        }
        if element.nodes().iter().all(|node| matches!(node, Node::Text(_))) {
            self.text.push_str("/>");
        } else {
            self.text.push('>');
            self.content(element, at, access, depth);
            if self.form == Form::Color {
                self.text.push_str(access.color());
            }
            let _ = write!(self.text, "</{prefix}{}>", element.name());
        }
        if self.form == Form::Color {
            self.text.push_str("\x1b[0m");
        }
    }

    fn content(&mut self, element: &Element, at: At<'_>, access: Access, depth: usize) {
        for (index, node) in element.nodes().iter().enumerate() {
            match node {
                Node::Element(child) => {
                    self.new_line(depth + 1);
                    self.element(child, at.child(index), Some(access), depth + 1);
                }
                Node::Comment(words) => {
                    self.new_line(depth + 1);
                    let _ = writeln!(self.text, "<!-- {words} -->");
                }
                Node::Text(_) => {}
            }
        }
        self.new_line(depth);
    }

    fn new_line(&mut self, depth: usize) {
        let _ = write!(self.text, "\n{:1$}", "", depth * 2);
    }
}

fn escaped(value: &str) -> String {
    value.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
