//! Questions to the ring of a cluster under test.

use anyhow::{Context, Result, ensure};
use netns::{Process, Ring, wait_until};

use super::watch::Membership;
use crate::bed::{Bed, LIMIT};

/// What the ring's daemon is called, whosever it is.
const DAEMON: &str = "corosync";

impl Bed {
    /// Starts the ring on all nodes at the same time, and waits until they are one.
    pub(crate) fn form_ring(&self) -> Result<Membership> {
        self.cluster.start_rings(&self.cluster.live())?;
        self.wait_ring(&self.cluster.live(), true)
    }

    /// The membership as a node's quorum service tells it.
    pub(crate) fn membership(&self, node: &str) -> Result<Membership> {
        let helper = self.cluster.helper().display().to_string();
        self.run(node, &[&helper, "ring-state"])?.stdout.trim().parse()
    }

    /// Waits until exactly these nodes are one ring, as each of them sees it: through the quorum service and through the
    /// tool that is first in its `PATH`.
    pub(crate) fn wait_ring(&self, nodes: &[String], quorate: bool) -> Result<Membership> {
        let wanted = nodes.iter().map(|node| self.number(node)).collect::<Result<Vec<u32>>>()?;
        let what = format!(
            "{} to be a ring {} quorum",
            nodes.join(", "),
            if quorate { "with" } else { "without" }
        );
        let agreed = wait_until(&what, LIMIT, || {
            let mut first: Option<Membership> = None;
            for node in nodes {
                let mut seen = self.membership(node)?;
                seen.members.sort_unstable();
                ensure!(
                    seen.members == wanted && seen.quorate == quorate,
                    "{node} sees {:?}, quorate: {}",
                    seen.members,
                    seen.quorate
                );
                let sequence = first.get_or_insert_with(|| seen.clone()).sequence;
                ensure!(seen.sequence == sequence, "{node} is in another ring");
            }
            first.context("no nodes are given")
        })?;
        for node in nodes {
            self.ring_daemon(node)?;
            let output = self.cluster.exec(node, &["corosync-quorumtool", "-s"])?;
            let seen = QuorumTool::parse(&output.stdout)
                .with_context(|| format!("corosync-quorumtool on {node}: {output}"))?;
            ensure!(
                seen == QuorumTool { quorate, members: wanted.clone() },
                "corosync-quorumtool on {node} shows {seen:?}"
            );
        }
        Ok(agreed)
    }

    /// Sends messages of all sizes from each of these nodes, `count` from each, and compares what they got.
    pub(crate) fn order(&self, nodes: &[String], count: usize, seed: u64) -> Result<String> {
        let helper = self.cluster.helper().display().to_string();
        let members = nodes.len().to_string();
        let words = [&helper, "ring-order", &members, &count.to_string(), &seed.to_string()]
            .map(str::to_owned);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let digests = self.everywhere(nodes, &words)?;
        let first = digests.first().context("no nodes are given")?;
        for (node, digest) in nodes.iter().zip(&digests) {
            ensure!(digest == first, "{node} has {digest}, {} has {first}", nodes[0]);
        }
        Ok(first.trim().to_owned())
    }

    /// Runs a command on all these nodes at once and gives what each printed. The error names every node that failed: who
    /// fails first often makes the others fail.
    pub(crate) fn everywhere(&self, nodes: &[String], words: &[&str]) -> Result<Vec<String>> {
        let ended: Vec<Result<String>> = std::thread::scope(|scope| {
            let mut running = Vec::new();
            for node in nodes {
                running.push(scope.spawn(move || Ok(self.run(node, words)?.stdout)));
            }
            let ended = running.into_iter().map(|thread| {
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            });
            ended.collect()
        });
        let failed = ended.iter().filter_map(|result| result.as_ref().err());
        let failed: Vec<String> = failed.map(|error| format!("{error:#}")).collect();
        ensure!(failed.is_empty(), "{}", failed.join("\n"));
        ended.into_iter().collect()
    }

    /// The process of a node's ring, which must be whose the settings say.
    pub(crate) fn ring_daemon(&self, node: &str) -> Result<Process> {
        let daemon = self.cluster.node(node)?.daemon(DAEMON).with_context(|| node.to_owned())?;
        let number = usize::try_from(self.number(node)?)?;
        let wanted = match self.cluster.settings().nodes[number - 1].ring {
            Ring::Corosync => "corosync",
            Ring::Cardea => "cardea",
        };
        let executable = daemon.executable()?;
        ensure!(executable.ends_with(wanted), "{node} runs {}", executable.display());
        Ok(daemon)
    }

    /// The number of a node in the ring.
    pub(crate) fn number(&self, node: &str) -> Result<u32> {
        let at = self.cluster.node_names().iter().position(|name| name == node);
        Ok(u32::try_from(at.with_context(|| format!("no node {node}"))?)? + 1)
    }
}

/// What `corosync-quorumtool -s` shows.
#[derive(Debug, PartialEq, Eq)]
struct QuorumTool {
    quorate: bool,
    members: Vec<u32>,
}

impl QuorumTool {
    fn parse(text: &str) -> Result<Self> {
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.map(str::trim).with_context(|| format!("no line {name:?}"))
        };
        let (_, list) = text.split_once("Nodeid").context("no list of members")?;
        let numbers = list.lines().skip(1).filter_map(|line| line.split_whitespace().next());
        let mut members = numbers.map(str::parse).collect::<Result<Vec<u32>, _>>()?;
        members.sort_unstable();
        Ok(Self { quorate: value("Quorate:")? == "Yes", members })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_tool_shows() {
        let text = "Quorum information\n------------------\nNode ID:          1\nQuorate:          Yes\n\n\
            Membership information\n----------------------\n    Nodeid      Votes Name\n         \
            3          1 c\n         1          1 a (local)\n";
        let seen = QuorumTool::parse(text).expect("the usual form");
        assert_eq!(seen, QuorumTool { quorate: true, members: vec![1, 3] });
        assert!(QuorumTool::parse("Cannot initialize QUORUM service\n").is_err());
    }
}
