use std::{collections::BTreeMap, time::Duration};

use machine::Instant;

use crate::Dropped;

/// How long one kind of bad frame is not told about again.
const SILENCE: Duration = Duration::from_secs(1);

/// Kinds of bad frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Malformed,
    OutOfWindow,
    CommitToken,
    Packet,
    TooManyNodes,
    DuplicateNode,
}

/// When bad frames were told about: whoever sends many of them must not fill the log.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    told: BTreeMap<Kind, Instant>,
}

impl Refusals {
    pub(crate) fn may_tell(&mut self, now: Instant, why: &Dropped) -> bool {
        self.may_tell_kind(
            now,
            match why {
                Dropped::Malformed(_) => Kind::Malformed,
                Dropped::OutOfWindow(..) => Kind::OutOfWindow,
                Dropped::CommitToken(_) => Kind::CommitToken,
                Dropped::Packet(_) => Kind::Packet,
                Dropped::TooManyNodes(_) => Kind::TooManyNodes,
            },
        )
    }

    pub(crate) fn may_tell_duplicate(&mut self, now: Instant) -> bool {
        self.may_tell_kind(now, Kind::DuplicateNode)
    }

    fn may_tell_kind(&mut self, now: Instant, kind: Kind) -> bool {
        let is_silent = self.told.get(&kind).is_some_and(|&told| now.since(told) < SILENCE);
        if !is_silent {
            self.told.insert(kind, now);
        }
        !is_silent
    }
}
