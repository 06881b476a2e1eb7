use super::{Look, Tone, configuration::label};
use crate::{
    Cause, Chore, Effect, ElementChange, Fate, Interruption, Link, NodeFate, Reason, Relation,
    Step, Wave,
};

/// Effects in columns, with what causes them if that is known.
pub(super) fn lines<'a>(
    effects: impl Iterator<Item = (&'a Effect, Option<&'a Cause>)>,
    configuration: &[ElementChange],
    look: Look,
) -> Vec<String> {
    let rows: Vec<Row> = effects
        .map(|(effect, cause)| {
            let mut row = row(effect);
            match cause {
                Some(cause) => {
                    // What cannot be done is told after its cause, details before it.
                    let place =
                        if matches!(effect, Effect::Resource { .. }) { 0 } else { row.notes.len() };
                    row.notes.insert(place, self::cause(effect, cause, configuration));
                    row.is_indirect = !matches!(cause, Cause::Direct { .. });
                }
                None => {
                    row.notes
                        .extend(reason(effect).map(|reason| format!("due to {}", reason.text)));
                }
            }
            row
        })
        .collect();
    let width = |column: fn(&Row) -> &str| {
        rows.iter().map(|row| column(row).chars().count()).max().unwrap_or(0)
    };
    let (title, subject, place) =
        (width(|row| &row.title), width(|row| &row.subject), width(|row| &row.place));
    rows.iter()
        .map(|row| {
            let head = look.paint(row.tone, &format!("{:title$}", row.title));
            let note = row.notes.join("; ");
            let note = if row.is_indirect { format!("indirectly: {note}") } else { note };
            let note = look.paint(Tone::Aside, &note);
            format!("{head}  {:subject$}  {:place$}  {note}", row.subject, row.place)
        })
        .collect()
}

struct Row {
    title: String,
    tone: Tone,
    subject: String,
    place: String,
    notes: Vec<String>,
    is_indirect: bool,
}

fn row(effect: &Effect) -> Row {
    let tone = if effect.disturbs() { Tone::Bad } else { Tone::Good };
    let (title, subject, place, notes) = match effect {
        Effect::Resource { fate, resource, from, to, role, next_role, blocked, reason } => {
            let place = places(from.as_deref(), to.as_deref(), role, next_role);
            let why = reason.as_ref().map(|reason| format!(": {}", reason.text));
            let note = blocked.then(|| format!("cannot be done{}", why.unwrap_or_default()));
            (fate.title().to_owned(), resource.clone(), place, note.into_iter().collect())
        }
        Effect::Node { fate, node, how, reason } => {
            let title = match fate {
                NodeFate::Fence => "Fence",
                NodeFate::Unfence => "Unfence",
                NodeFate::Shutdown => "Shut down",
            };
            let notes = reason.iter().map(|reason| reason.text.clone()).collect();
            let how = how.as_ref().map(|how| format!("({how})")).unwrap_or_default();
            (title.to_owned(), format!("node {node}"), how, notes)
        }
        Effect::Chore { chore, resource, nodes, operation, interval_ms } => {
            let title = match chore {
                Chore::Probe => "Probe",
                Chore::Monitor => "Repeat",
                Chore::Cancel => "Cancel",
                Chore::ForgetFailures => "Forgive",
                Chore::ForgetHistory => "Forget",
            };
            let every = operation.as_ref().map(|op| format!("{op} {}", every(*interval_ms)));
            let place = format!("on {}", nodes.join(", "));
            (title.to_owned(), resource.clone(), place, every.into_iter().collect())
        }
    };
    Row { title, tone, subject, place, notes, is_indirect: false }
}

fn reason(effect: &Effect) -> Option<&Reason> {
    match effect {
        Effect::Resource { reason, blocked: false, .. } => reason.as_ref(),
        Effect::Resource { .. } | Effect::Node { .. } | Effect::Chore { .. } => None,
    }
}

fn places(from: Option<&str>, to: Option<&str>, role: &str, next_role: &str) -> String {
    let special = |role: &str| role == "Promoted" || role == "Unpromoted";
    let roles = special(role) || special(next_role);
    let change = roles && role != next_role;
    match (from, to) {
        (None, None) => String::new(),
        (None, Some(to)) if roles => format!("on {to}, {next_role}"),
        (None, Some(to)) => format!("on {to}"),
        (Some(from), None) if roles => format!("on {from}, {role}"),
        (Some(from), None) => format!("on {from}"),
        (Some(from), Some(to)) if from == to && change => {
            format!("on {from}, {role} -> {next_role}")
        }
        (Some(from), Some(to)) if from == to => format!("on {from}"),
        (Some(from), Some(to)) if change => format!("{role} {from} -> {next_role} {to}"),
        (Some(from), Some(to)) if roles => format!("{from} -> {to}, {role}"),
        (Some(from), Some(to)) => format!("{from} -> {to}"),
    }
}

