//! What processes on several nodes were told while members came and went, compared.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail, ensure};
use ring::Member;

use super::flow::Told;

/// All that one process was told.
#[derive(Clone, Debug)]
pub(super) struct Account {
    /// For messages to people.
    pub(super) name: String,
    pub(super) told: Vec<Told>,
}

impl Account {
    /// How often it was told of other members since the group was complete.
    pub(super) fn changes(&self) -> usize {
        let is_change = |told: &&Told| matches!(told, Told::Members(_));
        self.since_complete().iter().filter(is_change).count().saturating_sub(1)
    }

    pub(super) fn messages(&self) -> usize {
        messages(&self.told).count()
    }

    /// From the first time that most members were there: before that each is told only since its own arrival.
    fn since_complete(&self) -> &[Told] {
        self.since(|sizes, largest| sizes.iter().position(|size| *size == Some(largest)))
    }

    /// From the last time that the group became complete.
    fn since_last_complete(&self) -> &[Told] {
        self.since(|sizes, largest| sizes.iter().rposition(|size| *size == Some(largest)))
    }

    fn since(&self, at: impl Fn(&[Option<usize>], usize) -> Option<usize>) -> &[Told] {
        let size = |told: &Told| match told {
            Told::Members(members) => Some(members.len()),
            Told::Message { .. } | Told::End => None,
        };
        let sizes: Vec<Option<usize>> = self.told.iter().map(size).collect();
        let largest = sizes.iter().flatten().max().copied().unwrap_or(0);
        at(&sizes, largest).map_or(&[], |start| &self.told[start..])
    }

    /// Messages come from members only, in the order in which each was sending, and none is left out as long as its
    /// sender stays a member.
    pub(super) fn check(&self) -> Result<()> {
        let mut members: BTreeSet<Member> = BTreeSet::new();
        let mut next: BTreeMap<Member, u64> = BTreeMap::new();
        // Whose messages before this are not known: they came together only now.
        let mut new: BTreeSet<Member> = BTreeSet::new();
        for told in &self.told {
            match told {
                Told::Members(now) => {
                    let now: BTreeSet<Member> = now.iter().copied().collect();
                    new.extend(now.difference(&members));
                    members = now;
                }
                Told::Message { sender, number } => {
                    let name = &self.name;
                    ensure!(
                        members.contains(sender),
                        "{name} got {number} of {sender:?}, no member"
                    );
                    let wanted = next.insert(*sender, number + 1).unwrap_or(0);
                    let fits = *number == wanted || (new.remove(sender) && *number > wanted);
                    ensure!(fits, "{name} got {number} of {sender:?}, not {wanted}");
                    new.remove(sender);
                }
                Told::End => {}
            }
        }
        Ok(())
    }
}

fn messages(told: &[Told]) -> impl Iterator<Item = (Member, u64)> {
    told.iter().filter_map(|told| match told {
        Told::Message { sender, number } => Some((*sender, *number)),
        Told::Members(_) | Told::End => None,
    })
}

/// Two that were together all the time were told the same.
pub(super) fn check_same(one: &Account, other: &Account) -> Result<()> {
    let (left, right) = (one.since_complete(), other.since_complete());
    let first = left.iter().zip(right).position(|(left, right)| left != right);
    if let Some(at) = first {
        let (left, right) =
            (&left[at..left.len().min(at + 3)], &right[at..right.len().min(at + 3)]);
        bail!("at {at} {} was told {left:?}, {} {right:?}", one.name, other.name);
    }
    ensure!(left.len() == right.len(), "{} has less or more than {}", one.name, other.name);
    Ok(())
}

/// What two got that may have been apart: no two messages in another order, and of a sender that `constant` was always
/// together with `visitor` got nothing that `constant` did not get.
pub(super) fn check_order(constant: &Account, visitor: &Account) -> Result<()> {
    let (one, other) = (&constant.told, &visitor.told);
    let all: BTreeSet<(Member, u64)> = messages(one).collect();
    let seen: BTreeSet<(Member, u64)> = messages(other).collect();
    let mut pairs =
        messages(one).filter(|m| seen.contains(m)).zip(messages(other).filter(|m| all.contains(m)));
    if let Some((left, right)) = pairs.find(|(left, right)| left != right) {
        bail!("{} got {left:?} where {} got {right:?}", constant.name, visitor.name);
    }
    let stayed: BTreeSet<Member> = constant.together().collect();
    let missing = seen.difference(&all).find(|(sender, _)| stayed.contains(sender));
    ensure!(missing.is_none(), "{} did not get {missing:?}, {} did", constant.name, visitor.name);
    Ok(())
}

