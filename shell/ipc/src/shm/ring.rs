use std::{
    io,
    os::fd::AsFd,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use wire::qb::PATH_SIZE;

use super::Mapping;

// The header file: two positions, the size, the paths of both files, a count of users, a semaphore, the reader's wish
// that the writer stop.
const WRITE_POSITION: usize = 0;
const READ_POSITION: usize = 4;
const WORD_COUNT: usize = 8;
const HEADER_PATH: usize = 12;
const DATA_PATH: usize = HEADER_PATH + PATH_SIZE;
const USER_COUNT: usize = DATA_PATH + PATH_SIZE;
const SEMAPHORE: usize = USER_COUNT + 4;
const FLOW_CONTROL: usize = SEMAPHORE + size_of::<libc::sem_t>();
/// What the C structure has, and behind it room for one number more.
const HEADER_SIZE: usize = (FLOW_CONTROL + 1).next_multiple_of(8);
const HEADER_FILE_SIZE: usize = HEADER_SIZE + 4;

// Every message in the data file: its size, a mark, its bytes, filled up to a multiple of four.
const MARK_FULL: u32 = 0xA1A1_A1A1;
const MARK_READ: u32 = 0xD0D0_D0D0;
const MARK_BEING_WRITTEN: u32 = 0xA110_CED0;
/// The bytes that stay free besides a message.
const MARGIN: usize = 12;

/// Bytes of a data file for messages of up to `message_max` bytes.
pub(crate) fn data_size(message_max: usize) -> usize {
    (message_max + MARGIN + 1).next_multiple_of(rustix::param::page_size())
}

/// One ring buffer.
#[derive(Debug)]
pub(crate) struct Ring {
    header: Mapping,
    data: Mapping,
    /// Size of the data in words of four bytes; always our own number, never the one in the header.
    words: u32,
    message_max: usize,
}

/// The other side wrote something into the ring buffer that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Damage {
    #[error("the shared memory was truncated")]
    Truncated,
    #[error("a position outside the ring buffer: {0}")]
    Position(u32),
    #[error("a message of {0} bytes in the ring buffer")]
    Size(u32),
}

impl Ring {
    /// Sets up a ring buffer in two new files and makes them big enough.
    pub(crate) fn create(
        header: impl AsFd,
        data: impl AsFd,
        base_path: &str,
        message_max: usize,
    ) -> io::Result<Self> {
        let size = data_size(message_max);
        for (file, length) in [(header.as_fd(), HEADER_FILE_SIZE), (data.as_fd(), size)] {
            // Reserved now, so that a full file system is noticed here and not as a signal later.
            rustix::fs::fallocate(file, rustix::fs::FallocateFlags::empty(), 0, length as u64)?;
        }
        let ring = Self {
            header: Mapping::new(header, HEADER_FILE_SIZE)?,
            data: Mapping::circular(data, size)?,
            words: word_count(size)?,
            message_max,
        };
        ring.header.u32(WORD_COUNT).store(ring.words, Ordering::Relaxed);
        for (offset, end) in [(HEADER_PATH, "-header"), (DATA_PATH, "-data")] {
            let path = format!("{base_path}{end}");
            if path.len() >= PATH_SIZE {
                return Err(io::ErrorKind::InvalidFilename.into());
            }
            ring.header.copy_in(offset, path.as_bytes());
        }
        // SAFETY: the memory is inside a mapping of our own that nobody else uses yet.
        if unsafe { libc::sem_init(ring.header.semaphore(SEMAPHORE), 1, 0) } != 0 {
            return Err(io::Error::last_os_error());
        }
        ring.header.i32(USER_COUNT).store(1, Ordering::Release);
        Ok(ring)
    }

