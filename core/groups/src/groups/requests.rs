use machine::Outbox;
use wire::{
    WireError,
    corosync::{
        Status,
        cpg::{
            GroupName, Kind, Multicast, Part, PartialMulticast, Request, encode_local_get,
            encode_membership,
        },
        encode_status,
    },
    exec::cpg::{
        Process, Sender, encode_join, encode_leave, encode_multicast, encode_partial_multicast,
    },
};

use super::{
    Groups,
    client::{Place, State},
    reason,
    registry::Listener,
    tell::addresses,
};
use crate::{ClientId, Notice, Output};

/// The most members of a group that C clients have room for; nobody can join a group beyond.
const MEMBERS_MAX: usize = 128;
/// The flag of a client that wants to hear the ring's membership when it joins.
const WANTS_RING: u32 = 1;

impl Groups {
    pub(super) fn on_request(&mut self, id: ClientId, message: &[u8], out: &mut Outbox<Output>) {
        if !self.clients.contains_key(&id) {
            return;
        }
        let kind = match Kind::decode(message) {
            Ok(kind) => kind,
            Err(error) => {
                self.refuse_request(id, error, out);
                answer(id, encode_status(0, Status::INVALID_PARAMETER), out);
                return;
            }
        };
        let done = match kind {
            Kind::Multicast => self.multicast(id, message, out).map(|()| None),
            Kind::PartialMulticast => {
                self.partial_multicast(id, message, out).map(|status| Some(kind.status(status)))
            }
            _ => Request::decode(message).map(|request| self.serve(id, kind, request, out)),
        };
        match done {
            Ok(Some(bytes)) => answer(id, bytes, out),
            Ok(None) => {}
            Err(error) => {
                let too_long = matches!(error, WireError::TooLong { field: "group name", .. });
                self.refuse_request(id, error, out);
                if kind == Kind::Join && too_long {
                    answer(id, kind.status(Status::NAME_TOO_LONG), out);
                } else if kind != Kind::Multicast {
                    answer(id, encode_status(0, Status::INVALID_PARAMETER), out);
                }
            }
        }
    }

    fn refuse_request(&mut self, client: ClientId, error: WireError, out: &mut Outbox<Output>) {
        self.statistics.malformed_requests += 1;
        out.push(Output::Notice(Notice::MalformedRequest { client, error }));
    }

    /// Everything but messages to a group; gives the answer.
    fn serve(
        &mut self,
        id: ClientId,
        kind: Kind,
        request: Request,
        out: &mut Outbox<Output>,
    ) -> Option<Vec<u8>> {
        let finalized = self.clients.get(&id).is_some_and(super::Client::is_finalized);
        if finalized && kind != Kind::Finalize {
            return Some(kind.status(Status::BAD_HANDLE));
        }
        Some(match request {
            Request::Join { group, pid, flags } => {
                kind.status(self.join(id, &group, pid, flags, out))
            }
            Request::Leave { group, pid } => kind.status(self.leave(id, &group, pid, out)),
            Request::Membership { group } => {
                let index = self.registry.find(group.as_bytes());
                let members = index.map_or(&[][..], |index| self.registry.get(index).members());
                encode_membership(&addresses(members, reason::NONE))
            }
            Request::LocalGet => encode_local_get(self.node.0),
            Request::Iteration(over) => self.begin_walk(id, kind, &over),
            Request::IterationNext { handle } => self.walk_on(id, kind, handle),
            Request::IterationEnd { handle } => self.end_walk(id, kind, handle),
            Request::Finalize => {
                self.finalize(id);
                kind.status(Status::OK)
            }
            Request::ZeroCopy(_) => kind.status(Status::NOT_SUPPORTED),
            // These have a way of their own, without a copy of the payload.
            Request::Multicast { .. } | Request::PartialMulticast { .. } => return None,
        })
    }

