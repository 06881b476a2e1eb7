use std::sync::Arc;

use messages::cib::{CallOptions, Failure, Operation};
use xml::Element;

use super::{
    Sight, Target, Trace,
    merge::{Identity, fresh, has_attributes},
    modify_seen,
    places::{MANY, Places},
    query::bare,
};
use crate::section::Section;

/// How a creation went.
pub type Created = Result<Trace, Refused>;

/// Why something could not be created.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// Why.
    pub failure: Failure,
    /// A `<failed>` that says what, if a particular element is to blame.
    pub report: Option<Element>,
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self { failure, report: None }
    }
}

/// Adds an element to a section, or all that is in the element if it is the section itself. Nothing of the same name and
/// id may be there. For the whole CIB it is the same as [`super::modify()`].
pub fn create(
    cib: &mut Element,
    target: Target<'_>,
    new: &Arc<Element>,
    options: CallOptions,
) -> Created {
    create_seen(cib, target, new, options, Sight::Everything)
}

/// The same with somebody's eyes.
pub(crate) fn create_seen(
    cib: &mut Element,
    target: Target<'_>,
    new: &Arc<Element>,
    options: CallOptions,
    sight: Sight<'_>,
) -> Created {
    let name = match target {
        // Pacemaker 2.1 takes an expression for the name of a section here, and one that nobody knows is the whole CIB.
        Target::XPath(expression) => Some(expression),
        Target::Section(None | Some("all" | "cib")) => None,
        Target::Section(Some(_)) if new.name() == "cib" => None,
        Target::Section(Some(name)) => Some(name),
    };
    let Some(name) = name else {
        return Ok(modify_seen(cib, Target::Section(None), new, options, sight)?);
    };
    let section = Section::named(Some(name));
    let news: Vec<Arc<Element>> = if new.name() == name {
        new.nodes().iter().filter_map(as_shared).collect()
    } else {
        vec![Arc::clone(new)]
    };
    let mut places = None;
    for new in &news {
        let path = section.path(cib).ok_or(Failure::Invalid);
        let parent = path.and_then(|path| cib.at_mut(&path).ok_or(Failure::Invalid));
        let added = parent.and_then(|parent| {
            if news.len() >= MANY && places.is_none() {
                places = Some(Places::of(parent));
            }
            add(parent, places.as_mut(), new)
        });
        added.map_err(|failure| Refused { failure, report: Some(report(new, failure)) })?;
    }
    Ok(Trace::merged(news.iter().any(|new| has_attributes(new))))
}

fn as_shared(node: &xml::Node) -> Option<Arc<Element>> {
    match node {
        xml::Node::Element(element) => Some(Arc::clone(element)),
        xml::Node::Text(_) | xml::Node::Comment(_) => None,
    }
}

fn add(
    parent: &mut Element,
    places: Option<&mut Places>,
    new: &Arc<Element>,
) -> Result<(), Failure> {
    let found = match &places {
        Some(places) => places.position(Identity::Id, new),
        None => Identity::Id.position(parent, new),
    };
    if found.is_some() {
        return Err(Failure::Exists);
    }
    let node = fresh(&without_replace(new), Identity::Id).into();
    if let Some(places) = places {
        places.insert(parent.nodes().len(), &node);
    }
    parent.nodes_mut().push(node);
    Ok(())
}

/// The element without the attribute that, in an update, names children to be replaced: in something new there are none.
fn without_replace(new: &Arc<Element>) -> Arc<Element> {
    if new.descendants().all(|element| element.attr("replace").is_none()) {
        return Arc::clone(new);
    }
    let mut stripped = bare(new);
    stripped.remove_attr("replace");
    for node in new.nodes() {
        match node {
            xml::Node::Element(child) => stripped.push(without_replace(child)),
            xml::Node::Text(_) | xml::Node::Comment(_) => stripped.push(node.clone()),
        }
    }
    Arc::new(stripped)
}

fn report(new: &Arc<Element>, failure: Failure) -> Element {
    let mut update = Element::new("failed_update");
    update.push(Arc::clone(new));
    if let Some(id) = new.id() {
        update.set("id", id);
    }
    update.set("object-type", new.name());
    update.set("operation", Operation::Create);
    update.set("reason", failure);
    Element::new("failed").with_child(update)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CIB: &str = "<cib><configuration><resources><primitive id='a'/></resources>\
                       </configuration><status/></cib>";

    fn run(target: Target<'_>, new: &str) -> Result<String, Refused> {
        let mut cib = xml::parse(CIB).unwrap();
        create(&mut cib, target, &Arc::new(xml::parse(new).unwrap()), CallOptions::NONE)?;
        Ok(cib.descend(&["configuration", "resources"]).unwrap().to_compact())
    }

    #[test]
    fn new_elements_are_added() {
        let added = "<resources><primitive id=\"a\"/><primitive id=\"b\"/></resources>";
        let section = Target::Section(Some("resources"));
        assert_eq!(run(section, "<primitive id='b'/>").as_deref(), Ok(added));
        assert_eq!(
            run(section, "<resources><primitive id='b'/></resources>").as_deref(),
            Ok(added)
        );
    }

    #[test]
    fn what_exists_is_refused_and_named() {
        let refused = run(Target::Section(Some("resources")), "<primitive id='a'/>").unwrap_err();
        assert_eq!(refused.failure, Failure::Exists);
        assert_eq!(
            refused.report.unwrap().to_compact(),
            "<failed><failed_update id=\"a\" object-type=\"primitive\" operation=\"cib_create\" \
             reason=\"File exists\"><primitive id=\"a\"/></failed_update></failed>"
        );
    }

    #[test]
    fn a_missing_section_is_refused() {
        let refused = run(Target::Section(Some("tags")), "<tag id='t'/>").unwrap_err();
        assert_eq!(refused.failure, Failure::Invalid);
    }

    #[test]
    fn into_the_whole_cib_it_merges() {
        let result = run(
            Target::Section(None),
            "<cib><configuration><resources><primitive id='b'/></resources></configuration></cib>",
        );
        assert_eq!(
            result.as_deref(),
            Ok("<resources><primitive id=\"a\"/><primitive id=\"b\"/></resources>")
        );
    }
}
