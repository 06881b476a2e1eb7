//! What clients want.

use std::collections::BTreeMap;

use groups::Admission;
use ipc::{ClientId, RequestFlow, ServerEvent};
use runtime::Severity;
use vocab::NodeId;
use wire::{
    WireError,
    corosync::{
        Status, cfg as cfg_service, cmap as cmap_service, encode_status, quorum, votequorum,
    },
    exec::Service,
};

use crate::{cfg, daemon::Daemon};

/// Set in the numbers of clients of "votequorum", since one machine serves both services.
const VOTES: u64 = 1 << 63;

/// A client that has more events than this waiting gets no requests served until it has read some.
const EVENTS_BEHIND_MAX: usize = 64;

/// Requests of the service "cpg" that have to wait for the ring, one of each client.
#[derive(Debug, Default)]
pub(crate) struct Held {
    requests: BTreeMap<ClientId, Vec<u8>>,
}

/// The machine's number of a client of one of the two services about quorum.
const fn for_quorum(service: Service, client: ClientId) -> ::quorum::ClientId {
    match service {
        Service::Votequorum => ::quorum::ClientId(client.0 | VOTES),
        Service::Cmap | Service::Cfg | Service::Cpg | Service::Quorum => {
            ::quorum::ClientId(client.0)
        }
    }
}

/// The service and the connection behind the machine's number.
pub(crate) const fn of_quorum(client: ::quorum::ClientId) -> (Service, ClientId) {
    let service = if client.0 & VOTES == 0 { Service::Quorum } else { Service::Votequorum };
    (service, ClientId(client.0 & !VOTES))
}

impl Held {
    /// Whether nobody waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }
}

impl Daemon {
    pub(crate) fn on_client(&mut self, service: Service, event: ServerEvent) {
        match event {
            ServerEvent::Connected { client, .. } => self.on_connected(service, client),
            ServerEvent::Disconnected { client } => self.on_disconnected(service, client),
            ServerEvent::Request { client, bytes } => match service {
                Service::Cpg => self.on_cpg(client, bytes),
                Service::Cfg => self.on_cfg_request(client, &bytes),
                Service::Cmap => self.on_cmap(client, &bytes),
                Service::Quorum | Service::Votequorum => {
                    self.on_quorum_request(service, client, &bytes);
                }
            },
        }
    }

    fn on_connected(&mut self, service: Service, client: ClientId) {
        let now = self.clock.now();
        match service {
            Service::Cpg => {
                let input = groups::Input::Connected(groups::ClientId(client.0));
                self.groups.handle(now, input, &mut self.out.groups);
            }
            Service::Cmap => {
                let input = ::cmap::Input::Connected(::cmap::ClientId(client.0));
                self.set_in_map(input);
            }
            Service::Cfg | Service::Quorum | Service::Votequorum => {}
        }
    }

    pub(crate) fn on_disconnected(&mut self, service: Service, client: ClientId) {
        let now = self.clock.now();
        match service {
            Service::Cpg => {
                self.held.requests.remove(&client);
                let input = groups::Input::Disconnected(groups::ClientId(client.0));
                self.groups.handle(now, input, &mut self.out.groups);
            }
            Service::Cmap => {
                let input = ::cmap::Input::Disconnected(::cmap::ClientId(client.0));
                self.set_in_map(input);
            }
            Service::Cfg => self.cfg.handle(cfg::Input::Gone(client), &mut self.out.cfg),
            Service::Quorum | Service::Votequorum => {
                let input = ::quorum::Input::Disconnected(for_quorum(service, client));
                self.quorum.handle(now, input, &mut self.out.quorum);
            }
        }
    }

    fn on_cpg(&mut self, client: ClientId, message: Vec<u8>) {
        match self.cpg_admission(client, &message) {
            Admission::Take => self.take_cpg(client, &message),
            Admission::TryAgain => {
                self.endpoints.answer(Service::Cpg, client, &encode_status(0, Status::TRY_AGAIN));
            }
            Admission::Hold => {
                self.held.requests.insert(client, message);
                if let Some(server) = self.endpoints.server(Service::Cpg) {
                    server.set_client_flow(client, RequestFlow::Hold);
                }
            }
        }
    }

    fn cpg_admission(&self, client: ClientId, message: &[u8]) -> Admission {
        // Who sends faster than it reads would have its own messages pile up here until it is thrown out.
        if self.endpoints.waiting(Service::Cpg, client) > EVENTS_BEHIND_MAX {
            return Admission::Hold;
        }
        let has_room = |bytes| self.waiting.is_empty() && self.ring.has_room_for(bytes);
        self.groups.admission(message, self.barrier.is_running(), has_room)
    }

