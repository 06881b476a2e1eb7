//! Requests of local clients.

use machine::Outbox;
use messages::attributes::{
    FoundAttribute, PeerMessage, QueryReply, Request, Selector, Update, UpdateKind,
};
use regex_lite::Regex;
use vocab::{NodeId, NodeName};

use crate::{
    AttributeManager, Note, Output, Ticket, attribute::NodeKey, expand::expand, peer::way_key,
};

/// From this protocol version on several updates can be sent as one message.
const BULK_PROTOCOL: u32 = 4;

impl AttributeManager {
    pub(crate) fn on_client(
        &mut self,
        ticket: Ticket,
        request: Request,
        user: Option<String>,
        out: &mut Outbox<Output>,
    ) {
        if let Request::Query { name, node } = request {
            let reply = self.query(&name, node);
            out.push(Output::Answer { ticket, reply });
            return;
        }
        out.push(Output::Acknowledge(ticket));
        if self.stopping {
            return;
        }
        match request {
            Request::Query { .. } => {}
            Request::Update(updates) => self.on_client_updates(updates, user, out),
            Request::Refresh => self.write_all(true, out),
            Request::RemovePeer { node, node_id } => {
                match node.or_else(|| node_id.and_then(|id| self.name_of(id))) {
                    Some(node) => self.send(None, PeerMessage::RemovePeer(node), out),
                    None => out.push(Output::Note(Note::UnknownNode)),
                }
            }
            Request::ClearFailure { filter, node, is_remote } => {
                let message = PeerMessage::ClearFailure { filter, node, is_remote };
                self.send(None, message, out);
            }
        }
    }

    fn query(&self, name: &str, node: Option<NodeName>) -> QueryReply {
        let Some(attribute) = self.attributes.get(name) else { return QueryReply { found: None } };
        let node = node.map(|node| {
            if node.as_str().eq_ignore_ascii_case("localhost") {
                self.settings.name.clone()
            } else {
                node
            }
        });
        let values = match node {
            Some(node) => {
                let value = attribute.current(&node).map(str::to_owned);
                vec![(node, value)]
            }
            None => {
                let values = attribute.values.values();
                values.map(|value| (value.node.clone(), value.current.clone())).collect()
            }
        };
        QueryReply { found: Some(FoundAttribute { name: name.to_owned(), values }) }
    }

    /// The name of a node, from the membership or from what values of it came.
    fn name_of(&self, id: NodeId) -> Option<NodeName> {
        let from_values = || {
            let mut values =
                self.attributes.values().flat_map(|attribute| attribute.values.values());
            values.find(|value| value.node_id == Some(id)).map(|value| value.node.clone())
        };
        self.members.get(&id).cloned().or_else(from_values)
    }

    fn on_client_updates(
        &mut self,
        updates: Vec<Update>,
        user: Option<String>,
        out: &mut Outbox<Output>,
    ) {
        let mut ready = Vec::new();
        for mut update in updates {
            update.user.clone_from(&user);
            match &update.selector {
                Selector::Name(_) => ready.extend(self.complete(update, out)),
                Selector::Pattern(pattern) => {
                    for name in self.matching(pattern, out) {
                        let named = Update { selector: Selector::Name(name), ..update.clone() };
                        self.remember(&named);
                        ready.push(named);
                    }
                }
            }
        }
        if ready.len() > 1 && self.lowest_protocol().is_some_and(|lowest| lowest >= BULK_PROTOCOL) {
            self.send(None, PeerMessage::Update(ready), out);
        } else {
            for update in ready {
                self.send(None, PeerMessage::Update(vec![update]), out);
            }
        }
    }

    fn matching(&self, pattern: &str, out: &mut Outbox<Output>) -> Vec<String> {
        match Regex::new(pattern) {
            Ok(regex) => {
                self.attributes.keys().filter(|name| regex.is_match(name)).cloned().collect()
            }
            Err(_) => {
                out.push(Output::Note(Note::BadPattern(pattern.chars().take(64).collect())));
                Vec::new()
            }
        }
    }

    /// Fills in what the client left open. None if the update can come to nothing.
    fn complete(&mut self, mut update: Update, out: &mut Outbox<Output>) -> Option<Update> {
        let Selector::Name(name) = &update.selector else { return Some(update) };
        let name = name.clone();
        let attribute = self.attributes.get(&name);
        if attribute.is_none() && update.kind == UpdateKind::Delay {
            out.push(Output::Note(Note::NoSuchAttribute(name)));
            return None;
        }
        if update.node.is_none() {
            update.node_id = Some(self.settings.node);
        }
        let node = update.node.get_or_insert_with(|| self.settings.name.clone()).clone();
        let key = (name, NodeKey::from(&node));
        // Two increments in quick succession must both count: the second builds on the first, which has not come back yet.
        let pending = self.on_their_way.get(&key).map(|(value, _)| value.as_deref());
        let old =
            pending.unwrap_or_else(|| attribute.and_then(|attribute| attribute.current(&node)));
        if let Some(expanded) = update.value.as_deref().and_then(|value| expand(value, old)) {
            update.value = Some(expanded);
        }
        self.remember(&update);
        Some(update)
    }

    /// Remembers an update that is sent until it comes back.
    fn remember(&mut self, update: &Update) {
        if let Some(key) = way_key(update) {
            let (value, count) = self.on_their_way.entry(key).or_default();
            value.clone_from(&update.value);
            *count += 1;
        }
    }
}
