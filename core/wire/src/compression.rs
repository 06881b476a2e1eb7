use bzip2::{Action, Compress, Compression, Decompress, Status};

use crate::WireError;

/// How much more room is made for output at a time.
const STEP: usize = 256 << 10;

/// Compresses with the block size and work factor that the C daemons use; `None` if the result is over `limit` bytes.
pub(crate) fn compress(plain: &[u8], limit: usize) -> Option<Vec<u8>> {
    let mut compressor = Compress::new(Compression::new(4), 20);
    let mut output = Vec::new();
    loop {
        let done = usize::try_from(compressor.total_in()).ok()?;
        output.reserve(STEP.min(plain.len() + 1024));
        let status =
            compressor.compress_vec(plain.get(done..)?, &mut output, Action::Finish).ok()?;
        if output.len() > limit {
            return None;
        }
        if status == Status::StreamEnd {
            return Some(output);
        }
    }
}

/// Decompresses what must give exactly `length` bytes. Memory grows with what comes out, not with what was claimed.
pub(crate) fn decompress(packed: &[u8], length: usize) -> Result<Vec<u8>, WireError> {
    let damaged = |problem| WireError::Compression { problem };
    let mut decompressor = Decompress::new(false);
    let mut output = Vec::new();
    loop {
        let done = usize::try_from(decompressor.total_in()).unwrap_or(usize::MAX);
        let before = (decompressor.total_in(), output.len());
        // One byte more than expected, so that too much is noticed.
        let room = (length + 1).saturating_sub(output.len()).min(STEP);
        output.reserve_exact(room);
        let status = decompressor
            .decompress_vec(packed.get(done..).unwrap_or_default(), &mut output)
            .map_err(|_| damaged("not a bzip2 stream"))?;
        if output.len() > length {
            return Err(damaged("more data than announced"));
        }
        if status == Status::StreamEnd {
            break;
        }
        if (decompressor.total_in(), output.len()) == before {
            return Err(damaged("the stream ends early"));
        }
    }
    if output.len() == length { Ok(output) } else { Err(damaged("less data than announced")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_at_many_sizes() {
        for length in [1, 100, STEP - 1, STEP, STEP + 1, 3 * STEP + 17] {
            let plain: Vec<u8> =
                (0..length).map(|i| u8::try_from(i * 31 % 251).unwrap_or(0)).collect();
            let packed = compress(&plain, usize::MAX).unwrap();
            assert_eq!(decompress(&packed, length).unwrap(), plain);
            assert!(decompress(&packed, length + 1).is_err());
            assert!(decompress(&packed, length - 1).is_err());
            assert!(decompress(&packed[..packed.len() - 1], length).is_err());
        }
        assert_eq!(compress(b"abc", 10), None);
    }

    #[test]
    fn noise_is_an_error() {
        assert!(decompress(b"", 10).is_err());
        assert!(decompress(b"BZh4 and then something else", 10).is_err());
    }
}
