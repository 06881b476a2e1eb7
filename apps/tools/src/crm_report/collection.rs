//! What this node has to say.

use std::{
    fmt::Write as _,
    fs::{self, File},
    io::{self, BufWriter, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, UNIX_EPOCH},
};

use client::cib::{CallOptions, Cib};
use regex_lite::Regex;
use vocab::{PRODUCT_VERSION, Timestamp};
use xml::Element;

use super::{
    Order, TOOL,
    logs::{self, Span},
    program, warn,
};
use crate::{crmadmin, frame};

const CIB_FILE: &str = "/var/lib/pacemaker/cib/cib.xml";
const COROSYNC_CONF: &str = "/etc/corosync/corosync.conf";
/// Saved inputs of the scheduler.
const INPUTS: &str = "/var/lib/pacemaker/pengine";
/// Where daemons leave their last words, and what the system keeps of those that crashed.
const BLACKBOXES: &str = "/var/lib/pacemaker/blackbox";
const CORES: [&str; 3] =
    ["/var/lib/pacemaker/cores", "/var/lib/corosync", "/var/lib/systemd/coredump"];
/// Other configuration that matters.
const CONFIGURATION: [&str; 8] = [
    "/etc/default/pacemaker",
    "/etc/default/corosync",
    "/etc/default/sbd",
    "/etc/sysconfig/pacemaker",
    "/etc/sysconfig/corosync",
    "/etc/sysconfig/sbd",
    "/etc/drbd.conf",
    "/etc/booth/booth.conf",
];
/// Directories with the rights and owners they should have.
const DIRECTORIES: [(&str, u32, &str); 3] = [
    ("/var/lib/pacemaker/cib", 0o750, "hacluster"),
    ("/var/lib/pacemaker/pengine", 0o750, "hacluster"),
    ("/etc/corosync", 0o755, "root"),
];
/// Packages whose versions matter.
const PACKAGES: [&str; 12] = [
    "pacemaker",
    "corosync",
    "libknet1",
    "libqb100",
    "pcs",
    "crmsh",
    "resource-agents-base",
    "fence-agents-base",
    "sbd",
    "corosync-qdevice",
    "booth",
    "drbd-utils",
];
/// What tells of the state of the system.
const STATISTICS: [&[&str]; 10] = [
    &["uname", "-n"],
    &["uptime"],
    &["ps", "auxwf"],
    &["top", "-b", "-n", "1"],
    &["ip", "addr", "list"],
    &["ip", "-s", "link"],
    &["ip", "neigh"],
    &["lsblk"],
    &["mount"],
    &["df"],
];
/// Lines of logs that tell of what happened to the cluster.
const EVENTS: &str = "do_state_transition|pcmk_peer_update.*(lost|memb):|[Qq]uorum (acquired|lost)|\
    [Mm]embership|Process.pause.detected|te_fence_node|fenced.*(requests|result=)|[Ff]encing of |\
    shutdown.decision|Corosync Cluster Engine|Cardea";

/// The names of the cluster's nodes: of its CIB, or of what is on disk.
pub(super) fn configured_nodes() -> Vec<String> {
    let cib = live_cib().or_else(|| xml::parse(&fs::read_to_string(CIB_FILE).ok()?).ok());
    let nodes = cib.map(|cib| crmadmin::configured_nodes(&cib)).unwrap_or_default();
    nodes.into_iter().filter(|node| node.kind != "guest").map(|node| node.name).collect()
}

fn live_cib() -> Option<Element> {
    let mut cib = Cib::open(TOOL.name).ok()?;
    Some(cib.query(None, CallOptions::NONE).ok()?.as_ref().clone())
}

/// The gathering of one node, into its directory.
pub(super) struct Collection<'a> {
    order: &'a Order,
    directory: &'a Path,
}

impl<'a> Collection<'a> {
    pub(super) fn new(order: &'a Order, directory: &'a Path) -> Self {
        Self { order, directory }
    }

