use super::{Address, GroupName, MEMBERS_MAX, event::addresses};
use crate::{
    Writer,
    corosync::{AnswerError, Status, answer, entries},
};

const MEMBERSHIP: i32 = 3;
const LOCAL_GET: i32 = 7;
const ITERATION: i32 = 9;
const ITERATION_NEXT: i32 = 10;

/// The answer to [`super::Request::LocalGet`]: the local node's number.
pub fn decode_local_get(message: &[u8]) -> Result<u32, AnswerError> {
    Ok(answer(message)?.u32()?)
}

/// The answer to [`super::Request::LocalGet`].
pub fn encode_local_get(node: u32) -> Vec<u8> {
    let mut writer = Writer::response(LOCAL_GET, Status::OK.0);
    writer.u32(node);
    writer.finish_structure()
}

/// The answer to [`super::Request::Membership`]: the members.
pub fn decode_membership(message: &[u8]) -> Result<Vec<Address>, AnswerError> {
    let mut reader = answer(message)?;
    let count = reader.count("members", MEMBERS_MAX)?;
    Ok(addresses(&mut reader, count)?)
}

/// The answer to [`super::Request::Membership`], for at most 384 members.
pub fn encode_membership(members: &[Address]) -> Vec<u8> {
    let mut writer = Writer::response(MEMBERSHIP, Status::OK.0);
    let members = &members[..members.len().min(MEMBERS_MAX)];
    writer.u32(entries(members.len()));
    members.iter().for_each(|member| member.write(&mut writer));
    // The structure has room for all members there can be.
    writer.fill_to(32 + MEMBERS_MAX * 24);
    writer.finish_structure()
}

/// The answer to [`super::Request::Iteration`]: what the walk is called.
pub fn decode_iteration(message: &[u8]) -> Result<u64, AnswerError> {
    Ok(answer(message)?.u64()?)
}

/// The answer to [`super::Request::Iteration`].
pub fn encode_iteration(handle: u64) -> Vec<u8> {
    let mut writer = Writer::response(ITERATION, Status::OK.0);
    writer.u64(handle);
    writer.finish_structure()
}

/// What a walk comes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// The group.
    pub group: GroupName,
    /// The process's node; 0 in a walk over groups.
    pub node: u32,
    /// The process's id; 0 in a walk over groups.
    pub pid: u32,
}

/// The answer to [`super::Request::IterationNext`]; refused with [`Status::NO_SECTIONS`] at the end.
pub fn decode_iteration_next(message: &[u8]) -> Result<Described, AnswerError> {
    let mut reader = answer(message)?;
    let group = GroupName::read(&mut reader)?;
    Ok(Described { group, node: reader.u32()?, pid: reader.u32()? })
}

/// The answer to [`super::Request::IterationNext`].
pub fn encode_iteration_next(described: &Described) -> Vec<u8> {
    let mut writer = Writer::response(ITERATION_NEXT, Status::OK.0);
    described.group.write(&mut writer);
    writer.u32(described.node).u32(described.pid);
    writer.finish_structure()
}
