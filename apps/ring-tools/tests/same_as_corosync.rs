//! The same command lines with Corosync's tools and with ours, at a real Corosync: the same output, complaints and exit
//! status. What differs from time to time is made the same first. Needs root and Debian's corosync.

#[path = "../../../shell/ipc/tests/island/mod.rs"]
#[allow(dead_code, reason = "shared with tests that use other parts of it")]
mod island;

use std::{
    ffi::OsString,
    io::{BufRead, BufReader, Write},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    process::{Command, ExitCode, Stdio},
};

use ring::{
    Cpg, CpgEvent,
    blocking::{Cmap, Map},
};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::inotify,
};

/// Names the tool that this program is to be.
const AS_TOOL: &str = "RUN_AS_TOOL";
const COROSYNC: &str = "/usr/sbin/corosync";
const CONFIGURATION: &str = "
totem {
    version: 2
    cluster_name: island
    transport: knet
    token: 1000
}
nodelist {
    node {
        ring0_addr: 127.0.0.1
        ring1_addr: 127.0.0.3
        name: alone
        nodeid: 7
    }
    node {
        ring0_addr: 127.0.0.2
        ring1_addr: 127.0.0.4
        name: other
        nodeid: 8
    }
}
quorum {
    provider: corosync_votequorum
}
system {
    state_dir: /mnt/state
    sched_rr: no
}
logging {
    to_stderr: no
    to_syslog: no
    to_logfile: yes
    logfile: /mnt/corosync.log
}";

const FILE: &str = "
# a comment
loaded.@.number u16 512
\tloaded.@.text str word and no more
loaded.@.gone u8 1
^loaded.@.gone anything
^loaded.@.never
^^loaded.@.t
loaded.@.wrong u8 256
loaded.@.unreached u8 1
";

/// Lines for when nothing runs. `@` is another word for each side, `|` the end of an argument.
const ALONE: &str = r"
corosync-cmapctl
corosync-cmapctl|-h
corosync-cmapctl|-x
corosync-cmapctl|-bp
corosync-cmapctl|-C|x
corosync-cmapctl|-m|x
corosync-cmapctl|-g
corosync-cmapctl|-s
corosync-cfgtool
corosync-cfgtool|-h
corosync-cfgtool|-x
corosync-cfgtool|-f
corosync-cfgtool|--he
corosync-cfgtool|--re
corosync-cfgtool|-k
corosync-cfgtool|-k|0
corosync-cfgtool|-k|1
corosync-cfgtool|-a|4294967296
corosync-cfgtool|--address=x
corosync-cfgtool|-a|7
corosync-cfgtool|-rbi|0
corosync-cfgtool|-s
corosync-cfgtool|-n
corosync-cfgtool|-R
corosync-cfgtool|-L
corosync-cfgtool|-H
corosync-quorumtool
corosync-quorumtool|-h
corosync-quorumtool|-V
corosync-quorumtool|-x
corosync-quorumtool|--status
corosync-quorumtool|-o
corosync-quorumtool|-o|x
corosync-quorumtool|-e|0
corosync-quorumtool|-v|-1
corosync-quorumtool|-n|0
corosync-quorumtool|-sm
corosync-cpgtool
corosync-cpgtool|-h
corosync-cpgtool|-nd
corosync-cpgtool|--help
corosync-keygen|-h
corosync-keygen|--he
corosync-keygen|-x
corosync-keygen|--key-file
corosync-keygen|--less-secure=1
corosync-keygen|--nothing=1
corosync-keygen|-s|127
corosync-keygen|-s|4097
corosync-keygen|-s|128x
corosync-keygen|-s|
corosync-keygen|-r|/no/such
corosync-keygen|-k|/no/such/file
corosync-keygen|-lk|/mnt/@.usual
corosync-keygen|--size=4096|-r|/dev/random|--key=/mnt/@.big
";

