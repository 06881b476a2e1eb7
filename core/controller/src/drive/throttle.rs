use messages::crmd::Throttle;
use transition::walker::Limits;
use vocab::NodeName;

use crate::{core::Core, desk::Desk};

const HIGH: i32 = 0x100;
const EXTREME: i32 = 0x1000;

impl Core {
    /// Takes note of how busy a node is.
    pub(crate) fn on_throttle(&mut self, node: &NodeName, throttle: Throttle) {
        self.throttles.insert(node.clone(), throttle);
        if self.is_dc && !self.drive.walker.is_complete() {
            self.drive.wake();
        }
    }

    /// How much may be under way at present.
    pub(super) fn limits(&self, desk: &Desk<'_>) -> Limits {
        let configured = self.drive.walker.graph().batch_limit;
        let active = self.peers.iter().filter(|peer| peer.is_active()).count();
        let busiest = self.throttles.values().map(|throttle| throttle.mode).max().unwrap_or(0);
        let lowered = match busiest {
            EXTREME.. => Some((active / 4).max(1)),
            HIGH.. => Some((active / 2).max(1)),
            _ => None,
        };
        let configured = usize::try_from(configured).ok().filter(|limit| *limit > 0);
        let batch = match (configured, lowered) {
            (Some(configured), Some(lowered)) => Some(configured.min(lowered)),
            (one, other) => one.or(other),
        };
        let per_node = self
            .peers
            .iter()
            .filter_map(|peer| peer.name.as_ref())
            .map(|name| (name.to_string(), self.job_limit(desk, name)))
            .collect();
        Limits { batch, per_node }
    }

    /// How many operations a node may run at once; nobody heard of it counts as not busy and like this node.
    fn job_limit(&self, desk: &Desk<'_>, node: &NodeName) -> usize {
        let job_max = match self.options.node_action_limit {
            limit @ 1.. => limit,
            _ => desk.settings.job_max,
        };
        let default = Throttle { mode: 0, job_max };
        let throttle = self.throttles.get(node).copied().unwrap_or(default);
        let max = usize::try_from(throttle.job_max).unwrap_or(0);
        let limit = match throttle.mode {
            HIGH.. => 1,
            0x10.. => max / 4,
            0x1.. => max / 2,
            _ => max,
        };
        limit.max(1)
    }
}
