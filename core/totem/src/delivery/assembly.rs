use std::collections::BTreeMap;

use machine::Outbox;
use vocab::NodeId;
use wire::totem::{ByteOrder, Packet};

use crate::{Dropped, Output, membership::MemberSet};

/// Bytes of the longest message that is put together; Corosync's buffer is as long.
const ASSEMBLED_MAX: usize = 1024 * 1024 + 64 * 1024;

/// A message of one sender of which a part is lacking yet.
#[derive(Debug, Default)]
struct Assembly {
    /// The number under which the sender goes on; 0 if no message is open.
    goes_on: u8,
    /// What came so far; `None` if the begin was missed and the message is lost.
    begun: Option<Vec<u8>>,
}

/// Makes messages of packets.
///
/// While services synchronise, messages that were cut in two wait, and others come between the two parts: those are put
/// together on their own. A sender may be through with that some messages before this node's services are: what it begins
/// then is put together among the others, and ends there.
#[derive(Debug, Default)]
pub(crate) struct Assemblies {
    ordinary: BTreeMap<NodeId, Assembly>,
    synchronization: BTreeMap<NodeId, Assembly>,
    synchronizing: bool,
}

impl Assemblies {
    pub(crate) fn set_synchronizing(&mut self, synchronizing: bool) {
        self.synchronizing = synchronizing;
        if synchronizing {
            self.synchronization.clear();
        }
    }

    /// Forgets what everybody else began: they will not go on.
    pub(crate) fn keep_only(&mut self, members: &MemberSet) {
        self.ordinary.retain(|node, _| members.contains(*node));
        self.synchronization.retain(|node, _| members.contains(*node));
    }

