//! Closed process groups, from daemon to daemon.

use super::{Channel, HEADER_SIZE, Incoming, NODES_MAX, Outgoing, Service, fields, id, start};
use crate::{
    Reader, WireError, Writer,
    corosync::cpg::{GroupName, Multicast, Part, PartialMulticast, name_bytes},
};

const JOIN: u16 = 0;
const LEAVE: u16 = 1;
const JOIN_LIST: u16 = 2;
const MULTICAST: u16 = 3;
const OLD_DOWN_LIST: u16 = 4;
const DOWN_LIST: u16 = 5;
const PARTIAL_MULTICAST: u16 = 6;

/// Bytes of a group's name with its length.
const NAME_FIELD_SIZE: usize = 136;
/// Bytes in front of the payload of a message. The event that clients get has as many, in another order.
const MULTICAST_SIZE: usize = 184;
/// The same for a part of a message.
const PARTIAL_SIZE: usize = 200;
/// Bytes in front of a list of processes: this message has the longer header of answers.
const LIST_HEADER_SIZE: usize = 24;
/// Bytes of a process in that list.
const LIST_ENTRY_SIZE: usize = 144;

const EVENT_DELIVER: i32 = 5;
const EVENT_PARTIAL_DELIVER: i32 = 17;
/// What events have for a status: success, which nobody looks at.
const EVENT_STATUS: i32 = 1;

/// A process as its node lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// The process's id.
    pub pid: u32,
    /// The group it is in.
    pub group: GroupName,
}

/// What one daemon tells all, itself included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// A process of the sender's node is in a group.
    Join(Process),
    /// A process of the sender's node is in a group no longer.
    Leave {
        /// Which.
        process: Process,
        /// Why: see [`crate::corosync::cpg::Address::reason_text`].
        reason: u32,
    },
    /// All processes of the sender's node that are in groups, after a change of membership.
    JoinList(Vec<Process>),
    /// A message to a group. [`Message::into_event`] makes the event of it.
    Multicast {
        /// The group's name.
        group: &'a [u8],
    },
    /// A part of a message to a group. [`Message::into_event`] makes the event of it.
    PartialMulticast {
        /// The group's name.
        group: &'a [u8],
    },
    /// Nodes that were lost, as old versions told it. Means nothing.
    OldDownList,
    /// Nodes that the sender lost. For its log: every daemon finds out by itself.
    DownList {
        /// How many members the sender knew before.
        old_members: u32,
        /// The nodes.
        left: Vec<u32>,
    },
}

impl<'a> Message<'a> {
    /// Reads a message from its header on.
    pub fn decode(message: &'a [u8]) -> Result<Self, WireError> {
        let (function, mut reader) = fields(message, Service::Cpg)?;
        Ok(match function {
            JOIN => {
                let (process, _reason) = process(&mut reader)?;
                Self::Join(process)
            }
            LEAVE => {
                let (process, reason) = process(&mut reader)?;
                Self::Leave { process, reason }
            }
            JOIN_LIST => Self::JoinList(processes(&mut reader)?),
            MULTICAST => Self::Multicast { group: Payload::whole(message)?.group },
            PARTIAL_MULTICAST => Self::PartialMulticast { group: Payload::part(message)?.group },
            OLD_DOWN_LIST => Self::OldDownList,
            DOWN_LIST => {
                let old_members = reader.u32()?;
                let count = reader.align(8).count("nodes", NODES_MAX)?;
                reader.align(8);
                let left = (0..count).map(|_| reader.u32()).collect::<Result<_, _>>()?;
                Self::DownList { old_members, left }
            }
            other => {
                return Err(WireError::Invalid { field: "cpg message", value: other.into() });
            }
        })
    }

