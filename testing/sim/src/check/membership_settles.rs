use controller::State;
use xml::{digest, patchset::Patchset};

use crate::World;

/// Whether every partition has come to rest: one DC that is idle, everybody else under it, and one CIB. The reason it has
/// not is told in words.
pub fn settled(world: &World) -> Result<(), String> {
    for nodes in world.partitions() {
        let mut dc = None;
        for node in &nodes {
            let Some(controller) = world.controller(*node) else {
                return Err(format!("node {node} has no controller"));
            };
            match controller.state() {
                State::Idle if dc.is_none() => dc = Some(*node),
                State::NotDc => {}
                state => return Err(format!("node {node} is in {state}")),
            }
        }
        let Some(dc) = dc else { return Err(format!("no DC in {nodes:?}")) };
        let name = world.name(dc);
        for node in &nodes {
            let known = world.controller(*node).and_then(|controller| controller.dc());
            if known != Some(&name) {
                return Err(format!("node {node} takes {known:?} for the DC, not {name}"));
            }
            // Who changed it last is not part of what has to be equal, nor is it of the digest that peers compare.
            let (own, common) = (world.cib(*node), world.cib(dc));
            if digest::versioned(&own) != digest::versioned(&common)
                && let Ok(Some(patch)) = Patchset::between(&own, &common)
            {
                let changes = patch.to_element().to_compact();
                return Err(format!("the CIBs of {node} and the DC {dc} differ: {changes}"));
            }
        }
    }
    Ok(())
}
