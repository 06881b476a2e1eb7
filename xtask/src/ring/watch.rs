//! The membership as the quorum service of a node tells it.

use std::{
    fmt,
    io::{BufRead, BufReader, Write},
    process::{Child, Stdio},
    str::FromStr,
    sync::mpsc::{Receiver, channel},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, bail};
use netns::Cluster;
use ring::{Quorum, QuorumChange};

use super::block_on;

/// One membership, and when it was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Membership {
    pub(crate) at: SystemTime,
    pub(crate) quorate: bool,
    pub(crate) sequence: u64,
    /// The numbers of the nodes, in the order of the ring.
    pub(crate) members: Vec<u32>,
}

impl From<QuorumChange> for Membership {
    fn from(change: QuorumChange) -> Self {
        Self {
            at: SystemTime::now(),
            quorate: change.quorate,
            sequence: change.ring_sequence,
            members: change.members.iter().map(|node| node.0).collect(),
        }
    }
}

impl fmt::Display for Membership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self.at.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let members: Vec<String> = self.members.iter().map(u32::to_string).collect();
        write!(f, "{since} {} {} {}", self.quorate, self.sequence, members.join(","))
    }
}

impl FromStr for Membership {
    type Err = anyhow::Error;

    fn from_str(line: &str) -> Result<Self> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [at, quorate, sequence, members] = words[..] else { bail!("no membership: {line:?}") };
        Ok(Self {
            at: UNIX_EPOCH + Duration::from_nanos(at.parse()?),
            quorate: quorate.parse()?,
            sequence: sequence.parse()?,
            members: members.split(',').map(str::parse).collect::<Result<_, _>>()?,
        })
    }
}

/// `ring-state`: prints the current membership.
pub(super) fn state(_: &[String]) -> Result<()> {
    let change = block_on(async {
        let mut quorum = Quorum::connect().await?;
        Ok(quorum.next().await?)
    })?;
    println!("{}", Membership::from(change));
    Ok(())
}

/// `ring-watch`: prints the current membership and every one after it.
pub(super) fn follow(_: &[String]) -> Result<()> {
    block_on(async {
        let mut quorum = Quorum::connect().await?;
        loop {
            println!("{}", Membership::from(quorum.next().await?));
            std::io::stdout().flush()?;
        }
    })
}

/// Follows the membership of a node until it is dropped.
pub(crate) struct Watch {
    child: Child,
    lines: Receiver<Membership>,
}

impl Watch {
    /// Starts to follow; returns when the current membership is known, which is not told again.
    pub(crate) fn start(cluster: &Cluster, node: &str) -> Result<Self> {
        let helper = cluster.helper().display().to_string();
        let mut command = cluster.node(node)?.command(&[&helper, "ring-watch"]).into_command();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().context("cannot run nsenter")?;
        let stdout = child.stdout.take().context("no standard output")?;
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                // Whoever asked may have lost interest.
                let _ = line.parse().map(|membership| sender.send(membership));
            }
        });
        let watch = Self { child, lines };
        watch.wait(Duration::from_secs(30), |_| true).with_context(|| node.to_owned())?;
        Ok(watch)
    }

    /// The next membership that suits.
    pub(crate) fn wait(
        &self,
        limit: Duration,
        suits: impl Fn(&Membership) -> bool,
    ) -> Result<Membership> {
        let deadline = Instant::now() + limit;
        let mut last = None;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(membership) if suits(&membership) => return Ok(membership),
                Ok(other) => last = Some(other),
                Err(_) => bail!("no such membership came; the last one was {last:?}"),
            }
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // Started by us and not waited for yet. The client inside the node ends with its pipe or its limit.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_membership_survives_its_line() {
        let membership = Membership {
            at: UNIX_EPOCH + Duration::from_nanos(1_795_187_449_250_000_001),
            quorate: true,
            sequence: 40,
            members: vec![1, 3],
        };
        let line = membership.to_string();
        assert_eq!(line, "1795187449250000001 true 40 1,3");
        assert_eq!(line.parse::<Membership>().expect("its own line"), membership);
        assert!("1 2".parse::<Membership>().is_err());
    }
}
