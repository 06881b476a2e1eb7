use vocab::{Role, Score, Timestamp, parse_boolean};
use xml::Element;

use super::Build;
use crate::{FenceReason, NodeKey, history::seconds};

/// When a node joined the ring: it may be known only that it did.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Membership {
    Unknown,
    Left,
    Since(i64),
}

impl Membership {
    fn is_member(self) -> bool {
        matches!(self, Self::Since(_))
    }
}

impl Build<'_, '_> {
    /// Finds out whether a cluster node can be used, and marks it for fencing if it has to be.
    pub(crate) fn determine_online(&mut self, element: &Element, node: NodeKey) {
        let shutdown = self.shutdown_requested(node);
        let expected = element.attr("expected");
        let state = &mut self.model.nodes[node].state;
        state.shutdown = shutdown;
        if !shutdown && expected.is_some_and(|text| text.eq_ignore_ascii_case("member")) {
            state.expected_up = true;
        }
        let online = if self.model.options.fencing_enabled {
            self.online_with_fencing(element, node)
        } else {
            self.online_without_fencing(element, node)
        };
        let entry = &mut self.model.nodes[node];
        if online {
            entry.state.online = true;
        }
        if !online || entry.state.shutdown {
            entry.base_score = Score::MINUS_INFINITY;
        }
    }

    fn membership(&self, element: &Element) -> Membership {
        let Some(text) = element.attr("in_ccm") else { return Membership::Unknown };
        match parse_boolean(text) {
            Ok(true) => Membership::Since(self.model.now.moment.0),
            Ok(false) => Membership::Left,
            Err(_) => match text.trim().parse::<i64>() {
                Ok(0) => Membership::Left,
                Ok(time) if time > 0 => Membership::Since(time),
                Ok(_) | Err(_) => Membership::Unknown,
            },
        }
    }

    /// Whether the node's controller takes part, in either form of the attribute.
    fn controller_is_up(element: &Element) -> bool {
        match element.attr("crmd") {
            None => false,
            Some(text) if text.eq_ignore_ascii_case("offline") => false,
            Some(text) if text.eq_ignore_ascii_case("online") => true,
            Some(text) => text.trim().parse::<i64>().is_ok_and(|time| time > 0),
        }
    }

    fn online_without_fencing(&mut self, element: &Element, node: NodeKey) -> bool {
        let member = self.membership(element).is_member();
        let up = Self::controller_is_up(element);
        let joined = element.attr("join").is_some_and(|text| text.eq_ignore_ascii_case("member"));
        if member && !up && self.model.nodes[node].state.expected_up {
            self.fence(node, FenceReason::UnexpectedlyDown, false);
        }
        member && up && joined
    }

    fn online_with_fencing(&mut self, element: &Element, node: NodeKey) -> bool {
        let membership = self.membership(element);
        let member = membership.is_member();
        let up = Self::controller_is_up(element);
        let join = element.attr("join");
        let requested = self.termination_requested(node);
        if self.model.nodes[node].state.shutdown {
            return up;
        }
        if membership == Membership::Unknown {
            self.fence(node, FenceReason::NeverSeen, false);
            return false;
        }
        if join == Some("banned") {
            self.fence(node, FenceReason::Refused, false);
        } else if requested {
            if !member && !up && join == Some("down") {
                return false;
            }
            self.fence(node, FenceReason::Requested, false);
        } else if matches!(element.attr("expected"), None | Some("down")) {
            if self.pending_too_long(membership, up) {
                self.fence(node, FenceReason::PendingTooLong, false);
            } else if member || up {
                self.wait_for(node);
            }
        } else if !member {
            self.fence(node, FenceReason::LeftCluster, true);
        } else if !up {
            self.fence(node, FenceReason::ControllerGone, false);
        } else {
            match join {
                Some("member") => {}
                Some("pending" | "down") => self.wait_for(node),
                Some(_) | None => self.fence(node, FenceReason::UnknownState, false),
            }
        }
        member
    }

    /// The node is on its way in.
    fn wait_for(&mut self, node: NodeKey) {
        let state = &mut self.model.nodes[node].state;
        state.standby = true;
        state.pending = true;
    }

    fn pending_too_long(&mut self, membership: Membership, up: bool) -> bool {
        let limit = self.model.options.node_pending_timeout_ms;
        let Membership::Since(since) = membership else { return false };
        if limit == 0 || up {
            return false;
        }
        let end = since.saturating_add(seconds(limit));
        if self.model.now.moment.0 >= end {
            return true;
        }
        self.recheck(Timestamp(end));
        false
    }

    fn termination_requested(&self, node: NodeKey) -> bool {
        let Some(text) = self.model.nodes[node].attributes.get("terminate") else { return false };
        match parse_boolean(text) {
            Ok(value) => value,
            Err(_) => text.trim().parse::<i64>().is_ok_and(|number| number > 0),
        }
    }

    /// Finds out from its connection whether a remote node can be used.
    pub(crate) fn remote_online(&mut self, node: NodeKey) {
        let Some(connection) = self.model.nodes[node].connection else {
            self.model.nodes[node].state.online = false;
            return;
        };
        let resource = &self.model.resources[connection].state;
        let launcher = resource.launcher.map(|launcher| &self.model.resources[launcher].state);
        let host = match resource.active_on.as_slice() {
            [host] if launcher.is_some() => Some(self.model.nodes[*host].state),
            _ => None,
        };
        let started = resource.role == Role::Started;
        let stopping = started && resource.next_role == Role::Stopped;
        let stopped = resource.role == Role::Stopped
            || launcher.is_some_and(|launcher| launcher.role == Role::Stopped);
        let (failed, launcher_failed) =
            (resource.failed, launcher.is_some_and(|launcher| launcher.failed));
        let state = &mut self.model.nodes[node].state;
        if started {
            state.online = true;
        }
        if stopping {
            state.shutdown = true;
        }
        if launcher_failed {
            state.online = false;
            state.remote_reset = true;
        } else if failed {
            state.online = false;
        } else if stopped {
            state.online = false;
            state.remote_reset = false;
        } else if host.is_some_and(|host| !host.online && host.unclean) {
            state.online = false;
            state.remote_reset = true;
        }
    }
}
