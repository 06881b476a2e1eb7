use std::collections::BTreeMap;

use wire::{PEER_BODY_MAX, PEER_HEADER_SIZE, corosync::cpg::Part};

use crate::Member;

/// The longest message that is put together.
pub(crate) const MESSAGE_LIMIT: usize = PEER_BODY_MAX + PEER_HEADER_SIZE;

/// Messages of which some parts have come.
#[derive(Debug, Default)]
pub(crate) struct Assemblies(BTreeMap<Member, Assembly>);

#[derive(Debug)]
struct Assembly {
    total: usize,
    bytes: Vec<u8>,
}

/// Why a part was of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PartError {
    #[error("a message of {0} bytes")]
    TooLong(usize),
    #[error("a part without the parts before it")]
    NoStart,
    #[error("{got} bytes of {total}")]
    WrongLength { got: usize, total: usize },
}

impl Assemblies {
    /// Adds a part; gives the message if it was the last.
    pub(crate) fn add(
        &mut self,
        sender: Member,
        part: Part,
        total: usize,
        bytes: &[u8],
    ) -> Result<Option<Vec<u8>>, PartError> {
        if part == Part::First {
            // A message of this sender that has not been finished never will be.
            self.0.remove(&sender);
            if total > MESSAGE_LIMIT {
                return Err(PartError::TooLong(total));
            }
            self.0.insert(sender, Assembly { total, bytes: Vec::new() });
        }
        let assembly = self.0.get_mut(&sender).ok_or(PartError::NoStart)?;
        let (got, total) = (assembly.bytes.len() + bytes.len(), assembly.total);
        if got > total || (part == Part::Last && got != total) {
            self.0.remove(&sender);
            return Err(PartError::WrongLength { got, total });
        }
        assembly.bytes.extend_from_slice(bytes);
        if part != Part::Last {
            return Ok(None);
        }
        Ok(self.0.remove(&sender).map(|assembly| assembly.bytes))
    }

    /// Forgets what a member that has gone began.
    pub(crate) fn forget(&mut self, member: Member) {
        self.0.remove(&member);
    }
}

#[cfg(test)]
mod tests {
    use vocab::NodeId;

    use super::*;

    const A: Member = Member { node: NodeId(1), pid: 1 };
    const B: Member = Member { node: NodeId(2), pid: 1 };

    #[test]
    fn parts_of_two_senders_do_not_mix() {
        let mut assemblies = Assemblies::default();
        assert_eq!(assemblies.add(A, Part::First, 6, b"ab"), Ok(None));
        assert_eq!(assemblies.add(B, Part::First, 4, b"12"), Ok(None));
        assert_eq!(assemblies.add(A, Part::Middle, 6, b"cd"), Ok(None));
        assert_eq!(assemblies.add(B, Part::Last, 4, b"34"), Ok(Some(b"1234".to_vec())));
        assert_eq!(assemblies.add(A, Part::Last, 6, b"ef"), Ok(Some(b"abcdef".to_vec())));
    }

    #[test]
    fn broken_sequences_are_errors_and_forgotten() {
        let mut assemblies = Assemblies::default();
        assert_eq!(assemblies.add(A, Part::Middle, 6, b"ab"), Err(PartError::NoStart));
        assert!(assemblies.add(A, Part::First, usize::MAX, b"ab").is_err());
        assert_eq!(assemblies.add(A, Part::First, 3, b"ab"), Ok(None));
        assert!(assemblies.add(A, Part::Middle, 3, b"cd").is_err(), "more than announced");
        assert_eq!(assemblies.add(A, Part::Last, 3, b"c"), Err(PartError::NoStart));
        assert_eq!(assemblies.add(A, Part::First, 3, b"a"), Ok(None));
        assert!(assemblies.add(A, Part::Last, 3, b"b").is_err(), "less than announced");
        assert_eq!(assemblies.add(A, Part::First, 3, b"a"), Ok(None));
        assert_eq!(assemblies.add(A, Part::First, 2, b"x"), Ok(None), "starts anew");
        assert_eq!(assemblies.add(A, Part::Last, 2, b"y"), Ok(Some(b"xy".to_vec())));
        assert_eq!(assemblies.add(A, Part::First, 3, b"a"), Ok(None));
        assemblies.forget(A);
        assert_eq!(assemblies.add(A, Part::Last, 3, b"bc"), Err(PartError::NoStart));
    }
}