    /// Gathers everything. What is not there is left out; the error is that nothing can be written.
    pub(super) fn gather(&self) -> io::Result<()> {
        fs::create_dir_all(self.directory)?;
        self.put("sysinfo.txt", &system())?;
        if !self.order.sos_mode {
            self.put("sysstats.txt", &statistics())?;
        }
        self.put("permissions.txt", &permissions())?;
        let corosync_conf = self.configuration()?;
        self.state()?;
        self.inputs()?;
        self.left_behind()?;
        self.logs(corosync_conf.as_deref())
    }

    /// Writes a text with what is masked; nothing for an empty one.
    fn put(&self, name: &str, text: &str) -> io::Result<()> {
        if text.trim().is_empty() {
            return Ok(());
        }
        fs::write(self.directory.join(name), self.order.mask.apply(text))
    }

    /// The files of the configuration; gives corosync's.
    fn configuration(&self) -> io::Result<Option<String>> {
        let corosync_conf = fs::read_to_string(COROSYNC_CONF).ok();
        if let Some(text) = &corosync_conf {
            self.put("corosync.conf", text)?;
        }
        for path in CONFIGURATION {
            if let Ok(text) = fs::read_to_string(path) {
                self.put(&path.trim_start_matches('/').replace('/', "-"), &text)?;
            }
        }
        Ok(corosync_conf)
    }

    /// What the cluster says of itself, or what is on disk if it does not run.
    fn state(&self) -> io::Result<()> {
        let cib = match live_cib() {
            Some(cib) => {
                fs::write(self.directory.join("RUNNING"), "")?;
                let text = cib.to_pretty();
                self.put("cib.xml.live", &text)?;
                self.tool("crm_mon.txt", "crm_mon", &["-1"])?;
                self.tool("members.txt", "crm_node", &["-p"])?;
                self.tool("corosync.dump", "corosync-cmapctl", &[])?;
                self.tool("corosync.quorum", "corosync-quorumtool", &["-s", "-i"])?;
                self.tool("corosync.links", "corosync-cfgtool", &["-s"])?;
                self.leader()?;
                Some(text)
            }
            None => {
                fs::write(self.directory.join("STOPPED"), "")?;
                fs::read_to_string(CIB_FILE).ok()
            }
        };
        let Some(cib) = cib else { return Ok(()) };
        self.put("cib.xml", &cib)?;
        let file = self.directory.join("cib.xml").display().to_string();
        self.tool("crm_verify.txt", "crm_verify", &["-V", "-x", &file])
    }

    /// What one of our tools says, without the time at which it says it.
    fn tool(&self, name: &str, tool: &str, arguments: &[&str]) -> io::Result<()> {
        let mut command = program::own(tool);
        command.args(arguments);
        let said = program::said(command);
        let lasting: Vec<&str> =
            said.lines().filter(|line| !line.contains("Last updated:")).collect();
        self.put(name, &(lasting.join("\n") + "\n"))
    }

    /// A mark if this node is the DC.
    fn leader(&self) -> io::Result<()> {
        let mut command = program::own("crmadmin");
        command.args(["-D", "-q"]);
        let (said, local) = (program::said(command), super::local_name());
        if said.trim() == local {
            fs::write(self.directory.join("DC"), local + "\n")
        } else {
            Ok(())
        }
    }

    fn is_of_the_time(&self, path: &Path) -> bool {
        let at = |moment: Timestamp| {
            UNIX_EPOCH + Duration::from_secs(u64::try_from(moment.0).unwrap_or(0))
        };
        let changed = fs::metadata(path).and_then(|metadata| metadata.modified());
        changed.is_ok_and(|changed| (at(self.order.from)..=at(self.order.to)).contains(&changed))
    }

