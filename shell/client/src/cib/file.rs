use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use cib::{Document, Source, Stamp, acl};
use disk::{CibStore, DocumentError, StoreError, read_document};
use messages::cib::{CallOptions, Failure, Operation, OperationKind, Reply, Request};
use rules::LocalTime;
use vocab::Timestamp;

use super::{CibError, trace};

/// Where the cluster's own CIB is.
const LIVE: &str = "/var/lib/pacemaker/cib/cib.xml";

/// A CIB in a file: operations are carried out here, and each change is written at once.
#[derive(Debug)]
pub(super) struct FileCib {
    path: PathBuf,
    document: Document,
}

impl FileCib {
    pub(super) fn open(path: &Path) -> Result<Self, CibError> {
        let root = read_document(path).map_err(|error| match error {
            DocumentError::Read(source) if source.kind() == io::ErrorKind::IsADirectory => {
                CibError::Corrupt { path: path.to_owned(), problem: source.to_string() }
            }
            DocumentError::Read(source) => CibError::File { path: path.to_owned(), source },
            DocumentError::Parse(_) | DocumentError::Compression(_) => {
                CibError::Corrupt { path: path.to_owned(), problem: error.to_string() }
            }
        })?;
        if root.name() != "cib" {
            let problem = format!("it contains <{}> instead of <cib>", root.name());
            return Err(CibError::Corrupt { path: path.to_owned(), problem });
        }
        let mut root = root;
        root.child_or_new("status");
        let document = Document::new(root);
        if document.violation().is_some() {
            return Err(CibError::Failed { failure: Failure::SchemaValidation, output: None });
        }
        Ok(Self { path: path.to_owned(), document })
    }

    pub(super) fn perform(&mut self, request: &Request) -> Result<Reply, CibError> {
        let mut reply = Reply::to(request);
        match request.operation.kind() {
            OperationKind::Read | OperationKind::Write => {}
            OperationKind::Control | OperationKind::Role => {
                return Err(CibError::NeedsCluster(request.operation.as_str()));
            }
        }
        if matches!(request.operation, Operation::Noop | Operation::Ping) {
            return Ok(reply);
        }
        // Who changed a file, and when, is nothing that the file says.
        let request = request.clone().with_options(CallOptions::NO_MTIME);
        let stamp = Stamp { origin: None, written: "" };
        let before = self.document.root().clone();
        let moment = now();
        let utc_offset_seconds = runtime::utc_offset_seconds(moment);
        let groups = match &request.user {
            Some(user) if acl::applies_to(Some(user)) && acl::has_groups(&before) => {
                runtime::group_names(user)
            }
            Some(_) | None => Vec::new(),
        };
        let now = LocalTime { moment, utc_offset_seconds };
        let circumstances = acl::Circumstances { now, groups: &groups };
        let performed = self.document.perform(&request, Source::Client, stamp, circumstances);
        trace::verdicts(&performed.verdicts);
        let changed = performed.result.is_ok() && performed.patch.is_some();
        if changed && !request.options.has(CallOptions::DRY_RUN) && before != *self.document.root()
        {
            self.write()?;
        }
        reply.result = performed.result;
        reply.output = performed.output;
        Ok(reply)
    }

    fn write(&self) -> Result<(), CibError> {
        if self.is_live() {
            return self.write_live();
        }
        // In place, not by a new file: programs such as pcs make a temporary file, keep it open while a tool changes it,
        // and read the result from what they have open.
        let text = self.document.root().to_pretty();
        fs::write(&self.path, text)
            .map_err(|source| CibError::File { path: self.path.clone(), source })
    }

    /// The cluster's own file gets its digest and an archive, as if the cluster had written it.
    fn write_live(&self) -> Result<(), CibError> {
        let directory = Path::new(LIVE).parent().unwrap_or(Path::new("/"));
        let mut root = cib::to_file(self.document.root());
        root.set("cib-last-written", runtime::time_in_words(now()));
        CibStore::new(directory).save(&root).map_err(|error| match error {
            StoreError::Modified { .. } => {
                CibError::Failed { failure: Failure::FileModified, output: None }
            }
            StoreError::Archive(_) => {
                CibError::Failed { failure: Failure::FileBackup, output: None }
            }
            StoreError::Write { path, source } => CibError::File { path, source },
        })
    }

