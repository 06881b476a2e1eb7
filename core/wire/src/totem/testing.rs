use super::{Frame, HEADER_SIZE, Kind, NODES_MAX};

/// Reads a frame in both byte orders, and looks whether every shorter version is refused.
pub(super) fn both_ways(frame: Frame<'_>, bytes: &[u8]) {
    assert_eq!(Frame::decode(bytes), Ok(frame.clone()));
    assert_eq!(Frame::decode(&swap(bytes)), Ok(frame));
    for length in 0..bytes.len() {
        assert!(Frame::decode(&bytes[..length]).is_err(), "cut to {length}");
    }
}

/// The same frame from a host of the other byte order. A packet in it stays as it is.
pub(super) fn swap(bytes: &[u8]) -> Vec<u8> {
    let (header, _) = super::Header::decode(bytes).unwrap();
    let lists = [4; 2 * NODES_MAX];
    let retransmits = [4, 8, 4].repeat(super::RETRANSMIT_MAX);
    let fields: Vec<usize> = match header.kind {
        Kind::Token => [&[4, 4, 4, 4, 4, 8, 4, 4, 4, 4], retransmits.as_slice()].concat(),
        Kind::Multicast => vec![4, 4, 4, 4, 8, 4, 4],
        Kind::MergeDetect => vec![4, 4, 8],
        Kind::Join => [&[4, 4, 4, 8], lists.as_slice()].concat(),
        Kind::CommitToken => {
            let count = (bytes.len() - 41) / 28;
            let entries = [4, 8, 4, 4, 4].repeat(count);
            [&[4, 4, 8, 4, 4, 4], &lists[..count], &entries].concat()
        }
        Kind::HoldCancel => vec![4, 8],
    };
    let mut swapped = bytes.to_vec();
    let mut at = 0;
    for size in [2, 1, 1, 1, 4, 4].into_iter().chain(fields) {
        if let Some(field) = swapped.get_mut(at..at + size) {
            field.reverse();
        }
        at += size;
        assert!(at >= HEADER_SIZE || size <= 4);
    }
    swapped
}
