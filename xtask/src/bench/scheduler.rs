//! `cargo xtask bench scheduler`: plans for large clusters and for the corpus, ours beside another `crm_simulate`.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use clusters::large::{Kind, Large, Status};
use netns::Stack;

use super::processor;
use crate::{
    arguments::Arguments,
    console, corpus,
    stack::{Profile, Software, target_directory},
};

/// Debian's.
const PEER: &str = "/usr/sbin/crm_simulate";
/// How much processor time the other may take for one plan, seconds.
const LIMIT_SECONDS: u64 = 60;
/// How often the memory of what runs is looked at.
const LOOK: Duration = Duration::from_millis(2);
/// How often the corpus is planned in one process, to tell planning from reading.
const PASSES: u32 = 10;

/// Nodes and resources.
const SIZES: [(usize, usize); 6] =
    [(3, 100), (16, 500), (16, 1_000), (32, 2_000), (32, 5_000), (64, 10_000)];
/// What is known of the cluster, and whether the plan is carried out as well.
const WAYS: [(Status, bool); 5] = [
    (Status::Steady, false),
    (Status::Cold, false),
    (Status::Cold, true),
    (Status::NodeDown, false),
    (Status::NodeDown, true),
];

/// What one run took.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Cost {
    cpu: Duration,
    /// Bytes of memory at the peak.
    memory: u64,
}

/// `bench scheduler [--peer FILE] [--limit SECONDS] [--release] [--binary FILE] [NAME...]`; a name is a part of a row's.
pub(super) fn command(mut arguments: Arguments) -> Result<()> {
    let peer = PathBuf::from(arguments.option("--peer")?.unwrap_or_else(|| PEER.to_owned()));
    let limit = match arguments.option("--limit")? {
        Some(text) => text.parse().context("--limit takes seconds")?,
        None => LIMIT_SECONDS,
    };
    let profile = if arguments.flag("--release") { Profile::Release } else { Profile::Development };
    let binary = arguments.option("--binary")?.map(PathBuf::from);
    let names = arguments.words()?;
    let ours = match binary {
        Some(binary) => binary,
        None => Software::new(Stack::Cardea).build(profile)?,
    };
    if !peer.exists() {
        bail!("{} is not there; name another with --peer", peer.display());
    }
    let bench = Bench { ours, peer, limit: Duration::from_secs(limit), names };
    println!("\n| plan | ours | peak | peer | peak | times faster | times smaller |");
    println!("|---|--:|--:|--:|--:|--:|--:|");
    bench.clusters()?;
    bench.corpus()
}

struct Bench {
    ours: PathBuf,
    peer: PathBuf,
    /// Of processor time of the peer.
    limit: Duration,
    names: Vec<String>,
}

