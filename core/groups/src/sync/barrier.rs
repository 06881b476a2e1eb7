use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use machine::{Instant, Outbox};
use vocab::NodeId;
use wire::{
    corosync::RingId,
    exec::{Service, sync::Message},
};

use super::{Input, Notice, Output, Settings};

/// What all nodes have to agree on in one membership.
#[derive(Debug)]
struct Round {
    ring: RingId,
    members: Arc<[NodeId]>,
    /// Who has been heard in the present stage.
    heard: BTreeSet<NodeId>,
    /// The numbers of all nodes' services that have not had their turn, with those of ours that are among them.
    waiting: BTreeMap<i32, Option<Service>>,
    stage: Stage,
}

/// How far a round has come.
#[derive(Clone, Copy, Debug)]
enum Stage {
    /// The nodes tell each other which services they have.
    List,
    /// The service with the lowest number that waits says what it has to say.
    Turn,
    /// It has, and not all nodes have reported that of theirs.
    Report,
}

#[derive(Debug)]
enum State {
    /// There was no membership yet, or another one is about to come.
    Unformed,
    /// Services are being synchronised.
    Running(Round),
    /// They are.
    Done,
}

/// The barrier of one node.
#[derive(Debug)]
pub struct Barrier {
    services: BTreeMap<i32, Option<Service>>,
    transitional: Vec<NodeId>,
    state: State,
}

impl Barrier {
    /// A barrier that waits for the first membership.
    pub fn new(settings: Settings) -> Self {
        let numbered = |service: Service| (i32::from(service.number()), Some(service));
        Self {
            services: settings.services.into_iter().map(numbered).collect(),
            transitional: Vec::new(),
            state: State::Unformed,
        }
    }

    /// Takes one input.
    pub fn handle(&mut self, _now: Instant, input: Input<'_>, out: &mut Outbox<Output>) {
        match input {
            Input::Transitional { members } => {
                self.abort(out);
                self.transitional = members.to_vec();
            }
            Input::Regular { ring, members } => {
                self.abort(out);
                self.begin(ring, members, out);
            }
            Input::Deliver { from, message } => self.on_message(from, message, out),
            Input::Synced(service) => self.on_synced(service, out),
        }
    }

    /// Whether services are being synchronised, or there never was a membership: from the first configuration of a change
    /// until [`Output::Completed`]. Clients' requests that need the ring wait that long.
    pub fn is_running(&self) -> bool {
        match self.state {
            State::Unformed | State::Running(_) => true,
            State::Done => false,
        }
    }

    fn abort(&mut self, out: &mut Outbox<Output>) {
        match std::mem::replace(&mut self.state, State::Unformed) {
            // A service that has said all it has to say hears of the change when the next round begins.
            State::Running(Round { stage: Stage::Turn, waiting, .. }) => {
                if let Some((_, Some(service))) = waiting.first_key_value() {
                    out.push(Output::Abort(*service));
                }
            }
            State::Running(_) | State::Unformed | State::Done => {}
        }
    }

    fn begin(&mut self, ring: RingId, members: &[NodeId], out: &mut Outbox<Output>) {
        // Who was lost between the two configurations did not come along after all.
        self.transitional.retain(|node| members.contains(node));
        let services = self.services.keys().copied().collect();
        out.push(Output::Multicast(Message::Services { ring, services }.encode()));
        let transitional: Arc<[NodeId]> = self.transitional.as_slice().into();
        let members: Arc<[NodeId]> = members.into();
        for &service in self.services.values().flatten() {
            out.push(Output::Init {
                service,
                transitional: Arc::clone(&transitional),
                members: Arc::clone(&members),
                ring,
            });
        }
        self.state = State::Running(Round {
            ring,
            members,
            heard: BTreeSet::new(),
            waiting: self.services.clone(),
            stage: Stage::List,
        });
    }

    fn on_message(&mut self, from: NodeId, message: &[u8], out: &mut Outbox<Output>) {
        let message = match Message::decode(message) {
            Ok(message) => message,
            Err(error) => {
                out.push(Output::Notice(Notice::Malformed { node: from, error }));
                return;
            }
        };
        // Messages of a membership that is over still come, and mean nothing.
        let State::Running(round) = &mut self.state else { return };
        if round.ring != message.ring() {
            return;
        }
        if !round.members.contains(&from) {
            out.push(Output::Notice(Notice::Stranger { node: from }));
            return;
        }
        match (message, round.stage) {
            (Message::Services { services, .. }, Stage::List) => {
                for number in services {
                    round.waiting.entry(number).or_insert(None);
                }
                if round.hear(from) {
                    self.next_turn(out);
                }
            }
            (Message::Barrier { .. }, Stage::Turn | Stage::Report) => {
                // Others may be through before the local service is; not all are before it is.
                if round.hear(from) {
                    if let Some((_, Some(service))) = round.waiting.pop_first() {
                        out.push(Output::Activate(service));
                    }
                    self.next_turn(out);
                }
            }
            (Message::Services { .. }, Stage::Turn | Stage::Report)
            | (Message::Barrier { .. }, Stage::List) => {
                out.push(Output::Notice(Notice::OutOfTurn { node: from }));
            }
        }
    }

    fn next_turn(&mut self, out: &mut Outbox<Output>) {
        let State::Running(round) = &mut self.state else { return };
        round.heard.clear();
        match round.waiting.first_key_value() {
            Some((_, Some(service))) => {
                round.stage = Stage::Turn;
                out.push(Output::Process(*service));
            }
            // Another node's service, which has nothing to say here.
            Some((_, None)) => round.report(out),
            None => {
                self.state = State::Done;
                out.push(Output::Notice(Notice::Completed));
                out.push(Output::Completed);
            }
        }
    }

