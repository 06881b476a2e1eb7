use std::sync::Arc;

use messages::cib::{CallOptions, Failure};
use xml::{Element, NodePath};

use super::{Sight, Target};
use crate::section::Section;

/// Removes an element. In a section that is the first, at any depth, of the same name with at least the attributes of
/// `what`; if `what` is the section itself, each element in it is removed so. Nothing to remove is success.
pub fn delete(
    cib: &mut Element,
    target: Target<'_>,
    what: Option<&Arc<Element>>,
    options: CallOptions,
) -> Result<(), Failure> {
    delete_seen(cib, target, what, options, Sight::Everything)
}

/// The same with somebody's eyes.
pub(crate) fn delete_seen(
    cib: &mut Element,
    target: Target<'_>,
    what: Option<&Arc<Element>>,
    options: CallOptions,
    sight: Sight<'_>,
) -> Result<(), Failure> {
    let name = match target {
        Target::XPath(expression) => return by_expression(cib, expression, options, sight),
        Target::Section(name) => name,
    };
    let what = what.ok_or(Failure::Invalid)?;
    let Some(root) = Section::named(name).path(cib) else { return Ok(()) };
    let mut gone: Vec<NodePath> = Vec::new();
    let mut take = |what: &Element| {
        let found = sight.find_below(cib, &root, &gone, &mut |element| fits(element, what));
        gone.extend(found);
    };
    if name == Some(what.name()) {
        what.children().for_each(&mut take);
    } else {
        take(what);
    }
    remove_all(cib, gone);
    Ok(())
}

/// From the back, so that a removal leaves the paths before it as they are. What is inside something else that goes comes
/// after it in document order, so it goes first and does no harm.
fn remove_all(cib: &mut Element, mut paths: Vec<NodePath>) {
    paths.sort();
    for path in paths.iter().rev() {
        cib.remove_at(path);
    }
}

fn by_expression(
    cib: &mut Element,
    expression: &str,
    options: CallOptions,
    sight: Sight<'_>,
) -> Result<(), Failure> {
    let mut found = sight.select(cib, expression)?;
    if !options.has(CallOptions::MULTIPLE) {
        found.truncate(1);
    }
    if found.first() == Some(&NodePath::ROOT) {
        return Err(Failure::Invalid);
    }
    remove_all(cib, found);
    Ok(())
}

fn fits(element: &Element, what: &Element) -> bool {
    element.name().eq_ignore_ascii_case(what.name())
        && what.id().is_none_or(|id| element.id() == Some(id))
        && what.attrs().all(|(name, value)| {
            element.attr(name).is_some_and(|own| own.eq_ignore_ascii_case(value))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CIB: &str = "<cib><configuration><resources><primitive id='a' class='ocf'/><group id='g'>\
                       <primitive id='b'/><primitive id='c'/></group></resources></configuration></cib>";

    fn run(target: Target<'_>, what: &str, options: CallOptions) -> Result<String, Failure> {
        let mut cib = xml::parse(CIB).unwrap();
        delete(&mut cib, target, Some(&Arc::new(xml::parse(what).unwrap())), options)?;
        let ids: Vec<_> = cib.descendants().filter_map(Element::id).collect();
        Ok(ids.join(" "))
    }

    #[test]
    fn by_what_is_given() {
        let run = |section, what| run(Target::Section(section), what, CallOptions::NONE);
        assert_eq!(run(None, "<primitive id='b'/>").as_deref(), Ok("a g c"));
        assert_eq!(run(Some("resources"), "<primitive/>").as_deref(), Ok("g b c"));
        assert_eq!(run(Some("resources"), "<primitive class='lsb'/>").as_deref(), Ok("a g b c"));
        assert_eq!(
            run(Some("resources"), "<resources><primitive id='a'/><primitive id='c'/></resources>")
                .as_deref(),
            Ok("g b")
        );
        assert_eq!(run(Some("tags"), "<tag id='x'/>").as_deref(), Ok("a g b c"));
    }

    #[test]
    fn by_expression() {
        let run = |expression, options| run(Target::XPath(expression), "<x/>", options);
        assert_eq!(run("//primitive", CallOptions::NONE).as_deref(), Ok("g b c"));
        assert_eq!(run("//primitive", CallOptions::MULTIPLE).as_deref(), Ok("g"));
        assert_eq!(run("//group|//primitive", CallOptions::MULTIPLE).as_deref(), Ok(""));
        assert_eq!(run("//nothing", CallOptions::NONE).as_deref(), Ok("a g b c"));
        assert_eq!(run("/cib", CallOptions::NONE), Err(Failure::Invalid));
        assert_eq!(run("//[", CallOptions::NONE), Err(Failure::Invalid));
    }

    #[test]
    fn without_anything_to_go_by_it_is_refused() {
        let mut cib = xml::parse(CIB).unwrap();
        let result = delete(&mut cib, Target::Section(None), None, CallOptions::NONE);
        assert_eq!(result, Err(Failure::Invalid));
    }
}