    /// Opens a ring buffer that a server has set up.
    pub(crate) fn open(header: impl AsFd, data: impl AsFd, message_max: usize) -> io::Result<Self> {
        let invalid = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
        let size = data_size(message_max);
        for (file, length) in [(header.as_fd(), HEADER_SIZE), (data.as_fd(), size)] {
            if u64::try_from(rustix::fs::fstat(file)?.st_size).unwrap_or(0) < length as u64 {
                return Err(invalid("a ring buffer's file is too short"));
            }
        }
        let ring = Self {
            header: Mapping::new(header, HEADER_SIZE)?,
            data: Mapping::circular(data, size)?,
            words: word_count(size)?,
            message_max,
        };
        if ring.header.u32(WORD_COUNT).load(Ordering::Relaxed) != ring.words {
            return Err(invalid("a ring buffer has another size than agreed"));
        }
        ring.header.i32(USER_COUNT).fetch_add(1, Ordering::AcqRel);
        Ok(ring)
    }

    /// The writing end. There must be only one, on either side.
    pub(crate) fn writer(self: &Arc<Self>) -> RingWriter {
        RingWriter { ring: Arc::clone(self), at: 0 }
    }

    /// The reading end. There must be only one, on either side.
    pub(crate) fn reader(self: &Arc<Self>) -> RingReader {
        RingReader { ring: Arc::clone(self), at: 0 }
    }

    /// Whether the reader wants the writer to stop: 0 no, 1 yes, 2 yes except for what it marked as urgent.
    pub(crate) fn flow_control(&self) -> i32 {
        self.header.i32(FLOW_CONTROL).load(Ordering::Acquire)
    }

    /// Says whether the reader wants the writer to stop.
    pub(crate) fn set_flow_control(&self, number: i32) {
        self.header.i32(FLOW_CONTROL).store(number, Ordering::Release);
    }

    /// Waits until there is a message, at most `timeout`. It may return early.
    pub(crate) fn wait(&self, timeout: Duration) {
        let semaphore = self.header.semaphore(SEMAPHORE);
        // SAFETY: zeros are a valid time, filled in by the call.
        let mut until: libc::timespec = unsafe { std::mem::zeroed() };
        // SAFETY: the argument is valid for writing. The semaphore can only be waited for by this clock.
        unsafe { libc::clock_gettime(libc::CLOCK_REALTIME, &mut until) };
        let nanoseconds = until.tv_nsec + libc::c_long::from(timeout.subsec_nanos());
        until.tv_sec += libc::time_t::try_from(timeout.as_secs()).unwrap_or(1 << 30);
        until.tv_sec += nanoseconds / 1_000_000_000;
        until.tv_nsec = nanoseconds % 1_000_000_000;
        // SAFETY: the semaphore was initialised by the server and stays mapped as long as `self`.
        if unsafe { libc::sem_timedwait(semaphore, &until) } == 0 {
            // Its count is that of the messages: the one that has come is still to be read.
            // SAFETY: as above.
            unsafe { libc::sem_post(semaphore) };
        }
    }

    /// Tells the other side that this one has gone.
    pub(crate) fn close(&self) {
        self.header.i32(USER_COUNT).store(1, Ordering::Release);
    }

    fn check(&self) -> Result<(), Damage> {
        if self.header.is_damaged() || self.data.is_damaged() {
            return Err(Damage::Truncated);
        }
        Ok(())
    }

    fn word(&self, index: u32) -> &std::sync::atomic::AtomicU32 {
        self.data.u32((index % self.words) as usize * 4)
    }

    fn after(&self, at: u32, message: u32) -> u32 {
        (at + 2 + message.div_ceil(4)) % self.words
    }
}

fn word_count(size: usize) -> io::Result<u32> {
    // Positions are added up in 32 bits.
    u32::try_from(size / 4)
        .ok()
        .filter(|&words| words < u32::MAX / 4)
        .ok_or(io::ErrorKind::FileTooLarge.into())
}

/// The end of a ring buffer that takes messages out.
#[derive(Debug)]
pub(crate) struct RingReader {
    ring: Arc<Ring>,
    /// The header holds a copy for the writer, which could be tampered with.
    at: u32,
}

impl RingReader {
    /// The ring buffer.
    pub(crate) fn ring(&self) -> &Arc<Ring> {
        &self.ring
    }

