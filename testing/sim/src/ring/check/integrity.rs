use std::sync::LazyLock;

use vocab::NodeId;

use super::{Book, Content, MessageKey, ProcessKey};

/// Bytes of a message's number, which is what a message begins with.
pub(super) const NUMBER_BYTES: usize = 3;
/// Where the bytes behind the number may begin in [`FILLER`].
const OFFSETS: usize = 251;
/// The bytes behind the number; long enough for the biggest message at every offset.
static FILLER: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut random = crate::Random::new(0x11e5);
    (0..(1 << 20) + OFFSETS).map(|_| random.number().to_le_bytes()[0]).collect()
});

/// The bytes of a message: its number, and behind it its content.
pub(in crate::ring) fn write(key: MessageKey, content: &Content) -> Vec<u8> {
    let mut bytes = key.0.to_le_bytes()[..NUMBER_BYTES].to_vec();
    bytes.extend_from_slice(behind_number(key, content));
    bytes
}

/// What a service said, if one said it.
pub(in crate::ring) fn said(content: &Content) -> Option<&[u8]> {
    match content {
        Content::Filler(_) => None,
        Content::Service(said) => Some(said),
    }
}

fn behind_number(key: MessageKey, content: &Content) -> &[u8] {
    match content {
        Content::Filler(bytes) => {
            let offset = key.0 as usize % OFFSETS;
            let range = offset..offset + bytes.saturating_sub(NUMBER_BYTES);
            FILLER.get(range).unwrap_or_default()
        }
        Content::Service(said) => said,
    }
}

/// What is delivered was sent, by whom it says, just so, and is delivered once.
#[derive(Debug, Default)]
pub(super) struct Integrity {
    /// By process and message: whether it was delivered.
    delivered: Vec<Vec<bool>>,
}

impl Integrity {
    pub(super) fn delivered(
        &mut self,
        book: &Book,
        process: ProcessKey,
        from: NodeId,
        content: &[u8],
    ) -> Result<MessageKey, String> {
        let who = || book.who(process);
        let Some(&[low, middle, high]) = content.first_chunk() else {
            return Err(format!("{} delivered {} bytes that nobody sent", who(), content.len()));
        };
        let number = u32::from_le_bytes([low, middle, high, 0]);
        let Some(key) = book.find_message(number) else {
            return Err(format!("{} delivered a message that nobody sent", who()));
        };
        let message = book.message(key);
        if book.process(message.sender).node != from {
            return Err(format!("{} took {} for one of node {from}", who(), book.name(key)));
        }
        if content[NUMBER_BYTES..] != *behind_number(key, &message.content) {
            let bytes = content.len();
            return Err(format!("{} changed {} into {bytes} others", who(), book.name(key)));
        }
        if book.process(process).ring.is_none() {
            return Err(format!("{} delivered {} before any ring", who(), book.name(key)));
        }
        let (process, number) = (process.0 as usize, number as usize);
        if self.delivered.len() <= process {
            self.delivered.resize(process + 1, Vec::new());
        }
        let delivered = &mut self.delivered[process];
        if delivered.len() <= number {
            delivered.resize(number + 1, false);
        }
        if std::mem::replace(&mut delivered[number], true) {
            return Err(format!("{} delivered {} twice", who(), book.name(key)));
        }
        Ok(key)
    }
}
