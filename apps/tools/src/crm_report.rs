//! `crm_report`: gathers what somebody needs who looks into a problem, from all nodes, into one archive.

mod collection;
mod comparison;
mod logs;
mod masking;
mod moment;
mod program;

use std::{
    ffi::OsString,
    fs,
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
    process::ExitCode,
};

use regex_lite::Regex;
use vocab::{PRODUCT_VERSION, Timestamp, ToolExit};

use crate::frame::{self, Stop, exit_code};
use collection::Collection;
use masking::Mask;

/// This tool.
pub(crate) const TOOL: crate::Tool = crate::Tool {
    name: "crm_report",
    summary: "Gather what is needed to look into a problem, from all nodes",
    main,
};

#[derive(Debug, clap::Args)]
struct Options {
    /// A time before the problem began, as "YYYY-M-D H:M:S" or "H:M:S"
    #[arg(short = 'f', long, value_name = "TIME")]
    from: String,
    /// A time when it was over; by default now
    #[arg(short = 't', long, value_name = "TIME")]
    to: Option<String>,
    /// The nodes; by default those of the CIB
    #[arg(short = 'n', long, alias = "node", value_name = "NODES")]
    nodes: Vec<String>,
    /// Do not look for logs
    #[arg(short = 'M')]
    no_search: bool,
    /// A log to take, besides those that are found; several times for several
    #[arg(short = 'l', long, value_name = "FILE")]
    logfile: Vec<PathBuf>,
    /// Mask the values of what has a name like this regular expression too; several times for several
    #[arg(short = 'p', value_name = "PATTERN")]
    mask: Vec<String>,
    /// List lines of logs with this regular expression too; several times for several
    #[arg(short = 'L', value_name = "PATTERN")]
    look_for: Vec<String>,
    /// Only this node
    #[arg(short = 'S', long)]
    single_node: bool,
    /// The kind of cluster: corosync
    #[arg(short = 'c', long, value_name = "KIND", value_parser = ["corosync", "any"])]
    cluster: Option<String>,
    /// The cluster is one of corosync, which it always is
    #[arg(short = 'C', long)]
    corosync: bool,
    /// The user on other nodes
    #[arg(short = 'u', long, default_value = "root")]
    user: String,
    /// How deep to look for files
    #[arg(short = 'D', long, value_name = "DEPTH", default_value_t = 5)]
    max_depth: usize,
    /// The program that runs commands on other nodes
    #[arg(short = 'e', long, value_name = "COMMAND", default_value = "ssh -T")]
    rsh: String,
    /// Leave a directory instead of an archive
    #[arg(short = 'd', long)]
    as_directory: bool,
    /// What sosreport wants: this node, and nothing that it gathers itself
    #[arg(long)]
    sos_mode: bool,
    /// Has no effect; hb_report had it
    #[arg(short = 's', hide = true)]
    ignored: bool,
    /// Where to put it: a directory or the beginning of the archive's name
    #[arg(long, value_name = "DESTINATION")]
    dest: Option<PathBuf>,
    /// The same
    #[arg(value_name = "DESTINATION", conflicts_with = "dest")]
    destination: Option<PathBuf>,
}

/// The programs that the archive can be packed with, in the order of preference, with the option of tar and the ending.
const PACKERS: [(&str, &str, &str); 3] =
    [("bzip2", "j", "tar.bz2"), ("gzip", "z", "tar.gz"), ("xz", "J", "tar.xz")];

/// What is masked unless more is asked for.
const MASKED: &str = "passw.*";

/// What is looked for in logs unless more is asked for.
const LOOKED_FOR: [&str; 2] = ["CRIT:", "ERROR:"];

/// Seconds before and after that logs are taken.
const MARGIN_SECONDS: i64 = 10;