    /// The next message, if there is one.
    pub(crate) fn read(&mut self) -> Result<Option<Vec<u8>>, Damage> {
        let ring = &*self.ring;
        // C writers take a ring whose positions are equal for full while the count is not 0: it must never be too high.
        // SAFETY: the semaphore is mapped as long as the ring.
        let is_counted = unsafe { libc::sem_trywait(ring.header.semaphore(SEMAPHORE)) } == 0;
        ring.check()?;
        if !is_counted {
            return Ok(None);
        }
        // Old contents may look like a message: the mark counts only where the writer has passed.
        let written = ring.header.u32(WRITE_POSITION).load(Ordering::Acquire);
        let mark = ring.word(self.at + 1).load(Ordering::Acquire);
        ring.check()?;
        if written == self.at || mark != MARK_FULL {
            return Ok(None);
        }
        let size = ring.word(self.at).load(Ordering::Relaxed);
        if size == 0 || size as usize > ring.message_max {
            return Err(Damage::Size(size));
        }
        let start = ((self.at + 2) % ring.words) as usize * 4;
        let message = ring.data.copy_out(start, size as usize);
        ring.word(self.at).store(0, Ordering::Relaxed);
        ring.word(self.at + 1).store(MARK_READ, Ordering::Release);
        self.at = ring.after(self.at, size);
        ring.header.u32(READ_POSITION).store(self.at, Ordering::Release);
        ring.check()?;
        Ok(Some(message))
    }
}

/// The end of a ring buffer that puts messages in.
#[derive(Debug)]
pub(crate) struct RingWriter {
    ring: Arc<Ring>,
    at: u32,
}

impl RingWriter {
    /// The ring buffer.
    pub(crate) fn ring(&self) -> &Arc<Ring> {
        &self.ring
    }