    fn on_synced(&mut self, synced: Service, out: &mut Outbox<Output>) {
        if let State::Running(round) = &mut self.state
            && let (Stage::Turn, Some((_, Some(service)))) =
                (round.stage, round.waiting.first_key_value())
            && *service == synced
        {
            round.report(out);
        }
    }
}

impl Round {
    /// Notes that a member was heard; whether all have been now.
    fn hear(&mut self, from: NodeId) -> bool {
        self.heard.insert(from);
        self.heard.len() == self.members.len()
    }

    fn report(&mut self, out: &mut Outbox<Output>) {
        self.stage = Stage::Report;
        out.push(Output::Multicast(Message::Barrier { ring: self.ring }.encode()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RING: RingId = RingId { node: 1, sequence: 8 };

    fn node(services: &[Service]) -> Barrier {
        Barrier::new(Settings { services: services.to_vec() })
    }

    fn handle(barrier: &mut Barrier, input: Input<'_>) -> Vec<Output> {
        let mut out = Outbox::new();
        barrier.handle(Instant::START, input, &mut out);
        out.drain().collect()
    }

    fn say(barrier: &mut Barrier, from: u32, message: &Message) -> Vec<Output> {
        let sent = message.encode();
        handle(barrier, Input::Deliver { from: NodeId(from), message: sent.message() })
    }

    fn services(numbers: &[i32]) -> Message {
        Message::Services { ring: RING, services: numbers.to_vec() }
    }

    const REPORT: Message = Message::Barrier { ring: RING };

    #[test]
    fn services_have_their_turns_by_number_also_those_that_only_others_have() {
        let mut barrier = node(&[Service::Votequorum, Service::Cmap, Service::Cpg]);
        assert!(barrier.is_running());
        let members = [NodeId(1), NodeId(2)];
        handle(&mut barrier, Input::Transitional { members: &[NodeId(1), NodeId(9)] });
        let begun = handle(&mut barrier, Input::Regular { ring: RING, members: &members });
        assert_eq!(begun[0], Output::Multicast(services(&[0, 2, 5]).encode()));
        let init = |service| Output::Init {
            service,
            transitional: Arc::new([NodeId(1)]),
            members: Arc::new(members),
            ring: RING,
        };
        let all = [Service::Cmap, Service::Cpg, Service::Votequorum].map(init);
        assert_eq!(begun[1..], all);

        say(&mut barrier, 1, &services(&[0, 2, 5]));
        let output = say(&mut barrier, 2, &services(&[0, 3, 5]));
        assert_eq!(output, [Output::Process(Service::Cmap)]);
        let report = Output::Multicast(REPORT.encode());
        assert_eq!(handle(&mut barrier, Input::Synced(Service::Cpg)), [], "not its turn");
        let reported = handle(&mut barrier, Input::Synced(Service::Cmap));
        assert_eq!(reported, std::slice::from_ref(&report));
        assert_eq!(handle(&mut barrier, Input::Synced(Service::Cmap)), [], "once is enough");
        // Activated one by one; nothing is asked of anybody here for service 3.
        let expected = [
            vec![Output::Activate(Service::Cmap), Output::Process(Service::Cpg)],
            vec![Output::Activate(Service::Cpg), report.clone()],
            vec![Output::Process(Service::Votequorum)],
        ];
        for (turn, expected) in expected.into_iter().enumerate() {
            if turn == 1 {
                let reported = handle(&mut barrier, Input::Synced(Service::Cpg));
                assert_eq!(reported, std::slice::from_ref(&report));
            }
            assert_eq!(say(&mut barrier, 1, &REPORT), []);
            assert_eq!(say(&mut barrier, 2, &REPORT), expected);
        }
        handle(&mut barrier, Input::Synced(Service::Votequorum));
        say(&mut barrier, 2, &REPORT);
        assert!(barrier.is_running());
        let activated = Output::Activate(Service::Votequorum);
        let completed = [activated, Output::Notice(Notice::Completed), Output::Completed];
        assert_eq!(say(&mut barrier, 1, &REPORT), completed);
        assert!(!barrier.is_running());
        assert_eq!(say(&mut barrier, 1, &REPORT), []);
    }

    #[test]
    fn a_change_aborts_the_service_whose_turn_it_is_and_what_came_before_counts_no_more() {
        let mut barrier = node(&[Service::Cpg]);
        let members = [NodeId(1), NodeId(2)];
        handle(&mut barrier, Input::Regular { ring: RING, members: &members });
        say(&mut barrier, 1, &services(&[2]));
        say(&mut barrier, 2, &services(&[2]));
        let alone = Input::Transitional { members: &[NodeId(1)] };
        assert_eq!(handle(&mut barrier, alone), [Output::Abort(Service::Cpg)]);
        assert_eq!(handle(&mut barrier, Input::Synced(Service::Cpg)), []);
        assert_eq!(say(&mut barrier, 1, &REPORT), []);
        let ring = RingId { node: 1, sequence: 12 };
        handle(&mut barrier, Input::Regular { ring, members: &[NodeId(1)] });
        assert_eq!(say(&mut barrier, 1, &services(&[2])), [], "of the old ring");
        let list = Message::Services { ring, services: vec![2] };
        assert_eq!(say(&mut barrier, 1, &list), [Output::Process(Service::Cpg)]);
    }

    #[test]
    fn without_services_all_is_done_once_all_have_said_so() {
        let mut barrier = node(&[]);
        handle(&mut barrier, Input::Regular { ring: RING, members: &[NodeId(1)] });
        let output = say(&mut barrier, 1, &services(&[]));
        assert_eq!(output, [Output::Notice(Notice::Completed), Output::Completed]);
    }
}
