use super::*;
use crate::atomic::tests::Directory;

fn cib(epoch: u32) -> Element {
    Element::new("cib")
        .with("epoch", epoch)
        .with_child(Element::new("configuration").with_child(Element::new("nodes")))
}

fn epoch(loaded: &Loaded) -> Option<&str> {
    loaded.cib.as_ref()?.attr("epoch")
}

fn load(directory: &Directory) -> Loaded {
    CibStore::new(&directory.0).load()
}

fn aside(directory: &Directory) -> usize {
    directory.names().iter().filter(|name| name.starts_with("cib.auto.")).count()
}

#[test]
fn what_is_saved_is_loaded() {
    let directory = Directory::new();
    let mut store = CibStore::new(&directory.0);
    assert!(store.load().cib.is_none());
    store.save(&cib(1)).unwrap();
    store.save(&cib(2)).unwrap();
    let loaded = load(&directory);
    assert_eq!(loaded.cib, Some(cib(2)));
    assert!(loaded.notes.is_empty(), "{:?}", loaded.notes);
    assert_eq!(
        directory.names(),
        ["cib-0.raw", "cib-0.raw.sig", "cib.last", "cib.xml", "cib.xml.sig"]
    );
    for name in ["cib.xml", "cib.xml.sig"] {
        let mode = fs::metadata(directory.0.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn archives_go_round() {
    let directory = Directory::new();
    let mut store = CibStore::new(&directory.0);
    for number in 0..=ARCHIVES + 2 {
        store.save(&cib(number)).unwrap();
    }
    assert_eq!(fs::read_to_string(directory.0.join("cib.last")).unwrap(), "2");
    let raw = directory.names().iter().filter(|name| name.ends_with(".raw")).count();
    assert_eq!(raw, usize::try_from(ARCHIVES).unwrap());
}

#[test]
fn a_file_changed_by_hand_is_put_aside_and_never_used() {
    let directory = Directory::new();
    let mut store = CibStore::new(&directory.0);
    store.save(&cib(1)).unwrap();
    store.save(&cib(2)).unwrap();
    fs::write(store.path(), cib(99).to_pretty()).unwrap();
    let loaded = load(&directory);
    assert_eq!(epoch(&loaded), Some("1"), "the earlier version is used");
    assert!(loaded.notes.iter().any(|note| matches!(
        note,
        LoadNote::Unusable { problem: FileProblem::Modified { .. }, .. }
    )));
    assert_eq!(aside(&directory), 1);
    assert!(!store.path().exists());
    store.save(&cib(3)).unwrap();
    assert_eq!(epoch(&load(&directory)), Some("3"));
}

#[test]
fn a_torn_file_is_put_aside() {
    for torn in ["", "<cib epoch='7'>", "<other/>", "\u{0}\u{0}\u{0}"] {
        let directory = Directory::new();
        let mut store = CibStore::new(&directory.0);
        store.save(&cib(1)).unwrap();
        fs::write(store.path(), torn).unwrap();
        let loaded = load(&directory);
        assert_eq!(loaded.cib, None, "{torn:?}");
        assert_eq!(aside(&directory), 1, "{torn:?}");
    }
}

#[test]
fn a_damaged_archive_is_passed_over() {
    let directory = Directory::new();
    let mut store = CibStore::new(&directory.0);
    for number in 1..=4 {
        store.save(&cib(number)).unwrap();
    }
    fs::remove_file(store.path()).unwrap();
    fs::write(directory.0.join("cib-2.raw"), "<cib").unwrap();
    fs::remove_file(directory.0.join("cib-1.raw.sig")).unwrap();
    assert_eq!(epoch(&load(&directory)), Some("1"));
}

#[test]
fn without_a_digest_the_file_is_used() {
    let directory = Directory::new();
    fs::write(directory.0.join("cib.xml"), cib(5).to_pretty()).unwrap();
    let loaded = load(&directory);
    assert_eq!(epoch(&loaded), Some("5"));
    assert!(matches!(loaded.notes[..], [LoadNote::NoDigest(_)]));
}

#[test]
fn a_crash_between_the_two_renames_is_completed() {
    let directory = Directory::new();
    let mut store = CibStore::new(&directory.0);
    store.save(&cib(1)).unwrap();
    fs::write(store.path(), cib(2).to_pretty()).unwrap();
    fs::write(directory.0.join("cib.xml.sig.tmp.1.0"), digest::on_disk(&cib(2))).unwrap();
    let loaded = load(&directory);
    assert_eq!(epoch(&loaded), Some("2"));
    assert!(matches!(loaded.notes[..], [LoadNote::Completed(_)]));
    assert_eq!(directory.names(), ["cib.xml", "cib.xml.sig"]);
}

#[test]
fn a_crash_before_the_renames_leaves_the_old_version() {
    let directory = Directory::new();
    let mut store = CibStore::new(&directory.0);
    store.save(&cib(1)).unwrap();
    fs::write(directory.0.join("cib.xml.tmp.1.0"), "<cib ep").unwrap();
    fs::write(directory.0.join("cib.xml.sig.tmp.1.0"), "00").unwrap();
    let loaded = load(&directory);
    assert_eq!(epoch(&loaded), Some("1"));
    assert_eq!(directory.names(), ["cib.xml", "cib.xml.sig"]);
}

#[test]
fn what_somebody_edits_while_the_cluster_runs_is_not_overwritten() {
    let directory = Directory::new();
    let mut store = CibStore::new(&directory.0);
    store.save(&cib(1)).unwrap();
    let edited = cib(50).to_pretty();
    fs::write(store.path(), &edited).unwrap();
    assert!(matches!(store.save(&cib(2)), Err(StoreError::Modified { .. })));
    assert_eq!(fs::read_to_string(store.path()).unwrap(), edited);
}

#[test]
fn a_directory_that_is_gone_is_an_error() {
    let directory = Directory::new();
    let mut store = CibStore::new(&directory.0.join("gone"));
    assert!(store.load().cib.is_none());
    assert!(matches!(store.save(&cib(1)), Err(StoreError::Write { .. })));
}

/// A limit on the size of files makes writes fail in the middle, as a full disk does. It holds for a whole process, so
/// the write is made by a child, which is this test once more.
#[test]
fn a_full_disk_leaves_what_was_there() {
    const IN_CHILD: &str = "CARDEA_TEST_FULL_DISK";
    if let Some(directory) = std::env::var_os(IN_CHILD) {
        return write_too_much(Path::new(&directory));
    }
    let directory = Directory::new();
    let mut store = CibStore::new(&directory.0);
    store.save(&cib(1)).unwrap();
    let child = std::process::Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$@\"", "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "cib_store::tests::a_full_disk_leaves_what_was_there"])
        .env(IN_CHILD, &directory.0)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && told.contains("1 passed"), "{told}");
    assert_eq!(epoch(&load(&directory)), Some("1"));
    assert!(!directory.names().iter().any(|name| name.contains(".tmp.")));
}

fn write_too_much(directory: &Path) {
    let mut big = cib(2);
    (0..1000).for_each(|number| big.push(Element::new("x").with("id", number)));
    let result = CibStore::new(directory).save(&big);
    assert!(matches!(result, Err(StoreError::Write { .. })), "{result:?}");
}
