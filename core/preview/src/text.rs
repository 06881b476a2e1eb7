//! A preview as people read it.

mod configuration;
mod effects;
mod end;

use std::fmt::Write;

use crate::{Cause, Effect, Fate, NodeFate, Preview, Warning};

/// How text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Letters only.
    Plain,
    /// With colours, for a terminal.
    Coloured,
}

/// What a piece of text says, which its colour shows.
#[derive(Clone, Copy)]
enum Tone {
    Heading,
    Good,
    Bad,
    Caution,
    Aside,
}

impl Look {
    fn paint(self, tone: Tone, text: &str) -> String {
        let code = match (self, tone) {
            (Self::Plain, _) => return text.to_owned(),
            (Self::Coloured, Tone::Heading) => "1",
            (Self::Coloured, Tone::Good) => "32",
            (Self::Coloured, Tone::Bad) => "31",
            (Self::Coloured, Tone::Caution) => "33",
            (Self::Coloured, Tone::Aside) => "2",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

/// The whole preview, the answer first.
pub fn to_text(preview: &Preview, look: Look) -> String {
    let mut page = Page { text: String::new(), look };
    let summary = summary(preview);
    page.text = format!("{}\n", look.paint(Tone::Heading, &summary));
    page.section("Configuration", configuration::lines(&preview.configuration, look));
    let caused = preview.caused.iter().map(|c| (&c.effect, Some(&c.cause)));
    let lines = effects::lines(caused, &preview.configuration, look);
    page.section("Because of this change", lines);
    let plain = |effects: &[Effect]| {
        let effects = effects.iter().map(|effect| (effect, None::<&Cause>));
        effects::lines(effects, &preview.configuration, look)
    };
    page.section("Without this change as well", plain(&preview.anyway));
    page.section("Only without this change", plain(&preview.prevented));
    let (title, lines) = effects::waves(&preview.waves, look);
    page.section(&title, lines);
    page.section("Down meanwhile", effects::interruptions(&preview.interruptions));
    let (title, lines) = end::lines(preview, look);
    page.section(&title, lines);
    page.section(
        "Warnings",
        preview.warnings.iter().map(|w| look.paint(Tone::Caution, &warning(w))).collect(),
    );
    page.text
}

struct Page {
    text: String,
    look: Look,
}

impl Page {
    fn section(&mut self, title: &str, lines: Vec<String>) {
        if lines.is_empty() {
            return;
        }
        let _ = writeln!(self.text, "\n{}", self.look.paint(Tone::Heading, &format!("{title}:")));
        for line in lines {
            let _ = writeln!(self.text, "  {}", line.trim_end());
        }
    }
}

/// What a summary counts.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Resource(Fate),
    Node(NodeFate),
}

/// The answer in one line.
fn summary(preview: &Preview) -> String {
    if preview.configuration.is_empty() {
        return "This changes nothing in the configuration.".to_owned();
    }
    let mut counts: Vec<(Kind, usize, usize)> = Vec::new();
    let mut chores = 0;
    for caused in &preview.caused {
        let kind = match &caused.effect {
            Effect::Resource { fate, .. } => Kind::Resource(*fate),
            Effect::Node { fate, .. } => Kind::Node(*fate),
            Effect::Chore { .. } => {
                chores += 1;
                continue;
            }
        };
        let indirect = usize::from(!matches!(caused.cause, Cause::Direct { .. }));
        match counts.iter_mut().find(|(known, ..)| *known == kind) {
            Some((_, count, indirectly)) => {
                *count += 1;
                *indirectly += indirect;
            }
            None => counts.push((kind, 1, indirect)),
        }
    }
    let parts: Vec<String> = counts
        .into_iter()
        .map(|(kind, count, indirect)| {
            let counted = match kind {
                Kind::Resource(fate) => fate.count(count),
                Kind::Node(fate) => fate.count(count),
            };
            match indirect {
                0 => counted,
                _ => format!("{counted} ({indirect} indirectly)"),
            }
        })
        .collect();
    if !parts.is_empty() {
        let disturbs = if preview.disturbs() { "" } else { "; nothing that runs is disturbed" };
        format!("This change: {}{disturbs}.", parts.join(", "))
    } else if chores > 0 {
        "This change disturbs nothing that runs.".to_owned()
    } else if preview.prevented.is_empty() {
        "This change has no effect on nodes and resources.".to_owned()
    } else {
        "This change only prevents what would happen without it.".to_owned()
    }
}

fn warning(warning: &Warning) -> String {
    match warning {
        Warning::OlderVersion { given, current } => format!(
            "the given CIB is of version {given}, the one in use of {current}: what was changed since would be undone"
        ),
        Warning::Fences { node } => format!("node {node} is fenced"),
        Warning::Stops { resource } => format!("{resource} runs now and does not in the end"),
        Warning::StaysStopped { resource } => format!("{resource} is new and does not start"),
        Warning::Blocked { fate, resource } => {
            format!("{resource}: {} is planned and cannot be done", fate.title())
        }
        Warning::Problem { severity, text } => format!("{severity}: {text}"),
        Warning::Unsettled { transitions } => {
            format!("the cluster has not come to rest after {transitions} transitions")
        }
    }
}
