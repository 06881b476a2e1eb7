//! From old schemas to new ones: the same steps as Pacemaker's, with what they say on the way.
//!
//! A document that conforms to the next schema as it is stays as it is. Where a major version changes and it does not, it is
//! rewritten, and has to conform then.

mod note;
mod references;
mod to_2_0;
mod to_3_0;
mod to_4_0;

pub use note::{Event, Note, Severity};

use xml::Element;

use crate::{Follows, Schema, validate::is_valid};

/// No document that makes sense is nested deeper.
const DEPTH_MAX: usize = 300;

/// How an upgrade went.
#[derive(Clone, Debug)]
pub struct Upgrade {
    /// What happened, in order.
    pub events: Vec<Event>,
    /// The document as it is then, and the schema it follows.
    ///
    /// That it is no newer than before is no failure.
    pub result: Result<(Element, Schema), Failure>,
}

/// Why a document cannot be brought to a newer schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The document does not say what schema it follows, or says one that is not known, or none.
    #[error("it follows no known schema")]
    Unknown,
    /// The document conforms to no schema between the one it says it follows and the newest allowed.
    #[error("it does not conform to the schema that it follows, nor to a newer one")]
    Invalid,
    /// A step failed.
    #[error("it cannot be rewritten for {0}")]
    Step(Schema),
}

/// Part of a step, with the name of what does the same in Pacemaker.
struct Part {
    name: &'static str,
    run: fn(&mut Element, &mut Vec<Event>) -> Result<(), Unfit>,
}

/// A document that a step can make nothing of.
#[derive(Clone, Copy, Debug)]
struct Unfit;

/// Brings a document to the newest schema that it can be brought to, `limit` at most.
pub fn upgrade(cib: &Element, limit: Schema) -> Upgrade {
    let mut events = Vec::new();
    let result = climb(cib, limit, &mut events);
    Upgrade { events, result }
}

fn climb(
    cib: &Element,
    limit: Schema,
    events: &mut Vec<Event>,
) -> Result<(Element, Schema), Failure> {
    let Follows::Schema(original) = Follows::of(cib) else { return Err(Failure::Unknown) };
    let mut cib = cib.clone();
    if original >= limit {
        return Ok((cib, original));
    }
    let mut best: Option<Schema> = None;
    let mut result = Err(Failure::Invalid);
    for schema in Schema::all().skip_while(|schema| *schema < original).take_while(|s| *s <= limit)
    {
        // Within a major version, schemas only become wider.
        let sure = best.is_some_and(|best| !best.needs_transformation_to(schema)) && result.is_ok();
        if !sure && !is_valid(&cib, schema) {
            events.push(Event::Invalid(schema));
            if best.is_some() {
                break;
            }
            result = Err(Failure::Invalid);
            continue;
        }
        events.push(Event::Valid(schema));
        best = Some(schema);
        result = Ok(());
        let Some(next) = schema.next().filter(|next| *next <= limit) else { break };
        let parts = parts_to(next);
        if parts.is_empty() || is_valid(&cib, next) {
            continue;
        }
        match step(&cib, schema, next, parts, events) {
            Some(new) => cib = new,
            None => result = Err(Failure::Step(next)),
        }
    }
    result?;
    let best = best.ok_or(Failure::Invalid)?;
    if best > original {
        events.push(Event::Done(best));
        cib.set("validate-with", best);
    }
    Ok((cib, best))
}

/// What has to be done to a document before it can follow that schema.
fn parts_to(schema: Schema) -> &'static [Part] {
    if schema == Schema::new(2, 0) {
        &to_2_0::PARTS
    } else if schema == Schema::new(3, 0) {
        &to_3_0::PARTS
    } else if schema == Schema::new(4, 0) {
        &to_4_0::PARTS
    } else {
        &[]
    }
}

fn step(
    cib: &Element,
    from: Schema,
    to: Schema,
    parts: &[Part],
    events: &mut Vec<Event>,
) -> Option<Element> {
    let mut new = cib.clone();
    for part in parts {
        events.push(Event::Part { from, to, name: part.name });
        if is_too_deep(&new) || (part.run)(&mut new, events).is_err() {
            events.push(Event::PartFailed(part.name));
            return None;
        }
    }
    new.set("validate-with", to);
    let fits = is_valid(&new, to);
    events.push(if fits { Event::Succeeded { from, to } } else { Event::Failed { from, to } });
    fits.then_some(new)
}

/// Rewrites a document for the first schema of a major version, whether or not it has to be. `None` if that fails.
pub fn rewrite(cib: &Element, to: Schema) -> Option<(Element, Vec<Event>)> {
    let from = Schema::all().take_while(|schema| *schema < to).last()?;
    let mut events = Vec::new();
    let new = step(cib, from, to, parts_to(to), &mut events)?;
    Some((new, events))
}

/// Whether the configuration is nested so deep that going through it could exhaust the stack.
fn is_too_deep(cib: &Element) -> bool {
    let mut pending: Vec<(&Element, usize)> =
        cib.children_named("configuration").map(|part| (part, 0)).collect();
    while let Some((element, depth)) = pending.pop() {
        if depth > DEPTH_MAX {
            return true;
        }
        pending.extend(element.children().map(|child| (child, depth + 1)));
    }
    false
}

#[cfg(test)]
mod tests;