    /// Makes a message or a part of one, sent by node `from`, into the event that clients get: the bytes, and where in them
    /// the event begins. The payload stays where it is; only what stands before it is written anew.
    pub fn into_event(message: Incoming, from: u32) -> Result<(Vec<u8>, usize), WireError> {
        let (function, _) = fields(message.message(), Service::Cpg)?;
        let (payload, event) = match function {
            MULTICAST => (Payload::whole(message.message())?, EVENT_DELIVER),
            PARTIAL_MULTICAST => (Payload::part(message.message())?, EVENT_PARTIAL_DELIVER),
            other => {
                return Err(WireError::Invalid { field: "cpg message", value: other.into() });
            }
        };
        let Payload { total, length, pid, part, end, .. } = payload;
        let Incoming { mut bytes, body, .. } = message;
        bytes.truncate(body + end);
        let fields = bytes.get_mut(body..).unwrap_or_default();
        fields.copy_within(HEADER_SIZE..HEADER_SIZE + NAME_FIELD_SIZE, 24);
        let size = u32::try_from(end).unwrap_or(u32::MAX);
        let head = [event.cast_unsigned(), size, EVENT_STATUS.cast_unsigned()];
        cells(fields, 0, &head);
        match part {
            None => cells(fields, 160, &[length, from, pid]),
            Some(part) => cells(fields, 160, &[total, length, from, pid, part.code()]),
        }
        Ok((bytes, body))
    }
}

/// Writes numbers into fields of eight bytes each. The caller has checked that they are there.
fn cells(bytes: &mut [u8], offset: usize, values: &[u32]) {
    let fields = bytes.get_mut(offset..).unwrap_or_default();
    for (field, value) in fields.as_chunks_mut::<8>().0.iter_mut().zip(values) {
        let [first, second, third, fourth] = value.to_ne_bytes();
        *field = [first, second, third, fourth, 0, 0, 0, 0];
    }
}

/// What stands in front of a payload, checked against the message's length.
struct Payload<'a> {
    group: &'a [u8],
    total: u32,
    length: u32,
    pid: u32,
    part: Option<Part>,
    end: usize,
}

impl<'a> Payload<'a> {
    fn whole(message: &'a [u8]) -> Result<Self, WireError> {
        let (_, mut reader) = fields(message, Service::Cpg)?;
        let group = name_bytes(&mut reader)?;
        let length = reader.align(8).u32()?;
        let pid = reader.align(8).u32()?;
        let end = payload_end(&mut reader, MULTICAST_SIZE, length)?;
        Ok(Self { group, total: length, length, pid, part: None, end })
    }

    fn part(message: &'a [u8]) -> Result<Self, WireError> {
        let (_, mut reader) = fields(message, Service::Cpg)?;
        let group = name_bytes(&mut reader)?;
        let total = reader.align(8).u32()?;
        let length = reader.align(8).u32()?;
        let pid = reader.align(8).u32()?;
        let part = Some(Part::read(&mut reader)?);
        let end = payload_end(&mut reader, PARTIAL_SIZE, length)?;
        Ok(Self { group, total, length, pid, part, end })
    }
}

fn payload_end(reader: &mut Reader<'_>, start: usize, length: u32) -> Result<usize, WireError> {
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    reader.seek(start).bytes(length)?;
    Ok(start + length)
}

fn process(reader: &mut Reader<'_>) -> Result<(Process, u32), WireError> {
    let group = GroupName::read(reader)?;
    let pid = reader.align(8).u32()?;
    let reason = reader.align(8).u32()?;
    Ok((Process { pid, group }, reason))
}

fn processes(reader: &mut Reader<'_>) -> Result<Vec<Process>, WireError> {
    reader.seek(LIST_HEADER_SIZE);
    let length = reader.rest().len();
    if !length.is_multiple_of(LIST_ENTRY_SIZE) {
        let value = i64::try_from(length).unwrap_or(i64::MAX);
        return Err(WireError::Invalid { field: "size of the list of processes", value });
    }
    let mut list = Vec::with_capacity(length / LIST_ENTRY_SIZE);
    for _ in 0..length / LIST_ENTRY_SIZE {
        let pid = reader.align(8).u32()?;
        list.push(Process { pid, group: GroupName::read(reader)? });
    }
    Ok(list)
}

/// [`Message::Join`] with its envelope; `reason` is 1 in all that the C daemon sends.
pub fn encode_join(process: &Process) -> Outgoing {
    encode_change(JOIN, process, 1)
}

/// [`Message::Leave`] with its envelope.
pub fn encode_leave(process: &Process, reason: u32) -> Outgoing {
    encode_change(LEAVE, process, reason)
}

fn encode_change(function: u16, process: &Process, reason: u32) -> Outgoing {
    let mut writer = start(Service::Cpg, function);
    process.group.write(&mut writer);
    writer.align(8).u32(process.pid).align(8).u32(reason);
    Outgoing::wrap(Channel::Services, &writer.finish_structure())
}