    fn files_of_the_time(&self, directory: &str) -> Vec<PathBuf> {
        let mut files = Vec::new();
        walk(Path::new(directory), self.order.max_depth, &mut files);
        files.retain(|path| self.is_of_the_time(path));
        files.sort();
        files
    }

    /// Inputs of the scheduler, masked.
    fn inputs(&self) -> io::Result<()> {
        let files = self.files_of_the_time(INPUTS);
        if files.is_empty() {
            return Ok(());
        }
        let directory = self.directory.join("pengine");
        fs::create_dir_all(&directory)?;
        for file in files {
            let Some(name) = file.file_name() else { continue };
            let is_packed = file.extension().is_some_and(|ending| ending == "bz2");
            if !is_packed {
                if let Ok(text) = fs::read_to_string(&file) {
                    fs::write(directory.join(name), self.order.mask.apply(&text))?;
                }
            } else if let Err(error) = self.repack(&file, &directory.join(name)) {
                // Better none than one that tells passwords.
                warn(&format!("{} is left out: {error}", file.display()));
            }
        }
        Ok(())
    }

    fn repack(&self, from: &Path, to: &Path) -> io::Result<()> {
        let unpacked = Command::new("bzip2").arg("-dc").arg(from).output()?;
        if !unpacked.status.success() {
            return Err(io::Error::other("it cannot be unpacked"));
        }
        let text = self.order.mask.apply(&String::from_utf8_lossy(&unpacked.stdout));
        let mut command = Command::new("bzip2");
        let mut packer =
            command.arg("-c").stdin(Stdio::piped()).stdout(File::create(to)?).spawn()?;
        if let Some(mut input) = packer.stdin.take() {
            input.write_all(text.as_bytes())?;
        }
        if packer.wait()?.success() { Ok(()) } else { Err(io::Error::other("it cannot be packed")) }
    }

    /// Blackboxes, and a list of the cores of crashed daemons.
    fn left_behind(&self) -> io::Result<()> {
        let boxes = self.files_of_the_time(BLACKBOXES);
        if !boxes.is_empty() {
            let directory = self.directory.join("blackbox");
            fs::create_dir_all(&directory)?;
            for file in boxes {
                if let Some(name) = file.file_name() {
                    fs::copy(&file, directory.join(name))?;
                }
            }
        }
        let cores = CORES.iter().flat_map(|directory| self.files_of_the_time(directory));
        let mut list = String::new();
        for core in cores.filter(|path| path.to_string_lossy().contains("core")) {
            let _ = writeln!(list, "{}", core.display());
        }
        self.put("backtraces.txt", &list)
    }

    /// The logs of the time, and the lines in them that matter.
    fn logs(&self, corosync_conf: Option<&str>) -> io::Result<()> {
        let order = self.order;
        let mut logs =
            if order.search_logs { logs::find(corosync_conf) } else { Default::default() };
        logs.extend(order.logs.iter().cloned());
        let span = Span { from: order.from, to: order.to, now: frame::now() };
        let mut analysis = format!("Log pattern matches from {}:\n", super::local_name());
        let mut events = String::new();
        let event = Regex::new(EVENTS).ok();
        let mut look = |line: &str| {
            if order.patterns.iter().any(|pattern| pattern.is_match(line)) {
                let _ = writeln!(analysis, "{line}");
            }
            if event.as_ref().is_some_and(|event| event.is_match(line)) {
                let _ = writeln!(events, "{line}");
            }
        };
        for log in logs {
            let name = log.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let path = self.directory.join(format!("{name}.extract.txt"));
            let mut file = BufWriter::new(File::create(&path)?);
            logs::extract(&log, span, &order.mask, &mut file, &mut look)?;
            file.flush()?;
            drop(file);
            if fs::metadata(&path)?.len() == 0 {
                fs::remove_file(&path)?;
            }
        }
        self.journal(&mut look)?;
        fs::write(self.directory.join("analysis.txt"), analysis)?;
        self.put("events.txt", &events)
    }