    fn take_cpg(&mut self, client: ClientId, message: &[u8]) {
        let input = groups::Input::Request { client: groups::ClientId(client.0), message };
        self.groups.handle(self.clock.now(), input, &mut self.out.groups);
    }

    /// Serves a client that had to wait; false if there is none, or it still has to.
    pub(crate) fn resume_client(&mut self) -> bool {
        let mut held = self.held.requests.iter();
        let ready =
            held.find(|(client, message)| self.cpg_admission(**client, message) != Admission::Hold);
        let Some((&client, _)) = ready else { return false };
        let Some(message) = self.held.requests.remove(&client) else { return false };
        if let Some(server) = self.endpoints.server(Service::Cpg) {
            server.set_client_flow(client, RequestFlow::Open);
        }
        self.on_cpg(client, message);
        true
    }

    fn on_quorum_request(&mut self, service: Service, client: ClientId, message: &[u8]) {
        let request = if service == Service::Votequorum {
            votequorum::Request::decode(message).map(::quorum::Request::Votes)
        } else {
            quorum::Request::decode(message).map(::quorum::Request::Quorum)
        };
        match request {
            Ok(request) => {
                let client = for_quorum(service, client);
                let input = ::quorum::Input::Request { client, request };
                self.quorum.handle(self.clock.now(), input, &mut self.out.quorum);
            }
            Err(error) => self.refuse(service, client, &error),
        }
    }

    fn on_cmap(&mut self, client: ClientId, message: &[u8]) {
        match cmap_service::Request::decode(message) {
            Ok(request) => {
                let client = ::cmap::ClientId(client.0);
                self.refresh_statistics();
                let input = ::cmap::Input::Request { client, request };
                self.set_in_map(input);
                self.follow_statistics();
            }
            Err(error) => match cmap_service::refusal(message) {
                Some(answer) => self.endpoints.answer(Service::Cmap, client, &answer),
                None => self.refuse(Service::Cmap, client, &error),
            },
        }
    }

    /// A request that cannot be read is refused as the original refuses one that it does not know.
    fn refuse(&mut self, service: Service, client: ClientId, error: &WireError) {
        let name = crate::endpoints::name(service);
        let text =
            format!("refused a request of client {client} of {name} that cannot be read: {error}");
        self.journal.log("MAIN", Severity::Warning, text);
        let answer = encode_status(0, Status::INVALID_PARAMETER);
        self.endpoints.answer(service, client, &answer);
    }

    fn on_cfg_request(&mut self, client: ClientId, message: &[u8]) {
        use cfg_service::{Answered, Request};
        let request = match Request::decode(message) {
            Ok(request) => request,
            Err(error) => return self.refuse(Service::Cfg, client, &error),
        };
        let answer = match request {
            Request::RingStatus => cfg_service::encode_ring_status(&self.ring_status()),
            Request::NodeStatus { node } => match self.node_status(NodeId(node)) {
                Some(status) => status.encode(),
                // As the original: the answer has no more than a header.
                None => Answered::NodeStatus.encode(Status::FAILED_OPERATION),
            },
            Request::NodeAddresses { node } => {
                let node = if node == 0 { self.node } else { NodeId(node) };
                cfg_service::encode_node_addresses(&self.configuration.addresses(node))
            }
            Request::LocalGet => cfg_service::encode_local_get(self.node.0),
            Request::LinkReenable => Answered::LinkReenable.encode(Status::NOT_SUPPORTED),
            Request::KillNode { node, .. } if !self.members.contains(NodeId(node)) => {
                Answered::KillNode.encode(Status::NOT_EXIST)
            }
            Request::KillNode { .. } | Request::TryShutdown { .. } | Request::Reload
                if self.barrier.is_running() =>
            {
                encode_status(0, Status::TRY_AGAIN)
            }
            request => {
                let input = cfg::Input::Request { client, request };
                self.cfg.handle(input, &mut self.out.cfg);
                return;
            }
        };
        self.endpoints.answer(Service::Cfg, client, &answer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_of_two_services_have_different_numbers() {
        for service in [Service::Quorum, Service::Votequorum] {
            assert_eq!(of_quorum(for_quorum(service, ClientId(7))), (service, ClientId(7)));
        }
    }
}