/// [`Message::JoinList`] with its envelope.
pub fn encode_join_list(processes: &[Process]) -> Outgoing {
    let mut writer = start(Service::Cpg, JOIN_LIST);
    writer.fill_to(LIST_HEADER_SIZE);
    for process in processes {
        writer.align(8).u32(process.pid);
        process.group.write(&mut writer);
    }
    Outgoing::wrap(Channel::Services, &writer.finish_structure())
}

/// [`Message::DownList`] with its envelope; what is beyond 384 nodes is left out.
pub fn encode_down_list(old_members: u32, left: &[u32]) -> Outgoing {
    let left = left.get(..NODES_MAX).unwrap_or(left);
    let mut writer = start(Service::Cpg, DOWN_LIST);
    writer.u32(old_members).align(8).u32(left.len() as u32).align(8).u32s(left);
    // The structure has room for all nodes there can be.
    writer.fill_to(32 + 4 * NODES_MAX);
    Outgoing::wrap(Channel::Services, &writer.finish_structure())
}

/// Who sends a message to a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sender<'a> {
    /// The group's name, at most 128 bytes.
    pub group: &'a GroupName,
    /// The node.
    pub node: u32,
    /// The process's id.
    pub pid: u32,
    /// Which of the node's connections it came over. Nobody but the node can make something of it.
    pub connection: u64,
}

/// [`Message::Multicast`] with its envelope, out of a client's request: one copy of the payload.
pub fn encode_multicast(sender: &Sender<'_>, request: &Multicast<'_>) -> Outgoing {
    let payload = request.payload;
    let mut writer = payload_start(MULTICAST, MULTICAST_SIZE, sender.group, payload);
    cell(&mut writer, payload.len() as u32);
    payload_finish(writer, sender, None, payload)
}

/// [`Message::PartialMulticast`] with its envelope, out of a client's request: one copy of the payload.
pub fn encode_partial_multicast(sender: &Sender<'_>, request: &PartialMulticast<'_>) -> Outgoing {
    let payload = request.payload;
    let mut writer = payload_start(PARTIAL_MULTICAST, PARTIAL_SIZE, sender.group, payload);
    cell(&mut writer, request.total);
    cell(&mut writer, payload.len() as u32);
    payload_finish(writer, sender, Some(request.part), payload)
}

// The envelope in front has five bytes, so that `Writer::align` would put fields at the wrong places here.

fn cell(writer: &mut Writer, value: u32) {
    writer.u32(value).u32(0);
}

fn payload_start(function: u16, size: usize, group: &GroupName, payload: &[u8]) -> Writer {
    let mut writer = Channel::Services.envelope(size + payload.len());
    cell(&mut writer, id(Service::Cpg, function).cast_unsigned());
    cell(&mut writer, (size + payload.len()) as u32);
    let name = group.as_bytes();
    cell(&mut writer, name.len() as u32);
    writer.padded(name, NAME_FIELD_SIZE - 8);
    writer
}

