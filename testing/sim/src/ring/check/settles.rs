use vocab::NodeId;

use super::{Book, ProcessKey};

/// Whether all these daemons are in one ring that has no other members; if not, who is where.
pub(in crate::ring) fn in_one_ring(book: &Book, live: &[ProcessKey]) -> Result<(), String> {
    let nodes: Vec<NodeId> = live.iter().map(|key| book.process(*key).node).collect();
    let rings: Vec<_> = live.iter().map(|key| book.process(*key).ring).collect();
    let same = rings.windows(2).all(|pair| pair[0] == pair[1]);
    let first = rings.first().copied().flatten();
    if live.is_empty() || same && first.is_some_and(|ring| book.ring(ring).members == nodes) {
        return Ok(());
    }
    let places = live.iter().zip(&rings).map(|(key, ring)| {
        let members = ring.map(|ring| &book.ring(ring).members);
        format!("{} is in {} of {members:?}", book.who(*key), book.ring_name(*ring))
    });
    Err(places.collect::<Vec<_>>().join("; "))
}