/// Lines for when Corosync runs.
const TOGETHER: &str = r"
corosync-cmapctl|nodelist.
corosync-cmapctl|totem.|no.such|logging.
corosync-cmapctl|no.such
corosync-cmapctl|-q|totem.
corosync-cmapctl|-g|totem.cluster_name|nodelist.node.0.nodeid
corosync-cmapctl|-qg|totem.cluster_name
corosync-cmapctl|-g|totem.cluster_name|no.such|totem.version
corosync-cmapctl|-g|a
corosync-cmapctl|-g|a b c
corosync-cmapctl|LONG
corosync-cmapctl|-g|LONG
corosync-cmapctl|-d|LONG
corosync-cmapctl|-t|LONG
corosync-cmapctl|-s|LONG|u8|1
corosync-cmapctl|-s|test.@.i8|i8
corosync-cmapctl|-s|test.@.i8|i9|1
corosync-cmapctl|-s|test.@.u8|u8|0x10
corosync-cmapctl|-s|--|test.@.i8|i8|-128
corosync-cmapctl|-s|--|test.@.i8|i8|-129
corosync-cmapctl|-s|test.@.i8|i8|-5
corosync-cmapctl|-s|test.@.u16|u16|65536
corosync-cmapctl|-s|test.@.u16|u16| 65535x
corosync-cmapctl|-s|--|test.@.i32|i32|-70000
corosync-cmapctl|-s|--|test.@.u64|u64|-1
corosync-cmapctl|-s|test.@.i64|i64|99999999999999999999
corosync-cmapctl|-s|test.@.u32|u32|x
corosync-cmapctl|-s|test.@.flt|flt|1.1
corosync-cmapctl|-s|test.@.dbl|dbl|1e40
corosync-cmapctl|-s|test.@.nan|dbl|-nan
corosync-cmapctl|-s|--|test.@.nan|dbl|-nan
corosync-cmapctl|-s|test.@.inf|flt|1e99
corosync-cmapctl|-s|test.@.str|str|with some words
corosync-cmapctl|-s|test.@.empty|str|
corosync-cmapctl|-s|test.@.bin|bin|/mnt/bytes
corosync-cmapctl|-s|test.@.bin2|bin|/no/such
corosync-cmapctl|-s|test.@.bin3|bin|/dev/null
corosync-cmapctl|-s|nodelist.local_node_pos|u32|1
corosync-cmapctl|-s|x|u8|1
corosync-cmapctl|-s|with space|u8|1
corosync-cmapctl|test.@.
corosync-cmapctl|-b|test.@.
corosync-cmapctl|-bq|test.@.
corosync-cmapctl|-q|test.@.b
corosync-cmapctl|-bg|test.@.bin
corosync-cmapctl|-d|test.@.bin|no.such|test.@.i8
corosync-cmapctl|-d|nodelist.node.0.nodeid
corosync-cmapctl|-d|test.@.i8
corosync-cmapctl|-D|test.@.u|test.@.f
corosync-cmapctl|-D|no.such
corosync-cmapctl|test.@.
corosync-cmapctl|-p|/mnt/file.@
corosync-cmapctl|loaded.@.
corosync-cmapctl|-p|/no/such
corosync-cmapctl|-T|test
corosync-cmapctl|-C|all
corosync-cmapctl|-C|knet
corosync-cmapctl|-m|stats|-m|x|-g|stats.pg.msg_queue_avail
corosync-cmapctl|-m|stats|-s|stats.pg.msg_reserved|u32|1
corosync-cmapctl|-m|stats|no.such
corosync-cmapctl|-m|stats|-g|no.such
corosync-cmapctl|-m|stats|-T|stats.
corosync-cpgtool
corosync-cpgtool|-n
corosync-cpgtool|-e
corosync-cpgtool|-d|;:
corosync-cpgtool|-nd|;
corosync-cpgtool|-d|
corosync-cfgtool|-s
corosync-cfgtool|-sb
corosync-cfgtool|--status|--if=1
corosync-cfgtool|-n
corosync-cfgtool|-a|7
corosync-cfgtool|-a|8
corosync-cfgtool|-a|9
corosync-cfgtool|-R
corosync-cfgtool|--reload|-L
corosync-cfgtool|-k|9
corosync-quorumtool
corosync-quorumtool|-s
corosync-quorumtool|-l
corosync-quorumtool|-lp
corosync-quorumtool|-spHa
corosync-quorumtool|-li
corosync-quorumtool|-lai
corosync-quorumtool|-l|-o|n
corosync-quorumtool|-l|-o|i
corosync-quorumtool|-e|1
corosync-quorumtool|-sHi
corosync-quorumtool|-v|3
corosync-quorumtool
corosync-quorumtool|-v|1|-n|9
corosync-quorumtool|-v|2|-n|7
corosync-quorumtool|-e|7
corosync-quorumtool|-e|2147483647
corosync-quorumtool|-o|a
corosync-quorumtool|-f
";

