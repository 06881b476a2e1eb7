use std::time::Duration;

use machine::Instant;

use crate::World;

/// How long two DCs may go on in one partition after it formed, until one has heard of the other.
const GRACE: Duration = Duration::from_secs(5);

/// Since when some partition has had two.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory(Option<Instant>);

/// A partition has at most one DC, apart from the time that two need to notice each other after a merge.
pub(super) fn check(world: &World, memory: &mut Memory) -> Result<(), String> {
    let crowded = world.partitions().into_iter().find(|nodes| {
        nodes.iter().filter(|node| world.controller(**node).is_some_and(|c| c.is_dc())).count() > 1
    });
    let Some(nodes) = crowded else {
        memory.0 = None;
        return Ok(());
    };
    let since = *memory.0.get_or_insert(world.now());
    let quiet_since = since.max(world.last_view());
    if world.now().since(quiet_since) > GRACE {
        return Err(format!("two DCs in the partition {nodes:?} since {since:?}"));
    }
    Ok(())
}
