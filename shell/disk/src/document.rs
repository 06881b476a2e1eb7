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
    /// It is not XML.
    #[error(transparent)]
    Parse(#[from] xml::ParseError),
}

/// Reads an XML document from a file, which may be compressed with bzip2, or from standard input if the path is `-`.
pub fn read_document(path: &Path) -> Result<Element, DocumentError> {
    if path == Path::new("-") {
        return parse(&mut io::stdin().lock());
    }
    parse(&mut BufReader::new(File::open(path)?))
}

fn parse(reader: &mut impl BufRead) -> Result<Element, DocumentError> {
    let compressed = reader.fill_buf()?.starts_with(b"BZh");
    // One byte more than is allowed, so that the parser says what is wrong.
    let limit = u64::try_from(Limits::DOCUMENT.bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    if compressed {
        bzip2::bufread::MultiBzDecoder::new(reader).take(limit).read_to_end(&mut bytes)?;
    } else {
        reader.take(limit).read_to_end(&mut bytes)?;
    }
    Ok(xml::parse_bytes(&bytes, Limits::DOCUMENT)?)
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
        assert!(matches!(read_document(&path), Err(DocumentError::Read(_))));
    }
}