    /// What systemd's journal has.
    fn journal(&self, look: &mut dyn FnMut(&str)) -> io::Result<()> {
        if !program::is_installed("journalctl") {
            return Ok(());
        }
        let raw = self.directory.join("journal.log.raw");
        let mut command = program::limited("journalctl");
        command
            .arg("--no-pager")
            .arg(format!("--since=@{}", self.order.from))
            .arg(format!("--until=@{}", self.order.to));
        let _ = program::into_file(command, &raw)?;
        let text = String::from_utf8_lossy(&fs::read(&raw)?).into_owned();
        fs::remove_file(&raw)?;
        if text.trim().is_empty() || text.starts_with("-- No entries") {
            return Ok(());
        }
        let masked = self.order.mask.apply(&text);
        masked.lines().for_each(look);
        fs::write(self.directory.join("journal.log"), masked)
    }
}

/// All files below a directory, so deep.
fn walk(directory: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && depth > 1 => walk(&entry.path(), depth - 1, files),
            Ok(kind) if kind.is_file() => files.push(entry.path()),
            Ok(_) | Err(_) => {}
        }
    }
}

/// Which system it is, and which versions are on it.
fn system() -> String {
    let name = rustix::system::uname();
    let part = |text: &std::ffi::CStr| text.to_string_lossy().into_owned();
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let distribution = release
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))
        .map_or("unknown", |value| value.trim_matches('"'));
    let mut text = format!(
        "Platform: {}\nKernel release: {}\nArchitecture: {}\nDistribution: {distribution}\n\n\
         Cardea {PRODUCT_VERSION}, speaks Pacemaker 2.1.5\n",
        part(name.sysname()),
        part(name.release()),
        part(name.machine()),
    );
    let mut version = program::own("corosync");
    version.arg("-v");
    let said = program::said(version);
    text.push_str(said.lines().next().unwrap_or_default());
    text.push_str("\n\n");
    text.push_str(&packages());
    text
}

fn packages() -> String {
    let mut command = if program::is_installed("dpkg-query") {
        let mut command = program::limited("dpkg-query");
        command.args(["-W", "-f", "${Package} ${Version} ${Architecture}\\n"]);
        command
    } else if program::is_installed("rpm") {
        let mut command = program::limited("rpm");
        command.args(["-q", "--qf", "%{NAME} %{VERSION}-%{RELEASE} %{ARCH}\\n"]);
        command
    } else {
        return String::new();
    };
    command.args(PACKAGES).stderr(Stdio::null());
    let output = command.output().map(|output| output.stdout).unwrap_or_default();
    // What is known of and not installed has no version.
    let text = String::from_utf8_lossy(&output);
    text.lines()
        .filter(|line| line.split_whitespace().count() > 2)
        .map(|line| format!("{line}\n"))
        .collect()
}

fn statistics() -> String {
    let mut text = String::new();
    for words in STATISTICS {
        let [program, arguments @ ..] = words else { continue };
        if !program::is_installed(program) {
            continue;
        }
        let mut command = program::limited(program);
        command.args(arguments);
        let _ = writeln!(text, "+ {}\n{}", words.join(" "), program::said(command));
    }
    text
}

/// Directories that do not have the owner and rights they should have.
fn permissions() -> String {
    use std::os::unix::fs::MetadataExt;
    let mut text = String::new();
    for (path, mode, owner) in DIRECTORIES {
        let Ok(metadata) = fs::metadata(path) else {
            let _ = writeln!(text, "{path}: not there");
            continue;
        };
        if metadata.mode() & 0o777 != mode {
            let _ = writeln!(text, "{path}: mode {:o}, not {mode:o}", metadata.mode() & 0o777);
        }
        if process::User::named(owner).is_some_and(|user| user.uid != metadata.uid()) {
            let _ = writeln!(text, "{path}: does not belong to {owner}");
        }
    }
    if text.is_empty() { "OK\n".to_owned() } else { text }
}