fn cause(effect: &Effect, cause: &Cause, configuration: &[ElementChange]) -> String {
    /// More would not be read.
    const SHOWN: usize = 2;
    match cause {
        Cause::Direct { changes } => {
            let labels = changes.iter().filter_map(|position| configuration.get(*position));
            let mut shown: Vec<String> = labels.take(SHOWN).map(label).collect();
            if changes.len() > SHOWN {
                shown.push(format!("{} more", changes.len() - SHOWN));
            }
            shown.join(", ")
        }
        Cause::Indirect { because } => {
            let mut shown: Vec<String> = because.iter().take(SHOWN).map(link).collect();
            if because.len() > SHOWN {
                shown.push(format!("{} more", because.len() - SHOWN));
            }
            shown.join(", ")
        }
        Cause::Placement => match effect {
            Effect::Resource { fate: Fate::Move | Fate::Migrate, .. } => {
                "another node suits it better now".to_owned()
            }
            _ => "the plan as a whole comes out otherwise".to_owned(),
        },
    }
}

fn link(link: &Link) -> String {
    let kind = match link.relation {
        Relation::Order => "order",
        Relation::Colocation => "colocation",
        Relation::Group => "group",
        Relation::Clone => "clone",
        Relation::Bundle => "bundle",
        Relation::Fencing | Relation::Other => "",
    };
    let what = match (&link.node, &link.resource, link.fate) {
        (Some(node), ..) => format!("node {node} is fenced"),
        (None, Some(resource), Some(fate)) => format!("{resource} {}", fate.verb()),
        (None, Some(resource), None) => format!("depends on {resource}"),
        (None, None, _) => String::new(),
    };
    match &link.id {
        Some(id) => format!("{what} ({kind} {id})"),
        None => what,
    }
}

/// "every 10s"
fn every(interval_ms: u32) -> String {
    if interval_ms.is_multiple_of(1000) {
        format!("every {}s", interval_ms / 1000)
    } else {
        format!("every {interval_ms}ms")
    }
}

/// The waves, and a title that counts them.
pub(super) fn waves(waves: &[Wave], look: Look) -> (String, Vec<String>) {
    let steps = || waves.iter().flat_map(|wave| &wave.steps);
    let anyway = steps().filter(|step| step.anyway).count();
    let plural =
        |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
    let mut title =
        format!("{} in {}", plural(steps().count(), "action"), plural(waves.len(), "wave"));
    if anyway > 0 {
        title.push_str(&format!(" ({anyway} without this change as well, marked *)"));
    }
    let lines = waves.iter().flat_map(|wave| {
        wave.steps.iter().enumerate().map(move |(position, step)| {
            let number = if position == 0 { wave.number.to_string() } else { String::new() };
            let mark = if step.anyway { " *" } else { "" };
            let text = format!("{}{mark}", self::step(step));
            let text = if step.anyway { look.paint(Tone::Aside, &text) } else { text };
            format!("{number:>2}  {text}")
        })
    });
    (title, lines.collect())
}

fn step(step: &Step) -> String {
    let node = step.node.as_deref().unwrap_or_default();
    let resource = step.resource.as_deref().unwrap_or_default();
    match step.task.as_str() {
        "stonith" => format!("fence {node} ({})", step.how.as_deref().unwrap_or_default()),
        "monitor" if step.interval_ms == 0 => format!("probe {resource} on {node}"),
        task if step.interval_ms > 0 && task != "cancel" => {
            format!("{task} {resource} on {node} {}", every(step.interval_ms))
        }
        task if resource.is_empty() => format!("{task} on {node}"),
        task => format!("{task} {resource} on {node}"),
    }
}

/// What is down, and for how long.
pub(super) fn interruptions(interruptions: &[Interruption]) -> Vec<String> {
    interruptions
        .iter()
        .map(|one| {
            let from = match one.from_wave {
                Some(wave) => format!("from wave {wave}"),
                None => "already".to_owned(),
            };
            let until = match one.until_wave {
                Some(wave) => format!("until wave {wave}"),
                None => "for good".to_owned(),
            };
            let elsewhere = match one.elsewhere.as_slice() {
                [] => String::new(),
                nodes => format!("; goes on on {}", nodes.join(", ")),
            };
            format!("{} on {} {from} {until}{elsewhere}", one.resource, one.node)
        })
        .collect()
}