    /// Delivers the messages that end in the packet.
    pub(crate) fn take(
        &mut self,
        from: NodeId,
        payload: &[u8],
        order: ByteOrder,
        out: &mut Outbox<Output>,
    ) -> Result<(), Dropped> {
        let packet = Packet::decode(payload, order).map_err(|_| Dropped::Packet(from))?;
        let is_among_synchronizing = match packet.header.continues {
            0 => self.synchronizing,
            // What was begun while services synchronise, its sender ends before anything else.
            _ => self.synchronization.contains_key(&from),
        };
        let open =
            if is_among_synchronizing { &mut self.synchronization } else { &mut self.ordinary };
        let swapped = order == ByteOrder::Swapped;
        let mut result = Ok(());
        let mut before = match open.get_mut(&from) {
            Some(assembly) => std::mem::take(assembly),
            None => Assembly::default(),
        };
        let last = packet.parts.len().wrapping_sub(1);
        for (at, part) in packet.parts.iter().enumerate() {
            let continues = at == 0 && packet.header.continues != 0;
            let complete = at != last || packet.header.goes_on == 0;
            let begun = if !continues {
                if complete {
                    out.push(Output::Deliver { from, message: part.to_vec(), swapped });
                    continue;
                }
                Some(part.to_vec())
            } else if before.goes_on == packet.header.continues {
                before.begun.take().and_then(|mut begun| {
                    if begun.len() + part.len() > ASSEMBLED_MAX {
                        result = Err(Dropped::Packet(from));
                        return None;
                    }
                    begun.extend_from_slice(part);
                    Some(begun)
                })
            } else {
                None
            };
            if !complete {
                before = Assembly { goes_on: packet.header.goes_on, begun };
            } else if let Some(message) = begun {
                out.push(Output::Deliver { from, message, swapped });
            }
        }
        if packet.header.goes_on == 0 || packet.parts.is_empty() {
            open.remove(&from);
        } else {
            open.insert(from, before);
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use wire::{
        Writer,
        totem::{PacketHeader, write_packet},
    };

    use super::*;

    fn packet(continues: u8, goes_on: u8, parts: &[&[u8]]) -> Vec<u8> {
        let mut writer = Writer::new();
        let header = PacketHeader { goes_on, continues };
        write_packet(&mut writer, header, parts.iter().copied());
        writer.finish()
    }

    fn take(assemblies: &mut Assemblies, payload: &[u8]) -> Vec<String> {
        let mut out = Outbox::new();
        assemblies.take(NodeId(2), payload, ByteOrder::Native, &mut out).unwrap();
        out.drain()
            .map(|output| match output {
                Output::Deliver { message, .. } => String::from_utf8(message).unwrap(),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn parts_become_messages() {
        let mut assemblies = Assemblies::default();
        assert_eq!(take(&mut assemblies, &packet(0, 1, &[b"one", b"tw"])), ["one"]);
        assert!(take(&mut assemblies, &packet(1, 2, &[b"o an"])).is_empty());
        assert_eq!(
            take(&mut assemblies, &packet(2, 1, &[b"d", b"three", b"fo"])),
            ["two and", "three"]
        );
        assert_eq!(take(&mut assemblies, &packet(1, 0, &[b"ur"])), ["four"]);
    }

    #[test]
    fn who_missed_the_begin_loses_that_message_only() {
        let mut assemblies = Assemblies::default();
        assert!(take(&mut assemblies, &packet(3, 4, &[b"middle"])).is_empty());
        assert_eq!(take(&mut assemblies, &packet(4, 1, &[b"end", b"whole", b"be"])), ["whole"]);
        assert_eq!(take(&mut assemblies, &packet(1, 0, &[b"gin"])), ["begin"]);
    }

    #[test]
    fn a_sender_that_begins_anew_is_followed() {
        let mut assemblies = Assemblies::default();
        assert!(take(&mut assemblies, &packet(0, 1, &[b"torn"])).is_empty());
        assert!(take(&mut assemblies, &packet(0, 0, &[])).is_empty());
        assert_eq!(take(&mut assemblies, &packet(0, 0, &[b"again"])), ["again"]);
        assert!(take(&mut assemblies, &packet(0, 1, &[b"torn"])).is_empty());
        assert_eq!(take(&mut assemblies, &packet(0, 0, &[b"without a word"])), ["without a word"]);
    }

    #[test]
    fn what_waits_while_services_synchronize_goes_on_afterwards() {
        let mut assemblies = Assemblies::default();
        assert!(take(&mut assemblies, &packet(0, 1, &[b"wait"])).is_empty());
        assemblies.set_synchronizing(true);
        assert!(take(&mut assemblies, &packet(0, 1, &[b"synchron"])).is_empty());
        assert_eq!(take(&mut assemblies, &packet(1, 0, &[b"ize"])), ["synchronize"]);
        // The sender is through, this node is not yet.
        assert_eq!(take(&mut assemblies, &packet(1, 1, &[b"ed", b"en"])), ["waited"]);
        assemblies.set_synchronizing(false);
        assert_eq!(take(&mut assemblies, &packet(1, 0, &[b"d"])), ["end"]);
    }

    #[test]
    fn what_is_begun_before_this_node_is_through_with_synchronizing_ends_after_it() {
        let mut assemblies = Assemblies::default();
        assemblies.set_synchronizing(true);
        assert_eq!(take(&mut assemblies, &packet(0, 1, &[b"one", b"tw"])), ["one"]);
        assemblies.set_synchronizing(false);
        assert_eq!(take(&mut assemblies, &packet(1, 1, &[b"o", b"th"])), ["two"]);
        assert_eq!(take(&mut assemblies, &packet(1, 0, &[b"ree"])), ["three"]);
        assert_eq!(take(&mut assemblies, &packet(0, 0, &[b"four"])), ["four"]);
    }

    #[test]
    fn what_members_began_ends_though_others_are_gone() {
        for synchronizing in [false, true] {
            let mut assemblies = Assemblies::default();
            assemblies.set_synchronizing(synchronizing);
            assert!(take(&mut assemblies, &packet(0, 1, &[b"be"])).is_empty());
            assemblies.keep_only(&MemberSet::of(NodeId(2)));
            assert_eq!(take(&mut assemblies, &packet(1, 1, &[b"gin", b"e"])), ["begin"]);
            assemblies.keep_only(&MemberSet::of(NodeId(1)));
            assert!(take(&mut assemblies, &packet(1, 0, &[b"nd"])).is_empty());
        }
    }

    #[test]
    fn a_message_without_end_is_dropped() {
        let mut assemblies = Assemblies::default();
        let mut out = Outbox::new();
        let part = vec![0; 60_000];
        let mut continues = 0;
        let mut dropped = 0;
        for number in 1..=40 {
            let payload = packet(continues, number, &[&part]);
            let result = assemblies.take(NodeId(2), &payload, ByteOrder::Native, &mut out);
            dropped += usize::from(result.is_err());
            continues = number;
        }
        assert_eq!(dropped, 1);
        assert!(take(&mut assemblies, &packet(40, 0, &[b"end"])).is_empty());
        assert_eq!(take(&mut assemblies, &packet(0, 0, &[b"next"])), ["next"]);
    }
}
