use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

use xml::{Element, Limits};

/// Why a document could not be read from a file.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The system refused.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// It begins like something compressed with bzip2, and is not.
    #[error("cannot be decompressed with bzip2: {0}")]
    Compression(io::Error),
    /// It is not XML.
    #[error(transparent)]
    Parse(#[from] xml::ParseError),
}

/// Reads an XML document from a file, which may be compressed with bzip2, or from standard input if the path is `-`. What is
/// larger than [`Limits::DOCUMENT`] allows is not read to its end.
pub fn read_document(path: &Path) -> Result<Element, DocumentError> {
    if path == Path::new("-") {
        return parse(&mut io::stdin().lock(), 0);
    }
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    parse(&mut BufReader::new(file), length)
}

/// `length` is how many bytes there are, if that is known.
fn parse(reader: &mut impl BufRead, length: u64) -> Result<Element, DocumentError> {
    let compressed = reader.fill_buf()?.starts_with(b"BZh");
    let limit = u64::try_from(Limits::DOCUMENT.bytes_max).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    let read = if compressed {
        let plain = bzip2::bufread::MultiBzDecoder::new(reader);
        plain
            .take(limit.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(DocumentError::Compression)?
    } else if length > limit {
        return Err(too_large());
    } else {
        reader.take(limit.saturating_add(1)).read_to_end(&mut bytes)?
    };
    if u64::try_from(read).is_ok_and(|read| read > limit) {
        return Err(too_large());
    }
    Ok(xml::parse_bytes(&bytes, Limits::DOCUMENT)?)
}

fn too_large() -> DocumentError {
    let problem = xml::Problem::TooLarge(Limits::DOCUMENT.bytes_max);
    DocumentError::Parse(xml::ParseError { at: xml::Position { line: 1, column: 1 }, problem })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Series, SeriesFormat, atomic::Permissions, atomic::tests::Directory};

    #[test]
    fn plain_and_compressed_files_are_read() {
        let directory = Directory::new();
        for format in [SeriesFormat::Raw, SeriesFormat::Bzip2] {
            let series = Series::new(&directory.0, "x", format, Permissions::PRIVATE);
            let path = series.save(b"<cib epoch='1'/>", None).unwrap().unwrap();
            assert_eq!(read_document(&path).unwrap().attr("epoch"), Some("1"));
        }
    }

    #[test]
    fn what_is_no_document_is_an_error() {
        let directory = Directory::new();
        let path = directory.0.join("x");
        assert!(matches!(read_document(&path), Err(DocumentError::Read(_))));
        std::fs::write(&path, "<cib").unwrap();
        assert!(matches!(read_document(&path), Err(DocumentError::Parse(_))));
        std::fs::write(&path, "BZh9torn").unwrap();
        assert!(matches!(read_document(&path), Err(DocumentError::Compression(_))));
        let file = File::create(&path).unwrap();
        file.set_len(10 << 30).unwrap();
        assert!(matches!(
            read_document(&path),
            Err(DocumentError::Parse(error)) if error.problem == xml::Problem::TooLarge(512 << 20)
        ));
    }
}
