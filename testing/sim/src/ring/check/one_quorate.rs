use std::collections::BTreeMap;

use quorum::View;

use super::{Book, ProcessKey, Verdict};

/// At most one partition may act.
///
/// A daemon learns of a new membership a little sooner or later than others, and one that pauses learns nothing. What holds
/// at every moment is that two partitions that may act have a node in common: that node has left one of them, and who is
/// still there will find out. When all is quiet and votes alone decide, all know whether they may act. Where nodes wait for
/// all others, who lost quorum in between waits again, and who did not does not: those of one ring may then disagree, as they
/// may with Corosync.
#[derive(Debug, Default)]
pub(super) struct OneQuorate {
    /// What each daemon found out last.
    views: BTreeMap<ProcessKey, View>,
}

impl OneQuorate {
    pub(super) fn viewed(&mut self, book: &Book, process: ProcessKey, mut view: View) -> Verdict {
        // Before its first ring a node counts itself.
        if view.members.is_empty() {
            view.members.push(book.process(process).node);
        } else if Some(view.ring) != book.ring_id_of(process) {
            return Err(format!("{} found {view:?}, but is elsewhere", book.who(process)));
        }
        let live = self.views.iter().filter(|(other, _)| book.process(**other).lives);
        let quorate = live.filter(|(_, other)| view.quorate && other.quorate);
        for (other, others_view) in quorate {
            if !view.members.iter().any(|member| others_view.members.contains(member)) {
                return Err(format!(
                    "{} may act with {:?}, {} with {:?}",
                    book.who(process),
                    view.members,
                    book.who(*other),
                    others_view.members,
                ));
            }
        }
        self.views.insert(process, view);
        Ok(())
    }

    /// All live daemons are in one ring, and must have found out what is so.
    pub(super) fn finished(&self, book: &Book, is_quorate: bool) -> Verdict {
        for (process, _) in book.processes().filter(|(_, facts)| facts.lives) {
            let ring = book.ring_id_of(process);
            let view = self.views.get(&process);
            let is_right =
                view.is_some_and(|view| view.quorate == is_quorate && Some(view.ring) == ring);
            if !is_right {
                return Err(format!("{} found {view:?}", book.who(process)));
            }
        }
        Ok(())
    }
}
