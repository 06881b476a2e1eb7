//! Files that are no CIB, or too much of one: the tools say what is wrong with which file, and need no more memory than for the
//! largest that they take.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

const TOOL: &str = "TOOLS_TEST_IS_TOOL";

/// Becomes a tool if started as such; a test that is none otherwise.
#[test]
fn tool() {
    let Ok(command) = std::env::var(TOOL) else { return };
    let words: Vec<_> = command.split(' ').map(Into::into).collect();
    let tool = tools::TOOLS.iter().find(|tool| tool.name == words[0]).unwrap();
    let exit = (tool.main)(words);
    let number = (0..=u8::MAX).find(|&number| ExitCode::from(number) == exit).unwrap();
    std::process::exit(number.into());
}

/// Memory that a tool may ask for, in KiB: a file of the largest size that is read, and again as much.
const MEMORY_KIB: usize = 1536 << 10;

/// Runs a tool; gives its exit status and all that it says.
fn run(command: &str, cib_file: Option<&Path>) -> (i32, String) {
    let program = std::env::current_exe().unwrap();
    let limited = format!(
        "ulimit -v {MEMORY_KIB}; exec timeout 60 {} --exact tool --nocapture",
        program.display()
    );
    let mut shell = Command::new("sh");
    shell.args(["-c", &limited]).env(TOOL, command).env_remove("CIB_file").env_remove("CIB_shadow");
    if let Some(file) = cib_file {
        shell.env("CIB_file", file);
    }
    let output = shell.output().unwrap();
    let mut words = String::from_utf8_lossy(&output.stdout).into_owned();
    words.push_str(&String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap_or(-1), words)
}

/// A directory that is gone after the test.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("hostile-files-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const GOOD: &str = "<cib crm_feature_set='3.16.1' validate-with='pacemaker-3.9' epoch='5' num_updates='0' \
    admin_epoch='0'><configuration><crm_config><cluster_property_set id='o'><nvpair id='o1' \
    name='stonith-enabled' value='false'/></cluster_property_set></crm_config><nodes/><resources/>\
    <constraints/></configuration><status/></cib>";

/// All ways to hand a file to a tool. `FILE` is the file, `GOOD` one that is as it should be.
const COMMANDS: [&str; 6] = [
    "crm_verify -x FILE",
    "crm_simulate -S -x FILE",
    "cibadmin -Q CIB_file=FILE",
    "cibadmin -R -x FILE CIB_file=GOOD",
    "crm_diff -o FILE -n GOOD",
    "crm_diff -o GOOD -n FILE",
];

/// What a tool ends with, and says, for a file.
fn outcome(command: &str, file: &Path, good: &Path) -> (i32, String) {
    let fill = |text: &str| {
        text.replace("FILE", &file.display().to_string())
            .replace("GOOD", &good.display().to_string())
    };
    match command.split_once(" CIB_file=") {
        Some((command, cib)) => run(&fill(command), Some(Path::new(&fill(cib)))),
        None => run(&fill(command), None),
    }
}

/// Each tool refuses each file, says which one and why, and leaves the other as it was.
fn all_refuse(directory: &Directory, files: &[(PathBuf, &str)], commands: &[&str]) {
    let good = directory.file("good.xml", GOOD.as_bytes());
    for (file, reason) in files {
        for command in commands {
            let (exit, words) = outcome(command, file, &good);
            let shown = file.display();
            // What cannot be read, what makes no sense; for the CIB also what is not there.
            let exits: &[i32] = if file.exists() { &[65, 66] } else { &[65, 66, 105] };
            assert!(exits.contains(&exit), "{command}, {shown}: {exit}: {words}");
            assert!(words.contains(&shown.to_string()), "{command}, {shown}: {words}");
            assert!(words.contains(reason), "{command}, {shown}: {words}");
            assert!(words.len() < 2_000, "{command}, {shown}: {} bytes", words.len());
        }
    }
    assert_eq!(fs::read_to_string(&good).unwrap(), GOOD);
}

#[test]
fn files_that_are_no_xml() {
    let directory = Directory::new("no-xml");
    let mut laughs = "<!DOCTYPE cib [<!ENTITY l0 'ha'>".to_owned();
    for level in 1..10 {
        let ten = format!("&l{};", level - 1).repeat(10);
        laughs.push_str(&format!("<!ENTITY l{level} '{ten}'>"));
    }
    laughs.push_str("]><cib epoch='&l9;'/>");
    let deep = "<cib>".repeat(100_000) + &"</cib>".repeat(100_000);
    let subdirectory = directory.0.join("directory.xml");
    fs::create_dir(&subdirectory).unwrap();
    let files = [
        (
            directory.file("laughs.xml", laughs.as_bytes()),
            "a document type definition is not allowed",
        ),
        (directory.file("entity.xml", b"<cib epoch='&nothing;'/>"), "nothing"),
        (directory.file("deep.xml", deep.as_bytes()), "nested deeper than 256 levels"),
        (directory.file("latin.xml", b"<cib epoch='\xe4'/>"), "not UTF-8"),
        (directory.file("wide.xml", b"\xff\xfe<\0c\0i\0b\0/\0>\0"), "not UTF-8"),
        (directory.file("nul.xml", b"<cib epoch='\0'/>"), "U+0000"),
        (directory.file("empty.xml", b""), "there is no element"),
        (directory.file("torn.xml", &GOOD.as_bytes()[..200]), "well-formed"),
        (subdirectory, "Is a directory"),
        (directory.0.join("missing.xml"), "No such file"),
    ];
    all_refuse(&directory, &files, &COMMANDS);
}

#[test]
fn files_that_are_too_large() {
    let directory = Directory::new("too-large");
    let sparse = directory.0.join("sparse.xml");
    File::create(&sparse).unwrap().set_len(10 << 30).unwrap();
    all_refuse(&directory, &[(sparse, "larger than 536870912 bytes")], &COMMANDS);
}

#[test]
fn compressed_files_that_are_not_what_they_should_be() {
    let directory = Directory::new("compressed");
    let packed = packed(GOOD.as_bytes());
    // Ten thousand million blanks, in streams one behind the other.
    let blanks = self::packed(&vec![b' '; 10_000_000]).repeat(1_000);
    let bomb = directory.file("bomb.xml.bz2", &blanks);
    assert!(fs::metadata(&bomb).unwrap().len() < 1 << 20);
    let files = [
        (directory.file("torn.xml.bz2", &packed[..packed.len() - 10]), "bzip2"),
        (directory.file("noise.xml.bz2", b"BZh9 and then something else"), "bzip2"),
        (directory.file("nothing.xml.bz2", &self::packed(b"")), "there is no element"),
    ];
    all_refuse(&directory, &files, &COMMANDS);
    all_refuse(&directory, &[(bomb, "larger than 536870912 bytes")], &COMMANDS[..3]);
    let whole = directory.file("whole.xml.bz2", &packed);
    for command in COMMANDS {
        let (exit, words) = outcome(command, &whole, &directory.file("good.xml", GOOD.as_bytes()));
        assert_eq!(exit, 0, "{command}: {words}");
    }
}

fn packed(plain: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}