/// Lines after which Corosync has ended.
const LAST: [&str; 2] = ["corosync-cfgtool|-H", "corosync-cfgtool|--shutdown|--force"];

/// Whose tools.
#[derive(Clone, Copy)]
enum Side {
    Theirs,
    Ours,
}

impl Side {
    const BOTH: [Self; 2] = [Self::Theirs, Self::Ours];

    const fn word(self) -> &'static str {
        match self {
            Self::Theirs => "theirs",
            Self::Ours => "ours",
        }
    }

    fn command(self, name: &str) -> Command {
        let program = match self {
            Self::Theirs => format!("/usr/sbin/{name}").into(),
            Self::Ours => std::env::current_exe().unwrap(),
        };
        let mut command = Command::new(program);
        command.arg0(name).env(AS_TOOL, name);
        command
    }

    /// Runs a line to its end: exit status, output, complaints.
    fn run(self, line: &str) -> [String; 3] {
        let line = line.replace('@', self.word()).replace("LONG", &"long.".repeat(60));
        let mut words = line.split('|');
        let mut command = self.command(words.next().unwrap());
        let output = command.args(words).stdin(Stdio::null()).output().unwrap();
        let text = |bytes: &[u8]| {
            let text: String = bytes.escape_ascii().to_string().replace("\\n", "\n");
            without_date(&text).replace(self.word(), "@")
        };
        [output.status.to_string(), text(&output.stdout), text(&output.stderr)]
    }

    /// Follows keys while they change, then says that it is enough.
    fn follow(self, option: &str, key: &str) -> String {
        let name = "corosync-cmapctl";
        let mut command = match self {
            // What is written into a pipe would come at the end otherwise.
            Self::Theirs => {
                let mut command = Command::new("stdbuf");
                command.args(["-oL", "/usr/sbin/corosync-cmapctl"]);
                command
            }
            Self::Ours => self.command(name),
        };
        let mut child = command
            .args(["-b", option, key])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut text = String::new();
        output.read_line(&mut text).unwrap();
        for step in ["-s|seen.one|u8|1", "-s|seen.one|u8|2", "-s|seen.one|str|text", "-d|seen.one"]
        {
            let [status, ..] = Self::Theirs.run(&format!("{name}|{step}"));
            assert_eq!(status, "exit status: 0", "{step}");
            output.read_line(&mut text).unwrap();
        }
        child.stdin.take().unwrap().write_all(b"q\n").unwrap();
        let status = child.wait().unwrap();
        std::io::Read::read_to_string(&mut output, &mut text).unwrap();
        format!("{status}\n{text}")
    }
}

