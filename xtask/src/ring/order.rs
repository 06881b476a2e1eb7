//! Messages of all sizes from all members at once: every member must get the same ones in the same order.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hasher},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use ring::{Cpg, CpgEvent, Member};
use tokio::time::timeout;

use super::{block_on, numbers, random::Random};

const GROUP: &str = "ring-order";
const LARGEST: u64 = 1 << 20;
/// Messages and bytes that a sender has under way.
const WINDOW: (usize, usize) = (200, 4 << 20);
/// Nothing from anybody for so long, while something is to come, is an end.
const SILENCE: Duration = Duration::from_secs(30);

/// The messages of one sender, one after the other.
struct Stream {
    random: Random,
    left: u64,
}

impl Stream {
    fn new(seed: u64, node: u32, count: u64) -> Self {
        let mut mixed = Random::new(seed ^ (u64::from(node) << 32));
        Self { random: Random::new(mixed.next()), left: count }
    }

    /// The next message. Small ones are frequent: of each size between two powers of two there are about as many, with
    /// fewer of the largest, so that a run does not take minutes.
    fn next(&mut self, message: &mut Vec<u8>) -> Result<()> {
        self.left = self.left.checked_sub(1).context("a message more than was agreed")?;
        let bits = self.random.below(21).min(self.random.below(21));
        let base = 1_u64 << bits;
        let size = (base + self.random.below(base)).min(LARGEST);
        message.resize(usize::try_from(size)?, 0);
        self.random.fill(message);
        Ok(())
    }
}

/// `ring-order MEMBERS COUNT SEED`: waits for so many members, sends so many messages and prints a digest of all that
/// came from all.
pub(super) fn main(words: &[String]) -> Result<()> {
    let [members, count, seed] = numbers(words, "ring-order MEMBERS COUNT SEED")?;
    println!("{}", block_on(run(usize::try_from(members)?, count, seed))?);
    Ok(())
}

async fn run(members: usize, count: u64, seed: u64) -> Result<String> {
    let mut cpg = Cpg::join(GROUP).await?;
    let all = wait_members(&mut cpg, members).await?;
    let mut own = Stream::new(seed, cpg.local_node().0, count);
    let mut expected: BTreeMap<Member, Stream> =
        all.iter().map(|m| (*m, Stream::new(seed, m.node.0, count))).collect();
    let local = Member { node: cpg.local_node(), pid: std::process::id() };
    let (mut message, mut wanted) = (Vec::new(), Vec::new());
    let (mut under_way, mut under_way_bytes) = (0, 0);
    let mut hasher = DefaultHasher::new();
    let mut bytes_in_all = 0;
    for number in 0..count * all.len() as u64 {
        while own.left > 0 && under_way < WINDOW.0 && under_way_bytes < WINDOW.1 {
            own.next(&mut message)?;
            cpg.multicast(&message)?;
            under_way += 1;
            under_way_bytes += message.len();
        }
        let (sender, bytes) = next_message(&mut cpg, &expected).await?;
        let stream = expected.get_mut(&sender).context("a message of a stranger")?;
        stream.next(&mut wanted)?;
        ensure!(bytes == wanted, "message {number}, of {sender:?}, is not what was sent");
        if sender == local {
            under_way -= 1;
            under_way_bytes -= bytes.len();
        }
        hasher.write_u32(sender.node.0);
        hasher.write(&bytes);
        bytes_in_all += bytes.len();
    }
    ensure!(cpg.dropped() == 0, "{} messages came in parts that do not fit", cpg.dropped());
    Ok(format!(
        "{:016x} {} messages {bytes_in_all} bytes",
        hasher.finish(),
        count * all.len() as u64
    ))
}

/// Waits until the group has so many members. Whoever is there already may send before this sees all of them, but
/// nothing of that can come before the last one's arrival.
async fn wait_members(cpg: &mut Cpg, wanted: usize) -> Result<Vec<Member>> {
    loop {
        match cpg.next().await? {
            CpgEvent::Membership { members, .. } if members.len() == wanted => return Ok(members),
            CpgEvent::Membership { .. } => {}
            CpgEvent::Delivered { .. } => bail!("a message before the members were complete"),
        }
    }
}

/// The next message. Members may go when all they send is here, but nobody may come.
async fn next_message(
    cpg: &mut Cpg,
    expected: &BTreeMap<Member, Stream>,
) -> Result<(Member, Vec<u8>)> {
    loop {
        let event = timeout(SILENCE, cpg.next()).await.with_context(|| {
            let owed = expected.iter().map(|(member, stream)| (member.node.0, stream.left));
            let owed: Vec<_> = owed.collect();
            format!("no message for {} s; nodes and what is to come: {owed:?}", SILENCE.as_secs())
        })?;
        match event? {
            CpgEvent::Delivered { sender, bytes } => return Ok((sender, bytes)),
            CpgEvent::Membership { left, joined, .. } => {
                let owing = |member: &&Member| expected.get(member).is_none_or(|s| s.left > 0);
                if let Some(gone) = left.iter().find(owing) {
                    let owes = expected.get(gone).map_or(0, |stream| stream.left);
                    bail!("{gone:?} left, and {owes} of its messages had not come");
                }
                ensure!(joined.is_empty(), "somebody joined: {joined:?}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders_differ_and_repeat_themselves() {
        let (mut first, mut again, mut other) = (Vec::new(), Vec::new(), Vec::new());
        Stream::new(7, 1, 1).next(&mut first).expect("one");
        Stream::new(7, 1, 1).next(&mut again).expect("one");
        Stream::new(7, 2, 1).next(&mut other).expect("one");
        assert_eq!(first, again);
        assert_ne!(first, other);
        assert!(Stream::new(7, 1, 0).next(&mut first).is_err());
    }

    #[test]
    fn sizes_reach_from_one_byte_to_the_largest() {
        let mut stream = Stream::new(1, 1, 10_000);
        let mut message = Vec::new();
        let sizes: Vec<usize> = (0..10_000)
            .map(|_| stream.next(&mut message).map(|()| message.len()).expect("enough"))
            .collect();
        assert_eq!(sizes.iter().min(), Some(&1));
        assert_eq!(sizes.iter().max(), Some(&(1 << 20)));
        let sum: usize = sizes.iter().sum();
        assert!((100 << 20..800 << 20).contains(&sum), "{sum} bytes in all");
    }
}