    fn is_live(&self) -> bool {
        let real = |path: &Path| -> io::Result<PathBuf> { fs::canonicalize(path) };
        matches!((real(&self.path), real(Path::new(LIVE))), (Ok(a), Ok(b)) if a == b)
    }
}

fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::{super::*, *};
    use std::io::Read as _;
    use xml::Element;

    /// A file of its own for one test, removed at the end.
    struct TestFile(PathBuf);

    impl TestFile {
        fn new(name: &str, content: &str) -> Self {
            let unique = format!("cardea-client-{}-{name}", std::process::id());
            let path = std::env::temp_dir().join(unique);
            fs::write(&path, content).unwrap();
            Self(path)
        }

        fn open(&self) -> Result<Cib, CibError> {
            Cib::open_backend("test", &Backend::File(self.0.clone()))
        }
    }

    impl Drop for TestFile {
        fn drop(&mut self) {
            let _ = fs::remove_file(&self.0);
        }
    }

    #[test]
    fn changes_are_in_the_file_at_once() {
        let file = TestFile::new("changes", &cib::empty(0).to_pretty());
        let dummy =
            xml::parse("<primitive id='d' class='ocf' provider='p' type='Dummy'/>").unwrap();
        let mut first = file.open().unwrap();
        first.create(Some("resources"), dummy.clone(), CallOptions::NONE).unwrap();
        let mut second = file.open().unwrap();
        let found = second.query_xpath("//primitive", CallOptions::NONE).unwrap();
        assert_eq!(found.id(), Some("d"));
        let root = second.query(None, CallOptions::NONE).unwrap();
        assert_eq!(root.attr("epoch"), Some("1"));
        assert_eq!(root.attr("update-client"), None);
        let error = second.create(Some("resources"), dummy, CallOptions::NONE).unwrap_err();
        assert_eq!(error.exit().code(), 108);
    }

    #[test]
    fn who_has_the_file_open_reads_the_change() {
        let file = TestFile::new("open", &cib::empty(0).to_pretty());
        let mut open = fs::File::open(&file.0).unwrap();
        let mut cib = file.open().unwrap();
        let node = xml::parse("<node id='1' uname='a'/>").unwrap();
        cib.create(Some("nodes"), node, CallOptions::NONE).unwrap();
        let mut text = String::new();
        open.read_to_string(&mut text).unwrap();
        assert!(text.contains("<node id=\"1\""), "{text}");
    }

    #[test]
    fn what_is_refused_is_not_written() {
        let text = cib::empty(0).to_pretty();
        let file = TestFile::new("refused", &text);
        let mut cib = file.open().unwrap();
        let error = cib.create(Some("resources"), Element::new("foo"), CallOptions::NONE);
        assert_eq!(error.unwrap_err().exit().code(), 78);
        let dry = CallOptions::DRY_RUN;
        cib.erase(dry).unwrap();
        assert_eq!(fs::read_to_string(&file.0).unwrap(), text);
    }

    #[test]
    fn what_is_no_cib_is_named() {
        let missing = Cib::open_backend("test", &Backend::File("/no/such/file".into()));
        assert_eq!(missing.unwrap_err().exit().code(), 105);
        let broken = TestFile::new("broken", "<cib");
        assert_eq!(broken.open().unwrap_err().exit().code(), 65);
        let other = TestFile::new("other", "<nodes/>");
        assert!(matches!(other.open(), Err(CibError::Corrupt { .. })));
    }

    #[test]
    fn shadow_names_cannot_lead_elsewhere() {
        assert!(matches!(Backend::shadow("../x"), Err(CibError::ShadowName(_))));
        assert!(matches!(Backend::shadow(""), Err(CibError::ShadowName(_))));
    }
}
