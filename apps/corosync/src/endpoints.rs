//! Where clients connect: one endpoint for each service.

use std::{
    io,
    task::{Context, Poll},
};

use cmap::Value;
use ipc::{Access, Allowed, Backlog, ClientId, RequestFlow, Server, ServerEvent, ServerSettings};
use wire::{corosync::MESSAGE_MAX, exec::Service, qb::Transport};

/// The endpoints of all services.
#[derive(Debug)]
pub(crate) struct Endpoints {
    servers: Vec<(Service, Server)>,
    /// The one that has its turn next.
    next: usize,
}

/// The name that clients of a service connect to.
pub(crate) const fn name(service: Service) -> &'static str {
    match service {
        Service::Cmap => "cmap",
        Service::Cfg => "cfg",
        Service::Cpg => "cpg",
        Service::Quorum => "quorum",
        Service::Votequorum => "votequorum",
    }
}

impl Endpoints {
    /// Starts to listen for clients of these services.
    pub(crate) fn bind(
        services: &[Service],
        transport: Transport,
        access: &Allowed,
    ) -> io::Result<Self> {
        let bind = |&service: &Service| {
            let settings = ServerSettings {
                name: name(service).to_owned(),
                transport,
                max_message_bytes: MESSAGE_MAX,
                access: Access::Listed(access.clone()),
                backlog: Backlog::RING,
            };
            let mut server = Server::bind(settings).map_err(|error| {
                io::Error::new(error.kind(), format!("endpoint {}: {error}", name(service)))
            })?;
            // Nobody is served before this node knows who is in the ring.
            server.set_ready(false);
            Ok((service, server))
        };
        Ok(Self { servers: services.iter().map(bind).collect::<io::Result<_>>()?, next: 0 })
    }

    /// The next thing a client wants, each service in turn.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<(Service, ServerEvent)> {
        let count = self.servers.len();
        for offset in 0..count {
            let at = (self.next + offset) % count;
            let (service, server) = &mut self.servers[at];
            if let Poll::Ready(event) = server.poll_next(cx) {
                self.next = at + 1;
                return Poll::Ready((*service, event));
            }
        }
        Poll::Pending
    }

    /// Answers a request. A client that has gone needs no answer.
    pub(crate) fn answer(&mut self, service: Service, client: ClientId, message: &[u8]) {
        if let Some(server) = self.server(service) {
            let _ = server.respond(client, message);
        }
    }

    /// Tells a client something. A client that has gone, or takes nothing, is reported by [`Self::poll_next`].
    pub(crate) fn event(&mut self, service: Service, client: ClientId, message: &[u8]) {
        if let Some(server) = self.server(service) {
            let _ = server.event(client, message);
        }
    }

    /// Tells a client something, and announces it together with what else it is told in this turn of the loop.
    pub(crate) fn post(&mut self, service: Service, client: ClientId, message: &[u8]) {
        if let Some(server) = self.server(service) {
            let _ = server.post(client, &[message]);
        }
    }

    /// How many events wait for a client to read others.
    pub(crate) fn waiting(&self, service: Service, client: ClientId) -> usize {
        let server = self.servers.iter().find(|(of, _)| *of == service);
        server.map_or(0, |(_, server)| server.waiting(client))
    }

    /// Lets clients connect from now on.
    pub(crate) fn admit_clients(&mut self) {
        for (_, server) in &mut self.servers {
            server.set_ready(true);
        }
    }

    /// Ends all connections of a service and lets nobody connect any more. Gives those that there were, the oldest first.
    pub(crate) fn close(&mut self, service: Service) -> Vec<ClientId> {
        let Some(server) = self.server(service) else { return Vec::new() };
        server.set_ready(false);
        let clients: Vec<ClientId> = server.connections().map(|(client, _)| client).collect();
        for &client in &clients {
            server.disconnect(client);
        }
        clients
    }

    /// Lets others connect from now on; whoever is connected stays.
    pub(crate) fn set_access(&mut self, allowed: &Allowed) {
        for (_, server) in &mut self.servers {
            server.set_access(Access::Listed(allowed.clone()));
        }
    }

    /// Connections and what they have done, as keys of the map of statistics.
    pub(crate) fn statistics(&self) -> Vec<(String, Value)> {
        let mut values = Vec::new();
        let (mut active, mut closed) = (0, 0);
        for (service, server) in &self.servers {
            let stats = server.stats();
            active += stats.active;
            closed += stats.closed;
            for (client, stats) in server.connections() {
                let process = stats.credentials.pid;
                let prefix = cmap::statistics::client_prefix(service.number(), process, client.0);
                let waiting = u32::try_from(stats.waiting).unwrap_or(u32::MAX);
                let flow = u32::from(stats.flow != RequestFlow::Open);
                for (name, value) in [
                    ("queueing", Value::I32(i32::from(waiting > 0))),
                    ("queued", Value::U32(waiting)),
                    ("invalid_request", Value::U64(0)),
                    ("overload", Value::U64(0)),
                    ("sent", Value::U32(u32::try_from(stats.events).unwrap_or(u32::MAX))),
                    ("procname", Value::Text(stats.process_name)),
                    ("requests", Value::U64(stats.requests)),
                    ("responses", Value::U64(stats.responses)),
                    ("dispatched", Value::U64(stats.events)),
                    ("send_retries", Value::U64(stats.send_retries)),
                    ("recv_retries", Value::U64(stats.receive_retries)),
                    ("flow_control", Value::U32(flow)),
                    ("flow_control_count", Value::U64(stats.flow_changes)),
                ] {
                    values.push((format!("{prefix}{name}"), value));
                }
            }
        }
        values.push(("stats.ipcs.global.active".to_owned(), Value::U64(active)));
        values.push(("stats.ipcs.global.closed".to_owned(), Value::U64(closed)));
        values
    }

    /// Begins to count anew.
    pub(crate) fn clear_statistics(&mut self) {
        for (_, server) in &mut self.servers {
            server.clear_stats();
        }
    }

    /// The server of a service, if there is one.
    pub(crate) fn server(&mut self, service: Service) -> Option<&mut Server> {
        self.servers.iter_mut().find(|(of, _)| *of == service).map(|(_, server)| server)
    }
}
