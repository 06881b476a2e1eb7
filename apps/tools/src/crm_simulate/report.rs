use std::io::Write;

use model::{Problem, Severity};
use present::{Detail, Sections, Show, Status, TextList};
use xml::Element;

use super::Options;
use crate::{frame, output::Output};

/// What is told as the simulation goes on.
pub(super) struct Report<'a> {
    output: &'a mut Output,
    /// Only what is essential is told.
    quiet: bool,
    /// How often more was asked for.
    /// Lists have headings and bullets.
    fancy: bool,
    /// Something was told, so that the next part stands off.
    started: bool,
    sections: Sections,
}

impl<'a> Report<'a> {
    pub(super) fn new(options: &Options, output: &'a mut Output) -> Self {
        let sections = Sections {
            nodes: true,
            resources: true,
            attributes: options.show_attrs,
            fail_counts: options.show_failcounts,
            failures: options.show_failcounts,
            ..Sections::NONE
        };
        let fancy = !(options.show_scores && options.quiet);
        Self { output, quiet: options.quiet, fancy, started: false, sections }
    }

    /// How often more was asked for.
    pub(super) fn verbosity(&self) -> u8 {
        self.output.verbosity()
    }

    /// A line about the circumstances.
    pub(super) fn remark(&mut self, text: &str) {
        if !self.quiet {
            self.output.line(text);
        }
    }

    /// What to know before one reads the status.
    pub(super) fn headline(&mut self, status: &Status) {
        if self.quiet {
            return;
        }
        if status.options.maintenance {
            self.output.text("\n              *** Resource management is DISABLED ***\n");
            self.output.line("  The cluster will not attempt to start, stop or recover services");
            self.started = true;
        }
        let counts = status.counts;
        if counts.disabled > 0 || counts.blocked > 0 {
            self.space();
            self.output.line(format!(
                "{} of {} resource instances DISABLED and {} BLOCKED from further action due to \
                 failure",
                counts.disabled, counts.resources, counts.blocked
            ));
            self.started = true;
        }
    }

    /// An empty line, if something was told before.
    pub(super) fn space(&mut self) {
        if self.started {
            self.output.line("");
        }
    }

    /// Numbers, with remarks that come up on the way: told even if little is asked for.
    pub(super) fn numbers(
        &mut self,
        heading: &str,
        remarks: &[String],
        items: &[String],
        xml: Element,
    ) {
        self.space();
        if self.fancy {
            self.output.line(format!("{heading}:"));
        }
        if !self.quiet {
            remarks.iter().for_each(|remark| self.output.line(remark));
        }
        for item in items {
            self.output.line(if self.fancy { format!("  * {item}") } else { item.clone() });
        }
        self.output.element(xml);
        self.started |= !self.quiet;
    }

    /// A list.
    pub(super) fn list(&mut self, heading: &str, items: &[String], xml: Element) {
        if self.quiet {
            return;
        }
        self.numbers(heading, &[], items, xml);
    }

    /// The cluster as it is or would be.
    pub(super) fn status(&mut self, heading: &str, xml_name: &str, status: &Status, pending: bool) {
        if self.quiet {
            return;
        }
        let detail = Detail {
            inactive: true,
            pending,
            failure_detail: true,
            always_list_resources: true,
            newer_words: true,
            ..Detail::default()
        };
        let show = Show { detail, ..Show::new(self.sections, frame::utc_offset_seconds()) };
        self.space();
        self.output.line(format!("{heading}:"));
        let mut lists = TextList::new();
        present::list_sections(&mut lists, status, &show);
        self.output.text(&indented(&lists.into_text()));
        let mut element = Element::new(xml_name);
        for part in present::to_xml(status, &show) {
            if part.name() != "summary" {
                element.push(part);
            }
        }
        self.output.element(element);
        self.started = true;
    }

    /// What is wrong with a configuration: nothing of the report, but for who asks for more.
    pub(super) fn problems(&mut self, problems: &[Problem]) {
        // What would be in the log file is here where that goes to standard error.
        let logged =
            std::env::var("PCMK_stderr").is_ok_and(|text| vocab::parse_boolean(&text) == Ok(true));
        for problem in problems {
            let (level, word) = match problem.severity {
                Severity::Error => (u8::from(!logged), "error"),
                Severity::Caution | Severity::Warning => (2, "warning"),
                Severity::Notice => (3, "notice"),
            };
            if self.output.verbosity() >= level {
                self.output.flush();
                let _ = writeln!(std::io::stderr(), "{word}: {problem}");
            }
        }
    }

    /// Something that went wrong.
    pub(super) fn error(&mut self, text: &str) {
        self.output.error(text);
    }
}

/// Lists one level further in.
fn indented(text: &str) -> String {
    let indent = |line: &str| match line.chars().next() {
        None => "\n".to_owned(),
        Some(' ') => format!("  {line}\n"),
        Some(_) => format!("  * {line}\n"),
    };
    text.lines().map(indent).collect()
}

#[cfg(test)]
mod tests {
    use super::indented;

    #[test]
    fn headings_become_items() {
        assert_eq!(indented("A:\n  * b\n\nC:\n"), "  * A:\n    * b\n\n  * C:\n");
    }
}
