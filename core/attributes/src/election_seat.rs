//! The manager's part in the election of the writer.

use election::{Ballot, Status};
use machine::Outbox;
use messages::attributes::WriterState;
use vocab::{NodeId, NodeName};

use crate::{AttributeManager, Note, Output, Timer, attribute::NodeKey, manager::Moment};

impl AttributeManager {
    /// Hands an input to the election and does what it asks.
    pub(crate) fn with_election(
        &mut self,
        moment: Moment,
        input: election::Input,
        out: &mut Outbox<Output>,
    ) {
        let before = self.election.status();
        let mut wishes = Outbox::new();
        self.election.handle(moment.now, input, &mut wishes);
        while let Some(wish) = wishes.pop() {
            match wish {
                election::Output::Send { to, ballot } => {
                    let to = match to {
                        None => None,
                        // Who has left in the meantime needs no ballot any more.
                        Some(id) => match self.members.get(&id) {
                            Some(name) => Some((id, name.clone())),
                            None => continue,
                        },
                    };
                    out.push(Output::SendBallot { to, ballot });
                }
                election::Output::Arm { token, after } => {
                    out.push(Output::Arm { timer: Timer::Election, token, after });
                }
                election::Output::Started { .. } => {
                    self.writer = None;
                    out.push(Output::Note(Note::Election));
                }
                election::Output::Won => self.on_won(out),
                election::Output::Lost { to } => {
                    // Presumed until the winner says so itself. A vote that came late does not change who is known.
                    if (self.writer.is_none() || before != Status::Lost)
                        && let Some(name) = self.members.get(&to)
                    {
                        self.writer = Some(name.clone());
                    }
                }
            }
        }
    }

    pub(crate) fn on_ballot(
        &mut self,
        moment: Moment,
        from: NodeId,
        ballot: Ballot,
        out: &mut Outbox<Output>,
    ) {
        let eligible = !self.stopping;
        let input = election::Input::Ballot { from, ballot, age: moment.age, eligible };
        self.with_election(moment, input, out);
    }

    fn on_won(&mut self, out: &mut Outbox<Output>) {
        out.push(Output::Note(Note::LocalWriter));
        self.writer = Some(self.settings.name.clone());
        self.send_values(None, out);
        // What the last writer did with its last changes is not known.
        self.write_all(false, out);
    }

    pub(crate) fn elect_if_needed(&mut self, moment: Moment, out: &mut Outbox<Output>) {
        let running = self.election.status() == Status::Running;
        if self.writer.is_none() && !running && !self.stopping {
            self.with_election(moment, election::Input::Begin { age: moment.age }, out);
        }
    }

    /// Takes note of what a peer says about itself when it sends its values. Whether it is the writer.
    pub(crate) fn note_writer(
        &mut self,
        moment: Moment,
        peer: &NodeName,
        state: WriterState,
        out: &mut Outbox<Output>,
    ) -> bool {
        if state != WriterState::Won {
            return false;
        }
        let known =
            self.writer.as_ref().is_some_and(|name| NodeKey::from(name) == NodeKey::from(peer));
        if self.is_writer() && !self.is_local(peer) {
            out.push(Output::Note(Note::SecondWriter(peer.clone())));
            self.with_election(moment, election::Input::Begin { age: moment.age }, out);
        } else if !known {
            out.push(Output::Note(Note::Writer(peer.clone())));
            self.writer = Some(peer.clone());
        }
        true
    }

    pub(crate) fn on_peer_lost(
        &mut self,
        moment: Moment,
        peer: &NodeName,
        out: &mut Outbox<Output>,
    ) {
        let was_writer =
            self.writer.as_ref().is_some_and(|name| NodeKey::from(name) == NodeKey::from(peer));
        if was_writer {
            self.writer = None;
            out.push(Output::Note(Note::WriterLost(peer.clone())));
            // It may have left changes unwritten, so a successor is needed even if nothing changes from now on.
            self.elect_if_needed(moment, out);
        }
    }
}
