use std::fmt::Write;

/// What an agent says of itself.
pub(crate) struct Description {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) program: String,
    pub(crate) short: &'static str,
    pub(crate) long: &'static str,
    pub(crate) parameters: Vec<Parameter>,
    /// Each as name and the attributes behind it.
    pub(crate) actions: &'static [(&'static str, &'static str)],
}

/// A parameter that an agent takes.
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) flag: Flag,
    pub(crate) short: &'static str,
    pub(crate) long: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) default: String,
}

/// What is special about a parameter.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flag {
    /// Nothing.
    None,
    /// Two resources may not have the same value.
    Unique,
    /// A change needs no restart.
    Reloadable,
    /// It must be given.
    Required,
}

impl Description {
    pub(crate) fn usage(&self) -> String {
        let mut actions: Vec<_> = self.actions.iter().map(|(name, _)| *name).collect();
        actions.dedup();
        format!(
            "usage: {} {{{}}}\n\nParameters come from the environment, as OCF 1.1 describes it.\n",
            self.program,
            actions.join("|")
        )
    }

    pub(crate) fn to_xml(&self) -> String {
        let Self { name, version, short, long, .. } = self;
        let mut xml = format!(
            "<?xml version=\"1.0\"?>\n<resource-agent name=\"{name}\" version=\"{version}\">\n\
             <version>1.1</version>\n\
             <longdesc lang=\"en\">\n{long}\n</longdesc>\n<shortdesc lang=\"en\">{short}</shortdesc>\n\
             <parameters>\n"
        );
        for parameter in &self.parameters {
            parameter.write(&mut xml);
        }
        xml.push_str("</parameters>\n<actions>\n");
        for (name, attributes) in self.actions {
            // Writing to a String cannot fail.
            let _ = writeln!(xml, "<action name=\"{name}\" {attributes}/>");
        }
        xml.push_str("</actions>\n</resource-agent>\n");
        xml
    }
}

impl Parameter {
    fn write(&self, xml: &mut String) {
        let Self { name, short, long, kind, default, .. } = self;
        let flag = match self.flag {
            Flag::None => String::new(),
            Flag::Unique => format!(" unique-group=\"{name}\""),
            Flag::Reloadable => " reloadable=\"1\"".to_owned(),
            Flag::Required => " required=\"1\"".to_owned(),
        };
        let default = default.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
        let _ = write!(
            xml,
            "<parameter name=\"{name}\"{flag}>\n<longdesc lang=\"en\">\n{long}\n</longdesc>\n\
             <shortdesc lang=\"en\">{short}</shortdesc>\n\
             <content type=\"{kind}\" default=\"{default}\"/>\n</parameter>\n"
        );
    }
}
