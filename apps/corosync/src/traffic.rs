use std::collections::BTreeMap;

use cmap::{Input, MapId, Value};
use wire::exec::Service;

/// How many messages of each kind each service sent and got: the keys `runtime.services.`.
#[derive(Debug)]
pub(crate) struct Traffic {
    counts: BTreeMap<(Service, u16), Count>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    sent: u64,
    received: u64,
    has_changed: bool,
}

/// How many kinds of messages a service has, as the original counts them.
fn kinds(service: Service) -> u16 {
    let known = cmap::SERVICES.iter().find(|known| known.id == service.number());
    known.and_then(|known| u16::try_from(known.messages).ok()).unwrap_or(0)
}

impl Traffic {
    /// Nothing sent and nothing received by these services.
    pub(crate) fn new(services: &[Service]) -> Self {
        let pairs = services
            .iter()
            .flat_map(|&service| (0..kinds(service)).map(move |kind| (service, kind)));
        let new = Count { has_changed: true, ..Count::default() };
        Self { counts: pairs.map(|pair| (pair, new)).collect() }
    }

    /// A message was given to the ring.
    pub(crate) fn sent(&mut self, service: Service, function: u16) {
        if let Some(count) = self.counts.get_mut(&(service, function)) {
            count.sent += 1;
            count.has_changed = true;
        }
    }

    /// A message came out of the ring.
    pub(crate) fn received(&mut self, service: Service, function: u16) {
        if let Some(count) = self.counts.get_mut(&(service, function)) {
            count.received += 1;
            count.has_changed = true;
        }
    }

    /// What changed since the last time, for the map. Nobody looks at it often enough to have it set with each message.
    pub(crate) fn changes(&mut self) -> Vec<Input> {
        let mut inputs = Vec::new();
        for (&(service, function), count) in &mut self.counts {
            if std::mem::take(&mut count.has_changed) {
                let name = crate::endpoints::name(service);
                let mut set = |direction, number| {
                    let key = format!("runtime.services.{name}.{function}.{direction}");
                    let value = Value::U64(number);
                    inputs.push(Input::Set { map: MapId::Configuration, key, value });
                };
                set("tx", count.sent);
                set("rx", count.received);
            }
        }
        inputs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counters_are_those_of_the_original() {
        for service in Service::ALL {
            let shown: Vec<String> = Traffic::new(&[service])
                .changes()
                .into_iter()
                .filter_map(|input| match input {
                    Input::Set { key, .. } => Some(key),
                    _ => None,
                })
                .collect();
            let listed = cmap::SERVICES.iter().find(|listed| listed.id == service.number());
            let listed = listed.unwrap().keys();
            let counters = listed.keys().filter(|key| key.ends_with("x"));
            assert_eq!(shown.len(), counters.clone().count(), "{service:?}");
            assert!(counters.into_iter().all(|key| shown.contains(key)), "{service:?}: {shown:?}");
        }
    }

    #[test]
    fn only_what_changed_is_set_again() {
        let mut traffic = Traffic::new(&[Service::Cmap]);
        assert_eq!(traffic.changes().len(), 2);
        traffic.sent(Service::Cmap, 0);
        traffic.received(Service::Cmap, 9);
        traffic.received(Service::Cpg, 0);
        let changes = traffic.changes();
        let Input::Set { key, value, .. } = &changes[0] else { panic!("{changes:?}") };
        assert_eq!((key.as_str(), value), ("runtime.services.cmap.0.tx", &Value::U64(1)));
        assert!(traffic.changes().is_empty());
    }
}