fn main() -> ExitCode {
    if let Ok(name) = std::env::var(AS_TOOL) {
        let tool = ring_tools::TOOLS.iter().find(|tool| tool.name == name).unwrap();
        let arguments: Vec<OsString> = std::env::args_os().collect();
        return (tool.main)(arguments);
    }
    if !island::enter(&[COROSYNC, "/usr/sbin/corosync-cmapctl"]) {
        // Where root could have compared, what was not compared is not the same.
        let is_root = rustix::process::geteuid().is_root();
        return if is_root { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    }
    give_names();
    let mut differences = compare(ALONE);
    differences += usize::from(!keys_are_alike());
    std::fs::write("/mnt/bytes", b"a\\b\0\n\x7f").unwrap();
    for side in Side::BOTH {
        let word = side.word();
        std::fs::write(format!("/mnt/file.{word}"), FILE.replace('@', word)).unwrap();
    }
    let corosync = start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _member = runtime.block_on(async {
        let mut member = Cpg::join("is\\land \u{1}").await.unwrap();
        assert!(matches!(member.next().await.unwrap(), CpgEvent::Membership { .. }));
        member
    });
    differences += compare(TOGETHER);
    for (line, shape) in [
        ("corosync-cmapctl", numbers_masked as fn(&str) -> String),
        ("corosync-cmapctl|-m|stats", numbers_masked),
    ] {
        let [theirs, ours] = Side::BOTH.map(|side| side.run(line).map(|text| shape(&text)));
        differences += usize::from(!agree(line, &theirs, &ours));
    }
    for (option, key) in [("-t", "seen.one"), ("-T", "see")] {
        let [theirs, ours] = Side::BOTH.map(|side| [side.follow(option, key)]);
        differences += usize::from(!agree(&format!("following {option} {key}"), &theirs, &ours));
    }
    drop(corosync);
    differences += LAST.iter().filter(|line| !end_alike(line)).count();
    assert_eq!(differences, 0, "command lines with another outcome");
    ExitCode::SUCCESS
}

/// Names for the addresses of the second link. Where no name server answers, Corosync's tool shows nothing for an address
/// without a name, and ours the address.
fn give_names() {
    std::fs::write("/mnt/hosts", "127.0.0.3 alone-too\n127.0.0.4 other-too\n").unwrap();
    rustix::mount::mount_bind("/mnt/hosts", "/etc/hosts").unwrap();
}

fn compare(lines: &str) -> usize {
    let lines = lines.lines().filter(|line| !line.is_empty());
    lines.filter(|line| !agree(line, &Side::Theirs.run(line), &Side::Ours.run(line))).count()
}

/// A line that ends Corosync, each side at one of its own: also how that ended.
fn end_alike(line: &str) -> bool {
    let [theirs, ours] = Side::BOTH.map(|side| {
        let mut corosync = start();
        let seen = side.run(line);
        if seen[0] != "exit status: 0" {
            return seen.to_vec();
        }
        [&seen[..], &[corosync.0.wait().unwrap().to_string()]].concat()
    });
    agree(line, &theirs, &ours)
}

fn agree(line: &str, theirs: &[String], ours: &[String]) -> bool {
    if theirs != ours {
        println!("--- {line}\ntheirs: {}\nours:   {}", theirs.join("; "), ours.join("; "));
    }
    theirs == ours
}

/// What counts goes on counting between one run and the next, clients come and go, and some things are measured only
/// after a while.
fn numbers_masked(text: &str) -> String {
    let mut lines: Vec<String> = text
        .lines()
        .filter(|line| {
            !["resources.", "stats.schedmiss.", "stats.ipcs.service1", "stats.ipcs.service2"]
                .iter()
                .any(|passing| line.starts_with(passing))
        })
        .map(|line| match line.split_once(" = ") {
            Some((key, _)) => {
                // The lines before left the same keys under both words.
                let key = key.replace(".@.", ".theirs.").replace(".ours.", ".theirs.");
                let parts = key.split('.').map(|part| match part.strip_prefix("0x") {
                    Some(_) => String::new(),
                    None => part.replace(|letter: char| letter.is_ascii_digit(), ""),
                });
                parts.collect::<Vec<_>>().join(".")
            }
            None => line.to_owned(),
        })
        .collect();
    lines.sort();
    lines.dedup();
    lines.join("\n")
}

fn without_date(text: &str) -> String {
    let kept = |line: &&str| !line.starts_with("Date: ");
    text.split_inclusive('\n').filter(kept).collect()
}

fn keys_are_alike() -> bool {
    let look = |side: Side| {
        ["usual", "big"].map(|name| {
            let file = std::fs::metadata(format!("/mnt/{}.{name}", side.word())).unwrap();
            format!("{:o} {}", file.permissions().mode(), file.len())
        })
    };
    let [theirs, ours] = Side::BOTH.map(look);
    agree("the key's file", &theirs, &ours)
}

fn start() -> island::Running {
    std::fs::create_dir_all("/mnt/state").unwrap();
    std::fs::write("/mnt/corosync.conf", CONFIGURATION).unwrap();
    // What the daemon does it also logs: each new line is an occasion to ask whether it is ready.
    let changes = inotify::init(inotify::CreateFlags::CLOEXEC).unwrap();
    inotify::add_watch(&changes, "/mnt", inotify::WatchFlags::MODIFY).unwrap();
    let corosync = island::Running::start(COROSYNC, &["-f", "-c", "/mnt/corosync.conf"]);
    for _ in 0..600 {
        if let Ok(mut cmap) = Cmap::connect(Map::Configuration)
            && let Ok(Some(_)) = cmap.get("runtime.members.7.status")
        {
            return corosync;
        }
        let limit = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
        if poll(&mut [PollFd::new(&changes, PollFlags::IN)], Some(&limit)).unwrap() > 0 {
            rustix::io::read(&changes, &mut [0; 4096]).unwrap();
        }
    }
    panic!("{}", std::fs::read_to_string("/mnt/corosync.log").unwrap_or_default());
}
