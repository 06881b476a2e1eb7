use bzip2::{Action, Compress as Bzip2, Compression as Level, Decompress as Bunzip2, Status};
use flate2::{Compress as Deflate, Decompress as Inflate, FlushCompress, FlushDecompress};

use super::FRAME_MAX;
use crate::WireError;

/// How much more room is made for output at a time: what is claimed is not believed.
const STEP: usize = 16 << 10;

/// Ways to compress frames that libknet knows and that this project knows too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompressionModel {
    /// zlib.
    Zlib,
    /// LZ4.
    Lz4,
    /// LZ4, slower and smaller. What it makes is LZ4; we only read it, and write it the fast way.
    Lz4hc,
    /// bzip2.
    Bzip2,
}

impl CompressionModel {
    /// The number in packets.
    pub const fn code(self) -> u8 {
        match self {
            Self::Zlib => 1,
            Self::Lz4 => 2,
            Self::Lz4hc => 3,
            Self::Bzip2 => 6,
        }
    }

    /// The one with a number. 4 (lzo2), 5 (lzma) and 7 (zstd) are known to libknet only.
    pub fn from_code(code: u8) -> Result<Self, WireError> {
        match code {
            1 => Ok(Self::Zlib),
            2 => Ok(Self::Lz4),
            3 => Ok(Self::Lz4hc),
            6 => Ok(Self::Bzip2),
            other => Err(WireError::Invalid { field: "compression", value: other.into() }),
        }
    }

    /// Compresses; `None` if that makes nothing smaller. What `level` means is the model's; a level that the model does
    /// not have is the nearest that it has.
    pub fn compress(self, plain: &[u8], level: i32) -> Option<Vec<u8>> {
        match self {
            Self::Zlib => deflate(plain, level),
            Self::Lz4 | Self::Lz4hc => Some(lz4_flex::block::compress(plain)),
            Self::Bzip2 => bzip2(plain, level),
        }
        .filter(|output| output.len() < plain.len())
    }

    /// Decompresses into at most [`FRAME_MAX`] bytes.
    pub fn decompress(self, packed: &[u8]) -> Result<Vec<u8>, WireError> {
        match self {
            Self::Zlib => inflate(packed),
            Self::Lz4 | Self::Lz4hc => {
                let mut output = vec![0; FRAME_MAX];
                let length = lz4_flex::block::decompress_into(packed, &mut output)
                    .map_err(|_| damaged("not an LZ4 block, or too long"))?;
                output.truncate(length);
                Ok(output)
            }
            Self::Bzip2 => bunzip2(packed),
        }
    }
}

const fn damaged(problem: &'static str) -> WireError {
    WireError::Compression { problem }
}

fn deflate(plain: &[u8], level: i32) -> Option<Vec<u8>> {
    let level = u32::try_from(level).map_or_else(
        |_| flate2::Compression::default(),
        |level| flate2::Compression::new(level.min(9)),
    );
    let mut compressor = Deflate::new(level, true);
    let mut output = Vec::with_capacity(plain.len());
    let status = compressor.compress_vec(plain, &mut output, FlushCompress::Finish).ok()?;
    (status == flate2::Status::StreamEnd).then_some(output)
}

fn inflate(packed: &[u8]) -> Result<Vec<u8>, WireError> {
    let mut stream = Inflate::new(true);
    unpack(packed, |rest, output| {
        let before = stream.total_in();
        let status = stream
            .decompress_vec(rest, output, FlushDecompress::None)
            .map_err(|_| damaged("not a zlib stream"))?;
        Ok((stream.total_in() - before, status == flate2::Status::StreamEnd))
    })
}

fn bzip2(plain: &[u8], level: i32) -> Option<Vec<u8>> {
    let level = u32::try_from(level).unwrap_or(1).clamp(1, 9);
    let mut compressor = Bzip2::new(Level::new(level), 0);
    let mut output = Vec::with_capacity(plain.len());
    let status = compressor.compress_vec(plain, &mut output, Action::Finish).ok()?;
    (status == Status::StreamEnd).then_some(output)
}

fn bunzip2(packed: &[u8]) -> Result<Vec<u8>, WireError> {
    let mut stream = Bunzip2::new(false);
    unpack(packed, |rest, output| {
        let before = stream.total_in();
        let status =
            stream.decompress_vec(rest, output).map_err(|_| damaged("not a bzip2 stream"))?;
        Ok((stream.total_in() - before, status == Status::StreamEnd))
    })
}

/// Runs `step` (takes from the first, fills the room of the second; how much it took, and whether it is the end) until
/// the end, within bounds.
fn unpack(
    packed: &[u8],
    mut step: impl FnMut(&[u8], &mut Vec<u8>) -> Result<(u64, bool), WireError>,
) -> Result<Vec<u8>, WireError> {
    let mut output = Vec::new();
    let mut rest = packed;
    loop {
        output.reserve(STEP.min(packed.len().saturating_mul(4) + 64));
        let before = output.len();
        let (taken, is_end) = step(rest, &mut output)?;
        rest = usize::try_from(taken).ok().and_then(|taken| rest.get(taken..)).unwrap_or_default();
        if output.len() > FRAME_MAX {
            return Err(damaged("more data than a frame may have"));
        }
        if is_end {
            return Ok(output);
        }
        if taken == 0 && output.len() == before {
            return Err(damaged("the stream ends early"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODELS: [CompressionModel; 4] = [
        CompressionModel::Zlib,
        CompressionModel::Lz4,
        CompressionModel::Lz4hc,
        CompressionModel::Bzip2,
    ];

    fn text(length: usize) -> Vec<u8> {
        (0..length).map(|i| u8::try_from(i / 7 % 61 + i % 3).unwrap_or(0)).collect()
    }

    #[test]
    fn both_ways_at_many_sizes_and_levels() {
        for model in MODELS {
            assert_eq!(CompressionModel::from_code(model.code()), Ok(model));
            for length in [400, STEP - 1, STEP, STEP + 1, FRAME_MAX] {
                for level in [-1, 0, 1, 9, 100] {
                    let Some(packed) = model.compress(&text(length), level) else {
                        assert_eq!((model, level), (CompressionModel::Zlib, 0), "{length}");
                        continue;
                    };
                    assert_eq!(model.decompress(&packed).unwrap(), text(length), "{model:?}");
                    let cut = model.decompress(&packed[..packed.len() / 2]);
                    assert_ne!(cut.ok(), Some(text(length)), "{model:?} cut in half");
                }
            }
        }
    }

    #[test]
    fn what_does_not_shrink_stays() {
        let noise: Vec<u8> =
            (0..64_u32).map(|i| i.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
        for model in MODELS {
            assert_eq!(model.compress(&noise, 1), None, "{model:?}");
            assert_eq!(model.compress(b"", 1), None);
        }
    }

    #[test]
    fn a_bomb_is_cut_off() {
        for model in MODELS {
            let packed = model.compress(&vec![0; FRAME_MAX + 1], 1).unwrap();
            assert!(model.decompress(&packed).is_err(), "{model:?}");
        }
    }

    #[test]
    fn noise_is_an_error() {
        for model in MODELS {
            assert!(model.decompress(b"\xf0 and then something else").is_err(), "{model:?}");
        }
        for code in [0, 4, 5, 7, 255] {
            assert!(CompressionModel::from_code(code).is_err());
        }
    }
}
