use std::sync::Arc;

use messages::cib::{CallOptions, Failure};
use xml::{Element, NodePath};

use super::{
    Sight, Target, Trace,
    data::fit,
    merge::{Identity, Merge},
};
use crate::section::Section;

/// Merges an update into the element of the same name and id, which is looked for in the target and all below it.
pub fn modify(
    cib: &mut Element,
    target: Target<'_>,
    update: &Arc<Element>,
    options: CallOptions,
) -> Result<Trace, Failure> {
    modify_seen(cib, target, update, options, Sight::Everything)
}

/// The same with somebody's eyes.
pub(crate) fn modify_seen(
    cib: &mut Element,
    target: Target<'_>,
    update: &Arc<Element>,
    options: CallOptions,
    sight: Sight<'_>,
) -> Result<Trace, Failure> {
    let mut merge = Merge::by(Identity::IdOrReference);
    let mut copied = false;
    match target {
        Target::XPath(expression) => {
            by_expression(cib, expression, update, options, (&mut merge, sight))?;
            return Ok(Trace::merged(merge.noticed));
        }
        Target::Section(name) => {
            let root = Section::named(name).ensure(cib).ok_or(Failure::Invalid)?;
            if !merge_below(cib, &root, update, (&mut merge, sight)) {
                if !options.has(CallOptions::CAN_CREATE) {
                    return Err(Failure::NotFound);
                }
                cib.at_mut(&root).ok_or(Failure::Invalid)?.push(fit(update));
                copied = true;
            }
        }
    }
    if options.has(CallOptions::MIXED_UPDATE) {
        remove_marked(cib);
        return Ok(Trace::Content);
    }
    Ok(if copied { Trace::copied(update) } else { Trace::merged(merge.noticed) })
}

fn by_expression(
    cib: &mut Element,
    expression: &str,
    update: &Arc<Element>,
    options: CallOptions,
    (merge, sight): (&mut Merge, Sight<'_>),
) -> Result<(), Failure> {
    let found = sight.select(cib, expression).map_err(unfound)?;
    if found.is_empty() {
        return Err(Failure::NotFound);
    }
    let mut result = Ok(());
    for path in found {
        if !merge_below(cib, &path, update, (merge, sight)) {
            result = Err(Failure::NotFound);
        } else if !options.has(CallOptions::MULTIPLE) {
            break;
        }
    }
    result
}

/// An expression that makes no sense finds nothing.
pub(super) const fn unfound(failure: Failure) -> Failure {
    match failure {
        Failure::Invalid => Failure::NotFound,
        other => other,
    }
}

/// Merges into the first element, in document order, that corresponds to the update; `false` if there is none.
fn merge_below(
    cib: &mut Element,
    root: &NodePath,
    update: &Element,
    (merge, sight): (&mut Merge, Sight<'_>),
) -> bool {
    let Some(start) = cib.at(root) else { return false };
    let found =
        start.find_path(|element| element.name() == update.name() && element.id() == update.id());
    let Some(below) = found else { return false };
    let path: NodePath = root.indices().iter().chain(below.indices()).copied().collect();
    sight.merges(&path, update);
    let changed = cib.at(&path).and_then(|element| merge.merged(element, update));
    if let Some(changed) = changed
        && let Some(place) = cib.at_mut(&path)
    {
        *place = changed;
    }
    true
}

/// Removes what an update marked with `__delete__`.
fn remove_marked(cib: &mut Element) {
    while let Some(path) = cib.find_path(|element| element.attr("__delete__").is_some()) {
        if cib.remove_at(&path).is_none() {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CIB: &str = "<cib><configuration><crm_config/><resources><primitive id='a' class='ocf'/>\
                       <group id='g'><primitive id='b'/></group></resources></configuration><status/></cib>";

    fn run(target: Target<'_>, update: &str, options: CallOptions) -> Result<String, Failure> {
        let mut cib = xml::parse(CIB).unwrap();
        modify(&mut cib, target, &Arc::new(xml::parse(update).unwrap()), options)?;
        Ok(cib.descend(&["configuration"]).unwrap().to_compact())
    }

    #[test]
    fn the_counterpart_is_found_at_any_depth() {
        let section = Target::Section(Some("resources"));
        let result = run(section, "<primitive id='b' class='lsb'/>", CallOptions::NONE).unwrap();
        assert!(result.contains("<group id=\"g\"><primitive id=\"b\" class=\"lsb\"/></group>"));
    }

    #[test]
    fn a_missing_counterpart_is_an_error_unless_it_may_be_created() {
        let section = Target::Section(Some("resources"));
        let update = "<primitive id='c'/>";
        assert_eq!(run(section, update, CallOptions::NONE), Err(Failure::NotFound));
        let result = run(section, update, CallOptions::CAN_CREATE).unwrap();
        assert!(result.ends_with("<primitive id=\"c\"/></resources></configuration>"), "{result}");
    }

    #[test]
    fn a_missing_section_is_made() {
        let section = Target::Section(Some("tags"));
        let result = run(section, "<tags><tag id='t'/></tags>", CallOptions::NONE).unwrap();
        assert!(result.ends_with("<tags><tag id=\"t\"/></tags></configuration>"), "{result}");
    }

    #[test]
    fn by_expression() {
        let update = "<primitive id='b' type='x'/>";
        let result = run(Target::XPath("//group"), update, CallOptions::NONE).unwrap();
        assert!(result.contains("<primitive id=\"b\" type=\"x\"/>"));
        let target = Target::XPath("//primitive[@id='a']");
        assert_eq!(run(target, update, CallOptions::NONE), Err(Failure::NotFound));
        assert_eq!(run(Target::XPath("//x"), update, CallOptions::NONE), Err(Failure::NotFound));
    }

    #[test]
    fn marked_elements_go() {
        let update = "<resources><primitive id='a' __delete__='true'/></resources>";
        let section = Target::Section(Some("resources"));
        let result = run(section, update, CallOptions::MIXED_UPDATE).unwrap();
        assert!(!result.contains("id=\"a\""));
    }
}