    fn join(
        &mut self,
        id: ClientId,
        name: &GroupName,
        pid: u32,
        flags: u32,
        out: &mut Outbox<Output>,
    ) -> Status {
        let Some(client) = self.clients.get_mut(&id) else { return Status::LIBRARY };
        match client.state {
            State::Unjoined => {}
            State::LeaveStarted(_) => return Status::BUSY,
            State::JoinStarted(_) | State::Joined(_) | State::Finalized(_) => return Status::EXIST,
        }
        if let Some(index) = self.registry.find(name.as_bytes()) {
            let group = self.registry.get(index);
            if group.has_client(pid) {
                return Status::EXIST;
            }
            // A process of that number has ended, and the ring has not delivered that yet.
            if group.has(self.node, pid) {
                return Status::TRY_AGAIN;
            }
            if group.members().len() >= MEMBERS_MAX {
                return Status::NO_RESOURCES;
            }
        }
        let group = self.registry.find_or_make(name);
        self.registry.listen(group, Listener { client: id, pid, hears: false });
        client.state = State::JoinStarted(Place { group, pid });
        if flags & WANTS_RING != 0 && !client.told_ring && !self.wait_for_ring.contains(&id) {
            self.wait_for_ring.push(id);
        }
        let process = Process { pid, group: name.clone() };
        out.push(Output::Multicast(encode_join(&process)));
        Status::OK
    }

    fn leave(
        &mut self,
        id: ClientId,
        name: &GroupName,
        pid: u32,
        out: &mut Outbox<Output>,
    ) -> Status {
        let Some(client) = self.clients.get_mut(&id) else { return Status::LIBRARY };
        let place = match client.state {
            State::Unjoined | State::LeaveStarted(_) | State::Finalized(_) => {
                return Status::NOT_EXIST;
            }
            State::JoinStarted(_) => return Status::BUSY,
            State::Joined(place) => place,
        };
        // The C daemon would report whatever process of whatever group the client names.
        if self.registry.get(place.group).name != *name {
            return Status::NOT_EXIST;
        }
        if place.pid != pid {
            return Status::INVALID_PARAMETER;
        }
        client.state = State::LeaveStarted(place);
        let process = Process { pid, group: name.clone() };
        out.push(Output::Multicast(encode_leave(&process, reason::LEAVE)));
        Status::OK
    }

    fn finalize(&mut self, id: ClientId) {
        let Some(client) = self.clients.get_mut(&id) else { return };
        client.walks.clear();
        let state = std::mem::replace(&mut client.state, State::Unjoined);
        let process = self.retire(id, state);
        if let Some(client) = self.clients.get_mut(&id) {
            client.state = State::Finalized(process);
        }
    }

    fn multicast(
        &mut self,
        id: ClientId,
        message: &[u8],
        out: &mut Outbox<Output>,
    ) -> Result<(), WireError> {
        let request = Multicast::decode(message)?;
        let place = self.clients.get(&id).map_or(Err(Status::NOT_EXIST), |c| c.state.sends_to());
        match place {
            Ok(place) => {
                let sender = self.sender(id, place);
                out.push(Output::Multicast(encode_multicast(&sender, &request)));
            }
            Err(status) => self.refuse_sender(id, status, out),
        }
        Ok(())
    }

    fn partial_multicast(
        &mut self,
        id: ClientId,
        message: &[u8],
        out: &mut Outbox<Output>,
    ) -> Result<Status, WireError> {
        let request = PartialMulticast::decode(message)?;
        let Some(client) = self.clients.get_mut(&id) else { return Ok(Status::LIBRARY) };
        if request.part == Part::First {
            client.changes_at_first_part = client.changes;
        }
        let place = if client.changes == client.changes_at_first_part {
            client.state.sends_to()
        } else {
            // Who joined between two parts would get a message without its beginning.
            Err(Status::INTERRUPT)
        };
        Ok(match place {
            Ok(place) => {
                let sender = self.sender(id, place);
                out.push(Output::Multicast(encode_partial_multicast(&sender, &request)));
                Status::OK
            }
            Err(status) => {
                self.refuse_sender(id, status, out);
                status
            }
        })
    }

    fn sender(&self, id: ClientId, place: Place) -> Sender<'_> {
        Sender { group: self.name(place), node: self.node.0, pid: place.pid, connection: id.0 }
    }

    fn refuse_sender(&mut self, client: ClientId, status: Status, out: &mut Outbox<Output>) {
        if status == Status::NOT_EXIST {
            self.statistics.not_members += 1;
            out.push(Output::Notice(Notice::NotMember { client, status }));
        }
    }
}

fn answer(client: ClientId, message: Vec<u8>, out: &mut Outbox<Output>) {
    out.push(Output::Answer { client, message });
}
