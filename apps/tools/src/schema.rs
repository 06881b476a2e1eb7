//! Schemas of the documents that tools read: whether they are known, whether they are kept, and the way to the newest.

use std::{
    io::{self, Write},
    sync::Arc,
};

use schema::{Event, Follows, Problem, Schema, Severity, upgrade::Failure};
use xml::Element;

/// The environment variable that lists functions of Pacemaker whose remarks are wanted.
const TRACED: &str = "PCMK_trace_functions";

/// Whether there is a schema of the name that the CIB says it follows.
pub(crate) fn is_known(cib: &Element) -> bool {
    match Follows::of(cib) {
        Follows::Schema(_) | Follows::Nothing => true,
        Follows::Unknown(_) | Follows::Unsaid => false,
    }
}

/// Brings a CIB to the newest schema in memory, as the cluster would before it plans. What there is to say on the way goes to
/// standard error, more of it to who asked for more. The error says why it cannot be done.
pub(crate) fn newest(cib: Element, verbosity: u8) -> Result<Element, String> {
    let original = match Follows::of(&cib) {
        Follows::Nothing => {
            tell(format_args!(
                "Schema validation of configuration is disabled (support for validate-with set to \
                 \"none\" is deprecated and will be removed in a future release)"
            ));
            return Ok(cib);
        }
        Follows::Unknown(name) => return Err(format!("there is no schema \"{name}\"")),
        Follows::Unsaid => return Err("it does not say which schema it follows".to_owned()),
        Follows::Schema(Schema::NEWEST) => {
            let problems = schema::validate(&cib, Schema::NEWEST);
            return if problems.is_empty() { Ok(cib) } else { Err(lines(&problems)) };
        }
        Follows::Schema(original) => original,
    };
    let upgrade = schema::upgrade(&cib, Schema::NEWEST);
    tell_events(&cib, &upgrade.events, verbosity);
    let newest = Schema::NEWEST;
    let refused = |why: String| {
        format!(
            "Cannot upgrade configuration (claiming {original} schema) to at least {newest} because it \
             {why}"
        )
    };
    match upgrade.result {
        Ok((new, Schema::NEWEST)) => Ok(new),
        Ok((_, reached)) => Err(refused(format!("would not upgrade past {reached}"))),
        Err(Failure::Invalid | Failure::Step(_) | Failure::Unknown) => {
            Err(refused(format!("does not validate with any schema from {original} to the latest")))
        }
    }
}

/// Brings a CIB that follows a schema of before 3.0 to the newest in memory; any other is left as it is. A running cluster
/// has done so with its own, a file may be of any age.
pub(crate) fn of_today(cib: Arc<Element>) -> Result<Arc<Element>, String> {
    let first_of_today = Schema::from_name("pacemaker-3.0");
    match Follows::of(&cib) {
        Follows::Schema(schema) if Some(schema) < first_of_today => {
            newest(Element::clone(&cib), 0).map(Arc::new)
        }
        Follows::Schema(_) | Follows::Nothing | Follows::Unknown(_) | Follows::Unsaid => Ok(cib),
    }
}

/// Tells how an upgrade of a CIB would go, to who wants to know.
pub(crate) fn tell_upgrade(cib: &Element, verbosity: u8) {
    if verbosity > 0 || is_traced(trace_name(&Event::Valid(Schema::NEWEST))) {
        let events = schema::upgrade(cib, Schema::NEWEST).events;
        tell_events(cib, &events, verbosity);
    }
}

fn tell_events(cib: &Element, events: &[Event], verbosity: u8) {
    let asked = match verbosity {
        0 => Severity::Warning,
        1 => Severity::Info,
        _ => Severity::Debug,
    };
    let mut explained = false;
    for event in events {
        let name = trace_name(event);
        let traced = is_traced(name);
        match event {
            Event::Note(note) if note.severity >= asked => tell(format_args!("{note}")),
            Event::Note(_) => {}
            Event::Invalid(schema) if traced || !explained => {
                explained = true;
                tell(format_args!("{}", lines(&schema::validate(cib, *schema))));
            }
            _ => {}
        }
        if traced && !matches!(event, Event::Note(_)) {
            let severity = event.severity().to_string().to_lowercase();
            tell(format_args!("{name} \t{severity}: {event}"));
        }
    }
}

/// What Pacemaker calls the function that would say this.
const fn trace_name(event: &Event) -> &'static str {
    match event {
        Event::Valid(_) | Event::Invalid(_) | Event::Done(_) => "pcmk__update_schema",
        Event::Part { .. }
        | Event::PartFailed(_)
        | Event::Note(_)
        | Event::Succeeded { .. }
        | Event::Failed { .. } => "apply_upgrade",
    }
}

fn is_traced(name: &str) -> bool {
    let wanted = std::env::var(TRACED).unwrap_or_default();
    wanted.split(',').any(|wanted| wanted.trim() == name)
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
}

fn tell(line: std::fmt::Arguments<'_>) {
    // Without standard error there is nobody to tell.
    let _ = writeln!(io::stderr(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_old_is_changed_for_those_who_look() {
        let cib = |schema: &str| Arc::new(cib::empty(1).with("validate-with", schema));
        for schema in ["pacemaker-3.0", "pacemaker-3.7", "none", "nonsense"] {
            assert_eq!(of_today(cib(schema)), Ok(cib(schema)));
        }
        let old = of_today(cib("pacemaker-1.2")).unwrap();
        assert_eq!(old.attr("validate-with"), Some("pacemaker-4.0"));
    }

    #[test]
    fn what_can_be_brought_to_the_newest_schema_is() {
        let cib = |schema: &str| cib::empty(1).with("validate-with", schema);
        for schema in ["pacemaker-1.0", "pacemaker-2.10", "pacemaker-3.9", "pacemaker-4.0"] {
            let new = newest(cib(schema), 0).unwrap();
            assert_eq!(new.attr("validate-with"), Some("pacemaker-4.0"), "{schema}");
        }
        assert_eq!(newest(cib("none"), 0), Ok(cib("none")));
        for schema in ["pacemaker-9999.0", "", "pacemaker"] {
            assert!(newest(cib(schema), 0).is_err(), "{schema}");
        }
        for schema in ["pacemaker-2.0", "pacemaker-4.0"] {
            assert!(newest(cib(schema).with("nonsense", 1), 0).is_err(), "{schema}");
        }
    }
}
