use std::sync::Arc;

use messages::cib::{CallOptions, Failure};
use xml::{Element, node_path_string};

use super::{Target, select::select};
use crate::section::{Section, shared_at};

/// Reads a part of the CIB. What an expression finds more than once comes in one `<xpath-query>`.
pub fn query(
    cib: &Arc<Element>,
    target: Target<'_>,
    options: CallOptions,
) -> Result<Arc<Element>, Failure> {
    match target {
        Target::Section(name) => {
            let found = Section::named(name).find(cib).ok_or(Failure::NotFound)?;
            Ok(shown(&found, options))
        }
        Target::XPath(expression) => by_expression(cib, expression, options),
    }
}

fn by_expression(
    cib: &Arc<Element>,
    expression: &str,
    options: CallOptions,
) -> Result<Arc<Element>, Failure> {
    let paths = select(cib, expression).map_err(|_| Failure::NotFound)?;
    let several = || Element::new("xpath-query");
    if options.has(CallOptions::XPATH_ADDRESS) && !options.has(CallOptions::NO_CHILDREN) {
        let addresses = paths
            .iter()
            .map(|path| Element::new("xpath-query-path").with("id", node_path_string(cib, path)));
        let found = several().with_children(addresses);
        return if paths.is_empty() { Err(Failure::NotFound) } else { Ok(Arc::new(found)) };
    }
    let found = paths.iter().filter_map(|path| shared_at(cib, path));
    let mut found: Vec<_> = found.map(|element| shown(&element, options)).collect();
    match found.len() {
        0 => Err(Failure::NotFound),
        1 => found.pop().ok_or(Failure::NotFound),
        _ => {
            let mut all = several();
            found.into_iter().for_each(|element| all.push(element));
            Ok(Arc::new(all))
        }
    }
}

fn shown(element: &Arc<Element>, options: CallOptions) -> Arc<Element> {
    if options.has(CallOptions::NO_CHILDREN) {
        Arc::new(bare(element))
    } else {
        Arc::clone(element)
    }
}

/// The element without what it contains.
pub(crate) fn bare(element: &Element) -> Element {
    let mut bare = Element::new(element.name());
    for (name, value) in element.attrs() {
        bare.set(name, value);
    }
    bare
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(target: Target<'_>, options: CallOptions) -> Result<String, Failure> {
        let cib = Arc::new(
            xml::parse(
                "<cib epoch='1'><configuration><nodes><node id='1' uname='a'/><node id='2' \
                 uname='b'/></nodes></configuration><status/></cib>",
            )
            .unwrap(),
        );
        query(&cib, target, options).map(|element| element.to_compact())
    }

    #[test]
    fn sections() {
        let nodes = "<nodes><node id=\"1\" uname=\"a\"/><node id=\"2\" uname=\"b\"/></nodes>";
        let none = CallOptions::NONE;
        assert_eq!(ask(Target::Section(Some("nodes")), none).as_deref(), Ok(nodes));
        assert_eq!(ask(Target::Section(Some("alerts")), none), Err(Failure::NotFound));
        assert_eq!(
            ask(Target::Section(None), CallOptions::NO_CHILDREN).as_deref(),
            Ok("<cib epoch=\"1\"/>")
        );
    }

    #[test]
    fn expressions() {
        let ask = |expression, options| ask(Target::XPath(expression), options);
        let none = CallOptions::NONE;
        assert_eq!(ask("//node[@uname='b']", none).as_deref(), Ok("<node id=\"2\" uname=\"b\"/>"));
        assert_eq!(
            ask("//node", none).as_deref(),
            Ok(
                "<xpath-query><node id=\"1\" uname=\"a\"/><node id=\"2\" uname=\"b\"/></xpath-query>"
            )
        );
        assert_eq!(
            ask("//node[@id='1']", CallOptions::XPATH_ADDRESS).as_deref(),
            Ok("<xpath-query><xpath-query-path \
                id=\"/cib/configuration/nodes/node[@id=&apos;1&apos;]\"/></xpath-query>")
        );
        assert_eq!(
            ask("//configuration", CallOptions::NO_CHILDREN).as_deref(),
            Ok("<configuration/>")
        );
        assert_eq!(ask("//nothing", none), Err(Failure::NotFound));
        assert_eq!(ask("//[", none), Err(Failure::NotFound));
    }
}