impl Account {
    /// Who was there from the time when the group was complete to the end.
    fn together(&self) -> impl Iterator<Item = Member> {
        let mut stayed: Option<BTreeSet<Member>> = None;
        for told in self.since_complete() {
            if let Told::Members(now) = told {
                let now: BTreeSet<Member> = now.iter().copied().collect();
                stayed = Some(stayed.map_or(now.clone(), |before| &before & &now));
            }
        }
        stayed.unwrap_or_default().into_iter()
    }
}

/// Since the group was complete for the last time two were told the same. Only the first message of a sender may be
/// missing to one of them: it may have begun before.
pub(super) fn check_since_together(one: &Account, other: &Account) -> Result<()> {
    let (left, right) = (one.since_last_complete(), other.since_last_complete());
    let (left_set, right_set): (BTreeSet<_>, BTreeSet<_>) =
        (messages(left).collect(), messages(right).collect());
    for (told, has, lacks) in [(left, one, &right_set), (right, other, &left_set)] {
        let mut begun = BTreeSet::new();
        for message in messages(told) {
            let is_first = begun.insert(message.0);
            let is_missing = !lacks.contains(&message);
            ensure!(is_first || !is_missing, "only {} got {message:?}", has.name);
        }
    }
    let common = left_set.intersection(&right_set).count();
    ensure!(common > 0, "{} and {} have nothing in common", one.name, other.name);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(lines: &[&str]) -> Account {
        let told = lines.iter().map(|line| line.parse().expect("a line")).collect();
        Account { name: "it".to_owned(), told }
    }

    #[test]
    fn nothing_is_left_out_while_the_sender_stays() {
        let all = "members 1 100 2 200";
        let good = account(&[all, "message 1 100 0", "message 2 200 0", "message 1 100 1"]);
        good.check().expect("in order");
        account(&[all, "message 1 100 0", "message 1 100 2"]).check().expect_err("1 is missing");
        account(&[all, "message 1 100 1", "message 1 100 1"]).check().expect_err("1 came twice");
        let gone = ["members 1 100", all];
        let before = [all, "message 2 200 0"];
        account(&[&before[..], &gone, &["message 2 200 5"]].concat()).check().expect("came back");
        account(&[&before[..], &gone, &["message 2 200 0"]].concat()).check().expect_err("again");
        account(&[all, "members 1 100", "message 2 200 0"]).check().expect_err("it is gone");
    }

    #[test]
    fn another_order_and_a_loss_are_found() {
        let all = "members 1 100 2 200";
        let one = account(&[all, "message 1 100 0", "message 2 200 0", "end"]);
        let other = account(&[all, "message 2 200 0", "message 1 100 0", "end"]);
        check_same(&one, &one).expect("the same");
        check_same(&one, &other).expect_err("another order");
        check_order(&one, &other).expect_err("another order");
        let less = account(&[all, "message 1 100 0"]);
        check_same(&one, &less).expect_err("one less");
        check_order(&one, &less).expect("it left before the second");
        check_order(&less, &one).expect_err("the second is lost");
        assert_eq!(one.changes(), 0);
    }

    #[test]
    fn only_what_began_before_may_be_missing() {
        let (apart, all) = ("members 2 200", "members 1 100 2 200");
        let tail = ["message 2 200 8", "message 1 100 4", "end"];
        let sender =
            account(&[&[apart, "message 2 200 6", all, "message 2 200 7"][..], &tail].concat());
        let other = account(&[&["members 1 100", all][..], &tail].concat());
        check_since_together(&sender, &other).expect("7 began before");
        let lost = account(&["members 1 100", all, "message 1 100 4", "end"]);
        check_since_together(&sender, &lost).expect_err("8 is lost");
    }
}
