use std::{io, os::fd::AsFd, sync::atomic::Ordering};

use super::Mapping;

/// Bytes of the file: two numbers for each of three channels.
const SIZE: usize = 24;

/// One of the three channels of a connection over sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    Request = 0,
    Response = 8,
    Event = 16,
}

/// The file that both ends of a connection over sockets share: how many messages are on their way in each channel, and
/// whether the receiver wants the sender to stop.
#[derive(Debug)]
pub(crate) struct Control(Mapping);

impl Control {
    /// Sets it up in a new file.
    pub(crate) fn create(file: impl AsFd) -> io::Result<Self> {
        rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, SIZE as u64)?;
        Mapping::new(file, SIZE).map(Self)
    }

    /// Opens the one that a server has set up.
    pub(crate) fn open(file: impl AsFd) -> io::Result<Self> {
        if u64::try_from(rustix::fs::fstat(&file)?.st_size).unwrap_or(0) < SIZE as u64 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Mapping::new(file, SIZE).map(Self)
    }

    /// A message was sent.
    pub(crate) fn sent(&self, channel: Channel) {
        self.0.i32(channel as usize).fetch_add(1, Ordering::AcqRel);
    }

    /// A message was received.
    pub(crate) fn received(&self, channel: Channel) {
        self.0.i32(channel as usize).fetch_sub(1, Ordering::AcqRel);
    }

    /// Says whether the receiver of requests wants the sender to stop; as with ring buffers.
    pub(crate) fn set_flow_control(&self, number: i32) {
        self.0.i32(Channel::Request as usize + 4).store(number, Ordering::Release);
    }

    /// Whether the receiver of requests wants the sender to stop; as with ring buffers.
    pub(crate) fn flow_control(&self) -> i32 {
        self.0.i32(Channel::Request as usize + 4).load(Ordering::Acquire)
    }
}