fn payload_finish(
    mut writer: Writer,
    sender: &Sender<'_>,
    part: Option<Part>,
    payload: &[u8],
) -> Outgoing {
    cell(&mut writer, sender.pid);
    if let Some(part) = part {
        cell(&mut writer, part.code());
    }
    cell(&mut writer, sender.node);
    writer.u64(sender.connection).bytes(payload);
    Outgoing { bytes: writer.finish(), channel: Channel::Services }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corosync::cpg::{Event, Guarantee};

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<_> = text.bytes().map(|b| char::from(b).to_digit(16).unwrap()).collect();
        digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
    }

    /// A message as a C daemon on a little-endian machine sent it: zeros are left out of the middle of the group's name,
    /// which was "g" with leftovers of the client's stack beside it.
    fn captured(head: &str, tail: &str) -> Vec<u8> {
        [hex(head), hex("01000000fe7f000067"), vec![0; 127], hex(tail)].concat()
    }

    fn process() -> Process {
        Process { pid: 9383, group: GroupName::new(b"g").unwrap() }
    }

    fn sender(group: &GroupName) -> Sender<'_> {
        Sender { group, node: 1, pid: 9383, connection: 0x55f0_7d17_5e00 }
    }

    /// Without what stands beside numbers, which C leaves as it was.
    #[cfg(target_endian = "little")]
    fn same_but_for_leftovers(ours: &[u8], captured: &[u8]) {
        assert_eq!(ours.len(), captured.len());
        let differing = ours.iter().zip(captured).enumerate().filter(|(_, (a, b))| a != b);
        for (at, (ours, _)) in differing {
            assert!(at % 8 >= 4 && *ours == 0, "byte {at}");
        }
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn what_a_c_daemon_sends_is_read_and_sent_alike() {
        let join = captured("0000020000000000a800000000000000", "a7240000000000000100000000000000");
        assert_eq!(Message::decode(&join), Ok(Message::Join(process())));
        same_but_for_leftovers(encode_join(&process()).message(), &join);

        let leave =
            captured("0100020000000000a800000000000000", "a7240000000000000200000000000000");
        assert_eq!(Message::decode(&leave), Ok(Message::Leave { process: process(), reason: 2 }));
        same_but_for_leftovers(encode_leave(&process(), 2).message(), &leave);

        let list = captured("0200020000000000a8000000000000000000000000000000a724000000000000", "");
        assert_eq!(Message::decode(&list), Ok(Message::JoinList(vec![process()])));
        same_but_for_leftovers(encode_join_list(&[process()]).message(), &list);

        let multicast = captured(
            "0300020000000000bd00000000000000",
            "0500000000000000a7240000000000000100000000000000005e177df055000068656c6c6f",
        );
        assert_eq!(Message::decode(&multicast), Ok(Message::Multicast { group: b"g" }));
        let group = process().group;
        let request = Multicast { guarantee: Guarantee::Agreed, payload: b"hello" };
        same_but_for_leftovers(encode_multicast(&sender(&group), &request).message(), &multicast);
    }

    #[test]
    fn a_message_becomes_the_event_in_its_place() {
        let group = process().group;
        let (guarantee, payload) = (Guarantee::Agreed, &b"hello"[..]);
        let sent = encode_multicast(&sender(&group), &Multicast { guarantee, payload });
        let address = sent.message().as_ptr();
        let (bytes, start) = Message::into_event(sent.into(), 7).unwrap();
        assert_eq!(bytes[start..].as_ptr(), address);
        let (node, pid, payload) = (7, 9383, payload.to_vec());
        let event = Event::Deliver { group: group.clone(), node, pid, payload: payload.clone() };
        assert_eq!(bytes[start..], event.encode());

        let part = Part::Last;
        let request = PartialMulticast { guarantee, total: 99, part, payload: &payload };
        let sent = encode_partial_multicast(&sender(&group), &request);
        let expected = Message::PartialMulticast { group: b"g" };
        assert_eq!(Message::decode(sent.message()), Ok(expected));
        let (bytes, start) = Message::into_event(sent.into(), 7).unwrap();
        let event = Event::PartialDeliver { group, node, pid, total: 99, part, payload };
        assert_eq!(bytes[start..], event.encode());
    }

    #[test]
    fn lists_have_the_sizes_of_the_c_structures() {
        let sent = encode_down_list(3, &[2, 9]);
        assert_eq!(sent.message().len(), 1568);
        let expected = Message::DownList { old_members: 3, left: vec![2, 9] };
        assert_eq!(Message::decode(sent.message()), Ok(expected));
        assert_eq!(encode_join_list(&[process(), process()]).message().len(), 24 + 2 * 144);
        let many = encode_down_list(400, &[1; 400]);
        assert!(matches!(
            Message::decode(many.message()),
            Ok(Message::DownList { left, .. }) if left.len() == 384
        ));
    }

    #[test]
    fn lengths_that_lie_are_refused() {
        let group = process().group;
        let request = Multicast { guarantee: Guarantee::Agreed, payload: b"hello" };
        let sent = encode_multicast(&sender(&group), &request);
        for (offset, value) in [(8, 188), (16, 129), (16, u32::MAX), (152, 6), (152, u32::MAX)] {
            let mut bytes = sent.message().to_vec();
            bytes[offset..offset + 4].copy_from_slice(&value.to_ne_bytes());
            assert!(Message::decode(&bytes).is_err(), "{offset} {value}");
            let message = Incoming::from(Outgoing::wrap(Channel::Services, &bytes));
            assert!(Message::into_event(message, 1).is_err(), "{offset} {value}");
        }
        let list = encode_join_list(&[process()]);
        let mut cut = list.message()[..160].to_vec();
        cut[8..12].copy_from_slice(&160_u32.to_ne_bytes());
        assert!(Message::decode(&cut).is_err());
    }
}