    /// Puts a message in, which may be in parts; false if there is no room for it now.
    ///
    /// A message longer than agreed never fits.
    pub(crate) fn write(&mut self, parts: &[&[u8]]) -> Result<bool, Damage> {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let ring = &*self.ring;
        let read = ring.header.u32(READ_POSITION).load(Ordering::Acquire);
        ring.check()?;
        if read >= ring.words {
            return Err(Damage::Position(read));
        }
        let free = match read.cmp(&self.at) {
            std::cmp::Ordering::Less => read + ring.words - self.at - 1,
            std::cmp::Ordering::Equal => ring.words,
            std::cmp::Ordering::Greater => read - self.at - 1,
        };
        let size = u32::try_from(length).unwrap_or(u32::MAX);
        if length > ring.message_max || (free as usize) * 4 < length + MARGIN {
            return Ok(false);
        }
        ring.word(self.at).store(0, Ordering::Relaxed);
        ring.word(self.at + 1).store(MARK_BEING_WRITTEN, Ordering::Release);
        let mut offset = ((self.at + 2) % ring.words) as usize * 4;
        for part in parts {
            ring.data.copy_in(offset, part);
            offset += part.len();
        }
        ring.word(self.at).store(size, Ordering::Relaxed);
        let old = self.at;
        self.at = ring.after(old, size);
        ring.header.u32(WRITE_POSITION).store(self.at, Ordering::Release);
        ring.word(old + 1).store(MARK_FULL, Ordering::Release);
        // Fails only if the reader has made a mess of its own semaphore.
        // SAFETY: the semaphore is mapped as long as the ring.
        unsafe { libc::sem_post(ring.header.semaphore(SEMAPHORE)) };
        ring.check()?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::OwnedFd;

    use rustix::fs::{MemfdFlags, memfd_create};

    use super::*;

    struct Files {
        header: OwnedFd,
        data: OwnedFd,
    }

    fn pair(message_max: usize) -> (Files, RingWriter, RingReader) {
        let files = Files {
            header: memfd_create("header", MemfdFlags::CLOEXEC).unwrap(),
            data: memfd_create("data", MemfdFlags::CLOEXEC).unwrap(),
        };
        let ours = Arc::new(Ring::create(&files.header, &files.data, "/x", message_max).unwrap());
        let theirs = Arc::new(Ring::open(&files.header, &files.data, message_max).unwrap());
        (files, ours.writer(), theirs.reader())
    }

    fn other_view(file: &OwnedFd, length: usize) -> Mapping {
        Mapping::new(file, length).unwrap()
    }

    #[test]
    fn the_header_is_laid_out_as_in_c() {
        assert_eq!(USER_COUNT, 8204);
        assert_eq!(SEMAPHORE, 8208);
        assert_eq!(FLOW_CONTROL, 8240);
        assert_eq!(HEADER_SIZE, 8248);
        assert_eq!(data_size(131_072), 131_072 + 4096);
    }

    #[test]
    fn messages_of_every_size_go_round_many_times() {
        let (_files, mut writer, mut reader) = pair(5000);
        for round in 0..2000_usize {
            let message: Vec<u8> = (0..1 + round * 7 % 5000)
                .map(|i| u8::try_from((i + round) % 256).unwrap())
                .collect();
            assert_eq!(writer.write(&[&message]), Ok(true), "{round}");
            assert_eq!(reader.read(), Ok(Some(message)), "{round}");
            assert_eq!(reader.read(), Ok(None), "{round}");
        }
    }

    #[test]
    fn a_full_ring_takes_no_more_until_something_is_read() {
        let (_files, mut writer, mut reader) = pair(4000);
        let mut count = 0;
        while writer.write(&[&[7; 1000]]).unwrap() {
            count += 1;
        }
        assert_eq!(count, 4);
        assert_eq!(writer.write(&[&[7; 1000]]), Ok(false));
        assert_eq!(reader.read().unwrap().unwrap().len(), 1000);
        assert_eq!(writer.write(&[&[7; 1000]]), Ok(true));
        assert_eq!(writer.write(&[&[7; 4001]]), Ok(false), "longer than agreed");
    }

    #[test]
    fn old_bytes_that_look_like_a_message_are_none() {
        let (_files, mut writer, mut reader) = pair(4000);
        // The whole ring is filled with the mark, as payload; then positions come to lie on it.
        for round in 0..500 {
            let message = [0xA1; 3996];
            assert_eq!(writer.write(&[&message[..3996 - round % 9 * 4]]), Ok(true));
            assert!(reader.read().unwrap().is_some());
            assert_eq!(reader.read(), Ok(None));
        }
    }

    #[test]
    fn damage_is_noticed() {
        let (files, mut writer, mut reader) = pair(4000);
        let header = other_view(&files.header, HEADER_SIZE);
        header.u32(READ_POSITION).store(u32::MAX, Ordering::Relaxed);
        assert_eq!(writer.write(&[b"abc"]), Err(Damage::Position(u32::MAX)));
        header.u32(READ_POSITION).store(0, Ordering::Relaxed);
        for size in [0, 4001, 0x7FFF_FFFF, u32::MAX] {
            let data = other_view(&files.data, data_size(4000));
            header.u32(WRITE_POSITION).store(1, Ordering::Relaxed);
            // SAFETY: the semaphore is mapped as long as `header`.
            unsafe { libc::sem_post(header.semaphore(SEMAPHORE)) };
            data.u32(0).store(size, Ordering::Relaxed);
            data.u32(4).store(MARK_FULL, Ordering::Relaxed);
            assert_eq!(reader.read(), Err(Damage::Size(size)));
        }
    }

    #[test]
    fn a_truncated_file_is_damage_and_not_the_end() {
        let (files, mut writer, mut reader) = pair(4000);
        assert_eq!(writer.write(&[b"abc"]), Ok(true));
        rustix::fs::ftruncate(&files.data, 0).unwrap();
        assert_eq!(reader.read(), Err(Damage::Truncated));
        assert_eq!(writer.write(&[b"abc"]), Err(Damage::Truncated));
        let (files, mut writer, mut reader) = pair(4000);
        rustix::fs::ftruncate(&files.header, 0).unwrap();
        assert_eq!(writer.write(&[b"abc"]), Err(Damage::Truncated));
        assert_eq!(reader.read(), Err(Damage::Truncated));
    }

    #[test]
    fn waiting_ends_with_a_message() {
        let (_files, mut writer, reader) = pair(4000);
        let ring = Arc::clone(reader.ring());
        let waiter = std::thread::spawn(move || ring.wait(Duration::from_secs(600)));
        writer.write(&[b"abc"]).unwrap();
        waiter.join().unwrap();
    }
}
