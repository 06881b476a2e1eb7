use std::collections::{BTreeMap, VecDeque};

use machine::Outbox;
use messages::cib::{CallOptions, Failure, NotificationKind, Reply, Request};

use super::{Access, Answer, Call, ClientKey, Note, Output};
use crate::acl;

/// How many calls of one client may wait for answers at the same time.
const WAITING_MAX: usize = 1024;

/// One connected client.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) token: String,
    pub(super) user: String,
    pub(super) name: String,
    pub(super) named: bool,
    pub(super) access: Access,
    subscriptions: Vec<NotificationKind>,
    /// Calls that wait for an answer: the request's number and what the answer refers to.
    waiting: VecDeque<(i32, Call)>,
}

/// The clients of this node's daemon.
#[derive(Debug, Default)]
pub(super) struct Clients {
    by_key: BTreeMap<ClientKey, Client>,
    by_token: BTreeMap<String, ClientKey>,
    diff: Vec<ClientKey>,
    replaced: Vec<ClientKey>,
}

impl Client {
    pub(super) const fn new(token: String, user: String, name: String, access: Access) -> Self {
        Self {
            token,
            user,
            name,
            named: false,
            access,
            subscriptions: Vec::new(),
            waiting: VecDeque::new(),
        }
    }

    /// Fills in what only the daemon knows about a request of this client.
    pub(super) fn complete(&self, request: &mut Request) {
        request.client_id.clone_from(&self.token);
        request.client_name = Some(self.name.clone());
        // Only those who may do everything may act for others.
        if request.user.is_none() || acl::applies_to(Some(&self.user)) {
            request.user = Some(self.user.clone());
        }
    }
}

impl Clients {
    pub(super) fn add(&mut self, key: ClientKey, client: Client) {
        self.by_token.insert(client.token.clone(), key);
        self.by_key.insert(key, client);
    }

    pub(super) fn remove(&mut self, key: ClientKey) {
        if let Some(client) = self.by_key.remove(&key) {
            self.by_token.remove(&client.token);
        }
        self.diff.retain(|&other| other != key);
        self.replaced.retain(|&other| other != key);
    }

    pub(super) fn get_mut(&mut self, key: ClientKey) -> Option<&mut Client> {
        self.by_key.get_mut(&key)
    }

    /// The user of a client.
    pub(super) fn user(&self, key: ClientKey) -> Option<&str> {
        self.by_key.get(&key).map(|client| client.user.as_str())
    }

    /// Whether a user has a client.
    pub(super) fn has_user(&self, user: &str) -> bool {
        self.by_key.values().any(|client| client.user == user)
    }

    pub(super) fn keys(&self) -> Vec<ClientKey> {
        self.by_key.keys().copied().collect()
    }

    pub(super) fn subscribe(&mut self, key: ClientKey, kind: NotificationKind, active: bool) {
        let Some(client) = self.by_key.get_mut(&key) else { return };
        client.subscriptions.retain(|&other| other != kind);
        if active {
            client.subscriptions.push(kind);
        }
        let list = match kind {
            NotificationKind::Diff => &mut self.diff,
            NotificationKind::Replaced => &mut self.replaced,
            NotificationKind::Obsolete => return,
        };
        list.retain(|&other| other != key);
        if active {
            list.push(key);
        }
    }

    /// Who wants notifications of a kind.
    pub(super) fn subscribers(&self, kind: NotificationKind) -> &[ClientKey] {
        match kind {
            NotificationKind::Diff => &self.diff,
            NotificationKind::Replaced => &self.replaced,
            NotificationKind::Obsolete => &[],
        }
    }

    /// Notes that a call waits for its answer; `false` if too many do already.
    pub(super) fn wait(&mut self, key: ClientKey, request: &Request, call: Call) -> bool {
        let Some(client) = self.by_key.get_mut(&key) else { return true };
        if !request.options.has(CallOptions::SYNC_CALL) {
            return true;
        }
        client.waiting.push_back((request.call_id, call));
        client.waiting.len() <= WAITING_MAX
    }

    /// Answers the client that a reply is for: as the response to its call if it waits for one, else as an event.
    pub(super) fn answer(&mut self, reply: Reply, out: &mut Outbox<Output>) {
        let found = self.by_token.get(&reply.client_id).copied();
        let client = found.and_then(|key| Some((key, self.by_key.get_mut(&key)?)));
        let Some((key, client)) = client else {
            out.push(Output::Note(Note::NobodyToAnswer { call_id: reply.call_id }));
            return;
        };
        let waiting = client.waiting.iter().position(|(call_id, _)| *call_id == reply.call_id);
        match waiting.and_then(|index| client.waiting.remove(index)) {
            Some((_, call)) => {
                out.push(Output::Respond { client: key, call, answer: Answer::Reply(reply) });
            }
            None if reply.options.has(CallOptions::DISCARD_REPLY) => {}
            // The response was sent already: a synchronisation is answered by both sides.
            None if reply.options.has(CallOptions::SYNC_CALL) => {}
            None => out.push(Output::Event { client: key, reply }),
        }
    }

    /// Refuses a request.
    pub(super) fn refuse(&mut self, request: &Request, failure: Failure, out: &mut Outbox<Output>) {
        let mut reply = Reply::to(request);
        reply.result = Err(failure);
        self.answer(reply, out);
    }
}
