//! What the log says about links, in the words that people know from the original.

use links::{LinkId, Links, Output};
use runtime::Severity;
use vocab::NodeId;

use crate::{configure::Configuration, daemon::Daemon, transport::Transport};

impl Daemon {
    /// Says that a link came or went, and what that means for the node behind it.
    pub(crate) fn log_link(&self, change: &Output) {
        let Transport::Links(links) = &self.transport else { return };
        for (severity, text) in lines(change, links, &self.configuration) {
            self.journal.log("KNET", severity, text);
        }
    }
}

fn lines(change: &Output, links: &Links, configuration: &Configuration) -> Vec<(Severity, String)> {
    match *change {
        Output::LinkChanged { node, link: LinkId(link), is_up: true } => {
            let mut lines = vec![(Severity::Info, format!("rx: host: {node} link: {link} is up"))];
            lines.extend(best(node, links, configuration));
            lines
        }
        Output::LinkChanged { node, link: LinkId(link), is_up: false } => {
            let text = format!("link: host: {node} link: {link} is down");
            let mut lines = vec![(Severity::Info, text)];
            lines.extend(best(node, links, configuration));
            lines
        }
        Output::NodeChanged { node, is_reachable: false } => {
            vec![(Severity::Warning, format!("host: host: {node} has no active links"))]
        }
        Output::MtuChanged { frame_bytes } => {
            vec![(Severity::Info, format!("pmtud: Global data MTU changed to: {frame_bytes}"))]
        }
        Output::NodeChanged { is_reachable: true, .. }
        | Output::Transmit { .. }
        | Output::Deliver { .. }
        | Output::Arm { .. }
        | Output::Notice(_) => Vec::new(),
    }
}

/// The link that a node is reached over, where there is one.
fn best(node: NodeId, links: &Links, configuration: &Configuration) -> Option<(Severity, String)> {
    let mode = match configuration.settings.totem.link_mode {
        conf::LinkMode::Passive => "passive",
        // All links that work are in use.
        conf::LinkMode::Active | conf::LinkMode::RoundRobin => return None,
    };
    let (_, LinkId(link), _) =
        links.links().find(|(of, _, status)| *of == node && status.is_up && status.is_used)?;
    let set = configuration.settings.links.get(&link).cloned().unwrap_or_default();
    let text = format!("host: host: {node} ({mode}) best link: {link} (pri: {})", set.priority);
    Some((Severity::Info, text))
}