fn main(mut args: Vec<OsString>) -> ExitCode {
    // The original's own spellings of what other tools call otherwise.
    match args.get(1).and_then(|word| word.to_str()) {
        Some("-h") => args[1] = "--help".into(),
        Some("-v") => args[1] = "--version".into(),
        Some("--features") => {
            say(&format!("Cardea {PRODUCT_VERSION}: corosync, speaks Pacemaker 2.1.5"));
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    let options: Options = match frame::parse(&TOOL, &args) {
        Ok(options) => options,
        Err(exit) => return exit,
    };
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => {
            let message = stop.message.unwrap_or_default();
            let _ = writeln!(io::stderr(), "{}: {message}", TOOL.name);
            exit_code(stop.exit)
        }
    }
}

fn say(text: &str) {
    // A reader that has gone away is no error of ours.
    let _ = writeln!(io::stdout(), "{text}");
}

fn warn(text: &str) {
    let _ = writeln!(io::stderr(), "WARNING: {text}");
}

fn failed(path: &Path, error: &io::Error) -> Stop {
    Stop::new(format!("{}: {error}", path.display()), ToolExit::CannotCreate)
}

/// What is gathered, and of what time.
struct Order {
    from: Timestamp,
    to: Timestamp,
    mask: Mask,
    patterns: Vec<Regex>,
    logs: Vec<PathBuf>,
    search_logs: bool,
    max_depth: usize,
    sos_mode: bool,
}

fn order(options: &Options) -> Result<Order, Stop> {
    let time = |text: &str| {
        moment::read(text).ok_or_else(|| {
            let right = "a time is \"2026-11-20 14:30:00\", \"14:30\" (today) or 2026-11-20";
            Stop::usage(format!("'{text}' is not a time: {right}"))
        })
    };
    let from = time(&options.from)?;
    let to = options.to.as_deref().map_or_else(|| Ok(frame::now()), time)?;
    if to < from {
        return Err(Stop::usage("the time ends before it begins"));
    }
    let pattern = |text: &str| {
        Regex::new(text).map_err(|_| Stop::usage(format!("bad regular expression '{text}'")))
    };
    let masked = options.mask.iter().map(String::as_str).chain([MASKED]);
    let mask = Mask::new(masked)
        .map_err(|text| Stop::usage(format!("bad regular expression '{text}'")))?;
    let patterns = options.look_for.iter().map(String::as_str).chain(LOOKED_FOR);
    Ok(Order {
        from: Timestamp(from.0 - MARGIN_SECONDS),
        to: Timestamp(to.0 + MARGIN_SECONDS),
        mask,
        patterns: patterns.map(pattern).collect::<Result<_, _>>()?,
        logs: options.logfile.clone(),
        search_logs: !options.no_search,
        max_depth: options.max_depth,
        sos_mode: options.sos_mode,
    })
}

fn local_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// The nodes to gather from.
fn nodes(options: &Options, local: &str) -> Result<Vec<String>, Stop> {
    if options.single_node || options.sos_mode {
        return Ok(vec![local.to_owned()]);
    }
    let given = options.nodes.iter().flat_map(|names| names.split_whitespace());
    let mut nodes: Vec<String> = given.map(str::to_owned).collect();
    if nodes.is_empty() {
        nodes = collection::configured_nodes();
    }
    if nodes.is_empty() {
        let message = "Cannot determine nodes; specify --nodes or --single-node";
        return Err(Stop::new(message, ToolExit::Error));
    }
    say(&format!("Node list: {}", nodes.join(" ")));
    Ok(nodes)
}

fn run(options: &Options) -> Result<(), Stop> {
    let order = order(options)?;
    if !options.as_directory && !program::is_installed("tar") {
        return Err(Stop::new("Cannot find tar; use --as-directory", ToolExit::NotInstalled));
    }
    let local = local_name();
    let nodes = nodes(options, &local)?;
    let base = base_directory(options)?;
    let packed = if options.as_directory { None } else { packing(&base)? };
    // Logs tell more than everybody should know.
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&base)
        .map_err(|error| failed(&base, &error))?;
    say(&format!(
        "Collecting data from {} ({} to {})",
        nodes.join(" "),
        moment::show(order.from),
        moment::show(order.to)
    ));
    let (order, place) = (&order, base.as_path());
    let gathered = std::thread::scope(|scope| {
        for node in nodes.iter().filter(|node| **node != local) {
            scope.spawn(move || {
                if let Err(problem) = from_peer(options, order, node, place) {
                    warn(&format!("nothing from {node}: {problem}"));
                }
            });
        }
        match nodes.contains(&local) {
            true => Collection::new(order, &base.join(&local)).gather(),
            false => Ok(()),
        }
    });
    gathered.map_err(|error| failed(&base.join(&local), &error))?;
    comparison::write(&base, &nodes).map_err(|error| failed(&base, &error))?;
    let result = match packed {
        Some((option, archive)) => pack(&base, option, &archive)?,
        None => base,
    };
    say(&format!("Collected results are available in {}", result.display()));
    Ok(())
}

/// Where everything is put. It must not be there yet.
fn base_directory(options: &Options) -> Result<PathBuf, Stop> {
    let given = options.dest.as_ref().or(options.destination.as_ref());
    let base = match given {
        Some(path) => path.clone(),
        None => std::env::home_dir().unwrap_or_default().join(moment::label()),
    };
    let base = std::path::absolute(&base).map_err(|error| failed(&base, &error))?;
    if base.exists() {
        let message = format!(
            "Output directory {} already exists, specify an alternate name with --dest",
            base.display()
        );
        return Err(Stop::new(message, ToolExit::Exists));
    }
    Ok(base)
}

