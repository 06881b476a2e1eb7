use anyhow::{Result, ensure};
use netns::wait_until;

use crate::bed::{Bed, LIMIT, VIP};

/// The node with the resource is cut off from both others.
pub(super) fn partition(bed: &mut Bed) -> Result<()> {
    let lost = bed.create_vip("10s")?;
    bed.wait_idle()?;
    let others: Vec<String> = bed.cluster.node_names().into_iter().filter(|n| *n != lost).collect();
    bed.cluster.cut(&lost)?;

    bed.wait_from(&lost, "the minority to stop the resource", |s| {
        (!s.quorate && s.resources.get(VIP)?.nodes.is_empty()).then_some(())
    })?;
    let heir = bed.wait_from(&others[0], "the majority to start the resource", |s| {
        let place = s.place_of(VIP).ok().filter(|n| *n != lost);
        place.filter(|_| s.quorate).map(str::to_owned)
    })?;
    wait_until("the address to be on the majority's side only", LIMIT, || {
        let holders = bed.address_holders()?;
        ensure!(holders == [heir.as_str()], "it is on {}", holders.join(", "));
        Ok(())
    })?;

    bed.cluster.heal(&lost)?;
    bed.wait_members(&bed.cluster.node_names())?;
    bed.wait_started(VIP)?;
    let place = bed.wait_started(VIP)?;
    ensure!(bed.address_holders()? == [place.as_str()], "the address is not only on {place}");
    Ok(())
}

/// Two nodes die one after the other; the third may not go on alone.
pub(super) fn loss(bed: &mut Bed) -> Result<()> {
    let last = bed.create_vip("10s")?;
    bed.wait_idle()?;
    let others: Vec<String> = bed.cluster.node_names().into_iter().filter(|n| *n != last).collect();
    for node in &others {
        bed.cluster.kill(node)?;
    }
    bed.wait("the last node to stop its resource", |s| {
        (!s.quorate && s.resources.get(VIP)?.nodes.is_empty()).then_some(())
    })?;
    bed.wait_idle()?;
    ensure!(bed.address_holders()?.is_empty(), "the address is still on {last}");

    bed.cluster.revive(&others[0])?;
    bed.cluster.start_stack(&others[0])?;
    bed.wait("the resource to be started with quorum", |s| {
        (s.quorate && s.place_of(VIP).is_ok()).then_some(())
    })?;
    bed.wait_members(&bed.cluster.live())?;
    let place = bed.wait_started(VIP)?;
    ensure!(bed.address_holders()? == [place.as_str()], "the address is not only on {place}");
    Ok(())
}