impl Bench {
    fn wants(&self, row: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|name| row.contains(name.as_str()))
    }

    fn clusters(&self) -> Result<()> {
        let folder = target_directory().join("bench-scheduler");
        fs::create_dir_all(&folder)?;
        for kind in [Kind::Groups, Kind::Clones] {
            for (status, carried_out) in WAYS {
                // What takes the peer too long takes it longer for a larger cluster.
                let mut peer_is_in_time = true;
                for (nodes, resources) in SIZES {
                    let large = Large { kind, ..Large::groups(nodes, resources, status) };
                    let option = if carried_out { "-S" } else { "-R" };
                    let row = format!("{large} {option}");
                    if !self.wants(&row) {
                        continue;
                    }
                    let path = folder.join(format!("{large}.xml"));
                    write(large, &path)?;
                    let ours = self.our_cost(&["-x", &path.display().to_string(), option])?;
                    let peer = match peer_is_in_time {
                        true => self.peer_cost(&["-x", &path.display().to_string(), option])?,
                        false => None,
                    };
                    peer_is_in_time = peer.is_some();
                    print_row(&row, Some(ours), peer);
                    fs::remove_file(&path)?;
                }
            }
        }
        Ok(())
    }

    fn corpus(&self) -> Result<()> {
        let Some(folder) = corpus::conformance().map(|folder| folder.join("scheduler/xml")) else {
            console::detail("no corpus: set CARDEA_CONFORMANCE");
            return Ok(());
        };
        let mut files = Vec::new();
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "xml") {
                files.push(path);
            }
        }
        files.sort();
        let row = format!("corpus: {} processes -S", files.len());
        if self.wants(&row) {
            let all = |program: &Path| -> Result<Option<Cost>> {
                let before = processor::of_children()?;
                let mut memory = 0;
                for file in &files {
                    let words = ["-x", &file.display().to_string(), "-S"];
                    let cost = self.cost(program, &words, None)?.context("there is no limit")?;
                    memory = memory.max(cost.memory);
                }
                Ok(Some(Cost { cpu: processor::of_children()? - before, memory }))
            };
            print_row(&row, all(&self.ours)?, all(&self.peer)?);
        }
        let row = format!("corpus: {} plans in one process", files.len());
        if self.wants(&row) {
            let folder = folder.display().to_string();
            let more = (PASSES + 1).to_string();
            // What is left of the difference is planning alone: each file is read once whatever the number of passes.
            let planning = |program: &Path| -> Result<Option<Cost>> {
                let run = |passes: &str| {
                    self.cost(program, &["--profile", &folder, "--repeat", passes], None)?
                        .context("there is no limit")
                };
                let (one, many) = (run("1")?, run(&more)?);
                let cpu = many.cpu.saturating_sub(one.cpu) / PASSES;
                Ok(Some(Cost { cpu, memory: many.memory }))
            };
            print_row(&row, planning(&self.ours)?, planning(&self.peer)?);
        }
        Ok(())
    }

    fn our_cost(&self, words: &[&str]) -> Result<Cost> {
        self.cost(&self.ours, words, None)?.context("there is no limit")
    }

    fn peer_cost(&self, words: &[&str]) -> Result<Option<Cost>> {
        self.cost(&self.peer, words, Some(self.limit))
    }

    /// What a run takes; none if it takes longer than the limit. How it ends does not matter: some of the corpus has
    /// plans that cannot be carried out.
    fn cost(
        &self,
        program: &Path,
        words: &[&str],
        limit: Option<Duration>,
    ) -> Result<Option<Cost>> {
        let before = processor::of_children()?;
        let mut child = Command::new(program)
            .arg0("crm_simulate")
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot run {}", program.display()))?;
        let memory = watch(&mut child, limit)?;
        let cpu = processor::of_children()?.saturating_sub(before);
        Ok(memory.map(|memory| Cost { cpu, memory }))
    }
}

/// Waits for a process; gives the most memory it was seen with, or none if it had to be ended.
fn watch(child: &mut Child, limit: Option<Duration>) -> Result<Option<u64>> {
    let [status, stat] = ["status", "stat"].map(|name| format!("/proc/{}/{name}", child.id()));
    let mut most = 0;
    while child.try_wait()?.is_none() {
        // The file is empty of it once the process has ended.
        if let Ok(text) = fs::read_to_string(&status)
            && let Some(peak) = peak_bytes(&text)
        {
            most = most.max(peak);
        }
        let used = || processor::of_process(&fs::read_to_string(&stat).ok()?);
        if limit.is_some_and(|limit| used().is_some_and(|used| used > limit)) {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(LOOK);
    }
    Ok(Some(most))
}

fn peak_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kib * 1_024)
}

fn write(large: Large, path: &Path) -> Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    large.write(&mut file)?;
    Ok(file.flush()?)
}

fn print_row(row: &str, ours: Option<Cost>, peer: Option<Cost>) {
    let cell = |cost: Option<Cost>| match cost {
        Some(Cost { cpu, memory }) => {
            format!("{:.2} s | {} MB", cpu.as_secs_f64(), memory.div_ceil(1_000_000))
        }
        None => "– | –".to_owned(),
    };
    let ratios = match (ours, peer) {
        (Some(ours), Some(peer)) => {
            // A tick is the least that can be measured.
            let seconds = |cost: Cost| cost.cpu.as_secs_f64().max(0.01);
            format!(
                "{:.1} | {:.1}",
                seconds(peer) / seconds(ours),
                peer.memory as f64 / ours.memory.max(1) as f64
            )
        }
        _ => "– | –".to_owned(),
    };
    println!("| {row} | {} | {} | {ratios} |", cell(ours), cell(peer));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_read() {
        assert_eq!(peak_bytes("VmPeak:\t  10 kB\nVmHWM:\t    3 kB\n"), Some(3_072));
        assert_eq!(peak_bytes("Name:\tx\n"), None);
    }
}
