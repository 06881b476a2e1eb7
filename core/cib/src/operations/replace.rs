use std::sync::Arc;

use messages::cib::{CallOptions, Failure};
use xml::{Element, NodePath, digest};

use super::{Sight, Target, Trace, data::fit, modify::unfound};
use crate::{section::Section, version::Version};

/// What is known about where a whole CIB comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provenance<'a> {
    /// A client.
    Client,
    /// A peer, which said what the digest is and with which feature set it was made.
    Peer {
        /// The digest.
        digest: &'a str,
        /// The feature set.
        feature_set: &'a str,
    },
}

/// Puts an element in the place of the first one, at any depth of the target, that has the same name and id. A whole CIB
/// takes the place of the whole CIB, unless that is newer.
pub fn replace(
    cib: &mut Element,
    target: Target<'_>,
    new: &Arc<Element>,
    provenance: Provenance<'_>,
    options: CallOptions,
) -> Result<Trace, Failure> {
    replace_seen(cib, target, new, provenance, options, Sight::Everything)
}

/// The same with somebody's eyes.
pub(crate) fn replace_seen(
    cib: &mut Element,
    target: Target<'_>,
    new: &Arc<Element>,
    provenance: Provenance<'_>,
    options: CallOptions,
    sight: Sight<'_>,
) -> Result<Trace, Failure> {
    let name = match target {
        Target::XPath(expression) => {
            by_expression(cib, expression, new, options, sight)?;
            return Ok(Trace::Always);
        }
        Target::Section(Some("all")) => None,
        Target::Section(name) => name.filter(|name| *name != new.name()),
    };
    if new.name() == "cib" {
        whole(cib, new, provenance)?;
        return Ok(Trace::Content);
    }
    let root = Section::named(name).path(cib).ok_or(Failure::NotFound)?;
    let start = cib.at(&root).ok_or(Failure::NotFound)?;
    let mut at_root = true;
    let below = start
        .find_path(|element| {
            !std::mem::take(&mut at_root)
                && element.name().eq_ignore_ascii_case(new.name())
                && new.id().is_none_or(|id| element.id() == Some(id))
        })
        .ok_or(Failure::NotFound)?;
    let path: NodePath = root.indices().iter().chain(below.indices()).copied().collect();
    sight.replaces(&path);
    put(cib, &path, fit(new))?;
    Ok(Trace::Content)
}

fn whole(cib: &mut Element, new: &Arc<Element>, provenance: Provenance<'_>) -> Result<(), Failure> {
    if let Provenance::Peer { digest, feature_set } = provenance {
        let found = digest::for_feature_set(new, Some(feature_set));
        if !found.eq_ignore_ascii_case(digest) {
            return Err(Failure::OldData);
        }
    }
    if Version::of(new) < Version::of(cib) {
        return Err(Failure::OldData);
    }
    *cib = Element::clone(&fit(new));
    Ok(())
}

/// The replacement goes to the end of the parent, where Pacemaker puts it.
fn by_expression(
    cib: &mut Element,
    expression: &str,
    new: &Arc<Element>,
    options: CallOptions,
    sight: Sight<'_>,
) -> Result<(), Failure> {
    let mut found = sight.select(cib, expression).map_err(unfound)?;
    if found.is_empty() {
        return Err(Failure::NotFound);
    }
    if !options.has(CallOptions::MULTIPLE) {
        found.truncate(1);
    }
    if found.first() == Some(&NodePath::ROOT) {
        return Err(Failure::Invalid);
    }
    // What is inside something else that is replaced goes with it.
    let mut outer: Vec<NodePath> = Vec::new();
    for path in found {
        if !outer.last().is_some_and(|last| last.contains(&path)) {
            outer.push(path);
        }
    }
    outer.iter().for_each(|path| sight.replaces(path));
    let new = fit(new);
    for path in outer.iter().rev() {
        cib.remove_at(path);
        let (parent, _) = path.split_last().ok_or(Failure::Invalid)?;
        cib.at_mut(&parent).ok_or(Failure::Invalid)?.push(Arc::clone(&new));
    }
    Ok(())
}

fn put(cib: &mut Element, path: &NodePath, new: Arc<Element>) -> Result<(), Failure> {
    let (parent, index) = path.split_last().ok_or(Failure::NotFound)?;
    let parent = cib.at_mut(&parent).ok_or(Failure::NotFound)?;
    *parent.nodes_mut().get_mut(index).ok_or(Failure::NotFound)? = new.into();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CIB: &str = "<cib epoch='5' num_updates='2' admin_epoch='0'><configuration><resources>\
                       <primitive id='a' class='ocf'/><primitive id='b'/></resources></configuration></cib>";

    fn run(target: Target<'_>, new: &str) -> Result<String, Failure> {
        let mut cib = xml::parse(CIB).unwrap();
        let new = Arc::new(xml::parse(new).unwrap());
        replace(&mut cib, target, &new, Provenance::Client, CallOptions::NONE)?;
        Ok(cib.child("configuration").map_or(String::new(), Element::to_compact))
    }

    #[test]
    fn an_element_takes_the_place_of_its_like() {
        let result =
            run(Target::Section(Some("resources")), "<primitive id='a' type='x'/>").unwrap();
        assert!(
            result.contains("<resources><primitive id=\"a\" type=\"x\"/><primitive id=\"b\"/>")
        );
        let result = run(Target::Section(Some("resources")), "<resources/>").unwrap();
        assert_eq!(result, "<configuration><resources/></configuration>");
        let unknown = run(Target::Section(Some("resources")), "<primitive id='z'/>");
        assert_eq!(unknown, Err(Failure::NotFound));
        assert_eq!(run(Target::Section(Some("tags")), "<tag id='t'/>"), Err(Failure::NotFound));
    }

    #[test]
    fn by_expression_it_moves_to_the_end() {
        let result = run(Target::XPath("//primitive[@id='a']"), "<primitive id='n'/>").unwrap();
        assert!(result.contains("<primitive id=\"b\"/><primitive id=\"n\"/>"), "{result}");
        assert_eq!(run(Target::XPath("//x"), "<y/>"), Err(Failure::NotFound));
        assert_eq!(run(Target::XPath("/cib"), "<cib/>"), Err(Failure::Invalid));
    }

    #[test]
    fn an_older_cib_is_refused() {
        for (version, accepted) in [
            ("admin_epoch='0' epoch='5' num_updates='1'", false),
            ("admin_epoch='0' epoch='4' num_updates='9'", false),
            ("admin_epoch='0' epoch='5' num_updates='2'", true),
            ("admin_epoch='0' epoch='6' num_updates='0'", true),
            ("admin_epoch='1' epoch='0' num_updates='0'", true),
        ] {
            let result = run(Target::Section(None), &format!("<cib {version}/>"));
            assert_eq!(result.is_ok(), accepted, "{version}");
        }
    }

    #[test]
    fn a_peer_s_cib_must_have_arrived_whole() {
        let new = Arc::new(xml::parse("<cib epoch='9'><configuration/></cib>").unwrap());
        let digest = digest::versioned(&new);
        for (digest, accepted) in
            [(digest.as_str(), true), ("00000000000000000000000000000000", false)]
        {
            let mut cib = xml::parse(CIB).unwrap();
            let provenance = Provenance::Peer { digest, feature_set: "3.16.1" };
            let target = Target::Section(None);
            let result = replace(&mut cib, target, &new, provenance, CallOptions::NONE);
            assert_eq!(result.is_ok(), accepted);
        }
    }
}
