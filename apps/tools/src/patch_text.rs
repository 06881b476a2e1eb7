//! Patch sets as people read them: a line for each change.

use xml::{
    Element, Node,
    patchset::{Change, Patchset},
};

/// The lines that tell what a patch set changes.
pub(crate) fn lines(patch: &Patchset) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some((source, target)) = patch.versions {
        if source == target {
            lines.push(format!("Local-only Change: {target}"));
        } else {
            lines.push(format!("Diff: --- {source} 2"));
            let digest = patch.digest.as_deref().unwrap_or("(no digest)");
            lines.push(format!("Diff: +++ {target} {digest}"));
        }
    }
    patch.changes.iter().for_each(|change| tell(change, &mut lines));
    lines
}

fn tell(change: &Change, lines: &mut Vec<String>) {
    match change {
        Change::Create { parent, node, .. } => {
            let first = format!("++ {parent}: ");
            let next = format!("++{}", " ".repeat(first.len() - 2));
            match node {
                Node::Element(element) => created(element, &first, &next, 0, lines),
                Node::Comment(text) => lines.push(format!("<!--{text}-->")),
                Node::Text(_) => {}
            }
        }
        Change::Move { path, position } => {
            lines.push(format!("+~ {path} moved to offset {position}"));
        }
        Change::Modify { path, attributes, .. } => {
            let set: Vec<String> = attributes
                .iter()
                .filter_map(|a| Some(format!("@{}={}", a.name, a.value.as_deref()?)))
                .collect();
            if !set.is_empty() {
                lines.push(format!("+  {path}:  {}", set.join(", ")));
            }
            let unset = attributes.iter().filter(|attribute| attribute.value.is_none());
            let unset: Vec<String> =
                unset.map(|attribute| format!("@{}", attribute.name)).collect();
            if !unset.is_empty() {
                lines.push(format!("-- {path}:  {}", unset.join(", ")));
            }
        }
        Change::Delete { path, position } => lines.push(match position {
            Some(position) => format!("-- {path} ({position})"),
            None => format!("-- {path}"),
        }),
    }
}

/// An element, line by line; what is in it stands below, where it is clear what it belongs to.
fn created(element: &Element, first: &str, next: &str, depth: usize, lines: &mut Vec<String>) {
    let space = "  ".repeat(depth);
    let mut head = element.clone();
    head.nodes_mut().clear();
    let head = head.to_compact();
    if element.nodes().is_empty() {
        lines.push(format!("{first} {space}{head}"));
        return;
    }
    lines.push(format!("{first} {space}{}>", head.trim_end_matches("/>")));
    for node in element.nodes() {
        match node {
            Node::Element(child) => created(child, next, next, depth + 1, lines),
            Node::Comment(text) => lines.push(format!("{space}  <!--{text}-->")),
            Node::Text(_) => {}
        }
    }
    lines.push(format!("{next} {space}</{}>", element.name()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_is_told() {
        let old = xml::parse(
            "<cib epoch='1' admin_epoch='0' num_updates='0'><a id='x' p='1' q='2'/><b id='y'/></cib>",
        );
        let new = xml::parse(
            "<cib epoch='2' admin_epoch='0' num_updates='0'><a id='x' p='3'/><c id='z'><d/></c></cib>",
        );
        let (old, new) = (old.unwrap(), new.unwrap());
        let patch = Patchset::between(&old, &new).unwrap().unwrap();
        let expected = "Diff: --- 0.1.0 2\n\
                        Diff: +++ 0.2.0 (no digest)\n\
                        -- /cib/b[@id='y']\n\
                        +  /cib:  @epoch=2\n\
                        +  /cib/a[@id='x']:  @p=3\n\
                        -- /cib/a[@id='x']:  @q\n\
                        ++ /cib:  <c id=\"z\">\n\
                        ++          <d/>\n\
                        ++        </c>";
        assert_eq!(lines(&patch).join("\n"), expected);
    }
}
