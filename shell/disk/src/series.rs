use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use crate::atomic::{self, Permissions};

/// What a series' files are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeriesFormat {
    /// `NAME-N.raw`, as they are.
    Raw,
    /// `NAME-N.bz2`, compressed.
    Bzip2,
}

/// Numbered files of which a limited number is kept: `NAME-0.bz2`, `NAME-1.bz2`, …, with the next number in `NAME.last`.
#[derive(Clone, Debug)]
pub struct Series {
    directory: PathBuf,
    name: String,
    format: SeriesFormat,
    permissions: Permissions,
}

impl Series {
    /// The series of that name in a directory.
    pub fn new(
        directory: &Path,
        name: &str,
        format: SeriesFormat,
        permissions: Permissions,
    ) -> Self {
        Self { directory: directory.to_owned(), name: name.to_owned(), format, permissions }
    }

    /// The number that comes next; 0 if none was written yet or the counter cannot be read.
    pub fn next(&self) -> u32 {
        let text = fs::read_to_string(self.counter()).unwrap_or_default();
        text.trim().parse().unwrap_or(0)
    }

    /// The file of that number.
    pub fn path(&self, number: u32) -> PathBuf {
        let extension = match self.format {
            SeriesFormat::Raw => "raw",
            SeriesFormat::Bzip2 => "bz2",
        };
        self.directory.join(format!("{}-{number}.{extension}", self.name))
    }

    /// Writes the next file and advances the counter. At most `keep` files are kept: none at all if it is 0, all if there
    /// is no limit. Gives the file.
    pub fn save(&self, content: &[u8], keep: Option<u32>) -> io::Result<Option<PathBuf>> {
        if keep == Some(0) {
            return Ok(None);
        }
        let number = self.next();
        let path = self.path(number);
        let compressed;
        let bytes = match self.format {
            SeriesFormat::Raw => content,
            SeriesFormat::Bzip2 => {
                let level = bzip2::Compression::best();
                let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), level);
                encoder.write_all(content)?;
                compressed = encoder.finish()?;
                &compressed
            }
        };
        atomic::replace(&path, bytes, self.permissions)?;
        self.advance(number, keep)?;
        Ok(Some(path))
    }

    /// Notes that the file of that number was written.
    pub(crate) fn advance(&self, number: u32, keep: Option<u32>) -> io::Result<()> {
        let next = number.wrapping_add(1);
        let next = if keep.is_some_and(|keep| next >= keep) { 0 } else { next };
        atomic::replace(&self.counter(), next.to_string().as_bytes(), self.permissions)
    }

    fn counter(&self) -> PathBuf {
        self.directory.join(format!("{}.last", self.name))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::atomic::tests::Directory;

    #[test]
    fn numbers_go_round() {
        let directory = Directory::new();
        let series =
            Series::new(&directory.0, "pe-input", SeriesFormat::Bzip2, Permissions::PRIVATE);
        let saved: Vec<_> = (0..4)
            .map(|n| series.save(format!("<cib n='{n}'/>").as_bytes(), Some(3)).unwrap().unwrap())
            .collect();
        assert_eq!(saved[0], saved[3]);
        assert_eq!(fs::read_to_string(directory.0.join("pe-input.last")).unwrap(), "1");
        let mut text = String::new();
        let file = fs::File::open(&saved[3]).unwrap();
        bzip2::read::BzDecoder::new(file).read_to_string(&mut text).unwrap();
        assert_eq!(text, "<cib n='3'/>");
        assert_eq!(
            directory.names(),
            ["pe-input-0.bz2", "pe-input-1.bz2", "pe-input-2.bz2", "pe-input.last"]
        );
    }

    #[test]
    fn none_or_all_may_be_kept() {
        let directory = Directory::new();
        let series = Series::new(&directory.0, "x", SeriesFormat::Raw, Permissions::PRIVATE);
        assert_eq!(series.save(b"a", Some(0)).unwrap(), None);
        assert!(directory.names().is_empty());
        series.save(b"a", None).unwrap();
        assert_eq!(series.next(), 1);
    }

    #[test]
    fn a_counter_that_makes_no_sense_counts_as_none() {
        let directory = Directory::new();
        fs::write(directory.0.join("x.last"), "many").unwrap();
        let series = Series::new(&directory.0, "x", SeriesFormat::Raw, Permissions::PRIVATE);
        assert_eq!(series.next(), 0);
    }
}
