use totem::{Configuration, ConfigurationKind};
use vocab::NodeId;

use super::{Book, ProcessKey, Verdict};

/// The same ring means the same members, and who came and who left is told rightly.
pub(super) fn configured(book: &Book, process: ProcessKey, told: &Configuration) -> Verdict {
    let facts = book.process(process);
    let problem = match told.kind {
        ConfigurationKind::Transitional => transitional(book, process, told),
        ConfigurationKind::Regular => regular(book, process, told),
    };
    let problem = problem.or_else(|| {
        // Before its first ring a node was alone with nothing, not even itself.
        let has_itself = facts.ring.is_some() || told.kind == ConfigurationKind::Regular;
        if has_itself && !told.members.contains(&facts.node) {
            return Some("it is no member itself".to_owned());
        }
        let sorted = told.members.is_sorted_by(|a, b| a < b);
        (!sorted).then(|| "the members are not in order".to_owned())
    });
    problem.map_or(Ok(()), |problem| {
        Err(format!("{} told {told:?}, but {problem}", book.who(process)))
    })
}

fn transitional(book: &Book, process: ProcessKey, told: &Configuration) -> Option<String> {
    let facts = book.process(process);
    if facts.transitional.is_some() {
        return Some("told one like that just before".to_owned());
    }
    let Some(ring) = facts.ring else {
        let nobody = told.members.is_empty() && told.left.is_empty();
        return (!nobody).then(|| "was in no ring before".to_owned());
    };
    let before = &book.ring(ring).members;
    if told.members.iter().any(|member| !before.contains(member)) {
        return Some(format!("before there were {before:?}"));
    }
    (told.left != without(before, &told.members)).then(|| format!("before there were {before:?}"))
}

fn regular(book: &Book, process: ProcessKey, told: &Configuration) -> Option<String> {
    let Some(together) = &book.process(process).transitional else {
        return Some("did not tell before who goes on with it".to_owned());
    };
    if together.iter().any(|member| !told.members.contains(member)) {
        return Some(format!("{together:?} went on together"));
    }
    if told.joined != without(&told.members, together) {
        return Some(format!("{together:?} went on together"));
    }
    if !told.members.contains(&NodeId(told.ring.node)) {
        return Some("who formed it is no member".to_owned());
    }
    let known = book.find_ring(told.ring)?;
    (known.members != told.members).then(|| format!("others told {:?}", known.members))
}

fn without(nodes: &[NodeId], others: &[NodeId]) -> Vec<NodeId> {
    nodes.iter().copied().filter(|node| !others.contains(node)).collect()
}
