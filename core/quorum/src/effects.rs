use std::collections::BTreeMap;

use machine::Outbox;
use wire::exec::{Channel, Outgoing, votequorum::Message};

use crate::{Answer, ClientId, Event, Key, KeyValue, Notice, Output};

/// Where the parts of the machine put what they want done.
pub(crate) struct Effects<'a> {
    pub(crate) out: &'a mut Outbox<Output>,
    pub(crate) keys: &'a mut Keys,
}

/// The keys as they were given out last.
#[derive(Debug, Default)]
pub(crate) struct Keys(BTreeMap<&'static str, KeyValue>);

impl Effects<'_> {
    pub(crate) fn multicast(&mut self, message: &Message) {
        let outgoing = Outgoing::wrap(Channel::Services, &message.encode());
        self.out.push(Output::Multicast(outgoing));
    }

    pub(crate) fn answer(&mut self, client: ClientId, answer: Answer) {
        self.out.push(Output::Answer { client, answer });
    }

    pub(crate) fn tell(&mut self, client: ClientId, event: Event) {
        self.out.push(Output::Event { client, event });
    }

    pub(crate) fn notice(&mut self, notice: Notice) {
        self.out.push(Output::Notice(notice));
    }

    /// Gives out a key, unless it has that value already.
    pub(crate) fn publish(&mut self, name: &'static str, value: KeyValue) {
        if self.keys.0.insert(name, value) != Some(value) {
            self.out.push(Output::Key(Key { name, value }));
        }
    }

    pub(crate) fn publish_flag(&mut self, name: &'static str, on: bool) {
        self.publish(name, KeyValue::U8(u8::from(on)));
    }

    pub(crate) fn publish_number(&mut self, name: &'static str, number: u32) {
        self.publish(name, KeyValue::U32(number));
    }
}