/// The option of tar and the file for the archive.
fn packing(base: &Path) -> Result<Option<(&'static str, PathBuf)>, Stop> {
    let packer = PACKERS.iter().find(|(program, ..)| program::is_installed(program));
    let (option, ending) = packer.map_or(("", "tar"), |(_, option, ending)| (*option, *ending));
    let mut name = base.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    let archive = PathBuf::from(name);
    if archive.exists() {
        let message = format!(
            "Destination {} already exists, specify an alternate name with --dest",
            archive.display()
        );
        return Err(Stop::new(message, ToolExit::Exists));
    }
    Ok(Some((option, archive)))
}

fn pack(base: &Path, option: &str, archive: &Path) -> Result<PathBuf, Stop> {
    let (above, name) = (base.parent().unwrap_or(Path::new("/")), base.file_name());
    let mut command = std::process::Command::new("tar");
    command.arg(format!("{option}cf")).arg(archive).arg("-C").arg(above).args(name);
    match command.status() {
        Ok(status) if status.success() => {}
        Ok(_) | Err(_) => {
            let message = format!("Could not archive {}: it is left there", base.display());
            return Err(Stop::new(message, ToolExit::Error));
        }
    }
    fs::remove_dir_all(base).map_err(|error| failed(base, &error))?;
    let private = fs::Permissions::from_mode(0o600);
    fs::set_permissions(archive, private).map_err(|error| failed(archive, &error))?;
    Ok(archive.to_owned())
}

/// Has another node gather, by its own `crm_report`, and unpacks what it sends.
fn from_peer(options: &Options, order: &Order, node: &str, base: &Path) -> Result<(), String> {
    let mut words = options.rsh.split_whitespace();
    let program = words.next().ok_or("no command to run commands on other nodes")?;
    if !program::is_installed(program) {
        return Err(format!("{program} is not installed"));
    }
    let mut remote = std::process::Command::new(program);
    remote.args(words).args(["-l", &options.user, node, "--", &peer_script(options, order)]);
    program::unpack(remote, base)
}

/// What the other node's shell runs. Both programs of that name, ours and the original, understand it.
fn peer_script(options: &Options, order: &Order) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "'\\''"));
    let mut words = vec!["crm_report".to_owned(), "-S".to_owned(), "-d".to_owned()];
    let mut add = |option: &str, value: &str| words.extend([option.to_owned(), quoted(value)]);
    add("-f", &moment::show(Timestamp(order.from.0 + MARGIN_SECONDS)));
    add("-t", &moment::show(Timestamp(order.to.0 - MARGIN_SECONDS)));
    options.mask.iter().for_each(|pattern| add("-p", pattern));
    options.look_for.iter().for_each(|pattern| add("-L", pattern));
    options.logfile.iter().for_each(|file| add("-l", &file.to_string_lossy()));
    add("-D", &order.max_depth.to_string());
    if !order.search_logs {
        words.push("-M".to_owned());
    }
    format!(
        "d=$(mktemp -d) && {} --dest \"$d/report\" >&2 && cd \"$d/report\" && tar cf - \"$(uname -n)\"; \
         cd / && rm -rf \"$d\"",
        words.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(words: &[&str]) -> Result<Options, ExitCode> {
        let args: Vec<OsString> = [TOOL.name].iter().chain(words).map(OsString::from).collect();
        frame::parse(&TOOL, &args)
    }

    #[test]
    fn a_time_is_needed_and_has_to_be_one() {
        assert!(options(&[]).is_err());
        let nonsense = options(&["-f", "yesterday-ish"]).expect("options");
        assert!(order(&nonsense).is_err());
        let backwards = options(&["-f", "2026-11-21 10:00:00", "-t", "2026-11-20 10:00:00"]);
        assert!(order(&backwards.expect("options")).is_err());
        let right = options(&["-f", "2026-11-20 10:00:00", "-t", "2026-11-20 11:00:00", "here"]);
        let order = order(&right.expect("options")).expect("an order");
        assert_eq!(order.to.0 - order.from.0, 3600 + 2 * MARGIN_SECONDS);
    }

    #[test]
    fn other_nodes_are_asked_in_words_that_their_shell_leaves_alone() {
        let given = options(&["-f", "2026-11-20 10:00:00", "-p", "it's", "-M"]).expect("options");
        let script = peer_script(&given, &order(&given).expect("an order"));
        assert!(script.contains("-f '2026-11-20 10:00:00'"), "{script}");
        assert!(script.contains("-p 'it'\\''s' "), "{script}");
        assert!(script.contains(" -M --dest"), "{script}");
    }

    #[test]
    fn nodes_can_be_given_in_one_word_or_several() {
        let given = options(&["-f", "10:00:00", "-n", "a b", "-n", "c"]).expect("options");
        assert_eq!(nodes(&given, "a").expect("nodes"), ["a", "b", "c"]);
        let single = options(&["-f", "10:00:00", "-S", "-n", "b"]).expect("options");
        assert_eq!(nodes(&single, "a").expect("nodes"), ["a"]);
    }
}
