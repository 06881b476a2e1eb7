//! Messages that go on while members come and go: a process on each node sends and tells all that it gets.

use std::{
    collections::BTreeSet,
    fmt,
    io::{self, Read, Write},
    pin::pin,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use ring::{Cpg, CpgEvent, Member};
use tokio::time::{MissedTickBehavior, interval};
use vocab::NodeId;

use super::{block_on, numbers, random::Random};

const GROUP: &str = "ring-flow";
/// Messages of its own that a sender waits for, and how long it pauses after each: the ring is busy but has room for what
/// the members have to settle.
const WINDOW: u64 = 20;
const PAUSE: Duration = Duration::from_millis(2);
/// A message has at least its kind and its number. The largest are in many frames of the ring, so that members come and go
/// in the middle of them, and in one request of the service.
const HEADER: usize = 9;
const LARGEST: u64 = 256 << 10;

/// What a member of the group is told, as one line of its account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Told {
    Message {
        sender: Member,
        number: u64,
    },
    Members(Vec<Member>),
    /// All members have sent their last message.
    End,
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message { sender, number } => {
                write!(f, "message {} {} {number}", sender.node.0, sender.pid)
            }
            Self::Members(members) => {
                f.write_str("members")?;
                members.iter().try_for_each(|m| write!(f, " {} {}", m.node.0, m.pid))
            }
            Self::End => f.write_str("end"),
        }
    }
}

impl FromStr for Told {
    type Err = anyhow::Error;

    fn from_str(line: &str) -> Result<Self> {
        let mut words = line.split(' ');
        let kind = words.next();
        let numbers = words.map(str::parse).collect::<Result<Vec<u64>, _>>()?;
        let member = |node: u64, pid: u64| -> Result<Member> {
            Ok(Member { node: NodeId(node.try_into()?), pid: pid.try_into()? })
        };
        match (kind, &numbers[..]) {
            (Some("message"), &[node, pid, number]) => {
                Ok(Self::Message { sender: member(node, pid)?, number })
            }
            (Some("members"), list) if list.len() % 2 == 0 => {
                let members = list.chunks(2).map(|pair| member(pair[0], pair[1]));
                Ok(Self::Members(members.collect::<Result<_>>()?))
            }
            (Some("end"), &[]) => Ok(Self::End),
            _ => bail!("no line of an account: {line:?}"),
        }
    }
}

/// A message, which its sender and number say all of.
fn message(sender: Member, number: u64, is_last: bool) -> Vec<u8> {
    let mut random = Random::new((u64::from(sender.node.0) << 32 | u64::from(sender.pid)) ^ number);
    let mut random = Random::new(random.next());
    let bits = random.below(19).min(random.below(19)).min(random.below(19));
    let size = ((1 << bits) + random.below(1 << bits)).min(LARGEST);
    let mut bytes = vec![0; HEADER + usize::try_from(size).unwrap_or(0)];
    bytes[0] = u8::from(is_last);
    bytes[1..HEADER].copy_from_slice(&number.to_le_bytes());
    random.fill(&mut bytes[HEADER..]);
    bytes
}

/// The number of a message, and whether it is its sender's last one.
fn read(sender: Member, bytes: &[u8]) -> Result<(u64, bool)> {
    let (header, _) = bytes.split_first_chunk::<HEADER>().context("a message without number")?;
    let [kind, number @ ..] = *header;
    let (number, is_last) = (u64::from_le_bytes(number), kind == 1);
    let is_whole = bytes == message(sender, number, is_last);
    ensure!(is_whole, "message {number} of {sender:?} is not what was sent");
    Ok((number, is_last))
}

/// `ring-flow MEMBERS`: waits for so many members, then sends, and prints all that comes, until its input ends and all
/// members have sent their last message.
pub(super) fn main(words: &[String]) -> Result<()> {
    let [members] = numbers(words, "ring-flow MEMBERS")?;
    let is_enough = Arc::new(AtomicBool::new(false));
    let ended = Arc::clone(&is_enough);
    std::thread::spawn(move || {
        // Nothing is written to it; whatever ends it is the end.
        let _ = io::stdin().read(&mut [0]);
        ended.store(true, Ordering::Relaxed);
    });
    block_on(run(usize::try_from(members)?, &is_enough))
}

async fn run(wanted: usize, is_enough: &AtomicBool) -> Result<()> {
    let mut cpg = Cpg::join(GROUP).await?;
    let own = Member { node: cpg.local_node(), pid: std::process::id() };
    let (mut members, mut done) = (Vec::new(), BTreeSet::new());
    let (mut sent, mut back, mut is_last_sent, mut is_complete) = (0, 0, false, false);
    let mut ticks = interval(PAUSE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut account = io::stdout().lock();
    while !is_last_sent || !members.iter().all(|m| done.contains(m)) {
        let event = {
            let mut next = pin!(cpg.next());
            tokio::select! {
                biased;
                event = &mut next => Some(event?),
                _ = ticks.tick(), if is_complete && !is_last_sent && sent < back + WINDOW => None,
            }
        };
        let Some(event) = event else {
            is_last_sent = is_enough.load(Ordering::Relaxed);
            cpg.multicast(&message(own, sent, is_last_sent))?;
            sent += 1;
            continue;
        };
        let told = match event {
            CpgEvent::Delivered { sender, bytes } => {
                let (number, is_last) = read(sender, &bytes)?;
                back += u64::from(sender == own);
                if is_last {
                    done.insert(sender);
                }
                Told::Message { sender, number }
            }
            CpgEvent::Membership { members: now, .. } => {
                is_complete |= now.len() == wanted;
                members.clone_from(&now);
                Told::Members(now)
            }
        };
        writeln!(account, "{told}")?;
    }
    writeln!(account, "{}", Told::End)?;
    Ok(account.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(node: u32) -> Member {
        Member { node: NodeId(node), pid: node * 100 }
    }

    #[test]
    fn a_line_says_what_was_told() {
        for line in ["message 1 100 7", "members 1 100 2 200", "members", "end"] {
            assert_eq!(line.parse::<Told>().expect("its own line").to_string(), line);
        }
        for line in ["message 1 100", "members 1", "message 1 a 2", "mes"] {
            assert!(line.parse::<Told>().is_err(), "{line}");
        }
    }

    #[test]
    fn a_changed_message_is_found() {
        for number in 0..300 {
            let mut bytes = message(member(1), number, number == 299);
            assert_eq!(read(member(1), &bytes).expect("whole"), (number, number == 299));
            assert!(read(member(2), &bytes).is_err());
            *bytes.last_mut().expect("not empty") ^= 1;
            assert!(read(member(1), &bytes).is_err());
        }
    }
}
